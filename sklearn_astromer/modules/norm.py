"""Layer normalisation."""

from __future__ import annotations

from torch import Tensor, nn

from sklearn_astromer import kernels


class LayerNorm(nn.LayerNorm):
    """`torch.nn.LayerNorm`, computed by `sklearn_astromer.kernels.layer_norm`."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise vectors, (…, d) to (…, d)."""
        return kernels.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)
