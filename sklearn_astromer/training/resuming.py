"""Going on with a training run that was killed, as if it had not been."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, LRScheduler

from sklearn_astromer._files import check_free, link_target, replacing
from sklearn_astromer._json import as_json
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.fingerprint import fingerprint_of

logger = logging.getLogger(__name__)

# What EarlyStopping learns in the course of a run.
_PATIENCE = ("misses_", "dynamic_threshold_", "best_epoch_", "best_model_weights_")


class Resume(Callback):
    """Write the state of a run now and then; restore it where it is there.

    The state is all that the next step depends on: weights, optimiser, schedule, generators, the
    place in the epoch, the best weights so far. A file is replaced at once and whole, so that a
    kill leaves the one before.

    Parameters
    ----------
    path : path
    minutes : float
        Time between two writes; 0 writes after every step.
    run : dict
        What makes it the same run: compared with that in the file.
    """

    def __init__(self, path: str | os.PathLike[str], minutes: float, run: dict[str, Any]) -> None:
        self.path = Path(path).expanduser()
        self.minutes = minutes
        self.run = run

    @contextlib.contextmanager
    def held(self, net: NeuralNet) -> Iterator[None]:
        """Restore a net, and keep other runs from the file as long as this one trains.

        Raises
        ------
        ValueError
            If another run has it. See `restore`.
        OSError
            If it cannot be written.
        """
        if net.criterion_.processes.rank > 0:
            self.restore(net)
            yield
            return
        check_free(self.path, overwrite=True)
        target = link_target(self.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(target.parent, os.W_OK):
            raise PermissionError(f"{target.parent} cannot be written: choose another path")
        lock = FileLock(target.with_name(f".{target.name}.lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise ValueError(
                f"another training run writes its checkpoint to {self.path}: choose another path, "
                "or wait for the end of that run"
            ) from error
        try:
            self.restore(net)
            yield
        finally:
            with contextlib.suppress(OSError):  # Windows removes it on release
                os.unlink(lock.lock_file)
            lock.release()

    def restore(self, net: NeuralNet) -> None:
        """Bring a net that is about to begin to where the file says it was.

        Raises
        ------
        ValueError
            If the file is of another run, or none of ours.
        """
        self.written_ = time.monotonic()
        self.totals_: Any = None
        if not self.path.exists():
            return
        try:
            with zipfile.ZipFile(self.path) as file:  # whose checksums torch does not look at
                if (damaged := file.testzip()) is not None:
                    raise ValueError(f"{damaged} has a wrong checksum")
            state = torch.load(self.path, map_location="cpu", weights_only=True)
            of_run = state["run"]
        except Exception as error:  # torch raises whatever the bytes lead it to
            raise ValueError(
                f"{self.path} is no checkpoint of a training run: delete it, or choose another path"
            ) from error
        differ = [key for key in self.run if of_run.get(key) != self.run[key]]
        if differ:
            raise ValueError(
                f"{self.path} is the checkpoint of another run, which had another "
                f"{', '.join(differ)}: delete it, choose another path, or fit as that run did"
            )
        history = json.loads(state["history"])
        if len(history) > net.max_epochs:
            raise ValueError(
                f"{self.path} holds {len(history)} epochs, more than max_epochs={net.max_epochs}: "
                "delete it, or choose another path"
            )
        net.module.load_state_dict(state["module"])
        net.optimizer_.load_state_dict(state["optimizer"])
        net.history_.extend({**row, "batches": []} for row in history)
        net.loader.load_state_dict(state["loader"])
        self.totals_ = state["totals"]
        for _, callback in net.callbacks_:
            if isinstance(callback, EarlyStopping):
                vars(callback).update(state["patience"])
            elif isinstance(callback, LRScheduler):
                callback.lr_scheduler_.load_state_dict(state["schedule"])
        torch.set_rng_state(state["rng"])
        if state["cuda_rng"] is not None and torch.device(net.device).type == "cuda":
            torch.cuda.set_rng_state(state["cuda_rng"], net.device)
        logger.info("resumed after %d epochs from %s", len(net.history_), self.path)

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Go on with the sums of an epoch that was under way."""
        if self.totals_ is not None:
            net.figures.totals_, self.totals_ = self.totals_, None

    def on_batch_end(self, net: NeuralNet, training: bool = True, **kwargs: Any) -> None:
        """Write, if it is time."""
        if training and time.monotonic() - self.written_ >= 60 * self.minutes:
            self._write(net)

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Write the end of the run, before the best weights are restored."""
        if len(self._whole(net)) == len(net.history_):  # not interrupted within an epoch
            self._write(net)

    def _whole(self, net: NeuralNet) -> list[Any]:
        return [row for row in net.history_ if f"train_{net.criterion_.names[0]}" in row]

    def _write(self, net: NeuralNet) -> None:
        if net.criterion_.processes.rank > 0:
            return
        whole = self._whole(net)
        under_way = len(whole) < len(net.history_)
        cuda = torch.device(net.device).type == "cuda"
        state: dict[str, Any] = {
            "run": self.run,
            "module": net.module.state_dict(),  # not module_, which Accelerate wraps
            "optimizer": net.optimizer_.state_dict(),
            "history": as_json([{k: v for k, v in row.items() if k != "batches"} for row in whole]),
            "loader": net.loader.state_dict(),
            "totals": net.figures.totals_ if under_way else None,
            "patience": {},
            "schedule": {},
            "rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state(net.device) if cuda else None,
        }
        for _, callback in net.callbacks_:
            if isinstance(callback, EarlyStopping):
                state["patience"] = {name: getattr(callback, name) for name in _PATIENCE}
            elif isinstance(callback, LRScheduler):
                state["schedule"] = callback.lr_scheduler_.state_dict()
        with replacing(self.path) as partial:
            torch.save(state, partial)
        self.written_ = time.monotonic()


def identity(
    parameters: dict[str, Any], curves: LightCurves, *given: NDArray[Any]
) -> dict[str, Any]:
    """Say what makes two training runs the same.

    Parameters
    ----------
    parameters : dict
        Of the estimator.
    curves : LightCurves
    *given : ndarray
        What else they are learned with: targets, weights, an encoder that is fitted.

    Raises
    ------
    ValueError
        If a parameter is a lambda, which nothing tells from another.
    """
    others = hashlib.sha256()
    for array in given:
        others.update(np.ascontiguousarray(array).tobytes())
    return {
        **{name: _named(name, value) for name, value in parameters.items()},
        "catalog": f"{curves!r}, {fingerprint_of(curves)[:16]}, {others.hexdigest()[:16]}",
    }


def _named(parameter: str, value: Any) -> str:
    """Return a value as text; of functions the name, for addresses differ between processes."""
    name = getattr(value, "__qualname__", None)
    if name is None:
        return str(value)
    if "<lambda>" in name:
        raise ValueError(
            f"a checkpoint cannot tell {parameter}=lambda from another one: name the function"
        )
    return f"{value.__module__}.{name}"
