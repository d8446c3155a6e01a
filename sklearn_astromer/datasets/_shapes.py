"""Noise-free light variation of the classes of simulated stars.

A simulator takes the number of stars of its class, the times of their observations and the star
(0 … n - 1) that each belongs to, and returns a `Signal`. The sources of the numbers are given in
`sklearn_astromer.datasets.make_variable_stars`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_N_PHASE = 1024
_PHASE = np.arange(_N_PHASE) / _N_PHASE


class Signal(NamedTuple):
    """Variation around the mean of the stars of one class."""

    delta: Floats  # of each observation: magnitudes relative to the mean of the star
    period: Floats  # of each star: days; NaN without one
    amplitude: Floats  # of each star: peak to peak, in magnitudes


def _between(
    rng: RandomState, low: float, high: float, n: int, a: float = 2.0, b: float = 2.0
) -> Floats:
    """Beta(a, b) stretched over [low, high]: a bell with ends and without pile-ups there."""
    return low + (high - low) * rng.beta(a, b, n)


def _normalised(shape: Floats) -> Floats:
    """Shapes with mean 0 and range 1, one a row."""
    return (shape - shape.mean(axis=1, keepdims=True)) / np.ptp(shape, axis=1)[:, None]


def _fourier(ratios: list[Floats], phases: list[Floats]) -> Floats:
    """Sum of R_k1 cos(2 pi k phase + phi_k1) with R_11 = 1 and phi_11 = 0, in magnitudes."""
    shape = np.repeat(np.cos(2 * np.pi * _PHASE)[None, :], len(ratios[0]), axis=0)
    for k, (ratio, phase) in enumerate(zip(ratios, phases, strict=True), start=2):
        shape += ratio[:, None] * np.cos(2 * np.pi * k * _PHASE + phase[:, None])
    return _normalised(shape)


def _at(shape: Floats, phase: Floats, star: Ints) -> Floats:
    """Tabulated shapes at any phase."""
    position = (phase % 1.0) * _N_PHASE
    left = position.astype(np.int64)
    part = position - left
    left %= _N_PHASE  # a phase of 1 - 1e-17 rounds up
    return shape[star, left] * (1 - part) + shape[star, (left + 1) % _N_PHASE] * part


def _folded(
    shape: Floats, period: Floats, amplitude: Floats, time: Floats, star: Ints, rng: RandomState
) -> Signal:
    """Repeat one shape strictly."""
    phase = time / period[star] + rng.uniform(size=len(period))[star]
    return Signal(amplitude[star] * _at(shape, phase, star), period, amplitude)


def _rrab(n: int, time: Floats, star: Ints, rng: RandomState) -> Signal:
    period = _between(rng, 0.45, 0.80, n, 2.2, 3.5)
    # Longer periods have smaller amplitudes, and those are smoother.
    amplitude = np.clip(1.05 - 3.2 * (period - 0.55) + rng.normal(0, 0.13, n), 0.25, 1.4)
    sharpness = 0.83 + 0.17 * amplitude
    ratios, phases = [], []
    for k, (ratio, phase) in enumerate(
        zip((0.47, 0.32, 0.21, 0.13, 0.08), (3.93, 1.93, 6.20, 4.15, 2.1), strict=True), start=1
    ):
        ratios.append(ratio * sharpness**k * rng.normal(1, 0.05, n))
        phases.append(phase + k * (1.6 * (period - 0.57) + rng.normal(0, 0.05, n)))
    return _folded(_fourier(ratios, phases), period, amplitude, time, star, rng)


def _rrc(n: int, time: Floats, star: Ints, rng: RandomState) -> Signal:
    period = _between(rng, 0.25, 0.40, n)
    amplitude = _between(rng, 0.25, 0.60, n)
    ratios = [_between(rng, 0.05, 0.22, n), _between(rng, 0.02, 0.12, n)]
    phases = [rng.normal(4.65, 0.25, n), rng.normal(3.3, 0.5, n)]
    return _folded(_fourier(ratios, phases), period, amplitude, time, star, rng)


# The Hertzsprung progression in V: the bump passes from the falling to the rising branch near a
# period of ten days, where the second harmonic nearly vanishes and the phases turn quickly.
_CEP_PERIOD = np.array([2.0, 3.0, 5.0, 7.0, 8.5, 10.0, 11.5, 14.0, 18.0, 25.0, 50.0])
_CEP_AMPLITUDE = np.array([0.60, 0.65, 0.70, 0.65, 0.58, 0.55, 0.65, 0.85, 1.0, 1.1, 1.0])
_CEP_RATIO = np.array(
    [
        [0.42, 0.45, 0.44, 0.37, 0.26, 0.14, 0.16, 0.25, 0.35, 0.42, 0.40],
        [0.20, 0.24, 0.22, 0.14, 0.09, 0.10, 0.12, 0.14, 0.18, 0.22, 0.20],
        [0.10, 0.12, 0.10, 0.06, 0.05, 0.08, 0.09, 0.10, 0.12, 0.13, 0.11],
    ]
)
_CEP_PHASE = np.array(
    [
        [4.0, 4.1, 4.3, 4.7, 5.1, 5.5, 4.7, 4.5, 4.6, 4.7, 4.9],
        [2.0, 2.2, 2.6, 3.1, 3.8, 6.3, 7.2, 8.3, 8.6, 8.8, 9.2],
        [0.0, 0.3, 0.9, 1.8, 3.4, 4.6, 5.1, 6.2, 6.7, 7.0, 7.4],
    ]
)


def _cep(n: int, time: Floats, star: Ints, rng: RandomState) -> Signal:
    log_period = _between(rng, np.log10(2), np.log10(50), n, 1.8, 3.2)
    nodes = np.log10(_CEP_PERIOD)
    amplitude = np.interp(log_period, nodes, _CEP_AMPLITUDE) * _between(rng, 0.55, 1.3, n)
    ratios = [np.interp(log_period, nodes, row) * rng.normal(1, 0.08, n) for row in _CEP_RATIO]
    phases = [np.interp(log_period, nodes, row) + rng.normal(0, 0.1, n) for row in _CEP_PHASE]
    return _folded(_fourier(ratios, phases), 10**log_period, amplitude, time, star, rng)


def _eclipse(centre: Floats, width: Floats, flatness: Floats) -> Floats:
    """Profile of an eclipse, 1 at its middle (Mikulasek 2015)."""
    distance = (_PHASE - centre[:, None] + 0.5) % 1.0 - 0.5
    # Beyond |x| = 20 the profile is 0 to the last bit, and cosh would overflow.
    x = np.minimum(np.abs(distance) / width[:, None], 20.0)
    return 1.0 - (1.0 - np.exp(1.0 - np.cosh(x))) ** flatness[:, None]


def _eb(n: int, time: Floats, star: Ints, rng: RandomState) -> Signal:
    contact = rng.uniform(size=n) < 0.5
    log_period = _between(rng, np.log10(0.8), np.log10(12), n, 1.6, 2.4)
    period = np.where(contact, _between(rng, 0.24, 0.85, n, 1.7, 4.5), 10**log_period)
    depth = np.where(
        contact, _between(rng, 0.15, 0.90, n, 2, 2.5), _between(rng, 0.15, 1.60, n, 1.4, 2.6)
    )
    second = depth * np.where(contact, _between(rng, 0.75, 1, n), _between(rng, 0.1, 1, n, 1, 1.2))
    # A wide orbit eclipses for a smaller part of its period.
    detached = 0.05 * period ** (-2 / 3) * rng.lognormal(0, 0.25, n)
    width = np.where(contact, _between(rng, 0.085, 0.12, n), np.clip(detached, 0.01, 0.06))
    flatness = np.where(contact, _between(rng, 0.7, 1.0, n), _between(rng, 0.6, 1.8, n))
    eccentric = ~contact & (period > 2) & (rng.uniform(size=n) < 0.3)
    centre = 0.5 + np.where(eccentric, np.clip(rng.normal(0, 0.06, n), -0.2, 0.2), 0.0)
    # Out of eclipse, tides deform the stars of close detached pairs a little.
    tides = np.where(contact, 0.0, depth * _between(rng, 0, 0.12, n, 1, 2) * (width / 0.06) ** 2)
    spots = np.where(contact, rng.normal(0, 0.008, n), 0.0)
    shape = (
        depth[:, None] * _eclipse(np.zeros(n), width, flatness)
        + second[:, None] * _eclipse(centre, width, flatness)
        + tides[:, None] / 2 * np.cos(4 * np.pi * _PHASE)
        + spots[:, None] * np.sin(2 * np.pi * _PHASE)
    )
    return _folded(_normalised(shape), period, np.ptp(shape, axis=1), time, star, rng)


def _mira(n: int, time: Floats, star: Ints, rng: RandomState) -> Signal:
    period = _between(rng, 100, 500, n, 2.2, 2.6)
    amplitude = _between(rng, 2, 6, n, 2, 2.4)
    shape = _fourier([_between(rng, 0.02, 0.25, n)], [rng.normal(4.3, 0.5, n)])
    phase = (time - time.min()) / period[star] + rng.uniform(size=n)[star]
    cycle = phase.astype(np.int64)
    part = phase - cycle
    part = part**2 * (3 - 2 * part)

    def wander(scatter: float) -> Floats:
        """One value a cycle, joined smoothly."""
        nodes = rng.normal(0, scatter, (n, int(cycle.max()) + 2))
        return nodes[star, cycle] * (1 - part) + nodes[star, cycle + 1] * part

    swing = amplitude[star] * (1 + wander(0.10)) * _at(shape, phase + wander(0.025), star)
    return Signal(swing + amplitude[star] * wander(0.04), period, amplitude)


def _dsct(n: int, time: Floats, star: Ints, rng: RandomState) -> Signal:
    period = 10 ** _between(rng, np.log10(0.03), np.log10(0.25), n, 2.2, 2.2)
    amplitude = 10 ** _between(rng, np.log10(0.04), np.log10(0.5), n, 2, 2)
    # Up to three more modes; half of the first of them are the radial first overtone.
    frequency = rng.uniform(0.75, 1.6, (n, 3))
    frequency[:, 0] = np.where(
        rng.uniform(size=n) < 0.5, 1 / rng.normal(0.772, 0.003, n), frequency[:, 0]
    )
    present = np.arange(3) < rng.randint(1, 4, n)[:, None]
    weight = rng.uniform(0.1, [0.5, 0.35, 0.25], (n, 3)) * present
    total = 1 + weight.sum(axis=1)
    offset = rng.uniform(size=(n, 3))

    shape = _fourier([_between(rng, 0.05, 0.35, n)], [rng.normal(4.0, 0.3, n)])
    delta = _folded(shape, period, amplitude / total, time, star, rng).delta
    for i in range(3):
        phase = time * (frequency[:, i] / period)[star] + offset[star, i]
        delta += (0.5 * amplitude * weight[:, i] / total)[star] * np.cos(2 * np.pi * phase)
    return Signal(delta, period, amplitude)


def _const(n: int, time: Floats, star: Ints, rng: RandomState) -> Signal:
    return Signal(np.zeros(len(time)), np.full(n, np.nan), np.zeros(n))


SIMULATORS: dict[str, Callable[[int, Floats, Ints, RandomState], Signal]] = {
    "RRAB": _rrab,
    "RRC": _rrc,
    "CEP": _cep,
    "EB": _eb,
    "MIRA": _mira,
    "DSCT": _dsct,
    "CONST": _const,
}
