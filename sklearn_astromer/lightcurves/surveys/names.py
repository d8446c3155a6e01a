"""The names of columns that are recognised in any table, whatever their case."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

#: By part of a light curve: names of ZTF, Rubin, Gaia, OGLE, SNANA and of people's own tables, as
#: `joined` has them, here and below; but "magpsf" is the name of differences.
ALIASES: dict[str, tuple[str, ...]] = {
    "id": (
        *("objectid", "oid", "diaobjectid", "id", "snid", "sourceid", "starid", "objid"),
        *("targetid", "ticid", "kepid", "keplerid", "epicid", "gaiaid", "asassnid", "kicid"),
        *("lcid", "curveid", "lightcurveid"),
    ),
    "time": (
        *("mjd", "hmjd", "midpointmjdtai", "time", "t", "jd", "bjd", "hjd", "btjd", "bkjd", "tbjd"),
        *("rjd", "rhjd", "bjdtdb", "bjdutc", "jdutc", "jdtdb", "mjdutc", "mjdtdb", "mjdtai"),
        *("hjdutc", "obsmjd", "mjdobs", "obstime", "date", "datetime", "tmid", "dateobs"),
    ),
    "mag": ("mag", "psfmag", "magnitude", "mags", "magnitudes", "mag_psf"),
    "flux": ("flux", "fluxes", "relflux", "relativeflux", "normflux", "normalizedflux"),
    "band": (
        *("band", "filter", "fid", "filtercode", "passband", "filterid", "filtername"),
        *("bandpass", "filt", "flt", "filters"),
    ),
}
#: Columns that name objects if a table has one value in them, or times start anew with each.
NAMES_OF_STARS = (
    *("name", "star", "target", "object", "obj", "source", "starname", "event", "objectname"),
    *("objname", "targetname", "sourcename", "variable", "lcname"),
    *("tic", "kic", "epic", "hd", "hip", "tyc", "koi", "toi", "gcvs"),
)
#: Of these, what may as well name observers, or where observations are from.
NAMES_OF_OTHERS = ("name", "source")
#: Words of names of columns that name an object, as in "variable_id", "ID_star" and "2MASS".
_NAMING = re.compile(
    r"(.+_)?(id|ident|identifier|name|designation|2mass|twomass|tmass)(_.+)?|"
    r"(star|src|source|obj|object|target|var|variable|lc|curve|gaia|ztf|ogle|asassn)_?id"
)
#: Words beside those of `_NAMING` with which they surely name objects, and numbers of catalogs.
_OF_STARS = re.compile(
    r"star|src|source|obj|object|target|targ|var|variable|lc|curve|light|lightcurve|dia|sn|"
    r"supernova|transient|qso|quasar|agn|galaxy|cepheid|mira|binary|planet|host|main|iau|"
    r"gaia|ztf|ogle|asas|asassn|tic|kic|epic|koi|toi|kepler|keplerid|tess|k2|2mass|twomass|tmass|"
    r"sdss|lsst|rubin|ps1|panstarrs|atlas|css|crts|catalina|macho|eros|vvv|virac|wise|allwise|"
    r"neowise|wasp|superwasp|kelt|hat|nsvs|linear|hip|hipparcos|tyc|tycho|hd|gcvs|vsx|aavso|simbad|"
    r"tns|usno|ucac|apass|ptf|des|alerce|antares|lasair|corot|ngts|"
    r"(dr|r|v)?\d+[a-z]?|num|number|no|code|unique|my|short|full|common|other|internal"
)
#: Words of names of columns that name something else: who observed, by what, when, and how.
_OF_OTHER_THINGS = re.compile(
    r"(.*_)?(observer|author|user|obs(ervatory)?|observation|site|station|tel(escope)?|inst(rument)?|"
    r"cam(era)?|ccd|chip|det(ector)?|amp|quadrant|rc|f|filter|band|passband|filt|night|visit|exp|"
    r"exposure|frame|image|img|scan|transit|orbit|sector|quarter|cycle|season|campaign|epoch|"
    r"program|proposal|survey|catalog|file|row|det|detection|cadence|cadenceno|seq|run|ref|"
    r"reference|bibcode|paper|method|mode|system|magsys|zpsys|unit|type|class|grade|remark|comment|"
    r"note|notes|status|flag|flags|qual|quality|mask|nobs|n|count|airmass|seeing|exptime|texp)s?"
    r"(_?(id|name|number|no|num|code))?"
)
#: Words of names of bands, in some languages; not of how many there are, or of flags.
_BAND = re.compile(
    r"(?!(n|num|number|no|is|in|qual|quality|flag)_)(.*_)?"
    r"((pass|phot|wave)?bands?|banda|bandpass|filter|filt|filtre|filtro|filtr)s?"
    r"(_?(id|name|code|label|number|num|no|used))?"
)
#: Names of the time of day, where a date stands beside it.
CLOCKS = (
    *("time", "t", "ut", "utc", "ut1", "hms", "hhmmss", "hour", "hours", "clock", "timeofday"),
    *("tod", "obstime", "timeobs", "uttime", "utctime", "timeut", "timeutc", "utstart"),
    *("utcstart", "starttime", "timestart", "utmid", "uthour", "uthours", "localtime"),
)
#: Names of the magnitude of flux 1, a row each, as sncosmo and SNANA have them.
ZERO_POINT_NAMES = (
    *("zp", "zpt", "zeropt", "zeropoint", "zpab", "abzp", "zptab", "magzp", "magzpt"),
    *("magzeropoint", "zpmag", "fluxzp", "zpflux", "fluxzeropoint"),
)
#: Flags of upper limits, and of detections, which are none; without signs between their words.
_LIMITS = re.compile(
    r"(is|flag)?(nond(et(ect(ion|ed)?)?)?|(un|not)det(ect(ed)?)?|(upper|up|u|mag)?lim(it)?|ul|upper|"
    r"fainter(than)?|censored)s?(flag|bool)?"
)
_DETECTED = re.compile(r"(is|flag)?det(ect(ion|ed)?)?(flag|bool)?")
#: Words of names of columns that say which rows are good or bad.
_QUALITY = re.compile(
    r"(.+)?flags?|qual(ity)?|good|bad|mask(ed)?|reject(ed)?|valid|outliers?|excluded?|discard(ed)?|"
    r"usable|accept(ed)?|saturated|discrepant|qc|dq"
)
#: Words of names of columns of text that may tell limits by signs or words.
_SIGNS = re.compile(r"(.*_)?(flag|sign|qualifier|type|status|limit|lim|[<>=]+)(_.*)?")
#: The flag of limits that VizieR puts beside a brightness: "<" or ">".
LIMIT_OF = "l_{}"

#: Days to add to times that are counted from an epoch of their own, to get MJD.
EPOCHS = {"btjd": 56_999.5, "tbjd": 56_999.5, "bkjd": 54_832.5, "rjd": -0.5, "rhjd": -0.5}
#: AB magnitudes of flux 1, by its unit as `_spelled` writes it.
ZERO_POINTS = {
    **{"jy": 8.9, "mjy": 16.4, "ujy": 23.9, "njy": 31.4, "mgy": 0.0, "nmgy": 22.5},
    **dict.fromkeys(("erg/s/cm2/hz", "erg/cm2/s/hz"), -48.6),
    **dict.fromkeys(("ergs-1cm-2hz-1", "ergcm-2s-1hz-1"), -48.6),
}
_SPELLINGS = {
    **{" ": "", "^": "", "*": "", "μ": "u", "µ": "u", "micro": "u", "milli": "m", "nano": "n"},
    **{"jansky": "jy", "maggies": "mgy", "maggy": "mgy"},
}
#: Names of the column that tells the unit of the one brightness of a table.
UNIT_NAMES = ("unit", "units")
#: A word of a name, or a sign that is one: "+/-" anywhere, and "<", "+" and others at the end.
_WORD = re.compile(r"[^\W_]+|\+/-|±|(?<![<>=+-])[<>=+-]+$")
# No two parts of these expressions take the same text, which would take long for long names.
_UNIT = re.compile(r"[\[(]([^\[(\])]*)[\])]$")
_JD_OF_MJD_0 = 2_400_000.5
_SCALE = r"(?:tdb|utc|tai|tt|tcb)"
_DAYS = r"(?: ?[\[(] ?(?:days?|d) ?[\])])?"
_NUMBER = r"\d{4,7}(?:\.\d*)?|\d\d?(?:\.\d+)?e\+?[56]"
_OFFSET = re.compile(
    rf"(?P<system>m?(?:hm|b|h|t)?jd(?:[_ ]?{_SCALE}| ?[\[(]{_SCALE}[\])])?|time|t|date)"
    rf"{_DAYS} ?[\[(]? ?[-−–+_]? ?(?P<number>{_NUMBER}) ?\+? ?[\])]?(?: ?,? ?days?)?{_DAYS}"
    rf"|(?P<alone>{_NUMBER}) ?\+(?: ?[bht]?jd)?"
)
#: Ways to write what `_OFFSET` takes, and what it is called there.
_SPELLED_OUT = (
    (re.compile(r"\b([bhm]?)\.?j\.d\."), r"\1jd"),
    (re.compile(r"julian[ _]?(date|day)s?"), "jd"),
    (re.compile(r"(helio|bary)centric[ _]?(m?)jd"), r"\2bjd"),
    (re.compile(r"modified[ _]?(b?)jd"), r"m\1jd"),
    (re.compile(r"(helio|bary)centric[ _]?mjd"), "mbjd"),
    (re.compile(r"(?<=\d)[ ,_'](?=\d{3}(?!\d))"), ""),
)
#: The year from which days are counted in "MJD2000" and "days since J2000".
J2000 = 2000.0
#: Signs of a number that is left out of times.
_LEFT_OUT = re.compile(
    r"(jd[-−–_ ]?|since j)2000(?!\d)|"
    r"[-−–+] ?(\d{4}|\d+(\.\d+)?(e\+?\d| ?[x*×] ?10))|\d{4}(\.\d*)? ?\+"
)
#: Units of time other than days, as words of a name, and those that are units in brackets alone.
_UNITS = (
    r"(?:milli|micro|nano)?(?:s|secs?|seconds?)|[mnuµμ]s|[mu]secs?|mins|minutes?|hrs?|hours?|weeks?|"
    r"months?|[kmg]?yrs?|(?:jul|bessel)ian[_ ]years?|[dbj]?(?:ec|ecimal)?[_ ]?years?|decyrs?|"
    r"decades?|century|centuries|unix|unixtime|epoch_s|jy"
)
_NO_DAYS = re.compile(
    rf"(?:.*[_\s(\[])?(?:{_UNITS})[)\]]?|unix.*|"
    r".*[(\[]\s*(?:min|m|h|a|cy|ks|kd|wk|mon|mo)\s*[)\]]"
)
#: Ways to call Julian Dates, joined: with what they are of before or after.
_DATES = re.compile(
    r"(time|epoch|mid|obs|tai|utc?|tdb|tt)?(m|b|h|hm|bm|mb|mh)?jd"
    r"(time|mid|obs|tai|utc?|tdb|tt|hel)?|m?h?jed"
)
#: Words of names of Julian Dates, all digits of which are there by their name.
_JULIAN = {"jd", "bjd", "hjd"}


def offset_of(name: str) -> float | None:
    """Return what to add to times of a column to get MJD, if its name or unit says so.

    ``"HJD-2450000"``, ``"BJD - 2457000, days"`` and ``"BTJD"`` do.
    """
    if name.lower() in EPOCHS:
        return EPOCHS[name.lower()]
    found = _OFFSET.fullmatch(_spelled_shortly(name))
    if found is None:  # "time [BJD-2454833]"
        inside = _UNIT.search(name)
        return None if inside is None else offset_of(inside[1].strip())
    number = float(found["number"] or found["alone"])
    if number == J2000:  # "MJD2000": days since the year, which is no number of days
        return None
    if (found["system"] or "").startswith(("m", "hm")):
        return number
    if number < 100_000:  # "HJD-50000": what all Julian Dates share is left away too
        number += 2_400_000
    return number - _JD_OF_MJD_0 if number > 1_000_000 else None


def lacks_number(name: str) -> bool:
    """Whether a number is left out of times, by the name of their column or its unit."""
    return _LEFT_OUT.search(_spelled_shortly(name)) is not None


@functools.lru_cache(2**12)
def _spelled_shortly(name: str) -> str:
    """Return the name of a column of times with Julian Dates and numbers as `_OFFSET` has them."""
    name = " ".join(name.lower().split())
    for pattern, short in _SPELLED_OUT:
        name = pattern.sub(short, name)
    return name


def bare(name: str) -> str:
    """Return the name of a column without a unit in brackets at its end."""
    found = _UNIT.search(name)
    return name[: found.start()].rstrip() if found else name


@functools.lru_cache(2**12)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of the name of a column in lower case, without its unit."""
    return tuple(_WORD.findall(bare(name).lower()))


def plain(name: str) -> str:
    """Return the name of a column without a unit, and with _ between its words."""
    return "_".join(words_of(name))


def joined(name: str) -> str:
    """Return the words of the name of a column with nothing between them."""
    return "".join(words_of(name))


def names_stars(name: str) -> bool:
    """Whether a column names objects by its name, if its values do not object."""
    if joined(name) in NAMES_OF_STARS:
        return joined(name) not in NAMES_OF_OTHERS
    if not could_name_stars(name):
        return False
    return all(_OF_STARS.fullmatch(word) or _NAMING.fullmatch(word) for word in words_of(name))


def could_name_stars(name: str) -> bool:
    """Whether a column, in lower case, names objects or other things by its name."""
    return _NAMING.fullmatch(plain(name)) is not None and not names_others(name)


def by_sureness(name: str) -> int:
    """Return a key that sorts columns, in lower case, by how surely they name objects."""
    if joined(name) in NAMES_OF_STARS:
        return 2 if joined(name) in NAMES_OF_OTHERS else 0
    return 1 if names_stars(name) else 2 if could_name_stars(name) else 3


def may_name_stars(name: str) -> bool:
    """Whether a column, in lower case, may name objects by its name, surely or not."""
    return by_sureness(name) < 3


def names_others(name: str) -> bool:
    """Whether a column, in lower case, is by its name about observations, not about objects."""
    return _OF_OTHER_THINGS.fullmatch(plain(name)) is not None


def tells_limits(name: str) -> bool:
    """Whether a column, in lower case, flags upper limits by its name."""
    return _LIMITS.fullmatch(joined(name)) is not None


def tells_detections(name: str) -> bool:
    """Whether a column, in lower case, flags detections by its name."""
    return _DETECTED.fullmatch(joined(name)) is not None


def tells_quality(name: str) -> bool:
    """Whether a column says by its name which rows are good or bad."""
    return any(_QUALITY.fullmatch(word) for word in words_of(name))


def may_tell_limits(name: str) -> bool:
    """Whether a column, in lower case, flags upper limits by its name, or may by its values."""
    tells = tells_limits(name) or tells_detections(name)
    return tells or _SIGNS.fullmatch(plain(name)) is not None


def bands_by_words(names: Iterable[str]) -> list[str]:
    """Return the columns, in lower case, that tell bands by a word of their names."""
    return [name for name in names if _BAND.fullmatch(plain(name))]


def zero_points(names: Iterable[str]) -> list[str]:
    """Return the columns, in lower case, that tell the magnitude of flux 1."""
    return [name for name in names if joined(name) in ZERO_POINT_NAMES]


def unit_of(name: str) -> str:
    """Return the unit in brackets at the end of the name of a column, in lower case, or ""."""
    found = _UNIT.search(name)
    return found[1].strip().lower() if found else ""


def zero_point_of(unit: str) -> float | None:
    """Return the magnitude of flux 1 in a unit that tells it; None: it does not."""
    return None if unit.startswith("MJ") else ZERO_POINTS.get(spelled(unit))


def spelled(unit: str) -> str:
    """Return a unit of flux in one of the ways in which it may be written."""
    unit = unit.lower()
    for long, short in _SPELLINGS.items():
        unit = unit.replace(long, short)
    return unit


def unit_for(name: str) -> str:
    """Return the column whose unit one of this name, in lower case, tells in each row; or ""."""
    found = re.fullmatch(r"(.+?)[_ .-]?units?|units?[_ .-](?:of[_ .-])?(.+)", name)
    return found[1] or found[2] if found else ""


def is_milli(unit: str) -> bool:
    """Whether a unit is thousandths of magnitudes."""
    return spelled(unit) in ("mmag", "mmags")


def in_no_days(name: str) -> bool:
    """Whether the name of a column of times says that they are no days."""
    return _NO_DAYS.fullmatch(name.lower()) is not None


def is_julian(name: str) -> bool:
    """Whether the name of a column of times, in lower case, or its unit, is of Julian Dates."""
    return bool(_JULIAN & {*words_of(_spelled_shortly(name)), *words_of(unit_of(name))})


def clocks(names: Iterable[str]) -> list[str]:
    """Return the columns, in lower case, that may hold times of day, by their names."""
    return [name for name in names if joined(name) in CLOCKS]


def is_dated(name: str) -> bool:
    """Whether a column of times, in lower case, is of dates by its name."""
    words = words_of(_spelled_shortly(name))  # of which "Julian Date" is none
    return any(word.startswith("date") or word.endswith("date") for word in words)


def candidates(part: str, names: Iterable[str]) -> list[str]:
    """Return the columns, in lower case, whose names are those of a part."""
    known, timed = {*ALIASES[part]}, part == "time"
    return [
        name for name in names if {joined(name), plain(name)} & known or (timed and _is_time(name))
    ]


def _is_time(name: str) -> bool:
    """Whether a column has times by a number in its name, or is called Julian Date some way."""
    short = joined(_spelled_shortly(name))
    return offset_of(name) is not None or _DATES.fullmatch(short) is not None


def by_preference(part: str, names: Iterable[str]) -> list[str]:
    """Return the `candidates`, those first that are first among the names of a part."""
    order = {alias: place for place, alias in enumerate(ALIASES[part])}
    return sorted(candidates(part, names), key=lambda name: order.get(joined(name), len(order)))
