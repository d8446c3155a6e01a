"""Text tables: commas, tabs or white space; headers, titles, comments; whole rows or an error."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.surveys.survey import column_name

#: A file is read in pieces of about so many bytes.
PIECE_BYTES = 2**25
#: The header stands among so many of the first lines.
MOST_LINES_BEFORE = 400
#: Of the fields of a row, so many are numbers.
LEAST_NUMBERS = 0.34
ROW_NUMBERS = ("0", "1")  # of a first row, where rows are numbered
COMMENTS = ("#", "%", "!", "\\")
SEPARATORS = ",;\t|"
NUMBER = re.compile(
    r"[<>]?\s*[-+]?(\d+\.?\d*|\.\d+)([ed][-+]?\d+)?|nan|[-+]?inf|\d{4}-\d\d-\d\d.*", re.IGNORECASE
)
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
LEADING_ZERO = re.compile(r"(?:^|[\s,;|\"])-?0\d")
WHOLE = r"[-+]?(?:0|[1-9]\d*)"
#: From here on floats are no longer all whole numbers.
LARGE = 2.0**53


class Names(Protocol):
    """What is asked of the names of columns."""

    @property
    def memo(self) -> dict[str, Any]:
        """Return what was found in one file, for the next."""

    def known(self, names: list[str]) -> bool:
        """Whether these are names of the columns of light curves."""

    def needed(self, names: list[str], rows_are_objects: bool = False) -> list[str] | None:
        """Return those that are read; None: any may be."""

    def ids(self, names: list[str]) -> list[str]:
        """Return those that name objects by their names."""


class Form(NamedTuple):
    """How the rows of a text table are to be read.

    `used` are the places of the columns that are read, and `columns` their names: an index of
    text takes pandas long, so that one is made for all files. `ids` are the places of those that
    name objects.
    """

    separator: str
    written: list[str]
    width: int
    used: list[int]
    columns: pd.Index
    ids: list[int]
    headerless: bool
    first_line: int
    header: str


def read_text(content: bytes, names: Names) -> Iterator[pd.DataFrame]:
    """Yield the rows of a text table in pieces."""
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if content.lstrip()[:1] == b"|":  # columns between bars, and lines that are drawn
        content = re.sub(rb"(?m)^[-+=| \t]+$", b"", content)
        content = re.sub(rb"(?m)^[ \t]*\|(.*)\|[ \t]*$", rb"\1", content)
    if b"\nOBS:" in content or content.startswith(b"OBS:"):
        yield _snana(_decoded(content), names)
        return
    form, start = _form(content, names)
    line = form.first_line
    while start < len(content):
        end = start + PIECE_BYTES
        end = len(content) if end >= len(content) else content.find(b"\n", end) + 1 or len(content)
        piece = _decoded(content[start:end])
        frame = _rows(piece, form, line)
        if len(frame) or line == form.first_line:
            yield frame
        line += piece.count("\n")
        start = end


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            "it is neither FITS, Parquet nor text in UTF-8: unpack it, or save it as UTF-8"
        ) from error


def _form(content: bytes, names: Names) -> tuple[Form, int]:
    """Find the header and the first row; return how rows are read, and where they begin.

    Most files of a folder begin as the one before, and have rows of the same shape.
    """
    head, shape, form = names.memo.get("form", (b"", None, None))
    if shape is not None and content.startswith(head):
        end = content.find(b"\n", len(head))
        if _shape(_decoded(content[len(head) : end if end >= 0 else None])) == shape:
            return form, len(head)
    form, start, first = _found_form(content, names)
    names.memo["form"] = content[:start], _shape(first), form
    return form, start


def _shape(line: str) -> tuple[Any, ...] | None:
    """Return what the form of a row decides about a header; None: it is no plain row."""
    if line.lstrip().startswith(COMMENTS) or not _is_row(line) or _decimal_commas(line):
        return None
    separator = _separator(line)
    fields = _fields(line, separator)
    return separator, len(fields), len(_stripped(fields)), fields[0] in ROW_NUMBERS


def _found_form(content: bytes, names: Names) -> tuple[Form, int, str]:
    titles: list[str] = []
    comments: list[str] = []
    start = number = 0
    first: str | None = None
    while start < len(content) and number < MOST_LINES_BEFORE:
        end = content.find(b"\n", start) + 1 or len(content)
        line = _decoded(content[start:end]).rstrip("\n")
        number += 1
        if not line.strip():
            pass
        elif line.lstrip().startswith(COMMENTS):
            comments.append(line.lstrip().lstrip("#%!\\").lstrip(" ").rstrip())
        elif _is_row(line) or (titles and _follows(titles[-1], line, names)):
            first = line
            break
        else:
            titles.append(line)
        start = end
    if first is None:
        raise ValueError("there are no rows in it")
    if commas := _decimal_commas(first):
        raise ValueError(
            f"its numbers have decimal commas, as {commas[0]!r}: write decimal points, or pass "
            "pandas.read_csv(path, sep=…, decimal=',')"
        )
    separator = _separator(first)
    fields = _fields(first, separator)
    found, header = _header(titles, comments, separator, fields, names, number)
    if found is None:
        bare = _stripped(fields)
        if len(bare) < 2:
            raise ValueError("its rows have one field, and a time and a magnitude are two")
        found = [str(i + 1) for i in range(len(bare))]
    found = [name or f"unnamed {i + 1}" for i, name in enumerate(found)]
    lowered = [column_name(name) for name in found]
    twice = [name for i, name in enumerate(lowered) if name in lowered[:i]]
    if twice:
        raise ValueError(f"column {twice[0]!r} is there twice: rename or drop one")
    used = names.needed(lowered) if header else None
    spare = [f"\0{i}" for i in range(len(found), len(fields))]  # after a separator at the end
    used = used if used is not None or not spare else lowered
    named = lowered + spare
    places = [i for i, name in enumerate(named) if used is None or name in used]
    columns = pd.Index([named[i] for i in places], dtype=object)
    ids = [i for i in places if named[i] in names.ids(named)]
    form = Form(separator, found, len(named), places, columns, ids, not header, number, header)
    return form, start, first


def _header(
    titles: list[str],
    comments: list[str],
    separator: str,
    fields: list[str],
    names: Names,
    number: int,
) -> tuple[list[str] | None, str]:
    """Return the names of the columns and the line that has them, if there is one."""
    widths = range(len(_stripped(fields)), len(fields) + 1)
    wrong = 0
    told: list[tuple[list[str], str, bool]] = []
    for lines, plain in ((titles, True), (comments, False)):
        for line in reversed(lines):
            for each in dict.fromkeys((separator, *",;|\t ")):
                if each != separator and each not in line.strip():
                    continue
                header = _stripped(_fields(line.lstrip("#"), each))
                if len(header) in widths:
                    told.append((header, line, plain))
                elif len(header) == len(fields) - 1 and fields[0] in ROW_NUMBERS:
                    told.append((["number of the row", *header], line, plain))  # as R writes
                elif plain and names.known(header):
                    wrong = wrong or len(header)
    for header, line, _ in told:
        if names.known(header):
            return header, line
    if wrong:
        raise ValueError(
            f"its header names {wrong} columns, and line {number} has "
            f"{len(_stripped(fields))} fields"
        )
    return next(((header, line) for header, line, plain in told if plain), (None, ""))


def _stripped(fields: list[str]) -> list[str]:
    """Return fields without the empty ones at the end."""
    n = len(fields)
    while n and not fields[n - 1]:
        n -= 1
    return fields[:n]


def _separator(line: str) -> str:
    if '"' in line:
        counts = {each: len(_fields(line, each)) for each in SEPARATORS if each in line}
    else:
        counts = {each: line.count(each) for each in SEPARATORS if each in line}
    return max(counts, key=lambda each: counts[each]) if counts else " "


def _fields(line: str, separator: str) -> list[str]:
    """Return the fields of a line, without their quotes."""
    escape = "\\" if '\\"' in line else None
    line = line if separator == "\t" else line.strip()
    (parts,) = csv.reader([line], delimiter=separator, skipinitialspace=True, escapechar=escape)
    fields = [part.strip() for part in parts]
    return [field for field in fields if field] if separator == " " else fields


def _is_row(line: str) -> bool:
    """Whether a line holds numbers or dates, of which the names of columns are none."""
    fields = _stripped(_fields(line, _separator(line)))
    some = sum(NUMBER.fullmatch(field) is not None for field in fields)
    enough = some >= max(2, LEAST_NUMBERS * len(fields))
    return enough or 0 < some == len(fields) or bool(_decimal_commas(line))


def _follows(header: str, line: str, names: Names) -> bool:
    """Whether a line of few numbers has the fields of the header before it."""
    separator = _separator(header)
    named, fields = _fields(header, separator), _fields(line, separator)
    some = any(NUMBER.fullmatch(field) for field in fields)
    return some and len(named) == len(fields) and names.known(named)


def _decimal_commas(line: str) -> list[str]:
    """Return the numbers of a line that are written with a comma, of at least two."""
    tokens = re.split(r"[;\t]\s*|\s+", line.strip())
    found = [token for token in tokens if DECIMAL_COMMA.fullmatch(token)]
    whole = [field for field in _fields(line, _separator(line)) if DECIMAL_COMMA.fullmatch(field)]
    return found if len(found) >= 2 else whole


def _rows(text: str, form: Form, line: int) -> pd.DataFrame:
    """Read rows; a row that has not all fields, or more, is an error that names its line."""
    marks = [mark for mark in COMMENTS if mark in text]
    if any(f"\n{mark}" in text or text.startswith(mark) for mark in marks):
        text = _without(text, lambda each: each.lstrip().startswith(COMMENTS))
    if form.separator == " " and " #" in text and '"' not in text:
        text = re.sub(r"[ \t]+#.*", "", text)
    if form.header and form.header in text:
        text = _without(text, lambda each: each.strip() == form.header.strip())
    _refuse_ragged(text, form, line)
    options: dict[str, Any] = {
        "sep": r"\s+" if form.separator == " " else form.separator,
        "usecols": form.used,
        "header": None,
        "skipinitialspace": True,
        "index_col": False,
        "escapechar": "\\" if '\\"' in text else None,
    }
    if not text.strip():
        return pd.DataFrame(columns=form.columns)
    frame = pd.read_csv(io.StringIO(text), low_memory=False, **options)
    kinds = {place: dtype.kind for place, dtype in frame.dtypes.items()}
    zeros = "iu" if any(kind in "iu" for kind in kinds.values()) and _zeros(text) else ""
    again = [i for i, kind in kinds.items() if kind in zeros or (kind == "f" and i in form.ids)]
    if again:
        written = pd.read_csv(io.StringIO(text), dtype=str, **{**options, "usecols": again})
        for i in again:
            if _is_text(written[i], frame[i]):
                frame[i] = written[i]
            elif kinds[i] == "f" and not frame[i].abs().max() >= LARGE:
                frame[i] = frame[i].astype("Int64")
    frame.columns = form.columns
    frame.attrs["blocks"] = _blocks(text)
    frame.attrs["headerless"] = form.headerless
    frame.attrs["columns"] = form.written
    return frame


def _zeros(text: str) -> bool:
    return LEADING_ZERO.search(text) is not None


def _is_text(written: pd.Series, numbers: pd.Series) -> bool:
    """Whether names of objects are others than their numbers: 0123 is not 123, nor 1.10 1.1."""
    written = written.dropna().str.strip()
    large = numbers.dtype.kind == "f" and numbers.abs().max() >= LARGE
    if written.str.fullmatch(WHOLE).all():
        return bool(large)
    # "12.0" was a whole number beside a missing one, and what is large, as "5.8e18", was rounded
    return not large and not bool(written.str.fullmatch(WHOLE + r"\.0").all())


def _without(text: str, unwanted: Callable[[str], bool]) -> str:
    """Return text with blank lines in place of some, so that lines keep their numbers."""
    return "\n".join("" if unwanted(line) else line for line in text.split("\n"))


def _blocks(text: str) -> list[int]:
    """Return the rows before which a line is empty, or was a comment or a header."""
    if "\n\n" not in text:
        return []
    parts = re.split(r"\n(?:[ \t]*\n)+", text.strip())
    return np.cumsum([part.count("\n") + 1 for part in parts[:-1]]).tolist()


def _refuse_ragged(text: str, form: Form, line: int) -> None:
    expected = form.width
    counts = _counted(text, form.separator)
    wrong = np.flatnonzero(counts != expected)
    lines = text.split("\n") if len(wrong) else []
    for at in wrong.tolist():
        if not lines[at].strip():
            continue
        raise ValueError(
            f"line {line + at} has {counts[at]} fields, and "
            f"{'the header names' if form.header else 'the first row has'} {expected}: is it cut "
            "off, or a text with a separator in it without quotes?"
        )


def _counted(text: str, separator: str) -> NDArray[np.int64]:
    """Return the fields of each line."""
    if '"' in text:
        escape = "\\" if '\\"' in text else None
        rows = csv.reader(
            io.StringIO(text), delimiter=separator, skipinitialspace=True, escapechar=escape
        )
        some = filter if separator == " " else lambda _, row: row
        return np.array([len(list(some(None, row))) for row in rows], dtype=np.int64)
    array = np.frombuffer(f"{text}\n".encode(), dtype=np.uint8)
    ends = np.flatnonzero(array == ord("\n"))
    if separator != " ":
        return _in_lines(array == ord(separator), ends) + 1
    filled = (array != ord("\n")) & (array != ord(" ")) & (array != ord("\t"))
    filled[1:] &= ~filled[:-1]  # where fields begin
    return _in_lines(filled, ends)


def _in_lines(marks: NDArray[np.bool_], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.diff(np.searchsorted(np.flatnonzero(marks), ends), prepend=0)


def _snana(text: str, names: Names) -> pd.DataFrame:
    """Read the text of SNANA: a word that ends in a colon before each line."""
    rows = [line for line in text.splitlines() if line and not line.isspace()]
    said = {line.split()[0]: line.split()[1:] for line in reversed(rows)}
    found = said.get("VARLIST:") or said.get("VARNAMES:")
    if not found:
        raise ValueError("it has lines of OBS:, and none of VARLIST: names their columns")
    body = [line.split()[1 : len(found) + 1] for line in rows if line.startswith("OBS:")]
    frame = pd.DataFrame(body, columns=found)
    ids = names.ids([column_name(name) for name in found])
    for name in frame:
        converted = pd.to_numeric(frame[name], errors="coerce")
        is_id = column_name(name) in ids
        if converted.notna().all() and not (is_id and _is_text(frame[name], converted)):
            frame[name] = converted
    if "SNID:" in said and "SNID" not in frame:
        frame["SNID"] = said["SNID:"][0]
    return frame
