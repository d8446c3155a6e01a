"""JSON: read with suspicion, and sealed by a checksum of what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_astromer._files import sha256


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; a file that is none is a ValueError that names it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not valid JSON ({error})") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a JSON object, found {type(content).__name__}")
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number in JSON")


def as_json(content: Any, **how: Any) -> str:
    """Return JSON, in which a scalar of NumPy is the number (or bool) that it is."""

    def number(value: Any) -> Any:
        if isinstance(value, np.generic):
            return value.item()
        raise TypeError(f"a {type(value).__name__} has no place in JSON")

    return json.dumps(content, default=number, **how)


def sealed(content: dict[str, Any]) -> str:
    """Return JSON of a content and its checksum, for `unsealed`."""
    return as_json({**content, "seal": _seal_of(content)}, indent=1) + "\n"


def unsealed(found: dict[str, Any]) -> dict[str, Any]:
    """Return the content that `sealed` got.

    Raises
    ------
    ValueError
        If it was changed.
    """
    content = {key: value for key, value in found.items() if key != "seal"}
    if found.get("seal") != _seal_of(content):
        raise ValueError("it is not as it was written (wrong sha256)")
    return content


def _seal_of(content: dict[str, Any]) -> str:
    return sha256(as_json(content, sort_keys=True).encode())
