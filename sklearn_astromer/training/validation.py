"""Which objects validate, and what all of them must have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.lightcurves import LightCurves


def check_errors(curves: LightCurves) -> None:
    """Raise ValueError, naming the object, unless every observation has an error above 0."""
    errors = curves.mag_err
    if errors is None:
        raise ValueError("error_weighted and jitter need errors, and X has none (mag_err)")
    bad = ~(errors > 0)
    if bad.any():
        at = int(np.argmax(bad))
        i = int(np.searchsorted(curves.offsets, at, side="right")) - 1
        raise ValueError(
            f"error_weighted and jitter need an error of every observation: that of object "
            f"{curves.ids[i].item()!r} at {curves.time[at]} d is {errors[at]}"
        )


def split_stars(
    ids: NDArray[Any], fraction: float, seed: int, classes: NDArray[Any] | None = None
) -> NDArray[np.bool_]:
    """Choose objects for validation: all bands of an id together, and of each class its share.

    At least one object is chosen, and at least one of each class is not. An id counts as of the
    class of its first object.
    """
    stars, first, star = np.unique(ids, return_index=True, return_inverse=True)
    of_star = np.zeros(len(stars), dtype=int) if classes is None else classes[first]
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(stars), dtype=bool)
    largest = 0
    for value in np.unique(of_star):
        members = rng.permutation(np.flatnonzero(of_star == value))
        chosen[members[: min(round(fraction * len(members)), len(members) - 1)]] = True
        if len(members) > largest:
            largest, spare = len(members), members[0]
    if largest < 2:
        raise ValueError(
            f"n_samples={len(stars)} is too few to keep validation_fraction={fraction} of the "
            "objects apart: pass training__validation_fraction=0"
        )
    chosen[spare] |= not chosen.any()
    return chosen[star]
