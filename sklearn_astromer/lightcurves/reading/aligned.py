"""Sources of which each row or item is an object, in the order in which they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._printable import printable_errors
from sklearn_astromer.lightcurves.checks import check_objects
from sklearn_astromer.lightcurves.flat import (
    Flat,
    as_band,
    as_ids,
    band_name,
    joined,
    offsets_of,
)
from sklearn_astromer.lightcurves.reading.lists import PLACE, flattened, is_nested
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.reader import read
from sklearn_astromer.lightcurves.reading.remedies import Remedy, advising, by_door, refusal
from sklearn_astromer.lightcurves.reading.report import Report
from sklearn_astromer.lightcurves.reading.tables import as_frame, table_of
from sklearn_astromer.lightcurves.surveys.registry import BY_NAME

#: What `from_nested` and `from_arrays` take of the options of `read`.
NESTED = ("time", "mag", "mag_err", "flux", "flux_err", "zero_point", "band_column", "on_invalid")
ITEMS = ("on_invalid",)


def index_ids(index: pd.Index) -> Any:
    """Use a pandas index as ids if it can name objects, else their positions."""
    if isinstance(index, pd.CategoricalIndex):
        index = index.astype(index.categories.dtype)
    usable = index.nlevels == 1 and pd.api.types.infer_dtype(index) in ("integer", "string")
    return index.to_numpy() if usable else None


@printable_errors()
def read_nested(
    column: Any, options: Options, ids: Any = None
) -> tuple[Flat, Report, NDArray[Any]]:
    """Read a nested column by the rules of `LightCurves.read`.

    The ids of the objects are the places of their rows. The names of the rows are returned too:
    `ids`, or the index of a Series, or positions.
    """
    if not is_nested(column):
        raise TypeError(
            "from_nested takes a column of Arrow lists of structs or structs of lists (a Series "
            f"of nested-pandas, a pyarrow array), got {type(column).__name__}"
            + (f" of {column.dtype}" if isinstance(column, pd.Series) else "")
        )
    if isinstance(column, pd.DataFrame):
        column = column.iloc[:, 0]
    if ids is None and isinstance(column, pd.Series):
        ids = index_ids(column.index)
    names = as_ids(ids, len(column))
    options = replace(options, columns={**options.columns, "id": PLACE})
    places = pd.DataFrame({PLACE: np.arange(len(column))})
    with advising(NESTED):
        frame = flattened({"": column}, places, 0, options, names)
        frame.attrs.pop("empty", None)  # whoever asks for all rows says which have none
        flat, report = read([table_of(frame, "", "this nested column")], options, names)
    return flat, _advised(report, NESTED), names


@printable_errors()
def read_items(items: Sequence[Any], options: Options, names: NDArray[Any]) -> tuple[Flat, Report]:
    """Read one table per object; ids are places, as of `read_nested`."""
    flats, report = [], Report()
    options = replace(options, columns={**options.columns, "id": PLACE})
    for place, item in enumerate(items):
        name = f"object {names[place].item()!r}"
        try:
            frame = as_frame(item, options)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name}: {error}") from error
        frame[PLACE] = place
        with advising(ITEMS):
            flat, found = read([table_of(frame, "", name)], options, names)
        flats.append(flat)
        report.add(found)
    return joined(flats), _advised(report, ITEMS)


def _advised(report: Report, takes: tuple[str, ...]) -> Report:
    """Let remarks advise what a call takes."""
    remarks = [each._replace(remedies=by_door(each.remedies, takes)) for each in report.remarks]
    return replace(report, remarks=remarks)


@printable_errors()
def in_rows(
    flat: Flat,
    report: Report,
    ids: NDArray[Any],
    band: Any,
    options: Options,
    unique: bool,
    labels: Any = None,
) -> Flat:
    """Return one object a row, of one band, checked; `labels` are the bands of all rows."""
    if flat.band is None and band is not None and "band" not in report.columns:
        raise refusal(
            f"band={band!r} was asked for, and no field was recognised as the band",
            Remedy("band_column"),
        )
    if flat.band is not None:
        present = np.unique(flat.band).tolist()
        if band is not None:
            survey, name = BY_NAME.get(report.survey), band_name(band)
            band = survey.bands.get(name, name) if survey else name
            if band not in present and options.on_invalid == "raise":
                raise ValueError(f"there is no band {band!r}: there are {present}")
            flat = flat.take(np.flatnonzero(flat.band == band))
        elif len(np.unique(flat.ids)) < len(flat.ids):
            first = ids[flat.ids[pd.Index(flat.ids).duplicated()][0]].item()
            raise ValueError(
                f"object {first!r} has several bands ({', '.join(present)}), and a light curve has "
                "one: choose it (of a nested column with band=…), or use LightCurves.read, which "
                "makes a row of each"
            )
        else:
            band = np.full(len(ids), present[0] if len(present) == 1 else "", dtype=object)
            band[flat.ids] = flat.band
    if np.any(np.diff(flat.ids) < 0):
        flat = flat.take(np.argsort(flat.ids, kind="stable"))
    lengths = np.zeros(len(ids), dtype=np.int64)
    lengths[flat.ids] = np.diff(flat.offsets)
    band = as_band(band if labels is None else labels, len(ids))
    flat = flat._replace(offsets=offsets_of(lengths), ids=ids, band=band)
    return check_objects(flat, on_invalid=options.on_invalid, unique=unique, say=report.remark)
