"""What the official padding costs: random forests on frozen embeddings of real ASAS curves.

    make macho && python benchmarks/padding.py

7 classes, at most 300 objects each, 3-fold cross-validated macro-F1, on the mean of the vectors of
`macho`: with padding excluded from attention as here, with the official windows and padding, and
with our windows padded as the official ones; and of an untrained encoder.
"""

from __future__ import annotations

import numpy as np
import official
import report
from realdata import CLASSES, load, per_class
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

from sklearn_astromer import AstromerEmbedder


def main() -> None:
    """Print the table and write the JSON."""
    curves, labels = load("asas")
    chosen = per_class(labels, CLASSES["asas"], 300)
    curves, labels = curves[chosen], labels[chosen]
    counts = dict(zip(*map(np.ndarray.tolist, np.unique(labels, return_counts=True)), strict=True))
    print(f"{curves}\n{counts}\n", flush=True)

    macho = AstromerEmbedder("macho", row="mean").fit(curves)
    untrained = AstromerEmbedder(None, row="mean", max_epochs=0, random_state=0)
    encoder = macho.module_.encoder
    tables = {
        "macho": macho.transform(curves),
        "macho, official windows and padding": official.embed(encoder, curves),
        "macho, our windows with official padding": official.embed(
            encoder, curves, official.partition
        ),
        "random-init": untrained.fit_transform(curves),
    }
    forest = RandomForestClassifier(300, random_state=0)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    figures, lines = {}, []
    for name, table in tables.items():
        scores = cross_val_score(forest, table, labels, cv=folds, scoring="f1_macro")
        figures[name] = scores.tolist()
        lines.append([name, f"{scores.mean():.3f} ± {scores.std():.3f}"])
    print(report.table(["random forest on the mean of", "macro-F1"], lines) + "\n")
    report.write("padding", {"objects": counts, "macro_f1": figures})


if __name__ == "__main__":
    main()
