"""What a fitted network gives for windows: pooled rows, vectors, magnitudes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_astromer.config import VECTOR_PARTS, EncoderConfig
from sklearn_astromer.features import folding
from sklearn_astromer.inference.batches import run_windows
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.encoder import Encoder
from sklearn_astromer.modules.pooling import combine_windows, pool_windows
from sklearn_astromer.modules.visible import moments, visible
from sklearn_astromer.periodogram.peaks import PEAK_COLUMNS
from sklearn_astromer.windows import Windows

COMPILING = threading.Lock()


def column_names(row: Sequence[str], config: EncoderConfig) -> list[str]:
    """Return the names of the columns of a row: the part, then what it counts or its unit.

    Raises
    ------
    ValueError
        If there are none: periods or shape alone, of an encoder that reads no periods.
    """
    channels, peaks = range(config.d_model), range(config.own_periods)
    names = {part: [f"{part}_{i}" for i in channels] for part in ("mean", "std", "max")}
    names["layers"] = [f"layer{k}_{i}" for k in range(config.n_layers + 1) for i in channels]
    names["brightness"] = ["brightness (mag)"]
    names["periods"] = [f"periods_{form.format(i)}" for form in PEAK_COLUMNS for i in peaks]
    names["shape"] = [f"shape_{name}" for name in folding.NAMES if peaks]
    found = [name for part in row for name in names[part]]
    if not found:
        raise ValueError(
            f"row={list(row)} gives no column, for this encoder has no own periods: add another "
            "part, such as 'mean', or take weights that have them"
        )
    return found


def rows(
    encoder: Encoder,
    parts: Iterator[Windows],
    row: Sequence[str],
    *,
    compiles: bool,
    device: torch.device,
    dtype: torch.dtype,
) -> Iterator[NDArray[np.float32]]:
    """Yield a row for each object of each part, with the columns of `column_names`."""
    column_names(row, encoder.config)  # or there is nothing to give
    embed = _compiled() if compiles and device.type == "cuda" else _embedded
    of_vectors = tuple(part for part in VECTOR_PARTS if part in row) or VECTOR_PARTS[:1]

    def function(_: NDArray[np.int64], inputs: dict[str, Tensor]) -> Tensor:
        return embed(encoder, inputs, of_vectors)

    left = 0
    for windows, batch, result in run_windows(function, parts, device=device, dtype=dtype):
        if left == 0:
            left = len(windows)
            per_window = np.empty((left, *result.shape[1:]), dtype=np.float32)
        per_window[batch] = result
        left -= len(batch)
        if left == 0:
            curves = windows.curves
            first = np.flatnonzero(np.diff(windows.object, prepend=-1))
            found = combine_windows(per_window, windows.length, first, of_vectors)
            total = np.add.reduceat(curves.mag, curves.offsets[:-1])
            found["brightness"] = (total / curves.lengths).astype(np.float32)[:, None]
            if (peaks := windows.peaks) is not None:
                found["periods"] = peaks.columns
                if "shape" in row:
                    found["shape"] = folding.shape(curves, peaks.frequency[:, 0])
            yield np.hstack([found[part] for part in row if part in found])


def vectors(
    encoder: Encoder, windows: Windows, *, device: torch.device, dtype: torch.dtype
) -> list[NDArray[np.float32]]:
    """Return the vectors of all observations, (n_i, d_model) of object i."""
    curves = windows.curves
    flat = np.empty((len(curves.time), encoder.config.d_model), dtype=np.float32)

    def function(_: NDArray[np.int64], inputs: dict[str, Tensor]) -> Tensor:
        return encoder(**inputs)

    for _, batch, result in run_windows(function, [windows], device=device, dtype=dtype):
        where, mask = windows.positions(batch)
        flat[where[mask]] = result[mask]
    return np.split(flat, curves.offsets[1:-1]) if len(curves) else []


def magnitudes(
    module: Astromer,
    windows: Windows,
    hidden: NDArray[np.bool_] | None,
    *,
    device: torch.device,
    dtype: torch.dtype,
) -> list[NDArray[np.float32]]:
    """Return reconstructed magnitudes, (n_i,) of object i.

    `hidden`, as `Windows.join_hidden` gives it, tells which of them the network must not see.
    """
    curves = windows.curves
    flat = np.empty(len(curves.time), dtype=np.float32)

    def function(batch: NDArray[np.int64], inputs: dict[str, Tensor]) -> Tensor:
        if hidden is None:
            return module(**inputs)
        where, real = windows.positions(batch)
        unseen = torch.from_numpy(hidden[where] & real).to(inputs["time"].device)
        centre, _ = moments(inputs["mag"], visible(inputs.get("mask"), unseen))
        inputs["mag"] = inputs["mag"] - centre
        return module(**inputs, hidden=unseen) + centre

    for _, batch, result in run_windows(function, [windows], device=device, dtype=dtype):
        where, mask = windows.positions(batch)
        flat[where[mask]] = (result + windows.mag_mean[batch][:, None])[mask]
    return np.split(flat, curves.offsets[1:-1]) if len(curves) else []


def _embedded(encoder: Encoder, inputs: dict[str, Tensor], parts: tuple[str, ...]) -> Tensor:
    """Return windows embedded and pooled, see `Encoder.embed` and `pool_windows`."""
    return pool_windows(encoder.all_layers(**inputs), inputs.get("mask"), parts)


@cache
def _compiled() -> Callable[..., Tensor]:
    """Return `_embedded` as torch compiles it, for any number and length of windows.

    Anew for each shape of network, parts and dtype, with and without a mask, and for a single
    window; after eight of those torch leaves others uncompiled, and logs so.
    """
    function = torch.compile(_embedded, dynamic=True)

    def in_turn(*args: Any) -> Tensor:
        with COMPILING:  # which is not for several threads at once
            return function(*args)

    return in_turn
