"""Frozen encoders on objects that none of them was trained on.

    make macho && python benchmarks/checkpoints.py
    python benchmarks/checkpoints.py --encoders macho asas-only=runs/asas/supervised --catalogs crts

Of each catalog's test part (see `realdata.part`) at most 300 objects per class; macro-F1 of a
random forest and of a logistic regression in 3-fold cross-validation, repeated 5 times, on the mean
of the vectors, on mean and standard deviation, and on the default row, beside a random-init
encoder, `VariabilityFeatures`, and both together; and the RMSE of hidden observations. The five
bands of a star of Stripe 82 are five objects, in the same fold.
``--part valid`` takes the objects for choices, so that the test objects are looked at last. Rows of
encoders that are not evaluated again stay in the JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import report
from joblib import Parallel, delayed
from numpy.typing import NDArray
from realdata import CLASSES, load, part, per_class
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_astromer import AstromerEmbedder, LightCurves, VariabilityFeatures

REPEATS = 5
MODELS = {
    "forest": RandomForestClassifier(300, random_state=0),
    "logistic": make_pipeline(
        SimpleImputer(), StandardScaler(), LogisticRegression(C=0.1, max_iter=3000)
    ),
}


def objects(catalog: str, which: str, most: int) -> tuple[LightCurves, NDArray[np.str_]]:
    """Return at most `most` objects per class of a part of a catalog."""
    curves, labels = load(catalog)
    chosen = part(curves) == which
    curves, labels = curves[chosen], labels[chosen]
    kept = per_class(labels, CLASSES[catalog], most)
    return curves[kept], labels[kept]


def rows(
    curves: LightCurves, encoders: dict[str, str]
) -> Iterator[tuple[str, str, NDArray[Any], float | None]]:
    """Yield encoder, what of it, the table for a classifier, and the RMSE of hidden magnitudes."""
    features = VariabilityFeatures().fit_transform(curves)
    yield "VariabilityFeatures", "features", features, None
    for name, path in encoders.items():
        model = AstromerEmbedder(path)
        if name == "random-init":
            model = AstromerEmbedder(None, max_epochs=0, random_state=0)
        table = model.fit_transform(curves)
        rmse = -model.score(curves)
        width = model.module_.encoder.config.d_model
        yield name, "mean", table[:, :width], rmse
        yield name, "mean and std", table[:, : 2 * width], rmse
        yield name, "default row", table, rmse
        if name != "random-init":
            yield name, "default row and features", np.hstack([table, features]), rmse


def splits(
    curves: LightCurves, labels: NDArray[np.str_]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return stratified folds, for training and test; all bands of a star are in the same."""
    star, _ = pd.factorize(curves.ids)
    _, first = np.unique(star, return_index=True)
    folds = RepeatedStratifiedKFold(n_splits=3, n_repeats=REPEATS, random_state=0)
    return [
        (np.flatnonzero(np.isin(star, train)), np.flatnonzero(np.isin(star, test)))
        for train, test in folds.split(first, labels[first])
    ]


def evaluate(catalog: str, which: str, most: int, encoders: dict[str, str]) -> list[dict[str, Any]]:
    """Return the rows of the table for a catalog."""
    curves, labels = objects(catalog, which, most)
    print(f"{catalog}, {which}: {curves}", flush=True)
    folds = splits(curves, labels)
    figures = []
    for encoder, what, table, rmse in rows(curves, encoders):
        row: dict[str, Any] = {
            "catalog": catalog,
            "objects": len(curves),
            "encoder": encoder,
            "table": what,
            "hidden_rmse": rmse,
        }
        for name, model in MODELS.items():
            scores = cross_val_score(model, table, labels, cv=folds, scoring="f1_macro")
            row[name] = scores.reshape(REPEATS, -1).mean(1).tolist()  # over the folds
        print(catalog, encoder, what, *(f"{np.mean(row[n]):.3f}" for n in MODELS), flush=True)
        figures.append(row)
    return figures


def main() -> None:
    """Print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--encoders",
        nargs="*",
        default=[
            "random-init",
            "macho",
            "surveys-small",
            "surveys-periods-unlabelled",
            "surveys-periods",
        ],
    )
    parser.add_argument("--catalogs", nargs="+", default=list(CLASSES), choices=CLASSES)
    parser.add_argument("--part", default="test", choices=["valid", "test"])
    parser.add_argument("--most", type=int, default=300, help="objects per class")
    parser.add_argument("--jobs", type=int, default=2, help="catalogs at a time")
    parser.add_argument("--name", help="of the JSON; none is written without")
    args = parser.parse_args()
    encoders = {name: path or name for name, _, path in (e.partition("=") for e in args.encoders)}
    done = Parallel(n_jobs=args.jobs)(
        delayed(evaluate)(catalog, args.part, args.most, encoders) for catalog in args.catalogs
    )
    figures = [row for of_catalog in done for row in of_catalog]
    lines = []
    for row in figures:
        f1 = [f"{np.mean(row[n]):.3f} ± {np.std(row[n]):.3f}" for n in MODELS]
        rmse = row["hidden_rmse"]
        shown = "" if rmse is None else f"{rmse:.3f}"
        lines.append([row["catalog"], row["encoder"], row["table"], *f1, shown])
    header = ["catalog", "encoder", "table", *MODELS, "hidden RMSE (mag)"]
    print("\n" + report.table(header, lines))
    if args.name:
        earlier = report.figures(args.name)
        same = earlier["rows"] if earlier and earlier["part"] == args.part else []
        table = report.with_others(figures, same, ["catalog", "encoder"])
        report.write(args.name, {"part": args.part, "rows": table})


if __name__ == "__main__":
    main()
