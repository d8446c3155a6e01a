"""Products by oneDNN against those of torch."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_astromer import kernels
from sklearn_astromer.kernels import processor

SIZE = st.integers(1, 70)


@given(st.integers(0, 70), SIZE, SIZE, st.booleans())
def test_it_is_the_product_of_torch(n, m, k, transposed):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, k, generator=generator)
    y = torch.randn(k, m, generator=generator).T if transposed else torch.randn(m, k)
    with torch.inference_mode():
        torch.testing.assert_close(kernels.product(x, y), x @ y.T, atol=1e-5, rtol=1e-5)


@pytest.mark.skipif(not processor.ONEDNN, reason="torch has oneDNN on x86 alone")
def test_where_the_kernel_is_taken(monkeypatch):
    """Not with a gradient, in another dtype, or where it is switched off."""
    taken = []
    original = torch.ops.mkldnn._linear_pointwise

    class Counting:
        @staticmethod
        def _linear_pointwise(*args):
            taken.append(args)
            return original(*args)

    monkeypatch.setattr(torch.ops, "mkldnn", Counting)
    x = torch.randn(4, 3)
    with torch.inference_mode():
        kernels.product(x, x)
        assert len(taken) == 1
        assert kernels.product(x.double(), x.double()).dtype == torch.float64
        with kernels.disabled():
            assert torch.equal(kernels.product(x, x), x @ x.T)
    leaf = x.clone().requires_grad_()
    kernels.product(leaf, x).sum().backward()
    torch.testing.assert_close(leaf.grad, x.sum(0).expand(4, 3))
    assert len(taken) == 1
