"""The loss counts probed observations and nothing else."""

import dataclasses
import os
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from embedders import make_embedder

from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.modules.losses import LOSSES
from sklearn_astromer.training import loop
from sklearn_astromer.training.callbacks import figures
from sklearn_astromer.training.recipes import Recipe
from sklearn_astromer.training.reconstruction import Masked, error_weights

UNITS = {"centre": torch.zeros(2, 1), "scale": torch.ones(2, 1)}  # of two windows: magnitudes


def test_rmse_of_the_probed():
    target = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    predicted = target + torch.tensor([[1.0, 9.0, 2.0], [9.0, 9.0, 9.0]])
    probed = torch.tensor([[True, False, True], [False, False, False]])
    asked = {"mag": target, "weight": probed, **UNITS}
    assert Masked()(predicted, asked).item() == pytest.approx(np.sqrt(2.5))


def test_there_is_a_loss_for_every_choice_of_a_recipe():
    (field,) = (field for field in dataclasses.fields(Recipe) if field.name == "loss")
    assert set(field.metadata["choices"]) == set(LOSSES)


@pytest.mark.parametrize("probed", [False, True])
def test_gradient_stays_finite_at_zero(probed):
    predicted = torch.ones(2, 3, requires_grad=True)
    asked = {"mag": torch.ones(2, 3), "weight": torch.full((2, 3), probed), **UNITS}
    loss = Masked()(predicted, asked)
    loss.backward()
    assert loss.item() < 1e-5
    assert predicted.grad.isfinite().all()


def test_a_step_in_parts_is_the_step(monkeypatch):
    curves, _ = make_variable_stars(12, random_state=0)
    fits = []
    for observations in (10**9, 500):
        monkeypatch.setattr(loop, "PART_OBSERVATIONS", observations)
        embedder = make_embedder(
            d_model=16, d_ff=16, dropout=0.0, max_epochs=1, lr=1e-3, batch_size=8, random_state=0
        )
        fits.append(embedder.fit(curves))
    whole, parts = fits
    figures = ["train_rmse", "valid_rmse"]
    np.testing.assert_allclose(parts.history_[figures], whole.history_[figures], rtol=1e-4)
    for name, value in whole.module_.named_parameters():
        if (
            "qkv.bias" not in name
        ):  # that of the keys has no gradient but rounding, which Adam scales
            torch.testing.assert_close(
                parts.module_.get_parameter(name), value, atol=1e-5, rtol=1e-3
            )


def test_a_large_batch_in_parts_asked_for_is_the_batch():
    curves, _ = make_variable_stars(12, random_state=0)
    options = {"d_model": 16, "d_ff": 16, "dropout": 0.0, "max_epochs": 1, "random_state": 0}
    whole, parts = (make_embedder(**options, part_windows=size).fit(curves) for size in (10**9, 3))
    figures = ["train_rmse", "train_r2", "valid_rmse", "valid_r2"]
    np.testing.assert_allclose(parts.history_[figures], whole.history_[figures], rtol=1e-4)


def test_r2_is_the_share_of_the_variance():
    criterion = Masked()
    asked = {
        "mag": torch.tensor([[1.0, -1.0, 5.0], [4.0, -4.0, 0.0]]),
        "weight": torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]),
        "centre": torch.zeros(2, 1),
        "scale": torch.tensor([[1.0], [4.0]]),
    }
    for predicted, r2 in ((0 * asked["mag"], 0.0), (asked["mag"], 1.0), (asked["mag"] / 2, 0.75)):
        measures = criterion.measures(predicted, asked)
        sums = {name: [float(part) for part in parts] for name, parts in measures.items()}
        assert figures(criterion, sums)["r2"] == pytest.approx(r2)


def test_weights_follow_the_errors():
    errors = torch.tensor([[0.1, 0.2, 0.001, 0.0]])
    mask = torch.tensor([[True, True, True, False]])
    weight = error_weights(errors, mask)[0, :3]
    np.testing.assert_allclose(weight / weight[0], [1, 0.25, 100], rtol=1e-5)
    assert float(weight.mean()) == pytest.approx(1)


def test_an_error_weighted_fit_cares_for_the_precise():
    """Half of the observations are noise, and say so: what is learned is the other half."""
    rng = np.random.default_rng(0)
    curves = []
    for _ in range(60):
        time = np.sort(rng.random(80) * 20)
        noisy = rng.random(80) < 0.5
        mag = np.sin(2 * np.pi * time / 5 + rng.random()) + 3 * noisy * rng.standard_normal(80)
        curves.append(np.c_[time, mag, np.where(noisy, 3.0, 0.05)])
    options = {"d_model": 16, "d_ff": 16, "residual": True, "lr": 3e-3, "max_epochs": 6}
    plain, weighted = (
        make_embedder(**options, error_weighted=on, random_state=0).fit(curves)
        for on in (False, True)
    )
    assert weighted.history_["valid_rmse"].iloc[-1] < 0.8 < plain.history_["valid_rmse"].iloc[-1]


def test_errors_that_are_missing_are_named():
    curves = [np.c_[np.arange(9.0), np.arange(9.0), np.full(9, 0.1)] for _ in range(4)]
    curves[2][4, 2] = np.nan
    tiny = {"d_model": 8, "d_ff": 8, "max_epochs": 1}
    for options in ({"error_weighted": True}, {"augment": ("thin", "jitter")}):
        with pytest.raises(ValueError, match=r"of object 2 at 4.0 d is nan"):
            make_embedder(**tiny, **options).fit(curves)
        with pytest.raises(ValueError, match="X has none"):
            make_embedder(**tiny, **options).fit([c[:, :2] for c in curves])
        make_embedder(**tiny, **options).fit([curves[i] for i in (0, 1, 3)])


def test_figures_for_tensorboard(tmp_path):
    pytest.importorskip("tensorboard", reason="sklearn_astromer[tensorboard] is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    curves, _ = make_variable_stars(20, random_state=0)
    options = {"d_model": 8, "d_ff": 8, "max_epochs": 3, "random_state": 0}
    embedder = make_embedder(**options, log_dir=tmp_path).fit(curves)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    logged = {tag.lower(): tag for tag in events.Tags()["scalars"]}
    for name in ("train_rmse", "valid_rmse", "train_r2", "valid_r2"):
        (tag,) = (
            original
            for lower, original in logged.items()
            if name.split("_")[1] in lower and name.split("_")[0] in lower
        )
        values = [event.value for event in events.Scalars(tag)]
        np.testing.assert_allclose(values, embedder.history_[name], rtol=1e-5)


@pytest.mark.reliability
@pytest.mark.skipif(shutil.which("g++") is None, reason="on a CPU torch.compile needs g++")
def test_a_compiled_fit_is_the_fit():
    curves, _ = make_variable_stars(16, n_observations=50, random_state=0)
    options = {"d_model": 8, "n_layers": 1, "n_heads": 1, "d_ff": 8, "dropout": 0.0}
    options |= {"max_epochs": 2, "random_state": 0, "validation_fraction": 0}
    plain, compiled = (make_embedder(**options, compile=on).fit(curves) for on in (False, True))
    np.testing.assert_allclose(
        compiled.history_["train_rmse"], plain.history_["train_rmse"], rtol=1e-4
    )
    pickle.loads(pickle.dumps(compiled)).transform(curves)


CHILD = """
import resource, sys
from sklearn_astromer.lightcurves.reading import mapped, tables
import numpy as np
import pyarrow.parquet
from sklearn_astromer import EncoderConfig, AstromerEmbedder, LightCurves

folder, door = sys.argv[1:]
tiny = EncoderConfig(d_model=8, n_layers=1, n_heads=1, d_ff=8)
embedder = AstromerEmbedder(None, architecture=tiny, max_epochs=1, batch_size=64, random_state=0)
# what a first fit and a first reading allocate
embedder.fit([np.random.rand(300, 2).cumsum(0) for _ in range(4)])
pyarrow.parquet.ParquetFile(folder + "/catalog.parquet").read_row_group(0)
with open("/proc/self/status") as status:
    (used,) = [int(line.split()[1]) for line in status if line.startswith("VmData")]
limit = 1024 * used + 64 * 2**20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
if door == "open":
    mapped.PIECE, tables.PIECE_OBJECTS = 2**16, 50  # what is held at a time, a few MiB
    curves = LightCurves.open_parquet(folder + "/catalog.parquet", cache_dir=folder)
else:
    curves = LightCurves.read(folder + "/catalog.parquet")
print(len(curves.time) * 16 // 2**20, "MiB", embedder.fit(curves).history_["train_rmse"][0])
"""


@pytest.mark.reliability
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to RLIMIT_DATA")
def test_pretraining_on_a_catalog_larger_than_memory(tmp_path):
    """Under a limit that the catalog's columns exceed by far, and reading them all proves it."""
    rng = np.random.default_rng(0)
    n_objects, n = 8_000, 600
    table = pa.table(
        {
            "id": np.arange(n_objects),
            **{
                name: pa.FixedSizeListArray.from_arrays(values, n)
                for name, values in (
                    ("mjd", np.tile(np.sort(rng.random(n) * 1000), n_objects)),
                    ("mag", rng.normal(15, 0.1, n * n_objects)),
                )
            },
        }
    )
    pq.write_table(table, tmp_path / "catalog.parquet", row_group_size=250)

    def run(door):
        command = [sys.executable, "-c", CHILD, str(tmp_path), door]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    opened = run("open")
    assert opened.returncode == 0, opened.stderr
    assert opened.stdout.startswith("73 MiB")
    read = run("read")
    assert read.returncode != 0
    assert "MemoryError" in read.stderr or "ArrowMemoryError" in read.stderr
