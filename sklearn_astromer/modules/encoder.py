"""The ASTROMER encoder."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sklearn_astromer.modules.attention import SelfAttention
from sklearn_astromer.modules.dropout import Dropout
from sklearn_astromer.modules.linear import Linear
from sklearn_astromer.modules.norm import LayerNorm
from sklearn_astromer.modules.positional import PositionalEncoding

ACTIVATIONS = ("tanh", "gelu")


@dataclasses.dataclass(frozen=True)
class EncoderConfig:
    """What an encoder looks like; the defaults are the released ASTROMER 1.

    Parameters
    ----------
    d_model, n_layers, n_heads, d_ff : int
        Width of the vectors, blocks, heads (dividing `d_model`), width of the feed-forward layer.
    dropout : float
        In training, after the input, the attention and the feed-forward layer.
    pe_base, pe_exponent, min_period : float
        See `PositionalEncoding`; `min_period` in days.
    residual : bool
        Add the input of each sub-layer before its LayerNorm. ASTROMER 1 does not.
    dense_residual : bool
        With residuals: add it after a linear layer of its own, as ASTROMER 2 does.
    mask_token : bool
        Give hidden observations a learned vector instead of the magnitude 0.
    norm_first : bool
        With residuals: LayerNorm before each sub-layer instead of after it, and once more after
        the last (Xiong et al. 2020); deeper networks train more easily.
    pe_pairs : bool
        See `PositionalEncoding`.
    scaled_inputs : bool
        Divide the magnitudes of a window by the standard deviation of those the network may see,
        give it the logarithm of that as a second input, and the times through a linear layer.
        Otherwise small amplitudes drown in the positional encoding.
    activation : {"tanh", "gelu"}
        Of the feed-forward layer.
    norm_eps : float
        Of LayerNorm.
    """

    d_model: int = 256
    n_layers: int = 2
    n_heads: int = 4
    d_ff: int = 128
    dropout: float = 0.1
    pe_base: float = 10000.0
    pe_exponent: float = 2.0
    min_period: float = 2 * math.pi
    residual: bool = False
    dense_residual: bool = False
    norm_first: bool = False
    pe_pairs: bool = False
    mask_token: bool = False
    scaled_inputs: bool = False
    activation: str = "tanh"
    norm_eps: float = 1e-6

    def __post_init__(self) -> None:
        """Refuse sizes that make no network."""
        for name in ("d_model", "n_layers", "n_heads", "d_ff"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.d_model % self.n_heads or self.d_model % 2:
            raise ValueError(
                f"d_model={self.d_model} must be even and a multiple of n_heads={self.n_heads}"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")
        if self.min_period <= 0 or self.pe_base <= 0:
            raise ValueError("min_period and pe_base must be positive")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {ACTIVATIONS}, got {self.activation!r}")
        if (self.norm_first or self.dense_residual) and not self.residual:
            name = "norm_first" if self.norm_first else "dense_residual"
            raise ValueError(f"{name}=True needs residual=True")
        if self.norm_first and self.dense_residual:
            raise ValueError("norm_first=True and dense_residual=True exclude each other")


class Block(nn.Module):
    """Attention, LayerNorm, feed-forward, LayerNorm; see `SelfAttention` for `careful`."""

    def __init__(self, config: EncoderConfig, careful: bool = False) -> None:
        super().__init__()
        self.residual, self.norm_first = config.residual, config.norm_first
        self.activation = config.activation
        self.attention = SelfAttention(config.d_model, config.n_heads, careful)
        self.norm1 = LayerNorm(config.d_model, eps=config.norm_eps)
        self.ffn_in = Linear(config.d_model, config.d_ff)
        self.ffn_out = Linear(config.d_ff, config.d_model)
        self.norm2 = LayerNorm(config.d_model, eps=config.norm_eps)
        self.residual1: nn.Module = nn.Identity()
        self.residual2: nn.Module = nn.Identity()
        if config.dense_residual:
            self.residual1 = Linear(config.d_model, config.d_model)
            self.residual2 = Linear(config.d_model, config.d_model)
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor, keys: Tensor | None) -> Tensor:
        """Map vectors to vectors, both (n_windows, L, d_model)."""
        if self.norm_first:
            x = x + self.dropout(self.attention(self.norm1(x), keys))
            return x + self.dropout(self._feed_forward(self.norm2(x)))
        attended = self.dropout(self.attention(x, keys))
        x = self.norm1(self.residual1(x) + attended if self.residual else attended)
        fed = self.dropout(self._feed_forward(x))
        out: Tensor = self.norm2(self.residual2(x) + fed if self.residual else fed)
        return out

    def _feed_forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.ffn_out(self.ffn_in(x, self.activation))
        return out


class Encoder(nn.Module):
    """Magnitudes and times to attention vectors (Donoso-Oliva et al. 2023, §4.1).

    Padding and hidden observations are excluded as keys, so a window's vectors do not depend on
    how far it is padded (the official mask lets both through).

    Parameters
    ----------
    config : EncoderConfig
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.positional = PositionalEncoding(
            config.d_model,
            config.pe_base,
            config.pe_exponent,
            config.min_period,
            config.pe_pairs,
        )
        self.magnitude = Linear(1 + config.scaled_inputs, config.d_model)
        self.time = Linear(config.d_model, config.d_model) if config.scaled_inputs else None
        self.mask_token = nn.Parameter(torch.zeros(config.d_model)) if config.mask_token else None
        self.dropout = Dropout(config.dropout)
        self.layers: Sequence[Block] = nn.ModuleList(  # type: ignore[assignment]
            Block(config, careful=i == 0 and not config.residual) for i in range(config.n_layers)
        )
        self.norm = LayerNorm(config.d_model, eps=config.norm_eps) if config.norm_first else None

    def forward(
        self, time: Tensor, mag: Tensor, mask: Tensor | None = None, hidden: Tensor | None = None
    ) -> Tensor:
        """Return the attention vectors.

        Parameters
        ----------
        time, mag : float32 Tensors of shape (n_windows, L)
            Centred times (days) and magnitudes; anything in the padding.
        mask : bool Tensor of shape (n_windows, L), optional
            True = a real observation; None: all are.
        hidden : bool Tensor of shape (n_windows, L), optional
            True = its magnitude is to be reconstructed and must not be seen. At least one real
            observation of a window stays visible.

        Returns
        -------
        Tensor of shape (n_windows, L, d_model)
        """
        return self.all_layers(time, mag, mask, hidden)[-1]

    def all_layers(
        self, time: Tensor, mag: Tensor, mask: Tensor | None = None, hidden: Tensor | None = None
    ) -> list[Tensor]:
        """Return the input embedding and the output of each block; see `forward`."""
        x, keys = self.embed(time, mag, mask, hidden)
        outputs = [x]
        for layer in self.layers:
            outputs.append(layer(outputs[-1], keys))
        if self.norm is not None:
            outputs[-1] = self.norm(outputs[-1])
        return outputs

    def attention_weights(
        self, time: Tensor, mag: Tensor, mask: Tensor | None = None, hidden: Tensor | None = None
    ) -> list[Tensor]:
        """Return each block's attention weights, (n_windows, n_heads, L, L); see `forward`."""
        x, keys = self.embed(time, mag, mask, hidden)
        weights = []
        for layer in self.layers:
            seen = layer.norm1(x) if self.config.norm_first else x
            weights.append(layer.attention.weights(seen, keys))
            x = layer(x, keys)
        return weights

    def embed(
        self, time: Tensor, mag: Tensor, mask: Tensor | None = None, hidden: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Return the input of the first block, and which observations are keys; see `forward`."""
        keys = visible(mask, hidden)
        inputs = mag.unsqueeze(-1)
        if self.config.scaled_inputs:
            mean, scale = moments(mag, keys)
            inputs = torch.stack([(mag - mean) / scale, scale.log().expand_as(mag)], dim=-1)
        if hidden is not None:
            inputs = inputs.masked_fill(hidden.unsqueeze(-1), 0.0)
        x, bias = self.positional(time), self.magnitude.bias
        x = x.add_(bias) if self.time is None else self.time(x).float() + bias
        # not as a product, which autocast would round: that costs as much as all that follows
        for weight, values in zip(self.magnitude.weight.unbind(1), inputs.unbind(-1), strict=True):
            x.addcmul_(values.unsqueeze(-1), weight)
        if hidden is not None and self.mask_token is not None:
            x.addcmul_(hidden.unsqueeze(-1).to(x.dtype), self.mask_token - bias)
        return self.dropout(x), keys


def visible(mask: Tensor | None, hidden: Tensor | None) -> Tensor | None:
    """Return which observations the network may see; None: all."""
    if hidden is None:
        return mask
    return ~hidden if mask is None else mask & ~hidden


def moments(mag: Tensor, keys: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation (magnitudes) of what is visible, (n_windows, 1) each.

    The deviation is at least 1 mmag, so that constant curves have one.
    """
    weight = torch.ones_like(mag) if keys is None else keys.to(mag.dtype)
    count = weight.sum(1, keepdim=True)
    mean = (mag * weight).sum(1, keepdim=True) / count
    variance = ((mag - mean) ** 2 * weight).sum(1, keepdim=True) / count
    return mean, (variance + 1e-6).sqrt()
