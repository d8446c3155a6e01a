"""Where the objects of a catalog are in the sky, if its tables say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

#: Columns that hold degrees, and those that hold ids, in small letters.
POSITIONS = (
    ("ra", "dec"),
    ("raj2000", "dej2000"),
    ("ra_deg", "dec_deg"),
    ("coord_ra", "coord_dec"),
    ("meanra", "meandec"),
    ("objra", "objdec"),
)
IDS = (
    "object_id",
    "objectid",
    "oid",
    "diaobjectid",
    "source_id",
    "sourceid",
    "asassn_id",
    "id",
    "name",
)
ROWS = 1_000_000  # read at once


def with_positions(table: pd.DataFrame, catalog: list[Path]) -> pd.DataFrame:
    """Return a table of objects with columns ra and dec, as far as a catalog has them.

    Parameters
    ----------
    table : DataFrame
        With a column object_id.
    catalog : list of Path
        CSV or Parquet with columns of an id, right ascension and declination (degrees). Other
        files, and folders, are passed over.

    Returns
    -------
    DataFrame
        The table, and columns ra and dec if a position was found; NaN for other objects.
    """
    wanted = pd.Index(table["object_id"].astype(str))
    found = pd.DataFrame(np.nan, index=wanted, columns=["ra", "dec"])
    for path in catalog:
        for part in _parts(path):
            part = part[part.index.isin(wanted)]
            part = part[~part.index.duplicated()]
            found.update(part)
        if found.notna().all(axis=None):
            break
    if found.isna().all(axis=None):
        return table
    return table.assign(ra=found["ra"].to_numpy(), dec=found["dec"].to_numpy())


def _parts(path: Path) -> Iterator[pd.DataFrame]:
    """Yield ra and dec by id, of some rows at a time."""
    name = path.name.lower()
    if not path.is_file() or not name.endswith((".csv", ".csv.gz", ".parquet")):
        return
    if name.endswith(".parquet"):
        import pyarrow.parquet as pq

        file = pq.ParquetFile(path, pre_buffer=False)
        columns = _columns(file.schema_arrow.names)
        if columns is not None:
            for batch in file.iter_batches(ROWS, columns=columns):
                yield _named(batch.to_pandas()[columns])
        return
    columns = _columns(pd.read_csv(path, nrows=0, comment="#").columns.tolist())
    if columns is not None:
        chunks = pd.read_csv(
            path, usecols=columns, chunksize=ROWS, comment="#", dtype={columns[0]: str}
        )
        yield from (_named(chunk[columns]) for chunk in chunks)


def _columns(names: list[str]) -> list[str] | None:
    """Return the names of the columns of id, ra and dec, None if one is missing."""
    small = {str(name).lower().strip(): name for name in names}
    id = next((small[name] for name in IDS if name in small), None)
    pair = next((p for p in POSITIONS if p[0] in small and p[1] in small), None)
    return None if id is None or pair is None else [id, *(small[name] for name in pair)]


def _named(part: pd.DataFrame) -> pd.DataFrame:
    part = part.set_axis(["id", "ra", "dec"], axis=1)
    return part.assign(id=part["id"].astype(str)).set_index("id")
