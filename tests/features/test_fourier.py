"""Fourier series fitted by sums, against a plain least-squares fit and known shapes."""

import numpy as np
import pytest

from sklearn_astromer import LightCurves
from sklearn_astromer.features import fourier
from sklearn_astromer.features.folding import NAMES, evidence_of_double, fold
from sklearn_astromer.features.fourier import Folded
from sklearn_astromer.features.ragged import Observations

PERIOD = 0.7


def observed(*shapes, n=150, noise=0.0, errors=True):
    """Light curves of functions of the phase."""
    rng = np.random.default_rng(0)
    arrays = []
    for shape in shapes:
        time = np.sort(rng.uniform(50_000, 50_300, n))
        error = rng.uniform(0.01, 0.2, n)
        mag = 15 + shape(time / PERIOD % 1) + noise * rng.normal(size=n)
        arrays.append(np.c_[time, mag, error] if errors else np.c_[time, mag])
    return LightCurves.from_arrays(arrays)


def folded(*shapes, **options):
    curves = observed(*shapes, **options)
    with np.errstate(all="ignore"):
        return fold(Observations(curves), np.full(len(curves), 1 / PERIOD))


def saw(phase):
    return np.where(phase < 0.2, 1 - phase / 0.2, (phase - 0.2) / 0.8)


def eclipses(phase, second=0.5, depth=0.4):
    def dip(centre):
        return np.exp(-0.5 * (((phase - centre + 0.5) % 1 - 0.5) / 0.05) ** 2)

    return dip(0.0) + depth * dip(second)


@pytest.mark.parametrize("harmonics", [range(1, 4), range(2, 9, 2)])
@pytest.mark.parametrize("n", [7, 150])
def test_it_is_a_weighted_least_squares_fit(harmonics, n):
    curves = observed(saw, eclipses, n=n, noise=0.1)
    o = Observations(curves)
    phase = curves.time / 1.4
    series = Folded(o, phase, 8).fit(harmonics)
    h = np.asarray(harmonics)
    for i in range(len(curves)):
        of = slice(curves.offsets[i], curves.offsets[i + 1])
        turns = 2 * np.pi * phase[of, None] * h
        design = np.hstack([np.ones((n, 1)), np.cos(turns), np.sin(turns)])
        scale = np.sqrt(o.weight[of])
        ridge = np.sqrt(fourier.SHRINKAGE / n) * np.tile(h / h[0], 2)
        system = np.vstack([design * scale[:, None], np.diag(np.r_[0.0, ridge])[1:]])
        right = np.r_[curves.mag[of] * scale, np.zeros(2 * len(h))]
        c = np.linalg.lstsq(system, right, rcond=None)[0]
        a, b = c[1 : len(h) + 1], c[len(h) + 1 :]
        np.testing.assert_allclose(series.amplitude[i], np.hypot(a, b), rtol=1e-6)
        np.testing.assert_allclose(np.exp(1j * series.angle[i]), (a - 1j * b) / np.hypot(a, b))
        left = o.mag[of] - design @ c
        left -= np.average(left, weights=o.weight[of])  # of magnitudes about their mean
        variance = np.average(o.mag[of] ** 2, weights=o.weight[of])
        share = np.average(left**2, weights=o.weight[of]) / variance
        assert series.unexplained[i] == pytest.approx(share, abs=2e-3)


def test_amplitudes_and_phases_of_a_known_series():
    def shape(phase):
        turns = 2 * np.pi * phase
        return (
            0.4 * np.cos(turns + 0.3)
            + 0.1 * np.cos(2 * turns + 4.0)
            + 0.05 * np.cos(3 * turns - 1.0)
        )

    found = {name: float(column[0]) for name, column in folded(shape, n=400).items()}
    assert tuple(found) == NAMES
    assert 10 ** found["log10_A1 (mag)"] == pytest.approx(0.4, rel=2e-3)
    assert found["R21"] == pytest.approx(0.25, rel=5e-3)
    assert found["R31"] == pytest.approx(0.125, rel=1e-2)
    phi21 = np.arctan2(found["sin_phi21"], found["cos_phi21"])
    assert (phi21 - (4.0 - 0.6) + 1) % (2 * np.pi) == pytest.approx(1, abs=5e-3)
    phi31 = np.arctan2(found["sin_phi31"], found["cos_phi31"])
    assert (phi31 - (-1.0 - 0.9) + 1) % (2 * np.pi) == pytest.approx(1, abs=1e-2)
    assert found["unexplained"] < 1e-4


def test_shapes_tell():
    sine, sawtooth, pair = (lambda p: np.cos(2 * np.pi * p)), saw, eclipses
    found = folded(sine, sawtooth, pair, n=400)
    rise, faint = found["rise_fraction"], found["faint_fraction"]
    assert rise[0] == pytest.approx(0.5, abs=0.03)
    assert rise[1] == pytest.approx(0.2, abs=0.05)
    assert faint[0] == pytest.approx(0.5, abs=0.03)
    assert faint[2] < 0.25
    assert found["R21"][0] < 0.01
    assert found["log10_folded_von_neumann"][0] < -2
    with np.errstate(all="ignore"):
        curves = observed(pair, lambda p: eclipses(p, second=0.4), n=400)
        half = fold(Observations(curves), np.full(2, 2 / PERIOD))
    assert half["depth_ratio"][0] == pytest.approx(0.4, abs=0.06)
    assert half["minima_shift"][0] < 0.02
    assert half["minima_shift"][1] == pytest.approx(0.1, abs=0.03)
    assert half["R_half"][0] > 0.3


def test_twice_the_period_is_preferred_where_eclipses_differ():
    curves = observed(eclipses, lambda p: np.cos(4 * np.pi * p), n=300, noise=0.05)
    with np.errstate(all="ignore"):
        found = fold(Observations(curves), np.full(2, 2 / PERIOD))
    different, equal = evidence_of_double(found["log10_gain_2P"], curves.lengths)
    assert different > 0 > equal


def test_no_frequency_is_nan_everywhere():
    curves = observed(saw, lambda p: np.zeros_like(p))
    with np.errstate(all="ignore"):
        found = fold(Observations(curves), np.array([0.0, 1.0]))
    assert np.isnan(list(found.values())).all()


def test_neighbours_in_phase_close_the_cycle():
    curves = observed(saw, eclipses, n=15, noise=0.1)
    with np.errstate(all="ignore"):
        found = fold(Observations(curves), np.full(2, 1 / PERIOD))
    for name, period in (("", PERIOD), ("_2P", 2 * PERIOD)):
        for i, curve in enumerate(curves):
            time, mag = curve.T[:2]
            mag = mag[np.argsort((time - time[0]) / period % 1)]
            expected = np.mean((mag - np.roll(mag, 1)) ** 2) / mag.var()
            assert 10 ** found[f"log10_folded_von_neumann{name}"][i] == pytest.approx(expected)
