"""Lines of a text table: their fields, and which are rows."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
from numpy.typing import NDArray

#: Of the fields of a row, so many are numbers.
LEAST_NUMBERS = 0.34
#: A text in quotes goes over so many lines at most, where the first row is looked for.
MOST_LINES_OF_A_ROW = 20
COMMENTS = ("#", "%", "!", "\\")
SEPARATORS = ",;\t|"
#: Between names of several words.
GAP = "  "
NUMBER = re.compile(
    r"[<>]?\s*[-+]?(\d+(\.\d*)?|\.\d+)([ed][-+]?\d+)?(\(\d*\.?\d+\))?|nan|[-+]?inf|\d{4}-\d\d-\d\d.*",
    re.IGNORECASE,
)
#: A list in a field, as pandas and NumPy write it, and what is said of one.
LIST = re.compile(r"(?:\[\s*[-+]?\.?\d[^\]]*\]|\(\s*[-+]?\.?\d[^)]*[,\s][^)]*\))")
AS_TEXT = (
    "lists are written as text: save the table as Parquet or JSON, or write a row per observation"
)
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


def is_comment(line: str) -> bool:
    """Whether a line begins as comments do."""
    return line.lstrip().startswith(COMMENTS)


def uncommented(line: str) -> str:
    """Return a line without the marks of a comment before it."""
    return line.lstrip().lstrip("".join(COMMENTS)).strip(" ")


def stripped(fields: list[str]) -> list[str]:
    """Return fields without the empty ones at the end."""
    n = len(fields)
    while n and not fields[n - 1]:
        n -= 1
    return fields[:n]


def separator_of(line: str) -> str:
    """Return what separates the fields of a line."""
    if '"' in line:
        counts = {each: len(fields_of(line, each)) for each in SEPARATORS if each in line}
    else:
        counts = {each: line.count(each) for each in SEPARATORS if each in line}
    return max(counts, key=lambda each: counts[each]) if counts else " "


def fields_of(line: str, separator: str) -> list[str]:
    """Return the fields of a line, without their quotes."""
    if separator == GAP:
        return re.split(r"\s{2,}", line.strip())
    escape = "\\" if '\\"' in line else None
    line = line if separator == "\t" else line.strip()
    (parts,) = csv.reader([line], delimiter=separator, skipinitialspace=True, escapechar=escape)
    fields = [part.strip() for part in parts]
    return [field for field in fields if field] if separator == " " else fields


def is_row(line: str) -> bool:
    """Whether a line holds numbers or dates, of which the names of columns are none."""
    fields = [field for field in fields_of(line, separator_of(line)) if field]
    some = sum(NUMBER.fullmatch(field) is not None for field in fields)
    enough = some >= max(2, LEAST_NUMBERS * len(fields))
    return enough or 0 < some == len(fields) or bool(decimal_commas(line))


def decimal_commas(line: str) -> list[str]:
    """Return the numbers of a line that are written with a comma, of at least two."""
    tokens = re.split(r"[;\t]\s*|\s+", line.strip())
    found = [token for token in tokens if DECIMAL_COMMA.fullmatch(token)]
    whole = [
        field for field in fields_of(line, separator_of(line)) if DECIMAL_COMMA.fullmatch(field)
    ]
    return found if len(found) >= 2 else whole


def counted(text: str, separator: str) -> NDArray[np.int64]:
    """Return the fields of each line."""
    if '"' in text:
        escape = "\\" if '\\"' in text else None
        rows = csv.reader(
            io.StringIO(text), delimiter=separator, skipinitialspace=True, escapechar=escape
        )
        some = filter if separator == " " else lambda _, row: row
        counts: list[int] = []
        for row in rows:  # which may go over several lines
            counts += [len(list(some(None, row)))] * (rows.line_num - len(counts))
        return np.array(counts, dtype=np.int64)
    array = np.frombuffer(f"{text}\n".encode(), dtype=np.uint8)
    ends = np.flatnonzero(array == ord("\n"))
    if separator != " ":
        return _in_lines(array == ord(separator), ends) + 1
    filled = (array != ord("\n")) & (array != ord(" ")) & (array != ord("\t"))
    filled[1:] &= ~filled[:-1]  # where fields begin
    return _in_lines(filled, ends)


def end_of_line(content: bytes, start: int) -> int:
    """Return where a line ends; breaks within quotes are of its text, if these end soon."""
    first = end = content.find(b"\n", start) + 1 or len(content)
    for _ in range(MOST_LINES_OF_A_ROW):
        if content.count(b'"', start, end) % 2 == 0:
            return end
        end = content.find(b"\n", end) + 1 or len(content)
    return first


def _in_lines(marks: NDArray[np.bool_], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.diff(np.searchsorted(np.flatnonzero(marks), ends), prepend=0)
