"""The highest peaks of periodograms, refined and ranked; tensors in, tensors out."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from sklearn_astromer.periodogram.lomb_scargle import grid_power, harmonic_power
from sklearn_astromer.periodogram.profile import N_BINS, profile_edges

LARGEST_GRID = 2**23
FEWEST_OBSERVATIONS = 6  # fewer than that any frequency explains
N_CANDIDATES = 8
N_HARMONICS = 3  # of the fit that ranks the candidates
SEPARATION = 1.5  # of candidates, in units of 1 / time span
REFINING_STEP = 0.1  # in the same units
SLOPE = (
    1e-3  # how much less the power of the largest frequency counts, so that equals have an order
)


class TensorPeaks(NamedTuple):
    """What `search` finds; see `sklearn_astromer.periodogram.Peaks`."""

    frequency: Tensor
    power: Tensor
    harmonic_power: Tensor
    profile: Tensor


def grid_of(span: Tensor, max_frequency: float, samples_per_peak: float) -> tuple[Tensor, Tensor]:
    """Return the steps (cycles a day) and sizes of the grids for time spans in days."""
    step = 1 / (samples_per_peak * span.clamp(min=1e-9))
    step = step.clamp(min=max_frequency / LARGEST_GRID)
    size = (max_frequency / step).floor().long()
    return step, size


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
    n_objects, device = len(time), time.device
    count = (weight > 0).sum(1)
    span = time.amax(1) - time.amin(1)
    step, size = grid_of(span, max_frequency, samples_per_peak)
    size = torch.where(count >= FEWEST_OBSERVATIONS, size, 0)
    n_frequencies = max(1, int(size.max()))
    power = grid_power(time, mag, weight, step, n_frequencies)
    number = torch.arange(1, n_frequencies + 1, device=device)
    # from one cycle in the time span on
    inside = (number >= (1 / (span * step).clamp(min=1e-9))[:, None] - 1e-6) & (
        number <= size[:, None]
    )
    power = power.masked_fill(~inside, 0.0)

    edges = torch.from_numpy(profile_edges(max_frequency)).to(device)
    last = torch.floor(edges / step[:, None]).long().clamp(max=n_frequencies)  # (n_objects, 33)
    bins = torch.zeros((n_objects, n_frequencies + 1), dtype=torch.int64, device=device)
    bins.scatter_add_(1, last[:, :-1], torch.ones_like(last[:, :-1]))
    bins = bins.cumsum(1)[:, :n_frequencies]  # 0 below the first edge
    profile = torch.zeros((n_objects, N_BINS + 1), device=device)
    profile.scatter_reduce_(1, bins, power, "amax")

    ranked = power * (1 - SLOPE * (number * step[:, None] / max_frequency).float())
    frequency, found = _candidates(ranked, power, step, span)
    fitted, frequency = _refined(time, mag, weight, frequency, span, found)
    exact = harmonic_power(time, mag, weight, frequency, 1) * found
    score = fitted * (1 - SLOPE * frequency / max_frequency)
    best = score.masked_fill(~found, -1.0).topk(n_peaks, dim=1).indices
    frequency, exact, fitted = (x.gather(1, best) for x in (frequency * found, exact, fitted))
    return TensorPeaks(frequency, exact.float(), fitted.float(), profile[:, 1:])


def _candidates(ranked: Tensor, power: Tensor, step: Tensor, span: Tensor) -> tuple[Tensor, Tensor]:
    """Return the highest separate maxima, refined by parabolas, and which of them are any."""
    n_frequencies = power.shape[1]
    rest = ranked.clone()
    width = (SEPARATION / (span * step).clamp(min=1e-9)).round().long().clamp(1, 64)
    around = torch.arange(-int(width.max()), int(width.max()) + 1, device=power.device)
    frequency, found = [], []
    for _ in range(N_CANDIDATES):
        height, i = rest.max(1)
        found.append(height > 0)
        left = power.gather(1, (i - 1).clamp(min=0)[:, None])[:, 0].double()
        middle = power.gather(1, i[:, None])[:, 0].double()
        right = power.gather(1, (i + 1).clamp(max=n_frequencies - 1)[:, None])[:, 0].double()
        curvature = left - 2 * middle + right
        shift = 0.5 * (left - right) / curvature
        shift = torch.where(curvature < 0, shift, 0.0).clamp(-0.5, 0.5)
        frequency.append((i + 1 + shift) * step)
        near = i[:, None] + around.clamp(min=-int(width.max()))
        near = torch.where(around.abs() <= width[:, None], near, i[:, None])
        rest.scatter_(1, near.clamp(0, n_frequencies - 1), -1.0)
    return torch.stack(frequency, 1), torch.stack(found, 1)


def _refined(
    time: Tensor, mag: Tensor, weight: Tensor, frequency: Tensor, span: Tensor, found: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the power of a fit with harmonics and the frequency near each where it is largest."""
    step = (REFINING_STEP / span.clamp(min=1e-9))[:, None]
    tried = [
        harmonic_power(time, mag, weight, frequency + k * step, N_HARMONICS) for k in (-1, 0, 1)
    ]
    left, middle, right = tried
    curvature = left - 2 * middle + right
    shift = torch.where(curvature < 0, 0.5 * (left - right) / curvature, 0.0).clamp(-1, 1)
    refined = frequency + shift * step
    best = harmonic_power(time, mag, weight, refined, N_HARMONICS)
    return best * found, torch.where(found, refined, 0.0)
