"""Pretrained weights as they are, beside the same fitted in each fold, without and with labels.

    python benchmarks/fine_tuning.py

Macro-F1 of a random forest and of a logistic regression on the rows of ``row=("mean", "std")``, in
three folds by star; the encoder is fitted on the training stars of a fold alone. The weights have
not seen the catalogs: `surveys-periods-unlabelled` was trained on ASAS, CRTS and simulated stars,
without labels, and the catalogs are OGLE and Stripe 82. Of each class up to ``--most`` objects of
one band. Rows that are in the JSON are not computed again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
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

from sklearn_astromer import AstromerEmbedder, LightCurves, Recipe

BANDS = {"stripe82": "g"}


def catalog(name: str, most: int) -> tuple[LightCurves, NDArray[np.str_]]:
    """Return at most `most` objects of each class, in one band."""
    curves, labels = load(name)
    if name in BANDS:
        own = np.flatnonzero(curves.band == BANDS[name])
        curves, labels = curves[own], labels[own]
    kept = per_class(labels, CLASSES[name], most)
    return curves[kept], labels[kept]


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
    parser.add_argument("--weights", default="surveys-periods-unlabelled")
    parser.add_argument("--catalogs", nargs="+", default=["ogle_cepheids", "stripe82"])
    parser.add_argument("--most", type=int, default=120, help="objects of a class")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rates", nargs="+", type=float, default=[1e-4, 3e-4])
    parser.add_argument("--out", type=Path, help="JSON (default: benchmarks/results)")
    args = parser.parse_args()
    out: Path = args.out or report.RESULTS / "fine_tuning_in_folds.json"
    rows: list[dict[str, Any]] = []
    if out.exists():
        rows = json.loads(out.read_text())["figures"]
    ways: list[tuple[str, dict[str, Any]]] = [("frozen", {"max_epochs": 0})]
    for rate in args.rates:
        tuned = {"max_epochs": args.epochs, "training": Recipe(lr=rate)}
        ways += [(f"fitted, lr {rate:g}", tuned)]
        ways += [(f"fitted with labels, lr {rate:g}", tuned | {"supervised": True})]
    for name in args.catalogs:
        curves, labels = catalog(name, args.most)
        folds = StratifiedGroupKFold(3, shuffle=True, random_state=0)
        for fold, (train, test) in enumerate(folds.split(curves, labels, curves.ids)):
            for way, options in ways:
                cell = {"catalog": name, "weights": args.weights, "way": way, "fold": fold}
                cell |= {"most": args.most}
                if any(cell.items() <= row.items() for row in rows):
                    continue
                start = time.perf_counter()
                embedder = AstromerEmbedder(
                    args.weights, row=("mean", "std"), random_state=0, **options
                )
                found = scores(embedder, curves, labels, train, test)
                minutes = round((time.perf_counter() - start) / 60, 2)
                rows.append(cell | found | {"objects": len(curves), "minutes": minutes})
                print(rows[-1], flush=True)
                if args.out:
                    out.write_text(json.dumps({"figures": rows}, indent=1) + "\n")
                else:
                    report.write("fine_tuning_in_folds", rows)
    lines = []
    for key in dict.fromkeys((row["catalog"], row["way"]) for row in rows):
        own = [row for row in rows if (row["catalog"], row["way"]) == key]
        means = [f"{np.mean([row[m] for row in own]):.3f}" for m in ("forest", "logistic")]
        lines.append([*key, *means])
    print("\n" + report.table(["catalog", "encoder", "forest", "logistic"], lines))


if __name__ == "__main__":
    main()
