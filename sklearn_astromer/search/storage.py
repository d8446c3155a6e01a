"""An index on disk: arrays and a graph, whole, with checksums, and nothing that is a pickle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.search.graph import Graph
from sklearn_astromer.weights.atomic import read_whole, replacing_folder

HEAD, GRAPH = "index.json", "graph.usearch"
ARRAYS = ("rows", "ids", "band")
_FORMAT = "sklearn_astromer.LightCurveIndex 1"


class Stored(NamedTuple):
    """What a folder holds: facts, arrays by name, and the graph, if there is one."""

    facts: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    graph: Graph | None


def is_index(folder: Path) -> bool:
    """Whether a folder is one of `write`."""
    try:
        return bool(json.loads((folder / HEAD).read_text())["format"] == _FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write(folder: Path, stored: Stored) -> None:
    """Write a folder at once and whole, in place of an earlier one.

    Raises
    ------
    FileExistsError
        If the folder holds something else.
    """
    with replacing_folder(folder, check_replaceable) as new:
        for name, array in stored.arrays.items():
            np.save(new / f"{name}.npy", array, allow_pickle=False)
        if stored.graph is not None:
            stored.graph.save(new / GRAPH)
        files = {
            file.name: {"bytes": file.stat().st_size, "sha256": _sha256(file)}
            for file in sorted(new.iterdir())
        }
        head = {"format": _FORMAT, **stored.facts, "files": files}
        (new / HEAD).write_text(json.dumps(head, indent=1) + "\n", encoding="utf-8")


def read(folder: Path, mmap: bool, verify: bool) -> Stored:
    """Read a folder of `write`.

    Parameters
    ----------
    folder : Path
    mmap : bool
        Map the files into memory.
    verify : bool
        Compare checksums, not only sizes.

    Raises
    ------
    FileNotFoundError
        If there is no index.
    ValueError
        If a file is not as it was written.
    """
    if not folder.exists():
        raise FileNotFoundError(f"there is nothing at {folder}")
    if not (folder / HEAD).exists():
        raise FileNotFoundError(f"{folder} is no index: it has no {HEAD}")

    def whole(folder: Path) -> Stored:
        if not is_index(folder):
            raise ValueError(f"{folder / HEAD} is damaged, or of another version: save it again")
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        for name, wanted in head["files"].items():
            file = folder / name
            if (
                not file.exists()
                or file.stat().st_size != wanted["bytes"]
                or (verify and _sha256(file) != wanted["sha256"])
            ):
                raise ValueError(f"{file} is not as it was written: save the index again")
        mode: Any = "r" if mmap else None
        arrays = {
            name: np.asarray(np.load(folder / f"{name}.npy", mode, allow_pickle=False))
            for name in ARRAYS
            if f"{name}.npy" in head["files"]
        }
        graph = Graph.read(folder / GRAPH, mmap) if GRAPH in head["files"] else None
        return Stored(head, arrays, graph)

    return read_whole(folder.resolve(), whole)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def check_replaceable(folder: Path) -> None:
    """Raise FileExistsError if something else than an index is at `folder`."""
    if not folder.exists() or is_index(folder):
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise FileExistsError(f"{folder} holds something else than an index: choose another folder")
