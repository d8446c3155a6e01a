"""Peaks of real and simulated catalogs, and of curves that have none."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from sklearn_astromer import AstromerEmbedder, LightCurves, VariabilityFeatures
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.periodogram import find_peaks, peaks, power_spectrum
from sklearn_astromer.periodogram.cache import Cache

PERIODIC = ["RRAB", "RRC", "CEP", "EB"]


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    monkeypatch.setattr(peaks, "_CACHE", Cache(1000))


@pytest.fixture(scope="module")
def stars():
    return make_variable_stars(
        120, classes=PERIODIC, n_observations=(60, 250), random_state=0, return_parameters=True
    )


def test_periods_of_simulated_stars_are_found(stars):
    curves, _, parameters = stars
    ratio = find_peaks(curves).frequency[:, 0] * parameters["period"].to_numpy()
    found = np.min([np.abs(ratio / k - 1) for k in (0.5, 1, 2)], axis=0) < 1e-3
    assert found.mean() >= 0.9


def test_shapes_and_order(stars):
    curves = stars[0][:10]
    found = find_peaks(curves, n_peaks=3)
    assert found.frequency.shape == found.power.shape == found.harmonic_power.shape == (10, 3)
    assert found.profile.shape == (10, 32)
    assert found.spectrum.shape == (10, 3 * 3 + 34)
    assert (np.diff(found.harmonic_power, axis=1) <= 1e-3).all()
    assert (found.harmonic_power >= found.power - 1e-5).all()
    assert (found.frequency[:, 0] <= 24).all()
    np.testing.assert_array_equal(found[4:6].frequency, found.frequency[4:6])


def test_a_row_depends_on_its_object_alone(stars):
    curves = stars[0][:12]
    found = find_peaks(curves)
    order = np.random.default_rng(0).permutation(12)
    peaks._CACHE.rows.clear()
    again = find_peaks(curves[order])
    np.testing.assert_array_equal(again.frequency, found.frequency[order])
    np.testing.assert_array_equal(again.spectrum, found.spectrum[order])


@pytest.mark.parametrize("shift", [(2400000.5, 0.0), (0.0, 7.0)])
def test_epoch_of_time_and_zero_point_do_not_matter(stars, shift):
    curves = stars[0][:12]
    moved = LightCurves(
        curves.time + shift[0], curves.mag + shift[1], curves.mag_err, offsets=curves.offsets
    )
    found, again = find_peaks(curves), find_peaks(moved)
    np.testing.assert_allclose(again.frequency, found.frequency, rtol=1e-6)
    np.testing.assert_allclose(again.spectrum, found.spectrum, atol=1e-4)


@pytest.mark.filterwarnings("ignore:.*:UserWarning")  # of such curves
@pytest.mark.parametrize(
    "curve",
    [
        np.array([[1.0, 15.0]]),
        np.array([[1.0, 15.0], [1.0, 15.2], [1.0, 15.1], [1.0, 15.3], [1.0, 15.0], [1.0, 14.0]]),
        np.c_[np.arange(5.0), [1.0, 2.0, 1.0, 3.0, 1.0]],
        np.c_[np.arange(50.0), np.full(50, 15.0)],
        np.c_[np.arange(50.0) * 1e-6, np.arange(50.0) % 3],
    ],
    ids=["one observation", "one time", "five observations", "constant", "four seconds"],
)
def test_curves_without_a_periodogram_have_no_peaks(curve):
    curves = LightCurves.from_arrays([curve])
    found = find_peaks(curves)
    assert (found.frequency == 0).all()
    assert (found.power == 0).all()
    assert np.isfinite(found.spectrum).all()


def test_many_observations_of_a_long_time():
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0, 300, 20_000))
    curves = LightCurves.from_arrays([np.c_[time, np.sin(2 * np.pi * time / 0.3)]])
    assert find_peaks(curves).frequency[0, 0] == pytest.approx(1 / 0.3, rel=1e-6)


def test_of_equal_aliases_the_slower_comes_first():
    time = np.arange(200.0)
    curves = LightCurves.from_arrays([np.c_[time, np.sin(2 * np.pi * time * 0.13)]])
    assert find_peaks(curves).frequency[0, 0] == pytest.approx(0.13, abs=1e-4)


def test_what_was_found_is_kept(stars, monkeypatch):
    curves = stars[0][:6]
    first = find_peaks(curves)
    monkeypatch.setattr(peaks, "weighted", None)  # nothing is computed again
    np.testing.assert_array_equal(find_peaks(curves[::-1]).frequency, first.frequency[::-1])
    with pytest.raises(TypeError):
        find_peaks(curves, max_frequency=20.0)


def test_a_grid_search_computes_each_periodogram_once(monkeypatch):
    curves, labels = make_variable_stars(
        12, classes=["RRAB", "MIRA"], n_observations=(30, 60), random_state=0
    )
    searched, weighted = [], peaks.weighted

    def counted(curves, objects):
        searched.extend(objects)
        return weighted(curves, objects)

    monkeypatch.setattr(peaks, "weighted", counted)
    model = Pipeline([("emb", AstromerEmbedder("surveys-periods")), ("clf", LogisticRegression())])
    GridSearchCV(model, {"clf__C": [0.1, 1.0], "emb__row": ["mean", "max"]}, cv=2).fit(
        curves, labels
    )
    assert len(searched) == len(curves)


def test_an_empty_catalog_and_wrong_parameters(stars):
    assert find_peaks(stars[0][:0]).frequency.shape == (0, 4)
    for wrong in ({"n_peaks": 0}, {"n_peaks": 9}, {"max_frequency": 0}, {"samples_per_peak": 0.5}):
        with pytest.raises(ValueError, match="must be"):
            find_peaks(stars[0], **wrong)


def test_the_table_has_the_best_peak_of_each_object(stars):
    curves = stars[0][:6]
    found = find_peaks(curves, n_peaks=3)
    table = found.to_frame()
    assert table.index.tolist() == curves.ids.tolist()
    np.testing.assert_array_equal(table["frequency"], found.frequency[:, 0])
    np.testing.assert_allclose(table["period"] * table["frequency"], 1)
    np.testing.assert_array_equal(table["doubled_period"], 2 * table["period"])
    np.testing.assert_array_equal(table["n_observations"], curves.lengths)
    every = found.to_frame(all_peaks=True)
    assert every["rank"].tolist() == [1, 2, 3] * 6
    np.testing.assert_array_equal(every["power"].to_numpy().reshape(6, 3), found.power)
    np.testing.assert_array_equal(every[every["rank"] == 1]["period"], table["period"])


def test_whatever_estimators_take_has_peaks(stars):
    curves = stars[0][:3]
    found = find_peaks([curves[i] for i in range(3)])
    np.testing.assert_array_equal(found.frequency, find_peaks(curves).frequency)
    with pytest.raises(ValueError, match=r"LightCurves.read\(frame\)"):
        find_peaks(curves.to_frame())


def test_bands_are_in_the_table(stars):
    curves = stars[0][[0, 0, 1]]
    two = LightCurves(
        curves.time, curves.mag, offsets=curves.offsets, ids=[5, 5, 6], band=["g", "r", "g"]
    )
    table = find_peaks(two).to_frame()
    assert table.index.tolist() == [5, 5, 6]
    assert table["band"].tolist() == ["g", "r", "g"]


def test_where_there_is_no_peak_the_table_and_the_view_say_so():
    curves = LightCurves.from_grid([[15.0] * 20, [14.0, 15.0] + [np.nan] * 18])
    with np.errstate(all="raise"):
        found = find_peaks(curves)
        table = found.to_frame()
        view = found._repr_html_()
    assert np.isnan(found.period).all()
    assert table.drop(columns="n_observations").isna().all(axis=None)
    assert table["n_observations"].tolist() == [20, 2]
    assert view.count("–") == 2 * 6
    assert len(find_peaks(curves[:0]).to_frame()) == 0


def test_the_view_shows_the_first_objects_and_escapes_names(stars):
    curves = stars[0][:12]
    view = find_peaks(curves)._repr_html_()
    assert view.count("</tr>") == 10 + 2  # of the head
    assert "2 more objects" in view
    named = LightCurves(*np.array(curves[0]).T, offsets=[0, curves.lengths[0]], ids=["<b>"])
    assert "<b>" not in find_peaks(named)._repr_html_()


def test_false_alarms_are_those_of_astropy():
    timeseries = pytest.importorskip("astropy.timeseries")
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0, 1000, 100))
    curves = [np.c_[time, rng.normal(size=100) + a * np.sin(time)] for a in (0, 0.5, 0.7, 1, 3)]
    found = find_peaks(LightCurves.from_arrays(curves), max_frequency=10.0)
    for curve, power, probability in zip(curves, found.power, found.false_alarm, strict=True):
        expected = timeseries.LombScargle(*curve.T).false_alarm_probability(
            power.astype(float), method="baluev", maximum_frequency=10.0
        )
        np.testing.assert_allclose(probability, expected, rtol=1e-4, atol=1e-13)
    assert found.false_alarm[0, 0] > 0.01  # noise
    assert found.false_alarm[4, 0] < 1e-20  # precise where 1 - p is 1


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_what_can_have_no_peak_costs_nothing(stars, monkeypatch):
    """Nor does it change what others have."""
    hopeless = [
        np.array([[1.0, 15.0]]),
        np.c_[np.arange(5.0), [1.0, 2.0, 1.0, 3.0, 1.0]],
        np.c_[np.arange(50.0), np.full(50, 15.1)],
        np.c_[np.full(9, 2.0), np.arange(9.0)],
        np.c_[np.arange(50.0) / 50 / 24, np.arange(50.0) % 3],
    ]
    some = [curve[:, :2] for curve in stars[0][:3]]
    curves = LightCurves.from_arrays([*hopeless, *some])
    expected = find_peaks(LightCurves.from_arrays(some))
    searched, weighted = [], peaks.weighted
    monkeypatch.setattr(
        peaks, "weighted", lambda c, objects: searched.extend(objects) or weighted(c, objects)
    )
    peaks._CACHE.rows.clear()
    found = find_peaks(curves)
    assert sorted(searched) == [5, 6, 7]
    assert (found.frequency[:5] == 0).all()
    np.testing.assert_array_equal(found[5:].spectrum, expected.spectrum)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e170, 1e300, 5e-324])
def test_errors_of_any_size(stars, scale):
    """Weights are ratios: what is common to all errors of an object is nothing."""
    curves = stars[0][:4]
    errors = np.ones(len(curves.time)) if scale == 5e-324 else 1 + np.arange(len(curves.time)) % 3
    found, expected = (
        find_peaks(LightCurves(curves.time, curves.mag, errors * by, offsets=curves.offsets))
        for by in (scale, 1.0)
    )
    assert (expected.frequency > 0).all()
    np.testing.assert_allclose(found.frequency, expected.frequency, rtol=1e-9)
    np.testing.assert_allclose(found.spectrum, expected.spectrum, atol=1e-6)


@pytest.mark.parametrize("wild", [1e-300, 1e170, 1e308])
def test_one_wild_error(stars, wild):
    curves = stars[0][:4]
    errors = np.full(len(curves.time), 0.02)
    errors[curves.offsets[:-1] + 3] = wild
    found = find_peaks(LightCurves(curves.time, curves.mag, errors, offsets=curves.offsets))
    errors[curves.offsets[:-1] + 3] = np.clip(wild, 1e-9, 1e9)
    expected = find_peaks(LightCurves(curves.time, curves.mag, errors, offsets=curves.offsets))
    np.testing.assert_allclose(found.frequency, expected.frequency, rtol=1e-6)


@pytest.mark.parametrize("value", ["x", None, [24.0], True, 1j, np.nan, np.inf])
@pytest.mark.parametrize("name", ["n_peaks", "max_frequency", "samples_per_peak"])
def test_numbers_that_are_none_are_named(name, value):
    curves = make_variable_stars(1, random_state=0)[0]
    for search in (find_peaks, power_spectrum)[: 1 if name == "n_peaks" else 2]:
        with pytest.raises((TypeError, ValueError), match=name):
            search(curves, **{name: value})


@pytest.mark.parametrize("name", ["kurtosis", "skewness", "std"])
def test_limits_of_white_noise_are_numbers(name):
    with pytest.raises(TypeError, match=f"{name} must be a number, got 'x'"):
        make_variable_stars(1, random_state=0)[0].drop_white_noise(**{name: "x"})


def test_a_grid_with_too_wide_steps_is_said():
    time = np.sort(np.random.default_rng(0).uniform(0, 7000, 60))
    curves = LightCurves.from_arrays([np.c_[time, np.sin(time)], np.c_[time[:30], time[:30]]])
    with pytest.warns(UserWarning, match=r"max_frequency=2880 needs .* for 2 object\(s\) of up to"):
        find_peaks(curves, max_frequency=2880, samples_per_peak=5)
    with pytest.warns(UserWarning, match="too far apart"):
        power_spectrum(curves, max_frequency=2880, samples_per_peak=5)


@pytest.mark.parametrize("max_frequency", [0.0009, 0.0011])
def test_long_periods_alone(max_frequency):
    time = np.sort(np.random.default_rng(0).uniform(0, 9000, 300))
    curves = LightCurves.from_arrays([np.c_[time, np.sin(2 * np.pi * time / 3000)]])
    found = find_peaks(curves, max_frequency=max_frequency)
    assert found.profile.max() == pytest.approx(found.power[0].max(), abs=0.02)
    names = VariabilityFeatures(max_frequency=max_frequency).fit(curves).get_feature_names_out()
    assert len(set(names)) == len(names)
