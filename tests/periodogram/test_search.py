"""What is found by blocks of frequencies against a search of all of them."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_astromer.periodogram import search
from sklearn_astromer.periodogram.search import N_CANDIDATES


def powers(seed, n_objects, n_frequencies):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.uniform(0, 1, (n_objects, n_frequencies)).astype(np.float32))


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.integers(1, 3), st.integers(1, 700))
def test_maxima_of_bins(seed, n_objects, n_frequencies):
    power = powers(seed, n_objects, n_frequencies)
    rng = np.random.default_rng(seed)
    edges = np.sort(rng.integers(0, n_frequencies + 1, (n_objects, 6)), axis=1)
    found = search._bin_maxima(power, torch.from_numpy(edges))
    for row, ends, of in zip(power, edges, found, strict=True):
        # the last bin goes on to the end: its edge is that of the grid
        begins = [*ends[:-1], n_frequencies]
        expected = [float(row[a:b].max()) if b > a else 0.0 for a, b in itertools.pairwise(begins)]
        np.testing.assert_array_equal(of.numpy(), np.float32(expected))


@settings(max_examples=60)
@given(
    st.integers(0, 2**31),
    st.sampled_from([1, 2, 63, 64, 65, 128, 1000]),
    st.lists(st.sampled_from([0.5, 3, 10, 60]), min_size=1, max_size=2),
)
def test_candidates_are_the_highest_that_are_separate(seed, n_frequencies, samples_per_peak):
    power = powers(seed, len(samples_per_peak), n_frequencies)
    span = torch.full((len(power),), 100.0, dtype=torch.float64)
    step = 1 / (span * torch.tensor(samples_per_peak, dtype=torch.float64))
    frequency, found = search._candidates(power, power, step, span)
    for i, samples in enumerate(samples_per_peak):
        left, width = power[i].clone(), min(max(round(1.5 * samples), 1), 64)
        for k in range(N_CANDIDATES):
            best = int(left.argmax())
            assert bool(found[i, k]) == bool(left[best] > 0)
            if not found[i, k]:
                break
            assert float(frequency[i, k] / step[i]) == pytest.approx(best + 1, abs=0.5001)
            left[max(0, best - width) : best + width + 1] = -1.0
