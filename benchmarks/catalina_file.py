"""Write the file that `sklearn_astromer.datasets.load_catalina` reads.

    python benchmarks/catalina_file.py

Needs ../shared. Times are rounded to 1e-5 days (0.9 s), magnitudes and errors to 0.001 mag. They
are stored as integers, times as differences, which compress to a quarter of the Parquet file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
SOURCE = ROOT.parent / "shared/data/catalina_sample.parquet"
TARGET = ROOT / "sklearn_astromer/datasets/data/catalina.npz"


def main() -> None:
    """Convert the table."""
    table = pd.read_parquet(SOURCE)
    ticks = np.rint(np.concatenate(table["mjd"]) * 1e5).astype(np.int64)
    np.savez_compressed(
        TARGET,
        id=table["object_id"].to_numpy(dtype=str),
        label=table["label"].to_numpy(dtype=str),
        period=table["period"].to_numpy(dtype=np.float64),
        length=table["mjd"].map(len).to_numpy(dtype=np.int64),
        time=np.diff(ticks, prepend=0),
        mag=np.rint(1e3 * np.concatenate(table["mag"])).astype(np.uint16),
        mag_err=np.rint(1e3 * np.concatenate(table["magerr"])).astype(np.uint16),
    )
    print(f"{TARGET}: {TARGET.stat().st_size / 1e3:.0f} kB, {len(ticks)} observations")


if __name__ == "__main__":
    main()
