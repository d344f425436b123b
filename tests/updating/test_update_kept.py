"""When an updated model is kept, where it goes, and what is left where it is not."""

import json
import os
import shutil

import numpy as np
import polars as pl
import pytest
from conftest import visits
from in_process import in_process
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typer.testing import CliRunner

import rnnauto
from rnnauto.cli.app import app
from rnnauto.deploy.model_folder import JOURNAL, search_of
from rnnauto.deploy.scores import read_scores
from rnnauto.errors import DataError, ExportError, ModelFolderError, RecipeError, UpdateError
from rnnauto.judge.scored import Scored, SideBySide
from rnnauto.search import journal
from rnnauto.updating.judge import check_better, sentence_of
from rnnauto.updating.networks import places_of, with_rows
from rnnauto.updating.wanted import place_of, wanted_of

pytestmark = pytest.mark.train

QUICK = {"train.epochs": 1, "judge.diagnose": False}


@pytest.fixture
def old(tiny_run, tmp_path):
    """A model folder of its own, of two networks of two folds."""
    shutil.copytree(tiny_run.folder, tmp_path / "model")
    return rnnauto.load(tmp_path / "model")


@pytest.fixture
def new():
    rows = visits(40, seed=5)
    return rows.with_columns("n" + pl.col("person"))


def files_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def update(model, data, **options):
    with in_process():
        return model.update(data, **{"settings": QUICK, **options})


def test_a_model_that_is_not_better_leaves_all_as_it_was(old, new, tiny_run, tmp_path):
    before, data = files_of(old.folder), tmp_path / "new.csv"
    new.write_csv(data)
    words = ["update", str(data), "-m", str(old.folder), "--with", str(tiny_run.data)]
    with in_process():
        result = CliRunner().invoke(app, [*words, "--epochs", "1", "--rate", "0.000000001"])
    assert isinstance(result.exception, UpdateError) and result.exception.exit_code == 3
    assert "the model stays as it was, for it would not be better" in str(result.exception)
    assert "--force" in result.exception.hint
    assert files_of(old.folder) == before
    assert {path.name for path in old.folder.parent.iterdir()} == {"model", "new.csv"}


@pytest.mark.parametrize("learnt", [True, False])
def test_rows_that_the_model_has_learnt_are_no_new_ones(tiny_run, tmp_path, monkeypatch, learnt):
    def nothing(*given, **more):
        raise UpdateError("enough")

    monkeypatch.setattr("rnnauto.updating.update.update", nothing)
    data = tiny_run.data if learnt else shutil.copy(tiny_run.data, tmp_path)
    result = CliRunner().invoke(app, ["update", str(data), "-m", str(tiny_run.folder)])
    assert str(result.exception) == "enough"
    assert ("all its rows count as new" in result.stderr) == learnt


def check_tracked(runs, model):
    """TensorBoard has both trainings, and the scores of the model; the folder does not say so."""
    (place,) = runs.iterdir()
    events = journal.read(model.folder / "journal.jsonl")
    jobs = {event["job"] for event in events if event["event"] == "trial-started"}
    assert len(jobs) == 2
    assert {each.name for each in place.iterdir() if each.is_dir()} == {*jobs, "model"}
    told = EventAccumulator(str(place / "model")).Reload().Scalars("test/accuracy")
    wanted = model.scores.metrics["accuracy"].value
    assert told[0].value == pytest.approx(wanted)
    for name in ("recipe.yaml", "journal.jsonl", "model.json"):
        assert str(runs) not in (model.folder / name).read_text()


def test_an_update_takes_the_place_of_its_model_unless_told_otherwise(old, new, tiny_run, tmp_path):
    frame = new.with_columns(
        mood=pl.Series(np.where(np.arange(len(new)) % 3 == 0, "calm", new["mood"].fill_null("")))
    )
    runs = tmp_path / "runs"
    tracked = {**QUICK, "search.track": [f"tensorboard:{runs}"]}
    after = update(old, frame, earlier=tiny_run.frame, force=True, settings=tracked)
    check_tracked(runs, after)
    assert after.folder == old.folder and "calm" in after.info.encoders.words["mood"]
    told = read_scores(after.folder).updated
    assert told.forced and told.new_entries == 1 and told.earlier == ("a frame",) and told.same_test
    assert len(after.info.networks) == 2
    assert after.info.networks[0]["learning_rate"] == old.info.networks[0]["learning_rate"]
    third = visits(30, seed=9).with_columns("t" + pl.col("person"))
    again = update(after, third, earlier=[tiny_run.frame, frame], force=True)
    told = read_scores(again.folder).updated
    assert told.same_test and told.earlier == ("a frame", "a frame")


@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes 20 s: RNNAUTO_SLOW=1")
def test_an_update_learns_the_same_here_as_from_a_worker(old, new, tmp_path, monkeypatch):
    """Both networks are trained by a thread of this process, then by what stands for a worker."""
    given = {"force": True, "settings": QUICK}
    monkeypatch.setattr("rnnauto.updating.update.import_to_train", lambda task, networks: 1.0)
    here = old.update(new, folder=tmp_path / "here", **given)
    monkeypatch.setattr("rnnauto.updating.update.import_to_train", lambda task, networks: None)
    apart = update(old, new, folder=tmp_path / "apart", force=True)
    for name in ("model.onnx", "predictions_test.csv"):
        assert (here.folder / name).read_bytes() == (apart.folder / name).read_bytes()
    assert here.info.fingerprint == apart.info.fingerprint


def test_a_folder_that_is_there_is_replaced_only_where_that_is_asked_for(old, new, tmp_path):
    shutil.copytree(old.folder, tmp_path / "there")
    with pytest.raises(ModelFolderError, match="exists already") as caught:
        update(old, new, folder=tmp_path / "there", force=True)
    assert "--resume" not in caught.value.hint
    (tmp_path / "mine").mkdir()
    with pytest.raises(ModelFolderError, match="is no model folder"):
        update(old, new, folder=tmp_path / "mine", overwrite=True, force=True)


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_search_that_has_not_ended_names_the_ways_out_that_an_update_has(
    tmp_path, there, overwrite
):
    place = tmp_path / "there"
    if there:
        place.mkdir()
    search_of(place).mkdir()
    journal.append(search_of(place) / JOURNAL, "trial-completed")
    with pytest.raises(ModelFolderError, match="holds a search that has not ended") as caught:
        place_of(tmp_path / "model", place, overwrite=overwrite)
    assert caught.value.hint == (
        "end it with `rnnauto fit --resume`, or choose another folder with `-o FOLDER`"
    )


def test_what_fails_on_the_way_leaves_the_model_as_it_was(old, new, monkeypatch):
    before = files_of(old.folder)

    def fail(*given, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("rnnauto.finish.write_scores", fail)
    with pytest.raises(KeyboardInterrupt):
        update(old, new, force=True)
    assert files_of(old.folder) == before
    assert [path.name for path in old.folder.parent.iterdir()] == ["model"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda new: new.drop("state"), "no column `state`"),
        (lambda new: new.drop("x"), "no column `x`"),
        (lambda new: new.with_columns(state=pl.lit("ill")), "always `ill`"),
        (lambda new: new.with_columns(x=pl.lit("high")), "`high` is no number"),
        (lambda new: new.head(3), "only 3 sequences"),
        (lambda new: visits(60), "nothing that is not in"),
    ],
)
def test_rows_that_cannot_be_learnt_from_are_refused_in_one_message(
    old, new, tiny_run, change, said
):
    before = files_of(old.folder)
    data = change(new)
    earlier = tiny_run.frame if len(data) == len(tiny_run.frame) else None
    with pytest.raises(DataError, match=said):
        update(old, data, earlier=earlier)
    assert files_of(old.folder) == before


def test_a_test_part_of_before_is_nothing_without_what_was_learnt_from(old, new):
    with pytest.raises(RecipeError, match="--with-test"):
        update(old, new, tested_on="test.csv")


def test_settings_that_there_are_not_are_refused(old, new):
    with pytest.raises(RecipeError, match="update.rate"):
        update(old, new, settings={"update.rate": 2})
    with pytest.raises(RecipeError, match="did you mean"):
        update(old, new, settings={"update.rates": 0.2})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("data.target", "x"),
        ("search.space.cell", "gru"),
        ("train.class_weight", "none"),
        ("problem.season", 7),
    ],
)
def test_settings_of_what_the_fit_has_decided_are_refused(old, new, key, value):
    with pytest.raises(RecipeError, match=f"an update changes no `{key}`"):
        update(old, new, settings={key: value})


@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes 10 s: RNNAUTO_SLOW=1")
def test_a_folder_of_before_that_does_not_name_its_networks_is_updated(old, new):
    path = old.folder / "model.json"
    info = json.loads(path.read_text())
    assert info.pop("networks")
    path.write_text(json.dumps(info))
    after = update(rnnauto.load(old.folder), new, force=True)
    assert len(after.info.networks) == 2
    assert read_scores(after.folder).updated.on_old is None


def test_weights_of_other_networks_are_refused(old, new):
    path = old.folder / "model.json"
    info = json.loads(path.read_text())
    for values in info["networks"]:
        values["units"] = 9
    path.write_text(json.dumps(info))
    with pytest.raises(ExportError, match="not those of the networks"):
        update(rnnauto.load(old.folder), new, force=True)


def side(value, low, high):
    same = Scored(value=0.5, low=0.4, high=0.6)
    gain = Scored(value=value, low=low, high=high)
    return SideBySide(rows=9, before=same, after=same, difference=gain)


@pytest.mark.parametrize(
    ("new", "old", "kept"),
    [
        ((0.1, 0.05, 0.2), (-0.02, -0.05, 0.01), True),
        ((0.1, -0.05, 0.2), None, True),
        ((0.1, 0.05, 0.2), (-0.05, -0.08, -0.02), False),
        ((0.0, 0.0, 0.0), (0.1, 0.05, 0.2), False),
        ((-0.1, -0.2, 0.1), None, False),
        ((None, None, None), None, False),
        ((0.1, None, None), (-0.1, None, None), True),
    ],
)
def test_a_model_is_kept_where_it_is_better_on_new_and_not_clearly_worse_on_old_rows(
    new, old, kept
):
    sides = side(*new), None if old is None else side(*old)
    sentence = sentence_of(*sides, "accuracy", same=None if old is None else False)
    if kept:
        check_better(*sides, sentence)
    else:
        with pytest.raises(UpdateError):
            check_better(*sides, sentence)


def test_a_recipe_that_is_a_link_is_not_followed(old, new, tmp_path):
    (old.folder / "recipe.yaml").rename(tmp_path / "elsewhere.yaml")
    (old.folder / "recipe.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(ModelFolderError, match="`.*recipe.yaml` is a link"):
        update(old, new)


def test_no_cluster_is_joined_and_no_tracker_told_because_a_model_folder_names_it(
    old, new, tmp_path
):
    path = old.folder / "recipe.yaml"
    text = path.read_text().replace("workers: 1", "workers: ray")
    text = text.replace("  track: []", "  track: [tensorboard:runs]")
    assert "tensorboard" in text
    path.write_text(text.replace("ray_address: local", "ray_address: far.example:6379"))
    with pytest.raises(RecipeError, match="`far.example:6379`, which is not joined unasked"):
        update(old, new)
    chosen = {"search.workers": 1, "search.ray_address": "mine:1"}
    for key, value in chosen.items():
        wanted = wanted_of(old.folder, new, settings={key: value})
        assert getattr(wanted.recipe.search, key.partition(".")[2]) == value
        assert wanted.recipe.search.track == ()


def test_outputs_of_several_targets_keep_their_places_among_new_ones():
    class Target:
        def __init__(self, *widths):
            self.widths = widths

    places = places_of(Target(2, 3), Target(3, 4))
    assert places.kept.tolist() == [0, 1, 3, 4, 5]
    kernel = with_rows(np.ones((2, 5)), np.zeros((2, 7)), places)
    assert kernel.tolist() == [[1, 1, 0, 1, 1, 1, 0]] * 2
    table = with_rows(np.ones((2, 3)), np.zeros((4, 3)), places)
    assert table.sum(axis=1).tolist() == [3, 3, 0, 0]
