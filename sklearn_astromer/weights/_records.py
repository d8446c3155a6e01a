"""What was fetched from elsewhere, and its checksums: JSON beside the files."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sklearn_astromer import _cache
from sklearn_astromer.weights._contents import read_json

_FORMAT = 1


def cache_dir() -> Path:
    """Return the folder of all downloaded weights, see `sklearn_astromer.weights.cache_dir`."""
    return _cache.cache_dir() / "weights"


def checksums(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file in a folder; there are none in a folder that is not there."""
    if not folder.is_dir():
        return {}
    return {
        path.name: checksum(path.read_bytes()) if path.is_file() else "not a file"
        for path in sorted(folder.iterdir())
    }


def checksum(content: bytes) -> str:
    """Return the sha256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_record(path: Path) -> dict[str, Any] | None:
    """Read a record, whose "files" are checksums by name; None: there is none.

    Raises
    ------
    ValueError
        If the file is no record.
    """
    if not path.exists():
        return None
    record = read_json(path)
    files = record.get("files")
    if record.get("format") != _FORMAT or not isinstance(files, dict) or not files:
        raise ValueError(f"{path} is no record of checksums that this version can read")
    return record


def write_record(path: Path, facts: Mapping[str, Any]) -> None:
    """Write a record, at once and whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"format": _FORMAT, **facts}, indent=1)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)  # mkstemp lets nobody else read it, and a cache may be shared
        os.replace(name, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
