"""The training loop of every estimator: skorch around a module, a loader and a criterion."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, GradientNormClipping, LRScheduler
from skorch.helper import predefined_split
from skorch.hf import AccelerateMixin
from skorch.utils import noop
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from sklearn_astromer._forks import refuse_fork
from sklearn_astromer.inference.batches import autocast, free_large_block
from sklearn_astromer.training.callbacks import (
    PooledFigures,
    ProgressBar,
    history_frame,
    schedule,
    tensorboard,
)
from sklearn_astromer.training.processes import Processes
from sklearn_astromer.training.recipes import Recipe
from sklearn_astromer.training.resuming import Resume
from sklearn_astromer.training.tasks import Batch, Criterion, Loader, Task

if TYPE_CHECKING:
    from accelerate import Accelerator

logger = logging.getLogger(__name__)

# On a CPU, what a step computes between two products fits into the cache only for about so many
# observations at once.
PART_OBSERVATIONS = 3200
UNDECAYED = ("*.bias", "*norm*", "*mask_token")  # parameters that are no matrices


class Run(NamedTuple):
    """How long a network trains, and on what.

    `batch_size` counts rows of a task in a step, `progress` shows a bar, `resume` keeps the state
    on disk and goes on from it, and `accelerator` is that of processes that train together.
    """

    max_epochs: int
    batch_size: int
    device: torch.device
    dtype: torch.dtype
    progress: bool
    accelerator: Accelerator | None = None
    resume: Resume | None = None

    @property
    def processes(self) -> Processes:
        """Return which of the processes that train together this is."""
        if self.accelerator is None:
            return Processes()
        return Processes(self.accelerator.process_index, self.accelerator.num_processes)


class Net(NeuralNet):
    """skorch's training loop, in the precision asked for, with a loader of its own.

    Parameters
    ----------
    dtype : torch.dtype
    loader : Loader
        Of the training task.
    figures : PooledFigures
    resume : Resume or None
    part_windows : int or None
        Windows whose gradients are computed at once; None: all, or what a CPU's cache holds.
    """

    def __init__(
        self,
        module: Any,
        *args: Any,
        dtype: torch.dtype,
        loader: Loader,
        figures: PooledFigures,
        resume: Resume | None,
        part_windows: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(module, *args, **kwargs)
        self.dtype = dtype
        self.loader = loader
        self.figures = figures
        self.resume = resume
        self.part_windows = part_windows

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        """Return the loader, whose place in the epoch is part of the state."""
        # skorch's draws row by row, and cannot begin in the middle of an epoch
        return self.loader if training else Loader(dataset, self.batch_size)

    def fit_loop(self, X: Any, y: Any = None, epochs: int | None = None, **kwargs: Any) -> Net:
        """Train up to `max_epochs`, those before an interruption included."""
        with nullcontext() if self.resume is None else self.resume.held(self):
            return self._fit_on(X, y, **kwargs)

    def _fit_on(self, X: Any, y: Any, **kwargs: Any) -> Net:
        # skorch counts epochs from here, and keeps silent about Ctrl-C
        left = 0 if self._lost_patience() else self.max_epochs - len(self.history_)
        try:
            super().fit_loop(X, y, left, **kwargs)
        except KeyboardInterrupt:
            if self._lost_patience():  # skorch stops early by the same exception
                return self
            warnings.warn(
                f"training was interrupted in epoch {len(self.history_)} of {self.max_epochs}: the "
                "weights are the best so far, or the last where there is no validation",
                stacklevel=2,
            )
        return self

    def _lost_patience(self) -> bool:
        return any(
            isinstance(callback, EarlyStopping) and callback.misses_ >= callback.patience
            for _, callback in self.callbacks_
        )

    def infer(self, x: Any, **fit_params: Any) -> Any:
        """Run the module under autocast, which skorch has none of."""
        with autocast(torch.device(self.device), self.dtype):
            return super().infer(x, **fit_params)

    def train_step_single(self, batch: Batch, **fit_params: Any) -> dict[str, Tensor]:
        """Compute loss and gradients; in parts where they are wanted, with the same result."""
        # skorch computes a batch at once, and what it accumulates is no mean over all of a batch
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
        rows, length = next(iter(batch[0].values())).shape[:2]
        part = self.part_windows
        if part is None and torch.device(self.device).type == "cpu":
            part = max(1, PART_OBSERVATIONS // length)
        if part is None or not self.loader.task.divisible:
            return [batch]
        count = -(-rows // part)
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


def train(
    module: nn.Module,
    criterion: Criterion,
    task: Task,
    valid: Task | None,
    recipe: Recipe,
    run: Run,
    encoder: str = "*",
) -> pd.DataFrame:
    """Train `module` in place and leave the weights of the best epoch in it.

    Parameters
    ----------
    module : Module
        Called with what a batch shows; compared with what it asks for.
    criterion : Criterion
    task, valid : Task
        Without `valid` there is no early stopping, and the last weights stay.
    recipe : Recipe
        Resolved, see `resolved`.
    run : Run
    encoder : str
        Pattern of the parameters that learn at the rate `lr`; others do at `head_lr`.

    Returns
    -------
    DataFrame
        See `history_frame`.

    Raises
    ------
    FloatingPointError
        If the loss is no longer a finite number.
    RuntimeError
        See `refuse_fork`.

    Warns
    -----
    UserWarning
        If Ctrl-C ends it early.
    """
    max_epochs, batch_size, device = run.max_epochs, run.batch_size, run.device
    refuse_fork(device)
    criterion.processes = run.processes
    figures = PooledFigures()
    callbacks: list[Callback] = [figures]
    if recipe.clip:
        callbacks.append(GradientNormClipping(recipe.clip))
    if recipe.schedule != "constant" or recipe.warmup_steps:
        total = max(1, max_epochs * -(-len(task) // batch_size))
        scale = partial(schedule, kind=recipe.schedule, warmup=recipe.warmup_steps, total=total)
        callbacks.append(LRScheduler(LambdaLR, lr_lambda=scale, step_every="batch"))
    if run.resume is not None:  # after what a step changes, before the best weights are restored
        callbacks.append(run.resume)
    if valid is not None:
        waits = recipe.patience or max_epochs + 1
        monitor = f"valid_{criterion.names[0]}"
        callbacks.append(
            EarlyStopping(monitor, waits, threshold=0, load_best=True, sink=logger.info)
        )
    if run.progress and run.processes.rank == 0:
        callbacks.append(ProgressBar())
    if recipe.log_dir is not None:
        callbacks.append(tensorboard(recipe.log_dir))
    callbacks += recipe.callbacks
    kind: Callable[..., Net] = Net
    if run.accelerator is not None:
        kind = partial(AcceleratedNet, accelerator=run.accelerator, unwrap_after_train=False)
    if recipe.compile:
        module.compile(dynamic=True)
    decays = recipe.optimizer == "adamw"
    net = kind(
        module,
        criterion=criterion,
        optimizer=torch.optim.AdamW if decays else torch.optim.Adam,
        optimizer__weight_decay=recipe.weight_decay if decays else 0.0,
        optimizer__param_groups=groups(recipe, encoder),
        optimizer__fused=device.type in ("cpu", "cuda") or None,
        lr=recipe.head_lr,
        max_epochs=max_epochs,
        batch_size=batch_size,
        train_split=None if valid is None else predefined_split(valid),
        callbacks=callbacks,
        callbacks__print_log__sink=noop,
        device=str(device),
        dtype=run.dtype,
        loader=Loader(task, batch_size),
        figures=figures,
        resume=run.resume,
        part_windows=recipe.part_windows,
    )
    if device.type == "cpu":
        free_large_block()
    try:
        net.fit(task, None)
    finally:
        module._compiled_call_impl = None  # not to be pickled, nor kept
    module.eval()
    return history_frame(criterion.names, net.history)


def groups(recipe: Recipe, encoder: str) -> list[tuple[str, dict[str, Any]]]:
    """Return skorch's groups of parameters: those of the encoder, and those that do not decay."""
    still = [(pattern, {"weight_decay": 0.0}) for pattern in UNDECAYED if recipe.weight_decay]
    own = [(encoder + pattern, {"lr": recipe.lr, **options}) for pattern, options in still]
    return [*own, (encoder, {"lr": recipe.lr}), *still]
