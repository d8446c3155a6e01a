"""Attention vectors back to magnitudes."""

from __future__ import annotations

from torch import Tensor, nn

from sklearn_astromer.modules.encoder import Encoder, EncoderConfig, moments, visible
from sklearn_astromer.modules.norm import LayerNorm


class Decoder(nn.Module):
    """LayerNorm and one linear layer (Donoso-Oliva et al. 2023, §4.2).

    Parameters
    ----------
    config : EncoderConfig
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.norm = LayerNorm(config.d_model, eps=config.norm_eps)
        self.out = nn.Linear(config.d_model, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map vectors (n_windows, L, d_model) to magnitudes (n_windows, L)."""
        out: Tensor = self.out(self.norm(x)).squeeze(-1)
        return out


class Astromer(nn.Module):
    """Encoder and decoder together: what pretraining trains and a checkpoint holds.

    Parameters
    ----------
    config : EncoderConfig
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(
        self, time: Tensor, mag: Tensor, mask: Tensor | None = None, hidden: Tensor | None = None
    ) -> Tensor:
        """Reconstruct the centred magnitudes, (n_windows, L); see `Encoder.forward`."""
        return self.reconstruct(self.encoder(time, mag, mask, hidden), mag, mask, hidden)

    def all_layers(
        self, time: Tensor, mag: Tensor, mask: Tensor | None = None, hidden: Tensor | None = None
    ) -> list[Tensor]:
        """Return the input embedding and the output of each block; see `Encoder.all_layers`."""
        return self.encoder.all_layers(time, mag, mask, hidden)

    def reconstruct(
        self, vectors: Tensor, mag: Tensor, mask: Tensor | None, hidden: Tensor | None
    ) -> Tensor:
        """Reconstruct the centred magnitudes from the attention vectors of `mag`."""
        out: Tensor = self.decoder(vectors)
        if self.encoder.config.scaled_inputs:
            mean, scale = moments(mag, visible(mask, hidden))
            out = mean + scale * out
        return out
