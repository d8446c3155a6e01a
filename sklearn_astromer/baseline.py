"""LightCurveLSTMClassifier: the paper's baseline, without an encoder."""

from __future__ import annotations

import os
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils._param_validation import Interval, StrOptions
from torch import nn

from sklearn_astromer._estimator_base import COMMON_CONSTRAINTS
from sklearn_astromer._fields import LARGEST
from sklearn_astromer.classifier import ClassifierBase
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.modules.heads import LSTMHead
from sklearn_astromer.modules.raw import INPUTS, RawObservations
from sklearn_astromer.training.recipes import Recipe
from sklearn_astromer.windows import Windows


class LightCurveLSTMClassifier(ClassifierBase):
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

    train_encoder = True  # there is nothing to train in what stands for it, nor to keep of it

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **COMMON_CONSTRAINTS,
        "units": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "inputs": [StrOptions(set(INPUTS))],
        "window_size": [Interval(Integral, 1, LARGEST, closed="both")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
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

    def _make_head(self, d_in: int, n_layers: int, n_outputs: int) -> LSTMHead:
        return LSTMHead(d_in, n_outputs, self.units, self.dropout, input_dropout=0.0)

    def _fit_encoder(self, curves: LightCurves, seed: int) -> tuple[nn.Module, int, int]:
        return self._encoder_module, RawObservations.width, 1

    @property
    def _encoder_module(self) -> nn.Module:
        return RawObservations(self.inputs)

    def _windows(self, curves: LightCurves) -> Windows:
        return Windows(curves, self.window_size)
