"""LayerNorm that writes what it was given."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class LayerNorm(nn.LayerNorm):
    """`torch.nn.LayerNorm` in the dtype of its input; it sums in float32 within.

    Autocast would have float32 of it on a GPU, which the next product rounds again. Memory is what
    limits the speed between products there, and this halves what is written and read. What the last
    one gives to pooling is rounded to bfloat16 for it, too, and so are scale and shift.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise vectors, (…, d) to (…, d)."""
        if not x.is_cuda:
            return super().forward(x)
        with torch.autocast("cuda", enabled=False):
            weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
            return F.layer_norm(x, self.normalized_shape, weight, bias, self.eps)
