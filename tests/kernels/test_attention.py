"""Attention in bfloat16 against that of torch: masked, unmasked, and where it steps aside."""

import contextlib

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sklearn_astromer import kernels


def heads(dtype, n=7, length=50):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(3, n, 4, length, 16, generator=generator).to(dtype).unbind()


def masks(n=7, length=50):
    lengths = torch.tensor([1, 2, 10, 30, 49, 50, 50])[:n]
    return (torch.arange(length) < lengths[:, None])[:, None, None, :]


@pytest.mark.parametrize("masked", [False, True])
def test_it_is_torch_within_the_rounding_of_bfloat16(masked):
    given = heads(torch.bfloat16)
    allowed = masks() if masked else None
    exact = F.scaled_dot_product_attention(*(x.double() for x in given), attn_mask=allowed)
    with torch.inference_mode():
        found = kernels.attention(*given, allowed)
        assert found.dtype == torch.bfloat16
        assert not torch.equal(found, F.scaled_dot_product_attention(*given, attn_mask=allowed))
    torch.testing.assert_close(found.double(), exact, atol=0.03, rtol=0.02)
    assert torch.cosine_similarity(found.double(), exact, dim=-1).min() > 0.9995


def test_what_is_not_allowed_does_not_matter():
    query, key, value = heads(torch.bfloat16)
    hidden = ~masks().squeeze(1).squeeze(1)[:, None, :, None]
    with torch.inference_mode():
        found = kernels.attention(query, key, value, masks())
        other = kernels.attention(
            query, key.masked_fill(hidden, 9.0), value.masked_fill(hidden, 9.0), masks()
        )
    assert torch.equal(found, other)


@pytest.mark.parametrize("why", ["float32", "gradient", "disabled"])
def test_it_is_torch_where_it_claims_nothing(why):
    given = heads(torch.float32 if why == "float32" else torch.bfloat16)
    off = kernels.disabled() if why == "disabled" else contextlib.nullcontext()
    with torch.set_grad_enabled(why == "gradient"), off:
        found = kernels.attention(*given, masks())
        expected = F.scaled_dot_product_attention(*given, attn_mask=masks())
    assert torch.equal(found, expected)
