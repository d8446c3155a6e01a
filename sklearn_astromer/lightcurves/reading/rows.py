"""Observations of all tables of a source, grouped by object and band."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.flat import Flat, as_ids, as_text, band_name, compact, offsets_of
from sklearn_astromer.lightcurves.flux import asinh_magnitudes
from sklearn_astromer.lightcurves.reading import plausible
from sklearn_astromer.lightcurves.reading.remedies import Remedy
from sklearn_astromer.lightcurves.reading.report import Report


class Labels:
    """Numbers of objects or bands, in order of first appearance in all tables."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self.names: list[Any] = []

    def number(self, label: Hashable) -> int:
        """Return the number of a label, a new one for one that was not there before."""
        found = self._numbers.setdefault(label, len(self.names))
        if found == len(self.names):
            self.names.append(label)
        return found

    def numbers(self, labels: Iterable[Hashable]) -> NDArray[np.int64]:
        """Return the numbers of distinct labels."""
        return np.array([self.number(label) for label in labels], dtype=np.int64)


Kind = Literal["magnitudes", "fluxes", "difference fluxes"]


class Runs(NamedTuple):
    """Equal values that follow each other: where each run starts, and a number for its value."""

    start: NDArray[np.int64]
    number: NDArray[np.int64]

    @classmethod
    def one(cls, number: int, length: int) -> Runs:
        """Return a run over all rows of a table."""
        start = np.zeros(min(1, length), dtype=np.int64)
        return cls(start, np.full(len(start), number))

    def at(self, rows: Any) -> NDArray[np.int64]:
        """Return the numbers of some rows."""
        return self.number[np.searchsorted(self.start, rows, side="right") - 1]


def runs_of(values: pd.Series) -> tuple[Runs, Any]:
    """Return the runs of a column, and the labels that their numbers stand for; -1: missing.

    Most tables have all rows of an object together, so that runs are far fewer than rows.
    """
    missing: Any = None
    if isinstance(values.dtype, pd.CategoricalDtype):
        array: NDArray[Any] = values.cat.codes.to_numpy()
    elif isinstance(values.dtype, np.dtype) and values.dtype.kind != "O":
        array = values.to_numpy()
    elif isinstance(values.dtype, pd.StringDtype):
        array = values.to_numpy(dtype=object, na_value=missing)
    else:
        array, labels = pd.factorize(values)
        start = _starts(array)
        return Runs(start, array[start].astype(np.int64)), labels
    start = _starts(array)
    some: Any = array[start] if array.dtype == object else values.iloc[start]
    numbers, labels = pd.factorize(some)
    return Runs(start, numbers), labels


def _starts(array: NDArray[Any]) -> NDArray[np.int64]:
    """Return where runs of equal values start."""
    first = [0] if len(array) else []
    return np.concatenate([first, np.flatnonzero(array[1:] != array[:-1]) + 1]).astype(np.int64)


class Rows(NamedTuple):
    """Observations in runs of one object and band; of fluxes, 1 is magnitude 0.

    Numbers of objects and bands, and lengths, are of each run; the others of each observation.
    """

    id: NDArray[np.int64]
    band: NDArray[np.int64]
    length: NDArray[np.int64]
    time: NDArray[np.float64]
    value: NDArray[np.float64]
    error: NDArray[np.float64]

    @classmethod
    def in_runs(cls, ids: Runs, bands: Runs, *columns: NDArray[np.float64]) -> Rows:
        """Cut observations where their object or band changes."""
        start = np.union1d(ids.start, bands.start)
        length = np.diff(start, append=len(columns[0]))
        return cls(ids.at(start), bands.at(start), length, *columns)

    @classmethod
    def joined(cls, tables: list[Rows]) -> Rows:
        """Join the rows of tables, of at least one."""
        if len(tables) == 1:
            return tables[0]
        return cls(*map(np.concatenate, zip(*tables, strict=True)))

    def where(self, kept: NDArray[np.bool_]) -> Rows:
        """Return some of the observations."""
        if kept.all():
            return self
        start = offsets_of(self.length)[:-1]
        length = np.add.reduceat(kept, start, dtype=np.int64)
        some = length > 0
        columns = (column[kept] for column in (self.time, self.value, self.error))
        return Rows(self.id[some], self.band[some], length[some], *columns)

    def of_runs(self, chosen: NDArray[np.bool_]) -> Rows:
        """Return some of the runs."""
        return self.where(np.repeat(chosen, self.length))


def grouped(
    rows: Rows, objects: Labels, bands: Labels, kind: Kind, report: Report, twice: bool
) -> Flat:
    """Group by object and band, in order of first appearance, sorted by time; convert fluxes.

    Observations that are there before are left out, unless they may be there `twice`.
    """
    numbers, codes = np.unique(rows.id, return_inverse=True)
    names: Any = [objects.names[i] for i in numbers.tolist()]
    if len({type(name) for name in names}) > 1:  # "1", b"1" and 1 are one object
        same, names = pd.factorize(np.array([band_name(name) for name in names], dtype=object))
        codes = same[codes]
    n_bands = max(len(bands.names), 1)
    key, pairs = pd.factorize(codes * n_bands + rows.band)
    offsets = offsets_of(np.bincount(key, weights=rows.length, minlength=len(pairs)))
    columns: tuple[NDArray[np.float64], ...] = (rows.time, rows.value, rows.error)
    falls = rows.time[1:] < rows.time[:-1]
    falls[offsets[1:-1] - 1] = False  # between two objects
    if (np.diff(key) < 0).any() or falls.any():
        order = np.lexsort((rows.time, np.repeat(key, rows.length)))
        columns = tuple(column[order] for column in columns)
    again = np.empty(0, dtype=np.int64) if twice else plausible.repeated(offsets, *columns)
    if len(again):
        owner = np.searchsorted(offsets, again[0], side="right") - 1
        kept = np.ones(len(rows.time), dtype=bool)
        kept[again] = False
        report.leave_out("there twice", len(again), names[pairs[owner] // n_bands])
        offsets = offsets_of(kept)[offsets]
        columns = tuple(column[kept] for column in columns)
    time, value, error = columns
    report.kept += len(time)
    mag, mag_err = value, None if np.isnan(error).all() else error
    if kind == "fluxes":
        mag, mag_err = asinh_magnitudes(mag, mag_err, offsets=offsets)
    elif kind == "difference fluxes":
        mag, mag_err = _scaled(mag, mag_err, offsets)
    band = as_text(np.array([*bands.names, ""], dtype=object), "band")[pairs % n_bands]
    ids = as_ids([names[i] for i in (pairs // n_bands).tolist()])
    return Flat(time, mag, mag_err, offsets, ids, compact(band) if (band != "").any() else None)


def _scaled(
    flux: NDArray[np.float64], error: NDArray[np.float64] | None, offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return difference fluxes in deviations of their object; brighter is smaller."""
    scale = np.array([np.std(x) or 1.0 for x in np.split(flux, offsets[1:-1])])
    scale = np.repeat(scale, np.diff(offsets))
    return -flux / scale, None if error is None else error / scale


def remark_odd(flat: Flat, report: Report) -> None:
    """Say which objects look like more than one star or origin of time."""
    for what, found, *remedies in (
        ("times lie over 80 years apart, and may have two origins", plausible.mixed_origins(flat)),
        ("times are all the same, and may have lost digits", plausible.at_once(flat)),
        (
            "half of the observations or more share their time with one of another magnitude, and "
            "may be of several stars or bands",
            plausible.together(flat),
            Remedy("id"),
            Remedy("band_column"),
        ),
        (
            "magnitudes alternate between two levels, and may be of two bands, cameras or stars",
            plausible.mixed_levels(flat),
        ),
    ):
        if len(found):
            report.remark(what, len(found), flat.name(found[0]), *remedies)
    if len(flat.ids) > 1 and len(flat.time) == len(flat.ids) and flat.band is None:
        report.remark(
            "every object has one observation: the column of the id may number rows",
            len(flat.ids),
            flat.name(0),
        )
