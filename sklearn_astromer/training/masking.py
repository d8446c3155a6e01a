"""Which observations pretraining asks for, and which it hides."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_astromer.windows import Windows


class Probing(NamedTuple):
    """Bool masks and magnitudes of shape (n_windows, L).

    ``probed`` observations carry the loss, ``hidden`` ones among them are not seen by the
    network, and ``mag`` is what it sees of the others.
    """

    probed: Tensor
    hidden: Tensor
    mag: Tensor


def draw_hidden(windows: Windows, fraction: float, seed: int) -> NDArray[np.bool_]:
    """Choose observations to hide before anything is computed from the visible ones.

    Parameters
    ----------
    windows : Windows
    fraction : float
        Of the observations of each window; one at least stays visible.
    seed : int

    Returns
    -------
    ndarray of bool of shape (n_observations,)
    """
    rng = np.random.default_rng(seed)
    hidden = np.zeros(len(windows.curves.time), dtype=bool)
    for start, n in zip(windows.start, windows.length, strict=True):
        count = min(round(n * fraction), n - 1)
        hidden[start + rng.permutation(n)[:count]] = True
    return hidden


def probe(
    mag: Tensor,
    mask: Tensor | None,
    generator: torch.Generator,
    *,
    probed: float = 0.5,
    random: float = 0.2,
    same: float = 0.2,
) -> Probing:
    """Choose observations to probe (Donoso-Oliva et al. 2023, §4.3; BERT's masked language model).

    Of each window's real observations the fraction `probed` is chosen. Of those, the fraction
    `random` gets the magnitude of another observation of its window, `same` keeps its own, and
    the rest is hidden. Counts are rounded per window (halves to even). At least one observation of
    a window is not probed, so a window of one observation carries no loss.

    Parameters
    ----------
    mag : float Tensor of shape (n_windows, L)
    mask : bool Tensor of shape (n_windows, L) or None
        True = a real observation.
    generator : torch.Generator
        On the device of `mag`.
    probed, random, same : float
        Fractions in [0, 1], ``random + same <= 1``.

    Returns
    -------
    Probing

    Raises
    ------
    ValueError
        If a fraction is out of range.
    """
    if not (0 <= probed <= 1 and random >= 0 and same >= 0 and random + same <= 1):
        raise ValueError(
            f"fractions out of range: probed={probed}, random={random}, same={same} "
            "(each in [0, 1], random + same <= 1)"
        )
    real = torch.ones_like(mag, dtype=torch.bool) if mask is None else mask
    n = real.sum(1, keepdim=True)
    draw = torch.rand(mag.shape, generator=generator, device=mag.device, dtype=torch.float32)
    # rank of each observation in a random order in which the padding comes last
    order = draw.masked_fill(~real, 2.0).argsort(1)
    rank = torch.empty_like(order).scatter_(
        1, order, torch.arange(mag.shape[1], device=mag.device).expand_as(order)
    )
    n_probed = torch.minimum((n.float() * probed).round().long(), (n - 1).clamp(min=0))
    n_random = (n_probed.float() * random).round().long()
    n_same = (n_probed.float() * same).round().long()
    chosen = rank < n_probed
    replaced = rank < n_random
    hidden = chosen & (rank >= n_random + n_same)
    # the observation that follows in the random order: there is one, as the last is never probed
    other = order.roll(-1, 1).gather(1, rank)
    return Probing(chosen, hidden, torch.where(replaced, mag.gather(1, other), mag))


def probe_varied(mag: Tensor, mask: Tensor | None, generator: torch.Generator) -> Probing:
    """Hide nothing in a fifth of the windows, and 10 to 60 % of the others; probe what is hidden.

    In 3 of 10 windows they are a run of consecutive observations, as of a season without any. Of a
    window at least one observation stays visible. Arguments as for `probe`.
    """

    def draw(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=mag.device)

    n = len(mag)
    real = torch.ones_like(mag, dtype=torch.bool) if mask is None else mask
    fraction = torch.where(draw(n, 1) < 0.2, 0.0, 0.1 + 0.5 * draw(n, 1))
    run = (real.cumsum(1) / real.sum(1, keepdim=True) - draw(n, 1)) % 1.0
    hidden = torch.where(draw(n, 1) < 0.3, run, draw(*mag.shape)) < fraction
    hidden = hidden & real
    hidden = hidden & (real & ~hidden).any(1, keepdim=True)
    return Probing(hidden, hidden, mag)
