"""Linear layers by oneDNN against those of torch: their values, in any company, and stepping aside.

oneDNN is asked for here on every processor that has it, also where MKL is as fast.
"""

import contextlib
import platform

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_astromer import AstromerEmbedder, kernels
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.kernels import processor
from sklearn_astromer.kernels.linear import has_operator
from sklearn_astromer.modules.linear import Linear


@pytest.fixture(autouse=True)
def calls(monkeypatch):
    """Ask for oneDNN, and note what it is given."""
    if not has_operator():
        pytest.skip("this torch has no oneDNN, or has renamed its operator")
    monkeypatch.setattr(processor, "HALF_USED_BY_MKL", True)
    given, original = [], torch.ops.mkldnn._linear_pointwise

    class Noting:
        @staticmethod
        def _linear_pointwise(*args):
            given.append(args[0])
            return original(*args)

    monkeypatch.setattr(torch.ops, "mkldnn", Noting)
    return given


def layers(n_in=96, n_out=40):
    generator = torch.Generator().manual_seed(0)
    ours, theirs = Linear(n_in, n_out), nn.Linear(n_in, n_out)
    for parameter in ours.parameters():
        nn.init.normal_(parameter, generator=generator)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def inputs(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="torch is built with oneDNN on x86"
)
def test_the_operator_is_there():
    has_operator.cache_clear()
    assert has_operator()


@pytest.mark.parametrize(
    "x",
    [inputs(64, 96), inputs(16, 5, 96), inputs(1, 1, 96), inputs(96), inputs(96, 9).T],
    ids=["rows", "windows", "one", "vector", "transposed"],
)
def test_it_is_torch(x, calls):
    ours, theirs = layers()
    with torch.inference_mode():
        found, expected = ours(x), theirs(x)
    assert len(calls) == 1
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected, atol=1e-5 * float(expected.abs().max()), rtol=0)


@pytest.mark.parametrize("n_rows", [1, 4, 7, 36, 300])
def test_a_row_does_not_depend_on_its_neighbours(n_rows, calls):
    ours, _ = layers(256, 768)
    x = inputs(600, 256)
    with torch.inference_mode():
        alone, among = ours(x[:n_rows]), ours(x)[:n_rows]
    assert len(calls) == 2
    torch.testing.assert_close(alone, among, atol=1e-5 * float(among.abs().max()), rtol=0)


@pytest.mark.parametrize(
    "why", ["gradient", "float64", "bfloat16", "autocast", "no rows", "switched off", "processor"]
)
def test_it_is_torch_where_it_claims_nothing(why, calls, monkeypatch):
    ours, theirs = layers()
    x = inputs(8, 96)[: 0 if why == "no rows" else 8]
    if why in ("float64", "bfloat16"):
        dtype = getattr(torch, why)
        ours, theirs, x = ours.to(dtype), theirs.to(dtype), x.to(dtype)
    if why == "processor":
        monkeypatch.setattr(processor, "HALF_USED_BY_MKL", False)
    with (
        kernels.disabled() if why == "switched off" else contextlib.nullcontext(),
        torch.set_grad_enabled(why == "gradient"),
        torch.autocast("cpu", dtype=torch.bfloat16, enabled=why == "autocast"),
    ):
        found, expected = ours(x), theirs(x)
    assert torch.equal(found, expected)
    assert found.dtype == expected.dtype
    assert not calls


def test_gradients_are_those_of_torch(calls):
    pair, x = layers(), inputs(8, 96)
    for layer in pair:
        layer(x).square().sum().backward()
    assert torch.equal(pair[0].weight.grad, pair[1].weight.grad)
    assert not calls


class Gone:
    """What torch has where it has no such operator."""


class Changed:
    """An operator of the same name with other arguments."""

    @staticmethod
    def _linear_pointwise(x):
        return x


class Other:
    """An operator of the same name and arguments that does something else."""

    @staticmethod
    def _linear_pointwise(x, weight, bias, *ignored):
        return F.linear(x, weight)


@pytest.mark.parametrize("operators", [Gone, Changed, Other])
def test_without_the_operator_it_is_torch(operators, monkeypatch):
    monkeypatch.setattr(torch.ops, "mkldnn", operators)
    has_operator.cache_clear()
    try:
        ours, theirs = layers()
        with torch.inference_mode():
            assert torch.equal(ours(inputs(8, 96)), theirs(inputs(8, 96)))
    finally:
        has_operator.cache_clear()


def test_on_the_device_meta(calls):
    layer = Linear(96, 40, device="meta")
    with torch.inference_mode():
        assert layer(torch.empty(8, 96, device="meta")).shape == (8, 40)
    assert not calls


def test_exported_and_compiled_it_is_torchs_own_layer(calls):
    ours, theirs = layers()
    x = inputs(8, 96)
    with torch.no_grad():
        program = torch.export.export(ours, (x,))
        assert "mkldnn" not in str(program.graph)
        compiled = torch.compile(ours, backend="eager", fullgraph=True)
        assert torch.equal(compiled(x), theirs(x))
        assert torch.equal(torch.jit.trace(ours, x, check_trace=False)(x), theirs(x))
    assert not calls


@pytest.mark.parametrize("name", ["surveys-small", "surveys-periods"])
def test_embeddings_are_the_same_and_each_is_its_own(name, calls):
    curves, _ = make_variable_stars(30, random_state=0)
    embedder = AstromerEmbedder(name, max_epochs=0, row=("mean", "std")).fit(curves)
    rows = embedder.transform(curves)
    assert calls
    close = {"rtol": 0, "atol": 1e-5 * float(abs(rows).max())}
    for some in (slice(0, 1), slice(7, 10)):
        np.testing.assert_allclose(embedder.transform(curves[some]), rows[some], **close)
    with kernels.disabled():
        np.testing.assert_allclose(embedder.transform(curves), rows, **close)
