"""Files and tables of every kind into DataFrames of one row per observation."""

from __future__ import annotations

import contextlib
import glob
import gzip
import io
import json
import os
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import unquote

import numpy as np
import pandas as pd

from sklearn_astromer._extras import import_extra
from sklearn_astromer.lightcurves.objects import is_table
from sklearn_astromer.lightcurves.reading.lists import DECODED, PLACE, flattened, holds_lists
from sklearn_astromer.lightcurves.reading.text import Names, read_text
from sklearn_astromer.lightcurves.surveys.names import offset_of
from sklearn_astromer.lightcurves.surveys.survey import JD, column_name

PARQUET = (".parquet", ".parq", ".pq")
FITS = (".fits", ".fit", ".fz")
VOTABLE = (".vot", ".votable", ".xml")
JSON = (".json", ".jsonl", ".ndjson")
OBJECT_KEYS = ("KEPLERID", "TICID", "TIC_ID", "TARGETID")
#: Keys of JSON, of which each service has one of its own.
DETECTIONS = ("detections", "candidates", "photometry", "lightcurve", "light_curve", "data")
NON_DETECTIONS = ("non_detections", "noncandidates", "upper_limits")
#: Parquet is read in pieces: of rows that are observations, and of rows that hold lists of them.
PIECE_ROWS, PIECE_OBJECTS = 2**20, 1000
#: Lines of a header between bars, after comments, and rows without bars.
IPAC = re.compile(rb"(\\.*\s+)*(\|.*\|\s*?\n){1,4}[^|\n]")
HIVE_MISSING = "__HIVE_DEFAULT_PARTITION__"
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
        "flux", which are Jy, "mag" or the unit), ``origins`` (days to add to times),
        ``headerless``, ``rows_are_objects``, ``empty`` (how many objects have no observations, and
        the first), ``limits`` (how many upper limits stand beside the rows), ``exact`` (of
        `LightCurves.to_parquet`).
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
        return _files_in(path)
    if path.exists():
        return [path]
    found = sorted(p for p in map(Path, glob.glob(str(path), recursive=True)) if p.is_file())
    if not found:
        raise FileNotFoundError(f"there is no file {path}")
    return found


def _files_in(folder: Path) -> list[Path]:
    """Return the files of a folder, and all Parquet in it and its folders where it is of Parquet.

    Of a catalog of HATS that is its data set.
    """
    if (folder / "collection.properties").exists():
        raise ValueError(f"{folder} is a collection of HATS catalogs: give one of its folders")
    is_hats = any((folder / name).exists() for name in ("hats.properties", "properties"))
    if is_hats and (folder / "dataset").is_dir():
        folder = folder / "dataset"
    files = sorted(p for p in folder.iterdir() if p.is_file() and p.name[0] not in "._")
    if all(file.suffix.lower() in PARQUET for file in files):
        files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PARQUET)
    if not files:
        raise FileNotFoundError(
            f"the folder {folder} has no files; for those of folders in it pass '{folder}/**/*'"
        )
    return files


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, by its name or its first bytes."""
    if path.suffix.lower() in PARQUET:
        return True
    with open(path, "rb") as opened:
        return opened.read(4) == b"PAR1"


def tables_of(source: Any, names: Names) -> Iterator[Table]:
    """Yield the pieces of one file, open file or table; of files only the columns `needed`."""
    if isinstance(source, Table):
        yield source
    elif isinstance(source, Path):
        row = 0
        for frame in _pieces_of(source, names):
            yield table_of(frame, stem(source), str(source), row)
            row += len(frame)
    elif hasattr(source, "readline"):
        named = str(getattr(source, "name", ""))
        content = source.read()
        content = content.encode() if isinstance(content, str) else content
        file = Path(named) if named else Path("the open file")
        row = 0
        for frame in _read(content, file, names):
            yield table_of(frame, stem(file) if named else "", str(file), row)
            row += len(frame)
    else:
        yield table_of(as_frame(source, names), "", f"this {type(source).__name__}")


def table_of(frame: pd.DataFrame, name: str, file: str, first_row: int = 0) -> Table:
    """Return a table whose columns are in lower case."""
    lowered = [column_name(each) for each in frame.columns]
    if len(set(lowered)) < len(lowered):
        twice = next(each for i, each in enumerate(lowered) if each in lowered[:i])
        raise ValueError(f"{file}: column {twice!r} is there twice: rename or drop one")
    facts = {str(key): value for key, value in frame.attrs.items()}
    frame.attrs = {}  # which pandas would copy at every step
    for key in ("kinds", "origins"):
        facts[key] = {column_name(k): v for k, v in facts.get(key, {}).items()}
    held = facts.pop("columns", frame.columns)
    names = {column_name(each): str(each) for each in held if each != PLACE}
    if lowered != list(frame.columns):
        frame = frame.set_axis(lowered, axis=1)
    return Table(frame, facts, name, file, names, first_row)


def stem(path: Path) -> str:
    """Return the name of a file without its endings."""
    name = path.name[: -len(".gz")] if path.name.endswith(".gz") else path.name
    return Path(name).stem


def _pieces_of(path: Path, names: Names) -> Iterator[pd.DataFrame]:
    with open(path, "rb") as file:
        if path.suffix.lower() not in PARQUET and file.read(4) != b"PAR1":
            file.seek(0)
            yield from _read(file.read(), path, names)
            return
    yield from _parquet(path, path, names)


def _read(content: bytes, path: Path, names: Names) -> Iterator[pd.DataFrame]:
    """Yield the content of a file; an error names it."""
    suffix = path.suffixes[-2].lower() if path.suffix == ".gz" and path.suffixes[:-1] else ""
    try:
        yield from read_bytes(content, suffix or path.suffix.lower(), names)
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path} cannot be read as a table: {error} (a glob, as '{path.parent}/*.csv', leaves "
            "out what is none)"
        ) from error


def read_bytes(content: bytes, suffix: str, names: Names) -> Iterator[pd.DataFrame]:
    """Yield the content of a file, which is told by its first bytes or its ending."""
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    start = content[:4096].lstrip(b"\xef\xbb\xbf").lstrip()
    if content[:4] == b"PAR1":
        yield from _parquet(io.BytesIO(content), Path(), names)
    elif content[:6] == b"SIMPLE" or suffix in FITS:
        yield _fits(content)
    elif suffix in VOTABLE or start[:5] == b"<?xml":
        yield _astropy(content, "votable", use_names_over_ids=True)
    elif content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [name for name in archive.namelist() if not name.endswith("/")]
            if len(files) != 1:
                raise ValueError(
                    f"it has {len(files)} files in it: unpack them and pass the folder"
                )
            inner = archive.read(files[0])
        yield from read_bytes(inner, Path(files[0]).suffix.lower(), names)
    elif start[:1] in (b"{", b"[") and (suffix in JSON or b'"' in start):
        yield _json(content)
    elif start.startswith(b"# %ECSV"):
        yield _astropy(content, "ascii.ecsv")
    elif IPAC.match(start):
        yield _astropy(content, "ascii.ipac")
    else:
        yield from read_text(content, names)


# -- Parquet ---------------------------------------------------------------------------------------


def open_parquet(path: Path | BinaryIO) -> Any:
    """Open a Parquet file; errors say what is missing or which file it is."""
    pa = import_extra("pyarrow", "parquet", "reading Parquet")
    pq = import_extra("pyarrow.parquet", "parquet", "reading Parquet")
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} cannot be read as Parquet: {error}") from error


def _parquet(file: Path | BinaryIO, path: Path, names: Names) -> Iterator[pd.DataFrame]:
    """Yield a Parquet file, a large one in pieces, with the columns that its folders say."""
    with open_parquet(file) as parquet:
        import pyarrow as pa

        schema = parquet.schema_arrow
        said = _said_by_folders(path, schema.names)
        lists = any(holds_lists(pa.nulls(0, field.type)) for field in schema)
        needed = None if lists else names.needed([*schema.names, *said])
        held = None if needed is None else [name for name in needed if name in schema.names]
        size = PIECE_OBJECTS if lists else PIECE_ROWS
        row = 0
        try:
            whole = parquet.metadata.num_rows <= size
            options: dict[str, Any] = {"columns": held}
            for batch in (
                [parquet.read(**options)] if whole else parquet.iter_batches(size, **options)
            ):
                table = batch if whole else pa.Table.from_batches([batch])
                frame = _of_arrow(table, row, names, said)
                frame.attrs["exact"] = MARK in (schema.metadata or {})
                if not lists:
                    frame.attrs["columns"] = [*schema.names, *said]
                row += len(table)
                yield frame
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{path} cannot be read as Parquet: {error}") from error


def _of_arrow(
    table: Any, first_row: int, names: Names | None, said: dict[str, Any] | None = None
) -> pd.DataFrame:
    """Return an Arrow table with a row per observation, and what is said of all of it."""
    table = table.replace_schema_metadata()  # or pandas would take a column for its index
    lists = [name for name in table.column_names if holds_lists(table[name])]
    beside = table.drop_columns(lists).to_pandas(**DECODED)
    for name, value in (said or {}).items():
        beside[name] = pd.Categorical([value]).repeat(len(table))
    if not lists:
        return _plain(beside)
    return flattened({name: table[name] for name in lists}, beside, first_row, names)


def _said_by_folders(path: Path, held: list[str]) -> dict[str, Any]:
    """Return what folders say, as in ``band=g/part-0.parquet`` (Hive, Spark)."""
    lowered = {name.lower() for name in held}
    said: dict[str, Any] = {}
    for part in path.parts[:-1]:
        key, is_said, value = part.partition("=")
        if is_said and key and key.lower() not in lowered:
            text = unquote(value)
            number = re.fullmatch(r"-?\d+", text) is not None
            said[key] = None if text == HIVE_MISSING else int(text) if number else text
    return said


# -- JSON ------------------------------------------------------------------------------------------


def _json(content: bytes) -> pd.DataFrame:
    """Read JSON: a list of records, columns, or an object that has one of these somewhere in it."""
    text = content.decode("utf-8-sig")
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        with contextlib.suppress(json.JSONDecodeError):  # a record a line
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
            return pd.DataFrame(found)
        raise
    records, beside = _records(found)
    if records is None:
        raise ValueError(
            "this JSON has no list of detections: pass pandas.DataFrame(…) of the part that is one"
        )
    frame = pd.DataFrame(records)
    for key, value in beside.items():
        if isinstance(value, (str, int)) and not isinstance(value, bool) and key not in frame:
            frame[key] = value
    limits = [len(v) for k, v in beside.items() if k in NON_DETECTIONS and isinstance(v, list)]
    frame.attrs["limits"] = sum(limits)
    return frame


def _records(found: Any) -> tuple[Any, dict[str, Any]]:
    """Return the records within JSON, and what stands beside them."""
    if isinstance(found, list):
        if found and all(isinstance(each, dict) for each in found):
            inner = [_records(each) for each in found] if len(found) == 1 else []
            return inner[0] if inner and inner[0][0] is not None else (found, {})
        return None, {}
    if not isinstance(found, dict):
        return None, {}
    columns = {k: v for k, v in found.items() if isinstance(v, list)}
    scalar = [v for v in columns.values() if not any(isinstance(x, (dict, list)) for x in v)]
    if len(scalar) >= 2 and len({len(v) for v in scalar}) == 1:
        return columns, {k: v for k, v in found.items() if k not in columns}
    for key in DETECTIONS:
        if isinstance(found.get(key), list) and found[key] and isinstance(found[key][0], dict):
            return found[key], {k: v for k, v in found.items() if k != key}
        if isinstance(found.get(key), dict):
            records, beside = _records(found[key])
            if records is not None:
                return records, {k: v for k, v in found.items() if k != key} | beside
    dicts = [each for each in found.values() if isinstance(each, dict)]
    if len(dicts) == 1 and len(found) == 1:  # of the Open Supernova Catalog: {name: {…}}
        records, beside = _records(dicts[0])
        return records, beside | {"object_id": next(iter(found))}
    if dicts and all(each.keys() == dicts[0].keys() for each in dicts) and len(dicts) == len(found):
        return {name: list(each.values()) for name, each in found.items()}, {}
    return None, {}


# -- astropy ---------------------------------------------------------------------------------------


def _astropy(content: bytes, kind: str, **options: Any) -> pd.DataFrame:
    with _quiet():
        return as_frame(_astropy_table().read(io.BytesIO(content), format=kind, **options))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what astropy thinks of the units and names of a file to itself."""
    with warnings.catch_warnings():
        for module in ("units", "io"):
            warnings.filterwarnings("ignore", module=rf"astropy\.{module}")
        from astropy.units import UnitsWarning
        from astropy.utils.exceptions import AstropyWarning

        warnings.simplefilter("ignore", UnitsWarning)
        warnings.simplefilter("ignore", AstropyWarning)
        yield


def _astropy_table() -> Any:
    return import_extra("astropy.table", "astropy", "reading FITS, VOTable and ECSV").Table


def _fits(content: bytes) -> pd.DataFrame:
    table = _astropy_table()
    from astropy.io import fits

    with _quiet(), fits.open(io.BytesIO(content)) as units:
        found = next((unit for unit in units if getattr(unit, "columns", None)), None)
        if found is None:
            raise ValueError("this FITS file has no table")
        frame = as_frame(table.read(found))
        header = {**dict(units[0].header), **dict(found.header)}
    for key in OBJECT_KEYS:
        if header.get(key) and key.lower() not in frame.columns.str.lower():
            frame[key.lower()] = header[key]
    _epochs(frame, header)
    return frame


def _epochs(frame: pd.DataFrame, header: dict[str, Any]) -> None:
    """Take the origin and the unit of times from a FITS header; what a column says goes before."""
    origins = frame.attrs.setdefault("origins", {})
    times = [n for n in frame if str(n).lower().startswith(("time", "t", "barytime", "bjd", "jd"))]
    for prefix, zero in (("BJDREF", JD), ("JDREF", JD), ("MJDREF", 0.0)):
        known = [header[key] for key in (f"{prefix}I", f"{prefix}F", prefix) if key in header]
        if known:
            for name in times:
                origins.setdefault(name, float(sum(map(float, known[:2]))) + zero)
            break
    if str(header.get("TIMEUNIT", "d")).strip().lower() in ("s", "sec", "seconds"):
        for name in times:
            if str(name).lower() == "time" and name not in frame.attrs.get("kinds", ()):
                frame[name] = frame[name] / 86_400


def as_frame(table: Any, names: Names | None = None) -> pd.DataFrame:
    """Return a table of any library with a row per observation."""
    if isinstance(table, pd.Series) and holds_lists(table):
        table = table.to_frame("light_curve")
    if isinstance(table, pd.DataFrame):
        return _of_pandas(table, names)
    if is_table(table):
        return _of_astropy(table)
    if isinstance(table, np.ndarray) and table.dtype.names:
        return _plain(pd.DataFrame(table))
    if hasattr(table, "__arrow_c_stream__") and not isinstance(table, pd.Series):
        import pyarrow as pa

        read = pa.table(table)
        frame = _of_arrow(read, 0, names)
        frame.attrs["exact"] = MARK in (read.schema.metadata or {})
        return frame
    if hasattr(table, "to_pandas") and hasattr(table, "columns"):
        return _of_pandas(table.to_pandas(), names)
    if hasattr(table, "__dataframe__"):
        return _plain(pd.api.interchange.from_dataframe(table))
    raise TypeError(
        f"LightCurves.read takes a path, an open file or a table, got {type(table).__name__}: of "
        "arrays use LightCurves.from_arrays"
    )


def _of_pandas(frame: pd.DataFrame, names: Names | None) -> pd.DataFrame:
    frame = _plain(frame)
    lists = [name for name in frame if holds_lists(frame[name])]
    if not lists:
        return frame
    beside = pd.DataFrame(frame).drop(columns=lists)
    return flattened({str(name): frame[name] for name in lists}, beside, 0, names)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return native byte order, and named index levels as columns."""
    named = [n for n in frame.index.names if n is not None and n not in frame.columns]
    frame = frame.reset_index(named) if named else frame
    frame = frame.reset_index(drop=True)
    frame.attrs = {}  # of the user
    if not frame.columns.is_unique:
        return frame  # which is refused where it is named
    foreign: dict[Any, Any] = {
        name: frame[name].astype(dtype.newbyteorder("="))
        for name, dtype in frame.dtypes.items()
        if isinstance(dtype, np.dtype) and not dtype.isnative
    }
    return frame.assign(**{str(k): v for k, v in foreign.items()}) if foreign else frame


def _of_astropy(table: Any) -> pd.DataFrame:
    """Return columns as plain numbers: times in days (MJD of dates), fluxes in Jy where known."""
    from astropy import units
    from astropy.time import Time, TimeDelta

    columns: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    origins: dict[str, float] = {}
    known = {"time": units.day, "flux": units.Jy, "mag": units.mag}
    for name in table.colnames:
        column, unit = table[name], getattr(table[name], "unit", None)
        if getattr(column, "ndim", 1) != 1:
            continue
        if isinstance(column, Time):
            column, kinds[name] = column.mjd, "date"
        elif isinstance(column, TimeDelta):
            column, kinds[name] = column.to_value("day"), "time"
        scale = 1.0
        if isinstance(unit, units.UnrecognizedUnit):  # as "BJD - 2457000, days"
            offset = offset_of(str(unit))
            origins |= {} if offset is None else {name: offset}
        elif isinstance(unit, units.MagUnit):
            kinds[name] = "mag"
        elif isinstance(unit, units.UnitBase) and unit != units.dimensionless_unscaled:
            fits = [kind for kind, one in known.items() if unit.is_equivalent(one)]
            kinds[name] = fits[0] if fits else str(unit)
            scale = unit.to(known[fits[0]]) if fits else scale
        values = _unmasked(column)
        columns[name] = values if scale == 1.0 else values * scale
    frame = _plain(pd.DataFrame(columns))
    frame.attrs |= {"kinds": kinds, "origins": origins}
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
