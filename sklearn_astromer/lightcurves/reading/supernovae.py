"""Text of supernovae: SNANA, and the blocks of bands that SNooPy has."""

from __future__ import annotations

import pandas as pd

from sklearn_astromer.lightcurves.reading.lines import NUMBER, is_comment
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.written import WHOLE_NAME, is_text
from sklearn_astromer.lightcurves.surveys.survey import column_name

#: What SNooPy has before the rows of each band.
BLOCK = "filter"


def read_snana(text: str, options: Options) -> pd.DataFrame:
    """Read the text of SNANA: a word that ends in a colon before each line."""
    rows = [line for line in text.splitlines() if line and not line.isspace()]
    said = {line.split()[0]: line.split()[1:] for line in reversed(rows)}
    found = said.get("VARLIST:") or said.get("VARNAMES:")
    if not found:
        raise ValueError("it has lines of OBS:, and none of VARLIST: names their columns")
    body = [line.split()[1 : len(found) + 1] for line in rows if line.startswith("OBS:")]
    frame = pd.DataFrame(body, columns=found)
    ids = options.ids([column_name(name) for name in found])
    for name in frame:
        converted = pd.to_numeric(frame[name], errors="coerce")
        is_id = column_name(name) in ids
        if converted.notna().all() and not (is_id and is_text(frame[name], converted, WHOLE_NAME)):
            frame[name] = converted
    if "SNID:" in said and "SNID" not in frame:
        frame["SNID"] = said["SNID:"][0]
    return frame


def is_snoopy(content: bytes) -> bool:
    """Whether text has the name of a star and its place in the first line, and then bands."""
    first, second = (line.split() for line in (content[:4096] + b"\n\n").split(b"\n")[:2])
    if len(first) != 4 or len(second) != 2 or second[0].decode("latin-1") != BLOCK:
        return False
    return all(NUMBER.fullmatch(field.decode("latin-1")) for field in first[1:])


def read_snoopy(text: str) -> pd.DataFrame:
    """Read the text of SNooPy: a line for the star, and one before the rows of each band."""
    lines = [line for line in text.splitlines() if line.strip() and not is_comment(line)]
    first, *others = map(str.split, lines)
    rows, band = [], ""
    for fields in others:
        if fields[0] == BLOCK:
            band = " ".join(fields[1:])
            continue
        if len(fields) != 3:
            raise ValueError(
                f"it has {len(fields)} fields, {' '.join(fields)!r}, where a time, a magnitude and "
                "an error are expected, as of SNooPy"
            )
        rows.append([first[0], *fields, band])
    return pd.DataFrame(rows, columns=["object_id", "time", "mag", "mag_err", "band"])
