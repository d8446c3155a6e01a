"""What every checkpoint must hold, whatever file it comes from."""

import numpy as np
import pytest

from sklearn_astromer.weights.checkpoint import (
    Checkpoint,
    expected_shapes,
    read_folder,
    write_folder,
)


def test_a_norm_that_comes_first_has_one_more_tensor(config):
    shapes = expected_shapes({**config, "residual": True, "norm_first": True})
    assert shapes["encoder.norm.weight"] == (4,)
    assert len(shapes) == len(expected_shapes(config)) + 2


def test_expected_shapes(config):
    assert expected_shapes({**config, "n_layers": 1, "mask_token": True}) == {
        "encoder.magnitude.weight": (4, 1),
        "encoder.magnitude.bias": (4,),
        "encoder.mask_token": (4,),
        "encoder.layers.0.attention.qkv.weight": (12, 4),
        "encoder.layers.0.attention.qkv.bias": (12,),
        "encoder.layers.0.attention.out.weight": (4, 4),
        "encoder.layers.0.attention.out.bias": (4,),
        "encoder.layers.0.norm1.weight": (4,),
        "encoder.layers.0.norm1.bias": (4,),
        "encoder.layers.0.ffn_in.weight": (3, 4),
        "encoder.layers.0.ffn_in.bias": (3,),
        "encoder.layers.0.ffn_out.weight": (4, 3),
        "encoder.layers.0.ffn_out.bias": (4,),
        "encoder.layers.0.norm2.weight": (4,),
        "encoder.layers.0.norm2.bias": (4,),
        "decoder.norm.weight": (4,),
        "decoder.norm.bias": (4,),
        "decoder.out.weight": (1, 4),
        "decoder.out.bias": (1,),
    }


BAD_VALUES = [
    ("d_model", 0),
    ("d_model", 4.0),
    ("d_model", "4"),
    ("n_layers", 10**9),
    ("n_heads", 3),
    ("window_size", None),
    ("window_size", True),
    ("dropout", 1.0),
    ("dropout", -0.1),
    ("dropout", False),
    ("pe_base", 0),
    ("pe_exponent", "2"),
    ("min_period", [1.0]),
    ("norm_eps", -1e-6),
    ("residual", 0),
    ("mask_token", "false"),
    ("activation", "relu"),
]


@pytest.mark.parametrize(("key", "value"), BAD_VALUES)
def test_bad_config_values(make_checkpoint, key, value):
    good = make_checkpoint()
    with pytest.raises(ValueError, match=key):
        Checkpoint({**good.config, key: value}, good.tensors)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_not_finite_config_values(make_checkpoint, value):
    good = make_checkpoint()
    with pytest.raises(ValueError, match=r"'pe_base' is (nan|inf), expected a positive number"):
        Checkpoint({**good.config, "pe_base": value}, good.tensors)


def test_numpy_config_values_become_plain(make_checkpoint, tmp_path, assert_same):
    made = make_checkpoint(
        d_model=np.int64(8), dropout=np.float64(0.0), pe_base=100, residual=np.True_
    )
    assert [type(made.config[key]) for key in ("d_model", "dropout", "pe_base", "residual")] == [
        *(int, float, float, bool)
    ]
    write_folder(tmp_path / "mine", made)
    assert_same(read_folder(tmp_path / "mine"), made)


def test_bad_tensors(make_checkpoint):
    good = make_checkpoint()
    wrong = dict(good.tensors)
    del wrong["decoder.out.bias"]
    wrong["decoder.norm.bias"] = np.zeros(5, np.float32)
    wrong["decoder.norm.weight"] = np.zeros(4)
    wrong["encoder.magnitude.bias"] = np.array([0, 1, np.nan, 2], np.float32)
    wrong["encoder.mask_token"] = np.zeros(4, np.float32)
    with pytest.raises(ValueError) as caught:
        Checkpoint(good.config, wrong)
    for problem in [
        "decoder.out.bias is missing",
        "decoder.norm.bias is (5,), expected (4,)",
        "decoder.norm.weight is float64, expected float32",
        "encoder.magnitude.bias has NaN or infinite values",
        "encoder.mask_token is unknown",
    ]:
        assert problem in str(caught.value)
    with pytest.raises(ValueError, match="; and 10 more"):
        Checkpoint(good.config, {})
