"""What embedding a whole catalog takes: reading, time against size and length, and memory.

    python benchmarks/encode_scaling.py

- `LightCurves.from_frame` of 10 million rows: integer ids in groups, in any order, string ids; and
  cutting them into windows, beside the time that embedding them takes.
- Curves of Stripe 82 (r), repeated to 10^2 … 10^5: seconds per observation.
- Curves of 20 … 2 000 observations, as many observations each time.
- Peak memory of embedding 10^5 curves from Parquet by `transform_batches`, above that of the
  interpreter with torch loaded, in a process of its own.

The encoder is ASTROMER 1; two threads.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import report
import torch

from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.windows import Windows

THREADS = 2
PER_OBJECT = 100


def embedder(precision: str) -> AstromerEmbedder:
    """Return an encoder of the size of ASTROMER 1."""
    model = AstromerEmbedder(max_epochs=0, precision=precision, device="cpu", random_state=0)
    return model.fit(np.zeros((1, 3)))


def seconds(run: Callable[[], Any]) -> float:
    """Time a call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def long_table(rows: int) -> pd.DataFrame:
    """Return a long table of objects of 100 observations."""
    rng = np.random.default_rng(0)
    n = rows // PER_OBJECT
    return pd.DataFrame(
        {
            "oid": np.repeat(rng.permutation(n) + 10**9, PER_OBJECT),
            "mjd": np.sort(55000 + 3000 * rng.random((n, PER_OBJECT)), axis=1).ravel(),
            "mag": rng.normal(15, 0.3, n * PER_OBJECT),
            "magerr": np.full(n * PER_OBJECT, 0.05),
        }
    )


def reading(rows: int) -> dict[str, float]:
    """Time the way from a table to windows, and the embedding of a share of it."""
    frame = long_table(rows)
    found = {"from_frame, grouped integer ids": seconds(lambda: LightCurves.from_frame(frame))}
    curves = LightCurves.from_frame(frame)
    found["windows"] = seconds(lambda: Windows(curves, 200))
    some = curves[: max(1, len(curves) // 100)]
    for precision in ("float32", "bfloat16"):
        model = embedder(precision)
        model.transform(some)
        taken = seconds(lambda model=model: model.transform(some))
        found[f"embedding, {precision} (1 % of it, times 100)"] = 100 * taken
    shuffled = frame.sample(frac=1, random_state=0)
    found["from_frame, rows in any order"] = seconds(lambda: LightCurves.from_frame(shuffled))
    named = frame.assign(oid="ZTF" + frame["oid"].astype(str))
    found["from_frame, grouped string ids"] = seconds(lambda: LightCurves.from_frame(named))
    return found


def repeated(curves: LightCurves, n: int) -> LightCurves:
    """Return n curves, the same again and again."""
    index = np.arange(n) % len(curves)
    picked = curves[index]
    return LightCurves(picked.time, picked.mag, offsets=picked.offsets, ids=np.arange(n))


def sizes(most: int) -> list[dict[str, float]]:
    """Time catalogs of growing size."""
    from realdata import load

    curves, _ = load("stripe82")
    curves = curves[curves.band == "r"]
    model = embedder("float32")
    rows = []
    for n in (100, 1000, 10_000, 100_000):
        if n <= most:
            some = repeated(curves, n)
            taken = min(seconds(lambda s=some: model.transform(s)) for _ in range(1 + (n < 1e4)))
            rows.append({"curves": n, "observations": len(some.time), "seconds": taken})
            print(rows[-1], flush=True)
    return rows


def lengths(observations: int) -> list[dict[str, float]]:
    """Time curves of growing length."""
    model = embedder("float32")
    rng = np.random.default_rng(0)
    rows = []
    for length in (20, 50, 100, 200, 400, 1000, 2000):
        n = observations // length
        time_ = np.sort(rng.random((n, length)) * 3000, axis=1).ravel()
        offsets = np.arange(n + 1) * length
        curves = LightCurves(time_, rng.normal(15, 0.3, n * length), offsets=offsets)
        model.transform(curves[:8])
        taken = min(seconds(lambda c=curves: model.transform(c)) for _ in range(2))
        rows.append({"length": length, "observations": n * length, "seconds": taken})
        print(rows[-1], flush=True)
    return rows


def peak(path: Path) -> dict[str, float]:
    """Embed a Parquet file; the caller runs this in a process of its own."""

    def used() -> float:  # getrusage's would count what the parent had at the fork
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    before = used()
    model = embedder("float32")
    mapped = LightCurves.open_parquet(path, cache_dir=path.parent)
    opened = used()
    n, total = 0, 0.0
    start = time.perf_counter()
    for rows in model.transform_batches(mapped):
        n, total = n + len(rows), total + float(rows.sum())
    assert np.isfinite(total)
    return {
        "curves": n,
        "before_mib": before,
        "opened_mib": opened,
        "peak_mib": used(),
        "seconds": time.perf_counter() - start,
    }


def memory(most: int) -> dict[str, float]:
    """Write a catalog and embed it elsewhere."""
    from realdata import load

    curves, _ = load("stripe82")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.parquet"
        repeated(curves, most).to_frame().to_parquet(path, row_group_size=500_000)
        command = [sys.executable, __file__, "--peak", str(path)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--curves", type=int, default=100_000)
    parser.add_argument("--observations", type=int, default=400_000)
    parser.add_argument("--peak", type=Path, help="internal")
    args = parser.parse_args()
    torch.set_num_threads(THREADS)
    if args.peak:
        print(json.dumps(peak(args.peak)))
        return
    os.environ["OMP_NUM_THREADS"] = str(THREADS)
    read = reading(args.rows)
    print(*(f"{name}: {value:.2f} s" for name, value in read.items()), sep="\n", flush=True)
    figures = {
        "rows": args.rows,
        "reading": read,
        "sizes": sizes(args.curves),
        "lengths": lengths(args.observations),
        "memory": memory(args.curves),
    }
    print(figures["memory"])
    report.write("encode_scaling", figures)


if __name__ == "__main__":
    main()
