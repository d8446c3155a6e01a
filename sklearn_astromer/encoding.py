"""One pass of a network over windows: ragged in, one result per window out."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_astromer.modules.linear import Packed, packing
from sklearn_astromer.windows import Windows, padded

logger = logging.getLogger(__name__)

# Observations (padding included) in a batch, where a CPU is fastest, and enough to fill a GPU.
CPU_BATCH_OBSERVATIONS = 2400
GPU_BATCH_OBSERVATIONS = 2**18

# From so many windows on, packing a network's weights pays.
PACKED_WINDOWS = 64

# The share of a GPU's free memory that all observations of a catalog may take.
RESIDENT_SHARE = 0.25
LARGE_BLOCK = 2**25 - 2**16  # just below the largest that glibc adapts to
SENT_WINDOWS = 2**16  # at a time, so that little of a mapped catalog is in memory


class WindowTensors:
    """Windows as tensors on a device.

    Where a GPU has the room, all observations are sent there once, centred, and batches are
    gathered there; else each batch is gathered on the host, and sent.

    Parameters
    ----------
    windows : Windows
    device : torch.device
    resident : bool, optional
        Whether to send them once; None: decided by the device and its free memory.
    """

    def __init__(
        self, windows: Windows, device: torch.device, resident: bool | None = None
    ) -> None:
        self.windows, self.device = windows, device
        self.flat: Tensor | None = None
        bytes_needed = 8 * int(windows.length.sum())
        if resident is None:
            resident = device.type == "cuda" and (
                bytes_needed < RESIDENT_SHARE * torch.cuda.mem_get_info(device)[0]
            )
        if resident:
            end = np.cumsum(windows.length)
            self.start = torch.from_numpy(end - windows.length).to(device)
            self.flat = torch.empty((2, bytes_needed // 8), device=device)
            for first in range(0, len(windows), SENT_WINDOWS):
                rows = np.arange(first, min(first + SENT_WINDOWS, len(windows)))
                time, mag, mask = windows.gather(rows)
                columns = np.stack([time.ravel(), mag.ravel()])
                if mask is not None:
                    columns = columns[:, mask.ravel()]
                stop = int(end[rows[-1]])
                self.flat[:, stop - columns.shape[1] : stop] = torch.from_numpy(columns).to(device)

    def of(self, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return time, mag and mask of some windows, as `Windows.gather` gives them."""
        if self.flat is None:
            time, mag, mask = self.windows.gather(rows)
            return (
                torch.from_numpy(time).to(self.device),
                torch.from_numpy(mag).to(self.device),
                None if mask is None else torch.from_numpy(mask).to(self.device),
            )
        length = self.windows.length[rows]
        column = torch.arange(padded(length.max()), device=self.device)
        start = self.start[torch.from_numpy(rows).to(self.device)][:, None]
        if length.min() == len(column):
            time, mag = self.flat[:, start + column]
            return time, mag, None
        real = column < torch.from_numpy(length).to(self.device)[:, None]
        time, mag = self.flat[:, start + column * real] * real
        return time, mag, real

    def errors(self, rows: NDArray[np.int64]) -> Tensor:
        """Return the observations' errors (magnitudes), zero in the padding."""
        where, mask = self.windows.positions(rows)
        assert self.windows.curves.mag_err is not None
        errors = np.where(mask, self.windows.curves.mag_err[where], 0.0).astype(np.float32)
        return torch.from_numpy(errors).to(self.device)


def run_windows(
    function: Callable[[NDArray[np.int64], Tensor, Tensor, Tensor | None], Tensor],
    windows: Windows,
    *,
    device: torch.device,
    dtype: torch.dtype,
    batches: Iterable[NDArray[np.int64]] | None = None,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield (rows, results) of batches of windows.

    A batch that does not fit into memory is halved, and so on down to a single window.

    Parameters
    ----------
    function : callable
        Maps rows, time, mag and mask (see `Encoder.forward`) to a Tensor of one entry per window.
    windows : Windows
    device, dtype : torch.device, torch.dtype
        Where to compute; any dtype but float32 by autocast.
    batches : iterable of ndarray, optional
        Rows; None: all, in batches that suit the device.

    Raises
    ------
    FloatingPointError
        If a result is not finite; the object is named.
    RuntimeError
        See `refuse_fork`.
    """
    refuse_fork(device)
    on_cpu = device.type == "cpu"
    if on_cpu:
        free_large_block()
    if batches is None:
        batches = windows.batches(CPU_BATCH_OBSERVATIONS if on_cpu else GPU_BATCH_OBSERVATIONS)
    tensors = WindowTensors(windows, device)
    packed: Packed | None = {} if len(windows) > PACKED_WINDOWS else None

    def results(rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], _Fetched]]:
        fetched = None
        try:
            with torch.inference_mode(), autocast(device, dtype), packing(packed):
                fetched = _Fetched(function(rows, *tensors.of(rows)).float())
        except (MemoryError, RuntimeError) as error:
            if len(rows) == 1 or not _is_out_of_memory(error):
                raise
        if fetched is not None:
            yield rows, fetched
            return
        # not within `except`, where the error would keep what the attempt has allocated
        logger.info("a batch of %d windows does not fit into memory: halved", len(rows))
        if device.type == "cuda":
            torch.cuda.empty_cache()
        half = len(rows) // 2
        yield from results(rows[:half])
        yield from results(rows[half:])

    def checked(
        rows: NDArray[np.int64], fetched: _Fetched
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        values = fetched.numpy()
        if not np.isfinite(values.sum()):  # then some may not be, or the sum alone is too large
            finite = np.isfinite(values).reshape(len(values), -1).all(1)
            if not finite.all():
                i = windows.object[rows[int(np.argmin(finite))]]
                raise FloatingPointError(
                    f"the network gives numbers that are not finite for object "
                    f"{windows.curves.ids[i].item()!r}, in {str(dtype).removeprefix('torch.')}: "
                    "look at its magnitudes, and at the network's weights"
                )
        return rows, values

    # a batch is taken from a GPU while the next one is computed
    before: tuple[NDArray[np.int64], _Fetched] | None = None
    for rows in batches:
        for result in results(rows):
            if before is not None:
                yield checked(*before)
            before = result
    if before is not None:
        yield checked(*before)


class _Fetched:
    """A tensor on its way to the host."""

    def __init__(self, result: Tensor) -> None:
        self.event: Any = None
        self.host = result
        if result.is_cuda:
            self.host = torch.empty(result.shape, dtype=result.dtype, pin_memory=True)
            self.host.copy_(result, non_blocking=True)
            self.event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self.event.record()

    def numpy(self) -> NDArray[np.float32]:
        """Wait for it."""
        if self.event is not None:
            self.event.synchronize()
        out: NDArray[np.float32] = self.host.numpy()
        return out


def _is_out_of_memory(error: Exception) -> bool:
    """Whether an error says so; on a CPU torch has none of its own, and oneDNN says "could not"."""
    said = str(error)
    return isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)) or (
        "can't allocate memory" in said or said.startswith("could not create a")
    )


@cache
def free_large_block() -> None:
    """Let glibc keep what a batch frees for the next one.

    Until it has seen a block of this size freed, it gives memory back to the system, to get it
    again page by page. Nobody writes to the block, so it costs no memory.
    """
    torch.empty(LARGE_BLOCK, dtype=torch.uint8)


class _Forks:
    """Whether this process is the fork of one that had computed already."""

    computed = False
    stranded = False

    @classmethod
    def after_fork(cls) -> None:
        cls.stranded = cls.computed


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Forks.after_fork)


def refuse_fork(device: torch.device) -> None:
    """Raise an error where torch would wait forever for threads that a fork has left behind.

    Raises
    ------
    RuntimeError
        If the process was forked from one that had computed, and has more than one thread or a GPU.
    """
    if _Forks.stranded and (device.type != "cpu" or torch.get_num_threads() > 1):
        raise RuntimeError(
            "this process was forked from one that had used torch, whose threads do not survive a "
            "fork: it would hang. Start processes by joblib's loky (n_jobs=…), or by "
            "multiprocessing.get_context('spawn')"
        )
    _Forks.computed = True


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """Return the autocast context of a precision; for float32 it does nothing."""
    enabled = dtype != torch.float32
    return torch.autocast(device.type, dtype=dtype if enabled else torch.bfloat16, enabled=enabled)
