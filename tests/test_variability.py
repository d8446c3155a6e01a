"""VariabilityFeatures: rows of light curves and of stars, in scikit-learn."""

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import FeatureUnion, make_pipeline

from sklearn_astromer import AstromerEmbedder, LightCurves, Stars, VariabilityFeatures
from sklearn_astromer.datasets import make_variable_stars

PERIOD = 0.61


@pytest.fixture(scope="module")
def catalog():
    return make_variable_stars(24, n_observations=(4, 90), random_state=0)


@pytest.fixture(scope="module")
def frame(catalog):
    return VariabilityFeatures().set_output(transform="pandas").transform(catalog[0])


def band_curves(rows, seed=0):
    """Curves of (star, band, observations), of one period, with amplitude and mean by band."""
    rng = np.random.default_rng(seed)
    arrays = []
    for _, band, n in rows:
        mean, amplitude = {"g": (16.0, 0.6), "r": (15.2, 0.4), "i": (15.0, 0.3)}[band]
        time = np.sort(rng.uniform(50_000, 50_900, n))
        mag = mean + amplitude * np.sin(2 * np.pi * time / PERIOD) + rng.normal(0, 0.03, n)
        arrays.append(np.c_[time, mag, np.full(n, 0.03)])
    return LightCurves.from_arrays(
        arrays, ids=[star for star, _, _ in rows], band=[band for _, band, _ in rows]
    )


ROWS = [("c", "g", 30), ("a", "r", 25), ("c", "r", 14), ("a", "g", 14), ("b", "r", 40)]


# -- a row per light curve ------------------------------------------------------------------------


def test_columns_are_named_and_rows_in_order(catalog, frame):
    curves, _ = catalog
    assert frame.index.tolist() == curves.ids.tolist()
    assert frame.columns.tolist() == VariabilityFeatures().get_feature_names_out().tolist()
    assert frame.columns.is_unique
    # what XGBoost and LightGBM refuse in names of columns
    assert not frame.columns.str.contains(r'[\[\]<>{},:"]').any()
    np.testing.assert_allclose(10 ** frame["log10_n_observations"], curves.lengths)
    np.testing.assert_allclose(frame["mean (mag)"], [c[:, 1].mean() for c in curves])
    assert not np.isinf(frame.to_numpy()).any()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_row_is_of_its_curve_alone(catalog, frame, monkeypatch, seed):
    curves, _ = catalog
    order = np.random.default_rng(seed).permutation(len(curves))
    features = VariabilityFeatures()
    np.testing.assert_allclose(
        features.transform(curves[order]), frame.to_numpy()[order], rtol=1e-9, atol=1e-9
    )
    one = int(order[0])
    np.testing.assert_allclose(
        features.transform(curves[[one]]), frame.to_numpy()[[one]], rtol=1e-9, atol=1e-9
    )
    monkeypatch.setattr("sklearn_astromer.variability.PIECE_OBSERVATIONS", 100)
    np.testing.assert_allclose(features.transform(curves), frame, rtol=1e-9, atol=1e-9)


def test_zero_points_and_epochs_do_not_matter(catalog, frame):
    curves, _ = catalog
    moved = LightCurves(
        curves.time + 1234.5, curves.mag - 7.0, curves.mag_err, offsets=curves.offsets
    )
    found = VariabilityFeatures().set_output(transform="pandas").transform(moved)
    np.testing.assert_allclose(found.pop("mean (mag)"), frame["mean (mag)"] - 7.0)
    kept = frame.drop(columns="mean (mag)")
    # where maxima of the periodogram are level, rounding decides which comes first
    same = np.isclose(found["log10_peak_period_1 (d)"], kept["log10_peak_period_1 (d)"])
    assert same.mean() > 0.9
    profiles = kept.columns.str.contains("_to_")  # float32
    np.testing.assert_allclose(found.loc[same, profiles], kept.loc[same, profiles], atol=1e-3)
    others = ~profiles & ~kept.columns.str.contains("peak_period_[234]|power")
    np.testing.assert_allclose(found.loc[same, others], kept.loc[same, others], atol=2e-2)


def test_nan_where_undefined():
    time = np.arange(30.0)
    curves = [
        np.c_[time[:1], [15.0]],
        np.c_[time[:5], [15.0, 15.1, 15.0, 15.2, 15.1]],
        np.c_[time, np.full(30, 15.0)],
        np.c_[np.zeros(30), np.random.default_rng(0).normal(15, 1, 30)],
    ]
    frame = (
        VariabilityFeatures()
        .set_output(transform="pandas")
        .fit_transform(LightCurves.from_arrays(curves))
    )
    assert frame["mean (mag)"].tolist()[:3] == pytest.approx([15.0, 15.08, 15.0])
    assert frame["log10_error (mag)"].isna().all()
    assert frame["log10_period (d)"].isna().all()
    assert frame.filter(regex="power|R21|phi").isna().all(axis=None)
    assert frame["log10_std (mag)"].isna().tolist() == [True, False, True, False]
    assert frame["log10_span (d)"].isna().tolist() == [True, False, False, True]


def test_no_objects():
    features = VariabilityFeatures()
    n_columns = len(features.get_feature_names_out())
    empty = LightCurves.from_arrays([np.zeros((3, 2))])[:0]
    assert features.transform(empty).shape == (0, n_columns)
    with pytest.raises(ValueError, match="no light curves to fit"):
        features.fit(empty)
    of_stars = VariabilityFeatures(["g", "r"])
    expected = (0, len(of_stars.get_feature_names_out()))
    assert of_stars.transform(band_curves(ROWS)[:0]).shape == expected


def test_the_periodogram_is_that_of_the_embedder(catalog, monkeypatch):
    curves, _ = catalog
    AstromerEmbedder("surveys-periods").fit_transform(curves)

    def none_more(*args, **kwargs):
        raise AssertionError("a periodogram was computed again")

    monkeypatch.setattr("sklearn_astromer.periodogram.search.search", none_more)
    VariabilityFeatures().fit_transform(curves)


def test_periods_of_simulated_stars():
    """Right, or half or twice what they are, for 95 of 100 stars with 60 observations or more.

    Not of those that vary by less than twice the error: no periodogram shows them.
    """
    kinds = ["RRAB", "RRC", "CEP", "EB", "MIRA", "DSCT"]
    curves, _, known = make_variable_stars(
        120, classes=kinds, random_state=1, return_parameters=True
    )
    error = np.array([np.median(curve[:, 2]) for curve in curves])
    enough = (curves.lengths >= 60) & (known["amplitude"].to_numpy() > 2 * error)
    assert enough.sum() > 90
    found = VariabilityFeatures().fit_transform(curves[enough])
    ratio = 10 ** found[:, 0] / known["period"].to_numpy()[enough]
    right = np.min([np.abs(ratio / k - 1) for k in (0.5, 1, 2)], axis=0) < 0.02
    assert right.mean() >= 0.95


def test_a_period_is_doubled_where_eclipses_differ():
    time = np.sort(np.random.default_rng(0).uniform(0, 900, 200))
    mags = [
        0.8 * np.exp(-0.5 * (((time / 1.3) % 1 - 0.5) / 0.05) ** 2)
        + depth * np.exp(-0.5 * (((time / 1.3 + 0.5) % 1 - 0.5) / 0.05) ** 2)
        for depth in (0.5, 0.8)
    ]
    noise = np.random.default_rng(1).normal(0, 0.01, time.shape)
    curves = [np.c_[time, 15 + mag + noise] for mag in mags]
    found = VariabilityFeatures().set_output(transform="pandas").fit_transform(curves)
    assert (10 ** found["log10_period (d)"]).tolist() == pytest.approx([1.3, 0.65], rel=1e-3)
    assert (10 ** found["log10_peak_period_1 (d)"]).tolist() == pytest.approx(
        [0.65, 0.65], rel=1e-3
    )


def test_a_period_of_few_cycles_is_not_doubled():
    curves, _, known = make_variable_stars(
        10, classes=["MIRA"], n_observations=200, random_state=0, return_parameters=True
    )
    found = VariabilityFeatures().fit_transform(curves)[:, 0]
    assert (np.abs(10**found / known["period"] - 1) < 0.05).mean() >= 0.9


# -- a row per star -------------------------------------------------------------------------------


def test_bands_side_by_side_with_colours():
    curves = band_curves(ROWS)
    features = VariabilityFeatures(["r", "g"]).set_output(transform="pandas")
    frame = features.fit_transform(Stars(curves))
    assert frame.index.tolist() == ["c", "a", "b"]
    assert frame["r-g (mag)"].tolist()[:2] == pytest.approx([-0.8, -0.8], abs=0.2)
    assert 10 ** frame["log10_amplitude_r/g"]["c"] == pytest.approx(2 / 3, rel=0.25)
    np.testing.assert_allclose(frame["r-g (mag)"], frame["r_mean (mag)"] - frame["g_mean (mag)"])
    missing = frame.loc["b"]
    assert missing.filter(regex="^g_").isna().all()
    assert missing[["r-g (mag)", "log10_amplitude_r/g"]].isna().all()
    assert missing.filter(regex="^r_").notna().all()
    pd.testing.assert_frame_equal(frame, features.transform(curves))


def test_the_period_is_of_all_bands_together():
    rows = [(star, band, 9) for star in range(8) for band in "gri"]
    curves = band_curves(rows)
    frame = VariabilityFeatures(list("gri")).set_output(transform="pandas").fit_transform(curves)
    ratio = 10 ** frame["log10_period (d)"] / PERIOD
    assert (np.min([np.abs(ratio / k - 1) for k in (0.5, 1, 2)], axis=0) < 1e-2).all()
    alone = VariabilityFeatures().set_output(transform="pandas").fit_transform(curves)
    ratio = 10 ** alone["log10_period (d)"] / PERIOD
    assert (np.min([np.abs(ratio / k - 1) for k in (0.5, 1, 2)], axis=0) < 1e-2).mean() < 0.9


def test_a_star_is_the_same_however_the_catalog_is_cut(monkeypatch):
    rows = [(star, band, 20 + 3 * star) for star in range(6) for band in "gr"]
    curves = band_curves(rows)
    features = VariabilityFeatures(["g", "r"])
    whole = features.transform(curves)
    mixed = np.random.default_rng(0).permutation(len(curves))
    stars = Stars(curves[mixed])
    np.testing.assert_allclose(features.transform(stars), whole[stars.ids], rtol=1e-9, atol=1e-9)
    drawn = Stars(curves)[[4, 4, 1]]  # a star drawn twice stays two
    np.testing.assert_allclose(features.transform(drawn), whole[[4, 4, 1]], rtol=1e-9, atol=1e-9)
    monkeypatch.setattr("sklearn_astromer.variability.PIECE_OBSERVATIONS", 60)
    np.testing.assert_allclose(features.transform(curves), whole, rtol=1e-9, atol=1e-9)


def test_zero_points_of_bands_only_change_means_and_colours():
    curves = band_curves(ROWS)
    shift = np.where(curves.band == "g", 1.5, -0.5)
    moved = LightCurves(
        curves.time,
        curves.mag + np.repeat(shift, curves.lengths),
        curves.mag_err,
        offsets=curves.offsets,
        ids=curves.ids,
        band=curves.band,
    )
    features = VariabilityFeatures(["g", "r"]).set_output(transform="pandas")
    before, after = features.transform(curves), features.transform(moved)
    np.testing.assert_allclose(after["g-r (mag)"], before["g-r (mag)"] + 2.0)
    others = ~before.columns.str.contains("mean .mag|g-r")
    np.testing.assert_allclose(after.loc[:, others], before.loc[:, others], rtol=1e-4, atol=1e-5)


def test_a_nested_column_has_stars():
    curves = band_curves(ROWS)
    cells = {star: [] for star in ("a", "b", "c")}
    for star, time, mag, error, band in curves.to_frame().itertuples(index=False):
        cells[star].append({"mjd": time, "mag": mag, "magerr": error, "band": band})
    field = pa.float64()
    kind = pa.list_(
        pa.struct([("mjd", field), ("mag", field), ("magerr", field), ("band", pa.string())])
    )
    column = pd.Series(
        pa.array(list(cells.values()), kind), index=list(cells), dtype=pd.ArrowDtype(kind)
    )
    features = VariabilityFeatures(["g", "r"]).set_output(transform="pandas")
    expected = features.transform(curves).loc[["a", "b", "c"]]
    pd.testing.assert_frame_equal(features.fit_transform(column), expected, check_names=False)


# -- scikit-learn ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bands": "gr"}, "'bands' parameter"),
        ({"bands": []}, "bands must be a list"),
        ({"bands": ["g", "g"]}, "one twice"),
        ({"bands": ["g", "z"]}, "there is no band 'z' in X: it has 'g', 'r'"),
        ({"max_frequency": 0}, "'max_frequency' parameter"),
        ({"device": "nowhere"}, "device='nowhere'"),
    ],
)
def test_what_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        VariabilityFeatures(**options).fit_transform(band_curves(ROWS))


def test_it_works_in_pipelines_and_searches(catalog, tmp_path):
    curves, labels = make_variable_stars(
        40, classes=["RRAB", "MIRA"], n_observations=60, random_state=0
    )
    union = FeatureUnion(
        [("emb", AstromerEmbedder("surveys-periods")), ("features", VariabilityFeatures())]
    )
    model = make_pipeline(union, RandomForestClassifier(20, random_state=0))
    assert cross_val_score(model, curves, labels, cv=2).mean() > 0.9
    search = GridSearchCV(
        make_pipeline(VariabilityFeatures(), RandomForestClassifier(10, random_state=0)),
        {"variabilityfeatures__max_frequency": [1.0, 24.0]},
        cv=2,
    )
    search.fit(curves, labels)
    joblib.dump(search, tmp_path / "search")
    again = joblib.load(tmp_path / "search")
    np.testing.assert_array_equal(again.predict(curves), search.predict(curves))
    assert clone(VariabilityFeatures(["g"])).bands == ["g"]
