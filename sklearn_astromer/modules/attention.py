"""Multi-head self-attention that excludes padding and hidden observations as keys."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sklearn_astromer.modules.linear import Linear


class SelfAttention(nn.Module):
    """Scaled dot-product self-attention (Vaswani et al. 2017).

    Parameters
    ----------
    d_model : int
    n_heads : int
        Must divide `d_model`.
    """

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
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
        query, key, value = self._heads(x)
        if query.is_cpu and query.dtype == torch.bfloat16 and torch.is_grad_enabled():
            # torch's fused backward takes more than twice as long here as plain products do
            attended = self._logits(query, key, keys).softmax(-1) @ value
        else:
            bias = None if keys is None else keys[:, None, None, :]
            attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        out: Tensor = self.out(attended.transpose(1, 2).flatten(2))
        return out

    def weights(self, x: Tensor, keys: Tensor | None = None) -> Tensor:
        """Return the attention weights, (n_windows, n_heads, L, L); rows sum to 1."""
        query, key, _ = self._heads(x)
        return self._logits(query, key, keys).float().softmax(-1)

    def _logits(self, query: Tensor, key: Tensor, keys: Tensor | None) -> Tensor:
        logits = (query / query.shape[-1] ** 0.5) @ key.transpose(-1, -2)
        if keys is None:
            return logits
        bias = torch.zeros_like(keys, dtype=logits.dtype).masked_fill(~keys, float("-inf"))
        return logits + bias[:, None, None, :]

    def _heads(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # chunks, whose gradients are written side by side; those of an index are summed
        query, key, value = self.qkv(x).chunk(3, dim=-1)
        return self._split(query), self._split(key), self._split(value)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.n_heads, -1).transpose(1, 2)
