"""Columns of one's own that say which rows are good: told, never ids, and used by `rules`."""

import io
import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import LightCurves

#: Names, and their values in four rows, the second of which is bad; then that of good rows.
FLAGS = [
    ("good", [True, False, True, True], True),
    ("bad", [0, 1, 0, 0], 0),
    ("quality", ["G", "B", "G", "G"], "G"),
    ("Quality", [0, 4, 0, 0], 0),
    ("flag_phot", [0, 2, 0, 0], 0),
    ("phot flag", [0.0, 2.0, 0.0, 0.0], 0),
    ("is_good", [1, 0, 1, 1], 1),
    ("mask", [False, True, False, False], False),
    ("outlier", ["no", "yes", "no", "no"], "no"),
    ("photflag", [4096, 1, 4096, 4096], 4096),
]


def reading(source, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LightCurves.read(source, **options)


def doors(folder, **columns):
    """Return a table in memory, as text and as Parquet."""
    frame = pd.DataFrame({"mjd": [58001.5, 58002.5, 58003.5, 58004.5]} | columns)
    frame = frame.assign(mag=[15.1, 19.9, 15.3, 15.2], magerr=0.01)
    frame.to_csv(folder / "star.csv", index=False)
    frame.to_parquet(folder / "star.parquet")
    return frame, folder / "star.csv", folder / "star.parquet"


@pytest.mark.parametrize("named", [{}, {"id": 7}])
@pytest.mark.parametrize(("name", "values", "good"), FLAGS)
def test_flags_are_told_and_can_be_used(name, values, good, named, tmp_path):
    for source in doors(tmp_path, **named, **{name: values}):
        curves = reading(source)
        assert len(curves.mag) == 4
        (remark,) = curves.report.remarks
        assert remark.text == f"flags of bad rows were not used: {name.lower()}"
        (remedy,) = remark.remedies
        assert remedy.option == "rules"
        assert remedy.value == {name: good}
        curves = reading(source, rules=remedy.value)
        assert curves.mag.tolist() == [15.1, 15.3, 15.2]
        assert curves.report.left_out == {f"{name}: not {remedy.value[name]}": 1}
        assert curves.report.remarks == []


@pytest.mark.parametrize(
    ("values", "kept", "n"),
    [
        ([0, 1, 2, 3], [0, 2], 2),
        ([0, 1, 2, 3], (1,), 1),
        ([0, 1, 2, 3], {1, 3}, 2),
        ([0, 1, 2, 3], np.array([1]), 1),
        (["A", "b ", "C", "a"], "a", 2),
        (["A", "b ", "C", "a"], ["A", "B"], 3),
        ([0, 1, 0, 0], "0", 3),
        ([0, 1, 0, 0], True, 1),
        ([True, False, True, True], 1, 3),
        ([0, np.nan, 0, 1], 0, 2),  # what is not known is not good
        ([None, "G", "G", "B"], "G", 2),
    ],
)
def test_values_of_the_rows_that_are_kept(values, kept, n, tmp_path):
    for source in doors(tmp_path, check=values):
        curves = reading(source, rules={"check": kept})
        assert len(curves.mag) == n
        assert sum(curves.report.left_out.values()) == 4 - n


def test_a_column_of_a_survey_without_a_rule(tmp_path):
    text = "oid,mjd,mag,magerr,catflags,filtercode,good\n" + (
        "7,58001,15.2,.01,0,zg,1\n7,58002,15.4,.01,32768,zg,1\n7,58003,15.4,.01,0,zg,0\n"
    )
    frame = pd.read_csv(io.StringIO(text))
    (tmp_path / "a.csv").write_text(text)
    for source in (frame, tmp_path / "a.csv"):
        curves = reading(source, rules={"good": 1})
        assert curves.report.survey == "ztf"
        assert curves.report.left_out == {"catflags: bad data (bit 15)": 1, "good: not 1": 1}


def test_a_rule_of_a_column_that_is_not_there(tmp_path):
    for source in doors(tmp_path, quality=[0, 1, 0, 0]):
        with pytest.raises(ValueError, match=r"no rule 'qualty' .* did you mean 'quality'"):
            reading(source, rules={"qualty": 0})


def test_flags_in_blocks_are_no_ids(tmp_path):
    """Times start anew with each of them, as they do with each object."""
    frame = pd.DataFrame({"mjd": [58001.5, 58002.5] * 2, "mag": 15.1, "good": [0, 0, 1, 1]})
    curves = reading(frame)
    assert len(curves) == 1
    assert [each.text for each in curves.report.remarks] == [
        "flags of bad rows were not used: good"
    ]


def test_flags_of_later_files_are_told_as_well(tmp_path):
    for name, flags in (("a", "00"), ("b", "01")):
        rows = "".join(f"{58001 + i},15.{i},{flag}\n" for i, flag in enumerate(flags))
        (tmp_path / f"{name}.csv").write_text("mjd,mag,bad\n" + rows)
    (remark,) = reading(tmp_path).report.remarks
    assert remark.text == "flags of bad rows were not used: bad"
    assert reading(tmp_path / "a.csv").report.remarks == []  # where all are the same
    assert reading(tmp_path, rules={"bad": 0}).lengths.tolist() == [2, 1]
