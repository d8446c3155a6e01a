"""From Parquet on disk to Parquet of rows on disk, beside `transform` in memory.

    python benchmarks/embed_folder.py

Throughput: real curves of CRTS embedded by `embed_to_folder` from a file, and by `transform` of the
same curves in memory, in turns. Memory: 10^5 and 10^6 simulated curves of 30 observations embedded
by the command and an untrained encoder of one layer; the peak of the process's own memory, and of
that with the pages of mapped files, which the system takes back when it needs them.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import report
import timing
from realdata import SHARED, part

from sklearn_astromer import AstromerEmbedder, EncoderConfig, LightCurves
from sklearn_astromer.periodogram import peaks
from sklearn_astromer.scale import embed_to_folder

OBSERVATIONS = 30
ROW_GROUP = 10_000
SECONDS_BETWEEN = 0.05  # two looks at the memory of a process


def simulated(path: Path, n_objects: int) -> None:
    """Write sines at random times, a row group at a time."""
    rng = np.random.default_rng(0)
    kinds = {"object_id": pa.int64(), "mjd": pa.list_(pa.float64()), "mag": pa.list_(pa.float32())}
    with pq.ParquetWriter(path, pa.schema(list(kinds.items()))) as file:
        for start in range(0, n_objects, ROW_GROUP):
            shape = (min(ROW_GROUP, n_objects - start), OBSERVATIONS)
            time_ = 60000 + np.sort(rng.uniform(0, 1000, shape))
            mag = 15 + np.sin(time_ / np.exp(rng.uniform(-1, 4, (shape[0], 1))))
            ends = np.arange(0, time_.size + 1, OBSERVATIONS, dtype=np.int32)
            lists = [
                pa.ListArray.from_arrays(ends, values.ravel())
                for values in (time_, mag.astype(np.float32))
            ]
            ids = pa.array(np.arange(start, start + shape[0]))
            file.write_table(pa.table([ids, *lists], schema=file.schema))


def command(table: Path, out: Path, weights: Path) -> list[str]:
    """Return the command that embeds a file into a folder."""
    words = [sys.executable, "-m", "sklearn_astromer", "embed", str(table), "--out", str(out)]
    return [
        *words,
        "--weights",
        str(weights),
        "--cache-dir",
        str(table.parent / "mapped"),
        "--quiet",
    ]


def peak_memory(words: list[str]) -> dict[str, float]:
    """Run a command; return its seconds and its peak memory in GB."""
    began = time.perf_counter()
    process = subprocess.Popen(words)
    most = {"RssAnon": 0, "VmRSS": 0}
    while process.poll() is None:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        for name, _, value in (line.partition(":") for line in lines):
            if name in most:
                most[name] = max(most[name], int(value.split()[0]))
        time.sleep(SECONDS_BETWEEN)
    if process.returncode:
        raise SystemExit(f"{words} ended with {process.returncode}")
    return {
        "seconds": time.perf_counter() - began,
        "own_gb": most["RssAnon"] / 1e6,
        "with_mapped_gb": most["VmRSS"] / 1e6,
    }


def memory(scratch: Path, sizes: list[int]) -> list[dict[str, Any]]:
    """Measure the peak memory of embedding so many curves."""
    figures = []
    small = EncoderConfig(d_model=32, n_layers=1, n_heads=1, d_ff=32)
    encoder = AstromerEmbedder(None, architecture=small, max_epochs=0, random_state=0)
    encoder.fit(LightCurves.from_grid([[0.0]])).save_pretrained(scratch / "encoder")
    for n in sizes:
        table, out = scratch / f"{n}.parquet", scratch / f"rows-{n}"
        simulated(table, n)
        words = command(table, out, scratch / "encoder")
        figures.append({"objects": n} | peak_memory(words))
        shutil.rmtree(out)
        shutil.rmtree(scratch / "mapped")
        table.unlink()
        print(figures[-1], flush=True)
    return figures


def throughput(scratch: Path, n_objects: int, repeats: int, weights: str) -> dict[str, Any]:
    """Measure both ways in turns; seconds of each."""
    table = pq.read_table(SHARED / "data" / "crts.parquet")
    kept = np.flatnonzero(part(LightCurves.read(SHARED / "data" / "crts.parquet")) == "test")
    path = scratch / "crts.parquet"
    pq.write_table(table.take(kept[:n_objects]), path)
    curves = LightCurves.read(path)
    embedder = AstromerEmbedder(weights, max_epochs=0).fit(curves[:1])
    number = itertools.count()

    def in_memory() -> None:
        peaks._CACHE.rows.clear()
        embedder.transform(curves)

    def from_disk() -> None:
        peaks._CACHE.rows.clear()
        k = next(number)
        mapped = LightCurves.open_parquet(path, cache_dir=scratch / f"mapped-{k}")
        embed_to_folder(mapped, embedder, scratch / f"rows-{k}")

    seconds = timing.in_turns({"memory": in_memory, "disk": from_disk}, repeats)
    ratio = timing.ratio(seconds, "memory", "disk")
    return {"weights": weights, "objects": len(curves), "seconds": seconds, "disk_to_memory": ratio}


def main() -> None:
    """Print both tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10**5, 10**6])
    parser.add_argument("--objects", type=int, default=1000, help="real curves")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        speed = throughput(Path(folder), args.objects, args.repeats, "surveys-periods")
        held = memory(Path(folder), args.sizes)
    print(f"throughput from disk to disk: {speed['disk_to_memory']:.2f} of that in memory")
    rows = [[f"{r['objects']}", f"{r['own_gb']:.2f}", f"{r['with_mapped_gb']:.2f}"] for r in held]
    print(report.table(["curves", "own memory (GB)", "with mapped files (GB)"], rows))
    report.write("embed_folder", {"throughput": speed, "memory": held})


if __name__ == "__main__":
    main()
