"""Other light curves of the same star: what training may show instead of a window itself."""

from __future__ import annotations

import torch
from torch import Tensor

FEWEST = 0.5
LONGEST_SHIFT = 100.0


def augment(
    time: Tensor, mag: Tensor, mask: Tensor | None, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Leave out observations, let time run backwards, and move it.

    A share of 50 to 100 % of the observations stays, at least one of each window (the share is
    drawn for the batch, the observations for each window); half of the windows are reversed in
    time; each is moved by up to 100 days against its mean time. What stays is centred anew.

    Parameters
    ----------
    time, mag : float32 Tensors of shape (n_windows, L)
        Days and magnitudes.
    mask : bool Tensor of shape (n_windows, L) or None
        True = a real observation.
    generator : torch.Generator

    Returns
    -------
    time, mag, mask
        As they came, but shorter; in order of time, zero in the padding.
    """
    real = torch.ones_like(mag, dtype=torch.bool) if mask is None else mask
    n = len(mag)
    share = FEWEST + (1 - FEWEST) * torch.rand(1, generator=generator)
    draw = torch.rand(mag.shape, generator=generator).masked_fill(~real, 2.0)
    kept = (draw < share) | (draw == draw.amin(1, keepdim=True))
    backwards = torch.rand(n, 1, generator=generator) < 0.5
    shift = LONGEST_SHIFT * (2 * torch.rand(n, 1, generator=generator) - 1)

    time = torch.where(backwards, -time, time)
    order = time.masked_fill(~kept, float("inf")).argsort(dim=1, stable=True)
    order = order[:, : int(kept.sum(1).max())]
    time, mag, kept = (x.gather(1, order) for x in (time, mag, kept))
    count = kept.sum(1, keepdim=True)
    time, mag = (
        (x - (x * kept).sum(1, keepdim=True) / count + move) * kept
        for x, move in ((time, shift), (mag, torch.zeros(())))
    )
    return time, mag, None if kept.all() else kept
