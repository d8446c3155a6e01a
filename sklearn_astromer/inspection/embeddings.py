"""A map of embeddings."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array, check_consistent_length, check_random_state

from sklearn_astromer._extras import import_extra
from sklearn_astromer._printable import drawn
from sklearn_astromer.inspection._display import Display, legend, style
from sklearn_astromer.lightcurves.checks import check_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

MARKERS = "os^Dv*Pp"  # classes beyond the colours there are get the next


@dataclass(eq=False, repr=False)
class EmbeddingDisplay(Display):
    """Show embeddings on a plane, coloured by class or by a value.

    Usually made by `from_estimator` or `from_embeddings`.

    Parameters
    ----------
    xy : ndarray of shape (n_objects, 2)
        Where the objects lie.
    y : array-like of shape (n_objects,), optional
        Floats are values, and get a colour bar; anything else is classes. Missing ones are grey.
    axis_names : tuple of two str
    target_name : str, optional
        Of `y`, with its unit; None: that of a Series.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    scatters_ : list of matplotlib PathCollection
        One for each class, or for all values.
    colorbar_ : matplotlib Colorbar or None

    Examples
    --------
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.inspection import EmbeddingDisplay
    >>> curves, labels = make_variable_stars(20, random_state=0)
    >>> embedder = AstromerEmbedder().fit(curves)
    >>> display = EmbeddingDisplay.from_estimator(embedder, curves, labels)
    >>> display.xy.shape, len(display.scatters_)
    ((20, 2), 7)
    """

    xy: NDArray[np.floating[Any]]
    y: ArrayLike | None = None
    _: KW_ONLY
    axis_names: tuple[str, str] = ("first axis", "second axis")
    target_name: str | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        method: Any = "pca",
        random_state: int | np.random.RandomState | None = None,
        target_name: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> EmbeddingDisplay:
        """Embed light curves, and draw their map.

        Parameters
        ----------
        estimator : AstromerEmbedder, or any transformer
            Fitted.
        X : LightCurves or array-like
            What it transforms.
        y, method, random_state, target_name, ax, **kwargs
            See `from_embeddings`.

        Returns
        -------
        EmbeddingDisplay

        Raises
        ------
        ImportError, NotFittedError, TypeError, ValueError
            As `from_embeddings`, and as ``estimator.transform``.
        """
        embeddings = estimator.transform(X)
        if isinstance(embeddings, list):
            raise ValueError("row=None gives no row per object to map: choose its parts")
        check_order(X, y)
        return cls.from_embeddings(
            embeddings,
            y,
            method=method,
            random_state=random_state,
            target_name=target_name,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_embeddings(
        cls,
        embeddings: ArrayLike,
        y: ArrayLike | None = None,
        *,
        method: Any = "pca",
        random_state: int | np.random.RandomState | None = None,
        target_name: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> EmbeddingDisplay:
        """Draw a map of embeddings.

        Parameters
        ----------
        embeddings : array-like of shape (n_objects, n_features)
        y, target_name
            As for `EmbeddingDisplay`.
        method : {"pca", "umap"} or transformer
            How to get to two dimensions. The first two standardise the columns before;
            ``"umap"`` needs ``sklearn_astromer[umap]``. A transformer is cloned, fitted to the
            embeddings as they are, and must give two columns.
        random_state : int, RandomState instance or None
            For ``"pca"`` and ``"umap"``.
        ax, **kwargs
            Of `plot`.

        Returns
        -------
        EmbeddingDisplay

        Raises
        ------
        ImportError
            If Matplotlib, or for ``"umap"`` umap-learn, is not installed.
        TypeError
            If `method` is neither a name nor a transformer.
        ValueError
            If `embeddings` is not a table of finite numbers, `y` does not fit it, or there is no
            such method.
        """
        table = check_array(embeddings, ensure_min_samples=2)
        check_order(embeddings, y)
        if y is not None:
            check_consistent_length(table, y)
        xy, axis_names = _reduce(table, method, random_state)
        display = cls(xy, y, axis_names=axis_names, target_name=target_name)
        return display.plot(ax=ax, **kwargs)

    def plot(
        self, ax: Axes | None = None, *, scatter_kwargs: dict[str, Any] | None = None
    ) -> EmbeddingDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            None: a new figure.
        scatter_kwargs : dict, optional
            Keywords of `matplotlib.axes.Axes.scatter`; ``{"norm": "log"}`` is of use for periods.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        """
        ax = self._start(ax, (7.5, 5.0))
        from matplotlib import rcParams

        self.scatters_: list[PathCollection] = []
        self.colorbar_ = None
        ax.set(xlabel=self.axis_names[0], ylabel=self.axis_names[1])
        if self.y is None:
            self._scatter(np.ones(len(self.xy), dtype=bool), scatter_kwargs)
            return self
        y = np.asarray(self.y)
        title = getattr(self.y, "name", None) if self.target_name is None else self.target_name
        missing = np.asarray(pd.isna(y))
        if missing.any():
            x, y_axis = self.xy[missing].T
            ax.scatter(x, y_axis, s=8, color="0.85", label="unknown")
        if y.dtype.kind == "f":
            self._scatter(~missing, scatter_kwargs, c=y[~missing], cmap="viridis")
            self.colorbar_ = self.figure_.colorbar(
                self.scatters_[0], ax=ax, label=drawn(title or "")
            )
            if missing.any():
                ax.legend()
            return self
        colours = len(rcParams["axes.prop_cycle"])
        codes, classes = pd.factorize(y, sort=True)  # of a missing one, -1
        for i, label in enumerate(map(drawn, classes)):
            marker = MARKERS[i // colours % len(MARKERS)]
            self._scatter(codes == i, scatter_kwargs, color=f"C{i}", marker=marker, label=label)
        legend(
            ax, title=None if title is None else drawn(title), ncols=1 + len(self.scatters_) // 24
        )
        return self

    def _scatter(
        self, which: NDArray[np.bool_], given: dict[str, Any] | None, **defaults: Any
    ) -> None:
        keywords = style("collections.PathCollection", given, s=14, **defaults)
        x, y = self.xy[which].T
        self.scatters_.append(self.ax_.scatter(x, y, **keywords))


def _reduce(
    table: NDArray[Any], method: Any, random_state: Any
) -> tuple[NDArray[Any], tuple[str, str]]:
    """Return the map, and what its axes are."""
    if method == "pca":
        pca = PCA(2, random_state=random_state)
        xy = pca.fit_transform(StandardScaler().fit_transform(table))
        first, second = pca.explained_variance_ratio_
        return xy, (
            f"first principal component ({first:.0%} of the variance)",
            f"second ({second:.0%})",
        )
    if method == "umap":
        umap = import_extra("umap", "umap", "method='umap'")
        seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
        threads = torch.get_num_threads()
        try:
            # one thread, which a seed asks for
            reducer = umap.UMAP(n_components=2, random_state=seed, n_jobs=1)
            xy = reducer.fit_transform(StandardScaler().fit_transform(table))
        finally:
            torch.set_num_threads(threads)  # Numba sets those of all that uses OpenMP
        return xy, ("UMAP 1", "UMAP 2")
    if isinstance(method, str):
        raise ValueError(f"method must be 'pca', 'umap' or a transformer, got {method!r}")
    if not hasattr(method, "fit_transform"):
        raise TypeError(f"method must be 'pca', 'umap' or a transformer, got {method!r}")
    name = type(method).__name__
    xy = np.asarray(clone(method).fit_transform(table))
    if xy.shape != (len(table), 2):
        raise ValueError(
            f"{name} gave an array of shape {xy.shape} for {len(table)} objects: it must give 2 "
            "columns"
        )
    return xy, (f"{name} 1", f"{name} 2")
