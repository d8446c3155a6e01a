"""Masked reconstruction as a task."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_astromer.inference.batches import WindowTensors, autocast
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.losses import squared_error
from sklearn_astromer.modules.pooling import masked_mean
from sklearn_astromer.modules.visible import moments
from sklearn_astromer.training.augmentation import augment
from sklearn_astromer.training.masking import Probing, probe
from sklearn_astromer.training.processes import Processes
from sklearn_astromer.training.tasks import Batch, Criterion, Loader, Task
from sklearn_astromer.windows import Windows

FINEST_ERROR = 0.01


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
    weighted : bool
        Weigh the observations of a window by their errors, see `error_weights`.
    processes : Processes
        Of which this one gets its share of a batch.
    changes : collection of str
        How to show windows, see `augment`.
    device : torch.device
        Where batches are made.
    hidden : ndarray of bool of shape (n_observations,), optional
        Observations to hide and ask for; None: drawn for each batch.
    """

    divisible = True

    def __init__(
        self,
        windows: Windows,
        seed: int,
        fixed: bool,
        fractions: dict[str, float],
        *,
        device: torch.device,
        relative: bool = False,
        weighted: bool = False,
        processes: Processes = Processes(),  # noqa: B008, immutable
        changes: Collection[str] = (),
        hidden: NDArray[np.bool_] | None = None,
    ) -> None:
        super().__init__(windows.length, seed, fixed, device)
        self.tensors = WindowTensors(windows, device)
        self.fractions = fractions
        self.relative, self.weighted = relative, weighted
        self.processes = processes
        self.changes = changes
        self.hidden = hidden

    def batch(self, rows: NDArray[np.int64], generator: torch.Generator) -> Batch:
        """Return probed windows; masks are drawn anew at every call.

        Each process draws for the whole batch, so that their number changes nothing.
        """
        seen = self.tensors.of(rows)
        errors = self.tensors.errors(rows) if self.weighted or "jitter" in self.changes else None
        if self.changes:
            seen, errors = augment(seen, generator, self.changes, errors)
        mag, mask = seen["mag"], seen.get("mask")
        if self.hidden is None:
            chosen = probe(mag, mask, generator, **self.fractions)
        else:
            where, real = self.tensors.windows.positions(rows)
            hidden = torch.from_numpy(self.hidden[where] & real).to(self.device)
            chosen = Probing(hidden, hidden, mag)
        seen = seen | {"mag": chosen.mag, "hidden": chosen.hidden}
        scale = moments(mag, mask)[1] if self.relative else torch.ones_like(mag[:, :1])
        weight = chosen.probed.float()
        if self.weighted:
            assert errors is not None
            weight *= error_weights(errors, mask)
        asked = {"mag": mag, "weight": weight, "scale": scale}
        return self._share(seen), self._share(asked)

    def _share(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return every other window, as many for each process; some may have none of their own."""
        rank, count = self.processes.rank, self.processes.count
        if count == 1:
            return tensors
        n = len(next(iter(tensors.values())))
        own = torch.arange(rank, -(-n // count) * count, count)
        share = {name: tensor[own % n] for name, tensor in tensors.items()}
        if "weight" in share:
            share["weight"][own >= n] = 0.0  # there twice, and must not count twice
        return share


class ReconstructionRMSE(Criterion):
    """Root mean squared error of the probed observations (Donoso-Oliva et al. 2023, eq. 6)."""

    figure = "rmse"
    has_variance = True

    def totals(self, predicted: Tensor, asked: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the summed squared error (mag², if not relative) and the number of the probed."""
        scale = asked["scale"]
        return squared_error(predicted / scale, asked["mag"] / scale, asked["weight"])

    def variance(self, asked: dict[str, Tensor]) -> Tensor:
        """Return what the windows' means would have summed up."""
        return ((asked["mag"] / asked["scale"]) ** 2 * asked["weight"]).sum()

    def finish(self, mean: Tensor) -> Tensor:
        """Take the root; its gradient, infinite at 0, is cut off there."""
        return mean.clamp(min=1e-12).sqrt()


def error_weights(errors: Tensor, mask: Tensor | None) -> Tensor:
    """Return 1/σ² of observations, over its mean in their window; smaller σ count as 10 mmag.

    Parameters
    ----------
    errors : Tensor of shape (n_windows, L)
        σ (magnitudes).
    mask : bool Tensor of shape (n_windows, L) or None
        True = a real observation.
    """
    weight = errors.clamp(min=FINEST_ERROR) ** -2
    return weight / masked_mean(weight.unsqueeze(-1), mask)


def hidden_rmse(
    module: Astromer,
    task: Reconstruction,
    batch_size: int,
    device: torch.device,
    dtype: torch.dtype,
) -> float:
    """Return the RMSE of what a fixed task hides.

    Raises
    ------
    ValueError
        If no window has two observations.
    """
    criterion = ReconstructionRMSE()
    squares, count = 0.0, 0.0
    for seen, asked in Loader(task, batch_size):
        with torch.inference_mode(), autocast(device, dtype):
            predicted = module(**seen)
        total, n = criterion.totals(predicted, asked)
        squares, count = squares + float(total), count + float(n)
    if count == 0:
        raise ValueError("no window has two observations: nothing can be hidden and compared")
    return math.sqrt(squares / count)
