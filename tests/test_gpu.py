"""On a GPU the numbers are those of a CPU, however they are sent and cut."""

import logging
import os
import subprocess
import sys

import joblib
import numpy as np
import pytest
import torch
import torch._dynamo.utils
from embedders import make_embedder

from sklearn_astromer import AstromerClassifier
from sklearn_astromer.config import ROW_PARTS
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.inference import batches

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here")


@pytest.fixture(scope="module")
def stars():
    return make_variable_stars(300, random_state=0)


def embedder(device, precision="float32", **options):
    return make_embedder(
        "surveys-small", max_epochs=0, device=device, precision=precision, **options
    ).fit(np.zeros((1, 3)))


def differ(a, b):
    """Return the largest difference, in units of the largest value of the column."""
    return (np.abs(a - b).max(0) / np.abs(b).max(0)).max()


@pytest.mark.parametrize("row", ROW_PARTS)
def test_rows_are_those_of_the_cpu(stars, row):
    rows = embedder("cpu", row=row).transform(stars[0])
    found = differ(embedder("cuda", row=row).transform(stars[0]), rows)
    assert found <= (1e-4 if row == "max" else 1e-5)  # no mean evens out what float32 rounds


def test_vectors_and_reconstructions_are_those_of_the_cpu(stars):
    curves = stars[0][:40]
    ours, theirs = (embedder(d, row=None) for d in ("cuda", "cpu"))
    for a, b in zip(ours.transform(curves), theirs.transform(curves), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-4)
    hidden = [np.arange(n) % 3 == 1 for n in curves.lengths]
    for a, b in zip(
        ours.reconstruct(curves, hidden), theirs.reconstruct(curves, hidden), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("bound", [300, 4000, 2**20])
@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("piece", [500, 10**6])
def test_batches_pieces_and_sending_change_nothing(stars, monkeypatch, bound, share, piece):
    rows = embedder("cuda").transform(stars[0])
    monkeypatch.setattr(batches, "GPU_BATCH_OBSERVATIONS", bound)
    monkeypatch.setattr(batches, "RESIDENT_SHARE", share)
    monkeypatch.setattr("sklearn_astromer.embedder.PIECE_OBSERVATIONS", piece)
    monkeypatch.setattr("sklearn_astromer.embedder.GPU_PIECE_OBSERVATIONS", 7 * piece)
    model = embedder("cuda")
    assert differ(model.transform(stars[0]), rows) <= 1e-5
    assert differ(np.vstack(list(model.transform_batches(stars[0]))), rows) <= 1e-5


@pytest.mark.parametrize("compiles", [False, True])
def test_bfloat16_is_close(stars, compiles):
    rows = embedder("cpu").transform(stars[0])
    ours = embedder("cuda", "bfloat16", compile=compiles).transform(stars[0])
    cosine = (ours * rows).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(rows, axis=1)
    assert cosine.min() >= 0.9999


def test_compiled_float32_is_float32(stars):
    rows = embedder("cpu").transform(stars[0])
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    assert differ(embedder("cuda", compile=True).transform(stars[0]), rows) <= 1e-5
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] > 0


def test_a_batch_beyond_the_memory_is_halved(monkeypatch, caplog):
    curves, _ = make_variable_stars(4000, n_observations=200, random_state=0)
    rows = embedder("cuda").transform(curves)
    monkeypatch.setattr(batches, "GPU_BATCH_OBSERVATIONS", 2**24)
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(2**30 / total)
    try:
        with caplog.at_level(logging.INFO, "sklearn_astromer"):
            halved = embedder("cuda").transform(curves)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert "halved" in caplog.text
    assert differ(halved, rows) <= 1e-5


@pytest.mark.parametrize("compiles", [False, True])
def test_training_learns_and_loads_where_there_is_no_gpu(stars, tmp_path, compiles):
    curves, labels = stars
    state = torch.cuda.get_rng_state()
    options = {"max_epochs": 2, "random_state": 0, "device": "cuda"}
    small = {"d_model": 32, "n_heads": 2, "d_ff": 32}
    model = make_embedder(**small, **options, compile=compiles).fit(curves)
    assert model.history_["train_rmse"].iloc[-1] < model.history_["train_rmse"].iloc[0]
    assert torch.equal(torch.cuda.get_rng_state(), state)
    again = make_embedder(**small, **options, compile=compiles).fit(curves)
    np.testing.assert_allclose(again.history_["train_rmse"], model.history_["train_rmse"], 1e-3)
    classifier = AstromerClassifier(model, max_epochs=2, random_state=0, device="cuda")
    joblib.dump(classifier.fit(curves, labels), tmp_path / "model.joblib")
    code = (
        "import sys, joblib, numpy as np; from sklearn_astromer.datasets import "
        "make_variable_stars as stars; m = joblib.load(sys.argv[1]).set_params(device='cpu'); "
        "np.save(sys.argv[2], m.predict_proba(stars(300, random_state=0)[0]))"
    )
    subprocess.run(
        [sys.executable, "-c", code, tmp_path / "model.joblib", tmp_path / "p.npy"],
        check=True,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
    )
    np.testing.assert_allclose(
        np.load(tmp_path / "p.npy"), classifier.predict_proba(curves), atol=0.05
    )
