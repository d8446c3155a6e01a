"""From any source to flat columns, whole or in pieces: recognise, convert, leave out, group."""

from __future__ import annotations

from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._progress import progress_bar
from sklearn_astromer.lightcurves.checks import check_flat
from sklearn_astromer.lightcurves.flat import Flat, as_ids, band_name
from sklearn_astromer.lightcurves.flux import AB_JANSKY
from sklearn_astromer.lightcurves.reading import plausible
from sklearn_astromer.lightcurves.reading.columns import (
    DIFFERENCE,
    SENTINELS,
    TWICE,
    UPPER_LIMITS,
    Options,
    describe,
    id_column,
    remark,
    survey_of,
)
from sklearn_astromer.lightcurves.reading.remedies import Remedy, refusal
from sklearn_astromer.lightcurves.reading.report import OTHER_BANDS, Report
from sklearn_astromer.lightcurves.reading.rows import (
    Kind,
    Labels,
    Rows,
    Runs,
    grouped,
    remark_odd,
    runs_of,
)
from sklearn_astromer.lightcurves.reading.tables import Table, paths_of, stem, tables_of
from sklearn_astromer.lightcurves.reading.values import ROUNDED, days_of, numbers_of
from sklearn_astromer.lightcurves.surveys.survey import Brightness, Survey, first_of

#: A catalog is read at once up to so many observations, and beyond in pieces.
PIECE = 2**20
MISSING = "without time or brightness"


def read(source: Any, options: Options, names: NDArray[Any] | None = None) -> tuple[Flat, Report]:
    """Read a source whole; see `LightCurves.read`."""
    reader = Reader(source, options, names)
    (flat,) = reader.pieces()
    return flat, reader.report


class Reader:
    """Reads a source, whole or in pieces that end where objects end.

    Parameters
    ----------
    source : see `LightCurves.read`
    options : Options
    names : ndarray, optional
        What messages call objects whose ids are places in it.

    Attributes
    ----------
    report : Report
        What was found so far.
    """

    def __init__(self, source: Any, options: Options, names: NDArray[Any] | None = None) -> None:
        options.check()
        self.options = options
        self.report = Report()
        self._names = names
        self._sources = paths_of(source)
        if self._sources is None:
            tables = isinstance(source, list) and source and isinstance(source[0], Table)
            self._sources = source if tables else [source]
        self._objects, self._bands = Labels(), Labels()
        self._kind: Kind | None = None
        self._exact = False
        self._columns: set[str] = set()
        self._wanted = ""
        self._stems: dict[str, str] = {}
        self._done = np.zeros(0, dtype=bool)

    def pieces(self, most: int | None = None) -> Iterator[Flat]:
        """Yield collections of about `most` observations; None: one of all.

        Raises
        ------
        ValueError
            Also if the rows of an object are too far apart for a piece.
        """
        waiting: list[Rows] = []
        n, some = 0, False
        for rows in self._rows():
            self._refuse_torn(rows)
            waiting.append(rows)
            n += len(rows.time)
            if most is not None and n > most:
                whole = Rows.joined(waiting)
                last = whole.id == whole.id[-1]
                waiting = [whole.of_runs(last)]
                n = len(waiting[0].time)
                flat = self._grouped(whole.of_runs(~last))
                if len(flat.ids):
                    some = True
                    yield flat
        if self.options.band is not None and self._wanted not in self._bands.names:
            named = sorted({str(name) for name in self._bands.names} - {""})
            raise refusal(
                f"there is no band {self._wanted!r}: there are {named}"
                if named
                else f"band={self.options.band!r} was asked for, and no column was recognised as "
                "the band",
                *([] if named else [Remedy("band_column")]),
            )
        nothing = Rows(*(np.empty(0, dtype=np.int64),) * 3, *(np.empty(0),) * 3)
        flat = self._grouped(Rows.joined(waiting or [nothing]))
        self._remark_gone()
        if len(flat.ids) or not some:
            yield flat

    def _rows(self) -> Iterator[Rows]:
        """Yield what each table holds; a file that cannot be read is an error, or left out."""
        sources = self._sources or []
        shown = self.options.progress and len(sources) > 1
        for source in progress_bar(sources, unit="file", disable=not shown):
            found: list[Rows] = []
            part = Report()
            try:
                for table in tables_of(source, self.options):
                    rows = self._of_table(table, part)
                    if self.options.on_error == "raise":
                        yield rows
                    else:
                        found.append(rows)
            except (ValueError, TypeError, OSError) as error:
                if self.options.on_error == "raise" or not isinstance(source, Path):
                    raise
                self.report.skipped[str(source)] = str(error).removeprefix(f"{source} ")
                continue
            self.report.add(part, str(source) if len(sources) > 1 else "")
            yield from found
        if self.report.skipped and len(self.report.skipped) == len(sources):
            file, why = next(iter(self.report.skipped.items()))
            raise ValueError(
                f"none of {len(sources)} files could be read, the first: {file}: {why}"
            )

    def _of_table(self, table: Table, report: Report) -> Rows:
        """Return the observations of a table."""
        survey = survey_of(table, self.options)
        before = self.report.survey or report.survey
        if before and before != survey.name:
            raise ValueError(
                f"{table.label} is of {survey.name}, and files before it are of {before}: read "
                "them apart"
            )
        columns = frozenset(table.frame.columns)
        self._refuse_same_names(table, survey, columns)
        self._exact = survey.exact
        if self.options.band is not None:
            name = band_name(self.options.band)
            self._wanted = survey.bands.get(name, name)
        frame = table.frame if survey.prepare is None else survey.prepare(table.frame)
        if not before:
            describe(table, frame, survey, report)
            self._columns = set(report.columns)
        if not report.survey:
            report.survey, report.title = survey.name, survey.title
            remark(table, columns, survey, self.options, report)
        self._count_others(table.facts, report)
        return Rows.joined(_Side(table._replace(frame=frame), survey, self, report).all())

    def _refuse_same_names(self, table: Table, survey: Survey, columns: Set[str]) -> None:
        """Refuse files of one object each that have the same name."""
        unnamed = id_column(survey, columns) is None and survey.id is not False
        if unnamed and self.options.id_from == "stem" and table.name:
            before = self._stems.setdefault(table.name, table.file)
            if before != table.file:
                raise refusal(
                    f"{before} and {table.file} would be one object by their names: pass a "
                    "function of the path as id_from, or",
                    Remedy("id_from", "parent", "for the names of their folders"),
                )

    def _count_others(self, facts: dict[str, Any], report: Report) -> None:
        """Count what a source says beside its rows: objects without any, and limits."""
        if "empty" in facts:
            n, first = facts["empty"]
            if self.options.on_invalid == "raise":
                raise refusal(
                    f"{n} object(s) have no observations, the first is {first!r}",
                    Remedy("on_invalid", "drop", "to leave them out"),
                )
            report.remark("objects without observations are left out", n, repr(first))
        limits = facts.get("limits", 0)
        if limits:
            report.rows += limits
            report.count(UPPER_LIMITS, np.ones(limits, dtype=bool), lambda _: "non-detections")

    def _refuse_torn(self, rows: Rows) -> None:
        """Refuse an object of an earlier piece, whose curve would be torn."""
        if len(self._done):
            known = rows.id < len(self._done)
            torn = rows.id[known][self._done[rows.id[known]]]
            if len(torn):
                raise ValueError(
                    f"object {self._objects.names[torn[0]]!r} is in several places of a catalog "
                    "too large to be read at once: sort it by its ids, or put the rows of an "
                    "object into one file"
                )

    def _grouped(self, rows: Rows) -> Flat:
        """Return rows of whole objects, of the band that was asked for, checked."""
        report = self.report
        done = np.zeros(len(self._objects.names), dtype=bool)
        done[: len(self._done)] = self._done
        done[rows.id] = True
        self._done = done
        if self.options.band is not None:
            names = self._bands.names
            chosen = rows.band == (names.index(self._wanted) if self._wanted in names else -2)
            other = np.repeat(~chosen, rows.length)
            owners = np.repeat(rows.id, rows.length)
            report.count(OTHER_BANDS, other, lambda row: self.name(owners[row]))
            rows = rows.of_runs(chosen)
        kind = self._kind or "magnitudes"
        twice = self._exact or self.options.rules.get(TWICE, True) is None
        flat = grouped(rows, self._objects, self._bands, kind, report, twice)
        if self._exact and flat.mag_err is None and "mag_err" in self._columns:
            flat = flat._replace(mag_err=np.full(len(flat.time), np.nan))
        if self._exact and flat.band is None and "band" in self._columns:
            flat = flat._replace(band=np.full(len(flat.ids), ""))
        ids = flat.ids
        flat = flat if self._names is None else flat._replace(ids=self._names[ids])
        if not self._exact:
            remark_odd(flat, report)
        return check_flat(flat, say=report.remark)._replace(ids=ids)

    def name(self, number: int) -> Any:
        """Return what messages call an object."""
        name = self._objects.names[number]
        return name if self._names is None else self._names[name].item()

    def _remark_gone(self) -> None:
        """Say of how many objects no observation is left."""
        gone = np.ones(len(self._objects.names), dtype=bool)
        gone[: len(self._done)] &= ~self._done
        if gone.any() and self._names is None:
            first = repr(self.name(int(np.argmax(gone))))
            self.report.remark("no observation is left of objects", int(gone.sum()), first)


class _Side:
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
        if lacks_total or unscaled:
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
        if brightness.flux is not None:
            kind = "difference fluxes" if brightness.difference else "fluxes"
        self._set_kind(kind)
        if kind == "fluxes":
            unit = 10 ** (-0.4 * self._zero_point(brightness))
            column, error = column * unit, error * unit
        if survey.exact:
            time, _ = numbers_of(frame[time_column], time_column, self.table.label)
        else:
            time, rounding = days_of(self.table, time_column, survey.origin)
            if rounding > ROUNDED:
                self.report.remark(
                    f"times are in float32, which rounds them to {rounding * 1440:.2g} minutes"
                )
        rules = [(rule.reason, rule.of(frame)) for rule in brightness.bad]
        if kind == "magnitudes" and not survey.exact:
            rules += self._implausible(column, error, limit, kept)
        rules += [(MISSING, ~(np.isfinite(time) & np.isfinite(column)))]
        for reason, bad in rules:
            bad = bad & kept
            if reason == MISSING and options.on_invalid == "raise" and bad.any():
                self._refuse_missing(time, column, bad)
            self.report.count(reason, bad, self.name)
            kept &= ~bad
        label = self.reader._bands.number(brightness.band or "")
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
            limit = limit | ((error >= least) & np.isfinite(error)) | plausible.marked(error)
            if self.options.limits == "raise" and (limit & kept).any():
                first = self.name(int(np.argmax(limit & kept)))
                raise refusal(
                    f"object {first!r} has upper limits",
                    Remedy("limits", "drop", "to leave them out"),
                )
            found.append((UPPER_LIMITS, limit))
        if rules.get(SENTINELS, True) is not None:
            found.append((SENTINELS, plausible.sentinels(mag)))
        return found

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

    def _set_kind(self, kind: Kind) -> None:
        before = self.reader._kind
        if before and kind != before:
            raise ValueError(
                f"{self.table.label} has {kind}, and files before it {before}: read them apart"
            )
        self.reader._kind = kind

    def _zero_point(self, brightness: Brightness) -> NDArray[np.float64]:
        """Return the magnitude of flux 1, for all rows or of each."""
        zero_point: Any = brightness.zero_point
        name = first_of(brightness.flux or "", self.columns)
        if self.table.facts["kinds"].get(name) == "flux":
            zero_point = AB_JANSKY
        if "zero_point" in self.options.columns:
            zero_point = brightness.zero_point
        if isinstance(zero_point, str):
            zero_point = pd.to_numeric(self.frame[zero_point], errors="coerce")
        return np.asarray(zero_point, dtype=np.float64)

    def _bands(self) -> Runs | None:
        """Return the bands of the rows; None: they have no column."""
        column = first_of(self.survey.band, self.columns) if self.survey.band else None
        if column is None:
            return None
        try:
            runs, labels = runs_of(self.frame[column])
        except TypeError as error:
            raise TypeError(f"column {column!r} must hold one band per row: {error}") from error
        names = [band_name(label).strip() for label in labels]
        known = [self.survey.bands.get(name, name) for name in names]
        if (runs.number < 0).any():
            known.append("")  # which -1 stands for
        return runs._replace(number=self.reader._bands.numbers(known)[runs.number])

    def _ids(self) -> Runs:
        """Return the object of the rows."""
        frame, objects, label = self.frame, self.reader._objects, self.table.label
        column = id_column(self.survey, self.columns)
        if column is None:
            return Runs.one(objects.number(self._name_of_file()), len(frame))
        try:
            runs, labels = runs_of(frame[column])
        except TypeError as error:
            raise TypeError(f"column {column!r} must be integers or strings: {error}") from error
        if (runs.number < 0).any():
            missing = frame[column].isna().to_numpy()
            raise refusal(
                f"{label}: {int(missing.sum())} row(s) have no {column!r}, the first is row "
                f"{int(np.argmax(missing))}: leave these rows out, or",
                Remedy("id", None, "for another column"),
            )
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
            error, _ = numbers_of(frame[error_name], error_name, label)
        return value, error, limit


__all__ = ["PIECE", "Reader", "read", "stem"]
