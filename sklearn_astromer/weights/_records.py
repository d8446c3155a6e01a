"""What was fetched from elsewhere, and its checksums: JSON beside the files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sklearn_astromer._files import replacing, sha256
from sklearn_astromer.weights._contents import read_json

_FORMAT = 1


def checksums(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file in a folder; there are none in a folder that is not there."""
    if not folder.is_dir():
        return {}
    return {
        path.name: sha256(path) if path.is_file() else "not a file"
        for path in sorted(folder.iterdir())
    }


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
    with replacing(path) as partial:
        partial.write_text(json.dumps({"format": _FORMAT, **facts}, indent=1), encoding="utf-8")
