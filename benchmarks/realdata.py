"""The real catalogs beside the project (../shared/data), and what their objects are for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer import LightCurves

SHARED = Path(__file__).parents[2] / "shared"
CATALOGS = ("asas", "crts", "ogle_cepheids", "stripe82")
CLASSES = {
    "asas": ["MIRA", "EW", "EA", "EB", "RRAB", "RRC", "DSCT"],
    "crts": ["EW/EB", "EA", "RRAB", "RRC", "RRD", "ROT", "LPV"],
    "ogle_cepheids": ["DCEP_F", "DCEP_1O", "DCEP_1O/2O"],
    "stripe82": ["RRab", "RRc"],
}


def load(catalog: str) -> tuple[LightCurves, NDArray[np.str_]]:
    """Return the light curves of a catalog and their labels ("" where there is none)."""
    path = SHARED / "data" / f"{catalog}.parquet"
    labels = pd.read_parquet(path, columns=["label"])["label"].fillna("")
    return LightCurves.read(path), labels.to_numpy(dtype=str)


def part(curves: LightCurves) -> NDArray[np.str_]:
    """Say of each object whether it is for "train", "valid" or "test" (70 %, 10 %, 20 %).

    By a hash of its id, so that all bands of a star fall together and every script agrees.
    Pretraining sees "train" and "valid" only.
    """
    tenth = [int(hashlib.sha256(str(i).encode()).hexdigest(), 16) % 10 for i in curves.ids]
    return np.array(["test"] * 2 + ["valid"] + ["train"] * 7)[tenth]


def per_class(
    labels: NDArray[np.str_], classes: list[str], most: int, seed: int = 0
) -> NDArray[np.int64]:
    """Return the positions of at most `most` random objects of each class."""
    rng = np.random.RandomState(seed)
    return np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:most] for c in classes])
