"""What the index of a DataFrame tells, where its levels have no names."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sklearn_astromer.lightcurves.bands import is_band
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.remedies import Remedy
from sklearn_astromer.lightcurves.surveys.names import candidates
from sklearn_astromer.lightcurves.surveys.survey import column_name

ONE = Remedy("id", False, "if all rows are of one object")


def of_index(
    frame: pd.DataFrame, options: Options, lists: bool
) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """Return columns of what no column tells, and what is remarked of them.

    Dates are times, text names bands or objects, and so does each level before the last, as
    `pandas.concat` of a dictionary makes it. Texts that are all different number the rows of a
    table, unless a row is an object, with `lists`.
    """
    index = frame.index
    found: dict[str, Any] = {}
    said: list[tuple[Any, ...]] = []
    names = [column_name(name) for name in frame.columns]
    for place, name in enumerate(index.names):
        values = index.get_level_values(place)
        last = place == index.nlevels - 1
        part = "" if name is not None else _part(values, not last)
        if not part or part in found or part in options.given():
            continue
        several = part != "time" and values.nunique() > 1
        if _told(part, names, options):
            if several and not (last and values.is_unique) and not candidates(part, names):
                said.append((f"the index of the table is not used: a column tells the {part}",))
        elif part == "id" and last and values.is_unique and not lists:
            if several:
                said.append(("the index of the table is not used, in which all texts differ",))
        else:
            found[part] = values
            if several:
                taken = f"the index of the table, which has no name, is taken as the {part}"
                said.append((taken, ONE) if part == "id" else (taken,))
    return {"object_id" if part == "id" else part: found[part] for part in found}, said


def _part(values: pd.Index, outer: bool) -> str:
    """Return which part of a light curve a level holds by its values; "": none."""
    if isinstance(values, pd.DatetimeIndex):
        return "time"
    text = values.inferred_type == "string" or (
        isinstance(values, pd.CategoricalIndex) and values.categories.inferred_type == "string"
    )
    if text and all(is_band(value) for value in values.unique()):
        return "band"
    return "id" if text or outer else ""


def _told(part: str, names: list[str], options: Options) -> bool:
    """Whether a column tells a part."""
    if part == "id":
        return bool(options.ids(names))
    known = part == "time" and options.surveys(frozenset(names), False)
    return bool(known or candidates(part, names))
