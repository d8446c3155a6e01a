"""Tables of surveys that are not as they should be: the right collection, or one clear error.

Columns of errors and of flags may be gone: then magnitudes of faint fluxes are softened otherwise,
limits known by their errors stay, and so do bad rows. All other changes are said in the warning.
"""

import re
import warnings
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from services import CASES as FIRST
from services import frame_of, written
from services_bad_rows import BAD_ROWS

from sklearn_astromer import LightCurves
from sklearn_astromer.lightcurves.surveys.registry import BY_NAME

pytest.importorskip("astropy", reason="FITS needs astropy")
CASES = [case for case in [*FIRST, *BAD_ROWS] if case.survey != "columns"]
# a file or block is an object where nothing names it
OBJECTS = {"snid"}
# of which nothing tells that a column is gone
ANOTHER_TABLE = {
    ("aavso", "band", "columns"),
    ("aavso", "filt", "columns"),
    ("rubin-forced", "psfflux", "rubin-magnitudes"),
}
# what a user reads in an error: what to do
REMEDIES = (
    "pass ",
    "choose ",
    "read them apart",
    "use forced photometry",
    "give it that name",
    "rename",
)
EXAMPLES = settings(max_examples=80, deadline=None)
case_numbers = st.integers(0, len(CASES) - 1)


@cache
def frames():
    with TemporaryDirectory() as folder:
        return [frame_of(written(case, Path(folder))) for case in CASES]


def outcome(source, **options):
    """Return the collection and what was said, or the error that tells what to do."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            curves = LightCurves.read(source, **options)
        except (ValueError, TypeError) as found:
            curves, said = None, str(found)
        else:
            said = " ".join(str(w.message) for w in caught)
    assert curves is not None or any(remedy in said for remedy in REMEDIES), said
    assert len(caught) <= 2
    return curves, said


@cache
def right(number):
    return outcome(frames()[number])


def observations(curves):
    """Return the curves by object and band, as sets of observations without errors."""
    bands = np.full(len(curves), "") if curves.band is None else curves.band
    found = {}
    for i, (name, band) in enumerate(zip(curves.ids.tolist(), bands.tolist(), strict=True)):
        part = slice(curves.offsets[i], curves.offsets[i + 1])
        rows = zip(curves.time[part].round(6), curves.mag[part].round(6), strict=True)
        found[str(name), band] = set(rows)
    return found


def assert_same(curves, expected):
    assert observations(curves) == observations(expected)


def lower(name):
    return str(name).lower().removeprefix("i:")


@EXAMPLES
@given(case_numbers, st.randoms(use_true_random=False), st.booleans())
def test_order_of_columns_and_others_beside_them(number, random, upper):
    frame = frames()[number].copy()
    names = list(frame.columns)
    random.shuffle(names)
    frame = frame[names]
    for position, name in enumerate(("ra_of_field", "comment", "night")):
        values = [random.choice(["x", "y", "z"]) for _ in range(len(frame))]
        frame.insert(random.randrange(position + 1), name, values)
    if upper:
        frame.columns = frame.columns.str.upper()
        frame.columns = frame.columns.str.replace("I:", "i:")
    expected, said = right(number)
    curves, now = outcome(frame)
    assert_same(curves, expected)
    unused = r" \(columns not used.*\)"
    assert re.sub(unused, "", now.lower()) == re.sub(unused, "", said.lower())


@settings(max_examples=150, deadline=None)
@given(case_numbers, st.data(), st.sampled_from(["gone", "unknown name"]))
def test_a_column_that_is_not_there(number, data, how):
    frame, survey = frames()[number], BY_NAME[CASES[number].survey]
    column = data.draw(st.sampled_from(list(frame.columns)))
    wrong = frame.drop(columns=column)
    if how == "unknown name":
        wrong = wrong.assign(xyzzy=frame[column])
    expected, _ = right(number)
    curves, now = outcome(wrong)
    if curves is None:
        assert "column" in now or "difference image" in now
        return
    if observations(curves) == observations(expected):
        return
    report = curves.report
    if (survey.name, lower(column), report.survey) in ANOTHER_TABLE:
        return
    if lower(column) in survey.quality_columns() | columns_of_errors(survey) | OBJECTS:
        return
    assert report.remarks, f"{survey.name} without {column} is read as {report.survey} in silence"


def columns_of_errors(survey):
    named = [each.flux_err or each.mag_err or "" for each in survey.brightness]
    made = {"flux_over_error", "sigmapsf", "sigmagnr"}  # of which errors are made
    return made | {name for each in named for name in each.split("|")}


@EXAMPLES
@given(case_numbers, case_numbers, st.booleans())
def test_two_surveys_in_a_table(one, other, beside):
    """One below the other, or side by side: never the curves of neither."""
    assume(CASES[one].survey != CASES[other].survey)
    first, second = frames()[one], frames()[other]
    if beside:
        least = min(len(first), len(second))
        second = second[[name for name in second if name not in first]]
        both = pd.concat([first[:least], second[:least]], axis=1)
    else:
        both = pd.concat([first.astype(object), second.astype(object)], ignore_index=True)
    if not both.columns.str.lower().is_unique:
        return
    curves, said = outcome(both)
    if curves is None or beside:
        return  # side by side, columns of the other are columns that nobody asked for
    wanted = observations(right(one)[0]), observations(right(other)[0])
    found = observations(curves)
    times = {time for rows in found.values() for time, _ in rows}
    known = {time for each in wanted for rows in each.values() for time, _ in rows}
    assert times <= known, said


@EXAMPLES
@given(case_numbers, case_numbers)
def test_files_of_two_surveys(one, other):
    assume(CASES[one].survey != CASES[other].survey)
    with TemporaryDirectory() as folder:
        for name, number in (("a", one), ("b", other)):
            frames()[number].to_csv(Path(folder, f"{name}.csv"), index=False)
        curves, said = outcome(folder)
    assert curves is None
    assert "b.csv" in said
    assert "read them apart" in said


def case_named(name):
    return frames()[[case.name for case in CASES].index(name)]


def test_what_is_said():
    ztf = case_named("irsa.csv")
    _, said = outcome(ztf.drop(columns="catflags"))
    assert "no flags of bad rows are there (catflags)" in said
    _, said = outcome(ztf.rename(columns={"mjd": "when"}))
    assert "looks like ztf" in said
    assert "no column mjd among" in said
    _, said = outcome(ztf.assign(MasterID=1))
    assert "could be of ztf" in said
    assert "and catalina" in said
    assert outcome(ztf.assign(MasterID=1), survey="ztf")[0] == right(0)[0]
    _, said = outcome(case_named("plasticc.csv").drop(columns="detected"))
    assert "fluxes have no unit: magnitudes count from 0" in said
    _, said = outcome(case_named("hats.csv").drop(columns=["objectid", "filterid"]))
    assert "no column names objects" in said
    assert "there is no filterid" in said
    _, said = outcome(case_named("ztf_nan.csv"), survey="columns", time="mjd")
    assert "flags of bad rows were not used: catflags" in said


def test_dates_among_numbers():
    dates = [pd.Timestamp("2026-01-01", tz="America/Santiago"), 60000.25]
    for times in (dates, dates[::-1], ["2026-01-01", 60000]):
        _, said = outcome(pd.DataFrame({"time": times, "mag": [15.0, 15.1]}))
        assert "numbers and dates are mixed" in said


@pytest.mark.parametrize("structs", [True, False])
def test_nested_columns_that_hold_the_same_are_refused(structs):
    pa = pytest.importorskip("pyarrow")
    cell = {"mjd": [58001.0, 58002.0], "mag": [15.0, 15.1]}
    rows = [dict(zip(cell, values, strict=True)) for values in zip(*cell.values(), strict=True)]
    nested = pa.array([rows if structs else cell])
    table = pa.table({"id": ["s"], "lc_g": nested, "lc_r": nested})
    with pytest.raises(ValueError, match=r"'lc_g' and 'lc_r' both hold 'mjd', 'mag'.* leave one"):
        LightCurves.read(table)
    assert LightCurves.read(table.drop_columns(["lc_r"])).mag.tolist() == [15.0, 15.1]
