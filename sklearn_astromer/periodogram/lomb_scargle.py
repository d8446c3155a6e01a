"""Generalised Lomb-Scargle power of ragged curves as matrix products, on any device."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sklearn_astromer import kernels

CHUNK_OBSERVATIONS = 4096  # summed at a time, which bounds the memory of long curves
CHUNK_ELEMENTS = 2**21  # of a product, on a CPU
ROUNDING = 1e-18  # mag²: less is no variance
SMALLEST_DETERMINANT = 1e-5  # below it sine, cosine and constant are the same, to float32


@torch.no_grad()
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
    variance = (weight * y**2).sum(1, keepdim=True)
    y = torch.where(variance > ROUNDING, y * variance.rsqrt(), 0.0)
    half = max(1, round(math.sqrt(n_frequencies / 3)))
    n_centres = -(-n_frequencies // (2 * half))
    # frequency number = centre ± offset
    centre = 1 + 2 * half * torch.arange(n_centres, device=device) + (half - 0.5)
    offset = torch.arange(half, device=device) + 0.5
    rows = n_centres
    if device.type == "cpu":
        rows = max(1, min(n_centres, CHUNK_ELEMENTS // (8 * half)))

    a_half = torch.tensor(0.5, device=device)
    chunks = []
    for start in range(0, n, CHUNK_OBSERVATIONS):
        turns = (time[:, start : start + CHUNK_OBSERVATIONS] * step[:, None])[:, None, :]
        w = weight[:, None, start : start + CHUNK_OBSERVATIONS].float()
        wy = w * y[:, None, start : start + CHUNK_OBSERVATIONS].float()
        cos, sin = _cos_sin(offset[:, None] * turns).unbind(1)  # (n_objects, half, n)
        single = torch.cat([wy * cos, wy * sin, w * cos, w * sin], 1)
        double = torch.cat([w * (1 - 2 * sin * sin), 2 * w * sin * cos], 1)
        chunks.append((turns, single, double))

    power = torch.empty((n_objects, n_centres, 2 * half), device=device)
    for start in range(0, n_centres, rows):
        some = centre[start : start + rows, None]
        sums: list[Tensor] = []
        for turns, single, double in chunks:
            once = _cos_sin(some * turns)  # (n_objects, cos | sin, rows, n)
            cos, sin = once.unbind(1)
            half_twice = torch.empty_like(once)  # half of these at twice the frequency
            torch.addcmul(a_half, sin, sin, value=-1, out=half_twice[:, 0])
            torch.mul(sin, cos, out=half_twice[:, 1])
            pairs = ((once, single), (half_twice, double))
            products = [_product(x.flatten(1, 2), y) for x, y in pairs]
            sums = [a.add_(b) for a, b in zip(sums, products, strict=True)] if sums else products
        # (n_objects, cos | sin of the centre, rows, …, cos | sin of the offset, half)
        singles = sums[0].view(n_objects, 2, len(some), 2, 2, half)
        doubles = sums[1].view(n_objects, 2, len(some), 2, half)
        for sign in (1, -1):
            yc, ys = _rotated(singles[:, :, :, 0], sign)
            c, s = _rotated(singles[:, :, :, 1], sign)
            c2, s2 = _rotated(doubles, sign)
            part = _power(yc, ys, c, s, c2, s2)
            if sign == 1:
                power[:, start : start + rows, half:] = part
            else:
                power[:, start : start + rows, :half] = part.flip(-1)
    return power.flatten(1)[:, :n_frequencies]


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


def _cos_sin(turns: Tensor) -> Tensor:
    """Return cosine and sine of angles in float64 turns, as float32, in dimension 1."""
    angle = turns.frac().float().mul_(2 * math.pi)
    out = angle.new_empty((len(angle), 2, *angle.shape[1:]))
    torch.cos(angle, out=out[:, 0])
    torch.sin(angle, out=out[:, 1])
    return out


def _product(x: Tensor, y: Tensor) -> Tensor:
    """Return ``x @ y.T`` of each object."""
    return torch.stack([kernels.product(a, b) for a, b in zip(x, y, strict=True)])


def _rotated(sums: Tensor, sign: int) -> tuple[Tensor, Tensor]:
    """Return the sums for centre + sign · offset from those of the products of their sines.

    cos(a ± b) = cos a cos b ∓ sin a sin b, sin(a ± b) = sin a cos b ± cos a sin b.
    """
    (cos_cos, cos_sin), (sin_cos, sin_sin) = (each.unbind(-2) for each in sums.unbind(1))
    return (
        torch.add(cos_cos, sin_sin, alpha=-sign),
        torch.add(sin_cos, cos_sin, alpha=sign),
    )


def _power(yc: Tensor, ys: Tensor, c: Tensor, s: Tensor, c2: Tensor, s2: Tensor) -> Tensor:
    """Return the power (Zechmeister & Kürster 2009, eqs. 5-15).

    Sums of magnitudes of variance 1 with cosines and sines, then of the weights with these, and of
    half the weights with those of twice the frequency.
    """
    cc = torch.addcmul(0.5 + c2, c, c, value=-1)
    ss = torch.addcmul(0.5 - c2, s, s, value=-1)
    cs = torch.addcmul(s2, c, s, value=-1)
    determinant = torch.addcmul(cc * ss, cs, cs, value=-1)
    # yc² ss + ys² cc − 2 yc ys cs
    power = yc * torch.addcmul(yc * ss, ys, cs, value=-1)
    power.addcmul_(ys, torch.addcmul(ys * cc, yc, cs, value=-1)).div_(determinant)
    return torch.where(determinant > SMALLEST_DETERMINANT, power, 0.0).clamp_(0, 1)
