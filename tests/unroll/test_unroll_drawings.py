import re
from xml.etree import ElementTree

import numpy as np
import pytest
from unrolled import ILL, cases, half, unrolled

from rnnauto.report.explained import explained_page, slide_svg
from rnnauto.report.pictures import verdict_of
from rnnauto.unroll.boxes import boxes_svg
from rnnauto.unroll.copies import stretches_of
from rnnauto.unroll.halves import newest, shown_steps
from rnnauto.unroll.record import Said
from rnnauto.unroll.svg import fitted, lower, shade
from rnnauto.unroll.tracks import key_of, runs_of, tracks_svg

CASES = cases()
SVG = "{http://www.w3.org/2000/svg}"


def texts_of(svg):
    return [each.text for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", CASES)
def test_a_network_is_drawn_with_all_that_its_boxes_say(name):
    one = CASES[name]
    texts = texts_of(boxes_svg(one))
    for each in one.halves:
        for box in each.boxes:
            assert {*box.reads, box.label} <= {*texts}
            assert box.says is None or box.says.text in texts
    assert one.answer is None or len(one.halves) > 1 or one.answer.text in texts
    for _, said in (*one.ahead[:3], *one.ahead[-2:]):
        assert said.text in texts


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_drawn_outside_the_drawing(name):
    one = CASES[name]
    drawings = [boxes_svg(one), *(tracks_svg(one, at) for at in range(len(one.halves)))]
    for svg in drawings:
        root = ElementTree.fromstring(svg)
        _, _, width, height = map(float, root.get("viewBox").split())
        for each in root.iter(f"{SVG}rect"):
            left, top = float(each.get("x")), float(each.get("y"))
            assert left >= 0 and left + float(each.get("width")) <= width + 0.1
            assert top >= 0 and top + float(each.get("height")) <= height + 0.1


def states_of(svg):
    """The names of the boxes of states, from left to right."""
    return [text for text in texts_of(svg) if text.startswith("h") and len(text) < 4]


def test_there_is_a_box_for_each_step_in_each_layer_and_direction():
    assert states_of(boxes_svg(CASES["many-to-one"])) == ["h₁", "h₂", "h₁₂"]
    assert "9 more" in texts_of(boxes_svg(CASES["many-to-one"]))
    assert states_of(boxes_svg(CASES["both-ways"])) == ["h₁", "h₂", "h₃"] * 2
    assert states_of(boxes_svg(CASES["unaligned"])) == ["h₁", "h₂", "h₃", "h₁", "h₂"]


def test_what_begins_the_state_and_what_sums_it_up_are_drawn():
    assert "height 1.7" in texts_of(boxes_svg(CASES["one-to-many"]))
    assert "mean of all states" in texts_of(boxes_svg(CASES["pooled"]))
    assert "mean of all states" not in texts_of(boxes_svg(CASES["many-to-one"]))


def test_a_page_is_one_file_and_names_that_are_markup_are_harmless():
    one = unrolled("many-to-one", (half(("<b>x", "&y", '"z')),), answer=ILL, id="<script>")
    page = explained_page(one, model="<i>m")
    assert "<script" not in page and "<b>x" not in page and "<i>m" not in page
    assert "&lt;b&gt;x" in page and "http" not in re.sub(r'xmlns="[^"]*"|http-equiv', "", page)
    assert (
        "It says <code>ill</code> with a probability of 0.75; right is <code>well</code>." in page
    )


def test_a_drawing_for_a_slide_has_colours_of_its_own():
    svg = slide_svg(CASES["unaligned"])
    ElementTree.fromstring(svg)
    assert "var(" not in svg and "#2a64c5" in svg


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (None, ""),
        (Said(text="3.1", truth="3", right=None), "It says `3.1`; the truth is `3`."),
        (Said(text="a", truth="a", right=True), "It says `a`, which is right."),
        (Said(text="a", chance=0.5), "It says `a` with a probability of 0.50."),
    ],
)
def test_an_answer_is_said_in_a_sentence(answer, wanted):
    assert verdict_of(answer) == wanted


def test_a_long_sequence_is_cut_into_stretches_of_whole_patches():
    assert stretches_of(7, most=3).tolist() == [[0, 3], [3, 6], [6, 7]]
    assert stretches_of(7, patch=2, most=2).tolist() == [[0, 4], [4, 7]]
    assert stretches_of(3).tolist() == [[0, 1], [1, 2], [2, 3]]
    assert stretches_of(0).tolist() == []
    assert shown_steps(4, (2, 1)) == [0, 1, 2, 3]
    assert shown_steps(9, (2, 1)) == [0, 1, 8]


def test_shades_are_of_the_sign_and_the_size():
    assert shade(0.5, 1.0) == ("var(--series-2)", 0.5)
    assert shade(-2.0, 1.0) == ("var(--series-1)", 1.0)
    assert key_of(None, 1.0, signed=True, color="")[1] == 0
    row = (0.0, 1.0, 1.0, -1.0)
    runs = list(runs_of(row, 1.0, signed=True, color=""))
    assert [(begin, end) for begin, end, _ in runs] == [(1, 3), (3, 4)]


def test_words_are_cut_to_the_width():
    assert fitted("short", 100) == "short"
    assert fitted("a long word", 40) == "a lo…"
    assert lower(120) == "₁₂₀"


def test_a_window_may_be_longer_than_what_a_network_looks_back_to():
    states = np.arange(1.0, 7).reshape(3, 2)
    assert newest(states, 2).tolist() == [[3, 4], [5, 6]]
    assert newest(states, 5).tolist() == [[0, 0], [0, 0], [1, 2], [3, 4], [5, 6]]
