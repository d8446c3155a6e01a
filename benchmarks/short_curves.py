"""Macro-F1 against the number of observations, drawn from each test curve.

    python benchmarks/short_curves.py

Of the test part of ASAS and CRTS at most 60 objects per class with at least 200 observations; of
each 10, 20, 50, 100 and 200 observations at random, drawn anew 5 times. Random forest on mean and
standard deviation of the vectors, 3-fold; the mean over the draws and its standard error. With
``--models`` the others stay as in the JSON.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import report
from checkpoints import objects
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_astromer import AstromerEmbedder, LightCurves, VariabilityFeatures

SIZES = (10, 20, 50, 100, 200)
DRAWS = 5
FEATURES = "VariabilityFeatures"
MODELS = ("surveys-periods", "surveys-periods-unlabelled", "surveys-small", FEATURES)
MOST = 60


def drawn(curves: LightCurves, n: int, seed: int) -> LightCurves:
    """Return n random observations of each curve."""
    rng = np.random.default_rng(seed)
    return LightCurves.from_arrays(
        [curve[np.sort(rng.choice(len(curve), n, replace=False))] for curve in curves]
    )


def score(name: str, few: LightCurves, labels: NDArray[np.str_]) -> float:
    """Return the macro-F1 of a forest on what a model makes of the curves."""
    features = name == FEATURES
    model = VariabilityFeatures() if features else AstromerEmbedder(name, row=("mean", "std"))
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    forest = make_pipeline(
        SimpleImputer(keep_empty_features=True), RandomForestClassifier(300, random_state=0)
    )
    table = model.fit_transform(few)
    return float(cross_val_score(forest, table, labels, cv=folds, scoring="f1_macro").mean())


def main() -> None:
    """Print the table, write the JSON, draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=MODELS, choices=MODELS)
    args = parser.parse_args()
    earlier = {(r["catalog"], r["model"], r["n"]): r for r in report.figures("short_curves") or []}
    figures, lines = [], []
    _, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for catalog, ax in zip(("asas", "crts"), axes, strict=True):
        curves, labels = objects(catalog, "test", 10**6)
        rng = np.random.default_rng(0)
        long = np.flatnonzero(curves.lengths >= max(SIZES))
        kept = np.concatenate(
            [rng.permutation(long[labels[long] == c])[:MOST] for c in np.unique(labels)]
        )
        curves, labels = curves[kept], labels[kept]
        for name in MODELS:
            if name in args.models:
                found = Parallel(n_jobs=-1, verbose=10)(
                    delayed(score)(name, drawn(curves, n, seed), labels)
                    for n, seed in product(SIZES, range(DRAWS))
                )
                of_size = np.reshape(found, (len(SIZES), DRAWS))
            else:
                of_size = np.array([earlier[catalog, name, n]["macro_f1"] for n in SIZES])
            figures += [
                {"catalog": catalog, "model": name, "n": n, "macro_f1": of_draw.tolist()}
                for n, of_draw in zip(SIZES, of_size, strict=True)
            ]
            mean, error = of_size.mean(1), of_size.std(1, ddof=1) / DRAWS**0.5
            ax.errorbar(SIZES, mean, error, fmt="o-", label=name)
            cells = (f"{m:.3f} ± {e:.3f}" for m, e in zip(mean, error, strict=True))
            lines.append([catalog, name, *cells])
            print(*lines[-1], flush=True)
        ax.set(xscale="log", xlabel="observations", title=f"{catalog} ({len(curves)} objects)")
        ax.set_xticks(SIZES, SIZES)
    axes[0].set_ylabel("macro-F1")
    axes[0].legend()
    plt.savefig(Path(__file__).parent / "results" / "short_curves.png", dpi=100)
    print("\n" + report.table(["catalog", "model", *map(str, SIZES)], lines))
    report.write("short_curves", figures)


if __name__ == "__main__":
    main()
