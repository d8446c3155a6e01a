"""A training run that is killed and started again is the run that was not killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from embedders import make_embedder, with_head_recipe

from sklearn_astromer import AstromerClassifier, AstromerRegressor, LightCurves
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.modules.heads import MLPHead
from sklearn_astromer.training.resuming import identity


def embedder(**options):
    tiny = {"d_model": 16, "n_heads": 2, "d_ff": 16, "max_epochs": 4, "batch_size": 4}
    rest = {"random_state": 0, "warmup_steps": 10, "patience": 0, "checkpoint_minutes": 0.0}
    return make_embedder(**{**tiny, **rest, **options})


@pytest.fixture(scope="module")
def curves():
    return make_variable_stars(40, n_observations=(5, 260), random_state=0)[0]


@pytest.fixture(scope="module")
def unbroken(curves):
    return embedder().fit(curves)


def assert_same_run(one, other):
    figures = ["epoch", "train_rmse", "valid_rmse", "lr", "best"]
    np.testing.assert_allclose(
        one.history_[figures].astype(float), other.history_[figures].astype(float), atol=1e-6
    )
    for name, value in one.module_.state_dict().items():
        expected = other.module_.state_dict()[name]
        if name.endswith("qkv.bias"):  # that of keys has no gradient but rounding
            value, expected = (torch.stack(x.chunk(3))[[0, 2]] for x in (value, expected))
        torch.testing.assert_close(value, expected, atol=1e-6, rtol=0)


SCRIPT = """
import sys, time
sys.path[:0] = [sys.argv[2], sys.argv[2] + "/../helpers"]
from test_resuming import embedder
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.training.tasks import Loader

iterate = Loader.__iter__
def slowly(loader):  # or the run may be over before it is killed
    for batch in iterate(loader):
        time.sleep(0.05)
        yield batch
Loader.__iter__ = slowly

embedder(checkpoint=sys.argv[1]).fit(make_variable_stars(
    40, n_observations=(5, 260), random_state=0)[0])
"""


def test_kill_nine_in_the_middle_of_an_epoch(curves, unbroken, tmp_path):
    path = tmp_path / "run.pt"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, path, Path(__file__).parent])
    while process.poll() is None and not path.exists():
        time.sleep(0.01)
    with pytest.raises(ValueError, match="another training run"):
        embedder(checkpoint=path).fit(curves)
    positions = []
    while process.poll() is None:
        if path.exists():  # replaced at once and whole, so it can be read at any moment
            state = torch.load(path, weights_only=True)
            positions.append((len(json.loads(state["history"])), state["loader"]["position"]))
            if positions[-1][0] >= 1 and 2 <= positions[-1][1] <= 7:
                process.send_signal(signal.SIGKILL)
                break
        time.sleep(0.001)
    assert process.wait() == -signal.SIGKILL, positions
    left = torch.load(path, weights_only=True)
    assert 1 <= len(json.loads(left["history"])) < 4
    assert_same_run(embedder(checkpoint=path).fit(curves), unbroken)
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


@pytest.mark.parametrize("at", [1, 9, 10, 11, 25])
def test_any_step_can_be_the_last(curves, unbroken, tmp_path, monkeypatch, at):
    from sklearn_astromer.training.tasks import Loader

    path, steps = tmp_path / "run.pt", []
    iterate = Loader.__iter__

    def stop_after_some(loader):
        for batch in iterate(loader):
            if not loader.task.fixed:
                steps.append(1)
                if len(steps) > at:
                    raise OSError("the machine went down")
            yield batch

    monkeypatch.setattr(Loader, "__iter__", stop_after_some)
    with pytest.raises(OSError, match="went down"):
        embedder(checkpoint=path).fit(curves)
    monkeypatch.undo()
    assert_same_run(embedder(checkpoint=path).fit(curves), unbroken)


def test_a_finished_run_is_not_repeated_but_can_be_prolonged(
    curves, unbroken, tmp_path, monkeypatch
):
    path = tmp_path / "run.pt"
    embedder(checkpoint=path, max_epochs=2).fit(curves)
    longer = embedder(checkpoint=path, checkpoint_minutes=1000.0).fit(curves)
    assert_same_run(longer, unbroken)
    written = os.stat(path).st_mtime_ns
    again = embedder(checkpoint=path).fit(curves)
    assert_same_run(again, unbroken)
    assert os.stat(path).st_mtime_ns >= written
    assert len(again.history_) == 4


def test_patience_counts_over_a_kill(curves, tmp_path):
    path = tmp_path / "run.pt"
    impatient = {"lr": 0.0, "patience": 2, "max_epochs": 50}
    expected = embedder(**impatient).fit(curves)
    assert len(expected.history_) == 3
    embedder(checkpoint=path, **{**impatient, "max_epochs": 2}).fit(curves)
    assert_same_run(embedder(checkpoint=path, **impatient).fit(curves), expected)
    assert_same_run(embedder(checkpoint=path, **impatient).fit(curves), expected)


def test_another_run_is_refused(curves, tmp_path):
    path = tmp_path / "run.pt"
    embedder(checkpoint=path, max_epochs=1).fit(curves)
    with pytest.raises(ValueError, match="another batch_size"):
        embedder(checkpoint=path, batch_size=5).fit(curves)
    with pytest.raises(ValueError, match="another catalog"):
        embedder(checkpoint=path).fit(curves[1:])
    with pytest.raises(ValueError, match="integer random_state"):
        embedder(checkpoint=path, random_state=None).fit(curves)
    other = AstromerClassifier("surveys-small", head=lambda *sizes: make_head(*sizes))
    other.set_params(checkpoint=path, random_state=0)
    with pytest.raises(ValueError, match="cannot tell head=lambda"):
        other.fit(curves, np.arange(len(curves)) % 2)


def test_every_observation_tells_a_catalog_from_another():
    rng = np.random.default_rng(0)
    n = 2_400_000  # of which no sample is taken
    time, mag = np.tile(np.arange(600.0), n // 600), rng.normal(15, 0.3, n)
    offsets = np.arange(0, n + 1, 600)
    one = identity({}, LightCurves(time, mag, offsets=offsets))
    assert identity({}, LightCurves(time, mag.copy(), offsets=offsets)) == one
    mag[rng.integers(n)] += 0.1
    assert identity({}, LightCurves(time, mag, offsets=offsets)) != one


def test_a_classifier_goes_on_as_well(curves, tmp_path):
    labels = np.arange(len(curves)) % 2

    def classifier(**options):
        rest = {"train_encoder": True, "reconstruction": 1.0, "augment": True, "patience": 0}
        return AstromerClassifier(
            embedder(max_epochs=0, checkpoint=None),
            **with_head_recipe(
                {"head": make_head, "batch_size": 8, "random_state": 0, **rest, **options}
            ),
        )

    unbroken = classifier(max_epochs=4).fit(curves, labels)
    path = tmp_path / "run.pt"
    classifier(max_epochs=2, checkpoint=path).fit(curves, labels)
    again = classifier(max_epochs=4, checkpoint=path).fit(curves, labels)
    np.testing.assert_allclose(
        again.history_["train_loss"], unbroken.history_["train_loss"], atol=1e-6
    )
    np.testing.assert_allclose(again.predict_proba(curves), unbroken.predict_proba(curves))
    with pytest.raises(ValueError, match="another catalog"):
        classifier(max_epochs=4, checkpoint=path).fit(curves, 1 - labels)


def test_a_head_on_an_encoder_that_is_trained_goes_on_by_other_threads(curves, tmp_path):
    labels, threads = np.arange(len(curves)) % 2, torch.get_num_threads()
    try:
        for count in (1, 2, 3):  # whose last bits differ
            torch.set_num_threads(count)
            encoder = embedder(max_epochs=2, batch_size=40)
            model = AstromerClassifier(encoder, max_epochs=count, checkpoint=tmp_path / "run.pt")
            model.set_params(random_state=0).fit(curves, labels)
    finally:
        torch.set_num_threads(threads)
    assert len(model.history_) == 3


def make_head(d_model, n_outputs):
    return MLPHead(d_model, n_outputs, units=8, dropout=0.1)


def test_what_is_no_checkpoint_is_refused_and_kept(curves, tmp_path):
    path = tmp_path / "thesis.txt"
    path.write_text("of great value")
    with pytest.raises(ValueError, match="no checkpoint of a training run"):
        embedder(checkpoint=path).fit(curves)
    assert path.read_text() == "of great value"


def test_nothing_is_left_beside_the_file(curves, tmp_path):
    embedder(checkpoint=tmp_path / "new" / "run.pt", max_epochs=1).fit(curves)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["run.pt"]


def models(path):
    """Return a function of each estimator that trains it with a checkpoint."""
    head = {"max_epochs": 2, "random_state": 0, "checkpoint": path}
    encoder = embedder(max_epochs=0, checkpoint=None)
    made = [
        embedder(checkpoint=path, max_epochs=2),
        AstromerClassifier(encoder, **head),
        AstromerRegressor(encoder, **head),
    ]
    return {type(model).__name__: model for model in made}


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("name", ["AstromerEmbedder", "AstromerClassifier", "AstromerRegressor"])
def test_two_runs_at_once(curves, tmp_path, monkeypatch, name, linked):
    """The second is refused, and the first ends as if it had been alone."""
    from sklearn_astromer.training.tasks import Loader

    path, other, met = tmp_path / "run.pt", tmp_path / "other.pt", []
    labels = np.arange(len(curves)) % 2
    if linked:
        other.symlink_to(path)
    second = models(other if linked else path)[name].set_params(random_state=1)
    iterate = Loader.__iter__

    def meet(loader):
        if not met:
            met.append(loader)
            with pytest.raises(ValueError, match=f"another training run .*{second.checkpoint}"):
                second.fit(curves, labels)
        yield from iterate(loader)

    monkeypatch.setattr(Loader, "__iter__", meet)
    model = models(path)[name].fit(curves, labels)
    assert met
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.pt"] * linked + ["run.pt"]
    monkeypatch.undo()
    again = models(path)[name].fit(curves, labels)  # after each other, as ever
    np.testing.assert_array_equal(again.history_["best"], model.history_["best"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_is_no_checkpoint(curves, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileExistsError, match="is a device, a pipe or a socket"):
        embedder(checkpoint=tmp_path / "pipe").fit(curves)
    assert [p.name for p in tmp_path.iterdir()] == ["pipe"]


def test_partial_fit_takes_a_catalog_in_pieces(curves):
    model = embedder(lr=3e-3)
    before = embedder(max_epochs=0).fit(curves).score(curves)
    for _ in range(4):
        for piece in (curves[:20], curves[20:]):
            model.partial_fit(piece)
    assert model.score(curves) > before
    assert model.n_passes_ == 8
    again = embedder(lr=3e-3)
    for _ in range(4):
        for piece in (curves[:20], curves[20:]):
            again.partial_fit(piece)
    np.testing.assert_array_equal(again.transform(curves), model.transform(curves))
