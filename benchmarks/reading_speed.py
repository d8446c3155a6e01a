"""Reading the files of surveys beside reading them without their rules.

    python benchmarks/reading_speed.py

10^7 rows of a table like that of ZTF in Parquet: `LightCurves.read`, which converts, checks and
leaves out, beside `LightCurves.from_parquet`. A folder of 10 000 CSV files like those of ASAS-SN:
`read` with its progress bar beside `pandas.read_csv` of each. In turns; best of six of Parquet, of
two of CSV.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import report

from sklearn_astromer import LightCurves

ROWS, OBJECTS, FILES, ROWS_OF_A_FILE = 10**7, 20_000, 10_000, 200


def ztf_like(path: Path) -> None:
    """Write a table of one band, objects together, one row in a hundred flagged."""
    rng = np.random.default_rng(0)
    lengths = rng.multinomial(ROWS - 2 * OBJECTS, np.full(OBJECTS, 1 / OBJECTS)) + 2
    mjd = 58000 + np.concatenate([np.sort(rng.uniform(0, 2000, n)) for n in lengths])
    frame = pd.DataFrame(
        {
            "oid": np.repeat(np.arange(OBJECTS) + 686103400000000, lengths),
            "expid": np.arange(ROWS),
            "hjd": mjd + 2400000.5,
            "mjd": mjd,
            "mag": rng.normal(17, 0.3, ROWS).astype(np.float32),
            "magerr": np.full(ROWS, 0.02, dtype=np.float32),
            "catflags": np.where(rng.random(ROWS) < 0.01, 32768, 0).astype(np.int32),
            "filtercode": pd.Categorical(["zr"] * ROWS),
            "ra": np.repeat(rng.uniform(0, 360, OBJECTS), lengths),
            "dec": np.repeat(rng.uniform(-30, 90, OBJECTS), lengths),
        }
    )
    frame.to_parquet(path)


def folder_of_csv(folder: Path) -> None:
    """Write a file per star."""
    rng = np.random.default_rng(0)
    for i in range(FILES):
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


def main() -> None:
    """Print the table, write the JSON."""
    warnings.simplefilter("ignore", UserWarning)
    with tempfile.TemporaryDirectory() as scratch:
        folder, table = Path(scratch) / "csv", Path(scratch) / "ztf.parquet"
        folder.mkdir()
        ztf_like(table)
        folder_of_csv(folder)
        files = sorted(folder.iterdir())
        parquet = seconds(
            6,
            lambda: LightCurves.read(table),
            lambda: LightCurves.read(table, time="mjd"),
        )
        csv = seconds(
            2,
            lambda: LightCurves.read(folder, progress=True),
            lambda: [pd.read_csv(file) for file in files],
        )
    print(
        report.table(
            ["", "read (s)", "other (s)", "read to other"],
            [
                ["10^7 rows of Parquet, from_parquet", *_cells(parquet)],
                ["10 000 CSV files, pandas.read_csv alone", *_cells(csv)],
            ],
        )
    )
    names = ("read", "other")
    figures = {"parquet": dict(zip(names, parquet, strict=True))}
    report.write("reading_speed", figures | {"csv": dict(zip(names, csv, strict=True))})


def _cells(pair: list[float]) -> list[str]:
    return [f"{pair[0]:.2f}", f"{pair[1]:.2f}", f"{pair[0] / pair[1]:.2f}"]


if __name__ == "__main__":
    main()
