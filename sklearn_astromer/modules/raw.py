"""What an LSTM without an encoder reads of a curve."""

from __future__ import annotations

import torch
from torch import Tensor, nn

INPUTS = ("centred", "minmax")


class RawObservations(nn.Module):
    """Two numbers per observation, in place of an encoder.

    Without parameters; has the interface of `Encoder.all_layers`.

    Parameters
    ----------
    inputs : {"centred", "minmax"}
        ``"centred"``: the magnitude minus its window's mean, and log10 of one day plus the time
        since the observation before. ``"minmax"``: time and magnitude, each scaled to [0, 1]
        within the window, as in the code released with the paper.
    """

    width = 2

    def __init__(self, inputs: str) -> None:
        super().__init__()
        if inputs not in INPUTS:
            raise ValueError(f"inputs must be one of {INPUTS}, got {inputs!r}")
        self.inputs = inputs

    def all_layers(
        self, time: Tensor, mag: Tensor, mask: Tensor | None = None, *ignored: Tensor | None
    ) -> list[Tensor]:
        """Return one layer of shape (n_windows, L, 2)."""
        if self.inputs == "minmax":
            return [torch.stack([_to_unit(time, mask), _to_unit(mag, mask)], dim=-1)]
        since = torch.diff(time, dim=1, prepend=time[:, :1])
        return [torch.stack([mag, torch.log10(1 + since.clamp(min=0))], dim=-1)]


def _to_unit(x: Tensor, mask: Tensor | None) -> Tensor:
    """Scale each window's observations to [0, 1]; what does not vary becomes 0."""
    real = torch.ones_like(x, dtype=torch.bool) if mask is None else mask
    low = x.masked_fill(~real, float("inf")).amin(1, keepdim=True)
    high = x.masked_fill(~real, float("-inf")).amax(1, keepdim=True)
    width = torch.where(high > low, high - low, torch.ones_like(low))
    return (x - low) / width
