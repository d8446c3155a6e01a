"""How close a catalog is to the light curves that weights were trained on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.lightcurves.conversion import as_light_curves
from sklearn_astromer.lightcurves.statistics import QUANTITIES, statistics
from sklearn_astromer.weights._contents import Checkpoint
from sklearn_astromer.weights.record import known
from sklearn_astromer.weights.store import load

__all__ = ["compare", "compare_statistics", "unlike"]

SHOWN = (5, 50, 95)
#: More of a catalog's objects than this outside the training range are no chance.
MOST_OUTSIDE = 0.25
#: Of fewer objects than this a quarter may be outside by chance: only their median counts, against
#: the range of all training objects instead of that of 98 % of them.
FEW = 20
#: By which the range is widened: surveys end sharply, and a span longer by days is nothing unlike.
MARGIN = 1.1


def compare(weights: str | os.PathLike[str] | Checkpoint, curves: Any) -> pd.DataFrame:
    """Compare a catalog with the light curves that weights were trained on.

    Embeddings are less good the less a catalog is like the training one; this tells before
    anything is embedded, and without labels.

    Parameters
    ----------
    weights : str, path or Checkpoint
        What `load` takes, or has returned.
    curves : LightCurves or array-like
        What `as_light_curves` takes. Of more than 20 000 objects, so many are drawn at random.

    Returns
    -------
    pandas.DataFrame
        A row for ``length`` (observations), ``span``, ``cadence`` (days), ``amplitude`` (from the
        5th to the 95th percentile) and ``mag_err`` (magnitudes), each of one object, as
        `LightCurves.describe` has them. Columns ``training_5``, ``training_50``, ``training_95``,
        ``catalog_5``, … are percentiles over the objects, NaN where one of both has none;
        ``outside`` is the share of the catalog's objects outside the training range, and
        ``unlike`` whether that is too many.

    Raises
    ------
    ValueError
        If the weights do not say what they were trained on, or there are no light curves; and as
        `load`.

    Warns
    -----
    UserWarning
        Names what is ``unlike``.

    Notes
    -----
    The training range is from the 1st to the 99th percentile of the training objects, and a tenth
    further on both sides. A quantity is unlike if the catalog's median, or more than a quarter of
    its objects, lies outside. Of other stars of the training survey up to 2 % do, by chance. With
    fewer than 20 objects only their median counts, and the range is that of all training objects.

    Errors count here although most encoders do not see them: they tell how noisy the magnitudes
    are.

    Examples
    --------
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.weights import compare
    >>> curves, _ = make_variable_stars(70, random_state=0)
    >>> table = compare("surveys-periods", curves)
    >>> list(table.index)
    ['length', 'span', 'amplitude', 'cadence', 'mag_err']
    >>> bool(table["unlike"].any())
    False
    """
    name = "these weights" if isinstance(weights, Checkpoint) else repr(os.fspath(weights))
    checkpoint = weights if isinstance(weights, Checkpoint) else load(weights)
    found = as_light_curves(curves)
    table = compare_statistics(checkpoint.info, statistics(found), name)
    if message := unlike(table, name):
        warn(message)
    return table


def compare_statistics(
    info: Mapping[str, Any], found: Mapping[str, NDArray[np.float64]], name: str
) -> pd.DataFrame:
    """Return the table of `compare`, from the statistics of a catalog."""
    record = known(info)
    if not record.get("quantiles"):
        raise ValueError(
            f"{name}: nothing is recorded of the light curves that they were trained on, so there "
            "is nothing to compare a catalog with"
        )
    n = len(found["length"])
    if n == 0:
        raise ValueError("there are no light curves to compare")
    at = np.array(record["percentiles"], dtype=np.float64)
    low, high = (0, 100) if n < FEW else (1, 99)
    rows = {}
    for quantity in QUANTITIES:
        values = found[quantity][np.isfinite(found[quantity])]
        training = record["quantiles"].get(quantity)
        row = dict.fromkeys([f"{of}_{p}" for of in ("training", "catalog") for p in SHOWN], np.nan)
        outside, far = np.nan, False
        if len(values):
            median = np.median(values)
            percentiles = np.percentile(values, SHOWN)
            row |= {f"catalog_{p}": v for p, v in zip(SHOWN, percentiles, strict=True)}
        if training is not None:
            percentiles = np.interp(SHOWN, at, training)
            row |= {f"training_{p}": v for p, v in zip(SHOWN, percentiles, strict=True)}
        if len(values) and training is not None:
            least, most = np.interp((low, high), at, training) * (1 / MARGIN, MARGIN)
            outside = float(np.mean((values < least) | (values > most)))
            far = (n >= FEW and outside > MOST_OUTSIDE) or not least <= median <= most
        rows[quantity] = row | {"outside": outside, "unlike": bool(far)}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("quantity")


def unlike(table: pd.DataFrame, name: str) -> str:
    """Return what to warn of; "" where there is nothing."""
    said = []
    for quantity, row in table[table["unlike"]].iterrows():
        unit = QUANTITIES[str(quantity)]
        said.append(
            f"{quantity} (median {row['catalog_50']:.4g} {unit}, in training "
            f"{row['training_50']:.4g}; {row['outside']:.0%} of the objects are outside the "
            "training range)"
        )
    if not said:
        return ""
    return (
        f"this catalog is unlike the light curves in the training of {name}: {', '.join(said)}. "
        "Try other weights as well, or train on it"
    )
