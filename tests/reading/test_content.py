import mmap

import pytest

from rnnauto.errors import DataError
from rnnauto.inspection import inspect_table, to_json
from rnnauto.reading import content
from rnnauto.reading.dialect import is_utf8
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

ROWS = "".join(f"{row // 5},{row % 5},{row * 0.37:.3f},{row // 5 % 3}\n" for row in range(200))
PLAIN = "id,frame,x,label\n" + ROWS
FILES = {
    "plain": PLAIN.encode(),
    "without line end": PLAIN.encode()[:-1],
    "windows line ends": PLAIN.replace("\n", "\r\n").encode(),
    "blank lines": (PLAIN + "\n\n7,7,7,0\n").encode(),
    "blank start": b"\n\n" + PLAIN.encode(),
    "marked": b"\xef\xbb\xbf" + PLAIN.encode(),
    "missing": PLAIN.replace("0.370", "NA").replace("0.740", "nan").encode(),
    "words": PLAIN.replace("11.100", "eleven").encode(),
    "large numbers": PLAIN.replace("3,4,", "3,9007199254740993,").encode(),
    "quoted": PLAIN.replace("3,4,", '"3",4,').encode(),
    "latin": PLAIN.replace("id", "\xefd").encode("latin-1"),
    "short row": (PLAIN + "1,2\n").encode(),
    "no header": ROWS.encode(),
    "binary": PLAIN.encode() + b"\0",
    "binary beyond ASCII": PLAIN.replace("id", "ïd").encode() + b"\0",
    "beyond ASCII": PLAIN.replace("id", "ïd").encode(),
    "texts": PLAIN.replace("label", "label,word").replace(",0\n", ",0,n/a\n").encode(),
    "wide": PLAIN.encode("utf-16"),
}


def look_at(path):
    try:
        table = read_table(path, has_target=True, set_aside=True)
        recipe = Recipe().with_overrides({"data.target": [table.frame.columns[-1]]})
        return table.frame, to_json(inspect_table(table, recipe))
    except DataError as error:
        return error.message, error.hint


@pytest.mark.parametrize("name", FILES)
def test_a_mapped_file_is_read_as_any_other(name, tmp_path, monkeypatch):
    path = tmp_path / "data.csv"
    path.write_bytes(FILES[name])
    read = look_at(path)
    monkeypatch.setattr(content, "LARGE", 1)
    assert isinstance(content.file_content(path), mmap.mmap)
    mapped = look_at(path)
    assert mapped[1] == read[1]
    assert mapped[0] == read[0] if isinstance(read[0], str) else mapped[0].equals(read[0])


def test_lines_are_counted_with_and_without_a_last_end():
    assert content.count_lines(b"a\nb") == 2
    assert content.count_lines(b"a\nb\n") == 2
    assert content.count_lines(b"") == 0


def test_a_character_may_lie_across_two_chunks(monkeypatch):
    monkeypatch.setattr(content, "CHUNK", 2)
    assert is_utf8("a\xe9\xe9".encode())
    assert is_utf8("aa\xe9\u20ac".encode())
    assert not is_utf8("a\xe9".encode()[:2])
    assert not is_utf8("a\xe9".encode()[:2] + b"aaaa")


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_a_survey_sees_all_bytes(monkeypatch, size):
    monkeypatch.setattr(content, "CHUNK", 2 * size)
    monkeypatch.setattr(content, "PIECE", size)
    for raw, ascii_, nul, quoted, ends in (
        (b"a,b\n1,2\n", True, False, False, 2),
        (b'"a",b\n1,\xc3\xa4', False, False, True, 1),
        (b"a\0b", True, True, False, 0),
        (b"", True, False, False, 0),
    ):
        seen = content.survey(raw)
        assert (seen.ascii, seen.nul, seen.quoted, sum(seen.ends)) == (ascii_, nul, quoted, ends)
        assert len(seen.ends) == -(-len(raw) // (2 * size))
