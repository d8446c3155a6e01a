"""Peaks of the periodograms of a catalog."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._numbers import check_numbers
from sklearn_astromer._printable import escape, printable
from sklearn_astromer._progress import DELAY, progress_bar
from sklearn_astromer.lightcurves import LightCurves, Stars
from sklearn_astromer.lightcurves.conversion import as_light_curves
from sklearn_astromer.periodogram.bands import join_bands
from sklearn_astromer.periodogram.cache import Cache, key_of
from sklearn_astromer.periodogram.grid import check_grid, warn_of_steps
from sklearn_astromer.periodogram.profile import N_BINS
from sklearn_astromer.periodogram.significance import false_alarm_probability

if TYPE_CHECKING:
    import torch

SAMPLES_PER_PEAK = 3.0
GPU_GRID = 3 * 10**7  # frequencies of all objects of a batch on a GPU
GPU_OBSERVATIONS = 2**19
SHOWN = 10  # objects in the view of a notebook
LEAST_FREQUENCY = 1e-4  # cycles a day; in logarithms it stands for none
_CACHE = Cache(2**17)  # objects, about 50 MB
PEAK_COLUMNS = ("log10_frequency_{} (1/d)", "power_{}", "harmonic_power_{}")


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Peaks:
    """The highest separate peaks of each object's periodogram.

    Attributes
    ----------
    frequency : ndarray of shape (n_objects, n_peaks), float64
        Cycles a day; 0 where there is none (fewer than 6 observations, constant curves).
    power : ndarray of shape (n_objects, n_peaks), float32
        Share of the variance that a sine of this frequency explains, in [0, 1].
    harmonic_power : ndarray of shape (n_objects, n_peaks), float32
        The same for a Fourier series of three harmonics. Peaks are in falling order of it.
    profile : ndarray of shape (n_objects, 32), float32
        Largest power in each of 32 logarithmic bins of frequency, from 0.001 cycles a day (or a
        hundredth of the largest frequency, if that is less) to the largest frequency.
    span : ndarray of shape (n_objects,), float64
        From the first to the last observation, in days.
    n_observations : ndarray of shape (n_objects,), int64
    false_alarm : ndarray of shape (n_objects, n_peaks), float64
        Upper limit to the probability that white noise has a peak of this `power` (Baluev 2008);
        NaN where there is none.
    ids : ndarray of shape (n_objects,), int64 or str
        Those of the light curves.
    band : ndarray of shape (n_objects,), str, or None

    Examples
    --------
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.periodogram import find_peaks
    >>> curves, labels = make_variable_stars(3, classes=["RRAB"], random_state=0)
    >>> peaks = find_peaks(curves)
    >>> peaks
    Peaks(4 peaks of each of 3 objects)
    >>> peaks.to_frame()["period"].round(4).tolist()
    [0.5711, 0.7078, 0.5919]
    """

    frequency: NDArray[np.float64]
    power: NDArray[np.float32]
    harmonic_power: NDArray[np.float32]
    profile: NDArray[np.float32]
    span: NDArray[np.float64]
    n_observations: NDArray[np.int64]
    false_alarm: NDArray[np.float64]
    ids: NDArray[Any]
    band: NDArray[np.str_] | None

    def __len__(self) -> int:
        return len(self.frequency)

    def __getitem__(self, key: Any) -> Peaks:
        """Return the peaks of some objects; of one, by its place, as a table of one."""
        key = [key] if isinstance(key, (int, np.integer)) else key
        columns = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return dataclasses.replace(
            self, **{name: column[key] for name, column in columns.items() if column is not None}
        )

    def __repr__(self) -> str:
        n, n_peaks = self.frequency.shape
        return f"Peaks({n_peaks} peaks of each of {n} objects)"

    def _repr_html_(self) -> str:
        """Return the view in a notebook: the best peaks of the first objects."""
        formats = {"period": "{:.6g}", "frequency": "{:.6g}", "doubled_period": "{:.6g}"}
        formats |= {"power": "{:.2f}", "harmonic_power": "{:.2f}", "false_alarm": "{:.1e}"}
        table = printable(
            self[:SHOWN]
            .to_frame()
            .to_html(
                formatters={name: form.format for name, form in formats.items()},
                na_rep="–",
                border=0,
            )
        )
        more = "" if len(self) <= SHOWN else f"<p>and {len(self) - SHOWN:,} more objects</p>"
        return f"<p>{escape(repr(self))}</p>{table}{more}"

    @property
    def period(self) -> NDArray[np.float64]:
        """Periods in days, shape (n_objects, n_peaks); NaN where there is no peak."""
        period = np.full(self.frequency.shape, np.nan)
        np.divide(1, self.frequency, out=period, where=self.frequency > 0)
        return period

    def to_frame(self, *, all_peaks: bool = False) -> pd.DataFrame:
        """Return a table of the best peak of each object, or of all peaks.

        Parameters
        ----------
        all_peaks : bool, default=False
            A row for each peak, with its "rank" from 1 on.

        Returns
        -------
        DataFrame
            With the ids as index: "band" where the light curves have one; "period" (days),
            "frequency" (cycles a day), "power", "harmonic_power", "false_alarm" as in `Peaks`;
            "doubled_period" (days), which is that of an eclipsing binary whose two eclipses look
            alike; "n_observations". NaN where there is no peak.
        """
        n, n_peaks = self.frequency.shape
        kept = n_peaks if all_peaks else 1
        rows = np.repeat(np.arange(n), kept)
        period = self.period[:, :kept].ravel()
        columns: dict[str, Any] = {} if self.band is None else {"band": self.band[rows]}
        if all_peaks:
            columns["rank"] = np.tile(np.arange(1, kept + 1), n)
        columns["period"] = period
        for name in ("frequency", "power", "harmonic_power", "false_alarm"):
            values = getattr(self, name)[:, :kept].ravel()
            columns[name] = np.where(np.isnan(period), np.nan, values)
        columns |= {"doubled_period": 2 * period, "n_observations": self.n_observations[rows]}
        return pd.DataFrame(columns, index=pd.Index(self.ids[rows], name="id"))

    @property
    def columns(self) -> NDArray[np.float32]:
        """Logarithms of the frequencies and both powers as a table, (n_objects, 3 n_peaks)."""
        log = np.log10(np.maximum(self.frequency, LEAST_FREQUENCY))
        return np.hstack([log, self.power, self.harmonic_power]).astype(np.float32)

    @property
    def spectrum(self) -> NDArray[np.float32]:
        """What an encoder reads of it, (n_objects, 3 n_peaks + 34), scaled to numbers about 1.

        Logarithms of the frequencies, both powers, the profile, and the logarithms of time span
        and number of observations.
        """
        return np.hstack(
            [
                np.log10(np.maximum(self.frequency, LEAST_FREQUENCY)),
                3 * self.power - 1,
                3 * self.harmonic_power - 1,
                3 * self.profile - 1,
                np.log10(np.maximum(self.span, 1.0))[:, None] - 3,
                np.log10(self.n_observations)[:, None] - 2,
            ]
        ).astype(np.float32)


def find_peaks(
    curves: LightCurves | Stars,
    n_peaks: int = 4,
    *,
    max_frequency: float = 24.0,
    samples_per_peak: float = SAMPLES_PER_PEAK,
    device: str | torch.device = "cpu",
    progress: bool = False,
) -> Peaks:
    """Find the highest peaks of the generalised Lomb-Scargle periodogram of each object.

    The grid goes from one cycle in the time span to `max_frequency`. Of the eight highest separate
    peaks, refined beyond the grid, the `n_peaks` at which a Fourier series with three harmonics
    explains most are kept: so eclipses and saw teeth are found at their period, not at a harmonic.
    Of peaks that are equal, as aliases of regular sampling are, the slower comes first.

    Observations are weighted by 1 / (σ² + median(σ)²) where all have an error, and equally
    elsewhere. What was found is kept in memory for the next call with the same curve.

    Parameters
    ----------
    curves : LightCurves, Stars or array-like
        What `as_light_curves` takes. Of `Stars`: a row per star, of one periodogram of all its
        bands, each about its own mean.
    n_peaks : int
        At most 8.
    max_frequency : float
        Cycles a day.
    samples_per_peak : float
        Points of the grid in 1 / (time span).
    device : str or torch.device
    progress : bool
        Show a progress bar.

    Returns
    -------
    Peaks

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range, `curves` are none, or a star has no observations.

    Warns
    -----
    UserWarning
        If a time span is so long that the grid up to `max_frequency` has too wide steps.

    References
    ----------
    Zechmeister & Kürster 2009, A&A 496, 577.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer import LightCurves
    >>> from sklearn_astromer.periodogram import find_peaks
    >>> time = np.sort(np.random.default_rng(0).uniform(0, 500, 80))
    >>> curves = LightCurves.from_arrays([np.c_[time, np.sin(2 * np.pi * time / 0.6)]])
    >>> print(find_peaks(curves).period[0, 0].round(4))
    0.6
    """
    import torch

    from sklearn_astromer._forks import refuse_fork
    from sklearn_astromer.periodogram.search import FEWEST_OBSERVATIONS, N_CANDIDATES, search

    check_numbers(Integral, n_peaks=n_peaks)
    if not 1 <= n_peaks <= N_CANDIDATES:
        raise ValueError(f"n_peaks must be in 1 … {N_CANDIDATES}, got {n_peaks}")
    check_grid(max_frequency, samples_per_peak)
    device = torch.device(device)
    refuse_fork(device)
    if isinstance(curves, Stars):
        if not np.diff(curves.offsets).all():
            empty = curves.ids[np.argmin(np.diff(curves.offsets))]
            raise ValueError(f"star {empty.item()!r} has no observations: leave it out")
        curves = join_bands(curves.curves, curves.star)
    curves = as_light_curves(curves)
    n = len(curves)
    parameters = (n_peaks, float(max_frequency), float(samples_per_peak), device.type)
    rows = np.zeros((n, 3 * n_peaks + N_BINS), dtype=np.float64)
    span = curves.time[curves.offsets[1:] - 1] - curves.time[curves.offsets[:-1]]
    with_peaks = (curves.lengths >= FEWEST_OBSERVATIONS) & (span * max_frequency >= 1)
    with_peaks[with_peaks] = _vary(curves[with_peaks])
    warn_of_steps(span, max_frequency, samples_per_peak)
    keys = {i: key_of(curves, i, parameters) for i in np.flatnonzero(with_peaks).tolist()}
    missing = [i for i, key in keys.items() if not _CACHE.read(key, rows[i])]
    with progress_bar(
        total=n, initial=n - len(missing), unit="object", disable=not progress, delay=DELAY
    ) as bar:
        for batch in _batches(curves, span, missing, max_frequency * samples_per_peak, device):
            time, mag, weight = (torch.from_numpy(x).to(device) for x in weighted(curves, batch))
            with torch.inference_mode(), torch.autocast(device.type, enabled=False):
                tensors = search(
                    time,
                    mag,
                    weight,
                    n_peaks=n_peaks,
                    max_frequency=max_frequency,
                    samples_per_peak=samples_per_peak,
                )
            rows[batch] = np.hstack([x.double().cpu().numpy() for x in tensors])
            for i in batch:
                _CACHE.write(keys[i], rows[i])
            bar.update(len(batch))
    frequency, power, harmonic, profile = np.split(rows, np.arange(1, 4) * n_peaks, axis=1)
    length = np.diff(curves.offsets)
    false_alarm = np.full(frequency.shape, np.nan)
    has = np.flatnonzero(frequency[:, 0] > 0)
    if len(has):
        time_std = np.array([np.std(curves.time[slice(*curves.offsets[i : i + 2])]) for i in has])
        probability = false_alarm_probability(
            power[has], length[has, None], time_std[:, None], max_frequency
        )
        false_alarm[has] = np.where(frequency[has] > 0, probability, np.nan)
    return Peaks(
        frequency,
        power.astype(np.float32),
        harmonic.astype(np.float32),
        profile.astype(np.float32),
        span,
        length,
        false_alarm,
        curves.ids,
        curves.band,
    )


def shared_peaks(curves: LightCurves, *args: Any, **options: Any) -> Peaks:
    """Return for each row the peaks of all rows of its id together; see `find_peaks`."""
    star = pd.factorize(curves.ids)[0]
    names = {"star": star} | ({} if curves.band is None else {"band": curves.band})
    once = np.flatnonzero(~pd.DataFrame(names).duplicated())  # resampling may repeat rows
    found = find_peaks(join_bands(curves[once], star[once]), *args, **options)[star]
    return dataclasses.replace(found, ids=curves.ids, band=curves.band)


def _vary(curves: LightCurves) -> NDArray[np.bool_]:
    """Return which objects have different magnitudes."""
    other = curves.mag != np.repeat(curves.mag[curves.offsets[:-1]], curves.lengths)
    return np.logical_or.reduceat(other, curves.offsets[:-1])


def _batches(
    curves: LightCurves, span: NDArray[np.float64], objects: list[int], per_day: float, device: Any
) -> Iterator[list[int]]:
    """Yield objects to search together: on a CPU one, on a GPU many of similar grids."""
    if device.type == "cpu":
        yield from ([i] for i in objects)
        return
    batch: list[int] = []
    most, longest = 1.0, 1
    for i in sorted(objects, key=lambda i: (span[i], i)):
        size, length = span[i] * per_day + 1, int(curves.lengths[i])
        most_now, longest_now = max(most, size), max(longest, length)
        n = len(batch) + 1
        if batch and (n * most_now > GPU_GRID or n * longest_now > GPU_OBSERVATIONS):
            yield batch
            batch, most_now, longest_now = [], size, length
        batch.append(i)
        most, longest = most_now, longest_now
    if batch:
        yield batch


def weighted(curves: LightCurves, objects: list[int]) -> tuple[NDArray[np.float64], ...]:
    """Return centred times, magnitudes and weights, (n, L) each, padded."""
    longest = max(int(curves.lengths[i]) for i in objects)
    time, mag, weight = np.zeros((3, len(objects), longest))
    for row, i in enumerate(objects):
        of = slice(int(curves.offsets[i]), int(curves.offsets[i + 1]))
        n = of.stop - of.start
        time[row, :n] = curves.time[of] - curves.time[of].mean()
        mag[row, :n] = curves.mag[of]
        errors = None if curves.mag_err is None else curves.mag_err[of]
        weight[row, :n] = 1 / n
        if errors is not None and (errors > 0).all() and np.isfinite(errors).all():
            inverse = 1 / (_ratios(errors) ** 2 + 1)
            weight[row, :n] = inverse / inverse.sum()
    return time, mag, weight


def _ratios(errors: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return errors in units of their median; half of them are at most 1, and none too large."""
    scale = errors.max()  # a median is the mean of two, which must not overflow
    scaled = errors.astype(np.float64) / scale
    median = np.median(scaled)
    if median == 0:
        return np.ones(len(errors))
    with np.errstate(over="ignore"):
        return np.minimum(scaled / median, 1e100)
