"""What a catalog is like: how long, how dense, how variable and how exact its light curves are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.flat import Flat, offsets_of

if TYPE_CHECKING:
    from sklearn_astromer.lightcurves.container import LightCurves

#: What is told of each object, and its unit.
QUANTITIES = {
    "length": "observations",
    "span": "days",
    "amplitude": "mag",
    "cadence": "days",
    "mag_err": "mag",
}
PERCENTILES = (0, 1, 5, 25, 50, 75, 95, 99, 100)
#: Of a larger catalog so many objects are looked at, drawn at random: at least 200 of them lie
#: beyond the 1 % that is asked for, and a catalog on the disk is not read whole.
MOST_OBJECTS = 20_000
# Held in memory at a time.
_OBSERVATIONS = 2**18


def statistics(
    curves: LightCurves, chosen: NDArray[np.bool_] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Return the `QUANTITIES` of each object, as `LightCurves.describe` has them.

    Parameters
    ----------
    curves : LightCurves
    chosen : ndarray of bool of shape (n_objects,), optional
        Which objects; None: all.

    Returns
    -------
    dict of str to ndarray of shape (min(n_objects, MOST_OBJECTS),)
        ``length``, observations; ``span``, from the first to the last, and ``cadence``, the median
        time between one and the next, in days; ``amplitude``, from the 5th to the 95th percentile
        of the magnitudes; ``mag_err``, the median error. NaN where there is none: span, cadence and
        amplitude of a single observation, errors where all are absent.

    Examples
    --------
    >>> from sklearn_astromer import LightCurves
    >>> from sklearn_astromer.lightcurves.statistics import statistics
    >>> curves = LightCurves.from_arrays([[[1.0, 15.0], [3.0, 15.0], [4.0, 15.2]]])
    >>> {name: values.round(2).tolist() for name, values in statistics(curves).items()}
    {'length': [3.0], 'span': [3.0], 'amplitude': [0.18], 'cadence': [1.5], 'mag_err': [nan]}
    """
    index = np.arange(len(curves)) if chosen is None else np.flatnonzero(chosen)
    if len(index) > MOST_OBJECTS:  # at random: every k-th would be of one band of k
        rng = np.random.default_rng(0)
        index = index[np.sort(rng.choice(len(index), MOST_OBJECTS, replace=False))]
    parts = [each_object(curves[part]) for part in _pieces(index, curves.lengths[index])]
    if not parts:
        return {name: np.empty(0) for name in QUANTITIES}
    return {name: np.concatenate([part[name] for part in parts]) for name in QUANTITIES}


def ragged_quantiles(
    values: NDArray[np.float64], lengths: NDArray[np.int64], q: Sequence[float]
) -> NDArray[np.float64]:
    """Return quantiles of each object's values, interpolated linearly as NumPy does.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        Finite, object after object.
    lengths : ndarray of int of shape (n_objects,)
        Values of each.
    q : sequence of float
        From 0 to 1.

    Returns
    -------
    ndarray of shape (len(q), n_objects)
        NaN for objects without a value.
    """
    starts = offsets_of(lengths)[:-1]
    result = np.full((len(q), len(lengths)), np.nan)
    order = np.argsort(lengths, kind="stable")
    # objects of one length make an array, whose rows are sorted at once
    for group in np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1):
        n = int(lengths[group[0]]) if len(group) else 0
        if n == 0:
            continue
        rows = np.sort(values[starts[group][:, None] + np.arange(n)], axis=1)
        position = np.asarray(q) * (n - 1)
        low = np.minimum(position.astype(np.int64), n - 1)
        below, above = rows[:, low], rows[:, np.minimum(low + 1, n - 1)]
        result[:, group] = (below + (above - below) * (position - low)).T
    return result


def quantiles(values: NDArray[np.float64]) -> list[float] | None:
    """Return the `PERCENTILES` of what is finite, in six digits; None: nothing is."""
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return None
    return [float(f"{value:.6g}") for value in np.percentile(finite, PERCENTILES)]


class CatalogSummary:
    """What a catalog is like, from all of it or piece after piece.

    Attributes
    ----------
    objects, observations : int
    bands : Counter
        The objects of each band.
    time, mag : tuple of float
        The first and last, in days, and the brightest and faintest, in magnitudes.
    """

    def __init__(self) -> None:
        self.objects = self.observations = 0
        self.bands: Counter[str] = Counter()
        self.time = self.mag = (np.inf, -np.inf)
        self._parts: list[dict[str, NDArray[np.float64]]] = []

    def add(self, curves: LightCurves, chosen: NDArray[np.bool_] | None = None) -> CatalogSummary:
        """Add light curves, or those of them that are chosen; return itself."""
        lengths = curves.lengths if chosen is None else curves.lengths[chosen]
        if len(lengths) == 0:
            return self
        self.objects += len(lengths)
        self.observations += int(lengths.sum())
        if curves.band is not None:
            self.bands.update((curves.band if chosen is None else curves.band[chosen]).tolist())
        self.time = (min(self.time[0], curves.time.min()), max(self.time[1], curves.time.max()))
        self.mag = (min(self.mag[0], curves.mag.min()), max(self.mag[1], curves.mag.max()))
        self._parts.append(statistics(curves, chosen))
        return self

    def quantities(self) -> dict[str, NDArray[np.float64]]:
        """Return the `QUANTITIES` of the objects, of a large catalog of some."""
        return {
            name: np.concatenate([np.empty(0), *(part[name] for part in self._parts)])
            for name in QUANTITIES
        }

    def to_dict(self) -> dict[str, Any]:
        """Return what `summarise` does."""
        found = self.quantities()
        ranges = {name: quantiles(values) for name, values in found.items()}
        return {
            "objects": self.objects,
            "observations": self.observations,
            "bands": dict(sorted(self.bands.items())),
            "described": len(found["length"]),
            "percentiles": list(PERCENTILES),
            "quantiles": {name: values for name, values in ranges.items() if values is not None},
        }


def summarise(curves: LightCurves, chosen: NDArray[np.bool_] | None = None) -> dict[str, Any]:
    """Return counts, bands and quantiles of a catalog, as JSON has them.

    Parameters
    ----------
    curves : LightCurves
    chosen : ndarray of bool of shape (n_objects,), optional
        Which objects; None: all.

    Returns
    -------
    dict
        ``objects`` and ``observations``; ``bands``, the objects of each; ``described``, how many
        of the objects the quantiles are of; ``percentiles`` and ``quantiles``, of each of the
        `QUANTITIES` that there are.
    """
    return CatalogSummary().add(curves, chosen).to_dict()


def count_facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the counts of a summary in words: objects, observations, bands."""
    facts = [(n, number(summary[n])) for n in ("objects", "observations") if n in summary]
    if summary.get("bands"):
        counts = (f"{band or 'none'} ({number(n)})" for band, n in summary["bands"].items())
        facts.append(("bands", ", ".join(counts)))
    elif "objects" in summary:
        facts.append(("bands", "none given"))
    described = summary.get("described")
    if type(described) is int and described < summary.get("objects", 0):
        facts.append(("percentiles of", f"{number(described)} objects drawn at random"))
    return facts


def quantity_facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the range of each quantity over the objects in words."""
    at = dict(zip(summary.get("percentiles", []), range(100), strict=False))
    facts = []
    for name, unit in QUANTITIES.items():
        values = summary.get("quantiles", {}).get(name)
        if values is not None and {1, 50, 99} <= at.keys():
            low, half, high = (f"{values[at[p]]:.4g}" for p in (1, 50, 99))
            facts.append((name, f"{low} to {high} {unit}, median {half} (98 % of the objects)"))
    return facts


def number(value: Any) -> str:
    """Return a whole number as it reads best."""
    return f"{value:,}".replace(",", " ") if type(value) is int else str(value)


def each_object(curves: LightCurves | Flat) -> dict[str, NDArray[np.float64]]:
    """Return the `QUANTITIES` of all objects, and ``mag``, the median of their magnitudes."""
    offsets = curves.offsets
    lengths = np.diff(offsets)
    several = lengths > 1
    first, last = offsets[:-1], offsets[1:] - 1
    low, half, high = ragged_quantiles(curves.mag, lengths, (0.05, 0.5, 0.95))
    steps = np.delete(np.diff(curves.time), last[:-1])  # none from an object to the next
    errors = np.full(len(lengths), np.nan)
    if curves.mag_err is not None:
        known = np.isfinite(curves.mag_err)
        counts = np.add.reduceat(known, first, dtype=np.int64)
        errors = ragged_quantiles(curves.mag_err[known], counts, (0.5,))[0]
    return {
        "length": lengths.astype(np.float64),
        "span": np.where(several, curves.time[last] - curves.time[first], np.nan),
        "amplitude": np.where(several, high - low, np.nan),
        "cadence": ragged_quantiles(steps, lengths - 1, (0.5,))[0],
        "mag": half,
        "mag_err": errors,
    }


def _pieces(index: NDArray[np.int64], lengths: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Cut objects into parts of about so many observations as are held at a time."""
    if len(index) == 0:
        return []
    part = np.cumsum(lengths) // _OBSERVATIONS
    return np.split(index, np.flatnonzero(np.diff(part)) + 1)
