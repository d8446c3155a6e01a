"""Faster replacements of single functions of torch, with the same results.

The layers in `sklearn_astromer.modules` compute by `attention`, `dropout`, `layer_norm` and
`linear`. Each takes a faster path where this machine and the tensors allow it, and is the function
of torch otherwise. Without them everything works, more slowly: set ``SKLEARN_ASTROMER_KERNELS=0``,
or use `disabled`.
"""

from sklearn_astromer.kernels.attention import attention
from sklearn_astromer.kernels.dropout import dropout
from sklearn_astromer.kernels.layer_norm import layer_norm
from sklearn_astromer.kernels.linear import linear
from sklearn_astromer.kernels.switch import disabled, enabled

__all__ = ["attention", "disabled", "dropout", "enabled", "layer_norm", "linear"]
