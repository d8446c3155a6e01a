"""Masked reconstruction as a task."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklearn_astromer.inference.batches import WindowTensors, autocast
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.heads import LabelHead
from sklearn_astromer.modules.losses import LOSSES, squared
from sklearn_astromer.modules.pooling import masked_mean
from sklearn_astromer.modules.visible import moments, visible
from sklearn_astromer.training.augmentation import OF_ERRORS, augment
from sklearn_astromer.training.labels import LabelLoss, Labels
from sklearn_astromer.training.masking import Probing, probe, probe_varied
from sklearn_astromer.training.parts import Parts
from sklearn_astromer.training.processes import Processes
from sklearn_astromer.training.recipes import Recipe, chosen_changes
from sklearn_astromer.training.tasks import Batch, Criterion, Loader, Task
from sklearn_astromer.windows import Windows

FINEST_ERROR = 0.01


class Reconstruction(Task):
    """Ask for the magnitudes of probed observations, and for labels where there are some.

    Parameters
    ----------
    windows : Windows
    seed, fixed, device
        See `Task`; a fixed task asks for the same observations at every pass, all of them hidden,
        and shows windows as they are.
    recipe : Recipe
        Resolved.
    relative : bool
        Count errors in units of their window's standard deviation, so that faint variations are
        learned as well as Miras. (A standardised loss always does, of the visible ones'.)
    processes : Processes
        Of which this one gets its share of a batch.
    hidden : ndarray of bool of shape (n_observations,), optional
        Observations to hide and ask for; None: drawn for each batch.
    parts : Parts, optional
        What is shown instead of windows now and then.
    labels : Labels, optional
        Of the objects.
    """

    def __init__(
        self,
        windows: Windows,
        seed: int,
        fixed: bool,
        recipe: Recipe,
        *,
        device: torch.device,
        relative: bool = False,
        processes: Processes = Processes(),  # noqa: B008, immutable
        hidden: NDArray[np.bool_] | None = None,
        parts: Parts | None = None,
        labels: Labels | None = None,
    ) -> None:
        super().__init__(windows.length, seed, fixed, device)
        self.tensors = WindowTensors(windows, device)
        self.recipe, self.relative = recipe, relative
        self.processes, self.hidden, self.parts = processes, hidden, parts
        self.changes = () if fixed else chosen_changes(recipe.augment)
        self.needs_errors = recipe.error_weighted or bool(OF_ERRORS & set(self.changes))
        self.target = None if labels is None else torch.from_numpy(labels.target).to(device)
        # the two terms of a loss with labels have weights of their own
        self.divisible = labels is None

    def batch(self, rows: NDArray[np.int64], generator: torch.Generator) -> Batch:
        """Return probed windows; masks are drawn anew at every call.

        Each process draws for the whole batch, so that their number changes nothing.
        """
        if self.parts is None:
            seen = self.tensors.of(rows)
            errors = self.tensors.errors(rows) if self.needs_errors else None
        else:
            seen, errors = self.parts.of(rows, generator, self.needs_errors)
        if self.changes:
            seen, errors = augment(seen, generator, self.changes, errors)
        mag, mask = seen["mag"], seen.get("mask")
        chosen = self._probed(rows, mag, mask, generator)
        centre, _ = moments(chosen.mag, visible(mask, chosen.hidden))  # of what is hidden, nothing
        mag = mag - centre
        seen = seen | {"mag": chosen.mag - centre, "hidden": chosen.hidden}
        asked = {"mag": mag, "weight": chosen.probed.float()}
        if LOSSES[self.recipe.loss].standardised:
            asked["centre"], asked["scale"] = moments(mag, visible(mask, chosen.hidden))
        else:
            asked["centre"] = torch.zeros_like(mag[:, :1])
            asked["scale"] = moments(mag, mask)[1] if self.relative else torch.ones_like(mag[:, :1])
        if self.recipe.error_weighted:
            assert errors is not None
            asked["weight"] *= error_weights(errors, mask)
        if self.target is not None:
            objects = torch.from_numpy(self.tensors.windows.object[rows]).to(self.device)
            asked["target"] = self.target[objects]
            asked["counts"] = torch.ones_like(mag[:, 0])
        return self._share(seen), self._share(asked)

    def _probed(
        self,
        rows: NDArray[np.int64],
        mag: Tensor,
        mask: Tensor | None,
        generator: torch.Generator,
    ) -> Probing:
        if self.hidden is not None:
            where, real = self.tensors.windows.positions(rows)
            hidden = torch.from_numpy(self.hidden[where] & real).to(self.device)
            return Probing(hidden, hidden, mag)
        if self.recipe.masking == "varied" and not self.fixed:
            return probe_varied(mag, mask, generator)
        recipe, shown = self.recipe, 0.0 if self.fixed else 1.0
        return probe(
            mag,
            mask,
            generator,
            probed=recipe.probed_fraction,
            random=shown * recipe.random_fraction,
            same=shown * recipe.same_fraction,
        )

    def _share(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return every other window, as many for each process; some may have none of their own."""
        rank, count = self.processes.rank, self.processes.count
        if count == 1:
            return tensors
        n = len(next(iter(tensors.values())))
        own = torch.arange(rank, -(-n // count) * count, count)
        share = {name: tensor[own % n] for name, tensor in tensors.items()}
        for name in {"weight", "counts"} & share.keys():
            share[name][own >= n] = 0.0  # there twice, and must not count twice
        return share


class Masked(Criterion):
    """The loss of probed observations, and of labels beside it.

    Parameters
    ----------
    loss : str
        A name of `LOSSES`.
    labels : LabelLoss, optional
    label_weight : float
    """

    def __init__(
        self, loss: str = "rmse", labels: LabelLoss | None = None, label_weight: float = 1.0
    ) -> None:
        super().__init__()
        self.loss, self.labels, self.label_weight = LOSSES[loss], labels, label_weight
        self.names = history_names(loss, labels is not None)

    def totals(self, predicted: Any, asked: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the summed loss and its weight; both of each term, if there are labels."""
        restored, output = predicted if isinstance(predicted, tuple) else (predicted, None)
        total, weight = averaged(self.loss.each, restored, asked)
        if output is None or self.labels is None:
            return total, weight
        each, of_each = self.labels(output.float(), asked["target"])
        of_each = of_each * asked["counts"]
        total = torch.stack([total, self.label_weight * (each * of_each).sum()])
        return total, torch.stack([weight, of_each.sum()])

    def measures(
        self, predicted: Any, asked: dict[str, Tensor]
    ) -> dict[str, tuple[Tensor, Tensor]]:
        """Return the sums of the loss, of squared errors and variance, and of the labels' loss."""
        restored = predicted[0] if isinstance(predicted, tuple) else predicted
        square, weight = averaged(squared, restored, asked)
        variance = ((asked["mag"] / asked["scale"]) ** 2 * asked["weight"]).sum()
        found = {"rmse": (square, weight), "r2": (square, variance)}
        if self.names == ("rmse", "r2"):
            return found
        total, weights = self.totals(predicted, asked)
        if total.ndim == 0:
            return {"loss": (total, weights), **found}
        return {"loss": (total[0], weights[0]), **found, "label_loss": (total[1], weights[1])}

    def figures(self, ratios: dict[str, float]) -> dict[str, float]:
        """Return the figures of an epoch."""
        found = {"rmse": math.sqrt(max(ratios["rmse"], 1e-12)), "r2": 1 - ratios["r2"]}
        if "loss" in ratios:
            loss = ratios["loss"]
            found["loss"] = math.sqrt(max(loss, 1e-12)) if self.loss.root else loss
        if "label_loss" in ratios:
            said = ratios["label_loss"]
            found["loss"] += 0.0 if math.isnan(said) else said
            found["label_loss"] = said / self.label_weight if self.label_weight else math.nan
        return found

    def finish(self, mean: Tensor) -> Tensor:
        """Take the root of the squares; its gradient, infinite at 0, is cut off there."""
        if not self.loss.root:
            return mean
        if mean.ndim == 0:
            return mean.clamp(min=1e-12).sqrt()
        return torch.stack([mean[0].clamp(min=1e-12).sqrt(), mean[1]])


def history_names(loss: str, labels: bool = False) -> tuple[str, ...]:
    """Return the figures in the history of an embedder."""
    if labels:
        return ("loss", "rmse", "r2", "label_loss")
    return ("rmse", "r2") if loss == "rmse" else ("loss", "rmse", "r2")


def averaged(
    each: Callable[[Tensor, Tensor], Tensor], restored: Tensor, asked: dict[str, Tensor]
) -> tuple[Tensor, Tensor]:
    """Return the weighted sum of `each`, in units of the scale, and the sum of the weights."""
    centre, scale, weight = asked["centre"], asked["scale"], asked["weight"]
    far = each((restored.float() - centre) / scale, (asked["mag"] - centre) / scale)
    return (far * weight).sum(), weight.sum()


class Learner(nn.Module):
    """An encoder with its decoder, and a head that reads the windows' labels from the vectors.

    Parameters
    ----------
    network : Astromer
    head : Head
        Of what it reads, half of the windows show no deviation, so that the mean tells as well.
    """

    def __init__(self, network: Astromer, head: LabelHead) -> None:
        super().__init__()
        self.network, self.head = network, head

    def forward(self, **seen: Tensor) -> tuple[Tensor, Tensor]:
        """Return the reconstructed magnitudes, and the output of the head for each window."""
        vectors = self.network.encoder(**seen)
        mask, hidden = seen.get("mask"), seen.get("hidden")
        restored = self.network.reconstruct(vectors, seen["mag"], mask, hidden)
        read = self.head.reduce([vectors], visible(mask, hidden))
        if self.training:
            shown = (torch.rand(len(read), 1, device=read.device) < 0.5).float()
            mean, deviation = read.chunk(2, dim=1)
            read = torch.cat([mean, deviation * shown], dim=1)
        return restored, self.head.output(self.head.summarise(read, None))


def error_weights(errors: Tensor, mask: Tensor | None) -> Tensor:
    """Return 1/σ² of observations, over its mean in their window; smaller σ count as 10 mmag.

    Parameters
    ----------
    errors : Tensor of shape (n_windows, L)
        σ (magnitudes).
    mask : bool Tensor of shape (n_windows, L) or None
        True = a real observation.
    """
    weight = errors.clamp(min=FINEST_ERROR) ** -2
    return weight / masked_mean(weight.unsqueeze(-1), mask)


def hidden_rmse(
    module: Astromer,
    task: Reconstruction,
    batch_size: int,
    device: torch.device,
    dtype: torch.dtype,
) -> float:
    """Return the RMSE of what a fixed task hides.

    Raises
    ------
    ValueError
        If no window has two observations.
    """
    summed, count = 0.0, 0.0
    for seen, asked in Loader(task, batch_size):
        with torch.inference_mode(), autocast(device, dtype):
            predicted = module(**seen)
        total, n = averaged(squared, predicted, asked)
        summed, count = summed + float(total), count + float(n)
    if count == 0:
        raise ValueError("no window has two observations: nothing can be hidden and compared")
    return math.sqrt(summed / count)
