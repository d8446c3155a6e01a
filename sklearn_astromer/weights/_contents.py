"""What a checkpoint holds, and the checks every checkpoint passes whatever file it comes from."""

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_SIZES = ("d_model", "n_layers", "n_heads", "d_ff", "window_size")
_COUNTS = ("own_periods", "own_harmonics")
_REALS = ("dropout", "pe_base", "pe_exponent", "min_period", "norm_eps", "max_frequency")
_FLAGS = ("residual", "dense_residual", "norm_first", "pe_pairs", "mask_token", "scaled_inputs")
_CHOICES = {"activation": ("tanh", "gelu")}
# Options that came later: folders written before them lack the keys.
_LATER = {
    "dense_residual": False,
    "norm_first": False,
    "pe_pairs": False,
    "activation": "tanh",
    "own_periods": 0,
    "own_harmonics": 8,
    "max_frequency": 24.0,
}
_KEYS = (*_SIZES, *_COUNTS, *_REALS, *_FLAGS, *_CHOICES)
# Numbers of a spectrum beside those of each peak: 32 bins, time span, number of observations.
SPECTRUM_EXTRAS = 34
_MAX_COUNT = 64
_MAX_SIZE = 2**16  # far above any real network; keeps a forged size from filling the memory


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Configuration and weights of an encoder with its decoder, checked on construction.

    Parameters
    ----------
    config : dict
        The architecture, with exactly these keys: ``d_model``, ``n_layers``, ``n_heads``,
        ``d_ff`` and ``window_size`` (observations) as int; ``dropout``, ``pe_base``,
        ``pe_exponent``, ``min_period`` (period of the fastest positional channel, days) and
        ``norm_eps`` as float; ``residual``, ``mask_token`` and ``scaled_inputs`` as bool, and
        ``dense_residual``, ``norm_first`` and ``pe_pairs``, False if absent; ``activation``,
        "tanh" (if absent) or "gelu"; ``own_periods`` (0 if absent), ``own_harmonics`` and
        ``max_frequency`` (cycles a day), see `EncoderConfig`.
    tensors : dict of str to ndarray
        The weights, float32 and finite, with the names and shapes of `expected_shapes`. Linear
        weights are (out, in) as in torch.
    info : dict
        Anything else worth keeping that JSON can hold, such as how the network was trained.

    Raises
    ------
    ValueError
        If a key or tensor is missing, unknown, or has a wrong type, value or shape.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer.weights.checkpoint import Checkpoint, expected_shapes
    >>> config = dict(d_model=8, n_layers=1, n_heads=2, d_ff=4, dropout=0.1, window_size=200,
    ...               pe_base=10000.0, pe_exponent=2.0, min_period=6.28, residual=False,
    ...               mask_token=False, scaled_inputs=False, norm_eps=1e-6)
    >>> shapes = expected_shapes(config)
    >>> zeros = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    >>> Checkpoint(config, zeros)
    Checkpoint(d_model=8, n_layers=1, n_heads=2, d_ff=4, ...)
    >>> zeros["encoder.magnitude.bias"] = np.zeros(7, np.float32)
    >>> Checkpoint(config, zeros)
    Traceback (most recent call last):
    ValueError: wrong tensors: encoder.magnitude.bias is (7,), expected (8,)
    """

    config: dict[str, Any]
    tensors: dict[str, npt.NDArray[np.float32]]
    info: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "config", checked_config(self.config))
        object.__setattr__(self, "tensors", _checked_tensors(self.config, self.tensors))
        check_info(self.info)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{key}={self.config[key]}" for key in _SIZES[:4])
        return f"Checkpoint({sizes}, ...)"


def expected_shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors of a network.

    Parameters
    ----------
    config : mapping
        As in `Checkpoint`; only the sizes, ``mask_token``, ``scaled_inputs``, ``norm_first``,
        ``dense_residual``, ``own_periods`` and ``own_harmonics`` are used.

    Returns
    -------
    dict of str to tuple of int
        ``attention.qkv`` stacks the query, key and value projections in this order.

    Examples
    --------
    >>> from sklearn_astromer.weights.checkpoint import expected_shapes
    >>> sizes = {"d_model": 256, "n_layers": 2, "d_ff": 128}
    >>> shapes = expected_shapes({**sizes, "mask_token": False, "scaled_inputs": False})
    >>> shapes["encoder.layers.1.attention.qkv.weight"], len(shapes)
    ((768, 256), 30)
    """
    d, d_ff = config["d_model"], config["d_ff"]
    shapes: dict[str, tuple[int, ...]] = {}

    def linear(name: str, n_out: int, n_in: int) -> None:
        shapes[f"{name}.weight"] = (n_out, n_in)
        shapes[f"{name}.bias"] = (n_out,)

    def norm(name: str) -> None:
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (d,)

    linear("encoder.magnitude", d, 1 + config["scaled_inputs"])
    if config["scaled_inputs"]:
        linear("encoder.time", d, d + 2 * sum(harmonics(config)))
    if config["mask_token"]:
        shapes["encoder.mask_token"] = (d,)
    if config.get("own_periods"):
        linear("encoder.spectrum.0", d, 3 * config["own_periods"] + SPECTRUM_EXTRAS)
        linear("encoder.spectrum.2", d, d)
    for layer in (f"encoder.layers.{i}" for i in range(config["n_layers"])):
        linear(f"{layer}.attention.qkv", 3 * d, d)
        linear(f"{layer}.attention.out", d, d)
        norm(f"{layer}.norm1")
        linear(f"{layer}.ffn_in", d_ff, d)
        linear(f"{layer}.ffn_out", d, d_ff)
        norm(f"{layer}.norm2")
        if config.get("dense_residual"):
            linear(f"{layer}.residual1", d, d)
            linear(f"{layer}.residual2", d, d)
    if config.get("norm_first"):
        norm("encoder.norm")
    norm("decoder.norm")
    linear("decoder.out", 1, d)
    return shapes


def harmonics(config: Mapping[str, Any]) -> tuple[int, ...]:
    """Harmonics of each of an object's own frequencies, see `EncoderConfig`."""
    periods, first = config.get("own_periods", 0), config.get("own_harmonics", 8)
    return (first, *[max(1, first // 2)] * (periods - 1))[:periods]


def checked_config(config: object) -> dict[str, Any]:
    """Return the config with plain Python values in the documented order, or raise ValueError."""
    if not isinstance(config, Mapping):
        raise ValueError(f"config is {config!r}, expected a dict")
    config = {**_LATER, **config}
    check_keys("config", config, _KEYS)
    checked = {key: _checked_value(key, config[key]) for key in _KEYS}
    if int(checked["d_model"]) % int(checked["n_heads"]):
        raise ValueError(
            f"config: d_model={checked['d_model']} is not a multiple of"
            f" n_heads={checked['n_heads']}"
        )
    return checked


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


def _checked_value(key: str, value: object) -> int | float | bool | str:
    if key in _CHOICES:
        if isinstance(value, str) and value in _CHOICES[key]:
            return value
        expected = " or ".join(map(repr, _CHOICES[key]))
    elif key in _FLAGS:
        if isinstance(value, (bool, np.bool_)):
            return bool(value)
        expected = "true or false"
    elif key in _COUNTS or key in _SIZES:
        least, most = (0, _MAX_COUNT) if key in _COUNTS else (1, _MAX_SIZE)
        if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
            number = int(value)
            if least <= number <= most:
                return number
        expected = f"a whole number from {least} to {most}"
    else:
        low, high = (0.0, 1.0) if key == "dropout" else (math.ulp(0.0), math.inf)
        if isinstance(value, (int, float, np.floating, np.integer)) and not isinstance(value, bool):
            real = float(value)
            if low <= real < high:
                return real
        expected = "a number from 0 to below 1" if key == "dropout" else "a positive number"
    raise ValueError(f"config key {key!r} is {value!r}, expected {expected}")


def _checked_tensors(
    config: Mapping[str, Any], tensors: Mapping[str, npt.NDArray[np.float32]]
) -> dict[str, npt.NDArray[np.float32]]:
    shapes = expected_shapes(config)
    problems = [f"{name} is missing" for name in shapes if name not in tensors]
    for name, tensor in tensors.items():
        if name not in shapes:
            problems.append(f"{name} is unknown")
        elif tensor.shape != shapes[name]:
            problems.append(f"{name} is {tensor.shape}, expected {shapes[name]}")
        elif tensor.dtype != np.float32:
            problems.append(f"{name} is {tensor.dtype}, expected float32")
        elif not np.isfinite(tensor).all():
            problems.append(f"{name} has NaN or infinite values")
    if problems:
        rest = f"; and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise ValueError(f"wrong tensors: {'; '.join(problems[:20])}{rest}")
    return {name: tensors[name] for name in shapes}


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
