"""The training loop of every estimator: skorch around a module, a loader and a criterion."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, LRScheduler
from skorch.helper import predefined_split
from skorch.hf import AccelerateMixin
from skorch.utils import noop
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import Dataset
from tqdm.auto import tqdm

from sklearn_astromer.encoding import autocast
from sklearn_astromer.processes import Processes
from sklearn_astromer.resuming import Resume

if TYPE_CHECKING:
    from accelerate import Accelerator

logger = logging.getLogger(__name__)

# Batches are cut from pools of this many shuffled batches sorted by length: little padding, and
# still another composition every epoch.
POOL_BATCHES = 16

# On a CPU, what a step computes between two products fits into the cache only for about so many
# observations at once.
PART_OBSERVATIONS = 3200

LARGE_BLOCK = 2**25 - 2**16  # just below the largest that glibc adapts to

#: What the network sees, and what it is asked for.
Batch = tuple[dict[str, Tensor], dict[str, Tensor]]


class Task(Dataset):  # type: ignore[type-arg]
    """What to learn from: makes batches of given rows.

    Parameters
    ----------
    length : ndarray of shape (n_rows,)
        Rows are batched with rows of similar length, to pad little.
    seed : int
        Of the order, and of whatever a batch draws.
    fixed : bool
        True for validation: the same batches at every pass.
    processes : Processes
        Which share of a batch to give.
    """

    processes = Processes()
    unit = "window"
    divisible = False  # whether the rows of every tensor of a batch are independent of each other

    def __init__(self, length: NDArray[np.int64], seed: int, fixed: bool) -> None:
        self.length = length
        self.seed = seed
        self.fixed = fixed

    def __len__(self) -> int:
        return len(self.length)

    def batch(self, rows: NDArray[np.int64], generator: torch.Generator) -> Batch:
        """Return the batch of `rows`; `generator` is the only source of chance."""
        raise NotImplementedError


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
        self.generator = torch.Generator().manual_seed(task.seed)

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
            "position": self.position,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where `state_dict` was taken."""
        self.order.bit_generator.state = state["order"]
        self.generator.set_state(state["generator"])
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


class Criterion(nn.Module):
    """A loss that is a weighted mean, so that batches can be pooled exactly.

    ``figure`` is the name under which the history has it, with train_ or valid_ before.
    """

    figure = "loss"
    processes = Processes()

    def totals(self, predicted: Any, asked: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the weighted sum over a batch, and the sum of the weights."""
        raise NotImplementedError

    def finish(self, mean: Tensor) -> Tensor:
        """Turn the mean into the figure."""
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
        return self.finish(total / torch.where(weight > 0, weight, torch.ones_like(weight)))


class Net(NeuralNet):
    """skorch's training loop, in the precision asked for, with a loader of its own.

    Parameters
    ----------
    dtype : torch.dtype
    loader : Loader
        Of the training task.
    figures : PooledFigures
    resume : Resume or None
    """

    def __init__(
        self,
        module: Any,
        *args: Any,
        dtype: torch.dtype,
        loader: Loader,
        figures: PooledFigures,
        resume: Resume | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(module, *args, **kwargs)
        self.dtype = dtype
        self.loader = loader
        self.figures = figures
        self.resume = resume

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        """Return the loader, whose place in the epoch is part of the state."""
        return self.loader if training else Loader(dataset, self.batch_size)

    def fit_loop(self, X: Any, y: Any = None, epochs: int | None = None, **kwargs: Any) -> Net:
        """Train up to `max_epochs`, those before an interruption included."""
        if self.resume is not None:
            self.resume.restore(self)
        left = self.max_epochs - len(self.history_)
        for _, callback in self.callbacks_:
            if isinstance(callback, EarlyStopping) and callback.misses_ >= callback.patience:
                left = 0
        super().fit_loop(X, y, left, **kwargs)
        return self

    def infer(self, x: Any, **fit_params: Any) -> Any:
        """Run the module under autocast."""
        with autocast(torch.device(self.device), self.dtype):
            return super().infer(x, **fit_params)

    def train_step_single(self, batch: Batch, **fit_params: Any) -> dict[str, Tensor]:
        """Compute loss and gradients; on a CPU in parts, with the same result."""
        parts = self._parts(batch)
        if len(parts) == 1:
            return super().train_step_single(batch, **fit_params)
        self._set_training(True)
        predicted, sums = [], []
        for seen, asked in parts:
            predicted.append(self.infer(seen, **fit_params))
            sums.append(self.criterion_.totals(predicted[-1], asked))
            sums[-1][0].backward()
        total, weight = (torch.stack(values).detach().sum(0) for values in zip(*sums, strict=True))
        loss = self.criterion_.pooled(total.requires_grad_(), weight)
        (scale,) = torch.autograd.grad(loss, total)
        for parameter in self.module_.parameters():
            if parameter.grad is not None:
                parameter.grad *= scale
        return {"loss": loss.detach(), "y_pred": torch.cat(predicted).detach()}

    def _parts(self, batch: Batch) -> list[Batch]:
        if torch.device(self.device).type != "cpu" or not self.loader.task.divisible:
            return [batch]
        rows, length = next(iter(batch[0].values())).shape[:2]
        count = min(rows, -(-rows * length // PART_OBSERVATIONS))
        seen, asked = (
            [
                dict(zip(tensors, part, strict=True))
                for part in zip(*(t.tensor_split(count) for t in tensors.values()), strict=True)
            ]
            for tensors in batch
        )
        return list(zip(seen, asked, strict=True))


class AcceleratedNet(AccelerateMixin, Net):
    """The same in several processes."""

    _criteria: list[str]

    def _initialize_accelerator(self) -> Any:
        # but for the criterion, whose sums are over all processes as it is; without parameters,
        # it cannot be wrapped on CPUs
        criteria, self._criteria = self._criteria, []
        try:
            return super()._initialize_accelerator()
        finally:
            self._criteria = criteria


class PooledFigures(Callback):
    """Record the criterion over a whole epoch: batches weigh as much as they hold."""

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Start over."""
        self.totals_ = {True: [0.0, 0.0], False: [0.0, 0.0]}

    def on_batch_end(
        self, net: NeuralNet, batch: Any = None, training: bool = True, **kwargs: Any
    ) -> None:
        """Add a batch."""
        asked = {name: tensor.to(net.device) for name, tensor in batch[1].items()}
        with torch.no_grad():
            for i, part in enumerate(net.criterion_.totals(kwargs["y_pred"], asked)):
                self.totals_[training][i] += float(part)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Write the figures of the epoch; stop at once if they are not numbers."""
        for training, prefix in ((True, "train"), (False, "valid")):
            sums = torch.tensor(self.totals_[training], dtype=torch.float64, device=net.device)
            total, weight = net.criterion_.processes.sum(sums).tolist()
            mean = torch.tensor(total / weight if weight else math.nan, dtype=torch.float64)
            net.history.record(
                f"{prefix}_{net.criterion_.figure}", net.criterion_.finish(mean).item()
            )
        net.history.record("lr", net.optimizer_.param_groups[-1]["lr"])
        if not math.isfinite(self.totals_[True][0]):
            raise FloatingPointError(
                f"the training loss became {self.totals_[True][0]} in epoch "
                f"{net.history[-1, 'epoch']}: lower lr, or look for extreme magnitudes"
            )


class ProgressBar(Callback):
    """One line that tells rows per second, the time left, and the figures so far."""

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Open it."""
        rows = len(net.loader.task)
        self.bar_ = tqdm(
            total=rows * net.max_epochs, initial=rows * len(net.history), unit=net.loader.task.unit
        )
        self.valid_ = math.nan

    def on_batch_end(self, net: NeuralNet, training: bool = True, **kwargs: Any) -> None:
        """Advance it; the figure is that of the epoch so far."""
        if not training:
            return
        epoch = len(net.history)
        done = (epoch - 1) * len(net.loader.task) + net.loader.position * net.batch_size
        self.bar_.update(min(done, epoch * len(net.loader.task)) - self.bar_.n)
        criterion, (total, weight) = net.criterion_, net.figures.totals_[True]
        mean = torch.tensor(total / weight if weight else math.nan, dtype=torch.float64)
        train = criterion.finish(mean).item()
        shown = {"epoch": epoch, criterion.figure: f"{train:.4f}", "valid": f"{self.valid_:.4f}"}
        self.bar_.set_postfix(shown, refresh=False)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Take down what the validation gave."""
        self.valid_ = net.history[-1, f"valid_{net.criterion_.figure}"]

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Close it."""
        self.bar_.close()


def schedule(step: int, warmup: int, total: int | None) -> float:
    """Scale the learning rate in the course of training.

    It rises linearly to 1 in `warmup` steps, and falls as 1/√step afterwards (eq. 5; Vaswani et
    al. 2017), or, if `total` is given, along a cosine that ends there.
    """
    rise = (step + 1) / warmup if warmup else 1.0
    if total is None:
        return min(rise, math.sqrt(max(warmup, 1) / (step + 1)))
    return min(rise, 0.5 + 0.5 * math.cos(math.pi * min(step / total, 1.0)))


def train(
    module: nn.Module,
    criterion: Criterion,
    task: Task,
    valid: Task | None,
    *,
    max_epochs: int,
    batch_size: int,
    lr: float,
    patience: int | None,
    device: torch.device,
    dtype: torch.dtype,
    progress: bool,
    warmup_steps: int | None = None,
    cosine: bool = False,
    param_groups: list[tuple[str, dict[str, Any]]] | None = None,
    resume: Resume | None = None,
    accelerator: Accelerator | None = None,
) -> pd.DataFrame:
    """Train `module` in place by Adam and leave the weights of the best epoch in it.

    Parameters
    ----------
    module : Module
        Called with what a batch shows; compared with what it asks for.
    criterion : Criterion
    task, valid : Task
        Without `valid` there is no early stopping, and the last weights stay.
    max_epochs, batch_size : int
        Passes, and rows in a step.
    lr : float
        Learning rate; `param_groups` (skorch's patterns) may set others.
    patience : int or None
        Epochs without improvement after which to stop; None: never.
    device, dtype : torch.device, torch.dtype
    progress : bool
        Show a progress bar.
    warmup_steps : int, optional
    cosine : bool
        See `schedule`; without both, the rate is constant.
    resume : Resume, optional
        Keeps the state on disk, and goes on from it.
    accelerator : Accelerator, optional
        Of the processes that train together; tasks give each its share of a batch.

    Returns
    -------
    DataFrame
        See `history_frame`.

    Raises
    ------
    FloatingPointError
        If the loss is no longer a finite number.
    """
    figures = PooledFigures()
    callbacks: list[Callback] = [figures]
    if warmup_steps or cosine:
        total = max_epochs * -(-len(task) // batch_size) if cosine else None
        scale = partial(schedule, warmup=warmup_steps or 0, total=total)
        callbacks.append(LRScheduler(LambdaLR, lr_lambda=scale, step_every="batch"))
    if resume is not None:  # after what a step changes, before the best weights are restored
        callbacks.append(resume)
    if valid is not None:
        monitor = f"valid_{criterion.figure}"
        waits = max_epochs + 1 if patience is None else patience
        callbacks.append(EarlyStopping(monitor, patience=waits, load_best=True, sink=logger.info))
    criterion.processes = task.processes
    kind: Callable[..., Net] = Net
    if accelerator is not None:
        kind = partial(AcceleratedNet, accelerator=accelerator, unwrap_after_train=False)
    if progress and criterion.processes.rank == 0:
        callbacks.append(ProgressBar())
    net = kind(
        module,
        criterion=criterion,
        optimizer=torch.optim.Adam,
        optimizer__param_groups=param_groups or [],
        lr=lr,
        max_epochs=max_epochs,
        batch_size=batch_size,
        train_split=None if valid is None else predefined_split(valid),
        callbacks=callbacks,
        callbacks__print_log__sink=noop,
        device=str(device),
        dtype=dtype,
        loader=Loader(task, batch_size),
        figures=figures,
        resume=resume,
    )
    if device.type == "cpu":
        free_large_block()
    net.fit(task, None)
    module.eval()
    return history_frame(criterion.figure, net.history)


@cache
def free_large_block() -> None:
    """Let glibc keep what a step frees for the next one.

    Until it has seen a block of this size freed, it gives memory back to the system, to get it
    again page by page. Nobody writes to the block, so it costs no memory.
    """
    torch.empty(LARGE_BLOCK, dtype=torch.uint8)


def history_frame(figure: str, history: Any = ()) -> pd.DataFrame:
    """Return a row per epoch: epoch, train_…, valid_… (NaN without), lr, seconds, best."""
    columns = {
        "epoch": "epoch",
        f"train_{figure}": f"train_{figure}",
        f"valid_{figure}": f"valid_{figure}",
        "lr": "lr",
        "seconds": "dur",
    }
    whole = [row for row in history if "dur" in row]  # not one that was interrupted
    frame = pd.DataFrame({name: [row[key] for row in whole] for name, key in columns.items()})
    valid = frame[f"valid_{figure}"]
    frame["best"] = valid.cummin() == valid
    return frame
