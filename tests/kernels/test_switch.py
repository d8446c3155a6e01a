"""The whole network with kernels and without: the same embeddings and the same training."""

from pathlib import Path

import numpy as np
import pytest

from sklearn_astromer import AstromerEmbedder, kernels
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.kernels import switch


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


def test_the_environment_switches_them_off(monkeypatch):
    """It is read when the package is imported, here once more."""
    source = Path(switch.__file__).read_text(encoding="utf-8")
    for value, expected in (("0", False), ("1", True)):
        monkeypatch.setenv("SKLEARN_ASTROMER_KERNELS", value)
        again = {"__name__": switch.__name__}
        exec(source, again)
        assert again["enabled"]() is expected
