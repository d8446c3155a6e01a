"""Multi-head self-attention."""

from __future__ import annotations

from torch import Tensor, nn

from sklearn_astromer import kernels
from sklearn_astromer.modules.linear import Linear


class SelfAttention(nn.Module):
    """Scaled dot-product self-attention in several heads (Donoso-Oliva et al. 2023, eqs. 1, 2)."""

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
        allowed = None if keys is None else keys[:, None, None, :]
        attended = kernels.attention(query, key, value, allowed)
        return self.out(attended.transpose(1, 2).flatten(2))

    def weights(self, x: Tensor, keys: Tensor | None = None) -> Tensor:
        """Return the attention weights, (n_windows, n_heads, L, L); see `forward`."""
        query, key, _ = self._heads(x)
        logits = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        if keys is not None:
            logits = logits.masked_fill(~keys[:, None, None, :], float("-inf"))
        return logits.softmax(-1)

    def _heads(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return query, key and value, (n_windows, n_heads, L, d_model / n_heads) each."""
        n, length, _ = x.shape
        qkv: Tensor = self.qkv(x).view(n, length, 3, self.n_heads, -1)
        return qkv.permute(2, 0, 3, 1, 4).unbind(0)
