"""What `LightCurves.read` was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np

from sklearn_astromer._closest import closest
from sklearn_astromer.lightcurves.surveys.errors import errors_of, may_be_errors
from sklearn_astromer.lightcurves.surveys.names import (
    ALIASES,
    LIMIT_OF,
    UNIT_NAMES,
    bands_by_words,
    candidates,
    clocks,
    may_name_stars,
    may_tell_limits,
    unit_for,
    zero_points,
)
from sklearn_astromer.lightcurves.surveys.registry import BY_NAME, flags_in, recognise, resembled
from sklearn_astromer.lightcurves.surveys.side_by_side import bands_beside, bands_in
from sklearn_astromer.lightcurves.surveys.survey import Survey, column_name

#: Rules of all tables.
UPPER_LIMITS, SENTINELS, TWICE = "upper limits", "sentinels", "there twice"
COMMON_RULES = (UPPER_LIMITS, SENTINELS, TWICE)
#: In magnitudes: no flux is counted in such units.
MOST_ZERO_POINT = 100.0


@dataclass(frozen=True)
class Options:
    """What `LightCurves.read` was asked for; `columns` is of parts, in its keywords' words.

    `memo` is what was found in one file, for the next.
    """

    survey: str = "auto"
    band: Any = None
    quality: bool = True
    rules: Mapping[str, Any] = field(default_factory=dict)
    limits: str = "drop"
    difference: str = "raise"
    id_from: str | Callable[[str], Any] = "stem"
    columns: dict[str, Any] = field(default_factory=dict)
    on_invalid: str = "drop"
    on_error: str = "raise"
    progress: bool = False
    memo: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        rules = self.rules or {}
        if isinstance(rules, Mapping):  # those of all tables in any case
            lowered = {name: str(name).lower() for name in rules}
            common = {n: low if low in COMMON_RULES else n for n, low in lowered.items()}
            rules = {common[name]: limit for name, limit in rules.items()}
        object.__setattr__(self, "rules", rules)
        columns = {part: name for part, name in self.columns.items() if name is not None}
        object.__setattr__(self, "columns", columns)

    def given(self) -> dict[str, Any]:
        """Return the columns that were named, in lower case."""
        return {
            part: name
            if name is False or (part == "zero_point" and not isinstance(name, str))
            else column_name(name)
            for part, name in self.columns.items()
        }

    def check(self) -> None:
        """Refuse what no option can be."""
        choices: dict[str, tuple[str, ...]] = {
            "limits": ("drop", "raise"),
            "difference": ("raise", "scale"),
            "on_invalid": ("raise", "drop"),
            "on_error": ("raise", "skip"),
            "survey": ("auto", "columns", *BY_NAME),
        }
        for name, allowed in choices.items():
            value = getattr(self, name)
            if value not in allowed:
                if name == "survey":
                    names = closest(value, allowed)
                    raise ValueError(f"survey must be one that is known, got {value!r}: {names}")
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
        if not isinstance(self.rules, Mapping) or any(type(n) is not str for n in self.rules):
            raise TypeError(
                f"rules must be a dictionary of rules by their names, as {{'catflags': None}}, got "
                f"{self.rules!r}"
            )
        for name, limit in self.rules.items():
            if limit is None or limit is True or name not in COMMON_RULES:
                continue
            if name != UPPER_LIMITS or isinstance(limit, bool) or not isinstance(limit, Real):
                raise ValueError(f"rule {name!r} has no limit {limit!r}: None switches it off")
        for part, column in self.columns.items():
            if column is False and part != "id":
                raise ValueError(f"{part} must be a column, got False")
        for name in ("quality", "progress"):
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise TypeError(f"{name} must be True or False, got {getattr(self, name)!r}")
        if {"mag", "flux"} <= self.columns.keys():
            raise ValueError("mag and flux were both given, and one of them is read: leave one out")
        point = self.columns.get("zero_point", "")
        if not isinstance(point, str) and (
            isinstance(point, bool)
            or not isinstance(point, (Real, np.number))
            or not abs(float(point)) < MOST_ZERO_POINT
        ):
            raise ValueError(
                f"zero_point must be the magnitude of flux 1 or the name of a column, got {point!r}"
            )
        if not callable(self.id_from) and self.id_from not in ("stem", "parent"):
            raise ValueError(
                f"id_from must be 'stem', 'parent' or a function, got {self.id_from!r}"
            )

    # what text and Parquet ask of the names of columns

    def known(self, names: list[str]) -> bool:
        """Whether these are names of the columns of light curves."""
        lowered = [column_name(name) for name in names]
        given = set(map(str, self.given().values()))
        if self.surveys(frozenset(lowered), False) or given & set(lowered):
            return True
        kinds = ("mag", "flux")
        bright = any(candidates(kind, lowered) or bands_beside(kind, lowered) for kind in kinds)
        return bool(candidates("time", lowered)) and bright

    def needed(self, names: list[str], rows_are_objects: bool = False) -> list[str] | None:
        """Return the columns that are read of a table; None: any may be."""
        lowered = {column_name(name): name for name in names}
        found = self.surveys(frozenset(lowered), rows_are_objects)
        if len(lowered) < len(names) or len(found) > 1 or any(each.prepare for each in found):
            return None
        asked = self.given()
        given = {name for name in asked.values() if isinstance(name, str)}
        if not given <= lowered.keys():
            return None
        if found and {"mag", "flux"} & asked.keys():  # whose error is of another name
            return None
        if not found and self.survey == "auto" and resembled(frozenset(lowered)):
            return None  # its rules, or what stands for the column that is not there, tell
        read = given | set(candidates("id", lowered))
        if found:
            read |= found[0].columns()
        else:
            parts = [each for part in ALIASES for each in candidates(part, lowered)]
            bright = {name: kind for kind in ("mag", "flux") for name in candidates(kind, lowered)}
            bright |= {asked[kind]: kind for kind in ("mag", "flux") if kind in asked}
            if not bright:
                return None  # which columns have a band each, all of them tell
            read |= {*parts, *bands_by_words(lowered), *flags_in(lowered)}
            read |= {*filter(may_tell_limits, lowered)}
            for name, kind in bright.items():  # of what else may be of stars something is remarked
                read |= {each for each in lowered if may_be_errors(name, kind, each)}
                read |= {*errors_of(name, kind, lowered), *bands_in(kind, lowered)}
            read |= set() if rows_are_objects else set(clocks(lowered))
            read |= {LIMIT_OF.format(each) for each in bright} | set(zero_points(lowered))
            if not rows_are_objects and not candidates("id", lowered):
                return None  # which column names objects, values tell
        read |= lowered.keys() & set(map(column_name, self.rules))
        read |= {name for name in lowered if unit_for(name) in read or name in UNIT_NAMES}
        return [name for each, name in lowered.items() if each in read]

    def ids(self, names: list[str]) -> list[str]:
        """Return the columns, in lower case, that name objects by their names."""
        said = {*candidates("id", names), self.given().get("id")}
        for survey in self.surveys(frozenset(names), False):
            said |= set(str(survey.id).split("|"))
        return [name for name in names if name in said or may_name_stars(name)]

    def surveys(self, columns: frozenset[str], rows_are_objects: bool) -> tuple[Survey, ...]:
        """Return the surveys that a table may be of, by its columns."""
        if self.survey == "auto":
            return recognise(columns, rows_are_objects)
        return () if self.survey == "columns" else (BY_NAME[self.survey],)
