"""What the classifiers and the regressor share: an encoder, a head, objects of several windows."""

from __future__ import annotations

import copy
import os
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state
from torch import nn

from sklearn_astromer._estimator_base import (
    AstromerBase,
    check_errors,
    check_training,
    isolated_seed,
    resolve_device,
    resolve_dtype,
    split_stars,
)
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.modules.heads import Predictor, make_head
from sklearn_astromer.training.augmentation import chosen_changes
from sklearn_astromer.training.loop import train
from sklearn_astromer.training.supervision import FrozenFeatures, ObjectLoss, Objects, summaries
from sklearn_astromer.windows import Windows


class SupervisedBase(AstromerBase, ABC):
    """An estimator that trains a head, and the encoder with it if asked to.

    Subclasses give `_fit_encoder`, which returns a module with `all_layers`, its width and its
    number of layers (the input embedding counts), and `_windows`;
    `_fractions` too, where they can reconstruct.
    """

    @abstractmethod
    def _fit_encoder(self, curves: LightCurves, seed: int) -> tuple[nn.Module, int, int]: ...

    @property
    @abstractmethod
    def _encoder_module(self) -> nn.Module: ...

    @abstractmethod
    def _windows(self, curves: LightCurves) -> Windows: ...

    @property
    def _fractions(self) -> dict[str, float]:
        """Give what `probe` asks for, where something is to be reconstructed."""
        return {}

    def _fit(
        self,
        curves: LightCurves,
        target: NDArray[Any],
        weight: NDArray[np.float64],
        *,
        n_outputs: int,
        criterion: ObjectLoss,
        head: Any,
        train_encoder: bool,
        encoder_lr: float,
        cache_bytes: int,
    ) -> None:
        """Train; `target` are class numbers (then the split is stratified) or values."""
        self._check_parameters()
        if (self.augment or criterion.reconstruction) and not train_encoder:
            raise ValueError(
                "augment and reconstruction need train_encoder=True: a frozen encoder sees X once"
            )
        if criterion.reconstruction < 0:
            raise ValueError(f"reconstruction must be at least 0, got {criterion.reconstruction}")
        changes = chosen_changes(self.augment)
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
        resume = self._resume(curves, *given)
        valid = np.zeros(len(curves), dtype=bool)
        if self.validation_fraction is not None:
            classes = target if target.dtype.kind == "i" else None
            valid = split_stars(curves.ids, self.validation_fraction, split_seed, classes)

        with isolated_seed(seed, device):
            made = make_head(
                head,
                d_in=width,
                n_layers=n_layers,
                n_outputs=n_outputs,
                units=self.units,
                dropout=self.dropout,
            )
            predictor = Predictor(made, encoder if train_encoder else None)
            groups = None
            if train_encoder and list(encoder.parameters()):
                groups = [("encoder*", {"lr": encoder_lr})]
            encoder.to(device).eval()

            def task(which: NDArray[np.bool_], fixed: bool) -> Objects:
                part = curves[which]
                windows = self._windows(part)
                features = FrozenFeatures(
                    encoder,
                    made,
                    windows,
                    max_bytes=int(cache_bytes * len(part.time) / len(curves.time)),
                    device=device,
                    dtype=dtype,
                )
                if not fixed:
                    made.calibrate(*map(torch.from_numpy, features.moments(weight[which])))
                shown = None if train_encoder else features
                return Objects(
                    windows,
                    target[which],
                    weight[which],
                    shown,
                    self.train_windows,
                    changes,
                    self._fractions if criterion.reconstruction else None,
                    train_seed,
                    fixed,
                    device,
                )

            self.history_ = train(
                predictor,
                criterion,
                task(~valid, fixed=False),
                task(valid, fixed=True) if valid.any() else None,
                max_epochs=self.max_epochs,
                batch_size=self.batch_size,
                lr=self.lr,
                patience=self.patience,
                warmup_steps=self.warmup_steps,
                cosine=self.cosine,
                device=device,
                dtype=dtype,
                progress=self.verbose > 0,
                param_groups=groups,
                resume=resume,
            )
        encoder.cpu().eval()
        self.head_ = made.cpu().eval()
        if train_encoder and hasattr(self, "encoder_"):  # its figures hold no more
            self.encoder_.history_ = self.encoder_.history_.iloc[:0]

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
        for name in ("max_epochs", "batch_size", "units", "train_windows"):
            if name == "train_windows" and self.train_windows is None:
                continue
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")
        check_training(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class EncoderMixin:
    """The `encoder` parameter of `AstromerClassifier` and `AstromerRegressor`."""

    encoder_: AstromerEmbedder

    def _fit_encoder(self, curves: LightCurves, seed: int) -> tuple[nn.Module, int, int]:
        self.encoder_ = self._embedder(seed).fit(curves) if self._is_unfitted() else self._fitted()
        config = self.encoder_.module_.encoder.config
        return self._encoder_module, config.d_model, config.n_layers + 1

    def _is_unfitted(self) -> bool:
        return not isinstance(self.encoder, FrozenEstimator)  # type: ignore[attr-defined]

    def _embedder(self, seed: int) -> AstromerEmbedder:
        encoder = self.encoder  # type: ignore[attr-defined]
        if encoder is None or isinstance(encoder, (str, os.PathLike)):
            return AstromerEmbedder(
                encoder,
                max_epochs=0,
                random_state=seed,
                device=self.device,  # type: ignore[attr-defined]
                precision=self.precision,  # type: ignore[attr-defined]
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

    def _fitted(self) -> AstromerEmbedder:
        embedder = self.encoder.estimator  # type: ignore[attr-defined]
        if not isinstance(embedder, AstromerEmbedder) or not hasattr(embedder, "module_"):
            raise TypeError(
                f"encoder=FrozenEstimator({type(embedder).__name__}): it must hold a fitted "
                "AstromerEmbedder"
            )
        return copy.deepcopy(embedder)

    @property
    def _encoder_module(self) -> nn.Module:
        return self.encoder_.module_

    def _windows(self, curves: LightCurves) -> Windows:
        return self.encoder_._windows(curves)

    @property
    def _fractions(self) -> dict[str, float]:
        return self.encoder_._fractions
