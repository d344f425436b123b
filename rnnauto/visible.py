"""Show what names and cells hold, and let nothing in them act: no sign that moves a cursor, turns
the direction of writing or begins a line."""

import re
import shlex

# C0 and C1 controls, ends of lines and paragraphs, what sets the direction of writing, half a pair
HIDDEN = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
CONTROLS = re.compile(f"[\\n{HIDDEN}]")
CONTROLS_IN_LINES = re.compile(f"[{HIDDEN}]")
SHORT = {"\n": "\\n", "\r": "\\r", "\f": "\\f", "\v": "\\v"}
ALIKE = {"series"}  # one, or several
OF_ONE = {"are": "is", "have": "has"}
BYTES = 0xDC00  # a file name that is no UTF-8 has its bytes beyond here
# what build servers take for commands, at the start of a line or anywhere
COMMAND = re.compile(r"^(\s*):(?=:)|##(?=\[)", re.MULTILINE)


def counted(count: int, what: str, do: str = "") -> str:
    """Say how many there are, and what they do: of one `row of the file` and `have no time` it is
    `1 row of the file has no time`, of two `2 rows of the file have no time`."""
    return f"{count:,} {some(count, what)}" + (f" {of_some(count, do)}" if do else "")


def some(count: int, what: str) -> str:
    """Name so many of something: two of `row of the file` are `rows of the file`."""
    noun, of, whole = what.partition(" of ")
    many = noun if count == 1 or noun in ALIKE else f"{noun}s"
    return f"{many}{of}{whole}"


def of_some(count: int, do: str) -> str:
    """Say what so many do: `have no time` of one is `has no time`."""
    verb, _, rest = do.partition(" ")
    one = OF_ONE.get(verb, f"{verb[:-1]}ies" if verb.endswith("y") else f"{verb}s")
    return f"{one if count == 1 else verb} {rest}".rstrip()


def visible(text: str) -> str:
    r"""Write control characters as escapes: a line break is `\n`, an escape `\x1b`."""
    return CONTROLS.sub(escaped, text)


def visible_lines(text: str) -> str:
    """Do so with a text of several lines, whose line breaks stay."""
    return CONTROLS_IN_LINES.sub(escaped, text)


def escaped(match: re.Match[str]) -> str:
    number = ord(match[0])
    if BYTES <= number < BYTES + 0x100:
        number -= BYTES
    return SHORT.get(match[0]) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")


def is_utf8(text: str) -> bool:
    """Whether a path can be written as UTF-8, which some libraries ask for."""
    return not any(BYTES <= ord(sign) < BYTES + 0x100 for sign in text)


def without_commands(text: str) -> str:
    """Write lines so that no build server takes one for a command, such as `::error::`."""
    return COMMAND.sub(spelled, text)


def spelled(match: re.Match[str]) -> str:
    return "#\\x23" if match[1] is None else f"{match[1]}\\x3a"


def shell_word(text: str) -> str:
    """Quote a word for a shell, in one line whatever it holds."""
    if CONTROLS.search(text) is None:
        return shlex.quote(text)
    inside = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{visible(inside)}'"
