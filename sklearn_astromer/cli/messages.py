"""What the command line prints."""

from __future__ import annotations

import sys
from typing import TextIO

from sklearn_astromer._printable import printable

PROG = "sklearn-astromer"


def say(text: str) -> None:
    """Print what was asked for."""
    _put(text, sys.stdout)


def note(text: str) -> None:
    """Print beside it."""
    _put(f"{PROG}: {text}", sys.stderr)


def _put(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    text = printable(text).encode(encoding, "backslashreplace").decode(encoding)
    print(text, file=stream, flush=True)
