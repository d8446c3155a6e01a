"""Read the checkpoints that the authors of ASTROMER published."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sklearn_astromer._json import read_json
from sklearn_astromer.config import EncoderConfig
from sklearn_astromer.weights.checkpoint import Checkpoint, check_keys, read_description
from sklearn_astromer.weights.tf_checkpoint import read_tensor_bundle

__all__ = ["read_official"]

OFFICIAL_CONFIGS = ("conf.json", "config.toml")  # of ASTROMER 1, and of ASTROMER 2
OFFICIAL_WEIGHTS = ("weights.index", "weights.data-00000-of-00001")

_NETWORK_KEYS = ("max_obs", "layers", "heads", "head_dim", "dff", "dropout", "base", "use_leak")
_TRAINING_KEYS = (
    *("data", "p", "prefix", "batch_size", "epochs", "patience", "lr", "no_train", "no_shuffle"),
    *("msk_frac", "rnd_frac", "same_frac", "exp_date"),
)
# What the released code of ASTROMER 2 builds its network from, and the values that mean the network
# built here. It ignores pe_base and pe_exp: 10000 and 2 are written out in its positional encoding,
# while its two training scripts put 1000 and 10000 into the file.
_NETWORK_KEYS_2 = (
    *("arch", "num_layers", "num_heads", "head_dim", "mixer", "dropout", "window_size"),
    *("pe_dim", "pe_base", "pe_exp", "m_alpha", "mask_format", "use_leak"),
)
_EXPECTED_2: dict[str, tuple[Any, ...]] = {
    "arch": ("base",),
    "mask_format": ("K",),
    "temperature": (0,),
    "pe_base": (1000, 10000),
    "pe_exp": (2,),
    "norm": ("zero-mean", "random-mean"),  # the mean of a window; in training, also another
    "no_msk_token": (False, True),
}
# Channel i of the d of the encoding turns by 10000**(-2i/d) radians a day, so that the fastest has
# a period of 2 pi days, whatever the configurations say.
_OFFICIAL = {
    **{"pe_base": 10000.0, "pe_exponent": 2.0, "min_period": 2 * np.pi, "norm_eps": 1e-6},
    **{"residual": False, "mask_token": False, "scaled_inputs": False},
}
_DEFAULTS_2 = {"temperature": 0, "norm": "zero-mean", "no_msk_token": False}
_EXCLUDING = -1000.0  # added to a logit, leaves nothing of its weight in float32

_VALUE = ".ATTRIBUTES/VARIABLE_VALUE"
_MASK_TOKEN = f"layer_with_weights-0/msk_token/{_VALUE}"


def read_official(folder: Path) -> Checkpoint:
    """Read an official checkpoint of ASTROMER 1 or 2.

    Parameters
    ----------
    folder : Path
        With ``conf.json`` (ASTROMER 1) or ``config.toml`` (ASTROMER 2), ``weights.index`` and
        ``weights.data-00000-of-00001``.

    Returns
    -------
    Checkpoint
        TensorFlow's (in, out) kernels transposed to torch's (out, in), the three attention
        projections stacked; ``info["conf"]`` is the content of the configuration.

    Raises
    ------
    ValueError
        If a file is damaged, or the network is not one that the released code of ASTROMER 1 or 2
        builds.
    FileNotFoundError
        If one of the three files does not exist.

    Notes
    -----
    ASTROMER 2 shows its network a learned magnitude in place of a hidden one; what its input layer
    makes of that is one vector, the mask token here. But Keras 2.15 (TensorFlow 2.14 is asked for)
    leaves it out of the model that the released code builds, and of its checkpoint, and the hidden
    magnitude stays readable: then it is zero here, as with ASTROMER 1.

    References
    ----------
    Donoso-Oliva et al. 2023, A&A 670, A54, and the code released with it (``astromer`` 0.1.8);
    Donoso-Oliva et al. 2026, A&A 707, A170, and https://github.com/astromer-science/main-code.
    """
    second = not (folder / "conf.json").is_file() and (folder / "config.toml").is_file()
    path = folder / OFFICIAL_CONFIGS[second]
    conf = _read_toml(path) if second else read_json(path)
    try:
        found = _OFFICIAL | (_config_2(conf) if second else _config_1(conf))
        config, window_size = read_description(found)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    bundle = read_tensor_bundle(folder / "weights")
    # a token that was not asked for stays an unknown variable
    token = second and _MASK_TOKEN in bundle and not conf.get("no_msk_token")
    config = replace(config, mask_token=bool(token))
    try:
        return Checkpoint(config, _tensors(bundle, config), {"conf": conf}, window_size)
    except ValueError as error:
        raise ValueError(f"{folder / 'weights.index'}: {error}") from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not valid TOML ({error})") from error


def _config_1(conf: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in conf.items() if key not in _TRAINING_KEYS}
    check_keys("conf.json", found, _NETWORK_KEYS)
    if found["use_leak"] is not False:
        raise ValueError("use_leak is not false: leaky connections are not supported")
    if found["base"] != 1000:
        raise ValueError(f"base is {found['base']!r}: expected 1000, the value of ASTROMER 1")
    return {
        "d_model": found["head_dim"],  # of all heads together; the shapes are checked with it
        "n_layers": found["layers"],
        "n_heads": found["heads"],
        "d_ff": found["dff"],
        "dropout": found["dropout"],
        "window_size": found["max_obs"],
    }


def _config_2(conf: dict[str, Any]) -> dict[str, Any]:
    """Read what concerns the network; most keys are of the training."""
    found = {**_DEFAULTS_2, **conf}
    missing = [key for key in _NETWORK_KEYS_2 if key not in found]
    if missing:
        raise ValueError(f"missing keys {', '.join(map(repr, missing))}")
    if found["arch"] == "zero":
        raise ValueError("arch is 'zero', ASTROMER 1: its weights are pretrained='macho'")
    for key, values in _EXPECTED_2.items():
        if found[key] not in values:
            raise ValueError(f"{key} is {found[key]!r}, expected {' or '.join(map(repr, values))}")
    if not (isinstance(found["m_alpha"], (int, float)) and found["m_alpha"] <= _EXCLUDING):
        raise ValueError(
            f"m_alpha is {found['m_alpha']!r}, expected -1e9: hidden observations and padding would"
            " have weight in the attention"
        )
    heads, head_dim = found["num_heads"], found["head_dim"]
    if not (type(heads) is type(head_dim) is int and heads * head_dim == found["pe_dim"]):
        raise ValueError(
            f"pe_dim is {found['pe_dim']!r}, expected num_heads * head_dim, of {heads!r} and"
            f" {head_dim!r}"
        )
    return {
        "d_model": found["pe_dim"],
        "n_layers": found["num_layers"],
        "n_heads": heads,
        "d_ff": found["mixer"],
        "dropout": found["dropout"],
        "window_size": found["window_size"],
        "residual": found["use_leak"],
        "dense_residual": found["use_leak"],
    }


def _tensors(
    bundle: dict[str, npt.NDArray[Any]], config: EncoderConfig
) -> dict[str, npt.NDArray[np.float32]]:
    """Give the variables of the TensorFlow model our names and layout."""
    first = int(config.mask_token)  # the layer of the mask token comes before the encoder
    sources = {
        "encoder.magnitude": [f"{first}/inp_transform"],
        "decoder.norm": [f"{first + 1}/bn_0"],
        "decoder.out": [f"{first + 1}/reg_layer"],
    }
    for i in range(config.n_layers):
        theirs, ours = f"{first}/enc_layers/{i}", f"encoder.layers.{i}"
        sources[f"{ours}.attention.qkv"] = [f"{theirs}/mha/{name}" for name in ("wq", "wk", "wv")]
        sources[f"{ours}.attention.out"] = [f"{theirs}/mha/dense"]
        sources[f"{ours}.norm1"] = [f"{theirs}/layernorm1"]
        sources[f"{ours}.norm2"] = [f"{theirs}/layernorm2"]
        sources[f"{ours}.ffn_in"] = [f"{theirs}/ffn/layer_with_weights-0"]
        sources[f"{ours}.ffn_out"] = [f"{theirs}/ffn/layer_with_weights-1"]
        if config.dense_residual:
            sources[f"{ours}.residual1"] = [f"{theirs}/reshape_leak_1"]
            sources[f"{ours}.residual2"] = [f"{theirs}/reshape_leak_2"]
    variables = {}
    for name, layers in sources.items():
        kinds = ("gamma", "beta") if "norm" in name else ("kernel", "bias")
        for ours, theirs in zip(("weight", "bias"), kinds, strict=True):
            variables[f"{name}.{ours}"] = [
                f"layer_with_weights-{layer}/{theirs}/{_VALUE}" for layer in layers
            ]
    ignored = ("optimizer/", "save_counter/")
    found = {
        name: tensor
        for name, tensor in bundle.items()
        if not name.startswith(ignored) and "/.OPTIMIZER_SLOT/" not in name
    }
    expected = [name for names in variables.values() for name in names]
    check_keys("variable", found, (*[_MASK_TOKEN][: config.mask_token], *expected))
    tensors = {
        ours: np.ascontiguousarray(np.concatenate([found[name].T for name in names]))
        for ours, names in variables.items()
    }
    sizes = (config.d_ff, config.d_model)
    for name, tensor in tensors.items():  # all others are checked where the network is made
        if name.endswith("ffn_in.weight") and tensor.shape != sizes:
            raise ValueError(f"{name} is {tensor.shape}, expected {sizes}")
    if config.mask_token:
        token = found[_MASK_TOKEN]
        if token.shape != (1, 1):
            raise ValueError(f"{_MASK_TOKEN} is {token.shape}, expected (1, 1)")
        weight, bias = tensors["encoder.magnitude.weight"], tensors["encoder.magnitude.bias"]
        tensors["encoder.mask_token"] = token[0] * weight[:, 0] + bias
    return tensors
