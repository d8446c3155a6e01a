"""Products of matrices in float32 by oneDNN, which torch brings along but does not use for them."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_astromer.kernels import processor
from sklearn_astromer.kernels.switch import enabled


def product(x: Tensor, y: Tensor) -> Tensor:
    """Return ``x @ y.T``, (n, k) and (m, k) to (n, m); without a gradient faster on an x86 CPU."""
    takes = (
        processor.ONEDNN
        and enabled()
        and x.is_cpu
        and y.is_cpu
        and x.dtype == y.dtype == torch.float32
        and x.numel() > 0
        and not torch.is_grad_enabled()
    )
    if not takes:
        return x @ y.T
    return torch.ops.mkldnn._linear_pointwise(x, y, None, "none", [], "")
