"""The rows of one table: their objects and bands, numbers, and which are good."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.flat import as_ids, band_name
from sklearn_astromer.lightcurves.reading import plausible
from sklearn_astromer.lightcurves.reading.columns import DIFFERENCE
from sklearn_astromer.lightcurves.reading.options import MOST_ZERO_POINT, SENTINELS, UPPER_LIMITS
from sklearn_astromer.lightcurves.reading.remarks import DIFFERENCE_MAGNITUDES, id_column
from sklearn_astromer.lightcurves.reading.remedies import Remedy, refusal
from sklearn_astromer.lightcurves.reading.report import Report
from sklearn_astromer.lightcurves.reading.rows import Kind, Rows, Runs, runs_of
from sklearn_astromer.lightcurves.reading.tables import Table
from sklearn_astromer.lightcurves.reading.values import days_of, numbers_of
from sklearn_astromer.lightcurves.surveys.names import is_milli, spelled, zero_point_of
from sklearn_astromer.lightcurves.surveys.survey import Brightness, Survey, first_of

if TYPE_CHECKING:
    from sklearn_astromer.lightcurves.reading.reader import Reader

PERCENT = ("%", "percent", "pct")
MISSING, NO_ZERO_POINT = "without time or brightness", "without a zero point"
NOT_OBSERVED = "not observed in all bands"


class Side:
    """The rows of a table, for each of its brightnesses."""

    def __init__(self, table: Table, survey: Survey, reader: Reader, report: Report) -> None:
        self.table, self.survey, self.reader, self.report = table, survey, reader, report
        self.frame, self.options = table.frame, reader.options
        self.columns = frozenset(table.frame.columns)
        self.ids = self._ids()

    def name(self, row: int) -> Any:
        """Return the object of a row."""
        return self.reader.name(int(self.ids.at(row)))

    def all(self) -> list[Rows]:
        """Return the observations that are good, of each brightness that is there."""
        frame, report = self.frame, self.report
        there = [each for each in self.survey.brightness if self._is_there(each)]
        if not there:
            raise ValueError(f"{self.table.label} has none of the magnitudes of {self.survey.name}")
        report.rows += len(frame) * len(there)
        keep = np.ones(len(frame), dtype=bool)
        for rule in self.survey.bad:
            bad = rule.of(frame)
            report.count(rule.reason, bad & keep, self.name, times=len(there))
            keep &= ~bad
        bands = self._bands()
        return [self._one(each, keep.copy(), bands) for each in there]

    def _is_there(self, brightness: Brightness) -> bool:
        """Whether the columns of a brightness are there; some of them are not enough."""
        columns, label = self.columns, self.table.label
        name = first_of(brightness.flux or brightness.mag or "", columns)
        time = brightness.time or self.survey.time
        lacks_total = name is None and brightness.mag in ("magpsf_corr", "mag_corr")
        unscaled = name and brightness.difference and self.options.difference == "raise"
        if lacks_total:
            raise ValueError(f"{label}: {DIFFERENCE_MAGNITUDES}")
        if unscaled:
            raise refusal(f"{label}: {DIFFERENCE}", Remedy("difference", "scale"))
        if name is not None and first_of(time, columns) is not None:
            return True
        half = sorted(brightness.columns_in(columns))
        if half:
            lacking = brightness.mag or brightness.flux if name is None else time
            raise ValueError(
                f"{label} has the column {half[0]}, but no column {lacking} beside it: give it "
                f"that name, or leave out {', '.join(half)}"
            )
        return False

    def _one(self, brightness: Brightness, kept: NDArray[np.bool_], bands: Runs | None) -> Rows:
        """Return the good observations of one brightness."""
        frame, survey, options = self.frame, self.survey, self.options
        time_column = first_of(brightness.time or survey.time, self.columns) or ""
        column, error, limit = self._value(brightness)
        kind: Kind = "magnitudes"
        rules = [(rule.reason, rule.of(frame)) for rule in brightness.bad]
        if brightness.flux is not None:
            kind = "difference fluxes" if brightness.difference else "fluxes"
        before = self.reader.kind
        if before and kind != before:
            raise ValueError(
                f"{self.table.label} has {kind}, and files before it {before}: read them apart"
            )
        self.reader.kind = kind
        if kind == "fluxes":
            if options.rules.get(SENTINELS, True) is not None:
                rules.append((SENTINELS, plausible.sentinels_of_flux(column, error)))
            zero_point = self._zero_point(brightness)
            unit = 10 ** (-0.4 * zero_point)
            column, error = column * unit, error * unit
            rules.append((NO_ZERO_POINT, np.isnan(np.broadcast_to(zero_point, len(frame)))))
        if survey.exact:
            time, _ = numbers_of(frame[time_column], time_column, self.table.label)
        else:
            time, odd = days_of(self.table, time_column, survey.origin)
            for what in odd:
                self.report.remark(what)
        if bands is None:
            self._remark_blocks(time)
        if kind == "magnitudes" and not survey.exact:
            rules += self._implausible(column, error, limit, kept)
        if brightness.band:  # others are in the same row
            rules += [(NOT_OBSERVED, np.isfinite(time) & np.isnan(column))]
        rules += [(MISSING, ~(np.isfinite(time) & np.isfinite(column)))]
        for reason, bad in rules:
            bad = bad & kept
            if reason in (MISSING, NO_ZERO_POINT) and options.on_invalid == "raise" and bad.any():
                self._refuse_missing(time, column, bad)
            self.report.count(reason, bad, self.name)
            kept &= ~bad
        label = self.reader.bands.number(brightness.band or "")
        side = Runs.one(label, len(frame)) if bands is None else bands
        return Rows.in_runs(self.ids, side, time, column, error).where(kept)

    def _implausible(
        self,
        mag: NDArray[np.float64],
        error: NDArray[np.float64],
        limit: NDArray[np.bool_],
        kept: NDArray[np.bool_],
    ) -> list[tuple[str, NDArray[np.bool_]]]:
        """Return which magnitudes no telescope measured, by reason."""
        rules, found = self.options.rules, []
        if rules.get(UPPER_LIMITS, True) is not None:
            least = rules.get(UPPER_LIMITS, plausible.LIMIT_ERROR)
            least = plausible.LIMIT_ERROR if least is True else least
            limit = limit | ((error >= least) & np.isfinite(error))
            if self.survey.name == "columns" and (error == -1).any():  # no service marks limits so
                limit |= plausible.rare(error == -1, self.ids.at(np.arange(len(error))))
            if self.options.limits == "raise" and (limit & kept).any():
                first = self.name(int(np.argmax(limit & kept)))
                raise refusal(
                    f"object {first!r} has upper limits",
                    Remedy("limits", "drop", "to leave them out"),
                )
            found.append((UPPER_LIMITS, limit))
        if rules.get(SENTINELS, True) is not None:
            found.append((SENTINELS, plausible.sentinels(mag, self.ids.at)))
        return found

    def _remark_blocks(self, time: NDArray[np.float64]) -> None:
        """Say that a file of one object has parts between which times start anew."""
        starts = np.array(self.table.facts.get("blocks", ()), dtype=np.int64)
        starts = starts[starts < len(time)]  # a text in quotes may go over several lines
        one = id_column(self.survey, self.columns) is None and self.survey.id is not False
        if one and len(starts) and (time[starts] < time[starts - 1]).all():
            self.report.remark(
                "times start anew after an empty line, a comment or another header, and may be of "
                "several objects or bands",
                *(len(starts), repr(self.name(0)), Remedy("id", False, "if they are of one")),
            )

    def _refuse_missing(
        self, time: NDArray[np.float64], value: NDArray[np.float64], bad: NDArray[np.bool_]
    ) -> None:
        row = int(np.argmax(bad))
        what, number = ("mag", value[row]) if np.isfinite(time[row]) else ("time", time[row])
        raise refusal(
            f"{self.table.label}: {np.count_nonzero(bad)} observation(s) have a non-finite time or "
            f"magnitude, the first in object {self.name(row)!r} (row {row}: {what} = {number})",
            Remedy("on_invalid", "drop", "to leave them out"),
        )

    def _zero_point(self, brightness: Brightness) -> NDArray[np.float64] | np.float64:
        """Return the magnitude of flux 1, for all rows or of each; NaN: it has none."""
        zero_point: Any = brightness.zero_point
        known = self.table.zero_point(first_of(brightness.flux or "", self.columns) or "")
        if known is not None and "zero_point" not in self.options.columns:
            zero_point = known
        if not isinstance(zero_point, str):
            return np.float64(zero_point)
        points = pd.to_numeric(self.frame[zero_point], errors="coerce").to_numpy(
            np.float64, na_value=np.nan
        )
        none = plausible.known_sentinels(points) | ~(np.abs(points) < MOST_ZERO_POINT)
        zeros = not np.nan_to_num(points).any()  # which count from 0, all of them
        return points if zeros else np.where(none, np.nan, points)

    def _bands(self) -> Runs | None:
        """Return the bands of the rows; None: they have no column."""
        column = first_of(self.survey.band, self.columns) if self.survey.band else None
        if column is None:
            return None
        runs, labels = self._runs(column, "hold one band per row")
        names = [band_name(label) for label in labels.tolist()]
        names = names if self.survey.exact else [name.strip() for name in names]
        known = [self.survey.bands.get(name, name) for name in names]
        if (runs.number < 0).any():
            known.append("")  # which -1 stands for
        return runs._replace(number=self.reader.bands.numbers(known)[runs.number])

    def _ids(self) -> Runs:
        """Return the object of the rows."""
        frame, objects, label = self.frame, self.reader.objects, self.table.label
        column = id_column(self.survey, self.columns)
        if column is None:
            return Runs.one(objects.number(self._name_of_file()), len(frame))
        runs, labels = self._runs(column, "be integers or strings")
        if (runs.number < 0).any():
            runs = self._of_those_above(runs, column)
        names = np.asarray(labels)
        if names.dtype.kind == "f" and (names == names.round()).all():
            if np.abs(names).max(initial=0) >= 2**53:
                raise ValueError(
                    f"{label}: column {column!r} holds floats past 2^53, which have lost digits of "
                    "the ids: pass a table that has them as integers or text"
                )
            names = names.astype(np.int64)
        if names.dtype.kind not in "iuOSU":
            as_ids(names, what=f"column {column!r}")  # says what is wrong with them
        return runs._replace(number=objects.numbers(names.tolist())[runs.number])

    def _of_those_above(self, runs: Runs, column: str) -> Runs:
        """Give limits, which have no brightness, the objects of the rows above them."""
        frame, sides = self.frame, self.survey.brightness
        values = {name for each in sides for name in f"{each.flux or each.mag}".split("|")}
        measured = frame[[*values & self.columns]].notna().any(axis=1)
        named = np.flatnonzero(runs.number >= 0)
        missing = (frame[column].isna() & (measured | (len(named) == 0))).to_numpy()
        if missing.any():
            raise refusal(
                f"{self.table.label}: {int(missing.sum())} row(s) have no {column!r}, the first is "
                f"row {int(np.argmax(missing))}: leave these rows out, or",
                Remedy("id", None, "for another column"),
            )
        above = np.searchsorted(named, np.arange(len(runs.number)), side="right") - 1
        return runs._replace(number=runs.number[named[np.maximum(above, 0)]])

    def _runs(self, column: str, must: str) -> tuple[Runs, Any]:
        """Return the runs of a column, and what their numbers stand for."""
        try:
            return runs_of(self.frame[column])
        except TypeError as error:
            raise TypeError(
                f"{self.table.label}: column {column!r} must {must}: {error}"
            ) from error

    def _name_of_file(self) -> Any:
        table, how = self.table, self.options.id_from
        if callable(how):
            return how(table.file)
        if not table.name:
            return 0
        return Path(table.file).parent.name if how == "parent" else table.name

    def _value(
        self, brightness: Brightness
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return brightness, error, and which are limits."""
        frame, label = self.frame, self.table.label
        name = first_of(brightness.flux or brightness.mag or "", self.columns) or ""
        kind = self.table.facts["kinds"].get(name, "mag")
        if brightness.flux is None and kind != "mag":
            raise refusal(f"{label}: column {name!r} has a unit of {kind}", Remedy("flux", name))
        value, limit = numbers_of(frame[name], name, label)
        error = np.full(len(value), np.nan)
        error_name = first_of(brightness.flux_err or brightness.mag_err or "", self.columns)
        if error_name is not None:
            error, no_error = numbers_of(frame[error_name], error_name, label)
            limit = limit | no_error  # "<" or ">0.3"
        self._refuse_units(name, error_name or "")
        return value, error, limit & ~np.isnan(value)

    def _refuse_units(self, value: str, error: str) -> None:
        """Refuse units that are not converted: mmag, percent, and two of fluxes."""
        label, names = self.table.label, self.table.names
        units = [self.table.unit(name) for name in (value, error)]
        for name, unit in zip((value, error), units, strict=True):
            if is_milli(unit):
                raise ValueError(f"{label}: column {names[name]!r} is in mmag: divide it by 1000")
        if units[1].strip().lower() in PERCENT:
            raise ValueError(
                f"{label}: column {names[error]!r} is in percent: convert it to the unit of "
                f"{names[value]!r}"
            )
        if zero_point_of(units[1]) is not None and spelled(units[0]) != spelled(units[1]):
            raise ValueError(
                f"{label}: columns {names[value]!r} and {names[error]!r} have different units: "
                "convert one of them"
            )
