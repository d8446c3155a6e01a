"""Text of strangers, for people to look at."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager

#: What moves the cursor, colours or reorders text, or is no character: catalogs may hold anything.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Return a text in which escape sequences and the like are spelled out."""
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def escape(text: str, quote: bool = True) -> str:
    """Return a text for HTML."""
    return html.escape(printable(text), quote)


def drawn(text: object) -> str:
    """Return a text that matplotlib draws as it is: no formula, and not left out of a legend."""
    shown = printable(str(text)).replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown


@contextmanager
def printable_errors() -> Iterator[None]:
    """Spell out what is not printable in errors, which name files, columns and objects."""
    try:
        yield
    except (ValueError, TypeError, OSError) as error:
        if len(error.args) == 1:  # not those of the system
            error.args = (printable(str(error.args[0])),)
        if "what" in error.__dict__:  # see `remedies.refusal`
            error.__dict__["what"] = printable(error.__dict__["what"])
        raise
