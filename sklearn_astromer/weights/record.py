"""What is known of how weights were trained: the ``training`` of a checkpoint's ``info``.

First what a run records, then how close a catalog is to what was recorded.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._files import sha256
from sklearn_astromer._json import as_json
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.lightcurves.conversion import as_light_curves
from sklearn_astromer.lightcurves.statistics import QUANTITIES, statistics, summarise
from sklearn_astromer.weights.checkpoint import Checkpoint
from sklearn_astromer.weights.registry import WEIGHTS
from sklearn_astromer.weights.store import is_address, load

#: What is known of the curves alone.
CATALOG = ("objects", "observations", "bands", "described", "percentiles", "quantiles")
_GRID = np.linspace(0.0, 1.0, 2001)

SHOWN = (5, 50, 95)
#: More of a catalog's objects than this outside the training range are no chance.
MOST_OUTSIDE = 0.25
#: Of fewer objects than this a quarter may be outside by chance: only their median counts, against
#: the range of all training objects instead of that of 98 % of them.
FEW = 20
#: By which the range is widened: surveys end sharply, and a span longer by days is nothing unlike.
MARGIN = 1.1


def untrained() -> dict[str, Any]:
    """Return the record of a network as it was initialised."""
    return {"objective": None, "labels": False, "epochs": 0, "begun_with": None} | _version()


def trained(
    curves: LightCurves,
    valid: NDArray[np.bool_] | None,
    *,
    objective: str,
    labels: bool,
    begun_with: dict[str, Any] | None,
    parameters: Mapping[str, Any],
    before: dict[str, Any] | None = None,
    **figures: Any,
) -> dict[str, Any]:
    """Return the record of a run of training.

    Parameters
    ----------
    curves : LightCurves
    valid : ndarray of bool of shape (n_objects,), optional
        Which of them were kept for validation.
    objective : str
    labels : bool
        Whether it was told the classes (or other targets) of the objects.
    begun_with : dict or None
        See `origin`.
    parameters : mapping
        What decided what was learned.
    before : dict, optional
        The record of a run that this one goes on from. A catalog that both have seen counts once;
        of others, counts are summed and quantiles are those of the mixture, approximately.
    **figures
        Losses, epochs and so on.

    Returns
    -------
    dict
        What JSON can hold. There is no date: the same run gives the same record.
    """
    seen = summarise(curves, None if valid is None else ~valid)
    digest = sha256(as_json(seen, sort_keys=True).encode())[:12]
    held = 0 if valid is None else int(valid.sum())
    record: dict[str, Any] = {
        "objective": objective,
        "labels": labels,
        **seen,
        "validation_objects": held,
        "pieces": [digest],
        **{name: plain(value) for name, value in figures.items()},
        "parameters": {name: plain(value) for name, value in parameters.items()},
        "begun_with": begun_with,
        **_version(),
    }
    return record if before is None else _joined(before, record)


def origin(name: str | os.PathLike[str] | None, info: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a run says of the weights that it begins with; None: a fresh network.

    Of a path the last part alone, for the others tell of the machine.
    """
    training = info.get("training")
    training = training if isinstance(training, dict) else {}
    if name is None:
        if not training.get("epochs"):
            return None
        begun: dict[str, Any] = {"weights": "those of a fit before"}
    else:
        text = os.fspath(name)
        public = is_address(name) or (isinstance(name, str) and name in WEIGHTS)
        begun = {"weights": text if public else Path(text).name}
    begun["labels"] = labels_seen(info)
    if training:
        dropped = ("percentiles", "quantiles", "pieces")
        begun["training"] = {k: v for k, v in training.items() if k not in dropped}
    return begun


def labels_seen(info: Mapping[str, Any]) -> bool | None:
    """Whether weights were trained with labels, in any run they come from; None: not known."""
    if "conf" in info:  # of the official layout, which knows masked reconstruction alone
        return False
    training = info.get("training")
    if not isinstance(training, dict):
        return None
    found = [training.get("labels")]
    begun = training.get("begun_with")
    if isinstance(begun, dict):
        found.append(begun.get("labels"))
    if any(each is True for each in found):
        return True
    return False if all(each is False for each in found) else None


def known(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record in `info`, without what is not as it should be; a file may hold anything.

    Quantiles are lists of finite numbers, one for each percentile.
    """
    training = info.get("training")
    if not isinstance(training, dict):
        return {}
    record = dict(training)
    for name in ("objects", "observations", "windows", "epochs", "validation_objects"):
        if name in record and type(record[name]) is not int:
            del record[name]
    for name in ("bands", "parameters", "begun_with", "quantiles"):
        if name in record and not isinstance(record[name], dict):
            del record[name]
    percentiles: Any = record.get("percentiles")
    if not _numbers(percentiles) or sorted(set(percentiles)) != percentiles:
        percentiles = []
    good = {
        name: values
        for name, values in record.get("quantiles", {}).items()
        if percentiles and _numbers(values) and len(values) == len(percentiles)
    }
    return record | {"percentiles": percentiles, "quantiles": good}


def plain(value: Any) -> Any:
    """Return what JSON can hold: numbers that are none, and generators, are None."""
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (set, frozenset)):
        value = sorted(map(str, value))
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    return value if value is None or isinstance(value, (str, int)) else None


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


def _version() -> dict[str, Any]:
    return {"version": version("sklearn_astromer")}


def _numbers(values: Any) -> bool:
    return isinstance(values, list) and all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in values
    )


def _joined(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Return one record of two runs, the second after the first."""
    both = dict(now)
    both["labels"] = bool(before["labels"] or now["labels"])
    both["epochs"] = before["epochs"] + now["epochs"]
    both["pieces"] = list(dict.fromkeys([*before["pieces"], *now["pieces"]]))
    if both["pieces"] == before["pieces"]:  # these were seen before
        kept = (*CATALOG, "windows", "validation_objects")
        return both | {name: before[name] for name in kept if name in before}
    for name in ("objects", "observations", "windows", "validation_objects", "described"):
        both[name] = before[name] + now[name]
    names = sorted({*before["bands"], *now["bands"]})
    both["bands"] = {n: before["bands"].get(n, 0) + now["bands"].get(n, 0) for n in names}
    both["quantiles"] = {
        name: _mixed([r for r in (before, now) if name in r["quantiles"]], name)
        for name in (*before["quantiles"], *(n for n in now["quantiles"] if n not in before))
    }
    return both


def _mixed(records: list[dict[str, Any]], name: str) -> list[float]:
    """Return the quantiles of a mixture of catalogs, each taken as linear between its own."""
    at = np.array(records[0]["percentiles"]) / 100
    values = np.concatenate([np.interp(_GRID, at, r["quantiles"][name]) for r in records])
    weight = np.repeat([float(r["objects"]) for r in records], len(_GRID))
    order = np.argsort(values, kind="stable")
    values, weight = values[order], weight[order]
    share = np.cumsum(weight) - weight / 2
    share = (share - share[0]) / (share[-1] - share[0])
    return [float(f"{value:.6g}") for value in np.interp(at, share, values)]
