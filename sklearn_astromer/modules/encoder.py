"""The ASTROMER encoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sklearn_astromer.config import EncoderConfig
from sklearn_astromer.modules.attention import SelfAttention
from sklearn_astromer.modules.dropout import Dropout
from sklearn_astromer.modules.linear import Linear
from sklearn_astromer.modules.norm import LayerNorm
from sklearn_astromer.modules.own_periods import phase_encoding
from sklearn_astromer.modules.positional import PositionalEncoding
from sklearn_astromer.modules.visible import moments, visible


class Block(nn.Module):
    """Attention, LayerNorm, feed-forward, LayerNorm (Donoso-Oliva et al. 2023, §4.1)."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.residual, self.norm_first = config.residual, config.norm_first
        self.activation = config.activation
        self.attention = SelfAttention(config.d_model, config.n_heads)
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
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        attended = self.dropout(self.attention(x, keys))
        x = self.norm1(self.residual1(x) + attended if self.residual else attended)
        fed = self.dropout(self.feed_forward(x))
        return self.norm2(self.residual2(x) + fed if self.residual else fed)

    def feed_forward(self, x: Tensor) -> Tensor:
        """Apply the two dense layers to each vector."""
        activation = torch.tanh if self.activation == "tanh" else F.gelu
        return self.ffn_out(activation(self.ffn_in(x)))


class Encoder(nn.Module):
    """Times and magnitudes to attention vectors (Donoso-Oliva et al. 2023, §4.1).

    Padding and hidden observations are excluded as keys (the official mask lets both through).
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        d = config.d_model
        self.positional = PositionalEncoding(
            d, config.pe_base, config.pe_exponent, config.min_period, config.pe_pairs
        )
        self.magnitude = nn.Linear(1 + config.scaled_inputs, d)
        self.time = Linear(d + 2 * sum(config.harmonics), d) if config.scaled_inputs else None
        self.mask_token = nn.Parameter(torch.zeros(d)) if config.mask_token else None
        if config.own_periods:
            self.spectrum = nn.Sequential(
                nn.Linear(config.n_spectrum, d), nn.GELU(), nn.Linear(d, d)
            )
        self.dropout = Dropout(config.dropout)
        self.layers: Sequence[Block] = nn.ModuleList(  # type: ignore[assignment]
            Block(config) for _ in range(config.n_layers)
        )
        self.norm = LayerNorm(d, eps=config.norm_eps) if config.norm_first else None

    def forward(self, *args: Tensor | None, **kwargs: Tensor | None) -> Tensor:
        """Return the attention vectors, (n_windows, L, d_model); arguments as for `embed`."""
        return self.all_layers(*args, **kwargs)[-1]

    def all_layers(self, *args: Tensor | None, **kwargs: Tensor | None) -> list[Tensor]:
        """Return the input embedding and the output of each block; arguments as for `embed`."""
        x, keys = self.embed(*args, **kwargs)  # type: ignore[arg-type]
        outputs = [x]
        for layer in self.layers:
            outputs.append(layer(outputs[-1], keys))
        if self.norm is not None:
            outputs[-1] = self.norm(outputs[-1])
        return outputs

    def attention_weights(self, *args: Tensor | None, **kwargs: Tensor | None) -> list[Tensor]:
        """Return each block's attention weights, (n_windows, n_heads, L, L); see `embed`."""
        x, keys = self.embed(*args, **kwargs)  # type: ignore[arg-type]
        weights = []
        for layer in self.layers:
            seen = layer.norm1(x) if self.config.norm_first else x
            weights.append(layer.attention.weights(seen, keys))
            x = layer(x, keys)
        return weights

    def embed(
        self,
        time: Tensor,
        mag: Tensor,
        mask: Tensor | None = None,
        hidden: Tensor | None = None,
        phase: Tensor | None = None,
        spectrum: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Return the input of the first block, and which observations are keys.

        Parameters
        ----------
        time, mag : float32 Tensors of shape (n_windows, L)
            Centred times (days) and magnitudes; anything in the padding.
        mask : bool Tensor of shape (n_windows, L), optional
            True = a real observation; None: all are.
        hidden : bool Tensor of shape (n_windows, L), optional
            True = must not be seen. At least one real observation of a window stays visible.
        phase : float32 Tensor of shape (n_windows, L, own_periods), optional
            See `phase_encoding`; needed, with `spectrum`, if the encoder has own periods.
        spectrum : float32 Tensor of shape (n_windows, n_spectrum), optional
            What describes each object's periodogram, see `Peaks.spectrum`.

        Returns
        -------
        x : Tensor of shape (n_windows, L, d_model)
        keys : bool Tensor of shape (n_windows, L), or None for all
        """
        keys = visible(mask, hidden)
        inputs = mag.unsqueeze(-1)  # (n_windows, L, 1 or 2)
        if self.config.scaled_inputs:
            mean, scale = moments(mag, keys)
            inputs = torch.stack([(mag - mean) / scale, scale.log().expand_as(mag)], dim=-1)
        if hidden is not None:
            inputs = inputs.masked_fill(hidden.unsqueeze(-1), 0.0)
        seen = self.magnitude(inputs)  # (n_windows, L, d_model)
        if hidden is not None and self.mask_token is not None:
            seen = torch.where(hidden.unsqueeze(-1), self.mask_token, seen)
        encoded = self.positional(time)
        if phase is not None:
            encoded = torch.cat([encoded, phase_encoding(phase, self.config.harmonics)], dim=-1)
        x = seen + (encoded if self.time is None else self.time(encoded))
        if spectrum is not None:
            # four equal rows a window, so that none depends on the others' number: see Windows
            rows = spectrum.unsqueeze(1).expand(-1, 4, -1)
            x = x + self.spectrum(rows)[:, :1]
        return self.dropout(x), keys
