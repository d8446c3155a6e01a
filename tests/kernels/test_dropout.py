"""Dropout drops what it says, draws from torch's generator, and rests outside training."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_astromer.modules.dropout import Dropout


@pytest.fixture(autouse=True)
def _own_random_state():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("p", [0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_fraction_and_mean(p, dtype):
    out = Dropout(p)(torch.ones(1000, 301, dtype=dtype))
    assert out.dtype == dtype
    assert (out == 0).float().mean().item() == pytest.approx(p, abs=0.004)
    assert out.float().mean().item() == pytest.approx(1, abs=0.02)
    assert len(out.unique()) == 2


@given(st.lists(st.integers(1, 5), max_size=3), st.floats(0.001, 0.999))
def test_any_shape_and_probability(shape, p):
    out = Dropout(p)(torch.ones(shape))
    assert out.shape == torch.Size(shape)
    assert torch.isfinite(out).all()


def test_gradients_pass_where_values_do():
    x = torch.ones(100, requires_grad=True)
    out = Dropout(0.5)(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())


def test_seeds():
    drop = Dropout(0.5)
    x = torch.ones(100)
    torch.manual_seed(1)
    first, second = drop(x), drop(x)
    torch.manual_seed(1)
    assert torch.equal(drop(x), first)
    assert not torch.equal(first, second)


def test_nothing_is_dropped_or_drawn_outside_training():
    x, state = torch.randn(10), torch.get_rng_state()
    assert Dropout(0.5).eval()(x) is x
    assert Dropout(0.0)(x) is x
    assert torch.equal(torch.get_rng_state(), state)
