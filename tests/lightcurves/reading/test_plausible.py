"""What is left out or said of values that no telescope measured."""

import warnings
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_astromer import LightCurves
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.lightcurves.reading import plausible


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", plausible.SENTINELS.tolist())
def test_sentinels_of_both_precisions(value, dtype):
    mag = np.array([15.0, round(value, 3), 16.0, np.nan], dtype=dtype).astype(np.float64)
    assert plausible.sentinels(mag, np.zeros_like).tolist() == [False, True, False, False]


def test_values_that_are_there_too_often():
    mag = np.random.default_rng(0).normal(15, 0.3, 1000)
    mag[:20], mag[20:25] = 25.25, 24.0
    assert np.flatnonzero(plausible.sentinels(mag, np.zeros_like)).tolist() == list(range(20))


@pytest.mark.parametrize("constant", [8.1, 24.9])
def test_a_constant_star_far_from_all_others_stays(constant):
    rng = np.random.default_rng(0)
    mag = np.round(rng.normal(15, 0.3, (30, 40)), 2)
    mag[3] = constant
    mag[4, :35] = constant - 2  # another value, of most of the rows of a star
    mag[5:15, :6], mag[16] = 25.5, 25.5  # which stands for none, in a star of none as well
    time = 58000 + np.arange(40.0)
    frame = pd.DataFrame(
        {"star": np.repeat(np.arange(30), 40), "mjd": np.tile(time, 30), "mag": mag.ravel()}
    )
    with pytest.warns(UserWarning, match="left out 100"):
        curves = LightCurves.read(frame)
    assert set(range(30)) - set(curves.ids.tolist()) == {16}
    np.testing.assert_array_equal(curves[3].T[1], np.full(40, constant))
    assert len(curves[4]) == 40


rows = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 2), st.integers(0, 1)),
    min_size=1,
)


@given(rows)
def test_the_same_observation_twice(rows):
    """Only the first of equal ones is kept, wherever the others stand."""
    frame = pd.DataFrame(rows, columns=["id", "time", "mag", "mag_err"])
    frame = frame.add([0, 58000, 15, 1], axis=1)
    with (
        pytest.warns(UserWarning, match="there twice")
        if frame.duplicated().any()
        else nullcontext()
    ):
        found = LightCurves.read(frame.astype(float).astype({"id": int}))
    expected = frame.drop_duplicates()
    assert len(found.time) == len(expected)
    for i, of in expected.groupby("id"):
        one = found[found.ids == i]
        assert sorted(zip(one.time, one.mag, strict=True)) == sorted(
            zip(of["time"], of["mag"], strict=True)
        )


@settings(deadline=None)
@given(
    st.integers(20, 300),
    st.floats(0.26, 0.74),
    st.floats(0.31, 3),
    st.floats(0, 0.02),
    st.integers(0, 2**31),
)
def test_two_levels_are_seen(n, share, gap, scatter, seed):
    """The look at all objects at once passes on whatever the look at one finds."""
    rng = np.random.default_rng(seed)
    high = rng.permutation(n) < share * n
    mag = 15 + np.where(high, gap, 0) + scatter * gap * rng.uniform(-1, 1, n)
    curves = LightCurves.from_arrays([np.c_[np.arange(n), mag], np.c_[np.arange(5), mag[:5]]])
    found = plausible.mixed_levels(curves._flat)
    assert found == [0] * plausible._has_levels(np.arange(n), mag)


def test_large_amplitudes_are_no_levels():
    """Stars that vary by magnitudes, seen seldom or often, are one star each."""
    for seed, n in enumerate(((20, 30), (30, 80), (80, 300))):
        curves, labels = make_variable_stars(1000, n_observations=n, random_state=seed)
        found = labels[plausible.mixed_levels(curves._flat)]
        assert found.tolist() == []


def test_a_missing_zero_point_leaves_out_its_row():
    """It once made magnitudes of all rows deviations."""
    frame = pd.DataFrame(
        {"id": 1, "mjd": [58001.0, 58002, 58003], "f": 100.0, "z": [25, None, 24.5]}
    )
    with pytest.warns(UserWarning, match="1 without a zero point"):
        curves = LightCurves.read(frame, flux="f", zero_point="z")
    np.testing.assert_allclose(curves.mag, [20.0, 19.5], atol=1e-4)


SHARED = "share their time with one of another magnitude"


def told_shared(source, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        remarks = LightCurves.read(source, **options).report.remarks
    found = [each for each in remarks if SHARED in each.text]
    assert all(each.remedies for each in found)
    return [each.n for each in found]


def stars_at(positions, n=6, step=0.4, **columns):
    """Return stars that are told apart by their positions alone."""
    k, i = np.tile(np.arange(positions), n), np.repeat(np.arange(float(n)), positions)
    mag = 14 + step * k + 0.01 * np.sin(i * k + i)
    return pd.DataFrame({"ra": 10.1 + k, "dec": 5.3 - k, "mjd": 58000 + i, "mag": mag} | columns)


@pytest.mark.parametrize("positions", [2, 3, 50])
def test_stars_told_apart_by_their_positions_alone(positions, tmp_path):
    frame = stars_at(positions)
    frame.to_csv(tmp_path / "field.csv", index=False)
    for source in (frame, tmp_path / "field.csv"):
        assert told_shared(source) == [1]


def test_numbers_of_stars_within_each_file(tmp_path):
    for k, name in enumerate(("fieldA", "fieldB")):
        for mag in (15, 15 + k):  # the first is the same star in all files
            rows = "".join(f"{mag},{58000 + i},{mag + 2 * k + 0.01 * i}\n" for i in range(5))
            (tmp_path / f"{name}-{mag}.csv").write_text("id,mjd,mag\n" + rows)
    assert told_shared(tmp_path) == [1]
    assert told_shared(tmp_path, id=False) == []


@pytest.mark.parametrize(
    "frame",
    [
        stars_at(1),
        stars_at(2, step=0.05),  # of two cameras
        stars_at(2, magerr=0.2),  # no farther apart than their errors
        stars_at(2, filter=np.tile(["g", "r"], 6)),
        stars_at(2, n=1),
        pd.concat([stars_at(1, n=20), stars_at(2, n=4)]),  # of few observations
        stars_at(2, id=np.tile([1, 2], 6)),
    ],
)
def test_observations_that_may_share_their_times(frame):
    assert told_shared(frame) == []


@pytest.mark.parametrize("none", [9999.0, -9999.0, 999.9, 999.99, -9.999995e8, 1e20])
def test_numbers_that_are_no_magnitudes_are_left_out_of_small_tables(none):
    frame = pd.DataFrame({"id": 1, "mjd": [58001.0, 58002, 58003], "mag": [15.1, none, 15.3]})
    with pytest.warns(UserWarning, match="left out 1: 1 sentinels"):
        assert LightCurves.read(frame).mag.tolist() == [15.1, 15.3]
    with pytest.warns(UserWarning, match="magnitudes outside"):
        assert len(LightCurves.read(frame.clip(upper=1e9), rules={"sentinels": None}).mag) == 3


@pytest.mark.parametrize(
    "mags",
    [
        [1200.5, 1300.5, 15.0],  # fluxes, the last of which is faint
        [1200.5, 15.0],
        [15.0, 55.0, -45.0, 16.0],  # thousandths of magnitudes
    ],
)
def test_fluxes_called_magnitudes_are_kept_and_told(mags):
    frame = pd.DataFrame({"id": 1, "mjd": 58001 + np.arange(len(mags)), "mag": mags})
    with pytest.warns(UserWarning, match="magnitudes outside"):
        assert LightCurves.read(frame).mag.tolist() == mags
