"""Checkpoints on disk: our folder of JSON and safetensors, and whatever else can be read.

Nothing is ever pickled. Our folder holds ``config.json`` (``format``, ``config``, ``info``, and a
checksum of all) and ``weights.safetensors``; the official layout is read by `read_official`.
"""

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.numpy

from sklearn_astromer._files import as_json, read_whole, replacing_folder, sha256
from sklearn_astromer.weights._archives import read_archive
from sklearn_astromer.weights._contents import (
    CARD,
    CONFIG,
    HEAD,
    OFFICIAL_CONFIGS,
    OFFICIAL_WEIGHTS,
    OTHERS,
    WEIGHTS,
    Checkpoint,
    check_info,
    check_keys,
    read_description,
    read_json,
    refuse_tensors,
)
from sklearn_astromer.weights.official import read_official

__all__ = [
    "Checkpoint",
    "read_checkpoint",
    "read_folder",
    "refuse_tensors",
    "write_folder",
]

_SEAL = "<!-- written by sklearn_astromer, replaced unless edited: sha256 {} -->\n"
_SEALED = re.compile(re.escape(_SEAL).replace(r"\{\}", "([0-9a-f]{64})").encode() + rb"\Z")
_FORMAT = 1


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a checkpoint, whichever of the known layouts it has.

    Parameters
    ----------
    path : path-like
        A folder written by `write_folder`, that of an official ASTROMER checkpoint, or a zip or
        tar.gz with either, which is not unpacked next to it.

    Returns
    -------
    Checkpoint

    Raises
    ------
    FileNotFoundError
        If there is no checkpoint.
    ValueError
        If it is damaged, unsafe, or not of a kind that can be read.
    """
    path = Path(path).expanduser()
    if any((path / name).is_file() for name in OFFICIAL_CONFIGS):
        return read_official(path)
    if not path.is_file():
        return read_folder(path)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        try:
            for name, content in read_archive(path).items():
                (folder / name).write_bytes(content)
            return read_checkpoint(folder)
        except ValueError as error:
            reason = str(error).replace(f"{folder}{os.sep}", "")
            raise ValueError(f"{path}: {reason}") from error


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
    try:
        return read_whole(path, read_files)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"no checkpoint in {path}: expected a folder with {CONFIG} and {WEIGHTS},"
            f" or an official ASTROMER checkpoint (a zip or folder with"
            f" {' or '.join(OFFICIAL_CONFIGS)}, {', '.join(OFFICIAL_WEIGHTS)})"
        ) from error


def write_folder(
    path: str | os.PathLike[str],
    checkpoint: Checkpoint,
    *,
    card: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write a checkpoint as a folder with ``config.json`` and ``weights.safetensors``.

    It appears at once and whole: a reader finds the complete old folder or the complete new one.

    Parameters
    ----------
    path : path-like
        The folder; created with its parents.
    checkpoint : Checkpoint
        What to write.
    card : str, optional
        What `sklearn_astromer.weights.make_card` made, for ``README.md``.
    overwrite : bool, default=False
        Whether an earlier checkpoint at `path` is replaced.

    Raises
    ------
    FileExistsError
        If an earlier checkpoint is at `path` and is not to be replaced; or something else, or a
        ``README.md`` that is not as it was written, which never are.
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
    files = checkpoint_files(checkpoint)
    replace_folder(path, files if card is None else files | {CARD: card.encode()}, overwrite)


def replace_folder(
    path: str | os.PathLike[str], files: Mapping[str, bytes], overwrite: bool = False
) -> None:
    """Write a folder with these files; see `write_folder`."""
    check = check_any if HEAD in files else check_ours
    with replacing_folder(Path(path), check, overwrite=overwrite) as new:
        for name, content in files.items():
            (new / name).write_bytes(content)


def check_ours(path: Path) -> None:
    """Raise FileExistsError if a folder is anything else than one of an encoder's weights."""
    check_any(path)
    if (path / HEAD).exists():
        raise FileExistsError(
            f"{path} holds a classifier or regressor, whose head would be lost: choose another"
            " folder"
        )


def check_any(path: Path) -> None:
    """Raise FileExistsError if a folder is anything else than weights, with a head or without."""
    found = {entry.name for entry in path.iterdir()}
    ours = False
    if {CONFIG, WEIGHTS} <= found <= {CONFIG, WEIGHTS, *OTHERS}:
        with contextlib.suppress(ValueError, OSError):
            ours = {"format", "config", "info"} <= read_json(path / CONFIG).keys()
    if not ours:
        raise FileExistsError(
            f"{path} holds something else than a checkpoint ({', '.join(sorted(found)[:5])}):"
            " choose another folder, or empty this one"
        )
    if CARD in found and not is_sealed((path / CARD).read_bytes()):
        raise FileExistsError(
            f"{path / CARD} is not as this package wrote it, and would be lost: choose another"
            " folder, or move that file"
        )


def sealed(text: str) -> str:
    """Return a text with a last line, of a comment, by which `is_sealed` knows it again."""
    return text + _SEAL.format(sha256(text.encode()))


def is_sealed(content: bytes) -> bool:
    """Whether a file is exactly what `sealed` made."""
    match = _SEALED.search(content)
    if match is None:
        return False
    return sha256(content[: match.start()]).encode() == match[1]


def checkpoint_files(checkpoint: Checkpoint) -> dict[str, bytes]:
    """Return the content of each file of a folder, by name.

    Raises
    ------
    ValueError
        If ``checkpoint.info`` cannot be written as JSON.
    """
    weights = safetensors.numpy.save(checkpoint.tensors)
    try:
        content = {
            "format": _FORMAT,
            "config": checkpoint.description,
            "info": checkpoint.info,
            "sha256": _digest(checkpoint.description, checkpoint.info, weights),
        }
        text = as_json(content, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"info cannot be written as JSON: {error}") from error
    return {CONFIG: text.encode(), WEIGHTS: weights}


def read_files(folder: Path) -> Checkpoint:
    """Read the two files of a folder that nobody replaces meanwhile; see `read_folder`."""
    content = read_json(folder / CONFIG)
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
        config, window_size = read_description(content["config"])
        check_info(content["info"])
    except ValueError as error:
        raise ValueError(f"{folder / CONFIG}: {error}") from error
    try:
        tensors = safetensors.numpy.load_file(folder / WEIGHTS)
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"{folder / WEIGHTS}: damaged ({error})") from error
    try:
        checkpoint = Checkpoint(config, tensors, content["info"], window_size)
    except ValueError as error:
        raise ValueError(f"{folder / WEIGHTS}: {error}") from error
    weights = (folder / WEIGHTS).read_bytes()
    if digest is not None and digest != _digest(content["config"], content["info"], weights):
        raise ValueError(
            f"{folder}: damaged, {CONFIG} and {WEIGHTS} are not as they were written (wrong"
            " sha256): get or save the weights again"
        )
    return checkpoint


def _digest(config: dict[str, Any], info: dict[str, Any], weights: bytes) -> str:
    """Return the SHA-256 of all that a folder says."""
    said = json.loads(as_json([config, info], allow_nan=False))  # its keys are strings
    return sha256(json.dumps(said, sort_keys=True).encode() + weights)
