"""What the displays share: axes, styles, legends, and how a light curve is drawn."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_astromer._extras import import_extra
from sklearn_astromer._printable import drawn
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.conversion import as_light_curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D

WIDE = (9.0, 4.5)  # inches, for what is long in time


class Display:
    """A picture of what its attributes hold."""

    ax_: Axes
    figure_: Figure | SubFigure

    def _start(self, ax: Axes | None, size: tuple[float, float] | None = None) -> Axes:
        """Take the axes given, or make a figure."""
        pyplot = import_extra("matplotlib.pyplot", "plot", f"{type(self).__name__}.plot")
        if ax is None:
            _, ax = pyplot.subplots(figsize=size, layout="constrained")
        assert ax is not None
        self.ax_, self.figure_ = ax, ax.figure
        return ax


def style(artist: str, given: dict[str, Any] | None, **defaults: Any) -> dict[str, Any]:
    """Let the keywords given, by any of their aliases, win over the defaults.

    `artist` is the class whose aliases hold, "lines.Line2D" say.
    """
    from matplotlib.cbook import normalize_kwargs

    module, _, name = artist.rpartition(".")
    kind = getattr(importlib.import_module(f"matplotlib.{module}"), name)
    return {**normalize_kwargs(defaults, kind), **normalize_kwargs(given or {}, kind)}


def draw_line(ax: Axes, x: Any, y: Any, given: dict[str, Any] | None, **defaults: Any) -> Line2D:
    """Plot one line, or markers, of which the keywords given win over the defaults."""
    (line,) = ax.plot(x, y, **style("lines.Line2D", given, **defaults))
    return line


def legend(ax: Axes, **keywords: Any) -> None:
    """Put the legend beside the axes where the figure makes room for it, else into them."""
    if ax.figure.get_layout_engine() is None:
        ax.legend(**keywords)
    else:
        ax.legend(**{"loc": "upper left", "bbox_to_anchor": (1, 1), "frameon": False, **keywords})


def one_curve(X: Any, index: int) -> tuple[LightCurves, str]:
    """Return one object of X alone, and its name."""
    curves: LightCurves = as_light_curves(X)[[index]]
    return curves, str(curves.ids[0])


def check_embedder(estimator: Any, what: str) -> None:
    """Refuse what is no fitted `AstromerEmbedder` (frozen ones are)."""
    if not hasattr(estimator, "reconstruct"):
        raise TypeError(
            f"{what} takes a fitted AstromerEmbedder, got {type(estimator).__name__}: of a "
            "classifier or regressor pass its encoder_, of a pipeline its step"
        )
    check_is_fitted(estimator, "module_")


def times(time: NDArray[np.float64], period: float | None) -> NDArray[np.float64]:
    """Return times, or phases since the first."""
    if period is None:
        return time
    if not period > 0:
        raise ValueError(f"period must be positive (days), got {period}")
    return (time - time[0]) / period % 1.0


def label_light_curve(ax: Axes, name: str | None, period: float | None, note: str = "") -> None:
    """Bright is up, axes have their units, and the legend is above, where it covers nothing."""
    if not ax.yaxis_inverted():
        ax.invert_yaxis()
    if period is None:
        ax.ticklabel_format(axis="x", useOffset=False, style="plain")
    ax.set(
        xlabel="time (days)" if period is None else f"phase (period {period:.6g} days)",
        ylabel="magnitude (mag)",
    )
    legend = bool(ax.get_legend_handles_labels()[0])
    title = "" if name is None else f"object {drawn(name)}"
    # a long name is in the line above that of the legend
    title += f"\n{note}" if legend else f", {note}" * bool(note)
    ax.set_title(title, loc="left", fontsize="medium")
    if legend:
        ax.legend(
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=3,
            fontsize="small",
            frameon=False,
            columnspacing=0.8,
            handlelength=1,
            handletextpad=0.3,
            borderaxespad=0.2,
        )
