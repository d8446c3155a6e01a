"""Masked reconstruction as a task."""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_astromer.augmentation import augment
from sklearn_astromer.encoding import autocast, to_tensors
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.masking import probe
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.encoder import moments
from sklearn_astromer.modules.losses import squared_error
from sklearn_astromer.processes import Processes
from sklearn_astromer.training import Batch, Criterion, Loader, Task
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
    processes : Processes
        Of which this one gets its share of a batch.
    relative : bool
        Count errors in units of their window's standard deviation, so that faint variations are
        learned as well as Miras.
    augmented : bool
        Show windows as `augment` changes them.
    """

    divisible = True

    def __init__(
        self,
        windows: Windows,
        seed: int,
        fixed: bool,
        fractions: dict[str, float],
        relative: bool = False,
        processes: Processes = Processes(),  # noqa: B008, immutable
        augmented: bool = False,
    ) -> None:
        super().__init__(windows.length, seed, fixed)
        self.augmented = augmented
        self.processes = processes
        self.windows = windows
        self.fractions = fractions
        self.relative = relative

    def batch(self, rows: NDArray[np.int64], generator: torch.Generator) -> Batch:
        """Return probed windows; masks are drawn anew at every call.

        Each process draws for the whole batch, so that their number changes nothing.
        """
        time, mag, mask = to_tensors(self.windows, rows, torch.device("cpu"))
        if self.augmented:
            time, mag, mask = augment(time, mag, mask, generator)
        chosen = probe(mag, mask, generator, **self.fractions)
        seen = {"time": time, "mag": chosen.mag, "hidden": chosen.hidden}
        if mask is not None:
            seen["mask"] = mask
        scale = moments(mag, mask)[1] if self.relative else torch.ones(len(mag), 1)
        asked = {"mag": mag, "probed": chosen.probed, "scale": scale}
        return self._share(seen), self._share(asked)

    def _share(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return every other window, as many for each process; some may have none of their own."""
        rank, count = self.processes.rank, self.processes.count
        if count == 1:
            return tensors
        n = len(next(iter(tensors.values())))
        own = torch.arange(rank, -(-n // count) * count, count)
        share = {name: tensor[own % n] for name, tensor in tensors.items()}
        if "probed" in share:
            share["probed"][own >= n] = False  # there twice, and must not count twice
        return share


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
            predicted = module(**{name: value.to(device) for name, value in seen.items()})
        total, n = criterion.totals(predicted.cpu(), asked)
        squares, count = squares + float(total), count + float(n)
    if count == 0:
        raise ValueError("no window has two observations: nothing can be hidden and compared")
    return math.sqrt(squares / count)


def identity(parameters: dict[str, Any], curves: LightCurves) -> dict[str, Any]:
    """Say what makes two training runs the same: parameters, and the curves by a sample."""
    step = max(1, len(curves.time) // 1_000_000)
    sample = np.stack([curves.time[::step], curves.mag[::step]])
    content = zlib.crc32(sample.astype(np.float64).tobytes(), zlib.crc32(curves.offsets.tobytes()))
    return {
        **{name: str(value) for name, value in parameters.items()},
        "catalog": f"{curves!r}, {content:08x}",
    }
