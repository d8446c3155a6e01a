"""What a checkpoint says of itself, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn_astromer.lightcurves.statistics import count_facts, number, quantity_facts
from sklearn_astromer.weights._contents import Checkpoint
from sklearn_astromer.weights.record import known, labels_seen

Facts = list[tuple[str, str]]
#: Parts of an info that are told elsewhere.
TOLD = {"training", "name", "licence", "command", "evaluation", "conf", "valid_rmse"}
_LABELS = {
    True: "yes: evaluate on objects that were not trained on",
    False: "no",
    None: "not recorded",
}


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


def _others(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else an info holds that is short."""
    return {
        key: value
        for key, value in info.items()
        if key not in TOLD and isinstance(value, (str, int, float)) and key != "labels"
    }
