"""From any source to flat columns: recognise, convert, leave out, group."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm.auto import tqdm

from sklearn_astromer.lightcurves.columns import ALIASES, find_columns
from sklearn_astromer.lightcurves.flat import Flat, as_ids, band_name, compact, offsets_of
from sklearn_astromer.lightcurves.flux import asinh_magnitudes
from sklearn_astromer.lightcurves.surveys import plausible
from sklearn_astromer.lightcurves.surveys.registry import SURVEYS, recognise
from sklearn_astromer.lightcurves.surveys.report import Report
from sklearn_astromer.lightcurves.surveys.sources import Source, paths_of, sources_of
from sklearn_astromer.lightcurves.surveys.survey import Brightness, Survey, first_of
from sklearn_astromer.lightcurves.surveys.values import days_of, numbers_of

ID_NAMES = "|".join(dict.fromkeys(alias.lower() for alias in ALIASES["id"]))
DIFFERENCE = (
    "these are fluxes or magnitudes of a difference image, which has no magnitude of the star: "
    "use forced photometry of the direct image, or difference='scale' for encoders with "
    "scaled_inputs, which takes the flux in units of its deviation"
)


class Options(NamedTuple):
    """What `LightCurves.read` was asked for."""

    survey: str = "auto"
    band: Any = None
    quality: bool = True
    limits: str = "drop"
    difference: str = "raise"
    id_from: str | Callable[[str], Any] = "stem"
    columns: dict[str, Any] = {}  # noqa: RUF012  # of find_columns, and flux, flux_err, zero_point
    progress: bool = False


class Rows(NamedTuple):
    """Observations, with what they belong to."""

    id: NDArray[Any]
    band: NDArray[Any]
    time: NDArray[np.float64]
    value: NDArray[np.float64]
    error: NDArray[np.float64]
    zero_point: NDArray[np.float64]


def read(source: Any, options: Options) -> tuple[Flat, Report]:
    """Read a source; see `LightCurves.read`."""
    _check(options)
    report, survey = Report(), None
    rows: list[Rows] = []
    kind = ""
    files = paths_of(source)
    total = None if files is None else len(files)
    for each in tqdm(
        sources_of(source), total=total, unit="file", disable=not options.progress or total == 1
    ):
        frame = each.frame.rename(columns=_lower)
        if not frame.columns.is_unique:
            twice = frame.columns[frame.columns.duplicated()][0]
            raise ValueError(f"{each.label}: column {twice!r} is there twice")
        frame.attrs = {k: _lowered(v) for k, v in each.frame.attrs.items()}
        if survey is None or not survey.fits(set(frame.columns)):
            survey = _survey_of(frame, each, options)
            if report.survey and report.survey != survey.name:
                raise ValueError(
                    f"{each.label} is of {survey.name}, and files before it are of "
                    f"{report.survey}: read them apart"
                )
            report.survey, report.title = survey.name, survey.title
        found, now = _rows(frame, survey, each, options, report)
        if kind and now != kind:
            raise ValueError(f"{each.label} has a {now}, and files before it a {kind}")
        kind, rows = now, [*rows, *found]
    joined = Rows(*(np.concatenate([getattr(r, f) for r in rows]) for f in Rows._fields))
    return _grouped(joined, kind, options, report), report


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


def _lower(name: Any) -> str:
    """Return a column's name in lower case, without the "i:" that Fink writes before it."""
    return str(name).strip().lower().removeprefix("i:")


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {_lower(k): v for k, v in value.items()}
    return [_lower(v) for v in value] if isinstance(value, list) else value


def _survey_of(frame: pd.DataFrame, source: Source, options: Options) -> Survey:
    """Recognise the survey of a table, or read it by the names of its columns."""
    columns = set(frame.columns)
    given = {k: v for k, v in options.columns.items() if v is not None}
    if options.survey not in ("auto", "columns"):
        survey = next(s for s in SURVEYS if s.name == options.survey)
        if not survey.fits(columns):
            raise ValueError(
                f"{source.label} is not of {survey.name}, which has the columns "
                f"{', '.join(survey.needs)}: it has {', '.join(frame.columns)}"
            )
        return survey
    found = [] if options.survey == "columns" or given else recognise(columns)
    if len(found) > 1:
        names = " and ".join(f"{s.name} ({s.title})" for s in found)
        raise ValueError(f"{source.label} could be of {names}: choose with survey='…'")
    if found:
        return found[0]
    return _by_columns(frame, source, given)


def _by_columns(frame: pd.DataFrame, source: Source, given: dict[str, Any]) -> Survey:
    """Describe a table by its column names, recognised or given."""
    given = {k: str(v).lower() if isinstance(v, str) else v for k, v in given.items()}
    if "magpsf" in frame and not {"mag", "flux"} & given.keys():
        raise ValueError(f"{source.label}: magpsf is no magnitude of the star: {DIFFERENCE}")
    single = given.get("id") is False
    named = not single and ("id" in given or first_of(ID_NAMES, frame.columns) is not None)
    flux = given.get("flux")
    if flux is None and "mag" not in given:
        names = {alias.lower() for alias in ALIASES["mag"]}
        flux = "flux" if "flux" in frame and not names & set(frame.columns) else None
    needed = ["time", "mag_err", "band", *["mag"] * (flux is None), *["id"] * named]
    parts = {k: v for k, v in given.items() if k in ALIASES and not (k == "id" and single)}
    try:
        found = find_columns(frame.columns, parts, needed)
    except ValueError as error:
        known = ", ".join(s.name for s in SURVEYS)
        raise ValueError(f"{source.label}: {error} (surveys recognised: {known})") from error
    brightness, zero_point_name = Brightness(found.mag, found.mag_err), None
    if flux:
        flux_err = given.get("flux_err") or first_of("flux_err|fluxerr|flux_error", frame.columns)
        units = frame.attrs.get("zero_points", {})
        zero_point = given.get("zero_point", units.get(flux, 0.0))
        zero_point_name = zero_point if isinstance(zero_point, str) else None
        brightness = Brightness(flux=flux, flux_err=flux_err, zero_point=zero_point)
        for name in (flux, flux_err):
            if name is not None and name not in frame:
                raise ValueError(f"{source.label}: there is no column {name!r}")
    if not (named or single):
        parts_read = {*found.names(), brightness.flux, brightness.flux_err, zero_point_name}
        _refuse_unnamed(frame.drop(columns=parts_read & set(frame.columns)), source)
    return Survey(
        "columns",
        "recognised by the names of the columns",
        (),
        found.time,
        (brightness,),
        id=found.id or "",
        origin=np.nan,
        band=found.band or "",
    )


def _refuse_unnamed(rest: pd.DataFrame, source: Source) -> None:
    """Refuse to take a table for one object if a column could name several."""
    for name in rest:
        if 1 < rest[name].nunique() < len(rest):
            raise ValueError(
                f"{source.label}: no column was recognised as the id, and {name!r} has "
                f"{rest[name].nunique()} values in {len(rest)} rows: pass id={name!r} if it names "
                "objects, or id=False if all rows are of one object"
            )


def _rows(
    frame: pd.DataFrame, survey: Survey, source: Source, options: Options, report: Report
) -> tuple[list[Rows], str]:
    """Return the rows of a table, and whether their values are "magnitude"s or "flux"es."""
    frame = frame if survey.prepare is None else survey.prepare(frame)
    ids = _ids(frame, survey, source, options)
    keep = np.ones(len(frame), dtype=bool)
    report.rows += len(frame) * len(survey.brightness)
    for rule in survey.bad if options.quality else ():
        bad = keep & rule.of(frame)
        report.count(rule.reason, np.repeat(bad, len(survey.brightness)), _each(ids, survey))
        keep &= ~bad
    band_column = first_of(survey.band, frame.columns) if survey.band else None
    rows, kind = [], "magnitude"
    for brightness in survey.brightness:
        time_column = brightness.time or first_of(survey.time, frame.columns)
        value = _value(frame, brightness, source, options)
        if value is None or time_column is None:
            report.rows -= len(frame)
            continue
        column, error, limit = value
        kind = "magnitude" if brightness.flux is None else "flux"
        time = days_of(frame, time_column, survey.origin, source.label)
        kept = keep.copy()
        rules = [(rule.reason, rule.of(frame)) for rule in brightness.bad if options.quality]
        if kind == "magnitude":
            limit = limit | (error >= plausible.LIMIT_ERROR)
            if options.limits == "raise" and (limit & kept).any():
                first = ids[int(np.argmax(limit & kept))]
                raise ValueError(f"object {first} has upper limits: limits='drop' leaves them out")
            rules += [("upper limits", limit), ("sentinels", plausible.sentinels(column))]
        rules += [("without time or brightness", ~(np.isfinite(time) & np.isfinite(column)))]
        for reason, bad in rules:
            report.count(reason, bad & kept, ids)
            kept &= ~bad
        zero_point: Any = brightness.zero_point
        if isinstance(zero_point, str):
            zero_point = pd.to_numeric(frame[zero_point], errors="coerce").to_numpy(float)[kept]
        if brightness.difference:
            zero_point = np.nan
        band = np.full(len(frame), brightness.band or "", dtype=object)
        if band_column is not None:
            names = frame[band_column]
            known = {label: _band(label, survey) for label in names.unique()}
            band = names.map(known).to_numpy(dtype=object)
        rows.append(
            Rows(
                ids[kept],
                band[kept],
                time[kept],
                column[kept],
                error[kept],
                np.broadcast_to(np.asarray(zero_point, dtype=float), int(kept.sum())),
            )
        )
    if not rows:
        raise ValueError(f"{source.label} has none of the magnitudes of {survey.name}")
    return rows, kind


def _each(ids: NDArray[Any], survey: Survey) -> NDArray[Any]:
    return np.repeat(ids, len(survey.brightness))


def _band(label: Any, survey: Survey) -> str:
    name = "" if pd.isna(label) else band_name(label).strip()
    return survey.bands.get(name, name)


def _ids(frame: pd.DataFrame, survey: Survey, source: Source, options: Options) -> NDArray[Any]:
    """Return the object of each row."""
    names = survey.id or ("" if survey.name == "columns" else ID_NAMES)
    column = first_of(names, frame.columns)
    if column is not None:
        ids = frame[column]
        if ids.isna().any():
            row = int(np.argmax(ids.isna().to_numpy()))
            raise ValueError(
                f"{source.label}: {int(ids.isna().sum())} row(s) have no {column}, the first is "
                f"row {row}"
            )
        if ids.dtype.kind == "f" and (ids == ids.round()).all():
            ids = ids.astype("int64")
        return ids.to_numpy(dtype=object)
    if callable(options.id_from):
        name = options.id_from(source.label)
    else:
        name = Path(source.label).parent.name if options.id_from == "parent" else source.name
    return np.full(len(frame), name if source.name else 0, dtype=object)


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
    value, limit = numbers_of(frame[name], name, source.label)
    error_name = first_of(brightness.flux_err or brightness.mag_err or "", frame.columns)
    error = np.full(len(value), np.nan)
    if error_name is not None:
        error, _ = numbers_of(frame[error_name], error_name, source.label)
    return value, error, limit


def _grouped(rows: Rows, kind: str, options: Options, report: Report) -> Flat:
    """Group rows by object and band, in order of first appearance; convert fluxes."""
    bands = pd.unique(pd.Series(rows.band, dtype=object))
    if options.band is not None:
        wanted = band_name(options.band)
        if wanted not in bands:
            raise ValueError(f"there is no band {wanted!r}: there are {sorted(map(str, bands))}")
        rows = Rows(*(x[rows.band == wanted] for x in rows))
    band_code, band_names = pd.factorize(rows.band)
    id_code, id_names = pd.factorize(rows.id)
    key, pairs = pd.factorize(id_code * max(len(band_names), 1) + band_code)
    again = plausible.repeated(key, rows.time, rows.value, rows.error)
    report.count("there twice", again, rows.id)
    rows, key = Rows(*(x[~again] for x in rows)), key[~again]
    order = np.lexsort((rows.time, key))
    offsets = offsets_of(np.bincount(key, minlength=len(pairs)))
    time, value, error = rows.time[order], rows.value[order], rows.error[order]
    ids = as_ids(np.asarray(id_names, dtype=object)[pairs // max(len(band_names), 1)])
    names = np.asarray(band_names, dtype=object)[pairs % max(len(band_names), 1)].astype(str)
    known = None if np.isnan(error).all() else error
    if kind == "flux":
        zero_point = rows.zero_point[order]
        if np.isnan(zero_point).any():
            value, known = _scaled(value, known, offsets)
        else:
            value, known = asinh_magnitudes(value, known, zero_point, offsets=offsets)
    flat = Flat(time, value, known, offsets, ids, compact(names) if names.any() else None)
    _remark(flat, report)
    return flat


def _scaled(
    flux: NDArray[np.float64], error: NDArray[np.float64] | None, offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return difference fluxes in deviations of their object; brighter is smaller."""
    scale = np.concatenate([[np.std(x) or 1.0] for x in np.split(flux, offsets[1:-1])])
    scale = np.repeat(scale, np.diff(offsets))
    return -flux / scale, None if error is None else error / scale


def _remark(flat: Flat, report: Report) -> None:
    """Say which objects look like more than one star or origin of time."""
    for what, odd in (
        (
            "times lie over 80 years apart, and may have two origins",
            lambda t, m: plausible.mixed_origins(t),
        ),
        (
            "magnitudes alternate between two levels, and may be of two bands, cameras or stars",
            plausible.mixed_levels,
        ),
    ):
        parts = flat.offsets[1:-1]
        found = [
            i
            for i, (t, m) in enumerate(
                zip(np.split(flat.time, parts), np.split(flat.mag, parts), strict=True)
            )
            if odd(t, m)
        ]
        if found:
            report.remarks.append(f"{what}: {len(found)} object(s), first {flat.name(found[0])}")
