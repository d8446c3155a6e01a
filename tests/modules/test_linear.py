import copy
import pickle

import pytest
import torch
from torch import nn

from sklearn_astromer.modules import processor
from sklearn_astromer.modules.linear import ACTIVATIONS, Linear, packing


def pair(n_in, n_out, bias=True):
    ours = Linear(n_in, n_out, bias)
    theirs = nn.Linear(n_in, n_out, bias)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


@pytest.mark.skipif(
    not processor.ONEDNN, reason="compares with oneDNN, which torch has on x86 alone"
)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(64, 96), (16, 5, 96), (3, 7, 96), (1, 1, 96), (5, 96)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_products_and_gradients_are_those_of_torch(shape, bias, activation):
    ours, theirs = pair(96, 40, bias)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    given = [x.clone().requires_grad_(), x.clone().requires_grad_()]
    outs = [ours(given[0], activation), ACTIVATIONS[activation](theirs(given[1]))]
    torch.testing.assert_close(*outs, atol=1e-5, rtol=1e-5)
    for out in outs:
        (out**3).sum().backward()
    torch.testing.assert_close(given[0].grad, given[1].grad, atol=1e-4, rtol=1e-5)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, atol=1e-4, rtol=1e-5)
    with torch.inference_mode():
        torch.testing.assert_close(ours(x, activation), outs[0], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_bfloat16_is_that_of_torch(activation):
    ours, theirs = pair(96, 40)
    x = torch.randn((16, 5, 96), generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        expected = ACTIVATIONS[activation](theirs(x))
        trained = ours(x, activation)
        with torch.inference_mode():
            embedded = ours(x, activation)
    for out in (trained, embedded):
        assert out.dtype == torch.bfloat16
        torch.testing.assert_close(out, expected, atol=0.02, rtol=0.02)


def test_views_and_what_is_not_float32():
    ours, theirs = pair(12, 8)
    x = torch.randn(12, 9, 20)
    torch.testing.assert_close(ours(x.permute(2, 1, 0)), theirs(x.permute(2, 1, 0)))
    assert ours(torch.empty(0, 12)).shape == (0, 8)
    wide = copy.deepcopy(ours).double()
    assert wide(torch.randn(4, 12).double()).dtype == torch.float64
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert ours(torch.randn(4, 12)).dtype == torch.bfloat16
    with pytest.raises(RuntimeError):
        ours(torch.randn(4, 12).double())
    again = pickle.loads(pickle.dumps(ours))
    x = x.permute(2, 1, 0)
    assert torch.equal(again(x), ours(x))


def test_without_onednn_it_is_torch(monkeypatch):
    monkeypatch.setattr(processor, "ONEDNN", False)
    ours, theirs = pair(12, 8)
    x = torch.randn(4, 12)
    assert torch.equal(ours(x), theirs(x))


@pytest.mark.parametrize("rows", [4, 8, 36, 300])
def test_a_row_does_not_depend_on_how_many_there_are(rows):
    layer = Linear(256, 768)
    x = torch.randn(600, 256, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(layer(x)[:rows], layer(x[:rows]))


@pytest.mark.skipif(
    not processor.ONEDNN, reason="compares with oneDNN, which torch has on x86 alone"
)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("rows", [1, 7, 640])
def test_packed_weights_give_the_same(rows, bias):
    layers = [Linear(96, 40, bias), Linear(96, 40, bias)]
    x = torch.randn(640, 96, generator=torch.Generator().manual_seed(0))
    packed = {}
    with torch.inference_mode():
        for dtype in (torch.float32, torch.bfloat16):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
                expected = [layer(x[:rows]) for layer in layers]
                for given in (x, x[:rows]):
                    with packing(packed):
                        found = [layer(given)[:rows] for layer in layers]
                        parts = [torch.cat(layer.parts(given, 4), -1)[:rows] for layer in layers]
                    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
                    torch.testing.assert_close(parts, expected, atol=1e-5, rtol=0)
    assert len(packed) == (1 + 4) * (4 if processor.BFLOAT16 else 2)  # whole, and four parts


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("gradient", [True, False])
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("onednn", [True, False])
def test_parts_are_those_of_the_whole(dtype, gradient, biased, onednn, monkeypatch):
    if not onednn:
        monkeypatch.setattr(processor, "ONEDNN", False)
    layer, x = Linear(96, 36), torch.randn(2, 7, 96)
    with (
        torch.set_grad_enabled(gradient),
        torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16),
    ):
        expected = layer(x, biased=biased)
        found = layer.parts(x, 3, biased=biased)
    assert [part.shape for part in found] == [(2, 7, 12)] * 3
    rtol = 1e-5 if dtype == torch.float32 else 1e-2
    torch.testing.assert_close(torch.cat(list(found), -1), expected, atol=1e-5, rtol=rtol)


@pytest.mark.skipif(
    not processor.ONEDNN, reason="compares with oneDNN, which torch has on x86 alone"
)
def test_weights_stay_packed_no_longer_than_asked():
    layer, x = Linear(96, 40), torch.randn(8, 96)
    with torch.inference_mode():
        with packing({}):
            before = layer(x)
        layer.weight.mul_(2.0)
        with packing({}):
            within = layer(x)
        torch.testing.assert_close(layer(x), within, atol=1e-5, rtol=0)
        assert (before - within).abs().max() > 0.1
