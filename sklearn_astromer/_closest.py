"""Names that somebody misspelled."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: object, names: Iterable[str]) -> str:
    """Return what a message says of a name that is not there: the one meant, else all there are.

    Parameters
    ----------
    word : object
        What was given.
    names : iterable of str
        What could have been given.

    Returns
    -------
    str

    Examples
    --------
    >>> from sklearn_astromer._closest import closest
    >>> closest("zft", ["atlas", "ztf"])
    "did you mean 'ztf'?"
    >>> closest("kepler", ["atlas", "ztf"])
    'the names are atlas, ztf'
    """
    names = list(names)
    near = get_close_matches(str(word), names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"the names are {', '.join(names)}"
