import shlex
from types import SimpleNamespace

import pytest
from builders import make_layout

from rnnauto.report.commands import commands, serving
from rnnauto.report.facts import Facts


def commands_of(layout, name="my model"):
    info = SimpleNamespace(layout=layout)
    return dict(
        commands(Facts(name, info, SimpleNamespace(asked=SimpleNamespace(source="data.csv"))))
    )


def test_commands_reproduce_predict_and_serve_whatever_a_folder_is_called():
    found = commands_of(make_layout(), name="it's mine")
    words = [shlex.split(command) for command in found.values()]
    assert [each[1] for each in words] == ["predict", "serve", "evaluate", "-c", "fit", "report"]
    assert words[0] == ["rnnauto", "predict", "NEW.csv", "-m", "it's mine", "-o", "predictions.csv"]
    assert words[3][2] == serving("it's mine")
    assert 'load("it\'s mine/saved_model")' in words[3][2]
    assert words[4][3] == "it's mine/recipe.yaml"


@pytest.mark.parametrize(("sets", "writes"), [(False, True), (True, False)])
def test_only_a_model_that_has_tokens_writes(sets, writes):
    layout = SimpleNamespace(continues=True, label_sets=sets)
    assert ("Write" in commands_of(layout)) is writes
