"""Pretrained weights as they are, beside the same fine-tuned without labels on the objects at hand.

    make macho && python benchmarks/fine_tuning.py

What `Pipeline([("emb", AstromerEmbedder(name)), ("clf", RandomForestClassifier())])` scores when it
is fitted on 100 or 500 objects per class (or two thirds of what there is) and meets up to 100
others per class, by macro-F1 over three seeds of the forest; and the RMSE of hidden observations.
Objects of the parts "valid" and "test", which no encoder of this package was trained on. Rows that
are in the JSON are not computed again.
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from typing import Any

import numpy as np
import report
from numpy.typing import NDArray
from paper_classification import catalog
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score

from sklearn_astromer import AstromerEmbedder

ENCODERS = ("surveys-periods", "surveys-periods-unlabelled")
WAYS: dict[str, dict[str, Any]] = {
    "frozen (the default)": {},
    "max_epochs=10": {"max_epochs": 10},
}


def objects(labels: NDArray[np.str_], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return positions to train on and to test."""
    rng = np.random.RandomState(7)
    train, test = [], []
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        held_out = min(100, len(members) // 3)
        test.append(members[:held_out])
        train.append(members[held_out : held_out + most])
    return np.concatenate(train), np.concatenate(test)


def main() -> None:
    """Print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalogs", nargs="+", default=["asas", "crts", "ogle_cepheids"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[100, 500])
    args = parser.parse_args()
    figures: list[dict[str, Any]] = report.figures("fine_tuning") or []
    for name, size in product(args.catalogs, args.sizes):
        curves, labels = catalog(name)
        train, test = objects(labels, size)
        for encoder, (way, options) in product(ENCODERS, WAYS.items()):
            cell = {"catalog": name, "per_class": size, "encoder": encoder, "way": way}
            if any(cell.items() <= row.items() for row in figures):
                continue
            start = time.perf_counter()
            embedder = AstromerEmbedder(encoder, pooling="mean_std", random_state=0, **options)
            seen = embedder.fit_transform(curves[train])
            unseen = embedder.transform(curves[test])
            f1 = []
            for seed in range(3):
                forest = RandomForestClassifier(300, random_state=seed).fit(seen, labels[train])
                f1.append(f1_score(labels[test], forest.predict(unseen), average="macro"))
            row = {
                **cell,
                "objects": [len(train), len(test)],
                "hidden_rmse": -embedder.score(curves[test]),
                "macro_f1": f1,
                "minutes": round((time.perf_counter() - start) / 60, 1),
            }
            figures.append(row)
            print(row, flush=True)
            report.write("fine_tuning", figures)
    lines = [
        [
            *(row[key] for key in ("catalog", "per_class", "encoder", "way")),
            f"{np.mean(row['macro_f1']):.3f} ± {np.std(row['macro_f1']):.3f}",
            f"{row['hidden_rmse']:.3f}",
        ]
        for row in figures
    ]
    header = ["catalog", "per class", "encoder", "fine-tuned", "macro-F1", "hidden RMSE (mag)"]
    print("\n" + report.table(header, lines))


if __name__ == "__main__":
    main()
