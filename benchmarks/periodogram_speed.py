"""Periodograms per second beside astropy and light-curve, and embedding beside features.

    python benchmarks/periodogram_speed.py

Real ASAS curves on one grid each, from 1 / (5 T) to 24 cycles a day: ours with two threads and
with one, the others on one core. Libraries take turns; medians over the rounds. The power is
compared with the exact formula. Then curves are embedded by
`AstromerEmbedder("surveys-periods").transform`, all included, beside `VariabilityFeatures`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import light_curve as lc
import numpy as np
import report
import timing
import torch
from astropy.timeseries import LombScargle
from realdata import load, part

from sklearn_astromer import AstromerEmbedder, VariabilityFeatures
from sklearn_astromer.periodogram import peaks
from sklearn_astromer.periodogram.lomb_scargle import grid_power

CURVES, ROUNDS, SAMPLES_PER_PEAK, MAX_FREQUENCY = 30, 5, 5, 24.0


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


def on_one_core(call: Callable[[], Any]) -> None:
    """Run with one thread."""
    torch.set_num_threads(1)
    try:
        call()
    finally:
        torch.set_num_threads(2)


def astropy(days: Any, mag: Any, step: float, count: int) -> None:
    """Compute by astropy's fast method."""
    frequency = step * np.arange(1, count + 1)
    LombScargle(days, mag).power(frequency, method="fast", assume_regular_frequency=True)


def light_curve_size(count: int) -> int:
    """Return how many frequencies light-curve takes, besides 0: a power of two."""
    return 2 ** int(np.ceil(np.log2(count)))


def light_curve(days: Any, mag: Any, step: float, count: int) -> None:
    """Compute by light-curve."""
    size = light_curve_size(count)
    freqs = np.linspace(0, 2 * np.pi * step * size, size + 1)
    lc.Periodogram(peaks=1, freqs=freqs, fast=True)(days, mag)


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

    def ours() -> None:
        for each in some:
            power_of(*each)

    libraries = {
        "ours": ours,
        "ours, one core": lambda: on_one_core(ours),
        "astropy, fast": lambda: [astropy(*each) for each in some],
        "light-curve, fast": lambda: [light_curve(*each) for each in some],
    }
    times = timing.in_turns(libraries, ROUNDS)
    counts = [count for *_, count in some]
    sizes = [light_curve_size(count) for count in counts]
    # for as many frequencies as the others
    times["light-curve, fast"] = list(
        np.array(times["light-curve, fast"]) * sum(counts) / sum(sizes)
    )
    worst = max(largest_difference(*each) for each in some)
    each = {name: float(np.median(values)) / CURVES for name, values in times.items()}
    ratios = {name: timing.ratio(times, name, "ours") for name in times}
    lines = [[name, f"{1e3 * t:.1f}", f"{ratios[name]:.1f}"] for name, t in each.items()]
    print(report.table(["periodogram", "ms a curve", "to ours"], lines))
    print(f"largest difference to the exact formula: {worst:.1e}")

    some = curves[:: len(curves) // 200][:200]
    embedder = AstromerEmbedder("surveys-periods", row=("mean", "std")).fit(some[:1])

    def embed() -> None:
        peaks._CACHE.rows.clear()
        embedder.transform(some)

    def features() -> None:
        peaks._CACHE.rows.clear()
        VariabilityFeatures().transform(some)

    rows = timing.in_turns(
        {
            "surveys-periods, all included": embed,
            "VariabilityFeatures": features,
            "VariabilityFeatures, periods known": lambda: VariabilityFeatures().transform(some),
        },
        ROUNDS,
    )
    seconds = {name: float(np.median(values)) for name, values in rows.items()}
    lines = [[name, f"{len(some) / t:.0f}"] for name, t in seconds.items()]
    print(report.table(["rows of ASAS", "curves/s"], lines))
    figures = {
        "seconds_a_curve": each,
        "ratios": ratios,
        "largest_difference": worst,
        "seconds_of_200_rows": seconds,
    }
    report.write("periodogram_speed", figures)


if __name__ == "__main__":
    main()
