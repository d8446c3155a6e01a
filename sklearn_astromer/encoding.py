"""One pass of a network over windows: ragged in, one result per window out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_astromer.windows import Windows

# A product of 4 rows more or fewer is computed row by row alike (bitwise, measured); so batches
# are filled up to a multiple of it, and a window's result does not depend on its neighbours.
ROWS_MULTIPLE = 4


def run_windows(
    function: Callable[[NDArray[np.int64], Tensor, Tensor, Tensor | None], Tensor],
    windows: Windows,
    batches: Iterable[NDArray[np.int64]],
    *,
    device: torch.device,
    dtype: torch.dtype,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield (rows, results) of batches of windows.

    Parameters
    ----------
    function : callable
        Maps rows, time, mag and mask (see `Encoder.forward`) to a Tensor of one entry per window.
    windows : Windows
    batches : iterable of ndarray
        Rows, as `Windows.batches` gives them.
    device, dtype : torch.device, torch.dtype
        Where to compute; any dtype but float32 by autocast.
    """
    for rows in batches:
        filled = np.concatenate([rows, np.repeat(rows[-1:], -len(rows) % ROWS_MULTIPLE)])
        with torch.inference_mode(), autocast(device, dtype):
            result = function(filled, *to_tensors(windows, filled, device))
        yield rows, result[: len(rows)].float().cpu().numpy()


def to_tensors(
    windows: Windows, rows: NDArray[np.int64], device: torch.device
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return time, mag and mask of the windows `rows` as tensors on `device`."""
    time, mag, mask = windows.gather(rows)
    return (
        torch.from_numpy(time).to(device),
        torch.from_numpy(mag).to(device),
        None if mask is None else torch.from_numpy(mask).to(device),
    )


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """Return the autocast context of a precision; for float32 it does nothing."""
    enabled = dtype != torch.float32
    return torch.autocast(device.type, dtype=dtype if enabled else torch.bfloat16, enabled=enabled)
