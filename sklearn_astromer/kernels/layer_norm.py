"""LayerNorm in the dtype of its input."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def layer_norm(x: Tensor, shape: Sequence[int], weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Do what `torch.nn.functional.layer_norm` does, in bfloat16 where x is, on a GPU.

    Autocast would write float32, which the next product rounds again; sums are in float32 in both.
    """
    if not x.is_cuda:
        return F.layer_norm(x, shape, weight, bias, eps)
    with torch.autocast("cuda", enabled=False):
        return F.layer_norm(x, shape, weight.to(x.dtype), bias.to(x.dtype), eps)
