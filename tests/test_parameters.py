"""What a parameter must not be, of every public estimator."""

import numpy as np
import pytest
from embedders import make_embedder
from sklearn.base import clone

from sklearn_astromer import (
    AstromerClassifier,
    AstromerRegressor,
    LightCurves,
    MultiBandEmbedder,
    VariabilityFeatures,
)
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.search import LightCurveIndex

WRONG = [
    *(5, -1, 10**30, 1.5, float("nan"), True, 1 + 2j, None),
    *("x", b"x", [1, 2], [None], [[1], [2]], [{"a": 1}], {"a": 1}, {"g", "r"}, ()),
    *(np.array("g"), np.array([1, 2]), np.datetime64("2020"), object()),
]
CURVES, LABELS = make_variable_stars(8, random_state=0)
STARS = LightCurves.concatenate(
    LightCurves.from_arrays(CURVES, ids=CURVES.ids, band=band) for band in "gr"
).stars()
ENCODER = make_embedder(
    d_model=8, n_heads=2, n_layers=1, d_ff=8, max_epochs=0, random_state=0, device="cpu"
)
HEAD = {"max_epochs": 1, "units": 4, "random_state": 0}
ESTIMATORS = [
    (ENCODER, CURVES, None),
    (AstromerClassifier(ENCODER, **HEAD), CURVES, LABELS),
    (AstromerRegressor(ENCODER, **HEAD), CURVES, np.arange(8.0)),
    (VariabilityFeatures(), CURVES, None),
    (MultiBandEmbedder(ENCODER), STARS, None),
    (LightCurveIndex(3), np.random.default_rng(0).normal(size=(12, 4)), None),
]
CASES = [
    pytest.param(estimator, X, y, name, id=f"{type(estimator).__name__}-{name}")
    for estimator, X, y in ESTIMATORS
    for name in estimator.get_params(deep=False)
]


@pytest.mark.parametrize(("estimator", "X", "y", "name"), CASES)
def test_wrong_values_are_refused_by_name(estimator, X, y, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # "x" is a path as well
    unnamed = []
    for value in WRONG if name != "max_epochs" else WRONG[3:]:
        try:
            clone(estimator).set_params(**{name: value}).fit(X, y)
        except (ValueError, TypeError, FileNotFoundError) as error:
            if name.rstrip("s") not in str(error) and str(value) not in str(error):
                unnamed.append((value, error))
    assert not unnamed


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (AstromerClassifier(), "encoder='surveys-periods'"),
        (AstromerRegressor(), "encoder='surveys-periods'"),
        (MultiBandEmbedder(), "embedder=None"),
    ],
)
def test_parameters_of_a_name_are_refused_with_the_estimator_that_has_them(estimator, name):
    part = name.partition("=")[0]
    with pytest.raises(ValueError, match=rf"^{name} has no parameters .* pass AstromerEmbedder\("):
        estimator.set_params(**{f"{part}__row": "mean"})
    estimator.set_params(**{part: ENCODER, f"{part}__row": "std"})
    assert getattr(estimator, part).row == "std"


@pytest.mark.parametrize("bands", [5, 1.5, {"g": 1}, {"g", "r"}, [None], [["g"], "r"], b"gr"])
@pytest.mark.parametrize("kind", [MultiBandEmbedder, VariabilityFeatures])
def test_bands_are_a_list(kind, bands):
    with pytest.raises(ValueError, match=r"'bands' parameter|bands must be a list of bands"):
        kind(bands=bands).fit(STARS)


@pytest.mark.parametrize("name", ["n_neighbors", "radius", "n_candidates", "n_jobs"])
def test_the_numbers_of_an_index_are_no_bools(name):
    with pytest.raises(ValueError, match=f"{name}.* must be no bool"):
        LightCurveIndex(**{name: True}).fit(np.eye(4))
