"""An encoder's weights, and the folder of JSON and safetensors that holds them.

Nothing is ever pickled. The folder holds ``config.json`` (``format``, ``config``, ``info``, and a
checksum of all) and ``weights.safetensors``; a card and a classifier or regressor may lie beside.
"""

import contextlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from sklearn_astromer._fields import LARGEST
from sklearn_astromer._files import read_whole, replacing_folder, sha256
from sklearn_astromer._json import as_json, read_json
from sklearn_astromer.config import WINDOW_SIZE, EncoderConfig

__all__ = ["Checkpoint", "read_folder", "refuse_tensors", "write_folder"]

CONFIG, WEIGHTS = "config.json", "weights.safetensors"
#: What else a folder of this package may hold: a card, and a classifier or regressor.
CARD, MODEL, HEAD = "README.md", "model.json", "head.safetensors"
OTHERS = {CARD, MODEL, HEAD}

_SEAL = "<!-- written by sklearn_astromer, replaced unless edited: sha256 {} -->\n"
_SEALED = re.compile(re.escape(_SEAL).replace(r"\{\}", "([0-9a-f]{64})").encode() + rb"\Z")
_FORMAT = 1

# What the first folders said of a network. Fields of `EncoderConfig` that came later are absent
# there, and their defaults change nothing.
_FIRST = (
    *("d_model", "n_layers", "n_heads", "d_ff", "window_size", "dropout", "pe_base"),
    *("pe_exponent", "min_period", "norm_eps", "residual", "mask_token", "scaled_inputs"),
)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Description and weights of an encoder with its decoder, checked on construction.

    Whether names and shapes of the weights are those of the network that the description makes is
    known where networks are made (``sklearn_astromer.inference.networks.network_of``).

    Parameters
    ----------
    config : EncoderConfig
        The architecture.
    tensors : dict of str to ndarray
        The weights, float32 and finite. Linear weights are (out, in) as in torch;
        ``attention.qkv`` stacks the query, key and value projections in this order.
    info : dict
        Anything else worth keeping that JSON can hold, such as how the network was trained.
    window_size : int
        The most observations that it has seen at once.

    Raises
    ------
    TypeError
        If `config` is no `EncoderConfig`.
    ValueError
        If `window_size` is no size, a tensor is not float32 or not finite, or `info` is no dict.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer import EncoderConfig
    >>> from sklearn_astromer.weights import Checkpoint
    >>> Checkpoint(EncoderConfig(d_model=8), {"decoder.out.bias": np.zeros(1, np.float32)})
    Checkpoint(d_model=8, n_layers=2, n_heads=4, d_ff=128, ...)
    >>> Checkpoint(EncoderConfig(d_model=8), {"decoder.out.bias": np.zeros(1)})
    Traceback (most recent call last):
    ValueError: wrong tensors: decoder.out.bias is float64, expected float32
    """

    config: EncoderConfig
    tensors: dict[str, npt.NDArray[np.float32]]
    info: dict[str, Any] = field(default_factory=dict)
    window_size: int = WINDOW_SIZE

    def __post_init__(self) -> None:
        if not isinstance(self.config, EncoderConfig):
            raise TypeError(f"config is {self.config!r}, expected an EncoderConfig")
        object.__setattr__(self, "window_size", _checked_window_size(self.window_size))
        check_tensors(self.tensors)
        check_info(self.info)

    def __repr__(self) -> str:
        sizes = [f"{k}={getattr(self.config, k)}" for k in ("d_model", "n_layers", "n_heads")]
        return f"Checkpoint({', '.join(sizes)}, d_ff={self.config.d_ff}, ...)"

    @property
    def description(self) -> dict[str, Any]:
        """What `read_description` reads, of plain values."""
        return asdict(self.config) | {"window_size": self.window_size}


def read_description(found: object) -> tuple[EncoderConfig, int]:
    """Return the architecture and the window size that a file tells, or raise ValueError."""
    if not isinstance(found, Mapping):
        raise ValueError(f"config is {found!r}, expected a dict")
    names = [each.name for each in fields(EncoderConfig)]
    later = dict.fromkeys(name for name in names if name not in _FIRST)
    check_keys("config", {**later, **found}, (*names, "window_size"))
    values = dict(found)
    window_size = _checked_window_size(values.pop("window_size"))
    try:
        return EncoderConfig(**values), window_size
    except ValueError as error:
        raise ValueError(f"config: {error}") from error


def _checked_window_size(value: Any) -> int:
    plain = value.item() if isinstance(value, np.integer) else value
    if type(plain) is not int or not 1 <= plain <= LARGEST:
        raise ValueError(f"window_size is {value!r}, expected a whole number from 1 to {LARGEST}")
    return plain


def check_tensors(tensors: Mapping[str, npt.NDArray[Any]]) -> None:
    """Raise a ValueError unless all are float32 and finite."""
    problems = []
    for name, tensor in tensors.items():
        if tensor.dtype != np.float32:
            problems.append(f"{name} is {tensor.dtype}, expected float32")
        elif not np.isfinite(tensor).all():
            problems.append(f"{name} has NaN or infinite values")
    refuse_tensors(problems)


def refuse_tensors(problems: list[str]) -> None:
    """Raise a ValueError that tells what is wrong with tensors, if anything is."""
    if problems:
        rest = f"; and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise ValueError(f"wrong tensors: {'; '.join(problems[:20])}{rest}")


def check_info(info: object) -> None:
    """Raise a ValueError if the info is no dict."""
    if not isinstance(info, dict):
        raise ValueError(f"info is {info!r}, expected a dict")


def check_format(content: Mapping[str, Any], expected: int) -> None:
    """Raise a ValueError unless a file is in the format that this version reads."""
    found = content.get("format")
    if type(found) is int and found > expected:
        raise ValueError(
            f"key 'format' is {found}: written by a newer version of sklearn_astromer, please"
            f" upgrade (this one reads format {expected})"
        )
    if type(found) is not int or found != expected:
        raise ValueError(f"key 'format' is {found!r}, expected {expected}")


def check_keys(what: str, found: Mapping[Any, Any], expected: tuple[str, ...]) -> None:
    """Raise a ValueError that lists the missing and the unknown keys, if there are any."""
    missing = [key for key in expected if key not in found]
    unknown = [key for key in found if key not in expected]
    if missing or unknown:
        problems = [
            f"{word} {', '.join(map(repr, keys))}"
            for word, keys in (("missing", missing), ("unknown", unknown))
            if keys
        ]
        raise ValueError(f"{what} keys: {'; '.join(problems)}")


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
            f"no checkpoint in {path}: expected a folder with {CONFIG} and {WEIGHTS}, or an"
            " official ASTROMER checkpoint, as a folder, zip or tar.gz"
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
    at = folder / CONFIG
    content = read_json(at)
    digest = content.pop("sha256", None)  # folders of the first days have none
    try:
        check_format(content, _FORMAT)
        check_keys("top-level", content, ("format", "config", "info"))
        config, window_size = read_description(content["config"])
        check_info(content["info"])
        at = folder / WEIGHTS
        weights = at.read_bytes()
        checkpoint = Checkpoint(config, load_tensors(weights), content["info"], window_size)
    except ValueError as error:
        raise ValueError(f"{at}: {error}") from error
    if digest is not None and digest != _digest(content["config"], content["info"], weights):
        raise ValueError(
            f"{folder}: damaged, {CONFIG} and {WEIGHTS} are not as they were written (wrong"
            " sha256): get or save the weights again"
        )
    return checkpoint


def load_tensors(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Return the tensors in a file of safetensors, by name, or raise ValueError."""
    try:
        return dict(sorted(safetensors.numpy.load(content).items()))  # else in any order
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"damaged ({error})") from error


def _digest(config: dict[str, Any], info: dict[str, Any], weights: bytes) -> str:
    """Return the SHA-256 of all that a folder says."""
    said = json.loads(as_json([config, info], allow_nan=False))  # its keys are strings
    return sha256(json.dumps(said, sort_keys=True).encode() + weights)
