"""Rows of embeddings into Parquet, CSV or ECSV."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
        columns: dict[str, Any] = {"object_id": ids}
        if self.banded:
            columns["band"] = np.full(len(ids), "") if curves.band is None else curves.band
        columns |= dict(zip(self.features, np.asarray(rows, dtype=np.float32).T, strict=True))
        self.add(columns)
        self.count += len(ids)

    def names(self) -> list[str]:
        """Return the names of all columns."""
        return ["object_id", *["band"] * bool(self.banded), *self.features]

    @abstractmethod
    def add(self, columns: dict[str, Any]) -> None:
        """Write columns, or keep them."""

    @abstractmethod
    def close(self) -> None:
        """Write what is left to write."""


class ParquetRows(Rows):
    """A row group for each piece."""

    def __init__(self, path: Path, features: Sequence[str]) -> None:
        super().__init__(path, features)
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise ImportError(
                "writing Parquet needs pyarrow: pip install 'sklearn_astromer[parquet]', or --out "
                "a .csv file"
            ) from error
        self.pa, self.pq = pa, pq
        self.writer: Any = None

    def _open(self) -> None:
        pa = self.pa
        types = [pa.int64() if self.numbered else pa.string(), *[pa.string()] * bool(self.banded)]
        types += [pa.float32()] * len(self.features)
        self.schema = pa.schema(list(zip(self.names(), types, strict=True)))
        self.writer = self.pq.ParquetWriter(self.path, self.schema)

    def add(self, columns: dict[str, Any]) -> None:
        """Write a row group."""
        if self.writer is None:
            self._open()
        arrays = [self.pa.array(column) for column in columns.values()]
        self.writer.write_table(self.pa.table(arrays, schema=self.schema))

    def close(self) -> None:
        """Write the end of the file."""
        if self.writer is None:
            self._open()
        self.writer.close()


class CsvRows(Rows):
    """Text, in as many digits as tell a float32 from its neighbours."""

    def add(self, columns: dict[str, Any]) -> None:
        """Append lines."""
        pd.DataFrame(columns).to_csv(
            self.path, mode="a", header=self.count == 0, index=False, lineterminator="\n"
        )

    def close(self) -> None:
        """Write the header, if there was nothing else."""
        if self.count == 0:
            pd.DataFrame(columns=self.names()).to_csv(self.path, index=False, lineterminator="\n")


class EcsvRows(Rows):
    """A table of astropy, written at the end."""

    def __init__(self, path: Path, features: Sequence[str]) -> None:
        super().__init__(path, features)
        try:
            from astropy.table import Table
        except ImportError as error:
            raise ImportError(
                "writing ECSV needs astropy: pip install 'sklearn_astromer[astropy]', or --out a "
                ".csv file"
            ) from error
        self.table: Any = Table
        self.parts: list[dict[str, Any]] = []

    def add(self, columns: dict[str, Any]) -> None:
        """Keep them."""
        self.parts.append(columns)

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
def writing(path: Path, ending: str, features: Sequence[str]) -> Iterator[Rows]:
    """Give what writes rows to `path` in the format of an ending."""
    kinds: dict[str, Callable[[Path, Sequence[str]], Rows]] = {
        ".parquet": ParquetRows,
        ".csv": CsvRows,
        ".ecsv": EcsvRows,
    }
    rows = kinds[ending](path, features)
    try:
        yield rows
    except BaseException:
        if isinstance(rows, ParquetRows) and rows.writer is not None:
            rows.close()  # or its file stays open
        raise
    rows.close()
