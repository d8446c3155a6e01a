"""Encoding of the time at an object's own frequencies."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def phase_encoding(phase: Tensor, harmonics: Sequence[int]) -> Tensor:
    """Encode the time at an object's own frequencies, as eqs. 3 and 4 do at fixed ones.

    Parameters
    ----------
    phase : float32 Tensor of shape (n_windows, L, n_peaks)
        Cycles of half of each frequency, modulo 1; half, for binaries with two eclipses.
    harmonics : sequence of int
        Multiples of each phase that are encoded.

    Returns
    -------
    Tensor of shape (n_windows, L, 2 · sum(harmonics))
        All sines, then all cosines.
    """
    parts = []
    for k, n in enumerate(harmonics):
        multiple = torch.arange(1, n + 1, dtype=phase.dtype, device=phase.device)
        parts.append(2 * math.pi * phase[..., k : k + 1] * multiple)
    angle = torch.cat(parts, dim=-1)
    return torch.cat([angle.sin(), angle.cos()], dim=-1)
