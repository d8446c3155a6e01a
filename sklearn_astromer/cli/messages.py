"""What the command line prints."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from sklearn_astromer._printable import printable
from sklearn_astromer.lightcurves.reading.remedies import Remedy

PROG = "sklearn-astromer"
COMPLETE = "_SKLEARN_ASTROMER_COMPLETE"  # the variable by which a shell asks
CLOSED = 141  # what shells say of a program that SIGPIPE ended


def say(text: str) -> None:
    """Print what was asked for."""
    _put(text, sys.stdout)


def note(text: str) -> None:
    """Print beside it."""
    _put(f"{PROG}: {text}", sys.stderr)


def as_option(remedy: Remedy) -> str:
    """Write what would help as an option of the command line."""
    name, value = remedy.option, "…" if remedy.value is None else remedy.value
    if remedy.value is False:
        return "--one-object"
    if isinstance(remedy.value, dict):
        limits = {k: "off" if limit is None else limit for k, limit in remedy.value.items()}
        return " ".join(f"--rule {rule}={limit}" for rule, limit in limits.items())
    if name == "id_from":
        return "files of other names"
    if name in ("survey", "difference", "band", "on_invalid", "on_error", "flux", "zero_point"):
        return f"--{name.replace('_', '-')} {value}"
    return f"--columns {'band' if name == 'band_column' else name}={value}"


def _put(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    text = printable(text).encode(encoding, "backslashreplace").decode(encoding)
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:  # who read it, as `head` does, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # for what Python still holds
        raise SystemExit(CLOSED) from None
