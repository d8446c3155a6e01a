"""The whole network with kernels and without: the same embeddings and the same training."""

import os
import subprocess
import sys

import numpy as np
import pytest

from sklearn_astromer import AstromerEmbedder, kernels
from sklearn_astromer.datasets import make_variable_stars


@pytest.mark.parametrize("name", ["surveys-small", "surveys-periods"])
def test_embeddings_without_kernels_are_those_with_them(name):
    curves, _ = make_variable_stars(30, random_state=0)
    embedder = AstromerEmbedder(name, max_epochs=0, row=("mean", "std")).fit(curves)
    rows = embedder.transform(curves)
    assert kernels.enabled()
    with kernels.disabled():
        assert not kernels.enabled()
        plain = embedder.transform(curves)
    np.testing.assert_allclose(rows, plain, atol=1e-5)


def test_training_without_kernels_is_that_with_them():
    curves, _ = make_variable_stars(20, random_state=0)
    # without dropout, whose masks are others
    embedder = AstromerEmbedder("surveys-small", max_epochs=1, random_state=0)
    losses = [embedder.fit(curves).history_["train_rmse"][0]]
    with kernels.disabled():
        losses.append(embedder.fit(curves).history_["train_rmse"][0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_the_environment_switches_them_off():
    code = "from sklearn_astromer import kernels; print(kernels.enabled())"
    for value, expected in (("0", "False"), ("1", "True")):
        environment = os.environ | {"SKLEARN_ASTROMER_KERNELS": value}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True
        )
        assert done.stdout.strip() == expected
