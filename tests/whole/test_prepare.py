import numpy as np
import polars as pl
import pytest
from builders import make_layout, make_sequences

from rnnauto.errors import DataError, RecipeError
from rnnauto.prepare import prepare
from rnnauto.prepared import hash_of_frame, with_keys_alone, with_targets
from rnnauto.recipe import Recipe


def long_table(sequences=40, *, seed=0, classes=("a", "b")):
    rng = np.random.default_rng(seed)
    rows = [
        (n, t, float(rng.normal()), "pqr"[int(rng.integers(3))], classes[n % len(classes)])
        for n in range(sequences)
        for t in range(int(rng.integers(2, 6)))
    ]
    return pl.DataFrame(rows, schema=["id", "t", "x", "word", "y"], orient="row")


def settings(**data):
    return Recipe.parse({"data": {"target": "y", **data}, "split": {"folds": 1}})


def said_by(frame, recipe):
    lines = []
    return prepare(frame, recipe, say=lines.append), "\n".join(lines)


def test_statistics_are_those_of_the_train_part_alone():
    frame = long_table()
    found = prepare(frame, settings())
    train, validation = found.parts.folds[0]
    ids = found.parts.development.ids["id"].to_numpy()
    learnt = frame.filter(pl.col("id").is_in(ids[train]))
    assert found.encoders.numbers[0].mean == pytest.approx(learnt["x"].mean(), rel=1e-6)
    assert found.encoders.numbers[0].deviation == pytest.approx(learnt["x"].std(ddof=0), rel=1e-6)
    assert len(learnt) < len(frame)


def test_a_word_that_only_the_test_part_has_is_unknown_to_the_encoder():
    frame = long_table()
    held_out = prepare(frame, settings()).test.sequences.ids["id"].to_list()
    word = pl.when(pl.col("id").is_in(held_out)).then(pl.lit("new")).otherwise("word")
    found = prepare(frame.with_columns(word=word), settings())
    assert found.test.sequences.ids["id"].to_list() == held_out
    assert "new" not in found.encoders.categories[0].vocabulary
    assert set(found.test.sequences.categories[0]) == {"new"}


def test_every_fold_has_encoders_of_its_own():
    recipe = settings().with_overrides({"split.folds": 3})
    found = prepare(long_table(), recipe)
    means = {encoders.numbers[0].mean for encoders in found.fold_encoders}
    assert len(found.fold_encoders) == len(means) == 3
    assert found.encoders == found.fold_encoders[0]


def test_sequences_without_a_target_are_left_out_and_counted():
    frame = long_table().with_columns(
        y=pl.when(pl.col("id") == 7).then(None).otherwise(pl.col("y"))
    )
    found, said = said_by(frame, settings())
    everyone = [*found.parts.development.ids["id"], *found.test.sequences.ids["id"]]
    assert sorted(everyone) == [n for n in range(40) if n != 7]
    assert "1 of 40 sequences has no `y`" in said


def test_what_was_understood_is_said():
    _, said = said_by(long_table(), settings())
    assert "many-to-one classification, long table: 40 sequences of 2 to 5 timesteps" in said
    assert "split by whole sequence, stratified by class: train 28, validation 6, test 6" in said


def test_a_test_file_is_the_test_part(tmp_path):
    test = long_table(6, seed=5).with_columns(pl.col("id") + 100)
    test.write_csv(tmp_path / "test.csv")
    found = prepare(long_table(), settings(test_path=str(tmp_path / "test.csv")))
    assert found.test.sequences.ids["id"].to_list() == list(range(100, 106))
    assert found.parts.test is None
    assert len(found.parts.development) == 40
    assert found.test_frame["id"].min() == 100


def test_a_class_that_only_the_test_file_has_is_a_class(tmp_path):
    long_table(6, classes=("a", "c")).write_csv(tmp_path / "test.csv")
    found = prepare(long_table(), settings(test_path=str(tmp_path / "test.csv")))
    assert found.encoders.target.classes == ("a", "b", "c")


def test_a_test_file_is_read_as_the_training_file_was(tmp_path):
    # in the test file alone these words and labels would be numbers
    train = long_table(classes=("x1", "2"))
    test = long_table(6, classes=("2",)).with_columns(word=pl.lit("1.50"))
    test.write_csv(tmp_path / "test.csv")
    found = prepare(train, settings(test_path=str(tmp_path / "test.csv")))
    assert found.encoders.target.classes == ("2", "x1")
    assert set(found.test.sequences.categories[0]) == {"1.50"}


def test_a_test_file_whose_target_is_of_another_kind_is_refused(tmp_path):
    long_table(6).write_csv(tmp_path / "test.csv")
    with pytest.raises(DataError) as caught:
        prepare(long_table(classes=(1, 2)), settings(test_path=str(tmp_path / "test.csv")))
    assert "column `y`, line 2: `a` is no number" in caught.value.message
    assert "trained with numbers" in caught.value.hint


def test_a_test_file_without_a_target_is_refused(tmp_path):
    long_table(6).with_columns(y=pl.lit(None, pl.String)).write_csv(tmp_path / "test.csv")
    with pytest.raises(DataError, match="test part holds no sequence with a target") as caught:
        prepare(long_table(), settings(test_path=str(tmp_path / "test.csv")))
    assert "`--test FILE`" in caught.value.hint


def test_a_validation_part_that_would_be_empty_is_refused():
    frame = long_table(4)
    copies = pl.concat([frame.with_columns(id=pl.col("id") + 10 * n) for n in range(4)])
    with pytest.raises(DataError, match="validation part holds no sequence") as caught:
        prepare(copies, settings())
    assert "`--validation FILE`" in caught.value.hint


def test_duplicates_are_in_one_part():
    frame = long_table(30)
    copies = [frame.filter(id=2).with_columns(id=pl.lit(100 + n, pl.Int64)) for n in range(8)]
    found = prepare(pl.concat([frame, *copies]), settings())
    twins = {2, *range(100, 108)}
    train, validation = found.parts.folds[0]
    ids = found.parts.development.ids["id"].to_numpy()
    homes = [set(ids[train]), set(ids[validation]), set(found.test.sequences.ids["id"])]
    assert sorted(len(twins & home) for home in homes) == [0, 0, 9]


def test_with_one_target_per_timestep_a_sequence_stays_for_a_single_known_one():
    sequences = make_sequences([2, 0, 2, 1], targets=["a", None, None, None, "b"])
    found = with_targets(sequences, make_layout(rnn_type="many-to-many"))
    assert found.ids["id"].to_list() == [0, 3]
    assert found.targets.to_list() == ["a", None, "b"]


def test_the_fingerprint_tells_data_apart_by_value_name_and_type():
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    same = hash_of_frame(pl.DataFrame({"a": [1, 2], "b": ["x", None]}))
    others = [
        pl.DataFrame({"a": [1, 3], "b": ["x", None]}),
        pl.DataFrame({"a": [2, 1], "b": [None, "x"]}),
        pl.DataFrame({"a": [1, 2], "c": ["x", None]}),
        pl.DataFrame({"a": [1.0, 2.0], "b": ["x", None]}),
        pl.DataFrame({"a": [1, 2], "b": ["x", ""]}),
    ]
    assert hash_of_frame(frame) == same
    assert len({hash_of_frame(other) for other in others} | {same}) == 6


def test_once_sequences_are_gathered_only_what_stands_beside_answers_is_kept():
    prepared = prepare(long_table(), settings(id=["id"], time="t"))
    kept = with_keys_alone(prepared)
    assert kept.table.frame.height == kept.test_frame.height == prepared.table.frame.height
    assert kept.table.frame.estimated_size() == kept.test_frame.estimated_size() == 0
    assert kept.test.frame.columns == ["id", "t"]
    test, before = kept.test.sequences, prepared.test.sequences
    assert kept.test.frame.height == len(test.rows) == int(test.row_splits[-1])
    rows = prepared.test.frame.select("id", "t")[before.rows]
    assert kept.test.frame[test.rows].equals(rows)
    assert test.rows.argsort().tolist() == before.rows.argsort().tolist()
    texts = pl.DataFrame({"text": [f"up or {at}" for at in range(40)], "y": ["a", "b"] * 20})
    of_rows = prepare(texts, settings(allow=["leak-text"]))
    assert with_keys_alone(of_rows) is of_rows


@pytest.mark.parametrize(
    ("sequences", "given", "message"),
    [
        (40, {"split.by": "time"}, "these data are split by whole sequence"),
        (3, {"split.by": "sequence"}, "these data are split in time"),
        (40, {"search.seeds": 3, "split.folds": 4}, "`--seeds 3` .* and here 4 folds do"),
        (40, {"search.seeds": 3, "split.folds": "auto"}, "`--seeds 3` .* and here 5 folds do"),
    ],
)
def test_a_cut_that_the_data_do_not_have_is_refused(sequences, given, message):
    frame, kind = long_table(sequences), "many-to-one"
    if sequences < 8:  # recordings with an answer for every timestep
        frame = pl.concat([frame.with_columns(pl.col("t") + 5 * n) for n in range(20)])
        frame, kind = frame.with_columns(y=pl.col("word")).drop("word"), "many-to-many"
    recipe = settings(id="id", time="t").with_overrides({"problem.type": kind})
    assert prepare(frame, recipe)
    with pytest.raises(RecipeError, match=message) as caught:
        prepare(frame, recipe.with_overrides(given))
    assert caught.value.exit_code == 2 and caught.value.hint.startswith("leave")


@pytest.mark.parametrize(
    "given", [{"split.by": "sequence"}, {"search.seeds": 3, "split.folds": 1}, {"split.by": "auto"}]
)
def test_a_cut_that_the_data_have_may_be_asked_for(given):
    assert prepare(long_table(), settings().with_overrides(given)).parts.rule.startswith("by whole")
