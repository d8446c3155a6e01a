"""How many of the oddest of real light curves are the outliers that were planted among them.

    make macho && python benchmarks/anomalies.py --json

Of the test part of CRTS (see `realdata.part`), 1000 eclipsing and RR Lyrae stars, and among them 20
outliers of one kind: long-period variables, detached eclipsing binaries, or stars of the common
classes with a microlensing event drawn into their magnitudes, at the times of the real curve.
Nothing is fitted to labels. Outliers are ranked by an isolation forest, and by the mean distance to
the nearest neighbours, on standardised columns. Precision at 20 (the share of true outliers among
the 20 highest scores), mean and standard deviation over draws; chance gives 0.02. Then similarity
search: of the ten nearest neighbours of a star, the share of its own class.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import report
from features import hand_crafted_features
from numpy.typing import NDArray
from realdata import load, part, per_class
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_astromer import AstromerEmbedder, LightCurves

COMMON = {"EW/EB": 600, "RRAB": 200, "RRC": 200}
PLANTED = 20
NEIGHBOURS = 30  # more than are planted, so that outliers of a kind do not hide each other
MICROLENSING = "microlensing"


def with_events(curves: LightCurves, seed: int) -> LightCurves:
    """Add to each curve a point lens (Paczyński 1986) of 20 to 80 days, greatest at a real time."""
    rng = np.random.default_rng(seed)
    mag = curves.mag.copy()
    for start, stop in zip(curves.offsets[:-1], curves.offsets[1:], strict=True):
        time = curves.time[start:stop]
        u = np.hypot(
            rng.uniform(0.1, 0.4), (time - rng.choice(time)) / rng.uniform(20.0, 80.0)
        )  # separation in Einstein radii
        mag[start:stop] -= 2.5 * np.log10((u**2 + 2) / (u * np.sqrt(u**2 + 4)))
    return LightCurves(
        curves.time, mag, curves.mag_err, offsets=curves.offsets, ids=curves.ids, band=curves.band
    )


def isolation(table: NDArray[Any], seed: int) -> NDArray[np.float64]:
    """Score by an isolation forest, outliers high."""
    return -IsolationForest(random_state=seed).fit(table).score_samples(table)


def distance(table: NDArray[Any], seed: int) -> NDArray[np.float64]:
    """Score by the mean distance to the nearest neighbours."""
    found, _ = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(table).kneighbors()
    return found.mean(axis=1)


def own_class(table: NDArray[Any], labels: NDArray[np.str_], count: int = 10) -> dict[str, float]:
    """Return for each class the share of it among the neighbours of its stars."""
    near = NearestNeighbors(n_neighbors=count).fit(table).kneighbors(return_distance=False)
    same = (labels[near] == labels[:, None]).mean(axis=1)
    return {str(name): float(same[labels == name].mean()) for name in np.unique(labels)}


def tables(
    curves: LightCurves, encoders: dict[str, str]
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield what to look for outliers in: name and standardised columns."""
    standardise = make_pipeline(SimpleImputer(), StandardScaler())
    yield "hand-crafted", standardise.fit_transform(hand_crafted_features(curves))
    fresh = AstromerEmbedder(max_epochs=0, random_state=0, pooling="mean_std")
    models = {"random-init": fresh}
    models |= {n: AstromerEmbedder(p, pooling="mean_std") for n, p in encoders.items()}
    for name, model in models.items():
        yield name, standardise.fit_transform(model.fit_transform(curves))


def main() -> None:
    """Print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoders", nargs="+", default=["macho", "surveys-small"])
    parser.add_argument("--part", default="test", choices=["valid", "test"])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="write benchmarks/results")
    args = parser.parse_args()
    encoders = {name: path or name for name, _, path in (e.partition("=") for e in args.encoders)}

    curves, labels = load("crts")
    chosen = part(curves) == args.part
    curves, labels = curves[chosen], labels[chosen]
    common = np.concatenate([per_class(labels, [c], n) for c, n in COMMON.items()])
    hosts = np.setdiff1d(np.flatnonzero(np.isin(labels, list(COMMON))), common)
    hosts = np.random.RandomState(0).permutation(hosts)[:200]
    pools = {
        "LPV": per_class(labels, ["LPV"], 200),
        "EA": per_class(labels, ["EA"], 200),
        MICROLENSING: hosts,
    }
    lens = with_events(curves[hosts], seed=0)
    every = LightCurves.concatenate(
        [curves[common], curves[pools["LPV"]], curves[pools["EA"]], lens]
    )
    kind = np.concatenate([["common"] * len(common), *([n] * len(p) for n, p in pools.items())])
    print(f"{every}, {len(common)} common", flush=True)

    scores: dict[str, Callable[..., NDArray[np.float64]]] = {
        "isolation forest": isolation,
        "distance": distance,
    }
    outliers, similar = [], []
    for name, table in tables(every, encoders):
        shares = own_class(table[: len(common)], labels[common])
        similar.append({"columns": name, "own_class_at_10": shares})
        for planted in pools:
            for method, score in scores.items():
                precision = []
                for draw in range(args.draws):
                    pool = np.flatnonzero(kind == planted)
                    few = np.random.RandomState(draw).permutation(pool)[:PLANTED]
                    rows = np.concatenate([np.flatnonzero(kind == "common"), few])
                    highest = np.argsort(score(table[rows], draw))[-PLANTED:]
                    precision.append(float(np.mean(highest >= len(common))))
                outliers.append(
                    {"columns": name, "planted": planted, "score": method, "precision": precision}
                )
                print(name, planted, method, f"{np.mean(precision):.2f}", flush=True)

    names = list(dict.fromkeys(row["columns"] for row in outliers))
    header = [f"{p}, {s}" for p in pools for s in scores]
    lines = [
        [name]
        + [
            f"{np.mean(row['precision']):.2f} ± {np.std(row['precision']):.2f}"
            for row in outliers
            if row["columns"] == name
        ]
        for name in names
    ]
    print("\n" + report.table([f"precision at {PLANTED}", *header], lines))
    lines = [
        [row["columns"], *(f"{share:.2f}" for share in row["own_class_at_10"].values())]
        for row in similar
    ]
    print(
        "\n" + report.table(["own class among 10 nearest", *similar[0]["own_class_at_10"]], lines)
    )
    if args.json:
        figures = {
            "part": args.part,
            "common": COMMON,
            "planted": PLANTED,
            "neighbours": NEIGHBOURS,
            "outliers": outliers,
            "similarity": similar,
        }
        report.write("anomalies", figures)


if __name__ == "__main__":
    main()
