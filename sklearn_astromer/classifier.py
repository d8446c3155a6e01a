"""AstromerClassifier: an encoder and a head that tells classes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_astromer._estimator_base import AstromerBase, whole_or_not
from sklearn_astromer._heads import (
    CLASS_WEIGHTS,
    ENCODER_CONSTRAINTS,
    ScoresInOrder,
    diagram_of,
    draw_seeds,
    fitted_encoder,
    outputs,
    probabilities,
    read_classes,
    read_targets,
    train_head,
)
from sklearn_astromer._saved_models import load, save
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.modules.heads import Head, make_head
from sklearn_astromer.training.recipes import Recipe
from sklearn_astromer.weights.registry import BEST


class AstromerClassifier(ScoresInOrder, ClassifierMixin, AstromerBase):
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

    encoder_: AstromerEmbedder

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
        seeds = draw_seeds(self)
        self.encoder_ = fitted_encoder(self, curves, values, seeds[0])
        network = self.encoder_.module_

        def make() -> Head:
            config = network.encoder.config
            return make_head(
                self.head,
                d_in=config.d_model,
                n_layers=config.n_layers + 1,
                n_outputs=len(self.classes_),
                units=self.units,
                dropout=self.dropout,
            )

        train_head(
            self,
            curves,
            target,
            weight,
            criterion,
            network,
            self.encoder_._windows,
            make,
            seeds,
            self.train_encoder,
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
        windows = self.encoder_._windows(curves)
        return probabilities(outputs(self, self.encoder_.module_, windows))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each object; see `predict_proba`."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def save_pretrained(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the fitted estimator as a folder that `from_pretrained` reads, without a pickle.

        It holds safetensors and JSON. The encoder is written as by
        `AstromerEmbedder.save_pretrained`, so that ``AstromerEmbedder(path)`` takes the folder as
        well.

        Parameters
        ----------
        path : path
            The folder, which appears at once and whole.
        overwrite : bool, default=False
            Whether what a `save_pretrained` wrote at `path` before is replaced.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        ValueError
            If `head` is a callable, whose code the folder cannot hold, or a parameter or label is
            of a type that JSON cannot hold: keep these by ``joblib.dump``.
        FileExistsError
            If such a folder is at `path` and is not to be replaced; or something else, which never
            is.

        Notes
        -----
        Not kept are `history_`, what is of a machine (`checkpoint`, `device`,
        `verbose`, and the same of `training`), and a `random_state` that is no integer.

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np
        >>> from sklearn_astromer import AstromerClassifier, AstromerEmbedder
        >>> from sklearn_astromer.datasets import make_variable_stars
        >>> curves, labels = make_variable_stars(20, classes=["MIRA", "CONST"], random_state=0)
        >>> model = AstromerClassifier("surveys-small", max_epochs=2, random_state=0)
        >>> expected = model.fit(curves, labels).predict_proba(curves)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save_pretrained(f"{folder}/mine")
        ...     again = AstromerClassifier.from_pretrained(f"{folder}/mine")
        ...     encoder = AstromerEmbedder(f"{folder}/mine").fit(curves)
        >>> np.allclose(again.predict_proba(curves), expected, atol=1e-6)
        True
        >>> encoder.transform(curves).shape
        (20, 129)
        """
        save(self, path, overwrite)

    @classmethod
    def from_pretrained(cls, path: str | os.PathLike[str]) -> Self:
        """Read a fitted estimator from a folder that `save_pretrained` wrote.

        Only JSON and safetensors are read, and nothing of them is run.

        Parameters
        ----------
        path : str or path
            The folder, or an address of one: ``"hf://user/repository"``, or those of
            `sklearn_astromer.weights.fetch`.

        Returns
        -------
        estimator
            Fitted, with the parameters it had; `encoder` is ``FrozenEstimator(encoder_)``, so that
            `fit`, of a `clone` as well, trains a new head on the saved encoder and needs the folder
            no more. `history_` is empty.

        Raises
        ------
        FileNotFoundError
            If a file is missing.
        ValueError
            If a file was damaged or changed, the folder holds another estimator, or a newer version
            wrote it.

        Examples
        --------
        See `save_pretrained`.
        """
        model: Self = load(cls, path)
        return model

    # an embedder given as `encoder` has a box of its own
    @available_if(lambda self: not hasattr(self.encoder, "get_params"))  # type: ignore[untyped-decorator]
    def _sk_visual_block_(self) -> Any:
        return diagram_of(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags.poor_score = True  # two magnitudes a day apart tell no class
        return tags
