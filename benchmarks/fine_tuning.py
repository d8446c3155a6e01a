"""Fine-tuning `macho` without labels: learning rate and dropout, which the defaults were chosen by.

    make macho && python benchmarks/fine_tuning.py --catalogs crts asas

On objects outside every test partition of `paper_classification.py`: 100 per class are fine-tuned
on, 100 others per class (or what there is) give the RMSE of hidden observations, and the macro-F1
of a random forest on the mean embeddings, trained on the first. In bfloat16, to save time.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import report
from numpy.typing import NDArray
from paper_classification import catalog, partition
from realdata import CLASSES
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score

from sklearn_astromer import AstromerEmbedder

WAYS: dict[str, dict[str, Any]] = {
    "frozen": {"max_epochs": 0},
    "lr 1e-4, no dropout (the default)": {"lr": 1e-4, "dropout": 0.0},
    "lr 1e-4, dropout 0.1": {"lr": 1e-4, "dropout": 0.1},
    "lr 1e-3, no dropout": {"lr": 1e-3, "dropout": 0.0},
}


def objects(name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return positions to fine-tune on and to look at."""
    _, labels = catalog(name)
    tests = np.concatenate([partition(name, repeat)[1] for repeat in range(3)])
    free = np.setdiff1d(np.arange(len(labels)), tests)
    rng = np.random.RandomState(7)
    train, test = [], []
    for label in CLASSES[name]:
        members = rng.permutation(free[labels[free] == label])
        n = min(100, len(members) * 2 // 3)
        train.append(members[:n])
        test.append(members[n : n + 100])
    return np.concatenate(train), np.concatenate(test)


def main() -> None:
    """Print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalogs", nargs="+", default=["crts", "asas"], choices=CLASSES)
    parser.add_argument("--epochs", type=int, default=6)
    args = parser.parse_args()
    figures, lines = [], []
    for name in args.catalogs:
        curves, labels = catalog(name)
        train, test = objects(name)
        for way, options in WAYS.items():
            start = time.perf_counter()
            embedder = AstromerEmbedder(
                "macho",
                **{"max_epochs": args.epochs, **options},
                patience=None,
                precision="bfloat16",
                random_state=0,
            ).fit(curves[train])
            seen, unseen = embedder.transform(curves[train]), embedder.transform(curves[test])
            f1 = []
            for seed in range(3):
                forest = RandomForestClassifier(300, random_state=seed).fit(seen, labels[train])
                f1.append(f1_score(labels[test], forest.predict(unseen), average="macro"))
            row = {
                "catalog": name,
                "way": way,
                "objects": [len(train), len(test)],
                "hidden_rmse": -embedder.score(curves[test]),
                "macro_f1": float(np.mean(f1)),
                "minutes": round((time.perf_counter() - start) / 60, 1),
            }
            figures.append(row)
            lines.append([name, way, f"{row['hidden_rmse']:.3f}", f"{row['macro_f1']:.3f}"])
            print(*lines[-1], row["minutes"], "minutes", flush=True)
    print("\n" + report.table(["catalog", "fine-tuned", "hidden RMSE (mag)", "macro-F1"], lines))
    report.write("fine_tuning", {"epochs": args.epochs, "rows": figures})


if __name__ == "__main__":
    main()
