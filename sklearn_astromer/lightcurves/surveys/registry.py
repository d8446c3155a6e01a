"""The surveys that `LightCurves.read` knows: those of ``surveys.toml``."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Set
from pathlib import Path
from typing import Any

from sklearn_astromer.lightcurves.surveys import prepare
from sklearn_astromer.lightcurves.surveys.names import ALIASES, tells_quality
from sklearn_astromer.lightcurves.surveys.survey import ORIGINS, Bad, Brightness, Survey

#: Columns of any table, which tell no survey.
COMMON = {alias for aliases in ALIASES.values() for alias in aliases} | {
    *("magerr", "merr", "err", "uncertainty", "fluxerr", "quality", "camera", "limit", "detected"),
}


def _survey(name: str, entry: dict[str, Any]) -> Survey:
    """Return an entry of the file."""
    read = entry["read"]
    parts = {part: read[part] for part in ("id", "time", "band") if part in read}
    sides = entry.get("sides") or [{k: v for k, v in read.items() if k not in parts}]
    return Survey(
        name,
        entry["title"],
        tuple(entry["needs"].split(", ")),
        brightness=tuple(Brightness(**{**each, "bad": _rules(each)}) for each in sides),
        origin=ORIGINS[entry.get("origin", "MJD")],
        bands=entry.get("bands", {}),
        bad=_rules(entry),
        lacks=tuple(entry["lacks"].split(", ")) if "lacks" in entry else (),
        prepare=getattr(prepare, entry["prepare"]) if "prepare" in entry else None,
        **parts,
    )


def _rules(entry: dict[str, Any]) -> tuple[Bad, ...]:
    return tuple(Bad(*rule) for rule in entry.get("bad", ()))


with Path(__file__).with_name("surveys.toml").open("rb") as _file:
    SURVEYS = tuple(_survey(name, entry) for name, entry in tomllib.load(_file).items())
#: What `LightCurves.to_parquet` writes, told by a mark in the file.
OWN = Survey(
    "sklearn_astromer",
    "written by LightCurves.to_parquet",
    ("object_id", "time", "mag"),
    "time",
    (Brightness("mag", "mag_err"),),
    id="object_id",
    band="band",
    exact=True,
)
#: Columns that flag bad rows of some survey.
OF_QUALITY = frozenset().union(*(survey.quality_columns() for survey in SURVEYS))
BY_NAME = {survey.name: survey for survey in SURVEYS}


@functools.lru_cache
def recognise(columns: frozenset[str], rows_are_objects: bool = False) -> tuple[Survey, ...]:
    """Return the surveys whose columns a table has, but none whose columns another's include.

    Where rows are objects, with lists of observations, a column of the object is not needed; then
    fields that tables of any origin have are not enough to tell a survey.
    """
    found = []
    for each in SURVEYS:
        fits = each.fits(columns)
        if not fits and rows_are_objects:
            fits = each.fits(columns | set(str(each.id).split("|")))
            fits = fits and bool(_distinctive(each, columns))
        if fits:
            found.append((each, each.found(columns)))
    return tuple(one for one, its in found if not any(its < other for _, other in found))


def flags_in(names: Iterable[str]) -> list[str]:
    """Return the columns, in lower case, that say which rows are good or bad, in any table."""
    return [name for name in names if name in OF_QUALITY or tells_quality(name)]


def _distinctive(survey: Survey, columns: Set[str]) -> set[str]:
    """Return which columns tell this survey from tables of any origin."""
    found = survey.found(columns) | survey.quality_columns() & columns
    return {name for name in found if name.replace("_", "") not in COMMON}


@functools.lru_cache
def resembled(columns: frozenset[str]) -> tuple[Survey, str] | None:
    """Return the survey of whose columns a table lacks one, and that one."""
    near = []
    for survey in SURVEYS:
        lacking = survey.lacking(columns)
        if len(lacking) != 1 or len(survey.needs) < 4 or set(survey.lacks) & columns:
            continue
        if _distinctive(survey, columns):
            near.append((survey, lacking[0]))
    return max(near, key=lambda pair: len(pair[0].needs), default=None)
