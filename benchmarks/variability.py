"""VariabilityFeatures against the field: periods, Cepheids and speed.

    python benchmarks/variability.py

1. The share of simulated stars whose period is right, half or twice what it is (within 2 %), by
   class and number of observations; and of those that vary by more than twice the error.
2. R21 and φ21 of classical Cepheids of the Large Magellanic Cloud (OGLE, I band, fundamental mode
   and first overtone) against the period. The Hertzsprung progression should show: R21 of the
   fundamental mode falls to a minimum near ten days, where φ21 turns. A plot, and medians.
3. Seconds a curve of 400 observations over nine years on one core, all included and with the
   periodogram known, beside `light_curve` computing the like: 19 features and a periodogram on the
   same grid (no Fourier series, which it does not have). Libraries take turns, best of three.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from typing import Any

import light_curve as lc
import numpy as np
import pandas as pd
import report
import torch
from numpy.typing import NDArray
from realdata import load, per_class

from sklearn_astromer import LightCurves, VariabilityFeatures
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.periodogram import peaks

CLASSES = ["RRAB", "RRC", "CEP", "EB", "MIRA", "DSCT"]
OBSERVATIONS: dict[str, Any] = {"60": 60, "100": 100, "60 to 300": (60, 300), "as a survey": None}
PERIOD_BINS = [1, 2.5, 4, 6, 8, 10, 12, 16, 24, 40]  # days
N_SPEED = 50
THEIRS = [
    "Amplitude",
    "Cusum",
    "Eta",
    "EtaE",
    "Kurtosis",
    "LinearTrend",
    "Mean",
    "Median",
    "Skew",
    "StetsonK",
    "MagnitudePercentageRatio",
    "MaximumSlope",
    "MedianAbsoluteDeviation",
    "PercentAmplitude",
    "MedianBufferRangePercentage",
    "PercentDifferenceMagnitudePercentile",
    "ReducedChi2",
    "StandardDeviation",
    "WeightedMean",
]


def periods(n_stars: int) -> list[dict[str, Any]]:
    """Return a row per number of observations, with the shares of right periods."""
    rows = []
    for name, n in OBSERVATIONS.items():
        curves, labels, known = make_variable_stars(
            n_stars, classes=CLASSES, n_observations=n, random_state=1, return_parameters=True
        )
        enough = curves.lengths >= 60
        found = 10 ** VariabilityFeatures().fit_transform(curves)[:, 0]
        ratio = found / known["period"].to_numpy()
        right = np.min([np.abs(ratio / k - 1) for k in (0.5, 1, 2)], axis=0) < 0.02
        error = np.array([np.median(curve[:, 2]) for curve in curves])
        seen = enough & (known["amplitude"].to_numpy() > 2 * error)
        by_class = {c: float(right[enough & (labels == c)].mean()) for c in CLASSES}
        rows.append(
            {
                "observations": name,
                "stars": int(enough.sum()),
                "all": float(right[enough].mean()),
                "amplitude > 2 errors": float(right[seen].mean()),
                **by_class,
            }
        )
    return rows


def cepheids(most: int) -> list[dict[str, Any]]:
    """Draw R21 and φ21 against the period, return medians in bins of it."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    curves, labels = load("ogle_cepheids")
    modes = {"DCEP_F": "fundamental mode", "DCEP_1O": "first overtone"}
    kept = per_class(labels, list(modes), most)
    features = VariabilityFeatures().set_output(transform="pandas").fit_transform(curves[kept])
    period = 10 ** features["log10_peak_period_1 (d)"].to_numpy()
    phi21 = np.arctan2(features["sin_phi21"], features["cos_phi21"]).to_numpy() % (2 * np.pi)
    r21 = features["R21"].to_numpy()
    figure, axes = plt.subplots(2, 1, sharex=True, figsize=(7, 6), layout="constrained")
    rows = []
    for mode, name in modes.items():
        of = labels[kept] == mode
        for axis, values in zip(axes, (r21, phi21), strict=True):
            axis.semilogx(period[of], values[of], ".", ms=3, label=f"{name} ({of.sum()})")
        for low, high in itertools.pairwise(PERIOD_BINS):
            inside = of & (period >= low) & (period < high)
            if inside.sum() >= 5:
                turns = np.angle(np.exp(1j * phi21[inside]).mean()) % (2 * np.pi)
                rows.append(
                    {
                        "mode": name,
                        "period": f"{low:g} to {high:g}",
                        "stars": int(inside.sum()),
                        "R21": float(np.median(r21[inside])),
                        "phi21": float(turns),
                    }
                )
    axes[0].set(ylabel="$R_{21}$", ylim=(0, 0.7))
    axes[1].set(xlabel="period (d)", ylabel=r"$\varphi_{21}$ (rad)", xlim=(0.3, 60))
    axes[0].legend()
    figure.savefig(report.RESULTS / "cepheids.png", dpi=120)
    print("drawn: benchmarks/results/cepheids.png")
    return rows


def speed() -> dict[str, float]:
    """Return milliseconds a curve."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    curves, _ = make_variable_stars(N_SPEED, n_observations=400, random_state=0)
    stretched = [  # to nine years each
        np.c_[50_000 + 3300 * (c[:, 0] - c[0, 0]) / np.ptp(c[:, 0]), c[:, 1:]] for c in curves
    ]
    curves = LightCurves.from_arrays([stretched[i] for i in rng.permutation(N_SPEED)])
    features = VariabilityFeatures(device="cpu")

    def anew() -> None:
        peaks._CACHE.rows.clear()
        features.transform(curves)

    extractor = lc.Extractor(*(getattr(lc, name)() for name in THEIRS))
    size = 2 ** int(np.ceil(np.log2(3 * 3300 * features.max_frequency)))
    highest = size / (3 * 3300)
    periodogram = lc.Periodogram(
        peaks=1, freqs=np.linspace(0, 2 * np.pi * highest, size + 1), fast=True
    )

    def theirs(*extractors: Any) -> None:
        for curve in curves:
            days, mag, error = np.ascontiguousarray(curve.T)
            for each in extractors:
                each(days - days[0], mag, error, sorted=True, check=False)

    calls: dict[str, Callable[[], Any]] = {
        "VariabilityFeatures": anew,
        "the same, periodogram known": lambda: features.transform(curves),
        "light_curve, 19 features and periodogram": lambda: theirs(extractor, periodogram),
        "light_curve, 19 features": lambda: theirs(extractor),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(3):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(1e3 * (time.perf_counter() - start) / N_SPEED)
    return {name: min(values) for name, values in times.items()}


def shown(rows: list[dict[str, Any]], digits: int) -> str:
    """Return rows as a table."""
    cells: NDArray[Any] = pd.DataFrame(rows).round(digits).astype(str).to_numpy()
    return report.table(list(rows[0]), cells.tolist())


def main() -> None:
    """Print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stars", type=int, default=600, help="simulated, of each number")
    parser.add_argument("--most", type=int, default=600, help="Cepheids of each mode")
    parser.add_argument(
        "--parts", nargs="+", default=["periods", "cepheids", "speed"], help="what to do"
    )
    args = parser.parse_args()
    figures = report.figures("variability") or {}
    if "speed" in args.parts:
        figures["speed"] = speed()
        lines = [[name, f"{ms:.2f}"] for name, ms in figures["speed"].items()]
        print(report.table(["one core", "ms a curve"], lines) + "\n")
    if "periods" in args.parts:
        figures["periods"] = periods(args.stars)
        print(shown(figures["periods"], 3) + "\n")
    if "cepheids" in args.parts:
        figures["cepheids"] = cepheids(args.most)
        print(shown(figures["cepheids"], 2) + "\n")
    report.write("variability", figures)


if __name__ == "__main__":
    main()
