import json
import re

import altair as alt
import pytest
from browser import browser, find_browser
from reports import DIAGNOSIS, cases, recipe_of, report_folder
from visible import unknown_numbers

from rnnauto.errors import ModelFolderError
from rnnauto.families.families import family_of
from rnnauto.prepare import prepare
from rnnauto.report.page import write_report
from rnnauto.report.templates import HERE, script_json, with_range

CASES = cases()
needs_browser = pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    place = tmp_path_factory.mktemp("reports")
    folders = {
        name: report_folder(
            place / name, case, diagnosis=DIAGNOSIS if name == "many-to-one" else None
        )
        for name, case in CASES.items()
    }
    return {name: write_report(folder) for name, folder in folders.items()}


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.mark.parametrize("name", CASES)
def test_a_page_is_one_file_that_names_no_other(pages, name):
    text = pages[name].read_text(encoding="utf-8")
    assert len(text) < 3_000_000
    outside = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.findall(r"(?:src|href)=\"(?!#|data:)", outside)
    assert "http" not in outside.replace('http-equiv="Content-Security-Policy"', "")
    assert "default-src 'none'" in text and "sourceMappingURL" not in text


def scores_of(page):
    return json.loads(page.with_name("scores.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_every_number_of_a_page_is_in_the_scores(pages, name):
    assert unknown_numbers(pages[name].read_text(encoding="utf-8"), scores_of(pages[name])) == []


@pytest.mark.parametrize(
    ("there", "instead", "found"),
    [
        ("<td>lstm 8×2</td>", "<td>lstm 977×2</td>", ["977"]),
        ("</h1>", " 0.41421</h1>", ["0.41421"]),
        ("</main>", '<i title="-3.172 nats">it</i></main>', ["-3.172"]),
        ('"norm":1.0', '"norm":1.0625', ["norm 1.0625"]),
        ('"text":"0.001"', '"text":"0.00177"', ["0.00177"]),
    ],
)
def test_a_number_that_is_in_no_score_is_found(pages, there, instead, found):
    html = pages["many-to-one"].read_text(encoding="utf-8")
    assert there in html
    changed = html.replace(there, instead, 1)
    assert unknown_numbers(changed, scores_of(pages["many-to-one"])) == found


@pytest.mark.parametrize("name", CASES)
def test_what_a_fit_is_told_to_watch_is_what_the_page_goes_by(pages, name):
    prepared = prepare(pages[name].parent.with_suffix(".parquet"), recipe_of(CASES[name]))
    layout, encoders = prepared.layout, prepared.encoders
    metric = family_of(layout).main_metric(layout, encoders)
    assert metric == scores_of(pages[name])["asked"]["metric"]


def test_a_page_has_the_scores_on_shuffled_timesteps_with_their_interval(pages):
    html = pages["many-to-one"].read_text(encoding="utf-8")
    assert "Order matters: shuffled, the accuracy falls to 0.5." in html
    assert "0.500 <small>[0.400, 0.600]</small>" in html


def test_what_follows_a_score_stands_smaller():
    assert with_range("0.91 [0.89, 0.93]") == "0.91 <small>[0.89, 0.93]</small>"
    assert with_range("0.91 ± 0.02") == "0.91 <small>± 0.02</small>"
    assert with_range("<b>") == "&lt;b&gt;"


def test_names_that_are_markup_are_harmless(pages):
    text = pages["many-to-one"].read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text and "<b>p3" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "\\u003cscript\\u003ealert(1)" in text


def test_no_text_ends_the_element_that_holds_a_chart():
    text = script_json({"name": "</script><!--&\u2028"})
    assert json.loads(text) == {"name": "</script><!--&\u2028"}
    assert not set("<>&\u2028") & set(text)


def test_the_scripts_are_those_of_the_specification_that_is_written():
    version = alt.SCHEMA_VERSION.removeprefix("v")
    assert f'"{version}"' in (HERE / "vega" / "vega-lite.min.js").read_text(encoding="utf-8")


def test_what_was_not_measured_is_said_in_a_sentence(tmp_path):
    nothing = dict.fromkeys(DIAGNOSIS)
    skipped = {
        **dict.fromkeys(("order", "memory"), "there was no time left"),
        "importance": "it does not apply to this kind of problem",
        "gradients": "it failed",
    }
    diagnosis = nothing | {"skipped": skipped}
    folder = report_folder(tmp_path / "model", CASES["many-to-one"], diagnosis=diagnosis)
    text = write_report(folder).read_text(encoding="utf-8")
    assert (
        "Not measured: order against shuffled timesteps, memory length (there was no time left); "
        "gradients through time (it failed)." in text
    )


def test_a_folder_of_an_older_fit_is_refused(tmp_path, pages):
    folder = tmp_path / "old"
    folder.mkdir()
    new = pages["one-to-one"].parent
    (folder / "model.json").write_bytes((new / "model.json").read_bytes())
    (folder / "scores.json").write_text('{"metrics": {}}', encoding="utf-8")
    with pytest.raises(ModelFolderError, match="does not hold what a report shows"):
        write_report(folder)


# of every chart its title, and how many marks with an extent it has
MARKS = """[...document.querySelectorAll(".chart")].map((place) => [
    place.closest("figure").querySelector("h3").textContent,
    [...place.querySelectorAll("svg .role-mark path, svg .role-mark line")].filter((mark) => {
        const box = mark.getBBox(); return box.width + box.height > 0; }).length,
])"""


@needs_browser
@pytest.mark.parametrize("name", CASES)
def test_every_chart_is_drawn_in_a_browser(chromium, pages, name):
    chromium.resize(1200)
    chromium.open(pages[name])
    assert chromium.complaints() == []
    assert chromium.requests() == []
    found = chromium.run(MARKS)
    assert len(found) >= 4
    assert [title for title, marks in found if not marks] == []


@needs_browser
@pytest.mark.parametrize("name", CASES)
def test_a_telephone_scrolls_down_only(chromium, pages, name):
    chromium.resize(360)
    chromium.open(pages[name])
    assert chromium.run("document.documentElement.scrollWidth") == 360
    assert chromium.complaints() == []
