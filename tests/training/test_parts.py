"""Random parts of curves: what they are, that their periodograms are their own, and how often."""

import numpy as np
import pytest
import torch

from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.periodogram import find_peaks
from sklearn_astromer.training.parts import SHORT, SHORTEST, Parts, part
from sklearn_astromer.windows import Windows

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def curves():
    return make_variable_stars(12, n_observations=(5, 300), random_state=0)[0]


@pytest.mark.parametrize("n", [1, 2, 7, 8, 40, 41, 500])
def test_parts_of_any_curve(n):
    sizes = []
    for seed in range(200):
        chosen = np.arange(n)[part(n, np.random.default_rng(seed))]
        assert len(set(chosen.tolist())) == len(chosen)
        assert min(n, SHORTEST) <= len(chosen) <= n
        sizes.append(len(chosen))
    if n == 500:
        assert 0.5 < np.mean(np.array(sizes) <= SHORT) < 0.9
        assert max(sizes) > 200


def test_each_part_has_the_periodogram_of_its_own_observations_found_once(curves):
    searched = []

    def peaks_of(some):
        searched.append(len(some))
        return find_peaks(some, 2)

    windows = Windows(curves, 100, find_peaks(curves, 2))
    parts = Parts(windows, 3, 0, 100, peaks_of, CPU)
    objects, number = np.array([3, 3, 7]), np.array([0, 2, 1])
    made = parts._windows(objects, number)
    own = parts.curves(objects, number)
    np.testing.assert_allclose(made.frequency, find_peaks(own, 2).frequency)
    assert not np.allclose(made.frequency[0], windows.frequency[3])
    again = parts._windows(objects, number)
    np.testing.assert_array_equal(again.spectrum, made.spectrum)
    assert searched == [3]


def test_a_batch_shows_windows_and_parts(curves):
    windows = Windows(curves, 100)
    parts = Parts(windows, 3, 0, 100, None, CPU)
    rows = np.arange(len(windows))
    plain = windows.gather(rows)
    replaced = np.zeros(len(rows))
    generator = torch.Generator().manual_seed(0)
    for _ in range(40):
        seen, errors = parts.of(rows, generator, errors=True)
        mag = seen["mag"].numpy()
        assert mag.shape[1] <= 100
        assert errors.shape == mag.shape
        mask = seen["mask"].numpy() if "mask" in seen else np.ones_like(mag, dtype=bool)
        assert not mag[~mask].any()
        np.testing.assert_allclose(mag.sum(1), 0, atol=1e-3)
        width = min(mag.shape[1], plain.mag.shape[1])
        replaced += np.any(mag[:, :width] != plain.mag[:, :width], axis=1)
    long = windows.length > 20
    assert 0.35 < replaced[long].mean() / 40 < 0.65
