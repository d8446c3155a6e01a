"""Losses of hidden observations."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F  # noqa: N812
from torch import Tensor

FARTHEST = 5.0  # deviations; a flare counts as much as five


class Loss(NamedTuple):
    """A mean over hidden observations, or its root.

    ``each(restored, asked)`` is what is averaged, of the same shape as both. With ``standardised``
    both are about the mean of the visible observations, in units of their deviation. With
    ``root``, the root of the mean is minimised.
    """

    each: Callable[[Tensor, Tensor], Tensor]
    standardised: bool = False
    root: bool = False


def squared(restored: Tensor, asked: Tensor) -> Tensor:
    """Return squared errors."""
    return (restored - asked) ** 2


def clipped_smooth_l1(restored: Tensor, asked: Tensor) -> Tensor:
    """Return smooth L1 distances to what is asked for, clipped at 5."""
    return F.smooth_l1_loss(restored, asked.clamp(-FARTHEST, FARTHEST), reduction="none")


#: By the names that `Recipe.loss` takes; "rmse" is Donoso-Oliva et al. 2023, eq. 6.
LOSSES = {
    "rmse": Loss(squared, root=True),
    "smooth_l1": Loss(clipped_smooth_l1, standardised=True),
}
