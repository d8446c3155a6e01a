"""Fitted classifiers and regressors to folders without pickles, and back."""

from __future__ import annotations

import os
from importlib import metadata
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.inference.networks import network_of
from sklearn_astromer.modules.plain import from_plain, to_plain
from sklearn_astromer.training import recipes
from sklearn_astromer.training.callbacks import history_frame
from sklearn_astromer.training.recipes import Recipe, of_a_run
from sklearn_astromer.training.reconstruction import history_names
from sklearn_astromer.training.tasks import Criterion
from sklearn_astromer.weights.models import SavedModel, read_model, to_json, write_model
from sklearn_astromer.weights.store import fetch, is_address

# Of the machine on which it was trained, and the paths there: nobody else's business.
OF_A_MACHINE = {"checkpoint", "device", "verbose"}
# The folder itself says these of the encoder.
OF_THE_ENCODER = {"architecture", "max_epochs", "pretrained"}
FITTED = ("classes_", "target_mean_", "target_std_", "n_features_in_", "feature_names_in_")
_JOBLIB = "keep it by joblib.dump, a pickle, instead"


def folder_of(name_or_path: str | os.PathLike[str]) -> Path:
    """Return the folder of a saved model, which an address may name."""
    if is_address(name_or_path):
        return fetch(str(name_or_path))
    return Path(name_or_path).expanduser().resolve()


def save(model: Any, path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Write a fitted `AstromerClassifier` or `AstromerRegressor`; see its `save_pretrained`."""
    check_is_fitted(model, "head_")
    head = to_plain(model.head_)
    if callable(model.head) or not isinstance(head, dict):
        raise ValueError(
            f"head={model.head!r}: a head that is a module of your own cannot be saved without a"
            f" pickle, for its code would have to be in the folder; {_JOBLIB}"
        )
    # a subclass may read light curves otherwise
    if type(model.encoder_) is not AstromerEmbedder:
        raise ValueError(
            f"the encoder is a {type(model.encoder_).__name__}, and only an AstromerEmbedder can"
            f" be saved without a pickle; {_JOBLIB}"
        )
    fitted = {name: getattr(model, name) for name in FITTED if hasattr(model, name)}
    for name, value in fitted.items():
        try:
            to_json(value)
        except TypeError as error:
            raise ValueError(f"{name} cannot be kept in JSON ({error}): {_JOBLIB}") from error
    content = {
        "class": type(model).__name__,
        "parameters": _parameters(model, {"encoder"}),
        "encoder": _parameters(model.encoder_, OF_THE_ENCODER),
        "head": {"network": head["network"], "options": head["options"]},
        "fitted": fitted,
    }
    version = metadata.version("sklearn_astromer")
    saved = SavedModel(model.encoder_._checkpoint(), head["tensors"], version, content)
    write_model(path, saved, overwrite)


def load(kind: type[Any], name_or_path: str | os.PathLike[str]) -> Any:
    """Return the fitted estimator of class `kind` that `save` wrote."""
    folder = folder_of(name_or_path)
    saved = read_model(folder)
    found = saved.content.get("class")
    if found != kind.__name__:
        raise ValueError(
            f"{folder} holds an {found}: read it by {found}.from_pretrained, not by that of"
            f" {kind.__name__}"
        )
    try:
        return _made(kind, saved, folder)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"{folder}: {error}; it was written by sklearn_astromer {saved.version}, and this is"
            f" {metadata.version('sklearn_astromer')}: upgrade, or save the model again"
        ) from error


def _made(kind: type[Any], saved: SavedModel, folder: Path) -> Any:
    content, checkpoint = saved.content, saved.encoder
    given = _known(AstromerEmbedder, content["encoder"], OF_THE_ENCODER)
    embedder = AstromerEmbedder(str(folder), max_epochs=0, **given)
    embedder.module_ = network_of(checkpoint)
    embedder.history_ = history_frame(history_names("rmse"))
    embedder.n_passes_ = 1
    embedder.training_, embedder.info_ = None, checkpoint.info
    # frozen: a clone has the same encoder, whatever becomes of the folder
    model = kind(FrozenEstimator(embedder), **_known(kind, content["parameters"], {"encoder"}))
    model.encoder_ = embedder
    model.head_ = from_plain({**content["head"], "tensors": saved.head})
    model.history_ = history_frame(Criterion.names)
    for name, value in content["fitted"].items():
        if name not in FITTED:
            raise ValueError(f"unknown attribute {name!r}")
        setattr(model, name, value)
    _check_fitted(model)
    n_outputs = len(model.classes_) if is_classifier(model) else 1
    options = content["head"]["options"]
    if (options["d_in"], options["n_outputs"]) != (checkpoint.config.d_model, n_outputs):
        raise ValueError("the head fits neither the encoder nor the classes")
    return model


def _check_fitted(model: Any) -> None:
    """Raise ValueError unless fitted attributes are there, and are what predictions need."""
    fitted = vars(model)
    if is_classifier(model):
        classes = fitted.get("classes_")
        good = {"classes_": isinstance(classes, np.ndarray) and len(classes) > 1}
    else:
        names = ("target_mean_", "target_std_")
        good = {name: isinstance(fitted.get(name), (int, float)) for name in names}
    count, names_in = fitted.get("n_features_in_"), fitted.get("feature_names_in_")
    good["n_features_in_"] = count is None or type(count) is int
    good["feature_names_in_"] = names_in is None or (
        isinstance(names_in, np.ndarray) and len(names_in) == count
    )
    for name, fits in good.items():
        if not fits:
            raise ValueError(f"{name} is {fitted.get(name)!r}, which does not fit")


def _parameters(estimator: Any, apart: set[str]) -> dict[str, Any]:
    """Return the parameters that are kept."""
    kept = {}
    for name, value in estimator.get_params(deep=False).items():
        if name in OF_A_MACHINE | apart:
            continue
        if isinstance(value, Recipe):
            value = {k: v for k, v in of_a_run(value).items() if v is not None}
        if isinstance(value, np.random.RandomState):
            value = None  # a generator that others draw from as well has no state of its own
        try:
            to_json(value)
        except TypeError as error:
            raise ValueError(
                f"{name}={value!r} of {type(estimator).__name__} cannot be kept in JSON ({error}):"
                f" change it by set_params, or {_JOBLIB}"
            ) from error
        kept[name] = value
    return kept


def _known(kind: type[Any], parameters: dict[str, Any], apart: set[str]) -> dict[str, Any]:
    """Return the parameters, if `save` would have kept each of them.

    A path of a stranger would be written to by the next `fit`.
    """
    kept = signature(kind).parameters.keys() - OF_A_MACHINE - apart
    refused = parameters.keys() - kept
    training = parameters.get("training")
    if isinstance(training, dict):
        refused |= {f"training__{name}" for name in training.keys() & set(recipes.OF_A_MACHINE)}
    if refused:
        raise ValueError(
            f"unknown parameters of {kind.__name__}, or none that are kept: "
            f"{', '.join(sorted(refused))}"
        )
    if isinstance(training, dict):
        return parameters | {"training": Recipe(**training)}
    return parameters
