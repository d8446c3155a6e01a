"""What a fitted embedder does with light curves."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from sklearn_astromer._estimator_base import (
    TransformerBase,
    check_training,
    resolve_device,
    resolve_dtype,
)
from sklearn_astromer._forks import refuse_fork
from sklearn_astromer._progress import progress_bar
from sklearn_astromer.config import EncoderConfig
from sklearn_astromer.inference.batches import make_windows, run_windows
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.encoder import Encoder
from sklearn_astromer.modules.pooling import POOLINGS, combine_windows, pool_windows
from sklearn_astromer.periodogram.peaks import PEAK_COLUMNS
from sklearn_astromer.training.masking import draw_hidden
from sklearn_astromer.training.reconstruction import Reconstruction, hidden_rmse
from sklearn_astromer.windows import Windows, pieces

# What is embedded at a time, so that what is not yet pooled takes little memory.
PIECE_OBSERVATIONS = 2**20
# In a piece of `transform_batches` where a GPU computes one of the former while others are made.
GPU_PIECE_OBSERVATIONS = 2**24
LARGEST_WINDOW = 2**16  # that weights can be saved with
# In a batch of `score`, whatever `batch_size` is: what is hidden is drawn a batch at a time.
SCORED_WINDOWS = 32

COMPILING = threading.Lock()


def embedded(encoder: Encoder, inputs: dict[str, Tensor], pooling: str) -> Tensor:
    """Return windows embedded and pooled, see `Encoder.embed` and `pool_windows`."""
    return pool_windows(encoder.all_layers(**inputs), inputs.get("mask"), pooling)


@cache
def compiled() -> Callable[..., Tensor]:
    """Return `embedded` as torch compiles it, for any number and length of windows.

    Anew for each shape of network, pooling and dtype, with and without a mask, and for a single
    window; after eight of those torch leaves others uncompiled, and logs so.
    """
    function = torch.compile(embedded, dynamic=True)

    def in_turn(*args: Any) -> Tensor:
        with COMPILING:  # which is not for several threads at once
            return function(*args)

    return in_turn


class EmbeddingBase(TransformerBase):
    """Embedding and reconstruction by the network `module_` of a subclass."""

    module_: Astromer

    def transform(self, X: Any) -> Any:
        """Embed light curves.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.

        Returns
        -------
        ndarray of shape (n_objects, n_features_out), float32
            Row i is object i. With ``pooling=None`` a list of arrays (n_i, d_model). With
            ``set_output(transform="pandas")`` a DataFrame, whose index is that of X, or the ids
            of a `LightCurves`.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        TypeError, ValueError
            If X is not what `as_light_curves` takes.
        """
        check_is_fitted(self, "module_")
        self._check_parameters()
        if self.periods_in_row and not self.module_.encoder.config.own_periods:
            raise ValueError(
                "periods_in_row=True needs an encoder with own periods, such as "
                "pretrained='surveys-periods' or architecture='periods'"
            )
        if self.pooling is None and (container := self._container()) != "default":
            raise ValueError(
                f"pooling=None gives a list of arrays of different lengths, which is no {container}"
                " table: choose a pooling, or set_output(transform='default')"
            )
        curves = self._read(X, reset=False)
        run = self._runner(embeds=True)
        if self.pooling is None:
            return self._vectors(run, self._windows(curves))
        rows = np.empty((len(curves), len(self._columns())), dtype=np.float32)
        parts = self._pieces(curves, PIECE_OBSERVATIONS)
        windows = (self._windows(curves[part]) for part in parts)
        for part, pooled in zip(parts, self._pooled(run, windows, self.pooling), strict=True):
            rows[part] = pooled
        return self._indexed(rows, X, curves.ids)

    def transform_batches(self, X: Any, *, progress: bool | None = None) -> Iterator[Any]:
        """Embed a catalog larger than memory, piece by piece.

        Parameters
        ----------
        X : LightCurves, or iterable of what `as_light_curves` takes
            Of light curves, such as `LightCurves.open_parquet` maps into memory, pieces of about a
            million observations are embedded at a time, and of 16 million on a GPU; of an iterable
            each item is a piece.
        progress : bool, optional
            Show a progress bar. None: if `verbose` is at least 1.

        Yields
        ------
        ndarray, list of ndarray or DataFrame
            What `transform` gives for the piece; put together, what it gives for all. With
            ``set_output(transform="pandas")`` the index tells the objects' ids.

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As `transform`.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_astromer import AstromerEmbedder
        >>> from sklearn_astromer.datasets import make_variable_stars
        >>> curves, _ = make_variable_stars(20, random_state=0)
        >>> embedder = AstromerEmbedder("surveys-periods").fit(curves)
        >>> rows = np.vstack(list(embedder.transform_batches([curves[:15], curves[15:]])))
        >>> np.allclose(rows, embedder.transform(curves), atol=1e-5)
        True
        """
        check_is_fitted(self, "module_")
        total, parts = None, X
        if isinstance(X, LightCurves):
            total = len(X)
            on_cpu = resolve_device(self.device).type == "cpu"
            most = PIECE_OBSERVATIONS if on_cpu else GPU_PIECE_OBSERVATIONS
            parts = (X[part] for part in self._pieces(X, most))
        elif isinstance(X, (np.ndarray, pd.DataFrame, pd.Series)):
            raise TypeError(
                f"X is one {type(X).__name__}: give it to transform, or pieces of it as [X1, X2, …]"
            )
        shown = self.verbose > 0 if progress is None else progress
        with progress_bar(total=total, unit="object", disable=not shown) as bar:
            for part in parts:
                rows = self.transform(part)
                bar.update(len(rows))
                yield rows

    def _pieces(self, curves: LightCurves, most: int) -> list[slice]:
        """Return pieces of about `most` observations; all in one where rows share periods."""
        if self.shared_periods:
            return [slice(0, len(curves))]
        return list(pieces(curves.offsets, most))

    def _pooled(
        self, run: Any, parts: Iterator[Windows], pooling: str
    ) -> Iterator[NDArray[np.float32]]:
        """Yield the rows of each part's objects."""
        compiles = self.compile and resolve_device(self.device).type == "cuda"
        embed = compiled() if compiles else embedded

        def pooled(encoder: Encoder, _: Any, inputs: dict[str, Tensor]) -> Tensor:
            return embed(encoder, inputs, pooling)

        left = 0
        for windows, batch, result in run(pooled, parts):
            if left == 0:
                left = len(windows)
                per_window = np.empty((left, *result.shape[1:]), dtype=np.float32)
            per_window[batch] = result
            left -= len(batch)
            if left == 0:
                first = np.flatnonzero(np.diff(windows.object, prepend=-1))
                rows = combine_windows(per_window, windows.length, first, pooling)
                if self.periods_in_row:
                    assert windows.peaks is not None
                    rows = np.hstack([rows, windows.peaks.columns])
                yield rows

    def _vectors(self, run: Any, windows: Windows) -> list[NDArray[np.float32]]:
        """Return the vectors of all observations, object by object."""
        d_model = self.module_.encoder.config.d_model
        flat = np.empty((len(windows.curves.time), d_model), dtype=np.float32)

        def vectors(encoder: Encoder, _: Any, inputs: dict[str, Tensor]) -> Tensor:
            return encoder(**inputs)

        for _, batch, result in run(vectors, [windows]):
            where, mask = windows.positions(batch)
            flat[where[mask]] = result[mask]
        return np.split(flat, windows.curves.offsets[1:-1]) if len(windows.curves) else []

    def reconstruct(self, X: Any, hidden: Any = None) -> list[NDArray[np.float32]]:
        """Reconstruct magnitudes.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.
        hidden : list of bool arrays of shape (n_i,), optional
            True = an observation whose magnitude the encoder must not see (in order of time).
            Those of a window must not be all hidden. None: it sees all.

        Returns
        -------
        list of ndarray of shape (n_i,), float32
            Magnitudes, in order of time.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        ValueError
            If `hidden` does not fit X, or leaves a window without a visible observation.
        """
        check_is_fitted(self, "module_")
        curves = self._read(X, reset=False)
        flat_hidden = Windows(curves, self.window_size).join_hidden(hidden)
        windows = self._windows(curves, flat_hidden)
        flat = np.empty(len(curves.time), dtype=np.float32)

        def magnitudes(
            module: Astromer, batch: NDArray[np.int64], inputs: dict[str, Tensor]
        ) -> Tensor:
            unseen = None
            if flat_hidden is not None:
                where, real = windows.positions(batch)
                unseen = torch.from_numpy(flat_hidden[where] & real).to(inputs["time"].device)
            return module(**inputs, hidden=unseen)

        for _, batch, result in self._runner()(magnitudes, [windows]):
            where, mask = windows.positions(batch)
            flat[where[mask]] = (result + windows.mag_mean[batch][:, None])[mask]
        return np.split(flat, curves.offsets[1:-1]) if len(curves) else []

    def score(self, X: Any, y: Any = None) -> float:
        """Return minus the RMSE (magnitudes) of hidden observations.

        The fraction `probed_fraction` of each window is hidden, chosen alike at every call.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.
        y : ignored

        Returns
        -------
        float
            The greater, the better.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        ValueError
            If no window has two observations.
        """
        check_is_fitted(self, "module_")
        self._check_parameters()
        device = resolve_device(self.device)
        dtype = resolve_dtype(self.precision, device)
        module = self._network(device)
        curves = self._read(X, reset=False)
        task = self._hidden(curves, None, module.encoder.config, seed=0, device=device)
        return -hidden_rmse(module, task, SCORED_WINDOWS, device, dtype)

    def _runner(self, embeds: bool = False) -> Any:
        """Return `run_windows` of functions whose first argument is the network.

        If it `embeds`, that is the encoder alone.
        """
        device = resolve_device(self.device)
        dtype = resolve_dtype(self.precision, device)
        refuse_fork(device)
        module = self._network(device)
        network: Astromer | Encoder = module.encoder if embeds else module

        def run(function: Any, parts: Iterable[Windows]) -> Any:
            return run_windows(partial(function, network), parts, device=device, dtype=dtype)

        return run

    def _windows(
        self,
        curves: LightCurves,
        hidden: NDArray[np.bool_] | None = None,
        config: EncoderConfig | None = None,
    ) -> Windows:
        """Return windows for a network (by default the fitted one), with periods of the visible."""
        config = self.module_.encoder.config if config is None else config
        device = resolve_device(self.device)
        return make_windows(curves, self.window_size, config, device, hidden, self.shared_periods)

    def _network(self, device: torch.device) -> Astromer:
        """Return the fitted network on `device`; the fitted one itself never leaves the CPU."""
        if device.type == "cpu":
            return self.module_
        return copy.deepcopy(self.module_).to(device)

    def _columns(self) -> list[str]:
        config = self.module_.encoder.config
        if self.pooling is None:
            raise ValueError("pooling=None gives a list of arrays, which has no feature names")
        parts = {
            "mean": ["mean"],
            "mean_std": ["mean", "std"],
            "max": ["max"],
            "layers": [f"layer{i}" for i in range(config.n_layers + 1)],
        }[self.pooling]
        names = [f"{part}_{i}" for part in parts for i in range(config.d_model)]
        if self.periods_in_row:
            names += [f"{c}_{i}" for c in PEAK_COLUMNS for i in range(config.own_periods)]
        return [f"astromerembedder_{name}" for name in names]

    def _check_parameters(self) -> None:
        if self.pooling is not None and self.pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {POOLINGS} or None, got {self.pooling!r}")
        if self.window_size > LARGEST_WINDOW:
            raise ValueError(f"window_size must be at most {LARGEST_WINDOW}: {self.window_size}")
        for name, low in (("max_epochs", 0), ("batch_size", 1), ("window_size", 1)):
            value = getattr(self, name)
            if value is not None and value < low:
                raise ValueError(f"{name} must be at least {low}, got {value}")
        if self.periods_in_row and self.pooling is None:
            raise ValueError("periods_in_row=True needs a pooling, which gives a row per object")
        check_training(self)

    def _hidden(
        self,
        curves: LightCurves,
        chosen: NDArray[np.bool_] | None,
        config: EncoderConfig,
        seed: int,
        *,
        device: torch.device,
        **asking: Any,
    ) -> Reconstruction:
        """Ask for observations of the chosen objects, all hidden, the same at every pass."""
        fractions = self._fractions | {"random": 0.0, "same": 0.0}
        hidden = None
        if config.own_periods:  # of the visible observations
            curves = curves if chosen is None else curves[chosen]
            hidden = draw_hidden(Windows(curves, self.window_size), self.probed_fraction, seed)
            windows = self._windows(curves, hidden, config)
        else:
            windows = Windows(curves, self.window_size)
            windows = windows if chosen is None else windows.of(chosen)
        return Reconstruction(
            windows, seed, True, fractions, hidden=hidden, device=device, **asking
        )

    @property
    def _fractions(self) -> dict[str, float]:
        """Give what `probe` asks for in training."""
        return {
            "probed": self.probed_fraction,
            "random": self.random_fraction,
            "same": self.same_fraction,
        }
