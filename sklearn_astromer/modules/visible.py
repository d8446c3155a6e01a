"""What a network may see of a window, and its moments."""

from __future__ import annotations

import torch
from torch import Tensor


def visible(mask: Tensor | None, hidden: Tensor | None) -> Tensor | None:
    """Return which observations the network may see; None: all."""
    if hidden is None:
        return mask
    return ~hidden if mask is None else mask & ~hidden


def moments(mag: Tensor, keys: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation (magnitudes) of what is visible, (n_windows, 1) each.

    The deviation is at least 1 mmag, so that constant curves have one.
    """
    weight = torch.ones_like(mag) if keys is None else keys.to(mag.dtype)
    count = weight.sum(1, keepdim=True)
    mean = (mag * weight).sum(1, keepdim=True) / count
    variance = ((mag - mean) ** 2 * weight).sum(1, keepdim=True) / count
    return mean, (variance + 1e-6).sqrt()
