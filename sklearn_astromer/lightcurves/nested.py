"""Nested columns, an object per row as Arrow holds them, into flat columns.

pyarrow is imported for what brings it along; nested-pandas never is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.arrays import index_ids
from sklearn_astromer.lightcurves.columns import bands_in, check_band, find_columns, rows_of_band
from sklearn_astromer.lightcurves.flat import Flat, as_band, as_float, as_ids, offsets_of
from sklearn_astromer.lightcurves.parquet import is_list
from sklearn_astromer.lightcurves.surveys.nested import Rules, observations, of_band, rules_of


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
    array, object_ids, rules = _opened(column, given, ids)
    if rules is None:
        return _by_names(array, object_ids, given, band, on_invalid)
    return of_band(_observations(array, object_ids, rules), object_ids, rules, band, on_invalid)


def flats_by_band(column: Any, bands: Sequence[str]) -> list[Flat]:
    """Join the rows of a nested column once for each band; a row may have none of its own."""
    array, object_ids, rules = _opened(column, {}, None)
    if rules is None:
        return [_by_names(array, object_ids, {}, band, "drop") for band in bands]
    flat = _observations(array, object_ids, rules)
    return [of_band(flat, object_ids, rules, band, "drop") for band in bands]


def _opened(column: Any, given: dict[str, Any], ids: Any) -> tuple[Any, NDArray[Any], Rules | None]:
    """Return a nested column as Arrow, the names of its rows, and the rules of its survey."""
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
    return array, as_ids(ids, len(array)), rules_of(list(_fields(array.type)), given)


def _observations(array: Any, object_ids: NDArray[Any], rules: Rules) -> Flat:
    """Read the fields of an array by the rules of a survey; see `observations`."""
    lengths, values = _flattened(array, object_ids, rules.fields)
    columns = {name: _joined(parts).to_pandas() for name, parts in values.items()}
    return observations(pd.DataFrame(columns), lengths, object_ids, rules)


def _by_names(
    array: Any, object_ids: NDArray[Any], given: dict[str, Any], band: Any, on_invalid: str
) -> Flat:
    """Read the fields of an array by their names alone."""
    fields = _fields(array.type)
    columns = find_columns(fields, given, parts=("time", "mag", "mag_err", "band"))
    if band is not None and columns.band is None:
        raise ValueError(f"band={band!r} was asked for, but no field was recognised as the band")
    lengths, values = _flattened(array, object_ids, columns.names())

    def floats(name: Any) -> NDArray[np.float64]:
        # joined even if it is one, for then nobody else holds it
        arrays = [part.to_numpy(zero_copy_only=False) for part in values[name]]
        return np.concatenate([np.empty(0), *(as_float(a, f"field {name!r}") for a in arrays)])

    flat = Flat(
        floats(columns.time),
        floats(columns.mag),
        None if columns.mag_err is None else floats(columns.mag_err),
        offsets_of(lengths),
        object_ids,
        None,
    )
    if columns.band is None or len(flat.time) == 0:
        return flat
    labels = pd.Series(pd.arrays.ArrowExtensionArray(_joined(values[columns.band])))
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


def _flattened(
    array: Any, object_ids: NDArray[Any], names: Sequence[str]
) -> tuple[NDArray[np.int64], dict[str, list[Any]]]:
    """Return how many observations each row has, and the values of the fields named."""
    import pyarrow as pa

    fields = _fields(array.type)
    for name in names:
        if not is_list(fields[name]) and not is_list(array.type):
            raise ValueError(f"field {name!r} holds {fields[name]}, not a list per object")
    wanted = [list(fields).index(name) for name in names]
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    flattened = [_flatten(chunk, wanted) for chunk in chunks]
    lengths = [
        np.concatenate([np.empty(0, int), *(chunk[i][0] for chunk in flattened)])
        for i in range(len(names))
    ]
    for name, each in zip(names, lengths, strict=True):
        wrong = each != lengths[0]
        if wrong.any():
            k = int(np.argmax(wrong))
            raise ValueError(
                f"object {object_ids[k].item()!r} has {lengths[0][k]} values in field "
                f"{names[0]!r} but {each[k]} in field {name!r}"
            )
    values = {name: [chunk[i][1] for chunk in flattened] for i, name in enumerate(names)}
    return lengths[0], values


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


def _joined(parts: list[Any]) -> Any:
    """Return Arrow arrays as one, of plain values."""
    import pyarrow as pa

    decoded = [p.dictionary_decode() if pa.types.is_dictionary(p.type) else p for p in parts]
    return pa.chunked_array(decoded or [pa.array([], pa.float64())])  # none has no type
