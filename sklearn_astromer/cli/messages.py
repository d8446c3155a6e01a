"""What the command line prints."""

from __future__ import annotations

import sys

from sklearn_astromer.lightcurves.reading.remedies import Remedy

PROG = "sklearn-astromer"


def say(text: str) -> None:
    """Print what was asked for."""
    print(text, flush=True)  # noqa: T201


def note(text: str) -> None:
    """Print beside it."""
    print(f"{PROG}: {text}", file=sys.stderr, flush=True)  # noqa: T201


def as_option(remedy: Remedy) -> str:
    """Write what would help as an option of the command line."""
    name, value = remedy.option, "…" if remedy.value is None else remedy.value
    if remedy.value is False:
        return "--one-object"
    if name == "id_from":
        return "files of other names"
    if name in ("survey", "difference", "band", "on_invalid", "flux", "zero_point"):
        return f"--{name.replace('_', '-')} {value}"
    return f"--columns {'band' if name == 'band_column' else name}={value}"
