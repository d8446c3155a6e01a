"""Two processes that train together give the network that one gives."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from embedders import make_embedder

from sklearn_astromer import AstromerEmbedder
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.windows import Windows

pytest.importorskip("accelerate", reason="needs the extra accelerate")

SCRIPT = """
import sys
from sklearn_astromer import EncoderConfig, AstromerEmbedder, Recipe
from sklearn_astromer.datasets import make_variable_stars

curves, _ = make_variable_stars(30, n_observations=(1, 130), random_state=0)
tiny = EncoderConfig(d_model=16, n_heads=2, d_ff=16, mask_token=True)
model = AstromerEmbedder(None, architecture=tiny, max_epochs=3, batch_size=7,
    training=Recipe(dropout=0.0, schedule="inverse_sqrt", warmup_steps=5),
    random_state=0, device=sys.argv[1],).fit(curves)
import os
rank = os.environ.get("RANK", "alone")
model.save_pretrained(f"{sys.argv[2]}/{rank}")
model.history_.to_json(f"{sys.argv[2]}/{rank}.json")
"""


def launch(tmp_path, device, *launcher):
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    subprocess.run(
        [sys.executable, *launcher, script, device, tmp_path], check=True, env=environment
    )


@pytest.mark.reliability
def test_two_processes_equal_one(tmp_path):
    launch(tmp_path, "cpu")
    # what `accelerate launch` runs for several GPUs; for CPUs it would want MPI
    launch(tmp_path, "accelerate", "-m", "torch.distributed.run", "--nproc_per_node", "2")
    figures = ["epoch", "train_rmse", "valid_rmse", "lr", "best"]
    alone = pd.read_json(tmp_path / "alone.json")[figures]
    curves, _ = make_variable_stars(5, n_observations=(1, 130), random_state=1)
    vectors = AstromerEmbedder(tmp_path / "alone", max_epochs=0).fit_transform(curves)
    for rank in "01":
        history = pd.read_json(tmp_path / f"{rank}.json")[figures]
        np.testing.assert_allclose(history.astype(float), alone.astype(float), atol=1e-6)
        # not the weights: a key's bias has no gradient but rounding, which Adam blows up
        other = AstromerEmbedder(tmp_path / rank, max_epochs=0).fit_transform(curves)
        np.testing.assert_allclose(other, vectors, atol=1e-4)


def test_shares_of_a_batch_are_the_batch():
    from sklearn_astromer.training.processes import Processes
    from sklearn_astromer.training.recipes import resolved
    from sklearn_astromer.training.reconstruction import Reconstruction

    curves, _ = make_variable_stars(5, n_observations=(5, 60), random_state=0)

    def batch(processes):
        task = Reconstruction(
            Windows(curves, 50),
            0,
            False,
            resolved("astromer1", "auto"),
            device=torch.device("cpu"),
            processes=processes,
        )
        return task.batch(np.arange(5), torch.Generator().manual_seed(0))

    shares = [batch(Processes(rank, 2)) for rank in (0, 1)]
    assert [len(seen["mag"]) for seen, _ in shares] == [3, 3]
    joined = torch.stack([asked["weight"] for _, asked in shares], 1).flatten(0, 1)
    assert joined[:5].any(1).all()
    assert not joined[5:].any()  # the first window again, which must not count twice


def test_on_one_process_accelerate_is_the_cpu():
    curves, _ = make_variable_stars(10, n_observations=20, random_state=0)
    models = [
        make_embedder(d_model=16, d_ff=16, max_epochs=2, random_state=0, device=device)
        for device in ("cpu", "accelerate")
    ]
    one, other = (model.fit(curves).transform(curves) for model in models)
    np.testing.assert_allclose(other, one, atol=1e-6)
