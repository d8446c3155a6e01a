"""Heads on an encoder: what classifiers and regressors do alike, as functions."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state, compute_sample_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, column_or_1d
from torch import nn

from sklearn_astromer._estimator_base import (
    COMMON_CONSTRAINTS,
    isolated_seed,
    resolve_device,
    resolve_dtype,
    run_of,
)
from sklearn_astromer._fields import LARGEST
from sklearn_astromer.config import ROW
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.checks import check_order, warn
from sklearn_astromer.modules.heads import HEADS, Head, Predictor
from sklearn_astromer.training.labels import as_labels, check_kinds, missing_in
from sklearn_astromer.training.loop import train
from sklearn_astromer.training.recipes import Recipe, as_recipe, chosen_changes, resolved
from sklearn_astromer.training.recording import record_supervision
from sklearn_astromer.training.supervision import (
    CrossEntropy,
    FrozenFeatures,
    ObjectLoss,
    Objects,
    summaries,
)
from sklearn_astromer.training.validation import check_errors, split_stars
from sklearn_astromer.windows import Windows

#: Of parameters that all estimators with a head have.
HEAD_CONSTRAINTS: dict[str, list[Any]] = {
    **COMMON_CONSTRAINTS,
    "head": [StrOptions(set(HEADS)), callable],
    "units": [Interval(Integral, 1, LARGEST, closed="both")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
}
ENCODER_CONSTRAINTS: dict[str, list[Any]] = {
    **HEAD_CONSTRAINTS,
    "train_encoder": ["boolean"],
    "cache_bytes": [Interval(Integral, 0, None, closed="left")],
}
#: Values of a recipe that mean nothing to a head.
OF_AN_EMBEDDER = (
    *("loss", "masking", "parts", "error_weighted", "label_weight", "dropout", "blend"),
)
CLASS_WEIGHTS: list[Any] = [dict, StrOptions({"balanced"}), None]


def head_recipe(model: Any) -> Recipe:
    """Return the recipe of an estimator with a head, with all its values."""
    return resolved(model.training, "head", lr=1e-5, dropout=0.0, blend=1.0)


def read_targets(
    model: Any, X: Any, y: ArrayLike, sample_weight: Any
) -> tuple[LightCurves, NDArray[Any], NDArray[np.float64]]:
    """Return light curves, what they are labelled with, and their weights."""
    if y is None:
        raise ValueError(
            f"{type(model).__name__} requires y to be passed, but the target y is None"
        )
    curves = model._read(X, reset=True)
    labels = as_labels(y)
    missing = missing_in(labels)
    if missing.any():
        raise ValueError(f"Input y contains NaN: label {int(np.argmax(missing))} is missing")
    check_kinds(labels)
    values = column_or_1d(y, warn=True)
    check_consistent_length(curves, values)
    check_order(curves, y)
    check_order(curves, sample_weight, "sample_weight")
    weight = _check_sample_weight(sample_weight, curves, dtype=np.float64, ensure_non_negative=True)
    if getattr(model.encoder, "row", ROW) not in (ROW, [*ROW]):
        warn("the row of the encoder is not used: a head reads vectors, as head= says")
    return curves, values, weight


def read_classes(
    model: Any, y: NDArray[Any], weight: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], CrossEntropy]:
    """Set `classes_` of a classifier; return class numbers, weights and loss."""
    check_classification_targets(y)
    model.classes_, target = np.unique(y, return_inverse=True)
    if len(model.classes_) < 2:
        raise ValueError(
            f"a classifier needs at least 2 classes, got 1 class: {model.classes_[0]!r}"
        )
    if len(model.classes_) > 2 and (model.classes_ == -1).any():
        warn(
            "the label -1 is a class like others here, and not a missing label, as for "
            "AstromerEmbedder(supervised=True): leave out objects without a label"
        )
    if model.class_weight is not None:
        weight = weight * compute_sample_weight(model.class_weight, y)
    recipe = head_recipe(model)
    criterion = CrossEntropy(recipe.label_smoothing, recipe.reconstruction)
    return target.astype(np.int64), weight, criterion


def draw_seeds(model: Any) -> list[int]:
    """Return seeds of encoder, head, split and training."""
    rng = check_random_state(model.random_state)
    return [int(seed) for seed in rng.randint(np.iinfo(np.int32).max, size=4)]


def fitted_encoder(model: Any, curves: LightCurves, y: NDArray[Any], seed: int) -> AstromerEmbedder:
    """Return a fitted encoder of what `encoder` of a model is; that is never modified."""
    encoder = model.encoder
    if isinstance(encoder, FrozenEstimator):
        fitted = encoder.estimator
        if not isinstance(fitted, AstromerEmbedder) or not hasattr(fitted, "module_"):
            raise TypeError(
                f"encoder=FrozenEstimator({type(fitted).__name__}): it must hold a fitted "
                "AstromerEmbedder"
            )
        return copy.deepcopy(fitted)
    if encoder is None or isinstance(encoder, (str, os.PathLike)):
        made = AstromerEmbedder(
            encoder,
            max_epochs=0,
            random_state=seed,
            device=model.device,
            precision=model.precision,
        )
        return made.fit(curves)
    if not isinstance(encoder, AstromerEmbedder):
        raise TypeError(
            "encoder must be an AstromerEmbedder, FrozenEstimator(fitted embedder), the name "
            f"or path of weights, or None; got {type(encoder).__name__}"
        )
    copied: AstromerEmbedder = clone(encoder)
    if copied.random_state is None:
        copied.set_params(random_state=seed)
    return copied.fit(curves, y)


def train_head(
    model: Any,
    curves: LightCurves,
    target: NDArray[Any],
    weight: NDArray[np.float64],
    criterion: ObjectLoss,
    encoder: nn.Module,
    windows_of: Callable[[LightCurves], Windows],
    make_head: Callable[[], Head],
    seeds: list[int],
    train_encoder: bool,
) -> None:
    """Train a head, and the encoder with it if asked to; set `head_` and `history_` of a model.

    Parameters
    ----------
    model : estimator
        Whose parameters say how.
    curves, target, weight, criterion
        What to learn: class numbers or values, the weights of the objects, and the loss.
    encoder : module with `all_layers`
    windows_of, make_head : callable
        What the encoder reads of light curves; a fresh head.
    seeds : list of int
        See `draw_seeds`.
    train_encoder : bool
    """
    recipe = head_recipe(model)
    given = as_recipe(model.training)
    for name in OF_AN_EMBEDDER:
        if getattr(given, name) is not None:
            raise ValueError(
                f"training__{name} is of AstromerEmbedder, and changes nothing in "
                f"{type(model).__name__}: pass it in the recipe of `encoder`, or leave it out"
            )
    changes = chosen_changes(recipe.augment)
    if model.device == "accelerate":
        raise ValueError(
            "device='accelerate' is of AstromerEmbedder: a head trains in one process, so pass "
            "device='auto', and an encoder that several processes have trained"
        )
    if (changes or recipe.reconstruction) and not train_encoder:
        raise ValueError(
            "augment and reconstruction need train_encoder=True: a frozen encoder sees X once"
        )
    if "jitter" in changes:
        check_errors(curves)
    _, seed, split_seed, train_seed = seeds
    decisive = [target, weight]
    frozen = isinstance(getattr(model, "encoder", None), FrozenEstimator)
    if frozen or getattr(getattr(model, "encoder_", None), "training_", None) is None:
        # one that was trained here has other last bits on another number of threads
        decisive += [tensor.numpy() for tensor in encoder.state_dict().values()]
    run = run_of(model, model.max_epochs)
    run = run._replace(resume=model._resume(curves, recipe, *decisive))
    cache_bytes = 0 if train_encoder else model.cache_bytes
    valid = np.zeros(len(curves), dtype=bool)
    if recipe.validation_fraction:
        classes = target if target.dtype.kind == "i" else None  # each has its share
        valid = split_stars(curves.ids, recipe.validation_fraction, split_seed, classes)

    with isolated_seed(seed, run.device):
        head = make_head()
        predictor = Predictor(head, encoder if train_encoder else None)
        encoder.to(run.device).eval()

        def task(which: NDArray[np.bool_], fixed: bool) -> Objects:
            part = curves[which]
            windows = windows_of(part)
            features = FrozenFeatures(
                encoder,
                head,
                windows,
                max_bytes=int(cache_bytes * len(part.time) / len(curves.time)),
                device=run.device,
                dtype=run.dtype,
            )
            if not fixed:
                head.calibrate(*map(torch.from_numpy, features.moments(weight[which])))
            return Objects(
                windows,
                target[which],
                weight[which],
                None if train_encoder else features,
                recipe,
                train_seed,
                fixed,
                run.device,
            )

        model.history_ = train(
            predictor,
            criterion,
            task(~valid, fixed=False),
            task(valid, fixed=True) if valid.any() else None,
            recipe,
            run,
            encoder="encoder.*",
        )
    encoder.cpu().eval()
    model.head_ = head.cpu().eval()
    if train_encoder and hasattr(model, "encoder_"):  # its figures hold no more
        model.encoder_.history_ = model.encoder_.history_.iloc[:0]
        training = record_supervision(model, curves, valid, recipe)
        model.encoder_.training_, model.encoder_.info_ = None, {"training": training}


def outputs(model: Any, encoder: nn.Module, windows: Windows) -> NDArray[np.float64]:
    """Return the head's output for each object, (n_objects, n_outputs), in float64."""
    device = resolve_device(model.device)
    head = model.head_
    if device.type != "cpu":  # what is fitted never leaves the CPU
        encoder, head = copy.deepcopy(encoder).to(device), copy.deepcopy(head).to(device)
    dtype = resolve_dtype(model.precision, device)
    summary = summaries(encoder, head, windows, device=device, dtype=dtype)
    # in float64 a row does not depend on how many there are
    with torch.inference_mode():
        output = copy.deepcopy(model.head_).double().output(torch.from_numpy(summary))
    return output.numpy()


def probabilities(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what sums to 1 in each row."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)
