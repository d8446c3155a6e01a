"""AstromerEmbedder: parity, invariance, training, persistence."""

import pickle
import re
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from embedders import make_embedder
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklearn_astromer import AstromerEmbedder, LightCurves, VariabilityFeatures, weights
from sklearn_astromer.config import ROW
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.features import folding
from sklearn_astromer.inference import batches
from sklearn_astromer.kernels import processor
from sklearn_astromer.training.callbacks import schedule
from sklearn_astromer.training.pretraining import hidden_of
from sklearn_astromer.training.recipes import resolved
from sklearn_astromer.training.reconstruction import Masked, Reconstruction
from sklearn_astromer.training.tasks import Loader
from sklearn_astromer.training.validation import split_stars
from sklearn_astromer.windows import Windows

SMALL = {"d_model": 16, "n_heads": 2, "d_ff": 16, "max_epochs": 0, "random_state": 0}
LENGTHS = [1, 199, 200, 201, 400, 401, 37]


@pytest.fixture(scope="module")
def curves():
    rng = np.random.RandomState(0)
    return LightCurves.from_arrays(
        [np.c_[np.sort(rng.uniform(50000, 53000, n)), rng.normal(14, 0.4, n)] for n in LENGTHS],
        ids=[f"star-{i}" for i in range(len(LENGTHS))],
    )


@pytest.fixture(scope="module")
def fitted(curves):
    return make_embedder(**SMALL).fit(curves)


@pytest.fixture(scope="module")
def stars():
    return make_variable_stars(40, n_observations=(20, 60), random_state=0)[0]


@pytest.fixture(scope="module")
def macho(shared):
    return AstromerEmbedder(shared / "weights" / "macho_a0.zip", max_epochs=0, row=None)


# -- against the official graph ------------------------------------------------------------------


@pytest.fixture(scope="module")
def golden(shared):
    return np.load(shared / "golden" / "macho_attention.npz")


def golden_curves(golden, shift=0.0):
    return [
        np.c_[golden["time"][i, :n] + shift, golden["mag"][i, :n]]
        for i, n in enumerate(golden["n_obs"])
    ]


def test_vectors_equal_the_official_ones(macho, golden):
    assert "tensorflow" not in sys.modules
    vectors = macho.fit_transform(golden_curves(golden))
    difference = np.concatenate(
        [np.abs(v - golden["attention"][i, : len(v)]).ravel() for i, v in enumerate(vectors)]
    )
    assert difference.max() <= 1e-3
    assert difference.mean() <= 1e-5


def test_reconstruction_equals_the_official_one(macho, golden):
    curves = golden_curves(golden)
    for i, magnitudes in enumerate(macho.fit(curves).reconstruct(curves)):
        centred = magnitudes - curves[i][:, 1].mean()
        np.testing.assert_allclose(
            centred, golden["reconstruction"][i, : len(centred)], atol=2e-4, rtol=0
        )


def test_julian_dates_give_the_vectors_of_mjd(macho, golden):
    mjd = macho.fit_transform(golden_curves(golden))
    jd = macho.transform(golden_curves(golden, shift=2400000.5))
    assert max(np.abs(a - b).max() for a, b in zip(mjd, jd, strict=True)) <= 1e-5


def test_float32_times_would_have_failed_the_test_above(macho, golden):
    curves = golden_curves(golden, shift=2400000.5)
    rounded = [np.c_[c[:, 0].astype(np.float32), c[:, 1]] for c in curves]
    exact, lossy = macho.fit_transform(curves), macho.transform(rounded)
    assert max(np.abs(a - b).max() for a, b in zip(exact, lossy, strict=True)) > 1e-2


# -- pieces --------------------------------------------------------------------------------------


def test_pieces_put_together_are_the_whole(curves, tmp_path, monkeypatch, capsys):
    embedder = make_embedder(**SMALL, row=("mean", "std")).fit(curves)
    rows = embedder.transform(curves)
    monkeypatch.setattr("sklearn_astromer.embedder.PIECE_OBSERVATIONS", 150)
    np.testing.assert_allclose(embedder.transform(curves), rows, atol=1e-5, rtol=0)
    curves.to_frame().to_parquet(tmp_path / "catalog.parquet", row_group_size=100)
    mapped = LightCurves.open_parquet(tmp_path / "catalog.parquet", cache_dir=tmp_path)
    parts = list(embedder.transform_batches(mapped))
    assert len(parts) > 2
    np.testing.assert_allclose(np.vstack(parts), rows, atol=1e-5, rtol=0)
    assert capsys.readouterr().err == ""
    embedder.set_output(transform="pandas")
    frames = list(embedder.transform_batches(mapped, progress=True))
    assert [i for frame in frames for i in frame.index] == mapped.ids.tolist()
    assert "object" in capsys.readouterr().err


def test_a_long_transform_shows_how_far_it_is(curves, monkeypatch, capsys):
    embedder = make_embedder(**SMALL, verbose=1).fit(curves)
    rows = embedder.transform(curves)
    assert capsys.readouterr().err == ""  # it is over in less than three seconds
    monkeypatch.setattr("sklearn_astromer.embedder.DELAY", 0)
    monkeypatch.setattr("sklearn_astromer.embedder.STEP_OBSERVATIONS", 300)
    np.testing.assert_allclose(embedder.transform(curves), rows, atol=1e-5)
    assert "7/7" in capsys.readouterr().err


def test_pieces_may_come_from_anywhere_one_at_a_time(curves):
    embedder = make_embedder(**SMALL).fit(curves)
    read = []

    def arrays():
        for i in range(0, len(curves), 3):
            read.append(i)
            yield [np.asarray(c) for c in curves[i : i + 3]]

    batches = embedder.transform_batches(arrays())
    assert read == []
    first = next(batches)
    assert read == [0]
    rows = np.vstack([first, *batches])
    np.testing.assert_allclose(rows, embedder.transform(curves), atol=1e-5, rtol=0)
    assert list(embedder.transform_batches(curves[:0])) == []
    with pytest.raises(TypeError, match="pieces of it as"):
        next(embedder.transform_batches(np.ones((3, 5))))


# -- invariance ----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [("std", *ROW), "max", "layers"])
def test_rows_do_not_depend_on_neighbours_order_or_batches(curves, row, monkeypatch):
    rows = make_embedder(**SMALL, row=row).fit(curves).transform(curves)
    for observations in (1, 600, 10**6):
        monkeypatch.setattr(batches, "CPU_BATCH_OBSERVATIONS", observations)
        other = make_embedder(**SMALL, row=row).fit(curves)
        np.testing.assert_allclose(other.transform(curves), rows, atol=1e-5, rtol=0)
        order = np.random.RandomState(1).permutation(len(curves))
        np.testing.assert_allclose(other.transform(curves[order]), rows[order], atol=1e-5, rtol=0)
        for i in range(len(curves)):
            np.testing.assert_allclose(other.transform([curves[i]])[0], rows[i], atol=1e-5, rtol=0)


def test_equal_lengths_are_bitwise_equal_whatever_the_number_of_rows():
    grid = np.random.RandomState(0).normal(15, 1, size=(23, 30))
    embedder = AstromerEmbedder(None, max_epochs=0, random_state=0).fit(grid)
    rows = embedder.transform(grid)
    for n in (1, 2, 3, 5, 22):
        np.testing.assert_array_equal(embedder.transform(grid[:n]), rows[:n])


def test_parts_stand_in_the_order_they_are_asked_for(stars):
    embedder = AstromerEmbedder("surveys-periods").fit(stars)
    assert embedder.row == ROW
    frame = embedder.set_output(transform="pandas").transform(stars)
    names = [name.removeprefix("astromerembedder_") for name in frame]
    assert [names[i] for i in (0, 127, 128, 129, 133, 137, 140)] == [
        *("mean_0", "mean_127", "brightness (mag)", "periods_log10_frequency_0 (1/d)"),
        *("periods_power_0", "periods_harmonic_power_0", "periods_harmonic_power_3"),
    ]
    page = (Path(__file__).parents[1] / "docs" / "guide" / "start.md").read_text(encoding="utf-8")
    told = re.findall(r"`((?:mean|brightness|periods|shape)[ _][^`]+)`", page)
    assert len(told) == 9
    assert set(told) <= {*names}
    brightness = [curve[:, 1].mean() for curve in stars]
    np.testing.assert_allclose(frame["astromerembedder_brightness (mag)"], brightness, rtol=1e-6)
    features = VariabilityFeatures().set_output(transform="pandas").fit_transform(stars)
    for name in folding.NAMES:
        shape = frame[f"astromerembedder_shape_{name}"]
        by_hand = features[name].fillna(0.0).where(stars.lengths > 16, 0.0)
        np.testing.assert_allclose(shape, by_hand, rtol=1e-5, atol=1e-5, err_msg=name)
    other = embedder.set_params(row=["brightness", "mean"]).transform(stars)
    expected = frame[["astromerembedder_brightness (mag)", *(f for f in frame if "r_mean_" in f)]]
    np.testing.assert_array_equal(other, expected)


def test_what_has_no_period_has_no_shape(stars):
    constant = np.column_stack([np.arange(50.0), np.full(50, 15.0)])
    curves = [stars[0][:5], constant, stars[0][:16], stars[0][:17]]
    shape = AstromerEmbedder(row="shape").fit_transform(curves)
    assert shape.dtype == np.float32
    assert shape.shape == (4, len(folding.NAMES))
    assert not shape[:3].any()
    assert shape[3].any()
    with pytest.raises(ValueError, match=r"row=\['shape'\] gives no column"):
        AstromerEmbedder(None, row="shape", max_epochs=0).fit(curves).transform(curves)


def test_one_vector_per_observation(fitted, curves):
    vectors = clone(fitted).set_params(row=None).fit(curves).transform(curves)
    assert [v.shape for v in vectors] == [(n, 16) for n in LENGTHS]
    rows = fitted.transform(curves)
    np.testing.assert_allclose([v.mean(0, dtype=float) for v in vectors], rows, atol=5e-6)


def test_no_objects_give_no_rows(fitted, curves):
    assert fitted.transform(curves[:0]).shape == (0, 16)
    assert clone(fitted).set_params(row=None).fit(curves).transform(curves[:0]) == []
    with pytest.raises(ValueError, match="no light curves"):
        clone(fitted).fit(curves[:0])


# -- names, frames, containers -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "n"), [("mean", 16), (ROW, 17), ("layers", 48), (["brightness", "max"], 17)]
)
def test_feature_names_and_pandas_output(curves, row, n):
    embedder = make_embedder(**SMALL, row=row).set_output(transform="pandas")
    frame = embedder.fit_transform(curves)
    assert list(frame.index) == list(curves.ids)
    assert list(frame.columns) == list(embedder.get_feature_names_out())
    assert frame.shape == (len(curves), n)
    assert len(set(frame.columns)) == n


def test_the_index_of_a_frame_survives():
    grid = pd.DataFrame(np.random.RandomState(0).normal(size=(4, 6)), index=list("wxyz"))
    grid.columns = [f"night{i}" for i in range(6)]
    embedder = make_embedder(**SMALL).set_output(transform="pandas")
    assert list(embedder.fit_transform(grid).index) == list("wxyz")
    assert list(embedder.feature_names_in_) == list(grid.columns)
    dated = grid.set_index(pd.date_range("2026-01-01", periods=4))  # no name of an object
    assert embedder.fit_transform(dated).index.equals(dated.index)
    nested = pd.Series([grid.to_numpy()[:3, :2], grid.to_numpy()[:, :2]], index=[7, 9])
    assert list(embedder.fit_transform(nested).index) == [7, 9]
    assert not hasattr(embedder, "n_features_in_")
    assert not hasattr(embedder, "feature_names_in_")


def test_masked_and_resampled_grids():
    grid = np.random.RandomState(0).normal(size=(4, 6))
    mask = grid > 1
    embedder = make_embedder(**SMALL).fit(grid)
    np.testing.assert_array_equal(
        embedder.transform(np.ma.array(grid, mask=mask)),
        embedder.transform(np.where(mask, np.nan, grid)),
    )
    twice = pd.DataFrame(grid, index=list("aabb"))  # as a bootstrap gives
    np.testing.assert_array_equal(
        make_embedder(**SMALL).fit(twice).transform(twice), embedder.transform(grid)
    )


def test_vectors_refuse_pandas(curves):
    embedder = make_embedder(**SMALL, row=None).set_output(transform="pandas").fit(curves)
    with pytest.raises(ValueError, match="row=None"):
        embedder.transform(curves)
    with pytest.raises(ValueError, match="row=None"):
        embedder.get_feature_names_out()


# -- training ------------------------------------------------------------------------------------


def test_training_learns(stars):
    before = make_embedder(**SMALL).fit(stars)
    options = {**SMALL, "max_epochs": 8, "lr": 1e-2, "batch_size": 8, "patience": 0}
    embedder = make_embedder(**options).fit(stars)
    assert list(embedder.history_["epoch"]) == list(range(1, 9))
    assert embedder.score(stars) > before.score(stars) + 0.02


def test_the_best_epoch_is_restored(stars):
    options = {**SMALL, "max_epochs": 5, "lr": 0.3, "batch_size": 8, "patience": 0}
    embedder = make_embedder(**options).fit(stars)
    history = embedder.history_["valid_rmse"]
    assert history.iloc[-1] > history.min() + 1e-3  # at such a rate the last is not the best
    # what validation hides is the same at every pass, so the figure can be had again
    chosen = split_stars(stars.ids, 0.2, split_seed(embedder.random_state))
    again = rmse(embedder, stars[chosen], valid_seed(embedder.random_state))
    assert again == pytest.approx(history.min(), abs=1e-6)


def seeds(random_state):
    return np.random.RandomState(random_state).randint(np.iinfo(np.int32).max, size=4)


def split_seed(random_state):
    return int(seeds(random_state)[1])


def valid_seed(random_state):
    return int(seeds(random_state)[3])


def rmse(embedder, curves, seed):
    recipe, device = resolved(embedder.training, "astromer1"), torch.device("cpu")
    task = hidden_of(curves, None, recipe, seed, window_size=200, windows_of=None, device=device)
    (seen, asked), *rest = Loader(task, embedder.batch_size)
    assert not rest
    with torch.no_grad():
        return Masked()(embedder.module_(**seen), asked).item()


def test_patience_stops_and_nothing_is_ever_split_by_window(stars):
    embedder = make_embedder(**{**SMALL, "max_epochs": 30}, lr=0.0, patience=2, batch_size=64)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # not interrupted: done
        assert len(embedder.fit(stars).history_) == 3
    both = LightCurves.concatenate([stars, stars])  # two bands of each star
    valid = split_stars(both.ids, 0.2, 0)
    assert valid.any()
    assert not set(both.ids[valid]) & set(both.ids[~valid])


def test_masks_are_fresh_in_training_and_fixed_in_validation(stars):
    def passes(fixed):
        recipe = resolved("astromer1", "auto")
        task = Reconstruction(Windows(stars, 200), 1, fixed, recipe, device=torch.device("cpu"))
        loader = Loader(task, 1000)
        return [next(iter(loader)) for _ in range(2)]

    first, second = passes(fixed=True)
    assert torch.equal(first[1]["weight"], second[1]["weight"])
    first, second = passes(fixed=False)
    assert not torch.equal(first[1]["weight"].sum(0), second[1]["weight"].sum(0))


def test_warm_up_has_its_peak_at_lr():
    rates = [schedule(step, "inverse_sqrt", 10, 40) for step in range(40)]
    assert rates.index(max(rates)) == 9
    assert max(rates) == 1
    # eq. 5: d^-1/2 · min(step^-1/2, step · warmup^-3/2)
    paper = [64**-0.5 * min(s**-0.5, s * 10**-1.5) for s in range(1, 41)]
    np.testing.assert_allclose(rates, np.array(paper) / max(paper))


def test_the_cosine_ends_at_zero(stars):
    rates = [schedule(step, "cosine", 5, 100) for step in range(101)]
    assert rates[4] == max(rates)
    assert rates[50] == pytest.approx(0.5)
    assert rates[100] == 0
    assert schedule(0, "cosine", 0, 100) == 1
    assert schedule(0, "cosine", 300, 100) == 0.1  # a short run has a short warm-up
    assert [schedule(step, "constant", 2, 9) for step in range(3)] == [0.5, 1, 1]
    options = {**SMALL, "max_epochs": 3, "batch_size": 8, "lr": 1e-3}
    rate = make_embedder(**options, schedule="cosine").fit(stars).history_["lr"]
    assert rate.is_monotonic_decreasing
    assert rate.iloc[-1] < 1e-5


def test_augmented_training_sees_other_windows(stars):
    options = {**SMALL, "max_epochs": 1, "dropout": 0.0}
    plain = make_embedder(**options).fit(stars).history_["train_rmse"][0]
    assert make_embedder(**options, augment=True).fit(stars).history_["train_rmse"][0] != plain


def test_the_progress_bar_counts_windows(stars, capsys):
    windows = len(Windows(stars, 200))
    options = {**SMALL, "max_epochs": 2, "validation_fraction": 0, "batch_size": 7}
    make_embedder(**options, verbose=1).fit(stars)
    last = capsys.readouterr().err.split("\r")[-1]
    assert f"{2 * windows}/{2 * windows}" in last
    assert "window/s" in last
    assert "rmse=" in last
    make_embedder(**options).fit(stars)
    assert capsys.readouterr().err == ""


def test_equal_seeds_give_equal_models_and_global_generators_stay(stars):
    def fit(seed):
        return make_embedder(**{**SMALL, "max_epochs": 2, "random_state": seed}).fit(stars)

    torch.manual_seed(5)
    np.random.seed(5)
    state = torch.get_rng_state(), np.random.get_state()[1].copy()
    first, again, other = fit(3), fit(3), fit(4)
    assert torch.equal(torch.get_rng_state(), state[0])
    np.testing.assert_array_equal(np.random.get_state()[1], state[1])
    np.testing.assert_array_equal(first.transform(stars), again.transform(stars))
    pd.testing.assert_frame_equal(
        first.history_.drop(columns="seconds"), again.history_.drop(columns="seconds")
    )
    assert not np.allclose(first.transform(stars), other.transform(stars))


@pytest.mark.filterwarnings("ignore:nothing is asked of the")
def test_a_window_of_one_observation_carries_no_loss():
    singles = LightCurves.from_grid(np.arange(6.0)[:, None])
    embedder = make_embedder(**{**SMALL, "max_epochs": 1}).fit(singles)
    assert np.isfinite(embedder.transform(singles)).all()
    with pytest.raises(ValueError, match="two observations"):
        embedder.score(singles)


def test_a_loss_that_is_not_finite_stops_with_an_explanation(stars):
    with pytest.raises(FloatingPointError, match="lower lr"):
        make_embedder(**{**SMALL, "max_epochs": 3}, lr=1e30).fit(stars)


# -- reconstruction ------------------------------------------------------------------------------


def test_reconstruct_hides_what_it_is_told(fitted, curves):
    hidden = [np.arange(n) % 3 == 1 for n in LENGTHS]
    changed = LightCurves.from_arrays(
        [np.c_[c[:, 0], c[:, 1]] for c in curves], ids=list(curves.ids)
    )
    plain = fitted.reconstruct(curves)
    unseen = fitted.reconstruct(changed, hidden=hidden)
    assert [len(m) for m in unseen] == LENGTHS
    assert not np.allclose(plain[1], unseen[1])
    with pytest.raises(ValueError, match="star-0"):
        fitted.reconstruct(curves, hidden=[np.ones(n, dtype=bool) for n in LENGTHS])
    with pytest.raises(ValueError, match="hidden must be"):
        fitted.reconstruct(curves, hidden=hidden[:3])


@pytest.mark.parametrize(
    "options", [{"pretrained": "surveys-periods"}, SMALL], ids=["periods", "plain"]
)
def test_hidden_magnitudes_reach_nothing(stars, options):
    """Not through the periodogram nor through centring, which are of the visible ones."""
    curves = stars[stars.lengths > 10]
    embedder = make_embedder(**options).fit(curves)
    rng = np.random.default_rng(0)
    hidden = [rng.random(n) < 0.4 for n in curves.lengths]
    mag = np.where(np.concatenate(hidden), curves.mag + 3, curves.mag)
    plain, other = (LightCurves(curves.time, m, offsets=curves.offsets) for m in (curves.mag, mag))
    for a, b in zip(
        embedder.reconstruct(plain, hidden), embedder.reconstruct(other, hidden), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=2e-3)


# -- parameters and persistence ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"row": "median"}, "row"),
        ({"row": ("mean", "median")}, "row must be some of"),
        ({"row": ("mean", "mean")}, "each once"),
        ({"row": ()}, "row must be"),
        ({"pretrained": "surveys-small", "d_model": 64}, "pass pretrained=None"),
        ({"max_epochs": -1}, "max_epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"validation_fraction": 1.0, "max_epochs": 1}, "validation_fraction"),
        ({"precision": "float8"}, "precision"),
        ({"device": "abacus"}, "device"),
        ({"probed_fraction": 1.5, "max_epochs": 1}, "probed_fraction is 1.5"),
        ({"pretrained": "machoo"}, "machoo"),
        ({"augment": "flip", "max_epochs": 0}, "augment must be a bool or some of"),
        ({"window_size": True}, "'window_size' parameter of AstromerEmbedder must be no bool"),
        ({"window_size": 2.5}, "window_size"),
    ],
)
def test_bad_parameters_are_named(stars, options, message):
    with pytest.raises(ValueError, match=message):
        make_embedder(**{**SMALL, **options}).fit(stars)


def test_nothing_works_before_fit(curves):
    for method in ("transform", "score", "reconstruct", "save_pretrained", "get_feature_names_out"):
        with pytest.raises(NotFittedError):
            getattr(AstromerEmbedder(None), method)(curves)


def test_saved_folder_comes_back_the_same(tmp_path, stars):
    embedder = make_embedder(**{**SMALL, "max_epochs": 1}, residual=True, mask_token=True)
    rows = embedder.fit_transform(stars)
    embedder.save_pretrained(tmp_path / "mine")
    again = make_embedder(tmp_path / "mine", max_epochs=0, dropout=0.1).fit(stars)
    np.testing.assert_array_equal(again.transform(stars), rows)
    assert again.module_.encoder.config == embedder.module_.encoder.config


def test_pickles_fitted_and_unfitted(tmp_path, fitted, curves):
    """In another process, it is inside a classifier: tests/reliability/test_processes.py."""
    assert pickle.loads(pickle.dumps(AstromerEmbedder(None, row="max"))).row == "max"
    joblib.dump((fitted, curves), tmp_path / "fitted.joblib")
    again, read = joblib.load(tmp_path / "fitted.joblib")
    np.testing.assert_array_equal(again.transform(read), fitted.transform(curves))


def test_bfloat16_is_close_and_said_to_be_asked_for(curves, fitted):
    low = clone(fitted).set_params(precision="bfloat16").fit(curves)
    rows, exact = low.transform(curves), fitted.transform(curves)
    assert rows.dtype == np.float32
    assert 0 < np.abs(rows - exact).max() < 0.1


@pytest.mark.skipif(processor.SLOW_BFLOAT16, reason="this processor has no bfloat16: minutes")
def test_bfloat16_points_real_rows_where_float32_does(shared):
    curves = LightCurves.read(shared / "data" / "stripe82.parquet")
    model = AstromerEmbedder(shared / "weights" / "macho_a0.zip", max_epochs=0, device="cpu")
    exact = model.fit(curves[:2]).transform(curves)
    rows = model.set_params(precision="bfloat16").transform(curves)
    exact, rows = (t / np.linalg.norm(t, axis=1, keepdims=True) for t in (exact, rows))
    assert (exact * rows).sum(1).min() > 0.998


def test_neighbours_change_nothing_in_bfloat16(shared):
    curves = LightCurves.read(shared / "data" / "stripe82.parquet")[:40]
    model = AstromerEmbedder(shared / "weights" / "macho_a0.zip", max_epochs=0, device="cpu")
    rows = model.set_params(precision="bfloat16").fit(curves).transform(curves)
    alone = [model.transform(curves[i : i + 1]) for i in range(len(curves))]
    # bfloat16 has 8 bits: 0.03 at values of 10
    np.testing.assert_allclose(np.vstack(alone), rows, atol=0.05)


@pytest.mark.parametrize("slow", [True, False])
def test_bfloat16_warns_where_the_processor_is_slow_at_it(curves, fitted, slow, monkeypatch):
    monkeypatch.setattr(processor, "SLOW_BFLOAT16", slow)
    low = clone(fitted).set_params(precision="bfloat16", device="cpu")
    expected = pytest.warns(UserWarning, match="no instructions for bfloat16")
    with expected if slow else warnings.catch_warnings():
        warnings.simplefilter("always" if slow else "error")
        low.fit(curves).transform(curves)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        low.set_params(precision="auto").fit(curves).transform(curves)


def test_training_is_in_the_precision_asked_for(curves):
    options = {"d_model": 32, "d_ff": 16, "max_epochs": 1, "dropout": 0.0, "random_state": 0}
    rmse = [
        make_embedder(precision=p, **options).fit(curves).history_["train_rmse"][0]
        for p in ("float32", "bfloat16")
    ]
    assert rmse[0] != rmse[1]
    assert rmse[0] == pytest.approx(rmse[1], rel=0.05)


def test_the_bundled_weights_know_something_of_hidden_observations():
    miras, _ = make_variable_stars(10, classes=["MIRA"], n_observations=150, random_state=0)
    bundled = AstromerEmbedder("surveys-small", max_epochs=0).fit(miras)
    scatter = np.sqrt(np.mean([curve[:, 1].var() for curve in miras]))
    assert -bundled.score(miras) < 0.8 * scatter
    info = weights.load("surveys-small").info
    assert {"data", "validation", "valid_rmse", "minutes", "command"} <= set(info)
