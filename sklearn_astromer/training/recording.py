"""What a fit records of itself, for the checkpoint and its model card."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.losses import LOSSES
from sklearn_astromer.training.pretraining import Pretrained
from sklearn_astromer.training.recipes import Recipe, chosen_changes, of_a_run
from sklearn_astromer.weights.record import origin, trained

RECONSTRUCTION = "masked reconstruction"


def record_reconstruction(
    estimator: Any,
    curves: LightCurves,
    recipe: Recipe,
    module: Astromer,
    found: Pretrained,
) -> dict[str, Any]:
    """Return the record of a fit or another pass of an `AstromerEmbedder`.

    Its ``training_``, where there is one, is the pass before; else ``info_`` is of the weights
    that it began with.
    """
    before: dict[str, Any] | None = getattr(estimator, "training_", None)
    if before is not None:
        begun = before["begun_with"]
    elif hasattr(estimator, "info_"):
        begun = origin(estimator.pretrained, estimator.info_)
    else:  # goes on from a pickle of before there were records
        begun = {"weights": "those of a fit before", "labels": None}
    history = found.history
    best = history[history["best"]] if validated(history) else history
    # errors of the trained weights are not those of their average with others
    figures = best.iloc[-1].to_dict() if len(best) and recipe.blend == 1 else {}
    labels = bool(estimator.supervised)
    relative = module.encoder.config.scaled_inputs or LOSSES[recipe.loss].standardised
    return trained(
        curves,
        found.valid,
        objective=RECONSTRUCTION + (", and labels" if labels else ""),
        labels=labels,
        begun_with=begun,
        parameters=parameters_of(estimator, recipe) | {"dropout": module.encoder.config.dropout},
        before=before,
        windows=found.windows,
        epochs=len(history),
        best_epoch=int(best["epoch"].iloc[-1]) if validated(history) else None,
        train_rmse=figures.get("train_rmse"),
        valid_rmse=figures.get("valid_rmse"),
        rmse_unit="of the windows' standard deviation" if relative else "mag",
    )


def record_supervision(
    estimator: Any, curves: LightCurves, valid: NDArray[Any], recipe: Recipe
) -> dict[str, Any]:
    """Return the record of an encoder that a classifier or regressor has trained on."""
    encoder = estimator.encoder_
    return trained(
        curves,
        valid,
        objective=f"the targets of {type(estimator).__name__}",
        labels=True,
        begun_with=origin(encoder.pretrained, getattr(encoder, "info_", {})),
        parameters=parameters_of(estimator, recipe),
        epochs=len(estimator.history_),
    )


def parameters_of(estimator: Any, recipe: Recipe) -> dict[str, Any]:
    """Return what decides what is learned, beside the architecture."""
    names = ("window_size", "batch_size", "random_state")
    own = {name: getattr(estimator, name) for name in names if hasattr(estimator, name)}
    return own | of_a_run(recipe) | {"augment": list(chosen_changes(recipe.augment))}


def validated(history: pd.DataFrame) -> bool:
    """Whether there is a best epoch."""
    return bool(len(history)) and bool(history["valid_rmse"].notna().any())
