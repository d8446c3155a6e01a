"""Positional encoding of continuous times."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class PositionalEncoding(nn.Module):
    """Sines and cosines of the time (Donoso-Oliva et al. 2023, eqs. 3 and 4, as released).

    Channel i is the sine (i even) or cosine (i odd) of
    ``2π t / min_period · base^(−exponent · i / d_model)``.

    Parameters
    ----------
    d_model : int
        Channels.
    base, exponent : float
        The released code uses 10000 and 2; the paper prints base 1000, which does not fit the
        released weights.
    min_period : float
        Period of channel 0 in days; 2π in the released code.
    pairs : bool
        Give the channels 2k and 2k + 1 the frequency of i = 2k, as Vaswani et al. 2017 do: the
        product of two encodings then depends on the difference of their times alone.
    """

    even: Tensor
    odd: Tensor

    def __init__(
        self, d_model: int, base: float, exponent: float, min_period: float, pairs: bool = False
    ) -> None:
        super().__init__()
        # on the CPU even where the parameters are made on "meta": no checkpoint has these
        channel = torch.arange(d_model, dtype=torch.float64, device="cpu")
        if pairs:
            channel = channel // 2 * 2
        frequency = 2 * math.pi / min_period * base ** (-exponent * channel / d_model)
        self.register_buffer("even", frequency[0::2].float(), persistent=False)
        self.register_buffer("odd", frequency[1::2].float(), persistent=False)

    def forward(self, time: Tensor) -> Tensor:
        """Encode times in days: (…, L) to (…, L, d_model), float32."""
        time = time.float().unsqueeze(-1)
        return torch.stack([(time * self.even).sin(), (time * self.odd).cos()], dim=-1).flatten(-2)
