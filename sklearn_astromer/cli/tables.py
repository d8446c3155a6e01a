"""Files that commands write, and labels that they read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._closest import closest
from sklearn_astromer._files import replacing, write_csv
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.tables import tables_of
from sklearn_astromer.lightcurves.surveys.survey import column_name


@contextmanager
def output(args: SimpleNamespace, name: str) -> Iterator[Path | None]:
    """Give a file to write to for an option; what cannot be written is said before the work.

    Of several, the one that is done first is the innermost, so that it stays if another fails.
    """
    path = getattr(args, name)
    if path is None:
        yield None
    else:
        with replacing(path, overwrite=args.overwrite) as file:
            yield file


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV or Parquet, by the ending."""
    if path.suffix.lower() == ".csv":
        write_csv(table, path)
    else:
        table.to_parquet(path, index=False)


def labels_of(path: Path, ids: NDArray[Any]) -> NDArray[Any]:
    """Return the label of each object, None where a table has no row of it or a blank label.

    In CSV labels are classes as they are written, and numbers only if all have a decimal point.
    """
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
    else:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
        written = table["label"].dropna() if "label" in table else pd.Series(dtype=str)
        if len(written) and written.str.fullmatch(r"[-+]?\d*\.\d*([eE][-+]?\d+)?").all():
            table["label"] = table["label"].astype(float)
    for name in ("id", "label"):
        if name not in table:
            raise ValueError(f"{path} has no column {name}: it needs id and label")
    return _matched(table["id"], table["label"], ids, str(path))


def labels_in(catalog: Catalog, column: str, ids: NDArray[Any]) -> NDArray[Any]:
    """Return the label of each object of a catalog that was read, which a column of it holds."""
    given = vars(catalog.options) | {"memo": {}}  # other columns are needed than were before
    asked = _WithLabels(**given, label=column_name(column))
    id = catalog.report.columns.get("id")
    parts = []
    for file in catalog.files if catalog.content is None else [catalog.source()]:
        for table in tables_of(file, asked):
            frame = table.frame
            if asked.label not in frame:
                names = closest(column, table.names.values())
                raise ValueError(f"{table.label} has no column {column!r}: {names}")
            # ids as whole numbers, as the reader has them
            named = table.name if id is None else frame[column_name(id)].convert_dtypes()
            parts.append(pd.DataFrame({"id": named, "label": frame[asked.label]}).drop_duplicates())
    pairs = pd.concat(parts)
    return _matched(pairs["id"], pairs["label"], ids, f"column {column!r}")


@dataclass(frozen=True)
class _WithLabels(Options):
    """Options by which one more column is read."""

    label: str = ""

    def needed(self, names: list[str], rows_are_objects: bool = False) -> list[str] | None:
        found = super().needed(names, rows_are_objects)
        if found is None:
            return None
        return [name for name in names if name in found or column_name(name) == self.label]


def _matched(named: Any, labels: Any, ids: NDArray[Any], source: str) -> NDArray[Any]:
    pairs = pd.DataFrame({"id": named, "label": labels}).dropna()
    pairs = pairs[pairs["label"].astype(str).str.strip() != ""]
    pairs = pairs.assign(id=pairs["id"].astype(str)).drop_duplicates()
    pairs = pairs[pairs["id"].isin(ids.astype(str))]
    if len(twice := pairs["id"][pairs["id"].duplicated()]):
        raise ValueError(f"{source} has several labels of object {twice.iloc[0]}: leave one")
    known = dict(zip(pairs["id"], pairs["label"], strict=True))
    found = np.array([known.get(name) for name in ids.astype(str)], dtype=object)
    if not known:
        raise ValueError(
            f"{source} has a label of none of the catalog's objects: compare their ids"
        )
    return found
