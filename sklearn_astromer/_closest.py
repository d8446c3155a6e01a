"""Names that somebody misspelled."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: object, names: Iterable[str], told: Iterable[str] | None = None) -> str:
    """Return what a message says of a name that is not there: the one meant, else all there are.

    Parameters
    ----------
    word : object
        What was given.
    names : iterable of str
        What could have been given, in any case.
    told : iterable of str, optional
        What is listed where none is meant, if not `names`.

    Returns
    -------
    str

    Examples
    --------
    >>> from sklearn_astromer._closest import closest
    >>> closest("zft", ["atlas", "ztf"])
    "did you mean 'ztf'?"
    >>> closest("ZTF", ["atlas", "ztf"])
    "did you mean 'ztf'?"
    >>> closest("kepler", ["atlas", "ztf"])
    'the names are atlas, ztf'
    """
    names = list(names)
    lower = {name.lower(): name for name in reversed(names)}
    near = get_close_matches(str(word).lower(), lower, n=1)
    if near:
        return f"did you mean {lower[near[0]]!r}?"
    return f"the names are {', '.join(names if told is None else told)}"
