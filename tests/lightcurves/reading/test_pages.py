"""Answers of services that come in pages, of which one passes for the whole."""

import json
import warnings

import pytest

from sklearn_astromer import LightCurves

ROWS = [{"mjd": 58001.0, "mag": 15.0}, {"mjd": 58002.0, "mag": 15.2}]


def remarks(answer, folder):
    (folder / "a.json").write_text(json.dumps(answer))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curves = LightCurves.read(folder / "a.json")
    assert curves.mag.tolist() == [15.0, 15.2]
    return [each.text for each in curves.report.remarks]


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ({"count": 50, "next": "http://x?page=2"}, "2 records of 50: get all pages"),
        ({"count": 50}, "2 records of 50: get all pages"),
        ({"total": 3, "page": 1}, "2 records of 3: get all pages"),
        ({"next": "http://x?page=2"}, "2 records: get all pages"),
        ({"has_next": True, "count": 2}, "2 records: get all pages"),
    ],
)
@pytest.mark.parametrize("wrap", [lambda answer: answer, lambda answer: {"response": answer}])
def test_a_page_is_told(beside, said, wrap, tmp_path):
    (found,) = remarks(wrap({**beside, "results": ROWS}), tmp_path)
    assert found.endswith(said)


def test_a_page_of_columns_is_told(tmp_path):
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    (found,) = remarks({"count": 3, **columns}, tmp_path)
    assert found.endswith("2 records of 3: get all pages")


@pytest.mark.parametrize(
    "beside",
    [
        {"count": 2, "next": None, "previous": None},
        {"count": 1},
        {"count": 3, "non_detections": [{"mjd": 58000.0}]},
        {"total": None, "has_next": False},
        {"total": True},
        {"count": "50"},
    ],
)
def test_a_whole_answer_is_not(beside, tmp_path):
    assert remarks({**beside, "detections": ROWS}, tmp_path) == []
