"""Tables that have all but one of the columns that tell a survey: every door gives the same."""

import warnings
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from services import CASES, frame_of, written

from sklearn_astromer import LightCurves
from sklearn_astromer.lightcurves.surveys.registry import BY_NAME, SURVEYS, resembled
from sklearn_astromer.lightcurves.surveys.survey import column_name

pytest.importorskip("astropy", reason="FITS needs astropy")
#: One file of each survey that is known without one of its columns.
KNOWN = {
    case.survey: case
    for case in CASES
    if case.survey in BY_NAME and len(BY_NAME[case.survey].needs) > 3
}


@cache
def table_of(name):
    case = KNOWN[name]
    with TemporaryDirectory() as folder:
        return frame_of(written(case, Path(folder)))


def without(name, need):
    frame = table_of(name)
    return frame.drop(columns=[each for each in frame if column_name(each) in need.split("|")])


def reading(source, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LightCurves.read(source, **options)


def by_all_doors(frame, folder, **options):
    """Return what a table gives in memory, as text and as Parquet: curves, or the error."""
    frame.to_csv(folder / "a.csv", index=False)
    frame.to_parquet(folder / "a.parquet")
    found = []
    for source in (frame, folder / "a.csv", folder / "a.parquet"):
        try:
            found.append(reading(source, **options))
        except ValueError as error:
            found.append(str(error))
    return found


@pytest.mark.parametrize(
    ("name", "need"),
    [(name, need) for name in KNOWN for need in BY_NAME[name].needs],
)
def test_doors_agree(name, need, tmp_path):
    frame = without(name, need)
    lists = any(isinstance(cell, (list, np.ndarray)) for cell in frame.iloc[0])
    if lists:
        pytest.skip("lists are no columns of text")
    first, *others = by_all_doors(frame, tmp_path)
    for other in others:
        if isinstance(first, str):
            assert isinstance(other, str)
            assert other.split()[-6:] == first.split()[-6:]
            continue
        assert other.report.survey == first.report.survey
        assert other.report.left_out == first.report.left_out
        np.testing.assert_allclose(other.time, first.time, rtol=0, atol=1e-8)
        np.testing.assert_allclose(other.mag, first.mag, rtol=1e-6)
        assert (other.band is None) == (first.band is None)


ZTF = pd.DataFrame(
    {"oid": 7, "mjd": [58001.0, 58002, 58003], "mag": [15.1, 15.2, 15.3], "magerr": 0.01}
).assign(catflags=[0, 32768, 0], filtercode="zg")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["oid", "mjd", "mag", "magerr", "catflags"], "there is no filtercode"),
        (["oid", "mjd", "mag", "catflags", "filtercode"], ""),
        (["mjd", "mag", "magerr", "catflags", "filtercode"], ""),
    ],
)
@pytest.mark.parametrize("given", [{}, {"time": "mjd"}])
def test_rules_of_a_survey_hold_without_its_band_id_or_errors(columns, said, given, tmp_path):
    for curves in by_all_doors(ZTF[columns], tmp_path, **given):
        assert curves.report.survey == "ztf"
        assert curves.report.left_out == {"catflags: bad data (bit 15)": 1}
        assert curves.mag.tolist() == [15.1, 15.3]
        assert said in str(curves.report)


@pytest.mark.parametrize("band", ["filter", "band", "my_filter"])
def test_a_band_of_another_name_is_found(band, tmp_path):
    for curves in by_all_doors(ZTF.rename(columns={"filtercode": band}), tmp_path):
        assert curves.report.survey == "ztf"
        assert curves.band.tolist() == ["g"]


@pytest.mark.parametrize("name", ["ID", "star", "source_id"])
def test_an_id_of_another_name_is_found(name, tmp_path):
    frame = pd.concat([ZTF, ZTF.assign(oid=8)]).rename(columns={"oid": name})
    for curves in by_all_doors(frame, tmp_path):
        assert curves.report.survey == "ztf"
        assert curves.ids.tolist() == [7, 8]


def test_objects_without_a_name_of_ids_are_not_joined(tmp_path):
    frame = pd.concat([ZTF, ZTF.assign(oid=8)]).rename(columns={"oid": "which"})
    for said in by_all_doors(frame, tmp_path):
        assert "'which' has 2 values in 6 rows: pass id='which'" in said


@pytest.mark.parametrize("need", ["mjd", "mag"])
def test_times_and_brightnesses_are_not_taken_from_elsewhere(need, tmp_path):
    for said in by_all_doors(ZTF.rename(columns={need: f"my {need}s"}), tmp_path):
        assert f"looks like ztf (ZTF data release (IRSA)), but has no column {need}" in said


@pytest.mark.parametrize("survey", SURVEYS, ids=lambda survey: survey.name)
def test_what_numbers_come_from_cannot_be_lacking(survey):
    sides = survey.brightness
    read = {name for b in sides for name in (b.time or survey.time, b.mag, b.flux) if name}
    for need in survey.needs:
        if any({*need.split("|")} & {*name.split("|")} for name in read):
            assert not survey.can_lack(need)


def test_names_of_any_table_resemble_no_survey():
    names = ("object_id", "mjd", "flux", "flux_err", "detected")
    assert resembled(frozenset(names)) is None
