"""What scikit-learn does with estimators, on ragged light curves."""

import numpy as np
import pytest
from embedders import make_embedder
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, learning_curve, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_astromer import AstromerClassifier, AstromerEmbedder
from sklearn_astromer.datasets import make_variable_stars


@pytest.fixture(scope="module")
def catalog():
    return make_variable_stars(
        60, classes=["MIRA", "CONST"], n_observations=(5, 260), random_state=0
    )


def embedder(**options):
    return make_embedder(
        d_model=16, n_heads=2, d_ff=16, **{"max_epochs": 0, "random_state": 0, **options}
    )


def pipeline(**options):
    forest = RandomForestClassifier(30, random_state=0)
    return Pipeline([("emb", embedder(row=("mean", "std"))), ("clf", forest)], **options)


def test_cross_val_score_in_processes_equals_one_process(catalog):
    X, y = catalog
    alone = cross_val_score(pipeline(), X, y, cv=3)
    np.testing.assert_array_equal(cross_val_score(pipeline(), X, y, cv=3, n_jobs=2), alone)
    assert alone.mean() > 0.8


def test_fine_tuning_in_every_fold(catalog):
    X, y = catalog
    model = pipeline().set_params(emb__max_epochs=1)
    assert np.isfinite(cross_val_score(model, X, y, cv=2, error_score="raise")).all()


def test_grid_search_over_pooling_and_the_classifier(catalog):
    X, y = catalog
    grid = {"emb__row": ["mean", "max", "layers"], "clf__max_depth": [1, None]}
    search = GridSearchCV(pipeline(), grid, cv=2, error_score="raise").fit(X, y)
    assert len(search.cv_results_["params"]) == 6
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    assert (search.predict(X[:7]) == search.best_estimator_.predict(X[:7])).all()


def test_model_selection_without_labels(catalog):
    X, _ = catalog
    search = GridSearchCV(
        embedder(max_epochs=1, lr=1e-2), {"architecture__n_layers": [1, 2]}, cv=2
    ).fit(X)
    assert search.best_score_ < 0
    assert search.best_estimator_.score(X) < 0


def test_pipeline_memory_finds_the_same_catalog_again(catalog, tmp_path, monkeypatch):
    X, y = catalog
    calls = []
    fit = AstromerEmbedder.fit
    monkeypatch.setattr(AstromerEmbedder, "fit", lambda *a, **k: calls.append(1) or fit(*a, **k))
    first = pipeline(memory=str(tmp_path)).fit(X, y).predict(X)
    again = pipeline(memory=str(tmp_path)).fit(X[np.arange(len(X))], y).predict(X)
    assert len(calls) == 1
    np.testing.assert_array_equal(again, first)
    pipeline(memory=str(tmp_path)).fit(X[::-1], y[::-1])
    assert len(calls) == 2


def test_pipeline_memory_and_checkpoints_know_weights_by_their_content(catalog, tmp_path):
    X, y = catalog
    path, state = str(tmp_path / "weights"), tmp_path / "head.pt"
    rows = []
    for seed in (1, 2):
        embedder(random_state=seed).fit(X).save_pretrained(path, overwrite=True)
        frozen = AstromerEmbedder(path, max_epochs=0)
        model = make_pipeline(frozen, RandomForestClassifier(5), memory=str(tmp_path / "kept"))
        rows.append(model.fit(X, y)[0].transform(X))
        np.testing.assert_array_equal(rows[-1], frozen.fit(X).transform(X))
        head = AstromerClassifier(path, max_epochs=1, checkpoint=state, random_state=0)
        if seed == 1:
            head.fit(X, y)
            continue
        with pytest.raises(ValueError, match="the checkpoint of another run"):
            head.fit(X, y)
    assert np.abs(rows[0] - rows[1]).max() > 0.1


def test_clone_loses_the_fit_and_frozen_keeps_it(catalog):
    X, y = catalog
    fitted = embedder(max_epochs=1).fit(X)
    assert not hasattr(clone(fitted), "module_")
    frozen = make_pipeline(FrozenEstimator(fitted), LogisticRegression()).fit(X, y)
    np.testing.assert_array_equal(clone(frozen)[0].transform(X), fitted.transform(X))


def test_split_and_learning_curve(catalog):
    X, y = catalog
    train, test, _, y_test = train_test_split(X, y, stratify=y, random_state=0)
    assert len(train) + len(test) == len(X)
    assert len(y_test) == len(test)
    sizes, _, scores = learning_curve(pipeline(), X, y, cv=2, train_sizes=[0.5, 1.0])
    assert list(sizes) == [15, 30]
    assert np.isfinite(scores).all()


def test_column_transformer_with_a_column_of_curves(catalog):
    import pandas as pd

    X, y = catalog
    frame = pd.DataFrame({"curve": list(X), "colour": np.linspace(0, 1, len(X))})
    columns = ColumnTransformer(
        [("lc", embedder(row=("mean", "std")), "curve"), ("tab", StandardScaler(), ["colour"])]
    )
    rows = columns.fit_transform(frame)
    np.testing.assert_array_equal(rows[:, :32], columns.named_transformers_["lc"].transform(X))
    model = make_pipeline(columns, RandomForestClassifier(20, random_state=0))
    assert cross_val_score(model, frame, y, cv=2, error_score="raise").mean() > 0.7


def test_set_config_pandas_through_a_pipeline(catalog):
    X, _ = catalog
    model = make_pipeline(embedder(), StandardScaler()).set_output(transform="pandas")
    frame = model.fit_transform(X)
    assert list(frame.index) == list(X.ids)
    assert frame.columns[0] == "astromerembedder_mean_0"
