"""The TFRecords of ASTROMER's authors, read without TensorFlow.

A file is records end to end: the length of the content in 8 bytes and its checksum in 4, the
content and its checksum. Each content is a ``tf.train.SequenceExample``: a context (id, label) and
lists of numbers (times, magnitudes, errors).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer._printable import printable_errors
from sklearn_astromer._protobuf import fields, masked_crc32c, messages, varints
from sklearn_astromer.lightcurves.checks import check_flat
from sklearn_astromer.lightcurves.container import LightCurves
from sklearn_astromer.lightcurves.flat import Flat, as_band, as_ids, offsets_of
from sklearn_astromer.lightcurves.surveys.errors import errors_of
from sklearn_astromer.lightcurves.surveys.names import candidates

__all__ = ["load_tfrecords"]

SUFFIXES = (".record", ".records", ".tfrecord", ".tfrecords")


@printable_errors()
def load_tfrecords(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    id: str | None = None,
    time: str | None = None,
    mag: str | None = None,
    mag_err: str | None = None,
    label: str | None = None,
    on_invalid: str = "raise",
) -> tuple[LightCurves, NDArray[Any] | None]:
    """Load the TFRecords that the official code of ASTROMER 1 and 2 writes; no TensorFlow needed.

    Parameters
    ----------
    path : path, folder with ``*.record``, or list of paths
        A folder is searched with the folders in it; files in the order of their names.
    id, time, mag, mag_err, label : str, optional
        Names of the features; by default those of ASTROMER 1 (``id``, ``dim_0``, ``dim_1``,
        ``dim_2``, ``label``), else recognised as the columns of `LightCurves.read` are
        (``ID``, ``mjd``, ``mag``, ``errmag``), and ``Class`` as the label if there is one, else
        ``Label``.
    on_invalid : {"raise", "drop"}, default="raise"
        As for `LightCurves`; a dropped object leaves no label either.

    Returns
    -------
    curves : LightCurves
        With the bands, if the records name them.
    labels : ndarray of shape (n_objects,) or None
        The names of the classes, or their numbers where the records have only these; None if
        there is no label at all.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a file is damaged, compressed or no TFRecord; if a record holds something else; and as
        for `LightCurves`.

    Notes
    -----
    These records hold times in float32: a Modified Julian Date in steps of 5.6 minutes.

    Examples
    --------
    >>> from sklearn_astromer.datasets import load_tfrecords
    >>> curves, labels = load_tfrecords("records/alcock/fold_0/train")  # doctest: +SKIP
    """
    given = {"id": id, "time": time, "mag": mag, "mag_err": mag_err}
    layout: Layout | None = None
    objects: list[tuple[Any, Any, Any]] = []
    arrays: list[list[NDArray[Any]]] = []
    for file in _files(path):
        for number, content in enumerate(_records(file)):
            try:
                context, lists = _parse(content)
                if layout is None:
                    layout = _layout(context, lists, given, label)
                objects.append(_object(context, layout))
                arrays.append(_observations(context, lists, layout))
            except ValueError as error:
                raise ValueError(f"{file}, record {number}: {error}") from error
    if layout is None:
        raise ValueError(f"there is no record in {path!r}")
    names, bands, labels = (list(column) for column in zip(*objects, strict=True))
    observations = [
        np.concatenate(column).astype(np.float64) for column in zip(*arrays, strict=True)
    ]
    flat = Flat(
        observations[0],
        observations[1],
        observations[2] if layout.mag_err is not None else None,
        offsets_of([len(parts[0]) for parts in arrays]),
        as_ids(names),
        as_band(bands, len(names)) if layout.band is not None else None,
    )
    good = np.isfinite(flat.time) & np.isfinite(flat.mag)
    kept = np.diff(np.concatenate([[0], np.cumsum(good)])[flat.offsets]) > 0
    curves = LightCurves._trusted(check_flat(flat, on_invalid=on_invalid, unique=True))
    return curves, None if layout.label is None else np.array(labels)[kept]


def _files(path: Any) -> list[Path]:
    paths = [path] if isinstance(path, (str, os.PathLike)) else list(path)
    files: list[Path] = []
    for each in (Path(one).expanduser() for one in paths):
        found = [each]
        if each.is_dir():
            found = sorted(file for file in each.rglob("*") if file.suffix in SUFFIXES)
        if not found or not found[0].exists():
            raise FileNotFoundError(f"there is no TFRecord ({', '.join(SUFFIXES)}) at {each}")
        files += found
    if not files:
        raise ValueError("the list of TFRecords is empty")
    return files


def _records(path: Path) -> Iterator[bytes]:
    """Yield the contents, checksums verified."""
    size = path.stat().st_size
    with path.open("rb") as file:
        for number in range(size):
            head = file.read(12)
            if not head:
                return
            length = int.from_bytes(head[:8], "little")
            if len(head) < 12 or masked_crc32c(head[:8]) != int.from_bytes(head[8:], "little"):
                hint = ", for it is compressed" if head[:2] in (b"\x1f\x8b", b"x\x9c") else ""
                raise ValueError(f"{path}: no TFRecord, or damaged at record {number}{hint}")
            if length > size - file.tell() - 4:
                raise ValueError(f"{path}: cut off in record {number}")
            content = file.read(length)
            if masked_crc32c(content) != int.from_bytes(file.read(4), "little"):
                raise ValueError(f"{path}: wrong checksum of record {number}, the file is damaged")
            yield content


def _parse(content: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the features of the context, and those of the lists."""
    example = fields(content, known={1, 2})
    if 2 not in example:
        raise ValueError("there are no lists of observations: not a SequenceExample")
    context = {
        name: _values(feature)
        for message in messages(example, 1)
        for name, feature in _entries(message)
    }
    lists = {
        # the official code puts all values into one feature; one each is as good
        name: np.concatenate(
            [np.empty(0, np.float32), *map(_values, messages(fields(each, known={1}), 1))]
        )
        for message in messages(example, 2)
        for name, each in _entries(message)
    }
    return context, lists


def _entries(message: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the keys and values of a map."""
    for entry in messages(fields(message, known={1}), 1):
        found = fields(entry, known={1, 2})
        yield b"".join(messages(found, 1)).decode(), b"".join(messages(found, 2))


def _values(feature: bytes) -> NDArray[Any]:
    """Return the bytes, float32 or int64 of a ``tf.train.Feature``."""
    found = fields(feature, known={1, 2, 3})
    if 1 in found:
        inner = [text for part in messages(found, 1) for text in messages(fields(part, {1}), 1)]
        return np.array(inner, dtype=object)
    parts = [value for kind in (2, 3) for part in messages(found, kind) for value in _each(part)]
    if 2 in found:  # packed bytes, or the bits of a number at a time
        return np.frombuffer(
            b"".join(v if isinstance(v, bytes) else v.to_bytes(4, "little") for v in parts), "<f4"
        )
    numbers: list[int] = []
    for value in parts:
        at = 0
        while isinstance(value, bytes) and at < len(value):
            number, at = varints(value, at, 1)
            numbers.append(number)
        if isinstance(value, int):
            numbers.append(value)
    return np.array(numbers, dtype=np.uint64).astype(np.int64)


def _each(part: bytes) -> list[int | bytes]:
    return fields(part, known={1}).get(1, [])


class Layout(NamedTuple):
    """Which feature is what."""

    id: str
    time: str
    mag: str
    mag_err: str | None
    band: str | None
    label: str | None


def _layout(
    context: dict[str, Any], lists: dict[str, Any], given: dict[str, Any], label: str | None
) -> Layout:
    """Return which feature is what, and the one of the label."""
    if {"dim_0", "dim_1"} <= set(lists):
        dims = {"time": "dim_0", "mag": "dim_1", "mag_err": "dim_2" if "dim_2" in lists else None}
        given = {key: given[key] or dims.get(key) for key in given}

    def one(part: str, features: dict[str, Any], found: list[str], needed: bool = True) -> Any:
        if given.get(part) is not None:
            found = [name for name in features if name == given[part]]
            if not found:
                raise ValueError(f"there is no feature {given[part]!r} ({part}=): {list(features)}")
        if len(found) > 1:
            raise ValueError(f"features {found} could all be the {part}: pass {part}='…'")
        if not found and needed:
            raise ValueError(
                f"no feature was recognised as the {part} among {list(features)}: pass {part}='…'"
            )
        return found[0] if found else None

    def named(part: str, features: dict[str, Any]) -> list[str]:
        known = candidates(part, map(str.lower, features))
        return [name for name in features if name.lower() in known]

    mag = one("mag", lists, named("mag", lists))
    errors = errors_of(mag.lower(), "mag", [name.lower() for name in lists])
    found = [name for name in lists if name.lower() in errors]
    if label is None:
        lower = {name.lower(): name for name in context}
        label = lower.get("class", lower.get("label"))
    elif label not in context:
        raise ValueError(f"there is no feature {label!r} (label=): the context has {list(context)}")
    return Layout(
        one("id", context, named("id", context)),
        one("time", lists, named("time", lists)),
        mag,
        one("mag_err", lists, found, needed=False),
        one("band", context, named("band", context), needed=False),
        label,
    )


def _object(context: dict[str, Any], layout: Layout) -> tuple[Any, Any, Any]:
    """Return id, band and label of a record."""

    def one(name: str | None) -> Any:
        if name is None:
            return None
        values = context.get(name, ())
        if len(values) != 1:
            raise ValueError(f"feature {name!r} has {len(values)} values, expected one")
        return values[0].decode() if isinstance(values[0], bytes) else values[0].item()

    return one(layout.id), one(layout.band), one(layout.label)


def _observations(
    context: dict[str, Any], lists: dict[str, Any], layout: Layout
) -> list[NDArray[Any]]:
    used = [name for name in (layout.time, layout.mag, layout.mag_err) if name is not None]
    missing = [name for name in used if name not in lists]
    if missing:
        raise ValueError(f"no list {missing[0]!r}, unlike the first record: it has {list(lists)}")
    found = [lists[name] for name in used]
    lengths = {len(values) for values in found} | set(map(int, context.get("length", ())))
    if len(lengths) > 1:
        raise ValueError(f"lists of different lengths: {sorted(lengths)}")
    if any(values.dtype == object for values in found):
        raise ValueError("a list of observations holds text")
    return found
