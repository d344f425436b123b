"""Token lines are read by how they are written, and a second file as the first one was."""

import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

TAGGED = "the DT O\ncat NN B-animal\n\nit PR O\nran VB O\naway RB O\n"
NUMBERED = "1\tthe\tO\n2\tcat\tB-animal\n\n1\tit\tO\n2\tran\tO\n3\taway\tO\n"
UNIVERSAL = """# sent_id = 1
# text = du chat
1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_
1\tde\tde\tADP\tP\t_\t3\tcase\t_\t_
2\tle\tle\tDET\tD\t_\t3\tdet\t_\tSpaceAfter=No
2.1\tnu\tnu\tADJ\t_\t_\t_\t_\t_\t_

# sent_id = 2
1\tchat\tchat\tNOUN\t_\t_\t0\troot\t_\t_
"""


@pytest.fixture
def write(tmp_path):
    def written(content, name):
        path = tmp_path / name
        path.write_text(content)
        return path

    return written


def layout_of(path, **data):
    return infer(read_table(path), Recipe.parse({"data": data})).layout


def second(layout, path, *, target):
    return read_for(layout, path, target=target, text_targets=layout.target)


def tokens(table):
    return table.frame["token"].to_list()


@pytest.mark.parametrize("content", [NUMBERED, NUMBERED.replace("\t", " ")])
def test_a_column_that_numbers_tokens_is_no_feature(write, content):
    table = read_table(write(content, "numbered.conll"))
    assert table.frame.columns == ["sentence", "column_1", "token", "tag"]
    assert "the first column numbers tokens or sequences: the token is in column 2" in table.notes
    inference = infer(table, Recipe())
    assert [column.name for column in inference.layout.features] == ["token"]
    assert inference.layout.ignored == ("column_1",)
    assert any("`column_1` left out" in item.decision for item in inference.evidence)


@pytest.mark.parametrize(
    "content",
    [
        "doc 0 the O\ndoc 1 cat B-x\n\ndoc 0 it O\ndoc 1 ran O\n",
        "a 5 the O\na 6 cat B-x\n\nb 7 it O\nb 8 ran O\n",
    ],
)
def test_columns_that_name_the_sequence_and_number_from_anywhere(write, content):
    table = read_table(write(content, "numbered.conll"))
    assert table.frame.columns == ["sentence", "column_1", "column_2", "token", "tag"]
    assert tokens(table) == ["the", "cat", "it", "ran"]


def test_numbers_that_do_not_run_on_are_tokens(write):
    table = read_table(write("3 CD O\n2 CD B-x\n\n1 CD O\n7 CD O\n", "numbers.conll"))
    assert table.frame.columns == ["sentence", "token", "column_2", "tag"]


@pytest.mark.parametrize(
    "first, new, columns",
    [
        (NUMBERED, "1\ta\n2\tb\n", ["column_1", "token"]),
        (NUMBERED, "1\ta\n\n1\tb\n", ["column_1", "token"]),
        (NUMBERED, "a\tO\nb\tB-animal\n", ["token", "tag"]),
        (NUMBERED, "1\ta\tO\n2\tb\tO\n", ["column_1", "token", "tag"]),
        (NUMBERED, "a\nb\n", ["token"]),
        (TAGGED, "a DT\nb NN\n", ["token", "column_2"]),
        (TAGGED, "1 a DT\n2 b NN\n", ["before_1", "token", "column_2"]),
        (TAGGED, "1 a DT O\n2 b NN O\n", ["before_1", "token", "column_2", "tag"]),
    ],
)
def test_a_second_file_may_lack_tags_or_differ_in_numbers(write, first, new, columns):
    layout = layout_of(write(first, "first.conll"))
    table = read_table(
        write(new, "second.conll"),
        names=[*(column.name for column in layout.features), *layout.ignored, *layout.target],
    )
    assert table.frame.columns == ["sentence", *columns]
    assert tokens(table) == ["a", "b"]


def test_of_one_tag_in_a_row_and_two_columns_the_model_tells_which_is_which(write):
    layout = layout_of(write("the O\ncat B-x\n\nit O\nran O\n", "first.conll"))
    table = second(layout, write("no O\nno O\n\nyes O\nyes O\n", "second.conll"), target=True)
    assert tokens(table) == ["no", "no", "yes", "yes"]


def test_a_file_without_a_column_of_the_model_is_refused(write):
    layout = layout_of(write(TAGGED, "first.conll"))
    with pytest.raises(DataError, match="has no column `tag`"):
        second(layout, write("a DT\nb NN\n", "second.conll"), target=True)
    with pytest.raises(DataError, match="has no column `column_2`"):
        second(layout, write("a\nb\n", "second.conll"), target=False)


@pytest.mark.parametrize("name", ["tree.conllu", "tree.txt", "tree"])
def test_a_second_conllu_file_is_read_as_the_first(write, name):
    layout = layout_of(write(UNIVERSAL, "first.conllu"))
    assert layout.target == ("upos",)
    table = second(layout, write(UNIVERSAL, name), target=True)
    assert tokens(table) == ["de", "le", "chat"]
    assert table.frame["upos"].to_list() == ["ADP", "DET", "NOUN"]
    assert table.frame["xpos"].to_list() == ["P", "D", None]  # `_` is nothing
    assert "2 joined and empty tokens (CoNLL-U) left out" in table.notes


def test_conllu_with_blanks_for_tabs_and_with_columns_of_its_own(write):
    blanks = UNIVERSAL.replace("\t", "  ")
    assert tokens(read_table(write(blanks, "tree.conllu"))) == ["de", "le", "chat"]
    lines = [line.split("\t") for line in UNIVERSAL.splitlines()]
    plus = "\n".join("\t".join(line[:2] + line[3:4]) for line in lines)
    table = read_table(write(f"# global.columns = ID FORM UPOS\n{plus}\n", "tree.conllup"))
    assert table.frame.columns == ["sentence", "id", "token", "upos"]
    assert infer(table, Recipe()).layout.target == ("upos",)


def test_another_column_of_conllu_may_be_the_target(write):
    path = write(UNIVERSAL, "first.conllu")
    layout = layout_of(path, target="deprel")
    assert layout.target == ("deprel",)
    assert second(layout, path, target=True).frame["deprel"].to_list() == ["case", "det", "root"]


def test_a_model_of_other_token_lines_cannot_be_judged_by_conllu(write):
    layout = layout_of(write("the O\ncat B-x\n\nit O\nran O\n", "first.conll"))
    path = write(UNIVERSAL, "second.conllu")
    assert tokens(second(layout, path, target=False)) == ["de", "le", "chat"]
    with pytest.raises(DataError, match="has no column `tag`"):
        second(layout, path, target=True)


@pytest.mark.parametrize(
    "content, expected",
    [
        ("# O\nday O\n\nat O\n# O\n", ["#", "day", "at", "#"]),
        ("# newdoc\nday O\n\n# id = 2\nat O\n# O\n", ["day", "at", "#"]),
        (
            "#begin document (a); part 0\nday O\n#one O\n\n#two O\nat O\n",
            ["day", "#one", "#two", "at"],
        ),
        ("#\nday O\nnight B-x\n", ["day", "night"]),
        ("day O\n# said later on\nnight B-x\n", ["day", "night"]),
    ],
)
def test_a_comment_begins_with_a_hash_and_has_no_tag(write, content, expected):
    assert tokens(read_table(write(content, "tags.conll"))) == expected


def test_a_hash_that_lacks_its_tag_is_no_comment(write):
    with pytest.raises(DataError, match="line 2 has 1"):
        read_table(write("day O\n#\nnight O\n", "tags.conll"))


def test_hashes_are_tokens_where_there_are_no_tags(write):
    layout = layout_of(write("the O\n# B-x\n\nit O\nran O\n", "first.conll"))
    path = write("# text = a # day\na\n#\nday\n\n#\n", "second.conll")
    assert tokens(second(layout, path, target=False)) == ["a", "#", "day", "#"]


@pytest.mark.parametrize("name", ["new", "new.txt", "new.conll"])
def test_a_model_of_token_lines_reads_them_whatever_they_are_called(write, name):
    layout = layout_of(write("the O\ncat B-x\n\nit O\nran O\n", "first.conll"))
    path = write("so\n,\nthe\n\nend\n", name)
    assert tokens(second(layout, path, target=False)) == ["so", ",", "the", "end"]


@pytest.mark.parametrize("name", ["new", "new.csv"])
def test_a_model_of_token_lines_reads_tables_with_its_columns(write, name):
    layout = layout_of(write("the O\ncat B-x\n\nit O\nran O\n", "first.conll"))
    table = second(layout, write("sentence,token\n1,so\n1,the\n2,end\n", name), target=False)
    assert table.frame["sentence"].to_list() == [1, 1, 2]
    assert tokens(table) == ["so", "the", "end"]
    with pytest.raises(DataError, match="has no column"):
        second(layout, write("id,word\n1,so\n1,the\n2,end\n", name), target=False)


@pytest.mark.parametrize("name", ["tags.tsv", "tags.txt"])
def test_a_header_above_token_lines_is_left_out_and_blank_lines_end_sequences(write, name):
    lines = "".join(f"{line}\n" for line in ("word\tpos", *("the\tDT", "cat\tNN", "") * 9))
    table = read_table(write(lines, name), has_target=True)
    assert table.form == "token-lines"
    assert table.frame["sentence"].n_unique() == 9 and table.frame["tag"][0] == "DT"
    assert table.line(0) == 2
    assert any("header left out" in note for note in table.notes)


def test_a_mark_of_a_document_among_tabs_is_none_of_the_tokens(write):
    marked = "-DOCSTART- -X- O O\n\n" + "the\tO\ncat\tB-animal\n\n" * 5
    assert tokens(read_table(write(marked, "a.conll")))[:2] == ["the", "cat"]
