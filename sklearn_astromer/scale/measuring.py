"""How long embedding takes, by the first second of it."""

from __future__ import annotations

import math
import time

from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves

FIRST_OBJECTS, LEAST_SECONDS = 32, 1.0


def seconds_of(embedder: AstromerEmbedder, sample: LightCurves) -> tuple[int, float]:
    """Return a number of objects, and the seconds that it took to embed them."""
    embedder.transform(sample[:FIRST_OBJECTS])  # the first call is slower
    n = min(FIRST_OBJECTS, len(sample))
    while True:
        start = time.perf_counter()
        embedder.transform(sample[:n])
        seconds = time.perf_counter() - start
        if seconds >= LEAST_SECONDS or n == len(sample):
            return n, seconds
        n = min(4 * n, len(sample))


def objects_in(seconds: float, embedder: AstromerEmbedder, sample: LightCurves) -> int:
    """Return how many objects are embedded in a time: 1, 2 or 5, and zeros."""
    n, measured = seconds_of(embedder, sample)
    wanted = max(1.0, n * seconds / max(measured, 1e-9))
    power = 10 ** int(math.log10(wanted))
    return max(digit * power for digit in (1, 2, 5) if digit * power <= wanted)
