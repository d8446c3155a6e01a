"""AstromerClassifier: an encoder and a head that tells classes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_astromer._estimator_base import AstromerBase, whole_or_not
from sklearn_astromer._head_estimator import HeadEstimator
from sklearn_astromer._heads import (
    CLASS_WEIGHTS,
    ENCODER_CONSTRAINTS,
    probabilities,
    read_classes,
    read_targets,
)
from sklearn_astromer.training.recipes import Recipe
from sklearn_astromer.weights.registry import BEST


class AstromerClassifier(HeadEstimator, ClassifierMixin, AstromerBase):
    """Classify light curves by an ASTROMER encoder with a head.

    An object is one thing however many windows its curve has: in training and prediction the
    windows' summaries are averaged, weighted by their observations, before the head's output.

    Parameters
    ----------
    encoder : AstromerEmbedder, FrozenEstimator, str, path or None, default="surveys-periods"
        An `AstromerEmbedder` is cloned and fitted to X first, without labels, as its own
        parameters say (``max_epochs=0``: used as it came); so ``encoder__training__lr`` and the
        like can be searched. scikit-learn's `clone` drops a fit, so one that is fitted already is
        fitted again; to keep it, pass ``FrozenEstimator(fitted)``. A name or path is short for
        ``AstromerEmbedder(name, max_epochs=0)``, None for a fresh encoder. What is passed is
        never modified.
    head : {"mlp", "mean_std", "lstm", "skip"} or callable, default="mlp"
        ``"mlp"``: mean attention vector and dense layers. ``"mean_std"``: the same on mean and
        standard deviation, which usually classify better. ``"lstm"``: two LSTM layers with layer
        normalisation over the attention vectors (this and the first: Donoso-Oliva et al. 2023,
        §4.4).
        ``"skip"``: means of the input embedding and of every block, softmax-weighted, and dense
        layers (ASTROMER 2). A callable gets (d_model, n_classes) and returns a torch module that
        maps (vectors, mask) of windows to (n_windows, n_classes).
    train_encoder : bool, default=False
        Train the encoder with the head, without its dropout. If not, what the head reads of it is
        computed once, up to `cache_bytes`.
    units : int, default=256
        Width of the hidden layers of the head.
    dropout : float, default=0.5
        In the head, while training.
    class_weight : dict, "balanced" or None, default=None
        As in scikit-learn. Weights, these and those given to `fit`, count relative to their mean.
    training : {"auto", "head", "astromer1", "periods"} or Recipe, default="auto"
        Learning rates of encoder (``lr``) and head (``head_lr``), schedule, validation, patience,
        augmentation and so on, see `Recipe`; reached as ``training__head_lr`` and so on.
        ``"auto"`` is ``"head"``. Its ``reconstruction`` hides observations from encoder and head in
        training, and adds this times the error of reconstructing them to the loss, so that
        `encoder_` keeps its decoder; that and ``augment`` need ``train_encoder=True``.
    max_epochs : int, default=100
        Passes over the objects.
    batch_size : int, default=32
        Objects in a step.
    cache_bytes : int, default=2**31
        Memory for what a frozen encoder gives; the "lstm" head needs ``4 · d_model`` bytes per
        observation, others next to nothing. Beyond it, it is computed anew in every epoch.
    checkpoint, device, precision, random_state, verbose
        As for `AstromerEmbedder`, but not ``device="accelerate"``. An encoder without a
        `random_state` gets one derived from this.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    encoder_ : AstromerEmbedder
        The fitted encoder; with ``train_encoder=True`` as trained with the head.
    head_ : torch.nn.Module
    history_ : DataFrame
        A row per epoch: epoch, train_loss (with that of `reconstruction`), valid_loss (without),
        lr, seconds, best.
    n_features_in_ : int
        Only if X was a 2-D array.

    Notes
    -----
    Fitting with integer weights equals repeating objects only for a single step over all of them
    without validation: batches, splits and pretraining draw objects whatever their weight.

    scikit-learn's tag `poor_score` is set, for its checks give two magnitudes per object, which
    tell no class. ``StackingClassifier(passthrough=True)`` cannot join light curves to a table.

    Examples
    --------
    >>> from sklearn_astromer import AstromerClassifier, AstromerEmbedder, EncoderConfig
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> curves, labels = make_variable_stars(40, classes=["MIRA", "CONST"], random_state=0)
    >>> encoder = AstromerEmbedder(None, architecture=EncoderConfig(d_model=16), max_epochs=0)
    >>> model = AstromerClassifier(encoder, head="skip", max_epochs=30, random_state=0)
    >>> model.fit(curves, labels).predict(curves).shape
    (40,)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ENCODER_CONSTRAINTS,
        "class_weight": CLASS_WEIGHTS,
    }

    def __init__(
        self,
        encoder: Any = BEST,
        *,
        head: str | Callable[[int, int], torch.nn.Module] = "mlp",
        train_encoder: bool = False,
        units: int = 256,
        dropout: float = 0.5,
        class_weight: Any = None,
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
        self.class_weight = class_weight
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
        return self._fit_head(curves, values, target, weight, criterion, len(self.classes_))

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
        return probabilities(self._outputs(curves))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each object; see `predict_proba`."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # two magnitudes a day apart tell no class
        return tags
