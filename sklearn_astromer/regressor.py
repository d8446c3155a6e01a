"""AstromerRegressor: an encoder and a head that gives a value."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_y, check_is_fitted

from sklearn_astromer._estimator_base import AstromerBase, whole_or_not
from sklearn_astromer._heads import (
    ENCODER_CONSTRAINTS,
    ScoresInOrder,
    diagram_of,
    draw_seeds,
    fitted_encoder,
    head_recipe,
    outputs,
    read_targets,
    train_head,
)
from sklearn_astromer._saved_models import load, save
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.modules.heads import Head, make_head
from sklearn_astromer.training.recipes import Recipe
from sklearn_astromer.training.supervision import SquaredError
from sklearn_astromer.weights.registry import BEST


class AstromerRegressor(ScoresInOrder, RegressorMixin, AstromerBase):
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
        seeds = draw_seeds(self)
        self.encoder_ = fitted_encoder(self, curves, values, seeds[0])
        network = self.encoder_.module_

        def make() -> Head:
            config = network.encoder.config
            return make_head(
                self.head,
                d_in=config.d_model,
                n_layers=config.n_layers + 1,
                n_outputs=1,
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
        windows = self.encoder_._windows(curves)
        output = outputs(self, self.encoder_.module_, windows)[:, 0]
        return output * self.target_std_ + self.target_mean_

    def save_pretrained(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the fitted estimator as a folder, see `AstromerClassifier.save_pretrained`."""
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
        >>> import tempfile
        >>> import numpy as np
        >>> from sklearn_astromer import AstromerRegressor
        >>> from sklearn_astromer.datasets import make_variable_stars
        >>> curves, _, parameters = make_variable_stars(
        ...     20, classes=["MIRA", "CEP"], random_state=0, return_parameters=True
        ... )
        >>> model = AstromerRegressor("surveys-small", max_epochs=2, random_state=0)
        >>> model = model.fit(curves, np.log10(parameters["period"]))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save_pretrained(f"{folder}/mine")
        ...     again = AstromerRegressor.from_pretrained(f"{folder}/mine")
        >>> np.allclose(again.predict(curves), model.predict(curves), atol=1e-6)
        True
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
        tags.regressor_tags.poor_score = True  # a few magnitudes on a grid tell no value
        return tags
