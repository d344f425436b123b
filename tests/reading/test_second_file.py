"""How cells are written is decided once: `fit --test`, `predict` and `evaluate` read as `fit`."""

import polars as pl
import pytest

from rnnauto.families.direct.answer import to_judge, to_predict
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.families.direct.table import prediction_table
from rnnauto.families.forecast import answer as forecast
from rnnauto.layout import Layout
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe

# a column of a file to learn from; cells of new files that mean the same; what they mean
FEATURES = {
    "percent": (lambda n: f"{n + 0.5}%", ["2.5%", "2.5", "2.5 %", "+2.5%"], 2.5),
    "money": (lambda n: f"${n},250.50", ["$2,250.50", "2250.5", "$ 2,250.50", "$2250.50"], 2250.5),
    "a loss": (
        lambda n: f"({n},000)" if n % 2 else f"{n},500",
        ["(2,000)", "-2000", "2,000-"],
        -2000,
    ),
    "euros": (lambda n: f"{n}.250,50 €", ["2.250,50 €", "2250.5", "2.250,5"], 2250.5),
    "thousands in euros": (lambda n: f"{n}.250,50 €", ["2.250 €", "2250", "2.250"], 2250),
    "powers": (lambda n: f"{n}.5{'kM'[n % 2]}", ["2.5k", "2500"], 2500),
    "degrees": (lambda n: f"{n}.5°C", ["2.5 °C", "2.5", "2,5°C"], 2.5),
}


def written(path, cells, labels, *, name="x", target="y"):
    quoted = [
        f'"{cell}",{step % 5},{label}'
        for step, (cell, label) in enumerate(zip(cells, labels, strict=True))
    ]
    path.write_text(f"{name},other,{target}\n" + "\n".join(quoted) + "\n", encoding="utf-8")
    return path


def kept(prepared):
    """What a model folder keeps."""
    layout = Layout.model_validate_json(prepared.layout.model_dump_json())
    text = prepared.encoders.model_dump_json()
    return layout, DirectEncoders.model_validate_json(text)


@pytest.mark.parametrize("kind", FEATURES)
def test_a_feature_is_read_as_it_was(tmp_path, kind):
    cell_of, new, number = FEATURES[kind]
    cells = [cell_of(n % 9 + 1) for n in range(60)]
    path = written(tmp_path / "train.csv", cells, ["up", "down", "up"] * 20)
    test = written(tmp_path / "test.csv", new[:1] * 4, ["up", "down"] * 2)
    settings = {"data.target": "y", "problem.type": "one-to-one", "data.test_path": str(test)}
    prepared = prepare(path, Recipe().with_overrides(settings))
    assert prepared.test.sequences.numbers[:, 0].tolist() == pytest.approx([number] * 4)
    layout, encoders = kept(prepared)
    for cell in new:  # a file of one row
        one = written(tmp_path / "one.csv", [cell], ["up"])
        for read in (to_predict, to_judge):
            part = read(one, layout, encoders, history=None)
            assert part.sequences.numbers[0, 0] == pytest.approx(number), cell
    frame = pl.DataFrame({"x": [number], "other": [1]})
    assert to_predict(frame, layout, encoders, history=None).sequences.numbers[0, 0] == number


LABELS = {
    "TRUE": (["TRUE", "FALSE"], ["true", "True", "TRUE"]),
    "True": (["True", "False"], ["true", "True", "TRUE"]),
    "zeros": (["01", "02"], ["01", "1"]),
    "capitals": (["Yes", "yes"], ["Yes"]),
    "units": (["64 GB", "128 GB"], ["64 GB", "64"]),
    "NA": (["NA", "DE", "IT"], ["NA"]),
    "nan": (["nan", "roti", "rice"], ["nan"]),
    "thousands": (["1,000", "2,000"], ["1,000", "1000"]),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_come_back_as_they_were_written(tmp_path, kind):
    classes, first = LABELS[kind]
    labels = [f'"{label}"' for label in classes * 30]
    path = written(tmp_path / "train.csv", [f"{n % 13}.5" for n in range(len(labels))], labels)
    new = written(tmp_path / "new.csv", ["1.5"] * len(first), [f'"{label}"' for label in first])
    settings = {"data.target": "y", "problem.type": "one-to-one", "problem.task": "classification"}
    prepared = prepare(path, Recipe().with_overrides({**settings, "data.test_path": str(new)}))
    assert set(prepared.encoders.target.classes) == set(classes)
    layout, encoders = kept(prepared)
    judged = to_judge(new, layout, encoders, history=None)
    assert set(judged.encoded().targets.tolist()) == {encoders.target.classes.index(classes[0])}
    scores = (judged.encoded().targets[:, None] == range(len(classes))).astype("f4")
    answers = prediction_table(judged, scores, probabilities=True)
    assert answers["prediction"].to_list() == [classes[0]] * len(first)
    assert f"probability_{classes[0]}" in answers.columns


@pytest.mark.parametrize(
    ("cell", "new"),
    [("${},250.50", ["$7,250.50", "7250.5"]), ("({},250)", ["(7,250)", "-7250"])],
)
def test_a_forecast_target_is_read_as_it_was(tmp_path, cell, new):
    days = [f"2020-{n // 28 + 1:02}-{n % 28 + 1:02}" for n in range(300)]
    money = [cell.format(n % 7 + 1) if n % 3 else f"${n % 5 + 1},100.00" for n in range(300)]
    path = tmp_path / "train.csv"
    rows = [f'{day},"{sold}"' for day, sold in zip(days, money, strict=True)]
    path.write_text("date,sold\n" + "\n".join(rows) + "\n")
    settings = {"data.target": "sold", "problem.horizon": 2, "problem.lookback": 4}
    prepared = prepare(path, Recipe().with_overrides(settings))
    assert (prepared.layout.task, prepared.layout.styles["sold"].unit) == ("forecasting", "$")
    layout = Layout.model_validate_json(prepared.layout.model_dump_json())
    for sold in new:
        later = tmp_path / "new.csv"
        rows = [f'{day},"{sold}"' for day in days[:5]]
        later.write_text("date,sold\n" + "\n".join(rows) + "\n")
        part = forecast.to_predict(later, layout, prepared.encoders, history=None)
        assert abs(part.series.targets[0, 0]) == pytest.approx(7250, abs=1)
