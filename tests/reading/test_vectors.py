"""Files of word vectors, as GloVe, word2vec and fastText write them."""

import gzip

import numpy as np
import pytest

from rnnauto.errors import DataError
from rnnauto.reading.vectors import read_vectors

WORDS = ["the", "Zürich", "cat", "sat", ". .", "mat"]
NUMBERS = np.arange(18, dtype=np.float32).reshape(6, 3) / 4 - 2


def lines():
    rows = zip(WORDS, NUMBERS.tolist(), strict=True)
    return "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in rows)


def written(folder, form):
    """The same vectors in each of the forms that there are."""
    path = folder / f"vectors.{form.replace(' ', '.')}"
    text = lines().encode()
    header = b"6 3\n"
    pairs = zip(WORDS, NUMBERS, strict=True)
    binary = header + b"".join(w.encode() + b" " + n.tobytes() + b"\n" for w, n in pairs)
    content = {
        "glove": text,
        "vec": header + text,
        "bin": binary,
        "bin without line ends": header
        + b"".join(w.encode() + b" " + n.tobytes() for w, n in zip(WORDS, NUMBERS, strict=True)),
        "tabs": text.replace(b" ", b"\t").replace(b".\t.", b". ."),
        "windows": text.replace(b"\n", b" \r\n"),
        "glove gz": gzip.compress(text),
        "bin gz": gzip.compress(binary),
    }[form]
    path.write_bytes(content)
    return path


FORMS = ["glove", "vec", "bin", "bin without line ends", "tabs", "windows", "glove gz", "bin gz"]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_words_that_are_asked_for_and_the_first_others(tmp_path, form):
    found = read_vectors(written(tmp_path, form), ["sat", "Zürich", "absent"], others=2)
    assert found.words[:2] == ("sat", "Zürich")
    assert found.words[2:] == ("the", "cat")
    assert found.asked == 2
    assert found.width == 3
    places = [WORDS.index(word) for word in found.words]
    assert found.numbers.tolist() == NUMBERS[places].tolist()


def test_a_word_may_hold_blanks_and_a_file_may_have_it_in_lower_case_only(tmp_path):
    found = read_vectors(written(tmp_path, "glove"), [". .", "Cat", "CAT"], others=0)
    assert found.words == (". .", "Cat", "CAT")
    assert found.numbers.tolist() == NUMBERS[[4, 2, 2]].tolist()


def test_of_a_word_that_stands_twice_the_first_counts(tmp_path):
    path = tmp_path / "twice.txt"
    path.write_text("cat 1 2\ndog 3 4\ncat 5 6\n")
    assert read_vectors(path, ["cat"], others=9).numbers.tolist() == [[1, 2], [3, 4]]


def test_only_what_is_asked_for_is_kept_of_a_large_file(tmp_path):
    path = tmp_path / "large.bin"
    row = np.ones(50, np.float32).tobytes()
    words = [f"word{n}" for n in range(20_000)]
    path.write_bytes(b"20000 50\n" + b"".join(w.encode() + b" " + row + b"\n" for w in words))
    found = read_vectors(path, ["word19999"], others=3)
    assert found.words == ("word19999", "word0", "word1", "word2")
    assert (found.numbers == 1).all()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no vectors"),
        (b"cat 1 2\ndog 3\n", "line 2: no word with 2 finite numbers"),
        (b"cat 1 2\ndog 3 x\n", "line 2: no word with 2 finite numbers"),
        (b"cat 1 nan\n", "line 1: no word with 2 finite numbers"),
        (b"2 3\ncat 1 2 3\ndog 1 2\n", "line 3: no word with 3 finite numbers"),
        (b"cat\n", "line 1: no word with numbers"),
        (b"2 99999999\n", "line 1: vectors of 99,999,999 numbers"),
        (b"3 2\ncat " + b"\0" * 8 + b"\ndog " + b"\0" * 5, "word 2 has not 2 finite numbers"),
        (b"\x1f\x8b\x08\0broken", "cannot read the vectors"),
        (b"<!doctype html>\n<html>\n", "line 1: no word with 1 finite numbers"),
    ],
)
def test_a_file_of_another_kind_is_one_message_that_names_the_line(tmp_path, content, words):
    path = tmp_path / "file.txt"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_vectors(path, ["cat", "dog"], others=10)
    assert words in caught.value.message
    assert caught.value.hint


def test_a_file_that_is_not_there_is_one_message(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_vectors(tmp_path / "none.txt", ["cat"], others=1)
    with pytest.raises(DataError, match="directory"):
        read_vectors(tmp_path, ["cat"], others=1)
