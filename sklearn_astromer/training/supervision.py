"""Learning a label or a value per object as a task."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import Tensor, nn

from sklearn_astromer.inference.batches import CPU_BATCH_OBSERVATIONS, WindowTensors, run_windows
from sklearn_astromer.modules.heads import Head
from sklearn_astromer.modules.visible import moments, visible
from sklearn_astromer.training.augmentation import OF_ERRORS, augment
from sklearn_astromer.training.masking import probe
from sklearn_astromer.training.recipes import Recipe, chosen_changes
from sklearn_astromer.training.tasks import Batch, Criterion, Task
from sklearn_astromer.windows import Windows, padded


class Objects(Task):
    """Ask for the target of objects, showing all their windows.

    Parameters
    ----------
    windows : Windows
    target : ndarray of shape (n_objects,)
    weight : ndarray of shape (n_objects,)
    frozen : FrozenFeatures or None
        What to show instead of the windows themselves.
    recipe : Recipe
        Resolved. With ``reconstruction`` observations are hidden and asked for as well, but not in
        a fixed task.
    seed, fixed, device
        See `Task`.
    """

    unit = "object"

    def __init__(
        self,
        windows: Windows,
        target: NDArray[Any],
        weight: NDArray[np.float64],
        frozen: FrozenFeatures | None,
        recipe: Recipe,
        seed: int,
        fixed: bool,
        device: torch.device,
    ) -> None:
        self.windows = windows
        self.target = torch.from_numpy(target)
        # relative to their mean, so that their number stands for their sum
        self.weight = torch.from_numpy(weight / (weight.mean() or 1.0))
        self.counts = torch.full(weight.shape, float(weight.any()))
        self.frozen = frozen
        self.recipe = recipe
        self.most = 0 if fixed else recipe.train_windows
        self.changes = () if fixed else chosen_changes(recipe.augment)
        self.hides = recipe.reconstruction > 0 and frozen is None and not fixed
        if frozen is None:
            self.tensors = WindowTensors(windows, device)
        self.first = np.searchsorted(windows.object, np.arange(len(windows.curves) + 1))
        super().__init__(windows.length[self.first[:-1]], seed, fixed, device)

    def batch(self, rows: NDArray[np.int64], generator: torch.Generator) -> Batch:
        """Return the windows of the objects `rows`."""
        windows, owner = self._drawn(rows, generator)
        share = np.zeros((len(windows), len(rows)), dtype=np.float32)
        length = self.windows.length[windows]
        share[np.arange(len(windows)), owner] = length / np.bincount(owner, length)[owner]
        seen = {"share": torch.from_numpy(share)}
        asked = {n: getattr(self, n)[rows] for n in ("target", "weight", "counts")}
        if self.frozen is not None:
            return seen | self.frozen.of(windows), asked
        inputs = self.tensors.of(windows)
        if self.changes:
            needs_errors = bool(OF_ERRORS & set(self.changes))
            errors = self.tensors.errors(windows) if needs_errors else None
            inputs, _ = augment(inputs, generator, self.changes, errors)
        mag, mask = inputs["mag"], inputs.get("mask")
        seen |= inputs
        if self.hides:
            chosen = probe(
                mag,
                mask,
                generator,
                probed=self.recipe.probed_fraction,
                random=self.recipe.random_fraction,
                same=self.recipe.same_fraction,
            )
            centre, _ = moments(chosen.mag, visible(mask, chosen.hidden))
            mag = mag - centre
            seen |= {"mag": chosen.mag - centre, "hidden": chosen.hidden}
            asked |= {"mag": mag, "probed": chosen.probed, "share": seen["share"]}
            asked["scale"] = moments(mag, mask)[1]
        return seen, asked

    def _drawn(
        self, rows: NDArray[np.int64], generator: torch.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return windows of objects, and the place in `rows` of each one's object."""
        count = self.first[rows + 1] - self.first[rows]
        owner = np.repeat(np.arange(len(rows)), count)
        before = np.cumsum(count) - count
        windows = np.arange(len(owner)) + (self.first[rows] - before)[owner]
        if not self.most or count.max() <= self.most:
            return windows, owner
        draw = torch.rand(len(owner), generator=generator, device=generator.device).cpu().numpy()
        order = np.lexsort((draw, owner))
        taken = np.sort(order[np.arange(len(owner)) - before[owner] < self.most])
        return windows[taken], owner[taken]


class FrozenFeatures:
    """What a head reads of windows that a frozen encoder has seen.

    Computed once where it fits into `max_bytes`, else at every call.

    Parameters
    ----------
    encoder : module with `all_layers`
    head : Head
        Its `reduce` has no parameters.
    windows : Windows
    max_bytes : int
        Memory to use.
    device, dtype : torch.device, torch.dtype
    """

    def __init__(
        self,
        encoder: nn.Module,
        head: Head,
        windows: Windows,
        *,
        max_bytes: int,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.encoder, self.head, self.windows = encoder, head, windows
        self.device, self.dtype = device, dtype
        self.kept: list[NDArray[np.float32]] | None = None
        one = next(self._computed(windows.batches(1, np.arange(1))))[1]
        per_unit = one.nbytes // (one.shape[1] if head.per_observation else 1)
        units = len(windows.curves.time) if head.per_observation else len(windows)
        if per_unit * units <= max_bytes:
            self.kept = [np.empty(0, dtype=np.float32)] * len(windows)
            for rows, reduced in self._computed():
                for row, values in zip(rows, reduced, strict=True):
                    used = values[: windows.length[row]] if head.per_observation else values
                    self.kept[row] = used.copy()

    def of(self, rows: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return ``reduced`` (and ``mask``, if the head reads observations) of the windows."""
        if self.kept is None:
            reduced = np.concatenate([values for _, values in self._computed([rows])])
        elif not self.head.per_observation:
            reduced = np.stack([self.kept[row] for row in rows])
        else:
            longest = padded(self.windows.length[rows].max())
            width = self.kept[rows[0]].shape[1]
            reduced = np.zeros((len(rows), longest, width), dtype=np.float32)
            for i, row in enumerate(rows):
                reduced[i, : self.windows.length[row]] = self.kept[row]
        seen = {"reduced": torch.from_numpy(reduced)}
        if self.head.per_observation:
            _, mask = self.windows.positions(rows)
            if not mask.all():
                seen["mask"] = torch.from_numpy(mask)
        return seen

    def moments(self, weight: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return mean and variance of what the head reads.

        Parameters
        ----------
        weight : ndarray of shape (n_objects,)
            Of each object, whatever the number of its observations.
        """
        share = weight / self.windows.curves.lengths
        total, first, second = 0.0, np.zeros(()), np.zeros(())
        for rows in self.windows.batches(CPU_BATCH_OBSERVATIONS):
            values = self.of(rows)["reduced"].numpy().astype(np.float64)
            each = share[self.windows.object[rows]]
            if self.head.per_observation:
                values = values[self.windows.positions(rows)[1]]
                each = np.repeat(each, self.windows.length[rows])
            else:
                each = each * self.windows.length[rows]
            total += each.sum()
            first = first + np.tensordot(each, values, 1)
            second = second + np.tensordot(each, values**2, 1)
        mean = first / total
        return mean, np.maximum(second / total - mean**2, 0.0)

    def _computed(
        self, batches: Iterable[NDArray[np.int64]] | None = None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        def reduced(_: Any, inputs: dict[str, Tensor]) -> Tensor:
            layers = self.encoder.all_layers(**inputs)  # type: ignore[operator]
            return self.head.reduce(layers, inputs.get("mask"))

        chosen = None if batches is None else lambda _: batches
        found = run_windows(
            reduced, [self.windows], device=self.device, dtype=self.dtype, batches=chosen
        )
        return ((rows, values) for _, rows, values in found)


def summaries(
    encoder: nn.Module,
    head: Head,
    windows: Windows,
    *,
    device: torch.device,
    dtype: torch.dtype,
) -> NDArray[np.float64]:
    """Return the head's summary of each object, (n_objects, k): its windows' weighted mean."""

    def summary(_: Any, inputs: dict[str, Tensor]) -> Tensor:
        layers = encoder.all_layers(**inputs)  # type: ignore[operator]
        mask = inputs.get("mask")
        return head.summarise(head.reduce(layers, mask), mask)

    per_window = list(run_windows(summary, [windows], device=device, dtype=dtype))
    rows = np.concatenate([r for _, r, _ in per_window])
    values = np.concatenate([v for _, _, v in per_window])
    in_order = np.empty(values.shape, dtype=np.float64)
    in_order[rows] = values
    first = np.searchsorted(windows.object, np.arange(len(windows.curves)))
    total = np.add.reduceat(in_order * windows.length[:, None], first)
    return total / windows.curves.lengths[:, None]


class ObjectLoss(Criterion):
    """Weighted mean of a loss per object, and of what it costs to reconstruct its observations.

    Parameters
    ----------
    reconstruction : float
        Factor of the latter, where observations are hidden: the mean squared error of those asked
        for, in units of their window's variance.
    """

    def __init__(self, reconstruction: float = 0.0) -> None:
        super().__init__()
        self.reconstruction = reconstruction

    @abstractmethod
    def each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each object, (n_objects,)."""

    def totals(self, predicted: Any, asked: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the weighted sum over objects, and their number."""
        output, restored = predicted if isinstance(predicted, tuple) else (predicted, None)
        each = self.each(output.float(), asked["target"])
        if restored is not None:
            squares = ((restored.float() - asked["mag"]) / asked["scale"]) ** 2 * asked["probed"]
            per_window = squares.sum(1) / asked["probed"].sum(1).clamp(min=1)
            each = each + self.reconstruction * (asked["share"].T @ per_window)
        # not by the sum of a batch's weights, where those of a rare class would cancel
        return (each * asked["weight"].float()).sum(), asked["counts"].float().sum()


class CrossEntropy(ObjectLoss):
    """Cross-entropy of classes.

    Parameters
    ----------
    label_smoothing : float
        Probability spread evenly over all classes, in training only.
    reconstruction : float
        See `ObjectLoss`.
    """

    def __init__(self, label_smoothing: float, reconstruction: float) -> None:
        super().__init__(reconstruction)
        self.label_smoothing = label_smoothing

    def each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the cross-entropy of each object."""
        smoothing = self.label_smoothing if self.training else 0.0
        return F.cross_entropy(output, target, reduction="none", label_smoothing=smoothing)


class SquaredError(ObjectLoss):
    """Squared error of values."""

    def each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the squared error of each object."""
        return (output[:, 0] - target.float()) ** 2
