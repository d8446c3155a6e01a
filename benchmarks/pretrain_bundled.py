"""Train the bundled checkpoint from scratch on the training part of the real catalogs.

    python benchmarks/pretrain_bundled.py --out runs/bundled

Rounds of one pass over a random share of the objects each, by `AstromerEmbedder.fit` continuing
from the round before with a falling learning rate. A round that is on disk is not repeated, so a
killed run goes on where it was. `--install NAME` copies the last round into the package, with
what it was trained on.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
from realdata import CATALOGS, load, part

from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.weights.checkpoint import Checkpoint, read_folder, write_folder

ARCHITECTURE = {
    "d_model": 128,
    "n_layers": 3,
    "d_ff": 256,
    "residual": True,
    "mask_token": True,
    "scaled_inputs": True,
    "pe_base": 6e4,  # periods from 0.05 to 3000 days
    "pe_exponent": 1.0,
    "min_period": 0.05,
}
BUNDLED = Path(__file__).parents[1] / "sklearn_astromer" / "weights" / "bundled"


def catalog(which: str) -> LightCurves:
    """Join what all catalogs hold for "train" or "valid"."""
    parts = []
    for name in CATALOGS:
        curves, _ = load(name)
        parts.append(curves[part(curves) == which])
    return LightCurves.concatenate(parts)


def learning_rate(r: int, rounds: int, peak: float) -> float:
    """Fall along a cosine from the peak to a hundredth of it."""
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * r / rounds)))


def main() -> None:
    """Run the rounds that are not on disk yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--share", type=float, default=0.5, help="of the objects in a round")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--limit", type=int, help="objects, to try the script")
    parser.add_argument("--install", metavar="NAME", help="copy the result into the package")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    train, valid = catalog("train"), catalog("valid")
    if args.limit:
        keep = np.random.RandomState(0).permutation(len(train))[: args.limit]
        train, valid = train[keep], valid[: args.limit]
    print(f"train {train}\nvalid {valid}", flush=True)
    for r in range(args.rounds):
        folder = args.out / f"round-{r:02d}"
        if folder.exists():
            continue
        start = time.perf_counter()
        shown = np.random.RandomState(r).permutation(len(train))[: int(args.share * len(train))]
        options = ARCHITECTURE if r == 0 else {"pretrained": args.out / f"round-{r - 1:02d}"}
        embedder = AstromerEmbedder(
            **options,
            max_epochs=1,
            batch_size=args.batch_size,
            lr=learning_rate(r, args.rounds, args.lr),
            dropout=0.0,  # so few passes do not overfit, and it would cost 40 % of the time
            validation_fraction=None,
            precision=args.precision,
            random_state=r,
        ).fit(train[shown])
        figures = {
            "round": r,
            "lr": embedder.lr,
            "train_rmse": float(embedder.history_["train_rmse"].iloc[-1]),
            "valid_rmse": -embedder.score(valid),
            "seconds": round(time.perf_counter() - start, 1),
        }
        embedder.save_pretrained(folder)
        with open(args.out / "log.jsonl", "a") as log:
            log.write(json.dumps(figures) + "\n")
        print(figures, flush=True)

    if args.install:
        checkpoint = read_folder(args.out / f"round-{args.rounds - 1:02d}")
        log_lines = list(map(json.loads, (args.out / "log.jsonl").read_text().splitlines()))
        info = {
            "data": f"training part of {', '.join(CATALOGS)}: {train}",
            "validation": f"{valid}",
            "valid_rmse": log_lines[-1]["valid_rmse"],
            "command": "python benchmarks/pretrain_bundled.py --out runs/bundled "
            f"--rounds {args.rounds} --share {args.share} --lr {args.lr} "
            f"--batch-size {args.batch_size} --precision {args.precision} --install {args.install}",
            "rounds": log_lines,
        }
        write_folder(
            BUNDLED / args.install, Checkpoint(checkpoint.config, checkpoint.tensors, info)
        )


if __name__ == "__main__":
    main()
