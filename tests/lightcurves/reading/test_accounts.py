"""Every observation of a source is accounted for: kept and left out are what was read."""

import functools
import json
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import MADE_OF, VALUES, good_and_bad, in_lists, make

from sklearn_astromer import LightCurves
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.reader import Reader
from sklearn_astromer.lightcurves.surveys.registry import BY_NAME, SURVEYS
from sklearn_astromer.lightcurves.surveys.survey import first_of

EVERY_SURVEY = pytest.mark.parametrize("survey", SURVEYS, ids=lambda survey: survey.name)
NAN = float("nan")
seeds = st.integers(0, 2**32 - 1)
ONLY_KEPT_WHOLE = ("there twice", "of other bands")  # known when all files are read


@pytest.fixture(autouse=True)
def _warnings_are_not_the_subject():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def check(curves, rows):
    """Check the sums of a collection that was read."""
    report = curves.report
    assert report.rows == rows
    assert report.kept == len(curves.time) == curves.lengths.sum()
    assert report.rows == report.kept + sum(report.left_out.values())
    assert all(n > 0 for n in report.left_out.values())
    assert report.first.keys() == report.left_out.keys()


@functools.cache
def made_of(name):
    return make(BY_NAME[name])


def cells(made, name):
    """Return what a column may hold: good values, and any that is left out somewhere."""
    column = made.frame[name]
    for rule in made.survey.rules():
        if name in rule.column.split("|") and rule.test != "missing":
            return [*good_and_bad(rule), good_and_bad(rule)[0], None]
    sides = made.survey.brightness
    if any(name == first_of(side.time or made.survey.time, made.frame) for side in sides):
        return [*column[:4], NAN]
    if name == made.id:
        return sorted(set(column))
    if name == first_of(made.survey.band, made.frame):
        return [*sorted(set(column)), None]
    if any(name in (side.mag or "").split("|") for side in sides):
        return [15.25, 15.5, 16.0, 99.99, 0.0, -99.0, NAN]
    if any(name in f"{side.mag_err}|{side.flux_err}".split("|") for side in sides):
        return [0.02, 0.03, 0.0, -1.0, 9.999, 100.0, NAN]
    if any(name in (side.flux or "").split("|") for side in sides):
        return [1000.0, 1100.0, 0.0, -5.0, -999.0, NAN]
    if name in MADE_OF.get(made.survey.name, ()) or isinstance(VALUES.get(name), float):
        return [column.iloc[0], column.iloc[0], -999.0, NAN]
    if name == "isdiffpos":
        return ["t", "f", "1", None]
    return [column.iloc[0]]


def table(made, seed):
    """Return a table of up to 24 rows with anything in its cells, some rows twice."""
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 13)
    columns = {}
    for name in made.frame:
        choices = cells(made, name)
        columns[name] = [choices[i] for i in rng.integers(0, len(choices), n)]
    frame = pd.DataFrame(columns)
    return frame.loc[np.repeat(np.arange(n), rng.integers(1, 3, n))].reset_index(drop=True)


@settings(max_examples=5)
@EVERY_SURVEY
@given(seed=seeds)
def test_kept_and_left_out_are_what_was_read(survey, seed):
    made = made_of(survey.name)
    frame = table(made, seed)
    rows = len(frame) * len(survey.brightness)
    whole = LightCurves.read(frame, **made.options)
    check(whole, rows)

    lists = LightCurves.read(in_lists(made._replace(frame=frame)), **made.options)
    check(lists, rows)
    assert lists.report.left_out == whole.report.left_out

    bands = sorted(set([] if whole.band is None else whole.band.tolist()) - {""})
    if bands:
        check(LightCurves.read(frame, band=bands[seed % len(bands)], **made.options), rows)

    check(LightCurves.read(frame, quality=False, **made.options), rows)


@settings(max_examples=2)
@EVERY_SURVEY
@given(seed=seeds, n=st.integers(2, 4), most=st.integers(1, 10))
def test_pieces_and_files_add_up(survey, seed, n, most):
    made = made_of(survey.name)
    frames = [table(made, [seed, i]) for i in range(n)]
    for i, frame in enumerate(frames):  # no object in two files
        if made.id:
            frame[made.id] += 10 * i
    rows = sum(map(len, frames)) * len(survey.brightness)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{i}.parquet") for i in range(len(frames))]
        for frame, file in zip(frames, files, strict=True):
            frame.sort_values(made.id or made.frame.columns[0]).to_parquet(file, index=False)
        options = Options(survey=survey.name, **made.options)
        reader = Reader(files, options)
        read = [len(flat.time) for flat in reader.pieces(most)]
        report = reader.report
        assert (report.rows, report.kept) == (rows, sum(read))
        assert report.rows == report.kept + sum(report.left_out.values())

        curves = LightCurves.read(folder, survey=survey.name, **made.options)
        check(curves, rows)
        assert curves.report.left_out == report.left_out
        assert curves.report.files == report.files
        assert set(report.files) <= set(map(str, files))
        by_file = sum((Counter(counts) for counts in report.files.values()), Counter())
        whole = {k: n for k, n in report.left_out.items() if k not in ONLY_KEPT_WHOLE}
        assert by_file == whole

        Path(folder, "odd.parquet").write_bytes(b"no table")
        some = LightCurves.read(folder, survey=survey.name, on_error="skip", **made.options)
        assert some == curves
        check(some, rows)
        assert list(some.report.skipped) == [str(Path(folder, "odd.parquet"))]
        assert some.report.files == report.files


magnitudes = st.sampled_from(["15.25", "15.5", ">16.5", "<14", "99.99", "0", "", "nan", "--"])
numbers = st.sampled_from(["0.02", "9.999", "-1", "0", "", "nan"])
limits = st.sampled_from(["0", "1", "y", "n", ""])
days = st.sampled_from(["58000.5", "58001.5", "58002.5", ""])


@settings(max_examples=50)
@given(
    rows=st.lists(
        st.tuples(days, magnitudes, numbers, limits, st.sampled_from("gr")), min_size=1, max_size=6
    ),
    name=st.sampled_from(["upper_limit", "nondet", "detected"]),
    band=st.sampled_from([None, "g"]),
)
def test_a_file_of_no_survey_adds_up(rows, name, band):
    text = "\n".join([f"mjd,mag,mag_err,{name},band", *map(",".join, rows), ""])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "star.csv")
        path.write_text(text)
        band = band if any(row[-1] == band for row in rows) else None
        check(LightCurves.read(path, band=band), len(rows))


def test_limits_of_an_alert_service_are_read_and_left_out(tmp_path):
    made = made_of("alerce")
    found = {
        "detections": json.loads(made.frame.to_json(orient="records")),
        "non_detections": [{"mjd": 58100.0, "fid": 1, "diffmaglim": 20.0}] * 3,
    }
    path = tmp_path / "star.json"
    path.write_text(json.dumps(found))
    curves = LightCurves.read(path)
    check(curves, made.rows + 3)
    assert curves.report.left_out == made.left_out | {"upper limits": 3}


# -- rules switched off one at a time --------------------------------------------------------------


@EVERY_SURVEY
def test_a_rule_can_be_switched_off_by_each_of_its_names(survey):
    made = made_of(survey.name)
    for rule in survey.rules():
        names = [rule.reason, rule.reason.partition(":")[0]]
        columns = rule.column.split("|")
        if [r.column for r in survey.rules()].count(rule.column) == 1 and rule.test != "missing":
            names += [columns[0], columns[0].upper()]
        for name in names:
            gone = {r.reason for r in survey.rules() if r.is_called(name)}
            curves = LightCurves.read(made.frame, rules={name: None}, **made.options)
            check(curves, made.rows)
            left = {reason: n for reason, n in made.left_out.items() if reason not in gone}
            assert curves.report.left_out == left
            assert rule.reason in gone
    curves = LightCurves.read(made.frame, quality=False, **made.options)
    check(curves, made.rows)
    assert curves.report.left_out == {}


@EVERY_SURVEY
def test_a_rule_can_have_another_limit(survey):
    made = made_of(survey.name)
    for rule in survey.rules():
        if rule.test in ("true", "false", "missing"):
            continue
        _, bad = good_and_bad(rule)
        column = first_of(rule.column, made.frame)
        # a limit at which all values of the column are good, and one at which all are bad
        all_good = {">=": 1e9, ">": 1e9, "<": -1e9, "==": "none", "in": []}
        if rule.test in all_good:
            limit, n = all_good[rule.test], 0
        elif rule.test == "not in":
            limit, n = list(made.frame[column].unique()), 0
        else:
            limit, n = bad, len(made.frame) - 1
        others = {r.reason: None for r in survey.rules() if r is not rule}
        curves = LightCurves.read(made.frame, rules={**others, column: limit}, **made.options)
        check(curves, made.rows)
        expected = n * len(survey.brightness)
        assert curves.report.left_out == ({rule.reason: expected} if expected else {})


PLAIN = pd.DataFrame(
    {
        "mjd": 58000.0 + np.array([0, 1, 2, 3, 4, 4, 5]),
        "mag": [15.0, 15.1, 99.99, 15.2, 15.3, 15.3, np.nan],
        "mag_err": [0.01, 9.999, 0.01, 0.01, 0.01, 0.01, 0.01],
    }
)
COMMON = {"upper limits": 1, "sentinels": 1, "there twice": 1, "without time or brightness": 1}


def test_the_rules_of_all_tables_add_up():
    curves = LightCurves.read(PLAIN)
    check(curves, len(PLAIN))
    assert curves.report.left_out == COMMON


@pytest.mark.parametrize("name", ["upper limits", "sentinels", "there twice"])
def test_a_rule_of_all_tables_can_be_switched_off(name):
    curves = LightCurves.read(PLAIN, rules={name: None})
    check(curves, len(PLAIN))
    assert curves.report.left_out == {k: n for k, n in COMMON.items() if k != name}


def test_an_error_from_which_on_a_row_is_a_limit_can_be_told():
    curves = LightCurves.read(PLAIN, rules={"upper limits": 10.0})
    assert "upper limits" not in curves.report.left_out
    curves = LightCurves.read(PLAIN, rules={"upper limits": 0.005})
    check(curves, len(PLAIN))
    assert curves.report.left_out["upper limits"] == len(PLAIN)


def test_a_rule_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"no rule 'chi/N' in rules=: the names are .*sentinels"):
        LightCurves.read(PLAIN, rules={"chi/N": None})
