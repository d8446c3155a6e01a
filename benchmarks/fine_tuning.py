r"""Pretrained weights as they are, beside the same fitted in each fold, without and with labels.

    python benchmarks/fine_tuning.py
    python benchmarks/fine_tuning.py --catalogs asas --most 100 --ways frozen fitted \
        "fitted with a tenth" "fitted with labels"

Macro-F1 of a random forest and of a logistic regression on the rows of ``row=("mean", "std")``, in
three folds by star; the encoder is fitted on the training stars of a fold alone, by the recipe
"periods". No weights have seen the labels of their catalog, and those of ASAS and CRTS alone its
stars, see `STARTS`. "tenth": the encoder is given a tenth of the labels of each class, the
classifiers all. Of each class up to ``--most`` objects of one band, of each object up to 200
observations. Rows that are in the JSON are not computed again.
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
    "asas": "surveys-periods-unlabelled",
    "crts": "surveys-periods-unlabelled",
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
    "fitted with a tenth": {"supervised": True},
    "fitted with labels": {"supervised": True},
}
#: Of the labels of each class, where it is not all.
SHARES = {"fitted with a tenth": 0.1}


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


def some_of(labels: NDArray[np.str_], share: float) -> NDArray[Any]:
    """Return the labels, all but a random share of each class missing."""
    rng = np.random.RandomState(0)
    known = np.full(len(labels), None, dtype=object)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        known[members[: round(share * len(members))]] = label
    return known


def scores(
    embedder: AstromerEmbedder,
    curves: LightCurves,
    labels: NDArray[np.str_],
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    share: float,
) -> dict[str, float]:
    """Fit in one fold, with a share of the labels, and tell what the rows are worth."""
    seen = embedder.fit(curves[train], some_of(labels[train], share)).transform(curves[train])
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
    unseen = [name for name in STARTS if name not in ("asas", "crts")]
    parser.add_argument("--catalogs", nargs="+", default=unseen, choices=list(STARTS))
    usual = [way for way in WAYS if way not in SHARES]
    parser.add_argument("--ways", nargs="+", default=usual, choices=list(WAYS))
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
                share = SHARES.get(way, 1.0)
                found = scores(embedder, curves, labels, train, test, share)
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
