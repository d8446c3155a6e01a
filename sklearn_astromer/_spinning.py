"""How long threads of OpenMP spin while they wait for work."""

from __future__ import annotations

import logging
import os
from collections.abc import MutableMapping
from functools import cache

logger = logging.getLogger(__name__)

# A thread that spins keeps others off its core, also those that it waits for. GCC's runtime spins
# 30 times as long as this, for which an idle machine is no faster.
SPINS = "10000"
CHOICES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME", "KMP_LIBRARY")
BUSY = 1.5  # processes that want to run, for each core


def spin_briefly(environment: MutableMapping[str, str]) -> None:
    """Set for how long threads spin, unless one of the variables for it is set.

    It takes effect where the runtime is loaded later, and in processes that are started later.
    """
    if not any(name in environment for name in CHOICES):
        environment["GOMP_SPINCOUNT"] = SPINS


@cache
def advise() -> None:
    """Log, once, what helps where more wants to run than the machine has cores."""
    if not hasattr(os, "getloadavg") or any(name in os.environ for name in CHOICES):
        return
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > BUSY * cores:
        logger.info(
            "this machine is busy (load %.1f on %d cores), and threads that spin while they wait "
            "slow it further: set GOMP_SPINCOUNT=%s before starting Python",
            load,
            cores,
            SPINS,
        )
