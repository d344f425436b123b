"""The layout says what is predicted, and reads what older versions wrote."""

from rnnauto.layout import Column, Layout

OLD = {
    "form": "long-table",
    "rnn_type": "many-to-one",
    "task": "regression",
    "target": ["a", "b"],
    "target_kind": "number",
}


def test_a_layout_that_names_no_targets_predicts_its_target_columns():
    layout = Layout.model_validate(OLD)
    assert layout.targets == (Column(name="a", kind="number"), Column(name="b", kind="number"))
    assert (layout.target_tokens, layout.label_sets, layout.known_ahead) == (None, False, ())


def test_stems_are_kept_with_their_columns():
    stem = Column(name="t", kind="number", columns=("t_1", "t_2"))
    layout = Layout.model_validate(OLD | {"target": ["t_1", "t_2"], "targets": [stem]})
    assert layout.targets == (stem,)
    assert Layout.model_validate_json(layout.model_dump_json()) == layout
