"""Multi-head self-attention that excludes padding and hidden observations as keys."""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


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
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.out = nn.Linear(d_model, d_model)

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
        bias = None if keys is None else keys[:, None, None, :]
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        out: Tensor = self.out(attended.transpose(1, 2).flatten(2))
        return out

    def weights(self, x: Tensor, keys: Tensor | None = None) -> Tensor:
        """Return the attention weights, (n_windows, n_heads, L, L); rows sum to 1."""
        query, key, _ = self._heads(x)
        logits = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        if keys is not None:
            logits = logits.masked_fill(~keys[:, None, None, :], float("-inf"))
        return logits.float().softmax(-1)

    def _heads(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        qkv = self.qkv(x).unflatten(-1, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        return qkv[0], qkv[1], qkv[2]
