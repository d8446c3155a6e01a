"""The logarithm of the period of simulated variables, by `AstromerRegressor` and by forests.

    make macho && python benchmarks/period_regression.py

Trained on stars of one seed, R² on stars of another: 0 is the mean predictor. The stars are of six
periodic classes whose periods span 0.04 to 600 days, so most of it is telling the classes. Encoders
are frozen; what to ask of them was tried on stars of other seeds.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import report
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import r2_score

from sklearn_astromer import (
    AstromerEmbedder,
    AstromerRegressor,
    Recipe,
    VariabilityFeatures,
)
from sklearn_astromer.datasets import make_variable_stars

CLASSES = ["RRAB", "RRC", "CEP", "EB", "MIRA", "DSCT"]


def main() -> None:
    """Print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stars", type=int, default=2000)
    args = parser.parse_args()

    stars = [
        make_variable_stars(n, classes=CLASSES, random_state=seed, return_parameters=True)[::2]
        for n, seed in ((args.stars, 0), (args.stars // 2, 1))
    ]
    (X, y), (X_test, y_test) = [(c, np.log10(p["period"].to_numpy())) for c, p in stars]

    forest = RandomForestRegressor(300, max_features="sqrt", random_state=0)
    features = [VariabilityFeatures().fit_transform(c) for c in (X, X_test)]
    rows = {"mean predictor": (DummyRegressor(), X, X_test)}
    for name in ("macho", "surveys-small", "surveys-periods"):
        for row in (("mean",), ("mean", "std")):
            embedder = AstromerEmbedder(name, row=row)
            embedded = embedder.fit_transform(X), embedder.transform(X_test)
            rows[f"forest, {name} {'_'.join(row)}"] = (forest, *embedded)
    with_periods = AstromerEmbedder("surveys-periods", row=("mean", "periods"))
    embedded = with_periods.fit_transform(X), with_periods.transform(X_test)
    rows["forest, surveys-periods mean and periods"] = (forest, *embedded)
    for name in ("macho", "surveys-periods"):
        for head, options in (
            ("mlp", {}),
            ("mean_std", {}),
            (
                "lstm",
                {"max_epochs": 30, "training": Recipe(schedule="cosine"), "precision": "bfloat16"},
            ),
        ):
            regressor = AstromerRegressor(name, head=head, random_state=0, **options)
            rows[f"AstromerRegressor, {name} {head}"] = (regressor, X, X_test)
    rows["forest, VariabilityFeatures"] = (forest, *features)

    figures, lines = {}, []
    for name, (model, train, test) in rows.items():
        start = time.perf_counter()
        predicted = model.fit(train, y).predict(test)
        seconds = time.perf_counter() - start
        figures[name] = {
            "r2": r2_score(y_test, predicted),
            "median_error_dex": float(np.median(np.abs(predicted - y_test))),
            "seconds": round(seconds, 1),
        }
        shown = [f"{figures[name][key]:.3f}" for key in ("r2", "median_error_dex")]
        lines.append([name, *shown])
        print(*lines[-1], f"{seconds:.0f} s", flush=True)
    print("\n" + report.table(["model", "R²", "median error (dex)"], lines))
    report.write("period_regression", {"stars": args.stars, "models": figures})


if __name__ == "__main__":
    main()
