"""Vectors of observations to one row per window, and rows of windows to one per object."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pooling = Literal["mean", "mean_std", "max", "layers"]
POOLINGS: tuple[str, ...] = get_args(Pooling)


def pool_windows(layers: list[Tensor], mask: Tensor | None, pooling: str) -> Tensor:
    """Summarise each window over its real observations.

    Parameters
    ----------
    layers : list of Tensors of shape (n_windows, L, d_model)
        Input embedding and each block's output; all but the last are used by ``"layers"`` alone.
    mask : bool Tensor of shape (n_windows, L) or None
    pooling : {"mean", "mean_std", "max", "layers"}

    Returns
    -------
    float32 Tensor of shape (n_windows, k, d_model)
        ``"mean"``: the mean. ``"mean_std"``: mean and sum of squared deviations. ``"max"``: the
        largest of each channel. ``"layers"``: the mean of each of the layers.
    """
    if pooling == "max":
        last = layers[-1].float()
        if mask is not None:
            last = last.masked_fill(~mask.unsqueeze(-1), float("-inf"))
        return last.amax(1, keepdim=True)
    used = layers if pooling == "layers" else layers[-1:]
    means = [masked_mean(layer, mask) for layer in used]
    if pooling == "mean_std":
        deviation = layers[-1].float() - means[0].unsqueeze(1)
        if mask is not None:
            deviation = deviation.masked_fill(~mask.unsqueeze(-1), 0.0)
        means.append((deviation**2).sum(1))
    return torch.stack(means, dim=1)


def masked_mean(vectors: Tensor, mask: Tensor | None) -> Tensor:
    """Mean over the real observations: (n_windows, L, d) to (n_windows, d), in float32."""
    if mask is None:
        return vectors.mean(1, dtype=torch.float32)
    total = (vectors * mask.unsqueeze(-1)).sum(1, dtype=torch.float32)
    return total / mask.sum(1, keepdim=True)


def combine_windows(
    pooled: NDArray[np.float32], length: NDArray[np.int64], first: NDArray[np.int64], pooling: str
) -> NDArray[np.float32]:
    """Join the windows of each object, weighted by their observations, in float64.

    Parameters
    ----------
    pooled : ndarray of shape (n_windows, k, d_model)
        From `pool_windows`, the windows of one object side by side.
    length : ndarray of shape (n_windows,)
        Observations of each window.
    first : ndarray of shape (n_objects,)
        The first window of each object.
    pooling : {"mean", "mean_std", "max", "layers"}

    Returns
    -------
    ndarray of shape (n_objects, k · d_model)
        For ``"mean_std"`` the mean and the standard deviation over all observations.
    """
    if pooling != "mean_std" and len(first) == len(pooled):  # of one window each
        return pooled.reshape(len(first), -1)
    if pooling == "max":
        return np.maximum.reduceat(pooled, first).reshape(len(first), -1)
    weight = length[:, None, None].astype(np.float64)
    total = np.add.reduceat(weight, first)
    if pooling != "mean_std":
        combined = np.add.reduceat(pooled * weight, first) / total
        return combined.reshape(len(first), -1).astype(np.float32)
    mean, squares, weight, total = pooled[:, 0], pooled[:, 1], weight[:, 0], total[:, 0]
    overall = np.add.reduceat(mean * weight, first) / total
    between = weight * (mean - np.repeat(overall, np.diff([*first, len(pooled)]), axis=0)) ** 2
    variance = np.add.reduceat(squares + between, first) / total
    return np.hstack([overall, np.sqrt(variance)]).astype(np.float32)
