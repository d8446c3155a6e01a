"""Columns of lists, of which a row is an object, laid end to end.

Lists of numbers, lists of structs and structs of lists, as Arrow, Parquet, polars and nested-pandas
hold them. pyarrow is imported for what brings it along; nested-pandas never is.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._extras import import_extra
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.surveys.names import (
    NAMES_OF_OTHERS,
    by_sureness,
    candidates,
    joined,
)
from sklearn_astromer.lightcurves.surveys.survey import column_name

#: The column that numbers rows which nothing else names.
ROW = "object_id"
#: Numbers the rows or items whose places are kept; no field is called so.
PLACE = "\0place"
DECODED = {"split_blocks": True, "integer_object_nulls": True}


def is_list(kind: Any) -> bool:
    """Whether an Arrow type is one of lists."""
    import pyarrow.types as types

    return types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)


def fields_of(kind: Any) -> dict[str, Any]:
    """Return the types of the fields of a nested type; of another type, nothing."""
    import pyarrow.types as types

    if is_list(kind) and types.is_struct(kind.value_type):
        return {field.name: field.type for field in kind.value_type}
    if types.is_struct(kind) and any(is_list(field.type) for field in kind):
        return {field.name: field.type for field in kind}
    return {}


def _arrow_type(X: Any) -> Any:
    """Return the Arrow type of a column of pandas or Arrow that has one."""
    kind = getattr(getattr(X, "dtype", None), "pyarrow_dtype", None)
    if kind is None and type(X).__module__.split(".")[0] == "pyarrow":
        kind = getattr(X, "type", None)
    return kind


def is_nested(X: Any) -> bool:
    """Whether X is a nested column: Arrow lists of structs, or structs of lists.

    That is a Series of nested-pandas' dtype or of such an `ArrowDtype`, a DataFrame of one such
    column, or a pyarrow array, chunked or not.
    """
    if isinstance(X, pd.DataFrame):
        return X.shape[1] == 1 and is_nested(X.iloc[:, 0])
    kind = _arrow_type(X)
    return kind is not None and len(fields_of(kind)) > 0


def holds_lists(column: Any) -> bool:
    """Whether the cells of a column of pandas or Arrow hold several values each."""
    kind = _arrow_type(column)
    if kind is not None:
        return is_list(kind) or len(fields_of(kind)) > 0
    if str(getattr(column, "dtype", "")) != "object":
        return False
    first = next((cell for cell in column if cell is not None and cell is not pd.NA), None)
    return isinstance(first, (list, tuple, np.ndarray))


def flattened(
    lists: dict[str, Any],
    beside: pd.DataFrame,
    first_row: int,
    options: Options,
    called: Any = None,
) -> pd.DataFrame:
    """Return a table of one row per observation, with the columns that are needed.

    `lists` are columns of lists, lists of structs or structs of lists, and `beside` has one value
    per object. A row that nothing there names has its number as its id, from `first_row` on.
    Messages call the rows as `called` does; None: by their ids. Lists of an object that differ in
    length, and cells that are no list of one value each, are an error.
    """
    pa = import_extra("pyarrow", "parquet", "reading columns of lists")
    parts: dict[str, tuple[Any, Any]] = {}
    refused: dict[str, str] = {}
    held_by: dict[str, str] = {}
    for name, column in lists.items():
        try:
            found = _parts(name, column)
        except pa.ArrowException as error:
            refused[name] = f" ({error})"
            continue
        _refuse_shared(name, parts.keys() & found.keys(), held_by)
        held_by |= dict.fromkeys(found, name)
        parts |= found
    refused |= {name: "" for name, (_, held) in parts.items() if is_list(held.type)}
    parts = {name: part for name, part in parts.items() if name not in refused}
    beside = beside.drop(columns=[name for name in beside if name in parts])
    all_beside = list(beside)
    wanted = {*parts, *beside, *refused}
    wanted = set(options.needed([*wanted], rows_are_objects=True) or wanted)
    columns = {name: part for name, part in parts.items() if name in wanted}
    named = candidates("id", map(column_name, [*beside, *columns]))
    if not named and PLACE not in beside:
        named = _named(beside, options)
        wanted |= {name for name in beside if column_name(name) in named}
    if not named and PLACE not in beside:
        beside = beside.assign(**{ROW: first_row + np.arange(len(beside))})
        wanted.add(ROW)
    counts = {name: _counts(lists) for name, (lists, _) in columns.items()}
    lengths = next(iter(counts.values()), np.zeros(len(beside), dtype=np.int64))

    def name_of(row: int) -> Any:
        found = [n for n in beside if column_name(n) in (*named, ROW)]
        ids = called if called is not None or not found else beside[found[0]].to_numpy()
        return first_row + row if ids is None else ids[row : row + 1].tolist()[0]

    timed = candidates("time", map(column_name, [*parts, *beside]))
    for name, why in refused.items():
        if name in wanted or not timed:
            row = _first_wrong(lists.get(name, ()))  # or it is a field
            raise ValueError(
                f"object {name_of(row)!r} has in column {name!r} what is no list of one value per "
                f"observation{why}: give times, magnitudes and errors a column each, or pass "
                "LightCurves.from_arrays a list of arrays (n_observations, 2 or 3)"
            )
    for name, each in counts.items():
        wrong = each != lengths
        if wrong.any():
            i = int(np.argmax(wrong))
            raise ValueError(
                f"object {name_of(i)!r} has {lengths[i]} values in {next(iter(columns))!r} but "
                f"{each[i]} in {name!r}"
            )
    made: dict[str, Any] = {name: _pandas(held) for name, (_, held) in columns.items()}
    for scalar in beside:
        if scalar in wanted:
            column = beside[scalar]
            column = column.astype("category") if column.dtype.kind == "O" else column
            made[str(scalar)] = column.repeat(lengths.tolist()).array
    frame = pd.DataFrame(made)
    empty = np.flatnonzero(lengths == 0)
    if len(empty):
        frame.attrs["empty"] = (len(empty), str(name_of(int(empty[0]))))
    frame.attrs |= {"rows_are_objects": True, "columns": [*parts, *all_beside]}
    frame.attrs |= {"id": named[0]} if named else {}
    return frame


def _named(beside: pd.DataFrame, options: Options) -> list[str]:
    """Return the column, in lower case, that names the rows by its name, if there is one."""
    called = {column_name(name): beside[name] for name in beside}
    found = []
    for name in options.ids([*called]):
        column = called[name]
        whole = column.dtype.kind != "f" or not (column.dropna() % 1).any()
        if whole and (column.is_unique or joined(name) not in NAMES_OF_OTHERS):
            found.append(name)
    return sorted(found, key=by_sureness)[:1]


def _first_wrong(column: Any) -> int:
    """Return the first row whose cell is no list of numbers; 0 if all are."""
    for row, cell in enumerate(column):
        try:
            flat = np.ndim(np.asarray(cell, dtype=float)) == 1
        except (ValueError, TypeError):
            flat = cell is None or cell is pd.NA
        if not flat:
            return row
    return 0


def _parts(name: str, column: Any) -> dict[str, tuple[Any, Any]]:
    """Return the columns of plain lists that one holds: the lists, and their values end to end."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = column if isinstance(column, (pa.Array, pa.ChunkedArray)) else pa.array(column)
    kinds = fields_of(array.type)
    if not kinds:
        return {name: (array, pc.list_flatten(array))}
    if is_list(array.type):
        held = pc.list_flatten(array)
        return {field: (array, pc.struct_field(held, [i])) for i, field in enumerate(kinds)}
    for field, kind in kinds.items():
        if not is_list(kind):
            raise ValueError(f"field {field!r} holds {kind}, not a list per object")
    lists = {field: pc.struct_field(array, [i]) for i, field in enumerate(kinds)}
    return {field: (each, pc.list_flatten(each)) for field, each in lists.items()}


def _refuse_shared(name: str, shared: Set[str], held_by: dict[str, str]) -> None:
    """Refuse a nested column whose times or values another holds too, which it would replace."""
    lowered = {column_name(field): field for field in sorted(shared)}
    both = {lowered[n]: None for part in ("time", "mag", "flux") for n in candidates(part, lowered)}
    if both:
        raise ValueError(
            f"columns {held_by[next(iter(both))]!r} and {name!r} both hold "
            f"{', '.join(map(repr, both))}, and one light curve is read of a row: leave one out"
        )


def _counts(lists: Any) -> NDArray[np.int64]:
    """Return how many values each row has; a missing list has none."""
    import pyarrow.compute as pc

    return pc.fill_null(pc.list_value_length(lists), 0).to_numpy().astype(np.int64)


def _pandas(values: Any) -> Any:
    """Return an Arrow array as a column of pandas, which nobody else holds."""
    import pyarrow.types as types

    if types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    return values.to_pandas(**DECODED).array
