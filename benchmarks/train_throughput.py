"""Training windows per second: this package beside the official `astromer` 0.1.8.

    python benchmarks/train_throughput.py

Both train ASTROMER 1 (256 channels, 2 layers, 4 heads, 128 hidden units, dropout 0.1) by masked
reconstruction on the same windows of 200 real ASAS observations, with two threads, each in a
process of its own, in turn, for several rounds; a figure is the median over the rounds. Ours is an
epoch of `AstromerEmbedder.fit` as it is, probing included; the official one its `train_step` over
batches that its `make_pretraining` has prepared. `no_train=False`, as otherwise only its decoder
trains. Its `train_step` calls the model without ``training=True``, so that its dropout rests, which
ours does not; ``--dropout 0`` takes that from ours too. The official package gets an environment
in ``runs/official-venv`` at the first run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ENVIRONMENT = Path(__file__).parents[1] / "runs" / "official-venv"
WINDOWS = Path(__file__).parents[1] / "runs" / "train_throughput.npy"
LENGTH = 200
THREADS = 2
OFFICIAL_BATCH = 64
PROBING = {"msk_frac": 0.5, "rnd_frac": 0.2, "same_frac": 0.2}


def official(batch_size: int, epochs: int, dropout: float) -> dict[str, Any]:
    """Train by the official package; runs in its environment."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    os.system = lambda command: 0  # importing it clears the screen
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    from ASTROMER.core.astromer import get_ASTROMER, train_step
    from ASTROMER.preprocessing import make_pretraining

    # a curve of 200 observations gives two equal windows
    curves = list(np.load(WINDOWS)[::2])
    prepared = make_pretraining(curves, batch_size=batch_size, max_obs=LENGTH, **PROBING)
    batches = list(prepared)
    windows = sum(len(batch["input"]) for batch in batches)
    assert all(batch["input"].shape[1] == LENGTH for batch in batches)
    sizes = {"num_layers": 2, "d_model": 256, "num_heads": 4, "dff": 128, "dropout": dropout}
    model = get_ASTROMER(**sizes, maxlen=LENGTH, no_train=False)
    assert sum(int(tf.size(w)) for w in model.trainable_weights) == model.count_params()
    optimizer = tf.keras.optimizers.Adam(1e-3, beta_1=0.9, beta_2=0.98, epsilon=1e-9)
    mean = tf.keras.metrics.Mean()
    seconds = []
    for _ in range(epochs):
        start = time.perf_counter()
        for batch in batches:
            mean.update_state(train_step(model, batch, optimizer))
        float(mean.result())
        seconds.append(time.perf_counter() - start)
    again = float(tf.reduce_max(tf.abs(model(batches[0]) - model(batches[0]))))
    return {
        "windows": windows,
        "seconds": seconds,
        "trained_weights": model.count_params(),
        "dropout_acts": again > 0,
    }


def ours(precision: str, batch_size: int, epochs: int, dropout: float) -> dict[str, Any]:
    """Train by this package."""
    import torch

    from sklearn_astromer import AstromerEmbedder, LightCurves, Recipe

    torch.set_num_threads(THREADS)
    curves = LightCurves.from_arrays(list(np.load(WINDOWS)))
    embedder = AstromerEmbedder(
        training=Recipe(dropout=dropout, validation_fraction=0),
        batch_size=batch_size,
        max_epochs=epochs,
        precision=precision,
        device="cpu",
        random_state=0,
    ).fit(curves)
    return {
        "windows": len(curves),
        "seconds": embedder.history_["seconds"].tolist(),
        "trained_weights": sum(p.numel() for p in embedder.module_.parameters()),
        "dropout_acts": dropout > 0,
    }


def prepare(windows: int) -> None:
    """Make the official environment, where there is none, and the windows."""
    if not (ENVIRONMENT / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        install = [ENVIRONMENT / "bin" / "python", "-m", "pip", "install", "-q"]
        needed = ["tensorflow-cpu<2.16", "numpy<2", "pandas", "joblib", "scikit-learn", "tqdm"]
        subprocess.run([*install, *needed], check=True)
        # its own requirements would bring TensorFlow with CUDA, Sphinx and pytest
        subprocess.run([*install, "--no-deps", "astromer==0.1.8"], check=True)
        (ENVIRONMENT / "done").touch()
    from realdata import load

    curves, _ = load("asas")
    long = curves[np.flatnonzero(np.diff(curves.offsets) >= LENGTH)[:windows]]
    np.save(WINDOWS, np.stack([np.asarray(curve)[:LENGTH] for curve in long]))


def measure(side: str, batch_size: int, epochs: int, dropout: float) -> dict[str, Any]:
    """Run one side in a process of its own; the first epoch is not counted."""
    python = ENVIRONMENT / "bin" / "python" if side == "official" else sys.executable
    command = [python, __file__, "--side", side, "--batch", str(batch_size)]
    command += ["--epochs", str(epochs), "--dropout", str(dropout)]
    environment = os.environ | {"OMP_NUM_THREADS": str(THREADS)}
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    rate = found.pop("windows") / np.array(found.pop("seconds")[1:])
    return {"windows_per_second": float(np.median(rate)), **found}


def compare(
    batches: list[int], rounds: int, windows: int, epochs: int, dropout: float, name: str
) -> None:
    """Print the table, write the JSON."""
    import report

    prepare(windows)
    sides = [("official", OFFICIAL_BATCH)]
    sides += [(precision, batch) for precision in ("float32", "bfloat16") for batch in batches]
    rates: dict[tuple[str, int], list[float]] = {side: [] for side in sides}
    checks = {}
    for _ in range(rounds):
        for side in sides:
            found = measure(*side, epochs, dropout)
            rates[side].append(found.pop("windows_per_second"))
            checks[side] = found
            print(*side, f"{rates[side][-1]:.1f}", flush=True)
    basis = float(np.median(rates[sides[0]]))
    figures, lines = [], []
    for (side, batch), values in rates.items():
        median = float(np.median(values))
        figures.append(
            {"side": side, "batch_size": batch, "windows_per_second": values, "median": median}
            | {"ratio": median / basis, **checks[side, batch]}
        )
        who = "official, float32" if side == "official" else f"ours, {side}"
        spread = f"{min(values):.0f}–{max(values):.0f}"
        lines.append([who, str(batch), f"{median:.0f}", spread, f"{median / basis:.2f}"])
    header = ["training step", "batch", "windows/s", "range", "to the official"]
    print("\n" + report.table(header, lines))
    report.write(name, {"threads": THREADS, "dropout": dropout, "rows": figures})


def main() -> None:
    """Compare, or be one side of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--windows", type=int, default=640)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batches", type=int, nargs="+", default=[64, 32, 256], help="ours")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--name", default="train_throughput", help="of the JSON file")
    parser.add_argument("--side", choices=["official", "float32", "bfloat16"], help="internal")
    parser.add_argument("--batch", type=int, default=64, help="internal")
    args = parser.parse_args()
    if args.side is None:
        compare(args.batches, args.rounds, args.windows, args.epochs, args.dropout, args.name)
        return
    if args.side == "official":
        found = official(args.batch, args.epochs, args.dropout)
    else:
        found = ours(args.side, args.batch, args.epochs, args.dropout)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
