"""Macro-F1 against the number of observations, drawn from each test curve.

    python benchmarks/short_curves.py

Of the test part of ASAS and CRTS at most 60 objects per class with at least 200 observations; of
each 10, 20, 50, 100 and 200 observations at random, drawn anew 5 times. Random forest on default
rows, 3-fold; the mean over the draws and its standard error.
"""

from __future__ import annotations

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
ENCODERS = ("surveys-periods", "surveys-periods-unlabelled", "surveys-small")
MOST = 60


def drawn(curves: LightCurves, n: int, seed: int) -> LightCurves:
    """Return n random observations of each curve."""
    rng = np.random.default_rng(seed)
    return LightCurves.from_arrays(
        [curve[np.sort(rng.choice(len(curve), n, replace=False))] for curve in curves]
    )


def scores(few: LightCurves, labels: NDArray[np.str_]) -> list[float]:
    """Return the macro-F1 of a forest on what each of the models makes of the curves."""
    tables = [AstromerEmbedder(e).fit_transform(few) for e in ENCODERS]
    tables.append(VariabilityFeatures().fit_transform(few))
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    forest = make_pipeline(
        SimpleImputer(keep_empty_features=True), RandomForestClassifier(300, random_state=0)
    )
    return [
        float(cross_val_score(forest, table, labels, cv=folds, scoring="f1_macro").mean())
        for table in tables
    ]


def main() -> None:
    """Print the table, write the JSON, draw the plot."""
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
        found = Parallel(n_jobs=-1, verbose=10)(
            delayed(scores)(drawn(curves, n, seed), labels)
            for n, seed in product(SIZES, range(DRAWS))
        )
        of_model = np.reshape(found, (len(SIZES), DRAWS, -1)).transpose(2, 0, 1)
        for name, of_size in zip((*ENCODERS, "VariabilityFeatures"), of_model, strict=True):
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
