"""Which column is what, and long tables into flat ones."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.flat import Flat, as_band, as_float, as_ids, band_name, offsets_of

#: Column names recognised in tables, whatever their case (ZTF, Rubin, Gaia, OGLE, ASAS, SNANA).
ALIASES: dict[str, tuple[str, ...]] = {
    "time": ("mjd", "hmjd", "midpointMjdTai", "time", "t", "jd", "bjd", "hjd"),
    "mag": ("mag", "psfMag", "magnitude"),
    "mag_err": ("mag_err", "magerr", "psfMagErr", "err", "errmag", "e_mag", "sigma"),
    "band": (
        *("band", "filter", "fid", "filtercode", "passband"),
        *("filterid", "filter_id", "filterName", "bandpass", "filt", "flt"),
    ),
    "id": ("object_id", "objectid", "oid", "objectId", "diaObjectId", "id", "SNID", "sourceid"),
}
NEEDED = ("id", "time", "mag")


class Columns(NamedTuple):
    """The column of a table that plays each part; None where it has none."""

    id: Any
    time: Any
    mag: Any
    mag_err: Any
    band: Any

    def names(self) -> list[Any]:
        """Return the columns to read."""
        return [name for name in self if name is not None]


def find_columns(
    available: Iterable[Hashable],
    given: dict[str, Any],
    parts: Iterable[str] = tuple(ALIASES),
) -> Columns:
    """Match the columns of a table to their parts; `given` overrides the aliases."""
    labels = list(available)
    found: dict[str, Any] = dict.fromkeys(ALIASES)
    for part in parts:
        keyword = "band_column" if part == "band" else part
        choice, known = given.get(part), {alias.lower() for alias in ALIASES[part]}
        if choice is not None:
            matches = [label for label in labels if label == choice]
            if not matches:
                raise ValueError(
                    f"there is no column {choice!r} ({keyword}=): columns are {labels}"
                )
        else:
            matches = [label for label in labels if str(label).lower() in known]
        if len(matches) > 1:
            raise ValueError(f"columns {matches} could all be the {part}: pass {keyword}='…'")
        if not matches and part in NEEDED:
            other = " or flux='…' (of read and from_nested)" if part == "mag" else ""
            raise ValueError(
                f"no column was recognised as the {part} among {labels}: pass {keyword}='…'{other} "
                f"(recognised names: {', '.join(ALIASES[part])})"
            )
        found[part] = matches[0] if matches else None
    return Columns(**found)


def is_frame(X: Any) -> bool:
    """Whether X is a table of polars or Arrow, which pandas can have."""
    names = getattr(X, "column_names", getattr(X, "columns", None))
    return not isinstance(X, pd.DataFrame) and names is not None and hasattr(X, "to_pandas")


def looks_long(available: Iterable[Hashable]) -> bool:
    """Whether a table has one row per observation: an id, or both a time and a magnitude."""
    names = {str(name).lower() for name in available}
    has = {part: any(a.lower() in names for a in ALIASES[part]) for part in NEEDED}
    return has["id"] or (has["time"] and has["mag"])


def flat_from_frame(frame: pd.DataFrame, columns: Columns, band: Any = None) -> Flat:
    """Gather a long table, one row per observation, by object in order of first appearance."""
    if band is not None and columns.band is None:
        raise ValueError(f"band={band!r} was asked for, but no column was recognised as the band")
    for name in columns.names():  # of FITS, which pandas cannot select from
        dtype = frame[name].dtype
        if isinstance(dtype, np.dtype) and not dtype.isnative:
            frame = frame.assign(**{name: frame[name].astype(dtype.newbyteorder("="))})
    if columns.band is not None:
        frame = one_band(frame, columns.band, band)
    try:
        codes, unique = pd.factorize(frame[columns.id])
    except TypeError as error:
        raise TypeError(f"column {columns.id!r} must be integers or strings: {error}") from error
    if (codes < 0).any():
        raise ValueError(
            f"column {columns.id!r}: {np.count_nonzero(codes < 0)} row(s) have no id, the first is "
            f"row {int(np.argmax(codes < 0))}"
        )
    grouped = bool(np.all(codes[1:] >= codes[:-1]))
    order = None if grouped else np.argsort(codes, kind="stable")

    def column(name: Any) -> NDArray[np.float64]:
        values = as_float(frame[name], f"column {name!r}")
        # a copy, or writing to the frame would write here
        return values.copy() if order is None else values[order]

    label = None
    if columns.band is not None and len(frame):
        label = frame[columns.band].iloc[0]
        label = "" if pd.isna(label) else label
    return Flat(
        column(columns.time),
        column(columns.mag),
        None if columns.mag_err is None else column(columns.mag_err),
        offsets_of(np.bincount(codes, minlength=len(unique))),
        as_ids(unique, what=f"column {columns.id!r}"),
        as_band(label, len(unique)),
    )


def one_band(frame: pd.DataFrame, column: Any, band: Any) -> pd.DataFrame:
    """Keep the rows of one band; several bands without a choice are an error."""
    if frame.empty:
        return frame
    check_band(bands_in(frame[column], column), column, band)
    return frame if band is None else frame[rows_of_band(frame[column], band)]


def bands_in(labels: pd.Series, column: Any) -> list[Any]:
    """Return the bands that are there, once each, None standing for a missing one."""
    try:
        found = [None if pd.isna(label) else label for label in labels.unique().tolist()]
        return list(dict.fromkeys(found))
    except TypeError as error:
        raise TypeError(f"column {column!r} must hold one band per row: {error}") from error


def rows_of_band(labels: pd.Series, band: Any) -> NDArray[np.bool_]:
    """Return which rows are of `band`; a missing label is of none."""
    _check_choice(band, labels.name)
    meant = [label for label in bands_in(labels, labels.name) if _is_band(label, band)]
    return labels.isin(meant).to_numpy(dtype=bool)


def _is_band(label: Any, band: Any) -> bool:
    return label is not None and band_name(label) == band_name(band)


def _check_choice(band: Any, column: Any) -> None:
    if not pd.api.types.is_scalar(band):
        raise TypeError(f"band= chooses one of the bands in column {column!r}, got {band!r}")


def check_band(present: list[Any], column: Any, band: Any) -> None:
    """Refuse several bands without a choice, and a choice that is not there."""
    _check_choice(band, column)
    if band is None and len(present) > 1:
        raise ValueError(
            f"column {column!r} holds several bands ({', '.join(map(str, present))}) and a light "
            "curve has one: choose it with band=…"
        )
    if band is not None and not any(_is_band(label, band) for label in present):
        raise ValueError(f"there is no band {band!r} in column {column!r}: {present}")
