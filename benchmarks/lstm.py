"""The baseline of the paper: two LSTM layers on the observations themselves, without an encoder."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils._param_validation import StrOptions
from torch import Tensor, nn

from sklearn_astromer import Recipe
from sklearn_astromer._estimator_base import AstromerBase, whole_or_not
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
from sklearn_astromer.windows import Windows

WINDOW_SIZE = 200
INPUTS = ("centred", "minmax")


class RawObservations(nn.Module):
    """Two numbers per observation, in place of an encoder.

    Without parameters; has the interface of `Encoder.all_layers`.

    Parameters
    ----------
    inputs : {"centred", "minmax"}
        ``"centred"``: the magnitude minus its window's mean, and log10 of one day plus the time
        since the observation before. ``"minmax"``: time and magnitude, each scaled to [0, 1]
        within the window, as in the code released with the paper.
    """

    width = 2

    def __init__(self, inputs: str) -> None:
        super().__init__()
        if inputs not in INPUTS:
            raise ValueError(f"inputs must be one of {INPUTS}, got {inputs!r}")
        self.inputs = inputs

    def all_layers(
        self, time: Tensor, mag: Tensor, mask: Tensor | None = None, *ignored: Tensor | None
    ) -> list[Tensor]:
        """Return one layer of shape (n_windows, L, 2)."""
        if self.inputs == "minmax":
            return [torch.stack([_to_unit(time, mask), _to_unit(mag, mask)], dim=-1)]
        since = torch.diff(time, dim=1, prepend=time[:, :1])
        return [torch.stack([mag, torch.log10(1 + since.clamp(min=0))], dim=-1)]


def _to_unit(x: Tensor, mask: Tensor | None) -> Tensor:
    """Scale each window's observations to [0, 1]; what does not vary becomes 0."""
    real = torch.ones_like(x, dtype=torch.bool) if mask is None else mask
    low = x.masked_fill(~real, float("inf")).amin(1, keepdim=True)
    high = x.masked_fill(~real, float("-inf")).amax(1, keepdim=True)
    width = torch.where(high > low, high - low, torch.ones_like(low))
    return (x - low) / width


class LightCurveLSTMClassifier(ClassifierMixin, AstromerBase):
    """Classify light curves by the head ``"lstm"`` of `AstromerClassifier` on raw observations.

    Donoso-Oliva et al. 2023, §4.4. There is no dropout of the inputs, which are but two.

    Parameters
    ----------
    inputs : {"centred", "minmax"}
        See `RawObservations`.
    units : int
        Width of the LSTM layers.
    dropout, class_weight, training, max_epochs, batch_size, precision, random_state, verbose
        See `AstromerClassifier`.
    """

    checkpoint = None
    device = "auto"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: HEAD_CONSTRAINTS[name] for name in ("training", "max_epochs", "batch_size")},
        **{name: HEAD_CONSTRAINTS[name] for name in ("precision", "random_state", "verbose")},
        **{name: HEAD_CONSTRAINTS[name] for name in ("units", "dropout")},
        "inputs": [StrOptions(set(INPUTS))],
        "class_weight": CLASS_WEIGHTS,
    }

    def __init__(
        self,
        *,
        inputs: str = "centred",
        units: int = 256,
        dropout: float = 0.5,
        class_weight: Any = None,
        training: str | Recipe = "auto",
        max_epochs: int = 200,
        batch_size: int = 32,
        precision: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.inputs = inputs
        self.units = units
        self.dropout = dropout
        self.class_weight = class_weight
        self.training = training
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    @whole_or_not
    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Train the network on light curves and labels."""
        self._validate_params()
        curves, values, weight = read_targets(self, X, y, None)
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
            lambda some: Windows(some, WINDOW_SIZE),
            make,
            draw_seeds(self),
            train_encoder=True,
        )
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class, (n_objects, n_classes)."""
        windows = Windows(self._read(X, reset=False), WINDOW_SIZE)
        return probabilities(outputs(self, RawObservations(self.inputs), windows))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each object."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]
