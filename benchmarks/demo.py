"""The main job, offline: a catalog of light curves, their embeddings, a classifier.

    make demo

On simulated stars, so that it runs anywhere. Prints a cross-validated table and draws demo.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import report
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

from sklearn_astromer import AstromerEmbedder, LightCurves, VariabilityFeatures
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.inspection import EmbeddingDisplay, PeriodogramDisplay


def draw(
    embedder: AstromerEmbedder, curves: LightCurves, labels: NDArray[np.str_], path: Path
) -> None:
    """Draw the map of the embeddings, and a star with half of its observations hidden."""
    figure, axes = plt.subplots(1, 3, figsize=(15, 4.5), layout="constrained")
    EmbeddingDisplay.from_estimator(embedder, curves, labels, random_state=0, ax=axes[0])
    axes[0].set_title("Embeddings of the stars")
    star = int(np.flatnonzero((labels == "RRAB") & (curves.lengths > 150))[0])
    PeriodogramDisplay.from_estimator(
        embedder, curves, index=star, random_state=0, axes=tuple(axes[1:])
    )
    axes[1].set_title("Periodogram of the visible half", pad=18)
    axes[2].set_title("RR Lyrae, folded", loc="left")
    figure.savefig(path, dpi=110)


def main() -> None:
    """Print the table, draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stars", type=int, default=140)
    parser.add_argument("--picture", type=Path, default=Path("demo.png"))
    args = parser.parse_args()

    curves, labels = make_variable_stars(args.stars, random_state=0)
    print(f"{curves}\nclasses: {', '.join(np.unique(labels))}\n", flush=True)
    embedder = AstromerEmbedder("surveys-periods", pooling="mean_std")
    features = VariabilityFeatures().fit_transform(curves)
    both = np.hstack([features, embedder.fit_transform(curves)])
    forest = RandomForestClassifier(300, random_state=0)
    rows = {
        "surveys-periods embeddings": (Pipeline([("emb", embedder), ("clf", forest)]), curves),
        "VariabilityFeatures": (forest, features),
        "features and embeddings": (forest, both),
    }
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    lines = []
    for name, (model, X) in rows.items():
        scores = cross_val_score(model, X, labels, cv=folds, scoring="f1_macro")
        lines.append([name, f"{scores.mean():.3f} ± {scores.std():.3f}"])
        print(*lines[-1], sep=": ", flush=True)
    print("\n" + report.table(["random forest on", "macro-F1, 5 folds"], lines) + "\n")
    draw(embedder, curves, labels, args.picture)
    print(f"drawn: {args.picture}")


if __name__ == "__main__":
    main()
