"""Losses as (weighted sum, sum of weights), so that batches can be pooled exactly."""

from __future__ import annotations

from torch import Tensor


def squared_error(predicted: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weighted sum of squared errors, and the sum of the weights.

    Parameters
    ----------
    predicted, target : Tensor
        Of the same shape, e.g. magnitudes (n_windows, L).
    weight : Tensor of that shape
        Numbers, or bools: what counts.
    """
    error = predicted.float() - target.float()
    return (error**2 * weight).sum(), weight.sum()
