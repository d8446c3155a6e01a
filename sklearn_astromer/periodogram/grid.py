"""The frequencies at which a periodogram is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer._numbers import check_numbers
from sklearn_astromer.lightcurves.checks import warn

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_GRID = 2**23


def check_grid(max_frequency: Any, samples_per_peak: Any) -> None:
    """Refuse what makes no grid of frequencies."""
    check_numbers(max_frequency=max_frequency, samples_per_peak=samples_per_peak)
    if not (0 < max_frequency < np.inf and 1 <= samples_per_peak < np.inf):
        raise ValueError(
            "max_frequency must be positive and samples_per_peak at least 1, got "
            f"{max_frequency} and {samples_per_peak}"
        )


def warn_of_steps(span: NDArray[np.float64], max_frequency: float, samples_per_peak: float) -> None:
    """Warn of time spans in days for which the largest grid has too wide steps."""
    n = np.count_nonzero(span * max_frequency * samples_per_peak > LARGEST_GRID)
    if n:
        warn(
            f"max_frequency={max_frequency:g} needs more than {LARGEST_GRID:,} frequencies for {n} "
            f"object(s) of up to {span.max():.0f} days: theirs are too far apart, and peaks may be "
            "missed; lower it, or cut their light curves in time"
        )


def grid_of(span: Tensor, max_frequency: float, samples_per_peak: float) -> tuple[Tensor, Tensor]:
    """Return the steps (cycles a day) and sizes of the grids for time spans in days."""
    step = 1 / (samples_per_peak * span.clamp(min=1e-9))
    step = step.clamp(min=max_frequency / LARGEST_GRID)
    size = (max_frequency / step).floor().long()
    return step, size
