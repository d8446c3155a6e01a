"""What an observation attends to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_astromer.inference.batches import WindowTensors
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

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(kw_only=True, eq=False, repr=False)
class AttentionDisplay(Display):
    """Show on a light curve what one observation, the query, attends to.

    Usually made by `from_estimator`.

    Parameters
    ----------
    time, mag : ndarray of shape (n_observations,)
        Days and magnitudes.
    attention : ndarray of shape (n_observations,)
        Attention weights of the query, of sum 1; NaN outside of its window.
    query : int
        Which observation asks.
    name : str, optional
        Of the object, for the title.
    source : str, optional
        Which layer and head the weights are of, for the colour bar.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    scatter_ : matplotlib PathCollection
        The observations of the query's window.
    query_ : matplotlib Line2D
    colorbar_ : matplotlib Colorbar

    Examples
    --------
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.inspection import AttentionDisplay
    >>> curves, labels = make_variable_stars(5, n_observations=50, random_state=0)
    >>> embedder = AstromerEmbedder().fit(curves)
    >>> display = AttentionDisplay.from_estimator(embedder, curves, query=10)
    >>> round(float(display.attention.sum()), 3)
    1.0
    """

    time: NDArray[np.float64]
    mag: NDArray[np.float64]
    attention: NDArray[np.floating[Any]]
    query: int
    name: str | None = None
    source: str | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        index: int = 0,
        query: int | None = None,
        layer: int = -1,
        head: int | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> AttentionDisplay:
        """Compute and draw the attention of one observation of one object.

        Parameters
        ----------
        estimator, X, index
            As for `ReconstructionDisplay.from_estimator`.
        query : int, optional
            Which of its observations asks, in order of time; None: the one in the middle.
        layer : int
            Which block of the encoder; negative ones count from the last.
        head : int, optional
            Which head; None: the mean of all.
        ax, **kwargs
            Of `plot`.

        Returns
        -------
        AttentionDisplay

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        NotFittedError, TypeError
            If `estimator` is not a fitted embedder.
        IndexError
            If there is no such object, observation, layer or head.
        """
        check_embedder(estimator, cls.__name__)
        curves, name = one_curve(X, index)
        config = estimator.module_.encoder.config
        count = len(curves.time)
        query = _position(count // 2 if query is None else query, count, "query", "observations")
        layer = _position(layer, config.n_layers, "layer", "layers")
        source = f"layer={layer}, mean of {config.n_heads} heads"
        if head is not None:
            head = _position(head, config.n_heads, "head", "heads")
            source = f"layer={layer}, head={head}"

        windows = estimator._windows(curves)
        row = int(np.searchsorted(windows.start, query, side="right")) - 1
        start, length = int(windows.start[row]), int(windows.length[row])
        inputs = WindowTensors(windows, torch.device("cpu")).of(np.array([row]))
        with torch.inference_mode():
            every_layer = estimator.module_.encoder.attention_weights(**inputs)
        weights = every_layer[layer][0, :, query - start, :length]
        attention = np.full(count, np.nan)
        attention[start : start + length] = weights.mean(0) if head is None else weights[head]
        display = cls(
            time=curves.time,
            mag=curves.mag,
            attention=attention,
            query=query,
            name=name,
            source=source,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        period: float | None = None,
        scatter_kwargs: dict[str, Any] | None = None,
        query_kwargs: dict[str, Any] | None = None,
    ) -> AttentionDisplay:
        """Draw it: colour and size of an observation are the attention that it gets.

        Parameters
        ----------
        ax, period
            As for `ReconstructionDisplay.plot`.
        scatter_kwargs : dict, optional
            Keywords of `matplotlib.axes.Axes.scatter` for the observations.
        query_kwargs : dict, optional
            Keywords of `matplotlib.axes.Axes.plot` for the query.

        Returns
        -------
        self

        Raises
        ------
        ImportError, ValueError
            As `ReconstructionDisplay.plot`.
        """
        ax = self._start(ax, WIDE)
        x = times(self.time, period)
        outside = np.isnan(self.attention)
        if outside.any():
            ax.plot(
                x[outside], self.mag[outside], ".", color="0.85", label="other windows", zorder=1
            )
        order = np.argsort(self.attention)[: np.count_nonzero(~outside)]  # the strongest on top
        weight = self.attention[order]
        keywords = style(
            "collections.PathCollection",
            scatter_kwargs,
            **{"s": 12 + 80 * weight / weight.max(), "cmap": "viridis_r", "edgecolors": "0.3"},
            **{"linewidths": 0.3, "zorder": 2},
        )
        self.scatter_ = ax.scatter(x[order], self.mag[order], c=weight, **keywords)
        star = {"linestyle": "none", "marker": "*", "markersize": 15, "color": "tab:red"}
        star |= {"markeredgecolor": "white", "zorder": 3, "label": "query"}
        self.query_ = draw_line(ax, x[[self.query]], self.mag[[self.query]], query_kwargs, **star)
        source = "" if self.source is None else f"\n({self.source})"
        self.colorbar_ = self.figure_.colorbar(
            self.scatter_, ax=ax, label=f"attention weight{source}"
        )
        label_light_curve(ax, self.name, period)
        return self


def _position(index: int, count: int, name: str, what: str) -> int:
    """Return an index counted from the first."""
    if not -count <= index < count:
        raise IndexError(f"{name}={index}, but there are {count} {what}")
    return index % count
