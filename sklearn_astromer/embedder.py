"""AstromerEmbedder: light curves to vectors."""

from __future__ import annotations

import copy
import dataclasses
import math
import os
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.base import TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from sklearn_astromer._base import (
    AstromerBase,
    isolated_seed,
    resolve_device,
    resolve_dtype,
    split_stars,
)
from sklearn_astromer.encoding import autocast, run_windows
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.encoder import EncoderConfig
from sklearn_astromer.modules.pooling import POOLINGS, combine_windows, pool_windows
from sklearn_astromer.networks import make_checkpoint, make_network
from sklearn_astromer.pretraining import Reconstruction, ReconstructionRMSE
from sklearn_astromer.training import Loader, history_frame, train
from sklearn_astromer.weights.checkpoint import write_folder
from sklearn_astromer.windows import Windows

# Observations in a batch of `transform`, where the CPU is fastest; a GPU takes what it is allowed.
CPU_BATCH_OBSERVATIONS = 4096

FRESH_LR = 1e-3
FINE_TUNING_LR = 1e-5


class AstromerEmbedder(TransformerMixin, AstromerBase):
    """Embed light curves by an ASTROMER encoder, pretrained, fine-tuned or trained from scratch.

    `fit` trains by masked reconstruction, without labels; `transform` gives one row per object:
    the attention vectors of its observations, pooled. A curve longer than `window_size` is cut
    into windows, which pooling weighs by their observations.

    Parameters
    ----------
    pretrained : str or path, optional
        A name of `sklearn_astromer.weights.WEIGHTS` (``"macho"`` is downloaded at the first use),
        or the path of a folder written by `save_pretrained`, of the official zip, or of its
        unpacked TensorFlow checkpoint. None: a fresh encoder (Xavier initialisation).
    d_model, n_layers, n_heads, d_ff : int
        Sizes of a fresh encoder. With `pretrained` its own sizes hold, and asking here for others
        than these and the defaults is an error; the same goes for the next six.
    residual, mask_token, scaled_inputs, pe_base, pe_exponent, min_period
        Further options of a fresh encoder, see `EncoderConfig`; the defaults are ASTROMER 1.
        `min_period` in days.
    dropout : float
        While training.
    window_size : int
        The most observations the encoder sees at once.
    pooling : {"mean", "mean_std", "max", "layers"} or None
        What a row is: the mean of the attention vectors over the observations; mean and standard
        deviation; the maximum; the mean of the input embedding and of every block. None:
        `transform` gives a list of arrays (n_i, d_model), one vector per observation.
    max_epochs : int
        Passes over the training windows; 0 keeps the encoder as it came, and costs nothing.
    batch_size : int
        Windows in a training step; `transform` also never holds more.
    lr : float, optional
        Learning rate of Adam. None: 1e-3 for a fresh encoder, 1e-5 with `pretrained`, whose
        embeddings greater ones soon spoil while the reconstruction still improves
        (``benchmarks/fine_tuning.py``).
    warmup_steps : int, optional
        Steps in which the learning rate rises linearly to `lr`, to fall as 1/√step afterwards
        (Donoso-Oliva et al. 2023, eq. 5, whose own peak is ``(d_model · warmup_steps)**-0.5``).
        None: it is constant.
    patience : int, optional
        Stop when the validation RMSE has not fallen for so many epochs. None: never.
    validation_fraction : float or None
        Objects (all bands of an id together) kept for early stopping; the weights of the best
        epoch are restored. None: no validation, the last weights stay.
    probed_fraction, random_fraction, same_fraction : float
        Observations asked for in training, and those of them that are shown with another
        magnitude or their own instead of being hidden (§4.3). Validation hides all it asks for.
    device : str or torch.device
        ``"auto"``: the GPU if torch sees one.
    precision : {"auto", "float32", "bfloat16"}
        ``"auto"``: float32 on a CPU, bfloat16 autocast on a GPU that has it.
    random_state : int, RandomState instance or None
        Fixes initialisation, split, masks, order and dropout. Global generators are not touched.
    verbose : int
        1: a progress bar while training.

    Attributes
    ----------
    module_ : torch.nn.Module
        Encoder and decoder, on the CPU.
    history_ : DataFrame
        A row per epoch: epoch, train_rmse, valid_rmse (magnitudes; with `scaled_inputs` in units
        of each window's standard deviation), lr, seconds, best (so far).
    n_features_in_ : int
        Only if X was a 2-D array.

    Notes
    -----
    `clone` gives an unfitted copy, as everywhere in scikit-learn: to use one fitted encoder inside
    another estimator without refitting it, wrap it in `sklearn.frozen.FrozenEstimator`.

    References
    ----------
    Donoso-Oliva et al. 2023, A&A 670, A54, "ASTROMER: a transformer-based embedding for the
    representation of light curves".

    Examples
    --------
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> curves, labels = make_variable_stars(20, random_state=0)
    >>> embedder = AstromerEmbedder(d_model=16, d_ff=16, max_epochs=1, random_state=0)
    >>> embedder.fit_transform(curves).shape
    (20, 16)
    """

    def __init__(
        self,
        pretrained: str | os.PathLike[str] | None = None,
        *,
        d_model: int = 256,
        n_layers: int = 2,
        n_heads: int = 4,
        d_ff: int = 128,
        residual: bool = False,
        mask_token: bool = False,
        scaled_inputs: bool = False,
        pe_base: float = 10000.0,
        pe_exponent: float = 2.0,
        min_period: float = 2 * math.pi,
        dropout: float = 0.1,
        window_size: int = 200,
        pooling: str | None = "mean",
        max_epochs: int = 10,
        batch_size: int = 32,
        lr: float | None = None,
        warmup_steps: int | None = None,
        patience: int | None = 3,
        validation_fraction: float | None = 0.2,
        probed_fraction: float = 0.5,
        random_fraction: float = 0.2,
        same_fraction: float = 0.2,
        device: str | torch.device = "auto",
        precision: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.pretrained = pretrained
        self.d_model = d_model
        self.n_layers = n_layers
        self.n_heads = n_heads
        self.d_ff = d_ff
        self.residual = residual
        self.mask_token = mask_token
        self.scaled_inputs = scaled_inputs
        self.pe_base = pe_base
        self.pe_exponent = pe_exponent
        self.min_period = min_period
        self.dropout = dropout
        self.window_size = window_size
        self.pooling = pooling
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.warmup_steps = warmup_steps
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.probed_fraction = probed_fraction
        self.random_fraction = random_fraction
        self.same_fraction = same_fraction
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    # -- learning --------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None) -> AstromerEmbedder:
        """Train the encoder by masked reconstruction.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not what `as_light_curves` takes, a parameter is out of range, or `pretrained`
            cannot be had.
        FloatingPointError
            If the loss is no longer finite.
        """
        self._check_parameters()
        device = resolve_device(self.device)
        dtype = resolve_dtype(self.precision, device)
        curves = self._read(X, reset=True)
        if len(curves) == 0:
            raise ValueError("there are no light curves to fit")
        rng = check_random_state(self.random_state)
        seed, split_seed, train_seed, valid_seed = rng.randint(np.iinfo(np.int32).max, size=4)
        with isolated_seed(int(seed), device):
            module = self._make_module()
            history = history_frame(ReconstructionRMSE.figure)
            if self.max_epochs > 0:
                kept, valid = self._split(curves, int(split_seed))
                fractions = {
                    "probed": self.probed_fraction,
                    "random": self.random_fraction,
                    "same": self.same_fraction,
                }
                relative = module.encoder.config.scaled_inputs
                history = train(
                    module,
                    ReconstructionRMSE(),
                    Reconstruction(kept, int(train_seed), False, fractions, relative),
                    None if valid is None else self._hidden(valid, int(valid_seed), relative),
                    max_epochs=self.max_epochs,
                    batch_size=self.batch_size,
                    lr=self._learning_rate(),
                    warmup_steps=self.warmup_steps,
                    patience=self.patience,
                    device=device,
                    dtype=dtype,
                    progress=self.verbose > 0,
                )
        self.module_ = module.cpu().eval()
        self.history_ = history
        return self

    def _check_parameters(self) -> None:
        if self.pooling is not None and self.pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {POOLINGS} or None, got {self.pooling!r}")
        for name, low in (("max_epochs", 0), ("batch_size", 1), ("window_size", 1)):
            if getattr(self, name) < low:
                raise ValueError(f"{name} must be at least {low}, got {getattr(self, name)}")

    def _make_module(self) -> Astromer:
        names = {field.name for field in dataclasses.fields(EncoderConfig)}
        asked = {name: value for name, value in self.get_params().items() if name in names}
        return make_network(self.pretrained, EncoderConfig(**asked))

    def _learning_rate(self) -> float:
        if self.lr is not None:
            return self.lr
        return FRESH_LR if self.pretrained is None else FINE_TUNING_LR

    def _split(self, curves: Any, seed: int) -> tuple[Windows, Windows | None]:
        if self.validation_fraction is None:
            return Windows(curves, self.window_size), None
        valid = split_stars(curves.ids, self.validation_fraction, seed)
        return (
            Windows(curves[~valid], self.window_size),
            Windows(curves[valid], self.window_size),
        )

    def _hidden(self, windows: Windows, seed: int, relative: bool = False) -> Reconstruction:
        """Ask for observations that are all hidden, the same at every pass."""
        fractions = {"probed": self.probed_fraction, "random": 0.0, "same": 0.0}
        return Reconstruction(windows, seed, True, fractions, relative)

    # -- using -----------------------------------------------------------------------------------

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
        container = _get_output_config("transform", self)["dense"]
        if self.pooling is None and container != "default":
            raise ValueError(
                f"pooling=None gives a list of arrays of different lengths, which is no {container}"
                " table: choose a pooling, or set_output(transform='default')"
            )
        curves = self._read(X, reset=False)
        windows = Windows(curves, self.window_size)
        if self.pooling is None:
            return self._vectors(windows)
        rows = self._pooled(windows, self.pooling)
        if container == "pandas" and not isinstance(X, (np.ndarray, list, tuple)):
            return pd.DataFrame(rows, index=getattr(X, "index", curves.ids))
        return rows

    def _pooled(self, windows: Windows, pooling: str) -> NDArray[np.float32]:
        config = self.module_.encoder.config
        per_row = {"mean": 1, "max": 1, "mean_std": 2, "layers": config.n_layers + 1}[pooling]
        if len(windows) == 0:
            return np.empty((0, per_row * config.d_model), dtype=np.float32)

        def pooled(
            module: Astromer, _: Any, time: Tensor, mag: Tensor, mask: Tensor | None
        ) -> Tensor:
            return pool_windows(module.encoder.all_layers(time, mag, mask), mask, pooling)

        per_window = np.empty((len(windows), per_row, config.d_model), dtype=np.float32)
        for batch, result in self._run(pooled, windows):
            per_window[batch] = result
        first = np.flatnonzero(np.diff(windows.object, prepend=-1))
        return combine_windows(per_window, windows.length, first, pooling)

    def _vectors(self, windows: Windows) -> list[NDArray[np.float32]]:
        d_model = self.module_.encoder.config.d_model
        flat = np.empty((len(windows.curves.time), d_model), dtype=np.float32)

        def vectors(
            module: Astromer, _: Any, time: Tensor, mag: Tensor, mask: Tensor | None
        ) -> Tensor:
            return module.encoder(time, mag, mask)

        for batch, result in self._run(vectors, windows):
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
        windows = Windows(curves, self.window_size)
        flat_hidden = windows.join_hidden(hidden)
        flat = np.empty(len(curves.time), dtype=np.float32)

        def magnitudes(
            module: Astromer,
            batch: NDArray[np.int64],
            time: Tensor,
            mag: Tensor,
            mask: Tensor | None,
        ) -> Tensor:
            unseen = None
            if flat_hidden is not None:
                where, real = windows.positions(batch)
                unseen = torch.from_numpy(flat_hidden[where] & real).to(time.device)
            return module(time, mag, mask, unseen)

        for batch, result in self._run(magnitudes, windows):
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
        windows = Windows(self._read(X, reset=False), self.window_size)
        criterion = ReconstructionRMSE()
        squares, count = 0.0, 0.0
        for seen, asked in Loader(self._hidden(windows, seed=0), self.batch_size):
            with torch.inference_mode(), autocast(device, dtype):
                predicted = module(**{name: value.to(device) for name, value in seen.items()})
            total, n = criterion.totals(predicted.cpu(), asked)
            squares, count = squares + float(total), count + float(n)
        if count == 0:
            raise ValueError("no window has two observations: nothing can be hidden and compared")
        return -math.sqrt(squares / count)

    def _run(self, function: Any, windows: Windows) -> Any:
        device = resolve_device(self.device)
        bound = self.batch_size * self.window_size
        if device.type == "cpu":
            bound = min(bound, CPU_BATCH_OBSERVATIONS)
        return run_windows(
            partial(function, self._network(device)),
            windows,
            windows.batches(bound),
            device=device,
            dtype=resolve_dtype(self.precision, device),
        )

    def _network(self, device: torch.device) -> Astromer:
        """Return the fitted network on `device`; the fitted one itself never leaves the CPU."""
        if device.type == "cpu":
            return self.module_
        return copy.deepcopy(self.module_).to(device)

    # -- keeping ---------------------------------------------------------------------------------

    def save_pretrained(self, path: str | os.PathLike[str]) -> None:
        """Write the network as a folder that ``pretrained=path`` reads (safetensors and JSON).

        Parameters
        ----------
        path : path
            The folder; one written by this method before is replaced, at once and whole.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        ValueError
            If something else is at `path`.
        """
        check_is_fitted(self, "module_")
        best = self.history_["valid_rmse"].min()
        info = {} if np.isnan(best) else {"valid_rmse": float(best)}
        write_folder(path, make_checkpoint(self.module_, self.window_size, info))

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
            If ``pooling=None``, which gives no columns.
        """
        check_is_fitted(self, "module_")
        config = self.module_.encoder.config
        if self.pooling is None:
            raise ValueError("pooling=None gives a list of arrays, which has no feature names")
        parts = {
            "mean": ["mean"],
            "mean_std": ["mean", "std"],
            "max": ["max"],
            "layers": [f"layer{i}" for i in range(config.n_layers + 1)],
        }[self.pooling]
        return np.array(
            [f"astromerembedder_{part}_{i}" for part in parts for i in range(config.d_model)],
            dtype=object,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
