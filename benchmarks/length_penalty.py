"""What the length penalty of beams is worth: one model, many exponents, the same test answers.

    python benchmarks/length_penalty.py MODEL=TEST [MODEL=TEST ...] [--beams 5]

Each model folder writes answers to its test file with the likeliest token at every step, then with
beams compared by every exponent. Differences are those to beams without a penalty (exponent 0),
paired by test sequence: 95 % of 1,000 resamples. `*` marks the exponent that `fit` chose on the
validation part.
"""

import argparse

import numpy as np

import rnnauto

EXPONENTS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5)
METRICS = ("bleu", "chrf", "sequence_accuracy", "token_accuracy")


def difference(scores, plain, name):
    resampled = scores.resampled[name] - plain.resampled[name]
    low, high = np.percentile(resampled, [2.5, 97.5])
    value = scores.metrics[name].value - plain.metrics[name].value
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pairs", nargs="+", metavar="MODEL=TEST")
    parser.add_argument("--beams", type=int, default=5)
    asked = parser.parse_args()
    for pair in asked.pairs:
        folder, _, test = pair.partition("=")
        model = rnnauto.load(folder)
        chosen = model.info.encoders.target.length_penalty
        greedy = model.evaluate(test).scores
        found = {
            exponent: model.evaluate(test, beams=asked.beams, length_penalty=exponent).scores
            for exponent in EXPONENTS
        }
        plain = found[0.0]
        print(f"\n{pair}, {asked.beams} beams, {plain.units:,} answers")
        print("| exponent | " + " | ".join(METRICS) + " |")
        print("|---" * (len(METRICS) + 1) + "|")
        told = [f"{plain.metrics[name].value:.3f}" for name in METRICS]
        print(f"| 0{'*' if chosen == 0 else ''} | " + " | ".join(told) + " |")
        rows = {"one beam": greedy} | {exponent: found[exponent] for exponent in EXPONENTS[1:]}
        for name, scores in rows.items():
            cells = [difference(scores, plain, metric) for metric in METRICS]
            print(f"| {name}{'*' if name == chosen else ''} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
