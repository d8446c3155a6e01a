"""What fitting promises whatever happens: failures, weights, threads, going on from before."""

import copy
import warnings

import joblib
import numpy as np
import pytest
import torch
from embedders import make_embedder, with_head_recipe
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from skorch.callbacks import Callback

from sklearn_astromer import AstromerClassifier, AstromerEmbedder, AstromerRegressor, LightCurves
from sklearn_astromer.datasets import make_variable_stars


def embedder(**options):
    tiny = {"d_model": 16, "n_heads": 2, "d_ff": 16, "n_layers": 1, "max_epochs": 0}
    return make_embedder(**{**tiny, "random_state": 0, **options})


def classifier(encoder=None, **options):
    small = {"units": 8, "max_epochs": 2, "random_state": 0}
    return AstromerClassifier(encoder or embedder(), **with_head_recipe({**small, **options}))


@pytest.fixture(scope="module")
def catalog():
    return make_variable_stars(40, classes=["MIRA", "CONST"], n_observations=30, random_state=0)


# -- a fit that fails ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        {"head": "nope"},
        {"training__head_lr": 1e30, "max_epochs": 30},
        {
            "encoder__architecture__d_model": 32,
            "train_encoder": True,
            "training__head_lr": 1e30,
            "max_epochs": 30,
        },
        {"encoder__architecture__d_model": 15},
    ],
)
def test_a_failed_refit_leaves_what_was_fitted(catalog, bad):
    X, y = catalog
    values = np.arange(40.0)
    for model, target, other in (
        (classifier(), y, np.where(y == "MIRA", "zzz", "aaa")),
        (
            AstromerRegressor(embedder(), units=8, max_epochs=2, random_state=0),
            values,
            values * 1e6,
        ),
    ):
        before = model.fit(X, target).predict(X)
        with pytest.raises((ValueError, FloatingPointError)):
            model.set_params(**bad).fit(X, other)
        np.testing.assert_array_equal(model.predict(X), before)


def test_a_failed_first_fit_is_no_fit(catalog):
    X, _ = catalog
    model = AstromerEmbedder(None, architecture="astromer3")
    with pytest.raises(ValueError, match="'architecture' parameter of AstromerEmbedder must be"):
        model.fit(X)
    with pytest.raises(NotFittedError):
        model.transform(X)
    grid = np.random.default_rng(0).normal(15, 1, (6, 10))
    model = embedder().fit(grid)
    with pytest.raises(ValueError, match="y must have"):  # once the grid has been read
        model.set_params(supervised=True, max_epochs=1).fit(grid[:, :5], [0, 1])
    assert model.n_features_in_ == 10


# -- weights -------------------------------------------------------------------------------------


def test_weights_of_classes_do_not_cancel_in_small_batches():
    one = np.c_[np.arange(8.0), np.random.default_rng(0).normal(size=8)]
    X, y = LightCurves.from_arrays([one] * 100), (np.arange(100) % 10 == 0).astype(int)
    options = {"dropout": 0.0, "validation_fraction": 0, "head_lr": 1e-3, "max_epochs": 15}
    for weight, share in ((None, 0.1), ("balanced", 0.5)):
        model = classifier(class_weight=weight, batch_size=2, **options).fit(X, y)
        assert model.predict_proba(X[:1])[0, 1] == pytest.approx(share, abs=0.08)


def test_only_the_ratios_of_weights_matter(catalog):
    X, y = catalog
    weight = np.where(y == "MIRA", 1.0, 3.0)
    one, other = (classifier().fit(X, y, sample_weight=w) for w in (weight, 1e-3 * weight))
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), atol=1e-5)
    np.testing.assert_allclose(one.history_["valid_loss"], other.history_["valid_loss"], rtol=1e-5)


@pytest.mark.filterwarnings("ignore:nothing is asked of the")
def test_nothing_to_learn_from_or_to_judge_by_is_said(catalog):
    X, y = catalog
    with pytest.warns(UserWarning, match="nothing is asked of the training part"):
        embedder(max_epochs=1, window_size=1).fit(X)
    for i in range(2):  # one of which at least is not in the validation part
        weight = np.eye(40)[i]
        with pytest.warns(UserWarning, match="nothing is asked of the (validation|training) part"):
            classifier().fit(X, y, sample_weight=weight)
    short = LightCurves.concatenate([X[:4], X.from_arrays([[[0.0, 15.0]]] * 60)])
    model = embedder(max_epochs=1, validation_fraction=0.02, random_state=1)
    with pytest.warns(UserWarning, match="nothing is asked of the validation part"):
        model.fit(short)


# -- the best epoch ------------------------------------------------------------------------------


def test_the_smallest_improvement_makes_a_best_epoch(catalog):
    X, y = catalog
    model = classifier(head_lr=1e-6, max_epochs=12, patience=3, dropout=0.0).fit(X, y)
    last = model.history_.iloc[-1]
    assert last["epoch"] == 12
    assert last["best"]  # each is better than the one before, by less than 1e-4 of it
    same = classifier(head_lr=1e-6, max_epochs=12, patience=0, dropout=0.0).fit(X, y)
    for mine, other in zip(model.head_.parameters(), same.head_.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_own_callbacks_see_clipped_gradients(catalog):
    class Norms(Callback):
        def on_grad_computed(self, net, named_parameters, **kwargs):
            squares = [(p.grad**2).sum() for _, p in named_parameters if p.grad is not None]
            seen.append(float(sum(squares)) ** 0.5)

    seen = []
    embedder(max_epochs=1, callbacks=[Norms()], clip=1e-3).fit(catalog[0])
    assert len(seen) > 0
    assert max(seen) == pytest.approx(1e-3, rel=1e-2)


def test_rates_and_decay_go_to_the_parameters_they_are_for(catalog):
    class Groups(Callback):
        def on_train_begin(self, net, **kwargs):
            names = {id(p): name for name, p in net.module_.named_parameters()}
            for group in net.optimizer_.param_groups:
                for p in group["params"]:
                    seen[names[id(p)]] = (group["lr"], group["weight_decay"])

    seen = {}
    options = {"optimizer": "adamw", "weight_decay": 0.5, "lr": 1e-4, "head_lr": 1e-2}
    X, y = catalog
    embedder(max_epochs=1, supervised=True, callbacks=[Groups()], **options).fit(X, y)
    assert seen["network.encoder.layers.0.ffn_in.weight"] == (1e-4, 0.5)
    assert seen["network.encoder.layers.0.ffn_in.bias"] == (1e-4, 0.0)
    assert seen["network.encoder.layers.0.norm1.weight"] == (1e-4, 0.0)
    assert seen["head.dense.0.weight"] == (1e-2, 0.5)
    assert seen["head.dense.0.bias"] == (1e-2, 0.0)


# -- chance --------------------------------------------------------------------------------------


def test_threads_that_train_at_once_do_not_disturb_each_other(catalog):
    X, y = catalog
    before = torch.get_rng_state()
    alone = classifier(train_encoder=True).fit(X, y).predict_proba(X)
    work = (joblib.delayed(classifier(train_encoder=True).fit)(X, y) for _ in range(4))
    for model in joblib.Parallel(n_jobs=4, backend="threading")(work):
        np.testing.assert_allclose(model.predict_proba(X), alone, atol=1e-6)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_score_does_not_depend_on_the_batch(catalog):
    model = embedder().fit(catalog[0])
    scores = [model.set_params(batch_size=n).score(catalog[0]) for n in (3, 500)]
    assert scores[0] == scores[1]


# -- going on ------------------------------------------------------------------------------------


def test_a_checkpoint_is_of_one_way_to_learn(catalog, tmp_path):
    X, y = catalog
    model = classifier(checkpoint=tmp_path / "weights.pt")
    model.fit(X, y)
    with pytest.raises(ValueError, match="another run"):
        model.fit(X, y, sample_weight=np.where(y == "MIRA", 1e-3, 1.0))
    with pytest.raises(ValueError, match="another run"):
        model.fit(LightCurves(X.time, X.mag, offsets=X.offsets, ids=X.ids + 100), y)

    fitted = embedder().fit(X)
    other = copy.deepcopy(fitted)
    other.module_.encoder.magnitude.weight.data *= 2
    model = classifier(FrozenEstimator(fitted), checkpoint=tmp_path / "frozen.pt").fit(X, y)
    same = clone(model).set_params(encoder=FrozenEstimator(copy.deepcopy(fitted))).fit(X, y)
    np.testing.assert_array_equal(same.predict_proba(X), model.predict_proba(X))
    with pytest.raises(ValueError, match="another run"):
        clone(model).set_params(encoder=FrozenEstimator(other)).fit(X, y)


def test_a_checkpoint_of_more_epochs_is_not_a_shorter_run(catalog, tmp_path):
    model = embedder(max_epochs=3, checkpoint=tmp_path / "run.pt").fit(catalog[0])
    with pytest.raises(ValueError, match="holds 3 epochs, more than max_epochs=2"):
        model.set_params(max_epochs=2).fit(catalog[0])


# -- what else was silent ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patience": -1}, "patience is -1"),
        ({"warmup_steps": -1}, "warmup_steps is -1"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": -0.1}, "dropout"),
        ({"loss": "huber"}, "loss is 'huber'"),
        ({"random_fraction": 0.6, "same_fraction": 0.6}, r"same_fraction is 1\.2"),
        ({"batch_size": 0}, "'batch_size' parameter of Astromer"),
    ],
)
def test_parameters_out_of_range(catalog, options, message):
    X, y = catalog
    with pytest.raises(ValueError, match=message):
        classifier(**options).fit(X, y)
    with pytest.raises(ValueError, match=message):
        embedder(max_epochs=1, **options).fit(X)


def test_parts_of_no_windows_are_refused(catalog):
    with pytest.raises(ValueError, match="part_windows is 0"):
        embedder(max_epochs=1, part_windows=0).fit(catalog[0])


@pytest.mark.parametrize("missing", [None, np.nan])
def test_missing_labels_are_named(catalog, missing):
    X, y = catalog
    labels = y.astype(object)
    labels[3] = missing
    with pytest.raises(ValueError, match="label 3 is missing"):
        classifier().fit(X, labels)


def test_weights_of_other_windows_say_so(catalog, tmp_path):
    X, _ = catalog
    embedder(window_size=50).fit(X).save_pretrained(tmp_path / "mine")
    with pytest.warns(UserWarning, match="trained on windows of 50 observations"):
        AstromerEmbedder(tmp_path / "mine", max_epochs=0).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        AstromerEmbedder(tmp_path / "mine", max_epochs=0, window_size=50).fit(X)


def test_the_figures_of_an_encoder_are_of_the_weights_that_it_has(catalog, tmp_path):
    X, y = catalog
    model = classifier(embedder(max_epochs=1), train_encoder=True).fit(X, y)
    assert len(model.encoder_.history_) == 0
    model.encoder_.save_pretrained(tmp_path / "mine")
    assert len(classifier(embedder(max_epochs=1)).fit(X, y).encoder_.history_) == 1
