"""What a collection of light curves says of itself: a table, a picture, a notebook's view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from sklearn_astromer._printable import escape
from sklearn_astromer.lightcurves.drawing import draw
from sklearn_astromer.lightcurves.exports import place_of
from sklearn_astromer.lightcurves.flat import Flat
from sklearn_astromer.lightcurves.statistics import (
    CatalogSummary,
    count_facts,
    each_object,
    quantity_facts,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sklearn_astromer.lightcurves.container import LightCurves
    from sklearn_astromer.lightcurves.reading.report import Report

SPARKLINES, POINTS = 3, 200  # at most, in a notebook
WIDTH, HEIGHT, MARGIN = 240, 48, 4  # pixels


class Summary:
    """A base of `LightCurves`."""

    _flat: Flat
    report: Report | None

    def describe(self) -> pd.DataFrame:
        """Return the length, span, cadence, brightness and error of each light curve.

        Returns
        -------
        pandas.DataFrame
            A row per object, ids as index. ``length``, observations; ``span``, from the first to
            the last, and ``cadence``, the median time between one and the next, in days (NaN for a
            single observation); ``mag``, the median magnitude; ``amplitude``, from the 5th to the
            95th percentile of the magnitudes; ``mag_err``, the median error (NaN without errors);
            ``band``, if there are any.

        Examples
        --------
        >>> from sklearn_astromer import LightCurves
        >>> curves = LightCurves.from_arrays([[[1.0, 15.0], [3.0, 15.0], [4.0, 15.2]]])
        >>> curves.describe().round(2).T
        id            0
        length     3.00
        span       3.00
        cadence    1.50
        mag       15.00
        amplitude  0.18
        mag_err     NaN
        """
        flat = self._flat
        found = each_object(flat)
        order = ("length", "span", "cadence", "mag", "amplitude", "mag_err")
        frame = pd.DataFrame({name: found[name] for name in order})
        frame["length"] = frame["length"].astype(np.int64)
        if flat.band is not None:
            frame["band"] = flat.band
        return frame.set_index(pd.Index(flat.ids, name="id"))

    def plot(
        self,
        key: Any = 0,
        *,
        period: float | str | None = None,
        epoch: float | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Axes:
        """Draw one light curve.

        Parameters
        ----------
        key : int or str
            Which light curve: its position, or the id of an object that has one; a number that is
            no position is an id.
        period : float or "best", optional
            Fold the curve with it (days), and draw two cycles. ``"best"`` is that of the highest
            peak of `find_peaks`; eclipsing binaries often have twice that.
        epoch : float, optional
            Time of phase 0 (days). None: the first observation.
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
        IndexError, KeyError
            If there is no such object.
        ValueError
            If `period` is neither positive nor ``"best"``, or there is no peak.
        """
        i = place_of(self._flat.ids, self._flat.band, key)
        return draw(cast("LightCurves", self)[i : i + 1], period, epoch, ax, **kwargs)

    def _repr_html_(self) -> str:
        """Return the view in a notebook: counts, and the first curves as sparklines."""
        flat, curves = self._flat, cast("LightCurves", self)
        lengths = np.diff(flat.offsets)
        facts: list[tuple[str, str]] = []
        if self.report is not None:
            facts.append(("read as", f"{self.report.survey} ({self.report.title})"))
        summary = CatalogSummary().add(curves)
        facts += [*count_facts(summary.to_dict()), *quantity_facts(summary.to_dict())]
        if len(lengths):
            facts.append(("time", f"{summary.time[0]:.2f} to {summary.time[1]:.2f}"))
        if self.report is not None:
            facts += [("", line) for line in self.report.lines()[1:]]
        rows = [(name, escape(value)) for name, value in facts]
        for i in range(min(SPARKLINES, len(lengths))):
            one = flat.span(i, i + 1)
            band = f", {one.band[0]}" if one.band is not None and one.band[0] else ""
            rows.append((escape(f"{one.ids[0]}{band}"), _sparkline(one)))
        body = "".join(
            f'<tr><th style="text-align:left">{name}</th>'
            f'<td style="text-align:left">{value}</td></tr>'
            for name, value in rows
        )
        return f"<table><caption>LightCurves</caption>{body}</table>"


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
