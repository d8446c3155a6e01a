"""What ``sklearn-astromer weights info`` says of training, and of a catalog beside it."""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.messages import say
from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.lightcurves.statistics import QUANTITIES, CatalogSummary
from sklearn_astromer.weights import Checkpoint
from sklearn_astromer.weights.comparison import compare_statistics, unlike
from sklearn_astromer.weights.facts import catalog_facts, quantile_facts, training_facts


def told(checkpoint: Checkpoint) -> list[tuple[str, str]]:
    """Return keys and values of what a checkpoint says of itself."""
    info = checkpoint.info
    lines = [*catalog_facts(info), *quantile_facts(info), *training_facts(info)]
    for key in ("licence", "command"):
        if isinstance(info.get(key), str):
            lines.append((key, info[key]))
    if isinstance(info.get("conf"), dict):  # of the official layout, as it is
        lines.append(("conf", str(info["conf"])))
    return lines


def compare(args: argparse.Namespace, checkpoint: Checkpoint) -> None:
    """Print how a catalog compares with the light curves of the training, and warn."""
    catalog = Catalog(args)
    summary = CatalogSummary()
    for curves in catalog.pieces():
        summary.add(curves)
    catalog.warn()
    table = compare_statistics(checkpoint.info, summary.quantities(), args.name)
    say("")
    for line in _lines(table):
        say(line)
    if message := unlike(table, args.name):
        warn(message)


def _lines(table: pd.DataFrame) -> list[str]:
    """Return the table as text."""
    percentiles = ("5", "50", "95")
    header = ["", *(f"training {p} %" for p in percentiles)]
    header += [*(f"catalog {p} %" for p in percentiles), "outside", ""]
    rows = [header]
    for quantity, row in table.iterrows():
        cells = [f"{quantity} ({QUANTITIES[str(quantity)]})"]
        for of in ("training", "catalog"):
            cells += [_cell(row[f"{of}_{p}"]) for p in percentiles]
        outside = "–" if np.isnan(row["outside"]) else f"{row['outside']:.0%}"
        rows.append([*cells, outside, "unlike" if row["unlike"] else ""])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _cell(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.4g}"
