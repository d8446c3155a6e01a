"""Columns of any kind into numbers: magnitudes, fluxes, and times as MJD."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.surveys.survey import HJD_2450000, JD, MJD

LEAST_JD = 2_400_000.0
MOST_SHORT_JD = 20_000.0
MJD_ZERO = pd.Timestamp("1858-11-17", tz="UTC")


def numbers_of(
    column: pd.Series, name: str, label: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return numbers, and which are limits, as ">16.52"."""
    limit = np.zeros(len(column), dtype=bool)
    if column.dtype.kind in "iuf":
        return column.to_numpy(dtype=np.float64, na_value=np.nan), limit
    text = column.astype(object).where(column.notna(), "nan").astype(str).str.strip()
    limit = text.str.startswith((">", "<")).to_numpy(dtype=bool)
    text = text.str.lstrip("<>").replace(dict.fromkeys(["", "null", "None", "--", "na"], "nan"))
    numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.isnan(numbers) & (text.str.lower() != "nan").to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(f"{label}: column {name!r} has {text.iloc[row]!r} in row {row}, no number")
    return numbers, limit


def days_of(frame: pd.DataFrame, name: str, origin: float, label: str) -> NDArray[np.float64]:
    """Return times as MJD."""
    column = frame[name]
    dated = isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M"
    if not dated and column.dtype.kind not in "iufb":
        try:
            numbers, _ = numbers_of(column, name, label)
        except ValueError:
            dated = True
    else:
        numbers = np.empty(0) if dated else column.to_numpy(dtype=np.float64, na_value=np.nan)
    if dated:
        try:
            dates = pd.to_datetime(
                column,
                utc=True,
                format=None
                if column.dtype.kind == "M" or isinstance(column.dtype, pd.DatetimeTZDtype)
                else "ISO8601",
            )
        except (ValueError, TypeError) as error:
            why = str(error).partition(". You")[0]
            raise ValueError(
                f"{label}: column {name!r} holds no times: days, or dates as ISO 8601 ({why})"
            ) from error
        days: NDArray[np.float64] = np.asarray(
            (dates - MJD_ZERO) / pd.Timedelta(days=1), dtype=float
        )
        return days
    if name in frame.attrs.get("dates", ()):
        return numbers
    finite = np.isfinite(numbers)
    least = numbers.min(initial=np.inf, where=finite)
    most = numbers.max(initial=-np.inf, where=finite)
    if least > most:
        return numbers
    if np.isnan(origin):
        origin = MJD
        if least > LEAST_JD:
            origin = JD
        elif name in ("jd", "hjd", "bjd") and most < MOST_SHORT_JD:
            origin = HJD_2450000
    elif origin == JD and most < MOST_SHORT_JD:
        origin = HJD_2450000  # the digits that all share were left away
    elif origin == JD and most < LEAST_JD:
        origin = MJD
    elif origin != JD and least > LEAST_JD:
        origin = JD
    return numbers if origin == MJD else numbers + origin
