"""Whether kernels are used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

_ENABLED: ContextVar[bool] = ContextVar(
    "_ENABLED", default=os.environ.get("SKLEARN_ASTROMER_KERNELS", "1") != "0"
)


def enabled() -> bool:
    """Whether kernels are used here: not while torch compiles or exports, which needs its own."""
    # in this order: a context variable would break the graph that is being compiled
    return not torch.compiler.is_compiling() and not torch.jit.is_tracing() and _ENABLED.get()  # type: ignore[attr-defined, no-untyped-call]


@contextmanager
def disabled() -> Iterator[None]:
    """Compute by torch's own functions within the context, in this thread."""
    token = _ENABLED.set(False)
    try:
        yield
    finally:
        _ENABLED.reset(token)
