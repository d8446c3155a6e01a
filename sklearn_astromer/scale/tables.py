"""Rows of embeddings into Parquet, CSV or ECSV."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._extras import import_extra
from sklearn_astromer._files import write_csv
from sklearn_astromer.lightcurves import LightCurves


class Rows(ABC):
    """A table that is written piece by piece: object_id, band if there are any, and features."""

    def __init__(self, path: Path, features: Sequence[str]) -> None:
        self.path, self.features = path, list(features)
        self.count = 0
        self.banded: bool | None = None
        self.numbered = True

    def start(self, curves: LightCurves) -> None:
        """Fix the columns by the first light curves."""
        if self.banded is None:
            self.banded = curves.band is not None
            self.numbered = curves.ids.dtype.kind == "i"

    def write(self, curves: LightCurves, rows: NDArray[np.float32]) -> None:
        """Add rows, one for each light curve."""
        self.start(curves)
        ids = curves.ids
        if not self.numbered:
            ids = ids.astype(str)
        elif ids.dtype.kind != "i":
            raise ValueError(
                f"object {ids[0].item()!r} is named by text, and those before it by numbers: "
                "embed them apart"
            )
        if curves.band is not None and not self.banded:
            raise ValueError(
                f"object {ids[0].item()!r} has a band, and those before it have none: "
                "embed them apart"
            )
        index: dict[str, Any] = {"object_id": ids}
        if self.banded:
            index["band"] = np.full(len(ids), "") if curves.band is None else curves.band
        self.add(index, np.asarray(rows, dtype=np.float32))
        self.count += len(ids)

    def names(self) -> list[str]:
        """Return the names of all columns."""
        return ["object_id", *["band"] * bool(self.banded), *self.features]

    def named(self, index: dict[str, Any], values: NDArray[np.float32]) -> dict[str, Any]:
        """Return all columns by name."""
        return index | dict(zip(self.features, values.T, strict=True))

    @abstractmethod
    def add(self, index: dict[str, Any], values: NDArray[np.float32]) -> None:
        """Write columns of the index and values of shape (n_objects, n_features), or keep them."""

    @abstractmethod
    def close(self) -> None:
        """Write what is left to write."""


class ParquetRows(Rows):
    """A row group for each piece.

    `layout` is "columns", one column per feature; or "float32" or "float16", one column
    ``embedding`` of lists of fixed size, which DuckDB, Lance, polars and Hugging Face's datasets
    take for vectors.
    """

    def __init__(self, path: Path, features: Sequence[str], layout: str = "columns") -> None:
        super().__init__(path, features)
        self.layout = layout
        what = "writing Parquet (.csv does without)"
        self.pa = import_extra("pyarrow", "parquet", what)
        self.pq = import_extra("pyarrow.parquet", "parquet", what)
        self.writer: Any = None

    def _open(self) -> None:
        pa = self.pa
        types = [pa.int64() if self.numbered else pa.string(), *[pa.string()] * bool(self.banded)]
        names = self.names()
        if self.layout == "columns":
            types += [pa.float32()] * len(self.features)
        else:
            number = pa.float16() if self.layout == "float16" else pa.float32()
            names = [*names[: len(types)], "embedding"]
            types += [pa.list_(number, len(self.features))]
        self.schema = pa.schema(list(zip(names, types, strict=True)))
        self.writer = self.pq.ParquetWriter(self.path, self.schema, write_page_checksum=True)

    def add(self, index: dict[str, Any], values: NDArray[np.float32]) -> None:
        """Write a row group."""
        if self.writer is None:
            self._open()
        pa = self.pa
        for name, column in index.items():
            if column.dtype.kind == "U":  # of which Arrow ends at a NUL
                index[name] = column.astype(object)
        if self.layout == "columns":
            arrays = [pa.array(column) for column in self.named(index, values).values()]
        else:
            flat = pa.array(np.ascontiguousarray(values, dtype=self.layout).ravel())
            lists = pa.FixedSizeListArray.from_arrays(flat, len(self.features))
            arrays = [*(pa.array(column) for column in index.values()), lists]
        self.writer.write_table(pa.table(arrays, schema=self.schema))

    def close(self) -> None:
        """Write the end of the file."""
        if self.writer is None:
            self._open()
        self.writer.close()


class CsvRows(Rows):
    """Text, in as many digits as tell a float32 from its neighbours."""

    def add(self, index: dict[str, Any], values: NDArray[np.float32]) -> None:
        """Append lines."""
        frame = pd.DataFrame(self.named(index, values))
        write_csv(frame, self.path, mode="a", header=self.count == 0)

    def close(self) -> None:
        """Write the header, if there was nothing else."""
        if self.count == 0:
            write_csv(pd.DataFrame(columns=self.names()), self.path)


class EcsvRows(Rows):
    """A table of astropy, written at the end."""

    def __init__(self, path: Path, features: Sequence[str]) -> None:
        super().__init__(path, features)
        what = "writing ECSV (.csv does without)"
        self.table = import_extra("astropy.table", "astropy", what).Table
        self.parts: list[dict[str, Any]] = []

    def add(self, index: dict[str, Any], values: NDArray[np.float32]) -> None:
        """Keep them."""
        for column in index.values():
            for text in column.tolist() if column.dtype.kind == "U" else ():
                if text.strip() != text or text.startswith("#") or not text.isprintable():
                    raise ValueError(
                        f"ECSV cannot hold the id or band {text!r}, which begins with #, or has "
                        "white space around it or a control character in it: write .csv or .parquet"
                    )
        self.parts.append(self.named(index, values))

    def close(self) -> None:
        """Write all."""
        empty: dict[str, Any] = dict.fromkeys(self.names(), np.empty(0, dtype=np.float32))
        empty["object_id"] = np.empty(0, dtype=np.int64 if self.numbered else "U1")
        if self.banded:
            empty["band"] = np.empty(0, dtype="U1")
        parts = self.parts or [empty]
        joined = {name: np.concatenate([part[name] for part in parts]) for name in empty}
        self.table(joined).write(self.path, format="ascii.ecsv", overwrite=True)


@contextlib.contextmanager
def writing(
    path: Path, ending: str, features: Sequence[str], layout: str = "columns"
) -> Iterator[Rows]:
    """Give what writes rows to `path` in the format of an ending; see `ParquetRows`."""
    rows: Rows
    if ending == ".parquet":
        rows = ParquetRows(path, features, layout)
    elif layout != "columns":
        raise ValueError(f"vectors are written as Parquet only, not as {ending}")
    else:
        rows = CsvRows(path, features) if ending == ".csv" else EcsvRows(path, features)
    try:
        yield rows
    except BaseException:
        if isinstance(rows, ParquetRows) and rows.writer is not None:
            rows.close()  # or its file stays open
        raise
    rows.close()
