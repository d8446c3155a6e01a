"""What classifiers, regressors and transformers give for catalogs."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sklearn_astromer import AstromerClassifier, AstromerRegressor
from sklearn_astromer.multiband import MultiBandEmbedder
from sklearn_astromer.scale import embed_partitions

lsdb = pytest.importorskip("lsdb")
dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")

LABELS = np.array(["RRAB", "EA", "DSCT"])[np.arange(40) % 3]
VALUES = np.linspace(1234.5, 2345.6, 40)


@pytest.fixture
def frame(stars):
    return dd.from_pandas(stars, npartitions=4)


def fitted(model, stars, y):
    return model.fit(stars["lightcurve"], y)


def small(kind, embedder):
    return kind(clone(embedder), max_epochs=2, random_state=0)


def by_parts(result):
    """Compute each partition; all have the dtypes that were promised."""
    parts = [result.partitions[i].compute(scheduler="sync") for i in range(result.npartitions)]
    for part in parts:
        pd.testing.assert_series_equal(part.dtypes, result.dtypes)
    return pd.concat(parts)


@pytest.mark.parametrize("labels", [LABELS, np.arange(40) % 3 + 5], ids=["text", "integers"])
@pytest.mark.parametrize("made", ["classifier", "pipeline"])
def test_probabilities_and_classes(stars, frame, embedder, made, labels, tmp_path):
    model = small(AstromerClassifier, embedder)
    if made == "pipeline":
        model = make_pipeline(clone(embedder), StandardScaler(), LogisticRegression())
    model = fitted(model, stars, labels)
    frame = frame[frame["color"] > 0.3]  # a partition is empty
    stars = stars[stars["color"] > 0.3]
    rows = by_parts(embed_partitions(frame, model, columns=["color"]))
    names = [f"probability_{label}" for label in sorted(set(labels))]
    assert rows.columns.tolist() == ["color", *names]
    assert set(rows[names].dtypes) == {np.dtype(np.float32)}
    assert rows.index.tolist() == stars.index.tolist()
    expected = model.predict_proba(stars["lightcurve"])
    np.testing.assert_allclose(rows[names], expected, rtol=0, atol=1e-5)

    result = embed_partitions(frame, model, method="predict")
    rows = by_parts(result)
    assert rows.columns.tolist() == ["prediction"]
    assert rows["prediction"].tolist() == model.predict(stars["lightcurve"]).tolist()
    text = pd.ArrowDtype(pa.string())
    assert rows["prediction"].dtype == (labels.dtype if labels.dtype.kind == "i" else text)
    result.to_parquet(tmp_path)
    again = dd.read_parquet(tmp_path).compute(scheduler="sync")
    assert again["prediction"].tolist() == rows["prediction"].tolist()


def test_classes_without_probabilities(stars, frame, embedder):
    model = fitted(make_pipeline(clone(embedder), LinearSVC()), stars, LABELS)
    rows = embed_partitions(frame, model).compute(scheduler="sync")
    assert rows["prediction"].tolist() == model.predict(stars["lightcurve"]).tolist()


@pytest.mark.parametrize("made", ["regressor", "pipeline"])
def test_predictions_of_regressors(stars, frame, embedder, made):
    model = small(AstromerRegressor, embedder)
    if made == "pipeline":
        model = make_pipeline(clone(embedder), LinearRegression())
    model = fitted(model, stars, VALUES)
    rows = by_parts(embed_partitions(frame[frame["color"] > 0.3], model))
    assert rows["prediction"].dtype == np.float64
    stars = stars[stars["color"] > 0.3]
    np.testing.assert_allclose(rows["prediction"], model.predict(stars["lightcurve"]), rtol=1e-4)


def test_probabilities_of_all_bands(stars, rubin, embedder):
    bands = MultiBandEmbedder(clone(embedder), ["r", "g"], missing="indicator")
    column = rubin["diaObjectForcedSource"]
    model = make_pipeline(bands, LogisticRegression(max_iter=1000)).fit(column, LABELS)
    rows = by_parts(embed_partitions(dd.from_pandas(rubin, npartitions=4), model))
    np.testing.assert_allclose(rows, model.predict_proba(column), rtol=0, atol=1e-5)


def test_predictions_written_as_hats(stars, embedder, tmp_path):
    model = fitted(small(AstromerClassifier, embedder), stars, LABELS)
    places = stars.assign(ra=np.linspace(0, 359, 40), dec=np.linspace(-60, 60, 40)).reset_index()
    catalog = lsdb.from_dataframe(places, partition_rows=10, margin_threshold=None)
    for method, expected in [
        ("auto", model.predict_proba(stars["lightcurve"]).astype(np.float32)),
        ("predict", model.predict(stars["lightcurve"])[:, None]),
    ]:
        result = embed_partitions(catalog, model, method=method, columns=["star"])
        with dask.config.set(scheduler="sync"):
            result.write_catalog(tmp_path / method, catalog_name=method, progress_bar=False)
            again = lsdb.open_catalog(tmp_path / method).compute(progress_bar=False)
        again = again.set_index("star").loc[stars.index, result.columns[3:]]
        if method == "predict":
            assert again.to_numpy().tolist() == expected.tolist()
        else:
            assert again.columns[0] == "probability_DSCT"
            np.testing.assert_allclose(again.to_numpy(np.float32), expected, rtol=0, atol=1e-5)


def test_what_cannot_be_computed_is_said_at_once(stars, frame, embedder):
    for model in (AstromerClassifier(), make_pipeline(clone(embedder), LogisticRegression())):
        with pytest.raises(NotFittedError):
            embed_partitions(frame, model)
    with pytest.raises(ValueError, match="method must be one of"):
        embed_partitions(frame, embedder, method="embed")
    with pytest.raises(TypeError, match="this AstromerEmbedder has no predict_proba"):
        embed_partitions(frame, embedder, method="predict_proba")
    model = fitted(small(AstromerClassifier, embedder), stars, LABELS)
    taken = dd.from_pandas(stars.rename(columns={"color": "probability_EA"}))
    with pytest.raises(ValueError, match=r"columns of the same names: .'probability_EA'"):
        embed_partitions(taken, model, columns=["probability_EA"])
    two = make_pipeline(clone(embedder), MultiOutputClassifier(LogisticRegression()))
    two = fitted(two, stars, np.stack([LABELS, LABELS[::-1]], axis=1))
    with pytest.raises(ValueError, match="several targets"):
        embed_partitions(frame, two)
    values = fitted(
        make_pipeline(clone(embedder), LinearRegression()), stars, np.stack([VALUES, VALUES], 1)
    )
    with pytest.raises(ValueError, match=r"predict gave an array of shape \(10, 2\)"):
        embed_partitions(frame, values).compute(scheduler="sync")
