"""Generalised Lomb-Scargle power of ragged curves as matrix products, on any device."""

from __future__ import annotations

import math

import torch
from torch import Tensor

CHUNK_OBSERVATIONS = 4096  # summed at a time, which bounds the memory of long curves
CHUNK_ELEMENTS = 2**18  # of a product, on a CPU: what follows it stays in the cache
ROUNDING = 1e-18  # mag²: less is no variance
SMALLEST_DETERMINANT = 1e-5  # below it sine, cosine and constant are the same, to float32


def grid_power(
    time: Tensor, mag: Tensor, weight: Tensor, step: Tensor, n_frequencies: int
) -> Tensor:
    """Return the power at the frequencies ``step, 2 step, …, n_frequencies step``.

    The power is the share of the weighted variance that a sine of the frequency and a constant
    explain (Zechmeister & Kürster 2009, eq. 5). With f = f_a + f_b, each sum over observations
    Σ_j y_j exp(2πi f t_j) is an entry of a product (A, n) (n, B), which needs A + B sines for A·B
    frequencies. Phases are reduced modulo 1 in float64.

    Parameters
    ----------
    time : float64 Tensor of shape (n_objects, n)
        Days; best centred.
    mag : float64 Tensor of shape (n_objects, n)
        Magnitudes.
    weight : float64 Tensor of shape (n_objects, n)
        Sums to 1 for each object; 0 in the padding.
    step : float64 Tensor of shape (n_objects,)
        Cycles a day.
    n_frequencies : int

    Returns
    -------
    float32 Tensor of shape (n_objects, n_frequencies)
        In [0, 1]; 0 for constant curves, and where sine, cosine and constant are the same at all
        times, as at one cycle a day for observations once a night.
    """
    n_objects, n = time.shape
    device = time.device
    y = mag - (weight * mag).sum(1, keepdim=True)
    variance = (weight * y**2).sum(1)
    half = max(1, round(math.sqrt(n_frequencies / 8)))
    n_centres = -(-n_frequencies // (2 * half))
    # frequency number = centre ± offset
    centre = 1 + 2 * half * torch.arange(n_centres, device=device) + (half - 0.5)
    offset = torch.arange(half, device=device) + 0.5
    rows = n_centres
    if device.type == "cpu":
        rows = max(1, min(n_centres, CHUNK_ELEMENTS // (8 * half)))

    chunks = []
    for start in range(0, n, CHUNK_OBSERVATIONS):
        of = slice(start, start + CHUNK_OBSERVATIONS)
        turns = time[:, of] * step[:, None]
        sin, cos = _sin_cos(turns[:, :, None] * offset)  # (n_objects, n, half)
        single = torch.cat([cos, sin], -1)
        double = torch.cat([1 - 2 * sin**2, 2 * sin * cos], -1)
        w = weight[:, None, of].float()
        chunks.append((turns, single, double, w, w * y[:, None, of].float()))

    power = torch.empty((n_objects, n_centres, 2 * half), device=device)
    scale = torch.where(variance > ROUNDING, 1 / variance, 0.0).float()[:, None, None]
    for start in range(0, n_centres, rows):
        some = centre[start : start + rows]
        sums: Tensor | None = None
        for turns, single, double, w, wy in chunks:
            sin, cos = _sin_cos(some[:, None] * turns[:, None, :])  # (n_objects, rows, n)
            first = torch.cat([wy * cos, wy * sin, w * cos, w * sin], 1) @ single
            second = torch.cat([w * (1 - 2 * sin**2), w * (2 * sin * cos)], 1) @ double
            both = torch.cat([first, second], 1)
            sums = both if sums is None else sums + both
        assert sums is not None
        # (n_objects, 6, rows, cos | sin, half)
        sums = sums.view(n_objects, 6, len(some), 2, half)
        for sign in (1, -1):
            part = _power(*_rotated(sums, sign)) * scale
            if sign == 1:
                power[:, start : start + rows, half:] = part
            else:
                power[:, start : start + rows, :half] = part.flip(-1)
    return power.flatten(1)[:, :n_frequencies].clamp_(0, 1)


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
    first = torch.polar(torch.ones_like(angle), angle)
    terms, term = [], first
    for _ in range(n_harmonics):
        terms += [term.real, term.imag]
        term = term * first
    design = torch.stack(terms, -2)  # (n_objects, k, 2 n_harmonics, n)
    w = weight[:, None, None, :]
    design = design - (design * w).sum(-1, keepdim=True)
    weighted = design * w
    gram = weighted @ design.transpose(-1, -2)
    # harmonics that are one on these times share the amplitude
    gram = gram + 1e-12 * torch.eye(2 * n_harmonics, dtype=gram.dtype, device=gram.device)
    right = (weighted * y[:, None, None, :]).sum(-1)
    solved = torch.linalg.solve(gram, right)
    explained = (solved * right).sum(-1)
    return torch.where(variance > ROUNDING, explained / variance, 0.0).clamp(0, 1)


def _sin_cos(turns: Tensor) -> tuple[Tensor, Tensor]:
    """Return sine and cosine of angles in float64 turns, as float32."""
    angle = (turns - turns.round()).float().mul_(2 * math.pi)
    return angle.sin(), angle.cos()


def _rotated(sums: Tensor, sign: int) -> tuple[Tensor, ...]:
    """Return the sums of centre + sign · offset from those of the products of their sines."""
    out = []
    for cos, sin in ((0, 1), (2, 3), (4, 5)):
        out.append(sums[:, cos, :, 0] - sign * sums[:, sin, :, 1])
        out.append(sums[:, sin, :, 0] + sign * sums[:, cos, :, 1])
    return tuple(out)


def _power(yc: Tensor, ys: Tensor, c: Tensor, s: Tensor, c2: Tensor, s2: Tensor) -> Tensor:
    """Return the power times the variance (Zechmeister & Kürster 2009, eqs. 5-15)."""
    cc = 0.5 * (1 + c2) - c * c
    ss = 0.5 * (1 - c2) - s * s
    cs = 0.5 * s2 - c * s
    determinant = cc * ss - cs * cs
    power = (yc * yc * ss + ys * ys * cc - 2 * yc * ys * cs) / determinant
    return torch.where(determinant > SMALLEST_DETERMINANT, power, 0.0)
