"""Simulated stars on the cadences of many surveys, to train on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.datasets._cadence import observation_times
from sklearn_astromer.datasets._shapes import SIMULATORS
from sklearn_astromer.lightcurves import LightCurves, Stars

CADENCES = ("space, weeks", "space, years", "pairs", "random")
WAVELENGTH = {"u": 355, "g": 477, "V": 551, "r": 623, "G": 640, "i": 762, "I": 806, "z": 913}
WAVELENGTH |= {"y": 971}  # nm
BANDS, COLOUR = list(WAVELENGTH), np.log(np.array([*WAVELENGTH.values()]) / 600)
# By how much amplitudes fall with the wavelength (exponent, scatter), and the largest lag from V to
# I in cycles.
COLOURS = {"MIRA": (1.2, 0.3, 0.1), "EB": (0.0, 0.1, 0.0), "": (0.7, 0.15, 0.05)}


def simulated_stars(n: int, rng: np.random.RandomState) -> tuple[LightCurves, NDArray[np.str_]]:
    """Simulate stars of the classes of `make_variable_stars`.

    A third is observed from the ground, the others from space every few minutes to hours for weeks
    or years, in pairs over three years as Gaia does, or at random; 15 to 450 observations. The
    noise is between 0.5 and 25 % of the amplitude.
    """
    sizes = np.clip(rng.lognormal(np.log(200), 0.6, n // 3), 15, 450).astype(np.int64)
    times = np.split(observation_times(sizes, rng), np.cumsum(sizes)[:-1])
    kinds = rng.choice(CADENCES, n - len(times), p=[0.3, 0.3, 0.2, 0.2])
    times += [_times(str(kind), rng) for kind in kinds]
    labels = np.array(list(SIMULATORS))[rng.permutation(np.arange(n) % len(SIMULATORS))]
    curves: list[NDArray[np.float64]] = [np.empty(0)] * n
    for name, simulate in SIMULATORS.items():
        members = np.flatnonzero(labels == name)
        lengths = np.array([len(times[i]) for i in members])
        star = np.repeat(np.arange(len(members)), lengths)
        signal = simulate(len(members), np.concatenate([times[i] for i in members]), star, rng)
        for i, delta in zip(members, np.split(signal.delta, np.cumsum(lengths)[:-1]), strict=True):
            amplitude = max(np.ptp(delta), 0.01)
            noise = amplitude * np.exp(rng.uniform(np.log(0.005), np.log(0.25)))
            if name == "CONST":
                noise = np.exp(rng.uniform(np.log(0.001), np.log(0.1)))
            error = max(noise, 0.001) * rng.lognormal(0, 0.2, len(delta))
            curves[i] = np.c_[times[i], delta + error * rng.normal(size=len(delta)), error]
    return LightCurves.from_arrays(curves), labels


def simulated_bands(n: int, rng: np.random.RandomState) -> tuple[Stars, NDArray[np.str_]]:
    """Simulate stars of the same classes in one to five bands, 20 to 100 observations in each.

    Amplitudes fall with the wavelength, as those of Miras do most and those of eclipses little; the
    light of pulsating stars comes later in the red. Colours are random.
    """
    cadences, names = simulated_stars(n, rng)
    times, band, curve = [], [], []
    for i, cadence in enumerate(cadences):
        for b in rng.permutation(len(BANDS))[: rng.randint(1, 6)]:
            times.append(np.sort(rng.permutation(cadence[:, 0])[: rng.randint(20, 100)]))
            band.append(b)
            curve.append(i)
    count = np.array([len(t) for t in times])
    when, star = np.concatenate(times), np.repeat(curve, count)
    x = np.repeat(COLOUR[band] - COLOUR[BANDS.index("V")], count)
    delta, scale = np.zeros(len(when)), np.zeros(n)
    for name, simulate in SIMULATORS.items():
        exponent, scatter, lag = COLOURS.get(name, COLOURS[""])
        own = np.flatnonzero((names == name)[star])
        each, which = np.unique(star[own], return_inverse=True)
        late = x[own] / 0.38 * rng.uniform(0, lag, len(each))[which]
        fall = np.exp(-x[own] * rng.normal(exponent, scatter, len(each))[which])
        of_star = rng.randint(2**31)  # the same stars twice: the first time tells their periods
        period = simulate(len(each), when[own], which, np.random.RandomState(of_star)).period
        moved = when[own] - late * np.nan_to_num(period)[which]
        signal = simulate(len(each), moved, which, np.random.RandomState(of_star))
        delta[own], scale[each] = signal.delta * fall, np.maximum(signal.amplitude, 0.05)
    noise = scale * np.exp(rng.uniform(np.log(0.005), np.log(0.25), n))
    noise = np.maximum(noise[curve] * rng.lognormal(0, 0.4, len(curve)), 0.001)
    tint = rng.normal(0, 1, n)[curve] * (COLOUR[band] - COLOUR[BANDS.index("V")])
    level = rng.uniform(10, 18, n)[curve] + tint + rng.normal(0, 0.1, len(curve))
    error = np.repeat(noise, count) * rng.lognormal(0, 0.2, len(when))
    mag = np.repeat(level, count) + delta + error * rng.normal(size=len(when))
    rows = np.split(np.c_[when, mag, error], np.cumsum(count)[:-1])
    curves = LightCurves.from_arrays(rows, ids=curve, band=[BANDS[b] for b in band])
    return curves.stars(), names


def _times(kind: str, rng: np.random.RandomState) -> NDArray[np.float64]:
    if kind == "space, weeks":
        time = np.arange(0, rng.choice([13, 27, 54]), rng.choice([1 / 48, 1 / 144, 1 / 12]))
    elif kind == "space, years":
        time = np.arange(0, rng.uniform(80, 1500), 1 / 48)
    elif kind == "pairs":
        first = np.sort(rng.uniform(0, 1000, rng.randint(8, 30)))
        time = np.sort(np.concatenate([first, first + 0.074]))
    else:
        time = np.sort(rng.uniform(0, rng.uniform(100, 3000), rng.randint(30, 400)))
    n = int(np.exp(rng.uniform(np.log(20), np.log(450))))
    if len(time) <= n:
        return time
    if kind.startswith("space") and rng.rand() < 0.5:
        return time[:: len(time) // n][:n]
    return np.sort(rng.choice(time, n, replace=False))
