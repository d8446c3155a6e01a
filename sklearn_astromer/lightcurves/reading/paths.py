"""Which files a path means, and what their names and folders say."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sklearn_astromer.lightcurves.surveys.errors import names_errors
from sklearn_astromer.lightcurves.surveys.names import (
    UNIT_NAMES,
    candidates,
    tells_detections,
    tells_limits,
    unit_for,
)

OLD = (".bak", "~")
PARQUET = (".parquet", ".parq", ".pq")
HIVE_MISSING = "__HIVE_DEFAULT_PARTITION__"


def paths_of(source: Any) -> list[Path] | None:
    """Return the files that a path, glob, folder or list of them means; None: it is none."""
    if isinstance(source, (list, tuple)) and source and isinstance(source[0], (str, os.PathLike)):
        return [path for each in source for path in paths_of(each) or []]
    if not isinstance(source, (str, os.PathLike)):
        return None
    path = Path(source).expanduser()
    if path.is_dir():
        return _files_in(path)
    if path.exists():
        return [path]
    found = sorted(p for p in map(Path, glob.glob(str(path), recursive=True)) if p.is_file())
    if not found:
        raise FileNotFoundError(f"there is no file {path}")
    # of a folder that is linked in itself, each once
    return [*{(each.name, each.resolve()): each for each in reversed(found)}.values()][::-1]


def _files_in(folder: Path) -> list[Path]:
    """Return the files of a folder, and all Parquet in it and its folders where it is of Parquet.

    Of a catalog of HATS that is its data set.
    """
    if (folder / "collection.properties").exists():
        found = ", ".join(str(each) for each in sorted(folder.iterdir()) if _is_hats(each))
        raise ValueError(
            f"{folder} is a collection of HATS catalogs: give one of its folders"
            f"{f' ({found})' if found else ', of which none is here: download it again'}"
        )
    if _is_hats(folder) and (folder / "dataset").is_dir():
        folder = folder / "dataset"
    files = sorted(p for p in folder.iterdir() if p.is_file() and _is_seen(p.name))
    if all(file.suffix.lower() in PARQUET for file in files):
        files = sorted(p for p in _below(folder) if p.suffix.lower() in PARQUET)
    if not files:
        raise FileNotFoundError(
            f"the folder {folder} has no files; for those of folders in it pass '{folder}/**/*'"
        )
    return files


def _is_seen(name: str) -> bool:
    """Whether a file or folder is no hidden, unfinished or old one, as Spark and editors leave."""
    return name[0] != "." and (name[0] != "_" or "=" in name) and not name.endswith(OLD)


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and its folders, links to folders included, each once."""
    known = {folder.resolve()}
    for root, folders, files in os.walk(folder, followlinks=True):
        seen, folders[:] = sorted(filter(_is_seen, folders)), []
        for name in seen:
            if (real := Path(root, name).resolve()) not in known:
                known.add(real)
                folders.append(name)
        yield from (Path(root, name) for name in files if _is_seen(name))


def unread_folders(source: Any, files: list[Path]) -> list[Path]:
    """Return the folders in one that is a source, of which no file is among those that it means."""
    folder = Path(source).expanduser() if isinstance(source, (str, os.PathLike)) else None
    if folder is None or not folder.is_dir() or any(file.parent != folder for file in files):
        return []
    own = folder.resolve()
    found = (p for p in folder.iterdir() if p.is_dir() and _is_seen(p.name))
    return sorted(each for each in found if each.resolve() != own)


def _is_hats(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("hats.properties", "properties"))


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, by its name or its first bytes."""
    if path.suffix.lower() in PARQUET:
        return True
    with open(path, "rb") as opened:
        return opened.read(4) == b"PAR1"


def unpacked_name(path: Path) -> Path:
    """Return the name that a file has when it is unpacked."""
    return Path(path.name.removesuffix(".gz"))


def _is_measured(key: str) -> bool:
    """Whether a column is of each observation by its name, which no folder says: ``date=…``."""
    parts = [candidates(part, [key]) for part in ("time", "mag", "flux")]
    return (
        any(parts)
        or names_errors(key)
        or bool(unit_for(key))
        or tells_limits(key)
        or tells_detections(key)
        or key in UNIT_NAMES
    )


def said_by_folders(path: Path, held: list[str]) -> dict[str, Any]:
    """Return what folders say, as in ``band=g/part-0.parquet`` (Hive, Spark)."""
    lowered = {str(name).lower() for name in held}
    said: dict[str, Any] = {}
    for part in path.parts[:-1]:
        key, is_said, value = part.partition("=")
        if is_said and key and key.lower() not in lowered and not _is_measured(key.lower()):
            text = unquote(value)
            number = re.fullmatch(r"-?(0|[1-9]\d*)", text) is not None
            said[key] = None if text == HIVE_MISSING else int(text) if number else text
    return said
