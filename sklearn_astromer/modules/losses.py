"""Losses of pretraining."""

from __future__ import annotations

from torch import Tensor


def squared_error(predicted: Tensor, target: Tensor, probed: Tensor) -> tuple[Tensor, Tensor]:
    """Return the summed squared error (mag²) of the probed observations, and their number.

    Parameters
    ----------
    predicted, target : Tensor of shape (n_windows, L)
        Magnitudes.
    probed : bool Tensor of shape (n_windows, L)
    """
    error = (predicted.float() - target.float()) * probed
    return (error**2).sum(), probed.sum()


def masked_rmse(predicted: Tensor, target: Tensor, probed: Tensor) -> Tensor:
    """Root mean squared error of the probed observations (Donoso-Oliva et al. 2023, eq. 6).

    Zero, with a zero gradient, where nothing is probed.
    """
    total, count = squared_error(predicted, target, probed)
    mean = total / count.clamp(min=1)
    # the gradient of the root is infinite at 0
    return mean.clamp(min=1e-12).sqrt()
