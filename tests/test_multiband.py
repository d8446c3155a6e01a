"""MultiBandEmbedder: a row per star, in scikit-learn."""

import warnings

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from embedders import make_embedder
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_astromer import (
    AstromerClassifier,
    AstromerEmbedder,
    LightCurves,
    MultiBandEmbedder,
    Stars,
    VariabilityFeatures,
)
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.features import folding
from sklearn_astromer.lightcurves.bands import by_wavelength
from sklearn_astromer.lightcurves.stars import read_stars
from sklearn_astromer.periodogram import find_peaks

SMALL = {"d_model": 8, "n_heads": 2, "d_ff": 8, "max_epochs": 0, "random_state": 0}
# star, band, observations; in the order in which a survey might give them
ROWS = [("c", "g", 9), ("a", "r", 5), ("c", "r", 1), ("a", "g", 7), ("b", "r", 12), ("d", "i", 4)]


def make_curves(rows=ROWS):
    rng = np.random.default_rng(0)
    return LightCurves.from_arrays(
        [np.c_[np.sort(rng.uniform(50000, 50900, n)), rng.normal(16, 0.3, n)] for _, _, n in rows],
        ids=[star for star, _, _ in rows],
        band=[band for _, band, _ in rows],
    )


@pytest.fixture
def curves():
    return make_curves()


@pytest.fixture
def stars(curves):
    return Stars(curves)


@pytest.fixture
def embedder():
    return make_embedder(**SMALL)


# -- the embedder --------------------------------------------------------------------------------


def test_each_band_in_its_place(stars, curves, embedder):
    found = MultiBandEmbedder(embedder, ["r", "g"]).fit(stars).transform(stars)
    alone = embedder.fit(curves).transform(curves)
    nothing = np.full(8, np.nan)
    expected = [
        np.r_[alone[2], alone[0], curves[2][:, 1].mean() - curves[0][:, 1].mean()],
        np.r_[alone[1], alone[3], curves[1][:, 1].mean() - curves[3][:, 1].mean()],
        np.r_[alone[4], nothing, np.nan],
        np.r_[nothing, nothing, np.nan],
    ]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_array_equal(
        MultiBandEmbedder(embedder, ["r", "g"]).fit_transform(curves), found
    )


def test_bands_of_x_by_the_best_weights(stars):
    model = MultiBandEmbedder().fit(stars)
    assert model.bands_ == ["g", "r", "i"]
    assert model.embedder_.shared_periods
    assert model.get_feature_names_out()[-2:].tolist() == ["g-r (mag)", "r-i (mag)"]
    assert model.transform(stars).shape == (4, 3 * (141 + len(folding.NAMES)) + 2)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MultiBandEmbedder().fit(stars, [0, 1, 0])


def test_an_indicator_of_what_is_missing(stars, embedder):
    model = MultiBandEmbedder(embedder, ["g", "r"], missing="indicator").fit(stars)
    found, plain = model.transform(stars), clone(model).set_params(missing="nan").fit(stars)
    np.testing.assert_array_equal(found[:, :17], np.nan_to_num(plain.transform(stars), nan=0.0))
    assert found[:, 17:].tolist() == [[0, 0], [0, 0], [1, 0], [1, 1]]
    names = model.get_feature_names_out()
    assert names[[0, 8]].tolist() == ["g_astromerembedder_mean_0", "r_astromerembedder_mean_0"]
    assert names[16:].tolist() == ["g-r (mag)", "g_missing", "r_missing"]
    assert len(names) == found.shape[1]


def test_pandas_output_is_indexed_by_star(stars, embedder):
    model = MultiBandEmbedder(embedder, ["g"]).set_output(transform="pandas")
    frame = model.fit_transform(stars)
    assert frame.index.tolist() == ["c", "a", "b", "d"]
    assert frame.columns[0] == "g_astromerembedder_mean_0"


def test_all_bands_train_one_encoder(stars, curves):
    trained = make_embedder(**{**SMALL, "max_epochs": 1}, validation_fraction=0)
    model = MultiBandEmbedder(trained, ["g", "r"]).fit(stars)
    both = clone(trained).fit(stars.curves[stars.band != "i"])
    np.testing.assert_array_equal(
        model.embedder_.transform(curves), both.transform(curves), strict=True
    )
    frozen = MultiBandEmbedder(FrozenEstimator(both), ["g"]).fit(stars)
    np.testing.assert_array_equal(frozen.transform(stars)[0], both.transform(curves[[0]])[0])
    union = FeatureUnion([(b, MultiBandEmbedder(trained, [b])) for b in "gr"])
    assert union.fit_transform(stars).shape == (4, 16)


def test_resampled_stars_stay_apart(stars, embedder):
    model = MultiBandEmbedder(embedder, ["g", "r"]).fit(stars)
    np.testing.assert_allclose(
        model.transform(stars[[1, 1, 0]]), model.transform(stars)[[1, 1, 0]], atol=1e-6
    )
    assert model.transform(stars[:0]).shape == (0, 17)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bands": ["g", "z"]}, "there is no band 'z' in X: it has 'g', 'i', 'r'"),
        ({"bands": "gr"}, "bands must be a list"),
        ({"bands": []}, "bands must be a list"),
        ({"bands": ["g", "g"]}, "one twice"),
        ({"missing": "zero"}, "'missing' parameter of MultiBandEmbedder must be"),
        ({"embedder": AstromerEmbedder(None, row=None)}, "row=None"),
    ],
)
def test_what_cannot_be(stars, embedder, options, message):
    model = MultiBandEmbedder(**{"embedder": embedder, "bands": ["g", "r"], **options})
    with pytest.raises(ValueError, match=message):
        model.fit(stars)


def test_curves_without_a_band_are_not_of_one(embedder):
    with pytest.raises(ValueError, match="there is no band 'g' in X: it has ''"):
        MultiBandEmbedder(embedder, ["g"]).fit([np.random.default_rng(0).normal(size=(5, 2))])


@pytest.mark.filterwarnings("ignore:.*lie outside:UserWarning")  # their X is no magnitude
@parametrize_with_checks([MultiBandEmbedder(make_embedder(**SMALL, residual=True), [""])])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# -- nested columns: the bands of a star together -------------------------------------------------


def nested(curves, ids):
    cells = [[] for _ in ids]
    frame = curves.to_frame().sample(frac=1, random_state=0)  # bands mixed, times as they come
    for star, time, mag, band in frame.itertuples(index=False):
        cells[ids.index(star)].append({"midpointMjdTai": time, "psfMag": mag, "band": band})
    kind = pa.list_(
        pa.struct(
            [("midpointMjdTai", pa.float64()), ("psfMag", pa.float64()), ("band", pa.string())]
        )
    )
    return pd.Series(pa.array(cells, kind), index=ids, dtype=pd.ArrowDtype(kind))


def test_a_nested_column_with_mixed_bands(stars, curves, embedder):
    ids = ["a", "b", "empty", "c", "d"]
    column = nested(curves, ids)
    model = MultiBandEmbedder(embedder, ["g", "r"])
    found = model.fit(column).transform(column)
    expected = model.transform(stars)[[1, 2, 3, 0, 3]]  # "d" has neither band, "empty" nothing
    np.testing.assert_allclose(found, expected, atol=1e-6)
    frame = model.set_output(transform="pandas").transform(column.iloc[::-1])
    assert frame.index.tolist() == ids[::-1]
    assert model.transform(column.iloc[:0]).shape == (0, 17)
    arrow = pa.chunked_array([pa.array(column)])
    np.testing.assert_array_equal(clone(model).fit(arrow).transform(arrow), found)


# -- real stars -----------------------------------------------------------------------------------


def test_stripe_82(shared, tmp_path):
    """RRab against RRc over stars of 5 bands, some of which miss one."""
    path = shared / "data" / "stripe82.parquet"
    curves = LightCurves.read(path)
    labels = pd.read_parquet(path, columns=["object_id", "label"]).groupby("object_id")["label"]
    labels = labels.first()
    chosen = [*labels[labels == "RRc"].index[:25], *labels[labels == "RRab"].index[:25]]
    curves = curves[np.isin(curves.ids, chosen)]
    dropped = np.isin(curves.ids, chosen[::10]) & (curves.band == "u")
    stars = Stars(curves[~dropped])
    assert len(stars) == 50
    assert len(stars.curves) == 245
    y = labels[stars.ids].to_numpy()
    embedder = MultiBandEmbedder(
        AstromerEmbedder("surveys-small", row="mean"), list("ugriz"), colors=False
    )

    forest = make_pipeline(embedder, RandomForestClassifier(random_state=0))
    scores = cross_val_score(forest, stars, y, cv=3, scoring="balanced_accuracy")
    assert scores.mean() > 0.7  # 0.5 by chance
    rows = embedder.fit(stars).transform(stars)
    shuffled = np.random.default_rng(0).permutation(y)
    scores = cross_val_score(forest[-1], rows, shuffled, cv=3, scoring="balanced_accuracy")
    assert scores.mean() < 0.7
    assert np.isnan(rows).any(axis=1).sum() == 5
    assert np.isnan(rows[:, 128:]).sum() == 0
    one = int(np.flatnonzero(stars.ids == chosen[0])[0])
    assert np.isnan(rows[one, :128]).all()

    train, test, y_train, y_test = train_test_split(stars, y, stratify=y, random_state=0)
    assert not set(train.ids) & set(test.ids)
    search = GridSearchCV(
        make_pipeline(
            FrozenEstimator(embedder), HistGradientBoostingClassifier(max_iter=5, random_state=0)
        ),
        {"histgradientboostingclassifier__max_depth": [2, 3]},
        cv=2,
    )
    assert 0 <= search.fit(train, y_train).score(test, y_test) <= 1
    linear = make_pipeline(
        clone(embedder).set_params(missing="indicator"), LogisticRegression(max_iter=1000)
    )
    joblib.dump(linear.fit(train, y_train), tmp_path / "model")
    np.testing.assert_array_equal(
        joblib.load(tmp_path / "model").predict(test), linear.predict(test)
    )


# -- periods of all bands together ---------------------------------------------------------------


@pytest.fixture(scope="module")
def sparse():
    """Stars with 12 observations in each of three bands, of different means and amplitudes."""
    rng = np.random.default_rng(0)
    periods = rng.uniform(0.3, 0.9, 12)
    rows = []
    for period in periods:
        for band, (mean, amplitude) in enumerate([(17.0, 0.5), (15.0, 0.35), (14.0, 0.25)]):
            time = np.sort(rng.uniform(0, 900, 12))
            mag = mean + amplitude * np.sin(2 * np.pi * time / period)
            rows.append((np.c_[time, mag + rng.normal(0, 0.05, 12)], "gri"[band]))
    curves = LightCurves.from_arrays(
        [row for row, _ in rows],
        ids=np.repeat(np.arange(12), 3),
        band=[band for _, band in rows],
    )
    return curves, periods


def found_share(frequency, periods):
    ratio = frequency[:, 0] * periods
    return np.mean(np.min([np.abs(ratio / k - 1) for k in (0.5, 1, 2)], axis=0) < 1e-3)


def test_bands_together_show_a_period_that_none_shows_alone(sparse):
    curves, periods = sparse
    alone, together = find_peaks(curves), find_peaks(Stars(curves))
    assert found_share(together.frequency, periods) > 0.9
    assert found_share(alone.frequency, np.repeat(periods, 3)) < 0.6
    assert together.ids.tolist() == curves.ids[::3].tolist()
    assert together.band is None
    mixed = Stars(curves[np.random.default_rng(1).permutation(len(curves))])
    again = find_peaks(mixed).to_frame().loc[together.ids]
    pd.testing.assert_frame_equal(again, together.to_frame())


def test_labels_in_another_order_are_refused(sparse):
    curves, _ = sparse
    stars = Stars(curves)
    named = Stars(
        LightCurves(
            curves.time,
            curves.mag,
            offsets=curves.offsets,
            ids=[f"star {i}" for i in curves.ids],
            band=curves.band,
        )
    )
    labels = pd.Series(["a", "b"] * 6, index=named.ids)
    other = labels.iloc[::-1]
    quick = MultiBandEmbedder(AstromerEmbedder("surveys-small"))
    for model in (quick, VariabilityFeatures(["g", "r"])):
        model.fit(named, labels)
        with pytest.raises(ValueError, match="y is not in the order of X: value 0 is of 'star "):
            model.fit(named, other)
        with pytest.raises(ValueError, match="not in the order"):  # as in a fold
            model.fit(named[2:9], other.iloc[2:9])
        model.fit(stars, labels.sample(frac=1, random_state=0).reset_index(drop=True))
    one = named.curves[named.curves.band == "g"]
    with pytest.raises(ValueError, match="not in the order"):
        AstromerEmbedder("surveys-small").fit(one, other)
    with pytest.raises(ValueError, match="not in the order"):
        AstromerClassifier("surveys-small", max_epochs=1).fit(one, other)


def _renamed(flat):
    return flat._replace(ids=np.array(["alone"] * len(flat.ids)))


@pytest.mark.parametrize("missing", ["nan", "indicator"])
def test_stars_in_other_bands_are_said(sparse, missing):
    curves, _ = sparse
    other = curves._trusted(curves._flat._replace(band=np.char.upper(curves.band)))
    quick = MultiBandEmbedder(AstromerEmbedder("surveys-small"), missing=missing)
    for model in (quick, VariabilityFeatures(["g", "r"])):
        model.fit(curves)
        with pytest.warns(
            UserWarning, match=r"(\d+) of \1 stars have none of .*'g', 'r'.* has 'G'"
        ):
            model.transform(other)
        one = LightCurves.concatenate([curves, other[-1:]._trusted(_renamed(other[-1:]._flat))])
        with pytest.warns(UserWarning, match=r"1 of \d+ stars have none .* the first is 'alone'"):
            rows = model.transform(one)
        assert len(rows) == len(Stars(one))


def test_positions_in_an_index_are_no_names(sparse):
    curves = sparse[0][sparse[0].band == "g"]
    mixed = curves[np.random.default_rng(0).permutation(len(curves))]
    labels = pd.Series(np.arange(len(mixed)))
    AstromerEmbedder("surveys-small").fit(mixed[:8], labels.iloc[np.arange(8)])
    large = LightCurves(mixed.time, mixed.mag, offsets=mixed.offsets, ids=10**15 + mixed.ids)
    text = pd.Series(["a", "b"] * 6, index=large.ids.astype(str))  # the same, in the same order
    AstromerEmbedder("surveys-small").fit(large, text)
    with pytest.raises(ValueError, match="not in the order"):
        AstromerEmbedder("surveys-small").fit(large, text.iloc[::-1])


def test_bands_with_the_name_of_their_survey():
    bands = ["lsst_z", "lsst_g", "u_lsst", "LSST r", "x", "ztf-i"]
    assert by_wavelength(bands) == ["u_lsst", "lsst_g", "LSST r", "ztf-i", "lsst_z", "x"]


def test_ids_of_single_bands_are_told(sparse):
    curves = sparse[0]
    ids = np.arange(len(curves)) + 10**6
    oids = LightCurves(curves.time, curves.mag, offsets=curves.offsets, ids=ids, band=curves.band)
    with pytest.warns(UserWarning, match="every id has only one of them"):
        MultiBandEmbedder(AstromerEmbedder("surveys-small")).fit(oids)


def test_a_star_without_observations_has_no_periods():
    nested = pytest.importorskip("nested_pandas")
    frame = pd.DataFrame({"t": [1.0, 2.0], "mag": [15.0, 15.1], "band": ["g", "r"]}, index=[7, 7])
    column = nested.NestedFrame(index=[7, 8]).join_nested(frame, "lc")["lc"]
    with pytest.raises(ValueError, match="star 8 has no observations"):
        find_peaks(read_stars(column, None))


def test_shared_periods_reach_the_rows(sparse, monkeypatch):
    curves, _ = sparse
    embedder = AstromerEmbedder("surveys-periods", row=("mean", "periods"), shared_periods=True)
    model = MultiBandEmbedder(embedder, list("gri"), colors=False)
    rows = model.fit_transform(Stars(curves)).reshape(12, 3, -1)
    open_ = clone(embedder).set_params(shared_periods=None)  # which are shared here, and not alone
    again = model.set_params(embedder=open_).fit_transform(curves)
    np.testing.assert_array_equal(again.reshape(12, 3, -1), rows)
    np.testing.assert_array_equal(rows[:, 0, -12:], rows[:, 2, -12:])
    np.testing.assert_array_equal(rows[:, 0, -12:], find_peaks(Stars(curves)).columns)
    monkeypatch.setattr("sklearn_astromer.embedder.PIECE_OBSERVATIONS", 40)
    fitted = embedder.fit(curves)
    np.testing.assert_allclose(fitted.transform(curves), rows.reshape(36, -1), atol=1e-5)
    alone = (
        AstromerEmbedder("surveys-periods", row=("mean", "periods")).fit(curves).transform(curves)
    )
    assert not np.array_equal(alone[:, -12:], rows.reshape(36, -1)[:, -12:])


def test_hidden_observations_stay_hidden_from_the_other_bands(sparse):
    """What is hidden in one band does not reach another band through their periodogram."""
    curves, _ = sparse
    embedder = AstromerEmbedder("surveys-periods", shared_periods=True).fit(curves)
    hidden = [np.arange(12) % 2 == 0 if i % 3 == 0 else np.zeros(12, bool) for i in range(36)]
    flat = np.concatenate(hidden)
    noise = np.random.default_rng(0).normal(0, 1, flat.shape)
    changed = LightCurves(
        curves.time,
        curves.mag + np.where(flat, noise, 0),
        offsets=curves.offsets,
        ids=curves.ids,
        band=curves.band,
    )
    for a, b in zip(
        embedder.reconstruct(curves, hidden), embedder.reconstruct(changed, hidden), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_light_curves_that_are_there_twice_share_periods_as_once(sparse):
    curves = sparse[0]
    embedder = AstromerEmbedder("surveys-periods", row="periods", shared_periods=True).fit(curves)
    rows = embedder.transform(curves)
    order = np.random.default_rng(0).integers(0, len(curves), 2 * len(curves))
    order = np.concatenate([np.arange(len(curves)), np.sort(order)])  # all bands of all stars
    order = order[np.argsort(curves.ids[order], kind="stable")]
    np.testing.assert_allclose(embedder.transform(curves[order]), rows[order], atol=1e-6)


@pytest.mark.parametrize("shared", [None, False])
def test_stars_that_are_there_twice_are_embedded_as_alone(shared):
    curves, _ = make_variable_stars(6, n_observations=30, random_state=0)
    bands = (LightCurves.from_arrays(curves, ids=curves.ids, band=band) for band in "gr")
    stars = LightCurves.concatenate(bands).stars()
    model = MultiBandEmbedder(AstromerEmbedder(shared_periods=shared)).fit(stars)
    again = np.array([0, 0, 1, 5, 0])
    np.testing.assert_allclose(
        model.transform(stars[again]), model.transform(stars)[again], atol=1e-5
    )


def test_bands_follow_their_wavelengths():
    curves, _ = make_variable_stars(6, n_observations=12, random_state=0)
    stars = LightCurves.concatenate(
        LightCurves.from_arrays(curves, ids=curves.ids, band=band) for band in "zyrgiu"
    ).stars()
    names = MultiBandEmbedder().fit(stars).get_feature_names_out()
    assert [name for name in names if "-" in name] == [
        f"{one}-{other} (mag)" for one, other in zip("ugriz", "grizy", strict=True)
    ]
    assert by_wavelength(["mine", "Ks", "BP", "clear", "I", "V"]) == [
        *("BP", "V", "I", "Ks", "clear", "mine"),
    ]


def test_ids_of_curves_instead_of_stars_are_remarked():
    curves, _ = make_variable_stars(6, n_observations=12, random_state=0)
    band = np.array(list("grgrgr"))
    with pytest.warns(UserWarning, match="every id has only one of them"):
        LightCurves.from_arrays(curves, band=band).stars()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LightCurves.from_arrays(curves, band="g").stars()
