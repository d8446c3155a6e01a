"""Powers against the exact formulas of astropy."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.periodogram import lomb_scargle, power_spectrum
from sklearn_astromer.periodogram.lomb_scargle import grid_power, harmonic_power

timeseries = pytest.importorskip("astropy.timeseries", reason="compares with astropy")


def tensors(*arrays):
    return [torch.from_numpy(np.asarray(a, dtype=np.float64))[None] for a in arrays]


def curve(seed, n, span, nightly):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, span, n))
    if nightly:  # an hour of observation, hence strong aliases
        time = np.floor(time) + rng.uniform(0, 0.1, n)
    mag = 15 + 0.3 * np.sin(2 * np.pi * time / 0.6) + rng.normal(0, 0.1, n)
    return time, mag, rng.uniform(0.05, 0.3, n)


@settings(max_examples=50)
@given(
    st.integers(0, 2**31),
    st.integers(6, 300),
    st.sampled_from([5.0, 300.0, 4000.0]),
    st.booleans(),
    st.sampled_from([0.5, 1, 2, 3.4, 5, 9, 60]),
    st.sampled_from([1, 37, 400, 1000]),
)
def test_powers_are_those_of_the_exact_formula(seed, n, span, nightly, samples_per_peak, count):
    time, mag, err = curve(seed, n, span, nightly)
    step = 1 / (samples_per_peak * span)
    weight = err**-2 / (err**-2).sum()
    steps = torch.tensor([step], dtype=torch.float64)
    found = grid_power(*tensors(time - time.mean(), mag, weight), steps, count)
    frequency = step * np.arange(1, count + 1)
    expected = timeseries.LombScargle(time, mag, err).power(frequency, method="cython")
    # where sine, cosine and constant are nearly the same, float32 does not tell them apart
    phase = 2 * np.pi * np.outer(frequency, time)
    cos, sin = np.cos(phase), np.sin(phase)
    cos, sin = (x - (x * weight).sum(1, keepdims=True) for x in (cos, sin))
    cc, ss, cs = ((a * b * weight).sum(1) for a, b in ((cos, cos), (sin, sin), (cos, sin)))
    determinant = cc * ss - cs**2
    inside = (frequency >= 1 / span) & (determinant > 1e-4)
    error = np.abs(found[0].numpy() - expected)[inside]
    assert (error < 1e-5 + 5e-7 / determinant[inside]).all()


def test_objects_side_by_side_and_padding_change_nothing():
    curves = [curve(i, n, 500.0, False) for i, n in enumerate((30, 80, 55))]
    time, mag, weight = np.zeros((3, 3, 80))
    for i, (t, m, _) in enumerate(curves):
        time[i, : len(t)], mag[i, : len(t)] = t - t.mean(), m
        weight[i, : len(t)] = 1 / len(t)
    step = torch.full((3,), 4e-4, dtype=torch.float64)
    together = grid_power(*map(torch.from_numpy, (time, mag, weight)), step, 5000)
    for i, (t, m, _) in enumerate(curves):
        alone = grid_power(*tensors(t - t.mean(), m, np.full(len(t), 1 / len(t))), step[:1], 5000)
        torch.testing.assert_close(together[i], alone[0], atol=1e-5, rtol=0)


def test_long_curves_and_grids_are_computed_in_chunks(monkeypatch):
    time, mag, _ = curve(0, 500, 1000.0, True)
    given = *tensors(time - time.mean(), mag, np.full(500, 1 / 500)), torch.tensor([2e-4])
    whole = grid_power(*given, 3000)
    monkeypatch.setattr(lomb_scargle, "CHUNK_OBSERVATIONS", 64)
    monkeypatch.setattr(lomb_scargle, "CHUNK_FREQUENCIES", 100)
    torch.testing.assert_close(grid_power(*given, 3000), whole, atol=1e-5, rtol=0)


@pytest.mark.parametrize("n_harmonics", [1, 3])
def test_harmonics_are_those_of_astropy(n_harmonics):
    time, mag, err = curve(1, 200, 1000.0, True)
    weight = err**-2 / (err**-2).sum()
    frequency = np.array([0.01, 0.5, 1 / 0.6, 2.2])
    found = harmonic_power(
        *tensors(time - time.mean(), mag, weight), torch.from_numpy(frequency)[None], n_harmonics
    )
    expected = timeseries.LombScargle(time, mag, err, nterms=n_harmonics).power(
        frequency, method="chi2"
    )
    np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-6)


def test_spectrum_of_one_object_is_that_of_astropy():
    curves, _ = make_variable_stars(5, random_state=0)
    frequency, power = power_spectrum(curves, 3, max_frequency=4.0)
    time, mag = curves[3].T[:2]
    errors = curves[[3]].mag_err
    dy = None if errors is None else np.sqrt(errors**2 + np.median(errors) ** 2)
    exact = timeseries.LombScargle(time, mag, dy).power(frequency, method="cython")
    np.testing.assert_allclose(power, exact, atol=1e-4)
    assert frequency[-1] == pytest.approx(4.0, abs=0.01)
