"""Files that commands write, and labels that they read."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_list_like

from sklearn_astromer._closest import closest
from sklearn_astromer._files import replacing, write_csv
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.messages import note
from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.paths import is_parquet
from sklearn_astromer.lightcurves.reading.tables import tables_of
from sklearn_astromer.lightcurves.reading.written import LARGE
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


def labels_of(path: Path, ids: NDArray[Any], quiet: bool = True) -> NDArray[Any]:
    """Return the label of each object, None where a table has no row of it or a blank label.

    In CSV labels are classes as they are written but for blanks around them, and numbers only if
    all have a decimal point.
    """
    parquet = is_parquet(path)
    try:
        if parquet:
            table = pd.read_parquet(path)
            if any(name is not None for name in table.index.names):
                table = table.reset_index()
        else:  # the first column is no index, not even if lines end in a comma
            told: dict[str, Any] = {"keep_default_na": False, "na_values": [""], "dtype": str}
            table = pd.read_csv(path, index_col=False, **told)
            header = pd.read_csv(path, header=None, nrows=1, **told).iloc[0]
            table.columns = header[: table.shape[1]]  # pandas renames one that is there twice
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8: save it as that, or as Parquet") from error
    except (ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} cannot be read as a table of labels: {error}") from error
    table.columns = [str(name).strip() for name in table.columns]
    if "id" not in table:
        table = table.rename(columns={"object_id": "id"})  # as commands write it
    for name in ("id", "label"):
        if (count := list(table).count(name)) != 1:
            has = "several columns" if count else "no column"
            raise ValueError(
                f"{path} has {has} {name} among {', '.join(map(repr, table))}: it needs one of id "
                "and one of label"
            )
    label = table["label"]
    if parquet:
        if table["id"].dtype.kind == "f" and table["id"].abs().max() >= LARGE:
            raise ValueError(
                f"{path} has ids as floats past 2^53, which have lost digits: write them as "
                "integers or text"
            )
        table["id"] = table["id"].convert_dtypes()  # whole numbers, as the reader has them
    else:
        written = label.dropna().str.strip()
        if len(written) and written.str.fullmatch(r"[-+]?\d*\.\d*([eE][-+]?\d+)?").all():
            label = label.astype(float)
    return _matched(table["id"], label, ids, str(path), quiet)


def labels_in(catalog: Catalog, column: str, ids: NDArray[Any], quiet: bool = True) -> NDArray[Any]:
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
    return _matched(pairs["id"], pairs["label"], ids, f"column {column!r}", quiet)


@dataclass(frozen=True)
class _WithLabels(Options):
    """Options by which one more column is read."""

    label: str = ""

    def needed(self, names: list[str], rows_are_objects: bool = False) -> list[str] | None:
        found = super().needed(names, rows_are_objects)
        if found is None:
            return None
        return [name for name in names if name in found or column_name(name) == self.label]


def _matched(named: Any, labels: Any, ids: NDArray[Any], source: str, quiet: bool) -> NDArray[Any]:
    pairs = pd.DataFrame({"id": named, "label": labels}).dropna().astype(object)
    if (nested := pairs["label"].map(is_list_like)).any():
        first = pairs[nested].iloc[0]
        raise ValueError(
            f"{source} has a list as the label of object {first['id']}: labels are text or numbers"
        )
    written = pairs["label"]
    pairs = pairs.map(_stripped)
    pairs = pairs[pairs["label"] != ""]
    spelt = written.astype(str)[pairs.index].groupby(pairs["label"].astype(str)).nunique()
    if len(merged := spelt.index[spelt > 1]):
        warn(f"labels of {source} that differ by blanks alone are one: {', '.join(merged)}")
    pairs = pairs.assign(id=pairs["id"].astype(str)).drop_duplicates()
    names = pd.Series(ids.astype(str)).str.strip()
    there = pairs["id"].isin(names)
    if not there.any():
        shown = [f", as {each.iloc[0]!r}" if len(each) else "" for each in (pairs["id"], names)]
        raise ValueError(
            f"{source} has a label of none of the catalog's objects: compare its ids{shown[0]}, "
            f"with those of the catalog{shown[1]}"
        )
    if not quiet:
        _say_unmatched(pairs["id"][~there], len(pairs), names, pairs["id"], source)
    pairs = pairs[there]
    if len(twice := pairs["id"][pairs["id"].duplicated()]):
        raise ValueError(f"{source} has several labels of object {twice.iloc[0]}: leave one")
    known = dict(zip(pairs["id"], pairs["label"], strict=True))
    return np.array([*map(known.get, names), None], dtype=object)[:-1]  # never of two dimensions


def _stripped(value: Any) -> Any:
    """Return text without blanks around it, and anything else as it is."""
    value = value.decode(errors="backslashreplace") if isinstance(value, bytes) else value
    return value.strip() if isinstance(value, str) else value


def _say_unmatched(strange: Any, total: int, names: Any, labelled: Any, source: str) -> None:
    """Tell how many labels and objects found none of the other."""
    objects = names.drop_duplicates()
    bare = objects[~objects.isin(labelled)]
    said = {
        f"{len(strange)} of {total} labels are of no light curve here": strange,
        f"{len(bare)} of {len(objects)} objects have no label": bare,
    }
    found = [f"{text} (the first: {of.iloc[0]})" for text, of in said.items() if len(of)]
    if found:
        note(f"{source}: {'; '.join(found)}")
