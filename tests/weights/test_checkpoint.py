"""What every checkpoint must hold, whatever file it comes from."""

import numpy as np
import pytest

from sklearn_astromer.weights.checkpoint import (
    Checkpoint,
    read_description,
    read_folder,
    write_folder,
)

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
def test_bad_config_values(config, key, value):
    with pytest.raises(ValueError, match=key):
        read_description({**config, key: value})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400])
def test_not_finite_config_values(config, value):
    with pytest.raises(ValueError, match=r"pe_base is (nan|inf|10+), expected a positive number"):
        read_description({**config, "pe_base": value})


def test_numpy_config_values_become_plain(make_checkpoint, tmp_path, assert_same):
    made = make_checkpoint(
        d_model=np.int64(8), dropout=np.float64(0.0), pe_base=100, residual=np.True_
    )
    keys = ("d_model", "dropout", "pe_base", "residual")
    assert [type(made.description[key]) for key in keys] == [int, float, float, bool]
    write_folder(tmp_path / "mine", made)
    assert_same(read_folder(tmp_path / "mine"), made)


def test_numpy_info_becomes_plain(make_checkpoint, tmp_path):
    made = make_checkpoint()
    info = {"epochs": np.int64(3), "losses": [np.float32(0.5)], "labels": np.bool_(True)}
    write_folder(tmp_path / "mine", Checkpoint(made.config, made.tensors, info))
    assert read_folder(tmp_path / "mine").info == {"epochs": 3, "losses": [0.5], "labels": True}


def test_bad_tensors(make_checkpoint):
    good = make_checkpoint()
    wrong = dict(good.tensors)
    wrong["decoder.norm.weight"] = np.zeros(4)
    wrong["encoder.magnitude.bias"] = np.array([0, 1, np.nan, 2], np.float32)
    with pytest.raises(ValueError) as caught:
        Checkpoint(good.config, wrong)
    for problem in [
        "decoder.norm.weight is float64, expected float32",
        "encoder.magnitude.bias has NaN or infinite values",
    ]:
        assert problem in str(caught.value)


def test_a_description_that_is_none():
    with pytest.raises(TypeError, match="expected an EncoderConfig"):
        Checkpoint({"d_model": 4}, {})
