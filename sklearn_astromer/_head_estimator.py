"""What classifiers and regressors share: training a head on an encoder, scores, folders."""

from __future__ import annotations

import os
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if

from sklearn_astromer._estimator_base import diagram, name_of_weights
from sklearn_astromer._heads import draw_seeds, fitted_encoder, outputs, train_head
from sklearn_astromer._saved_models import load, save
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.checks import check_order
from sklearn_astromer.modules.heads import Head, make_head
from sklearn_astromer.training.supervision import ObjectLoss


class HeadEstimator:
    """A base of `AstromerClassifier` and `AstromerRegressor`."""

    encoder: Any
    encoder_: AstromerEmbedder

    def _fit_head(
        self: Any,
        curves: LightCurves,
        y: NDArray[Any],
        target: NDArray[Any],
        weight: NDArray[np.float64],
        criterion: ObjectLoss,
        n_outputs: int,
    ) -> Any:
        """Fit the encoder, with the labels `y` if it learns any, and a head on it."""
        seeds = draw_seeds(self)
        self.encoder_ = fitted_encoder(self, curves, y, seeds[0])
        network = self.encoder_.module_
        config = network.encoder.config

        def make() -> Head:
            return make_head(
                self.head,
                d_in=config.d_model,
                n_layers=config.n_layers + 1,
                n_outputs=n_outputs,
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

    def _outputs(self, curves: LightCurves) -> NDArray[np.float64]:
        """Return the output of the head for each object."""
        return outputs(self, self.encoder_.module_, self.encoder_._windows(curves))

    def score(self, X: Any, y: ArrayLike, sample_weight: Any = None) -> float:
        """Return the accuracy of the predicted classes, or R² of the predicted values.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.
        y : array-like of shape (n_objects,)
            The true classes or values.
        sample_weight : array-like of shape (n_objects,), optional
            Weight of each object.

        Returns
        -------
        float
            Greater is better.

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As `predict`; or if the index of y names the objects of X in another order.
        """
        check_order(X, y)
        check_order(X, sample_weight, "sample_weight")
        return float(super().score(X, y, sample_weight))  # type: ignore[misc]

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
    def _sk_visual_block_(self: Any) -> Any:
        fitted = hasattr(self, "encoder_")
        name = name_of_weights(self.encoder, fitted and self.train_encoder)
        return diagram(self, name, self.encoder_.module_.encoder if fitted else None)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.target_tags.required = True
        return tags
