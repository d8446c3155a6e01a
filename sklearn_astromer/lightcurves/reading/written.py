"""Names of objects as they are written in text, which their numbers may not be."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

#: What integers do not begin with, as names of objects may: a zero or a sign too many.
UNUSUAL = re.compile(r"(?:^|[\s,;|\"])(?:-?0\d|\+\d|-0(?!\.))")
WHOLE = r"[-+]?(?:0|[1-9]\d*)"
#: Of names: "+12" is not "12", nor "-0" "0".
WHOLE_NAME = r"0|-?[1-9]\d*"
ROUNDED = r"^\s*[-+]?\d(?:\.(\d*))?[eE]\+(\d+)\s*$"
#: From here on floats are no longer all whole numbers.
LARGE = 2.0**53


def refuse_rounded(written: pd.Series) -> None:
    """Refuse whole numbers of which a spreadsheet has kept a few digits, as 6.80101E+14."""
    found = written.dropna().str.extract(ROUNDED).dropna()
    if len(found) and (found[0].str.len() < found[1].astype(int)).any():
        raise ValueError(
            f"ids such as {written[found.index[0]]!r} have lost their last digits, as a "
            "spreadsheet writes long numbers: write them as text"
        )


def is_text(written: pd.Series, numbers: pd.Series, whole: str) -> bool:
    """Whether names of objects are others than their numbers: 0123 is not 123, nor 1.10 1.1."""
    written = written.dropna().str.strip()
    large = numbers.dtype.kind == "f" and LARGE <= numbers.abs().max() < np.inf
    if written.str.fullmatch(whole).all():
        return bool(large)
    # "12.0" was a whole number beside a missing one, and what is large, as "5.8e18", was rounded
    return not large and not bool(written.str.fullmatch(rf"({whole})\.0").all())
