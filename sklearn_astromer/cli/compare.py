"""What ``sklearn-astromer weights info`` says of training, and of a catalog beside it."""

from __future__ import annotations

from types import SimpleNamespace

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


def compare(args: SimpleNamespace, checkpoint: Checkpoint) -> None:
    """Print how a catalog compares with the light curves of the training, and warn."""
    catalog = Catalog(args)
    summary = CatalogSummary()
    for curves in catalog.pieces():
        summary.add(curves)
    catalog.warn()
    table = compare_statistics(checkpoint.info, summary.quantities(), args.name)
    columns = {f"{of}_{p}": f"{of} {p} %" for of in ("training", "catalog") for p in (5, 50, 95)}
    shown = table[[*columns, "outside", "unlike"]].rename(columns=columns | {"unlike": ""})
    shown.index = pd.Index([f"{name} ({QUANTITIES[str(name)]})" for name in table.index])
    said = {"outside": _share, "": lambda far: "unlike" if far else ""}
    say("\n" + shown.to_string(float_format="{:.4g}".format, na_rep="–", formatters=said))
    if message := unlike(table, args.name):
        warn(message)


def _share(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.0%}"
