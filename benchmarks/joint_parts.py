"""Parts of stars seen in several bands, and what an encoder reads of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from bands import CATALOGS
from numpy.typing import NDArray
from realdata import load, part
from simulated import BANDS, COLOUR, simulated_bands
from torch import Tensor

from sklearn_astromer import LightCurves, Stars
from sklearn_astromer.periodogram import find_peaks
from sklearn_astromer.windows import padded

FILES = CATALOGS | {"stripe82": (["stripe82"], ["u", "g", "r", "i", "z"])}
PARTS = {"ogle_cepheids": 4, "stripe82": 20}  # of each star
SIMULATED, MOST = 6000, 200  # stars; observations of a part


class Tokens(NamedTuple):
    """Observations of stars, one star after the other, and what their periodograms show."""

    time: NDArray[np.float64]
    mag: NDArray[np.float64]
    error: NDArray[np.float64]
    band: NDArray[np.int64]
    length: NDArray[np.int64]
    frequency: NDArray[np.float64]
    spectrum: NDArray[np.float32]
    label: NDArray[np.str_]

    def of(self, rows: NDArray[np.int64]) -> Tokens:
        """Return some of the stars."""
        end = np.cumsum(self.length)
        where = np.concatenate([np.arange(end[i] - self.length[i], end[i]) for i in rows])
        return Tokens(*(x[where] for x in self[:4]), *(x[rows] for x in self[4:]))


def tokens_of(curves: LightCurves, label: NDArray[np.str_]) -> Tokens:
    """Return the stars of curves whose ids tell them apart, with periodograms of all bands."""
    star = pd.factorize(curves.ids)[0]
    first = np.unique(star, return_index=True)[1]
    peaks = find_peaks(curves, join_bands=True)[first]
    owner = np.repeat(star, curves.lengths)
    order = np.lexsort((curves.time, owner))
    assert curves.band is not None
    band = np.repeat([BANDS.index(b) for b in curves.band.tolist()], curves.lengths)
    error = np.zeros(len(owner)) if curves.mag_err is None else np.nan_to_num(curves.mag_err)
    time, mag, error = (x[order].astype(np.float64) for x in (curves.time, curves.mag, error))
    length = np.bincount(owner)
    return Tokens(time, mag, error, band[order], length, peaks.frequency, peaks.spectrum, label)


def thinned(stars: Stars, label: NDArray[np.str_], times: int, seed: int) -> Tokens:
    """Return random parts of stars: some of their bands, with some of their observations."""
    rng = np.random.default_rng(seed)
    few, ids, bands = [], [], []
    for number, star in enumerate(star for _ in range(times) for star in stars):
        chosen = rng.permutation(len(star))
        if rng.random() < 0.4:
            chosen = chosen[: rng.integers(1, len(star) + 1)]
        each = np.full(len(star), np.exp(rng.uniform(np.log(3), np.log(61))))
        if rng.random() < 0.5:
            each *= np.exp(rng.normal(0, 0.5, len(star)))
        for i in np.sort(chosen):
            n = min(int(np.clip(each[i], 3, min(60, MOST // len(chosen)))), int(star.lengths[i]))
            few.append(star[int(i)][np.sort(rng.choice(star.lengths[i], n, replace=False))])
            ids.append(number)
            bands.append(star.band[i])
    return tokens_of(LightCurves.from_arrays(few, ids=ids, band=bands), np.tile(label, times))


def surveyed(catalog: str, which: str) -> tuple[Stars, NDArray[np.str_]]:
    """Return all stars of a part of a catalog, and their labels, "survey:class"."""
    files, bands = FILES[catalog]
    curves, labels = zip(*(load(file) for file in files), strict=True)
    every, label = LightCurves.concatenate(curves), np.concatenate(labels)
    kept = np.isin(every.band, bands) & (every.lengths >= 3) & (part(every) == which)
    stars = every[kept].stars()
    ids, first = np.unique(every[kept].ids, return_index=True)
    label = label[kept][first][np.searchsorted(ids, stars.ids)]
    return stars, np.char.add(f"{catalog}:", label)


def prepared(folder: Path, which: str) -> Tokens:
    """Return the parts to train on or to follow the training by, computed once."""
    path = folder / f"{which}.npz"
    if not path.exists():
        found = []
        for catalog, times in PARTS.items():
            stars, label = surveyed(catalog, which)
            found.append(thinned(stars, label, times if which == "train" else times // 2, 0))
            print(which, catalog, stars, len(found[-1].length), "parts", flush=True)
        if which == "train":
            stars, names = simulated_bands(SIMULATED, np.random.RandomState(0))
            found.append(thinned(stars, np.char.add("simulated:", names), 1, 0))
            print("simulated stars", len(found[-1].length), flush=True)
        joined = Tokens(*(np.concatenate(each) for each in zip(*found, strict=True)))
        np.savez(path, **joined._asdict())
    with np.load(path) as file:
        return Tokens(**file)


def sequences(
    tokens: Tokens, joint: bool, seed: list[int] | None = None, change: str = ""
) -> tuple[list[dict[str, Tensor]], NDArray[np.int64]]:
    """Return what an encoder reads, pieces of similar length, and the star of each sequence.

    With a seed observations are hidden, time is moved or reversed, and noise added: the same for
    both ways. A `change` takes something from a joint sequence: "apart" reads each band alone,
    "turned" moves the phases of each band at random, and "untold" does not tell the bands.
    """
    n = len(tokens.length)
    owner, band = np.repeat(np.arange(n), tokens.length), tokens.band
    time, mag = tokens.time, tokens.mag
    hidden, sign, move = np.zeros(len(owner), bool), np.ones(n), np.zeros(n)
    turn = np.zeros(tokens.frequency.shape)
    if seed is not None:
        rng = np.random.default_rng(seed)
        noise = np.where(rng.random(n) < 0.3, rng.uniform(0, 0.5, n), 0)[owner]
        mag = mag + noise * tokens.error * rng.normal(size=len(mag))
        sign, move = rng.choice([-1.0, 1.0], n), rng.uniform(-100, 100, n)
        turn = rng.random(turn.shape)
        share = np.where(rng.random(n) < 0.2, 0.0, rng.uniform(0.1, 0.6, n))
        place = np.arange(len(owner)) - (np.cumsum(tokens.length) - tokens.length)[owner]
        run = (place / tokens.length[owner] - rng.random(n)[owner]) % 1.0
        chance = np.where((rng.random(n) < 0.3)[owner], run, rng.random(len(owner)))
        hidden = chance < share[owner]
    cell = owner * len(BANDS) + band
    cells = n * len(BANDS)
    seen = np.bincount(cell, ~hidden, cells)
    hidden &= seen[cell] > 0  # of each band at least one stays visible
    seen = np.bincount(cell, ~hidden, cells)
    there = seen > 0
    level = np.bincount(cell, mag * ~hidden, cells) / np.maximum(seen, 1)
    several = there.reshape(n, -1).sum(1)

    def about(value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a value of each band against its mean over the star's bands."""
        table = np.where(there, value, 0).reshape(n, -1)
        return (value.reshape(n, -1) - (table.sum(1) / several)[:, None]).ravel()

    colour = np.tile(COLOUR, n)
    told = np.stack([np.ones(cells), colour, about(colour), about(level), np.log10(seen + 1)], 1)
    told *= ((np.repeat(several, len(BANDS)) > 1) & joint & (change != "untold"))[:, None]
    whole = joint and change != "apart"
    group, row = np.unique(owner if whole else cell, return_inverse=True)
    order = np.argsort(row, kind="stable")
    row, length = row[order], np.bincount(row)
    column = np.arange(len(row)) - (np.cumsum(length) - length)[row]
    star = group if whole else group // len(BANDS)
    centred = time[order] - (np.bincount(row, time[order]) / length)[row]
    centred *= sign[star][row]
    phase = centred[:, None] * tokens.frequency[star][row] / 2 + turn[star][row]
    if change == "turned":
        phase += np.random.default_rng(0).random((cells, phase.shape[1]))[cell[order]]
    shape = (len(length), padded(int(length.max())))

    def laid(values: NDArray[Any], kind: torch.dtype = torch.float32) -> Tensor:
        out = torch.zeros((*shape, *values.shape[1:]), dtype=kind)
        out[row, column] = torch.from_numpy(np.ascontiguousarray(values)).to(kind)
        return out

    found = {
        "time": laid(centred + move[star][row]),
        "mag": laid((mag - level[cell])[order]),
        "mask": laid(np.ones(len(row)), torch.bool),
        "hidden": laid(hidden[order], torch.bool),
        "phase": laid(phase - np.floor(phase)),
        "spectrum": torch.from_numpy(tokens.spectrum[star]),
        "bands": laid(told[cell][order]),
        "band": laid(band[order], torch.int64),
    }
    by_length = np.argsort(length, kind="stable")
    pieces = []
    for some in np.array_split(by_length, 1 if whole else 5):
        if len(some):
            width, taken = padded(int(length[some].max())), torch.from_numpy(some)
            cut = {k: x[taken] if k == "spectrum" else x[taken, :width] for k, x in found.items()}
            pieces.append(cut)
    return pieces, star[by_length]
