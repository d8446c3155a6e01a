"""Networks from checkpoints: names and shapes of the tensors are those of the network."""

import dataclasses

import numpy as np
import pytest

from sklearn_astromer import AstromerEmbedder, EncoderConfig
from sklearn_astromer.config import ARCHITECTURES
from sklearn_astromer.inference.networks import make_checkpoint, make_network, network_of
from sklearn_astromer.weights.checkpoint import Checkpoint, write_folder

SMALL = {"d_model": 4, "n_layers": 1, "n_heads": 2, "d_ff": 3}


def checkpoint(**options):
    network, info = make_network(None, EncoderConfig(**SMALL, **options))
    return make_checkpoint(network, 200, info)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_there_and_back(name):
    options = dataclasses.asdict(ARCHITECTURES[name]) | SMALL
    made, _ = make_network(None, EncoderConfig(**options))
    again = network_of(make_checkpoint(made, 200, {}), dropout=0.3)
    assert again.encoder.config == dataclasses.replace(made.encoder.config, dropout=0.3)
    for key, tensor in made.state_dict().items():
        np.testing.assert_array_equal(again.state_dict()[key], tensor)


def test_wrong_tensors(tmp_path):
    good = checkpoint()
    wrong = dict(good.tensors)
    del wrong["decoder.out.bias"]
    wrong["decoder.norm.bias"] = np.zeros(5, np.float32)
    wrong["encoder.mask_token"] = np.zeros(4, np.float32)
    bad = Checkpoint(good.config, wrong)
    with pytest.raises(ValueError) as caught:
        network_of(bad)
    for problem in [
        "decoder.out.bias is missing",
        "decoder.norm.bias is (5,), expected (4,)",
        "encoder.mask_token is unknown",
    ]:
        assert problem in str(caught.value)
    with pytest.raises(ValueError, match=r"wrong tensors: encoder\.magnitude\.weight is missing"):
        network_of(Checkpoint(good.config, {}))
    write_folder(tmp_path / "bad", bad)
    with pytest.raises(ValueError, match=r"pretrained=.*bad.*decoder\.out\.bias is missing"):
        AstromerEmbedder(tmp_path / "bad").fit(np.zeros((2, 5)))


def test_sizes_that_would_fill_the_memory_take_none():
    good = checkpoint()
    huge = dataclasses.replace(good.config, d_model=2**16, n_heads=4, d_ff=2**16)
    with pytest.raises(ValueError, match="expected"):
        network_of(Checkpoint(huge, good.tensors))
