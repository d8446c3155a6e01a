"""What earlier versions pickled still loads, and gives the same."""

import pickle
from pathlib import Path

import numpy as np
import pytest

PICKLE = Path(__file__).parent / "data" / "embedder-0.1.0.dev0.pkl"


def test_an_embedder_of_before_the_rooms():
    with (
        PICKLE.open("rb") as file,
        pytest.warns(UserWarning, match=r"by sklearn_astromer 0\.1\.0\.dev0"),
    ):
        kept = pickle.load(file)
    embedder = kept["embedder"]
    np.testing.assert_allclose(embedder.transform(kept["curves"]), kept["rows"], atol=1e-4)
    assert embedder.get_params()["architecture"] == "astromer1"  # the default; its own is fitted
    assert embedder.module_.encoder.config.d_model == 8
