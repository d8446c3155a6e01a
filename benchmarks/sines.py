"""Whether frozen encoders tell plain sines of 0.6 d from those of 200 d: all that differs is time.

    make macho && python benchmarks/sines.py

Sines of 0.3 mag and either period, noise of 0.05 mag, 30 to 300 observations at random within 1 000
days, as many of each; 5-fold macro-F1 of a random forest, for catalogs of several sizes.
A periodogram tells all of them.
"""

from __future__ import annotations

import numpy as np
import report
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

from sklearn_astromer import AstromerEmbedder, LightCurves, VariabilityFeatures

PERIODS = (0.6, 200.0)
SIZES = (40, 100, 400)


def sines(n: int) -> tuple[LightCurves, NDArray[np.int64]]:
    """Return curves, and which period each has."""
    rng, labels, curves = np.random.default_rng(0), np.arange(n) % 2, []
    for label in labels:
        time = np.sort(rng.uniform(58000, 59000, rng.integers(30, 300)))
        phase = 2 * np.pi * time / PERIODS[label] + rng.uniform(0, 2 * np.pi)
        curves.append(np.c_[time, 15 + 0.3 * np.sin(phase) + rng.normal(0, 0.05, len(time))])
    return LightCurves.from_arrays(curves), labels


def main() -> None:
    """Print the table and write the JSON."""
    curves, labels = sines(max(SIZES))
    tables = {
        f"{weights}, {'_'.join(row)}": AstromerEmbedder(weights, row=row).fit_transform(curves)
        for weights in ("surveys-periods", "surveys-periods-unlabelled", "surveys-small", "macho")
        for row in (("mean",), ("mean", "std"))
    }
    tables["VariabilityFeatures"] = VariabilityFeatures().fit_transform(curves)
    figures: dict[str, dict[int, list[float]]] = {}
    lines = []
    for name, table in tables.items():
        figures[name] = {}
        for n in SIZES:
            folds = StratifiedKFold(5, shuffle=True, random_state=0)
            forest = RandomForestClassifier(300, random_state=0)
            scores = cross_val_score(forest, table[:n], labels[:n], cv=folds, scoring="f1_macro")
            figures[name][n] = scores.tolist()
        cells = [f"{np.mean(s):.2f} ± {np.std(s):.2f}" for s in figures[name].values()]
        lines.append([name, *cells])
    print(report.table(["random forest on", *(f"{n} sines" for n in SIZES)], lines))
    report.write("sines", figures)


if __name__ == "__main__":
    main()
