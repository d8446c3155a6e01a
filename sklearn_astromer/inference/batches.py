"""One pass of a network over windows: ragged in, one result per window out."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import cache
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_astromer._forks import refuse_fork
from sklearn_astromer._spinning import advise
from sklearn_astromer.config import EncoderConfig
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.periodogram import Peaks, find_peaks
from sklearn_astromer.periodogram.peaks import shared_peaks
from sklearn_astromer.windows import Windows, padded, pieces

logger = logging.getLogger(__name__)
Item = TypeVar("Item")

# Observations (padding included) in a batch, where a CPU is fastest, and enough to fill a GPU.
# In bfloat16, which takes half of the memory, it is twice as many.
CPU_BATCH_OBSERVATIONS = 3400
GPU_BATCH_OBSERVATIONS = 2**19

# Batches that a GPU is given before the results of the first are fetched, and bytes of results
# from which on it is one: vectors of all observations are many.
AHEAD, AHEAD_BYTES = 8, 2**28

# The share of a GPU's free memory that all observations of a catalog may take.
RESIDENT_SHARE = 0.25
LARGE_BLOCK = 2**25 - 2**16  # just below the largest that glibc adapts to
SENT_OBSERVATIONS = 2**23  # at a time, so that little of a mapped catalog is in memory


class WindowTensors:
    """Windows as tensors on a device.

    Where a GPU has the room, all observations are sent there once, to be centred there, and batches
    are gathered there; else each batch is gathered on the host, and sent.

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
        n = int(windows.length.sum())
        if resident is None:  # not with own periods, whose phases need times in float64
            resident = (
                device.type == "cuda"
                and windows.frequency is None
                and 8 * n < RESIDENT_SHARE * torch.cuda.mem_get_info(device)[0]
            )
        if resident:
            try:
                self._send(n)
            except (MemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
                self.flat = None
                logger.info("%d observations do not fit into memory: sent by batches", n)

    def _send(self, n: int) -> None:
        windows, device = self.windows, self.device
        end = np.cumsum(windows.length)
        self.start, self.length = (
            sent(each, device) for each in (end - windows.length, windows.length)
        )
        flat = self.flat = torch.empty((2, n), device=device)
        offsets = np.concatenate([[0], end])
        for rows in pieces(offsets, SENT_OBSERVATIONS):
            length = self.length[rows]
            columns = windows.columns(rows)
            means = windows.time_mean[rows], windows.mag_mean[rows]
            for out, column, mean in zip(flat, columns, means, strict=True):
                of_each = sent(mean, device).repeat_interleave(length, output_size=len(column))
                centred = sent(column, device) - of_each
                out[int(offsets[rows.start]) : int(offsets[rows.stop])].copy_(centred)

    def of(self, rows: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return what a network reads of some windows: time and mag, and what else there is.

        Names and shapes are those of `WindowBatch`.
        """
        if self.flat is None:
            batch = self.windows.gather(rows)._asdict()
            return {k: sent(v, self.device) for k, v in batch.items() if v is not None}
        length = self.windows.length[rows]
        column = torch.arange(padded(length.max()), device=self.device)
        chosen = sent(rows, self.device)
        start = self.start[chosen][:, None]
        if length.min() == len(column):
            time, mag = self.flat[:, start + column]
            return {"time": time, "mag": mag}
        real = column < self.length[chosen][:, None]
        time, mag = self.flat[:, start + column * real] * real
        return {"time": time, "mag": mag, "mask": real}

    def errors(self, rows: NDArray[np.int64]) -> Tensor:
        """Return the observations' errors, see `Windows.errors`."""
        return sent(self.windows.errors(rows), self.device)


def make_windows(
    curves: LightCurves,
    window_size: int,
    config: EncoderConfig,
    device: torch.device,
    hidden: NDArray[np.bool_] | None = None,
    shared: bool = False,
) -> Windows:
    """Return windows with all that an encoder reads.

    With own periods these are the peaks of the periodograms of what is visible: `hidden`, as for
    `Windows.join_hidden`, tells what is not; those of an id are one if they are `shared`.
    """
    peaks = None
    if config.own_periods:
        seen = curves if hidden is None else curves._trusted(curves._flat.where(~hidden))
        peaks = own_peaks(seen, config, device, shared)
    return Windows(curves, window_size, peaks)


def own_peaks(
    curves: LightCurves, config: EncoderConfig, device: torch.device, shared: bool = False
) -> Peaks:
    """Return the peaks of periodograms that an encoder with own periods reads."""
    find = shared_peaks if shared else find_peaks
    return find(curves, config.own_periods, max_frequency=config.max_frequency, device=device)


def sent(array: NDArray[Any], device: torch.device) -> Tensor:
    """Return an array as a tensor on a device.

    To a GPU it goes by pinned memory, without waiting for what that is still computing.
    """
    if device.type != "cuda":
        array = array if array.flags.writeable else array.copy()  # or torch would warn
        return torch.from_numpy(array).to(device)
    like = torch.from_numpy(np.empty(0, array.dtype))
    pinned = torch.empty(array.shape, dtype=like.dtype, pin_memory=True, device="cpu")
    pinned.numpy()[...] = array
    return pinned.to(device, non_blocking=True)


def run_windows(
    function: Callable[[NDArray[np.int64], dict[str, Tensor]], Tensor],
    parts: Iterable[Windows],
    *,
    device: torch.device,
    dtype: torch.dtype,
    batches: Callable[[Windows], Iterable[NDArray[np.int64]]] | None = None,
) -> Iterator[tuple[Windows, NDArray[np.int64], NDArray[np.float32]]]:
    """Yield (windows, rows, results) of batches of windows, part after part.

    A batch that does not fit into memory is halved, and so on down to a single window.

    Parameters
    ----------
    function : callable
        Maps rows and what `WindowTensors.of` gives to a Tensor of one entry per window.
    parts : iterable of Windows
        Each is made, and put into pinned memory, while a GPU computes those before it.
    device, dtype : torch.device, torch.dtype
        Where to compute; any dtype but float32 by autocast.
    batches : callable, optional
        Maps windows to the rows of batches; None: all of them, in batches that suit the device.

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
        advise()
    bound = CPU_BATCH_OBSERVATIONS if on_cpu else GPU_BATCH_OBSERVATIONS
    if on_cpu and dtype != torch.float32:
        bound *= 2

    def results(
        tensors: WindowTensors, rows: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.int64], _Fetched]]:
        fetched = None
        try:
            with torch.inference_mode(), autocast(device, dtype):
                fetched = _Fetched(function(rows, tensors.of(rows)).float())
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
        yield from results(tensors, rows[:half])
        yield from results(tensors, rows[half:])

    def launched() -> Iterator[tuple[Windows, NDArray[np.int64], _Fetched]]:
        prepared = ((windows, WindowTensors(windows, device)) for windows in parts)
        for windows, tensors in prepared if on_cpu else _ahead(prepared, device):
            for rows in windows.batches(bound) if batches is None else batches(windows):
                for some, fetched in results(tensors, rows):
                    yield windows, some, fetched

    waiting: deque[tuple[Windows, NDArray[np.int64], _Fetched]] = deque()
    for each in launched():
        waiting.append(each)
        held = sum(fetched.host.nbytes for _, _, fetched in waiting)
        most = 0 if on_cpu else AHEAD if held <= AHEAD_BYTES else 1
        while len(waiting) > most:
            yield _checked(*waiting.popleft(), dtype)
    while waiting:
        yield _checked(*waiting.popleft(), dtype)


def _checked(
    windows: Windows, rows: NDArray[np.int64], fetched: _Fetched, dtype: torch.dtype
) -> tuple[Windows, NDArray[np.int64], NDArray[np.float32]]:
    """Return results as numbers; one that is not finite is an error that names its object."""
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
    return windows, rows, values


def _ahead(items: Iterator[Item], device: torch.device) -> Iterator[Item]:
    """Yield items, each made by another thread while the one before it is used."""
    of_thread: Any = nullcontext()
    if device.type == "cuda":  # each thread has a current stream of its own
        of_thread = torch.cuda.stream(torch.cuda.current_stream(device))

    def following() -> Item | None:
        with of_thread:
            return next(items, None)

    with ThreadPoolExecutor(1, "sklearn_astromer") as thread:
        coming = thread.submit(following)
        while (item := coming.result()) is not None:
            coming = thread.submit(following)
            yield item


class _Fetched:
    """A tensor on its way to the host."""

    def __init__(self, result: Tensor) -> None:
        self.event: Any = None
        if not result.is_cuda:
            self.host = result.cpu()
            return
        self.host = torch.empty(result.shape, dtype=result.dtype, pin_memory=True, device="cpu")
        self.host.copy_(result, non_blocking=True)
        self.event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self.event.record(torch.cuda.current_stream(result.device))

    def numpy(self) -> NDArray[np.float32]:
        """Wait for it."""
        if self.event is not None:
            self.event.synchronize()
        return self.host.numpy()


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


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """Return the autocast context of a precision; for float32 it does nothing."""
    enabled = dtype != torch.float32
    return torch.autocast(device.type, dtype=dtype if enabled else torch.bfloat16, enabled=enabled)
