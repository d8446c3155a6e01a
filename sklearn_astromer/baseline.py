"""LightCurveLSTMClassifier: the paper's baseline, without an encoder."""

from __future__ import annotations

import os
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_astromer._estimator_base import AstromerBase, whole_or_not
from sklearn_astromer._fields import LARGEST
from sklearn_astromer._heads import (
    CLASS_WEIGHTS,
    HEAD_CONSTRAINTS,
    draw_seeds,
    outputs,
    probabilities,
    read_classes,
    read_targets,
    train_head,
)
from sklearn_astromer.modules.heads import LSTMHead
from sklearn_astromer.modules.raw import INPUTS, RawObservations
from sklearn_astromer.training.recipes import Recipe
from sklearn_astromer.windows import Windows


class LightCurveLSTMClassifier(ClassifierMixin, AstromerBase):
    """Classify light curves by two LSTM layers on the observations themselves.

    The baseline of Donoso-Oliva et al. 2023 (§4.4): the head ``"lstm"`` of `AstromerClassifier`
    (without dropout of its inputs, which are but two) on two numbers per observation instead of
    an attention vector.

    Parameters
    ----------
    inputs : {"centred", "minmax"}
        ``"centred"``: the magnitude minus its window's mean, and log10(1 d + the time since the
        observation before). ``"minmax"``: time and magnitude, each scaled to [0, 1] within the
        window, as in the code released with the paper: without the amplitude, which tells much.
    units : int
        Width of the LSTM layers.
    window_size : int
        The most observations read at once; an object's windows are averaged, weighted by their
        observations.
    dropout, class_weight, training, max_epochs, batch_size, checkpoint
        See `AstromerClassifier`; augmentation needs nothing else here.
    device, precision, random_state, verbose
        See `AstromerClassifier`.

    Attributes
    ----------
    classes_, head_, history_, n_features_in_
        See `AstromerClassifier`.

    Examples
    --------
    >>> from sklearn_astromer import LightCurveLSTMClassifier
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> curves, labels = make_variable_stars(20, classes=["MIRA", "CONST"], random_state=0)
    >>> model = LightCurveLSTMClassifier(units=16, max_epochs=2, random_state=0)
    >>> model.fit(curves, labels).predict_proba(curves).shape
    (20, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **HEAD_CONSTRAINTS,
        "inputs": [StrOptions(set(INPUTS))],
        "window_size": [Interval(Integral, 1, LARGEST, closed="both")],
        "class_weight": CLASS_WEIGHTS,
    }

    def __init__(
        self,
        *,
        inputs: str = "centred",
        units: int = 256,
        window_size: int = 200,
        dropout: float = 0.5,
        class_weight: Any = None,
        training: str | Recipe = "auto",
        max_epochs: int = 200,
        batch_size: int = 32,
        checkpoint: str | os.PathLike[str] | None = None,
        device: str | torch.device = "auto",
        precision: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.inputs = inputs
        self.units = units
        self.window_size = window_size
        self.dropout = dropout
        self.class_weight = class_weight
        self.training = training
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.checkpoint = checkpoint
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    @whole_or_not
    def fit(self, X: Any, y: ArrayLike, sample_weight: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.
        y : array-like of shape (n_objects,)
            Labels.
        sample_weight : array-like of shape (n_objects,), optional
            Weights of the objects in the loss.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not what `as_light_curves` takes, y does not fit it, has one class only, or a
            parameter is out of range.
        FloatingPointError
            If the loss is no longer finite.
        """
        self._validate_params()
        curves, values, weight = read_targets(self, X, y, sample_weight)
        target, weight, criterion = read_classes(self, values, weight)

        def make() -> LSTMHead:
            width, n_classes = RawObservations.width, len(self.classes_)
            return LSTMHead(width, n_classes, self.units, self.dropout, input_dropout=0.0)

        # nothing is to be learned in what stands for the encoder, nor kept of what it gives
        train_head(
            self,
            curves,
            target,
            weight,
            criterion,
            RawObservations(self.inputs),
            lambda some: Windows(some, self.window_size),
            make,
            draw_seeds(self),
            train_encoder=True,
        )
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.

        Returns
        -------
        ndarray of shape (n_objects, n_classes), float64
            In the order of `classes_`; rows sum to 1.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        TypeError, ValueError
            If X is not what `as_light_curves` takes.
        """
        check_is_fitted(self, "head_")
        curves = self._read(X, reset=False)
        if len(curves) == 0:
            return np.empty((0, len(self.classes_)))
        windows = Windows(curves, self.window_size)
        return probabilities(outputs(self, RawObservations(self.inputs), windows))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each object; see `predict_proba`."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags.poor_score = True  # two magnitudes a day apart tell no class
        return tags
