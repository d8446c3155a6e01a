"""Read the checkpoints that the authors of ASTROMER published, as a folder or as a zip."""

import io
import os
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import numpy.typing as npt

from sklearn_astromer.weights._contents import (
    Checkpoint,
    check_keys,
    checked_config,
    read_json,
)
from sklearn_astromer.weights.tf_checkpoint import read_tensor_bundle

__all__ = ["OFFICIAL_FILES", "read_official"]

OFFICIAL_FILES = ("conf.json", "weights.index", "weights.data-00000-of-00001")

_MAX_MEMBERS = 1000
_MAX_UNPACKED = 512 * 2**20  # bytes; macho has 2.8 MB

_NETWORK_KEYS = ("max_obs", "layers", "heads", "head_dim", "dff", "dropout", "base", "use_leak")
_TRAINING_KEYS = (
    *("data", "p", "prefix", "batch_size", "epochs", "patience", "lr", "no_train", "no_shuffle"),
    *("msk_frac", "rnd_frac", "same_frac", "exp_date"),
)


def read_official(path: str | os.PathLike[str]) -> Checkpoint:
    """Read an official ASTROMER 1 checkpoint.

    Parameters
    ----------
    path : path-like
        The published zip, or its unpacked folder with ``conf.json``, ``weights.index`` and
        ``weights.data-00000-of-00001``. Nothing in a zip is unpacked next to it.

    Returns
    -------
    Checkpoint
        TensorFlow's (in, out) kernels transposed to torch's (out, in), the three attention
        projections stacked; ``info["conf"]`` is the content of ``conf.json``.

    Raises
    ------
    ValueError
        If the zip is damaged or unsafe, a file is damaged, or the network is not the one that
        the released code of ASTROMER 1 builds.
    FileNotFoundError
        If the path, or one of the three files in the folder, does not exist.

    References
    ----------
    Donoso-Oliva et al. 2023, A&A 670, A54, and the code released with it (``astromer`` 0.1.8).
    """
    path = Path(path).expanduser()
    if path.is_dir():
        return _read_unpacked(path)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in _read_zip(path).items():
            (Path(folder) / name).write_bytes(content)
        try:
            return _read_unpacked(Path(folder))
        except ValueError as error:
            reason = str(error).replace(f"{folder}{os.sep}", "")
            raise ValueError(f"{path}: {reason}") from error


def _read_unpacked(folder: Path) -> Checkpoint:
    conf = read_json(folder / "conf.json")
    try:
        config = _config(conf)
    except ValueError as error:
        raise ValueError(f"{folder / 'conf.json'}: {error}") from error
    bundle = read_tensor_bundle(folder / "weights")
    try:
        tensors = _tensors(bundle, config["n_layers"])
        return Checkpoint(config, tensors, {"conf": conf})
    except ValueError as error:
        raise ValueError(f"{folder / 'weights.index'}: {error}") from error


def _config(conf: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in conf.items() if key not in _TRAINING_KEYS}
    check_keys("conf.json", found, _NETWORK_KEYS)
    if found["use_leak"] is not False:
        raise ValueError("use_leak is not false: leaky connections are not supported")
    if found["base"] != 1000:
        raise ValueError(f"base is {found['base']!r}: expected 1000, the value of ASTROMER 1")
    return checked_config(
        {
            "d_model": found["head_dim"],  # of all heads together; the shapes are checked with it
            "n_layers": found["layers"],
            "n_heads": found["heads"],
            "d_ff": found["dff"],
            "dropout": found["dropout"],
            "window_size": found["max_obs"],
            # The released code ignores "base": channel i of the d turns by 10000**(-2i/d) radians
            # a day, so that the fastest has a period of 2 pi days.
            "pe_base": 10000.0,
            "pe_exponent": 2.0,
            "min_period": 2 * np.pi,
            "residual": False,
            "mask_token": False,
            "scaled_inputs": False,
            "norm_eps": 1e-6,
        }
    )


def _tensors(
    bundle: dict[str, npt.NDArray[Any]], n_layers: int
) -> dict[str, npt.NDArray[np.float32]]:
    """Give the variables of the TensorFlow model our names and layout."""
    sources = {
        "encoder.magnitude": ["0/inp_transform"],
        "decoder.norm": ["1/bn_0"],
        "decoder.out": ["1/reg_layer"],
    }
    for i in range(n_layers):
        theirs, ours = f"0/enc_layers/{i}", f"encoder.layers.{i}"
        sources[f"{ours}.attention.qkv"] = [f"{theirs}/mha/{name}" for name in ("wq", "wk", "wv")]
        sources[f"{ours}.attention.out"] = [f"{theirs}/mha/dense"]
        sources[f"{ours}.norm1"] = [f"{theirs}/layernorm1"]
        sources[f"{ours}.norm2"] = [f"{theirs}/layernorm2"]
        sources[f"{ours}.ffn_in"] = [f"{theirs}/ffn/layer_with_weights-0"]
        sources[f"{ours}.ffn_out"] = [f"{theirs}/ffn/layer_with_weights-1"]
    variables = {}
    for name, layers in sources.items():
        kinds = ("gamma", "beta") if "norm" in name else ("kernel", "bias")
        for ours, theirs in zip(("weight", "bias"), kinds, strict=True):
            variables[f"{name}.{ours}"] = [
                f"layer_with_weights-{layer}/{theirs}/.ATTRIBUTES/VARIABLE_VALUE"
                for layer in layers
            ]
    ignored = ("optimizer/", "save_counter/")
    found = {
        name: tensor
        for name, tensor in bundle.items()
        if not name.startswith(ignored) and "/.OPTIMIZER_SLOT/" not in name
    }
    check_keys("variable", found, tuple(name for names in variables.values() for name in names))
    return {
        ours: np.ascontiguousarray(np.concatenate([found[name].T for name in names]))
        for ours, names in variables.items()
    }


def _read_zip(path: Path) -> dict[str, bytes]:
    """Read the three files of the one checkpoint in a zip, in memory."""
    if (size := path.stat().st_size) > _MAX_UNPACKED:
        raise ValueError(f"{path}: {size} bytes, expected at most {_MAX_UNPACKED}")
    content = io.BytesIO(path.read_bytes())
    try:
        with zipfile.ZipFile(content) as archive:
            members = archive.infolist()
            _check_members(members)
            tops = {PurePosixPath(m.filename).parent for m in members if _name(m) == "conf.json"}
            if len(tops) != 1:
                raise ValueError(f"{len(tops)} checkpoints (conf.json) in the zip, expected one")
            top = tops.pop()
            return {name: archive.read(str(top / name)) for name in OFFICIAL_FILES}
    except KeyError as error:
        raise ValueError(f"{path}: incomplete checkpoint: {error.args[0]}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OverflowError) as error:
        raise ValueError(f"{path}: not a zip, damaged or encrypted ({error})") from error


def _name(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).name


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > _MAX_MEMBERS:
        raise ValueError(f"{len(members)} files in the zip, expected at most {_MAX_MEMBERS}")
    size = sum(member.file_size for member in members)
    if size > _MAX_UNPACKED:
        raise ValueError(f"the zip unpacks to {size} bytes, expected at most {_MAX_UNPACKED}")
    if len({member.filename for member in members}) < len(members):
        raise ValueError("a name is twice in the zip")
    for member in members:
        name = member.orig_filename
        windows = PureWindowsPath(name)  # splits at both kinds of slash
        if windows.drive or windows.root or ".." in windows.parts:
            raise ValueError(f"unsafe path {name!r} in the zip")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ValueError(f"{name!r} in the zip is a link or another special file")
        # zipfile bounds what it unpacks only for these two.
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{name!r} in the zip: compression {member.compress_type}")
