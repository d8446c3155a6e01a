"""Nested columns, an object per row as Arrow holds them, into flat columns.

pyarrow is imported for what brings it along; nested-pandas never is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.arrays import index_ids
from sklearn_astromer.lightcurves.columns import bands_in, check_band, find_columns, rows_of_band
from sklearn_astromer.lightcurves.flat import Flat, as_band, as_float, as_ids, offsets_of
from sklearn_astromer.lightcurves.parquet import is_list


def is_nested(X: Any) -> bool:
    """Whether X is a nested column: Arrow lists of structs, or structs of lists.

    That is a Series of nested-pandas' dtype or of such an `ArrowDtype`, a DataFrame of one such
    column, or a pyarrow array, chunked or not.
    """
    if isinstance(X, pd.DataFrame):
        return X.shape[1] == 1 and is_nested(X.iloc[:, 0])
    kind = getattr(getattr(X, "dtype", None), "pyarrow_dtype", None)
    if kind is None and type(X).__module__.split(".")[0] == "pyarrow":
        kind = getattr(X, "type", None)
    return kind is not None and len(_fields(kind)) > 0


def flat_from_nested(
    column: Any, given: dict[str, Any], band: Any, ids: Any, on_invalid: str
) -> Flat:
    """Join the rows of a nested column; a missing row has no observations.

    Only the fields needed are read, each copied once and whole.
    """
    if not is_nested(column):
        raise TypeError(
            "from_nested takes a column of Arrow lists of structs or structs of lists (a Series "
            f"of nested-pandas, a pyarrow array), got {type(column).__name__}"
            + (f" of {column.dtype}" if isinstance(column, pd.Series) else "")
        )
    import pyarrow as pa

    if isinstance(column, pd.DataFrame):
        column = column.iloc[:, 0]
    if ids is None and isinstance(column, pd.Series):
        ids = index_ids(column.index)
    array = column if isinstance(column, (pa.Array, pa.ChunkedArray)) else pa.array(column)
    object_ids = as_ids(ids, len(array))
    fields = _fields(array.type)
    columns = find_columns(fields, given, parts=("time", "mag", "mag_err", "band"))
    if band is not None and columns.band is None:
        raise ValueError(f"band={band!r} was asked for, but no field was recognised as the band")
    for name in columns.names():
        if not is_list(fields[name]) and not is_list(array.type):
            raise ValueError(f"field {name!r} holds {fields[name]}, not a list per object")

    wanted = [list(fields).index(name) for name in columns.names()]
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    flattened = [_flatten(chunk, wanted) for chunk in chunks]
    lengths, values = {}, {}
    for i, name in enumerate(columns.names()):
        lengths[name] = np.concatenate([np.empty(0, int), *(chunk[i][0] for chunk in flattened)])
        values[name] = [chunk[i][1] for chunk in flattened]
        wrong = lengths[name] != lengths[columns.time]
        if wrong.any():
            k = int(np.argmax(wrong))
            raise ValueError(
                f"object {object_ids[k].item()!r} has {lengths[columns.time][k]} times but "
                f"{lengths[name][k]} values in field {name!r}"
            )

    def floats(name: Any) -> NDArray[np.float64]:
        # joined even if it is one, for then nobody else holds it
        arrays = [part.to_numpy(zero_copy_only=False) for part in values[name]]
        return np.concatenate([np.empty(0), *(as_float(a, f"field {name!r}") for a in arrays)])

    flat = Flat(
        floats(columns.time),
        floats(columns.mag),
        None if columns.mag_err is None else floats(columns.mag_err),
        offsets_of(lengths[columns.time]),
        object_ids,
        None,
    )
    if columns.band is None or len(flat.time) == 0:
        return flat
    labels = _series(values[columns.band])
    present = bands_in(labels, columns.band)
    if band is None or on_invalid == "raise":  # else an object without it is one to drop
        check_band(present, columns.band, band)
    if band is None:
        return flat._replace(
            band=as_band("" if present[0] is None else present[0], len(object_ids))
        )
    kept = rows_of_band(labels, band)
    chosen = flat.rows(kept, offsets_of(kept)[flat.offsets])
    return chosen._replace(band=as_band(band, len(object_ids)))


def _fields(kind: Any) -> dict[str, Any]:
    """Return the types of the fields of a nested type; of another type, nothing."""
    import pyarrow.types as types

    if is_list(kind) and types.is_struct(kind.value_type):
        return {field.name: field.type for field in kind.value_type}
    if types.is_struct(kind) and any(is_list(field.type) for field in kind):
        return {field.name: field.type for field in kind}
    return {}


def _flatten(chunk: Any, wanted: list[int]) -> list[tuple[NDArray[np.int64], Any]]:
    """Return, for each field wanted, how many values each row has, and these end to end."""
    import pyarrow.compute as pc

    def lengths(lists: Any) -> NDArray[np.int64]:
        counts = pc.fill_null(pc.list_value_length(lists), 0)
        return counts.to_numpy(zero_copy_only=False).astype(np.int64)

    if is_list(chunk.type):
        structs, each = chunk.flatten(), lengths(chunk)
        return [(each, pc.struct_field(structs, [i])) for i in wanted]
    lists = [pc.struct_field(chunk, [i]) for i in wanted]
    return [(lengths(field), field.flatten()) for field in lists]


def _series(parts: list[Any]) -> pd.Series:
    """Return Arrow arrays as one Series, still Arrow's."""
    import pyarrow as pa

    decoded = [p.dictionary_decode() if pa.types.is_dictionary(p.type) else p for p in parts]
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array(decoded)))
