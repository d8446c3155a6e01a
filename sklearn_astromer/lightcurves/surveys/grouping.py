"""Observations of all tables of a source, grouped by object and band."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.flat import Flat, as_ids, band_name, compact, offsets_of
from sklearn_astromer.lightcurves.flux import asinh_magnitudes
from sklearn_astromer.lightcurves.surveys import plausible
from sklearn_astromer.lightcurves.surveys.report import Report


class Labels:
    """Numbers of objects or bands, in order of first appearance in all tables."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    @property
    def names(self) -> list[Any]:
        """Return the label of each number."""
        return list(self._numbers)

    def number(self, label: Hashable) -> int:
        """Return the number of a label, a new one for one that was not there before."""
        return self._numbers.setdefault(label, len(self._numbers))

    def numbers(self, labels: Iterable[Hashable]) -> NDArray[np.int32]:
        """Return the numbers of distinct labels."""
        return np.array([self.number(label) for label in labels], dtype=np.int32)


Kind = Literal["magnitudes", "fluxes", "difference fluxes"]


def numbered(values: Any) -> tuple[NDArray[np.int64], Any]:
    """Do what `pandas.factorize` does; faster where equal values follow each other."""
    if not isinstance(values.dtype, np.dtype) or len(values) == 0:
        return pd.factorize(values)
    array = np.asarray(values)
    first = np.concatenate([[0], np.flatnonzero(array[1:] != array[:-1]) + 1])
    numbers, labels = pd.factorize(array[first])
    return np.repeat(numbers, np.diff(first, append=len(array))), labels


class Rows(NamedTuple):
    """Observations: numbers of objects and bands, and values; of fluxes, 1 is magnitude 0."""

    id: NDArray[np.int32]
    band: NDArray[np.int32]
    time: NDArray[np.float64]
    value: NDArray[np.float64]
    error: NDArray[np.float64]

    def take(self, key: Any) -> Rows:
        """Return some of the observations."""
        return Rows(*(column[key] for column in self))


def grouped(
    tables: list[Rows], objects: Labels, bands: Labels, kind: Kind | None, report: Report
) -> Flat:
    """Group by object and band, in order of first appearance, sorted by time; convert fluxes."""
    rows = tables[0]
    if len(tables) > 1:
        rows = Rows(*map(np.concatenate, zip(*tables, strict=True)))
    names = np.array([*objects.names, None], dtype=object)[:-1]
    if pd.api.types.infer_dtype(names, skipna=False).startswith("mixed"):
        same, names = pd.factorize(np.array([band_name(name) for name in names], dtype=object))
        rows = rows._replace(id=same.astype(np.int32)[rows.id])  # "1" and 1 are one object
    n_bands = max(len(bands.names), 1)
    key, pairs = numbered(rows.id.astype(np.int64) * n_bands + rows.band)
    rises, falls = key[1:] > key[:-1], rows.time[1:] < rows.time[:-1]
    if ((key[1:] < key[:-1]) | (falls & ~rises)).any():
        order = np.lexsort((rows.time, key))
        rows, key = rows.take(order), key[order]
    again = plausible.repeated(key, rows.time, rows.value, rows.error)
    if again.any():
        report.count("there twice", again, lambda row: names[rows.id[row]])
        rows, key = rows.take(~again), key[~again]
    offsets = offsets_of(np.bincount(key, minlength=len(pairs)))
    value = rows.value
    error = None if np.isnan(rows.error).all() else rows.error
    if kind == "fluxes":
        value, error = asinh_magnitudes(value, error, offsets=offsets)
    elif kind == "difference fluxes":
        value, error = _scaled(value, error, offsets)
    band = np.array([*bands.names, ""], dtype=str)[pairs % n_bands]
    flat = Flat(
        rows.time,
        value,
        error,
        offsets,
        as_ids(names[pairs // n_bands]),
        compact(band) if (band != "").any() else None,
    )
    remark(flat, report)
    return flat


def _scaled(
    flux: NDArray[np.float64], error: NDArray[np.float64] | None, offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return difference fluxes in deviations of their object; brighter is smaller."""
    scale = np.array([np.std(x) or 1.0 for x in np.split(flux, offsets[1:-1])])
    scale = np.repeat(scale, np.diff(offsets))
    return -flux / scale, None if error is None else error / scale


def remark(flat: Flat, report: Report) -> None:
    """Say which objects look like more than one star or origin of time."""
    for what, found in (
        ("times lie over 80 years apart, and may have two origins", plausible.mixed_origins(flat)),
        (
            "magnitudes alternate between two levels, and may be of two bands, cameras or stars",
            plausible.mixed_levels(flat),
        ),
    ):
        if len(found):
            report.remarks.append(f"{what}: {len(found)} object(s), first {flat.name(found[0])}")
