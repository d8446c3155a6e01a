"""Labels whose index names the objects in another order are refused, wherever they go in."""

import warnings

import numpy as np
import pandas as pd
import pytest
from embedders import make_embedder
from sklearn.dummy import DummyClassifier

from sklearn_astromer import AstromerClassifier, AstromerRegressor, VariabilityFeatures
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.inspection import EmbeddingDisplay, FewShotDisplay
from sklearn_astromer.lightcurves import LightCurves, Stars
from sklearn_astromer.search import EmbeddingRows, outlier_scores, suggest


@pytest.fixture(scope="module")
def curves():
    made, _ = make_variable_stars(24, n_observations=20, random_state=0)
    ids = [f"s{i}" for i in range(24)]
    return LightCurves(made.time, made.mag, offsets=made.offsets, ids=ids)


@pytest.fixture(scope="module")
def rows(curves):
    table = np.random.default_rng(0).normal(size=(24, 3))
    return EmbeddingRows(curves.ids, None, table)


@pytest.fixture(scope="module")
def doors(curves, rows):
    """What takes labels, by name; each is called with labels in some order."""
    embedder = make_embedder(d_model=16, max_epochs=0).fit(curves)
    options = {"max_epochs": 1, "units": 4, "random_state": 0}
    truth = np.arange(24) % 2
    classifier = AstromerClassifier(embedder, **options).fit(curves, truth)
    regressor = AstromerRegressor(embedder, **options).fit(curves, truth)
    frame = pd.DataFrame(rows.rows, index=curves.ids)
    stars = Stars(curves)
    dummy = DummyClassifier()
    return {
        "embedder": lambda y: make_embedder(d_model=16, max_epochs=0).fit(curves, y),
        "classifier": lambda y: AstromerClassifier(embedder, **options).fit(curves, y),
        "one column": lambda y: AstromerClassifier(embedder, **options).fit(curves, y.to_frame()),
        "features": lambda y: VariabilityFeatures().fit(curves, y),
        "weights": lambda y: AstromerClassifier(embedder, **options).fit(curves, truth, y + 1),
        "score": lambda y: classifier.score(curves, y),
        "weights of a score": lambda y: classifier.score(curves, truth, y + 1),
        "score of a regressor": lambda y: regressor.score(curves, y),
        "suggest": lambda y: suggest(rows, y.map({0: "a", 1: ""}), 2),
        "suggest of a frame": lambda y: suggest(frame, y.map({0: "a", 1: ""}), 2),
        "outliers": lambda y: outlier_scores(rows, reconstruction=y),
        "map": lambda y: EmbeddingDisplay.from_estimator(embedder, curves, y),
        "map of rows": lambda y: EmbeddingDisplay.from_embeddings(frame, y),
        "few shots": lambda y: FewShotDisplay.from_estimator(dummy, frame, y, sizes=[2]),
        "mask": lambda y: curves[y == 1],
        "mask of stars": lambda y: stars[y == 1],
    }


@pytest.mark.filterwarnings("ignore:A column-vector y")
@pytest.mark.parametrize(
    "door",
    [
        *("embedder", "classifier", "one column", "features", "score", "score of a regressor"),
        *("weights", "weights of a score"),
        *("suggest", "suggest of a frame", "outliers", "map", "map of rows", "few shots"),
        *("mask", "mask of stars"),
    ],
)
def test_another_order_is_refused(doors, curves, door):
    y = pd.Series(np.arange(24) % 2, index=curves.ids)
    doors[door](y)
    doors[door](y.set_axis(range(24)))  # which names nothing
    with pytest.raises(ValueError, match="is not in the order of X: value 0 is of 's23' by its"):
        doors[door](y[::-1])


@pytest.mark.parametrize("door", ["embedder", "classifier", "suggest", "mask", "few shots"])
def test_names_of_other_stars_are_told(doors, curves, door):
    y = pd.Series(np.arange(24) % 2, index=[f"other {i}" for i in range(24)])
    with pytest.warns(UserWarning, match="not in X, the first is 'other 0' for object 's0'"):
        doors[door](y)
    one = [*curves.ids[:23], "other"]
    with pytest.warns(UserWarning, match="not in X, the first is 'other' for object 's23'"):
        doors[door](y.set_axis(one))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="the index of")
        doors[door](y.set_axis(range(5, 29)))  # rows of another table


@pytest.mark.parametrize("kind", ["floats", "padded", "one level", "two levels"])
def test_ids_in_an_index_of_any_kind(curves, kind):
    number = 7001 + np.arange(24)
    X = LightCurves(curves.time, curves.mag, offsets=curves.offsets, ids=number)
    index = {
        "floats": pd.Index(number.astype(float)),
        "padded": pd.Index([f"{each} " for each in number]),
        "one level": pd.MultiIndex.from_arrays([number]),
        "two levels": pd.MultiIndex.from_arrays([["g"] * 24, number]),
    }[kind]
    y = pd.Series(np.arange(24) % 2, index=index)
    embedder = make_embedder(d_model=16, max_epochs=0)
    embedder.fit(X, y)
    with pytest.raises(ValueError, match="value 0 is of '7024' by its index, and object 0"):
        embedder.fit(X, y[::-1])
    frame = pd.DataFrame(np.arange(72.0).reshape(24, 3), index=index)
    suggest(frame, y.map({0: "a", 1: ""}), 2)
    with pytest.raises(ValueError, match="labelled is not in the order of X"):
        suggest(frame, y.map({0: "a", 1: ""})[::-1], 2)


def test_a_level_with_the_ids_in_order_is_enough(curves):
    number = 7001 + np.arange(24)
    X = LightCurves(curves.time, curves.mag, offsets=curves.offsets, ids=number)
    groups = pd.MultiIndex.from_arrays([np.repeat(number[:6], 4), number])  # named by members
    y = pd.Series(np.arange(24) % 2, index=groups)
    embedder = make_embedder(d_model=16, max_epochs=0)
    embedder.fit(X, y)
    frame = pd.DataFrame(np.arange(72.0).reshape(24, 3), index=groups)
    labels = pd.Series(["a", ""] * 12, index=number)
    suggest(frame, labels, 2)
    with pytest.raises(ValueError, match="labelled is not in the order of X"):
        suggest(frame, labels[::-1], 2)
