import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import resample, shuffle

from sklearn_astromer import LightCurves

TIMES = st.floats(50_000, 60_000, width=64)
MAGS = st.floats(-30, 40)
ERRORS = st.one_of(st.just(np.nan), st.floats(1e-5, 2))
ID = st.one_of(st.integers(-(2**63), 2**63 - 1), st.text("αbc-_ 01", max_size=9))


@st.composite
def objects(draw, min_size=0, max_size=6):
    """Curves of 1 to 8 observations, and their ids, all integers or all strings."""
    n_columns = draw(st.sampled_from([2, 3]))
    row = st.tuples(TIMES, MAGS, ERRORS).map(lambda values: values[:n_columns])
    rows = st.lists(row, min_size=1, max_size=8)
    curves = draw(st.lists(rows.map(np.array), min_size=min_size, max_size=max_size))
    kind = draw(st.sampled_from([int, str]))
    ids = st.lists(
        ID.filter(lambda i: isinstance(i, kind)),
        min_size=len(curves),
        max_size=len(curves),
        unique=True,
    )
    return curves, draw(ids)


def by_time(curve):
    """Sort a curve as slowly and plainly as can be."""
    return np.array(sorted(curve.tolist(), key=lambda row: row[0]))


def assert_same(lcs, curves, ids):
    assert len(lcs) == len(curves)
    assert lcs.shape == (len(curves),)
    assert lcs.ids.tolist() == list(ids)
    for got, curve in zip(lcs, curves, strict=True):
        np.testing.assert_array_equal(got, by_time(curve))


# -- what goes in comes out ----------------------------------------------------------------------


@given(objects())
def test_curves_come_back_sorted_and_otherwise_untouched(case):
    curves, ids = case
    assert_same(LightCurves.from_arrays(curves, ids=ids), curves, ids)


@settings(max_examples=50)
@given(objects(min_size=1))
def test_tables_and_back(case):
    lcs = LightCurves.from_arrays(case[0], ids=case[1])
    assert LightCurves.read(lcs.to_arrow()) == lcs  # whatever is in it
    plain = [c for c in case[0] if (c[:, 1] > 1).all() and len(np.unique(c[:, 0])) == len(c)]
    lcs = LightCurves.from_arrays(plain, ids=case[1][: len(plain)])
    found = LightCurves.read(lcs.to_frame())
    if len(plain) and lcs.mag_err is not None and np.isnan(lcs.mag_err).all():
        lcs = LightCurves(lcs.time, lcs.mag, offsets=lcs.offsets, ids=lcs.ids)
    assert found == lcs


@settings(max_examples=50)
@given(objects())
def test_concatenating_the_parts_gives_the_whole(case):
    lcs = LightCurves.from_arrays(case[0], ids=case[1])
    assert LightCurves.concatenate([lcs[:2], lcs[2:3], lcs[3:]]) == lcs
    assert LightCurves.concatenate([lcs]) == lcs


def test_concatenate_fills_what_one_part_lacks():
    plain = LightCurves.from_arrays([np.array([[1, 15.0]])], ids=[7])
    rich = LightCurves.from_arrays([np.array([[2, 16.0, 0.1]])], ids=["x"], band="g")
    both = LightCurves.concatenate([plain, rich])
    np.testing.assert_array_equal(both.mag_err, [np.nan, 0.1])
    assert both.band.tolist() == ["", "g"]
    assert both.ids.tolist() == ["7", "x"]


def test_concatenate_nothing_and_the_wrong_thing():
    assert len(LightCurves.concatenate([])) == 0
    with pytest.raises(TypeError, match="LightCurves, got ndarray"):
        LightCurves.concatenate([np.ones((3, 2))])


CURVES = [
    np.array([[1.0, 15.0], [2.0, 15.5], [3.0, 15.25]]),
    np.array([[4.0, 9.0], [5.0, 9.5], [6.0, 9.25]]),
]


@pytest.mark.parametrize(
    "given_as",
    [
        list,
        tuple,
        iter,
        np.stack,
        pd.Series,
        lambda curves: [c.tolist() for c in curves],
        lambda curves: [c.astype(">f8") for c in curves],
        lambda curves: [c.astype(np.float32) for c in curves],
        lambda curves: [np.asfortranarray(c) for c in curves],
        lambda curves: [c[::-1] for c in curves],
        lambda curves: [np.repeat(c, 2, axis=1)[:, ::2] for c in curves],
        lambda curves: [np.ma.array(c) for c in curves],
        lambda curves: [c.astype(object) for c in curves],
        lambda curves: [pd.DataFrame(c, columns=["mjd", "mag"])[["mag", "mjd"]] for c in curves],
        lambda curves: np.stack(curves).astype(">f4"),
        lambda curves: np.pad(np.stack(curves), [(0, 0), (0, 2), (0, 0)], constant_values=np.nan),
    ],
)
def test_from_arrays_takes_many_shapes_of_the_same_thing(given_as):
    lcs = LightCurves.from_arrays(given_as(CURVES))
    assert lcs == LightCurves.from_arrays(CURVES)
    assert lcs.time.dtype == np.dtype("f8")
    assert lcs.mag.dtype == np.dtype("f8")


def test_object_array_of_curves_of_different_lengths():
    curves = np.empty(2, dtype=object)
    curves[:] = [CURVES[0], CURVES[1][:1]]
    assert LightCurves.from_arrays(curves).lengths.tolist() == [3, 1]


def test_two_and_three_columns_mix():
    lcs = LightCurves.from_arrays([np.array([[1, 15, 0.1]]), np.array([[2, 16.0]])])
    np.testing.assert_array_equal(lcs.mag_err, [0.1, np.nan])
    assert LightCurves.from_arrays(CURVES).mag_err is None


def test_padding_of_a_3d_array_is_nan_or_masked_rows():
    padded = np.array([[[1, 15.0], [np.nan, np.nan]], [[1, 15.0], [2, 16.0]]])
    masked = np.ma.masked_invalid(padded)
    masked.data[masked.mask] = 99.0
    for X in (padded, masked):
        assert LightCurves.from_arrays(X).lengths.tolist() == [1, 2]


def test_the_index_of_a_series_gives_the_ids():
    assert LightCurves.from_arrays(pd.Series(CURVES, index=["a", "b"])).ids.tolist() == ["a", "b"]
    # resampling repeats labels; an index that cannot name objects gives way to positions
    assert LightCurves.from_arrays(pd.Series(CURVES, index=[5, 5])).ids.tolist() == [5, 5]
    assert LightCurves.from_arrays(pd.Series(CURVES, index=[0.5, 1.5])).ids.tolist() == [0, 1]


def test_grid():
    lcs = LightCurves.from_grid([[15, np.nan, 16], [17, 18, 19]], time=[10, 20, 40], ids=["a", "b"])
    np.testing.assert_array_equal(lcs[lcs.ids == "a"][0], [[10, 15], [40, 16]])
    assert LightCurves.from_grid(np.ones((2, 3)))[1].tolist() == [[0, 1], [1, 1], [2, 1]]
    frame = pd.DataFrame(np.ones((2, 3)), index=["x", "x"])
    assert LightCurves.from_grid(frame).ids.tolist() == ["x", "x"]
    assert len(LightCurves.from_grid(np.ones((0, 3)))) == 0


def test_band_is_one_for_all_or_one_each():
    assert LightCurves.from_arrays(CURVES, band="g").band.tolist() == ["g", "g"]
    assert LightCurves.from_arrays(CURVES, band=["g", None]).band.tolist() == ["g", ""]
    assert LightCurves.from_arrays(CURVES, band=[b"g", b"rr"]).band.tolist() == ["g", "rr"]
    assert LightCurves.from_arrays(CURVES, band=1).band.tolist() == ["1", "1"]
    same_star = LightCurves.from_arrays(CURVES, ids=[3, 3], band=["g", "r"])
    assert same_star.ids.tolist() == [3, 3]
    with pytest.raises(ValueError, match=r"one per object \(2\)"):
        LightCurves.from_arrays(CURVES, band=["g"])


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([1.0, 2.0], [1, 2]),
        (np.array([1, 2], dtype=">i2"), [1, 2]),
        (np.array([2**63, 1], dtype=np.uint64), [str(2**63), "1"]),
        ([2**70, 1], [str(2**70), "1"]),
        ([1, "b"], ["1", "b"]),
        (np.array([b"a", b"bc"]), ["a", "bc"]),
        (pd.Categorical(["b", "a"]), ["b", "a"]),
        (pd.Series([4, 5], dtype="Int64"), [4, 5]),
        (pd.Series(["x", "y"], dtype="string"), ["x", "y"]),
        (np.ma.array([4, 5]), [4, 5]),
    ],
)
def test_ids_of_many_types(ids, expected):
    assert LightCurves.from_arrays(CURVES, ids=ids).ids.tolist() == expected


@pytest.mark.parametrize(
    "ids",
    [
        ["a", None],
        ["a", np.nan],
        [1.5, 2.0],
        [True, False],
        np.array(["2020", "2021"], dtype="M8[D]"),
        pd.Series([4, None], dtype="Int64"),
        np.ma.array([4, 5], mask=[0, 1]),
        [1, 2, 3],
        "ab",
        [(1, 2), (3, 4)],
    ],
)
def test_ids_that_name_nothing(ids):
    with pytest.raises((TypeError, ValueError), match="ids must"):
        LightCurves.from_arrays(CURVES, ids=ids)


def test_a_million_observations_of_one_object():
    rng = np.random.default_rng(0)
    time = rng.uniform(50_000, 60_000, 1_000_000)
    lcs = LightCurves(time, rng.normal(15, 1, len(time)), offsets=[0, len(time)])
    assert np.all(np.diff(lcs.time) >= 0)
    assert lcs[[0, 0]].lengths.tolist() == [1_000_000] * 2


# -- indexing ------------------------------------------------------------------------------------


@given(objects(min_size=1), st.data())
def test_indexing_follows_a_list(case, data):
    curves, ids = case
    lcs = LightCurves.from_arrays(curves, ids=ids)
    n = len(curves)
    index = data.draw(st.lists(st.integers(-n, n - 1), max_size=9))
    assert_same(lcs[index], [curves[i] for i in index], [ids[i] for i in index])
    assert lcs[index] == lcs[np.array(index, dtype=int), ...]
    cut = data.draw(st.slices(n))
    assert_same(lcs[cut], curves[cut], ids[cut])
    assert lcs[cut] == lcs[cut, ...] == lcs[np.arange(n)[cut]]
    for step in (-2, -1, 2, 3):
        assert_same(lcs[::step], curves[::step], ids[::step])
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    assert lcs[mask] == lcs[mask.tolist()] == lcs[pd.Series(mask)] == lcs[np.flatnonzero(mask)]
    i = data.draw(st.integers(-n, n - 1))
    np.testing.assert_array_equal(lcs[i], by_time(curves[i]))
    np.testing.assert_array_equal(lcs[np.int32(i), ...], by_time(curves[i]))


@pytest.mark.parametrize(
    "key", [2, -3, [0, 2], [-3], [True], [0.5], "a", None, np.ones((2, 2), int), (0, 1), ...]
)
def test_what_is_no_index(key):
    with pytest.raises(IndexError):
        LightCurves.from_arrays(CURVES)[key]


# -- values, copies, hashes ----------------------------------------------------------------------


@given(objects(min_size=1))
def test_equal_contents_have_equal_hashes(tmp_path_factory, case):
    curves, ids = case
    lcs = LightCurves.from_arrays([*curves, np.array([[1, 2.0]])], ids=[*ids, "long" * 9][-99:])
    n = len(curves)
    part = lcs[:n]
    path = tmp_path_factory.mktemp("dump") / "part.joblib"
    joblib.dump(part, path)
    rebuilt = LightCurves(
        part.time.tolist(),
        part.mag.astype(">f8"),
        None if part.mag_err is None else part.mag_err.copy(),
        offsets=part.offsets.tolist(),
        ids=part.ids.tolist(),
    )
    again = [
        lcs[np.arange(n)],
        lcs[[True] * n + [False]],
        rebuilt,
        pickle.loads(pickle.dumps(part)),
        joblib.load(path, mmap_mode="r"),
        LightCurves.concatenate([part[:1], part[1:]]),
    ]
    assert {joblib.hash(other) for other in again} == {joblib.hash(part)}
    assert all(other == part for other in again)


def test_one_changed_digit_changes_equality_and_hash():
    base = {"time": [1, 2], "mag": [15, 16], "mag_err": [0.1, 0.2], "offsets": [0, 1, 2]}
    lcs = LightCurves(**base)
    for name, value in {
        "time": [1, 2.5],
        "mag": [15, 16.5],
        "mag_err": [0.1, np.nan],
        "offsets": [0, 2],
        "ids": [0, 2],
        "band": "g",
    }.items():
        other = LightCurves(**(base | {name: value}))
        assert other != lcs
        assert joblib.hash(other) != joblib.hash(lcs)
    assert lcs != [lcs]
    assert LightCurves([1], [1], offsets=[0, 1], ids=["0"]) != LightCurves([1], [1], offsets=[0, 1])


def test_a_slice_pickles_only_its_part():
    lcs = LightCurves.from_grid(np.ones((1000, 100)))
    assert len(pickle.dumps(lcs[10:20])) < len(pickle.dumps(lcs)) / 50


def test_nothing_can_be_set():
    lcs = LightCurves.from_arrays(CURVES, band="g")
    for name in ("time", "mag", "mag_err", "ids", "other"):
        with pytest.raises(AttributeError):
            setattr(lcs, name, 0)
    for derived in (lcs, lcs[:1], lcs[[0]], pickle.loads(pickle.dumps(lcs))):
        for column in (derived.time, derived.mag, derived.offsets, derived.ids, derived.band):
            with pytest.raises(ValueError, match="read-only"):
                column[0] = column[0]
    with pytest.raises(TypeError, match="unhashable"):
        hash(lcs)


def test_writing_to_the_source_does_not_write_here():
    time, mag, curve = np.array([1.0, 2.0]), np.array([15.0, 16.0]), CURVES[0].copy()
    frame = pd.DataFrame({"id": [1, 1], "time": [1.0, 2.0], "mag": [15.0, 16.0]})
    made = [
        LightCurves(time, mag, offsets=[0, 2]),
        LightCurves(frame["time"], frame["mag"], offsets=[0, 2]),
        LightCurves.read(frame),
        LightCurves.from_arrays([curve]),
    ]
    before = [joblib.hash(lcs) for lcs in made]
    time[0] = mag[0] = curve[0] = -1.0
    frame.loc[0, ["time", "mag"]] = -1.0
    table = made[0].to_frame()
    table.loc[0, "mag"] = -1.0
    assert [joblib.hash(lcs) for lcs in made] == before


def test_memory_maps_stay_on_the_disk(tmp_path):
    np.save(tmp_path / "mag.npy", np.linspace(15, 16, 50))
    mag = np.load(tmp_path / "mag.npy", mmap_mode="r")
    lcs = LightCurves(np.arange(50), mag, offsets=[0, 20, 50])
    assert np.shares_memory(lcs.mag, mag)
    assert lcs == LightCurves(np.arange(50), np.array(mag), offsets=[0, 20, 50])


def test_numpy_is_told_that_curves_are_ragged():
    with pytest.raises(TypeError, match="ragged"):
        np.asarray(LightCurves.from_arrays(CURVES))


def test_repr():
    assert repr(LightCurves.from_arrays(CURVES, band="g")) == (
        "LightCurves(6 observations of 2 objects, 3 to 3 each, band g)"
    )
    assert repr(LightCurves.from_arrays([])) == "LightCurves(0 objects)"


# -- white noise ---------------------------------------------------------------------------------


def test_drop_white_noise_keeps_what_shows_one_sign_of_a_signal():
    rng = np.random.default_rng(0)
    t, noise = np.arange(300.0), rng.normal(0, 0.02, 300)
    magnitudes = {
        "noise": 15 + noise,
        "rr lyrae": 15 + 0.5 * np.sin(t),
        "eclipse": 15 + noise + 0.09 * (np.arange(300) % 60 < 2),
        "constant": np.full(300, 15.1),
        "almost constant": 15.1 + 1e-12 * (np.arange(300) == 7),
        "tiny": 1e-200 * rng.normal(size=300),
        "one spike": 15 + noise + 0.5 * (np.arange(300) == 7),
    }
    lcs = LightCurves.from_grid(np.array(list(magnitudes.values())), ids=list(magnitudes))
    assert lcs.drop_white_noise().ids.tolist() == ["rr lyrae", "eclipse", "one spike"]
    assert lcs.drop_white_noise(std=np.inf).ids.tolist() == ["eclipse", "one spike"]
    assert len(lcs[:0].drop_white_noise()) == 0


@pytest.mark.parametrize("limit", ["kurtosis", "skewness", "std"])
def test_drop_white_noise_measures_what_scipy_does(limit):
    rng = np.random.default_rng(1)
    rows = 15 + rng.standard_t(5, size=(20, 60)) * rng.uniform(0.01, 0.1, (20, 1))
    measure = {"kurtosis": stats.kurtosis, "skewness": stats.skew, "std": np.std}[limit]
    measured = np.abs(measure(rows, axis=1))
    others = dict.fromkeys(("kurtosis", "skewness", "std"), np.inf)
    for i in range(len(rows)):
        for factor, kept in ((1 + 1e-6, False), (1 - 1e-6, True)):
            one = LightCurves.from_grid(rows[i : i + 1])
            assert len(one.drop_white_noise(**others | {limit: measured[i] * factor})) == kept


# -- scikit-learn, unchanged ---------------------------------------------------------------------


class Moments(TransformerMixin, BaseEstimator):
    """Mean and standard deviation of each curve; counts how often it is fitted."""

    fits = 0

    def __init__(self, scale=1.0):
        self.scale = scale

    def fit(self, X, y=None):
        assert isinstance(X, LightCurves)
        Moments.fits += 1
        self.n_ = len(X)
        return self

    def transform(self, X):
        return np.array([[c[:, 1].mean(), self.scale * c[:, 1].std()] for c in X])


@pytest.fixture
def stars():
    """60 ragged curves: 30 that vary and 30 that do not, mixed."""
    rng = np.random.default_rng(0)
    curves, labels = [], rng.permutation(np.repeat(["const", "var"], 30))
    for label in labels:
        t = np.sort(rng.uniform(50_000, 51_000, rng.integers(3, 40)))
        amplitude = 1.0 if label == "var" else 0.01
        curves.append(np.stack([t, rng.normal(15, amplitude, len(t))], axis=1))
    return LightCurves.from_arrays(curves), labels


def test_splitters_keep_curves_and_labels_together(stars):
    X, y = stars
    scatter = np.array([c[:, 1].std() for c in X])
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    for part, labels in ((X_train, y_train), (X_test, y_test)):
        assert isinstance(part, LightCurves)
        assert labels.tolist() == y[part.ids].tolist()
        np.testing.assert_array_equal([c[:, 1].std() for c in part], scatter[part.ids])
    assert sorted([*X_train.ids, *X_test.ids]) == list(range(60))
    for splitter in (KFold(3), StratifiedKFold(3, shuffle=True, random_state=0)):
        tested = [i for _, test in splitter.split(X, y) for i in X[test].ids]
        assert sorted(tested) == list(range(60))


def test_cross_validation_and_searches(stars):
    X, y = stars
    model = make_pipeline(Moments(), LogisticRegression())
    serial = cross_val_score(model, X, y, cv=3)
    np.testing.assert_array_equal(cross_val_score(model, X, y, cv=3, n_jobs=2), serial)
    assert serial.min() > 0.8
    assert cross_val_predict(model, X, y, cv=3).shape == (60,)
    search = GridSearchCV(model, {"moments__scale": [1e-9, 10.0]}, cv=3).fit(X, y)
    assert search.best_params_ == {"moments__scale": 10.0}
    assert search.predict(X[:5]).shape == (5,)


def test_ensembles_of_pipelines(stars):
    X, y = stars
    members = [(str(s), make_pipeline(Moments(s), LogisticRegression())) for s in (1.0, 10.0)]
    for ensemble in (VotingClassifier(members), StackingClassifier(members, cv=2)):
        assert ensemble.fit(X, y).score(X, y) > 0.8


def test_resampling_repeats_objects(stars):
    X, y = stars
    X_more, y_more = resample(X, y, n_samples=200, random_state=0)
    assert len(X_more) == 200
    assert len(set(X_more.ids)) < 60
    assert y_more.tolist() == y[X_more.ids].tolist()
    assert make_pipeline(Moments(), LogisticRegression()).fit(X_more, y_more).score(X, y) > 0.8
    X_mixed, y_mixed = shuffle(X, y, random_state=0)
    assert y_mixed.tolist() == y[X_mixed.ids].tolist()


def test_pipeline_memory_is_hit_by_equal_curves(stars, tmp_path):
    X, y = stars
    model = Pipeline(
        [("moments", Moments()), ("clf", LogisticRegression())],
        memory=joblib.Memory(tmp_path, verbose=0),
    )
    Moments.fits = 0
    model.fit(X[:40], y[:40])
    assert Moments.fits == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X[np.arange(40)], y[:40])
    assert Moments.fits == 1  # taken from the cache
    model.fit(X[20:], y[20:])
    assert Moments.fits == 2
