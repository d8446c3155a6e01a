"""What the estimators share: reading X, devices, seeds, persistence."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from importlib import metadata
from inspect import signature
from numbers import Integral
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_astromer._parameters import CheckedParameters
from sklearn_astromer.config import as_config
from sklearn_astromer.kernels import processor
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.lightcurves.conversion import as_light_curves, is_grid
from sklearn_astromer.modules.encoder import Encoder
from sklearn_astromer.modules.plain import from_plain, to_plain
from sklearn_astromer.training.loop import Run
from sklearn_astromer.training.processes import make_accelerator
from sklearn_astromer.training.recipes import NAMES, Recipe, as_recipe, of_a_run
from sklearn_astromer.training.resuming import Resume, identity

# Parameters that a resumed run may change.
NOT_OF_A_RUN = {
    *("cache_bytes", "checkpoint", "device", "max_epochs", "patience", "row", "verbose"),
}

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}

#: Of parameters that all estimators have, as scikit-learn checks them.
COMMON_CONSTRAINTS: dict[str, list[Any]] = {
    "training": [StrOptions(set(NAMES)), Recipe],
    "max_epochs": [Interval(Integral, 1, None, closed="left")],
    "batch_size": [Interval(Integral, 1, None, closed="left")],
    "checkpoint": [str, os.PathLike, None],
    "device": [str, torch.device],
    "precision": [StrOptions({"auto", *PRECISIONS})],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}

LONGEST_NAME = 48  # of weights in a diagram

# While a thread trains, torch's global generator is its own.
SEEDED = threading.RLock()

Method = TypeVar("Method", bound=Callable[..., Any])


def _columns_of(history: Any) -> Any:
    """Return a table as a dict of its columns, if it is as `fit` made it."""
    if not isinstance(history, pd.DataFrame) or not history.index.equals(
        pd.RangeIndex(len(history))
    ):
        return history
    return {name: column.to_numpy() for name, column in history.items()}


# How fitted attributes are written as plain values, and read.
_PLAIN: dict[str, Callable[[Any], Any]] = {
    "module_": to_plain,
    "head_": to_plain,
    "history_": _columns_of,
}
_NOT_PLAIN: dict[str, Callable[[Any], Any]] = {
    "module_": from_plain,
    "head_": from_plain,
    "history_": pd.DataFrame,
}


def _stamps(source: Any) -> list[tuple[str, int, int]] | None:
    """Return sizes and times of the files of weights that a path names, if it is one."""
    path = os.path.expanduser(source) if isinstance(source, (str, os.PathLike)) else ""
    if not os.path.exists(path):
        return None
    files = sorted(Path(path).iterdir()) if os.path.isdir(path) else [Path(path)]
    stats = [(file.name, file.stat()) for file in files if file.exists()]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]


class AstromerBase(CheckedParameters):
    """An estimator that reads light curves and keeps its networks in plain attributes."""

    def _read(self, X: Any, *, reset: bool) -> LightCurves:
        """Read X, with scikit-learn's own checks where it is a 2-D array."""
        if not is_grid(X):
            for name in ("n_features_in_", "feature_names_in_"):  # of an earlier fit to a grid
                if reset and hasattr(self, name):
                    delattr(self, name)
            return as_light_curves(X)
        if isinstance(X, np.ma.MaskedArray):  # scikit-learn would read what is under the mask
            X = np.ma.filled(X.astype(np.float64), np.nan)
        grid = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite=False, ensure_min_samples=0
        )
        if reset and len(grid) == 0:
            raise ValueError("Found array with 0 sample(s), a minimum of 1 is required")
        if isinstance(X, pd.DataFrame):  # whose index names the objects
            return LightCurves.from_grid(pd.DataFrame(grid, index=X.index, columns=X.columns))
        return LightCurves.from_grid(grid)

    def set_params(self, **params: Any) -> Self:
        """Set parameters, also of a named architecture or recipe: ``training__lr=1e-4``."""
        names: dict[str, Any] = {"architecture": as_config, "training": as_recipe}
        for name, made in names.items():
            if any(each.startswith(f"{name}__") for each in params):
                params = params | {name: made(params.get(name, getattr(self, name, None)))}
        own = self.get_params(deep=False) | params
        for name in {each.partition("__")[0] for each in params if "__" in each} & own.keys():
            if not hasattr(own[name], "set_params"):
                given = "" if own[name] is None else repr(own[name])
                nested = name in ("encoder", "embedder")
                better = f": pass AstromerEmbedder({given}), which has" if nested else ""
                raise ValueError(f"{name}={own[name]!r} has no parameters of its own{better}")
        super().set_params(**params)
        return self

    def _resume(self, curves: LightCurves, recipe: Recipe, *given: Any) -> Resume | None:
        """Return what keeps the state of a training run, where `checkpoint` asks for it.

        `given` are the arrays that decide the result beside the light curves.
        """
        if self.checkpoint is None:
            return None
        if not isinstance(self.random_state, Integral):
            raise ValueError(
                "checkpoint needs an integer random_state, or a resumed run would draw other "
                f"numbers; got {self.random_state!r}"
            )
        parameters = {k: v for k, v in self.get_params().items() if not k.startswith("training")}
        parameters |= of_a_run(recipe)
        kept = {k: v for k, v in parameters.items() if k not in NOT_OF_A_RUN}
        run = identity(kept, curves, *given)
        return Resume(self.checkpoint, recipe.checkpoint_minutes, run)

    def __getstate__(self) -> dict[str, Any]:
        """Say by which version it was made, like scikit-learn's own estimators.

        What is fitted is given in plain values: skops knows no torch modules and no DataFrames.
        """
        state: dict[str, Any] = super().__getstate__()
        state = state | {"_sklearn_astromer_version": metadata.version("sklearn_astromer")}
        for name, write in _PLAIN.items():
            if name in state:
                state[name] = write(state[name])
        for name in ("pretrained", "encoder"):  # joblib's Memory is to know a folder from another
            if name in state and not {"module_", "head_"} & state.keys():
                state = state | {f"_{name}": _stamps(state[name])}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        made = state.pop("_sklearn_astromer_version", "an unknown version")
        for name in ("_pretrained", "_encoder"):
            state.pop(name, None)
        here = metadata.version("sklearn_astromer")
        if made != here:
            warnings.warn(
                f"this {type(self).__name__} was pickled by sklearn_astromer {made} and is loaded "
                f"by {here}: fit it again, or keep networks by save_pretrained, which stays "
                "readable",
                stacklevel=2,
            )
        for name, read in _NOT_PLAIN.items():
            if isinstance(state.get(name), dict):  # earlier pickles hold the objects themselves
                state[name] = read(state[name])
        super().__setstate__(state)
        for name, parameter in signature(type(self).__init__).parameters.items():
            if parameter.default is not parameter.empty and not hasattr(self, name):
                setattr(self, name, parameter.default)  # it came later than the pickle

    _doc_link_module = "sklearn_astromer"

    @property
    def _doc_link_template(self) -> str:
        """Where "?" in scikit-learn's diagram leads: the API reference, if its site is known."""
        site = documentation()
        return f"{site}/api/sklearn_astromer.{{estimator_name}}.html" if site else ""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags


class TransformerBase(TransformerMixin, AstromerBase, ABC):
    """An estimator that gives rows with named columns."""

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the names of the columns of `transform`.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        ndarray of str objects

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        ValueError
            If ``row=None``, which gives no columns.
        """
        check_is_fitted(self)
        return np.array(self._columns(), dtype=object)

    @abstractmethod
    def _columns(self) -> list[str]: ...

    def _container(self) -> str:
        """Return what `set_output` asks for."""
        return _get_output_config("transform", self)["dense"]

    def _indexed(self, rows: NDArray[Any], X: Any, ids: NDArray[Any]) -> Any:
        """Return rows; in pandas with the index of X, or the ids where it has none."""
        if self._container() != "pandas" or isinstance(X, (np.ndarray, list, tuple)):
            return rows
        named = isinstance(X, (pd.Series, pd.DataFrame))
        index = X.index if named else pd.Index(ids, name="object_id")
        return pd.DataFrame(rows, index=index)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


@functools.cache
def documentation() -> str:
    """Return the address of the documentation in the metadata of the package, or nothing."""
    entries = metadata.metadata("sklearn_astromer").get_all("Project-URL", [])
    named = dict(entry.split(", ", 1) for entry in entries)
    return str(named.get("Documentation", "")).rstrip("/")


def diagram(estimator: BaseEstimator, weights: str, encoder: Encoder | None) -> Any:
    """Return scikit-learn's box of an estimator, with its weights and size below the name."""
    # where older versions have it elsewhere, they draw a plain box instead of this one
    from sklearn.utils._repr_html.estimator import _VisualBlock

    facts = [weights] if weights else []
    if encoder is not None:
        config = encoder.config
        size = sum(parameter.numel() for parameter in encoder.parameters())
        facts.append(f"d_model {config.d_model}, {config.n_layers} layers, {size:,} parameters")
    return _VisualBlock(
        "single",
        estimator,
        names=type(estimator).__name__,
        name_details=str(estimator),
        name_caption=": ".join(facts),
    )


def name_of_weights(source: Any, trained: bool) -> str:
    """Return how a diagram names what `pretrained` or `encoder` is, short."""
    name = "" if source is None else str(source)
    name = name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"
    return f"{name}, fine-tuned" if name and trained else name


def resolve_device(device: str | torch.device) -> torch.device:
    """Return the device: ``"auto"`` is the GPU if torch sees one, else the CPU.

    ``"accelerate"`` is what `accelerate launch` gave to this process.
    """
    if device == "accelerate":
        return make_accelerator().device
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"device={device!r}: {error}") from error
    if resolved.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device={device!r}, but torch sees no GPU here: use device='auto'")
    return resolved


def resolve_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Return the dtype of a precision: ``"auto"`` is bfloat16 on a GPU that has it.

    Warns of bfloat16 on a processor that has no instructions for it.
    """
    if precision == "auto":
        has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported()
        return torch.bfloat16 if has_bf16 else torch.float32
    if precision == "bfloat16" and device.type == "cpu" and processor.SLOW_BFLOAT16:
        warn(
            "this processor has no instructions for bfloat16, which may take three times as long "
            "here as precision='float32', and is less exact"
        )
    return PRECISIONS[precision]


def run_of(model: Any, epochs: int) -> Run:
    """Return how the parameters of an estimator say that a network trains."""
    device = resolve_device(model.device)
    return Run(
        epochs,
        model.batch_size,
        device,
        resolve_dtype(model.precision, device),
        progress=model.verbose > 0,
        accelerator=make_accelerator() if model.device == "accelerate" else None,
    )


@contextlib.contextmanager
def isolated_seed(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generators and put them back as they were found.

    Other threads that want to wait meanwhile: they would draw from the same.
    """
    devices = [device] if device.type == "cuda" else []
    with SEEDED, torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed every GPU
        if devices:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


def whole_or_not(fit: Method) -> Method:
    """Make a method that fails leave the estimator as it was before."""

    @functools.wraps(fit)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = dict(vars(self))
        try:
            return fit(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return cast("Method", wrapped)
