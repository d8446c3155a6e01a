"""Statistics of light curves against other libraries, and where they are undefined."""

import numpy as np
import pytest
from scipy import stats

from sklearn_astromer import LightCurves
from sklearn_astromer.features.ragged import Observations
from sklearn_astromer.features.statistics import NAMES, describe


@pytest.fixture(scope="module")
def curves():
    rng = np.random.default_rng(0)
    arrays = []
    for n in (5, 40, 200):
        time = np.sort(rng.uniform(50_000, 51_000, n))
        mag = 15 + rng.gamma(2, 0.2, n) + 1e-4 * (time - 50_000)
        arrays.append(np.c_[time, mag, rng.uniform(0.01, 0.1, n)])
    return LightCurves.from_arrays(arrays)


def test_the_usual_ones_are_those_of_light_curve(curves):
    lc = pytest.importorskip("light_curve", reason="needs light-curve, to compare with")
    found = describe(Observations(curves))
    assert tuple(found) == NAMES
    for i, (time, mag, error) in enumerate(curve.T for curve in curves):
        n = len(time)
        correction = np.sqrt(n / (n - 1))  # theirs is the standard deviation of a sample

        def value(kind, t=time, m=mag, e=error):
            return kind(t, m, e)[0]

        ours = {name: column[i] for name, column in found.items()}
        std = 10 ** ours["log10_std (mag)"]
        for mine, theirs in {
            std * correction: value(lc.StandardDeviation()),
            10 ** ours["log10_von_neumann"] / correction**2: value(lc.Eta()),
            10 ** ours["log10_reduced_chi2"]: value(lc.ReducedChi2()),
            ours["mad_ratio"] * std: value(lc.MedianAbsoluteDeviation()),
            ours["cusum_range"] / correction: value(lc.Cusum()),
            ours["trend"] * std / np.ptp(time): value(lc.LinearTrend()),
            10 ** ours["log10_error (mag)"]: np.median(error),
            ours["mean (mag)"]: np.mean(mag),
            ours["skewness"]: stats.skew(mag),
            10 ** ours["log10_kurtosis"]: stats.kurtosis(mag, fisher=False),
        }.items():
            assert mine == pytest.approx(theirs, rel=1e-6)
        low, median, high = np.percentile(mag, [5, 50, 95])
        assert 10 ** ours["log10_amplitude (mag)"] == pytest.approx(high - low)
        assert ours["asymmetry"] == pytest.approx((high - median) / (high - low))


def test_a_missing_error_is_as_the_others_are():
    time = np.arange(5.0)
    mag = np.array([15.0, 15.2, 14.9, 15.1, 15.3])
    whole = np.full(5, 0.1)
    gap = np.where(time == 2, np.nan, whole)
    curves = LightCurves.from_arrays([np.c_[time, mag, e] for e in (whole, gap)])
    found = describe(Observations(curves))
    for name in ("log10_error (mag)", "log10_reduced_chi2"):
        assert found[name][0] == pytest.approx(found[name][1])


def test_uncertain_observations_count_less_in_series():
    curve = np.c_[np.arange(4.0), [15.0, 15.0, 15.0, 17.0], [0.01, 0.01, 0.01, 1.0]]
    weight = Observations(LightCurves.from_arrays([curve, curve[:, :2]])).weight
    np.testing.assert_allclose(weight[3], 1e-4 * weight[0] * 2, rtol=0.01)
    assert weight.reshape(2, 4).sum(1) == pytest.approx([1, 1])
