"""What a survey's tables look like: the vocabulary of the registry."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_list_like

from sklearn_astromer.lightcurves.surveys.names import EPOCHS

MJD, JD, HJD_2450000 = 0.0, -2_400_000.5, 49_999.5
#: Days to add to times to get MJD.
ORIGINS = {
    **{"MJD": MJD, "JD": JD, "HJD-2450000": HJD_2450000},
    **{"Gaia": 55_197.0, "BKJD": EPOCHS["bkjd"], "BTJD": EPOCHS["btjd"]},
}
TESTS: dict[str, Callable[[pd.Series, Any], Any]] = {
    "==": lambda x, value: x == value,
    "!=": lambda x, value: x != value,
    ">=": lambda x, value: x >= value,
    ">": lambda x, value: x > value,
    "<": lambda x, value: x < value,
    "in": lambda x, value: x.isin(value),
    "missing": lambda x, value: x.isna(),
    "not in": lambda x, value: ~x.isin(value) & x.notna(),
    "is not": lambda x, value: ~_is(x, value),
}
TRUE = ("true", "t", "1", "1.0", "y", "yes", "<", ">")
FALSE = ("false", "f", "0", "0.0", "n", "no", "-1", "", "nan", "none", "<na>", "=", "-")
#: Words of columns that tell limits, without signs between them, and of detections.
LIMITS = (
    *("upper", "upperlimit", "upperlim", "uplim", "ul", "u", "limit", "lim", "fainterthan"),
    *("nondet", "nondetection", "nondetected", "notdetected", "undetected", "undet", "<", ">"),
)
#: Of these, those that are no names of bands or of other things.
SIGNS = tuple(word for word in LIMITS if len(word) > 1 or word in "<>")
DETECTIONS = ("det", "detect", "detected", "detection", "d")
FLAGS = "flags"


@dataclass(frozen=True)
class Bad:
    """Rows to leave out: those whose `column` ("a|b" for either) passes a test.

    ``test`` is a key of `TESTS`, or ``"true"`` or ``"false"`` for flags in any spelling (True, 1,
    "t", "true"); with the value `FLAGS`, only if the column holds nothing but flags. A column that
    is not there leaves out nothing. ``"is not"`` leaves out all but a value, or several.
    """

    reason: str
    column: str
    test: str
    value: Any = None

    def is_called(self, name: str) -> bool:
        """Whether a user means this rule: by its reason, what stands before ":" or its column."""
        own = self.reason.lower()
        return name.lower() in (own, own.partition(":")[0], *self.column.split("|"))

    def unknown(self, frame: pd.DataFrame) -> list[str]:
        """Return the words of a column of flags that are none."""
        return self._flags(frame[self.column])[1]

    def _flags(self, column: pd.Series) -> tuple[pd.Series, list[str]]:
        words = (LIMITS, DETECTIONS) if self.value is FLAGS else ((), ())
        return _truth(column, *(words if self.test == "true" else words[::-1]))

    def of(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which rows to leave out."""
        name = first_of(self.column, frame.columns)
        if name is None:
            return np.zeros(len(frame), dtype=bool)
        column = frame[name]
        if self.test in ("true", "false"):
            truth, unknown = self._flags(column)
            if self.value is FLAGS and unknown:
                return np.zeros(len(frame), dtype=bool)
            found = truth if self.test == "true" else ~truth & column.notna()
        else:
            if self.test in (">=", ">", "<"):
                column = pd.to_numeric(column, errors="coerce")
            try:
                found = TESTS[self.test](column, self.value)
            except TypeError as error:
                raise TypeError(
                    f"the rule {self.reason!r} cannot compare column {name!r} with {self.value!r}"
                ) from error
        return found.fillna(False).to_numpy(dtype=bool)


@dataclass(frozen=True)
class Brightness:
    """Columns of one brightness: magnitudes, or fluxes with a zero point.

    Attributes
    ----------
    mag, mag_err, flux, flux_err : str, optional
        Columns, in lower case.
    zero_point : float or str
        AB magnitude of flux 1, or the column that tells it.
    difference : bool
        Whether the flux is that of a difference image.
    time : str, optional
        The column of its own time.
    band : str, optional
        Name of its band, where the bands stand side by side in columns.
    bad : tuple of Bad
        Rows of this brightness to leave out.
    """

    mag: str | None = None
    mag_err: str | None = None
    flux: str | None = None
    flux_err: str | None = None
    zero_point: float | str = 0.0
    difference: bool = False
    time: str | None = None
    band: str | None = None
    bad: tuple[Bad, ...] = ()

    def columns_in(self, columns: Any) -> set[str]:
        """Return which of its columns a table has."""
        named = (self.mag, self.mag_err, self.flux, self.flux_err, self.time, self.zero_point)
        found = {first_of(name, columns) for name in named if isinstance(name, str)}
        return {name for name in found if name is not None}


@dataclass(frozen=True)
class Survey:
    """How the tables of a service are recognised and read.

    Column names are in lower case, and compared so.

    Attributes
    ----------
    name : str
        What ``survey=`` takes.
    title : str
        The service and its product.
    needs : tuple of str
        Columns that together tell the survey; ``"a|b"`` stands for either.
    id : str or False
        Column of the object, ``"a|b"`` for whichever is there; "" where a file is an object,
        and False if it is one though a column could name objects.
    time : str
        Column of the time.
    brightness : tuple of Brightness
        One, or one for each band.
    origin : float
        Added to the time to get MJD.
    band : str
        Column of the band.
    bands : dict
        Names of its values, as text.
    bad : tuple of Bad
        Rows to leave out with ``quality=True``.
    lacks : tuple of str
        Columns of other surveys that this one does not have.
    prepare : callable, optional
        Makes the columns above of those in the file.
    exact : bool
        Whether all rows are light curves as they are: no sentinels, no limits, no other epoch.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    time: str
    brightness: tuple[Brightness, ...]
    id: str | bool = ""
    origin: float = MJD
    band: str = ""
    bands: dict[str, str] = field(default_factory=dict)
    bad: tuple[Bad, ...] = ()
    lacks: tuple[str, ...] = ()
    prepare: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    exact: bool = False

    def rules(self) -> list[Bad]:
        """Return all rules about bad rows."""
        return [*self.bad, *(rule for each in self.brightness for rule in each.bad)]

    def quality_columns(self) -> set[str]:
        """Return the columns that flag bad rows."""
        flags = [rule.column for rule in self.rules() if rule.test != "missing"]
        return {name for column in flags for name in column.split("|")}

    def columns(self) -> set[str]:
        """Return all columns whose values are looked at, of those that a table may have."""
        sides = (getattr(each, f.name) for each in self.brightness for f in fields(each))
        rules = (rule.column for rule in self.rules())
        return _alternatives(self.id, self.time, self.band, *sides, *rules)

    def lacking(self, columns: Set[str]) -> list[str]:
        """Return which of the columns that tell this survey a table does not have."""
        return [each for each in self.needs if not self.found(columns, each)]

    def fits(self, columns: Set[str]) -> bool:
        """Whether a table has the columns that tell this survey."""
        return not self.lacking(columns) and not (set(self.lacks) & columns)

    def can_lack(self, need: str) -> bool:
        """Whether times and brightnesses are the same without a column that tells this survey."""
        own = _alternatives(need)
        read = [each for b in self.brightness for each in (b.time, b.mag, b.flux, b.zero_point)]
        prepared = self.prepare is not None and not self.columns() & own
        return not (own & _alternatives(self.time, *read) or prepared)

    def found(self, columns: Set[str], *needs: str) -> set[str]:
        """Return which columns of this survey (or of some of its needs) a table has."""
        return {one for each in needs or self.needs for one in each.split("|")} & columns


def _alternatives(*names: Any) -> set[str]:
    """Return all columns of the names "a|b"; what is no text is none."""
    return {one for name in names if isinstance(name, str) for one in name.split("|")}


def _is(column: pd.Series, value: Any) -> pd.Series:
    """Return which cells are a value, or one of several: as text, where 1, 1.0 and True are one."""
    both = (column, pd.Series([*value] if is_list_like(value) else [value], dtype=object))
    texts = (each.astype(object).astype(str).str.strip().str.lower() for each in both)
    cells, wanted = (t.str.removesuffix(".0").replace({"true": "1", "false": "0"}) for t in texts)
    return cells.isin(wanted)


def _truth(
    column: pd.Series, true: tuple[str, ...] = (), false: tuple[str, ...] = ()
) -> tuple[pd.Series, list[str]]:
    """Return which flags are set, in any spelling, and the words that are no flags."""
    if column.dtype == bool:
        return column, []
    words = column.astype(object).where(column.notna(), "nan").astype(str).str.strip().str.lower()
    kinds = {word: _is_true(word, true, false) for word in words.unique()}
    truth = words.map({word: kind is True for word, kind in kinds.items()}).astype(bool)
    return truth, [word for word, kind in kinds.items() if kind is None]


def _is_true(word: str, true: tuple[str, ...], false: tuple[str, ...]) -> bool | None:
    """Return what a word says; None: it says neither."""
    if word in FALSE or _word(word) in false:
        return False
    return True if word in TRUE or _word(word) in true else None


def says_limits(column: pd.Series) -> bool:
    """Whether a column of any name says which rows are limits: by "<" and "", or in words."""
    known = {*SIGNS, *DETECTIONS, "", "=", "-"}
    for some in (column.iloc[:1000], column):  # a look at a part of what is something else is quick
        words = {_word(str(each)) for each in some.dropna()}
        if not words <= known:
            return False
    return bool(words & set(SIGNS))


def _word(text: str) -> str:
    """Return a word without case and signs."""
    text = text.strip().lower()
    return "".join(text.replace("-", " ").replace("_", " ").split()) or text


def column_name(name: Any) -> str:
    """Return a column's name in lower case, without the "i:" that Fink writes before it."""
    return str(name).strip().lower().removeprefix("i:")


def first_of(names: str, columns: Any) -> str | None:
    """Return the first of the names "a|b|c" that is there."""
    return next((name for name in names.split("|") if name and name in columns), None)
