"""Score series by aeon's detectors: run by `anomaly.py` with a Python that has aeon and pyod.

Each learns from the train part alone, and scores the calibration and the test part. OneClassSVM is
not among them: it scores what is normal highest (findings/aeon_one_class_svm_upside_down.sh).
"""

import sys
import warnings

import numpy as np
from aeon.anomaly_detection.series.distance_based import CBLOF, LOF, KMeansAD
from aeon.anomaly_detection.series.distribution_based import COPOD
from aeon.anomaly_detection.series.outlier_detection import IsolationForest

WINDOW = 10
DETECTORS = {
    "KMeansAD": lambda: KMeansAD(window_size=WINDOW, random_state=0),
    "IsolationForest": lambda: IsolationForest(window_size=WINDOW, random_state=0),
    "LOF": lambda: LOF(window_size=WINDOW),
    "CBLOF": lambda: CBLOF(window_size=WINDOW, random_state=0),
    "COPOD": lambda: COPOD(window_size=WINDOW),
}


def main():
    source, target = sys.argv[1:]
    warnings.filterwarnings("ignore")
    with np.load(source) as sets:
        train, calibration, test = (sets[name] for name in ("train", "calibration", "test"))
    scores = {}
    for name, make in DETECTORS.items():
        detector = make().fit(train, axis=0)
        for part, values in (("calibration", calibration), ("test", test)):
            scores[f"{name}|{part}"] = np.asarray(detector.predict(values, axis=0), float).ravel()
    np.savez(target, **scores)


if __name__ == "__main__":
    main()
