"""What to learn from and by which loss: batches of a task, and a criterion for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from sklearn_astromer.training.processes import Processes

# Batches are cut from pools of this many shuffled batches sorted by length: little padding, and
# still another composition every epoch.
POOL_BATCHES = 16

#: What the network sees, and what it is asked for.
Batch = tuple[dict[str, Tensor], dict[str, Tensor]]


class Task(Dataset, ABC):  # type: ignore[type-arg]
    """What to learn from: makes batches of given rows.

    Parameters
    ----------
    length : ndarray of shape (n_rows,)
        Rows are batched with rows of similar length, to pad little.
    seed : int
        Of the order, and of whatever a batch draws.
    fixed : bool
        True for validation: the same batches at every pass.
    device : torch.device
        Where batches are made.
    processes : Processes
        Which share of a batch to give.
    """

    processes = Processes()
    unit = "window"
    divisible = False  # whether the rows of every tensor of a batch are independent of each other

    def __init__(
        self, length: NDArray[np.int64], seed: int, fixed: bool, device: torch.device
    ) -> None:
        self.length = length
        self.seed = seed
        self.fixed = fixed
        self.device = device

    def __len__(self) -> int:
        return len(self.length)

    @abstractmethod
    def batch(self, rows: NDArray[np.int64], generator: torch.Generator) -> Batch:
        """Return the batch of `rows`; `generator`, on `device`, is the only source of chance."""


class Loader:
    """Batches of a task, in a new random order at every pass unless the task is fixed.

    Parameters
    ----------
    task : Task
    batch_size : int
        Rows in a batch.
    """

    def __init__(self, task: Task, batch_size: int) -> None:
        self.task = task
        self.batch_size = batch_size
        self.order = np.random.default_rng(task.seed)
        self.generator = torch.Generator(task.device).manual_seed(task.seed)
        self.position = 0  # batches of this pass that were given
        self.skipped = 0  # batches of the next pass that were given before an interruption

    def __iter__(self) -> Iterator[Batch]:
        if self.task.fixed:
            self.generator.manual_seed(self.task.seed)
        self.start = self.order.bit_generator.state
        self.position, self.skipped = self.skipped, 0
        for rows in self._rows()[self.position :]:
            batch = self.task.batch(rows, self.generator)
            self.position += 1
            yield batch
        self.position = 0

    def state_dict(self) -> dict[str, Any]:
        """Return what another loader needs to go on from here."""
        return {
            "order": self.start if self.position else self.order.bit_generator.state,
            "generator": self.generator.get_state(),
            "device": self.generator.device.type,
            "position": self.position,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where `state_dict` was taken."""
        self.order.bit_generator.state = state["order"]
        if state["device"] == self.generator.device.type:
            self.generator.set_state(state["generator"])
        else:  # whose states do not fit each other: other masks than in one go, but no fewer
            self.generator.manual_seed(self.task.seed + state["position"])
        self.skipped = state["position"]

    def _rows(self) -> list[NDArray[np.int64]]:
        n, size, length = len(self.task), self.batch_size, self.task.length
        if self.task.fixed:
            return np.split(np.argsort(length, kind="stable"), np.arange(size, n, size))
        batches = []
        pool = size * POOL_BATCHES
        for rows in np.split(self.order.permutation(n), np.arange(pool, n, pool)):
            rows = rows[np.argsort(length[rows], kind="stable")]
            batches += np.split(rows, np.arange(size, len(rows), size))
        return [batches[i] for i in self.order.permutation(len(batches))]


class Criterion(nn.Module, ABC):
    """A loss made of weighted means, so that batches can be pooled exactly.

    ``names`` are those of its figures in the history, with train_ or valid_ before; the first is
    what training minimises.
    """

    names: tuple[str, ...] = ("loss",)
    processes = Processes()

    @abstractmethod
    def totals(self, predicted: Any, asked: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the weighted sum over a batch, and the sum of the weights; of several terms."""

    def measures(
        self, predicted: Any, asked: dict[str, Tensor]
    ) -> dict[str, tuple[Tensor, Tensor]]:
        """Return what is summed up over an epoch: numerators and denominators by name."""
        return {"loss": self.totals(predicted, asked)}

    def figures(self, ratios: dict[str, float]) -> dict[str, float]:
        """Return the figures `names` of an epoch, from the ratios of its sums."""
        return ratios

    def finish(self, mean: Tensor) -> Tensor:
        """Turn the mean of each term into what is added up."""
        return mean

    def forward(self, predicted: Any, asked: dict[str, Tensor]) -> Tensor:
        """Return the loss of a batch; zero, with a zero gradient, if nothing has a weight."""
        return self.pooled(*self.totals(predicted, asked))

    def pooled(self, total: Tensor, weight: Tensor) -> Tensor:
        """Return the loss of what `totals` gives, possibly summed over parts."""
        if self.processes.count > 1:
            # the value is that of all processes, and so is the gradient once it is averaged
            own = total - total.detach()
            total = self.processes.sum(total) + self.processes.count * own
            weight = self.processes.sum(weight)
        # only a weight of 0 is replaced: weights may be small
        return self.finish(total / torch.where(weight > 0, weight, torch.ones_like(weight))).sum()
