"""Train an encoder from scratch on the training part of real catalogs, in two stages.

    python benchmarks/pretrain.py --out runs/all --install surveys-small
    python benchmarks/pretrain.py --out runs/asas --surveys asas     # CRTS is then never seen

1. Masked reconstruction, without labels (`AstromerEmbedder.fit`).
2. The labels of the same objects with a head that is thrown away, and reconstruction beside it
   (`AstromerClassifier`, ``train_encoder=True, reconstruction=1``). ``--supervised-epochs 0``
   leaves it out.

A killed run goes on: within the first stage from its checkpoint, else from the stage before.
`--install NAME` copies the result into the package, with what it was trained on.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from realdata import CATALOGS, load, part
from sklearn.frozen import FrozenEstimator

from sklearn_astromer import AstromerClassifier, AstromerEmbedder, LightCurves
from sklearn_astromer.weights.checkpoint import Checkpoint, read_folder, write_folder

ARCHITECTURE = {
    "d_model": 128,
    "n_layers": 4,
    "d_ff": 256,
    "residual": True,
    "norm_first": True,
    "mask_token": True,
    "scaled_inputs": True,
    "pe_base": 6e4,  # periods from 0.05 to 3000 days
    "pe_exponent": 1.0,
    "min_period": 0.05,
    "pe_pairs": True,
}
COMMON: dict[str, Any] = {
    "batch_size": 32,
    "augment": True,
    "cosine": True,
    "patience": None,
    "precision": "bfloat16",
    "random_state": 0,
    "verbose": 1,
}
# One name where catalogs mean one class; others keep theirs.
SAME = {"RRab": "RRAB", "RRc": "RRC"}
FEWEST_OF_A_CLASS = 20
BUNDLED = Path(__file__).parents[1] / "sklearn_astromer" / "weights" / "bundled"


def catalog(surveys: list[str], which: str) -> tuple[LightCurves, NDArray[np.str_]]:
    """Join what the surveys hold for "train" or "valid"."""
    curves, labels = zip(*map(load, surveys), strict=True)
    kept = [part(c) == which for c in curves]
    joined = np.concatenate([x[k] for x, k in zip(labels, kept, strict=True)])
    return (
        LightCurves.concatenate([c[k] for c, k in zip(curves, kept, strict=True)]),
        np.array([SAME.get(x, x) for x in joined.tolist()]),
    )


def share(n: int, fraction: float) -> NDArray[np.int64]:
    """Return the positions of a random fraction of n objects."""
    return np.sort(np.random.RandomState(0).permutation(n)[: int(fraction * n)])


def pretrain(args: argparse.Namespace, curves: LightCurves) -> AstromerEmbedder:
    """First stage."""
    chosen = share(len(curves), args.share)
    return AstromerEmbedder(
        **ARCHITECTURE,
        **COMMON,
        max_epochs=args.epochs,
        lr=1e-3,
        warmup_steps=200,
        dropout=0.0,  # so few passes do not overfit
        validation_fraction=None,
        checkpoint=args.out / "pretraining.pt",
        checkpoint_minutes=2,
    ).fit(curves[chosen])


def supervise(
    args: argparse.Namespace,
    embedder: AstromerEmbedder,
    curves: LightCurves,
    labels: NDArray[np.str_],
) -> AstromerEmbedder:
    """Second stage."""
    names, counts = np.unique(labels, return_counts=True)
    classes = {n: c for n, c in zip(names, counts, strict=True) if n and c >= FEWEST_OF_A_CLASS}
    chosen = np.isin(labels, list(classes))
    typical = np.mean(list(classes.values()))
    model = AstromerClassifier(
        FrozenEstimator(embedder),
        head="mlp",
        dropout=0.2,
        train_encoder=True,
        reconstruction=1.0,
        class_weight={name: (typical / count) ** 0.5 for name, count in classes.items()},
        max_epochs=args.supervised_epochs,
        lr=1e-3,
        encoder_lr=5e-4,
        warmup_steps=200,
        validation_fraction=None,
        **COMMON,
    )
    fitted = model.fit(curves[chosen], labels[chosen])
    (args.out / "supervised.csv").write_text(fitted.history_.to_csv(index=False))
    return fitted.encoder_


def main() -> None:
    """Run the stages that are not on disk yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--surveys", nargs="+", default=list(CATALOGS), choices=CATALOGS)
    parser.add_argument("--epochs", type=int, default=1, help="of the first stage")
    parser.add_argument("--share", type=float, default=1.0, help="of the objects, first stage")
    parser.add_argument("--supervised-epochs", type=int, default=4)
    parser.add_argument("--limit", type=int, help="objects, to try the script")
    parser.add_argument("--install", metavar="NAME", help="copy the result into the package")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    train, labels = catalog(args.surveys, "train")
    valid, _ = catalog(args.surveys, "valid")
    if args.limit:
        kept = np.random.RandomState(0).permutation(len(train))[: args.limit]
        train, labels, valid = train[kept], labels[kept], valid[: args.limit]
    print(f"train {train}\nvalid {valid}", flush=True)
    figures: dict[str, Any] = {}
    embedder: Any = None
    for stage in ("pretrained", "supervised")[: 1 + (args.supervised_epochs > 0)]:
        folder = args.out / stage
        start = time.perf_counter()
        if folder.exists():
            embedder = AstromerEmbedder(folder, max_epochs=0).fit(train[:1])
        else:
            if stage == "pretrained":
                embedder = pretrain(args, train)
            else:
                embedder = supervise(args, embedder, train, labels)
            embedder.save_pretrained(folder)
            figures = {
                "stage": stage,
                "valid_rmse": -embedder.score(valid),
                "seconds": round(time.perf_counter() - start, 1),
            }
            with open(args.out / "log.jsonl", "a") as log:
                log.write(json.dumps(figures) + "\n")
            print(figures, flush=True)

    if args.install:
        checkpoint = read_folder(folder)
        stages = list(map(json.loads, (args.out / "log.jsonl").read_text().splitlines()))
        info = {
            "data": f"training part of {', '.join(args.surveys)}: {train}",
            "validation": f"{valid}",
            "valid_rmse": stages[-1]["valid_rmse"],
            "command": "python benchmarks/pretrain.py " + shlex.join(sys.argv[1:]),
            "stages": stages,
        }
        write_folder(
            BUNDLED / args.install, Checkpoint(checkpoint.config, checkpoint.tensors, info)
        )


if __name__ == "__main__":
    main()
