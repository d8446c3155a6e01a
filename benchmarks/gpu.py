"""Training and embedding on a GPU: what each step buys, and what bounds it.

    python benchmarks/gpu.py                     # on a machine with one
    python benchmarks/gpu.py --device cpu --windows 256 --batch 32 --no-compile   # to try it

Full windows of 200 simulated observations through ASTROMER 1. Training: epochs of
`AstromerEmbedder.fit`, the first not counted, beside the paper's 970 epochs of 3.7 million windows
(§5). Embedding: `transform`, which reads, centres and pools. A step is measured with those above it
switched on; a profile of the last one tells what the time goes into.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import report
import torch
from torch.profiler import ProfilerActivity, profile

from sklearn_astromer import AstromerEmbedder, LightCurves, encoding

LENGTH = 200
PAPER = 970 * 3.7e6


def catalog(windows: int) -> LightCurves:
    """Return curves of one window each."""
    rng = np.random.default_rng(0)
    time_ = np.sort(55000 + 2000 * rng.random((windows, LENGTH)), axis=1)
    mag = 15 + 0.3 * np.sin(2 * np.pi * time_ / rng.uniform(0.3, 30, (windows, 1)))
    offsets = np.arange(windows + 1) * LENGTH
    return LightCurves(time_.ravel(), mag.ravel(), offsets=offsets)


def training(args: argparse.Namespace, curves: LightCurves) -> Iterator[tuple[str, float]]:
    """Yield steps and their windows per second."""
    steps: dict[str, dict[str, Any]] = {
        "float32, a batch sent at a time": {"precision": "float32"},
        "bfloat16": {"precision": "bfloat16"},
        "windows on the device": {"precision": "bfloat16", "share": 1.0},
        "torch.compile": {"precision": "bfloat16", "share": 1.0, "compile": True},
    }
    for name, options in steps.items():
        if options.get("compile") and args.no_compile:
            continue
        encoding.RESIDENT_SHARE = options.pop("share", 0.0)
        model = AstromerEmbedder(
            batch_size=args.batch,
            max_epochs=3,
            validation_fraction=None,
            device=args.device,
            random_state=0,
            **options,
        ).fit(curves)
        yield name, len(curves) / float(model.history_["seconds"][1:].min())


def embedding(args: argparse.Namespace, curves: LightCurves) -> Iterator[tuple[str, float]]:
    """Yield steps and their windows per second."""
    for name, precision, share, observations in (
        ("float32, a batch sent at a time", "float32", 0.0, 2**16),
        ("bfloat16", "bfloat16", 0.0, 2**16),
        ("windows on the device", "bfloat16", 1.0, 2**16),
        ("larger batches", "bfloat16", 1.0, 2**18),
        ("larger still", "bfloat16", 1.0, 2**20),
    ):
        encoding.RESIDENT_SHARE, encoding.GPU_BATCH_OBSERVATIONS = share, observations
        model = embedder(args, precision)
        yield name, len(curves) / best(lambda model=model: model.transform(curves))


def embedder(args: argparse.Namespace, precision: str) -> AstromerEmbedder:
    """Return an encoder with random weights."""
    model = AstromerEmbedder(max_epochs=0, precision=precision, device=args.device, random_state=0)
    return model.fit(np.zeros((1, 3)))


def best(run: Callable[[], Any]) -> float:
    """Return the seconds of the quickest of three calls after a first one."""
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


def profiled(args: argparse.Namespace, curves: LightCurves) -> list[dict[str, Any]]:
    """Return the operations that take longest in embedding by bfloat16."""
    model = embedder(args, "bfloat16")
    model.transform(curves)
    cuda = torch.device(args.device).type == "cuda"
    with profile(activities=[ProfilerActivity.CUDA if cuda else ProfilerActivity.CPU]) as found:
        model.transform(curves)
    kind = "self_device_time_total" if cuda else "self_cpu_time_total"
    rows = sorted(found.key_averages(), key=lambda row: -getattr(row, kind))[:12]
    return [{"operation": r.key, "ms": getattr(r, kind) / 1e3, "calls": r.count} for r in rows]


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--windows", type=int, default=400_000)
    parser.add_argument("--batch", type=int, default=4096, help="windows in a training step")
    parser.add_argument("--no-compile", action="store_true")
    args = parser.parse_args()
    curves = catalog(args.windows)
    figures: dict[str, Any] = {"device": args.device, "windows": args.windows, "batch": args.batch}
    for task in (training, embedding):
        rows = []
        for name, rate in task(args, curves):
            rows.append({"step": name, "windows_per_second": rate})
            print(f"{task.__name__}: {name}: {rate:.0f} windows/s", flush=True)
        figures[task.__name__] = rows
    quickest = max(row["windows_per_second"] for row in figures["training"])
    figures["paper_hours"] = PAPER / quickest / 3600
    print(f"the paper's 970 epochs would take {figures['paper_hours']:.1f} h")
    figures["profile"] = profiled(args, curves)
    print(
        report.table(
            list(figures["profile"][0]), [list(map(str, r.values())) for r in figures["profile"]]
        )
    )
    if torch.device(args.device).type == "cuda":
        report.write("gpu", figures)


if __name__ == "__main__":
    main()
