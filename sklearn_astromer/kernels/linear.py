"""Products in float32 by oneDNN, which torch brings along but does not use for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.autograd.function import once_differentiable

from sklearn_astromer.kernels import processor
from sklearn_astromer.kernels.switch import enabled

_PACKED: ContextVar[dict[int, Tensor] | None] = ContextVar("_PACKED", default=None)


@contextmanager
def packing(packed: dict[int, Tensor] | None) -> Iterator[None]:
    """Reorder each weight for oneDNN once, and not for every product without a gradient.

    Parameters
    ----------
    packed : dict or None
        Keeps the reordered weights from one batch to the next; the parameters must stay alive and
        unchanged meanwhile. None: nothing is kept.
    """
    token = _PACKED.set(packed)
    try:
        yield
    finally:
        _PACKED.reset(token)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Do what `torch.nn.functional.linear` does, in float32 on an x86 CPU by oneDNN."""
    takes = (
        processor.ONEDNN
        and enabled()
        and x.is_cpu
        and weight.is_cpu
        and x.dtype == weight.dtype == torch.float32
        and x.numel() > 0
        and not torch.is_autocast_enabled("cpu")
    )
    if not takes:
        return F.linear(x, weight, bias)
    if torch.is_grad_enabled():
        out: Tensor = _Linear.apply(x, weight, bias)  # type: ignore[no-untyped-call]
        return out
    packed = _PACKED.get()
    if packed is not None:
        if id(weight) not in packed:
            rows = x.numel() // x.shape[-1]
            packed[id(weight)] = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), rows)
        weight = packed[id(weight)]
    return _product(x, weight, bias)


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _product(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        rows = gradient.reshape(-1, gradient.shape[-1])
        for_x = for_weight = for_bias = None
        if ctx.needs_input_grad[0]:
            for_x = _product(rows, weight.T, None).view(x.shape)
        if ctx.needs_input_grad[1]:
            for_weight = _product(rows.T, x.reshape(-1, x.shape[-1]).T, None)
        if ctx.needs_input_grad[2]:
            for_bias = rows.sum(0)
        return for_x, for_weight, for_bias


def _product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return ``x @ weight.T + bias``."""
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return out
