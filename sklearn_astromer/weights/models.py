"""Classifiers and regressors on disk: an encoder's folder, with a head and all the rest beside it.

Nothing is ever pickled. ``config.json`` and ``weights.safetensors`` are as `checkpoint` writes
them, so that the folder is an encoder's as well; ``head.safetensors`` holds the head's tensors, and
``model.json`` all that is no tensor, with a checksum of the four files.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from sklearn_astromer._files import read_whole, sha256
from sklearn_astromer._json import read_json
from sklearn_astromer.weights.checkpoint import (
    CONFIG,
    HEAD,
    MODEL,
    WEIGHTS,
    Checkpoint,
    check_format,
    check_keys,
    check_tensors,
    checkpoint_files,
    load_tensors,
    read_files,
    replace_folder,
)

__all__ = ["SavedModel", "from_json", "read_model", "to_json", "write_model"]

_FORMAT = 1
_KINDS = {"array", "dict", "float", "set", "tuple"}
WIDEST = 1000  # characters of a text, if none is longer
_DTYPE = re.compile(r"[<>|=]?(b1|[iuf][1248]|U\d+|O)")


@dataclass(frozen=True, eq=False)
class SavedModel:
    """What a folder holds.

    Parameters
    ----------
    encoder : Checkpoint
    head : dict of str to ndarray
        The head's tensors, float32 and finite.
    version : str
        Of the package that wrote it.
    content : dict
        Anything else; of what JSON and `to_json` can hold.

    Raises
    ------
    ValueError
        If a tensor of the head is not as it should be.
    """

    encoder: Checkpoint
    head: dict[str, npt.NDArray[np.float32]]
    version: str
    content: dict[str, Any]

    def __post_init__(self) -> None:
        if not isinstance(self.content, dict):
            raise ValueError(f"content is {self.content!r}, expected a dict")
        check_tensors(self.head)


def write_model(path: str | os.PathLike[str], model: SavedModel, overwrite: bool = False) -> None:
    """Write a folder, at once and whole, see `write_folder`."""
    files = checkpoint_files(model.encoder) | {HEAD: safetensors.numpy.save(model.head)}
    said = {"format": _FORMAT, "version": model.version, "content": to_json(model.content)}
    said["sha256"] = _digest(said, json.loads(files[CONFIG]), files)
    files[MODEL] = json.dumps(said, indent=1, allow_nan=False).encode()
    replace_folder(path, files, overwrite)


def read_model(path: Path) -> SavedModel:
    """Read a folder that `write_model` wrote; never a mixture of two.

    Raises
    ------
    FileNotFoundError
        If a file is missing; the message says which, and what the folder holds instead.
    ValueError
        If a file is damaged, was changed, or is from a newer version.
    """
    path = path.resolve()
    try:
        return read_whole(path, _read)
    except (FileNotFoundError, NotADirectoryError) as error:
        if not path.is_dir():
            raise FileNotFoundError(
                f"there is no folder {path}: from_pretrained takes one that save_pretrained wrote"
            ) from error
        missing = [name for name in (MODEL, HEAD, CONFIG, WEIGHTS) if not (path / name).is_file()]
        if missing == [MODEL, HEAD]:
            raise FileNotFoundError(
                f"{path} holds an encoder alone: read it by AstromerEmbedder(path), and train a"
                " head on it by AstromerClassifier(path) or AstromerRegressor(path)"
            ) from error
        raise FileNotFoundError(
            f"{path} holds no classifier or regressor: there is no {' and no '.join(missing)}:"
            " get or save the model again, all its files"
        ) from error


def _read(folder: Path) -> SavedModel:
    said = read_json(folder / MODEL)
    digest = said.pop("sha256", None)
    try:
        check_format(said, _FORMAT)
        check_keys("top-level", said, ("format", "version", "content"))
    except ValueError as error:
        raise ValueError(f"{folder / MODEL}: {error}") from error
    files = {name: (folder / name).read_bytes() for name in (WEIGHTS, HEAD)}
    if digest != _digest(said, read_json(folder / CONFIG), files):
        raise ValueError(
            f"{folder}: damaged, {MODEL}, {HEAD}, {CONFIG} and {WEIGHTS} are not as they were"
            " written together (wrong sha256): get or save the model again"
        )
    encoder = read_files(folder)
    try:
        head, content = load_tensors(files[HEAD]), from_json(said["content"])
        return SavedModel(encoder, head, str(said["version"]), content)
    except ValueError as error:
        raise ValueError(f"{folder}: {error}") from error


def _digest(said: Mapping[str, Any], config: Any, files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of all that a folder says, however its JSON is laid out."""
    sums = [sha256(files[name]) for name in (WEIGHTS, HEAD)]
    text = json.dumps([said, config, sums], sort_keys=True, allow_nan=False)
    return sha256(text.encode())


def to_json(value: Any) -> Any:
    """Return what JSON can hold of a value, and `from_json` makes the value of.

    Numbers and strings of numpy become those of Python. What JSON does not have is an object with
    one key, its type.

    Raises
    ------
    TypeError
        If the value is of a type that cannot be held.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer.weights.models import from_json, to_json
    >>> to_json((np.float32(0.5), float("nan")))
    {'tuple': [0.5, {'float': 'nan'}]}
    >>> to_json({"a": 1}), to_json({7: 1})
    ({'a': 1}, {'dict': [[7, 1]]})
    >>> to_json(np.array(["EA", "EW"]))
    {'array': ['<U2', ['EA', 'EW']]}
    """
    if value is None or isinstance(value, (bool, np.bool_)):
        return value if value is None else bool(value)
    if isinstance(value, (str, int, np.integer)):
        return str(value) if isinstance(value, str) else int(value)
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return number if math.isfinite(number) else {"float": repr(number)}
    if type(value) is list:
        return [to_json(item) for item in value]
    if type(value) is tuple:
        return {"tuple": [to_json(item) for item in value]}
    if type(value) in (set, frozenset):
        return {"set": [to_json(item) for item in sorted(value, key=repr)]}
    if type(value) is dict:
        if all(type(key) is str for key in value) and not (
            len(value) == 1 and _KINDS & value.keys()
        ):
            return {key: to_json(item) for key, item in value.items()}
        return {"dict": [[to_json(key), to_json(item)] for key, item in value.items()]}
    if type(value) is np.ndarray and value.ndim == 1 and _DTYPE.fullmatch(value.dtype.str):
        return {"array": [value.dtype.str, [to_json(item) for item in value.tolist()]]}
    raise TypeError(f"a {type(value).__module__}.{type(value).__qualname__} has no place in JSON")


def from_json(held: Any) -> Any:
    """Return the value that `to_json` was given.

    Raises
    ------
    ValueError
        If it never was.
    """
    if isinstance(held, list):
        return [from_json(item) for item in held]
    if not isinstance(held, dict):
        return held
    if len(held) != 1 or not _KINDS & held.keys():
        return {key: from_json(item) for key, item in held.items()}
    ((kind, items),) = held.items()
    try:
        if kind == "float":
            return float({"nan": "nan", "inf": "inf", "-inf": "-inf"}[items])
        if kind == "tuple":
            return tuple(from_json(items))
        if kind == "set":
            return set(from_json(items))
        if kind == "dict":
            return {from_json(key): from_json(item) for key, item in items}
        if kind == "array" and _DTYPE.fullmatch(items[0]):
            dtype, values = items
            if "U" in dtype and int(dtype.partition("U")[2]) > max([WIDEST, *map(len, values)]):
                raise ValueError("there is more room than any of its texts needs")
            array = np.empty(len(values), dtype)
            array[:] = from_json(values)
            return array
    except (KeyError, IndexError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{str(held)[:80]} is no value: {error!r}") from error
    raise ValueError(f"{str(held)[:80]} is no value")
