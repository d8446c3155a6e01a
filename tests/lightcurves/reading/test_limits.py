"""Columns that tell which rows are upper limits, in words."""

import pandas as pd
import pytest

from sklearn_astromer import LightCurves
from sklearn_astromer.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:read as columns:UserWarning")


def flagged(column, *words):
    times = [58000.0, 58001.0, 58002.0, 58003.0]
    frame = pd.DataFrame({"id": "a", "mjd": times, "mag": [15.0, 15.1, 15.2, 15.3]})
    return frame.assign(**{column: [words[i % len(words)] for i in range(4)]})


@pytest.mark.parametrize("column", ["limit", "upper_limit", "UL", "l_mag", "nondet"])
@pytest.mark.parametrize("word", ["upper", "UL", "u", "<", "upper limit", "Upper-limit", "nondet"])
@pytest.mark.parametrize("other", ["", "det", "Detection", None, "False"])
def test_words_for_limits(column, word, other):
    curves = LightCurves.read(flagged(column, other, word))
    assert curves.mag.tolist() == [15.0, 15.2]
    assert curves.report.left_out == {"upper limits": 2}


@pytest.mark.parametrize("column", ["detected", "det", "detection"])
@pytest.mark.parametrize("words", [("det", "ul"), ("detected", "non-detection"), ("yes", "<")])
def test_words_for_detections(column, words):
    assert LightCurves.read(flagged(column, *words)).mag.tolist() == [15.0, 15.2]


@pytest.mark.parametrize("words", [("", "foo"), ("det", "maybe"), ("a", "b", "c", "e")])
@pytest.mark.parametrize("column", ["Limit", "detected"])
def test_words_that_nobody_knows_are_refused(column, words, tmp_path, capsys):
    frame = flagged(column, *words)
    told = rf"'{column}' may tell .*{words[-1]}.* true and false .*rules=.'{column.lower()}': None"
    with pytest.raises(ValueError, match=told):
        LightCurves.read(frame)
    for options in ({"rules": {column.lower(): None}}, {"quality": False}):
        assert len(LightCurves.read(frame, **options).mag) == 4
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert main(["inspect", str(tmp_path / "a.csv")]) == 1
    assert f"--rule {column.lower()}=off" in capsys.readouterr().err
    assert main(["inspect", str(tmp_path / "a.csv"), "--rule", f"{column.lower()}=off"]) == 0


@pytest.mark.parametrize("words", [("20.5", ""), (">20.5", "19.1"), (20.5, 19.0), (2, 1)])
@pytest.mark.parametrize("column", ["limit", "upper", "det"])
def test_numbers_are_no_flags(column, words):
    assert len(LightCurves.read(flagged(column, *words)).mag) == 4


def test_names_are_no_flags():
    frame = pd.concat([flagged("detection", *(f"x{i}{j}" for i in range(4))) for j in range(2)])
    assert len(LightCurves.read(frame.assign(mjd=range(8))).mag) == 8
