"""What a folder of parts says of itself: of which run it is, and size and checksum of each part."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from sklearn_astromer._files import replacing, sha256
from sklearn_astromer._json import read_json, sealed, unsealed

MANIFEST = "_manifest.json"  # readers of Parquet folders pass over names that begin so
_LOCK = ".manifest.lock"
_FORMAT = 2
_PART = re.compile(r"part-\d{5,}\.parquet")

logger = logging.getLogger(__name__)


def part_name(part: int) -> str:
    """Return the file of a part."""
    return f"part-{part:05d}.parquet"


def begin(
    folder: Path,
    run: dict[str, Any],
    part_objects: int | None,
    measured: Callable[[], int],
    overwrite: bool,
) -> dict[str, Any]:
    """Make the folder, or check that it is of this run; return the manifest.

    Parameters
    ----------
    folder : Path
    run : dict
        What tells the run from others.
    part_objects : int, optional
        None: that of the manifest, or what `measured` gives where there is none yet.
    measured : callable
    overwrite : bool
        Whether the parts of another run are deleted.

    Raises
    ------
    ValueError
        If the folder is of another run, or its manifest is damaged.
    FileExistsError
        If it holds something else.
    """
    run = {"format": _FORMAT, **run}
    path = folder / MANIFEST
    folder.mkdir(parents=True, exist_ok=True)
    if overwrite or not path.exists():
        lock = folder / _LOCK
        with FileLock(lock):
            cleared = overwrite and path.exists() and _cleared(folder, run, part_objects)
            if not path.exists():
                there = [each.name for each in folder.iterdir() if not each.name.startswith(".")]
                if there and not cleared:
                    lock.unlink(missing_ok=True)
                    raise FileExistsError(
                        f"{folder} holds something else ({', '.join(sorted(there)[:3])}), and no "
                        f"{MANIFEST}: choose another folder"
                    )
                size = measured() if part_objects is None else part_objects
                _put(folder, {**run, "part_objects": size, "files": {}})
    return of_run(folder, run, part_objects)


def of_run(folder: Path, run: dict[str, Any], part_objects: int | None = None) -> dict[str, Any]:
    """Read the manifest of a run.

    Raises
    ------
    ValueError
        If it is that of another one, which may have overwritten this one meanwhile; or damaged.
    """
    found = read(folder)
    differing = _differing(found, run, part_objects)
    if differing:
        raise ValueError(
            f"{folder} was begun by another run ({differing}): choose another folder, or pass "
            "overwrite=True (--overwrite on the command line) to begin anew"
        )
    return found


def read(folder: Path) -> dict[str, Any]:
    """Read the manifest.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    path = folder / MANIFEST
    try:
        found = unsealed(read_json(path))
        files = found["files"]
        if found["format"] != _FORMAT:
            raise ValueError(f"its format is {found['format']!r}, expected {_FORMAT}")
        for name, part in files.items():
            if not _PART.fullmatch(name) or part.keys() != {"bytes", "sha256"}:
                raise ValueError(f"{name!r} is no part with a size and a checksum")
        numbers = [found["part_objects"], *(part["bytes"] for part in files.values())]
        if "parts" in found:
            numbers += [found["parts"], found["objects"]]
            if files.keys() != set(map(part_name, range(found["parts"]))):
                raise ValueError(f"it names {len(files)} of {found['parts']} parts")
        if not all(type(each) is int and each >= 0 for each in numbers):
            raise ValueError("a number is none")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(
            f"{path} is damaged ({str(error) or type(error).__name__}): delete {folder}, or choose "
            "another folder"
        ) from error
    return found


def is_whole(folder: Path, name: str, wanted: dict[str, Any] | None, verify: bool) -> bool:
    """Whether a part is there as it was written, by its size, and by its checksum if asked."""
    file = folder / name
    if wanted is None or not file.exists():
        return False
    if file.stat().st_size != wanted["bytes"] or (verify and sha256(file) != wanted["sha256"]):
        logger.warning("%s is not as it was written", file)
        return False
    return True


def record(folder: Path, name: str, partial: Path, run: dict[str, Any]) -> None:
    """Note size and checksum of a part that is about to get its name."""
    facts = {"bytes": partial.stat().st_size, "sha256": sha256(partial)}
    with FileLock(folder / _LOCK):
        found = of_run(folder, run)
        if found["files"].get(name) != facts:
            found["files"] = dict(sorted({**found["files"], name: facts}.items()))
            _put(folder, found)


def finish(folder: Path, objects: int, parts: int, run: dict[str, Any]) -> None:
    """Note that all parts are there."""
    lock = folder / _LOCK
    with FileLock(lock):
        found = of_run(folder, run)
        if "parts" not in found:
            _put(folder, {**found, "objects": objects, "parts": parts})
        lock.unlink(missing_ok=True)


def _cleared(folder: Path, run: dict[str, Any], part_objects: int | None) -> bool:
    """Delete what another run has written, and tell whether there was one."""
    found = read(folder)
    if not _differing(found, run, part_objects):
        return False
    other = sorted({each.name for each in folder.glob("*.parquet")} - found["files"].keys())
    if other:
        raise FileExistsError(
            f"{folder / other[0]} is not of the run that began the folder, and stays: choose "
            "another folder, or move that file"
        )
    for name in found["files"]:
        (folder / name).unlink(missing_ok=True)
    (folder / MANIFEST).unlink()
    return True


def _differing(found: dict[str, Any], run: dict[str, Any], part_objects: int | None) -> str:
    """Say in what a manifest is of another run."""
    wanted = run if part_objects is None else run | {"part_objects": part_objects}
    differ = [key for key, value in wanted.items() if found.get(key) != value]
    others = {"catalog": "another catalog", "weights": "other weights"}  # checksums tell nobody
    return "; ".join(
        others.get(key, f"{key} {found.get(key)!r}, now {wanted[key]!r}") for key in differ
    )


def _put(folder: Path, manifest: dict[str, Any]) -> None:
    with replacing(folder / MANIFEST) as partial:
        partial.write_text(sealed(manifest), encoding="utf-8")
