"""When a ground-based survey looks at its stars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIRST_NIGHT = 51900  # MJD, December 2000
N_NIGHTS = 3287  # nine years
_YEAR = 365.25
_MIDNIGHT = 0.2  # of the site, as a fraction of a UT day (Chile)
_HALF_NIGHT = 0.17  # days from midnight to twilight
_CHUNK = 512  # stars drawn at once: bounds the (stars, nights) arrays


def _wrap(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angles in turns, brought into [-0.5, 0.5)."""
    return (turns + 0.5) % 1.0 - 0.5


def _clear_nights(rng: np.random.RandomState) -> NDArray[np.bool_]:
    """Weather of the site: spells of several days, worse in one half of the year."""
    spells = np.convolve(rng.normal(size=N_NIGHTS), 0.75 ** np.arange(15), mode="same")
    bad_season = 0.4 * np.cos(2 * np.pi * np.arange(N_NIGHTS) / _YEAR)
    return spells / spells.std() + bad_season < 0.45


def _draw(
    sizes: NDArray[np.int64], clear: NDArray[np.bool_], rng: np.random.RandomState
) -> NDArray[np.float64]:
    """Draw the times of a chunk of stars, one star after the other."""
    n = len(sizes)
    day = np.arange(N_NIGHTS)
    opposition = rng.uniform(0, _YEAR, n)[:, None]  # the day on which it transits at midnight
    reach = rng.uniform(0.12, 0.18, n)[:, None]  # largest hour angle, in days
    first = rng.uniform(0, 2 * _YEAR, n)[:, None]
    last = rng.uniform(5 * _YEAR, N_NIGHTS, n)[:, None]
    visits = rng.choice([1, 2, 4], n, p=[0.6, 0.25, 0.15])
    spacing = rng.uniform(0.008, 0.03, n)  # days between the visits of a night

    # A star transits four minutes earlier every night: this makes the seasons, and ties the hour
    # of an observation to its date as in real surveys (hence their one-day aliases).
    transit = _wrap((opposition - day) / _YEAR)
    moon_distance = _wrap(day / 27.3217 - opposition / _YEAR + 0.5)
    full_moon = np.abs(_wrap(day / 29.5306 - 0.5)) < 0.07
    weight = np.where(full_moon, 0.4, 1.0) * clear
    weight = weight * (np.abs(transit) < _HALF_NIGHT + reach) * (np.abs(moon_distance) > 0.07)
    weight *= (day >= first) & (day <= last)

    # The nights with the k smallest exponential keys are a weighted sample without replacement.
    keys = np.full((n, N_NIGHTS), np.inf)
    np.divide(rng.exponential(size=keys.shape), weight, out=keys, where=weight > 0)
    visits = np.maximum(visits, -(-sizes // (weight > 0).sum(axis=1)))
    n_nights = -(-sizes // visits)
    limit = np.sort(keys, axis=1)[np.arange(n), n_nights - 1]
    star, night = np.nonzero(keys <= limit[:, None])

    middle = transit[star, night] + rng.normal(0, 0.04, len(star))
    middle = np.clip(middle, -_HALF_NIGHT, _HALF_NIGHT) + rng.uniform(-0.01, 0.01, len(star))
    middle += FIRST_NIGHT + night + _MIDNIGHT

    # Every night is repeated for its visits; a jitter below a third keeps them in order.
    repeats = visits[star]
    visit = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    star, middle = np.repeat(star, repeats), np.repeat(middle, repeats)
    step = np.minimum(spacing, 0.3 / visits)[star]
    jitter = rng.uniform(-0.3, 0.3, len(star))
    time = middle + step * (visit - (visits[star] - 1) / 2 + jitter)

    # The first night of a star gives way where its visits are more than were asked for.
    drawn = n_nights * visits
    position = np.arange(len(time)) - np.repeat(np.cumsum(drawn) - drawn, drawn)
    return time[position >= (drawn - sizes)[star]]


def observation_times(sizes: NDArray[np.int64], rng: np.random.RandomState) -> NDArray[np.float64]:
    """Draw the times at which a survey of several years observes each star.

    All stars share the site, its nights and its weather; each has a season, gaps around the
    passages of the Moon, a first and a last night, and one to four visits in a night (more where
    the number of observations needs it). MJD in days, star after star, strictly increasing within a
    star, of which `sizes` (at least 1) are asked for.
    """
    clear = _clear_nights(rng)
    chunks = [sizes[i : i + _CHUNK] for i in range(0, len(sizes), _CHUNK)]
    return np.concatenate([_draw(chunk, clear, rng) for chunk in chunks])
