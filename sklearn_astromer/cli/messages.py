"""What the command line prints."""

from __future__ import annotations

import sys

PROG = "sklearn-astromer"


def say(text: str) -> None:
    """Print what was asked for."""
    print(text, flush=True)  # noqa: T201


def note(text: str) -> None:
    """Print beside it."""
    print(f"{PROG}: {text}", file=sys.stderr, flush=True)  # noqa: T201
