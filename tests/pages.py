"""The commands that the documents show, and what they name."""

import re
import shlex
from pathlib import Path

import typer

from rnnauto.cli.app import app
from rnnauto.cli.options import DATA_FLAGS

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
MADE = (
    "docs/commands.md",
    "docs/metrics.md",
    "docs/problems.md",
    "docs/recipe.md",
)  # from the code
WRITES = {"-o", "--output", "--junit"}


def in_blocks(text):
    """Every `rnnauto ...` of the shell blocks, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("rnnauto ")]


def in_prose(text):
    """Every `rnnauto ...` in backticks."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`(rnnauto [^`\n]+)`", outside)


def words_of(line):
    """The words after `rnnauto`, and the file that stdout goes to."""
    words = shlex.split(line)[1:]
    if ">" in words:
        at = words.index(">")
        return words[:at], words[at + 1]
    return words, None


def parsed(line):
    """The command, such as `recipe init`, and its values, as the program reads them."""
    words, _ = words_of(line)
    command, name = typer.main.get_command(app), ["rnnauto"]
    while hasattr(command, "commands"):
        word, *words = words
        command = command.commands[word]
        name.append(word)
    with command.make_context(" ".join(name), words) as context:
        return " ".join(name[1:]), dict(context.params)


def files_read(line):
    """The words of a command that name a file or a folder it reads."""
    words, _ = words_of(line)
    after = [None, *words[:-1]]
    return [
        word
        for before, word in zip(after, words, strict=True)
        if before not in WRITES and re.search(r"^recipes/|^[\w./]+\.(csv|tsv|yaml|conll)$", word)
    ]


def files_written(line):
    words, redirected = words_of(line)
    named = [word for flag, word in zip(words, words[1:], strict=False) if flag in WRITES]
    return [*named, *([redirected] if redirected else [])]


def yaml_files(text):
    """Blocks of YAML whose first line is their name, by that name."""
    return dict(re.findall(r"^```yaml\n# ([\w./-]+\.yaml)\n(.*?)^```$", text, re.DOTALL | re.M))


def as_inspect(line):
    """`inspect` of what a `fit` is given."""
    words, _ = words_of(line)
    flags = {*DATA_FLAGS, "-t"}
    kept = [
        each
        for flag, value in zip(words, words[1:], strict=False)
        if flag in flags
        for each in (flag, value)
    ]
    return ["inspect", words[1], *kept, "--json"]
