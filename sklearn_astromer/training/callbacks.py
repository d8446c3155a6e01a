"""What is recorded and shown of training, and the schedule of the learning rate."""

from __future__ import annotations

import math
import os
from typing import Any

import pandas as pd
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, TensorBoard

from sklearn_astromer._progress import progress_bar
from sklearn_astromer.lightcurves.checks import warn


class PooledFigures(Callback):
    """Record the criterion over a whole epoch: batches weigh as much as they hold."""

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Start over."""
        self.totals_: dict[bool, dict[str, list[float]]] = {True: {}, False: {}}

    def on_batch_end(
        self, net: NeuralNet, batch: Any = None, training: bool = True, **kwargs: Any
    ) -> None:
        """Add a batch."""
        asked = {name: tensor.to(net.device) for name, tensor in batch[1].items()}
        with torch.no_grad():
            measures = net.criterion_.measures(kwargs["y_pred"], asked)
        for name, parts in measures.items():
            totals = self.totals_[training].setdefault(name, [0.0, 0.0])
            for i, part in enumerate(parts):
                totals[i] += float(part)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Write the figures of the epoch; stop at once if they are not numbers."""
        criterion = net.criterion_
        for training, prefix in ((True, "train"), (False, "valid")):
            own = self.totals_[training]
            sums = torch.tensor(list(own.values()), dtype=torch.float64, device=net.device)
            sums = criterion.processes.sum(sums) if len(own) else sums
            found = figures(criterion, dict(zip(own, sums.tolist(), strict=True)))
            for name in criterion.names:
                net.history.record(f"{prefix}_{name}", found.get(name, math.nan))
            asked = len(own) > 0 and bool(sums[0, 1] > 0)
            if len(net.history) == 1 and not asked and (training or net.train_split):
                part = "training" if training else "validation"
                warn(
                    f"nothing is asked of the {part} part: no object has a weight, or no "
                    "observation can be hidden (see probed_fraction and window_size)"
                    + ("" if training else ", and there will be no best epoch")
                )
        net.history.record("lr", net.optimizer_.param_groups[-1]["lr"])
        for total, _ in self.totals_[True].values():
            if not math.isfinite(total):
                raise FloatingPointError(
                    f"the training loss became {total} in epoch {net.history[-1, 'epoch']}: lower "
                    "lr, or look for extreme magnitudes"
                )


def figures(criterion: Any, sums: dict[str, list[float]]) -> dict[str, float]:
    """Return the criterion's figures from sums over batches."""
    ratios = {name: a / b if b else math.nan for name, (a, b) in sums.items()}
    found: dict[str, float] = criterion.figures(ratios) if ratios else {}
    return found


class ProgressBar(Callback):
    """One line that tells rows per second, the time left, and the figures so far."""

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Open it."""
        rows = len(net.loader.task)
        self.bar_ = progress_bar(
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
        found = figures(net.criterion_, net.figures.totals_[True])
        shown = {name: f"{value:.4f}" for name, value in found.items()}
        self.bar_.set_postfix(
            {"epoch": epoch, **shown, "valid": f"{self.valid_:.4f}"}, refresh=False
        )

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Take down what the validation gave."""
        self.valid_ = net.history[-1, f"valid_{net.criterion_.names[0]}"]

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Close it."""
        self.bar_.close()


def schedule(step: int, kind: str, warmup: int, total: int) -> float:
    """Scale the learning rate in the course of training.

    It rises linearly to 1 in `warmup` steps. Then it is constant, falls as 1/√step (eq. 5; Vaswani
    et al. 2017), or along a cosine that ends at `total` steps.
    """
    if kind == "cosine":
        warmup = min(warmup, total // 10)
    rise = (step + 1) / warmup if warmup else 1.0
    if kind == "inverse_sqrt":
        return min(rise, math.sqrt(max(warmup, 1) / (step + 1)))
    if kind == "cosine":
        return min(rise, 0.5 + 0.5 * math.cos(math.pi * min(step / total, 1.0)))
    return min(rise, 1.0)


def tensorboard(log_dir: str | os.PathLike[str]) -> Callback:
    """Return the callback that writes the figures where TensorBoard finds them.

    Raises
    ------
    ImportError
        If TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ImportError(
            "log_dir needs TensorBoard: pip install sklearn_astromer[tensorboard]"
        ) from error
    return TensorBoard(SummaryWriter(os.path.expanduser(log_dir)), close_after_train=True)


def history_frame(names: tuple[str, ...], history: Any = ()) -> pd.DataFrame:
    """Return a row per epoch: epoch, train_…, valid_… (NaN without), lr, seconds, best.

    The figures are `names`; the best epochs are those of the first.
    """
    figures = [f"{part}_{name}" for name in names for part in ("train", "valid")]
    columns = {name: name for name in ("epoch", *figures, "lr")} | {"seconds": "dur"}
    whole = [row for row in history if "dur" in row]  # not one that was interrupted
    frame = pd.DataFrame({name: [row[key] for row in whole] for name, key in columns.items()})
    valid = frame[f"valid_{names[0]}"]
    frame["best"] = valid.cummin() == valid
    return frame
