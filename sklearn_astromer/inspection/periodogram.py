"""The periodogram of an object, and its light curve folded at a peak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.inspection._display import Display, draw_line, one_curve, require
from sklearn_astromer.inspection.reconstruction import ReconstructionDisplay
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.periodogram import find_peaks, power_spectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANELS = (11.0, 4.0)  # inches


@dataclass(kw_only=True, eq=False, repr=False)
class PeriodogramDisplay(Display):
    """Show an object's periodogram with its peaks, and the curve folded at one of them.

    Usually made by `from_curves`; `from_estimator` also hides observations and shows at which
    magnitudes the network reconstructs them from what it sees of the folded curve.

    Parameters
    ----------
    frequency, power : ndarray of shape (n,)
        Of the periodogram; cycles a day.
    peaks : ndarray of shape (n_peaks,)
        Frequencies of the peaks, the best first.
    curve : ReconstructionDisplay
        The light curve, and what is reconstructed of it, if anything.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Of the folded curve.
    periodogram_ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    power_ : matplotlib Line2D

    Examples
    --------
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.inspection import PeriodogramDisplay
    >>> curves, labels = make_variable_stars(5, classes=["RRAB"], random_state=0)
    >>> display = PeriodogramDisplay.from_curves(curves, index=2)
    >>> display.periodogram_ax_.get_xlabel()
    'frequency (1/days)'
    """

    frequency: NDArray[np.float64]
    power: NDArray[np.floating[Any]]
    peaks: NDArray[np.float64]
    curve: ReconstructionDisplay

    @classmethod
    def from_curves(
        cls,
        X: Any,
        *,
        index: int = 0,
        n_peaks: int = 4,
        max_frequency: float = 24.0,
        axes: tuple[Axes, Axes] | None = None,
        **kwargs: Any,
    ) -> PeriodogramDisplay:
        """Draw the periodogram of one object and its folded curve.

        Parameters
        ----------
        X, index
            As for `ReconstructionDisplay.from_estimator`.
        n_peaks : int
            How many peaks to mark.
        max_frequency : float
            Cycles a day.
        axes, **kwargs
            Of `plot`.

        Returns
        -------
        PeriodogramDisplay

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        IndexError
            If there is no such object.
        """
        curves, name = one_curve(X, index)
        nothing = np.zeros(len(curves.time), dtype=bool)
        curve = ReconstructionDisplay(
            time=curves.time,
            mag=curves.mag,
            hidden=nothing,
            reconstructed=curves.mag,
            mag_err=curves.mag_err,
            name=name,
        )
        return cls._of(curves, curve, n_peaks, max_frequency).plot(axes=axes, **kwargs)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        index: int = 0,
        hidden: Any = 0.5,
        random_state: int | np.random.RandomState | None = None,
        axes: tuple[Axes, Axes] | None = None,
        **kwargs: Any,
    ) -> PeriodogramDisplay:
        """Hide observations of one object; draw the periodogram of the others, and all folded.

        Parameters
        ----------
        estimator : AstromerEmbedder
            Fitted, with own periods.
        X, index, hidden, random_state
            As for `ReconstructionDisplay.from_estimator`.
        axes, **kwargs
            Of `plot`.

        Returns
        -------
        PeriodogramDisplay

        Raises
        ------
        ImportError, NotFittedError, TypeError, IndexError, ValueError
            As `ReconstructionDisplay.from_estimator`; also if the encoder has no own periods.
        """
        curve = ReconstructionDisplay.reconstructed_by(
            estimator, X, index=index, hidden=hidden, random_state=random_state
        )
        config = estimator.module_.encoder.config
        if not config.own_periods:
            raise ValueError(
                "the encoder has no own periods: draw the curve by ReconstructionDisplay, or its "
                "periodogram by PeriodogramDisplay.from_curves"
            )
        curves, _ = one_curve(X, index)
        visible = LightCurves._trusted(curves._flat.where(~curve.hidden))
        display = cls._of(visible, curve, config.own_periods, config.max_frequency)
        return display.plot(axes=axes, **kwargs)

    @classmethod
    def _of(
        cls, visible: LightCurves, curve: ReconstructionDisplay, n_peaks: int, most: float
    ) -> PeriodogramDisplay:
        frequency, power = power_spectrum(visible, max_frequency=most)
        peaks = find_peaks(visible, n_peaks, max_frequency=most).frequency[0]
        return cls(frequency=frequency, power=power, peaks=peaks[peaks > 0], curve=curve)

    def plot(
        self,
        axes: tuple[Axes, Axes] | None = None,
        *,
        period: float | None = None,
        power_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PeriodogramDisplay:
        """Draw it; triangles mark the peaks, whose periods are in the legend.

        Parameters
        ----------
        axes : pair of matplotlib Axes, optional
            For the periodogram and the curve. None: a new figure.
        period : float, optional
            Fold the curve with it (days). None: with that of the best peak, and not at all where
            there is none.
        power_kwargs : dict, optional
            Keywords of `matplotlib.axes.Axes.plot`.
        **kwargs
            Of `ReconstructionDisplay.plot`.

        Returns
        -------
        self

        Raises
        ------
        ImportError, ValueError
            As `ReconstructionDisplay.plot`.
        """
        if axes is None:
            pyplot = require("matplotlib.pyplot", "plot", "PeriodogramDisplay.plot")
            _, axes = pyplot.subplots(1, 2, figsize=PANELS, layout="constrained")
        left, right = axes
        look = {"color": "0.5", "linewidth": 0.6}
        self.power_ = draw_line(left, self.frequency, self.power, power_kwargs, **look)
        left.set(xlabel="frequency (1/days)", ylabel="power (share of the variance)")
        left.set(xscale="log", xlim=(self.frequency[0], self.frequency[-1]))
        top = max(float(self.power.max()), 1e-6)
        left.set_ylim(0, 1.15 * top)
        for number, peak in enumerate(self.peaks, start=1):
            near = np.abs(self.frequency - peak).argmin()
            height = self.power[max(0, near - 1) : near + 2].max() + 0.03 * top
            name = f"{number}: {1 / peak:.6g} d"
            left.plot(peak, height, "v", color=f"C{number - 1}", markersize=6, label=name)
        if len(self.peaks):
            left.legend(title="peaks, the best first", fontsize="small", title_fontsize="small")
        if period is None and len(self.peaks):
            period = 1 / float(self.peaks[0])
        self.curve.plot(ax=right, period=period, **kwargs)
        self.periodogram_ax_, self.ax_, self.figure_ = left, right, right.figure
        return self
