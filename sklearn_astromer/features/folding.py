"""What light curves are like when folded at a period and at twice that."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.features.fourier import Folded, Series
from sklearn_astromer.features.ragged import Column, Observations, log10
from sklearn_astromer.lightcurves import LightCurves

N_HARMONICS = 4  # of the period; at twice the period they are every second one of eight
N_PHASES = 64  # at which a fitted series is evaluated
# Of the period, for it to be doubled: what changes from cycle to cycle looks like twice the period.
FEWEST_CYCLES = 40
APART = 12 / 64  # cycles of twice the period that a second minimum is from the first, at least

NAMES = (
    "log10_A1 (mag)",
    *(f"{of}{k}1" for k in range(2, N_HARMONICS + 1) for of in ("R", "cos_phi", "sin_phi")),
    "rise_fraction",
    "unexplained",
    "log10_folded_von_neumann",
    "unexplained_2P",
    "log10_folded_von_neumann_2P",
    "log10_gain_2P",
    "R_half",
    "R_three_halves",
    "log10_range (mag)",
    "mean_level",
    "faint_fraction",
    "depth_ratio",
    "minima_shift",
    "maxima_difference",
)


def fold(observations: Observations, frequency: Column) -> dict[str, Column]:
    """Return the columns `NAMES` of each object.

    Parameters
    ----------
    observations : Observations
    frequency : ndarray of shape (n_objects,)
        Cycles a day; where it is 0 all columns are NaN.
    """
    o = observations
    known = (frequency > 0) & np.isfinite(o.std)
    double = o.each(frequency / 2) * (o.curves.time - o.each(o.curves.time[o.starts]))
    sums = Folded(o, double, 2 * N_HARMONICS)
    once = sums.fit(range(2, 2 * N_HARMONICS + 1, 2))
    twice = sums.fit(range(1, 2 * N_HARMONICS + 1))
    first = once.amplitude[:, 0]
    found = {"log10_A1 (mag)": log10(first)}
    for k in range(1, N_HARMONICS):
        angle = once.angle_to(k)
        found[f"R{k + 1}1"] = once.amplitude[:, k] / first
        found[f"cos_phi{k + 1}1"], found[f"sin_phi{k + 1}1"] = np.cos(angle), np.sin(angle)
    found |= {
        "rise_fraction": _rise(once),
        "unexplained": once.unexplained,
        "log10_folded_von_neumann": _smoothness(o, 2 * double),
        "unexplained_2P": twice.unexplained,
        "log10_folded_von_neumann_2P": _smoothness(o, double),
        "log10_gain_2P": log10(once.unexplained) - log10(twice.unexplained),
        "R_half": twice.amplitude[:, 0] / twice.amplitude[:, 1],
        "R_three_halves": twice.amplitude[:, 2] / twice.amplitude[:, 1],
    }
    found |= _minima(twice.on_grid(N_PHASES))
    return {name: np.where(known, column, np.nan) for name, column in found.items()}


def shape(curves: LightCurves, frequency: Column) -> NDArray[np.float32]:
    """Return the columns `NAMES` of each object, (n_objects, n_columns); 0 where undefined.

    So are those of an object with fewer observations than the larger series has coefficients.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = fold(Observations(curves), frequency)
        columns = np.column_stack([found[name] for name in NAMES]).astype(np.float32)
    columns[curves.lengths <= 4 * N_HARMONICS] = 0.0
    return np.nan_to_num(columns, nan=0.0, posinf=0.0, neginf=0.0)


def evidence_of_double(log10_gain: Column, lengths: NDArray[np.int64]) -> Column:
    """Return by how much the Bayesian information criterion prefers twice the period."""
    gain = lengths * np.log(10.0) * np.nan_to_num(log10_gain)
    return gain - 2 * N_HARMONICS * np.log(lengths)


def _smoothness(o: Observations, phase: Column) -> Column:
    """Return the logarithm of the von Neumann ratio in order of phase."""
    owner = o.each(np.arange(len(o.lengths)))
    order = np.lexsort((phase - np.floor(phase), owner))
    mag = o.mag[order]
    following = np.append(mag[1:], 0.0)
    following[o.curves.offsets[1:] - 1] = mag[o.starts]
    return log10(o.average((following - mag) ** 2) / o.std**2)


def _rise(series: Series) -> Column:
    """Return the fraction of the period from the minimum of light to the maximum."""
    model = series.on_grid(2 * N_PHASES)  # two periods
    steps = model.argmin(1) - model.argmax(1)
    return (steps % N_PHASES) / N_PHASES


def _minima(model: Column) -> dict[str, Column]:
    """Return the columns that compare the two minima of light, and the two maxima between.

    Parameters
    ----------
    model : ndarray of shape (n_objects, n_phases)
        Magnitudes over twice the period.
    """
    place = np.arange(model.shape[1])
    turned = (model.argmax(1)[:, None] + place) % len(place)
    model = np.take_along_axis(model, turned, 1)  # the deepest minimum comes first
    bright, faint = model.min(1), model[:, 0]
    size = faint - bright
    level = (model - bright[:, None]) / size[:, None]
    apart = int(APART * len(place))
    second = apart + level[:, apart : len(place) - apart + 1].argmax(1)
    before = np.where(place < second[:, None], level, 1.0).min(1)
    after = np.where(place > second[:, None], level, 1.0).min(1)
    return {
        "log10_range (mag)": log10(size),
        "mean_level": level.mean(1),
        "faint_fraction": (level > 0.5).mean(1),
        "depth_ratio": level[np.arange(len(level)), second],
        "minima_shift": np.abs(second / len(place) - 0.5),
        "maxima_difference": np.abs(before - after),
    }
