"""Products by oneDNN against those of torch: forward, backward, packed, and in any company."""

import copy
import pickle

import pytest
import torch
from torch import nn

from sklearn_astromer import kernels
from sklearn_astromer.kernels import processor
from sklearn_astromer.modules.linear import Linear

needs_onednn = pytest.mark.skipif(
    not processor.ONEDNN, reason="compares with oneDNN, which torch has on x86 alone"
)


def pair(n_in, n_out, bias=True):
    ours = Linear(n_in, n_out, bias)
    theirs = nn.Linear(n_in, n_out, bias)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


@needs_onednn
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(64, 96), (16, 5, 96), (3, 7, 96), (1, 1, 96), (5, 96)])
def test_products_and_gradients_are_those_of_torch(shape, bias):
    ours, theirs = pair(96, 40, bias)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    given = [x.clone().requires_grad_(), x.clone().requires_grad_()]
    outs = [ours(given[0]), theirs(given[1])]
    assert "_Linear" in type(outs[0].grad_fn).__name__  # it is the kernel that was compared
    torch.testing.assert_close(*outs, atol=1e-5, rtol=1e-5)
    for out in outs:
        (out**3).sum().backward()
    torch.testing.assert_close(given[0].grad, given[1].grad, atol=1e-4, rtol=1e-5)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, atol=1e-4, rtol=1e-5)
    with torch.inference_mode():
        torch.testing.assert_close(ours(x), outs[0], atol=1e-6, rtol=1e-6)


def test_views_and_what_is_not_float32():
    ours, theirs = pair(12, 8)
    x = torch.randn(12, 9, 20)
    torch.testing.assert_close(ours(x.permute(2, 1, 0)), theirs(x.permute(2, 1, 0)))
    assert ours(torch.empty(0, 12)).shape == (0, 8)
    wide = copy.deepcopy(ours).double()
    assert wide(torch.randn(4, 12).double()).dtype == torch.float64
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(ours(x[..., :12]), theirs(x[..., :12]))
    with pytest.raises(RuntimeError):
        ours(torch.randn(4, 12).double())
    again = pickle.loads(pickle.dumps(ours))
    x = x.permute(2, 1, 0)
    assert torch.equal(again(x), ours(x))


@pytest.mark.parametrize("how", ["context", "no oneDNN"])
def test_switched_off_it_is_torch(how, monkeypatch):
    ours, theirs = pair(12, 8)
    x = torch.randn(4, 12)
    if how == "no oneDNN":
        monkeypatch.setattr(processor, "ONEDNN", False)
        assert torch.equal(ours(x), theirs(x))
    with kernels.disabled():
        assert not kernels.enabled()
        assert torch.equal(ours(x), theirs(x))
        assert "_Linear" not in type(ours(x).grad_fn).__name__
    assert kernels.enabled()


@pytest.mark.parametrize("rows", [4, 8, 36, 300])
def test_a_row_does_not_depend_on_how_many_there_are(rows):
    layer = Linear(256, 768)
    x = torch.randn(600, 256, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(layer(x)[:rows], layer(x[:rows]))


@needs_onednn
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("rows", [1, 7, 640])
def test_packed_weights_give_the_same(rows, bias):
    layers = [Linear(96, 40, bias), Linear(96, 40, bias)]
    x = torch.randn(640, 96, generator=torch.Generator().manual_seed(0))
    packed = {}
    with torch.inference_mode():
        expected = [layer(x[:rows]) for layer in layers]
        for given in (x, x[:rows]):
            with kernels.packing(packed):
                found = [layer(given)[:rows] for layer in layers]
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert len(packed) == 2


@needs_onednn
def test_weights_stay_packed_no_longer_than_asked():
    layer, x = Linear(96, 40), torch.randn(8, 96)
    with torch.inference_mode():
        with kernels.packing({}):
            before = layer(x)
        layer.weight.mul_(2.0)
        with kernels.packing({}):
            within = layer(x)
        torch.testing.assert_close(layer(x), within, atol=1e-5, rtol=0)
        assert (before - within).abs().max() > 0.1
