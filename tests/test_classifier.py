"""AstromerClassifier: encoders, heads, windows, weights, labels, scikit-learn around it."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from embedders import make_embedder, with_head_recipe
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_astromer import (
    AstromerClassifier,
    AstromerEmbedder,
    AstromerRegressor,
    LightCurves,
    Recipe,
)
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.inference import batches
from sklearn_astromer.training.recipes import resolved
from sklearn_astromer.training.supervision import Objects
from sklearn_astromer.windows import Windows


def embedder(**options):
    tiny = {"d_model": 16, "n_heads": 2, "d_ff": 16, "max_epochs": 0, "window_size": 50}
    tiny["residual"] = True  # an untrained encoder without it forgets nearly all it is shown
    return make_embedder(**{**tiny, **options})


def classifier(encoder=None, **options):
    small = {"units": 16, "max_epochs": 3, "dropout": 0.2, "random_state": 0}
    return AstromerClassifier(encoder or embedder(), **with_head_recipe({**small, **options}))


@pytest.fixture(scope="module")
def catalog():
    return make_variable_stars(
        60, classes=["MIRA", "CONST"], n_observations=(5, 180), random_state=0
    )


@pytest.mark.parametrize("head", ["mlp", "mean_std", "skip", "lstm"])
@pytest.mark.parametrize("train_encoder", [False, True])
def test_it_learns(catalog, head, train_encoder):
    X, y = catalog
    model = classifier(
        head=head, train_encoder=train_encoder, max_epochs=30, lr=1e-3, head_lr=1e-2
    ).fit(X[:40], y[:40])
    assert model.score(X[40:], y[40:]) >= 0.85
    probability = model.predict_proba(X)
    assert probability.dtype == np.float64
    np.testing.assert_allclose(probability.sum(1), 1, atol=1e-12)
    assert list(model.classes_) == ["CONST", "MIRA"]
    assert {"epoch", "train_loss", "valid_loss", "lr", "seconds", "best"} == set(model.history_)


@pytest.mark.filterwarnings("ignore:this processor has no instructions for bfloat16")
@pytest.mark.parametrize("head", ["mlp", "mean_std", "skip", "lstm"])
@pytest.mark.parametrize("train_encoder", [False, True])
def test_bfloat16_on_any_processor(catalog, head, train_encoder):
    X, y = catalog
    model = classifier(head=head, train_encoder=train_encoder, max_epochs=1)
    exact = model.fit(X, y).predict_proba(X)
    rounded = model.set_params(precision="bfloat16").fit(X, y).predict_proba(X)
    np.testing.assert_allclose(rounded, exact, atol=0.05)


def test_a_torch_module_as_head(catalog):
    class Largest(torch.nn.Module):
        def __init__(self, d_model, n_outputs):
            super().__init__()
            self.dense = torch.nn.Linear(d_model, n_outputs)

        def forward(self, vectors, mask):
            return self.dense(vectors.masked_fill(~mask[..., None], -1e9).amax(1))

    X, y = catalog
    assert classifier(head=Largest).fit(X, y).predict_proba(X).shape == (60, 2)
    with pytest.raises(TypeError, match="torch module"):
        classifier(head=lambda d, n: "no module").fit(X, y)
    with pytest.raises(ValueError, match=r"'head' parameter .* must be"):
        classifier(head="gru").fit(X, y)


# -- windows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", ["mlp", "mean_std", "skip", "lstm"])
def test_an_object_of_several_windows_does_not_depend_on_batches(catalog, head, monkeypatch):
    X, y = catalog
    model = classifier(head=head).fit(X, y)
    long = int(X.lengths.argmax())
    assert X.lengths[long] > 100  # three windows at least
    expected = model.predict_proba(X)
    order = np.random.RandomState(0).permutation(len(X))
    np.testing.assert_allclose(model.predict_proba(X[order]), expected[order], atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(X[[long]])[0], expected[long], atol=1e-6)
    for observations in (1, 200, 10**6):
        monkeypatch.setattr(batches, "CPU_BATCH_OBSERVATIONS", observations)
        np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-6)


def test_train_windows_bounds_a_step_and_draws_anew(catalog):
    X, _ = catalog
    windows = Windows(X, 50)
    rest = (np.zeros(60, int), np.ones(60), None)
    recipe = resolved(Recipe(train_windows=2, augment=True), "head")
    task = Objects(windows, *rest, recipe, 0, False, torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    long = int(X.lengths.argmax())
    drawn = [task.batch(np.array([long]), generator)[0] for _ in range(20)]
    assert {d["share"].shape for d in drawn} == {(2, 1)}
    assert all(d["share"].sum() == pytest.approx(1) for d in drawn)
    assert len({d["mag"].sum().item() for d in drawn}) > 3
    fixed = Objects(windows, *rest, recipe, 0, True, torch.device("cpu"))
    all_windows = (windows.object == long).sum()
    assert len(fixed.batch(np.array([long]), generator)[0]["share"]) == all_windows > 2


def test_train_windows_must_be_positive():
    with pytest.raises(ValueError, match="train_windows is -1"):
        classifier(train_windows=-1)


@pytest.mark.parametrize("head", ["mlp", "mean_std", "skip", "lstm"])
def test_what_is_trained_on_is_what_is_predicted_with(catalog, head):
    """The loss of an epoch without chance equals the loss of the predictions."""
    X, y = catalog
    options = {
        "dropout": 0.0,
        "label_smoothing": 0.0,
        "validation_fraction": 0,
        "max_epochs": 1,
        "head_lr": 0.0,
    }
    one_batch = {"batch_size": 1000, "head": head, "train_windows": 0}
    model = classifier(embedder(dropout=0.0), **options, **one_batch).fit(X, y)
    probability = model.predict_proba(X)[np.arange(len(y)), (y == "MIRA").astype(int)]
    assert model.history_["train_loss"][0] == pytest.approx(-np.log(probability).mean(), abs=1e-5)


def test_a_small_cache_changes_nothing(catalog):
    X, y = catalog
    kept = classifier(head="lstm").fit(X, y).predict_proba(X)
    again = classifier(head="lstm", cache_bytes=0).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(again, kept, atol=1e-4)


# -- encoders ------------------------------------------------------------------------------------


def weights_of(fitted):
    return {k: v.clone() for k, v in fitted.module_.state_dict().items()}


def same(a, b):
    return all(torch.equal(a[k], b[k]) for k in a)


def test_what_is_passed_is_never_modified(catalog):
    X, y = catalog
    fitted = embedder(max_epochs=1, random_state=3).fit(X)
    before = weights_of(fitted)
    unfitted = embedder()
    classifier(unfitted, train_encoder=True).fit(X, y)
    assert not hasattr(unfitted, "module_")
    model = classifier(FrozenEstimator(fitted), train_encoder=True, lr=1e-2).fit(X, y)
    assert same(weights_of(fitted), before)
    assert not same(weights_of(model.encoder_), before)
    kept = classifier(FrozenEstimator(fitted)).fit(X, y)
    assert same(weights_of(kept.encoder_), before)
    cloned = clone(kept).fit(X, y)
    np.testing.assert_array_equal(cloned.predict_proba(X), kept.predict_proba(X))


def test_a_bare_fitted_encoder_is_refitted(catalog):
    X, y = catalog
    fitted = embedder(max_epochs=1, random_state=3).fit(X[:20])
    model = classifier(fitted).fit(X, y)
    assert not same(weights_of(model.encoder_), weights_of(fitted))


@pytest.mark.filterwarnings("ignore:.*was trained on windows of")
def test_shorthands(catalog, tmp_path):
    X, y = catalog
    fitted = embedder(random_state=0).fit(X)
    fitted.save_pretrained(tmp_path / "mine")
    model = AstromerClassifier(tmp_path / "mine", max_epochs=1, random_state=0).fit(X, y)
    assert same(weights_of(model.encoder_), weights_of(fitted))
    fresh = AstromerClassifier(None, max_epochs=1, random_state=0).fit(X[:10], y[:10])
    assert fresh.encoder_.module_.encoder.config.d_model == 256
    best = AstromerClassifier(max_epochs=1, random_state=0).fit(X[:10], y[:10])
    assert best.encoder_.module_.encoder.config.own_periods
    with pytest.raises(TypeError, match="encoder must be"):
        AstromerClassifier(LogisticRegression()).fit(X, y)
    with pytest.raises(TypeError, match="fitted"):
        AstromerClassifier(FrozenEstimator(embedder())).fit(X, y)


def test_frozen_features_and_trained_encoder_read_the_same(catalog):
    """Without a learning rate, training the encoder must change no prediction."""
    X, y = catalog
    still = {"head_lr": 0.0, "max_epochs": 1}
    frozen = classifier(embedder(random_state=0), **still).fit(X, y)
    trained = classifier(embedder(random_state=0), train_encoder=True, lr=0.0, **still)
    np.testing.assert_allclose(
        trained.fit(X, y).predict_proba(X), frozen.predict_proba(X), atol=1e-6
    )


def test_reconstruction_beside_the_labels(catalog):
    """It keeps the decoder of use, and is in the training loss alone."""
    X, y = catalog
    encoder = FrozenEstimator(embedder(max_epochs=30, lr=1e-2, random_state=3).fit(X))
    options = {"train_encoder": True, "lr": 3e-3, "max_epochs": 20, "augment": True}
    options |= {"head_lr": 1e-2, "patience": 0}
    apart, beside = (
        classifier(encoder, reconstruction=factor, **options).fit(X, y) for factor in (0.0, 3.0)
    )
    assert beside.encoder_.score(X) > apart.encoder_.score(X)
    assert beside.history_["train_loss"].iloc[-1] > apart.history_["train_loss"].iloc[-1] + 0.5
    assert beside.score(X, y) > 0.75
    still = {"head_lr": 0.0, "lr": 0.0, "max_epochs": 1, "dropout": 0.0}
    first, second = (
        classifier(encoder, **{**options, **still}, reconstruction=factor).fit(X, y)
        for factor in (0.0, 3.0)
    )
    assert first.history_["valid_loss"][0] == second.history_["valid_loss"][0]
    with pytest.raises(ValueError, match="train_encoder=True"):
        classifier(reconstruction=1.0).fit(X, y)
    with pytest.raises(ValueError, match="train_encoder=True"):
        classifier(augment=True).fit(X, y)
    with pytest.raises(ValueError, match=r"reconstruction is -1\.0"):
        classifier(train_encoder=True, reconstruction=-1.0)


# -- weights, labels, seeds ----------------------------------------------------------------------


def test_weights_and_class_weights_matter(catalog):
    X, y = catalog
    plain = classifier(head_lr=1e-2).fit(X, y).predict_proba(X)
    weight = np.where(y == "MIRA", 50.0, 1.0)
    heavy = classifier(head_lr=1e-2).fit(X, y, sample_weight=weight).predict_proba(X)
    assert heavy[:, 1].mean() > plain[:, 1].mean() + 0.05
    by_class = classifier(head_lr=1e-2, class_weight={"MIRA": 50.0, "CONST": 1.0}).fit(X, y)
    np.testing.assert_allclose(by_class.predict_proba(X), heavy, atol=1e-6)
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        classifier().fit(X, y, sample_weight=-weight)


@pytest.mark.parametrize("labels", ["int", "bool", "object", "categorical"])
def test_labels_of_any_kind(catalog, labels):
    X, y = catalog
    of_kind = {
        "int": np.where(y == "MIRA", 7, -1),
        "bool": y == "MIRA",
        "object": y.astype(object),
        "categorical": pd.Series(y, dtype="category"),
    }[labels]
    predicted = classifier().fit(X, of_kind).predict(X)
    assert set(predicted) <= set(of_kind)


def test_a_head_trains_in_one_process(catalog):
    with pytest.raises(ValueError, match="device='accelerate' is of AstromerEmbedder"):
        classifier(device="accelerate").fit(*catalog)


def test_bad_labels_give_the_usual_errors(catalog):
    X, y = catalog
    with pytest.raises(ValueError, match="1 class"):
        classifier().fit(X, np.full(len(X), "MIRA"))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        classifier().fit(X, y[:-1])
    with pytest.raises(ValueError, match="NaN"):
        classifier().fit(X, np.where(y == "MIRA", np.nan, 1.0))
    with pytest.raises(ValueError, match="continuous"):
        classifier().fit(X, np.linspace(0, 1.5, len(X)))
    with pytest.raises(ValueError, match="requires y"):
        classifier().fit(X, None)
    with pytest.raises(NotFittedError):
        classifier().predict(X)
    assert classifier().fit(X, y).score(X, np.full(len(X), "unseen")) == 0


def test_seeds_and_pickles(catalog):
    X, y = catalog
    first = classifier(embedder(max_epochs=1)).fit(X, y)
    again = classifier(embedder(max_epochs=1)).fit(X, y)
    other = classifier(embedder(max_epochs=1), random_state=1).fit(X, y)
    expected = first.predict_proba(X)
    np.testing.assert_array_equal(again.predict_proba(X), expected)
    assert not np.allclose(other.predict_proba(X), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(first)).predict_proba(X), expected)
    np.testing.assert_array_equal(copy.deepcopy(first).predict_proba(X), expected)


def test_validation_is_stratified_and_keeps_bands_together(catalog):
    from sklearn_astromer.training.validation import split_stars

    ids = np.repeat(np.arange(50), 3)
    classes = np.where(ids < 40, 0, 1)
    valid = split_stars(ids, 0.2, 0, classes)
    assert set(ids[valid]).isdisjoint(ids[~valid])
    assert [valid[classes == c].mean() for c in (0, 1)] == [0.2, 0.2]
    assert split_stars(np.arange(3), 0.01, 0).sum() == 1
    assert split_stars(np.arange(3), 0.99, 0).sum() == 2
    lonely = split_stars(np.arange(9), 0.5, 0, np.array([0] * 8 + [1]))
    assert not lonely[8]  # the only one of its class stays in training


def test_no_objects(catalog):
    X, y = catalog
    model = classifier().fit(X, y)
    assert model.predict_proba(X[:0]).shape == (0, 2)
    assert model.predict(X[:0]).shape == (0,)


# -- scikit-learn around it ----------------------------------------------------------------------


def test_grid_search_over_head_and_nested_encoder(catalog):
    X, y = catalog
    search = GridSearchCV(
        classifier(max_epochs=2),
        {"head": ["mlp", "skip"], "encoder__architecture__n_layers": [1, 2]},
        cv=2,
        error_score="raise",
    ).fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    best = search.best_params_["encoder__architecture__n_layers"]
    assert search.best_estimator_.encoder_.module_.encoder.config.n_layers == best


@pytest.mark.reliability
def test_calibration_stacking_and_processes(catalog):
    X, y = catalog
    model = classifier(max_epochs=5)
    calibrated = CalibratedClassifierCV(model, cv=2).fit(X, y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(1), 1)

    def spread(curves):
        return np.array([[c[:, 1].std(), len(c)] for c in curves])

    features = make_pipeline(FunctionTransformer(spread), LogisticRegression())
    stack = StackingClassifier([("astromer", model), ("features", features)], cv=2).fit(X, y)
    assert stack.score(X, y) > 0.9
    scores = cross_val_score(model, X, y, cv=2, n_jobs=2, error_score="raise")
    np.testing.assert_allclose(scores, cross_val_score(model, X, y, cv=2))


def test_sample_weight_is_routed(catalog):
    X, y = catalog
    weight = np.where(y == "MIRA", 50.0, 1.0)
    with config_context(enable_metadata_routing=True):
        model = classifier(head_lr=1e-2).set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=False)
        routed = cross_validate(
            model, X, y, params={"sample_weight": weight}, cv=2, return_estimator=True
        )["estimator"]
        plain = cross_validate(classifier(head_lr=1e-2), X, y, cv=2, return_estimator=True)[
            "estimator"
        ]
    means = [[m.predict_proba(X)[:, 1].mean() for m in fitted] for fitted in (routed, plain)]
    assert np.subtract(*means).min() > 0.05


@pytest.mark.parametrize(
    "model", [AstromerEmbedder(None), AstromerClassifier("macho"), AstromerRegressor(head="skip")]
)
def test_notebooks_show_parameters(model):
    assert type(model).__name__ in model._repr_html_()
    assert "macho" in repr(AstromerClassifier("macho"))


def test_pandas_output_leaves_probabilities_alone(catalog):
    X, y = catalog
    expected = classifier(max_epochs=1).fit(X, y).predict_proba(X)
    with config_context(transform_output="pandas"):
        np.testing.assert_array_equal(classifier(max_epochs=1).fit(X, y).predict_proba(X), expected)


def test_stacking_cannot_pass_curves_through(catalog):
    X, y = catalog
    stack = StackingClassifier([("astromer", classifier(max_epochs=1))], cv=2, passthrough=True)
    with pytest.raises((TypeError, ValueError)):
        stack.fit(X, y)


@pytest.fixture(scope="module")
def stripe82(shared):
    path = shared / "data" / "stripe82.parquet"
    curves = LightCurves.read(path, band="r")
    labels = pd.read_parquet(path, columns=["label", "band"]).query("band == 'r'")["label"]
    labels = labels.to_numpy(dtype=str)
    order = np.random.RandomState(0).permutation(len(curves))
    chosen = np.sort(np.concatenate([order[labels[order] == c][:60] for c in ("RRab", "RRc")]))
    return curves[chosen], labels[chosen]


@pytest.fixture(scope="module")
def macho(shared):
    return AstromerEmbedder(shared / "weights" / "macho_a0.zip", max_epochs=0)


@pytest.mark.reliability
def test_heads_on_real_curves(stripe82, macho):
    X, y = stripe82
    model = AstromerClassifier(macho, max_epochs=10, random_state=0)
    folds = {"cv": 2, "scoring": "f1_macro", "error_score": "raise"}
    for head in ("mlp", "skip", "lstm"):
        assert cross_val_score(model.set_params(head=head), X, y, **folds).mean() > 0.6
    grid = {"head": ["mlp", "skip"], "encoder__window_size": [50, 200]}
    search = GridSearchCV(model, grid, **folds).fit(X, y)
    assert search.best_score_ > 0.6
    assert len(set(search.cv_results_["mean_test_score"])) > 2


def test_calibration_and_stacking_on_real_curves(stripe82, macho):
    X, y = stripe82
    model = AstromerClassifier(macho, max_epochs=20, random_state=0)
    calibrated = CalibratedClassifierCV(model, cv=2).fit(X[:90], y[:90])
    np.testing.assert_allclose(calibrated.predict_proba(X[90:]).sum(1), 1)

    def amplitudes(curves):
        return np.array([np.percentile(c[:, 1], [5, 25, 50, 75, 95]) for c in curves])

    features = make_pipeline(FunctionTransformer(amplitudes), RandomForestClassifier(50))
    stack = StackingClassifier([("astromer", model), ("features", features)], cv=2)
    assert f1_score(y[90:], stack.fit(X[:90], y[:90]).predict(X[90:]), average="macro") > 0.6


def test_what_a_head_does_not_use_is_told(catalog):
    curves, labels = catalog
    model = classifier(embedder(row="std"), max_epochs=1)
    with pytest.warns(UserWarning, match="the row of the encoder is not used"):
        model.fit(curves, labels)
    numbers = np.arange(len(curves)) % 3 - 1
    with pytest.warns(UserWarning, match="the label -1 is a class like others"):
        classifier(max_epochs=1).fit(curves, numbers)
