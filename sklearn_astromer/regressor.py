"""AstromerRegressor: an encoder and a head that gives a value."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import _check_y, check_is_fitted

from sklearn_astromer._estimator_base import AstromerBase, whole_or_not
from sklearn_astromer._head_estimator import HeadEstimator
from sklearn_astromer._heads import (
    ENCODER_CONSTRAINTS,
    head_recipe,
    read_targets,
)
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.training.recipes import Recipe
from sklearn_astromer.training.supervision import SquaredError
from sklearn_astromer.weights.registry import BEST


class AstromerRegressor(HeadEstimator, RegressorMixin, AstromerBase):
    """Estimate a number per light curve by an ASTROMER encoder with a head.

    Trained by the squared error of the standardised target. Everything else is as in
    `AstromerClassifier`; what differs is said here.

    Parameters
    ----------
    encoder, head, train_encoder, units, dropout
        See `AstromerClassifier`; a callable `head` gets (d_model, 1).
    training : {"auto", "head", "astromer1", "periods"} or Recipe, default="auto"
    max_epochs : int, default=100
    batch_size : int, default=32
    cache_bytes, checkpoint, device, precision, random_state, verbose
        See `AstromerClassifier`.

    Attributes
    ----------
    encoder_ : AstromerEmbedder
    head_ : torch.nn.Module
    history_ : DataFrame
        A row per epoch: epoch, train_loss, valid_loss (in units of the target's variance), lr,
        seconds, best.
    target_mean_, target_std_ : float
        What standardises the target.
    n_features_in_ : int
        Only if X was a 2-D array.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer import AstromerEmbedder, AstromerRegressor, EncoderConfig
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> curves, _, parameters = make_variable_stars(
    ...     40, classes=["MIRA", "CEP"], random_state=0, return_parameters=True
    ... )
    >>> encoder = AstromerEmbedder(None, architecture=EncoderConfig(d_model=16), max_epochs=0)
    >>> model = AstromerRegressor(encoder, max_epochs=5, random_state=0)
    >>> model.fit(curves, np.log10(parameters["period"])).predict(curves).shape
    (40,)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = ENCODER_CONSTRAINTS
    encoder_: AstromerEmbedder

    def __init__(
        self,
        encoder: Any = BEST,
        *,
        head: str | Callable[[int, int], torch.nn.Module] = "mlp",
        train_encoder: bool = False,
        units: int = 256,
        dropout: float = 0.2,
        training: str | Recipe = "auto",
        max_epochs: int = 100,
        batch_size: int = 32,
        cache_bytes: int = 2**31,
        checkpoint: str | os.PathLike[str] | None = None,
        device: str | torch.device = "auto",
        precision: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.encoder = encoder
        self.head = head
        self.train_encoder = train_encoder
        self.units = units
        self.dropout = dropout
        self.training = training
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.cache_bytes = cache_bytes
        self.checkpoint = checkpoint
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    @whole_or_not
    def fit(self, X: Any, y: ArrayLike, sample_weight: Any = None) -> Self:
        """Train the head, and the encoder as the parameters say.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.
        y : array-like of shape (n_objects,)
            Finite numbers.
        sample_weight : array-like of shape (n_objects,), optional
            Weights of the objects in the loss.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not what `as_light_curves` takes, y does not fit it or is not finite, or a
            parameter is out of range.
        FloatingPointError
            If the loss is no longer finite.
        """
        self._validate_params()
        curves, values, weight = read_targets(self, X, y, sample_weight)
        values = _check_y(values, y_numeric=True, estimator=self).astype(np.float64)
        self.target_mean_ = float(np.average(values, weights=weight))
        variance = np.average((values - self.target_mean_) ** 2, weights=weight)
        self.target_std_ = float(np.sqrt(variance)) or 1.0
        target = (values - self.target_mean_) / self.target_std_
        criterion = SquaredError(head_recipe(self).reconstruction)
        return self._fit_head(curves, values, target, weight, criterion, 1)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the estimate for each object.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.

        Returns
        -------
        ndarray of shape (n_objects,), float64

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
            return np.empty(0)
        return self._outputs(curves)[:, 0] * self.target_std_ + self.target_mean_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # a few magnitudes on a grid tell no value
        return tags
