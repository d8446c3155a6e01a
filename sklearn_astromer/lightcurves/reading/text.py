"""Text tables: commas, tabs or white space; headers, titles, comments; whole rows or an error."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_astromer.lightcurves.reading.lines import (
    AS_TEXT,
    COMMENTS,
    GAP,
    LIST,
    NUMBER,
    counted,
    decimal_commas,
    end_of_line,
    fields_of,
    is_comment,
    is_row,
    separator_of,
    stripped,
    uncommented,
)
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.supernovae import is_snoopy, read_snana, read_snoopy
from sklearn_astromer.lightcurves.reading.written import (
    LARGE,
    UNUSUAL,
    WHOLE,
    WHOLE_NAME,
    is_text,
    refuse_rounded,
)
from sklearn_astromer.lightcurves.surveys.names import candidates, in_no_days
from sklearn_astromer.lightcurves.surveys.survey import column_name

#: A file is read in pieces of about so many bytes.
PIECE_BYTES = 2**25
#: The header stands among so many of the first lines.
MOST_LINES_BEFORE = 400
#: A column of SALT, and what names of columns have in them.
SALT_END = b"\n#end\n"
KEY = re.compile(r"(\w+)\s*:.*")
LIKE_NAMES = re.compile(r"jd|time|date|phase|mag|flux|err|sigma|filter|band")
#: What VizieR writes below the names of columns: units of some of them, then dashes.
UNITS = re.compile(
    r"\W*|d|days?|h|min|s|yr|[mu]?mags?|[munμµ]?Jy|deg|arcsec|[mu]as|pix|ct|adu|e-?|"
    r"(e-?|ct|counts?|electrons?|photons?)[/ ]s(-1)?|[\[(].*[\])]",
    re.IGNORECASE,
)
ROW_NUMBERS = ("0", "1")  # of a first row, where rows are numbered


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
    first_line: int
    header: str


def read_text(content: bytes, options: Options) -> Iterator[pd.DataFrame]:
    """Yield the rows of a text table in pieces."""
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if content.lstrip()[:1] == b"|":  # columns between bars, and lines that are drawn
        content = re.sub(rb"(?m)^[-+=| \t]+$", b"", content)
        content = re.sub(rb"(?m)^[ \t]*\|(.*)\|[ \t]*$", rb"\1", content)
    if SALT_END in content:
        content = re.sub(rb"(?m)^@.*$", b"", content)  # what SALT says of the star
    if b"\nOBS:" in content or content.startswith(b"OBS:"):
        yield read_snana(_decoded(content), options)
        return
    if is_snoopy(content):
        yield read_snoopy(_decoded(content))
        return
    form, start = _form(content, options)
    line = form.first_line
    while start < len(content):
        end = start + PIECE_BYTES
        end = len(content) if end >= len(content) else content.find(b"\n", end) + 1 or len(content)
        piece = _decoded(content[start:end])
        frame = _rows(piece, form, line)
        if len(frame) or frame.attrs or line == form.first_line:
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


def _form(content: bytes, options: Options) -> tuple[Form, int]:
    """Find the header and the first row; return how rows are read, and where they begin.

    Most files of a folder begin as the one before, and have rows of the same shape.
    """
    head, shape, form = options.memo.get("form", (b"", None, None))
    if shape is not None and content.startswith(head):
        end = content.find(b"\n", len(head))
        if _shape(_decoded(content[len(head) : end if end >= 0 else None])) == shape:
            return form, len(head)
    form, start, first = _found_form(content, options)
    options.memo["form"] = content[:start], _shape(first), form
    return form, start


def _shape(line: str) -> tuple[Any, ...] | None:
    """Return what the form of a row decides about a header; None: it is no plain row."""
    if is_comment(line) or not is_row(line) or decimal_commas(line):
        return None
    separator = separator_of(line)
    fields = fields_of(line, separator)
    return separator, len(fields), len(stripped(fields)), fields[0] in ROW_NUMBERS


def _found_form(content: bytes, options: Options) -> tuple[Form, int, str]:
    titles: list[str] = []
    comments: list[str] = []
    start = number = 0
    begin: tuple[int, int] | None = None  # of rows that are commented out, and others
    first: str | None = None
    while start < len(content) and number < MOST_LINES_BEFORE:
        end = content.find(b"\n", start) + 1 or len(content)
        if not is_comment(content[start:end].decode("latin-1")):
            end = end_of_line(content, start)
        line = _decoded(content[start:end]).rstrip("\n")
        follows = bool(titles) and _follows(titles[-1], line, options)
        number += 1
        if not line.strip():
            pass
        elif is_comment(line) and not follows:
            comments.append(uncommented(line))
            if is_row(comments[-1]):
                begin = begin or (start, number)
        elif follows or is_row(line):
            first = line
            break
        else:
            titles.append(line)
            begin = None
        number += line.count("\n")
        start = end
    if first is None:
        lists = any(re.search(rf'"{LIST.pattern}"', line) for line in titles)
        raise ValueError(f"there are no rows in it{f', and {AS_TEXT}' if lists else ''}")
    if commas := decimal_commas(first):
        raise ValueError(
            f"its numbers have decimal commas, as {commas[0]!r}: write decimal points, or pass "
            "pandas.read_csv(path, sep=…, decimal=',')"
        )
    separator = separator_of(first)
    fields = fields_of(first, separator)
    found, header = _header(titles, comments, separator, fields, options, number)
    start, number = begin or (start, number)
    if found is None:
        bare = stripped(fields)
        if len(bare) < 2:
            raise ValueError("its rows have one field, and a time and a magnitude are two")
        found = [str(i + 1) for i in range(len(bare))]
    found = [name or f"unnamed {i + 1}" for i, name in enumerate(found)]
    lowered = [column_name(name) for name in found]
    twice = [name for i, name in enumerate(lowered) if name in lowered[:i]]
    if twice:
        raise ValueError(f"column {twice[0]!r} is there twice: rename or drop one")
    used = options.needed(lowered) if header else None
    spare = [f"\0{i}" for i in range(len(found), len(fields))]  # after a separator at the end
    used = used if used is not None or not spare else lowered
    named = lowered + spare
    places = [i for i, name in enumerate(named) if used is None or name in used]
    columns = pd.Index([named[i] for i in places], dtype=object)
    naming = {*options.ids(named)}
    ids = [i for i in places if named[i] in naming]
    form = Form(separator, found, len(named), places, columns, ids, number, header)
    return form, start, first


def _header(
    titles: list[str],
    comments: list[str],
    separator: str,
    fields: list[str],
    options: Options,
    number: int,
) -> tuple[list[str] | None, str]:
    """Return the names of the columns and the line that has them, if there is one."""
    widths = range(len(stripped(fields)), len(fields) + 1)
    wrong = 0
    told: list[tuple[list[str], str, bool]] = []
    for lines, plain in ((titles, True), (comments, False)):
        for line in reversed(lines):
            for each in dict.fromkeys((separator, *",;|\t ", GAP)):
                if each != separator and each not in line.strip():
                    continue
                header = stripped(fields_of(line.lstrip("#"), each))
                if len(header) in widths:
                    seem = (plain and each != GAP) or _seem_names(header, each)
                    told.append((header, line, seem))
                elif len(header) == len(fields) - 1 and fields[0] in ROW_NUMBERS:
                    told.append((["number of the row", *header], line, plain))  # as R writes
                elif plain and options.known(header):
                    wrong = wrong or len(header)
    keys = [found[1] for line in comments if (found := KEY.fullmatch(line))]
    if comments[-1:] == ["end"] and len(keys) in widths:
        told.append((keys, comments[-1], False))
    for header, line, _ in told:
        if options.known(header):
            return header, line
    seeming = [(header, line) for header, line, seem in told if seem]
    if wrong and not seeming:
        raise ValueError(
            f"its header names {wrong} columns, and line {number} has "
            f"{len(stripped(fields))} fields"
        )
    # names go before the units below them
    seeming.sort(key=lambda each: all(map(UNITS.fullmatch, each[0])))
    return next(iter(seeming), (None, ""))


def _seem_names(header: list[str], separator: str) -> bool:
    """Whether the fields of a comment are names of columns, though not those of light curves.

    Words of prose are as many as columns now and then: one is to name a time, or two of those with
    separators between them something of light curves.
    """
    if any(NUMBER.fullmatch(field) or ":" in field or field.count(" ") > 2 for field in header):
        return False
    names = [column_name(field) for field in header]
    if candidates("time", names) or any(map(in_no_days, names)) or "phase" in names:
        return True
    return separator != " " and sum(bool(LIKE_NAMES.search(name)) for name in names) > 1


def _follows(header: str, line: str, options: Options) -> bool:
    """Whether a line of few numbers, or that begins as comments do, is a row of the header."""
    separator = separator_of(header)
    named, fields = fields_of(header, separator), fields_of(line, separator)
    some = any(NUMBER.fullmatch(field) for field in fields)
    if is_comment(line) and not options.ids([column_name(named[0])]):
        return False  # a name may begin so, and nothing else
    return some and len(named) == len(fields) and options.known(named)


def _rows(text: str, form: Form, line: int) -> pd.DataFrame:
    """Read rows; a row that has not all fields, or more, is an error that names its line."""
    marks = [mark for mark in COMMENTS if mark in text]
    marked: dict[str, Any] = {}
    if any(f"\n{mark}" in text or text.startswith(mark) for mark in marks):
        text, marked = _without_comments(text, form)
    if form.separator == " " and " #" in text and '"' not in text:
        text = re.sub(r"(?<![ \t])[ \t]+#.*", "", text)
    if form.header and form.header in text:
        header = form.header.strip()  # lines keep their numbers
        text = "\n".join("" if each.strip() == header else each for each in text.split("\n"))
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
        frame = pd.DataFrame(columns=form.columns)
        frame.attrs |= marked
        return frame
    frame = pd.read_csv(io.StringIO(text), low_memory=False, **options)
    kinds = {place: dtype.kind for place, dtype in frame.dtypes.items()}
    zeros = "iu" if any(kind in "iu" for kind in kinds.values()) and UNUSUAL.search(text) else ""
    again = [i for i, kind in kinds.items() if kind in zeros or (kind in "fb" and i in form.ids)]
    if again:
        written = pd.read_csv(io.StringIO(text), dtype=str, **{**options, "usecols": again})
        for i in again:
            if i in form.ids:
                refuse_rounded(written[i])
            if is_text(written[i], frame[i], WHOLE_NAME if i in form.ids else WHOLE):
                frame[i] = written[i]
            elif kinds[i] == "f" and not frame[i].abs().max() >= LARGE:
                frame[i] = frame[i].astype("Int64")
    frame.columns = form.columns
    frame.attrs |= {**marked, "blocks": _blocks(text)}
    frame.attrs |= {"headerless": not form.header, "columns": form.written}
    return frame


def _without_comments(text: str, form: Form) -> tuple[str, dict[str, Any]]:
    """Return text without comments, and how many of these are rows, and of which object the first.

    A row may be commented out, or begin with a name such as "#12", of which there is no "12".
    """
    lines = text.split("\n")
    others: set[str] | None = None
    commented, named = [], []
    for i, line in enumerate(lines):
        if not is_comment(line):
            continue
        plain = uncommented(line)
        fields, bare = fields_of(line, form.separator), fields_of(plain, form.separator)
        if 0 in form.ids and len(fields) == form.width and any(map(NUMBER.fullmatch, fields[1:])):
            if others is None:
                rows = (fields_of(row, form.separator) for row in lines if not is_comment(row))
                others = {row[0] for row in rows if row}
            if bare[0] not in others:
                named.append(fields[0])
                continue
        lines[i] = ""
        if len(bare) == form.width and is_row(plain):
            commented.append(bare[form.ids[0]] if form.ids else "")
    found = {"commented": commented, "named as comments": named}
    return "\n".join(lines), {what: (len(ids), ids[0]) for what, ids in found.items() if ids}


def _blocks(text: str) -> list[int]:
    """Return the rows before which a line is empty, or was a comment or a header."""
    if "\n\n" not in text:
        return []
    parts = re.split(r"\n(?:[ \t]*\n)+", text.strip())
    return np.cumsum([part.count("\n") + 1 for part in parts[:-1]]).tolist()


def _refuse_ragged(text: str, form: Form, line: int) -> None:
    expected = form.width
    counts = counted(text, form.separator)
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
