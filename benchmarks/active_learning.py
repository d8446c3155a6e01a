"""How many labels real curves need if `suggest` chooses what to label, and if chance does.

    python benchmarks/active_learning.py --json

Objects of the test part (see `realdata.part`), whose labels no encoder has seen, are divided into
halves, ten times. One half is the pool, of which ten objects more are labelled at every step; on
the other, a random forest and a logistic regression that were trained on the labelled ones are
scored. Classes are as frequent as in the survey. `margin` begins at random and then takes the
objects whose two most likely classes are closest, without a care for diversity.

A count of labels is where the mean macro-F1 (linear between the steps) reaches 90 % of what all
labels of the pool give, and stays there. `suggest` was designed on `--part valid`. Embeddings are
kept in runs/active_learning: they take some minutes for each encoder, and are computed anew for
other weights of the same name.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import product
from typing import Any

import joblib
import matplotlib.pyplot as plt
import numpy as np
import report
from numpy.typing import NDArray
from realdata import CLASSES, load, part
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sklearn_astromer import AstromerEmbedder, weights
from sklearn_astromer.search import suggest

CACHE = report.RESULTS.parents[1] / "runs" / "active_learning"
TITLES = {"asas": "ASAS", "crts": "CRTS"}
COLUMNS = [
    "surveys-periods:mean_std",
    "surveys-periods:mean",
    "surveys-periods-unlabelled:mean_std",
]
BATCH = 10
SHARE = 0.9
LINEAR = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
MODELS = {
    "forest": RandomForestClassifier(50, class_weight="balanced", random_state=0),
    "logistic": LINEAR,
}

Choose = Callable[[NDArray[Any], NDArray[Any], np.random.RandomState], NDArray[np.int64]]


def embedded(catalog: str, which: str, encoder: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return rows (mean and standard deviation) and classes of a part of a catalog."""
    digest = joblib.hash(weights.load(encoder).tensors)[:12]
    path = CACHE / f"{catalog}-{which}-{encoder}-{digest}.npz"
    if not path.exists():
        curves, labels = load(catalog)
        chosen = np.flatnonzero(np.isin(labels, CLASSES[catalog]) & (part(curves) == which))
        rows = AstromerEmbedder(encoder, row=("mean", "std")).fit_transform(curves[chosen])
        CACHE.mkdir(parents=True, exist_ok=True)
        np.savez(path, rows=rows, labels=labels[chosen])
    with np.load(path) as kept:
        return kept["rows"], kept["labels"]


def by_chance(
    rows: NDArray[Any], labels: NDArray[Any], rng: np.random.RandomState
) -> NDArray[np.int64]:
    """Choose at random."""
    return rng.permutation(np.flatnonzero(labels == ""))[:BATCH]


def by_margin(
    rows: NDArray[Any], labels: NDArray[Any], rng: np.random.RandomState
) -> NDArray[np.int64]:
    """Choose those whose two most likely classes are closest."""
    known, free = labels != "", np.flatnonzero(labels == "")
    if len(np.unique(labels[known])) < 2:
        return by_chance(rows, labels, rng)
    model = clone(LINEAR).fit(rows[known], labels[known])
    likely = np.sort(model.predict_proba(rows[free]), axis=1)
    return free[np.argsort(likely[:, -1] - likely[:, -2])[:BATCH]]


def by_suggest(
    rows: NDArray[Any], labels: NDArray[Any], rng: np.random.RandomState
) -> NDArray[np.int64]:
    """Choose what the package suggests."""
    return suggest(rows, labels, BATCH, random_state=rng)


METHODS: dict[str, Choose] = {"random": by_chance, "margin": by_margin, "suggest": by_suggest}


def curves_of(
    rows: NDArray[Any], truth: NDArray[Any], repeat: int, most: int
) -> tuple[NDArray[np.float64], list[float]]:
    """Return macro-F1 (n_methods, n_steps, n_models), and with all labels of the pool."""
    pool, held = train_test_split(
        np.arange(len(truth)), test_size=0.5, random_state=repeat, stratify=truth
    )
    scaler = StandardScaler().fit(rows[pool])
    x, x_held, y = scaler.transform(rows[pool]), scaler.transform(rows[held]), truth[pool]
    classes = np.unique(truth)

    def scores(labels: NDArray[Any]) -> list[float]:
        known = labels != ""
        fitted = [clone(m).fit(x[known], labels[known]) for m in MODELS.values()]
        return [
            float(f1_score(truth[held], m.predict(x_held), average="macro", labels=classes))
            for m in fitted
        ]

    found = []
    for choose in METHODS.values():
        labels = np.full_like(y, "")
        rng = np.random.RandomState(repeat)
        steps = []
        while len(steps) < most // BATCH:
            chosen = choose(x, labels, rng)
            labels[chosen] = y[chosen]
            steps.append(scores(labels))
        found.append(steps)
    return np.array(found), scores(y)


def needed(mean: NDArray[np.float64], goal: float) -> float | None:
    """Return where a curve crosses the goal for the last time; None: it ends below."""
    below = np.flatnonzero(mean < goal)
    if len(below) == 0:
        return float(BATCH)
    last = below[-1]
    if last == len(mean) - 1:
        return None
    return float(BATCH * (last + 1 + (goal - mean[last]) / (mean[last + 1] - mean[last])))


def fewer(suggested: float | None, by_chance: float | None, most: int) -> str:
    """Return the share of labels that are saved; a lower bound where chance never got there."""
    if suggested is None:
        return "?"
    bound = "" if by_chance else "> "
    return f"{bound}{1 - suggested / (by_chance or most):.0%}"


def draw(figures: list[dict[str, Any]], columns: str) -> None:
    """Draw the curves of one kind of rows, by the forest."""
    shown = [f for f in figures if f["columns"] == columns and f["model"] == "forest"]
    _, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for ax, (catalog, title) in zip(axes, TITLES.items(), strict=True):
        for row in (f for f in shown if f["catalog"] == catalog):
            mean, std = np.array(row["mean"]), np.array(row["std"])
            labels = BATCH * np.arange(1, len(mean) + 1)
            (line,) = ax.plot(labels, mean, label=row["method"])
            ax.fill_between(labels, mean - std, mean + std, color=line.get_color(), alpha=0.15)
        ax.axhline(SHARE * row["full"], color="0.6", ls="--", label="90 % of all labels")
        ax.set(xlabel="labels", title=title, xlim=(BATCH, None))
    axes[0].set_ylabel("macro-F1 (mean ± std of splits)")
    axes[0].legend(frameon=False, loc="lower right")
    plt.savefig(report.RESULTS / "active_learning.png", dpi=100)


def main() -> None:
    """Print the table, write the JSON, draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", nargs="+", default=COLUMNS, help="encoder:row")
    parser.add_argument("--part", default="test", choices=["valid", "test"])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--most", type=int, default=200, help="labels")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="write benchmarks/results")
    args = parser.parse_args()

    figures, lines = [], []
    for columns in args.columns:
        encoder, _, row = columns.partition(":")
        cells = {}
        for catalog in TITLES:
            rows, truth = embedded(catalog, args.part, encoder)
            if row == "mean":
                rows = rows[:, : rows.shape[1] // 2]
            found = joblib.Parallel(n_jobs=args.jobs)(
                joblib.delayed(curves_of)(rows, truth, repeat, args.most)
                for repeat in range(args.repeats)
            )
            scores, full = np.array([f[0] for f in found]), np.mean([f[1] for f in found], axis=0)
            for (i, method), (k, model) in product(enumerate(METHODS), enumerate(MODELS)):
                mean, std = scores[:, i, :, k].mean(axis=0), scores[:, i, :, k].std(axis=0)
                count = cells[catalog, method, model] = needed(mean, SHARE * full[k])
                figures.append(
                    {
                        "columns": columns,
                        "catalog": catalog,
                        "objects": len(truth) // 2,
                        "method": method,
                        "model": model,
                        "full": float(full[k]),
                        "labels": count,
                        "mean": mean.round(4).tolist(),
                        "std": std.round(4).tolist(),
                    }
                )
        for model in MODELS:
            line = [columns, model]
            for catalog in TITLES:
                counts = [cells[catalog, method, model] for method in METHODS]
                line += [f"{n:.0f}" if n else f"> {args.most}" for n in counts]
                line.append(fewer(counts[-1], counts[0], args.most))
            lines.append(line)
            print(*line, flush=True)
    header = [f"{title}: {m}" for title in TITLES.values() for m in [*METHODS, "fewer"]]
    print("\n" + report.table(["rows", "model", *header], lines))
    if args.json:
        settings = {"part": args.part, "repeats": args.repeats, "batch": BATCH, "share": SHARE}
        report.write("active_learning", {**settings, "curves": figures})
        draw(figures, args.columns[0])


if __name__ == "__main__":
    main()
