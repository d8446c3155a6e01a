"""Simulated variable stars."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier

from sklearn_astromer import LightCurves
from sklearn_astromer.datasets import make_variable_stars

CLASSES = ["RRAB", "RRC", "CEP", "EB", "MIRA", "DSCT", "CONST"]
PERIODS = {
    "RRAB": (0.45, 0.8),
    "RRC": (0.25, 0.4),
    "CEP": (2, 50),
    "EB": (0.2, 12),
    "MIRA": (100, 500),
    "DSCT": (0.03, 0.25),
}
AMPLITUDES = {
    "RRAB": (0.2, 1.5),
    "RRC": (0.2, 0.7),
    "CEP": (0.2, 1.6),
    "EB": (0.1, 2),
    "MIRA": (2, 6),
    "DSCT": (0.03, 0.5),
}


@pytest.fixture(scope="module")
def stars():
    return make_variable_stars(700, random_state=0, return_parameters=True)


def assert_equal(a: LightCurves, b: LightCurves):
    for name in ("time", "mag", "mag_err", "offsets", "ids"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_equal_seeds_give_equal_stars():
    first, labels, parameters = make_variable_stars(30, random_state=7, return_parameters=True)
    second, same_labels, same = make_variable_stars(
        30, random_state=np.random.RandomState(7), return_parameters=True
    )
    assert_equal(first, second)
    np.testing.assert_array_equal(labels, same_labels)
    pd.testing.assert_frame_equal(parameters, same)


def test_other_seeds_give_other_stars():
    first, second = (make_variable_stars(5, random_state=seed)[0] for seed in (0, 1))
    assert not np.array_equal(first.time[:10], second.time[:10])


def test_parameters_do_not_change_the_stars():
    assert_equal(
        make_variable_stars(10, random_state=0)[0],
        make_variable_stars(10, random_state=0, return_parameters=True)[0],
    )


def test_global_generator_is_left_alone():
    np.random.seed(3)
    expected = np.random.uniform(size=3)
    np.random.seed(3)
    make_variable_stars(5, random_state=0)
    np.testing.assert_array_equal(np.random.uniform(size=3), expected)


def test_container(stars):
    light_curves, labels, parameters = stars
    assert isinstance(light_curves, LightCurves)
    assert len(light_curves) == len(labels) == len(parameters) == 700
    np.testing.assert_array_equal(light_curves.ids, parameters.index)
    assert light_curves[0].shape[1] == 3
    for column in (light_curves.time, light_curves.mag, light_curves.mag_err):
        assert column.dtype == np.float64
        assert np.isfinite(column).all()
    assert (light_curves.mag_err > 0).all()


def test_times_are_those_of_a_survey(stars):
    light_curves = stars[0]
    sizes = np.diff(light_curves.offsets)
    assert 200 <= np.median(sizes) <= 400
    assert 20 <= sizes.min() < 45
    assert sizes.max() <= 1200
    assert light_curves.time.min() > 51_900
    assert light_curves.time.max() < 51_900 + 9.01 * 365.25
    longest_gaps = []
    for i in range(len(light_curves)):
        step = np.diff(light_curves[i][:, 0])
        assert (step > 0).all()
        longest_gaps.append(step.max())
    # Seasons: the star is in conjunction with the Sun every year.
    assert np.median(longest_gaps) > 90
    # It is dark for no more than two fifths of a day at the site.
    hours = np.histogram((light_curves.time - 0.2 + 0.5) % 1.0, bins=20, range=(0, 1))[0]
    assert (hours == 0).sum() >= 8


@pytest.mark.parametrize("n_observations", [1, 7, 3000])
def test_exact_number_of_observations(n_observations):
    light_curves, _ = make_variable_stars(8, n_observations=n_observations, random_state=0)
    assert (np.diff(light_curves.offsets) == n_observations).all()
    assert all((np.diff(light_curves[i][:, 0]) > 0).all() for i in range(8))


def test_number_of_observations_within_bounds():
    light_curves, _ = make_variable_stars(200, n_observations=(5, 8), random_state=0)
    assert set(np.diff(light_curves.offsets)) == {5, 6, 7, 8}


def test_more_stars_than_are_drawn_at_once():
    light_curves, _ = make_variable_stars(1100, n_observations=3, random_state=0)
    assert len(light_curves) == 1100
    assert len(np.unique(light_curves.time)) == 3300


def test_classes_are_balanced_and_shuffled(stars):
    labels = stars[1]
    names, counts = np.unique(labels, return_counts=True)
    assert sorted(CLASSES) == names.tolist()
    assert set(counts) == {100}
    assert len(np.unique(labels[:50])) == 7
    _, labels = make_variable_stars(10, classes=["EB", "MIRA", "CONST"], random_state=0)
    assert sorted(np.unique(labels, return_counts=True)[1]) == [3, 3, 4]


@pytest.mark.parametrize("classes", ["EB", ["EB"], ("EB",)])
def test_one_class(classes):
    _, labels = make_variable_stars(3, classes=classes, random_state=0)
    assert labels.tolist() == ["EB"] * 3


def test_fewer_stars_than_classes():
    light_curves, labels = make_variable_stars(1, random_state=0)
    assert len(light_curves) == len(labels) == 1


def test_parameters(stars):
    _, labels, parameters = stars
    np.testing.assert_array_equal(parameters["label"], labels)
    assert parameters["mean_mag"].between(10, 18).all()
    constant = parameters[labels == "CONST"]
    assert constant["period"].isna().all()
    assert (constant["amplitude"] == 0).all()
    for name, bounds in PERIODS.items():
        own = parameters[labels == name]
        assert own["period"].between(*bounds).all(), name
        assert own["amplitude"].between(*AMPLITUDES[name]).all(), name


def test_amplitudes_are_seen_in_the_data(stars):
    light_curves, labels, parameters = stars
    for i in np.flatnonzero((parameters["mean_mag"] < 13) & np.isin(labels, ["RRAB", "CEP"])):
        curve = light_curves[i]
        if len(curve) > 200:
            low, high = np.percentile(curve[:, 1], [1, 99])
            assert high - low == pytest.approx(parameters["amplitude"][i], rel=0.2)


@pytest.mark.parametrize("name", list(PERIODS))
def test_folding_at_the_period_reveals_the_variation(stars, name):
    """Neighbours in phase differ less than neighbours in time, at the true period only."""
    light_curves, labels, parameters = stars
    ratios = {1.0: [], 1.037: []}
    for i in np.flatnonzero(labels == name):
        time, mag, _ = light_curves[i].T
        if len(time) < 150 or parameters["mean_mag"][i] > 13:
            continue
        for factor, found in ratios.items():
            order = np.argsort(time / (factor * parameters["period"][i]) % 1)
            found.append(np.std(np.diff(mag[order])) / np.std(mag) / np.sqrt(2))
    assert len(ratios[1.0]) > 10
    # Modes beside the dominant one (DSCT) and unequal cycles (MIRA) remain after folding.
    assert np.median(ratios[1.0]) < (0.75 if name == "DSCT" else 0.5)
    if name != "MIRA":  # a few cycles only: a period off by 4 % still folds half-way
        assert np.median(ratios[1.037]) > 1.3 * np.median(ratios[1.0])


def test_classes_do_not_leak(stars):
    """Neither the mean magnitude nor the cadence or the errors at given magnitude tell a class."""
    light_curves, labels, parameters = stars
    curves = [light_curves[i] for i in range(len(light_curves))]
    leaks = {
        "mean": parameters["mean_mag"],
        "size": [len(c) for c in curves],
        "span": [np.ptp(c[:, 0]) for c in curves],
        "start": [c[0, 0] for c in curves],
        "visits": [np.mean(np.diff(c[:, 0]) < 0.5) for c in curves],
        "order": np.arange(len(curves)),
    }
    tree = DecisionTreeClassifier(max_depth=4, random_state=0)
    for leak, value in leaks.items():
        score = cross_val_score(tree, np.asarray(value)[:, None], labels, cv=5).mean()
        assert score < 1 / 7 + 0.07, leak


def test_noise_grows_with_magnitude(stars):
    light_curves, labels, parameters = stars
    constant = np.flatnonzero(labels == "CONST")
    constant = constant[np.argsort(parameters["mean_mag"][constant])]
    scatter = [1.4826 * np.median(np.abs(m - np.median(m))) for m in mags(light_curves, constant)]
    bright, faint = np.median(scatter[:20]), np.median(scatter[-20:])
    assert 0.008 < bright < 0.02
    assert 0.08 < faint < 0.25
    errors = [np.median(light_curves[i][:, 2]) for i in constant]
    np.testing.assert_allclose(np.median(np.divide(scatter, errors)), 1.0, atol=0.1)
    assert np.std(np.divide(scatter, errors)) > 0.1  # claimed errors are not quite right


def mags(light_curves, indices):
    return [light_curves[i][:, 1] for i in indices]


def test_there_are_a_few_outliers(stars):
    light_curves, labels, parameters = stars
    constant = np.flatnonzero(labels == "CONST")
    mean = parameters["mean_mag"]
    far = np.concatenate(
        [np.abs(light_curves[i][:, 1] - mean[i]) / light_curves[i][:, 2] > 4.5 for i in constant]
    )
    assert 0.001 < far.mean() < 0.01


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_samples": 0}, ValueError, "n_samples must be at least 1, got 0"),
        ({"n_samples": 2.5}, TypeError, "n_samples must be an integer"),
        ({"n_samples": True}, TypeError, "n_samples must be an integer"),
        ({"classes": ["RRAB", "QSO"]}, ValueError, "QSO"),
        ({"classes": []}, ValueError, "classes is empty"),
        ({"classes": ["EB", "EB"]}, ValueError, "twice"),
        ({"n_observations": 0}, ValueError, "n_observations must be at least 1"),
        ({"n_observations": 2.5}, TypeError, "n_observations"),
        ({"n_observations": (0, 5)}, ValueError, r"n_observations\[0\]"),
        ({"n_observations": (5, 2.5)}, TypeError, r"n_observations\[1\]"),
        ({"n_observations": (9, 5)}, ValueError, "low <= high"),
        ({"n_observations": (1, 2, 3)}, ValueError, "two bounds"),
        ({"random_state": "seed"}, ValueError, "seed"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        make_variable_stars(**arguments)
