"""The classification experiment of Donoso-Oliva et al. 2023 (Figs. 9 and 10) on real catalogs.

    make macho && python benchmarks/paper_classification.py --quick --log runs/quick.jsonl
    python benchmarks/paper_classification.py --sizes 20 100 --scenarios f a b

Objects that no encoder of this package was trained on (parts "valid" and "test"). For each catalog
and each of 3 random test partitions of 100 objects per class (or a third of the class), 20, 100, or
more of the remaining objects per class are trained on, a fifth of them for validation. Scenarios:

f  the pretrained encoder is frozen under the head, as it came
a  it is fine-tuned on the subset without labels, then frozen under the head
b  it is trained with the head
c  it is fine-tuned without labels on everything outside the test partition, then as b

Encoders: the paper's (`macho`), `surveys-periods` and `surveys-periods-unlabelled`. Without an
encoder there are the LSTM baseline, on times and magnitudes scaled to [0, 1] as in the code
released with the paper, and the same on centred magnitudes and log time steps; and a random forest
on `VariabilityFeatures`. Forests on the frozen encoders read the default row.

A cell that is in `runs/paper_classification.jsonl` (or `--log`) is not computed again, so a killed
run goes on, and two processes may share the work (`--catalogs asas` and `--catalogs crts`).
`--report` only prints the table, which goes to the JSON, and draws the figure. Rows of the JSON
that are not in the log stay. Seconds are those of one core, under other load.

All networks alike: Adam, 1e-3 for heads and baseline, 1e-5 for an encoder trained with its head,
a random window of each object per epoch, patience 20 (the recipe "head"). Those are the defaults of
the package but for the windows, which save time.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import report
import torch
from lstm import LightCurveLSTMClassifier
from numpy.typing import NDArray
from realdata import CLASSES, load, part
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline

from sklearn_astromer import (
    AstromerClassifier,
    AstromerEmbedder,
    LightCurves,
    VariabilityFeatures,
)

TEST_PER_CLASS = 100
HEADS = {"MLP+ATT": "mlp", "LSTM+ATT": "lstm"}
ENCODERS = ("macho", "surveys-periods", "surveys-periods-unlabelled")
BASELINES = {"LSTM baseline": "minmax", "LSTM centred": "centred"}
NAME = "paper_classification"
LOG = report.RESULTS.parents[1] / "runs" / f"{NAME}.jsonl"

Cell = dict[str, Any]


@cache
def catalog(name: str) -> tuple[LightCurves, NDArray[np.str_]]:
    """Return the objects of the benchmark classes of a catalog that no encoder was trained on."""
    curves, labels = load(name)
    chosen = np.flatnonzero(np.isin(labels, CLASSES[name]) & (part(curves) != "train"))
    return curves[chosen], labels[chosen]


def partition(name: str, repeat: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return positions for training, in random order, and for the test."""
    _, labels = catalog(name)
    rng = np.random.RandomState(repeat)
    train, test = [], []
    for label in CLASSES[name]:
        members = rng.permutation(np.flatnonzero(labels == label))
        n = min(TEST_PER_CLASS, len(members) // 3)
        test.append(members[:n])
        train.append(members[n:])
    return rng.permutation(np.concatenate(train)), np.concatenate(test)


def subset(labels: NDArray[np.str_], pool: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return the first `size` of each class in the pool; 0 is all."""
    if size == 0:
        return pool
    return np.concatenate([pool[labels[pool] == c][:size] for c in np.unique(labels)])


@cache
def rows(name: str, encoder: str) -> NDArray[np.float64]:
    """Return what a forest reads of the objects of a catalog."""
    curves, _ = catalog(name)
    if encoder == "-":
        return VariabilityFeatures().fit_transform(curves)
    return AstromerEmbedder(encoder).fit_transform(curves)


@cache
def tuned(name: str, encoder: str, size: int, repeat: int) -> AstromerEmbedder:
    """Return an encoder fine-tuned on a subset of the training objects; size 0 is all."""
    curves, labels = catalog(name)
    chosen = subset(labels, partition(name, repeat)[0], size)
    embedder = AstromerEmbedder(encoder, training="astromer1", max_epochs=10, random_state=repeat)
    return embedder.fit(curves[chosen])


def model(cell: Cell, verbose: int) -> Any:
    """Return the estimator of a cell."""
    common = {"random_state": cell["repeat"], "verbose": verbose}
    if cell["model"] in BASELINES:
        inputs = BASELINES[cell["model"]]
        return LightCurveLSTMClassifier(inputs=inputs, max_epochs=300, **common)
    scenario = cell["scenario"]
    encoder: Any = cell["encoder"]
    if scenario in "ac":
        size = cell["size"] if scenario == "a" else 0
        encoder = FrozenEstimator(tuned(cell["catalog"], encoder, size, cell["repeat"]))
    return AstromerClassifier(
        encoder,
        head=HEADS[cell["model"]],
        train_encoder=scenario in "bc",
        max_epochs=300,
        **common,
    )


def run(cell: Cell, verbose: int) -> Cell:
    """Fit and score one cell."""
    curves, labels = catalog(cell["catalog"])
    pool, test = partition(cell["catalog"], cell["repeat"])
    chosen = subset(labels, pool, cell["size"])
    start = time.perf_counter()
    if cell["model"] == "RF":
        table = rows(cell["catalog"], cell["encoder"])
        forest = make_pipeline(
            SimpleImputer(keep_empty_features=True),
            RandomForestClassifier(300, random_state=cell["repeat"]),
        )
        predicted = forest.fit(table[chosen], labels[chosen]).predict(table[test])
        best: dict[str, Any] = {}
    else:
        fitted = model(cell, verbose).fit(curves[chosen], labels[chosen])
        predicted = fitted.predict(curves[test])
        history = fitted.history_
        at = int(history["valid_loss"].argmin())
        best = {
            "epochs": at + 1,
            "best_seconds": round(float(history["seconds"][: at + 1].sum()), 1),
            "valid_loss": float(history["valid_loss"][at]),
        }
    return {
        **cell,
        "train_objects": len(chosen),
        "macro_f1": f1_score(labels[test], predicted, average="macro"),
        "seconds": round(time.perf_counter() - start, 1),
        **best,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }


def cells(args: argparse.Namespace) -> list[Cell]:
    """Return the cells asked for, repeat by repeat, cheap ones first."""
    wanted = []
    for repeat in range(args.repeats):
        for size in sorted(args.sizes, key=lambda s: s or np.inf):
            for name in args.catalogs:
                base = {"catalog": name, "size": size, "repeat": repeat, "encoder": "-"}
                for name_of_model in ("RF", *BASELINES):
                    wanted.append({**base, "model": name_of_model, "scenario": "-"})
                for encoder in args.encoders:
                    of = {**base, "encoder": encoder}
                    wanted.append({**of, "model": "RF", "scenario": "f"})
                    for scenario in args.scenarios:
                        wanted += [{**of, "model": head, "scenario": scenario} for head in HEADS]
    return [cell for cell in wanted if not args.models or cell["model"] in args.models]


KEYS = ["catalog", "size", "encoder", "model", "scenario", "repeat"]


def done(log: Path) -> pd.DataFrame:
    """Return the cells on disk."""
    columns = [*KEYS, "macro_f1", "epochs", "best_seconds", "seconds"]
    if not log.exists():
        return pd.DataFrame(columns=columns)
    found = pd.read_json(log, lines=True, dtype={"scenario": str, "model": str})
    return found.reindex(columns=columns)  # forests have no epochs


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """Return mean and standard deviation over the repeats, a row per kind of cell."""
    return (
        results.groupby(KEYS[:5])
        .agg(
            repeats=("macro_f1", "size"),
            macro_f1=("macro_f1", "mean"),
            macro_f1_std=("macro_f1", lambda f1: f1.std(ddof=0)),
            epochs=("epochs", "mean"),
            best_seconds=("best_seconds", "mean"),
        )
        .reset_index()
    )


def with_earlier(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the rows of the JSON that were not computed now."""
    order = ["catalog", "size", "encoder", "scenario", "model"]
    both = report.with_others(rows.to_dict("records"), report.figures(NAME) or [], order)
    return pd.DataFrame(both).sort_values(order)


def table(rows: pd.DataFrame) -> str:
    """Return the table in Markdown, with n where there are fewer than three repeats."""
    lines = []
    for row in rows.itertuples():
        f1 = f"{row.macro_f1:.3f} ± {row.macro_f1_std:.3f}"
        trained = not np.isnan(row.epochs)
        lines.append(
            [
                row.catalog,
                row.size or "all",
                row.encoder,
                row.model,
                row.scenario,
                f1 + ("" if row.repeats == 3 else f" (n={row.repeats})"),
                f"{row.epochs:.0f}" if trained else "",
                f"{row.best_seconds:.0f}" if trained else "",
            ]
        )
    header = [
        "catalog",
        "per class",
        "encoder",
        "model",
        "scenario",
        "macro-F1",
        "epochs to best",
        "s to best",
    ]
    return report.table(header, lines)


def draw(rows: pd.DataFrame) -> None:
    """Draw macro-F1 against the number of objects per class."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    names = sorted(rows["catalog"].unique())
    figure, axes = plt.subplots(
        1, len(names), figsize=(5 * len(names) + 2, 4.5), squeeze=False, layout="constrained"
    )
    models = ["RF", *BASELINES, *HEADS]
    encoders = ["-", *ENCODERS]
    lines = {"-": ":", "f": "--", "a": "-.", "b": "-", "c": (0, (1, 1))}
    handles = {}
    for axis, name in zip(axes[0], names, strict=True):
        of_catalog = rows[(rows["catalog"] == name) & (rows["size"] > 0)]
        sizes = sorted(of_catalog["size"].unique())
        grouped = of_catalog.groupby(["encoder", "model", "scenario"])
        for i, ((encoder, kind, scenario), group) in enumerate(grouped):
            label = f"{kind}, features" if encoder == "-" and kind == "RF" else kind
            label = label if encoder == "-" else f"{kind} ({scenario}), {encoder}"
            handles[label] = axis.errorbar(
                group["size"] * 1.012**i,  # side by side
                group["macro_f1"],
                group["macro_f1_std"],
                marker="os^vDP*"[models.index(kind) % 7],
                ms=4,
                capsize=2,
                ls=lines[scenario],
                color=f"C{encoders.index(encoder)}",
            )
        axis.set(xscale="log", xlabel="objects per class", ylabel="macro-F1", title=name.upper())
        axis.set_xticks(sizes, map(str, sizes))
        axis.minorticks_off()
    figure.legend(handles.values(), handles, loc="outside right", fontsize=8)
    figure.savefig(report.RESULTS / "paper_classification.png", dpi=110)


def main() -> None:
    """Compute what is missing, then report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalogs", nargs="+", default=["asas", "crts"], choices=CLASSES)
    parser.add_argument("--sizes", nargs="+", type=int, default=[20, 50, 100, 500, 0])
    parser.add_argument("--encoders", nargs="+", default=list(ENCODERS))
    parser.add_argument("--scenarios", nargs="*", default=list("fabc"), choices="fabc")
    parser.add_argument("--models", nargs="+", help="only these, e.g. MLP+ATT skip")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--quick", action="store_true", help="20 per class of ASAS, one repeat, f, a, b"
    )
    parser.add_argument("--report", action="store_true", help="compute nothing")
    parser.add_argument("--log", type=Path, default=LOG, help="where the cells are kept")
    parser.add_argument("--verbose", type=int, default=0)
    args = parser.parse_args()
    if args.quick:
        args.catalogs, args.sizes, args.scenarios, args.repeats = ["asas"], [20], list("fab"), 1
    known = {tuple(row) for row in done(args.log)[KEYS].itertuples(index=False)}
    wanted = cells(args)
    missing = [c for c in wanted if tuple(c[k] for k in KEYS) not in known]
    for i, cell in enumerate([] if args.report else missing):
        result = run(cell, args.verbose)
        args.log.parent.mkdir(parents=True, exist_ok=True)
        with open(args.log, "a") as log:
            log.write(json.dumps(result) + "\n")
        shown = {k: result.get(k) for k in ("macro_f1", "epochs", "seconds")}
        print(f"[{i + 1}/{len(missing)}]", *cell.values(), shown, flush=True)
    results = done(args.log)
    rows = with_earlier(summary(results))
    print("\n" + table(rows))
    known = {tuple(row) for row in results[KEYS].itertuples(index=False)}
    absent = [
        " ".join(map(str, c.values())) for c in wanted if tuple(c[k] for k in KEYS) not in known
    ]
    print(f"\nmissing cells: {len(absent)}", *absent, sep="\n  ")
    if args.log == LOG:
        report.write(NAME, json.loads(rows.to_json(orient="records")))
        draw(rows)


if __name__ == "__main__":
    main()
