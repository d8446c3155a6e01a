"""What a collection of light curves says of itself: a table, a picture, a notebook's view."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sklearn_astromer.lightcurves.flat import Flat

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SPARKLINES, POINTS = 3, 200  # at most, in a notebook
WIDTH, HEIGHT, MARGIN = 240, 48, 4  # pixels


class Summary:
    """A base of `LightCurves`."""

    _flat: Flat

    def describe(self) -> pd.DataFrame:
        """Return the length, span, cadence, brightness and error of each light curve.

        Returns
        -------
        pandas.DataFrame
            A row per object, ids as index. ``n_observations``; ``span``, from the first to the
            last observation, and ``median_cadence``, between one and the next, in days (NaN for a
            single observation); ``median_mag``; ``amplitude``, from the 5th to the 95th percentile
            of the magnitudes; ``median_mag_err`` (NaN without errors); ``band``, if there are any.

        Examples
        --------
        >>> from sklearn_astromer import LightCurves
        >>> curves = LightCurves.from_arrays([[[1.0, 15.0], [3.0, 15.0], [4.0, 15.2]]])
        >>> curves.describe().round(2).T
        id                   0
        n_observations    3.00
        span              3.00
        median_cadence    1.50
        median_mag       15.00
        amplitude         0.18
        median_mag_err     NaN
        """
        flat = self._flat
        lengths = np.diff(flat.offsets)
        single = lengths == 1
        first, last = flat.offsets[:-1], flat.offsets[1:] - 1
        mag = _by_object(flat, flat.mag)
        low, high = mag.quantile(0.05), mag.quantile(0.95)
        cadence = np.diff(flat.time, append=np.nan)
        cadence[last] = np.nan  # to the next object
        error = np.full(len(flat.time), np.nan) if flat.mag_err is None else flat.mag_err
        columns = {
            "n_observations": lengths,
            "span": np.where(single, np.nan, flat.time[last] - flat.time[first]),
            "median_cadence": _by_object(flat, cadence).median(),
            "median_mag": mag.median(),
            "amplitude": high - low,
            "median_mag_err": _by_object(flat, error).median(),
        }
        frame = pd.DataFrame({name: np.asarray(column) for name, column in columns.items()})
        if flat.band is not None:
            frame["band"] = flat.band
        return frame.set_index(pd.Index(flat.ids, name="id"))

    def plot(
        self, i: int = 0, *, period: float | None = None, ax: Axes | None = None, **kwargs: Any
    ) -> Axes:
        """Draw one light curve.

        Parameters
        ----------
        i : int
            Which object.
        period : float, optional
            Fold the curve with it (days).
        ax : matplotlib Axes, optional
            None: a new figure.
        **kwargs
            Of `matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        IndexError
            If there is no such object.
        ValueError
            If `period` is not positive.
        """
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError(
                "LightCurves.plot needs matplotlib: pip install 'sklearn_astromer[plot]'"
            ) from error
        if not -len(self._flat.ids) <= i < len(self._flat.ids):
            raise IndexError(f"index {i} for {len(self._flat.ids)} objects")
        if period is not None and not period > 0:
            raise ValueError(f"period must be positive (days), got {period}")
        one = self._flat.take(np.array([i]) % len(self._flat.ids))
        if ax is None:
            _, ax = plt.subplots(figsize=(9, 4), layout="constrained")
        x = one.time if period is None else (one.time - one.time[0]) / period % 1
        style: dict[str, Any] = {"fmt": ".", "elinewidth": 0.8} | kwargs
        ax.errorbar(x, one.mag, one.mag_err, **style)
        if not ax.yaxis_inverted():
            ax.invert_yaxis()
        ax.set(
            xlabel="time (days)" if period is None else f"phase (period {period:.6g} days)",
            ylabel="magnitude (mag)",
            title=_title(one),
        )
        return ax

    def _repr_html_(self) -> str:
        """Return the view in a notebook: counts, and the first curves as sparklines."""
        flat = self._flat
        lengths = np.diff(flat.offsets)
        facts = [("objects", f"{len(lengths):,}"), ("observations", f"{len(flat.time):,}")]
        if len(lengths):
            facts.append(("per object", f"{lengths.min():,} to {lengths.max():,}"))
            facts.append(("time", f"{flat.time.min():.2f} to {flat.time.max():.2f}"))
        if flat.band is not None:
            facts.append(("bands", ", ".join(np.unique(flat.band)) or "none"))
        rows = [(name, escape(value)) for name, value in facts]
        for i in range(min(SPARKLINES, len(lengths))):
            one = flat.span(i, i + 1)
            rows.append((escape(_title(one)), _sparkline(one)))
        body = "".join(
            f'<tr><th style="text-align:left">{name}</th>'
            f'<td style="text-align:left">{value}</td></tr>'
            for name, value in rows
        )
        return f"<table><caption>LightCurves</caption>{body}</table>"


def _by_object(flat: Flat, values: Any) -> Any:
    owners = np.repeat(np.arange(len(flat.ids)), np.diff(flat.offsets))
    return pd.Series(values).groupby(owners)


def _title(one: Flat) -> str:
    band = "" if one.band is None or not one.band[0] else f", {one.band[0]}"
    return f"{one.ids[0]}{band}"


def _sparkline(one: Flat) -> str:
    """Return a small SVG of a light curve, bright up."""
    some = np.unique(np.linspace(0, len(one.time) - 1, POINTS).round().astype(int))
    x, y = (_scaled(v[some], size) for v, size in ((one.time, WIDTH), (one.mag, HEIGHT)))
    points = "".join(
        f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.5"/>' for a, b in zip(x, y, strict=True)
    )
    return f'<svg width="{WIDTH}" height="{HEIGHT}" fill="currentColor">{points}</svg>'


def _scaled(values: Any, size: int) -> Any:
    low, span = values.min(), np.ptp(values)
    share = (values - low) / span if span else np.full(len(values), 0.5)
    return MARGIN + share * (size - 2 * MARGIN)
