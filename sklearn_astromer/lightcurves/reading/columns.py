"""Which survey a table is of, and which of its columns are what."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from sklearn_astromer._closest import closest
from sklearn_astromer.lightcurves.reading.ids import could_name, id_by_values, tells_bands
from sklearn_astromer.lightcurves.reading.named import (
    KEYWORDS,
    MOST_ERROR,
    NEEDS,
    at_most_one,
    brightnesses,
    listed,
    the_one,
)
from sklearn_astromer.lightcurves.reading.options import COMMON_RULES, UPPER_LIMITS, Options
from sklearn_astromer.lightcurves.reading.remarks import DIFFERENCE_MAGNITUDES, id_column
from sklearn_astromer.lightcurves.reading.remedies import Remedy, refusal
from sklearn_astromer.lightcurves.reading.tables import Table
from sklearn_astromer.lightcurves.reading.values import is_clock, of_same_instants
from sklearn_astromer.lightcurves.surveys.errors import errors_of
from sklearn_astromer.lightcurves.surveys.names import (
    LIMIT_OF,
    bands_by_words,
    by_preference,
    candidates,
    clocks,
    tells_detections,
    tells_limits,
    words_of,
)
from sklearn_astromer.lightcurves.surveys.registry import OWN, resembled
from sklearn_astromer.lightcurves.surveys.survey import (
    FLAGS,
    Bad,
    Brightness,
    Survey,
    column_name,
    first_of,
    says_limits,
)

#: A column of so many other words holds names or numbers, and no flags.
MOST_WORDS = 5
DIFFERENCE = (
    "these are fluxes of a difference image, which has no magnitude of the star: use forced "
    "photometry of the direct image. For encoders with scaled_inputs, which take the flux in units "
    "of its deviation"
)
#: Errors of this size are none.
ABSENT_ERROR = 9.0


def survey_of(table: Table, options: Options) -> Survey:
    """Recognise the survey of a table, or read it by names; what was given goes before."""
    frame, given = table.frame, options.given()
    if table.facts.get("exact") and options.survey == "auto" and not given:
        return _ruled(OWN, table, options)
    for part, name in given.items():
        if isinstance(name, str) and name not in frame:
            column = options.columns[part]
            why = f"there is no column {column!r} among {listed(table)}"
            if name in table.names:
                why = f"column {column!r} has several values a row, and the times have one"
            raise refusal(f"{table.label}: {why}", Remedy(KEYWORDS.get(part, part)))
    columns = table.held
    found = options.surveys(columns, bool(table.facts.get("rows_are_objects")))
    if len(found) > 1:
        names = " and ".join(f"{s.name} ({s.title})" for s in found)
        raise refusal(
            f"{table.label} could be of {names}", *(Remedy("survey", s.name) for s in found)
        )
    near = resembled(columns) if not found and options.survey == "auto" else None
    survey = _nearly(*near, table, given) if near else None
    if found:
        survey = _replaced(found[0], given, table)
    if survey is None:
        return _ruled(_by_columns(table, given, options), table, options)
    if "id" in table.facts and "id" not in given and first_of(str(survey.id), columns) is None:
        survey = replace(survey, id=table.facts["id"])
    lacking = survey.lacking(columns)
    if options.survey != "auto" and lacking:
        raise refusal(
            f"{table.label} is not of {survey.name}: there is no {' and no '.join(lacking)} "
            f"among {listed(table)}",
            Remedy("survey", "columns", "to read columns by their names alone"),
        )
    return _ruled(survey, table, options)


def _nearly(survey: Survey, need: str, table: Table, given: dict[str, Any]) -> Survey | None:
    """Return the survey of which a table lacks one column, if its numbers do not come from that.

    What was named by hand stands for the column, or what is called so in other tables.
    """
    columns, survey = table.held, _replaced(survey, given, table)
    if not survey.lacking(columns):
        return survey
    if not survey.can_lack(need):
        return None
    left = [name for name in table.frame.columns if name not in survey.columns()]
    if first_of(survey.band, columns) is None and (band := _band(table, left)):
        survey = replace(survey, band=band)
        left.remove(band)
    if survey.id is not False and id_column(survey, columns) is None:
        bright = survey.brightness[0]
        named = (bright.time or survey.time, bright.flux or bright.mag or "", survey.band)
        time, value, band = (first_of(each, columns) or "" for each in named)
        survey = replace(survey, id=id_by_values(table, time, value or None, band, left))
    return survey


def _replaced(survey: Survey, given: dict[str, Any], table: Table) -> Survey:
    """Put columns that were given in the place of those of a survey, each part by itself."""
    if not given:
        return survey
    changes: dict[str, Any] = {k: v for k, v in given.items() if k in ("id", "band", "time")}
    gone: set[str] = set()
    sides = survey.brightness
    bright = {k: v for k, v in given.items() if k in ("mag", "flux")}
    if bright:
        gone |= {one for b in sides for one in f"{b.mag}|{b.flux}".split("|")}
        sides = (_side(survey, bright, table),)
    if "time" in given and given["time"] not in survey.time.split("|"):
        gone |= {*survey.time.split("|")}
        changes["origin"] = np.nan
        sides = tuple(replace(each, time=None) for each in sides)
    errors = {k: v for k, v in given.items() if k in ("mag_err", "flux_err", "zero_point")}
    if errors:
        if len(sides) > 1:
            raise refusal(f"{table.label}: {'=, '.join(errors)}= {NEEDS}", Remedy("mag"))
        gone |= {one for b in survey.brightness for one in f"{b.mag_err}|{b.flux_err}".split("|")}
        sides = (replace(sides[0], **errors),)
    changes["brightness"] = sides
    for part in ("id", "band"):
        if part in given:
            gone |= set(str(getattr(survey, part)).split("|"))
    needs = tuple(n for n in survey.needs if not set(n.split("|")) & gone)
    return replace(survey, needs=needs, **changes)


def _side(survey: Survey, bright: dict[str, Any], table: Table) -> Brightness:
    """Return the brightness of a survey that was named, with its own error, time and rules.

    One that the survey does not know is its first by another name, if that is not there, or has
    the error that is called after it as that of the first is after the first.
    """
    for side in survey.brightness:
        if {*bright.values()} & {*f"{side.mag}|{side.flux}".split("|")}:
            return replace(side, **bright)
    first = survey.brightness[0]
    if first_of(first.flux or first.mag or "", table.held) is None:
        errors, rules = first.flux_err or first.mag_err, first.bad
    else:
        theirs = {one for b in survey.brightness for one in f"{b.mag_err}|{b.flux_err}".split("|")}
        kind, name = [*bright.items()][-1]
        found = _alike(first, name, table.held) + errors_of(name, kind, table.held)
        errors, rules = next((each for each in found if each not in theirs), None), ()
    if "flux" not in bright:
        return Brightness(bright["mag"], errors, bad=rules)
    point = first.zero_point if first.flux else 0.0
    return Brightness(flux=bright["flux"], flux_err=errors, zero_point=point, bad=rules)


def _alike(first: Brightness, name: str, columns: Set[str]) -> list[str]:
    """Return what has the words of errors of a name, as MER_1 of MAG_1 if MER_0 is of MAG_0."""
    known = (first.flux_err or first.mag_err or "", first.flux or first.mag or "")
    pairs = product(*(each.split("|") for each in known))
    wanted = [{*words_of(error)} ^ {*words_of(value)} ^ {*words_of(name)} for error, value in pairs]
    return [each for words in wanted for each in columns if {*words_of(each)} == words]


def _ruled(survey: Survey, table: Table, options: Options) -> Survey:
    """Switch rules off, or give them another limit, by the names that the report prints.

    What names a column without a rule tells which of its values are kept.
    """
    for needed, parts in {"flux": ("flux_err", "zero_point"), "mag": ("mag_err",)}.items():
        idle = [part for part in parts if part in options.columns]
        if idle and not any(getattr(each, needed) for each in survey.brightness):
            raise refusal(f"{table.label}: {'=, '.join(idle)}= {NEEDS}", Remedy(needed))
    if not options.quality:
        bright = tuple(replace(each, bad=()) for each in survey.brightness)
        survey = replace(survey, bad=(), brightness=bright)
    for name, limit in options.rules.items():
        rules = survey.rules()
        meant = [rule for rule in rules if rule.is_called(name)]
        column = column_name(name)
        if not meant and limit is not None and column in table.frame:  # of the user's own
            own = Bad(f"{name}: not {limit}", column, "is not", limit)
            survey = replace(survey, bad=(*survey.bad, own))
            continue
        if not meant and name not in COMMON_RULES:
            known = dict.fromkeys([*(rule.reason for rule in rules), *COMMON_RULES])
            short = [name.partition(":")[0] for name in known]
            columns = [c for r in rules for c in r.column.split("|")] + [*table.frame.columns]
            near = closest(name, [*short, *columns], known)
            raise ValueError(f"there is no rule {name!r} in rules=: {near}")

        def changed(bad: tuple[Bad, ...], meant: list[Bad] = meant, limit: Any = limit) -> Any:
            kept = bad if limit is not None else tuple(rule for rule in bad if rule not in meant)
            return tuple(replace(r, value=limit) if r in meant else r for r in kept)

        bright = tuple(replace(each, bad=changed(each.bad)) for each in survey.brightness)
        survey = replace(survey, bad=changed(survey.bad), brightness=bright)
    return survey


# -- by names --------------------------------------------------------------------------------------


def _by_columns(table: Table, given: dict[str, Any], options: Options) -> Survey:
    """Describe a table by the names of its columns, recognised or given."""
    frame = table.frame
    taken = {*given.values(), *map(column_name, options.rules)}
    columns = [name for name in frame.columns if name not in taken]
    if "magpsf" in table.held and not {"mag", "flux"} & given.keys():
        raise ValueError(f"{table.label}: {DIFFERENCE_MAGNITUDES}")
    if table.facts.get("headerless"):
        given = _by_place(table, given)
    elif options.survey == "auto" and not given and (near := resembled(frozenset(columns))):
        survey, lacking = near
        raise refusal(
            f"{table.label} looks like {survey.name} ({survey.title}), but has no column "
            f"{lacking.replace('|', ' or ')} among {listed(table)}: give it that name, or",
            Remedy("survey", "columns", "to read columns by their names alone"),
        )
    time = given.get("time") or _time(table, columns)
    bright = brightnesses(table, given, columns)
    used = {time}.union(*(each.columns_in(frame.columns) for each in bright))
    band = given.get("band") or _band(table, [c for c in columns if c not in used])
    used |= {band}
    left = [name for name in frame.columns if name not in used]
    bright = tuple(replace(each, bad=tuple(_limits(table, each, left))) for each in bright)
    for flag in dict.fromkeys(flag for each in bright for flag in each.bad):
        _refuse_words(table, flag, options)
        used |= {flag.column}
    id = given.get("id", table.facts.get("id"))
    if id is None:
        left = [name for name in columns if name not in used]
        named = [name for name in candidates("id", left) if could_name(frame[name])]
        id = the_one(table, "id", named or left, False)
        id = id or id_by_values(table, time, bright[0].mag or bright[0].flux, band, left)
    return Survey(
        "columns",
        "recognised by the names of the columns",
        (),
        time,
        bright,
        id=id,
        origin=np.nan,
        band=band or "",
    )


def _limits(table: Table, brightness: Brightness, columns: list[str]) -> list[Bad]:
    """Return the flags of upper limits, by their names or by what they say."""
    own = {LIMIT_OF.format(brightness.mag)}
    others = {LIMIT_OF.format(name) for name in table.names} - own

    def says(name: str) -> bool:
        column = table.frame[name]
        return could_name(column) and says_limits(column)

    flags = []
    for name in columns:
        # a flux is measured whether or not something was detected
        if tells_detections(name) and brightness.flux is None:
            flags.append(Bad(UPPER_LIMITS, name, "false", FLAGS))
        elif tells_limits(name) or name in own or (name not in others and says(name)):
            flags.append(Bad(UPPER_LIMITS, name, "true", FLAGS))
    return flags


def _refuse_words(table: Table, flag: Bad, options: Options) -> None:
    """Refuse a column of a few words, of which it is unknown whether they tell limits."""
    kept = not options.quality or any(
        limit is None and flag.is_called(name) for name, limit in options.rules.items()
    )
    unknown = [] if kept else flag.unknown(table.frame)
    numbers = pd.to_numeric(pd.Series(unknown, dtype=object).str.lstrip("<>"), errors="coerce")
    if numbers.isna().any() and len(unknown) <= MOST_WORDS:
        name = table.names.get(flag.column, flag.column)
        raise refusal(
            f"{table.label}: column {name!r} may tell upper limits, and it is not known what "
            f"{', '.join(map(repr, unknown))} says: write true and false there, or",
            Remedy("rules", {flag.column: None}, "to keep all rows"),
        )


def _time(table: Table, columns: list[str]) -> str:
    """Return the column of the times; of several that tell the same instants, the first."""
    found = by_preference("time", columns)
    if not found:  # a column of dates, whatever it is called
        kinds, dtypes = table.facts["kinds"], table.frame.dtypes
        found = [n for n in columns if kinds.get(n) == "date" or dtypes[n].kind == "M"]
        return found[0] if len(found) == 1 else the_one(table, "time", columns)
    if len(found) > 1:
        # of clocks, and dates without their times of day, days_of refuses what is not joined
        apart = [n for n in found if n in clocks([n]) and is_clock(table.frame[n])]
        found = [name for name in found if name not in apart]
        if apart and len(found) == 1:
            return found[0]
        if name := of_same_instants(table, found):
            return name
    return the_one(table, "time", columns)


def _band(table: Table, columns: list[str]) -> str:
    """Return the column of the bands, by its name or by a word of it."""
    frame, found = table.frame, candidates("band", columns)
    if not found:
        found = [name for name in bands_by_words(columns) if could_name(frame[name])]
        named = [name for name in found if tells_bands(frame[name])]  # before their numbers
        found = named + [name for name in found if name not in named]
        codes = [pd.factorize(frame[name])[0] for name in found]
        if found and all(np.array_equal(codes[0], each) for each in codes[1:]):
            return found[0]
    return at_most_one(table, "band", KEYWORDS["band"], found) or ""


def _by_place(table: Table, given: dict[str, Any]) -> dict[str, Any]:
    """Name the columns of a table without a header: time, magnitude and, if it looks so, error."""
    frame = table.frame
    places = list(frame.columns)
    said = given.keys() - {"id"}
    if {"time", "mag"} <= said or {"time", "flux"} <= said:
        return given
    if len(places) == 2 and not said:
        return {"time": "1", "mag": "2", **given}
    if len(places) == 3 and not said:
        mag, error = (pd.to_numeric(frame[name], errors="coerce") for name in ("2", "3"))
        known = error[error < ABSENT_ERROR]
        small = len(known) > 0 and (known > 0).all() and known.median() < MOST_ERROR
        whole = bool((known == known.round()).all())
        spread = mag[(mag - mag.median()).abs() < ABSENT_ERROR].std()
        likely = known.median() < 0.1 + 2 * (0.5 if np.isnan(spread) else spread)
        if small and not whole and likely:
            return {"time": "1", "mag": "2", "mag_err": "3", **given}
    raise refusal(
        f"{table.label} has no header, and {len(places)} columns, which could be anything: say "
        "which column is what by its number, as time=1, mag=2",
        Remedy("time"),
        Remedy("mag"),
        Remedy("mag_err"),
    )
