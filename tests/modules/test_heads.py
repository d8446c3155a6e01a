"""Heads read observations, never padding."""

import pytest
import torch

from sklearn_astromer.config import EncoderConfig
from sklearn_astromer.modules.encoder import Encoder
from sklearn_astromer.modules.heads import HEADS, CustomHead, Predictor, make_head


@pytest.fixture(autouse=True)
def _own_random_state():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


class Last(torch.nn.Module):
    def forward(self, vectors, mask):
        return vectors[torch.arange(len(vectors)), mask.sum(1) - 1][:, :3]


def head(name):
    if name == "custom":
        return CustomHead(Last())
    return make_head(name, d_in=8, n_layers=3, n_outputs=3, units=4, dropout=0.5).eval()


@pytest.mark.parametrize("name", [*HEADS, "custom"])
@pytest.mark.parametrize("filler", [0.0, 1e4, -3.0])
def test_padding_changes_nothing(name, filler):
    encoder = Encoder(EncoderConfig(d_model=8, n_heads=2, d_ff=4)).eval()
    predictor = Predictor(head(name), encoder).eval()
    time, mag = torch.randn(2, 2, 7)
    share = torch.tensor([[0.4], [0.6]])
    alone = predictor(share, time=time, mag=mag)
    for padding in (1, 30):
        fill = torch.full((2, padding), filler)
        mask = torch.arange(7 + padding).expand(2, -1) < 7
        padded = predictor(
            share, mask, time=torch.cat([time, fill], 1), mag=torch.cat([mag, fill], 1)
        )
        torch.testing.assert_close(padded, alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", HEADS)
def test_gradients_reach_every_parameter_of_the_head(name):
    encoder = Encoder(EncoderConfig(d_model=8, n_heads=2, d_ff=4))
    predictor = Predictor(head(name), encoder)
    out = predictor(torch.eye(2), time=torch.randn(2, 7), mag=torch.randn(2, 7))
    (out**2).sum().backward()
    for parameter in predictor.head.parameters():
        assert parameter.grad is not None


def test_an_encoder_is_trained_with_a_head_without_its_dropout():
    encoder = Encoder(EncoderConfig(d_model=8, n_heads=2, d_ff=4, dropout=0.5))
    predictor = Predictor(head("mlp"), encoder).train()
    predictor.head.eval()
    seen = {"time": torch.randn(2, 7), "mag": torch.randn(2, 7)}
    assert torch.equal(predictor(torch.eye(2), **seen), predictor(torch.eye(2), **seen))
    assert predictor.train().head.training


def test_a_head_on_frozen_features_is_the_head_on_the_encoder():
    encoder = Encoder(EncoderConfig(d_model=8, n_heads=2, d_ff=4)).eval()
    time, mag, share = torch.randn(3, 7), torch.randn(3, 7), torch.full((3, 1), 1 / 3)
    for name in HEADS:
        both = Predictor(head(name), encoder).eval()
        reduced = both.head.reduce(encoder.all_layers(time, mag), None)
        torch.testing.assert_close(
            Predictor(both.head)(share, reduced=reduced), both(share, time=time, mag=mag)
        )
