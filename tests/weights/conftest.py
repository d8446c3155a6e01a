"""Checkpoints made from nothing, so that these tests run without the official one."""

import json
import struct
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.weights.checkpoint import Checkpoint, read_description

ROOT = Path(__file__).parents[2]
OFFICIAL_ZIP = ROOT.parent / "shared" / "weights" / "macho_a0.zip"
DTYPES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "bool": 10}


@pytest.fixture
def official_zip():
    if not OFFICIAL_ZIP.exists():
        pytest.skip("the official checkpoint is not in ../shared/weights")
    return OFFICIAL_ZIP


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


class Bundle:
    """Writes a TensorFlow V2 checkpoint; tests change its parts before `write`."""

    header = b"\x08\x01\x1a\x02\x08\x01"  # one shard, little-endian, version 1
    block_type = 0
    crc = staticmethod(masked_crc)

    def __init__(self, tensors):
        self.data = b""
        self.entries = {}
        for name in sorted(tensors):
            array = np.asarray(tensors[name])
            content = array.tobytes()
            self.entries[name] = {
                "dtype": DTYPES[array.dtype.name],
                "shape": array.shape,
                "offset": len(self.data),
                "size": len(content),
                "crc": self.crc(content),
            }
            self.data += content

    def pairs(self):
        return [(b"", self.header)] + [
            (name.encode(), self.entry(**entry)) for name, entry in sorted(self.entries.items())
        ]

    @staticmethod
    def entry(dtype, shape, offset, size, crc, extra=b""):
        dims = b"".join(b"\x12" + varint(len(m)) + m for m in (b"\x08" + varint(n) for n in shape))
        out = b"\x08" + varint(dtype) + b"\x12" + varint(len(dims)) + dims
        out += b"\x20" + varint(offset) if offset else b""  # proto3 leaves zeros out
        out += b"\x28" + varint(size) if size else b""
        return out + b"\x35" + struct.pack("<I", crc) + extra

    @staticmethod
    def block(pairs):
        out, last = b"", b""
        for key, value in pairs:
            shared = 0
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
            out += varint(shared) + varint(len(key) - shared) + varint(len(value))
            out += key[shared:] + value
            last = key
        return out + struct.pack("<II", 0, 1)

    def index(self, pairs=None, per_block=4):
        pairs = self.pairs() if pairs is None else pairs
        table = b""

        def append(block):
            nonlocal table
            handle = varint(len(table)) + varint(len(block))
            block += bytes([self.block_type])
            table += block + struct.pack("<I", self.crc(block))
            return handle

        chunks = [pairs[i : i + per_block] for i in range(0, len(pairs), per_block)]
        handles = [(chunk[-1][0], append(self.block(chunk))) for chunk in chunks]
        footer = append(self.block([])) + append(self.block(handles))
        return table + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)

    def write(self, prefix, index=None):
        Path(f"{prefix}.index").write_bytes(self.index() if index is None else index)
        Path(f"{prefix}.data-00000-of-00001").write_bytes(self.data)
        return prefix


@pytest.fixture
def assert_same():
    """Compare two checkpoints to the last bit."""

    def compare(a, b):
        assert a.description == b.description
        assert a.info == b.info
        assert a.tensors.keys() == b.tensors.keys()
        for name, tensor in a.tensors.items():
            np.testing.assert_array_equal(tensor, b.tensors[name], strict=True)

    return compare


@pytest.fixture
def bundle_class():
    return Bundle


@pytest.fixture
def config():
    return {
        "d_model": 4,
        "n_layers": 2,
        "n_heads": 2,
        "d_ff": 3,
        "dropout": 0.1,
        "window_size": 200,
        "pe_base": 10000.0,
        "pe_exponent": 2.0,
        "min_period": 6.283185307179586,
        "residual": False,
        "mask_token": False,
        "scaled_inputs": False,
        "norm_eps": 1e-6,
    }


@pytest.fixture
def make_checkpoint(config):
    def make(value=None, info=None, **changes):
        """All weights equal to `value`, or random."""
        rng = np.random.default_rng(0)
        new, window_size = read_description({**config, **changes})
        with torch.device("meta"):
            expected = Astromer(new).state_dict()
        tensors = {
            name: (rng.standard_normal(t.shape) if value is None else np.full(t.shape, value))
            for name, t in expected.items()
        }
        tensors = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
        return Checkpoint(new, tensors, info or {}, window_size)

    return make


@pytest.fixture
def official_parts():
    """conf.json and the TensorFlow variables of a tiny official checkpoint (d_model 4, d_ff 3)."""
    conf = {
        **{"max_obs": 200, "layers": 2, "heads": 2, "head_dim": 4, "dff": 3, "dropout": 0.1},
        **{"base": 1000, "use_leak": False, "lr": 0.001, "exp_date": "2021-09-29 02:34:42"},
    }
    shapes = {"0/inp_transform": (1, 4), "1/bn_0": None, "1/reg_layer": (4, 1)}
    for i in range(2):
        block = f"0/enc_layers/{i}"
        shapes |= {f"{block}/mha/{name}": (4, 4) for name in ("wq", "wk", "wv", "dense")}
        shapes |= {f"{block}/layernorm{n}": None for n in (1, 2)}
        shapes[f"{block}/ffn/layer_with_weights-0"] = (4, 3)
        shapes[f"{block}/ffn/layer_with_weights-1"] = (3, 4)
    rng = np.random.default_rng(1)
    variables = {}
    for layer, shape in shapes.items():
        weight, bias = ("gamma", "beta") if shape is None else ("kernel", "bias")
        shape = shape or (4,)
        for kind, size in ((weight, shape), (bias, shape[-1:])):
            name = f"layer_with_weights-{layer}/{kind}/.ATTRIBUTES/VARIABLE_VALUE"
            variables[name] = rng.standard_normal(size).astype(np.float32)
    return conf, variables


@pytest.fixture
def write_official(official_parts):
    """Write an unpacked official checkpoint, with changes to conf.json and the variables."""

    def write(folder, conf=None, variables=None):
        folder.mkdir(exist_ok=True)
        official_conf, official_variables = official_parts
        conf = official_conf if conf is None else conf
        (folder / "conf.json").write_text(conf if isinstance(conf, str) else json.dumps(conf))
        Bundle(official_variables if variables is None else variables).write(folder / "weights")
        return folder

    return write


@pytest.fixture
def python_with():
    """Command line that runs code."""

    def command(*code, argument=""):
        return [
            sys.executable,
            "-c",
            "".join(map(textwrap.dedent, ("import sys\n", *code))),
            argument,
        ]

    return command
