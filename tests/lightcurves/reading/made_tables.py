"""Tables of surveys, made from their entries in the registry alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_astromer.lightcurves.surveys.survey import Bad, Survey, first_of

#: What `prepare` makes the magnitudes of, where the entry does not tell.
MADE_OF = {
    "fink": {"magnr": 15.0, "sigmapsf": 0.05, "sigmagnr": 0.01},
    "gaia-wide": {f"{side}_flux_over_error": 50.0 for side in ("g_transit", "bp", "rp")},
}
#: Values of columns that tell a survey and are no part of its light curves.
VALUES = {
    **{"magpsf": 17.0, "nearestrefmag": 15.0, "isdiffpos": "t", "detected": True},
    **{"camera": "ba", "flux_over_error": 50.0, "forcediffimflux": 100.0},
}
FIRST_DAY, EACH = 58_000.0, 3


class Made(NamedTuple):
    """A table, how it is read, and what is known of it.

    `id` is its column of objects, "" where there is none; `bands` those that must come out;
    `left_out` the rows that a rule leaves out, by reason.
    """

    survey: Survey
    frame: pd.DataFrame
    options: dict[str, Any]
    id: str
    bands: list[str]
    rows: int
    left_out: dict[str, int]


def good_and_bad(rule: Bad) -> tuple[Any, Any]:
    """Return a value that a rule keeps, and one that it leaves out."""
    value = rule.value
    if rule.test in ("true", "false"):
        return rule.test == "false", rule.test == "true"
    if rule.test in ("in", "not in"):
        other = "?" if isinstance(value[0], str) else 61
        return (other, value[0]) if rule.test == "in" else (value[0], other)
    if rule.test in ("==", "!="):
        other = "?" if isinstance(value, str) else value + 1
        return (other, value) if rule.test == "==" else (value, other)
    return {">=": (value - 1, value), ">": (value - 1, value + 1), "<": (value, value / 2)}[
        rule.test
    ]


def make(survey: Survey) -> Made:
    """Make a table of two objects and two bands, where it has these, with a bad row for each rule.

    Bad rows are of the first object and band.
    """
    id, band = str(survey.id or ""), survey.band
    first = {name.split("|")[0] for name in survey.needs}
    columns = first | {name.split("|")[0] for name in (id, band) if not first_of(name, first)}
    columns = columns - {""} | MADE_OF.get(survey.name, {}).keys()
    id, band = first_of(id, columns) or "", first_of(band, columns) or ""
    labels = [int(b) if b.isdigit() else b for b in [*survey.bands, "g", "r"][:2]] if band else [""]
    curves = [(one, label) for one in ((7001, 7002) if id else (0,)) for label in labels]
    rules = [(rule, rule.column.split("|")[0]) for rule in survey.bad]
    rules += [(r, r.column.split("|")[0]) for side in survey.brightness for r in side.bad]
    owners = [curve for curve in curves for _ in range(EACH)] + curves[:1] * len(rules)
    n = len(owners)
    day, values = FIRST_DAY + np.arange(n), np.arange(n) / 100
    frame = pd.DataFrame({name: [VALUES.get(name, 1.0)] * n for name in sorted(columns)})
    for name, value in MADE_OF.get(survey.name, {}).items():
        frame[name] = (value + values).round(2)
    for side in survey.brightness:
        made = set(frame if survey.prepare is None else survey.prepare(frame.copy()))
        for name, value in (
            *((side.mag, 15.0), (side.mag_err, 0.02), (side.flux, 1000.0), (side.flux_err, 2.0)),
            (side.zero_point if isinstance(side.zero_point, str) else None, 26.0),
        ):
            there = first_of(name or "", made)
            if name and (there is None or there in first):
                frame[there or name.split("|")[0]] = (value + values).round(2)
        time = side.time or survey.time
        frame[first_of(time, frame.columns) or time] = day - survey.origin
    for name, column in ((id, 0), (band, 1)):
        if name:
            frame[name] = [owner[column] for owner in owners]
    if "candid" in frame and id != "candid":
        frame["candid"] = 100 + np.arange(n)
    if "diasourceid" in frame:
        frame["diasourceid"] = 100 + np.arange(n)
    left_out = dict.fromkeys((rule.reason for rule, _ in rules), 0)
    for i, (rule, name) in enumerate(rules):
        row = n - len(rules) + i
        left_out[rule.reason] += len(survey.brightness) if rule in survey.bad else 1
        if rule.test == "missing":
            frame.loc[row, name] = np.nan
            continue
        good, bad = good_and_bad(rule)
        frame[name] = [bad if j == row else good for j in range(n)]
    bands = [survey.bands.get(str(label), str(label)) for _, label in curves]
    if survey.brightness[0].band:
        bands = [side.band or "" for side in survey.brightness for _ in curves]
    differences = any(side.difference for side in survey.brightness)
    options = {"difference": "scale"} if differences else {}
    rows = n * len(survey.brightness)
    return Made(survey, frame, options, id, bands, rows, left_out)


def in_lists(made: Made) -> pd.DataFrame:
    """Return the table with a row per object: its id, and lists of the other columns."""
    key = made.frame[made.id] if made.id else np.zeros(len(made.frame))
    groups = [part for _, part in made.frame.groupby(key, sort=False)]
    names = [name for name in made.frame if name != made.id]
    frame = pd.DataFrame({made.id: [part[made.id].iloc[0] for part in groups]} if made.id else {})
    for name in names:
        frame[name] = pd.Series([part[name].tolist() for part in groups], dtype=object)
    return frame
