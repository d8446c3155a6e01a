"""Every way to compute attention gives the same, and the same gradients."""

import copy

import pytest
import torch

from sklearn_astromer.modules import attention as attention_module
from sklearn_astromer.modules import processor
from sklearn_astromer.modules.attention import LONG, LONGEST, SelfAttention


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("length", [20, LONGEST + 4])
def test_training_in_bfloat16_is_training_in_float32(length, masked):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        attention = SelfAttention(32, 4)
        x = torch.randn(3, length, 32)
    last = torch.tensor([[length], [7], [1]])
    keys = torch.arange(length).expand(3, -1) < last if masked else None
    gradients, outputs = [], []
    for dtype in (torch.float32, torch.bfloat16):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            out = attention(x, keys)
        attention.zero_grad()
        (out.float() ** 2).sum().backward()
        outputs.append(out.float())
        gradients.append(torch.cat([p.grad.flatten() for p in attention.parameters()]))
    torch.testing.assert_close(outputs[1], outputs[0], atol=0.02, rtol=0.02)
    difference = (gradients[1] - gradients[0]).norm() / gradients[0].norm()
    assert difference < 0.02


def test_weights_are_those_of_the_output():
    attention = SelfAttention(16, 2)
    x, keys = torch.randn(2, 9, 16), torch.arange(9).expand(2, -1) < 6
    weights = attention.weights(x, keys)
    assert weights[..., 6:].abs().max() == 0
    value = attention.qkv(x)[..., 32:].unflatten(-1, (2, 8)).transpose(1, 2)
    expected = attention.out((weights @ value).transpose(1, 2).flatten(2))
    torch.testing.assert_close(attention(x, keys), expected)


@pytest.mark.skipif(
    not processor.ONEDNN, reason="compares with oneDNN, which torch has on x86 alone"
)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("d_model", "n_heads", "n", "length"), [(256, 4, 8, 200), (12, 3, 2, 31), (16, 2, 1, 1)]
)
@pytest.mark.parametrize("windows", [1, 3, 100])
def test_training_by_onednn_is_training_by_torch(
    d_model, n_heads, n, length, masked, windows, monkeypatch
):
    monkeypatch.setattr(attention_module, "TRAINED", windows * n_heads * length**2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        attention = SelfAttention(d_model, n_heads)
        x = torch.randn(n, length, d_model)
        last = torch.randint(1, length + 1, (n, 1))
    keys = torch.arange(length).expand(n, -1) < last if masked else None
    found = []
    for onednn, quick_mkl in ((True, False), (False, False), (True, True)):
        monkeypatch.setattr(processor, "QUICK_MKL", quick_mkl)
        monkeypatch.setattr(processor, "ONEDNN", onednn)
        attention.zero_grad()
        given = x.clone().requires_grad_()
        out = attention(given, keys)
        (out**3).sum().backward()
        found.append([out, given.grad, *(p.grad.clone() for p in attention.parameters())])
    for ours, plain, fused in zip(*found, strict=True):
        assert (ours - plain).norm() <= 1e-6 * plain.norm()
        assert (fused - plain).norm() <= 1e-6 * plain.norm()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("length", [31, LONG, LONGEST + 4])
@pytest.mark.parametrize("quick_mkl", [False, True])
def test_every_way_gives_what_the_formula_gives(quick_mkl, length, masked, monkeypatch):
    monkeypatch.setattr(processor, "QUICK_MKL", quick_mkl)
    attention = SelfAttention(16, 2)
    x = torch.randn(2, length, 16)
    keys = torch.arange(length).expand(2, -1) < length - 3 if masked else None
    expected = copy.deepcopy(attention).double()(x.double(), keys)
    assert expected.dtype == torch.float64
    with torch.inference_mode():
        torch.testing.assert_close(attention(x, keys).double(), expected, atol=1e-5, rtol=0)
        value = attention.qkv(x)[..., 32:].unflatten(-1, (2, 8)).transpose(1, 2)
        formula = (attention.weights(x, keys) @ value).transpose(1, 2).flatten(2)
        torch.testing.assert_close(attention.out(formula).double(), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("part", [1, 2000, 2**20])
@pytest.mark.parametrize("careful", [False, True])
def test_embedding_in_bfloat16_is_that_in_float32(careful, part, masked, monkeypatch):
    monkeypatch.setattr(attention_module, "PART", part)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        attention, x = SelfAttention(32, 4, careful), torch.randn(5, 28, 32)
        torch.nn.init.normal_(attention.qkv.bias)
    last = torch.tensor([[28], [1], [9], [27], [20]])
    keys = torch.arange(28).expand(5, -1) < last if masked else None
    with torch.inference_mode():
        expected = attention(x, keys), attention.weights(x, keys)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = attention(x, keys), attention.weights(x, keys)
            other = x if keys is None else x.masked_fill(~keys.unsqueeze(-1), 7.0)
            padded = attention(other, keys)
    for ours, exact in zip(found, expected, strict=True):
        torch.testing.assert_close(ours.float(), exact, atol=0.03, rtol=0.03)
    if masked:
        assert found[1].masked_select(~keys[:, None, None, :]).abs().max() == 0
        assert (padded[keys] == found[0][keys]).all()


def test_what_observations_share_is_not_rounded_by_a_careful_layer():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        attention, x = SelfAttention(64, 4), torch.randn(6, 100, 64)
        torch.nn.init.normal_(attention.qkv.bias[:128], std=30)  # of queries and keys
    errors = []
    with torch.inference_mode():
        expected = attention(x)
        for attention.careful in (False, True):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                errors.append((attention(x).float() - expected).mean(1).norm())
    assert errors[1] < 0.012 * errors[0]
