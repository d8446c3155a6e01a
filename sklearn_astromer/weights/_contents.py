"""What a checkpoint holds, and the checks every checkpoint passes whatever file it comes from."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sklearn_astromer._fields import LARGEST
from sklearn_astromer.config import WINDOW_SIZE, EncoderConfig

CONFIG, WEIGHTS = "config.json", "weights.safetensors"
#: What else a folder of this package may hold: a card, and a classifier or regressor.
CARD, MODEL, HEAD = "README.md", "model.json", "head.safetensors"
OTHERS = {CARD, MODEL, HEAD}
OFFICIAL_CONFIGS = ("conf.json", "config.toml")  # of ASTROMER 1, and of ASTROMER 2
OFFICIAL_WEIGHTS = ("weights.index", "weights.data-00000-of-00001")

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
        problems = []
        for name, tensor in self.tensors.items():
            if tensor.dtype != np.float32:
                problems.append(f"{name} is {tensor.dtype}, expected float32")
            elif not np.isfinite(tensor).all():
                problems.append(f"{name} has NaN or infinite values")
        refuse_tensors(problems)
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


def refuse_tensors(problems: list[str]) -> None:
    """Raise a ValueError that tells what is wrong with tensors, if anything is."""
    if problems:
        rest = f"; and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise ValueError(f"wrong tensors: {'; '.join(problems[:20])}{rest}")


def check_info(info: object) -> None:
    """Raise a ValueError if the info is no dict."""
    if not isinstance(info, dict):
        raise ValueError(f"info is {info!r}, expected a dict")


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


def read_toml(path: Path) -> dict[str, Any]:
    """Read TOML; a file that is none is a ValueError that names it."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not valid TOML ({error})") from error


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
