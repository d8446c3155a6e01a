"""Batches on a device: gathered there or here, whole or halved, they are the same."""

import logging
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.inference import batches
from sklearn_astromer.inference.batches import WindowTensors, run_windows
from sklearn_astromer.windows import Windows

CPU = torch.device("cpu")


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=8),
    st.integers(1, 30),
    st.integers(0, 2**31),
)
def test_resident_windows_are_those_gathered_on_the_host(lengths, window_size, seed):
    rng = np.random.default_rng(seed)
    columns = [rng.random((n, 3)).cumsum(0) * [100, 0.1, 0.1] for n in lengths]
    windows = Windows(LightCurves.from_arrays(columns), window_size)
    resident = WindowTensors(windows, CPU, resident=True)
    rows = rng.integers(len(windows), size=5)
    ours, theirs = resident.of(rows), WindowTensors(windows, CPU).of(rows)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    errors = resident.errors(rows)
    assert "mask" not in ours or (errors[~ours["mask"]] == 0).all()


def test_resident_windows_are_sent_in_pieces(monkeypatch):
    monkeypatch.setattr(batches, "SENT_OBSERVATIONS", 200)
    windows = Windows(make_variable_stars(20, random_state=0)[0], 30)
    rows = np.random.default_rng(0).permutation(len(windows))
    ours = WindowTensors(windows, CPU, resident=True).of(rows)
    theirs = WindowTensors(windows, CPU).of(rows)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_observations_that_do_not_fit_are_sent_by_batches(monkeypatch, caplog):
    windows = Windows(make_variable_stars(20, random_state=0)[0], 30)
    rows = np.arange(9)
    expected = WindowTensors(windows, CPU, resident=True).of(rows)

    sent = batches.sent

    def full(array, device):  # of what is sent, the observations come last
        if array.dtype == np.float64:
            torch.empty(2**62, dtype=torch.uint8)
        return sent(array, device)

    monkeypatch.setattr(batches, "sent", full)
    with caplog.at_level(logging.INFO, "sklearn_astromer"):
        tensors = WindowTensors(windows, CPU, resident=True)
    monkeypatch.undo()
    assert "do not fit" in caplog.text
    found = tensors.of(rows)
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_a_batch_that_does_not_fit_is_halved(caplog):
    """With an allocation that fails where more than so many observations are asked for."""
    curves, _ = make_variable_stars(30, random_state=0)
    embedder = AstromerEmbedder("surveys-small", max_epochs=0).fit(curves)
    windows = Windows(curves, 200)
    sizes = []

    def means(rows, inputs):
        sizes.append(len(rows))
        if len(rows) > 8:
            torch.empty(2**62, dtype=torch.uint8)  # torch itself says that it cannot
        return embedder.module_.encoder(**inputs).mean((1, 2))

    with caplog.at_level(logging.INFO, "sklearn_astromer"):
        halved = dict_of(run_windows(means, [windows], device=CPU, dtype=torch.float32))
    assert max(sizes) > 8 >= min(sizes)
    assert "halved" in caplog.text
    assert sorted(halved) == list(range(len(windows)))


def dict_of(results):
    return {int(row): value for _, rows, values in results for row, value in zip(rows, values)}  # noqa: B905


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("no")])
def test_other_errors_are_raised(error):
    windows = Windows(make_variable_stars(30, random_state=0)[0], 200)

    def fail(*_):
        raise error

    with pytest.raises(type(error), match=str(error)):
        list(run_windows(fail, [windows], device=CPU, dtype=torch.float32))


def test_a_single_window_that_does_not_fit_is_an_error():
    windows = Windows(make_variable_stars(3, random_state=0)[0], 200)

    def too_much(*_):
        return torch.empty(2**62, dtype=torch.uint8)

    with pytest.raises(RuntimeError, match="allocate"):
        list(run_windows(too_much, [windows], device=CPU, dtype=torch.float32))


def test_the_next_piece_is_made_while_one_is_used_and_in_order():
    second = threading.Event()

    def items():
        yield 0
        second.set()
        yield from range(1, 5)

    found = batches._ahead(items(), CPU)
    assert next(found) == 0
    assert second.wait(timeout=60)
    assert list(found) == [1, 2, 3, 4]


def test_an_error_in_the_other_thread_is_raised_here_and_an_early_end_is_one():
    def items():
        yield 0
        yield 1
        raise OSError("the map is gone")

    found = batches._ahead(items(), CPU)
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(OSError, match="the map is gone"):
        next(found)
    found = batches._ahead(iter(range(100)), CPU)
    next(found)
    found.close()
    assert not any(t.name.startswith("sklearn_astromer") for t in threading.enumerate())


CHILD = """
import resource
import numpy as np
from sklearn_astromer import EncoderConfig, AstromerEmbedder
from sklearn_astromer.inference import batches
from sklearn_astromer.datasets import make_variable_stars

curves, _ = make_variable_stars(1000, n_observations=200, random_state=0)
wide = EncoderConfig(d_model=32, n_heads=8, d_ff=64)
embedder = AstromerEmbedder(None, architecture=wide, max_epochs=0, random_state=0)
expected = embedder.fit_transform(curves)
batches.CPU_BATCH_OBSERVATIONS = 10**9
with open("/proc/self/status") as status:
    (used,) = [int(line.split()[1]) for line in status if line.startswith("VmData")]
limit = 1024 * used + 128 * 2**20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
import logging; logging.basicConfig(level=logging.INFO)
print(np.abs(embedder.transform(curves) - expected).max())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to RLIMIT_DATA")
def test_halving_under_a_real_limit_changes_nothing():
    """All curves in one batch: 200 MiB of activations where 128 MiB are allowed."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    # what an attempt frees goes back to the system: the limit counts what glibc keeps, where the
    # code that oneDNN compiles cannot lie
    environment["MALLOC_MMAP_THRESHOLD_"] = "65536"
    done = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert "halved" in done.stderr
    assert float(done.stdout) <= 1e-5
