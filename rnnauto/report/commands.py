"""List what to do with a model next: the commands that the page and the model card show."""

import json
from pathlib import Path
from shlex import quote

from rnnauto.report.facts import Facts
from rnnauto.visible import shell_word

SERVING = """\
import tensorflow as tf

serve = tf.saved_model.load({folder}).signatures["serving_default"]
inputs = serve.structured_input_signature[1]
print(inputs)
zeros = {{name: tf.zeros([n or 1 for n in at.shape], at.dtype) for name, at in inputs.items()}}
print(serve(**zeros))"""


def commands(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Say what each command does, and write the command to paste."""
    folder, layout = shell_word(facts.name), facts.info.layout
    suffix = shell_word(Path(facts.asked.source).suffix or ".csv")
    recipe, again = shell_word(f"{facts.name}/recipe.yaml"), shell_word(f"{facts.name}_again")
    listed = [
        ("Predict", f"rnnauto predict NEW{suffix} -m {folder} -o predictions.csv"),
        ("Answer over HTTP", f"rnnauto serve -m {folder}"),
        ("Score on other labelled data", f"rnnauto evaluate OTHER{suffix} -m {folder}"),
        (
            "Serve it with TensorFlow alone: shows the inputs, and the answer to zeros or empty "
            "texts in their place; the features stand in the order of model.json",
            f"python -c {quote(serving(facts.name))}",
        ),
        ("Train it again", f"rnnauto fit -r {recipe} -o {again}"),
        ("Make this page again", f"rnnauto report -m {folder}"),
    ]
    if layout.continues and not layout.label_sets:
        listed.insert(0, ("Write", f'rnnauto generate -m {folder} --prompt "The" --length 200'))
    return tuple(listed)


def serving(folder: str) -> str:
    """Write Python that needs TensorFlow, and neither Keras nor rnnauto."""
    return SERVING.format(folder=json.dumps(f"{folder}/saved_model", ensure_ascii=False))
