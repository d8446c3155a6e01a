"""Compare rows of all bands of a star in one sequence with those of the bands side by side.

    python benchmarks/joint.py --folder runs/joint

Two encoders begin as `surveys-periods` and take the same steps on the same parts of the same stars,
by masked reconstruction and the class of the star. One reads the observations of all bands as one
sequence, in which every vector is told its band and the band's mean magnitude against the star's;
the other reads each band apart. Periods are shared, magnitudes are about the mean of their band.
They see training stars of OGLE (I, V) and Stripe 82 (ugriz) with bands left out and thinned to 3 to
60 observations in each, and simulated stars, whose amplitude and phase depend on the wavelength.
Their rows are then compared as in `bands.py`. A killed run goes on from its folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import report
import torch
from bands import CATALOGS, DRAWS, MODELS, SIZES, drawn, stars_of
from joint_parts import Tokens, sequences, tokens_of
from joint_training import BATCH, WAYS, Network, looked_into, trained
from numpy.typing import NDArray
from simulated import BANDS
from sklearn.model_selection import StratifiedKFold, cross_val_score

# Mean and deviation of the vectors; and brightness, colours, periods; the same with the mean alone.
ROWS = ["vectors", "all", "default"]
KEYS = ["catalog", "way", "row", "n"]


class Way(NamedTuple):
    """How rows are made: by a network, of sequences, one a star or one vector for each band."""

    network: Network
    joint: bool
    by_band: bool
    change: str = ""

    @torch.inference_mode()
    def rows(self, tokens: Tokens) -> NDArray[np.float32]:
        """Return mean and deviation of the vectors of each star, or of each band of it."""
        network = self.network.eval()
        n, width = len(tokens.length), network.head.mean.shape[0]
        groups = [[b] for b in np.unique(tokens.band)] if self.by_band else [range(len(BANDS))]
        out = np.zeros((n, len(groups), width), np.float32)
        for rows in np.array_split(np.arange(n), -(-n // BATCH)):
            pieces, star = sequences(tokens.of(rows), self.joint, change=self.change)
            owner = np.split(rows[star], np.cumsum([len(seen["mag"]) for seen in pieces]))
            for seen, own in zip(pieces, owner, strict=False):
                vectors = network.vectors(seen)
                for place, bands in enumerate(groups):
                    mask = seen["mask"] & torch.isin(seen["band"], torch.tensor(list(bands)))
                    has = mask.any(1)
                    read = network.head.reduce([vectors[has]], mask[has])
                    out[own[has.numpy()], place] = read.numpy()
        return out.reshape(n, -1)


def beside(tokens: Tokens) -> NDArray[np.float64]:
    """Return the brightness of each band, colours, and what is told of the periods."""
    size = len(tokens.length), len(BANDS)
    cell = np.repeat(np.arange(size[0]), tokens.length) * size[1] + tokens.band
    count = np.bincount(cell, minlength=np.prod(size))
    mean = np.bincount(cell, tokens.mag, np.prod(size)) / np.maximum(count, 1)
    mean = mean.reshape(size)[:, np.unique(tokens.band)]
    return np.hstack([mean, -np.diff(mean, axis=1), tokens.spectrum[:, :12]])


def compared(
    ways: dict[str, Way], rows: list[str], catalog: str, draws: int
) -> Iterator[list[dict[str, Any]]]:
    """Yield after each draw the scores of all its rows, see `ROWS`."""
    stars, labels = stars_of(catalog)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    found: dict[tuple[Any, ...], list[list[float]]] = {}
    for seed in range(draws):
        for n in SIZES:
            tokens = tokens_of(drawn(stars, n, seed).curves, labels)
            others = beside(tokens)
            for name, way in ways.items():
                vectors = way.rows(tokens)
                width = way.network.head.mean.shape[0] // 2
                mean = vectors.reshape(len(vectors), -1, 2, width)[:, :, 0].reshape(
                    len(vectors), -1
                )
                tables = vectors, np.hstack([vectors, others]), np.hstack([mean, others])
                for row, table in zip(ROWS, tables, strict=True):
                    if row not in rows:
                        continue
                    scores = [
                        cross_val_score(model, table, labels, cv=folds, scoring="f1_macro").mean()
                        for model in MODELS.values()
                    ]
                    key = (catalog, name, row, n, len(stars))
                    found.setdefault(key, []).append([float(x) for x in scores])
                    print(seed, *key, *np.round(scores, 3), flush=True)
        names = (*KEYS, "stars")
        yield [
            dict(zip(names, key, strict=True)) | {"forest, logistic": each}
            for key, each in found.items()
        ]


def tables(figures: list[dict[str, Any]]) -> None:
    """Print the means over the draws, forest / logistic, and the mean of both."""
    for catalog in dict.fromkeys(f["catalog"] for f in figures):
        own = [f for f in figures if f["catalog"] == catalog]
        lines: dict[tuple[str, str], list[str]] = {}
        for figure in own:
            a, b = np.mean(figure["forest, logistic"], axis=0)
            cells = lines.setdefault((figure["way"], figure["row"]), [])
            cells.append(f"{a:.3f} / {b:.3f} = {(a + b) / 2:.3f}")
        header = [f"{catalog}, {own[0]['stars']} stars", "row", *(str(n) for n in SIZES)]
        print(report.table(header, [[*names, *cells] for names, cells in lines.items()]))


def main() -> None:
    """Train, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="what is kept of the training")
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--catalogs", nargs="+", default=list(CATALOGS))
    parser.add_argument("--ways", nargs="+", help="some of the ways, all unless told")
    parser.add_argument("--rows", nargs="+", default=ROWS, choices=ROWS)
    parser.add_argument("--draws", type=int, default=DRAWS, help="0: the losses alone")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    networks, history = trained(args.folder, args.steps)
    joint, side = (networks[way] for way in WAYS)
    fresh = Network(joint.n_classes)
    ways = {
        "side by side, untrained": Way(fresh, False, True),
        "joint, untrained": Way(fresh, True, False),
        "side by side": Way(side, False, True),
        "joint": Way(joint, True, False),
        "joint, by band": Way(joint, True, True),
    }
    ways = {name: way for name, way in ways.items() if name in (args.ways or ways)}
    about = {"training": history, "losses": looked_into(args.folder, networks)}
    kept = report.figures("joint") or {"scores": []}
    report.write("joint", kept | about)
    for catalog in args.catalogs:
        for figures in compared(ways, args.rows, catalog, args.draws):
            tables(figures)
            scores = report.with_others(figures, (report.figures("joint") or kept)["scores"], KEYS)
            report.write("joint", about | {"scores": scores})


if __name__ == "__main__":
    main()
