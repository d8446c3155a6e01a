"""A run that is interrupted, or goes wrong, ends with what it had, and says so."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from embedders import make_embedder

from sklearn_astromer import AstromerClassifier
from sklearn_astromer.datasets import make_variable_stars

TINY = {"d_model": 16, "n_heads": 2, "d_ff": 16, "random_state": 0}

INTERRUPTED = """
import signal, sys, warnings
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what runs in the background
from sklearn_astromer import EncoderConfig, AstromerEmbedder, Recipe
from sklearn_astromer.datasets import make_variable_stars
curves, _ = make_variable_stars(60, random_state=0)
tiny = EncoderConfig(d_model=16, n_heads=2, d_ff=16)
model = AstromerEmbedder(None, architecture=tiny, random_state=0, max_epochs=100_000,
    training=Recipe(patience=0, checkpoint_minutes=0.0), checkpoint=sys.argv[1])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    model.fit(curves)
print([str(w.message) for w in caught if "interrupted" in str(w.message)])
print(len(model.history_), -model.score(curves), model.transform(curves).shape)
best = model.history_["valid_rmse"].min()
print("best", best)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_keeps_the_best_weights(tmp_path):
    path = tmp_path / "run.pt"
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, path], stdout=subprocess.PIPE, text=True
    )
    try:
        while process.poll() is None and not path.exists():
            time.sleep(0.01)
        time.sleep(1.0)  # some epochs
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "the weights are the best so far" in out
    assert "(60, 17)" in out


def test_ctrl_c_in_the_first_epoch_gives_a_fitted_estimator(monkeypatch):
    from sklearn_astromer.training.tasks import Loader

    curves, _ = make_variable_stars(40, random_state=0)
    iterate = Loader.__iter__

    def interrupt(loader):
        for i, batch in enumerate(iterate(loader)):
            if i == 1:
                os.kill(os.getpid(), signal.SIGINT)
            yield batch

    monkeypatch.setattr(Loader, "__iter__", interrupt)
    model = make_embedder(**TINY, max_epochs=5, batch_size=4)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.warns(UserWarning, match="interrupted in epoch 1 of 5"):
            model.fit(curves)
    finally:
        signal.signal(signal.SIGINT, before)
    monkeypatch.undo()
    assert len(model.history_) == 0
    assert np.isfinite(model.transform(curves)).all()


def test_a_loss_that_is_no_number_is_an_error_and_leaves_the_estimator_unfitted():
    curves, labels = make_variable_stars(40, random_state=0)
    with pytest.raises(FloatingPointError, match="lower lr"):
        make_embedder(**TINY, lr=1e30, max_epochs=3).fit(curves)
    model = AstromerClassifier(make_embedder(**TINY, max_epochs=0), max_epochs=3)
    model.set_params(training__head_lr=1e30)
    with pytest.raises(FloatingPointError, match="lower lr"):
        model.fit(curves, labels)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_nan_is_never_returned(precision):
    curves, _ = make_variable_stars(12, random_state=0)
    model = make_embedder(**TINY, max_epochs=0, precision=precision).fit(curves)
    with torch.no_grad():
        model.module_.encoder.layers[1].ffn_in.weight[3, 3] = float("nan")
    with pytest.raises(FloatingPointError, match=r"for object '?\w+'?, in " + precision):
        model.transform(curves)


def test_probabilities_sum_to_one():
    curves, labels = make_variable_stars(60, random_state=0)
    model = AstromerClassifier(make_embedder(**TINY, max_epochs=0), max_epochs=3, random_state=0)
    probability = model.fit(curves, labels).predict_proba(curves)
    assert probability.dtype == np.float64
    assert np.abs(probability.sum(1) - 1).max() <= 1e-12
