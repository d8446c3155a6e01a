"""Pretrained weights as they are, beside the same fitted in each fold, without and with labels.

    python benchmarks/fine_tuning.py

Macro-F1 of a random forest and of a logistic regression on the rows of ``row=("mean", "std")``, in
three folds by star; the encoder is fitted on the training stars of a fold alone, by the recipe
"periods". No weights have seen their catalog, see `STARTS`. Of each class up to ``--most`` objects
of one band, of each object up to 200 observations. Rows that are in the JSON are not computed
again.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import report
from numpy.typing import NDArray
from realdata import CLASSES, load, per_class
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_astromer import AstromerEmbedder, LightCurves

#: What each catalog begins with: the twin has seen ASAS, CRTS and simulated stars, without labels;
#: `surveys-periods` those and OGLE and Stripe 82, with labels.
STARTS = {
    "catalina_sample": "surveys-periods",
    "ogle_cepheids": "surveys-periods-unlabelled",
    "ogle_cepheids_v": "surveys-periods-unlabelled",
    "stripe82": "surveys-periods-unlabelled",
}
BANDS = {"stripe82": "g"}
OBSERVATIONS = 200
FOLDS = 3
WAYS: dict[str, dict[str, Any]] = {
    "frozen": {"max_epochs": 0},
    "fitted": {},
    "fitted with labels": {"supervised": True},
}


def catalog(name: str, most: int) -> tuple[LightCurves, NDArray[np.str_]]:
    """Return at most `most` objects of each class, in one band."""
    curves, labels = load(name)
    if name in BANDS:
        own = np.flatnonzero(curves.band == BANDS[name])
        curves, labels = curves[own], labels[own]
    classes = CLASSES.get(name.removesuffix("_v"), np.unique(labels).tolist())
    kept = per_class(labels, classes, most)
    return thinned(curves[kept]), labels[kept]


def thinned(curves: LightCurves) -> LightCurves:
    """Return at most `OBSERVATIONS` random observations of each object."""
    rng = np.random.RandomState(0)
    kept = [
        start + np.sort(rng.permutation(length)[:OBSERVATIONS])
        for start, length in zip(curves.offsets, curves.lengths, strict=False)
    ]
    rows = np.concatenate(kept)
    offsets = np.cumsum([0, *map(len, kept)])
    return LightCurves(curves.time[rows], curves.mag[rows], offsets=offsets, ids=curves.ids)


def scores(
    embedder: AstromerEmbedder,
    curves: LightCurves,
    labels: NDArray[np.str_],
    train: NDArray[np.int64],
    test: NDArray[np.int64],
) -> dict[str, float]:
    """Fit in one fold, and tell what the rows are worth."""
    seen = embedder.fit(curves[train], labels[train]).transform(curves[train])
    unseen = embedder.transform(curves[test])
    found = {}
    for name, model in {
        "forest": RandomForestClassifier(300, random_state=0),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)),
    }.items():
        predicted = model.fit(seen, labels[train]).predict(unseen)
        found[name] = float(f1_score(labels[test], predicted, average="macro"))
    return found


def main() -> None:
    """Print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalogs", nargs="+", default=list(STARTS), choices=list(STARTS))
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--most", type=int, default=150, help="objects of a class")
    parser.add_argument("--epochs", type=int, default=25)
    args = parser.parse_args()
    rows: list[dict[str, Any]] = report.figures("fine_tuning") or []
    for name in args.catalogs:
        curves, labels = catalog(name, args.most)
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
        for fold, (train, test) in enumerate(folds.split(curves, labels, curves.ids)):
            for way in args.ways:
                cell = {"catalog": name, "weights": STARTS[name], "way": way, "fold": fold}
                cell |= {"most": args.most, "epochs": args.epochs}
                if any(cell.items() <= row.items() for row in rows):
                    continue
                start = time.perf_counter()
                options = {"max_epochs": args.epochs, "training": "periods"} | WAYS[way]
                row = ("mean", "std")
                embedder = AstromerEmbedder(STARTS[name], row=row, random_state=0, **options)
                found = scores(embedder, curves, labels, train, test)
                minutes = round((time.perf_counter() - start) / 60, 2)
                rows.append(cell | found | {"objects": len(curves), "minutes": minutes})
                print(rows[-1], flush=True)
                report.write("fine_tuning", rows)
    print("\n" + table(rows))


def table(rows: list[dict[str, Any]]) -> str:
    """Return the means over the folds, and how far they are ahead of the frozen weights."""
    lines, frozen = [], 0.0
    for key in dict.fromkeys((row["catalog"], row["weights"], row["way"]) for row in rows):
        own = [row for row in rows if (row["catalog"], row["weights"], row["way"]) == key]
        forest, logistic = (np.mean([row[m] for row in own]) for m in ("forest", "logistic"))
        mean = (forest + logistic) / 2
        frozen = mean if key[-1] == "frozen" else frozen
        lines.append([*key, f"{forest:.3f}", f"{logistic:.3f}", f"{mean - frozen:+.3f}"])
    return report.table(["catalog", "weights", "way", "forest", "logistic", "ahead"], lines)


if __name__ == "__main__":
    main()
