"""Stars observed in several bands: light curves grouped by the star."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._printable import escape, printable
from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.lightcurves.container import ByName, LightCurves, chosen
from sklearn_astromer.lightcurves.drawing import draw
from sklearn_astromer.lightcurves.exports import place_of
from sklearn_astromer.lightcurves.flat import offsets_of
from sklearn_astromer.lightcurves.reading.aligned import read_nested
from sklearn_astromer.lightcurves.reading.lists import is_nested
from sklearn_astromer.lightcurves.reading.options import Options

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 3  # stars in a notebook


class Stars:
    """Light curves in several bands, a star an item: `X` where labels are of stars.

    Indexable like an array, so that scikit-learn's splitters and searches take it. An int gives the
    `LightCurves` of one star, one row per band; a slice, a boolean or an integer array, new
    `Stars`. ``LightCurves.read(file).stars()`` makes them of a file.

    Parameters
    ----------
    curves : LightCurves
        A row per star and band, in any order; rows of one id are one star. Without bands, each row
        is a star.

    Attributes
    ----------
    curves : LightCurves
        The rows, star after star.
    ids : ndarray of shape (n_stars,)
        In the order in which the stars first appear.
    offsets : ndarray of shape (n_stars + 1,), int64
        Star `i` owns the rows ``offsets[i]:offsets[i + 1]``.
    shape : tuple, ``(n_stars,)``

    Raises
    ------
    TypeError
        If `curves` is no `LightCurves`.
    ValueError
        If a star has two rows in one band.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer import LightCurves, Stars
    >>> curve = np.array([[1.0, 15.2], [3.0, 15.4]])
    >>> curves = LightCurves.from_arrays([curve] * 3, ids=[7, 8, 7], band=["g", "g", "r"])
    >>> stars = Stars(curves)
    >>> stars
    Stars(2 stars, bands g, r)
    >>> stars[0]
    LightCurves(4 observations of 2 objects, 2 to 2 each, band g, r)
    >>> labels = {7: "RRAB", 8: "EA"}
    >>> [labels[star] for star in stars.ids.tolist()]
    ['RRAB', 'EA']
    """

    def __init__(self, curves: LightCurves) -> None:
        if not isinstance(curves, LightCurves):
            raise TypeError(
                f"Stars are made of LightCurves, a row per star and band, got "
                f"{type(curves).__name__}: see LightCurves.from_… and LightCurves.concatenate"
            )
        star = np.arange(len(curves))
        warn_of_single_bands(curves)
        if curves.band is not None:
            star = pd.factorize(curves.ids)[0]
            repeated = pd.DataFrame({"star": star, "band": curves.band}).duplicated().to_numpy()
            if repeated.any():
                i = int(np.argmax(repeated))
                raise ValueError(
                    f"star {curves.ids[i].item()!r} has two light curves in band "
                    f"{str(curves.band[i])!r}: merge them, or give each its own id"
                )
        order = np.argsort(star, kind="stable")
        self.offsets = offsets_of(np.bincount(star))
        self.curves: LightCurves = curves if np.all(order[1:] > order[:-1]) else curves[order]
        self.ids: NDArray[Any] = self.curves.ids[self.offsets[:-1]]

    @classmethod
    def _made(cls, curves: LightCurves, ids: NDArray[Any], lengths: NDArray[np.int64]) -> Stars:
        """Wrap rows that stand star after star; a star may have none."""
        self = cls.__new__(cls)
        self.curves, self.ids, self.offsets = curves, ids, offsets_of(lengths)
        return self

    @property
    def shape(self) -> tuple[int]:
        """``(n_stars,)``."""
        return (len(self.ids),)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[LightCurves]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        bands = printable(", ".join(np.unique(self.band)))
        return f"Stars({len(self)} stars, bands {bands})" if len(self) else "Stars(0)"

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            "Stars are ragged and not an array: MultiBandEmbedder and VariabilityFeatures(bands) "
            "take them, and make rows for others; the light curves of all bands are .curves"
        )

    @property
    def loc(self) -> ByName:
        """Stars by their ids: ``loc["star-7"]`` is the `LightCurves` of one, ``loc[ids]`` `Stars`.

        An id that is not there is a KeyError.
        """
        return ByName(self)

    def plot(
        self,
        key: Any = 0,
        *,
        period: float | str | None = None,
        epoch: float | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Axes:
        """Draw the light curves of one star, each band in its colour.

        Parameters
        ----------
        key : int or str
            Which star: its position, or its id; a number that is no position is an id.
        period, epoch, ax, **kwargs
            As of `LightCurves.plot`; the best period is of all bands together.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ImportError, IndexError, KeyError, ValueError
            As `LightCurves.plot`.
        """
        return draw(self[place_of(self.ids, None, key)], period, epoch, ax, **kwargs)

    def _repr_html_(self) -> str:
        """Return the view in a notebook: of how many stars each band has, and the first stars."""
        bands, counts = np.unique(self.band, return_counts=True)
        facts = [
            (f"band {escape(str(b))}", f"{n:,} stars") for b, n in zip(bands, counts, strict=True)
        ]
        for star in self[:SHOWN]:
            each = zip(star.band, star.lengths, strict=True)
            lengths = [f"{escape(str(b))} {n}" for b, n in each]
            facts.append((escape(str(star.ids[0])), f"observations: {', '.join(lengths)}"))
        body = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in facts)
        return f"<table><caption>{len(self):,} Stars</caption>{body}</table>"

    @property
    def band(self) -> NDArray[Any]:
        """Band of each row of `curves`, "" where there are none."""
        return np.full(len(self.curves), "") if self.curves.band is None else self.curves.band

    @property
    def star(self) -> NDArray[np.int64]:
        """Star of each row of `curves`: its position."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def __getitem__(self, key: Any) -> Any:
        key = chosen(self, key, "star")
        if isinstance(key, int):
            return self.curves[self.offsets[key] : self.offsets[key + 1]]
        index = np.arange(len(self))[key]
        lengths = np.diff(self.offsets)[index]
        starts = offsets_of(lengths)
        rows = np.arange(starts[-1]) + np.repeat(self.offsets[index] - starts[:-1], lengths)
        return self._made(self.curves[rows], self.ids[index], lengths)


def warn_of_single_bands(curves: LightCurves, otherwise: str = "") -> None:
    """Warn if there are several bands, and each id has only one: ids may be of light curves.

    `otherwise` says what comes of it.
    """
    bands = () if curves.band is None else np.unique(curves.band)
    if len(bands) > 1 and len(np.unique(curves.ids)) == len(curves):
        warn(
            f"there are {len(bands)} bands, and every id has only one of them: if ids name light "
            "curves and not stars (as oid of ZTF does), give the bands of a star one id, for "
            f"example by a cross-match of positions{otherwise}"
        )


def check_bands(bands: Any) -> None:
    """Raise ValueError unless `bands` is a list of different bands."""
    names = np.asarray(bands, dtype=object)
    if (
        names.ndim != 1  # a str, a number, a set or a dict is of no dimension
        or len(names) == 0
        or any(not isinstance(name, (str, Integral)) or isinstance(name, bool) for name in names)
    ):
        raise ValueError(f"bands must be a list of bands, such as ['g', 'r'], got {bands!r}")
    if len(set(map(str, names))) < len(names):
        raise ValueError(f"bands has one twice: {names.tolist()}")


def read_stars(X: Any, read: Callable[[Any], LightCurves]) -> Stars:
    """Return what an estimator of stars was given as `Stars`; `read` reads light curves."""
    if is_nested(X):
        return _stars_of_nested(X)
    curves = read(X.curves if isinstance(X, Stars) else X)
    return X if isinstance(X, Stars) else Stars(curves)


def rows_in(
    stars: Stars, bands: Sequence[str], *, whole: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which rows of `stars.curves` are in some bands, and the place of the band of each.

    If `whole`, a band in which there is no row is a ValueError.
    """
    names = [*map(str, bands)]
    place = pd.Index(names).get_indexer(pd.Index(stars.band))
    row = np.flatnonzero(place >= 0)
    absent = sorted(set(range(len(names))) - set(place[row].tolist()))
    if whole and absent:
        raise ValueError(
            f"there is no band {names[absent[0]]!r} in X: it has "
            f"{', '.join(map(repr, np.unique(stars.band).tolist())) or 'none'}"
        )
    alone = np.setdiff1d(np.arange(len(stars)), stars.star[row])
    if len(alone) and not whole:  # of what is fitted, rows follow
        there = ", ".join(map(repr, np.unique(stars.band).tolist())) or "none"
        warn(
            f"{len(alone)} of {len(stars)} stars have none of the bands "
            f"{', '.join(map(repr, names))}, so that nothing is known of them, the first is "
            f"{stars.ids[alone[0]].item()!r}: X has {there}"
        )
    return row, place[row]


def _stars_of_nested(column: Any) -> Stars:
    """Take the bands of a nested column apart; a star may have none of them."""
    flat, report, names = read_nested(column, Options())
    if flat.band is None and len(flat.ids):
        raise ValueError("no field of the nested column was recognised as the band")
    flat = flat.take(np.argsort(flat.ids, kind="stable"))
    curves = LightCurves._told(flat._replace(ids=names[flat.ids]), report)
    return Stars._made(curves, names, np.bincount(flat.ids, minlength=len(names)))
