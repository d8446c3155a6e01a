"""VariabilityFeatures: what one would compute of a variable star by hand, as a table."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval

from sklearn_astromer._estimator_base import COMMON_CONSTRAINTS, TransformerBase, resolve_device
from sklearn_astromer.features import folding, periods, statistics
from sklearn_astromer.features.ragged import Observations
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.checks import check_order
from sklearn_astromer.lightcurves.flat import offsets_of
from sklearn_astromer.lightcurves.stars import Stars, check_bands, read_stars, rows_in
from sklearn_astromer.periodogram import find_peaks
from sklearn_astromer.periodogram.peaks import shared_peaks
from sklearn_astromer.windows import pieces

__all__ = ["VariabilityFeatures"]

PIECE_OBSERVATIONS = 2**19  # described at a time, which bounds the memory
OF_BAND = (*statistics.NAMES, *folding.NAMES)
MEAN, AMPLITUDE = OF_BAND.index("mean (mag)"), OF_BAND.index("log10_amplitude (mag)")


class VariabilityFeatures(TransformerBase):
    """Describe light curves by their periods, Fourier series and statistics.

    The features that people who classify variable stars compute by hand: a baseline for learned
    embeddings, and columns to put beside them. Nothing is learned, so `transform` needs no `fit`.

    Parameters
    ----------
    bands : list of str, optional
        None: a row per light curve, with its own period. Bands: a row per star, for which the
        period is searched in these bands together and the columns of each band stand side by side,
        followed by colours and ratios of amplitudes. A band in which a star was not observed is
        NaN.
    max_frequency : float, default=24.0
        The largest frequency of the periodogram, in cycles a day.
    device : str or torch.device, default="auto"
        Where periodograms are computed, as for `AstromerEmbedder`.

    Attributes
    ----------
    n_features_in_ : int
        Only if X was a 2-D array.

    Notes
    -----
    Names of columns end in their unit in parentheses; those that begin with ``log10_`` are decimal
    logarithms. What is undefined is NaN: all of the period for fewer than six observations and for
    constant curves. Series and periodograms are weighted as by
    `~sklearn_astromer.periodogram.find_peaks`, means and other statistics are not.

    *Periods.* ``peak_period_1`` to ``4`` are those of the highest separate peaks of the
    periodogram, ranked by the variance that a series of three harmonics explains
    (``harmonic_power``); ``power`` is that of one sine. Columns ``power_a_to_b`` are the highest
    power between two frequencies. ``period`` is that of the first peak; twice that where the
    Bayesian information criterion prefers a series at twice the period, as for eclipses of
    different depths, and 40 cycles or more were observed. Periodograms are kept in memory, and
    shared with encoders of four own periods such as ``"surveys-periods"``.

    *At the period P of the first peak.* ``m = m0 + Σ A_k cos(2πk t/P + φ_k)`` with four harmonics:
    ``A1``, ``R_k1 = A_k/A1`` and cosine and sine of ``φ_k1 = φ_k - k φ_1``;
    ``np.arctan2(sin_phi21, cos_phi21)`` is φ21. ``rise_fraction`` is the part of the period from
    minimum to maximum light, ``unexplained`` the share of the variance that is left, and
    ``folded_von_neumann`` the mean squared difference of neighbours in phase over the variance.

    *At 2P.* The same with eight harmonics of 2P (``…_2P``); ``gain_2P`` is the ratio of what the
    two series leave; ``R_half`` and ``R_three_halves`` are the amplitudes at half and at one and a
    half times the frequency, over that at the frequency. Of this series: ``range`` from maximum to
    minimum, ``mean_level`` and ``faint_fraction``, the mean and the share of the time in the
    fainter half of that range; ``depth_ratio`` of the secondary to the primary minimum,
    ``minima_shift`` from half a cycle between them, and ``maxima_difference``, relative to the
    range.

    *Statistics.* ``amplitude`` is from the 5th to the 95th percentile (p5, p95);
    ``asymmetry = (p95 - median)/(p95 - p5)``, ``asymmetry_of_quartiles`` the same from p25 to p75;
    ``quartile_range_ratio = (p75 - p25)/(p95 - p5)``, ``extreme_range_ratio`` the amplitude over
    the full range; ``mad_ratio`` the median absolute deviation over the standard deviation;
    ``von_neumann`` as above in order of time; ``cusum_range`` of the running sum over n standard
    deviations; ``trend`` the slope times the time span in standard deviations; ``error`` the median
    one.

    *Between bands.* For every two of `bands`, ``g-r (mag)`` of the means and
    ``log10_amplitude_g/r``.

    References
    ----------
    Deb & Singh 2009, A&A 507, 1729 (Fourier decomposition); Richards et al. 2011, ApJ 733, 10;
    Kim & Bailer-Jones 2016, A&A 587, A18.

    Examples
    --------
    >>> from sklearn_astromer import VariabilityFeatures
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> curves, labels = make_variable_stars(4, classes=["RRAB"], random_state=0)
    >>> features = VariabilityFeatures().set_output(transform="pandas").fit_transform(curves)
    >>> features[["log10_period (d)", "log10_amplitude (mag)", "R21"]].round(2)
              log10_period (d)  log10_amplitude (mag)   R21
    object_id
    0                    -0.16                  -0.21  0.45
    1                    -0.22                  -0.08  0.42
    2                    -0.26                   0.01  0.48
    3                    -0.25                  -0.01  0.49
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "bands": ["array-like", None],
        "max_frequency": [Interval(Real, 0, None, closed="neither")],
        "device": COMMON_CONSTRAINTS["device"],
    }

    def __init__(
        self,
        bands: Sequence[str] | None = None,
        *,
        max_frequency: float = 24.0,
        device: str | torch.device = "auto",
    ) -> None:
        self.bands = bands
        self.max_frequency = max_frequency
        self.device = device

    def fit(self, X: Any, y: Any = None) -> VariabilityFeatures:
        """Check X and the parameters; nothing is learned.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes; with `bands` also `Stars`, see `MultiBandEmbedder.fit`.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is none of these or empty, one of the `bands` is nowhere in X, or a parameter is
            out of range.
        """
        self._check_parameters()
        if self.bands is None:
            read: LightCurves | Stars = self._read(X, reset=True)
        else:
            read = read_stars(X, partial(self._read, reset=True))
            rows_in(read, self.bands, whole=True)
        if len(read) == 0:
            raise ValueError("there are no light curves to fit")
        check_order(read, y)
        return self

    def transform(self, X: Any) -> Any:
        """Describe light curves, or stars.

        Parameters
        ----------
        X : LightCurves, Stars or array-like
            As for `fit`.

        Returns
        -------
        ndarray of shape (n_objects, n_features_out), float64
            Row i is object i. With `bands` rows are stars, which for `LightCurves` are in the order
            of their first appearance. With ``set_output(transform="pandas")`` a DataFrame, whose
            index is that of X, or the ids of a `LightCurves` or of the stars.

        Raises
        ------
        TypeError, ValueError
            If X is none of these, or a parameter is out of range.
        """
        self._check_parameters()
        if self.bands is None:
            curves = self._read(X, reset=False)
            ids = curves.ids
            star, band = np.arange(len(curves)), np.zeros(len(curves), dtype=np.int64)
        else:
            stars = read_stars(X, partial(self._read, reset=False))
            row, band = rows_in(stars, self.bands)
            ids, curves, star = stars.ids, stars.curves[row], stars.star[row]
        rows = np.full((len(ids), len(self._columns())), np.nan)
        first = offsets_of(np.bincount(star, minlength=len(ids)))  # row of each star
        for part in pieces(curves.offsets[first], PIECE_OBSERVATIONS):
            of = slice(int(first[part.start]), int(first[part.stop]))
            if of.stop > of.start:
                self._describe(curves[of], star[of] - part.start, band[of], rows[part])
        return self._indexed(rows, X, ids)

    def _describe(
        self,
        curves: LightCurves,
        star: NDArray[np.int64],
        band: NDArray[np.int64],
        rows: NDArray[np.float64],
    ) -> None:
        """Fill the rows of stars; `star` and `band` tell where each of `curves` belongs."""
        find = find_peaks if self.bands is None else shared_peaks
        peaks = find(
            curves._trusted(curves._flat._replace(ids=star)),
            periods.N_PEAKS,
            max_frequency=self.max_frequency,
            device=resolve_device(self.device),
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            observations = Observations(curves)
            found = statistics.describe(observations)
            found |= folding.fold(observations, peaks.frequency[:, 0])
            evidence = folding.evidence_of_double(found["log10_gain_2P"], curves.lengths)
            evidence[peaks.span * peaks.frequency[:, 0] < folding.FEWEST_CYCLES] = 0.0
        seen, one = np.unique(star, return_index=True)
        doubled = np.bincount(star, weights=evidence)[seen] > 0
        n_shared = len(periods.names(self.max_frequency))
        rows[seen, :n_shared] = periods.periods(peaks[one], doubled)
        table = np.column_stack([found[name] for name in OF_BAND])
        n_bands = 1 if self.bands is None else len(self.bands)
        by_band = np.full((len(rows), n_bands, len(OF_BAND)), np.nan)
        by_band[star, band] = table
        pairs = list(itertools.combinations(range(n_bands), 2))
        differences = [
            by_band[:, i, what] - by_band[:, j, what]
            for what in (MEAN, AMPLITUDE)
            for i, j in pairs
        ]
        rows[:, n_shared:] = np.column_stack([by_band.reshape(len(rows), -1), *differences])
        rows[~np.isfinite(rows)] = np.nan

    def _columns(self) -> list[str]:
        shared = list(periods.names(self.max_frequency))
        if self.bands is None:
            return [*shared, *OF_BAND]
        pairs = list(itertools.combinations(self.bands, 2))
        return [
            *shared,
            *(f"{band}_{name}" for band in self.bands for name in OF_BAND),
            *(f"{a}-{b} (mag)" for a, b in pairs),
            *(f"log10_amplitude_{a}/{b}" for a, b in pairs),
        ]

    def _check_parameters(self) -> None:
        self._validate_params()
        if self.bands is not None:
            check_bands(self.bands)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags
