"""From any source to flat columns: recognise, convert, leave out, group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.flat import Flat, band_name
from sklearn_astromer.lightcurves.surveys import plausible
from sklearn_astromer.lightcurves.surveys.grouping import (
    Kind,
    Labels,
    Rows,
    Runs,
    grouped,
    runs_of,
)
from sklearn_astromer.lightcurves.surveys.recognising import (
    DIFFERENCE,
    Options,
    id_column,
    needed_columns,
    remark_columns,
    survey_of,
)
from sklearn_astromer.lightcurves.surveys.registry import SURVEYS
from sklearn_astromer.lightcurves.surveys.report import Report
from sklearn_astromer.lightcurves.surveys.sources import Source, sources_of
from sklearn_astromer.lightcurves.surveys.survey import Brightness, Survey, column_name, first_of
from sklearn_astromer.lightcurves.surveys.values import days_of, numbers_of


def read(source: Any, options: Options) -> tuple[Flat, Report]:
    """Read a source; see `LightCurves.read`."""
    _check(options)
    report, objects, bands = Report(), Labels(), Labels()
    tables: list[Rows] = []
    kind: Kind | None = None
    wanted = ""
    seen: dict[str, str] = {}
    for each in sources_of(source, lambda names: needed_columns(names, options), options.progress):
        frame = each.frame
        names = [column_name(name) for name in frame.columns]
        if names != list(frame.columns):
            frame = frame.set_axis(names, axis=1)
        if len(set(names)) < len(names):
            twice = frame.columns[frame.columns.duplicated()][0]
            raise ValueError(f"{each.label}: column {twice!r} is there twice: rename or drop one")
        frame.attrs = {k: _lowered(v) for k, v in each.frame.attrs.items()}
        survey = survey_of(frame, each, options)
        if report.survey and report.survey != survey.name:
            raise ValueError(
                f"{each.label} is of {survey.name}, and files before it are of "
                f"{report.survey}: read them apart"
            )
        unnamed = id_column(survey, frame.columns) is None
        if unnamed and options.id_from == "stem" and each.name:
            before = seen.setdefault(each.name, each.file)
            if before != each.file:
                raise ValueError(
                    f"{before} and {each.file} would be one object by their names: pass "
                    "id_from='parent' or a function of the path"
                )
        report.survey, report.title = survey.name, survey.title
        if options.band is not None:
            wanted = band_name(options.band)
            wanted = survey.bands.get(wanted, wanted)
        remark_columns(frame, survey, each, options, report)
        found, now = _rows(frame, survey, each, options, report, objects, bands)
        if kind and now != kind:
            raise ValueError(f"{each.label} has {now}, and files before it {kind}: read them apart")
        kind = now
        tables += found
    if options.band is not None:
        there = sorted(map(str, bands.names))
        if wanted not in there:
            raise ValueError(f"there is no band {wanted!r}: there are {there}")
        number = bands.number(wanted)
        tables = [rows.where(np.repeat(rows.band == number, rows.length)) for rows in tables]
    return grouped(tables, objects, bands, kind, report), report


def _check(options: Options) -> None:
    for name, allowed in (("limits", ("drop", "raise")), ("difference", ("raise", "scale"))):
        if getattr(options, name) not in allowed:
            raise ValueError(f"{name} must be one of {allowed}, got {getattr(options, name)!r}")
    known = [survey.name for survey in SURVEYS]
    if options.survey not in ("auto", "columns", *known):
        raise ValueError(
            f"survey must be 'auto', 'columns' (by their names alone) or one of "
            f"{', '.join(known)}, got {options.survey!r}"
        )
    if not callable(options.id_from) and options.id_from not in ("stem", "parent"):
        raise ValueError(f"id_from must be 'stem', 'parent' or a function, got {options.id_from!r}")


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {column_name(k): v for k, v in value.items()}
    return [column_name(v) for v in value] if isinstance(value, list) else value


def _rows(
    frame: pd.DataFrame,
    survey: Survey,
    source: Source,
    options: Options,
    report: Report,
    objects: Labels,
    bands: Labels,
) -> tuple[list[Rows], Kind]:
    """Return the rows of a table, and of what kind their values are."""
    frame = frame if survey.prepare is None else survey.prepare(frame)
    ids = _ids(frame, survey, source, options, objects)

    def name(row: int) -> Any:
        return objects.names[int(ids.at(row))]

    sides = len(survey.brightness)
    report.rows += len(frame) * sides
    keep = np.ones(len(frame), dtype=bool)
    for rule in survey.bad if options.quality else ():
        bad = rule.of(frame)
        report.count(rule.reason, bad & keep, name, times=sides)
        keep &= ~bad
    band = _bands(frame, survey, bands)
    tables: list[Rows] = []
    kind: Kind = "magnitudes"
    for brightness in survey.brightness:
        time_column = first_of(brightness.time or survey.time, frame.columns)
        value = _value(frame, brightness, source, options)
        if value is None or time_column is None:
            half = sorted(brightness.columns_in(frame.columns))
            if half:
                lacking = (brightness.time or survey.time) if value else brightness.mag
                raise ValueError(
                    f"{source.label} has the column {half[0]}, but no column {lacking} beside it: "
                    f"give it that name, or leave out {', '.join(half)}"
                )
            report.rows -= len(frame)
            continue
        column, error, limit = value
        if brightness.flux is not None:
            kind = "difference fluxes" if brightness.difference else "fluxes"
        if kind == "fluxes":
            unit = 10 ** (-0.4 * _zero_point(frame, brightness))
            column, error = column * unit, error * unit
        time = days_of(frame, time_column, survey.origin, source.label)
        kept = keep.copy()
        rules = [(rule.reason, rule.of(frame)) for rule in brightness.bad if options.quality]
        if kind == "magnitudes":
            limit = limit | (error >= plausible.LIMIT_ERROR)
            if options.limits == "raise" and (limit & kept).any():
                first = name(int(np.argmax(limit & kept)))
                raise ValueError(f"object {first} has upper limits: limits='drop' leaves them out")
            rules += [("upper limits", limit), ("sentinels", plausible.sentinels(column))]
        rules += [("without time or brightness", ~(np.isfinite(time) & np.isfinite(column)))]
        for reason, bad in rules:
            report.count(reason, bad & kept, name)
            kept &= ~bad
        side = _one(bands, brightness.band or "", frame) if band is None else band
        tables.append(Rows.in_runs(ids, side, time, column, error).where(kept))
    if not tables:
        raise ValueError(f"{source.label} has none of the magnitudes of {survey.name}")
    return tables, kind


def _zero_point(frame: pd.DataFrame, brightness: Brightness) -> NDArray[np.float64]:
    """Return the magnitude of flux 1, for all rows or of each."""
    name = first_of(brightness.flux or "", frame.columns)
    zero_point: Any = frame.attrs.get("zero_points", {}).get(name, brightness.zero_point)
    if isinstance(zero_point, str):
        zero_point = pd.to_numeric(frame[zero_point], errors="coerce")
    return np.asarray(zero_point, dtype=np.float64)


def _one(labels: Labels, label: Any, frame: pd.DataFrame) -> Runs:
    """Return a run over all rows of a table."""
    start = np.zeros(min(1, len(frame)), dtype=np.int64)
    return Runs(start, labels.numbers([label] * len(start)))


def _bands(frame: pd.DataFrame, survey: Survey, bands: Labels) -> Runs | None:
    """Return the band of the rows; None: no column tells it."""
    column = first_of(survey.band, frame.columns) if survey.band else None
    if column is None:
        return None
    runs, labels = runs_of(frame[column])
    names = [band_name(label).strip() for label in labels]
    known = [survey.bands.get(name, name) for name in names]
    if (runs.number < 0).any():
        known.append("")  # which -1 stands for
    return runs._replace(number=bands.numbers(known)[runs.number])


def _ids(
    frame: pd.DataFrame, survey: Survey, source: Source, options: Options, objects: Labels
) -> Runs:
    """Return the object of the rows."""
    column = id_column(survey, frame.columns)
    if column is not None:
        runs, labels = runs_of(frame[column])
        if (runs.number < 0).any():
            missing = frame[column].isna().to_numpy()
            raise ValueError(
                f"{source.label}: {int(missing.sum())} row(s) have no {column!r}, the first is "
                f"row {int(np.argmax(missing))}: pass id='…' for another column, or leave these "
                "rows out"
            )
        names = np.asarray(labels)
        if names.dtype.kind == "f" and (names == names.round()).all():
            if np.abs(names).max(initial=0) >= 2**53:
                raise ValueError(
                    f"{source.label}: column {column!r} holds floats past 2^53, which have lost "
                    "digits of the ids: pass a table that has them as integers or text"
                )
            names = names.astype(np.int64)
        return runs._replace(number=objects.numbers(names.tolist())[runs.number])
    if callable(options.id_from):
        name = options.id_from(source.file)
    else:
        name = Path(source.file).parent.name if options.id_from == "parent" else source.name
    return _one(objects, name if source.name else 0, frame)


def _value(
    frame: pd.DataFrame, brightness: Brightness, source: Source, options: Options
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]] | None:
    """Return brightness, error, and which are limits; None: these columns are not there."""
    name = first_of(brightness.flux or brightness.mag or "", frame.columns)
    if name is None:
        if brightness.mag == "magpsf_corr":
            raise ValueError(f"{source.label}: {DIFFERENCE}")
        return None
    if brightness.difference and options.difference == "raise":
        raise ValueError(f"{source.label}: {DIFFERENCE}")
    if brightness.flux is None and name in frame.attrs.get("zero_points", {}):
        raise ValueError(f"{source.label}: column {name!r} has a unit of flux: pass flux={name!r}")
    value, limit = numbers_of(frame[name], name, source.label)
    error_name = first_of(brightness.flux_err or brightness.mag_err or "", frame.columns)
    error = np.full(len(value), np.nan)
    if error_name is not None:
        error, _ = numbers_of(frame[error_name], error_name, source.label)
    return value, error, limit
