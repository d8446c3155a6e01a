"""An index on disk: arrays and a graph, whole, with checksums, and nothing that is a pickle."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer._arrays import load_array
from sklearn_astromer._files import read_whole, replacing_folder, sha256
from sklearn_astromer._json import read_json, sealed, unsealed
from sklearn_astromer.search.graph import Graph

HEAD, GRAPH = "index.json", "graph.usearch"
ARRAYS = ("rows", "ids", "band", "mean", "scale")
_FILES = {GRAPH, *(f"{name}.npy" for name in ARRAYS)}
_FORMAT = "sklearn_astromer.LightCurveIndex 2"


class Stored(NamedTuple):
    """What a folder holds: facts, arrays by name, and the graph, if there is one."""

    facts: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    graph: Graph | None


def is_index(folder: Path) -> bool:
    """Whether a folder is one of `write`, as far as its head tells."""
    try:
        return read_json(folder / HEAD).get("format") == _FORMAT
    except (OSError, ValueError):
        return False


def write(folder: Path, stored: Stored, overwrite: bool) -> None:
    """Write a folder at once and whole.

    Raises
    ------
    FileExistsError
        See `check_free`.
    """
    with replacing_folder(folder, check_ours, overwrite=overwrite) as new:
        for name, array in stored.arrays.items():
            np.save(new / f"{name}.npy", array, allow_pickle=False)
        if stored.graph is not None:
            stored.graph.save(new / GRAPH)
        files = {
            file.name: {"bytes": file.stat().st_size, "sha256": sha256(file)}
            for file in sorted(new.iterdir())
        }
        head = {"format": _FORMAT, **stored.facts, "files": files}
        (new / HEAD).write_text(sealed(head), encoding="utf-8")


def read(folder: Path, mmap: bool, verify: bool, parameters: Iterable[str]) -> Stored:
    """Read a folder of `write`.

    Parameters
    ----------
    folder : Path
    mmap : bool
        Map the files into memory.
    verify : bool
        Compare checksums, not only sizes.
    parameters : iterable of str
        Names of those that the index must have.

    Raises
    ------
    FileNotFoundError
        If there is no index.
    ValueError
        If a file is not as it was written.
    """

    def whole(folder: Path) -> Stored:
        if not folder.exists():
            raise FileNotFoundError(f"there is nothing at {folder}")
        if not (folder / HEAD).exists():
            raise FileNotFoundError(f"{folder} is no index: it has no {HEAD}")
        head = _head(folder, parameters)
        for name, facts in head["files"].items():
            file = folder / name
            if (
                not file.exists()
                or file.stat().st_size != facts["bytes"]
                or (verify and sha256(file) != facts["sha256"])
            ):
                raise ValueError(f"{file} is not as it was written: save the index again")
        rows = load_array(folder / "rows.npy", ("f4",), (None, None), mmap=mmap)
        n, width = rows.shape
        wanted: dict[str, tuple[tuple[str, ...], int]] = {
            "ids": (("i", "U"), n),
            "band": (("U",), n),
            "mean": (("f8",), width),
            "scale": (("f8",), width),
        }
        arrays = {"rows": rows} | {
            name: load_array(folder / f"{name}.npy", kinds, (length,), mmap=mmap)
            for name, (kinds, length) in wanted.items()
            if f"{name}.npy" in head["files"]
        }
        if head["feature_names"] is not None and len(head["feature_names"]) != width:
            raise ValueError(
                f"{folder / HEAD} names {len(head['feature_names'])} features, and rows.npy has "
                f"{width}: save the index again"
            )
        graph = None
        if GRAPH in head["files"]:
            graph = Graph.read(folder / GRAPH, mmap, (n, width))
        return Stored(head, arrays, graph)

    return read_whole(folder.resolve(), whole)


def _head(folder: Path, parameters: Iterable[str]) -> dict[str, Any]:
    """Read what an index says of itself."""
    try:
        head = unsealed(read_json(folder / HEAD))
        if head["format"] != _FORMAT:
            raise ValueError(f"its format is {head['format']!r}, expected {_FORMAT!r}")
        if not {"rows.npy", "ids.npy"} <= head["files"].keys() <= _FILES:
            raise ValueError(f"it names the files {', '.join(head['files'])}")
        if any(part.keys() != {"bytes", "sha256"} for part in head["files"].values()):
            raise ValueError("a file has no size or checksum")
        if head["parameters"].keys() != set(parameters):
            raise ValueError("it has other parameters")
        if ("mean.npy" in head["files"]) != ("scale.npy" in head["files"]):
            raise ValueError("it has only one of mean and scale")
        if not isinstance(head["feature_names"], (list, NoneType)) or not all(
            isinstance(name, str) for name in head["feature_names"] or ()
        ):
            raise ValueError("its names of features are none")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{folder / HEAD} is damaged, or of another version ({error}): save the index again"
        ) from error
    return head


def check_ours(folder: Path) -> None:
    """Raise FileExistsError if a folder is anything else than an index."""
    found = {entry.name for entry in folder.iterdir()}
    other = sorted(found - {HEAD, *_FILES})
    if other or not is_index(folder):
        raise FileExistsError(
            f"{folder} holds something else than an index ({', '.join(other or sorted(found))}): "
            "choose another folder, or move that"
        )
