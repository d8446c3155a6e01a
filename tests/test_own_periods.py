"""Encoders with own periods keep the promises of all others."""

import pickle

import numpy as np
import pytest
import torch
from embedders import make_embedder

from sklearn_astromer import (
    AstromerClassifier,
    AstromerEmbedder,
    LightCurves,
    MultiBandEmbedder,
    Recipe,
    Stars,
)
from sklearn_astromer.config import EncoderConfig
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.own_periods import phase_encoding
from sklearn_astromer.periodogram import find_peaks

TINY = {"d_model": 8, "n_heads": 2, "d_ff": 8, "scaled_inputs": True, "own_periods": 2}


@pytest.fixture(scope="module")
def stars():
    return make_variable_stars(24, n_observations=(1, 260), random_state=0)


@pytest.fixture(scope="module")
def fitted(stars):
    return AstromerEmbedder("surveys-periods", row=("mean", "std")).fit(stars[0])


def tiny(**options):
    return make_embedder(**{**TINY, "random_state": 0, "max_epochs": 1, **options})


def test_phases_are_encoded_by_their_harmonics():
    phase = torch.tensor([[[0.25, 0.5]]])
    expected = [1.0, 0.0, 0.0, 0.0, -1.0, -1.0]  # sin 90° 180°, sin 180°; cos of the same
    torch.testing.assert_close(
        phase_encoding(phase, (2, 1)).flatten(), torch.tensor(expected), atol=1e-6, rtol=0
    )


def test_without_own_periods_nothing_is_added():
    names = Astromer(EncoderConfig(scaled_inputs=True)).state_dict().keys()
    assert not any("spectrum" in name for name in names)
    with pytest.raises(ValueError, match="needs scaled_inputs"):
        EncoderConfig(own_periods=2)


def test_a_row_does_not_depend_on_its_company(stars, fitted):
    rows = fitted.transform(stars[0])
    order = np.random.default_rng(0).permutation(len(rows))
    np.testing.assert_allclose(fitted.transform(stars[0][order]), rows[order], atol=1e-5)
    for i in range(0, len(rows), 5):
        np.testing.assert_allclose(fitted.transform(stars[0][i : i + 1])[0], rows[i], atol=1e-5)


def test_zero_point_and_epoch_of_time_do_not_matter(stars, fitted):
    curves = stars[0]
    julian = LightCurves(
        curves.time + 2400000.5, curves.mag - 3, curves.mag_err, offsets=curves.offsets
    )
    difference = np.abs(fitted.transform(julian) - fitted.transform(curves))
    assert difference.max() < 2e-3  # a Julian date in float64 is exact to 40 microseconds


def test_pickles_and_folders_give_the_same(stars, fitted, tmp_path):
    rows = fitted.transform(stars[0])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(stars[0]), rows)
    fitted.save_pretrained(tmp_path / "mine")
    again = AstromerEmbedder(tmp_path / "mine", row=("mean", "std")).fit(stars[0])
    np.testing.assert_array_equal(again.transform(stars[0]), rows)


def test_periods_in_the_row(stars):
    peaks = find_peaks(stars[0])
    embedder = AstromerEmbedder("surveys-periods", row=("periods", "mean")).fit(stars[0])
    rows = embedder.transform(stars[0])
    np.testing.assert_array_equal(rows[:, :12], peaks.columns)
    assert embedder.get_feature_names_out()[0] == "astromerembedder_periods_log10_frequency_0 (1/d)"
    embedder = AstromerEmbedder("surveys-small", row=("mean", "periods")).fit(stars[0])
    assert embedder.transform(stars[0]).shape[1] == 128  # this encoder reads none


def test_training_heads_and_bands(stars, tmp_path):
    curves, labels = stars
    model = tiny(augment=True, checkpoint=tmp_path / "run.pt", validation_fraction=0.3)
    losses = model.fit(curves).history_
    assert np.isfinite(losses[["train_loss", "train_rmse", "valid_rmse"]]).all().all()
    assert model.score(curves) == model.score(curves)
    longer = model.set_params(max_epochs=2).fit(curves)  # goes on from the checkpoint
    assert longer.history_["train_loss"][0] == losses["train_loss"][0]
    classifier = AstromerClassifier(
        tiny(max_epochs=0),
        train_encoder=True,
        training=Recipe(reconstruction=1.0, augment=True, validation_fraction=0),
        max_epochs=1,
        random_state=0,
    )
    assert classifier.fit(curves, labels).predict_proba(curves).shape == (24, 7)
    bands = LightCurves(
        curves.time,
        curves.mag,
        offsets=curves.offsets,
        ids=np.repeat(np.arange(12), 2),
        band=np.tile(["g", "r"], 12),
    )
    rows = MultiBandEmbedder(tiny(max_epochs=0), ["g", "r"]).fit_transform(Stars(bands))
    assert len(rows) == 12


@pytest.mark.reliability
def test_onnx_gives_the_same(stars, fitted, tmp_path):
    pytest.importorskip("onnxscript", reason="needs the extra onnx")
    onnxruntime = pytest.importorskip("onnxruntime", reason="runs the model")
    from sklearn_astromer.export import to_onnx

    curves = stars[0][(stars[0].lengths > 20) & (stars[0].lengths <= 200)]
    to_onnx(fitted, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    peaks = find_peaks(curves)
    for i, row in enumerate(fitted.transform(curves)):
        time, mag = curves[i].T[:2, None]
        inputs = {
            "time": time,
            "mag": mag,
            "mask": np.isfinite(mag),
            "frequency": peaks.frequency[i : i + 1],
            "spectrum": peaks.spectrum[i : i + 1],
        }
        np.testing.assert_allclose(session.run(None, inputs)[0][0], row, atol=1e-4)


@pytest.mark.parametrize("row", ["periods", ("periods",), ["periods"]])
def test_periods_alone_of_an_encoder_without_any_are_refused(row):
    curves, _ = make_variable_stars(4, random_state=0)
    embedder = make_embedder(d_model=8, n_heads=2, d_ff=8, max_epochs=0).set_params(row=row)
    embedder.fit(curves)
    message = "gives no column, for this encoder has no own periods"
    for gives in (
        lambda: embedder.transform(curves),
        lambda: next(iter(embedder.transform_batches(curves))),
        embedder.get_feature_names_out,
        lambda: MultiBandEmbedder(embedder).fit_transform(curves),
    ):
        with pytest.raises(ValueError, match=message):
            gives()
    assert embedder.set_params(row=("mean", "periods")).transform(curves).shape == (4, 8)
