"""JSON, as the services answer."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pandas as pd

from sklearn_astromer.lightcurves.surveys.names import candidates
from sklearn_astromer.lightcurves.surveys.survey import column_name

#: Keys of JSON, of which each service has one of its own.
DETECTIONS = (
    *("detections", "candidates", "photometry", "lightcurve", "light_curve", "data"),
    *("observations", "measurements", "records", "results"),
)
#: Keys of what holds the whole answer, which name no object.
WRAPPERS = (*DETECTIONS, "result", "response", "reply", "payload")
NON_DETECTIONS = ("non_detections", "noncandidates", "upper_limits")


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
        if isinstance(value, (str, int)) and not isinstance(value, bool) and key not in frame:
            frame[key] = value
    limits = [len(v) for k, v in beside.items() if k in NON_DETECTIONS and isinstance(v, list)]
    frame.attrs["limits"] = sum(limits)
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
    columns = {k: v for k, v in found.items() if isinstance(v, list)}
    scalar = [v for v in columns.values() if not any(isinstance(x, dict) for x in v)]
    if len(scalar) >= 2 and len({len(v) for v in scalar}) == 1:
        return columns, {k: v for k, v in found.items() if k not in columns}
    for key in DETECTIONS:
        records = found.get(key)
        if isinstance(records, list) and records and isinstance(records[0], dict):
            return records, {k: v for k, v in found.items() if k != key}
    dicts = {k: v for k, v in found.items() if isinstance(v, dict)}
    if len(found) > 1 and (records := _by_object(found)):
        return records, {}
    if len(dicts) == len(found) > 1 and len({tuple(each) for each in dicts.values()}) == 1:
        return {name: list(each.values()) for name, each in dicts.items()}, {}
    within = [(key, *_records(value)) for key, value in dicts.items()]
    within = [one for one in within if one[1] is not None]
    if len(within) != 1:
        return None, {}
    ((key, records, beside),) = within
    # of the Open Supernova Catalog: {name: {…}}
    named = {"object_id": key} if len(found) == 1 and key not in WRAPPERS else {}
    return records, {k: v for k, v in found.items() if k != key} | beside | named


def _by_object(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the records of an object whose keys name stars, of columns or records each."""
    records: list[dict[str, Any]] = []
    for name, one in found.items():
        of_columns = isinstance(one, dict) and sum(isinstance(v, list) for v in one.values()) > 1
        each = [one] if of_columns else one
        if name in (*WRAPPERS, *NON_DETECTIONS) or not isinstance(each, list):
            return []
        if not all(isinstance(record, dict) for record in each):
            return []
        records += [
            record if candidates("id", map(column_name, record)) else {"object_id": name, **record}
            for record in each
        ]
    return records
