"""Model cards: what a checkpoint says of itself, for people and for the Hugging Face Hub."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sklearn_astromer._printable import printable
from sklearn_astromer.config import WINDOW_SIZE
from sklearn_astromer.lightcurves.statistics import (
    QUANTITIES,
    count_facts,
    number,
    quantity_facts,
)
from sklearn_astromer.weights.checkpoint import Checkpoint, sealed
from sklearn_astromer.weights.record import known, labels_seen, plain

__all__ = ["as_evaluation", "make_card", "with_notes"]

TAGS = (
    "astronomy",
    "light-curves",
    "time-series",
    "variable-stars",
    "transformer",
    "astromer",
    "scikit-learn",
)
#: Licences that the Hub knows by these names; all others are "other" there.
LICENCES = {
    *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "unlicense", "mpl-2.0"),
    *("cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0"),
    *("gpl-2.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0"),
}
UNSTATED = (
    "**No licence is stated.** State one before you share these weights: nobody else may use them "
    "without. The licence or terms of the light curves they were trained on matter as well."
)
Facts = list[tuple[str, str]]
#: Parts of an info that are told elsewhere.
TOLD = {"training", "name", "licence", "command", "evaluation", "conf", "valid_rmse"}
_LABELS = {
    True: "yes: evaluate on objects that were not trained on",
    False: "no",
    None: "not recorded",
}
CITATION = """\
@article{donosooliva2023,
  author = {Donoso-Oliva, C. and Becker, I. and Protopapas, P. and Cabrera-Vives, G. and
            Vishnu, M. and Vardhan, H.},
  title = {ASTROMER: A transformer-based embedding for the representation of light curves},
  journal = {Astronomy \\& Astrophysics},
  volume = {670},
  pages = {A54},
  year = {2023},
  doi = {10.1051/0004-6361/202243928},
}"""


def make_card(
    checkpoint: Checkpoint,
    *,
    name: str | None = None,
    licence: str | None = None,
    command: str | None = None,
    evaluation: Mapping[str, Any] | pd.DataFrame | None = None,
) -> str:
    """Make a model card of what a checkpoint says of itself.

    Parameters
    ----------
    checkpoint : Checkpoint
    name, licence, command : str, optional
        Title, licence of the weights (an SPDX name, such as ``"MIT"``) and the command that trained
        them. None: what ``checkpoint.info`` says.
    evaluation : mapping or DataFrame, optional
        Figures, by name, or a table of them. None: what ``checkpoint.info`` says.

    Returns
    -------
    str
        Markdown with a front matter of YAML, as the Hugging Face Hub has it. The last line is a
        checksum of the others, by which an edited card is told from one that may be replaced.

    Raises
    ------
    TypeError
        If `evaluation` is neither a mapping nor a DataFrame.

    Examples
    --------
    >>> from sklearn_astromer.weights import load, make_card
    >>> print(make_card(load("surveys-periods"), name="surveys-periods"))
    ---
    library_name: sklearn_astromer
    license: mit
    ...
    """
    info = with_notes(
        checkpoint.info, name=name, licence=licence, command=command, evaluation=evaluation
    )
    title = str(info.get("name") or "An ASTROMER encoder of light curves")
    stated = info.get("licence") if isinstance(info.get("licence"), str) else None
    config = checkpoint.config
    sections = [
        _front_matter(stated),
        f"# {_line(title)}",
        f"An ASTROMER encoder (layers: {config.n_layers}, channels: {config.d_model}). It "
        "turns the light curve of a star, of any length and cadence, into a vector, for use with "
        "[scikit-learn](https://scikit-learn.org).",
        "## Use",
        _usage(title, checkpoint.window_size),
        "Whether a catalog is like the training one, before anything is embedded: "
        "`sklearn_astromer.weights.compare`, or `sklearn-astromer weights info FOLDER --catalog "
        "FILE`.",
        "## Architecture",
        _facts_table(architecture_facts(checkpoint)),
        "## Training data",
        *_training_data(info),
        "## Training",
        *_training(info),
        "## Evaluation",
        _evaluation(info.get("evaluation")),
        "## Licence",
        f"Of the weights: {_line(stated)}. The light curves may have terms of their own."
        if stated
        else UNSTATED,
        "## Citation",
        f"```bibtex\n{CITATION}\n```",
    ]
    return sealed("\n\n".join(sections) + "\n")


def with_notes(
    info: Mapping[str, Any],
    *,
    name: str | None = None,
    licence: str | None = None,
    command: str | None = None,
    evaluation: Mapping[str, Any] | pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Return an info that keeps what was given beside it, so that the card can be made again."""
    given = {"name": name, "licence": licence, "command": command}
    kept = dict(info) | {key: value for key, value in given.items() if value is not None}
    if evaluation is not None:
        kept["evaluation"] = as_evaluation(evaluation)
    return kept


def as_evaluation(evaluation: Mapping[str, Any] | pd.DataFrame) -> dict[str, Any]:
    """Return a table of figures as JSON has it: ``columns``, and ``rows`` of cells."""
    if isinstance(evaluation, Mapping):
        nested = [isinstance(value, Mapping) for value in evaluation.values()]
        if nested and all(nested):
            evaluation = pd.DataFrame.from_dict(dict(evaluation), orient="index")
        else:
            rows = [[str(key), _cell(value)] for key, value in evaluation.items()]
            return {"columns": ["measure", "value"], "rows": rows}
    if not isinstance(evaluation, pd.DataFrame):
        raise TypeError(
            f"evaluation must be a mapping or a DataFrame, got {type(evaluation).__name__}"
        )
    named = not isinstance(evaluation.index, pd.RangeIndex)
    columns = ["" if evaluation.index.name is None else str(evaluation.index.name)] * named
    rows = []
    for index, row in zip(evaluation.index, evaluation.itertuples(index=False), strict=True):
        rows.append([*[str(index)] * named, *map(_cell, row)])
    return {"columns": [*columns, *map(str, evaluation.columns)], "rows": rows}


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


# -- parts -----------------------------------------------------------------------------------------


def _front_matter(licence: str | None) -> str:
    lines = ["---", "library_name: sklearn_astromer"]
    spelled = None if licence is None else licence.strip().lower().replace(" ", "-")
    if spelled is None:
        lines.append("license: unknown  # none is stated: state one before you share this")
    elif spelled in LICENCES:
        lines.append(f"license: {spelled}")
    else:
        lines += ["license: other", f"license_name: {json.dumps(licence)}"]
    lines += ["pipeline_tag: feature-extraction", "tags:", *(f"- {tag}" for tag in TAGS), "---"]
    return "\n".join(lines)


def _usage(name: str, window_size: int) -> str:
    size = "" if window_size == WINDOW_SIZE else f", window_size={window_size}"
    return (
        "```python\n"
        "from sklearn_astromer import AstromerEmbedder, LightCurves\n\n"
        'curves = LightCurves.read("catalog.parquet")\n'
        f"vectors = AstromerEmbedder({json.dumps(name)}{size}).fit_transform(curves)\n"
        "```\n\n"
        f"{_line(json.dumps(name))} stands for the path of this folder."
    )


def _training_data(info: Mapping[str, Any]) -> list[str]:
    facts = catalog_facts(info)
    record = known(info)
    parts = [_facts_table(facts)] if facts else ["The checkpoint does not say."]
    if not record.get("quantiles"):
        return parts
    rows = [
        [f"{name} ({unit})", *(f"{value:.4g}" for value in record["quantiles"][name])]
        for name, unit in QUANTITIES.items()
        if name in record["quantiles"]
    ]
    header = ["of an object", *(f"{p:g} %" for p in record["percentiles"])]
    return [
        *parts,
        "Percentiles over the training objects (amplitude: from the 5th to the 95th percentile of "
        "the magnitudes; cadence: the median time between observations; mag_err: the median "
        "error):",
        _table(header, rows),
    ]


def _training(info: Mapping[str, Any]) -> list[str]:
    facts = training_facts(info)
    parts = [_facts_table(facts)] if facts else ["The checkpoint does not say."]
    command = info.get("command")
    if isinstance(command, str) and command.strip():
        parts.append(_fenced(command))
    return parts


def _evaluation(evaluation: Any) -> str:
    if not isinstance(evaluation, dict):
        return "None is recorded. Evaluate on objects that were not trained on."
    columns, rows = evaluation.get("columns"), evaluation.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return "None is recorded. Evaluate on objects that were not trained on."
    return _table(columns, [row for row in rows if isinstance(row, list)])


def _facts_table(facts: list[tuple[str, str]]) -> str:
    return _table(["", ""], [list(fact) for fact in facts])


def _table(header: list[Any], rows: list[list[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines)


def _escaped(cell: Any) -> str:
    text = f"{cell:.6g}" if isinstance(cell, float) else "" if cell is None else str(cell)
    return _line(text)


def _line(text: Any) -> str:
    """Return text on one line that Markdown takes for nothing else."""
    return re.sub(r"[\\`*<|\[\]&]", r"\\\g<0>", " ".join(printable(str(text)).split()))


def _fenced(text: str) -> str:
    text = printable(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{text}\n{fence}"


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, (float, np.floating)) and np.isnan(value)):
        return None
    found = plain(value)
    return str(value) if found is None else found


def _others(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else an info holds that is short."""
    return {
        key: value
        for key, value in info.items()
        if key not in TOLD and isinstance(value, (str, int, float)) and key != "labels"
    }
