"""Official ASTROMER checkpoints: what of them becomes what here."""

import zipfile

import numpy as np
import pytest

from sklearn_astromer.inference.networks import network_of
from sklearn_astromer.weights.checkpoint import write_folder
from sklearn_astromer.weights.official import read_official
from sklearn_astromer.weights.store import read_checkpoint


def test_synthetic_official(write_official, official_parts, tmp_path):
    conf, variables = official_parts
    found = read_checkpoint(write_official(tmp_path / "folder"))
    assert found.description == {
        **{"d_model": 4, "n_layers": 2, "n_heads": 2, "d_ff": 3, "dropout": 0.1},
        **{"window_size": 200, "pe_base": 10000.0, "pe_exponent": 2.0, "norm_eps": 1e-6},
        **{"min_period": 2 * np.pi, "residual": False, "mask_token": False, "scaled_inputs": False},
        **{"norm_first": False, "pe_pairs": False},
        **{"dense_residual": False, "activation": "tanh"},
        **{"own_periods": 0, "own_harmonics": 8, "max_frequency": 24.0},
    }
    assert found.info == {"conf": conf}

    def theirs(name):
        return variables[f"layer_with_weights-{name}/.ATTRIBUTES/VARIABLE_VALUE"]

    encoder = "encoder.layers.1"
    block = "0/enc_layers/1"
    heads = ("wq", "wk", "wv")
    expected = {
        "encoder.magnitude.weight": theirs("0/inp_transform/kernel").T,
        f"{encoder}.attention.qkv.weight": np.vstack(
            [theirs(f"{block}/mha/{name}/kernel").T for name in heads]
        ),
        f"{encoder}.attention.qkv.bias": np.hstack(
            [theirs(f"{block}/mha/{name}/bias") for name in heads]
        ),
        f"{encoder}.attention.out.weight": theirs(f"{block}/mha/dense/kernel").T,
        f"{encoder}.norm1.weight": theirs(f"{block}/layernorm1/gamma"),
        f"{encoder}.norm2.bias": theirs(f"{block}/layernorm2/beta"),
        f"{encoder}.ffn_in.weight": theirs(f"{block}/ffn/layer_with_weights-0/kernel").T,
        f"{encoder}.ffn_out.weight": theirs(f"{block}/ffn/layer_with_weights-1/kernel").T,
        f"{encoder}.ffn_out.bias": theirs(f"{block}/ffn/layer_with_weights-1/bias"),
        "decoder.norm.weight": theirs("1/bn_0/gamma"),
        "decoder.out.weight": theirs("1/reg_layer/kernel").T,
    }
    for name, tensor in expected.items():
        np.testing.assert_array_equal(found.tensors[name], tensor, strict=True)
    assert all(t.flags.writeable and t.flags.c_contiguous for t in found.tensors.values())


@pytest.mark.parametrize("text", ['{"model_type": "astromer"}', '{"format": 1}'])
def test_a_config_of_another_program_is_not_ours(write_official, tmp_path, text):
    folder = write_official(tmp_path / "folder")
    expected = read_checkpoint(folder)
    (folder / "config.json").write_text(text)
    assert read_checkpoint(folder).description == expected.description


def test_official_macho(official_zip, tmp_path, assert_same):
    found = read_checkpoint(official_zip)
    assert found.description == {
        **{"d_model": 256, "n_layers": 2, "n_heads": 4, "d_ff": 128, "dropout": 0.1},
        **{"window_size": 200, "pe_base": 10000.0, "pe_exponent": 2.0, "norm_eps": 1e-6},
        **{
            "min_period": 6.283185307179586,
            "residual": False,
            "mask_token": False,
            "scaled_inputs": False,
            "norm_first": False,
            "pe_pairs": False,
            "dense_residual": False,
            "activation": "tanh",
        },
        **{"own_periods": 0, "own_harmonics": 8, "max_frequency": 24.0},
    }
    assert sum(tensor.size for tensor in found.tensors.values()) == 661_505
    with zipfile.ZipFile(official_zip) as archive:
        archive.extractall(tmp_path)
    assert_same(read_checkpoint(tmp_path / "macho"), found)
    write_folder(tmp_path / "ours", found)
    assert_same(read_checkpoint(tmp_path / "ours"), found)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"use_leak": True}, "use_leak"),
        ({"use_leak": 0}, "use_leak"),
        ({"base": 500}, "base is 500"),
        ({"head_mlp": 3}, "unknown 'head_mlp'"),
        ({"layers": "2"}, "n_layers"),
        ({"layers": 10**12}, "n_layers"),
        ({"layers": 3}, "missing 'layer_with_weights-0/enc_layers/2"),
        ({"layers": 1}, "unknown 'layer_with_weights-0/enc_layers/1"),
        ({"heads": 3}, "a multiple of n_heads=3"),
        ({"head_dim": 2}, "expected"),
        ({"dropout": float("nan")}, "NaN"),
    ],
)
def test_conf_surprises(write_official, official_parts, tmp_path, changes, message):
    folder = write_official(tmp_path / "folder", conf={**official_parts[0], **changes})
    with pytest.raises(ValueError, match=rf"(conf\.json|weights\.index): .*{message}"):
        read_official(folder)


def test_conf_without_a_key(write_official, official_parts, tmp_path):
    conf = dict(official_parts[0])
    del conf["max_obs"]
    with pytest.raises(ValueError, match=r"conf\.json: .*missing 'max_obs'"):
        read_official(write_official(tmp_path / "folder", conf=conf))


def test_variables(write_official, official_parts, tmp_path, assert_same):
    variables = official_parts[1]
    plain = read_official(write_official(tmp_path / "folder"))
    name = "layer_with_weights-1/reg_layer/kernel/.ATTRIBUTES/VARIABLE_VALUE"
    optimizer = {
        "optimizer/iter/.ATTRIBUTES/VARIABLE_VALUE": np.array(5, np.int64),
        "save_counter/.ATTRIBUTES/VARIABLE_VALUE": np.array(1, np.int64),
        name.replace("/.A", "/.OPTIMIZER_SLOT/optimizer/m/.A"): variables[name],
    }
    assert_same(
        read_official(write_official(tmp_path / "folder", variables={**variables, **optimizer})),
        plain,
    )
    for changes, message in [
        ({"layer_with_weights-2/x/.ATTRIBUTES/VARIABLE_VALUE": variables[name]}, "unknown"),
        ({name: variables[name].astype(np.float64)}, "decoder.out.weight is float64"),
        ({name: variables[name] * np.nan}, "decoder.out.weight has NaN"),
        ({name: np.float64(1.0)}, "zero-dimensional"),
    ]:
        folder = write_official(tmp_path / "folder", variables={**variables, **changes})
        with pytest.raises(ValueError, match=rf"weights\.index: .*{message}"):
            read_official(folder)
    folder = write_official(tmp_path / "folder", variables={**variables, name: variables[name][:3]})
    with pytest.raises(ValueError, match=r"decoder.out.weight is \(1, 3\), expected \(1, 4\)"):
        network_of(read_official(folder))


def test_an_official_folder_without_its_data(write_official, tmp_path):
    folder = write_official(tmp_path / "folder")
    (folder / "weights.data-00000-of-00001").unlink()
    with pytest.raises(FileNotFoundError, match=r"weights\.data-00000-of-00001"):
        read_checkpoint(folder)
