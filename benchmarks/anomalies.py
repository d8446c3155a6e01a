"""How many of the oddest of real light curves are the outliers that were planted among them.

    make macho && python benchmarks/anomalies.py --json

Of the test part of CRTS (see `realdata.part`), 1000 eclipsing and RR Lyrae stars, and among them 20
outliers of one kind: long-period variables, detached eclipsing binaries, or stars of the common
classes with a microlensing event drawn into their magnitudes, at the times of the real curve.
Nothing is fitted to labels. Outliers are ranked by `outlier_scores` and its parts, and for
comparison by an isolation forest, by the distance to the nearest neighbours, and by the local
outlier factor, on all columns. Precision at 20 (the share of true outliers among the 20 highest
scores), mean and standard deviation over draws; chance gives 0.02. The enrichment curve is the
share of outliers found against the share of objects looked at; the Gini coefficient is 2 · the
area under the ROC curve - 1. Then similarity search: of the ten nearest neighbours of a star, the
share of its own class. Rows of encoders that are not evaluated again stay in the JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import report
from numpy.typing import NDArray
from realdata import load, part, per_class
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_astromer import AstromerEmbedder, LightCurves, VariabilityFeatures
from sklearn_astromer.search import outlier_scores, reconstruction_error

COMMON = {"EW/EB": 600, "RRAB": 200, "RRC": 200}
PLANTED = 20
NEIGHBOURS = 60  # as of `outlier_scores`
MICROLENSING = "microlensing"
ENCODERS = ["macho", "surveys-small", "surveys-periods-unlabelled", "surveys-periods"]


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


def scored(
    table: NDArray[Any], error: NDArray[np.float64] | None, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Return the scores of all objects by several methods, outliers high."""
    found = outlier_scores(table, reconstruction=error, random_state=seed)
    near = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(table)
    factor = LocalOutlierFactor(n_neighbors=NEIGHBOURS).fit(table)
    forest = IsolationForest(random_state=seed).fit(table)
    return {name: found[name].to_numpy() for name in found} | {
        "isolation, all columns": -forest.score_samples(table),
        "neighbours, all columns": near.kneighbors()[0].mean(axis=1),
        "local outlier factor, all columns": -factor.negative_outlier_factor_,
    }


def looked_at(scores: NDArray[np.float64], outlier: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the share of objects that are looked at when the k-th outlier is found."""
    shares: NDArray[np.float64] = np.flatnonzero(outlier[np.argsort(-scores)]) / len(scores)
    return shares


def gini(shares: NDArray[np.float64], n: int) -> float:
    """Return 2 · area - 1 of the ROC curve, by the ranks of the outliers."""
    before = shares * n - np.arange(len(shares))  # common objects that score higher
    return float(1 - 2 * before.mean() / (n - len(shares)))


def own_class(table: NDArray[Any], labels: NDArray[np.str_], count: int = 10) -> dict[str, float]:
    """Return for each class the share of it among the neighbours of its stars."""
    near = NearestNeighbors(n_neighbors=count).fit(table).kneighbors(return_distance=False)
    same = (labels[near] == labels[:, None]).mean(axis=1)
    return {str(name): float(same[labels == name].mean()) for name in np.unique(labels)}


def tables(
    curves: LightCurves, encoders: dict[str, str]
) -> Iterator[tuple[str, NDArray[np.float64], NDArray[np.float64] | None]]:
    """Yield what to look for outliers in: name, standardised columns, reconstruction error."""
    standardise = make_pipeline(SimpleImputer(), StandardScaler())
    features = VariabilityFeatures().fit_transform(curves)
    yield "VariabilityFeatures", standardise.fit_transform(features), None
    models = {"random-init": AstromerEmbedder(None, max_epochs=0, row="mean", random_state=0)}
    models |= {name: AstromerEmbedder(path, row="mean") for name, path in encoders.items()}
    for name, model in models.items():
        rows = model.fit_transform(curves)
        yield name, standardise.fit_transform(rows), reconstruction_error(model, curves)


def plot(outliers: list[dict[str, Any]], n: int) -> None:
    """Draw the enrichment curves of the combined score."""
    kinds = list(dict.fromkeys(row["planted"] for row in outliers))
    figure, panels = plt.subplots(1, len(kinds), figsize=(12, 4.2), layout="constrained")
    for axes, planted in zip(panels, kinds, strict=True):
        for row in outliers:
            if row["planted"] == planted and row["score"] == "score":
                found = np.arange(1, PLANTED + 1) / PLANTED
                axes.step(row["looked_at"], found, where="post", label=row["columns"])
        share = np.geomspace(1 / n, 1)
        axes.plot(share, share, color="0.6", linestyle=":", label="chance")
        axes.set(title=planted, xlabel="fraction looked at", xscale="log", xlim=(1 / n, 1))
        axes.set_ylim(0, 1.02)
    panels[0].set_ylabel("fraction of outliers found")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figure.savefig(report.RESULTS / "anomalies.png", dpi=120)


def main() -> None:
    """Print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoders", nargs="*", default=ENCODERS)
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

    outliers: list[dict[str, Any]] = []
    similar: list[dict[str, Any]] = []
    size = len(common) + PLANTED
    for name, table, error in tables(every, encoders):
        shares = own_class(table[: len(common)], labels[common])
        similar.append({"columns": name, "own_class_at_10": shares})
        for planted in pools:
            found: dict[str, list[NDArray[np.float64]]] = {}
            for draw in range(args.draws):
                pool = np.flatnonzero(kind == planted)
                few = np.random.RandomState(draw).permutation(pool)[:PLANTED]
                rows = np.concatenate([np.flatnonzero(kind == "common"), few])
                scores = scored(table[rows], None if error is None else error[rows], draw)
                for method, values in scores.items():
                    after = looked_at(values, np.arange(size) >= len(common))
                    found.setdefault(method, []).append(after)
            for method, after_each in found.items():
                row = {"columns": name, "planted": planted, "score": method}
                row["precision"] = [float(np.mean(a * size < PLANTED)) for a in after_each]
                row["gini"] = [gini(a, size) for a in after_each]
                row["looked_at"] = np.mean(after_each, axis=0).round(5).tolist()
                outliers.append(row)
                mean, coefficient = np.mean(row["precision"]), np.mean(row["gini"])
                print(name, planted, method, f"{mean:.2f}, Gini {coefficient:.2f}", flush=True)

    for figure, title in (("precision", f"precision at {PLANTED}"), ("gini", "Gini coefficient")):
        lines = []
        for name, method in dict.fromkeys((row["columns"], row["score"]) for row in outliers):
            values = [
                row[figure] for row in outliers if (row["columns"], row["score"]) == (name, method)
            ]
            lines.append([name, method, *(f"{np.mean(v):.2f} ± {np.std(v):.2f}" for v in values)])
        print("\n" + report.table([title, "score", *pools], lines))
    lines = [
        [row["columns"], *(f"{share:.2f}" for share in row["own_class_at_10"].values())]
        for row in similar
    ]
    print(
        "\n" + report.table(["own class among 10 nearest", *similar[0]["own_class_at_10"]], lines)
    )
    if args.json:
        earlier = report.figures("anomalies")
        outliers = report.with_others(outliers, earlier["outliers"], ["columns"])
        similar = report.with_others(similar, earlier["similarity"], ["columns"])
        figures = {
            "part": args.part,
            "common": COMMON,
            "planted": PLANTED,
            "neighbours": NEIGHBOURS,
            "outliers": outliers,
            "similarity": similar,
        }
        report.write("anomalies", figures)
        plot(outliers, size)


if __name__ == "__main__":
    main()
