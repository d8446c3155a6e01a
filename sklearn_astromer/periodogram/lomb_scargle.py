"""Generalised Lomb-Scargle power of ragged curves as matrix products, on any device."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from sklearn_astromer import kernels

CHUNK_OBSERVATIONS = 4096  # summed at a time, which bounds the memory of long curves
CHUNK_SUMS = 2**19  # computed at a time for each object, which bounds that of long grids
CHUNK_FREQUENCIES = 2**15  # whose powers are computed at a time, in the processor's cache
LARGEST_SPACING = 0.7  # of the sums, in units of 1 / time span
LARGEST_STRIDE = 8
GROUP = 16  # sums between which one matrix interpolates
MARGIN = 10  # sums on each side of a group that it also uses; the error is below 1e-6
ROUNDING = 1e-18  # mag²: less is no variance
SMALLEST_DETERMINANT = 1e-5  # below it sine, cosine and constant are the same, to float32


@torch.no_grad()
def grid_power(
    time: Tensor, mag: Tensor, weight: Tensor, step: Tensor, n_frequencies: int
) -> Tensor:
    """Return the power at the frequencies ``step, 2 step, …, n_frequencies step``.

    The power is the share of the weighted variance that a sine of the frequency and a constant
    explain (Zechmeister & Kürster 2009, eq. 5). It follows from sums over the observations: of
    magnitudes times cosines and sines, of cosines and sines, and of these at twice the frequency.
    As functions of the frequency the sums are band-limited by the time span, so values closer than
    1 / span determine all others. They are computed at every `stride`-th frequency of the grid
    and interpolated.

    Parameters
    ----------
    time : float64 Tensor of shape (n_objects, n)
        Days. Those of the padding must lie within those of the curve.
    mag : float64 Tensor of shape (n_objects, n)
        Magnitudes.
    weight : float64 Tensor of shape (n_objects, n)
        Sums to 1 for each object; 0 in the padding.
    step : float64 Tensor of shape (n_objects,)
        Cycles a day. The largest product of step and time span decides the stride of all objects.
    n_frequencies : int

    Returns
    -------
    float32 Tensor of shape (n_objects, n_frequencies)
        In [0, 1]; 0 for constant curves, and where sine, cosine and constant are the same at all
        times, as at one cycle a day for observations once a night.
    """
    y = mag - (weight * mag).sum(1, keepdim=True)
    variance = (weight * y**2).sum(1, keepdim=True)
    y = torch.where(variance > ROUNDING, y * variance.rsqrt(), 0.0)

    begin, end = time.amin(1), time.amax(1)
    spacing = float(((end - begin) * step).max())  # of the grid, in units of 1 / time span
    stride = LARGEST_STRIDE
    if spacing * stride > LARGEST_SPACING:
        stride = max(1, int(LARGEST_SPACING / spacing))
    turns = (time - (begin + end)[:, None] / 2) * (stride * step)[:, None]
    n_groups = -(-(n_frequencies + 1) // (stride * GROUP))  # they begin at frequency 0
    n_sums = n_groups * GROUP + 2 * MARGIN
    y_sums, w_sums = _fourier_sums(
        turns, (weight * y, weight), -MARGIN, (n_sums, n_sums + n_groups * GROUP)
    )
    spacing = round(stride * spacing, 9)  # of the sums; equal but for rounding, it is found again
    once, twice = (_interpolation(stride, spacing, k).to(turns.device) for k in (1, 2))

    power = turns.new_empty((len(time), n_groups, stride * GROUP), dtype=torch.float32)
    n_together = max(1, CHUNK_FREQUENCIES // (stride * GROUP))
    for first in range(0, n_groups, n_together):
        groups = slice(first, min(first + n_together, n_groups))
        power[:, groups] = _power(
            _interpolated(y_sums, once, stride, 1, groups),
            _interpolated(w_sums, once, stride, 1, groups),
            _interpolated(w_sums, twice, stride, 2, groups),
        )
    return power.flatten(1)[:, 1 : n_frequencies + 1]


def harmonic_power(
    time: Tensor, mag: Tensor, weight: Tensor, frequency: Tensor, n_harmonics: int
) -> Tensor:
    """Return the share of the variance that a Fourier series with a constant explains.

    Parameters
    ----------
    time, mag, weight : float64 Tensors of shape (n_objects, n)
        As for `grid_power`.
    frequency : float64 Tensor of shape (n_objects, k)
        Cycles a day.
    n_harmonics : int

    Returns
    -------
    float64 Tensor of shape (n_objects, k)
    """
    y = mag - (weight * mag).sum(1, keepdim=True)
    variance = (weight * y**2).sum(1, keepdim=True)
    phase = time[:, None, :] * frequency[:, :, None]
    angle = 2 * math.pi * (phase - phase.floor())
    first = torch.complex(angle.cos(), angle.sin())  # torch.polar takes twice as long
    terms, term = [], first
    for _ in range(n_harmonics):
        terms += [term.real, term.imag]
        term = term * first
    design = torch.stack(terms, -2)  # (n_objects, k, 2 n_harmonics, n)
    w = weight[:, None, None, :]
    design -= (design * w).sum(-1, keepdim=True)
    weighted = design * w
    gram = weighted @ design.transpose(-1, -2)
    # harmonics that are one on these times share the amplitude
    gram = gram + 1e-12 * torch.eye(2 * n_harmonics, dtype=gram.dtype, device=gram.device)
    right = (weighted * y[:, None, None, :]).sum(-1)
    solved = torch.linalg.solve(gram, right)
    explained = (solved * right).sum(-1)
    return torch.where(variance > ROUNDING, explained / variance, 0.0).clamp(0, 1)


def _fourier_sums(
    turns: Tensor, values: tuple[Tensor, ...], first: int, sizes: tuple[int, ...]
) -> list[Tensor]:
    """Return Σ_j values_j cos(2π k turns_j) and the same of sines, for k = first, first + 1, ….

    Returns
    -------
    list of float32 Tensors of shape (n_objects, 2, size)
        One for each of the values.
    """
    parts = [
        _products(turns, values, first + k, [min(max(size - k, 0), CHUNK_SUMS) for size in sizes])
        for k in range(0, max(sizes), CHUNK_SUMS)
    ]
    return [torch.cat(of_one, -1) for of_one in zip(*parts, strict=True)]


def _products(
    turns: Tensor, values: tuple[Tensor, ...], first: int, sizes: list[int]
) -> list[Tensor]:
    """Do what `_fourier_sums` does, by one product of matrices for each of the values.

    Each k is a + b or a - b of a few centres a and offsets b = 1/2, 3/2, …. By the angle sum
    identities its sums are made of entries of a product, (A, n_observations) and
    (n_observations, B), so A + B cosines and sines are needed for 2 A·B sums. Phases are reduced
    modulo 1 in float64.
    """
    half = max(1, round(math.sqrt(max(sizes) / 2)))
    counts = [-(-size // (2 * half)) for size in sizes]  # of centres
    centre = first + half - 0.5 + 2 * half * torch.arange(max(counts)).to(turns)
    offset = 0.5 + torch.arange(half).to(turns)
    products: list[Tensor] = []
    for start in range(0, turns.shape[1], CHUNK_OBSERVATIONS):
        chunk = slice(start, start + CHUNK_OBSERVATIONS)
        a = _cos_sin(centre[:, None] * turns[:, None, chunk])
        b = _cos_sin(offset[:, None] * turns[:, None, chunk]).flatten(1, 2)
        now = [
            _product(a[:, :, :n].flatten(1, 2), b * value[:, None, chunk].float())
            for value, n in zip(values, counts, strict=True)
        ]
        products = [x.add_(y) for x, y in zip(products, now, strict=True)] if products else now
    return [
        _combined(product.view(len(turns), 2, n, 2, half))[..., :size]
        for product, n, size in zip(products, counts, sizes, strict=True)
    ]


def _product(x: Tensor, y: Tensor) -> Tensor:
    """Return ``x @ y.T`` of each object."""
    return kernels.linear(x[0], y[0])[None] if len(x) == 1 else x @ y.mT


def _combined(parts: Tensor) -> Tensor:
    """Return the sums for a - b and a + b, in order, from products of cosines and sines.

    Parameters
    ----------
    parts : Tensor of shape (n_objects, 2, n_centres, 2, n_offsets)

    Returns
    -------
    Tensor of shape (n_objects, 2, 2 n_centres n_offsets)
    """
    # cos(a ± b) = cos a cos b ∓ sin a sin b, sin(a ± b) = sin a cos b ± cos a sin b
    (cos_cos, cos_sin), (sin_cos, sin_sin) = (x.unbind(-2) for x in parts.unbind(1))
    n_objects, _, n_centres, _, half = parts.shape
    sums = parts.new_empty((n_objects, 2, n_centres, 2 * half))
    below, above = sums[..., :half], sums[..., half:]
    below[:, 0] = (cos_cos + sin_sin).flip(-1)
    below[:, 1] = (sin_cos - cos_sin).flip(-1)
    torch.sub(cos_cos, sin_sin, out=above[:, 0])
    torch.add(sin_cos, cos_sin, out=above[:, 1])
    return sums.flatten(2)


def _cos_sin(turns: Tensor) -> Tensor:
    """Return cosine and sine of angles in float64 turns, as float32, in dimension 1."""
    angle = turns.frac().float().mul_(2 * math.pi)
    out = angle.new_empty((len(angle), 2, *angle.shape[1:]))
    torch.cos(angle, out=out[:, 0])
    torch.sin(angle, out=out[:, 1])
    return out


@lru_cache(maxsize=64)
def _interpolation(stride: int, spacing: float, factor: int) -> Tensor:
    """Return the matrix from the sums of a group and its margins to those at its frequencies.

    Of all linear interpolations it has the least mean squared error for observations that are
    uniform in time. The sums are `spacing` / (time span) apart. A `factor` of 2 is for twice the
    frequencies.

    Returns
    -------
    float32 Tensor of shape (factor GROUP + 2 MARGIN, stride GROUP)
    """
    known = torch.arange(factor * GROUP + 2 * MARGIN, dtype=torch.float64)
    wanted = MARGIN + factor / stride * torch.arange(stride * GROUP, dtype=torch.float64)
    covariance = torch.sinc(spacing * (known[:, None] - known))
    covariance += 1e-14 * torch.eye(len(known), dtype=torch.float64)  # rounding, if nearly singular
    return torch.linalg.solve(covariance, torch.sinc(spacing * (known[:, None] - wanted))).float()


def _interpolated(sums: Tensor, matrix: Tensor, stride: int, factor: int, groups: slice) -> Tensor:
    """Return cosine and sine sums of some groups, (2, n_objects, n_groups, stride GROUP)."""
    size = factor * GROUP
    if factor == stride:  # nothing lies between the sums
        known = sums[..., MARGIN + size * groups.start : MARGIN + size * groups.stop]
        return known.view(*known.shape[:-1], -1, size).movedim(1, 0)
    windows = sums.unfold(-1, size + 2 * MARGIN, size)[:, :, groups]
    return (windows @ matrix).movedim(1, 0)


def _power(y: Tensor, once: Tensor, twice: Tensor) -> Tensor:
    """Return the power (Zechmeister & Kürster 2009, eqs. 5-15).

    Parameters
    ----------
    y : float32 Tensor of shape (2, …)
        Sums of weight times magnitude, of variance 1, with cosines and with sines.
    once, twice : float32 Tensors of shape (2, …)
        Sums of weights with cosines and sines of the frequency, and of twice the frequency.

    Returns
    -------
    float32 Tensor of shape (…)
    """
    (yc, ys), (c, s), (c2, s2) = y, once, twice
    # twice the equations' CC, SS and CS, in few passes over the arrays
    cc = (1 + c2).addcmul_(c, c, value=-2)
    ss = (1 - c2).addcmul_(s, s, value=-2)
    cs = torch.addcmul(s2, c, s, value=-2)
    determinant = (cc * ss).addcmul_(cs, cs, value=-1)
    power = ss.mul_(yc).mul_(yc).addcmul_(cc.mul_(ys), ys)
    power.addcmul_(cs.mul_(yc), ys, value=-2).mul_(2).div_(determinant)
    return power.masked_fill_(determinant <= 4 * SMALLEST_DETERMINANT, 0.0).clamp_(0, 1)
