"""Dropout."""

from __future__ import annotations

from torch import Tensor, nn

from sklearn_astromer import kernels


class Dropout(nn.Module):
    """`torch.nn.Dropout`, computed by `sklearn_astromer.kernels.dropout`.

    Parameters
    ----------
    p : float
        Probability of a zero; what is left is scaled so that the mean stays.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Drop elements in training; draws from torch's generator of the device."""
        return kernels.dropout(x, self.p, self.training)
