"""JSON, as the services answer."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pandas as pd

from sklearn_astromer.lightcurves.bands import is_band
from sklearn_astromer.lightcurves.surveys.names import candidates
from sklearn_astromer.lightcurves.surveys.survey import column_name

#: Keys of JSON, of which each service has one of its own.
DETECTIONS = (
    *("detections", "candidates", "photometry", "lightcurve", "light_curve", "data"),
    *("observations", "measurements", "records", "results"),
)
#: Keys of what holds the whole answer, which name no object.
WRAPPERS = (*DETECTIONS, "result", "response", "reply", "payload")
#: Keys of the names of columns, beside rows without them.
HEADERS = ("columns", "metadata", "fields", "header", "names")
NON_DETECTIONS = ("non_detections", "noncandidates", "upper_limits")

#: Keys of an answer in pages: the next one, and how many records there are in all.
NEXT, COUNTS = ("next", "has_next", "next_page"), ("count", "total", "total_count")


def read_json(content: bytes) -> pd.DataFrame:
    """Read JSON: a list of records, columns, or an object that has one of these somewhere in it."""
    text = content.decode("utf-8-sig")
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        with contextlib.suppress(json.JSONDecodeError):  # a record a line
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
            if all(isinstance(each, dict) for each in found):
                return pd.DataFrame(found)
        raise
    records, beside = _records(found)
    if records is None:
        raise ValueError(
            "this JSON has no list of detections: pass pandas.DataFrame(…) of the part that is one"
        )
    frame = pd.DataFrame(records)
    for name in frame:  # as TNS has filters and units: {"id": 1, "name": "ABMag"}
        cells = frame[name].dropna()
        if len(cells) and all(isinstance(cell, dict) and "name" in cell for cell in cells):
            frame[name] = frame[name].map(lambda cell: cell["name"], na_action="ignore")
    for key, value in beside.items():
        if key not in frame and isinstance(value, (str, int)) and not isinstance(value, bool):
            frame[key] = value
    limits = [len(v) for k, v in beside.items() if k in NON_DETECTIONS and isinstance(v, list)]
    frame.attrs["limits"] = sum(limits)
    there = len(frame) + sum(limits)
    counts = [n for key in COUNTS if type(n := beside.get(key)) is int and n > there]
    if counts or any(beside.get(key) for key in NEXT):
        of = f" of {counts[0]}" if counts else ""
        said = f"this JSON seems to be one page of an answer, {there} records{of}: get all pages"
        frame.attrs["remarks"] = [(said,)]
    return frame


def _records(found: Any) -> tuple[Any, dict[str, Any]]:
    """Return the records within JSON, and what stands beside them."""
    if isinstance(found, list):
        if found and all(isinstance(each, dict) for each in found):
            inner = [_records(each) for each in found] if len(found) == 1 else []
            return inner[0] if inner and inner[0][0] is not None else (found, {})
        return None, {}
    if not isinstance(found, dict):
        return None, {}
    if (table := _with_header(found)) is not None:
        return table, {}
    columns = {k: v for k, v in found.items() if isinstance(v, list)}
    scalar = [v for v in columns.values() if not any(isinstance(x, dict) for x in v)]
    if len(scalar) >= 2 and len({len(v) for v in scalar}) == 1:
        return columns, {k: v for k, v in found.items() if k not in columns}
    for key in DETECTIONS:
        records = found.get(key)
        if isinstance(records, list) and records and isinstance(records[0], dict):
            return records, {k: v for k, v in found.items() if k != key}
    lists = {k: v for k, v in found.items() if isinstance(v, (dict, list))}
    bands = {k: v for k, v in lists.items() if is_band(k)}
    beside = {k: v for k, v in found.items() if k not in bands}
    alone = not lists.keys() - {*bands, *NON_DETECTIONS}
    if alone and (records := _by_key(bands, "band")):
        return records, beside
    dicts = {k: v for k, v in found.items() if isinstance(v, dict)}
    if len(found) > 1 and (records := _by_key(found, "object_id")):
        return records, {}
    if len(dicts) == len(found) > 1 and len({tuple(each) for each in dicts.values()}) == 1:
        return _by_row_or_column(dicts), {}
    within = [(key, *_records(value)) for key, value in dicts.items()]
    within = [one for one in within if one[1] is not None]
    if len(within) != 1:
        return None, {}
    ((key, records, beside),) = within
    # of the Open Supernova Catalog: {name: {…}}
    named = {"object_id": key} if len(found) == 1 and key not in WRAPPERS else {}
    return records, {k: v for k, v in found.items() if k != key} | beside | named


def _with_header(found: dict[str, Any]) -> pd.DataFrame | None:
    """Return a table whose columns are named beside its rows, as of pandas and TAP, if it is one.

    Its index is that of pandas.
    """
    rows = found.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        return None
    for key in HEADERS:
        header = found.get(key)
        if not isinstance(header, list) or any(len(row) != len(header) for row in rows):
            continue
        names = [each.get("name") if isinstance(each, dict) else each for each in header]
        if names and all(isinstance(name, str) for name in names):
            index = found.get("index")
            table = pd.DataFrame(rows, columns=names)
            if isinstance(index, list) and len(index) == len(rows) > 0:
                levels = [tuple(each) if isinstance(each, list) else each for each in index]
                table.index = pd.Index(levels)
            return table
    return None


def _by_row_or_column(dicts: dict[str, Any]) -> Any:
    """Return a table of pandas, whose columns have keys, or its rows, by which keys name times.

    Keys of rows that are no numbers are names of stars.
    """
    names = [column_name(name) for name in next(iter(dicts.values()))]
    if not candidates("time", names):
        return {name: list(each.values()) for name, each in dicts.items()}
    rows = pd.DataFrame([*dicts.values()])
    if not all(map(str.isdecimal, dicts)) and not candidates("id", names):
        rows["object_id"] = [*dicts]
    return rows


def _by_key(found: dict[str, Any], part: str) -> list[dict[str, Any]]:
    """Return the records of an object whose keys name stars or bands.

    A star has columns, records or bands of these; a band has columns or records.
    """
    records: list[dict[str, Any]] = []
    for name, one in found.items():
        each = one
        if isinstance(one, dict):
            of_columns = sum(isinstance(v, list) for v in one.values()) > 1
            if part == "object_id" and all(map(is_band, one)):
                each = _by_key(one, "band")
            elif of_columns:  # a row a star, but of bands, which have no ids, a row an observation
                each = [one] if part == "object_id" else pd.DataFrame(one).to_dict("records")
        if name in (*WRAPPERS, *NON_DETECTIONS) or not isinstance(each, list):
            return []
        if not all(isinstance(record, dict) for record in each):
            return []
        told = "id" if part == "object_id" else part
        records += [
            record if candidates(told, map(column_name, record)) else {part: name, **record}
            for record in each
        ]
    return records
