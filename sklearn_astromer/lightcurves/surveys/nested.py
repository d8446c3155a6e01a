"""Nested columns of surveys and of fluxes, by the rules of `LightCurves.read`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.lightcurves.columns import check_band, find_columns
from sklearn_astromer.lightcurves.flat import Flat, as_band, band_name, offsets_of
from sklearn_astromer.lightcurves.surveys.reading import read
from sklearn_astromer.lightcurves.surveys.recognising import Options, needed_columns
from sklearn_astromer.lightcurves.surveys.registry import recognise_nested
from sklearn_astromer.lightcurves.surveys.survey import column_name, first_of

FLUXES = ("flux", "flux_err", "zero_point")


class Rules(NamedTuple):
    """What to read of a nested column, and how: its fields and the names of their bands."""

    options: Options
    fields: list[str]
    bands: dict[str, str]


def rules_of(fields: list[str], given: dict[str, Any]) -> Rules | None:
    """Return the rules for fields of fluxes or of a survey; None: their names tell all."""
    given = {part: name for part, name in given.items() if name is not None}
    names = {column_name(field) for field in fields}
    if given.keys() & set(FLUXES):
        _check_given(fields, given)
        return Rules(Options("columns", columns={**given, "id": "object_id"}), fields, {})
    found = () if given else recognise_nested(frozenset(names))
    if len(found) > 1:
        raise ValueError(
            f"fields {fields} could be of {' or '.join(survey.name for survey in found)}: name "
            "those to read (time=, mag= or flux=, band_column=)"
        )
    if not found:
        return None
    survey = found[0]
    columns: dict[str, Any] = {"id": str(survey.id or "object_id").split("|")[0]}
    if first_of(survey.band, names) is None:
        columns["band"] = False  # a row is of one band, as its object is the row
    options = Options(survey.name, columns=columns)
    return Rules(options, needed_columns(fields, options) or fields, survey.bands)


def _check_given(fields: list[str], given: dict[str, Any]) -> None:
    """Say which fields of fluxes are not there, or not enough."""
    if "flux" not in given or "mag" in given:
        raise ValueError("flux_err= and zero_point= go with flux=, which takes the place of mag=")
    find_columns(fields, given, parts=("time", "mag_err", "band"))
    for part in FLUXES:
        if isinstance(given.get(part), str) and given[part] not in fields:
            raise ValueError(f"there is no column {given[part]!r} ({part}=): columns are {fields}")


def observations(
    frame: pd.DataFrame, lengths: NDArray[np.int64], object_ids: NDArray[Any], rules: Rules
) -> Flat:
    """Read the observations of rows of a nested column; left out ones are counted by a warning.

    What is returned has objects by band, the ids being places of rows.
    """
    name = rules.options.columns["id"]
    frame = frame.drop(columns=[c for c in frame.columns if column_name(c) == name])
    rows = pd.Index(object_ids)
    if not rows.is_unique:  # equal names would be one object
        rows = pd.RangeIndex(len(object_ids))
    frame = frame.assign(**{name: np.repeat(rows.to_numpy(), lengths)})
    flat, report = read(frame, rules.options)
    if report.left_out:
        warn(str(report))
    elif report.remarks:  # without the count, or each partition of a catalog says another
        warn(f"read as {report.survey} ({report.title}): {'. '.join(report.remarks)}")
    return flat._replace(ids=rows.get_indexer(flat.ids))


def of_band(flat: Flat, object_ids: NDArray[Any], rules: Rules, band: Any, on_invalid: str) -> Flat:
    """Return the observations of one band for all rows; a row may have none."""
    label = None if band is None else band_name(band)
    if label is not None and flat.band is None and len(flat.ids):
        raise ValueError(f"band={band!r} was asked for, but no field was recognised as the band")
    if flat.band is not None:
        label = None if label is None else rules.bands.get(label, label)
        present = np.unique(flat.band).tolist()
        if label is None or on_invalid == "raise":
            check_band(present, "band", label)
        label = present[0] if label is None else label
        flat = flat.take(np.flatnonzero(flat.band == label))
    lengths = np.zeros(len(object_ids), dtype=np.int64)
    lengths[flat.ids] = np.diff(flat.offsets)
    return flat._replace(
        offsets=offsets_of(lengths), ids=object_ids, band=as_band(label, len(object_ids))
    )
