"""The bins in which a periodogram is summarised."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

N_BINS = 32
LOWEST_FREQUENCY = 1e-3  # cycles a day, where the bins begin
LEAST_RANGE = 100.0  # from there to the largest frequency


def profile_edges(max_frequency: float) -> NDArray[np.float64]:
    """Return the edges of the bins in cycles a day, (33,)."""
    lowest = min(LOWEST_FREQUENCY, max_frequency / LEAST_RANGE)
    return np.geomspace(lowest, max_frequency * (1 + 1e-9), N_BINS + 1)
