"""Pictures of light curves, over time or folded."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_astromer._extras import import_extra
from sklearn_astromer._printable import drawn
from sklearn_astromer.lightcurves.bands import order_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sklearn_astromer.lightcurves.container import LightCurves


def draw(
    curves: LightCurves,
    period: float | str | None,
    epoch: float | None,
    ax: Axes | None,
    **kwargs: Any,
) -> Axes:
    """Draw the light curves of one object; see `LightCurves.plot`."""
    plt = import_extra("matplotlib.pyplot", "plot", "drawing light curves")
    name = str(curves.ids[0])
    days = best_period(curves) if period == "best" else period
    if days is not None and (isinstance(days, str) or not days > 0):
        raise ValueError(f"period must be a positive number of days or 'best', got {period!r}")
    if ax is None:
        _, ax = plt.subplots(figsize=(9, 4), layout="constrained")
    style: dict[str, Any] = {"fmt": ".", "elinewidth": 0.8} | kwargs
    bands = [""] if curves.band is None else curves.band.tolist()
    for i in np.argsort([order_of(band) for band in bands], kind="stable").tolist():
        if len(bands) > 1 and "color" not in kwargs:  # the same in the picture of each star
            style["color"] = f"C{order_of(bands[i])}"
        one = curves._flat.span(i, i + 1)
        x, mag, error = one.time, one.mag, one.mag_err
        if days is not None:
            start = curves.time.min() if epoch is None else epoch
            phase = (x - start) / days % 1
            x, mag = np.r_[phase, phase + 1], np.r_[mag, mag]  # two cycles
            error = None if error is None else np.r_[error, error]
        ax.errorbar(x, mag, error, label=drawn(bands[i]), **style)
    if not ax.yaxis_inverted():
        ax.invert_yaxis()
    if len(bands) > 1:
        ax.legend(title="band")
    elif bands[0]:
        name = f"{name}, {bands[0]}"
    ax.set(
        xlabel="time (days)" if days is None else f"phase (period {days:.6g} days)",
        ylabel="magnitude (mag)",
        title=drawn(name),
    )
    return ax


def best_period(curves: LightCurves) -> float:
    """Return the period (days) of the highest peak of the periodogram of all bands together."""
    # of a layer above this one, which is needed here alone
    shared_peaks = import_module("sklearn_astromer.periodogram.peaks").shared_peaks
    period = float(shared_peaks(curves).period[0, 0])
    if np.isnan(period):
        raise ValueError(
            f"object {curves.ids[0].item()!r} has no period: its curve is constant, or has fewer "
            "than 6 observations; pass the period in days"
        )
    return period
