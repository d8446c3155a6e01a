"""What the options of pretraining are worth: short runs that differ in one of them.

    OMP_NUM_THREADS=1 python benchmarks/pretraining_options.py

Masked reconstruction alone, with the recipe of pretrain.py, on training objects of ASAS; then,
frozen and mean-pooled, on validation objects of ASAS and of CRTS, which no run has seen: macro-F1
of a random forest in 3-fold cross-validation (three forests; the spread is theirs), and the RMSE of
hidden observations. The runs are short, so they tell what helps early on. A killed script goes on
from the encoders that are in ``runs/options``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import report
from checkpoints import objects
from pretrain import ARCHITECTURE, COMMON, catalog
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

from sklearn_astromer import AstromerEmbedder

FOLDER = Path(__file__).parents[1] / "runs" / "options"
USUAL = ["thin", "reverse", "shift"]
OPTIONS: dict[str, dict[str, Any]] = {
    "the recipe": {},
    "another seed": {"random_state": 1},
    "no augmentation": {"augment": False},
    "with crop": {"augment": [*USUAL, "crop"]},
    "with jitter": {"augment": [*USUAL, "jitter"]},
    "error-weighted loss": {"error_weighted": True},
}


def main() -> None:
    """Print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--objects", type=int, default=1500, help="for training")
    args = parser.parse_args()
    train, _ = catalog(["asas"], "train")
    train = train[np.random.RandomState(0).permutation(len(train))[: args.objects]]
    tests = {name: objects(name, "valid", 300) for name in ("asas", "crts")}
    figures, lines = [], []
    for name, changes in OPTIONS.items():
        path = FOLDER / name.replace(" ", "_")
        if not path.exists():
            options = ARCHITECTURE | {"dropout": 0.0} | COMMON | {"verbose": 0} | changes
            AstromerEmbedder(**options, max_epochs=args.epochs).fit(train).save_pretrained(path)
        model = AstromerEmbedder(path, max_epochs=0)
        row: dict[str, Any] = {"option": name}
        cells = [name]
        for survey, (curves, labels) in tests.items():
            vectors = model.fit_transform(curves)
            folds = StratifiedKFold(3, shuffle=True, random_state=0)
            scores = [
                cross_val_score(
                    RandomForestClassifier(300, random_state=seed),
                    *(vectors, labels),
                    cv=folds,
                    scoring="f1_macro",
                ).mean()
                for seed in range(3)
            ]
            row[survey] = {"f1": scores, "hidden_rmse": -model.score(curves)}
            cells += [
                f"{np.mean(scores):.3f} ± {np.std(scores):.3f}",
                f"{row[survey]['hidden_rmse']:.3f}",
            ]
        figures.append(row)
        lines.append(cells)
        print(*cells, flush=True)
    header = ["option", "ASAS F1", "ASAS RMSE (mag)", "CRTS F1", "CRTS RMSE (mag)"]
    print("\n" + report.table(header, lines))
    counts = {"train": len(train), **{s: len(c) for s, (c, _) in tests.items()}}
    report.write("pretraining_options", {"epochs": args.epochs, "objects": counts, "rows": figures})


if __name__ == "__main__":
    main()
