"""Dropout whose masks cost little on a CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sklearn_astromer.kernels.switch import enabled

LEVELS = 256


def dropout(x: Tensor, p: float, training: bool) -> Tensor:
    """Do what `torch.nn.functional.dropout` does; on a CPU with p rounded to a multiple of 1/256.

    Masks are drawn from bytes, eight to one 64-bit draw; torch draws a double for each element.
    """
    if not training or p == 0:
        return x
    if not (enabled() and x.is_cpu):
        return F.dropout(x, p)
    dropped = min(max(round(p * LEVELS), 1), LEVELS - 1)
    draws = torch.empty(-(-x.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
    mask = torch.empty(x.shape, dtype=x.dtype)  # as numbers: converting a bool is slower
    torch.ge(draws.view(torch.uint8)[: x.numel()].view(x.shape), dropped, out=mask)
    return x * mask.mul_(LEVELS / (LEVELS - dropped))
