"""The logarithm of the period of simulated variables, by `AstromerRegressor` and by forests.

    make macho && python benchmarks/period_regression.py

Trained on stars of one seed, R² on stars of another. The stars are of six periodic classes whose
periods span 0.04 to 600 days, so most of it is telling the classes. Encoders are frozen; what to
ask of them was tried on stars of other seeds. With ``--models`` the others stay as in the JSON.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import report
from numpy.typing import NDArray
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
    parser.add_argument("--models", nargs="+", help="only these, such as 'forest, macho mean'")
    args = parser.parse_args()

    stars = [
        make_variable_stars(n, classes=CLASSES, random_state=seed, return_parameters=True)[::2]
        for n, seed in ((args.stars, 0), (args.stars // 2, 1))
    ]
    (X, y), (X_test, y_test) = [(c, np.log10(p["period"].to_numpy())) for c, p in stars]

    def forest(embedder: Any) -> NDArray[np.float64]:
        model = RandomForestRegressor(300, max_features="sqrt", random_state=0)
        return model.fit(embedder.fit_transform(X), y).predict(embedder.transform(X_test))

    def head(name: str, **options: Any) -> NDArray[np.float64]:
        model = AstromerRegressor("surveys-periods", head=name, random_state=0, **options)
        return model.fit(X, y).predict(X_test)

    models: dict[str, Callable[[], NDArray[np.float64]]] = {
        "forest, macho mean": lambda: forest(AstromerEmbedder("macho", row="mean")),
        "forest, surveys-small mean": lambda: forest(AstromerEmbedder("surveys-small", row="mean")),
        "forest, surveys-periods mean": lambda: forest(AstromerEmbedder(row="mean")),
        "forest, surveys-periods default row": lambda: forest(AstromerEmbedder()),
        "forest, VariabilityFeatures": lambda: forest(VariabilityFeatures()),
        "AstromerRegressor, surveys-periods mlp": lambda: head("mlp"),
        "AstromerRegressor, surveys-periods lstm": lambda: head(
            "lstm", max_epochs=30, training=Recipe(schedule="cosine")
        ),
    }
    earlier = (report.figures("period_regression") or {}).get("models", {})
    figures, lines = {}, []
    for name, predict in models.items():
        if args.models and name not in args.models:
            figures[name] = earlier[name]
        else:
            start, predicted = time.perf_counter(), predict()
            figures[name] = {
                "r2": r2_score(y_test, predicted),
                "median_error_dex": float(np.median(np.abs(predicted - y_test))),
                "seconds": round(time.perf_counter() - start, 1),
            }
        lines.append([name, *(f"{figures[name][key]:.3f}" for key in ("r2", "median_error_dex"))])
        print(*lines[-1], flush=True)
    print("\n" + report.table(["model", "R²", "median error (dex)"], lines))
    report.write("period_regression", {"stars": args.stars, "models": figures})


if __name__ == "__main__":
    main()
