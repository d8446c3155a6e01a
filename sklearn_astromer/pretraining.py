"""Masked reconstruction as a task."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_astromer.encoding import to_tensors
from sklearn_astromer.masking import probe
from sklearn_astromer.modules.encoder import moments
from sklearn_astromer.modules.losses import squared_error
from sklearn_astromer.training import Batch, Criterion, Task
from sklearn_astromer.windows import Windows


class Reconstruction(Task):
    """Ask for the magnitudes of probed observations.

    Parameters
    ----------
    windows : Windows
    seed, fixed
        See `Task`; a fixed task asks for the same observations at every pass.
    fractions : dict
        The fractions of `probe`.
    relative : bool
        Count errors in units of their window's standard deviation, so that faint variations are
        learned as well as Miras.
    """

    def __init__(
        self,
        windows: Windows,
        seed: int,
        fixed: bool,
        fractions: dict[str, float],
        relative: bool = False,
    ) -> None:
        super().__init__(windows.length, seed, fixed)
        self.windows = windows
        self.fractions = fractions
        self.relative = relative

    def batch(self, rows: NDArray[np.int64], generator: torch.Generator) -> Batch:
        """Return probed windows; masks are drawn anew at every call."""
        time, mag, mask = to_tensors(self.windows, rows, torch.device("cpu"))
        chosen = probe(mag, mask, generator, **self.fractions)
        seen = {"time": time, "mag": chosen.mag, "hidden": chosen.hidden}
        if mask is not None:
            seen["mask"] = mask
        scale = moments(mag, mask)[1] if self.relative else torch.ones(len(mag), 1)
        return seen, {"mag": mag, "probed": chosen.probed, "scale": scale}


class ReconstructionRMSE(Criterion):
    """Root mean squared error of the probed observations (Donoso-Oliva et al. 2023, eq. 6)."""

    figure = "rmse"

    def totals(self, predicted: Tensor, asked: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the summed squared error (mag², if not relative) and the number of the probed."""
        scale = asked["scale"]
        return squared_error(predicted / scale, asked["mag"] / scale, asked["probed"])

    def finish(self, mean: Tensor) -> Tensor:
        """Take the root; its gradient, infinite at 0, is cut off there."""
        return mean.clamp(min=1e-12).sqrt()
