"""Windows: what the network sees of a curve, and which object each belongs to."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.periodogram import Peaks

# Windows are padded to a multiple of it, so that few shapes occur, for each of which a CPU prepares
# its products anew; and because rows of a product are bitwise the same for any multiple of 4 rows,
# so that a window's result does not depend on its neighbours.
LENGTHS_MULTIPLE = 4


class WindowBatch(NamedTuple):
    """Centred windows side by side, padded to the longest of them (rounded up, see `padded`).

    ``time`` (days) and ``mag`` (magnitudes) are float32 of shape (n_windows, L), each minus its
    window's mean, and zero in the padding. ``mask`` is True for a real observation; it is None
    when every window fills its row. With own periods, ``phase`` of shape (n_windows, L, n_peaks)
    holds cycles of half of each of the object's frequencies since its window's mean time, modulo
    1, and ``spectrum`` the rows of `Peaks.spectrum`; both are float32.
    """

    time: NDArray[np.float32]
    mag: NDArray[np.float32]
    mask: NDArray[np.bool_] | None
    phase: NDArray[np.float32] | None = None
    spectrum: NDArray[np.float32] | None = None


class Windows:
    """Consecutive windows that partition every curve.

    A curve of n observations gives ceil(n / window_size) windows of nearly equal length (they
    differ by one observation at most). So no observation is seen twice, none is left out, and no
    leftover of one or two observations gets a window without a signal, as cutting off full windows
    from the start would give.

    Parameters
    ----------
    curves : LightCurves
    window_size : int
        The most observations in a window.
    peaks : Peaks, optional
        Of the curves, for encoders with own periods; or the two things of it that a window shows,
        ``frequency`` and ``spectrum``.

    Attributes
    ----------
    curves : LightCurves
    peaks : Peaks or None
    frequency, spectrum : ndarray or None
        What a window shows of the object's periodogram, see `Peaks`.
    start, length, object : ndarray of shape (n_windows,), int64
        First observation (in the flat columns), number of observations, and object of each
        window, in the order of the curves.
    time_mean, mag_mean : ndarray of shape (n_windows,), float64
        What centring subtracts: the mean time (days) and magnitude of each window
        (Donoso-Oliva et al. 2023, §5.3), in float64, so that no digit of a Julian date is lost.

    Raises
    ------
    ValueError
        If `window_size` is not a positive integer.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer import LightCurves
    >>> curves = LightCurves.from_grid(np.zeros((1, 401)))
    >>> Windows(curves, 200).length
    array([134, 134, 133])
    """

    def __init__(
        self,
        curves: LightCurves,
        window_size: int,
        peaks: Peaks | tuple[NDArray[np.float64], NDArray[np.float32]] | None = None,
    ) -> None:
        if not isinstance(window_size, (int, np.integer)) or window_size < 1:
            raise ValueError(f"window_size must be a positive integer, got {window_size!r}")
        self.curves = curves
        self.peaks = peaks if isinstance(peaks, Peaks) else None
        shown: Any = (peaks.frequency, peaks.spectrum) if isinstance(peaks, Peaks) else peaks
        self.frequency: NDArray[np.float64] | None = None if shown is None else shown[0]
        self.spectrum: NDArray[np.float32] | None = None if shown is None else shown[1]
        n = curves.lengths
        per_object = -(-n // window_size)
        self.object = np.repeat(np.arange(len(curves)), per_object)
        first = np.concatenate([[0], np.cumsum(per_object)])[:-1]
        position = np.arange(len(self.object)) - first[self.object]
        size, extra = np.divmod(n, np.maximum(per_object, 1))
        size, extra = size[self.object], extra[self.object]
        self.length = size + (position < extra)
        self.start = curves.offsets[self.object] + position * size + np.minimum(position, extra)
        self.time_mean = np.add.reduceat(curves.time, self.start) / self.length
        self.mag_mean = np.add.reduceat(curves.mag, self.start) / self.length

    def __len__(self) -> int:
        return len(self.length)

    def of(self, objects: NDArray[np.bool_]) -> Windows:
        """Return the windows of some objects; observations are shared, never copied.

        Parameters
        ----------
        objects : ndarray of bool of shape (n_objects,)

        Returns
        -------
        Windows
            Of the same `curves`, so that `object` still counts all of them.
        """
        chosen = copy.copy(self)
        kept = objects[self.object]
        for name in ("start", "length", "object", "time_mean", "mag_mean"):
            setattr(chosen, name, getattr(self, name)[kept])
        return chosen

    def gather(self, rows: NDArray[np.int64]) -> WindowBatch:
        """Return the windows `rows`, centred and padded."""
        where, mask = self.positions(rows)
        time = self.curves.time[where] - self.time_mean[rows][:, None]
        mag = self.curves.mag[where] - self.mag_mean[rows][:, None]
        phase = spectrum = None
        if self.frequency is not None and self.spectrum is not None:
            half = self.frequency[self.object[rows]][:, None, :] / 2
            turns = time[..., None] * half  # up to 10^5: reduced before it becomes float32
            phase = (turns - np.floor(turns)).astype(np.float32)
            spectrum = self.spectrum[self.object[rows]]
        time = np.where(mask, time, 0.0).astype(np.float32)
        mag = np.where(mask, mag, 0.0).astype(np.float32)
        return WindowBatch(time, mag, None if mask.all() else mask, phase, spectrum)

    def errors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the observations' errors (magnitudes), zero in the padding and where unknown."""
        where, mask = self.positions(rows)
        if self.curves.mag_err is None:
            return np.zeros(where.shape, dtype=np.float32)
        errors = np.where(mask, self.curves.mag_err[where], 0.0)
        return np.nan_to_num(errors).astype(np.float32)

    def columns(self, rows: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return times and magnitudes of consecutive windows as they are, one after the other."""
        start, length = self.start[rows], self.length[rows]
        end = np.cumsum(length)
        where: Any = slice(start[0], start[-1] + length[-1])
        if where.stop - where.start != end[-1]:  # others lie between them
            where = np.repeat(start - end + length, length) + np.arange(end[-1])
        return self.curves.time[where], self.curves.mag[where]

    def positions(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return where the observations of padded windows lie in the flat columns, and the mask.

        Both have the shape (n_windows, L); padding points at the window's first observation.
        """
        length = self.length[rows]
        column = np.arange(padded(length.max(initial=1)))
        mask = column < length[:, None]
        return self.start[rows][:, None] + np.where(mask, column, 0), mask

    def batches(
        self, max_observations: int, rows: NDArray[np.int64] | None = None
    ) -> Iterator[NDArray[np.int64]]:
        """Yield rows, the longest first, as many at a time as padded fit `max_observations`.

        Windows of one length in a batch keep their order; a window longer than `max_observations`
        comes alone. They come odd in number, for what lies a power of two apart in memory falls on
        one line of a processor's cache.
        """
        rows = np.arange(len(self)) if rows is None else rows
        rows = rows[np.argsort(self.length[rows], kind="stable")]
        length = self.length[rows]
        stop = len(rows)
        while stop > 0:  # from the longest: a batch is as long as its last window
            n = max(1, max_observations // padded(length[stop - 1]))
            n -= n > 1 and n % 2 == 0
            start = max(0, stop - n)
            yield rows[start:stop]
            stop = start

    def join_hidden(self, hidden: Sequence[ArrayLike] | None) -> NDArray[np.bool_] | None:
        """Join one bool array per object, True = hidden, to the flat columns.

        Raises
        ------
        ValueError
            If shapes do not fit, or a window has nothing visible; the object is named.
        """
        if hidden is None:
            return None
        shapes = [np.shape(h) for h in hidden]
        expected = [(n,) for n in self.curves.lengths]
        if shapes != expected:
            raise ValueError(
                "hidden must be one bool array per object, as long as its curve: expected shapes "
                f"{expected[:3]}…, got {shapes[:3]}…"
            )
        flat = np.concatenate([np.asarray(h, dtype=bool) for h in hidden])
        blind = np.logical_and.reduceat(flat, self.start)
        if blind.any():
            i = self.object[int(np.argmax(blind))]
            raise ValueError(
                f"all observations of a window of object {self.curves.ids[i].item()!r} are hidden"
            )
        return flat


def padded(length: int | np.integer) -> int:
    """Return how long rows are whose longest window has `length` observations."""
    return -(-int(length) // LENGTHS_MULTIPLE) * LENGTHS_MULTIPLE


def pieces(offsets: NDArray[np.int64], max_observations: int) -> Iterator[slice]:
    """Cut a catalog into slices of objects of about so many observations, one object at least.

    Parameters
    ----------
    offsets : ndarray of shape (n_objects + 1,)
        As in `LightCurves`.
    max_observations : int
    """
    first, n_objects = 0, len(offsets) - 1
    while first < n_objects:
        bound = offsets[first] + max_observations
        end = max(first + 1, int(np.searchsorted(offsets, bound, side="right")) - 1)
        yield slice(first, end)
        first = end
