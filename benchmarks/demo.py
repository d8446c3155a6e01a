"""The main job, offline: a catalog of light curves, their embeddings, a classifier.

    make demo

On 280 real stars that the weights have not seen. Prints how well a forest tells their classes from
the embeddings, and draws demo.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import report
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import cross_validate

from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.datasets import load_catalina
from sklearn_astromer.inspection import EmbeddingDisplay, PeriodogramDisplay

STAR = "CSS_J175509.4+263619"  # an RRab with a clear curve


def draw(
    embedder: AstromerEmbedder,
    curves: LightCurves,
    rows: NDArray[np.float32],
    labels: NDArray[np.str_],
    path: Path,
) -> None:
    """Draw the map of the embeddings, and a star with half of its observations hidden."""
    figure, axes = plt.subplots(
        1, 3, figsize=(15, 4.5), layout="constrained", width_ratios=[1.1, 1, 1.1]
    )
    EmbeddingDisplay.from_embeddings(rows, labels, random_state=0, ax=axes[0])
    axes[0].set_title("Embeddings of 280 stars of the Catalina Surveys")
    PeriodogramDisplay.from_estimator(
        embedder,
        curves,
        index=curves.ids.tolist().index(STAR),
        random_state=0,
        axes=tuple(axes[1:]),
    )
    axes[1].set_title("Periodogram of the visible half of a star")
    axes[2].set_title("RR Lyrae, folded", loc="left")
    figure.savefig(path, dpi=110)


def main() -> None:
    """Print the table, draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", type=Path, default=Path("demo.png"))
    args = parser.parse_args()

    curves, labels = load_catalina(return_X_y=True)
    print(f"{curves}\n", flush=True)
    embedder = AstromerEmbedder()
    rows = embedder.fit_transform(curves)
    forest = RandomForestClassifier(random_state=0)
    folds = cross_validate(
        forest, rows, labels, scoring="f1_macro", return_estimator=True, return_indices=True
    )
    scores = folds["test_score"]
    print(
        f"random forest on embeddings, 5 folds: macro-F1 {scores.mean():.2f} ± {scores.std():.2f}"
    )
    predicted = np.empty_like(labels)
    for fitted, held_out in zip(folds["estimator"], folds["indices"]["test"], strict=True):
        predicted[held_out] = fitted.predict(rows[held_out])
    names = np.unique(labels)
    scores_of = f1_score(labels, predicted, average=None, labels=names)
    counts = pd.crosstab(pd.Series(labels), pd.Series(predicted)).reindex(
        index=names, columns=names, fill_value=0
    )
    lines = [
        [name, f"{score:.2f}", *map(str, counts.loc[name])]
        for name, score in zip(names, scores_of, strict=True)
    ]
    print("\n" + report.table(["class", "F1", *(f"as {name}" for name in names)], lines) + "\n")
    draw(embedder, curves, rows, labels, args.picture)
    print(f"drawn: {args.picture}")


if __name__ == "__main__":
    main()
