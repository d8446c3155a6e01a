"""Random parts of light curves, each with a periodogram of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_astromer.inference.batches import sent
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.periodogram import Peaks
from sklearn_astromer.windows import Windows, padded

SHORTEST, SHORT = 8, 40  # observations: of a part at least, and of half of the parts at most


class Parts:
    """Windows, or in half of the cases a random part of the object instead.

    A network that only ever saw whole curves has never met a short one, nor the wrong peaks that
    its periodogram has. Parts are thinned or consecutive. Their periodograms are computed when they
    are first shown, and their few numbers kept: some 200 bytes for each part.

    Parameters
    ----------
    windows : Windows
    draws : int
        Different parts of an object.
    seed : int
        Of the parts.
    window_size : int
        The most observations shown of one.
    peaks_of : callable, optional
        Maps `LightCurves` to their `Peaks`, for encoders with own periods.
    device : torch.device
    """

    def __init__(
        self,
        windows: Windows,
        draws: int,
        seed: int,
        window_size: int,
        peaks_of: Callable[[LightCurves], Peaks] | None,
        device: torch.device,
    ) -> None:
        self.windows, self.draws, self.seed = windows, draws, seed
        self.window_size, self.peaks_of, self.device = window_size, peaks_of, device
        n = len(windows.curves) * draws
        self.known = np.zeros(n, dtype=bool)
        self.frequency: NDArray[np.float64] | None = None
        self.spectrum: NDArray[np.float32] | None = None
        if windows.peaks is not None and windows.spectrum is not None:
            self.frequency = np.zeros((n, windows.peaks.frequency.shape[1]))
            self.spectrum = np.zeros((n, windows.spectrum.shape[1]), dtype=np.float32)

    def of(
        self, rows: NDArray[np.int64], generator: torch.Generator, errors: bool
    ) -> tuple[dict[str, Tensor], Tensor | None]:
        """Return what a network reads of some windows, or of parts instead, and their errors."""
        draw = torch.rand((3, len(rows)), generator=generator, device=generator.device)
        replaced, which, place = draw.cpu().numpy().astype(np.float64)
        chosen = replaced < 0.5
        objects = self.windows.object[rows[chosen]]
        number = np.minimum((which[chosen] * self.draws).astype(np.int64), self.draws - 1)
        both = [(self.windows, rows[~chosen])]
        if chosen.any():
            parts = self._windows(objects, number)
            first = np.searchsorted(parts.object, np.arange(len(objects)))
            count = np.diff(np.append(first, len(parts)))
            both.append((parts, first + np.minimum((place[chosen] * count).astype(int), count - 1)))
        order = np.argsort(np.concatenate([np.flatnonzero(~chosen), np.flatnonzero(chosen)]))
        width = max(padded(w.length[r].max(initial=1)) for w, r in both)
        seen: dict[str, list[NDArray[np.generic]]] = {}
        for windows, some in both:
            batch = windows.gather(some)._asdict()
            batch["mask"] = windows.positions(some)[1]
            if errors:
                batch["errors"] = windows.errors(some)
            for name, values in batch.items():
                if values is not None:
                    missing = width - values.shape[1] if name != "spectrum" else 0
                    pad = [(0, 0), (0, missing), *[(0, 0)] * (values.ndim - 2)]
                    seen.setdefault(name, []).append(np.pad(values, pad[: values.ndim]))
        tensors = {
            name: sent(np.concatenate(values)[order], self.device) for name, values in seen.items()
        }
        found = tensors.pop("errors", None)
        if bool(tensors["mask"].all()):
            del tensors["mask"]
        return tensors, found

    def _windows(self, objects: NDArray[np.int64], number: NDArray[np.int64]) -> Windows:
        """Return the windows of parts, whose periodograms are computed where they are new."""
        parts = self.curves(objects, number)
        if self.frequency is None or self.spectrum is None:
            return Windows(parts, self.window_size)
        assert self.peaks_of is not None
        index = objects * self.draws + number
        new = np.flatnonzero(~self.known[index])
        if len(new):
            peaks = self.peaks_of(parts[new])
            self.frequency[index[new]], self.spectrum[index[new]] = peaks.frequency, peaks.spectrum
            self.known[index[new]] = True
        return Windows(parts, self.window_size, (self.frequency[index], self.spectrum[index]))

    def curves(self, objects: NDArray[np.int64], number: NDArray[np.int64]) -> LightCurves:
        """Return the parts `number` of `objects`; the same at every call."""
        flat = self.windows.curves._flat.take(objects)
        kept = np.zeros(len(flat.time), dtype=bool)
        for i, (which, k) in enumerate(zip(objects, number, strict=True)):
            own = kept[flat.offsets[i] : flat.offsets[i + 1]]
            own[part(len(own), np.random.default_rng((self.seed, int(which), int(k))))] = True
        return self.windows.curves._trusted(flat.where(kept))


def part(n: int, rng: np.random.Generator) -> slice | NDArray[np.int64]:
    """Return which of `n` observations a part has: a run of them, or some at random."""
    most = min(n, SHORT) if rng.random() < 0.5 else n
    least = min(SHORTEST, most)
    k = int(np.exp(rng.uniform(np.log(least), np.log(most + 1))))
    k = min(max(k, least), most)
    if rng.random() < 0.5:
        start = int(rng.integers(n - k + 1))
        return slice(start, start + k)
    return rng.choice(n, k, replace=False)
