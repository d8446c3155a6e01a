"""Pooling over windows equals pooling over all observations of the object at once."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_astromer.modules.pooling import POOLINGS, combine_windows, pool_windows


@pytest.mark.parametrize("pooling", POOLINGS)
@settings(max_examples=20, deadline=None)
@given(
    objects=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=4)
)
def test_windows_combine_to_objects(pooling, objects):
    rng = np.random.RandomState(0)
    length = np.concatenate(objects)
    longest = length.max()
    layers = rng.normal(3, 2, size=(3, len(length), longest, 5)).astype(np.float32)
    mask = np.arange(longest) < length[:, None]
    pooled = pool_windows(list(torch.tensor(layers)), torch.tensor(mask), pooling).numpy()
    first = np.concatenate([[0], np.cumsum([len(o) for o in objects])])[:-1]
    rows = combine_windows(pooled, length, first, pooling)
    for i, start in enumerate(first):
        own = slice(start, start + len(objects[i]))
        every = [layer[own][mask[own]] for layer in layers]
        expected = {
            "mean": lambda v: v[-1].mean(0),
            "mean_std": lambda v: np.hstack([v[-1].mean(0), v[-1].std(0)]),
            "max": lambda v: v[-1].max(0),
            "layers": lambda v: np.hstack([layer.mean(0) for layer in v]),
        }[pooling](every)
        np.testing.assert_allclose(rows[i], expected, atol=2e-6, rtol=2e-6)
