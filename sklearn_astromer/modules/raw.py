"""The paper's baseline reads the curve itself."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RawObservations(nn.Module):
    """In place of an encoder: (centred magnitude, log10 of one day plus the time since the last).

    Without parameters; has the interface of `Encoder.all_layers`.
    """

    width = 2

    def all_layers(
        self, time: Tensor, mag: Tensor, mask: Tensor | None = None, hidden: Tensor | None = None
    ) -> list[Tensor]:
        """Return one layer of shape (n_windows, L, 2)."""
        since = torch.diff(time, dim=1, prepend=time[:, :1])
        return [torch.stack([mag, torch.log10(1 + since.clamp(min=0))], dim=-1)]
