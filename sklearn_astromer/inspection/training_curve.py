"""How a training went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from sklearn_astromer.inspection._display import Display, draw_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class TrainingCurveDisplay(Display):
    """Show the figures of merit of every epoch, and the best epoch.

    `from_estimator` makes it of a fitted estimator; a history that was read from a file goes into
    the constructor.

    Parameters
    ----------
    history : DataFrame
        The `history_` of an estimator.
    metric : str, optional
        Which of its figures: "rmse", "loss", "r2" …; None: the first, which training minimises.
    ylabel : str, optional
        Its name on the axis, with its unit.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    train_, valid_, best_ : matplotlib Line2D
        The latter two None if there was no validation.

    Raises
    ------
    ValueError
        If the history is empty, or has no such figure.

    Examples
    --------
    >>> from sklearn_astromer import AstromerEmbedder, EncoderConfig
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.inspection import TrainingCurveDisplay
    >>> curves, labels = make_variable_stars(20, n_observations=30, random_state=0)
    >>> tiny = EncoderConfig(d_model=16)
    >>> embedder = AstromerEmbedder(None, architecture=tiny, max_epochs=3, random_state=0)
    >>> TrainingCurveDisplay.from_estimator(embedder.fit(curves)).ax_.get_ylabel()
    'RMSE of hidden observations (mag)'
    """

    def __init__(
        self, history: pd.DataFrame, *, metric: str | None = None, ylabel: str | None = None
    ) -> None:
        metrics = [c.removeprefix("train_") for c in map(str, history) if c.startswith("train_")]
        if len(history) == 0:
            raise ValueError("the history has no epoch: fit with max_epochs of at least 1")
        if not metrics or metric not in (None, *metrics):
            raise ValueError(f"the history has no train_{metric or '…'}: {list(history)}")
        self.history = history
        self.metric = metrics[0] if metric is None else metric
        self.ylabel = ylabel

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, metric: str | None = None, ax: Axes | None = None, **kwargs: Any
    ) -> TrainingCurveDisplay:
        """Draw the history of an estimator.

        Parameters
        ----------
        estimator : AstromerEmbedder, AstromerClassifier, AstromerRegressor, …
            Fitted, with a `history_`.
        metric : str, optional
            See `TrainingCurveDisplay`.
        ax, **kwargs
            Of `plot`.

        Returns
        -------
        TrainingCurveDisplay

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        NotFittedError
            If `estimator` is not fitted.
        ValueError
            If no epoch was trained, or there is no such metric.
        """
        check_is_fitted(estimator, "history_")
        display = cls(estimator.history_, metric=metric)
        if display.metric == "rmse":
            relative = estimator.module_.encoder.config.scaled_inputs
            unit = "window standard deviations" if relative else "mag"
            display.ylabel = f"RMSE of hidden observations ({unit})"
        return display.plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        train_kwargs: dict[str, Any] | None = None,
        valid_kwargs: dict[str, Any] | None = None,
        best_kwargs: dict[str, Any] | None = None,
    ) -> TrainingCurveDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            None: a new figure.
        train_kwargs, valid_kwargs, best_kwargs : dict, optional
            Keywords of `matplotlib.axes.Axes.plot`.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        """
        ax = self._start(ax)
        from matplotlib.ticker import MaxNLocator

        epoch = self.history["epoch"].to_numpy()
        train = self.history[f"train_{self.metric}"].to_numpy()
        valid = self.history[f"valid_{self.metric}"].to_numpy()
        self.train_ = draw_line(ax, epoch, train, train_kwargs, marker=".", label="training")
        self.valid_ = self.best_ = None
        if np.isfinite(valid).any():
            self.valid_ = draw_line(ax, epoch, valid, valid_kwargs, marker=".", label="validation")
            best = int(np.flatnonzero(self.history["best"])[-1])
            look = {"marker": "o", "markersize": 10, "markerfacecolor": "none", "color": "black"}
            look |= {"linestyle": "none", "label": f"best: {valid[best]:.3g}, epoch {epoch[best]}"}
            self.best_ = draw_line(ax, epoch[[best]], valid[[best]], best_kwargs, **look)
        names = {"rmse": "RMSE", "r2": "R²"}
        ax.set(xlabel="epoch", ylabel=self.ylabel or names.get(self.metric, self.metric))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend()
        return self
