"""Attention against its formula, in float32 and bfloat16, masked and not."""

import copy

import pytest
import torch

from sklearn_astromer.modules.attention import SelfAttention


def made(d_model, n_heads, n, length):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        attention, x = SelfAttention(d_model, n_heads), torch.randn(n, length, d_model)
        torch.nn.init.normal_(attention.qkv.bias)
    return attention, x


def formula(attention, x, keys):
    """softmax(Q Kᵀ / √d) V, as in eq. 1 of the paper."""
    d_model = x.shape[-1]
    value = attention.qkv(x)[..., 2 * d_model :].unflatten(-1, (attention.n_heads, -1))
    weights = attention.weights(x, keys)
    return attention.out((weights @ value.transpose(1, 2)).transpose(1, 2).flatten(2))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("d_model", "n_heads", "n", "length"), [(256, 4, 3, 200), (12, 3, 2, 31), (16, 2, 1, 1)]
)
def test_output_and_gradients_are_those_of_the_formula(d_model, n_heads, n, length, masked):
    attention, x = made(d_model, n_heads, n, length)
    keys = torch.arange(length).expand(n, -1) < (length + 1) // 2 if masked else None
    exact = copy.deepcopy(attention).double()
    given, wide = x.clone().requires_grad_(), x.double().requires_grad_()
    out, expected = attention(given, keys), formula(exact, wide, keys)
    torch.testing.assert_close(out.double(), expected, atol=1e-4, rtol=1e-5)
    (out**2).mean().backward()
    (expected**2).mean().backward()
    torch.testing.assert_close(given.grad.double(), wide.grad, atol=1e-5, rtol=1e-4)
    for ours, theirs in zip(attention.parameters(), exact.parameters(), strict=True):
        torch.testing.assert_close(ours.grad.double(), theirs.grad, atol=1e-4, rtol=1e-3)


def test_excluded_keys_have_no_weight_and_no_effect():
    attention, x = made(16, 2, 2, 9)
    keys = torch.arange(9).expand(2, -1) < 6
    assert attention.weights(x, keys)[..., 6:].abs().max() == 0
    other = x.masked_fill(~keys.unsqueeze(-1), 7.0)
    assert torch.equal(attention(x, keys)[keys], attention(other, keys)[keys])


@pytest.mark.parametrize("masked", [False, True])
def test_bfloat16_is_near_float32(masked):
    attention, x = made(32, 4, 5, 28)
    keys = torch.arange(28).expand(5, -1) < torch.tensor([[28], [1], [9], [27], [20]])
    keys = keys if masked else None
    with torch.inference_mode():
        expected = attention(x, keys)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = attention(x, keys).float()
    assert torch.cosine_similarity(found.flatten(), expected.flatten(), 0) > 0.9999
