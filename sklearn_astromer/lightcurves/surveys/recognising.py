"""Which survey a table is of, and which of its columns are what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_astromer.lightcurves.columns import ALIASES, find_columns
from sklearn_astromer.lightcurves.surveys.registry import SURVEYS, recognise, resembled
from sklearn_astromer.lightcurves.surveys.report import Report
from sklearn_astromer.lightcurves.surveys.sources import Source
from sklearn_astromer.lightcurves.surveys.survey import (
    Brightness,
    Survey,
    column_name,
    first_of,
)
from sklearn_astromer.lightcurves.surveys.values import MOST_SHORT_JD

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


def needed_columns(names: list[str], options: Options) -> list[str] | None:
    """Return the columns that are read of a table of a survey; None: any may be."""
    known = {column_name(name): name for name in names}
    found = tuple(survey for survey in SURVEYS if survey.name == options.survey)
    given = {part: str(name) for part, name in options.columns.items() if name is not None}
    if options.survey == "auto" and given.keys() <= {"id", "band"}:
        found = recognise(frozenset(known))
    if len(found) != 1 or found[0].prepare is not None or len(known) < len(names):
        return None
    read = found[0].columns() | set(ID_NAMES.split("|"))
    read |= {name.lower() for name in given.values()}
    return [name for lowered, name in known.items() if lowered in read]


def survey_of(frame: pd.DataFrame, source: Source, options: Options) -> Survey:
    """Recognise the survey of a table, or read it by the names of its columns."""
    columns = frozenset(frame.columns)
    given = {k: v for k, v in options.columns.items() if v is not None}
    others = given.keys() - {"id", "band"}
    if options.survey not in ("auto", "columns"):
        survey = next(s for s in SURVEYS if s.name == options.survey)
        if others:
            names = ", ".join(f"{name}=" for name in sorted(others))
            raise ValueError(f"{names} and survey={survey.name!r} exclude each other: pass one")
        if not survey.fits(columns):
            raise ValueError(
                f"{source.label} is not of {survey.name}, which has the columns "
                f"{', '.join(survey.needs)}: it has {', '.join(frame.columns)}. For tables of "
                "other columns pass survey='columns'"
            )
        return _renamed(survey, frame, source, given)
    found = () if options.survey == "columns" or others else recognise(columns)
    if len(found) > 1:
        names = " and ".join(f"{s.name} ({s.title})" for s in found)
        raise ValueError(f"{source.label} could be of {names}: choose with survey='…'")
    if found:
        return _renamed(found[0], frame, source, given)
    if options.survey == "auto" and not given and (near := resembled(columns)) is not None:
        survey, lacking = near
        raise ValueError(
            f"{source.label} looks like {survey.name} ({survey.title}), but has no column "
            f"{lacking.replace('|', ' or ')} among {', '.join(frame.columns)}: give it that name, "
            "or pass survey='columns' to read columns by their names alone"
        )
    return _by_columns(frame, source, given)


def _renamed(survey: Survey, frame: pd.DataFrame, source: Source, given: dict[str, Any]) -> Survey:
    """Take the object and the band from columns that were given."""
    names: dict[str, Any] = {k: v.lower() if isinstance(v, str) else v for k, v in given.items()}
    for keyword, name in names.items():
        if name is not False and name not in frame:
            raise ValueError(
                f"{source.label}: there is no column {name!r} ({keyword}=): columns are "
                f"{list(frame.columns)}"
            )
    return replace(survey, **names)


def remark_columns(
    frame: pd.DataFrame, survey: Survey, source: Source, options: Options, report: Report
) -> None:
    """Say what is not known of these rows: their object, band, zero point, or flags."""
    columns = set(frame.columns)
    known = survey.name != "columns"
    flags = survey.quality_columns()
    if known and not source.name and id_column(survey, columns) is None and survey.id is not False:
        report.remark("no column names objects: all rows are taken for one (id=…, or id=False)")
    if known and survey.band and first_of(survey.band, columns) is None:
        names = survey.band.replace("|", " or ")
        report.remark(f"there is no {names}: all rows are taken for one band (band_column=…)")
    flux = None if known else survey.brightness[0].flux
    bare = flux is not None and flux not in frame.attrs.get("with_unit", ())
    if bare and options.columns.get("zero_point") is None:
        report.remark("fluxes have no unit: magnitudes count from 0 for flux 1 (zero_point=…)")
    if frame.attrs.get("headerless") and frame["time"].max() < MOST_SHORT_JD:
        report.remark("times below 20 000 without a header may be HJD − 2450000: kept as they are")
    if known and options.quality and flags and not flags & columns:
        report.remark(f"no flags of bad rows are there ({', '.join(sorted(flags))})")
    if not known and options.quality:
        read = {survey.id, survey.band} | survey.brightness[0].columns_in(columns)
        unused = set().union(*(s.quality_columns() for s in SURVEYS)) & columns - read
        if unused:
            report.remark(f"flags of bad rows were not used: {', '.join(sorted(unused))}")


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
        id=False if single else found.id or "",
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


def id_column(survey: Survey, columns: Any) -> str | None:
    """Return the column of the object, if one is there."""
    if survey.id is False:
        return None
    others = "" if survey.name == "columns" else ID_NAMES
    return first_of(f"{survey.id}|{others}", columns)
