"""What a report says of a table: which column is what, and what is not known of its rows."""

from __future__ import annotations

from collections.abc import Collection, Set

import pandas as pd

from sklearn_astromer.lightcurves.reading.ids import tells_bands, unused_names
from sklearn_astromer.lightcurves.reading.lists import PLACE
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.remedies import Remedy
from sklearn_astromer.lightcurves.reading.report import Report
from sklearn_astromer.lightcurves.reading.tables import Table
from sklearn_astromer.lightcurves.reading.values import MOST_SHORT_JD
from sklearn_astromer.lightcurves.surveys.errors import may_be_errors
from sklearn_astromer.lightcurves.surveys.names import (
    by_preference,
    may_name_stars,
    tells_quality,
    zero_points,
)
from sklearn_astromer.lightcurves.surveys.registry import OWN, flags_in
from sklearn_astromer.lightcurves.surveys.side_by_side import bands_in
from sklearn_astromer.lightcurves.surveys.survey import Brightness, Survey, first_of

#: Fluxes relative to their mean are as near to 1; magnitudes about 0 scatter less.
NEAR, WIDE = 0.3, 2.0
#: Magnitudes of a star in two bands differ by less.
MOST_COLOUR = 10.0
#: The value of flags that so many rows have may be that of good ones.
LEAST_GOOD = 0.5
#: More fluxes than those of noise alone are below 0 where they are differences, of so many.
BELOW, FEWEST = 0.25, 10
DIFFERENCE_MAGNITUDES = (
    "magpsf is of a difference image, and no magnitude of the star: pass a table that has "
    "magpsf_corr, or magnr and isdiffpos, from which it follows"
)


def id_column(survey: Survey, columns: Collection[str]) -> str | None:
    """Return the column of the object, if one is there."""
    if survey.id is False:
        return None
    found = first_of(str(survey.id), columns)
    if found is None and survey.name != "columns":
        found = next(iter(by_preference("id", sorted(columns))), None)
    return found


def describe(table: Table, prepared: pd.DataFrame, survey: Survey, report: Report) -> None:
    """Say which column is what, of those of a table or made of them."""
    names, columns = table.names, set(prepared.columns)
    parts = {
        "id": [id_column(survey, columns)],
        "time": [first_of(survey.brightness[0].time or survey.time, columns)],
        "band": [first_of(survey.band, columns)],
    }
    for part in ("mag", "mag_err", "flux", "flux_err"):
        parts[part] = [first_of(getattr(b, part) or "", columns) for b in survey.brightness]
    used = survey.quality_columns().union(*(b.columns_in(columns) for b in survey.brightness))
    for part, found in parts.items():
        there = [name for name in found if name is not None]
        used |= {*there}
        if there and there != [PLACE]:
            report.columns[part] = " ".join(names.get(name, name) for name in there)
    report.unused = [name for lowered, name in names.items() if lowered not in used]


def remark(
    table: Table, columns: Set[str], survey: Survey, options: Options, report: Report
) -> None:
    """Say what is not known of rows: their objects, bands, zero point, or flags."""
    frame = table.frame
    known, flags = survey.name not in ("columns", OWN.name), survey.quality_columns()
    rows_are_objects = table.facts.get("rows_are_objects")
    if known and not table.name and id_column(survey, columns) is None and survey.id is not False:
        report.remark(
            "no column names objects: all rows are taken for one",
            *(0, "", Remedy("id"), Remedy("id", False)),
        )
    lacks_band = survey.band and first_of(survey.band, columns) is None
    if known and lacks_band and not rows_are_objects:
        names = survey.band.replace("|", " or ")
        report.remark(
            f"there is no {names}: all rows are taken for one band", 0, "", Remedy("band_column")
        )
    if survey.name == "columns":
        _remark_errors(table, survey, report)
        _remark_others(table, survey, options, report)
        _remark_bands(table, survey, report)
    if not known and survey.brightness[0].flux is not None:
        _remark_fluxes(table, columns, survey.brightness[0], options, report)
    for bright in survey.brightness:
        _remark_differences(frame, bright, columns, report)
    used = survey.columns() | flags
    unnamed = known and id_column(survey, columns) is None
    unnamed |= survey.name == "columns" and survey.id == ""
    if unnamed and survey.id is not False and not rows_are_objects:
        left = [name for name in frame.columns if name in table.names and name not in used]
        left = [name for name in left if not known or may_name_stars(name)]
        for name in unused_names(table, left)[:1]:
            report.remark(
                f"all rows are one object, and column {table.names[name]!r} has several values",
                *(0, "", Remedy("id", table.names[name], "if it names objects")),
            )
    if table.facts.get("headerless"):
        times = pd.to_numeric(frame[survey.time], errors="coerce")
        if times.max() < MOST_SHORT_JD:
            report.remark(
                "times below 20 000 without a header may be HJD − 2450000: kept as they are"
            )
        mag = survey.brightness[0].mag
        if mag is not None and "mag" not in options.columns:
            _remark_values(pd.to_numeric(frame[mag], errors="coerce"), int(mag), report)
    if known and options.quality and flags and not flags & columns:
        report.remark(f"no flags of bad rows are there ({', '.join(sorted(flags))})")
    if not known and options.quality:
        left = [name for name in flags_in(frame.columns) if name not in used]
        _remark_flags(table, [name for name in left if frame[name].nunique() > 1], report)


def _remark_flags(table: Table, names: list[str], report: Report) -> None:
    """Say that columns seem to flag bad rows, and which value good ones may have: most of them."""
    remedies = []
    for name in sorted(names):
        shares = table.frame[name].value_counts(normalize=True)
        for good in shares.index[shares >= LEAST_GOOD][:1].tolist():
            rule = {table.names.get(name, name): good}
            remedies.append(Remedy("rules", rule, f"to keep rows where it is {good}"))
    if names:
        said = ", ".join(sorted(names))
        report.remark(f"flags of bad rows were not used: {said}", 0, "", *remedies[:2])


def _remark_bands(table: Table, survey: Survey, report: Report) -> None:
    """Say that a column tells bands, where none is read."""
    left = [] if survey.band else [n for n in table.frame.columns if n not in survey.columns()]
    for name in left:
        if (
            name in table.names
            and not tells_quality(name)
            and tells_bands(table.frame[name])
            and table.frame[name].nunique() > 1
        ):
            report.remark(
                f"all rows are of one band, and column {table.names[name]!r} has names of bands",
                *(0, "", Remedy("band_column", table.names[name], "if it tells bands")),
            )


def _remark_errors(table: Table, survey: Survey, report: Report) -> None:
    """Say that a column may hold errors, where none is read."""
    several, used = len(survey.brightness) > 1, survey.columns()
    for bright in survey.brightness:
        if bright.mag_err or bright.flux_err:
            continue
        kind = "mag" if bright.flux is None else "flux"
        name = bright.mag or bright.flux or ""
        named = [each for each in table.frame.columns if may_be_errors(name, kind, each)]
        numeric = [
            table.names.get(each, each)
            for each in named
            if each not in used and pd.to_numeric(table.frame[each], errors="coerce").notna().any()
        ]
        if numeric:
            own, may = table.names.get(name, name), " and ".join(map(repr, numeric))
            which, rename = (f" of {own!r}", f": call them 'e_{own}'") if several else ("", "")
            remedies = (Remedy(f"{kind}_err", each) for each in numeric[:2] if not several)
            said = f"no errors{which} are read, and {may} may hold them{rename}"
            report.remark(said, 0, "", *remedies)


def _remark_others(table: Table, survey: Survey, options: Options, report: Report) -> None:
    """Say that columns seem to hold the brightness of other bands, if nobody chose among them."""
    bright, frame = survey.brightness[0], table.frame
    kind = "mag" if bright.flux is None else "flux"
    own, used = bright.mag or bright.flux or "", survey.columns()
    left = [] if {"mag", "flux"} & options.columns.keys() else bands_in(kind, frame.columns)
    found = []
    for name in [each for each in left if each not in used]:
        both = frame[[own, name]].apply(pd.to_numeric, errors="coerce")
        stars = frame[survey.id] if survey.id in frame else pd.Series(0, frame.index)
        # that of a catalog is one of each star, and a number of another kind is far away
        varies = both[name].groupby(stars.to_numpy()).nunique().max() > 1
        near = kind == "flux" or abs(both[name].median() - both[own].median()) < MOST_COLOUR
        if varies and near:
            found.append(table.names.get(name, name))
    if found:
        said = "the brightness of other bands is not read, and seems to be in "
        remedies = (Remedy(kind, name, "in place of the other") for name in found[:2])
        report.remark(said + " and ".join(map(repr, found)), 0, "", *remedies)


def _remark_values(values: pd.Series, column: int, report: Report) -> None:
    """Say that values of a column without a name may be no magnitudes."""
    low, high = values.quantile([0.1, 0.9])  # without what stands for no value
    if abs(low - 1) < NEAR and abs(high - 1) < NEAR:
        what = "values about 1 without a header may be relative fluxes"
    elif low < 0 < high and high - low > WIDE:
        what = "values scatter about 0 without a header, and may be fluxes or thousandths of mag"
    else:
        return
    remedy = Remedy("flux", column, "if they are fluxes")
    report.remark(f"{what}: taken as magnitudes", 0, "", remedy)


def _remark_fluxes(
    table: Table, columns: Set[str], bright: Brightness, options: Options, report: Report
) -> None:
    """Say what is not known of fluxes: their zero point."""
    frame, flux = table.frame, str(bright.flux)
    asked = options.columns.get("zero_point") is not None
    told = table.zero_point(flux) is not None or isinstance(bright.zero_point, str)
    if not told and not asked:
        unit = table.unit(flux)
        has = f"are in {unit}, whose zero point is not known" if unit else "have no unit"
        report.remark(
            f"fluxes {has}: magnitudes count from 0 for flux 1", 0, "", Remedy("zero_point")
        )
    for name in () if asked else zero_points(columns):
        if name != bright.zero_point and frame[name].nunique() > 1:
            report.remark(
                f"zero points of column {table.names.get(name, name)!r} were not used: the fluxes "
                "have a unit",
                *(0, "", Remedy("zero_point", table.names.get(name, name))),
            )


def _remark_differences(
    frame: pd.DataFrame, bright: Brightness, columns: Set[str], report: Report
) -> None:
    """Say what may be of a difference image, as fluxes of ATLAS are unless asked for."""
    if bright.mag == "magpsf":  # which was asked for
        report.remark(DIFFERENCE_MAGNITUDES)
    flux = None if bright.difference else first_of(bright.flux or "", columns)
    if flux is None or len(frame) < FEWEST:
        return
    if (pd.to_numeric(frame[flux], errors="coerce") < 0).mean() > BELOW:
        report.remark(
            "over a quarter of the fluxes are below 0, and may be differences, of which asinh "
            "magnitudes say little: add what they differ from"
        )
