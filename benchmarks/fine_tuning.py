"""Fine-tuning `macho` on real ASAS curves, without labels and inside cross-validation.

    make macho && python benchmarks/fine_tuning.py

1. RMSE of hidden observations of objects never trained on, before and after a few epochs on the
   training part of ASAS.
2. The README's line with all defaults, which fine-tunes in every fold, on 100 objects per class;
   the same frozen; with the dropout of a fresh encoder, and with its learning rate.

In bfloat16, to save time.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import report
from realdata import CLASSES, load, part, per_class
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

from sklearn_astromer import AstromerEmbedder
from sklearn_astromer.embedder import FRESH_DROPOUT, FRESH_LR


def hidden_rmse(epochs: int, objects: int) -> dict[str, float]:
    """Return the RMSE of hidden observations on the test part before and after fine-tuning."""
    curves, _ = load("asas")
    which = part(curves)
    test = curves[which == "test"]
    kept = np.random.RandomState(0).permutation(np.flatnonzero(which == "train"))[:objects]
    train = curves[kept]
    frozen = AstromerEmbedder("macho", max_epochs=0).fit(train)
    start = time.perf_counter()
    tuned = AstromerEmbedder(
        "macho", max_epochs=epochs, random_state=0, verbose=1, precision="bfloat16"
    ).fit(train)
    return {
        "train_objects": len(train),
        "test_objects": len(test),
        "before": -frozen.score(test),
        "after": -tuned.score(test),
        "epochs": len(tuned.history_),
        "minutes": round((time.perf_counter() - start) / 60, 1),
    }


def mission_line() -> dict[str, float]:
    """Cross-validate the pipeline with defaults, fine-tuning in every fold, and other ways."""
    curves, labels = load("asas")
    chosen = per_class(labels, CLASSES["asas"], 100)
    figures = {}
    ways = {
        "frozen": {"max_epochs": 0},
        "fine-tuned in every fold": {},
        "the same, dropout=0.1": {"dropout": FRESH_DROPOUT},
        "the same, lr=1e-3": {"lr": FRESH_LR},
    }
    for name, options in ways.items():
        embedder = AstromerEmbedder("macho", random_state=0, precision="bfloat16", **options)
        model = Pipeline([("emb", embedder), ("clf", RandomForestClassifier(random_state=0))])
        start = time.perf_counter()
        scores = cross_val_score(
            model,
            curves[chosen],
            labels[chosen],
            cv=StratifiedKFold(3, shuffle=True, random_state=0),
            scoring="f1_macro",
        )
        minutes = round((time.perf_counter() - start) / 60, 2)
        figures[name] = {"macro_f1": scores.tolist(), "minutes": minutes}
        print(f"{name}: {scores.mean():.3f} ± {scores.std():.3f}, {minutes} minutes", flush=True)
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--objects", type=int, default=2000)
    args = parser.parse_args()
    rmse = hidden_rmse(args.epochs, args.objects)
    print(rmse, flush=True)
    report.write("fine_tuning", {"hidden_rmse": rmse, "mission_line": mission_line()})
