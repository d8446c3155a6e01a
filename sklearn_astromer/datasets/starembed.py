"""StarEmbed's stars: variables of the Zwicky Transient Facility with classes by experts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sklearn_astromer.lightcurves import LightCurves

REPOSITORY = "StarEmbed/ZTF_40k"
SPLITS = ("train", "validation", "test", "anom")
# of Drake et al. 2014; some versions of the data have the numbers of that catalog
CLASSES = {
    "1": "EW",
    "2": "EA",
    "4": "RRab",
    "5": "RRc",
    "6": "RRd",
    "8": "RS CVn",
    "13": "LPV",
}
FIELDS = {"time": "mjd", "mag": "target", "mag_err": "past_feat_dynamic_real"}
CLASS = "class_str"
OTHERS = ("period", "ra", "dec")


def fetch_starembed(
    split: str = "train",
    *,
    bands: Sequence[str] = ("g", "r"),
    folder: str | os.PathLike[str] | None = None,
    revision: str | None = None,
) -> tuple[LightCurves, pd.DataFrame]:
    """Read a split of StarEmbed's 40 000 variable stars, downloaded first if need be.

    They are of the Zwicky Transient Facility, with classes of Drake et al. 2014; MIT licence. The
    files, of the Hugging Face Hub, stay in its cache.

    Parameters
    ----------
    split : {"train", "validation", "test", "anom"}, default="train"
        The first three hold seven classes (70, 10 and 20 %); ``"anom"`` holds rarer ones, to be
        found as outliers.
    bands : sequence of str, default=("g", "r")
        Of "g", "r" and "i".
    folder : path, optional
        Where the Parquet files are, if not on the Hub; it needs no huggingface_hub.
    revision : str, optional
        Branch, tag or commit on the Hub. None: the last.

    Returns
    -------
    curves : LightCurves
        A row per star and band, for `Stars`; times are MJD. Stars without an observation in any of
        the bands have no row.
    stars : DataFrame
        Indexed by the stars' ids, in the order of the files: "class" and, where the files have
        them, "period" (days), "ra" and "dec" (degrees).

    Raises
    ------
    ImportError
        If pyarrow, or huggingface_hub for a download, is not installed.
    FileNotFoundError
        If `folder` has no files of the split.
    OSError
        If they cannot be had from the Hub.
    ValueError
        If there is no such split, or a column that is needed is missing.

    Warns
    -----
    UserWarning
        Of observations without a finite time or magnitude, which are left out.

    Notes
    -----
    The layout was taken from the data set's card and from public code that reads it, in November
    2026, not from the files: files ``data/<split>-?????-of-?????.parquet``; columns ``sourceid``,
    ``bands_data`` (a struct of bands, each a struct of lists: ``mjd``, ``target``, the magnitude,
    ``past_feat_dynamic_real``, its error), ``class_str``, ``period``, ``ra`` and ``dec``; 8 300
    stars in "test" and 1 087 in "anom". Classes are names or Drake's numbers; both are read.

    References
    ----------
    Li et al. 2025, arXiv:2510.06200 (StarEmbed); Drake et al. 2014, ApJS 213, 9.

    Examples
    --------
    >>> from sklearn_astromer import Stars
    >>> from sklearn_astromer.datasets import fetch_starembed
    >>> curves, stars = fetch_starembed("test")  # doctest: +SKIP
    >>> stars = stars.loc[Stars(curves).ids]  # doctest: +SKIP
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {SPLITS}, got {split!r}")
    if isinstance(bands, str):
        raise ValueError(f"bands must be a list of bands, got {bands!r}")
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError(
            "StarEmbed's files need pyarrow: pip install sklearn_astromer[parquet]"
        ) from error
    root = _download(split, revision) if folder is None else Path(folder).expanduser()
    paths = sorted(root.rglob(f"{split}-*.parquet"))
    if not paths:
        raise FileNotFoundError(f"there are no files {split}-*.parquet in {root}")
    present = pq.read_schema(paths[0]).names
    missing = [name for name in ("sourceid", "bands_data", CLASS) if name not in present]
    if missing:
        raise ValueError(f"{paths[0]} has no column {missing[0]!r}, only {present}")
    others = [name for name in OTHERS if name in present]
    table = pq.read_table(paths, columns=["sourceid", "bands_data", CLASS, *others])
    frame = table.drop_columns(["bands_data"]).to_pandas().set_index("sourceid")
    label = frame.pop(CLASS).astype(str)
    frame.insert(0, "class", label.replace(CLASSES))
    curves = [_of_band(table["bands_data"], frame.index, band) for band in bands]
    return LightCurves.concatenate(curves), frame


def _of_band(column: Any, ids: pd.Index, band: str) -> LightCurves:
    """Read one band of the stars that have it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    names = [field.name for field in column.type]
    if band not in names:
        raise ValueError(f"StarEmbed has no band {band!r}, only {names}")
    lists = [pc.struct_field(column, [band, name]).combine_chunks() for name in FIELDS.values()]
    seen = np.asarray(pc.fill_null(pc.list_value_length(lists[0]), 0)) > 0
    nested = pa.StructArray.from_arrays([each.filter(seen) for each in lists], list(FIELDS))
    curves = LightCurves.from_nested(
        nested, **{name: name for name in FIELDS}, ids=ids[seen], on_invalid="drop"
    )
    return LightCurves(
        curves.time,
        curves.mag,
        curves.mag_err,
        offsets=curves.offsets,
        ids=curves.ids,
        band=band,
    )


def _download(split: str, revision: str | None) -> Path:
    try:
        import huggingface_hub
    except ImportError as error:
        raise ImportError(
            "downloading StarEmbed needs huggingface_hub: pip install sklearn_astromer[hub], or "
            "download the files yourself and give their folder"
        ) from error
    try:
        return Path(
            huggingface_hub.snapshot_download(
                REPOSITORY,
                repo_type="dataset",
                revision=revision,
                allow_patterns=[f"*{split}-*.parquet"],
                library_name="sklearn_astromer",
            )
        )
    except Exception as error:  # of the HTTP library, which is another in each major version
        raise OSError(
            f"StarEmbed's files could not be had from the Hugging Face Hub: {error}\nWithout a "
            f"network, download {REPOSITORY} elsewhere and give its folder: folder=…"
        ) from error
