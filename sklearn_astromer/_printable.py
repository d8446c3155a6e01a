"""Text of strangers, for people to look at."""

from __future__ import annotations

import re

#: What moves the cursor, colours or reorders text, or is no character: catalogs may hold anything.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Return a text in which escape sequences and the like are spelled out."""
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)
