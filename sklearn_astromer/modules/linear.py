"""A linear layer whose float32 products are quick on every processor."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from sklearn_astromer.modules import processor

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda x: x,
    "tanh": torch.tanh,
    "gelu": F.gelu,
}


def followed() -> bool:
    """Whether a compiler or an exporter looks on, which cannot follow into oneDNN."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]


def takes(x: Tensor, dtype: torch.dtype = torch.float32) -> bool:
    """Whether oneDNN can be called on a tensor directly, which must be of `dtype`."""
    can = processor.BFLOAT16 if dtype == torch.bfloat16 else processor.ONEDNN
    return can and x.is_cpu and x.dtype == dtype and x.numel() > 0 and not followed()


Packed = dict[tuple["Linear", torch.dtype, int | None, int | None], Tensor]
_PACKED: ContextVar[Packed | None] = ContextVar("_PACKED", default=None)


@contextmanager
def packing(packed: Packed | None) -> Iterator[None]:
    """Within it, products without gradients take weights in the order that oneDNN wants.

    Putting them so takes as long as a product of a few hundred rows, and pays where many batches
    follow; it is done for each layer once.

    Parameters
    ----------
    packed : dict or None
        Where they are kept, from one batch to the next; the parameters must not change meanwhile.
        None: they are put in order for each product anew.
    """
    token = _PACKED.set(packed)
    try:
        yield
    finally:
        _PACKED.reset(token)


class Linear(nn.Linear):
    """`torch.nn.Linear` and an activation, by oneDNN where that is quicker: on an x86 processor."""

    def forward(self, x: Tensor, activation: str = "none", biased: bool = True) -> Tensor:
        """Map (…, in_features) to (…, out_features), with or without the bias.

        `activation` is one of `ACTIVATIONS`.
        """
        bias = self.bias if biased else None
        dtype = self._infers_in(x)
        if dtype is not None:
            return _product(x.to(dtype), self._weight_as(dtype, x), bias, activation)
        if takes(self.weight) and takes(x) and not torch.is_autocast_enabled("cpu"):
            if activation != "gelu":  # whose gradient needs its input
                return _OneDNNLinear.apply(x, self.weight, bias, activation)  # type: ignore[no-untyped-call]
            out = _OneDNNLinear.apply(x, self.weight, bias, "none")  # type: ignore[no-untyped-call]
            return ACTIVATIONS[activation](out)
        return ACTIVATIONS[activation](F.linear(x, self.weight, bias))

    def parts(self, x: Tensor, count: int, biased: bool = True) -> Sequence[Tensor]:
        """Return what `forward` gives, as `count` tensors of shape (…, out_features / count).

        A product makes each, so that it is still near the processor when it is copied next.
        """
        dtype = self._infers_in(x)
        if dtype is None:
            return self(x, biased=biased).chunk(count, -1)
        x, size = x.to(dtype), self.out_features // count
        bias = self.bias if biased else None
        biases = [None] * count if bias is None else torch.split(bias, size)
        rows = [slice(i * size, (i + 1) * size) for i in range(count)]
        return [
            _product(x, self._weight_as(dtype, x, of_part), of_bias)
            for of_part, of_bias in zip(rows, biases, strict=True)
        ]

    def _infers_in(self, x: Tensor) -> torch.dtype | None:
        """Return in which dtype oneDNN is to compute without gradients; None: it is not to."""
        if torch.is_grad_enabled() or not (takes(self.weight) and x.is_cpu and x.numel() > 0):
            return None
        autocast = torch.is_autocast_enabled("cpu")
        dtype = torch.get_autocast_dtype("cpu") if autocast else x.dtype
        # the bias is float32, as which oneDNN adds it
        can = dtype == torch.float32 or (dtype == torch.bfloat16 and processor.BFLOAT16)
        return dtype if can else None

    def _weight_as(self, dtype: torch.dtype, x: Tensor, rows: slice = slice(None)) -> Tensor:
        packed, key = _PACKED.get(), (self, dtype, rows.start, rows.stop)
        if packed is not None and key in packed:
            return packed[key]
        weight = self.weight[rows].to(dtype)
        if packed is not None:
            weight = torch.ops.mkldnn._reorder_linear_weight(weight, x.numel() // x.shape[-1])
            packed[key] = weight
        return weight


class _OneDNNLinear(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, activation: str
    ) -> Tensor:
        out = _product(x, weight, bias, activation)
        ctx.save_for_backward(x, weight, *([out] if activation == "tanh" else []))
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, *activated = ctx.saved_tensors
        for out in activated:
            gradient = torch.ops.aten.tanh_backward(gradient, out)
        rows = gradient.reshape(-1, gradient.shape[-1])
        for_x = for_weight = for_bias = None
        if ctx.needs_input_grad[0]:
            for_x = _product(rows, weight.T, None).view(x.shape)
        if ctx.needs_input_grad[1]:
            for_weight = _weight_gradient(rows, x.reshape(-1, x.shape[-1]), weight)
        if ctx.needs_input_grad[2]:
            for_bias = rows.sum(0)
        return for_x, for_weight, for_bias, None


def _product(x: Tensor, weight: Tensor, bias: Tensor | None, activation: str = "none") -> Tensor:
    """Return ``activation(x @ weight.T + bias)``."""
    algorithm = "none" if activation == "gelu" else ""  # of its two, the exact one
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, activation, [], algorithm)
    return out


def _weight_gradient(gradient: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """Return ``gradient.T @ x``."""
    # As that of a convolution of 1 by 1 it needs no transposed copies; torch leaves it to oneDNN
    # from 16 images on, into which the rows are cut.
    images = math.gcd(len(x), 32)
    if images < 16 or min(weight.shape) < 16:
        return _product(gradient.T, x.T, None)
    given, seen = (t.view(images, -1, 1, t.shape[-1]).permute(0, 3, 1, 2) for t in (gradient, x))
    one, none = [1, 1], [0, 0]
    _, out, _ = torch.ops.aten.convolution_backward(
        given,
        seen,
        weight[..., None, None],
        None,
        one,
        none,
        one,
        False,
        none,
        1,
        [False, True, False],
    )
    return out[..., 0, 0]
