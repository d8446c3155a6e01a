"""What is known of how weights were trained: the ``training`` of a checkpoint's ``info``.

First what a run records, then what a checkpoint says of itself in words.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer._files import as_json, sha256
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.statistics import (
    count_facts,
    number,
    quantity_facts,
    summarise,
)
from sklearn_astromer.weights._contents import Checkpoint
from sklearn_astromer.weights.registry import WEIGHTS

#: What is known of the curves alone.
CATALOG = ("objects", "observations", "bands", "described", "percentiles", "quantiles")
_ADDRESSES = ("hf://", "doi:", "https://")
_GRID = np.linspace(0.0, 1.0, 2001)
Facts = list[tuple[str, str]]
#: Parts of an info that are told elsewhere.
TOLD = {"training", "name", "licence", "command", "evaluation", "conf", "valid_rmse"}
_LABELS = {
    True: "yes: evaluate on objects that were not trained on",
    False: "no",
    None: "not recorded",
}


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
        public = isinstance(name, str) and (text in WEIGHTS or text.startswith(_ADDRESSES))
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


def architecture_facts(checkpoint: Checkpoint) -> Facts:
    """Return sizes and options of the network."""
    config = checkpoint.config
    size = sum(tensor.size for tensor in checkpoint.tensors.values())
    facts = [
        ("layers", f"{config.n_layers} of {config.d_model} channels"),
        ("attention heads", str(config.n_heads)),
        ("feed-forward layer", f"{config.d_ff}, {config.activation}"),
        ("parameters", number(size)),
        ("window", f"{checkpoint.window_size} observations at most"),
    ]
    if config.own_periods:
        facts.append(("own periods", f"{config.own_periods} peaks of the star's periodogram"))
    flags = [
        name.replace("_", " ")
        for name in ("residual", "dense_residual", "norm_first", "mask_token", "scaled_inputs")
        if getattr(config, name)
    ]
    return [*facts, ("options", ", ".join(flags) or "as in the paper")]


def catalog_facts(info: Mapping[str, Any]) -> Facts:
    """Return how many light curves there were, and of which bands."""
    record = known(info)
    facts = [("data", str(info["data"]))] if info.get("data") else []
    facts += count_facts(record)
    if "windows" in record:
        facts.append(("windows", number(record["windows"])))
    if record.get("validation_objects"):
        facts.append(("kept for validation", f"{number(record['validation_objects'])} objects"))
    return facts


def training_facts(info: Mapping[str, Any]) -> Facts:
    """Return objective, labels, losses, and what the run began with."""
    record = known(info)
    facts = []
    if record.get("epochs") == 0 and record.get("objective") is None:
        facts.append(("objective", "none: the weights are as they were initialised"))
    elif record.get("objective"):
        facts.append(("objective", str(record["objective"])))
    elif "conf" in info:
        facts.append(("objective", "masked reconstruction, by the authors of ASTROMER"))
    facts.append(("labels used", _LABELS[labels_seen(info)]))
    begun = record.get("begun_with")
    if begun:
        seen = {True: ", trained with labels", False: ", trained without labels"}
        facts.append(("begun with", f"{begun.get('weights')}{seen.get(begun.get('labels'), '')}"))
    elif "begun_with" in record:
        facts.append(("begun with", "a fresh network"))
    if record.get("epochs"):
        best = record.get("best_epoch")
        facts.append(("epochs", f"{record['epochs']}{f', the best {best}' if best else ''}"))
    unit = record.get("rmse_unit")
    for name, text in (("train_rmse", "training RMSE"), ("valid_rmse", "validation RMSE")):
        value = record.get(name, info.get(name))
        if isinstance(value, (int, float)):
            facts.append((text, f"{value:.4g}{f' {unit}' if unit else ''}"))
    facts += [(key.replace("_", " "), str(v)) for key, v in _others(info).items() if key != "data"]
    parameters = record.get("parameters", {})
    if parameters:
        text = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
        facts.append(("hyperparameters", text))
    if isinstance(record.get("version"), str):
        facts.append(("version", f"sklearn_astromer {record['version']}"))
    return facts


def quantile_facts(info: Mapping[str, Any]) -> Facts:
    """Return the range of each quantity over the training objects."""
    return quantity_facts(known(info))


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


def _others(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else an info holds that is short."""
    return {
        key: value
        for key, value in info.items()
        if key not in TOLD and isinstance(value, (str, int, float)) and key != "labels"
    }
