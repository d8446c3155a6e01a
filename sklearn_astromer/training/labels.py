"""Labels of some objects: classes, of several surveys, or numbers; and their loss."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklearn_astromer.lightcurves.checks import warn

PREFIX = ":"  # between a survey and a class, as in "ogle:RRAB"


@dataclasses.dataclass(frozen=True)
class Labels:
    """What is known of objects.

    Attributes
    ----------
    target : ndarray of shape (n_objects,)
        The number of the class, or -1; or the standardised value, or NaN.
    classes : ndarray or None
        Sorted; None: numbers.
    """

    target: NDArray[Any]
    classes: NDArray[Any] | None

    @property
    def n_outputs(self) -> int:
        """Width of a head's output."""
        return 1 if self.classes is None else len(self.classes)

    @property
    def arrays(self) -> list[NDArray[Any]]:
        """Return what tells them from others."""
        return [self.target] if self.classes is None else [self.target, self.classes]

    @property
    def share(self) -> float:
        """Return how many of the objects have a label."""
        missing = np.isnan(self.target) if self.classes is None else self.target < 0
        return float(1 - missing.mean())


def read_labels(y: Any, n_objects: int) -> Labels:
    """Read labels, of which some may be missing: None, NaN, "", or -1 among whole numbers.

    Floating-point numbers are values to estimate, whatever else is a class. Classes are told apart
    within a survey alone, if they are named ``"survey:class"``.

    Raises
    ------
    ValueError
        If there are none, of another number than objects, or of one class only.
    """
    if y is None:
        raise ValueError("supervised=True needs labels: y is None")
    values = as_labels(y)
    if values.shape != (n_objects,):
        raise ValueError(
            f"y must have the shape ({n_objects},), a label per row, got {values.shape}"
        )
    missing = missing_in(values)
    known = values[~missing]
    check_kinds(known)
    fractions = any(isinstance(v, (float, np.floating)) for v in known)
    if values.dtype.kind == "f" or fractions:
        return _numbers(values, missing)
    if all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in known):
        missing = missing | (np.where(missing, -1, values).astype(np.int64) == -1)
    if missing.all():
        raise ValueError("supervised=True needs labels: all of y are missing")
    target = np.full(n_objects, -1)
    classes, target[~missing] = np.unique(np.array(values[~missing].tolist()), return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"y has one class only, {classes[0]!r}: there is nothing to tell apart")
    return Labels(target, classes)


def check_kinds(known: NDArray[Any]) -> None:
    """Refuse labels that are dates, of several kinds, or past all whole numbers of NumPy."""
    if known.dtype.kind in "fib":
        return
    if any(isinstance(v, (date, np.datetime64, np.timedelta64, timedelta)) for v in known.flat):
        raise ValueError("y has dates or times: make them numbers, or text if they are classes")
    if (known == "nan").any():
        warn('a class is called "nan", as NumPy writes missing labels of text: give None for them')
    texts = sum(isinstance(v, (str, bytes)) for v in known.flat)
    if 0 < texts < known.size:
        raise ValueError("y has text and numbers among its labels: make all of them text")
    whole = (v for v in known.flat if isinstance(v, (int, np.integer)))
    if (large := next((v for v in whole if not -(2**63) <= v < 2**63), None)) is not None:
        raise ValueError(f"y has whole numbers past 2^63, as {large}: make them text, or floats")


def missing_in(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which labels are missing: None, NaN, or blank text."""
    blank = [isinstance(v, str) and not v.strip() for v in labels.flat]
    return np.asarray(pd.isna(labels)) | np.array(blank, dtype=bool).reshape(labels.shape)


def as_labels(y: Any) -> NDArray[Any]:
    """Return labels as they are: NumPy would take NaN for text, and whole numbers for floats."""
    if isinstance(y, np.ma.MaskedArray):
        labels = np.array(y.data, dtype=object)
        labels[np.ma.getmaskarray(y)] = None
        return labels
    if hasattr(y, "to_list") and not isinstance(y, (pd.Series, pd.Index)):  # of polars
        y = y.to_list()
    if isinstance(y, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
        return y.to_numpy(dtype=object)
    return np.asarray(y, dtype=object if isinstance(y, (list, tuple)) else None)


def _numbers(values: NDArray[Any], missing: NDArray[np.bool_]) -> Labels:
    numbers = np.where(missing, np.nan, values).astype(np.float64)
    if missing.all():
        raise ValueError("supervised=True needs labels: all of y are missing")
    if missing.any() and not (numbers[~missing] % 1).any():
        warn(
            "y holds whole numbers as floats, which are taken for values to estimate, not for "
            "classes: make them text, or integers with -1 where they are missing"
        )
    if np.isinf(numbers).any():
        raise ValueError(f"y[{int(np.argmax(np.isinf(numbers)))}] is infinite")
    deviation = float(np.nanstd(numbers)) or 1.0
    return Labels((numbers - np.nanmean(numbers)) / deviation, None)


class LabelLoss(nn.Module):
    """Cross-entropy within the survey of a class, or squared error; missing labels weigh nothing.

    A class of n objects weighs as n**-0.5, so that rare ones are learned and common ones still
    count; the mean over the objects of a survey is 1.

    Parameters
    ----------
    labels : Labels
        Of the training objects.
    smoothing : float
        Of labels, in training.
    """

    weight: Tensor
    allowed: Tensor

    def __init__(self, labels: Labels, smoothing: float = 0.0) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.numbers = labels.classes is None
        if labels.classes is None:
            return
        survey = np.array([_survey(each) for each in labels.classes])
        count = np.bincount(labels.target[labels.target >= 0], minlength=len(survey))
        weight = np.maximum(count, 1) ** -0.5
        for name in np.unique(survey):
            own = survey == name
            weight[own] *= max(count[own].sum(), 1) / max((weight[own] * count[own]).sum(), 1e-9)
        self.register_buffer("weight", torch.from_numpy(weight).float())
        self.register_buffer("allowed", torch.from_numpy(survey[:, None] == survey))

    def forward(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and the weight of each row."""
        if self.numbers:
            known = torch.isfinite(target)
            each = (output[:, 0] - torch.nan_to_num(target).float()) ** 2
            return each, known.float()
        known, number = target >= 0, target.clamp(min=0)
        allowed = self.allowed[number]
        said = output.masked_fill(~allowed, -torch.inf).log_softmax(1)
        each = -said.gather(1, number[:, None])[:, 0]
        if self.training and self.smoothing:
            spread = -said.masked_fill(~allowed, 0.0).sum(1) / allowed.sum(1)
            each = (1 - self.smoothing) * each + self.smoothing * spread
        return each, self.weight[number] * known


def _survey(name: Any) -> str:
    survey, colon, _ = str(name).partition(PREFIX)
    return survey if colon else ""
