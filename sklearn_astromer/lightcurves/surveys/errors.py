"""Which columns hold errors of a brightness, by the words of their names."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection

from sklearn_astromer.lightcurves.surveys.names import ALIASES, words_of

#: Words of errors, of which the long ones may be glued to another word.
_LONG = (
    *("errors", "error", "errs", "err", "uncertainties", "uncertainty", "uncert", "unc", "sigma"),
    *("sig", "stderr", "stddev", "stdev", "std", "rms"),
)
_SHORT = ("e", "er", "sd", "errorbar", "errorbars", "σ", "±", "+/-")
#: What stands before the name of a brightness, as in "dmag" and "s_V", and alone says nothing.
_BEFORE = ("d", "e", "s", "delta")
#: Of the words, what may as well be of all observations of a star, or of the standard system.
_STATISTIC = re.compile(r"sd|.*(std|stdev|stddev|rms)|(std|rms)(?!err).*")
_SAME = {"magnitude": "mag", "magnitudes": "mag", "mags": "mag", "fluxes": "flux"}
#: What errors of any brightness are called after, beside its usual names.
_ANY = {"", "phot", "photometric", "photometry"}
#: Words that tell one error of a brightness from others.
_ONE_OF_SEVERAL = re.compile(
    r"lo|low|lower|hi|high|up|upper|plus|minus|pos|neg|stat|statistical|sys|syst|systematic|tot|"
    r"total|int|random|rand|cal|calib|raw|corr|inst|meas|obs|ap|aper|psf|auto|\d+|mmag|[+-]+"
)


def errors_of(brightness: str, kind: str, names: Collection[str]) -> list[str]:
    """Return the columns that hold the errors of a brightness by their names; several: any may.

    Its ``kind`` is "mag" or "flux". Errors come before what may be a statistic of a star, and what
    has the name of the brightness before what has that of any of its kind, or none. An error with
    the name of another column is of that.
    """
    own = "".join(_words(brightness))
    usual = {*_ANY, kind[0], *("".join(_words(alias)) for alias in ALIASES[kind])}
    usual -= {"".join(_words(name)) for name in names} - {own}
    ranks: dict[tuple[bool, bool], list[str]] = {}
    for name in names:
        words = _words(name)
        rests = {"".join(rest) for rest in _without_error(name)}
        named = own in rests or "".join(words) in [before + own for before in _BEFORE]
        general = bool(rests & usual) or "".join(words) in (f"d{kind}", f"e{kind}")
        # the scatter of a fit or of an image is an rms as well
        if name != brightness and (named or (general and "rms" not in words)):
            ranks.setdefault((is_statistic(name), not named), []).append(name)
    return ranks[min(ranks)] if ranks else []


def names_errors(name: str) -> bool:
    """Whether a column holds errors of any brightness by its name."""
    return any(errors_of(kind, kind, [name]) for kind in ("mag", "flux"))


def may_be_errors(brightness: str, kind: str, name: str) -> bool:
    """Whether a column may hold errors of a brightness, by a word of its name beside others."""
    if "".join(_words(name)) in [before + kind[0] for before in _BEFORE]:  # "dm"
        return True
    near = {*_words(brightness), *_ANY, kind}
    rests = _without_error(name)
    return any(all(w in near or _ONE_OF_SEVERAL.fullmatch(w) for w in rest) for rest in rests)


def is_statistic(name: str) -> bool:
    """Whether a column may hold a number of each star instead of errors, by its name."""
    return any(_STATISTIC.fullmatch(word) for word in _words(name))


def _words(name: str) -> list[str]:
    """Return the words of the name of a column, each kind of brightness in one spelling."""
    return [_SAME.get(word, word) for word in words_of(name)]


@functools.lru_cache(2**12)
def _without_error(name: str) -> list[list[str]]:
    """Return the words of a name without one of errors, in all ways to leave one out."""
    words = _words(name)
    if "std" in words and {"err", "error", "dev"} & set(words):  # two words of one error
        words = ["" if word == "dev" else word for word in words if word != "std" or "dev" in words]
    rests = []
    for i, word in enumerate(words):
        left = [""] if word in _LONG + _SHORT else []
        left += [word.removeprefix(each) for each in _LONG if word.startswith(each)]
        left += [word.removesuffix(each) for each in _LONG if word.endswith(each)]
        for rest in dict.fromkeys(left):
            rests.append([w for w in (*words[:i], _SAME.get(rest, rest), *words[i + 1 :]) if w])
    return rests
