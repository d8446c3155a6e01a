"""Files and tables of every kind into DataFrames of one row per observation."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pandas as pd

from sklearn_astromer._extras import import_extra
from sklearn_astromer.lightcurves.objects import is_table
from sklearn_astromer.lightcurves.reading.astronomy import of_astropy, read_astropy, read_fits
from sklearn_astromer.lightcurves.reading.index import of_index
from sklearn_astromer.lightcurves.reading.json_files import read_json
from sklearn_astromer.lightcurves.reading.lists import DECODED, PLACE, flattened, holds_lists
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.paths import PARQUET, said_by_folders, unpacked_name
from sklearn_astromer.lightcurves.reading.text import read_text
from sklearn_astromer.lightcurves.surveys.names import (
    UNIT_NAMES,
    candidates,
    is_milli,
    unit_for,
    unit_of,
    zero_point_of,
)
from sklearn_astromer.lightcurves.surveys.survey import column_name

FITS = (".fits", ".fit", ".fz")
VOTABLE = (".vot", ".votable", ".xml")
JSON = (".json", ".jsonl", ".ndjson")
#: Parquet is read in pieces: of rows that are observations, and of rows that hold lists of them.
PIECE_ROWS, PIECE_OBJECTS = 2**20, 1000
#: Lines of a header between bars, after comments, and rows without bars.
IPAC = re.compile(rb"(\\.*\n\s*)*(\|.*\|\s*?\n){1,4}[^|\n]")
#: Within so many bytes a table of the AAS or of CDS describes its columns.
BEFORE_ROWS = 2**16
#: A file may be unpacked to so many times its size, a small one to so many bytes.
MOST_UNPACKED, LEAST_UNPACKED = 200, 2**26
#: In the metadata of Parquet that `LightCurves.to_parquet` writes.
MARK = b"sklearn_astromer"


class Table(NamedTuple):
    """A table or a piece of one.

    Attributes
    ----------
    frame : DataFrame
        A row per observation, columns in lower case.
    facts : dict
        What is known beside it: ``kinds`` (of columns with a unit: "date", which are MJD, "time",
        "flux", "mag" or the unit), ``units`` (what else says them), ``zero_points`` (of fluxes),
        ``origins`` (days to add to times),
        ``headerless``, ``blocks`` (rows before which a line is empty), ``rows_are_objects``,
        ``empty`` (how many objects have no observations, and the first), ``limits`` (how many
        upper limits stand beside the rows), ``exact`` (of `LightCurves.to_parquet`),
        ``remarks`` (each with what would help).
    name : str
        Of its object, if it is of one.
    file : str
        Where it is from.
    names : dict of str to str
        The names of all columns as they are in the file.
    first_row : int
    """

    frame: pd.DataFrame
    facts: dict[str, Any]
    name: str
    file: str
    names: dict[str, str]
    first_row: int = 0

    @property
    def held(self) -> frozenset[str]:
        """Return all columns, those of the file that were not read as well."""
        return frozenset(self.names) | frozenset(self.frame.columns)

    @property
    def label(self) -> str:
        """Return what it is called in messages."""
        return f"{self.file} from row {self.first_row}" if self.first_row else self.file

    def unit(self, name: str) -> str:
        """Return what the name of a column, or another column, says of its unit; or ""."""
        return str(self.facts["units"].get(name) or unit_of(name))

    def zero_point(self, name: str) -> float | None:
        """Return the magnitude of flux 1, if the unit of a column tells it."""
        known: float | None = self.facts["zero_points"].get(name)
        return zero_point_of(self.unit(name)) if known is None else known


def tables_of(source: Any, options: Options) -> Iterator[Table]:
    """Yield the pieces of one file, open file or table; of files only the columns `needed`."""
    if isinstance(source, Table):
        yield source
        return
    if isinstance(source, Path):
        pieces, name, file = _pieces_of(source, options), unpacked_name(source).stem, str(source)
    elif hasattr(source, "readline"):
        content = source.read()
        content = content.encode() if isinstance(content, str) else content
        named = str(getattr(source, "name", ""))
        path = Path(named or "the open file")
        pieces, file = _read(content, path, options), str(path)
        name = unpacked_name(path).stem if named else ""
    else:
        pieces, name, file = iter([as_frame(source, options)]), "", f"this {type(source).__name__}"
    row = 0
    for frame in pieces:
        yield table_of(frame, name, file, row)
        row += len(frame)


def table_of(frame: pd.DataFrame, name: str, file: str, first_row: int = 0) -> Table:
    """Return a table whose columns are in lower case."""
    lowered = [column_name(each) for each in frame.columns]
    if len(set(lowered)) < len(lowered):
        twice = next(each for i, each in enumerate(lowered) if each in lowered[:i])
        raise ValueError(f"{file}: column {twice!r} is there twice: rename or drop one")
    facts = {str(key): value for key, value in frame.attrs.items()}
    frame.attrs = {}  # which pandas would copy at every step
    for key in ("kinds", "origins", "units", "zero_points"):
        facts[key] = {column_name(k): v for k, v in facts.get(key, {}).items()}
    held = facts.pop("columns", frame.columns)
    names = {column_name(each): str(each) for each in held if each != PLACE}
    if lowered != list(frame.columns):
        frame = frame.set_axis(lowered, axis=1)
    for column, unit in _units_by_row(frame, file).items():
        facts["units"].setdefault(column, unit)
        kind = "flux" if zero_point_of(unit) is not None else "mag" if "mag" in unit.lower() else ""
        facts["kinds"] |= {column: kind} if kind else {}
    return Table(frame, facts, name, file, names, first_row)


def _units_by_row(frame: pd.DataFrame, file: str) -> dict[str, str]:
    """Return the units of columns that others tell in each row, as TNS does."""
    found: dict[str, str] = {}
    names = [*map(str, frame)]
    telling = [name for name in names if name in UNIT_NAMES or unit_for(name)]
    if not telling:
        return found
    measured = [name for part in ("mag", "flux") for name in candidates(part, names)]
    for name in telling:
        alone = name in UNIT_NAMES and len(measured) == 1
        column = measured[0] if alone else unit_for(name)
        if column not in frame or frame[name].dtype.kind in "biuf":
            continue
        told = frame.loc[frame[column].notna(), name].dropna().astype(str).str.strip()
        units = sorted(set(told) - {""})
        whole = [unit for unit in units if "mag" in unit.lower() and not is_milli(unit)]
        matters = column in measured or candidates("time", [column])
        if len(units) > 1 and whole != units and (whole or matters):
            raise ValueError(
                f"{file}: column {column!r} is in {', '.join(units)}: read the rows of each unit "
                "apart, or convert them"
            )
        found |= {column: units[0]} if units else {}
    return found


def _pieces_of(path: Path, options: Options) -> Iterator[pd.DataFrame]:
    with open(path, "rb") as file:
        if path.suffix.lower() not in PARQUET and file.read(4) != b"PAR1":
            file.seek(0)
            for frame in _read(file.read(), path, options):
                for name, value in said_by_folders(path, list(frame.columns)).items():
                    frame[name] = pd.Categorical([value]).repeat(len(frame))
                yield frame
            return
    with _decoding(f"{path} cannot be read as Parquet"):
        yield from _parquet(path, path, options)


def _read(content: bytes, path: Path, options: Options) -> Iterator[pd.DataFrame]:
    """Yield the content of a file."""
    glob_of = f" (a glob, as '{path.parent}/*.csv', leaves out what is none)"
    with _decoding(f"{path} cannot be read as a table", glob_of):
        yield from read_bytes(content, unpacked_name(path).suffix.lower(), options)


@contextlib.contextmanager
def _decoding(what: str, advice: str = "") -> Iterator[None]:
    """Raise whatever decodes a file raises as a ValueError that says which file it was."""
    try:
        yield
    except (ImportError, MemoryError):  # which are not of the file
        raise
    except RecursionError as error:
        raise ValueError(f"{what}: it is nested too deeply{advice}") from error
    except csv.Error as error:
        raise ValueError(f"{what}: leave out columns of long texts ({error}){advice}") from error
    except (ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(f"{what}: {error}{advice}") from error
    except Exception as error:  # decoders of damaged files raise anything
        raise ValueError(
            f"{what}: it is damaged, or in another format ({type(error).__name__}: {error}): "
            f"download or write it again{advice}"
        ) from error


def read_bytes(content: bytes, suffix: str, options: Options) -> Iterator[pd.DataFrame]:
    """Yield the content of a file, which is told by its first bytes or its ending."""
    if content[:2] == b"\x1f\x8b":
        content = _unpacked(gzip.GzipFile(fileobj=io.BytesIO(content)), len(content))
    start = content[:4096].lstrip(b"\xef\xbb\xbf").lstrip()
    if content[:4] == b"PAR1":
        yield from _parquet(io.BytesIO(content), Path(), options)
    elif content[:6] == b"SIMPLE" or suffix in FITS:
        yield _of_vectors(read_fits(content, options), options)
    elif suffix in VOTABLE or start[:5] == b"<?xml":
        yield _of_vectors(read_astropy(content, "votable", use_names_over_ids=True), options)
    elif content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [name for name in archive.namelist() if not name.endswith("/")]
            if {"xl/workbook.xml", "content.xml"} & set(files):
                raise ValueError("it is a spreadsheet: save it as CSV")
            if len(files) != 1:
                raise ValueError(
                    f"it has {len(files)} files in it: unpack them and pass the folder"
                )
            try:
                with archive.open(files[0]) as packed:
                    inner = _unpacked(packed, len(content))
            except RuntimeError as error:  # encrypted, or packed in another way
                raise ValueError(f"unpack it with another program ({error})") from error
        yield from read_bytes(inner, Path(files[0]).suffix.lower(), options)
    elif start[:1] in (b"{", b"[") and (suffix in JSON or b'"' in start):
        yield _with_facts(read_json(content), options)
    elif start.startswith(b"# %ECSV"):
        yield _of_vectors(read_astropy(content, "ascii.ecsv"), options)
    elif IPAC.match(start):
        yield _of_vectors(read_astropy(content, "ascii.ipac"), options)
    elif b"Byte-by-byte Description" in content[:BEFORE_ROWS]:
        yield _of_vectors(read_astropy(content, "ascii.mrt"), options)
    else:
        yield from read_text(content, options)


def _unpacked(stream: Any, size: int) -> bytes:
    """Return what a file of so many bytes is unpacked to; some would fill the memory."""
    most = max(MOST_UNPACKED * size, LEAST_UNPACKED)
    parts: list[bytes] = []
    while part := stream.read(LEAST_UNPACKED):  # which takes as much memory as it may give
        parts.append(part)
        if sum(map(len, parts)) > most:
            raise ValueError(
                f"it unpacks to over {MOST_UNPACKED} times its size, as no light curves do: unpack "
                "it with another program, if you trust it"
            )
    return b"".join(parts)


# -- Parquet ---------------------------------------------------------------------------------------


def _parquet(file: Path | BinaryIO, path: Path, options: Options) -> Iterator[pd.DataFrame]:
    """Yield a Parquet file, a large one in pieces, with the columns that its folders say."""
    pa = import_extra("pyarrow", "parquet", "reading Parquet")
    pq = import_extra("pyarrow.parquet", "parquet", "reading Parquet")
    with pq.ParquetFile(file, pre_buffer=False) as parquet:
        schema = parquet.schema_arrow
        said = said_by_folders(path, schema.names)
        lists = any(holds_lists(pa.nulls(0, field.type)) for field in schema)
        needed = None if lists else options.needed([*schema.names, *said])
        held = None if needed is None else [name for name in needed if name in schema.names]
        size = PIECE_OBJECTS if lists else PIECE_ROWS
        row = 0
        whole = parquet.metadata.num_rows <= size
        batches = [parquet.read(held)] if whole else parquet.iter_batches(size, columns=held)
        for batch in batches:
            table = batch if whole else pa.Table.from_batches([batch])
            frame = _of_arrow(table, row, options, said)
            if not lists:
                frame.attrs["columns"] = [*schema.names, *said]
            row += len(table)
            yield frame


def _of_arrow(
    table: Any, first_row: int, options: Options, said: dict[str, Any] | None = None
) -> pd.DataFrame:
    """Return an Arrow table with a row per observation, and what is said of all of it."""
    exact = MARK in (table.schema.metadata or {})
    table = table.replace_schema_metadata()  # or pandas would take a column for its index
    lists = [name for name in table.column_names if holds_lists(table[name])]
    beside = table.drop_columns(lists).to_pandas(**DECODED)
    for name, value in (said or {}).items():
        beside[name] = pd.Categorical([value]).repeat(len(table))
    columns = {name: table[name] for name in lists}
    frame = flattened(columns, beside, first_row, options) if lists else _plain(beside)
    frame.attrs["exact"] = exact
    return frame


# -- tables of other libraries ------------------------------------------------------------------


def as_frame(table: Any, options: Options) -> pd.DataFrame:
    """Return a table of any library with a row per observation."""
    if isinstance(table, pd.Series) and holds_lists(table):
        table = table.to_frame("light_curve")
    if isinstance(table, pd.DataFrame):
        return _of_pandas(table, options)
    if is_table(table):
        return _of_vectors(of_astropy(table), options)
    if isinstance(table, np.ndarray) and table.dtype.names:
        return _plain(pd.DataFrame(table))
    if hasattr(table, "__arrow_c_stream__") and not isinstance(table, pd.Series):
        import pyarrow as pa

        return _of_arrow(pa.table(table), 0, options)
    if hasattr(table, "to_pandas") and hasattr(table, "columns"):
        return _of_pandas(table.to_pandas(), options)
    if hasattr(table, "__dataframe__"):
        return _plain(pd.api.interchange.from_dataframe(table))
    raise TypeError(
        f"LightCurves.read takes a path, an open file or a table, got {type(table).__name__}: of "
        "arrays use LightCurves.from_arrays, of a dictionary of columns or a list of records pass "
        "pandas.DataFrame(…)"
    )


def _of_pandas(frame: pd.DataFrame, options: Options) -> pd.DataFrame:
    lists = [name for i, name in enumerate(frame) if holds_lists(frame.iloc[:, i])]
    told, said = of_index(frame, options, bool(lists))
    frame = _plain(frame)
    for name, values in told.items():
        frame[name] = values
    if lists and frame.columns.is_unique:
        if len(candidates("id", map(column_name, lists))) == len(lists):
            raise TypeError(f"column {lists[0]!r} must be integers or strings, got lists or tuples")
        beside = pd.DataFrame(frame).drop(columns=lists)
        frame = flattened({str(name): frame[name] for name in lists}, beside, 0, options)
    frame.attrs |= {"remarks": said} if said else {}
    return frame


def _with_facts(frame: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Return a table with a row per observation, and what was known of it."""
    facts = dict(frame.attrs)
    frame = _of_pandas(frame, options)
    facts["remarks"] = [*facts.get("remarks", ()), *frame.attrs.get("remarks", ())]
    frame.attrs |= facts
    return frame


def _of_vectors(frame: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Return a table of astropy with a row per observation.

    Vectors beside one time a row are of several bands, apertures or pixels, and left out.
    """
    lists = [name for name in frame if holds_lists(frame[name])]
    if not lists:
        return frame
    names = [column_name(name) for name in lists]
    times = {options.given().get("time")}.union(
        *(survey.time.split("|") for survey in options.surveys(frozenset(names), True))
    )
    if not (times & set(names) or candidates("time", names)):
        frame.attrs["columns"] = list(frame.columns)
        return frame.drop(columns=lists)
    return _with_facts(frame, options)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return native byte order, and named index levels as columns."""
    named = [n for n in frame.index.names if n is not None and n not in frame.columns]
    frame = frame.reset_index(named) if named else frame
    frame = frame.reset_index(drop=True)
    frame.attrs = {}  # of the user
    if not frame.columns.is_unique:
        return frame  # which is refused where it is named
    foreign = {
        name: dtype.newbyteorder("=")
        for name, dtype in frame.dtypes.items()
        if isinstance(dtype, np.dtype) and not dtype.isnative
    }
    return frame.astype(foreign) if foreign else frame
