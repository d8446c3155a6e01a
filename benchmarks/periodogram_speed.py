"""Periodograms per second beside astropy and light-curve, and embedding beside features.

    python benchmarks/periodogram_speed.py

Real ASAS curves on one grid each, from 1 / (5 T) to 24 cycles a day: ours with two threads and
with one, the others on one core. Libraries take turns, three rounds, and the best time of each
curve counts. The power is compared with the exact formula. Then the same curves are embedded by
`AstromerEmbedder("surveys-periods").transform`, all included, beside `VariabilityFeatures`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import light_curve as lc
import numpy as np
import report
import torch
from astropy.timeseries import LombScargle
from realdata import load, part

from sklearn_astromer import AstromerEmbedder, VariabilityFeatures
from sklearn_astromer.periodogram import peaks
from sklearn_astromer.periodogram.lomb_scargle import grid_power

CURVES, SAMPLES_PER_PEAK, MAX_FREQUENCY = 30, 5, 24.0


def seconds(call: Callable[[], Any]) -> float:
    """Return the least time of three calls."""
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def grid_of(curve: Any) -> tuple[Any, Any, float, int]:
    """Return days, magnitudes, and the step and size of a grid of frequencies."""
    days, mag = curve[:, 0] - curve[:, 0].mean(), curve[:, 1]
    step = 1 / (SAMPLES_PER_PEAK * np.ptp(days))
    return days, mag, step, int(MAX_FREQUENCY / step)


def power_of(days: Any, mag: Any, step: float, count: int) -> Any:
    """Return our power."""
    weight = np.full((1, len(days)), 1 / len(days))
    tensors = [torch.from_numpy(x) for x in (days[None], mag[None], weight)]
    return grid_power(*tensors, torch.tensor([step], dtype=torch.float64), count)[0].numpy()


def ours(days: Any, mag: Any, step: float, count: int) -> float:
    """Return our seconds."""
    return seconds(lambda: power_of(days, mag, step, count))


def on_one_core(days: Any, mag: Any, step: float, count: int) -> float:
    """Return our seconds with one thread."""
    torch.set_num_threads(1)
    try:
        return ours(days, mag, step, count)
    finally:
        torch.set_num_threads(2)


def astropy(days: Any, mag: Any, step: float, count: int) -> float:
    """Return the seconds of astropy's fast method."""
    frequency = step * np.arange(1, count + 1)
    exact = LombScargle(days, mag)
    return seconds(lambda: exact.power(frequency, method="fast", assume_regular_frequency=True))


def light_curve(days: Any, mag: Any, step: float, count: int) -> float:
    """Return the seconds of light-curve, which takes 2^k + 1 frequencies, for `count` of them."""
    size = 2 ** int(np.ceil(np.log2(count)))
    periodogram = lc.Periodogram(
        peaks=1, freqs=np.linspace(0, 2 * np.pi * step * size, size + 1), fast=True
    )
    return seconds(lambda: periodogram(days, mag)) * count / size


def largest_difference(days: Any, mag: Any, step: float, count: int) -> float:
    """Return how far our power is from the exact formula, at 2000 frequencies."""
    some = np.random.default_rng(0).choice(count, 2000, replace=False)
    exact = LombScargle(days, mag).power(step * (some + 1), method="cython")
    return float(np.abs(power_of(days, mag, step, count)[some] - exact).max())


def main() -> None:
    """Print the tables, write the JSON."""
    torch.set_num_threads(2)
    curves, _ = load("asas")
    curves = curves[part(curves) == "test"]
    some = [grid_of(curves[i]) for i in range(0, 20 * CURVES, 20)]
    libraries = {
        "ours": ours,
        "ours, one core": on_one_core,
        "astropy, fast": astropy,
        "light-curve, fast": light_curve,
    }
    rounds = [
        {name: [call(*x) for x in some] for name, call in libraries.items()} for _ in range(3)
    ]
    times = {name: np.min([x[name] for x in rounds], axis=0) for name in libraries}
    worst = max(largest_difference(*each) for each in some)
    mean = {name: float(np.mean(values)) for name, values in times.items()}
    lines = [[name, f"{1e3 * t:.1f}", f"{t / mean['ours']:.1f}"] for name, t in mean.items()]
    print(report.table(["periodogram", "ms a curve", "to ours"], lines))
    print(f"largest difference to the exact formula: {worst:.1e}")

    some = curves[:: len(curves) // 200][:200]
    embedder = AstromerEmbedder("surveys-periods", pooling="mean_std").fit(some[:1])

    def embed() -> None:
        peaks._CACHE.rows.clear()
        embedder.transform(some)

    def features() -> None:
        peaks._CACHE.rows.clear()
        VariabilityFeatures().transform(some)

    rows = {
        "surveys-periods, all included": seconds(embed),
        "VariabilityFeatures": seconds(features),
        "VariabilityFeatures, periods known": seconds(
            lambda: VariabilityFeatures().transform(some)
        ),
    }
    lines = [[name, f"{len(some) / t:.0f}"] for name, t in rows.items()]
    print(report.table(["rows of ASAS", "curves/s"], lines))
    figures = {"seconds_a_curve": mean, "largest_difference": worst, "seconds_of_200_rows": rows}
    report.write("periodogram_speed", figures)


if __name__ == "__main__":
    main()
