"""Pooling over windows equals pooling over all observations of the object at once."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_astromer.config import VECTOR_PARTS
from sklearn_astromer.modules.pooling import combine_windows, pool_windows


@settings(max_examples=40, deadline=None)
@given(
    objects=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=4),
    parts=st.sets(st.sampled_from(VECTOR_PARTS), min_size=1),
)
def test_windows_combine_to_objects(objects, parts):
    rng = np.random.RandomState(0)
    length = np.concatenate(objects)
    longest = length.max()
    layers = rng.normal(3, 2, size=(3, len(length), longest, 5)).astype(np.float32)
    mask = np.arange(longest) < length[:, None]
    pooled = pool_windows(list(torch.tensor(layers)), torch.tensor(mask), parts).numpy()
    first = np.concatenate([[0], np.cumsum([len(o) for o in objects])])[:-1]
    found = combine_windows(pooled, length, first, parts)
    assert found.keys() == parts
    for i, start in enumerate(first):
        own = slice(start, start + len(objects[i]))
        every = [layer[own][mask[own]] for layer in layers]
        expected = {
            "mean": every[-1].mean(0),
            "std": every[-1].std(0),
            "max": every[-1].max(0),
            "layers": np.hstack([layer.mean(0) for layer in every]),
        }
        for part in parts:
            np.testing.assert_allclose(found[part][i], expected[part], atol=2e-6, rtol=2e-6)
