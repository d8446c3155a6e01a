"""The loss counts probed observations and nothing else."""

import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from sklearn_astromer import AstromerEmbedder, training
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.pretraining import ReconstructionRMSE


def test_rmse_of_the_probed():
    target = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    predicted = target + torch.tensor([[1.0, 9.0, 2.0], [9.0, 9.0, 9.0]])
    probed = torch.tensor([[True, False, True], [False, False, False]])
    assert ReconstructionRMSE()(
        predicted, {"mag": target, "probed": probed, "scale": torch.ones(2, 1)}
    ).item() == pytest.approx(np.sqrt(2.5))


@pytest.mark.parametrize("probed", [False, True])
def test_gradient_stays_finite_at_zero(probed):
    predicted = torch.ones(2, 3, requires_grad=True)
    loss = ReconstructionRMSE()(
        predicted,
        {"mag": torch.ones(2, 3), "probed": torch.full((2, 3), probed), "scale": torch.ones(2, 1)},
    )
    loss.backward()
    assert loss.item() < 1e-5
    assert predicted.grad.isfinite().all()


def test_a_step_in_parts_is_the_step(monkeypatch):
    curves, _ = make_variable_stars(12, random_state=0)
    fits = []
    for observations in (10**9, 500):
        monkeypatch.setattr(training, "PART_OBSERVATIONS", observations)
        embedder = AstromerEmbedder(
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


CHILD = """
import resource, sys
import numpy as np
from sklearn_astromer import AstromerEmbedder, LightCurves

folder, door = sys.argv[1:]
embedder = AstromerEmbedder(
    d_model=8, n_layers=1, n_heads=1, d_ff=8, max_epochs=1, batch_size=64, random_state=0
)
embedder.fit([np.random.rand(300, 2).cumsum(0) for _ in range(4)])  # what a first fit allocates
with open("/proc/self/status") as status:
    (used,) = [int(line.split()[1]) for line in status if line.startswith("VmData")]
limit = 1024 * used + 48 * 2**20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
if door == "open":
    curves = LightCurves.open_parquet(folder + "/catalog.parquet", cache_dir=folder)
else:
    curves = LightCurves.from_parquet(folder + "/catalog.parquet")
print(len(curves.time) * 16 // 2**20, "MiB", embedder.fit(curves).history_["train_rmse"][0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
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
