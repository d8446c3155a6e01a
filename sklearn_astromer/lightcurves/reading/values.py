"""Columns of any kind into numbers: magnitudes, fluxes, and times as MJD."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_list_like

from sklearn_astromer.lightcurves.reading.lines import AS_TEXT, LIST
from sklearn_astromer.lightcurves.reading.remedies import Remedy, refusal
from sklearn_astromer.lightcurves.reading.tables import Table
from sklearn_astromer.lightcurves.surveys.names import (
    bare,
    clocks,
    in_no_days,
    is_dated,
    is_julian,
    lacks_number,
    offset_of,
)
from sklearn_astromer.lightcurves.surveys.survey import HJD_2450000, JD, MJD

LEAST_JD = 2_400_000.0
MOST_SHORT_JD = 20_000.0
#: The year 2100.
LAST_MJD = 88_069.0
# Past these a time is neither an MJD nor a Julian Date in days.
MOST_MJD, MOST_JD = 1_000_000.0, 2_600_000.0
#: Rounding that ruins a light curve, and that is worth a word, in days.
RUINED, ROUNDED = 1 / 24, 1 / 1440
#: Columns of times tell the same instants if they differ by less: a barycentric correction.
SAME_INSTANT = 0.01
#: A date without a time of day, which may be of the evening, differs from an instant by less.
ONE_DAY = 1.5
#: Fewer times may be multiples of a quarter of a day by chance.
FEWEST_QUARTERS = 4
MJD_ZERO = pd.Timestamp("1858-11-17", tz="UTC")
MISSING = (
    *("", "null", "none", "--", "---", "----", "-", "–", "na", "n/a", "n.a.", "*", "masked"),
    # the last three of AAVSO, of MySQL, and of the alerts of Gaia
    *("<na>", "indef", "undef", "nd", r"\n", "untrusted"),
)
#: What Fortran writes for a number that its field is too narrow for.
TOO_WIDE = r"\*{2,}"
#: Of decimal years.
YEARS = (1800.0, 2200.0)
#: Digits of a date or of a time of day, as 050131 and 003000, and a time of day.
DIGITS, CLOCK = r"0\d{3,}(\.\d*)?", r"\d{1,2}:\d\d(:\d\d(\.\d*)?)?"
#: The exponent of double precision in Fortran: 0.5D-03.
FORTRAN = r"(?<=[\d.])[dD](?=[-+]?\d)"


def numbers_of(
    column: pd.Series, name: str, label: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return numbers, and which are limits, as ">16.52" and "<"."""
    limit = np.zeros(len(column), dtype=bool)
    dtype: Any = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        return column.to_numpy(dtype=np.float64, copy=True), limit
    if dtype.kind in "iuf":
        return column.to_numpy(dtype=np.float64, na_value=np.nan, copy=True), limit
    text = column.astype(object).where(column.notna(), "nan").astype(str).str.strip()
    limit = text.str.startswith((">", "<")).to_numpy(dtype=bool)
    text = text.str.lstrip("<>").str.strip()
    missing = text.str.lower().isin(MISSING) | text.str.fullmatch(TOO_WIDE)
    text = text.where(~missing, "nan").str.replace("−", "-")  # which R, TeX and the web write
    text = text.str.replace(FORTRAN, "e", regex=True)
    numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.isnan(numbers) & (text.str.lower() != "nan").to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        cell = text.iloc[row]
        why = f"but {AS_TEXT}" if LIST.fullmatch(cell) else "no number"
        raise ValueError(f"{label}: column {name!r} has {cell!r} in row {row}, {why}")
    return numbers, limit


def days_of(table: Table, name: str, origin: float) -> tuple[NDArray[np.float64], list[str]]:
    """Return times as MJD, and what is odd about them."""
    days, odd = _days_of(table, name, origin)
    _refuse_parted(table, name, days)
    return days, odd


def _days_of(table: Table, name: str, origin: float) -> tuple[NDArray[np.float64], list[str]]:
    column, label = table.frame[name], table.label
    if column.dtype.kind == "M":
        return _of_dates(column, name, label, ""), []
    try:
        numbers, _ = numbers_of(column, name, label)
    except ValueError as error:
        return _of_dates(column, name, label, str(error)), []
    kind = table.facts["kinds"].get(name, "time")
    if kind == "date":
        return numbers, []
    if kind != "time":
        raise ValueError(f"{label}: column {name!r} has a unit of {kind}: no times in days")
    unit = table.unit(name)
    called = f"{bare(name)} [{unit}]" if unit else name
    told = (offset_of(unit), table.facts["origins"].get(name), offset_of(name))
    said = next((each for each in told if each is not None), None)
    if in_no_days(name) or in_no_days(called):
        raise refusal(
            f"{label}: by its name or unit, column {called!r} is not in days, as times are: "
            "convert it (a day has 24 hours, 86400 seconds)",
            Remedy("time", None, "for a column of days"),
        )
    finite = np.isfinite(numbers)
    least = float(numbers.min(initial=np.inf, where=finite))
    most = float(numbers.max(initial=-np.inf, where=finite))
    if least > most:
        return numbers, []
    if said is None:
        _refuse_calendar(column, numbers[finite], least, most, name, label)
    shift, contradicts = _shift(least, most, called, origin, said)
    if said is None and not shift and lacks_number(called):
        raise refusal(
            f"{label}: by its name, a number is left out of the times of column {called!r}, and it "
            "is not known which: add it, and call the column jd or mjd",
            Remedy("time", None, "for another column"),
        )
    if max(abs(least + shift), abs(most + shift)) > MOST_MJD:
        raise refusal(
            f"{label}: the times of column {name!r} run from {least:.10g} to {most:.10g}: they "
            "are not in days, or two kinds of time are mixed. Convert them to days",
            Remedy("time", None, "for another column"),
        )
    rounding = _rounding(column, name, label)
    odd = {
        f"times of column {name!r} are multiples of a quarter of a day, as Julian Dates are that "
        "have lost digits": shift == JD and _are_quarters(numbers[finite]),
        f"times are in {column.dtype}, which rounds them to {rounding * 1440:.2g} minutes": rounding
        > ROUNDED,
        f"times of column {name!r} are in the range of MJD, whatever its name says, and are taken "
        "for MJD": contradicts,
        f"times of column {name!r} lack digits of Julian Dates, and are taken for JD − 2450000": (
            shift == HJD_2450000 and said is None and bool(np.isnan(origin))
        ),
    }
    return numbers + shift if shift else numbers, [what for what, is_so in odd.items() if is_so]


def _are_quarters(days: NDArray[np.float64]) -> bool:
    """Whether all are what float32 has of Julian Dates, and of several times of day."""
    if len(days) < FEWEST_QUARTERS or (days[:FEWEST_QUARTERS] * 4 % 1).any():
        return False
    parts = days % 1
    return not (parts * 4 % 1).any() and bool((parts != parts[0]).any())


def _refuse_calendar(
    column: pd.Series,
    numbers: NDArray[np.float64],
    least: float,
    most: float,
    name: str,
    label: str,
) -> None:
    """Refuse numbers that are digits of dates, or decimal years, and no days."""
    dated = is_dated(name)
    years = dated and YEARS[0] <= least and most < YEARS[1]
    late = (dated and most > LAST_MJD) or (bool(clocks([name])) and least > LAST_MJD)
    late = late and most <= LEAST_JD
    zeros = column.dtype.kind not in "iuf" and bool(_texts(column).str.fullmatch(DIGITS).any())
    digits = dated and most - least > 31 and _are_digits(np.unique(numbers))
    if years or late or zeros or digits:
        what = "decimal years" if years else "digits of dates or of times of day, as YYMMDD"
        raise refusal(
            f"{label}: the times of column {name!r} run from {least:.10g} to {most:.10g}, and "
            f"seem to be {what}: convert them to MJD, or to dates as 2005-01-31"
            + (", or call the column 'time', if it is in days" if years or digits else ""),
            Remedy("time", None, "for another column"),
        )


def _are_digits(days: NDArray[np.float64]) -> bool:
    """Whether all are YYMMDD, as no days of several months are by chance."""
    month, day = days // 100 % 100, days % 100
    could_be = (month >= 1) & (month <= 12) & (day >= 1) & (day < 32)
    return len(days) > 4 and bool(could_be.all())


def _refuse_parted(table: Table, name: str, days: NDArray[np.float64]) -> None:
    """Refuse dates without a time of day, where another column holds that."""
    found = [each for each in clocks(table.frame.columns) if each != name]
    parts = days[np.isfinite(days)] % 1 if found else days[:0]
    if not len(parts) or (parts != parts[0]).any():
        return
    dated = table.frame[name].dtype.kind not in "iuf"
    for other in found:
        hours = dated or other not in ("t", "time")  # which may be days of another origin
        if is_clock(table.frame[other], hours):
            raise refusal(
                f"{table.label}: column {table.names.get(name, name)!r} holds whole days, and "
                f"column {table.names.get(other, other)!r} seems to hold the time of day: join "
                "them in one column, as 2020-01-31T06:30:00, or leave the second out, or",
                Remedy("time", None, "for another column"),
            )


def of_same_instants(table: Table, found: list[str]) -> str | None:
    """Return the first of columns that tell the same instants, whole dates last; None: they differ.

    Dates that are no times by themselves, as digits or without their times of day, tell nothing.
    """
    days: dict[str, Any] = {}
    for name in found:
        try:
            days[name] = days_of(table, name, np.nan)[0]
        except ValueError:
            if not is_dated(name) or clocks(found):  # or the other may be its time of day
                return None
    whole = [n for n in days if is_dated(n) and not (days[n][np.isfinite(days[n])] % 1).any()]
    in_order = sorted(days, key=whole.__contains__)
    for n in in_order[1:]:
        first = in_order[0]
        within = ONE_DAY if n in whole and first not in whole else SAME_INSTANT
        if not np.allclose(days[first], days[n], rtol=0, atol=within, equal_nan=True):
            return None
    return in_order[0] if in_order else None


def is_clock(column: pd.Series, hours: bool = False) -> bool:
    """Whether a column that is called so holds times of day: 06:30:00, or hours from 0 to 24."""
    if column.dtype.kind in "iuf":
        return hours and bool(column.between(0, 24).all() and column.nunique() > 1)
    texts = _texts(column)
    return len(texts) > 0 and bool(texts.str.fullmatch(CLOCK).all())


def _texts(column: pd.Series) -> pd.Series:
    """Return what is not missing, as text."""
    return column.dropna().astype(str).str.strip()


def _not_of_dates(column: pd.Series) -> bool:
    """Whether texts, not all of which are numbers or dates, seem to be meant as numbers."""
    texts = _texts(column)
    others = texts[pd.to_numeric(texts, errors="coerce").isna()]
    dates = pd.to_datetime(others, utc=True, format="ISO8601", errors="coerce")
    some, half = len(texts) > len(others), len(texts) >= 2 * len(others)
    return half or (some and bool(dates.isna().any())) or bool(others.str.fullmatch(LIST).any())


def _of_dates(column: pd.Series, name: str, label: str, wrong: str) -> NDArray[np.float64]:
    """Return dates as MJD; `wrong` says which is no number."""
    exact = column.dtype.kind == "M"
    try:
        if column.dtype == object and any(isinstance(value, Real) for value in column.dropna()):
            raise ValueError("numbers and dates are mixed")
        if column.dtype == object and (lists := column[column.map(is_list_like)]).size:
            raise ValueError(f"{lists.iloc[0]} in row {lists.index[0]} is a list")
        dates = pd.to_datetime(column, utc=True, format=None if exact else "ISO8601")
        return np.asarray((dates - MJD_ZERO) / pd.Timedelta(days=1), dtype=float)
    except (ValueError, TypeError, OverflowError) as error:
        why = str(error).partition(". You")[0]
        clock = ", and times of day alone: join them with their dates" if is_clock(column) else ""
        what = f"{label}: column {name!r} holds no times: days, or dates as ISO 8601 ({why}){clock}"
        if wrong and "mixed" not in why and _not_of_dates(column):
            what = wrong
        raise refusal(what, Remedy("time", None, "for another column")) from error


def _shift(
    least: float, most: float, name: str, origin: float, said: float | None
) -> tuple[float, bool]:
    """Return what to add to times to get MJD, and whether that is not what is said of them."""
    if least > LEAST_JD and most < MOST_JD:
        return JD, False
    if said is None:
        said = origin
        if np.isnan(origin):
            said = JD if is_julian(name) else MJD
    if said == JD and most < MOST_SHORT_JD:  # without the digits that all Julian Dates share
        return HJD_2450000, False
    contradicts = said == JD or (least >= MOST_SHORT_JD and most + said > LAST_MJD)
    return (MJD, said != MJD) if contradicts else (said, False)


def _rounding(column: pd.Series, name: str, label: str) -> float:
    """Return the step of times in short floats, in days; refuse one that leaves no light curve."""
    if str(column.dtype).lower() not in ("float32", "float16", "float[pyarrow]"):
        return 0.0
    largest = column.abs().max()
    kind = np.float16 if str(column.dtype).lower() == "float16" else np.float32
    step = float(np.spacing(kind(largest))) if pd.notna(largest) else 0.0
    if step >= RUINED:
        raise refusal(
            f"{label}: column {name!r} is in {column.dtype}, which rounds times near "
            f"{largest:.0f} to {step * 24:.3g} hours, and what is lost cannot be had back: save "
            "it in float64",
            Remedy("time", None, "for another column"),
        )
    return step
