"""Recipes as data: names, values, and what stands for what is not said."""

import copy
import warnings

import pytest
import torch
from embedders import make_embedder
from sklearn.base import clone

from sklearn_astromer import AstromerClassifier, AstromerEmbedder, EncoderConfig, Recipe
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.training.recipes import RECIPES, resolved


@pytest.mark.parametrize("name", RECIPES)
def test_a_name_stands_for_all_its_values(name):
    whole = resolved(name, "auto", lr=1.0, dropout=0.5, blend=0.5)
    missing = {k for k, v in whole.get_params().items() if v is None}
    assert missing <= {"part_windows", "log_dir"}
    assert whole.lr == (RECIPES[name]["lr"] or 1.0)


def test_values_go_before_those_of_the_name():
    recipe = resolved(Recipe("periods", clip=0, lr=0.0), "astromer1", lr=1.0, dropout=0.1)
    assert (recipe.clip, recipe.lr, recipe.dropout) == (0.0, 0.0, 0.1)
    assert recipe.schedule == "cosine"


def test_the_default_follows_the_architecture():
    for architecture, loss in (("astromer1", "rmse"), ("periods", "smooth_l1")):
        embedder = AstromerEmbedder(None, architecture=architecture)
        config = embedder.get_params()["architecture"]
        assert embedder._recipe(resolved_config(config)).loss == loss


def resolved_config(architecture):
    from sklearn_astromer.config import as_config

    return as_config(architecture)


def test_values_are_parameters_of_the_estimator():
    embedder = AstromerEmbedder(None).set_params(training__lr=0.5, architecture__d_model=8)
    assert embedder.training == Recipe(lr=0.5)
    other = clone(embedder).set_params(training__clip=2.0)
    assert other.training == Recipe(lr=0.5, clip=2.0)
    assert embedder.training == Recipe(lr=0.5)
    model = AstromerClassifier(embedder).set_params(encoder__training__parts=3, training__head_lr=1)
    assert model.encoder.training.parts == 3
    assert model.training == Recipe(head_lr=1.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "mine"}, "name is 'mine'"),
        ({"loss": "mse"}, "loss is 'mse', expected 'rmse' or 'smooth_l1' or None"),
        ({"lr": -1.0}, "lr is -1.0"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"parts": 1.5}, "parts is 1.5"),
        ({"validation_fraction": 1.0}, "validation_fraction is 1.0"),
        ({"compile": 1}, "compile is 1, expected true or false"),
        ({"callbacks": 5}, "callbacks is 5, expected a list"),
        ({"log_dir": 5}, "log_dir is 5, expected a path"),
    ],
)
def test_values_out_of_range(values, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**values)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """Weights on disk, and what fits them further with a given blend."""
    X, y = make_variable_stars(30, n_observations=(20, 60), random_state=0)
    start = make_embedder(
        d_model=16, own_periods=1, scaled_inputs=True, max_epochs=0, random_state=0
    ).fit(X)
    folder = tmp_path_factory.mktemp("weights") / "start"
    start.save_pretrained(folder)

    def fit(**values):
        options = {"supervised": True, "max_epochs": 2, "batch_size": 8, "random_state": 0}
        model = make_embedder(str(folder), training=Recipe(lr=1e-2, parts=2, **values), **options)
        return model.fit(X, y)

    return start.module_.state_dict(), fit, (X, y)


def test_half_of_the_trained_weights_is_kept_of_pretrained_ones(fitted):
    before, fit, _ = fitted
    whole = fit(blend=1.0).module_.state_dict()
    assert any(not torch.equal(before[name], whole[name]) for name in before)
    for options, share in (({}, 0.5), ({"blend": 0.25}, 0.25), ({"blend": 0.0}, 0.0)):
        kept = fit(**options).module_.state_dict()
        for name, weight in kept.items():
            expected = (1 - share) * before[name] + share * whole[name]
            torch.testing.assert_close(weight, expected, rtol=0, atol=1e-6)


def test_partial_fit_keeps_all_that_it_has_learned(fitted):
    _, fit, (X, y) = fitted
    model = fit(blend=0.0)
    whole = copy.deepcopy(model).set_params(training__blend=1.0).partial_fit(X, y)
    other = model.partial_fit(X, y)
    for name, weight in whole.module_.state_dict().items():
        assert torch.equal(weight, other.module_.state_dict()[name])


def test_the_papers_recipe_and_fresh_encoders_keep_all():
    assert (
        AstromerEmbedder(None)._recipe(EncoderConfig(own_periods=4, scaled_inputs=True)).blend == 1
    )
    assert AstromerEmbedder(training="astromer1")._recipe(EncoderConfig()).blend == 1
    assert AstromerEmbedder()._recipe(EncoderConfig(own_periods=4, scaled_inputs=True)).blend == 0.5


def test_fifteen_parameters():
    for kind in (AstromerEmbedder, AstromerClassifier):
        assert len(kind().get_params(deep=False)) <= 15


def test_the_documentation_says_what_each_recipe_has():
    assert "'smooth_l1' (periods)" in Recipe.__doc__
    assert all(f"\n    {name} : " in Recipe.__doc__ for name in Recipe().get_params())


def test_errors_of_weights_that_are_not_kept_are_not_recorded(fitted):
    _, fit, _ = fitted
    assert fit(blend=1.0).training_["train_rmse"] > 0
    assert fit().training_["train_rmse"] is None


def test_fitting_pretrained_weights_without_labels_says_that_it_rarely_helps(fitted):
    _, fit, (X, _) = fitted
    folder = fit(blend=0.0).pretrained
    with pytest.warns(UserWarning, match="without labels.*compare with max_epochs=0"):
        make_embedder(folder, max_epochs=1).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_embedder(folder, max_epochs=0).fit(X)
        make_embedder(d_model=16, max_epochs=1).fit(X)
        fit()


def test_supervised_alone_fits_pretrained_weights(fitted, monkeypatch):
    _, fit, (X, y) = fitted
    folder = fit(blend=0.0).pretrained
    assert len(make_embedder(folder, random_state=0).fit(X, y).history_) == 0
    model = make_embedder(folder, supervised=True, random_state=0).fit(X, y)
    assert len(model.history_) == 25


def test_a_checkpoint_knows_the_weights_that_it_began_with(fitted, tmp_path):
    _, fit, (X, y) = fitted
    folder, other = tmp_path / "weights", fit(blend=1.0)
    fit(blend=0.0).save_pretrained(folder)
    options = {"checkpoint": tmp_path / "run.pt", "random_state": 0, "supervised": True}
    make_embedder(folder, max_epochs=1, **options).fit(X, y)
    other.save_pretrained(folder, overwrite=True)
    with pytest.raises(ValueError, match="the checkpoint of another run"):
        make_embedder(folder, max_epochs=2, **options).fit(X, y)


@pytest.mark.parametrize("values", [{"parts": 2}, {"blend": 0.5}, {"dropout": 0.4}])
def test_values_without_a_meaning_for_heads_are_refused(values):
    X, y = make_variable_stars(8, n_observations=(20, 30), random_state=0)
    model = AstromerClassifier(None, train_encoder=True, training=Recipe(**values), max_epochs=1)
    with pytest.raises(ValueError, match=f"training__{next(iter(values))} is of AstromerEmbedder"):
        model.fit(X, y)
