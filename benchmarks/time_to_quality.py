"""Measure how soon a search has the validation score that a hand-written script ends on.

    python benchmarks/time_to_quality.py --data FOLDER
    python benchmarks/time_to_quality.py --seconds 30 digits NAME=FILE,TARGET[,word|character]

The script is a keras_tuner.RandomSearch over LSTM and SimpleRNN, units, dropout and rate, as many
would write it; it begins with the same train and validation parts, encoded, in memory. Both are
processes of their own, one after the other, and seconds count from their start, imports included.
A score is accuracy, or RMSE where the target is a number: of the script the best of all epochs, of
the search the best of all trials that have ended. No set is among those that settings were learnt
from.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

BUNDLED = Path(__file__).parent.parent / "recipes" / "data"
SETS = {  # file, target, tokens; files that are nowhere are left out
    "names": ("names_languages.csv", "language", "character"),
    "intents": ("snips_intent_train.csv", "intent", "word"),
    "gunpoint": ("gunpoint_train.csv", "label", ""),
    "covid": ("covid3month_train.csv", "death_rate", ""),
    "visits": ("visits_train.csv", "kind", ""),
    "digits": ("", "digit", ""),
}
LOOKS = 0.1  # seconds between two looks at the journal
WORST = {"accuracy": 0.0, "rmse": float("inf")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="names of the list, or NAME=FILE,TARGET,TOKENS")
    parser.add_argument("--data", type=Path, default=BUNDLED, help="folder of further files")
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--side", choices=["script"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        for row in script(*asked.sets, end=time.monotonic() + asked.seconds):
            print(json.dumps(row), flush=True)
        return
    shares = []
    print(f"{'set':<12}{'score':>10}{'script':>10}{'at s':>7}{'search':>10}{'at s':>7}{'share':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, place in places(asked.sets, asked.data, Path(folder)):
            share = compare(name, place, Path(folder), seconds=asked.seconds)
            shares += [] if share is None else [share]
    if shares:
        print(f"the search's share of the script's {asked.seconds:.0f} s, median set: ", end="")
        print(f"{statistics.median(shares):.2f} (wanted: 0.2)")


def places(named: list[str], data: Path, folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """File, target and tokens of every set that is asked for and there."""
    given = {name: rest.split(",") for name, _, rest in (word.partition("=") for word in named)}
    for name, rest in (given or dict.fromkeys(SETS, [""])).items():
        file, target, tokens = ([*rest, ""] if any(rest) else list(SETS[name]))[:3]
        if name == "digits" and not file:
            file = str(written_digits(folder))
        found = [path for path in (Path(file), BUNDLED / file, data / file) if path.is_file()]
        if found:
            yield name, (str(found[0]), target, tokens)
        else:
            print(f"{name:<12} is left out: `{file}` is not in {data}", file=sys.stderr)


def written_digits(folder: Path) -> Path:
    """The digits of scikit-learn, read row by row: 1,797 sequences of 8 timesteps of 8 numbers."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    lines = ["image,row," + ",".join(f"x{at}" for at in range(8)) + ",digit"]
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        for row, pixels in enumerate(image.reshape(8, 8)):
            numbers = ",".join(str(int(pixel)) for pixel in pixels)
            lines.append(f"{number},{row},{numbers},d{label}")
    path = folder / "digits.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def compare(name: str, place: tuple[str, ...], folder: Path, *, seconds: float) -> float | None:
    """Run both sides, print a row; returns the search's seconds to the script's best score as a
    share of all that the script had, infinite where it never has it; None: the script has none."""
    theirs = [*run_script(place, seconds)]
    if not theirs:
        print(f"{name:<12} is left out: the script has no score after {seconds:.0f} s", flush=True)
        return None
    metric, wanted = theirs[-1]["metric"], theirs[-1]["score"]
    best, reached = WORST[metric], None
    for at, score in run_search(place, folder / name, seconds):
        best = better(metric, best, score)
        if reached is None and better(metric, wanted, score) == score:
            reached = at
    shown = f"{reached:.0f}" if reached is not None else "never"
    share = (reached if reached is not None else float("inf")) / seconds
    print(
        f"{name:<12}{metric:>10}{wanted:>10.4f}{theirs[-1]['at']:>7.0f}{best:>10.4f}{shown:>7}"
        f"{share:>8.2f}",
        flush=True,
    )
    return share


def better(metric: str, first: float, second: float) -> float:
    return max(first, second) if metric == "accuracy" else min(first, second)


def run_script(place: tuple[str, ...], seconds: float) -> Iterator[dict[str, Any]]:
    """The script's scores as they got better."""
    command = [sys.executable, __file__, "--side", "script", "--seconds", str(seconds), *place]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the script failed:\n{done.stderr}")
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def run_search(
    place: tuple[str, ...], folder: Path, seconds: float
) -> Iterator[tuple[float, float]]:
    """When each trial had ended, and its score."""
    file, target, tokens = place
    words = ["--target", target, "--budget", f"{seconds:.0f}s", "--set", "split.folds=1"]
    words += ["--tokens", tokens] if tokens else []
    command = [sys.executable, "-m", "rnnauto", "--quiet", "fit", file, *words, "-o", str(folder)]
    begin = time.time()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True)
    reader.start()
    journal, text = folder.parent / f".{folder.name}.search" / "journal.jsonl", ""
    while process.poll() is None:  # the journal goes when the search is complete
        if journal.exists():
            text = max(text, journal.read_text(), key=len)
        time.sleep(LOOKS)
    if process.returncode:
        sys.exit("the search failed:\n" + "".join(said))
    for line in text.splitlines():
        event = json.loads(line)
        if event["event"] == "trial-completed" and event["result"]["score"] is not None:
            yield event["time"] - begin, event["result"]["score"]


def script(file: str, target: str, tokens: str, *, end: float) -> Iterator[dict[str, Any]]:
    """Search as a hand-written script does, until `end`; returns the scores as they got better."""
    begin = time.monotonic()
    import keras
    import keras_tuner

    from rnnauto.networks.quiet import import_tensorflow

    import_tensorflow()
    train, validation, described = arrays(file, target, tokens)
    found: list[dict[str, Any]] = []
    metric = "accuracy" if described["classes"] else "rmse"

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            name = "val_accuracy" if described["classes"] else "val_root_mean_squared_error"
            score = float(logs[name]) * described["deviation"]
            last = found[-1]["score"] if found else WORST[metric]
            if better(metric, last, score) != last:
                at = round(time.monotonic() - begin, 1)
                found.append({"metric": metric, "score": score, "at": at})

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if time.monotonic() > end:
                raise KeyboardInterrupt

    class PlainSearch(keras_tuner.RandomSearch):
        def _configure_tensorboard_dir(self, *given: Any) -> None:
            """keras-tuner 1.4.8 imports tensorboard here, which TensorFlow 2.21 does not bring."""

        def on_trial_end(self, trial: Any) -> None:
            super().on_trial_end(trial)
            if time.monotonic() > end:
                raise KeyboardInterrupt

    with tempfile.TemporaryDirectory() as folder:
        tuner = PlainSearch(
            lambda hp: build(hp, described),
            objective="val_accuracy" if described["classes"] else "val_loss",
            max_trials=1000,
            seed=0,
            directory=folder,
            project_name="plain",
            max_consecutive_failed_trials=10**6,
        )
        stop = keras.callbacks.EarlyStopping("val_loss", patience=5)
        with suppress(KeyboardInterrupt):  # of exceptions keras-tuner makes failed trials
            tuner.search(
                *train,
                validation_data=validation,
                epochs=50,
                batch_size=32,
                callbacks=[stop, Watch()],
                verbose=0,
            )
    yield from found


def build(hp: Any, described: dict[str, Any]) -> Any:
    """The network of the script."""
    import keras

    inputs, parts = {}, []
    if described["numbers"]:
        inputs["numbers"] = keras.Input((None, described["numbers"]), name="numbers")
        parts.append(keras.layers.Masking()(inputs["numbers"]))
    for at, entries in enumerate(described["entries"]):
        inputs[f"codes_{at}"] = keras.Input((None,), dtype="int32", name=f"codes_{at}")
        width = hp.Choice("embedding", [32, 64])
        embed = keras.layers.Embedding(entries, width, mask_zero=True)
        parts.append(embed(inputs[f"codes_{at}"]))
    read = parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)
    layer = {"lstm": keras.layers.LSTM, "simple_rnn": keras.layers.SimpleRNN}
    cell = layer[hp.Choice("cell", ["lstm", "simple_rnn"])]
    hidden = cell(hp.Choice("units", [32, 64, 128]))(read)
    hidden = keras.layers.Dropout(hp.Choice("dropout", [0.0, 0.2, 0.5]))(hidden)
    model = keras.Model(inputs, keras.layers.Dense(described["classes"] or 1)(hidden))
    classes = bool(described["classes"])
    model.compile(
        keras.optimizers.Adam(hp.Choice("learning_rate", [1e-2, 1e-3, 1e-4])),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True) if classes else "mse",
        metrics=["accuracy" if classes else keras.metrics.RootMeanSquaredError()],
    )
    return model


def arrays(file: str, target: str, tokens: str) -> tuple[Any, Any, dict[str, Any]]:
    """The train and the validation part as the search cuts them, padded on the right, numbers
    standardised by the train part."""
    from rnnauto.prepare import prepare
    from rnnauto.recipe import Recipe

    problem = {"tokens": tokens} if tokens else {}
    raw = {"data": {"target": target}, "problem": problem, "split": {"folds": 1}}
    prepared = prepare(Path(file), Recipe.parse(raw))
    encoded, (train, validation) = prepared.development, prepared.parts.folds[0]
    classes = len(getattr(prepared.encoders.target, "classes", ()))
    lengths, starts = np.diff(encoded.row_splits), encoded.row_splits[:-1]
    of_train = np.concatenate([np.arange(starts[s], starts[s] + lengths[s]) for s in train])
    numbers = encoded.numbers
    mean, deviation = np.nanmean(numbers[of_train], 0), np.nanstd(numbers[of_train], 0)
    numbers = np.nan_to_num((numbers - mean) / np.where(deviation > 0, deviation, 1.0))
    y, scale = np.asarray(encoded.targets).reshape(len(lengths), -1)[:, 0], 1.0
    if not classes:
        scale = float(y[train].std())
        y = (y - y[train].mean()) / scale
    longest = int(lengths.max())

    def padded(values: Any, chosen: Any) -> Any:
        out = np.zeros((len(chosen), longest, *values.shape[1:]), values.dtype)
        for row, sequence in enumerate(chosen):
            begin, length = starts[sequence], lengths[sequence]
            out[row, :length] = values[begin : begin + length]
        return out

    def part(chosen: Any) -> tuple[Any, Any]:
        x = {f"codes_{at}": padded(codes + 1, chosen) for at, codes in enumerate(encoded.codes.T)}
        if numbers.shape[1]:
            x["numbers"] = padded(numbers, chosen)
        return x, y[chosen]

    entries = [int(codes.max()) + 2 for codes in encoded.codes.T]
    described = {"numbers": numbers.shape[1], "entries": entries, "classes": classes}
    return part(train), part(validation), {**described, "deviation": scale}


if __name__ == "__main__":
    main()
