"""Vectors of observations to one row per window, and rows of windows to one per object."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def pool_windows(layers: list[Tensor], mask: Tensor | None, parts: Collection[str]) -> Tensor:
    """Summarise each window over its real observations.

    Parameters
    ----------
    layers : list of Tensors of shape (n_windows, L, d_model)
        Input embedding and each block's output; all but the last are used by ``"layers"`` alone.
    mask : bool Tensor of shape (n_windows, L) or None
    parts : some of ``"mean"``, ``"std"``, ``"max"``, ``"layers"``

    Returns
    -------
    float32 Tensor of shape (n_windows, k, d_model)
        In the order above, whatever that of `parts`: the mean; the mean again, and the sum of
        squared deviations from it; the largest of each channel; the mean of each of the layers.
    """
    pooled: list[Tensor] = []
    last = layers[-1]
    if "mean" in parts:
        pooled.append(masked_mean(last, mask))
    if "std" in parts:
        mean = masked_mean(last, mask)
        deviation = last.float() - mean.unsqueeze(1)
        if mask is not None:
            deviation = deviation.masked_fill(~mask.unsqueeze(-1), 0.0)
        pooled += [mean, (deviation**2).sum(1)]
    if "max" in parts:
        values = last.float()
        if mask is not None:
            values = values.masked_fill(~mask.unsqueeze(-1), float("-inf"))
        pooled.append(values.amax(1))
    if "layers" in parts:
        pooled += [masked_mean(layer, mask) for layer in layers]
    return torch.stack(pooled, dim=1)


def masked_mean(vectors: Tensor, mask: Tensor | None) -> Tensor:
    """Mean over the real observations: (n_windows, L, d) to (n_windows, d), in float32."""
    if mask is None:
        return vectors.mean(1, dtype=torch.float32)
    total = (vectors * mask.unsqueeze(-1)).sum(1, dtype=torch.float32)
    return total / mask.sum(1, keepdim=True)


def combine_windows(
    pooled: NDArray[np.float32],
    length: NDArray[np.int64],
    first: NDArray[np.int64],
    parts: Collection[str],
) -> dict[str, NDArray[np.float32]]:
    """Join the windows of each object, weighted by their observations, in float64.

    Parameters
    ----------
    pooled : ndarray of shape (n_windows, k, d_model)
        From `pool_windows`, the windows of one object side by side.
    length : ndarray of shape (n_windows,)
        Observations of each window.
    first : ndarray of shape (n_objects,)
        The first window of each object.
    parts
        As given to `pool_windows`.

    Returns
    -------
    dict of str to ndarray of shape (n_objects, n_columns)
        Of each part what it is over all observations; ``"std"`` is the standard deviation.
    """
    weight = length[:, None].astype(np.float64)
    total = np.add.reduceat(weight, first)

    def mean_of(values: NDArray[np.float32]) -> NDArray[np.float64]:
        mean: NDArray[np.float64] = np.add.reduceat(values * weight, first) / total
        return mean

    joined: dict[str, NDArray[np.float32]] = {}
    rest = list(np.moveaxis(pooled, 1, 0))
    if "mean" in parts:
        joined["mean"] = mean_of(rest.pop(0)).astype(np.float32)
    if "std" in parts:
        mean, squares = rest.pop(0), rest.pop(0)
        overall = np.repeat(mean_of(mean), np.diff([*first, len(pooled)]), axis=0)
        between = weight * (mean - overall) ** 2
        variance = np.add.reduceat(squares + between, first) / total
        joined["std"] = np.sqrt(variance).astype(np.float32)
    if "max" in parts:
        joined["max"] = np.maximum.reduceat(rest.pop(0), first)
    if "layers" in parts:
        joined["layers"] = np.hstack([mean_of(layer) for layer in rest]).astype(np.float32)
    return joined
