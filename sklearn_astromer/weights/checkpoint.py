"""Checkpoints on disk: our folder of JSON and safetensors, and whatever else can be read.

Nothing is ever pickled. Our folder holds ``config.json`` (``format``, ``config``, ``info``, and a
checksum of all) and ``weights.safetensors``; the official layout is read by `read_official`.
"""

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import safetensors
import safetensors.numpy
from filelock import FileLock

from sklearn_astromer.weights._contents import (
    Checkpoint,
    check_info,
    check_keys,
    checked_config,
    expected_shapes,
    read_json,
)
from sklearn_astromer.weights.official import (
    OFFICIAL_CONFIGS,
    OFFICIAL_WEIGHTS,
    read_official,
)

__all__ = [
    "Checkpoint",
    "expected_shapes",
    "read_checkpoint",
    "read_folder",
    "read_official",
    "write_folder",
]

_FORMAT = 1
_CONFIG, _WEIGHTS = "config.json", "weights.safetensors"
_READ_TRIES = 100


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a checkpoint, whichever of the known layouts it has.

    Parameters
    ----------
    path : path-like
        A folder written by `write_folder`, or an official ASTROMER checkpoint (zip or folder).

    Returns
    -------
    Checkpoint

    Raises
    ------
    FileNotFoundError
        If there is no checkpoint.
    ValueError
        If it is damaged, or not of a kind that can be read.
    """
    path = Path(path).expanduser()
    official = path.is_file() or any((path / name).is_file() for name in OFFICIAL_CONFIGS)
    return read_official(path) if official else read_folder(path)


def read_folder(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a folder written by `write_folder`.

    Reading while another process replaces the folder gives the old or the new checkpoint, never
    a mixture.

    Parameters
    ----------
    path : path-like
        The folder.

    Returns
    -------
    Checkpoint

    Raises
    ------
    FileNotFoundError
        If the folder or one of its two files is missing.
    ValueError
        If a file is damaged, from a newer version, or its content fails the checks of
        `Checkpoint`; the message names the file.
    """
    path = Path(path).expanduser().resolve()
    for _ in range(_READ_TRIES):
        before = _identity(path)
        # A writer between its two renames, alive or killed, leaves the old folder aside.
        folder = path if before else _sibling(path, "old")
        try:
            checkpoint = _read(folder)
        except (OSError, ValueError) as error:
            if _identity(path) != before:
                continue
            if isinstance(error, FileNotFoundError):
                raise FileNotFoundError(
                    f"no checkpoint in {path}: expected a folder with {_CONFIG} and {_WEIGHTS},"
                    f" or an official ASTROMER checkpoint (a zip or folder with"
                    f" {' or '.join(OFFICIAL_CONFIGS)}, {', '.join(OFFICIAL_WEIGHTS)})"
                ) from error
            raise
        if _identity(path) == before:
            return checkpoint
    raise OSError(f"{path} is being replaced all the time: cannot read it")


def write_folder(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write a checkpoint as a folder with ``config.json`` and ``weights.safetensors``.

    The folder is built beside its place and renamed into it: `read_folder`, at any moment and
    after any crash, finds either the complete old folder or the complete new one. An empty lock
    file, ``.<name>.lock``, may stay beside the folder.

    Parameters
    ----------
    path : path-like
        The folder; created with its parents, or replaced if it is empty or holds exactly the
        two files of an earlier checkpoint.
    checkpoint : Checkpoint
        What to write.

    Raises
    ------
    FileExistsError
        If something else is at `path`; it is left alone.
    ValueError
        If ``checkpoint.info`` cannot be written as JSON.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_astromer.weights import load
    >>> from sklearn_astromer.weights.checkpoint import read_folder, write_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_folder(f"{folder}/mine", load("surveys-small"))
    ...     read_folder(f"{folder}/mine")
    Checkpoint(d_model=128, n_layers=4, n_heads=...)
    """
    path = Path(path).expanduser().resolve()
    weights = safetensors.numpy.save(checkpoint.tensors)
    try:
        content = {
            "format": _FORMAT,
            "config": checkpoint.config,
            "info": checkpoint.info,
            "sha256": _digest(checkpoint.config, checkpoint.info, weights),
        }
        text = json.dumps(content, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"info cannot be written as JSON: {error}") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(_sibling(path, "lock")):
        _settle(path)
        _check_replaceable(path)
        new = _sibling(path, "new")
        try:
            new.mkdir()
            _write(new / _CONFIG, text.encode())
            _write(new / _WEIGHTS, weights)
            _sync_folder(new)
            if path.exists():
                os.rename(path, _sibling(path, "old"))
            os.rename(new, path)
            _sync_folder(path.parent)
        finally:
            _settle(path)


def _read(folder: Path) -> Checkpoint:
    content = read_json(folder / _CONFIG)
    version = content.get("format")
    try:
        if isinstance(version, int) and version > _FORMAT:
            raise ValueError(
                f"key 'format' is {version}: written by a newer version of sklearn_astromer,"
                f" please upgrade (this one reads format {_FORMAT})"
            )
        if type(version) is not int or version != _FORMAT:
            raise ValueError(f"key 'format' is {version!r}, expected {_FORMAT}")
        digest = content.pop("sha256", None)  # folders of the first days have none
        check_keys("top-level", content, ("format", "config", "info"))
        config = checked_config(content["config"])
        check_info(content["info"])
    except ValueError as error:
        raise ValueError(f"{folder / _CONFIG}: {error}") from error
    try:
        tensors = safetensors.numpy.load_file(folder / _WEIGHTS)
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"{folder / _WEIGHTS}: damaged ({error})") from error
    try:
        checkpoint = Checkpoint(config, tensors, content["info"])
    except ValueError as error:
        raise ValueError(f"{folder / _WEIGHTS}: {error}") from error
    weights = (folder / _WEIGHTS).read_bytes()
    if digest is not None and digest != _digest(content["config"], content["info"], weights):
        raise ValueError(
            f"{folder}: damaged, {_CONFIG} and {_WEIGHTS} are not as they were written (wrong"
            " sha256): get or save the weights again"
        )
    return checkpoint


def _digest(config: dict[str, Any], info: dict[str, Any], weights: bytes) -> str:
    """Return the SHA-256 of all that a folder says."""
    said = json.loads(json.dumps([config, info], allow_nan=False))  # its keys are strings
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode() + weights).hexdigest()


def _sibling(path: Path, role: str) -> Path:
    return path.with_name(f".{path.name}.{role}")


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _settle(path: Path) -> None:
    """Finish or undo what a writer left, whichever keeps a complete folder; needs the lock."""
    old, new = _sibling(path, "old"), _sibling(path, "new")
    if old.exists():
        if path.exists():
            shutil.rmtree(old)
        else:
            os.rename(old, path)
    if new.exists():
        shutil.rmtree(new)


def _check_replaceable(path: Path) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise FileExistsError(f"{path} is a file: choose another folder for the checkpoint")
    found = {entry.name for entry in path.iterdir()}
    ours = False
    if found == {_CONFIG, _WEIGHTS}:
        with contextlib.suppress(ValueError, OSError):
            ours = {"format", "config", "info"} <= read_json(path / _CONFIG).keys()
    if found and not ours:
        raise FileExistsError(
            f"{path} holds something else than a checkpoint ({', '.join(sorted(found)[:5])}):"
            " choose another folder, or empty this one"
        )


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
