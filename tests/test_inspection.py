"""The displays: what they hold, what they draw, and what they leave alone."""

import importlib
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import torch
from embedders import make_embedder
from sklearn.decomposition import TruncatedSVD
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_astromer import (
    AstromerClassifier,
    AstromerEmbedder,
    AstromerRegressor,
    LightCurves,
)
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.inspection import (
    AttentionDisplay,
    EmbeddingDisplay,
    FewShotDisplay,
    PeriodogramDisplay,
    ReconstructionDisplay,
    TrainingCurveDisplay,
)

mpl.use("Agg")
import matplotlib.pyplot as plt

SMALL = {"d_model": 16, "n_heads": 2, "d_ff": 16, "window_size": 40, "random_state": 0}


@pytest.fixture(autouse=True)
def nothing_is_left_changed():
    """No display touches rcParams, a global generator or the number of threads."""
    before, (_, state, position, *_) = dict(mpl.rcParams), np.random.get_state()
    threads = torch.get_num_threads()
    yield
    assert torch.get_num_threads() == threads
    assert dict(mpl.rcParams) == before
    assert np.random.get_state()[2] == position
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.fixture(scope="module")
def stars():
    return make_variable_stars(42, n_observations=(30, 100), random_state=0)


@pytest.fixture(scope="module")
def curves(stars):
    return stars[0]


@pytest.fixture(scope="module")
def embedder(curves):
    return make_embedder(**SMALL, max_epochs=4, lr=0.01, batch_size=16, patience=0).fit(curves)


def labels_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def draws(display):
    """Whether it can be drawn, every text of it within the figure and none over another."""
    figure = display.figure_
    figure.canvas.draw()
    ax = display.ax_
    texts = [ax.xaxis.label, ax.yaxis.label, ax.title, ax._left_title, ax.get_legend()]
    boxes = [t.get_window_extent() for t in texts if t is not None and getattr(t, "_text", "x")]
    for i, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[:i])
    return True


# -- reconstruction ------------------------------------------------------------------------------


def test_reconstruction_shows_what_reconstruct_gives(embedder, curves):
    display = ReconstructionDisplay.from_estimator(embedder, curves, index=3, random_state=0)
    n = curves.lengths[3]
    # half of each window, and each has something to see
    windows = np.array_split(display.hidden, -(-n // 40))
    assert [hidden.sum() for hidden in windows] == [round(len(w) / 2) for w in windows]
    expected = embedder.reconstruct(curves[[3]], hidden=[display.hidden])[0]
    np.testing.assert_array_equal(display.reconstructed, expected)
    time, mag = curves[3].T[:2]
    x, y = display.reconstructed_.get_data()
    np.testing.assert_array_equal(x, time[display.hidden])
    np.testing.assert_array_equal(y, expected[display.hidden])
    np.testing.assert_array_equal(display.shown_.lines[0].get_ydata(), mag[~display.hidden])
    np.testing.assert_array_equal(display.hidden_.lines[0].get_ydata(), mag[display.hidden])
    assert display.rmse == pytest.approx(np.std(y - mag[display.hidden]), rel=0.5)
    assert display.ax_.get_title(loc="left") == f"object 3\nRMSE {display.rmse:.3f} mag"
    assert display.ax_.yaxis_inverted()
    assert display.ax_.get_xlabel() == "time (days)"
    assert display.ax_.get_ylabel() == "magnitude (mag)"
    assert sorted(labels_of(display)) == ["hidden", "reconstructed", "shown"]
    assert draws(display)


def test_names_are_drawn_as_they_are(embedder, curves):
    names = np.array(["V$^$1", "_g", "a_b", "\\"])
    few = LightCurves._trusted(curves[:4]._flat._replace(ids=names))
    for i, name in enumerate(names):
        ax = few.plot(str(name))
        ax.figure.canvas.draw()
        display = ReconstructionDisplay.from_estimator(embedder, few, index=i, random_state=0)
        assert draws(display)
    classes = EmbeddingDisplay.from_embeddings(np.eye(4), names, target_name="$^$")
    assert [text.strip().replace("\\$", "$") for text in labels_of(classes)] == sorted(names)
    assert draws(classes)


def test_reconstruction_with_a_mask_of_ones_own(embedder, curves):
    hidden = np.zeros(curves.lengths[0], dtype=bool)
    hidden[::3] = True
    display = ReconstructionDisplay.from_estimator(embedder, curves, hidden=hidden.tolist())
    np.testing.assert_array_equal(display.hidden, hidden)
    fewer = ReconstructionDisplay.from_estimator(embedder, curves, hidden=0.1, random_state=0)
    assert 0 < fewer.hidden.sum() < hidden.sum()
    again = ReconstructionDisplay.from_estimator(embedder, curves, hidden=0.1, random_state=0)
    np.testing.assert_array_equal(fewer.hidden, again.hidden)
    all_but_one = ReconstructionDisplay.from_estimator(embedder, curves, hidden=1, random_state=0)
    assert (~all_but_one.hidden).sum() == -(-curves.lengths[0] // 40)


def test_reconstruction_without_errors_and_folded(embedder, curves):
    bare = [curve[:, :2] for curve in curves]
    display = ReconstructionDisplay.from_estimator(
        FrozenEstimator(embedder), bare, period=0.7, random_state=0, shown_kwargs={"c": "k"}
    )
    x = display.reconstructed_.get_xdata()
    time = curves[0][:, 0]
    np.testing.assert_allclose(x, ((time - time[0]) / 0.7 % 1)[display.hidden])
    assert display.ax_.get_xlabel() == "phase (period 0.7 days)"
    assert display.shown_.lines[0].get_color() == "k"
    assert not display.shown_.has_yerr
    assert draws(display)
    # a second one on the same axes does not turn them over again
    display.plot(ax=display.ax_)
    assert display.ax_.yaxis_inverted()


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"hidden": 1.5}, ValueError, "hidden must be in"),
        ({"hidden": [True]}, ValueError, "hidden must be one bool array"),
        ({"hidden": 0.0}, ValueError, "nothing is hidden of object 0"),
        ({"index": 99}, IndexError, "99"),
        ({"period": -1.0}, ValueError, "period must be positive"),
    ],
)
def test_reconstruction_refuses(embedder, curves, options, kind, message):
    with pytest.raises(kind, match=message):
        ReconstructionDisplay.from_estimator(embedder, curves, random_state=0, **options)


@pytest.mark.parametrize("display", [ReconstructionDisplay, AttentionDisplay])
def test_only_a_fitted_embedder_is_taken(display, curves):
    with pytest.raises(NotFittedError):
        display.from_estimator(AstromerEmbedder(None), curves)
    with pytest.raises(TypeError, match=r"AstromerClassifier: of a classifier .* encoder_"):
        display.from_estimator(AstromerClassifier(), curves)


# -- attention -----------------------------------------------------------------------------------


def test_attention_is_that_of_the_encoder(embedder, curves):
    i = int(np.argmax(curves.lengths))
    n = curves.lengths[i]
    windows = np.array_split(np.arange(n), -(-n // 40))  # three of them
    query = windows[1][5]
    time, mag = curves[i][windows[1], :2].T
    with torch.no_grad():
        layers = embedder.module_.encoder.attention_weights(
            torch.tensor((time - time.mean())[None], dtype=torch.float32),
            torch.tensor((mag - mag.mean())[None], dtype=torch.float32),
        )
    for options, expected, source in [
        ({}, layers[1][0, :, 5].mean(0), "(layer=1, mean of 2 heads)"),
        ({"layer": 0}, layers[0][0, :, 5].mean(0), "(layer=0, mean of 2 heads)"),
        ({"layer": 0, "head": -1}, layers[0][0, 1, 5], "(layer=0, head=1)"),
    ]:
        display = AttentionDisplay.from_estimator(embedder, curves, index=i, query=query, **options)
        np.testing.assert_allclose(display.attention[windows[1]], expected, atol=1e-6)
        assert np.isnan(np.delete(display.attention, windows[1])).all()
        assert source in display.colorbar_.ax.get_ylabel()
        assert draws(display)
    # the colours of the points are the weights of the points
    offsets, colours = display.scatter_.get_offsets(), display.scatter_.get_array()
    at = dict(zip(curves[i][:, 0], display.attention, strict=True))
    assert [at[x] for x in offsets[:, 0]] == list(colours)
    assert list(colours) == sorted(colours)
    assert display.query_.get_xdata() == [curves[i][query, 0]]
    assert labels_of(display) == ["other windows", "query"]
    assert display.ax_.yaxis_inverted()


def test_attention_of_a_short_curve_and_of_none_there(embedder, curves):
    i = int(np.argmin(curves.lengths))
    display = AttentionDisplay.from_estimator(embedder, curves, index=i, scatter_kwargs={"s": 9})
    assert display.query == curves.lengths[i] // 2
    assert display.attention.sum() == pytest.approx(1, abs=1e-5)
    assert display.scatter_.get_sizes().tolist() == [9]
    assert labels_of(display) == ["query"]
    for options, message in [
        ({"query": 30_000}, "query=30000, but there are"),
        ({"layer": 2}, "layer=2, but there are 2 layers"),
        ({"head": 2}, "head=2, but there are 2 heads"),
    ]:
        with pytest.raises(IndexError, match=message):
            AttentionDisplay.from_estimator(embedder, curves, **options)


# -- training ------------------------------------------------------------------------------------


def test_training_curve_of_an_embedder(embedder, tmp_path):
    display = TrainingCurveDisplay.from_estimator(embedder)
    history = embedder.history_
    np.testing.assert_array_equal(display.train_.get_ydata(), history["train_rmse"])
    np.testing.assert_array_equal(display.valid_.get_ydata(), history["valid_rmse"])
    best = history["valid_rmse"].idxmin()
    assert display.best_.get_xdata() == [history["epoch"][best]]
    assert display.best_.get_ydata() == [history["valid_rmse"][best]]
    assert display.ax_.get_ylabel() == "RMSE of hidden observations (mag)"
    assert labels_of(display)[:2] == ["training", "validation"]
    assert draws(display)
    history.to_csv(tmp_path / "history.csv", index=False)
    read = TrainingCurveDisplay(pd.read_csv(tmp_path / "history.csv"), ylabel="RMSE (mag)").plot()
    assert read.best_.get_xdata() == display.best_.get_xdata()
    assert read.ax_.get_ylabel() == "RMSE (mag)"


def test_training_curves_of_all_estimators(curves, stars):
    labels = stars[1]
    encoder = make_embedder(**SMALL, max_epochs=0)
    options = {"max_epochs": 2, "random_state": 0}
    for model, target in [
        (AstromerClassifier(encoder, **options), labels),
        (AstromerRegressor(encoder, **options), curves.lengths.astype(float)),
    ]:
        display = TrainingCurveDisplay.from_estimator(model.fit(curves, target))
        assert display.metric == "loss"
        assert len(display.train_.get_xdata()) == 2
    relative = {**SMALL, **options, "scaled_inputs": True, "validation_fraction": 0}
    display = TrainingCurveDisplay.from_estimator(make_embedder(**relative).fit(curves))
    assert "standard deviations" in display.ax_.get_ylabel()
    assert display.valid_ is display.best_ is None
    assert labels_of(display) == ["training"]


def test_training_curves_that_are_not_there(embedder, curves):
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(AstromerEmbedder(None))
    with pytest.raises(ValueError, match="no epoch: fit with max_epochs"):
        TrainingCurveDisplay.from_estimator(make_embedder(**SMALL, max_epochs=0).fit(curves))
    with pytest.raises(ValueError, match="no train_accuracy"):
        TrainingCurveDisplay.from_estimator(embedder, metric="accuracy")
    with pytest.raises(ValueError, match="no train_…"):
        TrainingCurveDisplay(pd.DataFrame({"epoch": [1]}))


# -- maps ----------------------------------------------------------------------------------------


def test_a_map_by_class(embedder, stars):
    curves, labels = stars
    display = EmbeddingDisplay.from_estimator(embedder, curves, labels)
    scaled = StandardScaler().fit_transform(embedder.transform(curves).astype(float))
    u, s, _ = np.linalg.svd(scaled, full_matrices=False)
    np.testing.assert_allclose(np.abs(display.xy), np.abs(u * s)[:, :2], atol=1e-3)
    share = s[0] ** 2 / (s**2).sum()
    assert display.ax_.get_xlabel() == f"first principal component ({share:.0%} of the variance)"
    assert labels_of(display) == sorted(set(labels))
    for scatter, name in zip(display.scatters_, sorted(set(labels)), strict=True):
        np.testing.assert_array_equal(scatter.get_offsets(), display.xy[labels == name])
    assert display.colorbar_ is None
    assert draws(display)


def test_a_map_by_value(embedder, curves):
    value = pd.Series(curves.lengths.astype(float), name="observations")
    value[3] = np.nan
    display = EmbeddingDisplay.from_estimator(embedder, curves, value)
    (scatter,) = display.scatters_
    np.testing.assert_array_equal(scatter.get_array(), value.dropna())
    np.testing.assert_array_equal(scatter.get_offsets(), np.delete(display.xy, 3, axis=0))
    assert display.colorbar_.ax.get_ylabel() == "observations"
    assert labels_of(display) == ["unknown"]
    assert draws(display)


def test_maps_of_many_classes_of_none_and_of_unknown_ones(embedder, curves):
    rows = embedder.transform(curves)
    many = EmbeddingDisplay.from_embeddings(rows, np.arange(42), target_name="class")
    looks = {
        (tuple(s.get_facecolor()[0]), s.get_paths()[0].vertices.tobytes()) for s in many.scatters_
    }
    assert len(looks) == 42  # each has its own
    assert many.ax_.get_legend().get_title().get_text() == "class"
    assert draws(many)
    plain = EmbeddingDisplay.from_embeddings(pd.DataFrame(rows), scatter_kwargs={"s": 3})
    assert plain.ax_.get_legend() is None
    assert plain.scatters_[0].get_sizes().tolist() == [3]
    for y in (["a", None] * 21, pd.Series(["a", pd.NA] * 21, dtype="string")):
        some = EmbeddingDisplay.from_embeddings(rows, y)
        assert labels_of(some) == ["unknown", "a"]
        assert len(some.scatters_) == 1


def test_maps_by_other_methods(embedder, curves):
    rows = embedder.transform(curves)
    svd = TruncatedSVD(2, random_state=0)
    display = EmbeddingDisplay.from_embeddings(rows, method=svd)
    np.testing.assert_allclose(
        display.xy, TruncatedSVD(2, random_state=0).fit_transform(rows), atol=1e-5
    )
    assert not hasattr(svd, "components_")
    assert display.ax_.get_xlabel() == "TruncatedSVD 1"
    assert EmbeddingDisplay.from_embeddings(rows, method=make_pipeline(StandardScaler(), svd))
    for method, kind, message in [
        ("tsne", ValueError, "'tsne'"),
        (3, TypeError, "or a transformer, got 3"),
        (TruncatedSVD(3, random_state=0), ValueError, r"shape \(42, 3\)"),
    ]:
        with pytest.raises(kind, match=message):
            EmbeddingDisplay.from_embeddings(rows, method=method)


def test_a_map_by_umap(embedder, stars):
    pytest.importorskip("umap", reason="needs sklearn_astromer[umap]")
    curves, labels = stars
    maps = [
        EmbeddingDisplay.from_estimator(embedder, curves, labels, method="umap", random_state=0).xy
        for _ in range(2)
    ]
    assert maps[0].shape == (42, 2)
    np.testing.assert_array_equal(*maps)


def test_maps_refuse(embedder, curves):
    rows = embedder.transform(curves)
    with pytest.raises(ValueError, match="inconsistent numbers"):
        EmbeddingDisplay.from_embeddings(rows, np.arange(3))
    with pytest.raises(ValueError, match="NaN"):
        EmbeddingDisplay.from_embeddings(np.full((4, 4), np.nan))
    vectors = make_embedder(**SMALL, max_epochs=0, row=None).fit(curves)
    with pytest.raises(ValueError, match="row=None"):
        EmbeddingDisplay.from_estimator(vectors, curves)


# -- few shots -----------------------------------------------------------------------------------


class Recorder(DummyClassifier):
    """Keeps what it was trained and tested on."""

    seen: list = []  # noqa: RUF012

    def fit(self, X, y):
        self.train_ = X
        return super().fit(X, y)

    def predict(self, X):
        self.seen.append((self.train_.ravel(), X.ravel()))
        return super().predict(X)


def test_few_shots_never_divide_a_star_and_have_so_many_of_each_class():
    stars = np.repeat(np.arange(60), 2)  # in two bands
    labels = np.array(["a", "b", "b"])[stars % 3]  # 20 and 40 stars
    Recorder.seen.clear()
    FewShotDisplay.from_estimator(
        Recorder(),
        np.arange(120)[:, None],
        labels,
        groups=stars,
        sizes=[4, 1],
        n_repeats=3,
        random_state=0,
    )
    assert len(Recorder.seen) == 6
    for i, (train, test) in enumerate(Recorder.seen):
        assert not set(stars[train]) & set(stars[test])
        assert len(test) == 2 * (10 + 20)
        for name in "ab":
            assert len(set(stars[train][labels[train] == name])) == (1, 4)[i % 2]
        assert len(train) == 2 * 2 * (1, 4)[i % 2]
    small, large = Recorder.seen[0], Recorder.seen[1]
    assert set(small[0]) < set(large[0])
    assert set(small[1]) == set(large[1])
    assert set(large[1]) != set(Recorder.seen[3][1])  # another repeat, another split


def test_few_shots_of_several_models(stars):
    curves, labels = stars
    labels = np.where(labels == "MIRA", "MIRA", "other")
    models = {
        "encoder": make_pipeline(make_embedder(**SMALL, max_epochs=0), LogisticRegression()),
        "nothing": DummyClassifier(),
    }
    options = {"sizes": [1, 3], "n_repeats": 3, "random_state": 0}
    display = FewShotDisplay.from_estimators(models, curves, labels, **options)
    assert labels_of(display) == ["encoder", "nothing"]
    assert display.scores["encoder"].shape == (2, 3)
    assert display.sizes.tolist() == [1, 3]
    for line, band, scores in zip(
        display.lines_, display.bands_, display.scores.values(), strict=True
    ):
        np.testing.assert_allclose(line.get_ydata(), scores.mean(axis=1))
        ys = band.get_paths()[0].vertices[:, 1]
        assert ys.max() == pytest.approx((scores.mean(axis=1) + scores.std(axis=1)).max())
    assert display.ax_.get_ylabel() == "macro-F1 (mean ± std of 3 splits)"
    ticks = [t.get_text() for t in display.ax_.get_xticklabels()]
    assert draws(display)
    assert ticks == ["1", "3"]
    # the same splits for what reads something else, on the same axes
    other = FewShotDisplay.from_estimator(
        DummyClassifier(),
        curves.lengths[:, None],
        labels,
        groups=curves.ids,
        name="lengths",
        ax=display.ax_,
        **options,
    )
    np.testing.assert_array_equal(other.scores["lengths"], display.scores["nothing"])
    assert labels_of(other) == ["encoder", "nothing", "lengths"]


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"sizes": [5, 13]}, ValueError, "13 training objects .* class 'a' has 10"),
        ({"sizes": [0]}, ValueError, "sizes"),
        ({"sizes": []}, ValueError, "sizes"),
        ({"n_repeats": 0}, ValueError, "n_repeats=0"),
        ({"test_size": 1.0}, ValueError, "test_size must be in"),
        ({"groups": np.arange(40) % 20 // 2}, ValueError, "has rows of several classes"),
        ({"groups": [1]}, ValueError, "inconsistent"),
        ({"scoring": "beauty"}, ValueError, "beauty"),
        ({"y": np.linspace(0, 1, 40)}, ValueError, "continuous"),
    ],
)
def test_few_shots_refuse(options, kind, message):
    given = {"y": np.repeat(["a", "b"], 20), "sizes": [2], "random_state": 0, **options}
    with pytest.raises(kind, match=message):
        FewShotDisplay.from_estimator(DummyClassifier(), np.zeros((40, 1)), **given)
    with pytest.raises(TypeError, match="from_estimator"):
        FewShotDisplay.from_estimators([DummyClassifier()], np.zeros((40, 1)), given["y"])


# -- all -----------------------------------------------------------------------------------------


def test_axes_of_ones_own(embedder, stars):
    curves, labels = stars
    figure, axes = plt.subplots(2, 2, figsize=(14, 9))
    axes = axes.ravel()
    displays = [
        ReconstructionDisplay.from_estimator(embedder, curves, random_state=0, ax=axes[0]),
        AttentionDisplay.from_estimator(embedder, curves, ax=axes[1]),
        EmbeddingDisplay.from_estimator(embedder, curves, labels, ax=axes[2]),
        TrainingCurveDisplay.from_estimator(embedder, ax=axes[3]),
    ]
    for display, ax in zip(displays, axes, strict=True):
        assert display.ax_ is ax
        assert display.figure_ is figure
        assert draws(display)
    assert plt.get_fignums() == [figure.number]


def test_matplotlib_is_asked_for_only_when_something_is_drawn(monkeypatch):
    name = "sklearn_astromer.inspection"
    monkeypatch.setattr(name, importlib.import_module(name))  # it comes back in the end
    for module in list(sys.modules):
        if module.partition(".")[0] == "matplotlib":
            monkeypatch.setitem(sys.modules, module, None)
        elif module == name or module.startswith(f"{name}."):
            monkeypatch.delitem(sys.modules, module)
    inspection = importlib.import_module(name)
    assert inspection.TrainingCurveDisplay is not TrainingCurveDisplay  # imported once more
    history = pd.DataFrame({"epoch": [1], "train_loss": [1.0]})
    with pytest.raises(ImportError) as error:
        inspection.TrainingCurveDisplay(history).plot()
    assert str(error.value) == (
        "TrainingCurveDisplay.plot needs matplotlib: pip install 'sklearn_astromer[plot]'"
    )


def test_real_curves(shared, embedder):
    curves = LightCurves.read(shared / "data" / "stripe82.parquet", band="g")[:30]
    assert draws(ReconstructionDisplay.from_estimator(embedder, curves, index=2, random_state=0))
    assert draws(AttentionDisplay.from_estimator(embedder, curves, index=2))


# -- periodograms --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pulsating():
    stars = make_variable_stars(
        6, classes=["RRAB"], n_observations=(90, 120), random_state=0, return_parameters=True
    )
    return stars[0], stars[2]["period"].to_numpy()


def test_periodogram_of_a_curve(pulsating):
    curves, periods = pulsating
    display = PeriodogramDisplay.from_curves(curves, index=3, n_peaks=2)
    assert len(display.peaks) == 2
    assert f"{periods[3]:.4g}"[:5] in display.ax_.get_xlabel()
    highest = display.frequency[display.power.argmax()]
    assert np.min(np.abs(np.array([0.5, 1, 2]) / periods[3] - highest)) < 0.01
    np.testing.assert_array_equal(display.power_.get_xdata(), display.frequency)
    assert draws(display)


def test_hidden_observations_are_not_in_the_periodogram(pulsating):
    curves, _ = pulsating
    embedder = AstromerEmbedder("surveys-periods", random_state=0).fit(curves)
    display = PeriodogramDisplay.from_estimator(embedder, curves, index=1, random_state=0)
    hidden, one = display.curve.hidden, curves[[1]]
    noise = np.random.default_rng(0).normal(0, 3, len(hidden))
    changed = LightCurves(
        one.time, one.mag + np.where(hidden, noise, 0), one.mag_err, offsets=one.offsets
    )
    again = PeriodogramDisplay.from_estimator(embedder, changed, hidden=hidden)
    np.testing.assert_array_equal(again.power, display.power)
    np.testing.assert_allclose(again.curve.reconstructed, display.curve.reconstructed, atol=1e-5)
    assert display.curve.rmse < 0.6 * np.std(one.mag)  # it follows the folded curve
    assert draws(display)


def test_without_own_periods_there_is_an_explanation(embedder, curves):
    with pytest.raises(ValueError, match="no own periods"):
        PeriodogramDisplay.from_estimator(embedder, curves, random_state=0)
    constant = LightCurves.from_grid(np.full((1, 20), 15.0))
    display = PeriodogramDisplay.from_curves(constant)
    assert len(display.peaks) == 0
    assert display.ax_.get_xlabel() == "time (days)"
