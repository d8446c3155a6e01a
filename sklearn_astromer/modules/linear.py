"""A linear layer."""

from __future__ import annotations

from torch import Tensor, nn

from sklearn_astromer import kernels


class Linear(nn.Linear):
    """`torch.nn.Linear`, computed by `sklearn_astromer.kernels.linear`."""

    def forward(self, input: Tensor) -> Tensor:
        """Map (…, in_features) to (…, out_features)."""
        return kernels.linear(input, self.weight, self.bias)
