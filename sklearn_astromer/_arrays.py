"""Arrays in files of our own, which must fit what else is beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def load_array(
    path: Path, kinds: tuple[str, ...], shape: tuple[int | None, ...], *, mmap: bool = False
) -> NDArray[Any]:
    """Read an array in NumPy's format, and no pickle.

    Parameters
    ----------
    path : Path
    kinds : tuple of str
        How its dtype may begin: "f4", or "U" of any length.
    shape : tuple of int or None
        None: of any length.
    mmap : bool
        Map it into memory.

    Raises
    ------
    ValueError
        If it has another dtype or shape, or is no array.
    """
    try:
        array = np.asarray(np.load(path, "r" if mmap else None, allow_pickle=False))
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    check_array(path, array, kinds, shape)
    return array


def check_array(
    path: Path, array: NDArray[Any], kinds: tuple[str, ...], shape: tuple[int | None, ...]
) -> None:
    """Raise ValueError unless an array is as `load_array` wants it."""
    fits = array.ndim == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
    )
    if not fits or not array.dtype.str[1:].startswith(kinds):
        lengths = " × ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(
            f"{path} holds {array.dtype} of shape {array.shape}, and does not fit the files "
            f"beside it, which want {' or '.join(kinds)} of {lengths}"
        )
