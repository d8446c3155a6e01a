"""Times that can be believed, also on a machine that is not one's own.

What is compared is timed in turns, and by the median of the ratios of what followed each other:
others slow both. Where more than 1.5 processes a core want to run before a benchmark begins, its
figures are marked as taken in company, and those that decide something are refused.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

COMPANY = 1.5
LOAD = os.getloadavg()[0]  # of the minute before this benchmark
IN_COMPANY = COMPANY * (os.cpu_count() or 1) < LOAD


def refuse_company(anyway: bool) -> None:
    """End a benchmark that decides something where others run, unless it is wanted anyway."""
    if IN_COMPANY and not anyway:
        raise SystemExit(
            f"others are running (load {LOAD:.1f} on {os.cpu_count()} cores), so this would decide "
            "nothing: wait, or pass --anyway for figures that are marked"
        )


def seconds(call: Callable[[], Any]) -> float:
    """Return the time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def in_turns(calls: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Return the times of each call, one a round, after a round that does not count."""
    for call in calls.values():
        call()
    every = [{name: seconds(call) for name, call in calls.items()} for _ in range(rounds)]
    return {name: [each[name] for each in every] for name in calls}


def ratio(times: Mapping[str, list[float]], name: str, other: str) -> float:
    """Return how many times as long as another a call takes: the median over the rounds."""
    return float(np.median(np.divide(times[name], times[other])))
