"""Multi-head self-attention that excludes padding and hidden observations as keys."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from sklearn_astromer.modules import processor
from sklearn_astromer.modules.linear import Linear, followed, takes

# From so many observations on, oneDNN's products are quicker than MKL's; beyond the second number
# the weights of a window, L² a head, are not to be held in memory where no gradient needs them.
LONG, LONGEST = 112, 1024
# Logits in bfloat16 that are float32 at a time, for softmax: so few stay near the processor.
PART = 2**19
# Weights computed at a time in training, for the same reason: a tenth of a step in float32.
TRAINED = 2**21


class SelfAttention(nn.Module):
    """Scaled dot-product self-attention (Vaswani et al. 2017).

    Parameters
    ----------
    d_model : int
    n_heads : int
        Must divide `d_model`.
    careful : bool
        Whether a CPU that infers in bfloat16 is to round only what differs between observations.
        The rounding errors of what they share are shared, too: no mean takes them away, and blocks
        without residuals make more of them. So the products are without biases, of which that of
        the queries adds a number to each key's logits and that of the keys nothing at all; and
        what the weights of the first observation give is added for all in float32.
    """

    def __init__(self, d_model: int, n_heads: int, careful: bool = False) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.careful = careful
        self.qkv = Linear(d_model, 3 * d_model)
        self.out = Linear(d_model, d_model)

    def forward(self, x: Tensor, keys: Tensor | None = None) -> Tensor:
        """Attend from every position to those where `keys` is True (None: to all).

        Parameters
        ----------
        x : Tensor of shape (n_windows, L, d_model)
        keys : bool Tensor of shape (n_windows, L), optional
            At least one True in each row.

        Returns
        -------
        Tensor of shape (n_windows, L, d_model)
        """
        if _infers_in_bfloat16(x) and x.shape[1] <= LONGEST:
            return self._in_bfloat16(x, keys)
        qkv = self.qkv(x)
        if torch.is_grad_enabled() and not _fused(qkv):
            step = max(1, TRAINED // (self.n_heads * x.shape[1] ** 2))
            parts = torch.split(qkv, step)
            seen = [None] * len(parts) if keys is None else torch.split(keys, step)
            attended = torch.cat([self._attended(*each) for each in zip(parts, seen, strict=True)])
        else:
            attended = self._attended(qkv, keys)
        out: Tensor = self.out(attended)
        return out

    def _attended(self, qkv: Tensor, keys: Tensor | None) -> Tensor:
        if not _fused(qkv):
            if takes(qkv) and torch.is_grad_enabled():
                out: Tensor = _OneDNNAttention.apply(qkv, keys, self.n_heads)  # type: ignore[no-untyped-call]
                return out
            if takes(qkv) and qkv.shape[1] >= LONG:
                return _attend(qkv, keys, self.n_heads)[0]
        query, key, value = self._heads(qkv)
        if _fused(qkv):
            bias = None if keys is None else keys[:, None, None, :]
            attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        else:
            attended = self._softmax(query, key, keys).to(qkv.dtype) @ value
        return attended.transpose(1, 2).flatten(2)

    def _in_bfloat16(self, x: Tensor, keys: Tensor | None) -> Tensor:
        """Do what `forward` does by products in bfloat16 on a CPU, without gradients."""
        n, length, _ = x.shape
        depth = self.out.in_features // self.n_heads
        query, key, value = (
            self._split(part).reshape(-1, length, depth)
            for part in self.qkv.parts(x, 3, biased=not self.careful)
        )
        weights = query.new_empty(len(query), length, length)
        weights.baddbmm_(query, key.transpose(1, 2), beta=0, alpha=depth**-0.5)
        first = None
        if self.careful:
            first = self._softmax_of_rounded(weights, x, keys)
        else:
            if keys is not None:
                bias = _bias(keys, weights.dtype).repeat_interleave(self.n_heads, 0)
                weights += bias.unsqueeze(1)
            torch.softmax(weights, -1, out=weights)  # which sums in float32
        attended = torch.bmm(weights, value).view(n, self.n_heads, length, depth)
        if first is not None:
            attended = attended.float().add_(self._values(first, x))
        joined = torch.empty(n, length, self.n_heads, depth, dtype=value.dtype)
        joined.copy_(attended.transpose(1, 2))
        out: Tensor = self.out(joined.flatten(2))
        return out

    def _bias_by_queries(self, x: Tensor) -> Tensor:
        """Return what the bias of the queries adds to the logits of each key, (n, n_heads, L)."""
        of_queries = self.qkv.bias.view(3, self.n_heads, 1, -1)[0]
        of_keys = self.qkv.weight.view(3, self.n_heads, -1, x.shape[2])[1]
        with torch.autocast("cpu", enabled=False):
            both = (of_queries @ of_keys).squeeze(1) * of_keys.shape[1] ** -0.5
            return both @ x.float().transpose(1, 2)

    def _values(self, weights: Tensor, x: Tensor) -> Tensor:
        """Return the values of x, weighted by (n, n_heads, L): (n, n_heads, 1, depth)."""
        of_values = self.qkv.weight.chunk(3)[2].T.expand(len(x), -1, -1)
        with torch.autocast("cpu", enabled=False):
            # All values for each head, of which it keeps its own. A product for each window, for
            # one of all their rows would round as their number has it.
            values = torch.bmm(torch.bmm(weights, x.float()), of_values)
        of_heads = values.view(len(x), self.n_heads, self.n_heads, -1).diagonal(dim1=1, dim2=2)
        return (of_heads.mT + self.qkv.bias.view(3, self.n_heads, -1)[2]).unsqueeze(2)

    def _softmax_of_rounded(self, logits: Tensor, x: Tensor, keys: Tensor | None) -> Tensor:
        """Make logits weights, in place, less those of the first query: (n, n_heads, L), returned.

        Any query would do. The first is never padding, so that padding changes no digit.
        """
        bias = self._bias_by_queries(x)
        if keys is not None:
            bias = bias + _bias(keys, bias.dtype).unsqueeze(1)
        first = torch.softmax(logits[:, 0].float().view(bias.shape).add_(bias), -1)
        step = max(1, PART // logits[0].numel())
        of_keys = (torch.split(t.flatten(0, 1).unsqueeze(1), step) for t in (bias, first))
        for part, added, taken in zip(torch.split(logits, step), *of_keys, strict=True):
            weights = part.float().add_(added)
            torch.softmax(weights, -1, out=weights)
            part.copy_(weights.sub_(taken))
        return first

    def weights(self, x: Tensor, keys: Tensor | None = None) -> Tensor:
        """Return the attention weights, (n_windows, n_heads, L, L); rows sum to 1."""
        query, key, _ = self._heads(self.qkv(x))
        return self._softmax(query, key, keys)

    def _softmax(self, query: Tensor, key: Tensor, keys: Tensor | None) -> Tensor:
        query, key = query.flatten(0, 1), key.flatten(0, 1).transpose(1, 2)
        scale = query.shape[-1] ** -0.5
        if keys is None:
            logits = query.new_empty(len(query), query.shape[1], key.shape[2])
            logits.baddbmm_(query, key, beta=0, alpha=scale)
        else:
            bias = _bias(keys, query.dtype).repeat_interleave(self.n_heads, 0).unsqueeze(1)
            logits = torch.baddbmm(bias, query, key, alpha=scale)
        weights = logits.view(-1, self.n_heads, *logits.shape[1:])
        return weights.softmax(-1, dtype=torch.promote_types(logits.dtype, torch.float32))

    def _heads(self, qkv: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # chunks, whose gradients are written side by side; those of an index are summed
        query, key, value = qkv.chunk(3, dim=-1)
        return self._split(query), self._split(key), self._split(value)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.n_heads, -1).transpose(1, 2)


def _infers_in_bfloat16(x: Tensor) -> bool:
    if not x.is_cpu or torch.is_grad_enabled() or followed():
        return False
    return torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16


def _fused(qkv: Tensor) -> bool:
    """Whether to take torch's fused kernel, which never holds the weights.

    On a CPU its products are MKL's: where those are slow, plain ones take half of its time, as
    they do in bfloat16.
    """
    if not qkv.is_cpu or followed():
        return True
    if qkv.shape[1] > LONGEST and not (torch.is_grad_enabled() and takes(qkv)):
        return True
    return processor.QUICK_MKL and qkv.dtype == torch.float32


class _OneDNNAttention(torch.autograd.Function):
    """Attention in float32, its products by oneDNN, which torch has for convolutions alone.

    A product for each window and head is a convolution of 1 by 1 whose groups are these, over an
    image of L positions. That is twice as quick as what MKL makes of it; for the two products of
    the backward that would be a gradient of weights it is not.
    """

    @staticmethod
    def forward(ctx: Any, qkv: Tensor, keys: Tensor | None, n_heads: int) -> Tensor:
        attended, *saved = _attend(qkv, keys, n_heads)
        ctx.save_for_backward(*saved)
        ctx.shape = (*qkv.shape[:2], 3, n_heads, qkv.shape[2] // 3 // n_heads)
        return attended

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        query, key, value, weights = ctx.saved_tensors
        n, length, _, n_heads, depth = ctx.shape
        gradient = gradient.transpose(0, 1).reshape(length, n * n_heads, depth)
        of_weights = _grouped(gradient, value.transpose(1, 2))
        of_logits = torch._softmax_backward_data(of_weights, weights, -1, weights.dtype)
        of_query = _grouped(of_logits, key.transpose(1, 2)) / depth**0.5
        of_key = torch.bmm(of_logits.permute(1, 2, 0), query.transpose(0, 1))
        of_value = torch.bmm(weights.permute(1, 2, 0), gradient.transpose(0, 1))
        of_qkv = gradient.new_empty(ctx.shape)
        of_qkv[:, :, 0] = of_query.view(length, n, n_heads, depth).transpose(0, 1)
        of_qkv[:, :, 1] = of_key.view(n, n_heads, length, depth).transpose(1, 2)
        of_qkv[:, :, 2] = of_value.view(n, n_heads, length, depth).transpose(1, 2)
        return of_qkv.view(n, length, -1), None, None


def _attend(qkv: Tensor, keys: Tensor | None, n_heads: int) -> tuple[Tensor, ...]:
    """Return what is attended to, and what it is made of.

    That is the query (L, groups, depth), the key (groups, L, depth), the value (groups, depth, L)
    and the weights (L, groups, L).
    """
    n, length, width = qkv.shape
    groups, depth = n * n_heads, width // 3 // n_heads
    query, key, value = qkv.view(n, length, 3, n_heads, depth).unbind(2)
    scaled = query.new_empty(length, n, n_heads, depth)
    torch.mul(query.transpose(0, 1), depth**-0.5, out=scaled)
    query = scaled.view(length, groups, depth)
    key = key.transpose(1, 2).reshape(groups, length, depth)
    value = value.permute(0, 2, 3, 1).reshape(groups, depth, length)
    bias = None if keys is None else _bias(keys, qkv.dtype).repeat_interleave(n_heads, 0)
    weights = _grouped(query, key, bias)
    torch.softmax(weights, -1, out=weights)  # in its place: memory is what limits the speed
    # as a transposed convolution this were quicker, but not the same for any number of threads
    attended = _grouped(weights, value).view(length, n, -1)
    return attended.transpose(0, 1).contiguous(), query, key, value, weights


def _bias(keys: Tensor, dtype: torch.dtype) -> Tensor:
    """Return what excludes keys when it is added to the logits."""
    return torch.zeros_like(keys, dtype=dtype).masked_fill(~keys, float("-inf"))


def _grouped(x: Tensor, y: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``x[:, g] @ y[g].T + bias[g]`` for each g, (m, groups, n).

    Parameters
    ----------
    x : Tensor of shape (m, groups, k)
    y : Tensor of shape (groups, n, k)
    bias : Tensor of shape (groups, n), optional
    """
    groups, n, k = y.shape
    image = x.reshape(1, -1, 1, groups * k).permute(0, 3, 1, 2)
    kernel = y.reshape(groups * n, k, 1, 1)
    flat = None if bias is None else bias.reshape(-1)
    out: Tensor = torch.ops.aten.mkldnn_convolution(
        image, kernel, flat, [0, 0], [1, 1], [1, 1], groups
    )
    return out.permute(0, 2, 3, 1).reshape(-1, groups, n)
