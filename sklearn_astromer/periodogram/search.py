"""The highest peaks of periodograms, refined and ranked; tensors in, tensors out."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sklearn_astromer.periodogram.grid import grid_of
from sklearn_astromer.periodogram.lomb_scargle import grid_power, harmonic_power
from sklearn_astromer.periodogram.profile import profile_edges

FEWEST_OBSERVATIONS = 6  # fewer than that any frequency explains
N_CANDIDATES = 8
N_HARMONICS = 3  # of the fit that ranks the candidates
SEPARATION = 1.5  # of candidates, in units of 1 / time span
REFINING_STEP = 0.1  # in the same units
SLOPE = 1e-3  # how much less the largest frequency's power counts: an order of equals
BLOCK = 64  # frequencies whose largest power is kept; no separation is wider


class TensorPeaks(NamedTuple):
    """What `search` finds; see `sklearn_astromer.periodogram.Peaks`."""

    frequency: Tensor
    power: Tensor
    harmonic_power: Tensor
    profile: Tensor


def search(
    time: Tensor,
    mag: Tensor,
    weight: Tensor,
    *,
    n_peaks: int,
    max_frequency: float,
    samples_per_peak: float,
) -> TensorPeaks:
    """Find the peaks of curves of similar length and time span.

    Parameters
    ----------
    time, mag, weight : float64 Tensors of shape (n_objects, n)
        Centred days, magnitudes, and weights that sum to 1 and are 0 in the padding; times of the
        padding lie within those of the curve.
    n_peaks : int
    max_frequency : float
        Cycles a day.
    samples_per_peak : float

    Returns
    -------
    TensorPeaks
    """
    device = time.device
    count = (weight > 0).sum(1)
    span = time.amax(1) - time.amin(1)
    step, size = grid_of(span, max_frequency, samples_per_peak)
    size = torch.where(count >= FEWEST_OBSERVATIONS, size, 0)
    n_frequencies = max(1, int(size.max()))
    power = grid_power(time, mag, weight, step, n_frequencies)
    number = torch.arange(1, n_frequencies + 1, dtype=torch.float32, device=device)
    # from one cycle in the time span on
    least = (1 / (span * step).clamp(min=1e-9) - 1e-6).float()
    power.masked_fill_((number < least[:, None]) | (number > size[:, None].float()), 0.0)

    edges = torch.from_numpy(profile_edges(max_frequency)).to(device)
    last = torch.floor(edges / step[:, None]).long().clamp(max=n_frequencies)  # (n_objects, 33)
    profile = _bin_maxima(power, last)
    slope = (SLOPE / max_frequency * step).float()[:, None]
    ranked = torch.addcmul(power, power, number * -slope)
    frequency, found = _candidates(ranked, power, step, span)
    fitted, frequency = _refined(time, mag, weight, frequency, span, found)
    exact = harmonic_power(time, mag, weight, frequency, 1) * found
    score = fitted * (1 - SLOPE * frequency / max_frequency)
    best = score.masked_fill(~found, -1.0).topk(n_peaks, dim=1).indices
    frequency, exact, fitted = (x.gather(1, best) for x in (frequency * found, exact, fitted))
    return TensorPeaks(frequency, exact.float(), fitted.float(), profile)


def _blocks(values: Tensor, filler: float) -> Tensor:
    """Return rows as blocks, (n_objects, n_blocks, BLOCK), the last one filled up."""
    filled = F.pad(values, (0, -values.shape[1] % BLOCK), value=filler)
    return filled.view(len(values), -1, BLOCK)


def _bin_maxima(power: Tensor, edges: Tensor) -> Tensor:
    """Return the largest power from each edge to the next or the end, (n_objects, n_edges - 1).

    Blocks that lie in one bin are counted as a whole, and others, at an edge, entry by entry.
    """
    blocks = _blocks(power, 0.0)
    n_bins, begin = edges.shape[1] - 1, BLOCK * torch.arange(blocks.shape[1], device=power.device)

    def bins(position: Tensor) -> Tensor:  # 0 below the first edge
        return torch.searchsorted(edges[:, :-1].contiguous(), position.contiguous(), right=True)

    first, last = (bins(at.expand(len(power), -1)) for at in (begin, begin + BLOCK - 1))
    found = power.new_zeros((len(power), n_bins + 1))
    found.scatter_reduce_(1, torch.where(first == last, first, 0), blocks.amax(-1), "amax")
    at_edge = (edges[:, :-1] // BLOCK).clamp(max=blocks.shape[1] - 1)
    position = (BLOCK * at_edge[..., None] + torch.arange(BLOCK, device=power.device)).flatten(1)
    found.scatter_reduce_(1, bins(position), blocks.flatten(1).gather(1, position), "amax")
    return found[:, 1:]


def _candidates(ranked: Tensor, power: Tensor, step: Tensor, span: Tensor) -> tuple[Tensor, Tensor]:
    """Return the highest separate maxima, refined by parabolas, and which of them are any."""
    n_frequencies = power.shape[1]
    blocks = _blocks(ranked, -1.0)  # of what is left
    highest = blocks.amax(-1)
    width = (SEPARATION / (span * step).clamp(min=1e-9)).round().long().clamp(1, BLOCK)[:, None]
    around = torch.arange(-int(width.max()), int(width.max()) + 1, device=power.device)
    around = around.masked_fill(around.abs() > width, 0)
    row, beside = torch.arange(len(power), device=power.device), around.new_tensor([-1, 0, 1])
    maxima, heights = [], []
    for _ in range(N_CANDIDATES):
        height, block = highest.max(1)
        at = BLOCK * block + blocks[row, block].argmax(1)
        maxima.append(at)
        heights.append(height)
        near = (at[:, None] + around).clamp(0, n_frequencies - 1)
        blocks.flatten(1).scatter_(1, near, -1.0)
        changed = (block[:, None] + beside).clamp(0, blocks.shape[1] - 1)
        highest.scatter_(1, changed, blocks[row[:, None], changed].amax(-1))
    i = torch.stack(maxima, 1)
    left, middle, right = (
        power.gather(1, (i + k).clamp(0, n_frequencies - 1)).double() for k in (-1, 0, 1)
    )
    curvature = left - 2 * middle + right
    shift = 0.5 * (left - right) / curvature
    shift = torch.where(curvature < 0, shift, 0.0).clamp(-0.5, 0.5)
    return (i + 1 + shift) * step[:, None], torch.stack(heights, 1) > 0


def _refined(
    time: Tensor, mag: Tensor, weight: Tensor, frequency: Tensor, span: Tensor, found: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the power of a fit with harmonics and the frequency near each where it is largest."""
    step = (REFINING_STEP / span.clamp(min=1e-9))[:, None]
    tried = torch.cat([frequency + k * step for k in (-1, 0, 1)], 1)
    left, middle, right = harmonic_power(time, mag, weight, tried, N_HARMONICS).chunk(3, 1)
    curvature = left - 2 * middle + right
    shift = torch.where(curvature < 0, 0.5 * (left - right) / curvature, 0.0).clamp(-1, 1)
    refined = frequency + shift * step
    best = harmonic_power(time, mag, weight, refined, N_HARMONICS)
    return best * found, torch.where(found, refined, 0.0)
