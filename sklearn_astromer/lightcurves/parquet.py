"""Parquet files into flat columns, one row group at a time."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._cache import cache_dir
from sklearn_astromer.lightcurves.checks import check_flat, check_unique, warn
from sklearn_astromer.lightcurves.columns import (
    ALIASES,
    Columns,
    bands_in,
    check_band,
    find_columns,
    flat_from_frame,
    rows_of_band,
)
from sklearn_astromer.lightcurves.flat import Flat, as_band, as_float, as_ids, joined, offsets_of

# A catalog of many row groups may warn in each; so many of the warnings are shown.
MAX_WARNINGS = 5
HIVE_MISSING = "__HIVE_DEFAULT_PARTITION__"
NOTHING = np.empty(0)


def parquet_files(path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the files meant by one path, a folder of `*.parquet`, or a list of paths."""
    paths = [path] if isinstance(path, (str, os.PathLike)) else path
    if not isinstance(paths, Iterable):
        raise TypeError(f"expected a path or a list of paths, got {type(path).__name__}")
    files: list[Path] = []
    for each in map(Path, paths):
        if (each / "collection.properties").exists():
            raise ValueError(f"{each} is a collection of HATS catalogs: give one of its folders")
        is_hats = any((each / name).exists() for name in ("hats.properties", "properties"))
        within = each / "dataset" if is_hats and (each / "dataset").is_dir() else each
        found = sorted(within.rglob("*.parquet")) if within.is_dir() else [each]
        if not found or not found[0].exists():
            raise FileNotFoundError(f"there is no Parquet file at {each}")
        files += found
    if not files:
        raise ValueError("the list of Parquet files is empty")
    return files


def read_parquet(files: list[Path], given: dict[str, Any], band: Any) -> Flat:
    """Read all; rows of a long table may be in any order."""
    columns, has_lists = _layout(files[0], given)
    if has_lists:
        return joined(list(iter_flat(files, given, band)))
    present: list[Any] = []
    frames = [
        _of_band(table, columns, band, present).to_pandas() for table in _row_groups(files, given)
    ] or [pd.DataFrame(columns=columns.names())]
    if present:
        check_band(present, columns.band, band)
    return flat_from_frame(pd.concat(frames, ignore_index=True), columns, band)


def iter_flat(files: list[Path], given: dict[str, Any], band: Any) -> Iterator[Flat]:
    """Yield what each row group holds; only the columns needed are read.

    The rows of one object in a long table may span row groups and files, not be scattered.
    """
    columns, has_lists = _layout(files[0], given)
    if band is not None and columns.band is None:
        raise ValueError(f"band={band!r} was asked for, but no column was recognised as the band")
    present: list[Any] = []
    carry: pd.DataFrame | None = None
    for table in _row_groups(files, given):
        table = _of_band(table, columns, band, present)
        if columns.band is not None and band is None and not has_lists:
            check_band(present, columns.band, None)
        if has_lists:
            yield _flat_from_lists(table, columns)
            continue
        frame = table.to_pandas()
        if frame.empty:
            continue
        if carry is not None:
            frame = pd.concat([carry, frame], ignore_index=True)
        last = (frame[columns.id] == frame[columns.id].iloc[-1]).fillna(False).to_numpy(dtype=bool)
        carry = frame[last]
        if not last.all():
            yield flat_from_frame(frame[~last], columns)
    if carry is not None:
        yield flat_from_frame(carry, columns)
    if band is not None and present:
        check_band(present, columns.band, band)


def map_parquet(
    files: list[Path], given: dict[str, Any], band: Any, on_invalid: str, folder: Any
) -> Flat:
    """Decode Parquet once into flat files and map those; see `LightCurves.open_parquet`."""
    from filelock import FileLock

    stamps = [(str(f.resolve()), f.stat().st_mtime_ns, f.stat().st_size) for f in files]
    request = repr((1, stamps, given, band, on_invalid))
    root = Path(folder) if folder is not None else cache_dir() / "mapped"
    target = root / f"{files[0].stem}-{hashlib.sha256(request.encode()).hexdigest()[:20]}"
    if not target.exists():  # if it does, the folder may be read-only
        try:
            root.mkdir(parents=True, exist_ok=True)
            with FileLock(root / f"{target.name}.lock"):
                if not target.exists():  # another process may have been faster
                    _decode_into(target, iter_flat(files, given, band), on_invalid)
        except OSError as error:
            raise OSError(
                f"{files[0]} cannot be decoded into {root} ({error}): give a folder with room for "
                "24 bytes per observation by cache_dir=… or SKLEARN_ASTROMER_HOME"
            ) from error
    messages = json.loads((target / "warnings.json").read_text(encoding="utf-8"))
    for message in messages[:MAX_WARNINGS]:
        warn(message)
    if len(messages) > MAX_WARNINGS:
        warn(f"… and {len(messages) - MAX_WARNINGS} more such warnings from other row groups")
    return _mapped(target)


def _decode_into(target: Path, chunks: Iterator[Flat], on_invalid: str) -> None:
    """Decode into a folder that becomes `target` when it is whole."""
    partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=f"{target.name}.partial-"))
    try:
        _decode(chunks, partial, on_invalid)
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _decode(chunks: Iterator[Flat], folder: Path, on_invalid: str) -> None:
    """Append checked row groups to one flat file per column."""
    messages: list[str] = []
    index, with_errors = [], False
    with (
        open(folder / "time.f64", "wb") as time,
        open(folder / "mag.f64", "wb") as mag,
        open(folder / "mag_err.f64", "wb") as mag_err,
    ):
        for chunk in chunks:
            flat = check_flat(chunk, on_invalid=on_invalid, warn=messages.append)
            errors = np.full(len(flat.time), np.nan) if flat.mag_err is None else flat.mag_err
            for column, file in ((flat.time, time), (flat.mag, mag), (errors, mag_err)):
                file.write(np.ascontiguousarray(column).data)
            with_errors = with_errors or flat.mag_err is not None
            index.append(flat._replace(time=NOTHING, mag=NOTHING, mag_err=None))
    whole = joined(index)
    check_unique(whole)
    np.save(folder / "offsets.npy", whole.offsets)
    np.save(folder / "ids.npy", whole.ids)
    if whole.band is not None:
        np.save(folder / "band.npy", whole.band)
    if not with_errors:
        (folder / "mag_err.f64").unlink()
    (folder / "warnings.json").write_text(json.dumps(messages), encoding="utf-8")


def _mapped(folder: Path) -> Flat:
    def column(name: str) -> NDArray[np.float64]:
        path = folder / f"{name}.f64"
        if path.stat().st_size == 0:
            return np.empty(0)
        return np.memmap(path, dtype=np.float64, mode="r")

    return Flat(
        column("time"),
        column("mag"),
        column("mag_err") if (folder / "mag_err.f64").exists() else None,
        np.load(folder / "offsets.npy").astype(np.int64),
        np.load(folder / "ids.npy"),
        np.load(folder / "band.npy") if (folder / "band.npy").exists() else None,
    )


def open_parquet(path: Path | BinaryIO) -> Any:
    """Open a Parquet file; errors say what is missing or which file it is."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError(
            "reading Parquet needs pyarrow: pip install 'sklearn_astromer[parquet]'"
        ) from error
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} cannot be read as Parquet: {error}") from error


def _of_band(table: Any, columns: Columns, band: Any, present: list[Any]) -> Any:
    """Return the rows of a band, or all; what bands there are is added to `present`."""
    if columns.band is None:
        return table
    labels = table.column(columns.band).to_pandas().rename(columns.band)
    present += [label for label in bands_in(labels, columns.band) if label not in present]
    return table if band is None else table.filter(rows_of_band(labels, band))


def _partition(file: Path, names: list[str], given: dict[str, Any]) -> dict[str, Any]:
    """Return the id and the band that folders say, as in ``band=g/part-0.parquet`` (Hive, Spark).

    `names` are the columns of the file, which go before.
    """
    said: dict[str, Any] = {}
    folders = [part.split("=", 1) for part in file.parts[:-1] if "=" in part]
    for part in ("id", "band"):
        aliases = ALIASES[part] if given.get(part) is None else (str(given[part]),)
        known = {alias.lower() for alias in aliases}
        if known.isdisjoint(map(str.lower, names)):
            said |= {key: unquote(value) for key, value in folders if key.lower() in known}
    return {
        key: None if v == HIVE_MISSING else int(v) if re.fullmatch(r"-?\d+", v) else v
        for key, v in said.items()
    }


def _layout(file: Path, given: dict[str, Any]) -> tuple[Columns, bool]:
    """Return the columns needed, and whether a row holds one object in lists."""
    with open_parquet(file) as parquet:
        schema = parquet.schema_arrow
    columns = find_columns([*schema.names, *_partition(file, schema.names, given)], given)
    return columns, is_list(schema.field(columns.time).type)


def is_list(kind: Any) -> bool:
    """Whether an Arrow type is one of lists."""
    import pyarrow.types as types

    return types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)


def _row_groups(files: list[Path], given: dict[str, Any]) -> Iterator[Any]:
    """Yield every row group of files that are alike."""
    import pyarrow as pa

    layout = _layout(files[0], given)
    for file in files:
        if _layout(file, given) != layout:
            raise ValueError(f"{file} does not have the columns of {files[0]}: {layout[0].names()}")
        with open_parquet(file) as parquet:
            names = parquet.schema_arrow.names
            said = _partition(file, names, given)
            held = [name for name in layout[0].names() if name in names]
            for group in range(parquet.num_row_groups):
                try:
                    table = parquet.read_row_group(group, columns=held)
                except (pa.ArrowException, OSError) as error:
                    raise ValueError(f"{file}, row group {group}: {error}") from error
                for name, value in said.items():
                    table = table.append_column(name, pa.array([value] * len(table)))
                # without what pandas wrote, or the index of its frame would not stay a column
                yield table.replace_schema_metadata()


def _flat_from_lists(table: Any, columns: Columns) -> Flat:
    """One row per object, its observations in list columns."""
    ids = as_ids(table.column(columns.id).to_pandas(), what=f"column {columns.id!r}")
    time, offsets = _flatten(table, columns.time)
    mag, mag_offsets = _flatten(table, columns.mag)
    err, err_offsets = (
        (None, offsets) if columns.mag_err is None else _flatten(table, columns.mag_err)
    )
    for column, found in ((columns.mag, mag_offsets), (columns.mag_err, err_offsets)):
        wrong = np.diff(found) != np.diff(offsets)
        if wrong.any():
            i = int(np.argmax(wrong))
            raise ValueError(
                f"object {ids[i].item()!r} has {np.diff(offsets)[i]} times but "
                f"{np.diff(found)[i]} values in column {column!r}"
            )
    band = None if columns.band is None else table.column(columns.band).to_pandas()
    return Flat(time, mag, err, offsets, ids, as_band(band, len(ids)))


def _flatten(table: Any, column: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the values of all lists, and where each starts; a missing list is an empty one."""
    import pyarrow.compute as pc

    lists = table.column(column).combine_chunks()
    if not is_list(lists.type):
        raise ValueError(f"column {column!r} holds {lists.type}, the time column holds lists")
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    values = lists.flatten().to_numpy(zero_copy_only=False)
    return as_float(values, f"column {column!r}"), offsets_of(lengths)
