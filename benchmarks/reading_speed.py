"""Reading files beside reading their bare numbers.

    python benchmarks/reading_speed.py

10^7 rows of a table like that of ZTF in Parquet: `LightCurves.read`, which converts, checks and
leaves out, beside pyarrow, which reads the same columns, and numpy, which finds where objects
start. A folder of 10 000 CSV files like those of ASAS-SN: `read` with its progress bar beside
`pandas.read_csv` of each. In turns; best of six of Parquet, of two of CSV. The peak memory of
reading the Parquet is that of a process of its own. `read` is to take at most 1.2 times as long as
the bare read of Parquet and twice as long as that of CSV, and 2 GB.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import report

from sklearn_astromer import LightCurves

ROWS_OF_AN_OBJECT, ROWS_OF_A_FILE = 500, 200
NEEDED = ["oid", "mjd", "mag", "magerr", "catflags", "filtercode"]
#: At most: times as long as the bare read, and bytes.
LIMITS = {"parquet": 1.2, "csv": 2.0, "memory_gb": 2.0}
#: Prints the peak of its own memory, after the imports and after reading; `ru_maxrss` is not below
#: that of the process that started it.
CHILD = """
import sys, warnings
from sklearn_astromer import LightCurves
import pandas, pyarrow.parquet
warnings.simplefilter("ignore")
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024 / 1e9
print(peak())
curves = LightCurves.read(sys.argv[1])
print(peak())
"""


def ztf_like(path: Path, n_rows: int) -> None:
    """Write a table of one band, objects together, one row in a hundred flagged."""
    rng = np.random.default_rng(0)
    n = max(1, n_rows // ROWS_OF_AN_OBJECT)
    lengths = rng.multinomial(n_rows - 2 * n, np.full(n, 1 / n)) + 2
    mjd = 58000 + np.concatenate([np.sort(rng.uniform(0, 2000, k)) for k in lengths])
    frame = pd.DataFrame(
        {
            "oid": np.repeat(np.arange(n) + 686103400000000, lengths),
            "expid": np.arange(n_rows),
            "hjd": mjd + 2400000.5,
            "mjd": mjd,
            "mag": rng.normal(17, 0.3, n_rows).astype(np.float32),
            "magerr": np.full(n_rows, 0.02, dtype=np.float32),
            "catflags": np.where(rng.random(n_rows) < 0.01, 32768, 0).astype(np.int32),
            "filtercode": pd.Categorical(["zr"] * n_rows),
            "ra": np.repeat(rng.uniform(0, 360, n), lengths),
            "dec": np.repeat(rng.uniform(-30, 90, n), lengths),
        }
    )
    frame.to_parquet(path)


def folder_of_csv(folder: Path, n_files: int) -> None:
    """Write a file per star."""
    rng = np.random.default_rng(0)
    for i in range(n_files):
        hjd = np.sort(rng.uniform(2457000, 2459000, ROWS_OF_A_FILE))
        mag = rng.normal(15, 0.2, ROWS_OF_A_FILE)
        rows = "".join(
            f"{t:.5f},2017-09-05,be,1.5,17.1,{m:.3f},0.02,3.1,0.05,V\n"
            for t, m in zip(hjd, mag, strict=True)
        )
        header = "HJD,UT Date,Camera,FWHM,Limit,mag,mag_err,flux(mJy),flux_err,Filter\n"
        (folder / f"star{i:05d}.csv").write_text(header + rows)


def seconds(turns: int, *calls: Callable[[], Any]) -> list[float]:
    """Return the best of some turns of each."""
    best = [np.inf] * len(calls)
    for _ in range(turns):
        for i, call in enumerate(calls):
            start = time.perf_counter()
            call()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def bare(path: Path) -> tuple[Any, ...]:
    """Read the needed columns, and find where each object starts; check nothing."""
    table = pq.read_table(path, columns=NEEDED)
    ids = table["oid"].to_numpy()
    order = slice(None) if (ids[1:] >= ids[:-1]).all() else np.argsort(ids, kind="stable")
    ids = ids[order]
    offsets = np.concatenate([[0], np.flatnonzero(ids[1:] != ids[:-1]) + 1, [len(ids)]])
    columns = (table[name].to_numpy().astype(np.float64)[order] for name in NEEDED[1:4])
    return (*columns, offsets)


def peak_memory(path: Path) -> dict[str, float]:
    """Return the peak memory in GB of a process that reads a file, and that of its imports."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], check=True, capture_output=True, text=True
    )
    imports, whole = map(float, done.stdout.split())
    return {"imports_gb": imports, "memory_gb": whole}


def main() -> None:
    """Print the table, write the JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10**7)
    parser.add_argument("--files", type=int, default=10_000)
    args = parser.parse_args()
    warnings.simplefilter("ignore", UserWarning)
    with tempfile.TemporaryDirectory() as scratch:
        folder, table = Path(scratch) / "csv", Path(scratch) / "ztf.parquet"
        folder.mkdir()
        ztf_like(table, args.rows)
        folder_of_csv(folder, args.files)
        files = sorted(folder.iterdir())
        parquet = seconds(6, lambda: LightCurves.read(table), lambda: bare(table))
        csv = seconds(
            2,
            lambda: LightCurves.read(folder, progress=True),
            lambda: [pd.read_csv(file) for file in files],
        )
        memory = peak_memory(table)
    print(
        report.table(
            ["", "read (s)", "bare (s)", "read to bare", "at most"],
            [
                [f"{args.rows} rows of Parquet", *_cells(parquet, "parquet")],
                [f"{args.files} CSV files", *_cells(csv, "csv")],
            ],
        )
    )
    print(f"peak memory: {memory['memory_gb']:.2f} GB (at most {LIMITS['memory_gb']:g} GB)")
    names = ("read", "bare")
    figures = {
        "parquet": {"rows": args.rows, **dict(zip(names, parquet, strict=True)), **memory},
        "csv": {"files": args.files, **dict(zip(names, csv, strict=True))},
        "limits": LIMITS,
    }
    if (args.rows, args.files) == (10**7, 10_000):
        report.write("reading_speed", figures)


def _cells(pair: list[float], kind: str) -> list[str]:
    ratio = pair[0] / pair[1]
    return [f"{pair[0]:.2f}", f"{pair[1]:.2f}", f"{ratio:.2f}", f"{LIMITS[kind]:g}"]


if __name__ == "__main__":
    main()
