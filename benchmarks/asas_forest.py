"""Random forests on frozen embeddings of real ASAS curves.

    make macho && python benchmarks/asas_forest.py

7 classes, at most 300 objects each, 3-fold cross-validated macro-F1: `macho` with correct and with
the official padding, a random-init encoder, `VariabilityFeatures`, and features and embeddings
together; and what bfloat16 changes. `surveys-small` was trained on some of these objects, so that
its rows compare precisions alone; for what it is worth see `checkpoints.py`.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import official
import report
from agreement import cosines
from realdata import CLASSES, load, per_class
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

from sklearn_astromer import AstromerEmbedder, VariabilityFeatures


def main() -> None:
    """Print the table and write the JSON."""
    curves, labels = load("asas")
    chosen = per_class(labels, CLASSES["asas"], 300)
    curves, labels = curves[chosen], labels[chosen]
    counts = dict(zip(*map(np.ndarray.tolist, np.unique(labels, return_counts=True)), strict=True))
    print(f"{curves}\n{counts}\n", flush=True)

    embedder = AstromerEmbedder("macho")
    encoder = clone(embedder).fit(curves).module_.encoder
    features = VariabilityFeatures().fit_transform(curves)
    mean_and_std = clone(embedder).set_params(row=("mean", "std")).fit_transform(curves)
    small = AstromerEmbedder("surveys-small")
    agreement = {}
    for name, each in (("macho", embedder), ("surveys-small", small)):
        rounded = clone(each).set_params(precision="bfloat16").fit_transform(curves)
        cosine = cosines(clone(each).fit_transform(curves), rounded)
        agreement[name] = {
            "least_cosine": float(cosine.min()),
            "median_cosine": float(np.median(cosine)),
            "share_below_0.9999": float((cosine < 0.9999).mean()),
        }
        print(f"{name}, bfloat16 to float32: {agreement[name]}\n", flush=True)
    forest_rows: dict[str, tuple[Any, Any]] = {
        "macho, mean": (embedder, curves),
        "macho, mean, bfloat16": (clone(embedder).set_params(precision="bfloat16"), curves),
        "surveys-small, mean": (small, curves),
        "surveys-small, mean, bfloat16": (clone(small).set_params(precision="bfloat16"), curves),
        "macho, mean and std": (None, mean_and_std),
        "VariabilityFeatures and macho": (None, np.hstack([features, mean_and_std])),
        "macho, mean, official windows and padding": (None, official.embed(encoder, curves)),
        "macho, mean, our windows with official padding": (
            None,
            official.embed(encoder, curves, official.partition),
        ),
        "random-init, mean": (AstromerEmbedder(None, max_epochs=0, random_state=0), curves),
        "VariabilityFeatures": (None, features),
    }
    figures, lines = {}, []
    for name, (first, X) in forest_rows.items():
        forest = RandomForestClassifier(300, random_state=0)
        model = forest if first is None else Pipeline([("emb", first), ("clf", forest)])
        folds = StratifiedKFold(3, shuffle=True, random_state=0)
        start = time.perf_counter()
        scores = cross_val_score(model, X, labels, cv=folds, scoring="f1_macro")
        seconds = time.perf_counter() - start
        figures[name] = {"macro_f1": scores.tolist(), "seconds": round(seconds, 1)}
        lines.append([name, f"{scores.mean():.3f} ± {scores.std():.3f}"])
        print(*lines[-1], f"({seconds:.0f} s)", flush=True)
    lines.sort(key=lambda line: line[1], reverse=True)
    print("\n" + report.table(["random forest on", "macro-F1"], lines) + "\n")
    written = {"objects": counts, "rows": figures, "bfloat16_to_float32": agreement}
    report.write("asas_forest", written)


if __name__ == "__main__":
    main()
