"""Columns that are told by words of their names, however these are joined."""

import warnings

import pandas as pd
import pytest

from sklearn_astromer import LightCurves

TIMES = [58000.1, 58001.1, 58002.1, 58003.1]


def reading(source, **options):
    """Return light curves, and what was remarked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curves = LightCurves.read(source, **options)
    return curves, " ".join(each.written() for each in curves.report.remarks)


def observed(folder, columns, ids=False):
    """Return a file of four observations, of a star or of two, with other columns."""
    frame = pd.DataFrame({"mjd": TIMES, "mag": [15.1, 15.2, 15.3, 15.4]}).assign(**columns)
    if ids:
        frame["oid"] = [1, 1, 2, 2]
    frame.to_csv(folder / "a.csv", index=False)
    return folder / "a.csv"


# -- limits ----------------------------------------------------------------------------------------

OF_LIMITS = (
    *("Upper Limit", "upper limit", "Upper-Limit", "uplimit", "lim_flag", "limflag", "fainter"),
    *("Fainter Than", "censored", "nondetect", "non-detection", "is_nondet", "isupperlimit"),
    *("is upper limits", "flag_limit"),
)


@pytest.mark.parametrize("ids", [False, True])
@pytest.mark.parametrize("name", OF_LIMITS)
@pytest.mark.parametrize("said", [(True, False), ("<", "-"), ("yes", "no"), (1, 0)])
def test_flags_of_limits(name, said, ids, tmp_path):
    path = observed(tmp_path, {name: [said[1], said[0], said[1], said[1]]}, ids)
    assert reading(path)[0].mag.tolist() == [15.1, 15.3, 15.4]


@pytest.mark.parametrize("name", ["det_flag", "is_det", "detect", "Is Detected", "isdetection"])
def test_flags_of_detections(name, tmp_path):
    path = observed(tmp_path, {name: [True, False, True, True]})
    assert reading(path)[0].mag.tolist() == [15.1, 15.3, 15.4]


@pytest.mark.parametrize("ids", [False, True])
@pytest.mark.parametrize("name", ["mag_flag", "qualifier", "sign", "<", "type", "Status"])
@pytest.mark.parametrize("said", [("<", ""), (">", "="), ("upperlimit", "detection")])
def test_columns_that_say_limits(name, said, ids, tmp_path):
    path = observed(tmp_path, {name: [said[1], said[0], said[1], said[1]]}, ids)
    assert reading(path)[0].mag.tolist() == [15.1, 15.3, 15.4]


@pytest.mark.parametrize("values", [("u", "g"), ("det", "det"), ("good", "<"), ("", "=")])
def test_columns_that_say_something_else(values, tmp_path):
    path = observed(tmp_path, {"status": [values[i % 2] for i in range(4)]})
    assert len(reading(path, id=False)[0].mag) == 4


@pytest.mark.parametrize("other", ["limiting_mag", "detector", "detection_id", "ulimb", "limb"])
def test_names_of_other_things_are_no_flags(other, tmp_path):
    assert len(reading(observed(tmp_path, {other: [1, 0, 1, 0]}), id=False)[0].mag) == 4


def test_a_limit_of_another_quantity_is_none_of_the_magnitude(tmp_path):
    path = observed(tmp_path, {"Per": [1.0, 1, 1, 1], "l_Per": ["<", "", "", ""]})
    assert len(reading(path)[0].mag) == 4


@pytest.mark.parametrize("error", ["<", ">", ">0.3"])
def test_errors_that_mark_limits(error, tmp_path):
    curves, _ = reading(observed(tmp_path, {"magerr": [0.01, error, 0.01, 0.01]}))
    assert curves.mag.tolist() == [15.1, 15.3, 15.4]
    assert curves.report.left_out == {"upper limits": 1}


# -- numbers left out of times ---------------------------------------------------------------------

LEFT_OUT = {
    **{"J.D.-2400000": -0.5, "H.J.D. - 2400000": -0.5, "Julian Date - 2450000": 49999.5},
    **{"BJD(TDB)-2450000": 49999.5, "HJD-2400000 (days)": -0.5, "JD-2.4e6": -0.5},
    **{"HJD-24E5": -0.5, "2450000+": 49999.5, "2450000 + HJD": 49999.5, "JD-2,450,000": 49999.5},
    **{"BJD_TDB - 2 457 000": 56999.5, "Modified Julian Date - 50000": 50000.0},
    **{"Heliocentric Julian Date - 2450000": 49999.5, "time [BJD_TDB - 2454833]": 54832.5},
    **{"MJD_UTC-50000": 50000.0, "HJD-2450000": 49999.5, "JD-2400000.5": 0.0},
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_numbers_left_out_of_times(name, tmp_path):
    kept = 58000.0 - LEFT_OUT[name]
    path = tmp_path / "a.csv"
    path.write_text(f'"{name}",mag\n{kept},15.1\n{kept + 1},15.2\n')
    for options in ({}, {"time": name}):
        curves, remarks = reading(path, **options)
        assert curves.time.tolist() == [58000.0, 58001.0]
        assert not remarks


@pytest.mark.parametrize("name", ["HJD-T0-2450000", "JD - 2.45 x 10^6", "clock+2400000", "d-245e4"])
def test_numbers_left_out_in_ways_that_are_not_known_are_refused(name, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{name},mag\n58000.1,15.1\n58001.1,15.2\n")
    with pytest.raises(ValueError, match="a number is left out"):
        LightCurves.read(path, time=name)
    path.write_text(f"{name},mag\n2458000.5,15.1\n2458001.5,15.2\n")  # nothing is left out
    assert LightCurves.read(path, time=name).time.tolist() == [58000.0, 58001.0]


@pytest.mark.parametrize("name", ["obs-1", "time2020a", "mjd-obs", "night 2020 mjd"])
def test_names_of_times_with_other_numbers(name, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{name},mag\n58000.1,15.1\n58001.1,15.2\n")
    assert LightCurves.read(path, time=name).time.tolist() == [58000.1, 58001.1]
