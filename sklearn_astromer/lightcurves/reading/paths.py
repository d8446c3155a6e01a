"""Which files a path means, and what their names and folders say."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

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
    files = sorted(p for p in folder.iterdir() if p.is_file() and p.name[0] not in "._")
    if all(file.suffix.lower() in PARQUET for file in files):
        files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PARQUET)
    if not files:
        raise FileNotFoundError(
            f"the folder {folder} has no files; for those of folders in it pass '{folder}/**/*'"
        )
    return files


def _is_hats(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("hats.properties", "properties"))


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, by its name or its first bytes."""
    if path.suffix.lower() in PARQUET:
        return True
    with open(path, "rb") as opened:
        return opened.read(4) == b"PAR1"


def stem(path: Path) -> str:
    """Return the name of a file without its endings."""
    name = path.name[: -len(".gz")] if path.name.endswith(".gz") else path.name
    return Path(name).stem


def said_by_folders(path: Path, held: list[str]) -> dict[str, Any]:
    """Return what folders say, as in ``band=g/part-0.parquet`` (Hive, Spark)."""
    lowered = {str(name).lower() for name in held}
    said: dict[str, Any] = {}
    for part in path.parts[:-1]:
        key, is_said, value = part.partition("=")
        if is_said and key and key.lower() not in lowered:
            text = unquote(value)
            number = re.fullmatch(r"-?(0|[1-9]\d*)", text) is not None
            said[key] = None if text == HIVE_MISSING else int(text) if number else text
    return said
