"""Masked pretraining by skorch."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, LRScheduler
from skorch.helper import predefined_split
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import Dataset
from tqdm.auto import tqdm

from sklearn_astromer.encoding import autocast, to_tensors
from sklearn_astromer.masking import probe
from sklearn_astromer.modules.losses import masked_rmse, squared_error
from sklearn_astromer.windows import Windows

logger = logging.getLogger(__name__)

HISTORY_COLUMNS = ["epoch", "train_rmse", "valid_rmse", "lr", "seconds", "best"]
# Batches are cut from pools of this many shuffled batches sorted by length: little padding, and
# still another composition every epoch.
POOL_BATCHES = 16

Batch = tuple[dict[str, Tensor], dict[str, Tensor]]


class ProbedWindows(Dataset):  # type: ignore[type-arg]
    """Windows together with how they are to be probed, for `ProbingLoader`.

    Parameters
    ----------
    windows : Windows
    seed : int
        Of the masks and of the order.
    fixed : bool
        True: every pass asks for the same observations, as validation must to be comparable.
    fractions : dict
        The fractions of `probe`.
    """

    def __init__(self, windows: Windows, seed: int, fixed: bool, fractions: dict[str, float]):
        self.windows = windows
        self.seed = seed
        self.fixed = fixed
        self.fractions = fractions

    def __len__(self) -> int:
        return len(self.windows)


class ProbingLoader:
    """Batches of probed windows: (what the network sees, what it is asked for).

    Parameters
    ----------
    dataset : ProbedWindows
    batch_size : int
        Windows in a batch.
    """

    def __init__(self, dataset: ProbedWindows, batch_size: int) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.order = np.random.default_rng(dataset.seed)
        self.generator = torch.Generator().manual_seed(dataset.seed)

    def __len__(self) -> int:
        return math.ceil(len(self.dataset) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        if self.dataset.fixed:
            self.generator.manual_seed(self.dataset.seed)
        for rows in self._batches():
            yield self._probed(rows)

    def _batches(self) -> list[NDArray[np.int64]]:
        n = len(self.dataset)
        length = self.dataset.windows.length
        if self.dataset.fixed:
            by_length = np.argsort(length, kind="stable")
            return np.split(by_length, np.arange(self.batch_size, n, self.batch_size))
        shuffled, size = self.order.permutation(n), self.batch_size
        batches = []
        for pool in np.split(shuffled, np.arange(size * POOL_BATCHES, n, size * POOL_BATCHES)):
            pool = pool[np.argsort(length[pool], kind="stable")]
            batches += np.split(pool, np.arange(size, len(pool), size))
        return [batches[i] for i in self.order.permutation(len(batches))]

    def _probed(self, rows: NDArray[np.int64]) -> Batch:
        time, mag, mask = to_tensors(self.dataset.windows, rows, torch.device("cpu"))
        chosen = probe(mag, mask, self.generator, **self.dataset.fractions)
        seen = {"time": time, "mag": chosen.mag, "hidden": chosen.hidden}
        if mask is not None:
            seen["mask"] = mask
        return seen, {"mag": mag, "probed": chosen.probed}


class ProbedRMSE(nn.Module):
    """The paper's loss, on what `ProbingLoader` asks for."""

    def forward(self, predicted: Tensor, asked: dict[str, Tensor]) -> Tensor:
        """Return the RMSE (magnitudes) of the probed observations of a batch."""
        return masked_rmse(predicted, asked["mag"], asked["probed"])


class PretrainingNet(NeuralNet):
    """skorch's training loop around `Astromer`, in the precision asked for."""

    def __init__(self, module: Any, *args: Any, dtype: torch.dtype, **kwargs: Any) -> None:
        super().__init__(module, *args, **kwargs)
        self.dtype = dtype

    def infer(self, x: Any, **fit_params: Any) -> Any:
        """Reconstruct a batch under autocast."""
        with autocast(torch.device(self.device), self.dtype):
            return super().infer(x, **fit_params)


class PooledRMSE(Callback):
    """Record the RMSE over all probed observations of an epoch: batches weigh as they count."""

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Start over."""
        self.totals_ = {True: [0.0, 0], False: [0.0, 0]}

    def on_batch_end(
        self, net: NeuralNet, batch: Any = None, training: bool = True, **kwargs: Any
    ) -> None:
        """Add a batch."""
        asked = {name: tensor.to(kwargs["y_pred"].device) for name, tensor in batch[1].items()}
        total, count = squared_error(kwargs["y_pred"].detach(), asked["mag"], asked["probed"])
        self.totals_[training][0] += float(total)
        self.totals_[training][1] += int(count)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Write the figures of the epoch; stop at once if they are not numbers."""
        for training, name in ((True, "train_rmse"), (False, "valid_rmse")):
            total, count = self.totals_[training]
            net.history.record(name, math.sqrt(total / count) if count else math.nan)
        net.history.record("lr", net.optimizer_.param_groups[0]["lr"])
        if not math.isfinite(self.totals_[True][0]):
            raise FloatingPointError(
                f"the training loss became {self.totals_[True][0]} in epoch "
                f"{net.history[-1, 'epoch']}: lower lr, or look for extreme magnitudes"
            )


class ProgressBar(Callback):
    """One line that tells epochs and RMSE."""

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Open it."""
        self.bar_ = tqdm(total=net.max_epochs, unit="epoch", desc="pretraining")

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Advance it."""
        last = net.history[-1]
        self.bar_.set_postfix(train=f"{last['train_rmse']:.4f}", valid=f"{last['valid_rmse']:.4f}")
        self.bar_.update()

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Close it."""
        self.bar_.close()


def warm_up(step: int, steps: int) -> float:
    """Scale the learning rate as eq. 5 does (Vaswani et al. 2017), its peak being 1."""
    return min((step + 1) / steps, math.sqrt(steps / (step + 1)))


def pretrain(
    module: nn.Module,
    train: ProbedWindows,
    valid: ProbedWindows | None,
    *,
    max_epochs: int,
    batch_size: int,
    lr: float,
    warmup_steps: int | None,
    patience: int | None,
    device: torch.device,
    dtype: torch.dtype,
    progress: bool,
) -> pd.DataFrame:
    """Train `module` in place by masked reconstruction and leave the best weights in it.

    Parameters
    ----------
    module : Astromer
    train, valid : ProbedWindows
        Without `valid` there is no early stopping, and the last weights stay.
    max_epochs, batch_size, lr, warmup_steps, patience
        See `AstromerEmbedder`.
    device, dtype : torch.device, torch.dtype
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        A row per epoch: epoch, train_rmse, valid_rmse (magnitudes), lr, seconds, best.

    Raises
    ------
    FloatingPointError
        If the loss is no longer a finite number.
    """
    callbacks: list[Callback] = [PooledRMSE()]
    if valid is not None:
        waits = max_epochs + 1 if patience is None else patience
        callbacks.append(
            EarlyStopping("valid_rmse", patience=waits, load_best=True, sink=logger.info)
        )
    if warmup_steps:
        callbacks.append(
            LRScheduler(
                LambdaLR, lr_lambda=lambda step: warm_up(step, warmup_steps), step_every="batch"
            )
        )
    if progress:
        callbacks.append(ProgressBar())
    net = PretrainingNet(
        module,
        criterion=ProbedRMSE,
        optimizer=torch.optim.Adam,
        lr=lr,
        max_epochs=max_epochs,
        batch_size=batch_size,
        iterator_train=ProbingLoader,
        iterator_valid=ProbingLoader,
        train_split=None if valid is None else predefined_split(valid),
        callbacks=callbacks,
        callbacks__print_log=None,
        device=str(device),
        dtype=dtype,
    )
    net.fit(train, None)
    module.eval()
    history = pd.DataFrame(
        {
            "epoch": net.history[:, "epoch"],
            "train_rmse": net.history[:, "train_rmse"],
            "valid_rmse": net.history[:, "valid_rmse"],
            "lr": net.history[:, "lr"],
            "seconds": net.history[:, "dur"],
        }
    )
    history["best"] = history["valid_rmse"].cummin() == history["valid_rmse"]
    return history[HISTORY_COLUMNS]
