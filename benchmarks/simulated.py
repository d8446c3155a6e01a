"""Simulated stars on the cadences of many surveys, to train on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.datasets._cadence import observation_times
from sklearn_astromer.datasets._shapes import SIMULATORS
from sklearn_astromer.lightcurves import LightCurves

CADENCES = ("space, weeks", "space, years", "pairs", "random")


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
