"""Parquet files into flat columns, one row group at a time."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._cache import cache_dir
from sklearn_astromer._checks import (
    Flat,
    as_float,
    as_ids,
    check_flat,
    check_unique,
    compact,
    joined,
    offsets_of,
)
from sklearn_astromer._columns import Columns, find_columns, flat_from_frame

NOTHING = np.empty(0)


def parquet_files(path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the files meant by one path, a folder of `*.parquet`, or a list of paths."""
    paths = [path] if isinstance(path, (str, os.PathLike)) else list(path)
    files: list[Path] = []
    for each in map(Path, paths):
        found = sorted(each.rglob("*.parquet")) if each.is_dir() else [each]
        if not found or not found[0].exists():
            raise FileNotFoundError(f"there is no Parquet file at {each}")
        files += found
    return files


def iter_flat(files: list[Path], given: dict[str, str | None], band: Any) -> Iterator[Flat]:
    """Yield what each row group holds; only the columns needed are read.

    The rows of one object in a long table may span row groups and files, not be scattered.
    """
    carry: pd.DataFrame | None = None
    columns: Columns | None = None
    for table, columns, is_list in _row_groups(files, given):
        if is_list:
            yield _flat_from_lists(table, columns, band)
            continue
        frame = table.to_pandas()
        if carry is not None:
            frame = pd.concat([carry, frame], ignore_index=True)
        if columns.band is not None and band is not None:
            frame = frame[frame[columns.band] == band]
        if frame.empty:
            continue
        last = frame[columns.id] == frame[columns.id].iloc[-1]
        carry, complete = frame[last], frame[~last]
        if len(complete):
            yield flat_from_frame(complete, columns, band)
    if carry is not None and columns is not None:
        yield flat_from_frame(carry, columns, band)


def read_long(files: list[Path], given: dict[str, str | None]) -> tuple[pd.DataFrame, Columns]:
    """Read a long table whole, so that scattered rows can be grouped."""
    frames, columns = [], None
    for table, found, _ in _row_groups(files, given):
        frames.append(table.to_pandas())
        columns = found
    if columns is None:
        raise ValueError(f"{files[0]} has no rows")
    return pd.concat(frames, ignore_index=True), columns


def has_lists(files: list[Path], given: dict[str, str | None]) -> bool:
    """Whether the table has one row per object, its time a list column."""
    parquet = _open(files[0])
    columns = find_columns(parquet.schema_arrow.names, given)
    return _is_list(parquet.schema_arrow.field(columns.time).type)


def map_parquet(
    files: list[Path], given: dict[str, str | None], band: Any, on_invalid: str, folder: Any
) -> Flat:
    """Decode Parquet once into flat files and map those; see `LightCurves.open_parquet`."""
    from filelock import FileLock

    stamps = [(str(f.resolve()), f.stat().st_mtime_ns, f.stat().st_size) for f in files]
    key = hashlib.sha256(
        json.dumps([1, stamps, sorted(given.items(), key=str), str(band), on_invalid]).encode()
    ).hexdigest()[:20]
    root = Path(folder) if folder is not None else cache_dir() / "mapped"
    root.mkdir(parents=True, exist_ok=True)
    target = root / f"{files[0].stem}-{key}"
    with FileLock(root / f"{target.name}.lock"):
        if not target.exists():
            partial = Path(tempfile.mkdtemp(dir=root, prefix=f"{target.name}.partial-"))
            try:
                _decode(iter_flat(files, given, band), partial, on_invalid)
                partial.replace(target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    return _mapped(target)


def _decode(chunks: Iterator[Flat], folder: Path, on_invalid: str) -> None:
    """Append checked row groups to one flat file per column."""
    lengths, names, with_errors = [], [], False
    with (
        open(folder / "time.f64", "wb") as time,
        open(folder / "mag.f64", "wb") as mag,
        open(folder / "mag_err.f64", "wb") as mag_err,
    ):
        for chunk in chunks:
            flat = check_flat(chunk, on_invalid=on_invalid, stacklevel=6)
            time.write(flat.time.tobytes())
            mag.write(flat.mag.tobytes())
            errors = np.full(len(flat.time), np.nan) if flat.mag_err is None else flat.mag_err
            mag_err.write(errors.tobytes())
            with_errors = with_errors or flat.mag_err is not None
            lengths.append(np.diff(flat.offsets))
            names.append(flat._replace(time=NOTHING, mag=NOTHING, mag_err=None))
    index = joined(names)
    check_unique(index.ids, index.band)
    np.save(folder / "offsets.npy", offsets_of(np.concatenate([*lengths, []])))
    np.save(folder / "ids.npy", index.ids)
    if index.band is not None:
        np.save(folder / "band.npy", index.band)
    if not with_errors:
        (folder / "mag_err.f64").unlink()


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


def _open(path: Path) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError(
            "reading Parquet needs pyarrow: pip install 'sklearn_astromer[parquet]'"
        ) from error
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(f"{path} cannot be read as Parquet: {error}") from error


def _is_list(kind: Any) -> bool:
    import pyarrow.types as types

    return types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)


def _row_groups(
    files: list[Path], given: dict[str, str | None]
) -> Iterator[tuple[Any, Columns, bool]]:
    for file in files:
        parquet = _open(file)
        columns = find_columns(parquet.schema_arrow.names, given)
        is_list = _is_list(parquet.schema_arrow.field(columns.time).type)
        for group in range(parquet.num_row_groups):
            try:
                table = parquet.read_row_group(group, columns=columns.names())
            except OSError as error:
                raise ValueError(f"{file}, row group {group}: {error}") from error
            yield table, columns, is_list


def _flat_from_lists(table: Any, columns: Columns, band: Any) -> Flat:
    """One row per object, its observations in list columns."""
    single = None
    if columns.band is not None:
        labels = table.column(columns.band).to_pandas()
        if band is not None:
            table = table.filter((labels == band).to_numpy())
            labels = labels[labels == band]
        single = compact(labels.to_numpy().astype(str))
    ids = as_ids(table.column(columns.id).to_numpy(zero_copy_only=False))
    time, offsets = _flatten(table, columns.time, ids)
    mag, mag_offsets = _flatten(table, columns.mag, ids)
    err, err_offsets = (
        (None, offsets) if columns.mag_err is None else _flatten(table, columns.mag_err, ids)
    )
    for column, found in ((columns.mag, mag_offsets), (columns.mag_err, err_offsets)):
        wrong = np.diff(found) != np.diff(offsets)
        if wrong.any():
            i = int(np.argmax(wrong))
            raise ValueError(
                f"object {ids[i].item()!r} has {np.diff(offsets)[i]} times but "
                f"{np.diff(found)[i]} values in column {column!r}"
            )
    return Flat(time, mag, err, offsets, ids, single)


def _flatten(
    table: Any, column: str, ids: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    import pyarrow.compute as pc

    lists = table.column(column).combine_chunks()
    if not _is_list(lists.type):
        raise ValueError(f"column {column!r} holds {lists.type}, the time column holds lists")
    if lists.null_count:
        i = int(np.argmax(lists.is_null().to_numpy(zero_copy_only=False)))
        raise ValueError(f"object {ids[i].item()!r} has no list in column {column!r}")
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    values = lists.flatten().to_numpy(zero_copy_only=False)
    return as_float(values, f"column {column!r}"), offsets_of(lengths)
