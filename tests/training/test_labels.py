"""Labels beside masked reconstruction: what may be missing, and that nothing leaks."""

import numpy as np
import pandas as pd
import pytest
import torch
from embedders import make_embedder
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline

from sklearn_astromer import AstromerClassifier, AstromerEmbedder, AstromerRegressor, Recipe
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.training.labels import LabelLoss, Labels, read_labels
from sklearn_astromer.training.tasks import Loader

TINY = {"d_model": 16, "n_heads": 2, "d_ff": 16, "n_layers": 1, "residual": True}
TINY |= {"scaled_inputs": True, "random_state": 0, "supervised": True}


@pytest.fixture(scope="module")
def stars():
    return make_variable_stars(60, classes=["MIRA", "CONST"], n_observations=40, random_state=0)


# -- reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "target", "classes"),
    [
        (["b", None, "a"], [1, -1, 0], ["a", "b"]),
        (np.array(["b", np.nan, "a"], dtype=object), [1, -1, 0], ["a", "b"]),
        (pd.Series(["b", pd.NA, "a"], dtype="string"), [1, -1, 0], ["a", "b"]),
        ([7, -1, 3], [1, -1, 0], [3, 7]),
        (np.array([7, None, 3], dtype=object), [1, -1, 0], [3, 7]),
        ([True, False, True], [1, 0, 1], [False, True]),
        (["-1", "x", "-1"], [0, 1, 0], ["-1", "x"]),
        (["b", "", "a"], [1, -1, 0], ["a", "b"]),
        (np.array(["b", " ", "a"]), [1, -1, 0], ["a", "b"]),
    ],
)
def test_classes(y, target, classes):
    found = read_labels(y, 3)
    assert found.target.tolist() == target
    assert found.classes.tolist() == classes
    assert found.share == 1 - (-1 in target) / 3


@pytest.mark.parametrize("y", [[1.0, np.nan, 3.0], np.array([1.0, None, 3.0], dtype=object)])
def test_numbers_are_standardised(y):
    found = read_labels(y, 3)
    assert found.classes is None
    np.testing.assert_array_equal(found.target, [-1, np.nan, 1])
    assert found.share == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "y is None"),
        (["a", "b"], "a label per row"),
        ([None, None, None], "all of y are missing"),
        ([-1, -1, -1], "all of y are missing"),
        ([np.nan] * 3, "all of y are missing"),
        (["a", None, "a"], "one class only"),
        ([1.0, np.inf, 2.0], r"y\[1\] is infinite"),
    ],
)
def test_labels_that_tell_nothing(y, message):
    with pytest.raises(ValueError, match=message):
        read_labels(y, 3)


# -- the loss ------------------------------------------------------------------------------------


def test_classes_of_other_surveys_are_no_rivals():
    labels = read_labels(["a:x", "a:y", "b:x", "b:y", None], 5)
    loss = LabelLoss(labels)
    output = torch.tensor([[2.0, 0.0, 50.0, 50.0]]).repeat(5, 1)
    each, weight = loss(output, torch.from_numpy(labels.target))
    expected = torch.nn.functional.cross_entropy(
        output[:2, :2], torch.tensor([0, 1]), reduction="none"
    )
    torch.testing.assert_close(each[:2], expected)
    assert weight.tolist() == [1, 1, 1, 1, 0]


def test_rare_classes_weigh_more_and_the_mean_is_one():
    target = np.repeat([0, 1], [90, 10])
    loss = LabelLoss(Labels(target, np.array(["a", "b"])))
    assert float(loss.weight[1] / loss.weight[0]) == pytest.approx(3)
    assert float(loss.weight[target].mean()) == pytest.approx(1)


def test_missing_numbers_weigh_nothing_and_give_no_gradient():
    labels = Labels(np.array([0.5, np.nan]), None)
    output = torch.zeros(2, 1, requires_grad=True)
    each, weight = LabelLoss(labels)(output, torch.from_numpy(labels.target))
    (each * weight).sum().backward()
    assert weight.tolist() == [1, 0]
    assert output.grad[:, 0].tolist() == [-1, 0]


# -- fitting -------------------------------------------------------------------------------------


def test_labels_are_learned_and_the_head_is_no_part_of_the_weights(stars):
    X, y = stars
    model = make_embedder(**TINY, max_epochs=15, lr=3e-3, batch_size=16).fit(X, y)
    history = model.history_
    assert history["valid_label_loss"].iloc[-1] < 0.5 * history["valid_label_loss"].iloc[0]
    assert {name.split(".")[0] for name in model.module_.state_dict()} == {"encoder", "decoder"}
    assert model.training_["labels"] is True
    assert model.transform(X).shape == (60, 16)


def test_labels_are_ignored_by_default(stars):
    X, y = stars
    options = {**TINY, "supervised": False, "max_epochs": 1}
    one, other = (make_embedder(**options).fit(X, each).transform(X) for each in (y, None))
    np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="y is None"):
        make_embedder(**TINY, max_epochs=1).fit(X)


@pytest.mark.parametrize("numbers", [False, True])
def test_some_labels_are_enough(stars, numbers):
    X, y = stars
    labels = np.log(X.lengths + np.arange(60.0)) if numbers else y.astype(object)
    labels[::2] = np.nan if numbers else None
    model = make_embedder(**TINY, max_epochs=1).fit(X, labels)
    assert np.isfinite(model.history_["train_label_loss"][0])


def test_a_permuted_y_in_a_fold_gives_chance(stars):
    X, y = stars
    y = np.random.RandomState(1).permutation(y)
    model = Pipeline(
        [
            ("emb", make_embedder(**TINY, max_epochs=10, lr=3e-3, batch_size=16)),
            ("clf", RandomForestClassifier(50, random_state=0)),
        ]
    )
    assert 0.3 < cross_val_score(model, X, y, cv=3).mean() < 0.7


def test_recipe_and_labels_are_searched(stars):
    X, y = stars
    forest = RandomForestClassifier(20, random_state=0)
    model = Pipeline([("emb", make_embedder(**TINY, max_epochs=1)), ("clf", forest)])
    grid = {"emb__training__lr": [1e-3, 3e-3], "emb__supervised": [False, True]}
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    chosen = search.best_estimator_["emb"]
    assert chosen.training.lr == search.best_params_["emb__training__lr"]


def test_a_killed_run_with_labels_and_parts_ends_as_one_that_was_not(stars, tmp_path, monkeypatch):
    X, y = stars
    options = {**TINY, "own_periods": 1, "max_epochs": 2, "batch_size": 16, "lr": 3e-3, "parts": 2}
    unbroken = make_embedder(**options).fit(X, y)
    kept = {"checkpoint": tmp_path / "run.pt", "checkpoint_minutes": 0.0}
    iterate, steps = Loader.__iter__, []

    def stop_after_some(loader):
        for batch in iterate(loader):
            steps.append(0 if loader.task.fixed else 1)
            if sum(steps) > 4:
                raise OSError("the machine went down")
            yield batch

    monkeypatch.setattr(Loader, "__iter__", stop_after_some)
    with pytest.raises(OSError, match="went down"):
        make_embedder(**options, **kept).fit(X, y)
    monkeypatch.undo()
    again = make_embedder(**options, **kept).fit(X, y)
    columns = ["train_loss", "valid_loss", "train_label_loss"]
    np.testing.assert_allclose(again.history_[columns], unbroken.history_[columns], atol=1e-6)
    with pytest.raises(ValueError, match="another catalog"):
        make_embedder(**options, **kept).fit(X, y[::-1])


@pytest.mark.parametrize(
    "y",
    [
        ["a", float("nan"), "b"],
        np.array(["a", np.nan, "b"], dtype=object),
        pd.Series(["a", None, "b"]),
        pd.Series([1, None, 0], dtype="Int64"),
        pd.array([True, None, False]),
        pd.Categorical(["a", None, "b"]),
        [1, None, 0],
        ["a", "", "b"],
    ],
    ids=lambda y: type(y).__name__,
)
def test_what_is_missing_is_no_class_and_whole_numbers_are_no_values(y):
    labels = read_labels(y, 3)
    assert len(labels.classes) == 2
    assert labels.target[1] == -1
    curves, _ = make_variable_stars(3, random_state=0)
    with pytest.raises(ValueError, match="label 1 is missing"):
        AstromerClassifier(max_epochs=1).fit(curves, y)


def test_classes_that_became_floats_are_told():
    known = pd.Series([0, 1, 2, 1]).where([True, True, False, True])
    with pytest.warns(UserWarning, match="whole numbers as floats, which are taken for values"):
        assert read_labels(known, 4).classes is None


def test_an_embedder_that_learns_labels_gets_those_of_the_classifier(stars):
    curves, y = stars
    encoder = make_embedder(d_model=8, n_heads=2, d_ff=8, max_epochs=1, supervised=True)
    model = AstromerClassifier(encoder, max_epochs=1, random_state=0).fit(curves, y)
    assert "train_label_loss" in model.encoder_.history_


def test_what_changes_nothing_is_told(stars):
    for options in ({"training": Recipe(lr=1e-3)}, {"checkpoint": "run.pt"}):
        with pytest.warns(UserWarning, match="training and checkpoint change nothing here"):
            AstromerEmbedder("surveys-small", random_state=0, **options).fit(stars[0])
    with pytest.raises(ValueError, match=r"Recipe has no 'learning_rat': the names are|did you"):
        AstromerEmbedder().set_params(training__learning_rat=1)


def test_missing_labels_that_became_text_are_told():
    with pytest.warns(UserWarning, match='a class is called "nan"'):
        assert read_labels(np.array(["a", "b", np.nan]), 3).classes.tolist() == ["a", "b", "nan"]


def test_masked_labels_are_missing():
    masked = np.ma.array([0, 1, 0, 1], mask=[True, False, False, False])
    labels = read_labels(masked, 4)
    assert labels.target.tolist() == [-1, 1, 0, 1]
    polars = pytest.importorskip("polars")
    labels = read_labels(polars.Series([0, 1, None, 1]), 4)
    assert labels.target.tolist() == [0, 1, -1, 1]


def test_whole_numbers_among_others_are_numbers():
    assert read_labels([0.5, 1, None, 2.5], 4).classes is None
    with pytest.raises(ValueError, match="text and numbers"):
        read_labels([1, "1", 2], 3)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([2**70, 1] * 4, "whole numbers past 2\\^63, as 1180591620717411303424"),
        (np.array([2**63, 1] * 4, dtype=np.uint64), "whole numbers past 2\\^63"),
        ([-(2**64), None] * 4, "whole numbers past 2\\^63"),
        (["a", 2**70] * 4, "text and numbers"),
        (["a", 1] * 4, "text and numbers"),
        (np.array(["2020-01-31", "2020-02-01"] * 4, dtype="M8[D]"), "dates or times"),
        (pd.Series(pd.to_timedelta([1, 2] * 4, unit="D")), "dates or times"),
    ],
)
def test_labels_that_no_array_holds(labels, said):
    curves = make_variable_stars(8, random_state=0)[0]
    with pytest.raises(ValueError, match=said):
        read_labels(labels, 8)
    if not pd.isna(labels).any():
        for model in (AstromerClassifier, AstromerRegressor):
            with pytest.raises(ValueError, match=said):
                model("surveys-small", max_epochs=1).fit(curves, labels)


def test_no_labels_at_all(stars):
    with pytest.raises(ValueError, match="all of y are missing"):
        read_labels([], 0)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        AstromerClassifier("surveys-small", max_epochs=1).fit(stars[0], [])
