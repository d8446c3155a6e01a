"""Attention vectors back to magnitudes."""

from __future__ import annotations

from torch import Tensor, nn

from sklearn_astromer.config import EncoderConfig
from sklearn_astromer.modules.encoder import Encoder
from sklearn_astromer.modules.norm import LayerNorm
from sklearn_astromer.modules.visible import moments, visible


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
        self,
        time: Tensor,
        mag: Tensor,
        mask: Tensor | None = None,
        hidden: Tensor | None = None,
        phase: Tensor | None = None,
        spectrum: Tensor | None = None,
    ) -> Tensor:
        """Reconstruct the centred magnitudes, (n_windows, L); arguments as for `Encoder.embed`."""
        vectors = self.encoder(time, mag, mask, hidden, phase, spectrum)
        return self.reconstruct(vectors, mag, mask, hidden)

    def all_layers(self, *args: Tensor | None, **kwargs: Tensor | None) -> list[Tensor]:
        """Return the input embedding and the output of each block; see `Encoder.all_layers`."""
        return self.encoder.all_layers(*args, **kwargs)

    def reconstruct(
        self, vectors: Tensor, mag: Tensor, mask: Tensor | None, hidden: Tensor | None
    ) -> Tensor:
        """Reconstruct the centred magnitudes from the attention vectors of `mag`."""
        out: Tensor = self.decoder(vectors)
        if self.encoder.config.scaled_inputs:
            mean, scale = moments(mag, visible(mask, hidden))
            out = mean + scale * out
        return out
