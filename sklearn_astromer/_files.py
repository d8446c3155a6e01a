"""Files that commands write: apart from what they read, and whole or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path


def check_apart(out: Path, catalog: list[Path], flag: str = "--out") -> None:
    """Refuse an output that is, or would be, part of the input."""
    above = {out.resolve(), *out.resolve().parents}
    for path in catalog:
        if path.resolve() in above:
            raise ValueError(f"{out} would be part of the catalog {path}: choose another {flag}")


@contextlib.contextmanager
def replacing(path: Path, flag: str = "--out") -> Iterator[Path]:
    """Give a file to write to, which becomes `path`, at once and whole, if all goes well."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: choose another {flag}")
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        partial.touch(exist_ok=False)
    except OSError as error:
        raise OSError(f"{path} cannot be written: {error.strerror}") from error
    try:
        yield partial
        with open(partial, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
