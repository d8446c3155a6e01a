"""Heads: what the encoder gives for the windows of objects, to one prediction per object.

A head works in three steps, so that windows of one object can be joined in the middle and whatever
does not learn can be computed once:

1. ``reduce(layers, mask)``, without parameters: the encoder's output to what the head reads;
2. ``summarise(reduced, mask)``: standardised by what `calibrate` was told of the training set, one
   vector per window; the windows of an object are then averaged, weighted by their observations;
3. ``output(summary)``: the prediction of the object.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_astromer.modules.dropout import Dropout
from sklearn_astromer.modules.pooling import masked_mean
from sklearn_astromer.modules.visible import visible


class Head(nn.Module, ABC):
    """Base of the heads; see the module's docstring for its three steps.

    Shapes: `layers` are Tensors (n_windows, L, d_model), the input embedding and each block's
    output; `mask` is a bool Tensor (n_windows, L) or None; `reduced` is (n_windows, L, d_model)
    if ``per_observation`` else (n_windows, …); `summary` is (n, k).
    """

    #: Whether `reduce` keeps a vector per observation.
    per_observation = False
    mean: Tensor
    scale: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("scale", torch.ones(shape))

    def calibrate(self, mean: Tensor, variance: Tensor) -> None:
        """Standardise `reduced` by its moments over the training set.

        The attention vectors of all curves have most of their length in common, and a head learns
        slowly from what is left of it otherwise. What varies by less than a hundredth of the
        typical size is not blown up further, for it is mostly rounding.
        """
        floor = 1e-4 * (mean**2 + variance).mean() + 1e-12
        self.mean.copy_(mean)
        self.scale.copy_(variance.clamp(min=float(floor)).rsqrt())

    def reduce(self, layers: list[Tensor], mask: Tensor | None) -> Tensor:
        """Give the last block's vectors if ``per_observation``, else their mean."""
        return layers[-1] if self.per_observation else masked_mean(layers[-1], mask)

    def summarise(self, reduced: Tensor, mask: Tensor | None) -> Tensor:
        """Give one vector per window."""
        return (reduced.float() - self.mean) * self.scale

    @abstractmethod
    def output(self, summary: Tensor) -> Tensor:
        """Give the prediction of each object, (n_objects, n_outputs)."""


class MLPHead(Head):
    """Mean attention vector, then dense layers (the paper's MLP+ATT)."""

    def __init__(
        self, d_in: int, n_outputs: int, units: int, dropout: float, n_means: int | None = None
    ) -> None:
        super().__init__((d_in,) if n_means is None else (n_means, d_in))
        self.dense = dense_layers(d_in, n_outputs, units, dropout)

    def output(self, summary: Tensor) -> Tensor:
        """Give the prediction of each object, (n_objects, n_outputs)."""
        return self.dense(summary)


class MomentsHead(MLPHead):
    """Mean and standard deviation of the attention vectors, then dense layers."""

    def __init__(self, d_in: int, n_outputs: int, units: int, dropout: float) -> None:
        super().__init__(2 * d_in, n_outputs, units, dropout)

    def reduce(self, layers: list[Tensor], mask: Tensor | None) -> Tensor:
        """Give the last block's moments over the observations, (n_windows, 2 d_model)."""
        vectors = layers[-1].float()
        mean = masked_mean(vectors, mask)
        variance = masked_mean((vectors - mean.unsqueeze(1)) ** 2, mask)
        # the square root of 0, for a single observation, has no gradient
        return torch.cat([mean, (variance + 1e-8).sqrt()], dim=1)


class LabelHead(MomentsHead):
    """Moments of the vectors, then one hidden layer: what reads labels while an encoder learns.

    The encoder learns faster through it than through two layers.
    """

    def __init__(self, d_in: int, n_outputs: int, units: int, dropout: float) -> None:
        Head.__init__(self, (2 * d_in,))
        self.dense = nn.Sequential(
            nn.Linear(2 * d_in, units), nn.GELU(), Dropout(dropout), nn.Linear(units, n_outputs)
        )


class SkipHead(MLPHead):
    """Mean of the input embedding and of every block, softmax-weighted, then dense layers.

    The "skip" head of ASTROMER 2 (Donoso-Oliva et al. 2026).
    """

    def __init__(
        self, d_in: int, n_outputs: int, units: int, dropout: float, n_layers: int
    ) -> None:
        super().__init__(d_in, n_outputs, units, dropout, n_means=n_layers)
        self.weight = nn.Parameter(torch.zeros(n_layers))

    def reduce(self, layers: list[Tensor], mask: Tensor | None) -> Tensor:
        """Give every layer's mean over the observations, (n_windows, n_layers, d_model)."""
        return torch.stack([masked_mean(layer, mask) for layer in layers], dim=1)

    def summarise(self, reduced: Tensor, mask: Tensor | None) -> Tensor:
        """Give the weighted mean of the layers."""
        standardised = super().summarise(reduced, mask)
        return (standardised * self.weight.softmax(0)[:, None]).sum(1)


class LSTMHead(Head):
    """Two LSTM layers with layer normalisation on the vectors (the paper's LSTM+ATT).

    A window's summary is the mean of the states after each of its observations. In training,
    whole channels of a window are dropped from what the LSTM reads (Gal & Ghahramani 2016): the
    vectors are wide, and without that it learns the training set by heart in a few epochs.

    Parameters
    ----------
    input_dropout : float
        Fraction of the channels.
    """

    per_observation = True

    def __init__(
        self, d_in: int, n_outputs: int, units: int, dropout: float, input_dropout: float
    ) -> None:
        super().__init__((d_in,))
        self.input_dropout = Dropout(input_dropout)
        self.lstm1 = nn.LSTM(d_in, units, batch_first=True)
        self.norm1 = nn.LayerNorm(units)
        self.lstm2 = nn.LSTM(units, units, batch_first=True)
        self.norm2 = nn.LayerNorm(units)
        self.dropout = Dropout(dropout)
        self.dense = nn.Linear(units, n_outputs)

    def summarise(self, reduced: Tensor, mask: Tensor | None) -> Tensor:
        """Give the mean of the states after each observation, (n_windows, units)."""
        vectors = super().summarise(reduced, mask)
        vectors = vectors * self.input_dropout(torch.ones_like(vectors[:, :1]))
        with torch.autocast("cpu", enabled=False):  # few processors have an LSTM in bfloat16
            states, _ = self.lstm1(vectors.float())
            states, _ = self.lstm2(self.dropout(self.norm1(states)))
        return self.norm2(masked_mean(states, mask))

    def output(self, summary: Tensor) -> Tensor:
        """Give the prediction of each object, (n_objects, n_outputs)."""
        return self.dense(self.dropout(summary))


class CustomHead(Head):
    """A user's module, which maps (vectors, mask) to (n_windows, n_outputs)."""

    per_observation = True

    def __init__(self, module: nn.Module) -> None:
        super().__init__(())
        self.module = module

    def calibrate(self, mean: Tensor, variance: Tensor) -> None:
        """Leave the vectors as they are."""

    def summarise(self, reduced: Tensor, mask: Tensor | None) -> Tensor:
        """Give the module's own output for each window."""
        if mask is None:
            mask = torch.ones(reduced.shape[:2], dtype=torch.bool, device=reduced.device)
        return self.module(reduced, mask)

    def output(self, summary: Tensor) -> Tensor:
        """Give the mean over the windows, as it is."""
        return summary


HEADS = ("mlp", "mean_std", "skip", "lstm")


def make_head(
    head: str | Callable[[int, int], nn.Module],
    *,
    d_in: int,
    n_layers: int,
    n_outputs: int,
    units: int,
    dropout: float,
) -> Head:
    """Make a head by name, or around a user's module.

    Parameters
    ----------
    head : {"mlp", "mean_std", "skip", "lstm"} or callable
        A callable gets (d_model, n_outputs) and returns a `Head`, or a module which maps the
        attention vectors (n_windows, L, d_model) and the mask (n_windows, L; True = an
        observation) to (n_windows, n_outputs).
    d_in, n_layers, n_outputs, units : int
        Width of the vectors, number of layers (the input embedding counts), outputs, width of
        the hidden layers.
    dropout : float

    Returns
    -------
    Head

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If the callable does not return a module.
    """
    if callable(head):
        module: Any = head(d_in, n_outputs)
        if isinstance(module, Head):
            return module
        if not isinstance(module, nn.Module):
            raise TypeError(f"head must return a torch module, got {type(module).__name__}")
        return CustomHead(module)
    if head == "mlp":
        return MLPHead(d_in, n_outputs, units, dropout)
    if head == "mean_std":
        return MomentsHead(d_in, n_outputs, units, dropout)
    if head == "skip":
        return SkipHead(d_in, n_outputs, units, dropout, n_layers)
    if head == "lstm":
        return LSTMHead(d_in, n_outputs, units, dropout, input_dropout=dropout)
    raise ValueError(f"head must be one of {HEADS} or a callable, got {head!r}")


def dense_layers(d_in: int, n_outputs: int, units: int, dropout: float) -> nn.Sequential:
    """Return two hidden layers, and the output."""
    return nn.Sequential(
        nn.Linear(d_in, units),
        nn.ReLU(),
        Dropout(dropout),
        nn.Linear(units, units),
        nn.ReLU(),
        Dropout(dropout),
        nn.Linear(units, n_outputs),
    )


class Predictor(nn.Module):
    """Encoder and head, or a head alone on what a frozen encoder gave.

    Parameters
    ----------
    head : Head
    encoder : module with `all_layers` (and `reconstruct`, where something is hidden), optional
        To be trained with the head, but without its own dropout: the vectors of all curves differ
        little, and less than dropout changes them.
    """

    def __init__(self, head: Head, encoder: nn.Module | None = None) -> None:
        super().__init__()
        self.head = head
        self.encoder = encoder

    def train(self, mode: bool = True) -> Predictor:
        """Switch dropout on or off, in the head alone."""
        super().train(mode)
        if self.encoder is not None:
            self.encoder.eval()
        return self

    def forward(
        self,
        share: Tensor,
        mask: Tensor | None = None,
        reduced: Tensor | None = None,
        time: Tensor | None = None,
        mag: Tensor | None = None,
        hidden: Tensor | None = None,
        phase: Tensor | None = None,
        spectrum: Tensor | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Predict objects from all their windows.

        Parameters
        ----------
        share : Tensor of shape (n_windows, n_objects)
            The fraction of each object's observations that lies in each window.
        mask : bool Tensor of shape (n_windows, L), optional
        reduced : Tensor, optional
            From ``head.reduce``; else `time` and `mag` of shape (n_windows, L), and `phase` and
            `spectrum` as for `Encoder.embed`.
        hidden : bool Tensor of shape (n_windows, L), optional
            Observations to reconstruct, which the head must not see either.

        Returns
        -------
        Tensor of shape (n_objects, n_outputs)
            And, with `hidden`, the reconstructed magnitudes (n_windows, L).
        """
        restored = None
        if reduced is None:
            assert self.encoder is not None
            layers = self.encoder.all_layers(  # type: ignore[operator]
                time, mag, mask, hidden, phase, spectrum
            )
            if hidden is not None:
                restored = self.encoder.reconstruct(  # type: ignore[operator]
                    layers[-1], mag, mask, hidden
                )
                mask = visible(mask, hidden)
            reduced = self.head.reduce(layers, mask)
        summary = self.head.summarise(reduced, mask).float()
        output = self.head.output(share.T @ summary)
        return output if restored is None else (output, restored)
