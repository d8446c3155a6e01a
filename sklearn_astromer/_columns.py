"""Which column is what, and long tables into ragged ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._checks import Flat, as_float, as_ids, compact, offsets_of

#: Column names recognised in tables, whatever their case (ZTF, Rubin, Gaia, OGLE, ASAS, SNANA).
ALIASES: dict[str, tuple[str, ...]] = {
    "time": ("mjd", "hmjd", "midpointMjdTai", "time", "t", "jd", "bjd", "hjd"),
    "mag": ("mag", "psfMag", "magnitude"),
    "mag_err": ("mag_err", "magerr", "psfMagErr", "err", "errmag", "e_mag", "sigma"),
    "band": ("band", "filter", "fid", "filtercode", "passband"),
    "id": ("object_id", "objectid", "oid", "objectId", "diaObjectId", "id", "SNID", "sourceid"),
}


class Columns(NamedTuple):
    """The column of a table that plays each part; None where it has none."""

    id: str
    time: str
    mag: str
    mag_err: str | None
    band: str | None

    def names(self) -> list[str]:
        """Return the columns to read."""
        return [name for name in self if name is not None]


def find_columns(available: Iterable[Any], given: dict[str, str | None]) -> Columns:
    """Match the columns of a table to their parts; `given` overrides the aliases.

    Raises
    ------
    ValueError
        If a column named in `given` is missing, if no alias of a needed part is there, or if
        several are (then the keyword to pass is named).
    """
    names = [str(name) for name in available]
    found: dict[str, str | None] = {}
    for part, aliases in ALIASES.items():
        choice = given.get(part)
        if choice is not None:
            if choice not in names:
                raise ValueError(f"there is no column {choice!r} ({part}=): columns are {names}")
            found[part] = choice
            continue
        known = {alias.lower() for alias in aliases}
        matches = [name for name in names if name.lower() in known]
        if len(matches) > 1:
            raise ValueError(f"columns {matches} could all be the {part}: pass {part}='…'")
        if not matches and part in ("id", "time", "mag"):
            raise ValueError(
                f"no column was recognised as the {part} among {names}: pass {part}='…' "
                f"(recognised names: {', '.join(aliases)})"
            )
        found[part] = matches[0] if matches else None
    return Columns(**found)  # type: ignore[arg-type]


def looks_long(available: Iterable[Any]) -> bool:
    """Whether a table has one row per observation: both a time and a magnitude column."""
    names = {str(name).lower() for name in available}
    return all(names & {alias.lower() for alias in ALIASES[part]} for part in ("time", "mag"))


def flat_from_frame(frame: pd.DataFrame, columns: Columns, band: Any = None) -> Flat:
    """Gather a long table, one row per observation, by object in order of first appearance."""
    if columns.band is not None and len(frame):
        frame = one_band(frame, columns.band, band)
    elif band is not None and columns.band is None:
        raise ValueError(f"band={band!r} was asked for, but no column was recognised as the band")
    return flat_from_long(
        frame[columns.id],
        as_float(frame[columns.time], f"column {columns.time!r}"),
        as_float(frame[columns.mag], f"column {columns.mag!r}"),
        None
        if columns.mag_err is None
        else as_float(frame[columns.mag_err], f"column {columns.mag_err!r}"),
        None if columns.band is None or frame.empty else str(frame[columns.band].iloc[0]),
    )


def one_band(frame: pd.DataFrame, column: str, band: Any) -> pd.DataFrame:
    """Keep the rows of one band; several bands without a choice are an error."""
    present = frame[column].unique()
    if band is None:
        if len(present) > 1:
            raise ValueError(
                f"column {column!r} holds several bands ({', '.join(map(str, present))}) and a "
                "light curve has one: choose it with band=…"
            )
        return frame
    chosen = frame[column] == band
    if not chosen.any():
        raise ValueError(f"there is no band {band!r} in column {column!r}: {present.tolist()}")
    return frame[chosen]


def flat_from_long(
    ids: Any,
    time: NDArray[np.float64],
    mag: NDArray[np.float64],
    mag_err: NDArray[np.float64] | None,
    band: str | None,
) -> Flat:
    """Group rows by id; rows that are grouped already are not copied."""
    keys = ids.to_numpy() if hasattr(ids, "to_numpy") else np.asarray(ids)
    starts = runs(keys)
    unique: Any = keys[starts[:-1]]
    if len(pd.unique(unique)) == len(unique):
        offsets = starts
    else:
        codes, unique = pd.factorize(keys, use_na_sentinel=False)
        order = np.argsort(codes, kind="stable")
        time, mag = time[order], mag[order]
        mag_err = None if mag_err is None else mag_err[order]
        offsets = offsets_of(np.bincount(codes, minlength=len(unique)))
    object_ids = as_ids(unique)
    return Flat(
        time,
        mag,
        mag_err,
        offsets,
        object_ids,
        None if band is None else compact(np.full(len(object_ids), band)),
    )


def runs(keys: NDArray[Any]) -> NDArray[np.int64]:
    """Return the starts of runs of equal keys, and the end of the last."""
    if len(keys) == 0:
        return np.zeros(1, dtype=np.int64)
    changes = np.flatnonzero(np.asarray(keys[1:] != keys[:-1], dtype=bool)) + 1
    return np.concatenate([[0], changes, [len(keys)]]).astype(np.int64)
