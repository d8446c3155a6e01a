"""Training and embedding on a GPU: what each step buys, and what bounds it.

    python benchmarks/gpu.py                     # on a machine with one
    python benchmarks/gpu.py --device cpu --windows 256 --batch 32 --no-compile   # to try it

Full windows of 200 simulated observations through ASTROMER 1. Training, on a quarter of them:
epochs of `AstromerEmbedder.fit`, the first not counted, beside the paper's 970 epochs of 3.7
million windows (§5). Embedding: `transform`, from light curves in memory to rows in memory. A step
is measured with those above it switched on; profiles tell what the time goes into. Where the real
curves of ../shared are, the rows are compared with those of the CPU.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import realdata
import report
import torch
from agreement import agreement, table
from torch.profiler import ProfilerActivity, profile

from sklearn_astromer import AstromerEmbedder, LightCurves, Recipe
from sklearn_astromer.inference import batches

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
    some = curves[: len(curves) // 4]
    steps: dict[str, dict[str, Any]] = {
        "float32, a batch sent at a time": {"precision": "float32"},
        "bfloat16": {"precision": "bfloat16"},
        "windows on the device": {"precision": "bfloat16", "share": 1.0},
        "torch.compile": {"precision": "bfloat16", "share": 1.0, "compile": True},
    }
    for name, options in steps.items():
        if options.get("compile") and args.no_compile:
            continue
        batches.RESIDENT_SHARE = options.pop("share", 0.0)
        model = AstromerEmbedder(
            batch_size=args.batch,
            max_epochs=3,
            training=Recipe(validation_fraction=0, compile=options.pop("compile", False)),
            device=args.device,
            random_state=0,
            **options,
        ).fit(some)
        yield name, len(some) / float(model.history_["seconds"][1:].min())


def embedding(args: argparse.Namespace, curves: LightCurves) -> Iterator[tuple[str, float]]:
    """Yield steps and their windows per second."""
    for name, precision, share, compiles in (
        ("float32, a batch sent at a time", "float32", 0.0, False),
        ("bfloat16", "bfloat16", 0.0, False),
        ("observations on the device", "bfloat16", 1.0, False),
        ("torch.compile", "bfloat16", 1.0, True),
    ):
        if compiles and args.no_compile:
            continue
        batches.RESIDENT_SHARE = share
        model = embedder(args, precision, compiles)
        yield name, len(curves) / best(lambda model=model: model.transform(curves))
    yield "piece by piece", len(curves) / best(lambda: list(model.transform_batches(curves)))


def batch_sizes(args: argparse.Namespace, curves: LightCurves) -> Iterator[tuple[str, float]]:
    """Yield numbers of observations in a batch, and windows per second of bfloat16."""
    chosen = batches.GPU_BATCH_OBSERVATIONS
    for compiles in (False,) if args.no_compile else (False, True):
        model = embedder(args, "bfloat16", compiles)
        for exponent in (16, 17, 18, 19, 20):
            batches.GPU_BATCH_OBSERVATIONS = 2**exponent
            rate = len(curves) / best(lambda model=model: model.transform(curves))
            yield f"2^{exponent} observations" + ", compiled" * compiles, rate
    batches.GPU_BATCH_OBSERVATIONS = chosen


def ragged(args: argparse.Namespace, curves: LightCurves) -> Iterator[tuple[str, float]]:
    """Yield windows of 20 to 200 observations, as many full windows per second as they make."""
    n = np.random.default_rng(0).integers(20, LENGTH + 1, size=len(curves))
    offsets = np.concatenate([[0], np.cumsum(n)])
    some = LightCurves(
        curves.time[: offsets[-1]], curves.mag[: offsets[-1]], offsets=offsets, on_invalid="raise"
    )
    for compiles in (False,) if args.no_compile else (False, True):
        model = embedder(args, "bfloat16", compiles)
        rate = offsets[-1] / LENGTH / best(lambda model=model: model.transform(some))
        yield "bfloat16" + ", compiled" * compiles, rate


def embedder(
    args: argparse.Namespace, precision: str, compiles: bool = False, **options: Any
) -> AstromerEmbedder:
    """Return an encoder; with random weights, if `options` do not say otherwise."""
    model = AstromerEmbedder(
        **options,
        max_epochs=0,
        precision=precision,
        training=Recipe(compile=compiles),
        device=args.device,
        random_state=0,
    )
    return model.fit(np.zeros((1, 3)))


def best(run: Callable[[], Any]) -> float:
    """Return the seconds of the quickest of three calls after a first one."""
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


KINDS = {
    "products": ("gemm", "nvjet", "cutlass", "cublas", "linear"),
    "attention": ("flash", "fmha", "attention", "softmax"),
    "copies between host and device": ("memcpy", "memset"),
}


def profiled(args: argparse.Namespace, curves: LightCurves, compiles: bool) -> dict[str, Any]:
    """Return what embedding by bfloat16 spends its time on."""
    model = embedder(args, "bfloat16", compiles)
    seconds = best(lambda: model.transform(curves))
    cuda = torch.device(args.device).type == "cuda"
    with profile(activities=[ProfilerActivity.CUDA if cuda else ProfilerActivity.CPU]) as found:
        model.transform(curves)
    kind = "self_device_time_total" if cuda else "self_cpu_time_total"
    rows = sorted(found.key_averages(), key=lambda row: -getattr(row, kind))
    kinds = dict.fromkeys([*KINDS, "all that lies between them"], 0.0)
    for row in rows:
        name = row.key.lower()
        of = [k for k, words in KINDS.items() if any(word in name for word in words)]
        kinds[of[0] if of else list(kinds)[-1]] += getattr(row, kind) / 1e3
    return {
        "wall_ms": 1e3 * seconds,
        "device_ms": sum(kinds.values()),
        "kinds": kinds,
        "operations": [
            {"operation": r.key[:70], "ms": getattr(r, kind) / 1e3, "calls": r.count}
            for r in rows[:14]
        ],
    }


def limits(device: str) -> dict[str, float]:
    """Return what the device does at most: a large product, and a large copy."""
    n = 8192 if torch.device(device).type == "cuda" else 512
    found = {}
    for dtype in (torch.float32, torch.bfloat16):
        x = torch.randn(n, n, device=device).to(dtype)
        name = str(dtype).removeprefix("torch.")
        found[f"{name}_tflops"] = 2e-12 * n**3 / best(lambda x=x: synchronous(x @ x))
    x = torch.randn(16 * n * n, device=device)
    found["copy_tb_per_s"] = 2e-12 * x.nbytes / best(lambda: synchronous(x.clone()))
    return found


def synchronous(x: torch.Tensor) -> None:
    """Wait for the device."""
    if x.is_cuda:
        torch.cuda.synchronize()


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--windows", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=4096, help="windows in a training step")
    parser.add_argument("--no-compile", action="store_true")
    args = parser.parse_args()
    curves = catalog(args.windows)
    figures: dict[str, Any] = {"device": args.device, "windows": args.windows, "batch": args.batch}
    figures["limits"] = limits(args.device)
    print(figures["limits"])
    for task in (embedding, batch_sizes, ragged, training):
        rows = []
        for name, rate in task(args, curves):
            rows.append({"step": name, "windows_per_second": rate})
            print(f"{task.__name__}: {name}: {rate:.0f} windows/s", flush=True)
        figures[task.__name__] = rows
    quickest = max(row["windows_per_second"] for row in figures["training"])
    figures["paper_hours"] = PAPER / quickest / 3600
    print(f"the paper's 970 epochs would take {figures['paper_hours']:.1f} h")
    for name, compiles in (("profile", False), ("profile_compiled", True)):
        if not (compiles and args.no_compile):
            figures[name] = profiled(args, curves, compiles)
            print(name, {k: v for k, v in figures[name].items() if k != "operations"})
            print(table(figures[name]["operations"]))
    written = torch.device(args.device).type == "cuda"
    if written:
        report.write("gpu", figures)
    if realdata.SHARED.exists():
        figures["agreement"] = agreement(args.device)
        print(table(figures["agreement"]))
        if written:
            report.write("gpu", figures)


if __name__ == "__main__":
    main()
