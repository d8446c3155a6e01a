"""A light curve, what was hidden of it, and what the network made of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from sklearn_astromer.inspection._display import (
    WIDE,
    Display,
    check_embedder,
    draw_line,
    label_light_curve,
    one_curve,
    style,
    times,
)
from sklearn_astromer.windows import Windows

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(kw_only=True, eq=False, repr=False)
class ReconstructionDisplay(Display):
    """Show a light curve with hidden observations and their reconstruction.

    Usually made by `from_estimator`.

    Parameters
    ----------
    time, mag : ndarray of shape (n_observations,)
        Days and magnitudes.
    hidden : ndarray of bool of shape (n_observations,)
        True = the network did not see its magnitude.
    reconstructed : ndarray of shape (n_observations,)
        Magnitudes.
    mag_err : ndarray of shape (n_observations,), optional
        Magnitudes; NaN where absent.
    name : str, optional
        Of the object, for the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    shown_, hidden_ : matplotlib ErrorbarContainer
    reconstructed_ : matplotlib Line2D

    Examples
    --------
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.inspection import ReconstructionDisplay
    >>> curves, labels = make_variable_stars(5, random_state=0)
    >>> embedder = AstromerEmbedder().fit(curves)
    >>> display = ReconstructionDisplay.from_estimator(embedder, curves, random_state=0)
    >>> display.ax_.get_ylabel()
    'magnitude (mag)'
    """

    time: NDArray[np.float64]
    mag: NDArray[np.float64]
    hidden: NDArray[np.bool_]
    reconstructed: NDArray[np.floating[Any]]
    mag_err: NDArray[np.float64] | None = None
    name: str | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        index: int = 0,
        hidden: float | ArrayLike = 0.5,
        random_state: int | np.random.RandomState | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> ReconstructionDisplay:
        """Hide observations of one object, reconstruct and draw them.

        Parameters
        ----------
        estimator : AstromerEmbedder
            Fitted.
        X : LightCurves or array-like
            What `as_light_curves` takes.
        index : int
            Which object of X.
        hidden : float or array-like of bool of shape (n_observations,)
            The share of each window to hide by chance, of which at least one observation stays
            visible; or which observations to hide (True), in order of time.
        random_state : int, RandomState instance or None
            For the chance.
        ax, **kwargs
            Of `plot`.

        Returns
        -------
        ReconstructionDisplay

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        NotFittedError, TypeError
            If `estimator` is not a fitted embedder.
        IndexError
            If there is no such object.
        ValueError
            If `hidden` does not fit the curve, hides a whole window, or hides nothing.
        """
        display = cls.reconstructed_by(
            estimator, X, index=index, hidden=hidden, random_state=random_state
        )
        return display.plot(ax=ax, **kwargs)

    @classmethod
    def reconstructed_by(
        cls, estimator: Any, X: Any, *, index: int, hidden: float | ArrayLike, random_state: Any
    ) -> ReconstructionDisplay:
        """Do what `from_estimator` does, without drawing."""
        check_embedder(estimator, cls.__name__)
        curves, name = one_curve(X, index)
        if np.ndim(hidden) == 0:
            windows = Windows(curves, estimator.window_size)
            mask = _draw(windows, float(hidden), random_state)  # type: ignore[arg-type]
        else:
            mask = np.asarray(hidden, dtype=bool)
        reconstructed = estimator.reconstruct(curves, hidden=[mask])[0]
        if not mask.any():
            raise ValueError(
                f"nothing is hidden of object {name}, which has {len(mask)} observation(s): "
                "pass a larger hidden, or another index"
            )
        return cls(
            time=curves.time,
            mag=curves.mag,
            hidden=mask,
            reconstructed=reconstructed,
            mag_err=curves.mag_err,
            name=name,
        )

    @property
    def rmse(self) -> float:
        """Root mean squared error (magnitudes) of what was hidden."""
        error = (self.reconstructed - self.mag)[self.hidden]
        return float(np.sqrt(np.mean(error**2)))

    def plot(
        self,
        ax: Axes | None = None,
        *,
        period: float | None = None,
        shown_kwargs: dict[str, Any] | None = None,
        hidden_kwargs: dict[str, Any] | None = None,
        reconstructed_kwargs: dict[str, Any] | None = None,
    ) -> ReconstructionDisplay:
        """Draw it; thin lines join each hidden magnitude and its reconstruction.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            None: a new figure.
        period : float, optional
            Fold the curve with it (days).
        shown_kwargs, hidden_kwargs : dict, optional
            Keywords of `matplotlib.axes.Axes.errorbar`.
        reconstructed_kwargs : dict, optional
            Keywords of `matplotlib.axes.Axes.plot`.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        ValueError
            If `period` is not positive.
        """
        ax = self._start(ax, WIDE)
        x, hidden = times(self.time, period), self.hidden
        points = {"linestyle": "none", "markersize": 5}

        def draw(which: NDArray[np.bool_], given: dict[str, Any] | None, **look: Any) -> Any:
            errors = None if self.mag_err is None else self.mag_err[which]
            keywords = style("lines.Line2D", given, **points, elinewidth=1, **look)
            return ax.errorbar(x[which], self.mag[which], errors, **keywords)

        hollow = {"marker": "o", "markerfacecolor": "none"}
        name = "shown" if hidden.any() else None
        self.shown_ = draw(~hidden, shown_kwargs, marker=".", color="0.6", label=name)
        if not hidden.any():
            label_light_curve(ax, self.name, period)
            return self
        self.hidden_ = draw(hidden, hidden_kwargs, **hollow, color="tab:blue", label="hidden")
        at, y = x[hidden], self.reconstructed[hidden]
        cross = {**points, "marker": "x", "color": "tab:red", "label": "reconstructed"}
        self.reconstructed_ = draw_line(ax, at, y, reconstructed_kwargs, **cross)
        colour = self.reconstructed_.get_color()
        ax.vlines(at, self.mag[hidden], y, color=colour, linewidth=0.6, alpha=0.5)
        label_light_curve(ax, self.name, period, f"RMSE {self.rmse:.3f} mag")
        return self


def _draw(windows: Windows, share: float, random_state: Any) -> NDArray[np.bool_]:
    """Choose what to hide, one observation of a window at least excepted."""
    if not 0 <= share <= 1:
        raise ValueError(f"hidden must be in [0, 1], or one bool per observation, got {share}")
    rng = check_random_state(random_state)
    hidden = np.zeros(len(windows.curves.time), dtype=bool)
    for start, length in zip(windows.start, windows.length, strict=True):
        count = min(round(share * length), length - 1)
        hidden[start + rng.permutation(length)[:count]] = True
    return hidden
