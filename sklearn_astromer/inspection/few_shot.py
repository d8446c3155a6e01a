"""How many labelled objects a model needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed

from sklearn_astromer._printable import drawn
from sklearn_astromer.inspection._display import Display, draw_line, legend, style
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.checks import check_order
from sklearn_astromer.training.validation import split_stars

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(eq=False, repr=False)
class FewShotDisplay(Display):
    """Show the score of classifiers against the number of training objects per class.

    Usually made by `from_estimator` or `from_estimators`. Models that read other things than light
    curves (features, embeddings kept) go onto the same axes with a second display,
    ``ax=first.ax_``; equal `y`, `groups` and integer `random_state` give equal splits.

    Parameters
    ----------
    sizes : ndarray of shape (n_sizes,)
        Training objects per class.
    scores : dict of str to ndarray of shape (n_sizes, n_repeats)
        Test scores of each model.
    score_name : str

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        One for each model.
    bands_ : list of matplotlib FillBetweenPolyCollection
        Mean ± one standard deviation over the repeats.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.inspection import FewShotDisplay
    >>> curves, labels = make_variable_stars(60, classes=["MIRA", "CONST"], random_state=0)
    >>> rows = AstromerEmbedder().fit_transform(curves)
    >>> display = FewShotDisplay.from_estimator(
    ...     RandomForestClassifier(20, random_state=0), rows, labels, sizes=[2, 5], n_repeats=3,
    ...     groups=curves.ids, random_state=0)
    >>> display.scores["RandomForestClassifier"].shape
    (2, 3)
    """

    sizes: NDArray[np.int64]
    scores: Mapping[str, NDArray[np.float64]]
    _: KW_ONLY
    score_name: str = "score"

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: ArrayLike, *, name: str | None = None, **kwargs: Any
    ) -> FewShotDisplay:
        """Score one classifier; see `from_estimators`.

        Parameters
        ----------
        estimator : classifier
        X, y
            See `from_estimators`.
        name : str, optional
            For the legend; None: the name of its class.
        **kwargs
            Of `from_estimators`.

        Returns
        -------
        FewShotDisplay

        Raises
        ------
        ImportError, TypeError, ValueError
            As `from_estimators`.
        """
        return cls.from_estimators({name or type(estimator).__name__: estimator}, X, y, **kwargs)

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, Any],
        X: Any,
        y: ArrayLike,
        *,
        sizes: Sequence[int] = (5, 10, 20, 50, 100),
        n_repeats: int = 5,
        test_size: float = 0.5,
        groups: ArrayLike | None = None,
        scoring: Any = "f1_macro",
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> FewShotDisplay:
        """Train classifiers on few objects of each class, score them on others, and draw it.

        In each repeat, the share `test_size` of the objects of each class is put aside, and the
        first ones of the others, in a random order, are for training; so a larger training set
        holds the smaller ones. All models see the same splits.

        Parameters
        ----------
        estimators : dict of str to classifier
            Names for the legend, and models; they are cloned.
        X : LightCurves or array-like
            What they read.
        y : array-like of shape (n_objects,)
            Classes.
        sizes : sequence of int
            Training objects per class.
        n_repeats : int
            Splits.
        test_size : float
            In (0, 1).
        groups : array-like of shape (n_objects,), optional
            Rows of one star in several bands have the same, and are never divided between training
            and test: they count as one object. None: the ids of `LightCurves`, or every row is a
            star of its own.
        scoring : str or callable
            As in scikit-learn.
        random_state : int, RandomState instance or None
            For the splits.
        n_jobs : int, optional
            Fits at the same time.
        ax, **kwargs
            Of `plot`.

        Returns
        -------
        FewShotDisplay

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        TypeError
            If `estimators` is not a dict.
        ValueError
            If y is not one class per object, a star has two classes, a class has too few stars, or
            a parameter is out of range.
        """
        if not isinstance(estimators, Mapping):
            raise TypeError(
                f"estimators must be a dict of names to models, got {type(estimators).__name__}: "
                "for a single one there is from_estimator"
            )
        if not estimators:
            raise ValueError("there is no model in estimators")
        labels = column_or_1d(y)
        check_classification_targets(labels)
        check_consistent_length(X, labels)
        check_order(X, y)
        if groups is None:
            groups = X.ids if isinstance(X, LightCurves) else np.arange(len(labels))
        stars = column_or_1d(groups)
        check_consistent_length(labels, stars)
        order = np.unique(np.asarray(sizes, dtype=np.int64))
        if len(order) == 0 or order[0] < 1 or n_repeats < 1:
            raise ValueError(
                f"sizes and n_repeats must be positive, got sizes={sizes}, n_repeats={n_repeats}"
            )
        splits = list(_splits(labels, stars, order, n_repeats, test_size, random_state))
        found = Parallel(n_jobs=n_jobs)(
            delayed(_score)(clone(model), X, labels, train, test, scoring)
            for model in estimators.values()
            for train, test in splits
        )
        scores = np.array(found).reshape(len(estimators), n_repeats, -1).transpose(0, 2, 1)
        by_name = dict(zip(estimators, scores, strict=True))
        display = cls(order, by_name, score_name=_name(scoring))
        return display.plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        line_kwargs: dict[str, Any] | None = None,
        band_kwargs: dict[str, Any] | None = None,
    ) -> FewShotDisplay:
        """Draw the mean over the repeats, and one standard deviation about it.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            None: a new figure.
        line_kwargs : dict, optional
            Keywords of `matplotlib.axes.Axes.plot`, for all models.
        band_kwargs : dict, optional
            Keywords of `matplotlib.axes.Axes.fill_between`, for all models.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        """
        ax = self._start(ax, (7.5, 4.5))
        from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

        self.lines_, self.bands_ = [], []
        for name, scores in self.scores.items():
            mean, std = scores.mean(axis=1), scores.std(axis=1)
            look = {"marker": "o", "markersize": 4, "label": drawn(name)}
            line = draw_line(ax, self.sizes, mean, line_kwargs, **look)
            self.lines_.append(line)
            band = {"facecolor": line.get_color(), "alpha": 0.2, "linewidth": 0}
            keywords = style("collections.PolyCollection", band_kwargs, **band)
            self.bands_.append(ax.fill_between(self.sizes, mean - std, mean + std, **keywords))
        ax.set(
            xscale="log",
            xlabel="training objects per class",
            ylabel=f"{self.score_name} (mean ± std of {scores.shape[1]} splits)",
        )
        ax.xaxis.set_major_locator(FixedLocator(list(self.sizes)))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(ScalarFormatter())
        legend(ax)
        return self


def _splits(
    labels: NDArray[Any],
    groups: NDArray[Any],
    sizes: NDArray[np.int64],
    n_repeats: int,
    test_size: float,
    random_state: Any,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield rows for training and test, each size in turn in each repeat."""
    classes, codes = np.unique(labels, return_inverse=True)
    ids, first, star = np.unique(groups, return_index=True, return_inverse=True)
    divided = codes != codes[first][star]
    if divided.any():
        raise ValueError(f"object {str(groups[np.argmax(divided)])!r} has rows of several classes")
    if not 0 < test_size < 1:
        raise ValueError(f"test_size must be in (0, 1), got {test_size}")
    rng = check_random_state(random_state)
    for _ in range(n_repeats):
        seed = rng.randint(np.iinfo(np.int32).max)
        in_test = split_stars(groups, test_size, seed, codes)
        left = rng.permutation(np.flatnonzero(~in_test[first]))  # stars
        rank = np.zeros(len(ids), dtype=np.int64)  # within its class
        for code, label in enumerate(classes):
            members = left[codes[first][left] == code]
            if len(members) < sizes[-1]:
                raise ValueError(
                    f"{sizes[-1]} training objects per class were asked for, but class "
                    f"{str(label)!r} has {len(members)} beside those for the test: ask for fewer "
                    "(sizes=), or lower test_size"
                )
            rank[members] = np.arange(len(members))
        for size in sizes:
            train = ~in_test & (rank[star] < size)
            yield np.flatnonzero(train), np.flatnonzero(in_test)


def _score(
    model: Any,
    X: Any,
    labels: NDArray[Any],
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    scoring: Any,
) -> float:
    model.fit(_safe_indexing(X, train), labels[train])
    return float(check_scoring(model, scoring)(model, _safe_indexing(X, test), labels[test]))


def _name(scoring: Any) -> str:
    """Return the name of a score for the axis."""
    if scoring == "f1_macro":
        return "macro-F1"
    if isinstance(scoring, str):
        return scoring.replace("_", " ")
    return str(getattr(scoring, "__name__", "score"))
