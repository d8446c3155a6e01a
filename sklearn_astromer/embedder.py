"""AstromerEmbedder: light curves to vectors."""

from __future__ import annotations

import copy
import dataclasses
import os
from collections.abc import Collection
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_astromer._embedder_base import EmbeddingBase
from sklearn_astromer._estimator_base import (
    check_errors,
    diagram,
    isolated_seed,
    name_of_weights,
    resolve_device,
    resolve_dtype,
    split_stars,
    whole_or_not,
)
from sklearn_astromer._sharing import Sharing
from sklearn_astromer.config import WINDOW_SIZE, EncoderConfig, as_config
from sklearn_astromer.inference.networks import make_network
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.training.augmentation import chosen_changes
from sklearn_astromer.training.callbacks import history_frame
from sklearn_astromer.training.loop import train
from sklearn_astromer.training.processes import Processes, make_accelerator
from sklearn_astromer.training.reconstruction import Reconstruction, ReconstructionRMSE
from sklearn_astromer.training.recording import record_reconstruction

FRESH_LR = 1e-3
FINE_TUNING_LR = 1e-4
FRESH_DROPOUT = 0.1
FRESH_EPOCHS = 10


class AstromerEmbedder(Sharing, EmbeddingBase):
    """Embed light curves by an ASTROMER encoder, pretrained, fine-tuned or trained from scratch.

    `fit` trains by masked reconstruction, without labels; `transform` gives one row per object:
    the attention vectors of its observations, pooled. A curve longer than `window_size` is cut
    into windows, which pooling weighs by their observations.

    Parameters
    ----------
    pretrained : str or path, optional
        A name of `sklearn_astromer.weights.WEIGHTS` (``"macho"`` is downloaded at the first use);
        an address, ``"hf://user/repository"``, ``"doi:10.…"`` or ``"https://…"``, see
        `sklearn_astromer.weights.load`; or the path of a folder written by `save_pretrained`, of
        the official zip, or of its unpacked TensorFlow checkpoint. None: a fresh encoder (Xavier
        initialisation).
    pooling : {"mean", "mean_std", "max", "layers"} or None
        What a row is: the mean of the attention vectors over the observations; mean and standard
        deviation; the maximum; the mean of the input embedding and of every block. None:
        `transform` gives a list of arrays (n_i, d_model), one vector per observation.
    periods_in_row : bool
        With own periods: append the decimal logarithms of the frequencies (1/days) of the peaks
        of the object's periodogram, and their powers, see `Peaks`.
    shared_periods : bool
        With own periods: one periodogram for all rows of an id, the bands of a star, each about
        its own mean magnitude. For `MultiBandEmbedder`, or `LightCurves` in several bands.
    window_size : int
        The most observations the encoder sees at once.
    max_epochs : int, optional
        Passes over the training windows. None: 10 for a fresh encoder, and 0 with `pretrained`,
        which takes the weights as they are and costs nothing.
    batch_size : int
        Windows in a training step.
    lr : float, optional
        Learning rate of Adam. None: 1e-3 for a fresh encoder, 1e-4 with `pretrained`. A larger
        rate improves the reconstruction of pretrained weights, but not their embeddings
        (``benchmarks/fine_tuning.py``).
    warmup_steps : int, optional
        Steps in which the learning rate rises linearly to `lr`, to fall as 1/√step afterwards
        (Donoso-Oliva et al. 2023, eq. 5, whose own peak is ``(d_model · warmup_steps)**-0.5``).
        None: it is constant.
    cosine : bool
        After `warmup_steps`, let it fall to zero along a cosine over `max_epochs` instead.
    patience : int, optional
        Stop when the validation RMSE has not fallen for so many epochs. None: never.
    validation_fraction : float or None
        Objects (all bands of an id together) kept for early stopping; the weights of the best
        epoch are restored. None: no validation, the last weights stay.
    probed_fraction, random_fraction, same_fraction : float
        Observations asked for in training, and those of them that are shown with another
        magnitude or their own instead of being hidden (§4.3). Validation hides all it asks for.
    augment : bool or collection of {"thin", "reverse", "shift", "crop", "jitter"}
        Show windows changed in training, see `sklearn_astromer.training.augmentation.augment`.
        True: the first three. ``"jitter"`` needs errors.
    error_weighted : bool
        In training and validation, weigh an observation by 1/σ² over the mean of that in its
        window. Needs errors.
    part_windows : int, optional
        Windows whose gradients are computed at once, to be summed over a batch: for batches larger
        than the memory of a GPU. None: all of them; on a CPU as many as its cache holds.
    compile : bool
        Train what `torch.compile` makes of the network, and on a GPU embed by it: twice as fast
        there, after half a minute.
    warm_start : bool
        Let `fit` go on from the weights of the fit before instead of beginning anew. The network,
        its dropout included, stays what it was.
    checkpoint : path, optional
        A file in which `fit` writes, every `checkpoint_minutes` and at its end, all that it needs
        to go on. Where the file is there, `fit` goes on from it, and a run that was killed ends
        with the same losses as one that was not (on the same hardware). It then asks for the same
        light curves and parameters; more `max_epochs` prolong the run. `partial_fit` leaves it
        alone.
    checkpoint_minutes : float
        0 writes after every step.
    log_dir : path, optional
        Write the figures of every epoch there for TensorBoard
        (``sklearn_astromer[tensorboard]``).
    device : str or torch.device
        ``"auto"``: the GPU if torch sees one. ``"accelerate"``: whatever ``accelerate launch
        script.py`` gives each of its processes, which then train together; every one reads the
        same X, takes its share of each batch of `batch_size` windows, and ends with the same
        weights. (On CPUs: ``ACCELERATE_USE_CPU=true torchrun script.py``.) Needs
        ``sklearn_astromer[accelerate]``.
    precision : {"auto", "float32", "bfloat16"}
        ``"auto"``: float32 on a CPU, bfloat16 autocast on a GPU that has it. On a CPU that has it
        bfloat16 embeds 1.6 to 1.9 times as fast, and rows of 11 415 real curves had a cosine to
        those of float32 of 0.9999 (``benchmarks/agreement.py``); on a GPU those by ``macho`` had
        it in 97 to 99 % of a catalog (``benchmarks/gpu.py``).
    random_state : int, RandomState instance or None
        Fixes initialisation, split, masks, order and dropout. Global generators are not touched.
    verbose : int
        1: a progress bar while training.
    architecture : str or EncoderConfig
        Of a fresh encoder: ``"astromer1"`` (the paper's), ``"astromer2"``, ``"periods"`` (the one
        of ``"surveys-periods"``), or an `EncoderConfig`, whose hyperparameters are reached as
        ``architecture__d_model`` and so on. With `pretrained` its own holds, and asking for
        another is an error.
    dropout : float, optional
        While training. None: 0.1 for a fresh encoder, 0 with `pretrained`: without residuals,
        dropout changes the vectors far more than curves differ, and fine-tuning with it gains
        nothing (``benchmarks/fine_tuning.py``).

    Attributes
    ----------
    module_ : torch.nn.Module
        Encoder and decoder, on the CPU.
    history_ : DataFrame
        A row per epoch: epoch, train_rmse, valid_rmse (magnitudes; with `scaled_inputs` in units
        of each window's standard deviation), train_r2, valid_r2 (the share of the variance about
        the windows' means that is reconstructed), lr, seconds, best (so far).
    n_passes_ : int
        Calls of `fit` and `partial_fit` that the weights have gone through.
    training_ : dict or None
        What they have learned from, as JSON has it: objects, observations, windows, bands,
        quantiles of what the objects are like, losses, parameters. None: not trained here.
    info_ : dict
        What `save_pretrained` keeps beside the weights: ``training_``, or, where there was no
        training, all that is known of the weights as they were loaded.
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
    >>> from sklearn_astromer import AstromerEmbedder, EncoderConfig
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> curves, labels = make_variable_stars(20, random_state=0)
    >>> tiny = EncoderConfig(d_model=16)
    >>> embedder = AstromerEmbedder(architecture=tiny, max_epochs=1, random_state=0)
    >>> embedder.fit_transform(curves).shape
    (20, 16)
    """

    def __init__(
        self,
        pretrained: str | os.PathLike[str] | None = None,
        *,
        pooling: str | None = "mean",
        periods_in_row: bool = False,
        shared_periods: bool = False,
        window_size: int = WINDOW_SIZE,
        max_epochs: int | None = None,
        batch_size: int = 32,
        lr: float | None = None,
        warmup_steps: int | None = None,
        cosine: bool = False,
        patience: int | None = 3,
        validation_fraction: float | None = 0.2,
        probed_fraction: float = 0.5,
        random_fraction: float = 0.2,
        same_fraction: float = 0.2,
        augment: bool | str | Collection[str] = False,
        error_weighted: bool = False,
        part_windows: int | None = None,
        compile: bool = False,
        warm_start: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float = 10.0,
        log_dir: str | os.PathLike[str] | None = None,
        device: str | torch.device = "auto",
        precision: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        architecture: str | EncoderConfig = "astromer1",
        dropout: float | None = None,
    ) -> None:
        self.pretrained = pretrained
        self.architecture = architecture
        self.dropout = dropout
        self.window_size = window_size
        self.pooling = pooling
        self.periods_in_row = periods_in_row
        self.shared_periods = shared_periods
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.warmup_steps = warmup_steps
        self.cosine = cosine
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.probed_fraction = probed_fraction
        self.random_fraction = random_fraction
        self.same_fraction = same_fraction
        self.augment = augment
        self.error_weighted = error_weighted
        self.part_windows = part_windows
        self.compile = compile
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.checkpoint_minutes = checkpoint_minutes
        self.log_dir = log_dir
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
        epochs = self._chosen(self.max_epochs, fresh=FRESH_EPOCHS, pretrained=0)
        if self.warm_start and hasattr(self, "module_"):
            return self._train(X, self.module_, epochs, self.n_passes_)
        return self._train(X, None, epochs)

    def partial_fit(self, X: Any, y: Any = None) -> AstromerEmbedder:
        """Train for one more pass over X, from the weights as they are.

        For catalogs that come in pieces. Adam begins anew at every call, and nothing is kept for
        validation, so use it with large pieces and a small `lr`.

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
        TypeError, ValueError, FloatingPointError
            As `fit`.
        """
        passes = getattr(self, "n_passes_", 0)
        return self._train(X, getattr(self, "module_", None), 1, passes, validate=False)

    @whole_or_not
    def _train(
        self,
        X: Any,
        module: Astromer | None,
        epochs: int,
        passes: int = 0,
        validate: bool = True,
    ) -> AstromerEmbedder:
        """Train a new network, or a copy of `module`; `passes` were made before."""
        self._check_parameters()
        device = resolve_device(self.device)
        dtype = resolve_dtype(self.precision, device)
        accelerator = make_accelerator() if self.device == "accelerate" else None
        processes = Processes()
        if accelerator is not None:
            processes = Processes(accelerator.process_index, accelerator.num_processes)
        curves = self._read(X, reset=module is None)
        if len(curves) == 0:
            raise ValueError("there are no light curves to fit")
        rng = check_random_state(self.random_state)
        seeds = rng.randint(np.iinfo(np.int32).max, size=(passes + 1, 4))
        seed, _, train_seed, _ = map(int, seeds[-1])
        # the same validation part in every pass, or it were trained on in the others
        _, split_seed, _, valid_seed = map(int, seeds[0])
        history = history_frame(ReconstructionRMSE)
        # each process has its own dropout; the weights of the first are given to all
        with isolated_seed(seed + processes.rank, device):
            if module is None:
                module, self.info_ = self._make_module()
                self.training_ = None
            else:
                module = copy.deepcopy(module)
            if epochs > 0:
                valid = self._split(curves, split_seed) if validate else None
                config = module.encoder.config
                kept = self._windows(curves, config=config)
                kept = kept if valid is None else kept.of(~valid)
                asking: dict[str, Any] = {
                    "device": device,
                    "relative": config.scaled_inputs,
                    "weighted": self.error_weighted,
                    "processes": processes,
                }
                changes = chosen_changes(self.augment)
                if self.error_weighted or "jitter" in changes:
                    check_errors(curves)
                asked_of_valid = None
                if valid is not None:
                    asked_of_valid = self._hidden(curves, valid, config, valid_seed, **asking)
                lr = self._chosen(self.lr, fresh=FRESH_LR, pretrained=FINE_TUNING_LR)
                history = train(
                    module,
                    ReconstructionRMSE(),
                    Reconstruction(
                        kept, train_seed, False, self._fractions, changes=changes, **asking
                    ),
                    asked_of_valid,
                    max_epochs=epochs,
                    batch_size=self.batch_size,
                    lr=lr,
                    warmup_steps=self.warmup_steps,
                    cosine=self.cosine,
                    patience=self.patience,
                    device=device,
                    dtype=dtype,
                    progress=self.verbose > 0,
                    resume=self._resume(curves, passes=passes) if validate else None,
                    accelerator=accelerator,
                    part_windows=self.part_windows,
                    compiled=self.compile,
                    log_dir=self.log_dir,
                )
                self.training_ = record_reconstruction(
                    self, curves, valid, windows=len(kept), history=history, config=config, lr=lr
                )
                self.info_ = {"training": self.training_}
                if (best := self.training_["valid_rmse"]) is not None:
                    self.info_["valid_rmse"] = best
        self.module_ = module.cpu().eval()
        self.history_ = history
        self.n_passes_ = passes + 1
        return self

    def _make_module(self) -> tuple[Astromer, dict[str, Any]]:
        dropout = self._chosen(self.dropout, fresh=FRESH_DROPOUT, pretrained=0.0)
        asked = dataclasses.replace(as_config(self.architecture), dropout=dropout)
        return make_network(self.pretrained, asked, self.window_size)

    def _chosen(self, value: Any, *, fresh: Any, pretrained: Any) -> Any:
        """Return a parameter's value, or what None stands for."""
        if value is not None:
            return value
        return fresh if self.pretrained is None else pretrained

    def set_params(self, **params: Any) -> AstromerEmbedder:
        """Set parameters; ``architecture__…`` works for architectures given by name, too."""
        architecture = params.get("architecture", self.architecture)
        if any(name.startswith("architecture__") for name in params):
            params = params | {"architecture": as_config(architecture)}
        super().set_params(**params)
        return self

    def _split(self, curves: LightCurves, seed: int) -> NDArray[np.bool_] | None:
        """Return which objects are for validation; None: there is none."""
        if self.validation_fraction is None:
            return None
        return split_stars(curves.ids, self.validation_fraction, seed)

    def _sk_visual_block_(self) -> Any:
        fitted = hasattr(self, "module_")
        trained = fitted and len(self.history_) > 0
        encoder = self.module_.encoder if fitted else None
        return diagram(self, name_of_weights(self.pretrained, trained), encoder)
