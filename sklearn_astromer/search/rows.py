"""Rows of embeddings, as ``sklearn-astromer embed`` writes them, back into an array."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import gen_batches

from sklearn_astromer._extras import import_extra
from sklearn_astromer.scale import manifest

ID, BAND, VECTOR = "object_id", "band", "embedding"
FEATURE = re.compile(r"astromerembedder_|\d$|\(.+\)$|._missing$")
_CHUNK = 2**16  # rows looked at in one go


class EmbeddingRows(NamedTuple):
    """Embeddings of a catalog.

    Attributes
    ----------
    ids : ndarray of shape (n_objects,), int64 or str
    band : ndarray of shape (n_objects,), str, or None
    rows : ndarray of shape (n_objects, n_features), float32, or float64 where Parquet has it
        NaN where a star was not observed in a band.
    """

    ids: NDArray[Any]
    band: NDArray[np.str_] | None
    rows: NDArray[np.floating[Any]]

    def position(self, object_id: str | int, band: str | None = None) -> int:
        """Return where an object is.

        Parameters
        ----------
        object_id : str or int
            ``"7"`` finds 7 as well.
        band : str, optional
            Needed if the object has rows in several bands.

        Raises
        ------
        KeyError
            If there is no such object, or several rows of it.
        """
        found = np.flatnonzero(self.ids.astype(str) == str(object_id))
        if band is not None:
            found = found[[]] if self.band is None else found[self.band[found] == band]
        if len(found) == 1:
            return int(found[0])
        which = f"object {object_id!r}" + ("" if band is None else f" in band {band!r}")
        if len(found) == 0:
            raise KeyError(f"{which} is not among the {len(self.ids)} rows")
        if self.band is None or band is not None:
            raise KeyError(f"{which} has {len(found)} rows")
        bands = ", ".join(sorted(self.band[found]))
        raise KeyError(f"{which} has {len(found)} rows (bands {bands}): name the band")


def read_rows(path: str | os.PathLike[str], *, verify: bool = True) -> EmbeddingRows:
    """Read what ``sklearn-astromer embed`` or `embed_to_folder` wrote.

    Parameters
    ----------
    path : path
        A folder of parts, or a Parquet, CSV or ECSV file; in any layout.
    verify : bool
        Compare the checksums of the parts of a folder, for which all are read once more; their
        sizes, and the checksums within Parquet, are compared anyway.

    Returns
    -------
    EmbeddingRows

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`, or parts are still missing.
    ValueError
        If it is not a table of embeddings, or not as it was written.
    ImportError
        Without pyarrow for Parquet, or without astropy for ECSV.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.scale import embed_to_folder
    >>> from sklearn_astromer.search import read_rows
    >>> curves, _ = make_variable_stars(20, random_state=0)
    >>> embedder = AstromerEmbedder().fit(curves)
    >>> with tempfile.TemporaryDirectory() as scratch:
    ...     _ = embed_to_folder(curves, embedder, scratch, part_objects=8)
    ...     read_rows(scratch).rows.shape
    (20, 165)
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"there is nothing at {path}")
    if path.is_file() and path.suffix.lower() != ".parquet":
        return _from_frame(path, _read_text(path))
    files = _parts(path, verify) if path.is_dir() else [path]
    pq = import_extra("pyarrow.parquet", "parquet", "reading Parquet")
    arrow_error = import_extra("pyarrow", "parquet", "reading Parquet").ArrowException
    try:
        opened = [pq.ParquetFile(f, page_checksum_verification=True) for f in files]
        for file, each in zip(files, opened, strict=True):
            columns, first = each.schema_arrow, opened[0].schema_arrow
            if columns.names != first.names:
                raise ValueError(f"{file} has other columns than {files[0]}: embed them apart")
            if VECTOR in first.names and columns.field(VECTOR).type != first.field(VECTOR).type:
                raise ValueError(f"{file} has other vectors than {files[0]}: embed them apart")
        return _from_parquet(path, opened)
    except (arrow_error, OSError, KeyError, AttributeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged ({error}): embed the catalog again") from error


def _from_parquet(path: Path, opened: list[Any]) -> EmbeddingRows:
    n_objects = sum(file.metadata.num_rows for file in opened)
    n_features = _n_features(path, opened[0].schema_arrow)
    kinds = {str(field.type) for field in opened[0].schema_arrow if field.name not in (ID, BAND)}
    rows: NDArray[np.floating[Any]] = np.empty(
        (n_objects, n_features), np.float64 if "double" in str(kinds) else np.float32
    )
    ids: list[NDArray[Any]] = []
    bands: list[NDArray[Any]] = []
    start = 0
    for file in opened:  # one at a time, so that the rows are in memory once
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            part = rows[start : start + len(table)]
            if VECTOR in table.column_names:
                flat = table[VECTOR].combine_chunks().flatten()
                part[:] = flat.to_numpy(zero_copy_only=False).reshape(part.shape)
            else:
                for column, name in enumerate(_features(path, table.column_names)):
                    part[:, column] = _numeric(path, name, table[name])
            ids.append(table[ID].to_numpy())
            if BAND in table.column_names:
                bands.append(table[BAND].to_numpy())
            start += len(table)
    return EmbeddingRows(
        as_ids(np.concatenate(ids)) if ids else np.empty(0, dtype=np.int64),
        np.concatenate(bands).astype(str) if bands else None,
        rows,
    )


def _parts(folder: Path, verify: bool) -> list[Path]:
    files = sorted(folder.glob("*.parquet"))
    if not (folder / manifest.MANIFEST).exists():
        if not files:
            raise FileNotFoundError(f"{folder} holds no Parquet file")
        return files
    said = manifest.read(folder)
    parts = said.get("parts")
    missing = [name for name in said["files"] if not (folder / name).exists()]
    if parts is None or missing:
        there, of = len(said["files"]) - len(missing), f" of {parts}" if parts else ""
        raise FileNotFoundError(
            f"the embedding of {folder} is not complete ({there}{of} parts): run the same `embed` "
            "command again"
        )
    other = [file.name for file in files if file.name not in said["files"]]
    if other:
        raise ValueError(
            f"{folder} has {len(files)} Parquet files, and {parts} parts were written: remove the "
            f"others ({', '.join(other[:3])})"
        )
    for name, wanted in said["files"].items():
        if not manifest.is_whole(folder, name, wanted, verify):
            raise ValueError(
                f"{folder / name} is not as it was written: run the same `embed` command again, "
                "with --verify"
            )
    return files


def _features(path: Path, names: list[str]) -> list[str]:
    """Return the columns of features: they tell estimator, number, unit or "_missing"."""
    features = [name for name in names if name not in (ID, BAND)]
    other = [name for name in features if not FEATURE.search(name)]
    if ID not in names or not features or other:
        why = f"column {other[0]!r} is none of its features" if other else f"there are {names[:6]}"
        raise ValueError(
            f"{path} is not a table of embeddings ({why}): it has {ID}, band if there are any, "
            "and features, as `sklearn-astromer embed` writes them of light curves"
        )
    return features


def _numeric(path: Path, name: str, column: Any) -> NDArray[Any]:
    values: NDArray[Any] = column.to_numpy()
    if values.dtype.kind not in "fiu":
        raise ValueError(f"{path}: column {name!r} has values that are no numbers")
    return values


def _n_features(path: Path, schema: Any) -> int:
    if ID in schema.names and VECTOR in schema.names:
        return int(schema.field(VECTOR).type.list_size)
    return len(_features(path, schema.names))


def as_ids(ids: NDArray[Any]) -> NDArray[Any]:
    """Return ids as whole numbers or text."""
    return ids if ids.dtype.kind == "i" else ids.astype(str)


def comparable(given: EmbeddingRows, metric: str) -> EmbeddingRows:
    """Return rows of which the Euclidean distance tells the metric, of unit length for cosine.

    Raises
    ------
    ValueError
        If a row is zero where the metric is cosine, or ids or bands are not as many as the rows.
    """
    ids, band, rows = given
    for name, labels in (("ids", ids), ("bands", band)):
        if labels is not None and len(labels) != len(rows):
            raise ValueError(f"{len(labels)} {name} for {len(rows)} rows")
    if metric == "euclidean":
        return given
    length = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    why = "is zero, and has no cosine distance: leave it out, or use metric='euclidean'"
    _refuse(length == 0, ids, why)
    return EmbeddingRows(ids, band, np.divide(rows, length[:, None].astype(np.float32)))


def moments(rows: NDArray[np.floating[Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of each column; 1 for that of one that is constant.

    They are of the values that are no NaN. Equal rows are left as they are: mean 0.
    """
    total, squares, count = np.zeros((3, rows.shape[1]))
    head = rows[:_CHUNK]
    first = np.argmax(~np.isnan(head), axis=0)
    # constant columns have no rounding error then
    shift = head[first, np.arange(len(first))].astype(np.float64)
    shift[np.isnan(shift)] = 0.0
    for piece in gen_batches(len(rows), _CHUNK):
        values = rows[piece] - shift
        gaps = np.isnan(values)
        values[gaps] = 0.0
        count += len(values) - gaps.sum(axis=0)
        total += values.sum(axis=0)
        squares += (values**2).sum(axis=0)
    count = np.maximum(count, 1)
    mean = total / count
    variance = squares / count - mean**2
    constant = variance <= 1e-12 * (squares / count)
    scale = np.sqrt(np.where(constant, 1.0, variance))
    return (np.zeros_like(mean) if constant.all() else mean + shift), scale


def standardized(
    rows: NDArray[np.floating[Any]], mean: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return rows in units of `scale` about `mean`, which NaN is taken for."""
    made = np.empty(rows.shape, dtype=np.float32)
    for piece in gen_batches(len(rows), _CHUNK):
        made[piece] = np.where(np.isnan(rows[piece]), 0.0, (rows[piece] - mean) / scale)
    return made


def standardizer(rows: NDArray[Any]) -> Pipeline:
    """Return what does the same, by scikit-learn, by the mean and deviation of some rows."""
    fill = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
    with np.errstate(invalid="ignore"):  # the mean of nothing, as a colour that no star has
        return make_pipeline(StandardScaler(), fill).fit(rows)


def table_of(rows: ArrayLike | EmbeddingRows) -> tuple[NDArray[Any], pd.DataFrame]:
    """Return rows as a table, and a frame that says what the objects are called.

    Raises
    ------
    ValueError
        If they are no table of numbers, there are none, or one is infinite or nothing but NaN.
    """
    if isinstance(rows, EmbeddingRows):
        labels = pd.DataFrame({ID: rows.ids})
        if rows.band is not None:
            labels[BAND] = rows.band
        table: NDArray[Any] = rows.rows
    else:
        table = np.asarray(rows)
        index = rows.index if isinstance(rows, pd.DataFrame) else pd.RangeIndex(len(table))
        labels = pd.DataFrame(index=index)
    if table.ndim != 2 or table.dtype.kind not in "fiu" or 0 in table.shape:
        raise ValueError(
            f"rows must be a table of numbers, (n_objects, n_features), got {table.dtype} of "
            f"shape {table.shape}"
        )
    check_finite(table, names_of(labels), gaps=True)
    return table, labels


def names_of(labels: pd.DataFrame) -> NDArray[Any]:
    """Return what the objects of `table_of` are called in messages."""
    return np.asarray(labels.get(ID, labels.index))


def check_finite(
    values: NDArray[Any], ids: NDArray[Any], what: str = "row", *, gaps: bool = False
) -> None:
    """Raise a ValueError that names the first object whose values are not finite.

    With `gaps`, some of them may be NaN, but not all.
    """
    bad = np.zeros(len(values), dtype=bool)
    for piece in gen_batches(len(values), _CHUNK) if len(values) else ():
        each = values[piece].reshape(len(bad[piece]), -1)
        if gaps:
            bad[piece] = np.isinf(each).any(axis=1) | np.isnan(each).all(axis=1)
        else:
            bad[piece] = ~np.isfinite(each).all(axis=1)
    wrong = "infinity, or nothing but NaN" if gaps else "NaN or infinity"
    _refuse(bad, ids, f"contains {wrong}: leave it out", what)


def _refuse(bad: NDArray[np.bool_], ids: NDArray[Any], why: str, what: str = "row") -> None:
    if bad.any():
        first = int(np.argmax(bad))
        name = ids[first].item() if isinstance(ids[first], np.generic) else ids[first]
        more = f" (and {bad.sum() - 1} more)" if bad.sum() > 1 else ""
        raise ValueError(f"the {what} of object {name!r} at position {first}{more} {why}")


def _read_text(path: Path) -> pd.DataFrame:
    if path.suffix.lower() != ".ecsv":
        features = pd.read_csv(path, nrows=0).columns.difference([ID, BAND])
        blank = {name: [""] for name in features}  # NaN, and an id or a band "" is none
        return pd.read_csv(path, dtype={ID: str, BAND: str}, keep_default_na=False, na_values=blank)
    table = import_extra("astropy.table", "astropy", "reading ECSV").Table
    frame: pd.DataFrame = table.read(path, format="ascii.ecsv").to_pandas()
    return frame


def _from_frame(path: Path, frame: pd.DataFrame) -> EmbeddingRows:
    names = _features(path, list(frame.columns))
    text = [name for name in names if frame[name].dtype.kind not in "fi"]
    if text and len(frame):
        raise ValueError(f"{path}: column {text[0]!r} has values that are no numbers")
    band = frame[BAND].to_numpy().astype(str) if BAND in frame else None
    ids = as_ids(frame[ID].to_numpy())
    return EmbeddingRows(_numbers(ids), band, frame[names].to_numpy(np.float32))


def _numbers(ids: NDArray[Any]) -> NDArray[Any]:
    """Return ids as whole numbers if all are written as these are."""
    try:
        numbers = ids.astype(np.int64)
    except (ValueError, OverflowError):
        return ids
    return numbers if (numbers.astype(str) == ids.astype(str)).all() else ids
