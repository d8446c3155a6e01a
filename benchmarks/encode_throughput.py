"""Windows embedded per second on a CPU: this package beside what else there is.

    python benchmarks/encode_throughput.py

The encoder is ASTROMER 1 (256 channels, 2 layers, 4 heads, 128 hidden units) on every side; weights
do not matter for the time. Every side embeds the same observations, in a process of its own, in
turn, for several rounds; a figure is the median over the rounds of the best of some passes. All
with two threads. What ours is compared with in the same process, pass by pass (bfloat16 and
disabled kernels), is the median over all passes of the ratio of the two.

- ours: `AstromerEmbedder.transform` as it is, pooled, in float32 and bfloat16, and both with
  `sklearn_astromer.kernels` disabled;
- official: ``SingleBandEncoder.encode`` of `astromer` 0.1.8 at its default batch of 1 (on a few
  curves) and at larger ones, in ``runs/official-venv`` (made by train_throughput.py);
- tf.function: its encoder alone, compiled, on full windows at the best of some batches;
- ONNX Runtime: our encoder, exported and pooled; a curve per call, padded to 200, as
  `light_curve.embed` does, and full windows at the best of some batches.

Sets of real curves: full windows of ASAS; Stripe 82 (r), short curves; ASAS and CRTS, cut into
windows of at most 199 observations, for the official package makes two windows of 200.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import timing

ROOT = Path(__file__).parents[1]
OFFICIAL = ROOT / "runs" / "official-venv" / "bin" / "python"
CURVES = ROOT / "runs" / "encode_throughput.npz"
MODEL = ROOT / "runs" / "encode_throughput.onnx"
THREADS = 2
LENGTH = 200
SETS = ("full windows", "Stripe 82", "ASAS", "CRTS")
SIDES = (
    "ours float32",
    "ours bfloat16",
    "ours float32, no kernels",
    "ours bfloat16, no kernels",
    "official, batch 1",
    "official, best batch",
    "tf.function",
    "ONNX Runtime, a curve per call",
    "ONNX Runtime, best batch",
)


def curves_of(name: str) -> list[np.ndarray]:
    """Return (n, 2) arrays."""
    with np.load(CURVES) as held:
        flat, ends = held[name], held[f"{name} ends"]
    return np.split(flat, ends[:-1])


def rate(name: str, run: Callable[[], Any], passes: int, count: int) -> dict[str, Any]:
    """Time passes over a set after a first one."""
    run()
    return {"set": name, "per_second": count / min(timing.seconds(run) for _ in range(passes))}


def ours(passes: int) -> list[dict[str, Any]]:
    """Embed by this package."""
    import torch

    from sklearn_astromer import AstromerEmbedder, LightCurves, kernels

    def without_kernels(call: Callable[[], Any]) -> None:
        with kernels.disabled():
            call()

    torch.set_num_threads(THREADS)
    embedded: dict[tuple[str, str], list[float]] = {}
    for name in SETS:
        curves = LightCurves.from_arrays(curves_of(name))
        embedders = {
            f"ours {p}": AstromerEmbedder(
                None, max_epochs=0, precision=p, device="cpu", random_state=0
            )
            for p in ("float32", "bfloat16")
        }
        calls: dict[str, Callable[[], Any]] = {}
        for side, embedder in embedders.items():
            embedder.fit(curves)
            calls[side] = partial(embedder.transform, curves)
            calls[f"{side}, no kernels"] = partial(without_kernels, calls[side])
        for side, times in timing.in_turns(calls, passes).items():
            embedded[side, name] = [len(curves) / each for each in times]
    return [
        {"side": side, "set": name, "per_second": max(values), "passes": values}
        for (side, name), values in embedded.items()
    ]


def official(batch: str, passes: int) -> list[dict[str, Any]]:
    """Embed by the official package; runs in its environment."""
    tf = tensorflow()
    from ASTROMER.models import SingleBandEncoder

    sizes = {"num_layers": 2, "d_model": 256, "num_heads": 4, "dff": 128, "maxlen": LENGTH}
    model = SingleBandEncoder(**sizes)
    print_to_nowhere = open(os.devnull, "w")  # noqa: SIM115
    found = []
    for name in SETS[1:]:
        curves = [np.c_[c, np.zeros(len(c))].astype(np.float32) for c in curves_of(name)]
        if batch == "batch 1":
            curves = curves[:24]
        best: dict[str, Any] = {"per_second": 0.0}
        for size in [1] if batch == "batch 1" else [64, 256]:
            ids = [str(i) for i in range(len(curves))]

            def run(size: int = size, curves: Any = curves, ids: Any = ids) -> Any:
                out, sys.stdout = sys.stdout, print_to_nowhere
                try:
                    return model.encode(curves, oids_list=ids, batch_size=size)
                finally:
                    sys.stdout = out

            now = rate(name, run, 1 if batch == "batch 1" else passes, len(curves))
            best = max(best, now | {"batch": size}, key=lambda r: r["per_second"])
        found.append(best)
    del tf
    return found


def compiled(passes: int) -> list[dict[str, Any]]:
    """Embed full windows by the official encoder in one tf.function."""
    tf = tensorflow()
    from ASTROMER.models import SingleBandEncoder

    sizes = {"num_layers": 2, "d_model": 256, "num_heads": 4, "dff": 128, "maxlen": LENGTH}
    encoder = SingleBandEncoder(**sizes).model.get_layer("encoder")
    stacked = np.stack(curves_of(SETS[0])).astype(np.float32)
    stacked -= stacked.mean(1, keepdims=True)
    best: dict[str, Any] = {"per_second": 0.0}
    for size in (16, 64):
        parts = [
            {
                "input": tf.constant(part[:, :, 1:]),
                "times": tf.constant(part[:, :, :1]),
                "mask_in": tf.zeros((len(part), LENGTH, 1)),
                "length": tf.fill((len(part),), LENGTH),
            }
            for part in np.split(stacked, range(size, len(stacked), size))
        ]
        step = tf.function(lambda batch: tf.reduce_mean(encoder(batch), 1))
        now = rate(SETS[0], lambda p=parts, s=step: [s(b).numpy() for b in p], passes, len(stacked))
        best = max(best, now | {"batch": size}, key=lambda r: r["per_second"])
    return [best]


def tensorflow() -> Any:
    """Import TensorFlow with as many threads as the others."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    os.system = lambda command: 0  # importing the official package clears the screen
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    return tf


def onnx(batch: str, passes: int) -> list[dict[str, Any]]:
    """Embed by ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(str(MODEL), options)

    def embed(windows: np.ndarray, mask: np.ndarray) -> Any:
        time, mag = np.moveaxis(windows, -1, 0)
        return session.run(None, {"time": time, "mag": mag, "mask": mask})

    found = []
    for name in SETS[:1] if batch == "best batch" else SETS:
        curves = curves_of(name)
        padded = np.zeros((len(curves), LENGTH, 2))
        mask = np.zeros(padded.shape[:2], dtype=bool)
        for i, curve in enumerate(curves):
            padded[i, : len(curve)], mask[i, : len(curve)] = curve, True
        best: dict[str, Any] = {"per_second": 0.0}
        for size in [1] if batch == "a curve per call" else [1, 8, 16]:
            cut = range(size, len(curves), size)
            parts = list(zip(np.split(padded, cut), np.split(mask, cut), strict=True))
            now = rate(name, lambda p=parts: [embed(*part) for part in p], passes, len(curves))
            best = max(best, now | {"batch": size}, key=lambda r: r["per_second"])
        found.append(best)
    return found


def side(name: str, passes: int) -> Any:
    """Be one side."""
    kind, _, rest = name.partition(" ")
    if kind == "ours":
        return ours(passes)
    if kind == "official,":
        return official(rest, passes)
    if kind == "ONNX":
        return onnx(rest.removeprefix("Runtime, "), passes)
    return compiled(passes)


def measure(name: str, passes: int) -> Any:
    """Run one side in a process of its own."""
    official_one = name.startswith(("official", "tf."))
    python = OFFICIAL if official_one else sys.executable
    done = subprocess.run(
        [python, __file__, "--side", name, "--passes", str(passes)],
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": str(THREADS)},
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def prepare(count: int) -> None:
    """Write the curves and the ONNX model."""
    from realdata import load

    from sklearn_astromer import AstromerEmbedder
    from sklearn_astromer.export import to_onnx
    from sklearn_astromer.windows import Windows

    rng = np.random.RandomState(0)
    held = {}
    for name, catalog, size in (
        (SETS[0], "asas", LENGTH),
        (SETS[1], "stripe82", LENGTH - 1),
        (SETS[2], "asas", LENGTH - 1),
        (SETS[3], "crts", LENGTH - 1),
    ):
        curves, _ = load(catalog)
        if catalog == "stripe82":
            curves = curves[curves.band == "r"]
        windows = Windows(curves, size)
        rows = np.arange(len(windows))
        if name == SETS[0]:  # the first 200 of each curve that has so many
            start, length = curves.offsets[:-1][curves.lengths >= LENGTH], LENGTH
            chosen = [(a, a + length) for a in rng.permutation(start)[:count]]
        else:
            rows = rng.permutation(rows)[:count]
            chosen = [(windows.start[r], windows.start[r] + windows.length[r]) for r in rows]
        held[name] = np.concatenate([np.c_[curves.time[a:b], curves.mag[a:b]] for a, b in chosen])
        held[f"{name} ends"] = np.cumsum([b - a for a, b in chosen])
    np.savez(CURVES, **held)
    embedder = AstromerEmbedder(None, max_epochs=0, random_state=0).fit(curves[:1])
    to_onnx(embedder, MODEL, overwrite=True)


def main() -> None:
    """Compare, or be one side of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--curves", type=int, default=480, help="of each set")
    parser.add_argument("--name", default="encode_throughput", help="of the JSON file")
    parser.add_argument("--side", help="internal")
    args = parser.parse_args()
    if args.side:
        print(json.dumps(side(args.side, args.passes)))
        return
    import report

    if not OFFICIAL.exists():
        raise SystemExit("python benchmarks/train_throughput.py makes runs/official-venv: run it")
    prepare(args.curves)
    rates: dict[tuple[str, str], list[float]] = {}
    by_pass: dict[tuple[str, str], list[float]] = {}
    for i in range(args.rounds):
        for name in ("ours", *SIDES[4:]):
            if name == "official, batch 1" and i > 0:
                continue  # it is slow, and far behind
            for found in measure(name, args.passes):
                key = found.pop("side", name), found["set"]
                by_pass.setdefault(key, []).extend(found.pop("passes", []))
                rates.setdefault(key, []).append(found["per_second"])
                print(key[0], found, flush=True)
    median = {key: float(np.median(values)) for key, values in rates.items()}
    rows = []
    for name in SIDES:
        rows.append(
            [name, *(f"{median[name, s]:.0f}" if (name, s) in median else "" for s in SETS)]
        )
    print("\n" + report.table(["curves per second", *SETS], rows))

    def by_passes(side: str, other: str, name: str) -> float:
        return float(np.median(np.divide(by_pass[side, name], by_pass[other, name])))

    ratios = {
        "full windows to the best of tf.function and ONNX Runtime": median["ours float32", SETS[0]]
        / max(median[name, SETS[0]] for name in SIDES[6:] if (name, SETS[0]) in median),
        **{
            f"{s} to {other}": median["ours float32", s] / median[other, s]
            for s in SETS[1:]
            for other in (SIDES[4], SIDES[5], SIDES[7])
        },
        **{f"bfloat16 to float32, {s}": by_passes(SIDES[1], SIDES[0], s) for s in SETS},
        **{f"kernels, float32, {s}": by_passes(SIDES[0], SIDES[2], s) for s in SETS},
        **{f"kernels, bfloat16, {s}": by_passes(SIDES[1], SIDES[3], s) for s in SETS},
    }
    print(*(f"{name}: {value:.2f}" for name, value in ratios.items()), sep="\n")
    report.write(
        args.name,
        {
            "threads": THREADS,
            "rates": [{"side": n, "set": s, "per_second": v} for (n, s), v in rates.items()],
            "passes": [{"side": n, "set": s, "each": v} for (n, s), v in by_pass.items() if v],
            "ratios": ratios,
        },
    )


if __name__ == "__main__":
    main()
