"""AstromerRegressor: a number per object."""

import numpy as np
import pytest
from embedders import make_embedder, with_head_recipe
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

from sklearn_astromer import AstromerRegressor
from sklearn_astromer.datasets import make_variable_stars


def regressor(**options):
    encoder = make_embedder(d_model=32, n_heads=2, d_ff=16, residual=True, max_epochs=0)
    small = {"units": 32, "max_epochs": 40, "head_lr": 3e-3, "dropout": 0.0, "random_state": 0}
    return AstromerRegressor(encoder, **with_head_recipe({**small, **options}))


@pytest.fixture(scope="module")
def catalog():
    curves, _, parameters = make_variable_stars(
        120,
        classes=["MIRA", "CEP"],
        n_observations=(60, 100),
        random_state=0,
        return_parameters=True,
    )
    return curves, parameters["amplitude"].to_numpy()


@pytest.mark.parametrize("head", ["mlp", "mean_std", "skip", "lstm"])
def test_it_beats_the_mean(catalog, head):
    X, y = catalog
    model = regressor(head=head).fit(X[:90], y[:90])
    assert model.score(X[90:], y[90:]) > 0.3
    assert model.predict(X).dtype == np.float64


def test_units_of_the_target_do_not_matter(catalog):
    X, y = catalog
    plain = regressor(max_epochs=3).fit(X, y).predict(X)
    scaled = regressor(max_epochs=3).fit(X, 1e6 * y - 5e6).predict(X)
    np.testing.assert_allclose((scaled + 5e6) / 1e6, plain, atol=1e-3)


def test_a_constant_target_and_weights(catalog):
    X, y = catalog
    np.testing.assert_allclose(
        regressor(max_epochs=2).fit(X, np.full(len(X), 3.0)).predict(X), 3.0, atol=0.5
    )
    weight = np.where(y > np.median(y), 100.0, 1.0)
    heavy = regressor(max_epochs=5).fit(X, y, sample_weight=weight).predict(X)
    assert heavy.mean() > regressor(max_epochs=5).fit(X, y).predict(X).mean()


def test_bad_targets(catalog):
    X, y = catalog
    with pytest.raises(ValueError, match="NaN"):
        regressor().fit(X, np.where(y > 2, np.nan, y))
    with pytest.raises(ValueError, match="inconsistent"):
        regressor().fit(X, y[:-1])
    with pytest.raises(ValueError, match="requires y"):
        regressor().fit(X, None)
    with pytest.raises(NotFittedError):
        regressor().predict(X)
    assert regressor(max_epochs=1).fit(X, y).predict(X[:0]).shape == (0,)


def test_cross_validation(catalog):
    X, y = catalog
    scores = cross_val_score(regressor(max_epochs=2), X, y, cv=2, error_score="raise")
    assert np.isfinite(scores).all()
