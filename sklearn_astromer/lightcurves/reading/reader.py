"""From any source to flat columns, whole or in pieces: recognise, convert, leave out, group."""

from __future__ import annotations

from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._printable import printable_errors
from sklearn_astromer._progress import progress_bar
from sklearn_astromer.lightcurves.checks import check_flat
from sklearn_astromer.lightcurves.flat import Flat, band_name
from sklearn_astromer.lightcurves.reading.columns import survey_of
from sklearn_astromer.lightcurves.reading.options import TWICE, UPPER_LIMITS, Options
from sklearn_astromer.lightcurves.reading.paths import paths_of, said_by_folders, unread_folders
from sklearn_astromer.lightcurves.reading.remarks import describe, id_column, remark
from sklearn_astromer.lightcurves.reading.remedies import Remedy, parts_of, refusal
from sklearn_astromer.lightcurves.reading.report import OTHER_BANDS, Report
from sklearn_astromer.lightcurves.reading.rows import Kind, Labels, Rows, grouped, remark_odd
from sklearn_astromer.lightcurves.reading.side import Side
from sklearn_astromer.lightcurves.reading.tables import Table, tables_of
from sklearn_astromer.lightcurves.surveys.survey import Survey, first_of

#: A catalog is read at once up to so many observations, and beyond in pieces.
PIECE = 2**20


@printable_errors()
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
    objects, bands : Labels
        The names that the numbers in `Rows` stand for.
    kind : str or None
        What the brightnesses of all tables are.
    """

    def __init__(self, source: Any, options: Options, names: NDArray[Any] | None = None) -> None:
        options.check()
        self.options = options
        self.report = Report()
        self._names = names
        paths = paths_of(source)
        tables = isinstance(source, list) and source and isinstance(source[0], Table)
        self._sources: list[Any] = source if tables else [source] if paths is None else paths
        if paths and (unread := unread_folders(source, paths)):
            self.report.remark(
                f"{len(unread)} folders in {source} are not read, the first is {unread[0].name}: "
                f"for files in them as well pass '{source}/**/*'"
            )
        self.objects, self.bands = Labels(), Labels()
        self.kind: Kind | None = None
        self._exact = False
        self._columns: set[str] = set()
        self._wanted = ""
        self._stems: dict[tuple[str, str], str] = {}
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
        if self.options.band is not None and self._wanted not in self.bands.names:
            named = sorted({str(name) for name in self.bands.names} - {""})
            if named:
                raise ValueError(f"there is no band {self._wanted!r}: there are {named}")
            raise refusal(
                f"band={self.options.band!r} was asked for, and no column was recognised as the "
                "band",
                Remedy("band_column"),
            )
        nothing = Rows(*(np.empty(0, dtype=np.int64),) * 3, *(np.empty(0),) * 3)
        flat = self._grouped(Rows.joined(waiting or [nothing]))
        self._remark_names()
        if len(flat.ids) or not some:
            yield flat

    def _rows(self) -> Iterator[Rows]:
        """Yield what each table holds; a file that cannot be read is an error, or left out."""
        sources = self._sources
        shown = self.options.progress and len(sources) > 1
        failed: Exception | None = None
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
                if not isinstance(source, Path):
                    raise
                what, remedies = parts_of(error)
                if self.options.on_error == "raise":
                    # what options mend before any file was read is hardly of this one alone
                    common = bool(remedies) and not self.report.survey
                    if common or len(sources) == 1 or not isinstance(error, ValueError):
                        raise
                    skip = Remedy("on_error", "skip", "to leave out such files")
                    raise refusal(what.rstrip("."), *remedies, skip) from error
                failed = failed or error
                self.report.skipped[str(source)] = str(error).removeprefix(f"{source} ")
                continue
            self.report.add(part, str(source) if len(sources) > 1 else "")
            yield from found
        if failed and len(self.report.skipped) == len(sources):
            what, remedies = parts_of(failed)
            file = "" if what.startswith(str(sources[0])) else f"{sources[0]}: "
            said = f"none of {len(sources)} files could be read, the first: {file}{what}"
            raise refusal(said, *remedies) from failed

    def _of_table(self, table: Table, report: Report) -> Rows:
        """Return the observations of a table."""
        survey = survey_of(table, self.options)
        before = self.report.survey or report.survey
        if before and before != survey.name:
            raise ValueError(
                f"{table.label} is of {survey.name}, and files before it are of {before}: read "
                "them apart"
            )
        columns = table.held
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
        self._count_others(table, report)
        return Rows.joined(Side(table._replace(frame=frame), survey, self, report).all())

    def _refuse_same_names(self, table: Table, survey: Survey, columns: Set[str]) -> None:
        """Refuse files of one object each that have the same name, in one band by their folders."""
        unnamed = id_column(survey, columns) is None and survey.id is not False
        if unnamed and self.options.id_from == "stem" and table.name:
            said = {k.lower(): v for k, v in said_by_folders(Path(table.file), []).items()}
            band = str(said.get(first_of(survey.band, columns) or "", ""))
            before = self._stems.setdefault((table.name, band), table.file)
            if before != table.file:
                raise refusal(
                    f"{before} and {table.file} would be one object by their names: pass a "
                    "function of the path as id_from, or",
                    Remedy("id_from", "parent", "for the names of their folders"),
                )

    def _count_others(self, table: Table, report: Report) -> None:
        """Count what a source says beside its rows: objects without any, limits, and comments."""
        facts = table.facts
        for said, *remedies in facts.get("remarks", ()):
            report.remark(said, 0, "", *remedies)
        if "empty" in facts:
            n, first = facts["empty"]
            if self.options.on_invalid == "raise":
                raise refusal(
                    f"{n} object(s) have no observations, the first is {first!r}",
                    Remedy("on_invalid", "drop", "to leave them out"),
                )
            report.remark("objects without observations are left out", n, repr(first))
        limits = facts.get("limits", 0)
        n, first = facts.get("commented", (0, ""))
        report.rows += limits + n
        report.leave_out(UPPER_LIMITS, limits, "non-detections")
        report.leave_out("commented out", n, first or table.name or "0")
        n, first = facts.get("named as comments", (0, ""))
        if n:
            report.remark("rows begin as comments do, and are kept, by their names", n, repr(first))

    def _refuse_torn(self, rows: Rows) -> None:
        """Refuse an object of an earlier piece, whose curve would be torn."""
        if len(self._done):
            known = rows.id < len(self._done)
            torn = rows.id[known][self._done[rows.id[known]]]
            if len(torn):
                raise ValueError(
                    f"object {self.objects.names[torn[0]]!r} is in several places of a catalog "
                    "too large to be read at once: sort it by its ids, or put the rows of an "
                    "object into one file"
                )

    def _grouped(self, rows: Rows) -> Flat:
        """Return rows of whole objects, of the band that was asked for, checked."""
        report = self.report
        self._done = np.pad(self._done, (0, len(self.objects.names) - len(self._done)))
        self._done[rows.id] = True
        if self.options.band is not None:
            names = self.bands.names
            chosen = rows.band == (names.index(self._wanted) if self._wanted in names else -2)
            others = rows.id[~chosen]
            if len(others):
                n = int(rows.length[~chosen].sum())
                report.leave_out(OTHER_BANDS, n, self.name(others[0]))
            rows = rows.of_runs(chosen)
        kind = self.kind or "magnitudes"
        exactly = self._exact and len(self._sources) == 1  # of several, some may be copies
        twice = self.options.rules.get(TWICE, None if exactly else True) is None
        flat = grouped(rows, self.objects, self.bands, kind, report, twice)
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
        name = self.objects.names[number]
        return name if self._names is None else self._names[name].item()

    def _remark_names(self) -> None:
        """Say of how many objects no observation is left, and which ids others resemble."""
        if self._names is not None:
            return
        gone = np.flatnonzero(~self._done)
        if len(gone):
            first = repr(self.name(int(gone[0])))
            self.report.remark("no observation is left of objects", len(gone), first)
        texts = {name for name in self.objects.names if isinstance(name, str)}
        alike = pd.Series(sorted(texts), dtype=object)
        alike = alike[alike.str.strip().str.lower().duplicated()]
        if len(alike) and not self._exact:
            self.report.remark(
                "ids are those of others but for blanks or case, and may be of the same objects",
                *(len(alike), repr(alike.iloc[0])),
            )
