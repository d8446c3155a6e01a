"""What the classifiers and the regressor share: an encoder, a head, objects of several windows."""

from __future__ import annotations

import copy
import os
from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, column_or_1d
from torch import nn

from sklearn_astromer._estimator_base import (
    AstromerBase,
    check_errors,
    diagram,
    isolated_seed,
    name_of_weights,
    resolve_device,
    resolve_dtype,
    split_stars,
    whole_or_not,
)
from sklearn_astromer._saved_models import load, save
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.modules.heads import Head, Predictor, make_head
from sklearn_astromer.training.augmentation import chosen_changes
from sklearn_astromer.training.loop import train
from sklearn_astromer.training.recipes import resolved
from sklearn_astromer.training.recording import record_supervision
from sklearn_astromer.training.supervision import FrozenFeatures, ObjectLoss, Objects, summaries
from sklearn_astromer.windows import Windows


class SupervisedBase(AstromerBase, ABC):
    """An estimator that trains a head, and the encoder with it if asked to."""

    @abstractmethod
    def _fit_encoder(self, curves: LightCurves, seed: int) -> tuple[nn.Module, int, int]:
        """Return a module with `all_layers`, its width, and how many layers it gives."""

    @property
    @abstractmethod
    def _encoder_module(self) -> nn.Module: ...

    @abstractmethod
    def _windows(self, curves: LightCurves) -> Windows: ...

    @abstractmethod
    def _make_head(self, d_in: int, n_layers: int, n_outputs: int) -> Head: ...

    @abstractmethod
    def _prepare(
        self, y: NDArray[Any], weight: NDArray[np.float64]
    ) -> tuple[NDArray[Any], NDArray[np.float64], int, ObjectLoss]:
        """Check y; return targets (class numbers or values), weights, number of outputs, loss."""

    @whole_or_not
    def fit(self, X: Any, y: ArrayLike, sample_weight: Any = None) -> Self:
        """Train the head, and the encoder as the parameters say.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.
        y : array-like of shape (n_objects,)
            Labels for a classifier, finite numbers for a regressor.
        sample_weight : array-like of shape (n_objects,), optional
            Weights of the objects in the loss.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not what `as_light_curves` takes, y does not fit it, has one class only or
            numbers that are not finite, or a parameter is out of range.
        FloatingPointError
            If the loss is no longer finite.
        """
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        curves = self._read(X, reset=True)
        values = column_or_1d(y, warn=True)
        check_consistent_length(curves, values)
        weight = _check_sample_weight(
            sample_weight, curves, dtype=np.float64, ensure_non_negative=True
        )
        self._train(curves, *self._prepare(values, weight))
        return self

    def _train(
        self,
        curves: LightCurves,
        target: NDArray[Any],
        weight: NDArray[np.float64],
        n_outputs: int,
        criterion: ObjectLoss,
    ) -> None:
        self._check_parameters()
        recipe = resolved(self.training, "head")
        changes = chosen_changes(recipe.augment)
        if (changes or recipe.reconstruction) and not self.train_encoder:
            raise ValueError(
                "augment and reconstruction need train_encoder=True: a frozen encoder sees X once"
            )
        if "jitter" in changes:
            check_errors(curves)
        device = resolve_device(self.device)
        dtype = resolve_dtype(self.precision, device)
        rng = check_random_state(self.random_state)
        encoder_seed, seed, split_seed, train_seed = map(
            int, rng.randint(np.iinfo(np.int32).max, size=4)
        )
        encoder, width, n_layers = self._fit_encoder(curves, encoder_seed)
        given = [target, weight]
        if isinstance(getattr(self, "encoder", None), FrozenEstimator):
            given += [tensor.numpy() for tensor in encoder.state_dict().values()]
        resume = self._resume(curves, recipe, *given)
        cache_bytes = 0 if self.train_encoder else self.cache_bytes
        valid = np.zeros(len(curves), dtype=bool)
        if recipe.validation_fraction:
            classes = target if target.dtype.kind == "i" else None  # each has its share
            valid = split_stars(curves.ids, recipe.validation_fraction, split_seed, classes)

        with isolated_seed(seed, device):
            head = self._make_head(width, n_layers, n_outputs)
            predictor = Predictor(head, encoder if self.train_encoder else None)
            encoder.to(device).eval()

            def task(which: NDArray[np.bool_], fixed: bool) -> Objects:
                part = curves[which]
                windows = self._windows(part)
                features = FrozenFeatures(
                    encoder,
                    head,
                    windows,
                    max_bytes=int(cache_bytes * len(part.time) / len(curves.time)),
                    device=device,
                    dtype=dtype,
                )
                if not fixed:
                    head.calibrate(*map(torch.from_numpy, features.moments(weight[which])))
                return Objects(
                    windows,
                    target[which],
                    weight[which],
                    None if self.train_encoder else features,
                    recipe,
                    train_seed,
                    fixed,
                    device,
                )

            self.history_ = train(
                predictor,
                criterion,
                task(~valid, fixed=False),
                task(valid, fixed=True) if valid.any() else None,
                recipe,
                max_epochs=self.max_epochs,
                batch_size=self.batch_size,
                device=device,
                dtype=dtype,
                progress=self.verbose > 0,
                encoder="encoder.*",
                resume=resume,
            )
        encoder.cpu().eval()
        self.head_ = head.cpu().eval()
        if self.train_encoder and hasattr(self, "encoder_"):  # its figures hold no more
            self.encoder_.history_ = self.encoder_.history_.iloc[:0]
            training = record_supervision(self, curves, valid, recipe)
            self.encoder_.training_, self.encoder_.info_ = None, {"training": training}

    def _outputs(self, curves: LightCurves) -> NDArray[np.float64]:
        """Return the head's output for each object, (n_objects, n_outputs), in float64."""
        device = resolve_device(self.device)
        encoder, head = self._encoder_module, self.head_
        if device.type != "cpu":  # what is fitted never leaves the CPU
            encoder, head = copy.deepcopy(encoder).to(device), copy.deepcopy(head).to(device)
        summary = summaries(
            encoder,
            head,
            self._windows(curves),
            device=device,
            dtype=resolve_dtype(self.precision, device),
        )
        # in float64 a row does not depend on how many there are
        with torch.inference_mode():
            output = copy.deepcopy(self.head_).double().output(torch.from_numpy(summary))
        return output.numpy()

    def _check_parameters(self) -> None:
        self._validate_params()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class EncoderBase(SupervisedBase):
    """The `encoder` and `head` parameters of `AstromerClassifier` and `AstromerRegressor`."""

    encoder_: AstromerEmbedder

    def save_pretrained(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator as a folder that `from_pretrained` reads, without a pickle.

        It holds safetensors and JSON. The encoder is written as by
        `AstromerEmbedder.save_pretrained`, so that ``AstromerEmbedder(path)`` takes the folder as
        well.

        Parameters
        ----------
        path : path
            The folder; one written by a `save_pretrained` before is replaced, at once and whole.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        ValueError
            If `head` is a callable, whose code the folder cannot hold, or a parameter or label is
            of a type that JSON cannot hold: keep these by ``joblib.dump``.
        FileExistsError
            If something else is at `path`.

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
        (20, 128)
        """
        save(self, path)

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

    def _fit_encoder(self, curves: LightCurves, seed: int) -> tuple[nn.Module, int, int]:
        if isinstance(self.encoder, FrozenEstimator):
            fitted = self.encoder.estimator
            if not isinstance(fitted, AstromerEmbedder) or not hasattr(fitted, "module_"):
                raise TypeError(
                    f"encoder=FrozenEstimator({type(fitted).__name__}): it must hold a fitted "
                    "AstromerEmbedder"
                )
            self.encoder_ = copy.deepcopy(fitted)
        else:
            self.encoder_ = self._embedder(seed).fit(curves)
        config = self.encoder_.module_.encoder.config
        return self._encoder_module, config.d_model, config.n_layers + 1

    def _embedder(self, seed: int) -> AstromerEmbedder:
        encoder = self.encoder
        if encoder is None or isinstance(encoder, (str, os.PathLike)):
            return AstromerEmbedder(
                encoder,
                max_epochs=0,
                random_state=seed,
                device=self.device,
                precision=self.precision,
            )
        if not isinstance(encoder, AstromerEmbedder):
            raise TypeError(
                "encoder must be an AstromerEmbedder, FrozenEstimator(fitted embedder), the name "
                f"or path of weights, or None; got {type(encoder).__name__}"
            )
        copied: AstromerEmbedder = clone(encoder)
        if copied.random_state is None:
            copied.set_params(random_state=seed)
        return copied

    @property
    def _encoder_module(self) -> nn.Module:
        return self.encoder_.module_

    def _windows(self, curves: LightCurves) -> Windows:
        return self.encoder_._windows(curves)

    # an embedder given as `encoder` has a box of its own
    @available_if(lambda self: not hasattr(self.encoder, "get_params"))  # type: ignore[untyped-decorator]
    def _sk_visual_block_(self) -> Any:
        fitted = hasattr(self, "encoder_")
        name = name_of_weights(self.encoder, fitted and self.train_encoder)
        return diagram(self, name, self.encoder_.module_.encoder if fitted else None)

    def _make_head(self, d_in: int, n_layers: int, n_outputs: int) -> Head:
        return make_head(
            self.head,
            d_in=d_in,
            n_layers=n_layers,
            n_outputs=n_outputs,
            units=self.units,
            dropout=self.dropout,
        )
