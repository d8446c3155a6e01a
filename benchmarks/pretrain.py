"""Train an encoder from scratch on the training part of real catalogs.

    python benchmarks/pretrain.py --out runs/surveys --epochs 40 --install surveys-small
    python benchmarks/pretrain.py --out runs/asas --surveys asas --epochs 40  # CRTS is never seen

Masked reconstruction and the classes of the same objects are learned together, by a head that is
thrown away (`AstromerClassifier`, ``train_encoder=True, reconstruction=1``); with ``--no-labels``
masked reconstruction alone (`AstromerEmbedder.fit`). OGLE and Stripe 82 are left out unless asked
for, to tell how the encoder does on surveys that it never saw.

A killed run goes on from its checkpoint. `--install NAME` copies the result into the package, with
what it was trained on.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from realdata import CATALOGS, load, part
from torch import Tensor

from sklearn_astromer import AstromerClassifier, AstromerEmbedder, LightCurves
from sklearn_astromer.modules.heads import MomentsHead
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
    "activation": "gelu",
    "random_fraction": 0.0,  # a seventh of what is seen would be wrong
}
COMMON: dict[str, Any] = {
    "batch_size": 32,
    "lr": 1e-3,
    "warmup_steps": 400,
    "cosine": True,
    "patience": None,
    "validation_fraction": None,
    "augment": True,
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


class HalfMomentsHead(MomentsHead):
    """Dense layers on mean and deviation, which sees the mean alone half of the time.

    So both a mean-pooled embedding and one with the deviation tell the classes.
    """

    def output(self, summary: Tensor) -> Tensor:
        """Give the prediction of each object."""
        if self.training:
            seen = (torch.rand(len(summary), 1) < 0.5).to(summary.dtype)
            mean, deviation = summary.chunk(2, dim=1)
            summary = torch.cat([mean, deviation * seen], dim=1)
        return super().output(summary)


def make_head(d_model: int, n_classes: int) -> HalfMomentsHead:
    """Return the head that is thrown away."""
    return HalfMomentsHead(d_model, n_classes, units=256, dropout=0.2)


def fit(
    args: argparse.Namespace, curves: LightCurves, labels: NDArray[np.str_]
) -> AstromerEmbedder:
    """Train."""
    run = COMMON | {"max_epochs": args.epochs, "checkpoint": args.out / "run.pt"}
    run["checkpoint_minutes"] = 2
    # nothing is left to regularise, in so few passes over windows that are never twice the same
    encoder = AstromerEmbedder(**ARCHITECTURE, dropout=0.0)
    if args.no_labels:
        fitted = encoder.set_params(**run).fit(curves)
        fitted.history_.to_csv(args.out / "history.csv", index=False)
        return fitted
    names, counts = np.unique(labels, return_counts=True)
    classes = {n: c for n, c in zip(names, counts, strict=True) if n and c >= FEWEST_OF_A_CLASS}
    chosen = np.isin(labels, list(classes))
    typical = np.mean(list(classes.values()))
    model = AstromerClassifier(
        encoder.set_params(max_epochs=0, random_state=0),
        head=make_head,
        train_encoder=True,
        reconstruction=1.0,
        encoder_lr=COMMON["lr"],
        class_weight={name: (typical / count) ** 0.5 for name, count in classes.items()},
        **run,
    ).fit(curves[chosen], labels[chosen])
    model.history_.to_csv(args.out / "history.csv", index=False)
    return model.encoder_


def main() -> None:
    """Run the stages that are not on disk yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--surveys", nargs="+", default=["asas", "crts"], choices=CATALOGS)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--no-labels", action="store_true", help="masked reconstruction alone")
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
    folder = args.out / "encoder"
    if not folder.exists():
        embedder = fit(args, train, labels)
        embedder.save_pretrained(folder)
        info = {
            "data": f"training part of {', '.join(args.surveys)}: {train}",
            "validation": f"{valid}",
            "valid_rmse": -embedder.score(valid),
            "minutes": round(pd.read_csv(args.out / "history.csv")["seconds"].sum() / 60, 1),
            "command": "python benchmarks/pretrain.py " + shlex.join(sys.argv[1:]),
        }
        checkpoint = read_folder(folder)
        write_folder(folder, Checkpoint(checkpoint.config, checkpoint.tensors, info))
        print(json.dumps(info, indent=1), flush=True)
    if args.install:
        write_folder(BUNDLED / args.install, read_folder(folder))


if __name__ == "__main__":
    main()
