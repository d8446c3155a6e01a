"""Which columns hold errors of a brightness, by their names or the words of these."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from sklearn_astromer.lightcurves.surveys.names import bare

#: Names of errors of whichever brightness stands beside them, where none has its name.
ERRORS = (
    *("err", "error", "errors", "e", "sigma", "sig", "unc", "uncertainty", "std"),
    *("mag_err", "magerr", "merr", "mag_error", "dmag", "e_mag", "emag", "errmag", "err_mag"),
    *("psfmagerr", "mag_unc", "mag_sigma", "sigma_mag", "sigmag", "magsigma", "magerror"),
)
#: Names of an error, made of the name of its brightness.
ERROR_OF = (
    *("{}_err", "{}err", "{}.err", "{}_error", "{}error", "{}.error", "{} error", "{} err"),
    *("{}_e", "{}_sigma"),
    *("{}sigma", "{}_sig", "{}_unc", "{}unc", "{}_uncertainty", "{}uncertainty", "{}_std"),
    *("e_{}", "e{}", "err_{}", "err{}", "error_{}", "error{}", "d{}", "d_{}", "delta_{}"),
    *("sigma_{}", "sigma{}", "sig_{}", "sig{}", "s_{}", "unc_{}", "u_{}", "u{}"),
)
#: Names of an error beside a flux alone.
FLUX_ERRORS = ("ferr", "f_err", "e_f", "fluxerr", "flux_err", "flux_error")
_WORDS = re.compile(r"[^\W\d_]+|\d+|±|\+/-")
#: Words of errors, of which the long ones may be glued to another word.
_LONG = (
    *("errors", "error", "errs", "err", "uncertainties", "uncertainty", "uncert", "unc", "sigma"),
    *("sig", "stderr", "stddev", "stdev", "std", "rms"),
)
_SHORT = ("e", "er", "sd", "errorbar", "errorbars", "σ", "±", "+/-")
#: Of these, what may as well be of all observations of a star, or of the standard system.
_STATISTIC = re.compile(r"sd|.*(std|stdev|stddev|rms)|(std|rms)(?!err).*")
#: Words of the two kinds of brightness, each in its ways to write it, and words of either.
_SAME = {"magnitude": "mag", "magnitudes": "mag", "mags": "mag", "fluxes": "flux"}
_KINDS, _EITHER = {"mag", "flux"}, {"phot", "photometric", "photometry"}
#: Words that tell one error of a brightness from others.
_ONE_OF_SEVERAL = re.compile(
    r"lo|low|lower|hi|high|up|upper|plus|minus|pos|neg|stat|statistical|sys|syst|systematic|tot|"
    r"total|int|random|rand|cal|calib|raw|corr|inst|meas|obs|ap|aper|psf|auto|\d+|mmag"
)


def errors_of(brightness: str, names: Collection[str]) -> list[str]:
    """Return the columns that may be the error of one: those that have its name, else others.

    Of those that are told by the words of their names alone, there must be no second.
    """
    there = {bare(name): name for name in names if name != brightness}
    first, _, last = bare(brightness).partition("_")
    forms = [form.format(bare(brightness)) for form in ERROR_OF]
    forms += [f"{first}err_{last}", f"{first}_err_{last}"] if last else []  # as SExtractor does
    own = [there[form] for form in forms if form in there]
    others = [there[name] for name in ERRORS if name in there]
    of_flux = FLUX_ERRORS if "flux" in bare(brightness) else ()
    others += [there[name] for name in of_flux if name in there] if not others else []
    by_words = [] if own or others else _by_words(brightness, names)
    return own or others or (by_words if len(by_words) == 1 else [])


def may_be_errors(brightness: str, name: str) -> bool:
    """Whether a column may hold errors of a brightness, by a word of its name beside others."""
    near = {*_words(brightness), *_EITHER, *(_kinds(brightness) or _KINDS)}
    rests = _without_error(name)
    return any(all(w in near or _ONE_OF_SEVERAL.fullmatch(w) for w in rest) for rest in rests)


def is_statistic(name: str) -> bool:
    """Whether a column may hold a number of each star instead of errors, by its name."""
    return any(_STATISTIC.fullmatch(word) for word in _words(name))


def has_word_of_errors(name: str) -> bool:
    """Whether a word of the name of a column is of errors."""
    return bool(_without_error(name))


def _by_words(brightness: str, names: Iterable[str]) -> list[str]:
    """Return the columns whose names are that of a brightness, or none, and a word of errors."""
    own = "".join(_words(brightness))
    rests = {name: {"".join(rest) for rest in _without_error(name)} for name in names}
    named = [name for name, each in rests.items() if own in each and name != brightness]
    of_any = {"", *_EITHER, *_kinds(brightness)}
    # the scatter of a fit or of an image is an rms as well
    return named or [n for n, each in rests.items() if each & of_any and "rms" not in _words(n)]


def _kinds(brightness: str) -> set[str]:
    """Return which kinds of brightness the name of one says."""
    return {kind for kind in _KINDS if kind in brightness}


def _words(name: str) -> list[str]:
    """Return the words of the name of a column, without its unit."""
    return [_SAME.get(word, word) for word in _WORDS.findall(bare(name).lower())]


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
