"""Dropout whose masks cost little on a CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

# A mask is drawn from bytes, eight to one 64-bit draw: torch's own draws a double for each
# element, which was a fifth of a training step on a CPU.
LEVELS = 256


class Dropout(nn.Module):
    """`torch.nn.Dropout`, except that a CPU rounds `p` to a multiple of 1/256.

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
        if not self.training or self.p == 0:
            return x
        if not x.is_cpu:
            return F.dropout(x, self.p)
        dropped = min(max(round(self.p * LEVELS), 1), LEVELS - 1)
        draws = torch.empty(-(-x.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        # compared into numbers at once: to convert a bool takes longer than all the rest
        mask = torch.empty(x.shape, dtype=x.dtype)
        torch.ge(draws.view(torch.uint8)[: x.numel()].view(x.shape), dropped, out=mask)
        return x * mask.mul_(LEVELS / (LEVELS - dropped))
