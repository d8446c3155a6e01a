"""Files and tables of every kind into DataFrames."""

from __future__ import annotations

import csv
import glob
import gzip
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_astromer._progress import progress_bar
from sklearn_astromer.lightcurves.columns import ALIASES
from sklearn_astromer.lightcurves.flux import AB_JANSKY
from sklearn_astromer.lightcurves.objects import ab_zero_point, is_table
from sklearn_astromer.lightcurves.parquet import is_list, open_parquet
from sklearn_astromer.lightcurves.surveys.survey import column_name

PARQUET = (".parquet", ".parq", ".pq")
FITS = (".fits", ".fit", ".fz")
VOTABLE = (".vot", ".votable", ".xml")
NO_HEADER = ("time", "mag", "mag_err")
OBJECT_KEYS = ("KEPLERID", "TICID", "TARGETID", "OBJECT")
LEADING_ZERO = re.compile(r"(?:^|[\s,;|\"])0\d")
NUMBER = re.compile(
    r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|nan|[-+]?inf|\d{4}-\d\d-\d\d.*", re.IGNORECASE
)


PIECE_ROWS = 2**20
#: Tells of the names of columns those that are read; None: all.
Needed = Callable[[list[str]], "list[str] | None"]


class Source(NamedTuple):
    """A table or a piece of one, the name of its object if it is of one, and where it is from."""

    frame: pd.DataFrame
    name: str
    file: str
    first_row: int = 0

    @property
    def label(self) -> str:
        """Return what it is called in messages."""
        return f"{self.file} from row {self.first_row}" if self.first_row else self.file


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
            raise FileNotFoundError(
                f"the folder {path} has no files; for those of folders in it pass '{path}/**/*'"
            )
        return files
    if path.exists():
        return [path]
    found = sorted(p for p in map(Path, glob.glob(str(path), recursive=True)) if p.is_file())
    if not found:
        raise FileNotFoundError(f"there is no file {path}")
    return found


def sources_of(source: Any, needed: Needed, progress: bool = False) -> Iterator[Source]:
    """Yield the tables of a source; of Parquet and text only the columns that are `needed`."""
    paths = paths_of(source)
    if paths is not None:
        for path in progress_bar(paths, unit="file", disable=not progress or len(paths) == 1):
            row = 0
            for frame in _pieces_of(path, needed):
                yield Source(frame, stem(path), str(path), row)
                row += len(frame)
    elif hasattr(source, "readline"):
        name = getattr(source, "name", "")
        content = source.read()
        content = content.encode() if isinstance(content, str) else content
        suffix = Path(str(name)).suffix.lower()
        yield Source(
            read_bytes(content, suffix, needed), stem(Path(str(name))), str(name) or "the open file"
        )
    else:
        yield Source(as_frame(source), "", f"this {type(source).__name__}")


def _pieces_of(path: Path, needed: Needed) -> Iterator[pd.DataFrame]:
    """Yield a file, and large Parquet of a known survey in pieces, which a cache holds."""
    if path.suffix.lower() in PARQUET:
        with open_parquet(path) as file:
            schema = file.schema_arrow
            names = needed(schema.names)
            flat = names is not None and not any(is_list(schema.field(n).type) for n in names)
            if flat and file.metadata.num_rows > PIECE_ROWS:
                options = {"columns": names, "use_pandas_metadata": True}
                for batch in file.iter_batches(PIECE_ROWS, **options):
                    yield _plain(batch.to_pandas(split_blocks=True))
                return
    yield read_file(path, needed)


def stem(path: Path) -> str:
    """Return the name of a file without its endings."""
    name = path.name[: -len(".gz")] if path.name.endswith(".gz") else path.name
    return Path(name).stem


def read_file(path: Path, needed: Needed = lambda names: None) -> pd.DataFrame:
    """Read a file by its ending, or as text."""
    suffix = path.suffixes[-2].lower() if path.suffix == ".gz" and path.suffixes[:-1] else ""
    suffix = suffix or path.suffix.lower()
    if suffix in PARQUET:
        return _read_parquet(path, needed)
    try:
        return read_bytes(path.read_bytes(), suffix, needed)
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path} cannot be read as a table: {error} (a glob, as '{path.parent}/*.csv', leaves "
            "out what is none)"
        ) from error


def read_bytes(content: bytes, suffix: str, needed: Needed = lambda names: None) -> pd.DataFrame:
    """Read the content of a file."""
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if content[:4] == b"PAR1":
        return _read_parquet(io.BytesIO(content), needed)
    if content[:6] == b"SIMPLE" or suffix in FITS:
        return _read_fits(content)
    if suffix in VOTABLE or content.lstrip()[:5] == b"<?xml":
        return _read_astropy(content, "votable", use_names_over_ids=True)
    if content[:4] == b"PK\x03\x04":
        return _read_zip(content, needed)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            "it is neither FITS, Parquet nor text in UTF-8: unpack it, or save it as UTF-8"
        ) from error
    if text.startswith("# %ECSV"):
        return _read_astropy(content, "ascii.ecsv")
    if text[:1] in ("|", "\\"):
        return _read_astropy(content, "ascii.ipac")
    return read_text(text, needed)


def _read_parquet(path: Path | io.BytesIO, needed: Needed) -> pd.DataFrame:
    with open_parquet(path) as file:
        table = file.read(needed(file.schema_arrow.names), use_pandas_metadata=True)
    return _plain(table.to_pandas(split_blocks=True))


def _read_zip(content: bytes, needed: Needed) -> pd.DataFrame:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        if len(names) != 1:
            raise ValueError(f"it has {len(names)} files in it: unpack them and pass the folder")
        return read_bytes(archive.read(names[0]), Path(names[0]).suffix.lower(), needed)


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


def read_text(text: str, needed: Needed) -> pd.DataFrame:
    """Read a text table: commas or white space, a header or none, comments that begin with #."""
    rows = [line for line in text.splitlines() if line and not line.isspace()]
    comments: list[str] = []
    if "#" in text:
        comments = [line.lstrip("# ").strip() for line in rows if line.lstrip().startswith("#")]
        rows = [line for line in rows if not line.lstrip().startswith("#")]
    if not rows:
        raise ValueError("there are no rows in it")
    if "\nOBS:" in text and any(line.startswith("OBS:") for line in rows):
        return _read_snana(rows)
    separator = next((each for each in ",;|\t" if each in rows[0]), " ")
    header: list[str] | None = None
    if not _is_data(rows[0], separator):
        header, rows = _fields(rows[0], separator), rows[1:]
    if not rows:
        raise ValueError("there are no rows in it")
    separator = next((each for each in ",;|\t" if each in rows[0]), " ")
    width = len(_fields(rows[0], separator))
    bare = header is None
    if header is None:
        named = [
            names
            for line in comments
            for each in (separator, " ", ",")
            if len(names := _fields(line, each)) == width and not _is_data(line, each)
        ]
        header = named[-1] if named else None
    if header is None:
        if not 2 <= width <= len(NO_HEADER):
            raise ValueError(f"it has no header, and {width} columns, which could be anything")
        header = list(NO_HEADER[:width])
    if len(header) < width:
        raise ValueError(f"its header names {len(header)} columns, and a row has {width}")
    header = [column_name(name) for name in header[:width]]
    twice = [name for i, name in enumerate(header) if name in header[:i]]
    if twice:
        raise ValueError(f"column {twice[0]!r} is there twice: rename or drop one")
    body = "\n".join(rows)
    options: dict[str, Any] = {
        "sep": r"\s+" if separator == " " else separator,
        "names": header,
        "usecols": needed(header),
        "header": None,
        "skipinitialspace": True,
        "index_col": False,
    }
    frame = pd.read_csv(io.StringIO(body), low_memory=False, **options)
    integers = [name for name, dtype in frame.dtypes.items() if dtype.kind in "iu"]
    if integers and LEADING_ZERO.search(body):  # "0123" names an object that is not 123
        as_text = pd.read_csv(io.StringIO(body), dtype=str, **options)
        for name in integers:
            if as_text[name].str.fullmatch(r"0\d+").any():
                frame[name] = as_text[name]
    if bare and header == list(NO_HEADER[:width]):
        frame.attrs["headerless"] = True
    return frame


def _read_snana(rows: list[str]) -> pd.DataFrame:
    """Read the text of SNANA: a word that ends in a colon before each line."""
    said = {line.split()[0]: line.split()[1:] for line in reversed(rows)}
    names = said.get("VARLIST:") or said.get("VARNAMES:")
    if not names:
        raise ValueError("it has lines of OBS:, and none of VARLIST: names their columns")
    body = [line.split()[1 : len(names) + 1] for line in rows if line.startswith("OBS:")]
    frame = _numbers(pd.DataFrame(body, columns=names))
    if "SNID:" in said and "SNID" not in frame:
        frame["SNID"] = said["SNID:"][0]
    return frame


def _fields(line: str, separator: str) -> list[str]:
    """Return the fields of a line, without their quotes."""
    line = line.strip().lstrip("#").strip() if separator != "\t" else line.lstrip("#")
    (parts,) = csv.reader([line], delimiter=separator, skipinitialspace=True)
    return [part.strip() for part in parts]


def _is_data(line: str, separator: str) -> bool:
    """Whether a field of a line is a number or a date, which no name of a column is."""
    return any(NUMBER.fullmatch(field.lstrip("<>")) for field in _fields(line, separator))


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
    if isinstance(table, np.ndarray) and table.dtype.names:
        return _plain(pd.DataFrame(table))
    if hasattr(table, "to_pandas"):
        return _plain(table.to_pandas())
    if hasattr(table, "__arrow_c_stream__") and not isinstance(table, pd.Series):
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
    nested = [name for name, dtype in frame.dtypes.items() if str(dtype).startswith("nested<")]
    if nested:  # of nested-pandas: lists, as Arrow has them
        inner = frame[nested[0]].nest.to_lists()
        frame = pd.DataFrame(frame).drop(columns=nested).join(inner)
    lists = [
        name
        for name, dtype in frame.dtypes.items()
        if len(frame)
        and (dtype.kind == "O" or "list" in str(dtype))
        and isinstance(frame[name].iloc[0], (list, np.ndarray))
    ]
    if not lists:
        return frame
    if not {str(name).lower() for name in frame} & {alias.lower() for alias in ALIASES["id"]}:
        frame["object_id"] = np.arange(len(frame))  # each row is an object
    frame = frame.explode(lists, ignore_index=True)
    for name in lists:
        frame[name] = frame[name].infer_objects()
    return frame


def _of_astropy(table: Any) -> pd.DataFrame:
    """Return columns as plain numbers: times in days (MJD of dates), fluxes in Jy where known."""
    from astropy import units
    from astropy.time import Time, TimeDelta

    columns: dict[str, Any] = {}
    dates, zero_points, with_unit = [], {}, []
    for name in table.colnames:
        column, unit = table[name], getattr(table[name], "unit", None)
        if getattr(column, "ndim", 1) != 1:
            continue
        if isinstance(column, Time):
            column = column.mjd
            dates.append(name)
        elif isinstance(column, TimeDelta):
            column = column.to_value("day")
        scale = 1.0
        if isinstance(unit, units.UnitBase):
            with_unit.append(name)
            if ab_zero_point(unit) is not None:
                zero_points[name] = AB_JANSKY
            for known in (units.day, units.Jy, units.mag):
                scale = unit.to(known) if unit.is_equivalent(known) else scale
        values = _unmasked(column)
        columns[name] = values if scale == 1.0 else values * scale
    frame = _plain(pd.DataFrame(columns))
    frame.attrs |= {"dates": dates, "zero_points": zero_points, "with_unit": with_unit}
    return frame


def _unmasked(column: Any) -> Any:
    """Return plain values; masked ones are missing."""
    mask = np.asarray(getattr(column, "mask", False))
    values = getattr(column, "unmasked", column)
    array = np.asarray(getattr(values, "value", values))
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    if not mask.any():
        return array
    if array.dtype.kind == "f":
        return np.where(mask, np.nan, array)
    array = array.astype(object)  # integers past 2^53 stay what they are
    array[mask] = None
    return array
