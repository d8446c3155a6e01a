"""Files and tables of every kind into DataFrames."""

from __future__ import annotations

import glob
import gzip
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_astromer.lightcurves.objects import ab_zero_point, is_table

PARQUET = (".parquet", ".parq", ".pq")
FITS = (".fits", ".fit", ".fz")
VOTABLE = (".vot", ".votable", ".xml")
NO_HEADER = ("time", "mag", "mag_err")
OBJECT_KEYS = ("KEPLERID", "TICID", "TARGETID", "OBJECT")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|nan|null|none|inf|-inf", re.IGNORECASE)


class Source(NamedTuple):
    """A table, the name of its object if it is of one, and what it is called in messages."""

    frame: pd.DataFrame
    name: str
    label: str


def paths_of(source: Any) -> list[Path] | None:
    """Return the files that a path, glob, folder or list of them means; None: it is none."""
    if isinstance(source, (list, tuple)) and source and isinstance(source[0], (str, os.PathLike)):
        return [path for each in source for path in paths_of(each) or []]
    if not isinstance(source, (str, os.PathLike)):
        return None
    path = Path(source)
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        if not files:
            raise FileNotFoundError(f"the folder {path} has no files")
        return files
    if path.exists():
        return [path]
    found = sorted(map(Path, glob.glob(str(path))))
    if not found:
        raise FileNotFoundError(f"there is no file {path}")
    return found


def sources_of(source: Any) -> Iterator[Source]:
    """Yield the tables of a source."""
    paths = paths_of(source)
    if paths is not None:
        for path in paths:
            yield Source(read_file(path), stem(path), str(path))
    elif hasattr(source, "readline"):
        name = getattr(source, "name", "")
        content = source.read()
        content = content.encode() if isinstance(content, str) else content
        suffix = Path(str(name)).suffix.lower()
        yield Source(
            read_bytes(content, suffix), stem(Path(str(name))), str(name) or "the open file"
        )
    else:
        yield Source(as_frame(source), "", f"this {type(source).__name__}")


def stem(path: Path) -> str:
    """Return the name of a file without its endings."""
    name = path.name[: -len(".gz")] if path.name.endswith(".gz") else path.name
    return Path(name).stem


def read_file(path: Path) -> pd.DataFrame:
    """Read a file by its ending, or as text."""
    suffix = path.suffixes[-2].lower() if path.suffix == ".gz" and path.suffixes[:-1] else ""
    suffix = suffix or path.suffix.lower()
    if suffix in PARQUET:
        return _plain(pd.read_parquet(path))
    try:
        return read_bytes(path.read_bytes(), suffix)
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as a table: {error}") from error


def read_bytes(content: bytes, suffix: str) -> pd.DataFrame:
    """Read the content of a file."""
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if content[:4] == b"PAR1":
        return _plain(pd.read_parquet(io.BytesIO(content)))
    if content[:6] == b"SIMPLE" or suffix in FITS:
        return _read_fits(content)
    if suffix in VOTABLE or content.lstrip()[:5] == b"<?xml":
        return _read_astropy(content, "votable", use_names_over_ids=True)
    text = content.decode("utf-8-sig")
    if text.startswith("# %ECSV"):
        return _read_astropy(content, "ascii.ecsv")
    return read_text(text)


def _read_astropy(content: bytes, kind: str, **options: Any) -> pd.DataFrame:
    return as_frame(_astropy_table().read(io.BytesIO(content), format=kind, **options))


def _astropy_table() -> Any:
    try:
        from astropy.table import Table
    except ImportError as error:
        raise ImportError(
            "FITS, VOTable and ECSV need astropy: pip install 'sklearn_astromer[astropy]'"
        ) from error
    return Table


def _read_fits(content: bytes) -> pd.DataFrame:
    table = _astropy_table()
    from astropy.io import fits

    with fits.open(io.BytesIO(content)) as units:
        found = next((unit for unit in units if getattr(unit, "columns", None)), None)
        if found is None:
            raise ValueError("this FITS file has no table")
        frame = as_frame(table.read(found))
        headers = [units[0].header, found.header]
    for key in OBJECT_KEYS[:3]:
        named = next((header[key] for header in headers if header.get(key)), None)
        if named is not None and key.lower() not in frame.columns.str.lower():
            frame[key.lower()] = named
    return frame


def read_text(text: str) -> pd.DataFrame:
    """Read a text table: commas or white space, a header or none, comments that begin with #."""
    lines = [line for line in text.splitlines() if line.strip()]
    comments = [line.lstrip("# ").strip() for line in lines if line.lstrip().startswith("#")]
    rows = [line for line in lines if not line.lstrip().startswith("#")]
    if not rows:
        raise ValueError("there are no rows in it")
    if any(line.startswith("VARNAMES:") for line in rows):  # text of SNANA
        names = next(line for line in rows if line.startswith("VARNAMES:")).split()[1:]
        body = [line.split()[1:] for line in rows if line.startswith("OBS:")]
        return _numbers(pd.DataFrame(body, columns=names))
    header: list[str] | None = None
    if not _is_data(rows[0]):
        header, rows = _fields(rows[0]), rows[1:]
    if not rows:
        raise ValueError("there are no rows in it")
    commas = "," in rows[0]
    width = len(rows[0].split(",")) if commas else len(rows[0].split())
    if header is None:
        named = [fields for fields in map(_fields, comments) if len(fields) == width]
        header = next((f for f in reversed(named) if not _is_data(" ".join(f))), None)
    if header is None:
        if not 2 <= width <= len(NO_HEADER):
            raise ValueError(f"it has no header, and {width} columns, which could be anything")
        header = list(NO_HEADER[:width])
    if len(header) < width:
        raise ValueError(f"its header names {len(header)} columns, and a row has {width}")
    separator = "," if commas else r"\s+"
    frame = pd.read_csv(
        io.StringIO("\n".join(rows)),
        sep=separator,
        names=header[:width],
        header=None,
        skipinitialspace=True,
        index_col=False,
        dtype=None,
        low_memory=False,
    )
    return frame


def _fields(line: str) -> list[str]:
    """Return the names in a header."""
    line = line.strip().lstrip("#").strip()
    parts = line.split(",") if "," in line else line.split("\t") if "\t" in line else line.split()
    return [part.strip().strip('"') for part in parts]


def _is_data(line: str) -> bool:
    """Whether the first field of a line is a number."""
    return NUMBER.fullmatch(_fields(line)[0].lstrip("<>")) is not None or bool(
        re.match(r"\d{4}-\d\d-\d\d", _fields(line)[0])
    )


def _numbers(frame: pd.DataFrame) -> pd.DataFrame:
    for name in frame:
        converted = pd.to_numeric(frame[name], errors="coerce")
        if converted.notna().all():
            frame[name] = converted
    return frame


def as_frame(table: Any) -> pd.DataFrame:
    """Return a table of pandas, astropy, polars, Arrow or another library as a DataFrame."""
    if isinstance(table, pd.DataFrame):
        return _plain(table)
    if is_table(table):
        return _of_astropy(table)
    if hasattr(table, "to_pandas"):
        return _plain(table.to_pandas())
    if hasattr(table, "__arrow_c_stream__"):
        import pyarrow as pa

        return _plain(pa.table(table).to_pandas())
    if hasattr(table, "__dataframe__"):
        return _plain(pd.api.interchange.from_dataframe(table))
    raise TypeError(
        f"LightCurves.read takes a path, an open file or a table, got {type(table).__name__}: of "
        "arrays use LightCurves.from_arrays"
    )


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return native byte order, named index levels as columns, and one row per observation."""
    named = [n for n in frame.index.names if n is not None and n not in frame.columns]
    frame = frame.reset_index(named) if named else frame
    frame = frame.reset_index(drop=True)
    foreign: dict[Any, Any] = {
        name: frame[name].astype(dtype.newbyteorder("="))
        for name, dtype in frame.dtypes.items()
        if isinstance(dtype, np.dtype) and not dtype.isnative
    }
    for name, native in foreign.items():
        frame[name] = native
    lists = [
        name
        for name, dtype in frame.dtypes.items()
        if len(frame)
        and (dtype.kind == "O" or "list" in str(dtype))
        and isinstance(frame[name].iloc[0], (list, np.ndarray))
    ]
    if not lists:
        return frame
    frame = frame.explode(lists, ignore_index=True)
    for name in lists:
        frame[name] = frame[name].infer_objects()
    return frame


def _of_astropy(table: Any) -> pd.DataFrame:
    """Return columns as plain numbers: times in days (MJD of dates), fluxes in Jy where known."""
    from astropy import units
    from astropy.time import Time, TimeDelta

    columns: dict[str, Any] = {}
    dates, zero_points = [], {}
    for name in table.colnames:
        column, unit = table[name], getattr(table[name], "unit", None)
        if getattr(column, "ndim", 1) != 1:
            continue
        if isinstance(column, Time):
            columns[name] = np.ma.filled(np.ma.asarray(column.mjd, dtype=float), np.nan)
            dates.append(name)
            continue
        if isinstance(column, TimeDelta):
            columns[name] = column.to_value("day")
            continue
        if isinstance(unit, units.UnitBase):
            if unit.is_equivalent(units.day):
                column = units.Quantity(column).to(units.day)
            elif (zero_point := ab_zero_point(unit)) is not None:
                zero_points[name] = zero_point
        values = column.filled(np.nan) if _is_float_masked(column) else column
        values = np.ma.filled(values, None) if np.ma.isMaskedArray(values) else values
        array = np.asarray(getattr(values, "value", values))
        if array.dtype.kind == "S":
            array = np.char.decode(array, "utf-8")
        columns[name] = array
    frame = _plain(pd.DataFrame(columns))
    frame.attrs |= {"dates": dates, "zero_points": zero_points}
    return frame


def _is_float_masked(column: Any) -> bool:
    return np.ma.isMaskedArray(column) and column.dtype.kind == "f"
