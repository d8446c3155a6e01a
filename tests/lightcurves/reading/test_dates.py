"""Dates as numbers, and dates beside times of day: read as they are meant, or refused."""

import datetime
import io

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import LightCurves

pytestmark = pytest.mark.filterwarnings("ignore:read as columns:UserWarning")
HOURS = [1, 5, 9, 13]
CLOCK = [f"{hour:02d}:30:00" for hour in HOURS]


def dated(**columns):
    return pd.DataFrame({"id": "a", **columns, "mag": [15.0, 15.1, 15.2, 15.3]})


def both_ways(frame):
    """Return the table, and a file of it."""
    return frame, io.StringIO(frame.to_csv(index=False))


@pytest.mark.parametrize("date", ["date", "DATE-OBS", "obs_date"])
@pytest.mark.parametrize("clock", ["time", "UT", "utc", "TIME-OBS", "UT start"])
@pytest.mark.parametrize(
    "times",
    [CLOCK, [each[:5] for each in CLOCK], [hour + 0.5 for hour in HOURS]],
    ids=["seconds", "minutes", "hours"],
)
def test_dates_do_not_lose_their_times_of_day(date, clock, times):
    for source in both_ways(dated(**{date: ["2020-01-01"] * 4, clock: times})):
        with pytest.raises(ValueError, match=rf"'{date}' holds whole days.*'{clock}' seems.*join"):
            LightCurves.read(source, time=date)


def test_which_of_both_is_the_time_is_no_question():
    days = [f"2020-01-01T{time}" for time in CLOCK]
    for source in both_ways(dated(date=["2020-01-01"] * 4, time=CLOCK)):
        with pytest.raises(ValueError, match=r"'date' holds whole days.*'time' seems.*join"):
            LightCurves.read(source)
    with pytest.raises(ValueError, match="times of day alone: join them"):
        LightCurves.read(dated(date=["2020-01-01"] * 4, time=CLOCK), time="time")
    for source in both_ways(dated(date=days, time=CLOCK)):
        assert LightCurves.read(source).time.tolist() == [58849 + (h + 0.5) / 24 for h in HOURS]
    clock = [datetime.time.fromisoformat(each) for each in CLOCK]
    with pytest.raises(ValueError, match="'time' seems to hold the time of day"):
        LightCurves.read(dated(date=pd.to_datetime(["2020-01-01"] * 4), time=clock), time="date")


@pytest.mark.parametrize(("name", "day"), [("mjd", 58849), ("jd", 2458849.5)])
def test_whole_days_beside_hours(name, day):
    with pytest.raises(ValueError, match=f"'{name}' holds whole days.*'hour' seems"):
        LightCurves.read(dated(**{name: [day] * 4}, hour=HOURS))


@pytest.mark.parametrize(
    "beside",
    [{"ra": CLOCK}, {"exptime": CLOCK}, {"ut": ["00:00:00"] * 4, "mjd": [1.5, 2.25, 3, 4]}],
)
def test_what_is_no_time_of_day_beside_days(beside):
    assert LightCurves.read(dated(**{"mjd": [1, 2, 3, 4]} | beside)).lengths.tolist() == [4]


def test_days_of_two_origins_are_no_times_of_day():
    frame = dated(mjd=[58000, 58001, 58002, 58003], t=[0, 1, 2, 3])
    assert LightCurves.read(frame, time="mjd").time.tolist() == frame.mjd.tolist()


@pytest.mark.parametrize("name", ["date", "Date-Obs", "obsdate", "datetime"])
@pytest.mark.parametrize(
    ("times", "what"),
    [
        ([191230, 191231, 200101, 200102], "YYMMDD"),
        ([191230.25, 191231.5, 200101.0, 200102.0], "YYMMDD"),
        (["050101", "050102", "050130", "050131"], "YYMMDD"),
        ([2019.1, 2019.5, 2020.01, 2020.2], "decimal years"),
        ([2019, 2020, 2021, 2022], "decimal years"),
    ],
)
def test_numbers_of_a_calendar_are_refused(name, times, what):
    for source in both_ways(dated(**{name: times})):
        with pytest.raises(ValueError, match=rf"{what}.*convert them to MJD, or to dates as"):
            LightCurves.read(source, time=name)


@pytest.mark.parametrize("times", [[191230, 191231, 200101, 200102], ["003000"] + ["013000"] * 3])
def test_digits_of_dates_and_times_by_any_name(times):
    with pytest.raises(ValueError, match="YYMMDD"):
        LightCurves.read(dated(time=times))


def test_digits_that_could_be_days_and_are_dates():
    days = np.array([50101, 50131, 50201, 50315, 50412, 51231])
    frame = pd.DataFrame({"date": days, "mag": 15.0})
    with pytest.raises(ValueError, match="YYMMDD"):
        LightCurves.read(frame)
    assert LightCurves.read(frame.assign(date=days + 0.5 + 40)).time[0] == 50141.5
    assert LightCurves.read(frame.rename(columns={"date": "time"})).time[0] == 50101


@pytest.mark.parametrize("days", [[58849.5, 58850, 58851, 58852], [0.5, 1, 2, 3]])
@pytest.mark.parametrize("name", ["date", "time"])
def test_days_by_the_name_of_a_date(name, days):
    assert LightCurves.read(dated(**{name: days})).time.tolist() == days
    jd = dated(**{name: np.array(days) + 2_400_000.5})
    assert LightCurves.read(jd).time.tolist() == days


def test_days_of_tess_are_no_years():
    assert LightCurves.read(dated(time=[2019.1, 2019.5, 2020.01, 2020.2])).time[0] == 2019.1


def test_late_days_of_a_name_that_says_what_they_are():
    assert LightCurves.read(dated(mjd=[110089.5, 110090, 110091, 110092])).time[0] == 110089.5


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["58000.1", "58001.1?"], "'58001.1\\?' in row 1, no number"),
        (["58000.1", "58001.1", "mean"], "'mean' in row 2, no number"),
        (["2458000.1", "", "2458001.l"], "'2458001.l' in row 2, no number"),
        (["58000.1", "x", "y", "z"], "'x' in row 1, no number"),
        (["58000.1", "58001.1", "2017-09-04"], "'2017-09-04' in row 2, no number"),
        (["2017-09-04", "2017-09-05", "mean"], "mean is not ISO8601 format"),
    ],
)
def test_a_bad_time_is_named_and_not_a_good_one(rows, said):
    text = "\n".join(["mjd,mag", *(f"{row},15.2" for row in rows), ""])
    with pytest.raises(ValueError, match=f"column 'mjd' .*{said}.*: pass time="):
        LightCurves.read(io.StringIO(text))


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (["2458000.5", "2458000.75", "2458001.25", "2458004.5"], "multiples of a quarter of a day"),
        (["2458000", "2458000.25", "", "2458001.25", "2458004.5"], "multiples of a quarter of"),
        (["2.458e+06"] * 3, "times are all the same, and may have lost digits: 1,"),
        (["58000"] * 4, "times are all the same, and may have lost digits: 1,"),
    ],
)
def test_digits_lost_in_text_are_remarked(times, said):
    rows = [f"{time},{15 + i / 10}" for i, time in enumerate(times)]
    with pytest.warns(UserWarning, match=said):
        LightCurves.read(io.StringIO("\n".join(["JD,mag", *rows, ""])))


@pytest.mark.parametrize(
    "times",
    [
        ["2458000.5", "2458001.5", "2458002.5", "2458003.5"],
        ["2458000.5", "2458000.75", "2458001.25", "2458004.51"],
        ["2458000.5", "2458001"],
        ["58000", "58000.25", "58001", "58001.5"],
    ],
)
def test_times_that_may_have_all_their_digits(times):
    rows = [f"a,{time},{15 + i / 10}" for i, time in enumerate(times)]
    header = "id,jd,mag" if float(times[0]) > 2e6 else "id,mjd,mag"
    curves = LightCurves.read(io.StringIO("\n".join([header, *rows, ""])))
    assert curves.report.remarks == []


INSTANTS = [58000.25, 58001.5, 58002.75, 58003.125]
DAYS = ["2017-09-04", "2017-09-05", "2017-09-06", "2017-09-07"]


@pytest.mark.parametrize(
    "beside",
    [
        {"date": DAYS},
        {"date": [int(day.replace("-", "")) for day in DAYS]},
        {"time": CLOCK},
        {"date": DAYS, "time": CLOCK},
        {"date_obs": DAYS, "ut": HOURS},
    ],
)
@pytest.mark.parametrize(("name", "zero"), [("mjd", 0.0), ("jd", 2_400_000.5)])
def test_full_times_go_before_dates_and_times_of_day(name, zero, beside):
    for table in both_ways(dated(**beside, **{name: np.array(INSTANTS) + zero})):
        np.testing.assert_allclose(LightCurves.read(table).time, INSTANTS)


@pytest.mark.parametrize(
    "columns",
    [
        {"date": DAYS, "mjd": np.array(INSTANTS) + 30},
        {"date": DAYS, "time": [1.5, 5.5, 9.0, 2]},
        {"date": [170904, 170905, 170906, 170907], "time": [1.5, 5.5, 9.0, 2]},
    ],
)
def test_dates_beside_other_times_are_asked_about(columns):
    for table in both_ways(dated(**columns)):
        with pytest.raises(ValueError, match="could all be the time"):
            LightCurves.read(table)


def test_a_date_with_its_time_of_day_goes_before_one_without():
    times = [f"{day}T06:00:00" for day in DAYS]
    for table in both_ways(dated(date=DAYS, datetime=times)):
        assert (LightCurves.read(table).time % 1 == 0.25).all()


@pytest.mark.parametrize(
    ("name", "zero"),
    [
        *[(n, 2_400_000.5) for n in ("Julian Date", "JulianDate", "J.D.", "Heliocentric JD")],
        *[(n, 2_400_000.5) for n in ("JD_mid", "JDhel", "JDUT", "HJED", "Julian Date (UTC)")],
        *[(n, 0.0) for n in ("Modified Julian Date", "BMJD", "MHJD", "mid-MJD", "time_mjd")],
        *[(n, 0.0) for n in ("epoch_mjd", "taimjd", "Modified Barycentric Julian Date")],
    ],
)
def test_ways_to_call_julian_dates(name, zero):
    for table in both_ways(dated(**{name: np.array(INSTANTS) + zero})):
        np.testing.assert_allclose(LightCurves.read(table).time, INSTANTS)


@pytest.mark.parametrize("name", ["MJD2000", "JD2000", "BARYTIME_MJD2000", "days since J2000"])
def test_days_since_2000_are_refused(name):
    for table in both_ways(dated(**{name: [6457.25, 6458.25, 6459.25, 6460.25]})):
        with pytest.raises(ValueError, match="no column was recognised as the time"):
            LightCurves.read(table)
    for table in both_ways(dated(**{name: [6457.25, 6458.25, 6459.25, 6460.25]})):
        with pytest.raises(ValueError, match="a number is left out of the times"):
            LightCurves.read(table, time=name)
