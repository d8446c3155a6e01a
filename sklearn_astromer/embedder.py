"""AstromerEmbedder: light curves to vectors."""

from __future__ import annotations

import copy
import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_astromer._estimator_base import (
    COMMON_CONSTRAINTS,
    TransformerBase,
    diagram,
    isolated_seed,
    name_of_weights,
    resolve_device,
    resolve_dtype,
    run_of,
    whole_or_not,
)
from sklearn_astromer._fields import LARGEST
from sklearn_astromer._forks import refuse_fork
from sklearn_astromer._progress import DELAY, progress_bar
from sklearn_astromer.config import (
    ARCHITECTURES,
    ROW,
    ROW_PARTS,
    WINDOW_SIZE,
    EncoderConfig,
    as_config,
)
from sklearn_astromer.inference import embedding
from sklearn_astromer.inference.batches import make_windows
from sklearn_astromer.inference.networks import make_checkpoint, make_network
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.checks import check_order, warn
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.periodogram.bands import star_pieces, whole_stars
from sklearn_astromer.training.callbacks import history_frame
from sklearn_astromer.training.labels import read_labels
from sklearn_astromer.training.pretraining import hidden_of, pretrain
from sklearn_astromer.training.recipes import Recipe, resolved
from sklearn_astromer.training.reconstruction import hidden_rmse, history_names
from sklearn_astromer.training.recording import record_reconstruction
from sklearn_astromer.weights.card import make_card, with_notes
from sklearn_astromer.weights.checkpoint import Checkpoint, write_folder
from sklearn_astromer.weights.registry import BEST
from sklearn_astromer.windows import Windows, pieces

FRESH = {"lr": 1e-3, "dropout": 0.1, "blend": 1.0}
PRETRAINED = {"lr": 3e-4, "dropout": 0.0, "blend": 0.5}
FRESH_EPOCHS = 10
SUPERVISED_EPOCHS = {True: 25, False: 0}  # with pretrained weights
# What is embedded at a time, so that what is not yet pooled takes little memory.
PIECE_OBSERVATIONS = 2**20
# The same where a progress bar is to move.
STEP_OBSERVATIONS = 2**16
# In a piece of `transform_batches` where a GPU computes one of the former while others are made.
GPU_PIECE_OBSERVATIONS = 2**24
# In a batch of `score`, whatever `batch_size` is: what is hidden is drawn a batch at a time.
SCORED_WINDOWS = 32


class AstromerEmbedder(TransformerBase):
    """Embed light curves by an ASTROMER encoder, pretrained, fine-tuned or trained from scratch.

    `fit` trains by masked reconstruction, and by labels as well if asked to; `transform` gives one
    row per object: the attention vectors of its observations, pooled. A curve longer than
    `window_size` is cut into windows, each weighted by its number of observations.

    Parameters
    ----------
    pretrained : str, path or None, default="surveys-periods"
        A name of `sklearn_astromer.weights.WEIGHTS` (``"macho"`` is downloaded at the first use);
        an address, ``"hf://user/repository"``, ``"doi:10.…"`` or ``"https://…"``, see
        `sklearn_astromer.weights.load`; or the path of a folder written by `save_pretrained`, of
        the official zip, or of its unpacked TensorFlow checkpoint. None: a fresh encoder (Xavier
        initialisation).
    architecture : {"astromer1", "astromer2", "periods"}, EncoderConfig or None, default=None
        Of a fresh encoder: the paper's (which None stands for), its successor's, that of
        ``"surveys-periods"``, or an `EncoderConfig`, whose hyperparameters are reached as
        ``architecture__d_model`` and so on. Pretrained weights have their own architecture: set
        this only with ``pretrained=None``.
    training : {"auto", "astromer1", "periods"} or Recipe, default="auto"
        How `fit` learns: masking, loss, optimiser, learning rate, validation and so on, see
        `Recipe`; reached as ``training__lr`` and so on. ``"auto"``: ``"periods"`` for an encoder
        with own periods, ``"astromer1"`` (the paper's) for others.
    supervised : bool, default=False
        Let `fit` learn the labels `y` beside the masked reconstruction, by a head that is thrown
        away. Labels may be missing: None, NaN, blank, or -1 among whole numbers. Floating-point
        numbers are values to estimate, all else is a class; classes named ``"survey:class"`` are
        told apart within their survey alone.
    row : str, sequence of str or None, default=("mean", "brightness", "periods", "shape")
        What the row of an object holds, in this order: ``"mean"``, ``"std"`` or ``"max"`` of the
        attention vectors over its observations; ``"layers"``, the mean of the input embedding and
        of every block; ``"brightness"``, the mean magnitude; ``"periods"``, the decimal logarithms
        of the frequencies (1/days) and the powers of the periodogram's peaks, see `Peaks`, -4
        and 0 where there is no peak;
        ``"shape"``, the columns of `VariabilityFeatures` that describe the curve folded at the
        first peak and at twice its period, 0 where undefined and for fewer than 17 observations.
        Encoders without own periods have none of the last two. None: `transform` gives a list of
        arrays (n_i, d_model), one vector per observation, in order of time.
    shared_periods : bool, default=None
        For encoders with own periods: compute one periodogram for all rows of an id (the bands of
        a star), each about its own mean magnitude. None: only in a `MultiBandEmbedder`.
    window_size : int, default=200
        The most observations the encoder sees at once.
    max_epochs : int, default=None
        Passes over the training windows. None: 10 for a fresh encoder; with `pretrained` 25 if
        `supervised`, and otherwise 0, which uses the weights as they are.
    batch_size : int, default=32
        Windows in a training step.
    checkpoint : path, default=None
        A file to which `fit` writes its state, every minute (see `Recipe`) and at the end. If the
        file exists, `fit` resumes from it, and ends with the same losses as a run that was not
        interrupted (on the same hardware). To resume, pass the same light curves and parameters;
        a greater `max_epochs` prolongs the run. `partial_fit` does not use it.
    device : str or torch.device, default="auto"
        ``"auto"``: the GPU if torch sees one. ``"accelerate"``: whatever ``accelerate launch
        script.py`` gives each of its processes, which then train together; every one reads the
        same X, takes its share of each batch of `batch_size` windows, and ends with the same
        weights. (On CPUs: ``ACCELERATE_USE_CPU=true torchrun script.py``.) Needs
        ``sklearn_astromer[accelerate]``.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        ``"auto"``: float32 on a CPU, bfloat16 autocast on a GPU that has it. On a CPU that has it
        bfloat16 embeds 1.6 to 1.9 times as fast, and rows of 11 415 real curves had a cosine of
        0.9999 with those of float32 (``benchmarks/agreement.py``); on a GPU, 97 to 99 % of the rows
        of a catalog by ``macho`` had it (``benchmarks/gpu.py``).
    random_state : int, RandomState instance or None, default=None
        Fixes initialisation, split, masks, order and dropout. Global generators are not touched.
    verbose : int, default=0
        1: a progress bar while training, and while `transform` takes more than three seconds.

    Attributes
    ----------
    module_ : torch.nn.Module
        Encoder and decoder, on the CPU.
    history_ : DataFrame
        A row per epoch: epoch; ``train_…`` and ``valid_…`` of ``loss`` (unless that is the RMSE
        alone), ``rmse`` (magnitudes; with `scaled_inputs` in units of each window's standard
        deviation), ``r2`` (the share of the variance about the windows' means that is
        reconstructed) and, with labels, ``label_loss``; lr, seconds, best (so far). They are of
        the trained weights, before ``training__blend`` of them are kept; ``valid_…`` are NaN
        without a ``training__validation_fraction``. A hidden flare in a window that is otherwise
        quiet makes ``rmse`` large, and the smooth L1 ``loss``, which is clipped, little.
    n_passes_ : int
        Calls of `fit` and `partial_fit` that the weights have gone through.
    training_ : dict or None
        What the weights were trained on, ready for JSON: objects, observations, windows, bands,
        quantiles of the objects' properties, losses, parameters. None: not trained here.
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
    >>> AstromerEmbedder().fit_transform(curves).shape
    (20, 165)
    >>> embedder = AstromerEmbedder(None, architecture=tiny, max_epochs=1, random_state=0)
    >>> embedder.fit_transform(curves).shape
    (20, 17)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **COMMON_CONSTRAINTS,
        "pretrained": [str, os.PathLike, None],
        "architecture": [StrOptions(set(ARCHITECTURES)), EncoderConfig, None],
        "supervised": ["boolean"],
        "row": [StrOptions(set(ROW_PARTS)), tuple, list, None],
        "shared_periods": ["boolean", None],
        "window_size": [Interval(Integral, 1, LARGEST, closed="both")],
        "max_epochs": [Interval(Integral, 0, None, closed="left"), None],
    }

    def __init__(
        self,
        pretrained: str | os.PathLike[str] | None = BEST,
        *,
        architecture: str | EncoderConfig | None = None,
        training: str | Recipe = "auto",
        supervised: bool = False,
        row: str | Sequence[str] | None = ROW,
        shared_periods: bool | None = None,
        window_size: int = WINDOW_SIZE,
        max_epochs: int | None = None,
        batch_size: int = 32,
        checkpoint: str | os.PathLike[str] | None = None,
        device: str | torch.device = "auto",
        precision: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.pretrained = pretrained
        self.architecture = architecture
        self.training = training
        self.supervised = supervised
        self.row = row
        self.shared_periods = shared_periods
        self.window_size = window_size
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.checkpoint = checkpoint
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    # -- learning --------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None) -> AstromerEmbedder:
        """Train the encoder by masked reconstruction, and by labels if `supervised`.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.
        y : array-like of shape (n_objects,), optional
            Labels, of which some may be missing; ignored unless `supervised`.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X is not what `as_light_curves` takes, a parameter is out of range, `pretrained`
            cannot be loaded, or `supervised` is set and y has no labels.
        FloatingPointError
            If the loss is no longer finite.

        Warns
        -----
        UserWarning
            If pretrained weights are trained without labels, which rarely helps.
        """
        self._check_parameters()
        epochs = self.max_epochs
        if epochs is None:
            epochs = FRESH_EPOCHS if self.pretrained is None else SUPERVISED_EPOCHS[self.supervised]
        if epochs == 0 and self.max_epochs is None and (self.training != "auto" or self.checkpoint):
            warn(
                "training and checkpoint change nothing here: pretrained weights are used as they "
                "are, unless supervised=True or max_epochs is passed"
            )
        if epochs > 0 and self.pretrained is not None and not self.supervised:
            warn(
                "without labels, fitting pretrained weights has not made better embeddings in our "
                "tests: compare with max_epochs=0, or pass supervised=True and labels"
            )
        return self._train(X, y, None, epochs)

    def partial_fit(self, X: Any, y: Any = None) -> AstromerEmbedder:
        """Train for one more pass over X, from the weights as they are.

        For catalogs that come in pieces. The optimiser begins anew at every call, and nothing is
        kept for validation, so use it with large pieces and a small ``training__lr``.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.
        y : array-like of shape (n_objects,), optional
            As for `fit`.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError, FloatingPointError
            As `fit`.
        """
        passes = getattr(self, "n_passes_", 0)
        return self._train(X, y, getattr(self, "module_", None), 1, passes, validate=False)

    @whole_or_not
    def _train(
        self,
        X: Any,
        y: Any,
        module: Astromer | None,
        epochs: int,
        passes: int = 0,
        validate: bool = True,
    ) -> AstromerEmbedder:
        """Train a new network, or a copy of `module`; `passes` were made before."""
        self._check_parameters()
        run = run_of(self, epochs)
        curves = self._read(X, reset=module is None)
        if len(curves) == 0:
            raise ValueError("there are no light curves to fit")
        check_order(curves, y)
        labels = read_labels(y, len(curves)) if self.supervised and epochs > 0 else None
        rng = check_random_state(self.random_state)
        seeds = rng.randint(np.iinfo(np.int32).max, size=(passes + 1, 4))
        seed, *others = map(int, seeds[-1])
        # each process has its own dropout; the weights of the first are given to all
        with isolated_seed(seed + run.processes.rank, run.device):
            if module is None:
                module, self.info_ = self._make_module()
                self.training_: dict[str, Any] | None = None
            else:
                module = copy.deepcopy(module)
            recipe = self._recipe(module.encoder.config)
            if not validate:  # many passes, each of which begins with the one before
                recipe = dataclasses.replace(recipe, blend=1.0, validation_fraction=0.0)
            self.history_ = history_frame(history_names(recipe.loss))
            if epochs > 0:
                if validate:
                    given = [] if labels is None else labels.arrays
                    if self.pretrained is not None:  # the path of which may hold others meanwhile
                        given += [tensor.numpy() for tensor in module.state_dict().values()]
                    run = run._replace(resume=self._resume(curves, recipe, *given))
                found = pretrain(
                    module,
                    curves,
                    labels,
                    recipe,
                    run,
                    window_size=self.window_size,
                    shared_periods=bool(self.shared_periods),
                    seeds=others,
                )
                self.history_ = found.history
                self.training_ = record_reconstruction(self, curves, recipe, module, found)
                self.info_ = {"training": self.training_}
                if (best := self.training_["valid_rmse"]) is not None:
                    self.info_["valid_rmse"] = best
        self.module_ = module.cpu().eval()
        self.n_passes_ = passes + 1
        return self

    def _make_module(self) -> tuple[Astromer, dict[str, Any]]:
        if self.pretrained is not None and self.architecture is not None:
            raise ValueError(
                f"architecture={self.architecture!r} is of a fresh encoder, and pretrained="
                f"{self.pretrained!r} has its own: pass pretrained=None, or no architecture"
            )
        asked = as_config(self.architecture)
        dropout = self._recipe(asked).dropout
        return make_network(self.pretrained, asked, self.window_size, dropout=dropout)

    def _recipe(self, config: EncoderConfig) -> Recipe:
        """Return the recipe for an encoder, with all its values."""
        auto = "periods" if config.own_periods else "astromer1"
        unset = FRESH if self.pretrained is None else PRETRAINED
        return resolved(self.training, auto, **unset)

    # -- embedding -------------------------------------------------------------------------------

    def transform(self, X: Any) -> Any:
        """Embed light curves.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.

        Returns
        -------
        ndarray of shape (n_objects, n_features_out), float32
            Row i is object i. With ``row=None`` a list of arrays (n_i, d_model). With
            ``set_output(transform="pandas")`` a DataFrame, whose index is that of X, or the ids
            of a `LightCurves`.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        TypeError, ValueError
            If X is not what `as_light_curves` takes.
        """
        return self._embedded(X, self.verbose > 0)

    def _embedded(self, X: Any, shown: bool) -> Any:
        """Return what `transform` does; with a progress bar that is `shown` if it takes long."""
        check_is_fitted(self, "module_")
        self._check_parameters()
        if self.row is None and (container := self._container()) != "default":
            raise ValueError(
                f"row=None gives a list of arrays of different lengths, which is no {container} "
                "table: choose the parts of a row, or set_output(transform='default')"
            )
        curves = self._read(X, reset=False)
        where = self._where()
        encoder = self._network(where["device"]).encoder
        if self.row is None:
            return embedding.vectors(encoder, self._windows(curves), **where)
        rows = np.empty((len(curves), len(self._columns())), dtype=np.float32)
        parts = self._pieces(curves, STEP_OBSERVATIONS if shown else PIECE_OBSERVATIONS)
        windows = (self._windows(curves[part]) for part in parts)
        compiles = bool(self._recipe(encoder.config).compile)
        found = embedding.rows(encoder, windows, self._parts(), compiles=compiles, **where)
        total = len(curves)
        with progress_bar(total=total, unit="object", disable=not shown, delay=DELAY) as bar:
            for part, made in zip(parts, found, strict=True):
                rows[part] = made
                bar.update(len(made))
        return self._indexed(rows, X, curves.ids)

    def transform_batches(self, X: Any, *, progress: bool | None = None) -> Iterator[Any]:
        """Embed a catalog larger than memory, piece by piece.

        Parameters
        ----------
        X : LightCurves, or iterable of what `as_light_curves` takes
            Light curves, such as those of `LightCurves.open_parquet`, are embedded in pieces of
            about a million observations (16 million on a GPU). Of an iterable, each item is a
            piece; with ``shared_periods=True``, a star that continues in the next item is embedded
            with that item.
        progress : bool, optional
            Show a progress bar. None: if `verbose` is at least 1.

        Yields
        ------
        ndarray, list of ndarray or DataFrame
            What `transform` gives for each piece. With ``set_output(transform="pandas")``, the
            index holds the objects' ids.

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As `transform`; and with ``shared_periods=True``, if the rows of a star in an iterable
            are not next to each other.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_astromer import AstromerEmbedder
        >>> from sklearn_astromer.datasets import make_variable_stars
        >>> curves, _ = make_variable_stars(20, random_state=0)
        >>> embedder = AstromerEmbedder().fit(curves)
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
        elif self.shared_periods:
            parts = whole_stars(X)
        shown = self.verbose > 0 if progress is None else progress
        with progress_bar(total=total, unit="object", disable=not shown) as bar:
            for part in parts:
                rows = self._embedded(part, shown=False)
                bar.update(len(rows))
                yield rows

    def reconstruct(self, X: Any, hidden: Any = None) -> list[NDArray[np.float32]]:
        """Reconstruct magnitudes.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.
        hidden : list of bool arrays of shape (n_i,), optional
            True for each observation whose magnitude is hidden from the encoder, in order of time.
            Each window needs one that is visible. None: all are visible.

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
        if len(curves) == 0 and (hidden is None or len(hidden) == 0):
            return []
        flat_hidden = Windows(curves, self.window_size).join_hidden(hidden)
        windows, where = self._windows(curves, flat_hidden), self._where()
        return embedding.magnitudes(self._network(where["device"]), windows, flat_hidden, **where)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the negative RMSE (magnitudes) of hidden observations.

        The recipe's ``probed_fraction`` of each window is hidden, the same ones at every call.

        Parameters
        ----------
        X : LightCurves or array-like
            What `as_light_curves` takes.
        y : ignored

        Returns
        -------
        float
            Greater is better.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        ValueError
            If no window has two observations, or there are no light curves.
        """
        check_is_fitted(self, "module_")
        self._check_parameters()
        where = self._where()
        module, curves = self._network(where["device"]), self._read(X, reset=False)
        if len(curves) == 0:
            raise ValueError("there are no light curves to score")
        recipe = dataclasses.replace(self._recipe(module.encoder.config), loss="rmse")
        windows_of = self._windows if module.encoder.config.own_periods else None
        task = hidden_of(
            curves,
            None,
            recipe,
            0,
            window_size=self.window_size,
            windows_of=windows_of,
            device=where["device"],
        )
        return -hidden_rmse(module, task, SCORED_WINDOWS, **where)

    def _pieces(self, curves: LightCurves, most: int) -> list[slice]:
        """Return pieces of about `most` observations.

        If periods are shared they end where stars end; where rows of a star lie apart, all are one.
        """
        if self.shared_periods:
            return star_pieces(curves, most)
        return list(pieces(curves.offsets, most))

    def _windows(self, curves: LightCurves, hidden: NDArray[np.bool_] | None = None) -> Windows:
        """Return windows for the fitted network, with periods of what is visible."""
        config, device = self.module_.encoder.config, resolve_device(self.device)
        return make_windows(
            curves, self.window_size, config, device, hidden, bool(self.shared_periods)
        )

    def _where(self) -> dict[str, Any]:
        """Return device and dtype of a pass."""
        device = resolve_device(self.device)
        refuse_fork(device)
        return {"device": device, "dtype": resolve_dtype(self.precision, device)}

    def _network(self, device: torch.device) -> Astromer:
        """Return the fitted network on `device`; the fitted one itself never leaves the CPU."""
        if device.type == "cpu":
            return self.module_
        return copy.deepcopy(self.module_).to(device)

    def _parts(self) -> tuple[str, ...]:
        """Return the parts of a row."""
        if self.row is None:
            raise ValueError("row=None gives an array per object and no row: choose its parts")
        return (self.row,) if isinstance(self.row, str) else tuple(self.row)

    def _columns(self) -> list[str]:
        names = embedding.column_names(self._parts(), self.module_.encoder.config)
        return [f"astromerembedder_{name}" for name in names]

    def _check_parameters(self) -> None:
        self._validate_params()
        parts = () if self.row is None else self._parts()
        unknown = [part for part in parts if part not in ROW_PARTS]
        if unknown or (self.row is not None and len(set(parts)) != max(len(parts), 1)):
            raise ValueError(
                f"row must be some of {', '.join(ROW_PARTS)}, each once, got {self.row!r}"
            )

    # -- keeping and sharing ----------------------------------------------------------------------

    def save_pretrained(
        self,
        path: str | os.PathLike[str],
        *,
        licence: str | None = None,
        evaluation: Mapping[str, Any] | pd.DataFrame | None = None,
        command: str | None = None,
        overwrite: bool = False,
    ) -> None:
        """Write the network as a folder that ``pretrained=path`` reads (safetensors and JSON).

        Beside it goes a model card, ``README.md``, see `sklearn_astromer.weights.make_card`.
        `sklearn_astromer.weights.push` publishes the folder.

        Parameters
        ----------
        path : path
            The folder. It appears only when it is complete.
        licence : str, optional
            Of the weights, such as ``"MIT"``. State one before you share them.
        evaluation : mapping or DataFrame, optional
            Scores for the card, preferably on objects that were not trained on.
        command : str, optional
            The command that trained the weights, for the card.
        overwrite : bool, default=False
            Replace weights that are already at `path`.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        TypeError
            If `evaluation` is neither a mapping nor a DataFrame.
        FileExistsError
            If weights are at `path` and `overwrite` is False; or, whatever `overwrite` is, if
            something else is there or the card was edited.
        """
        check_is_fitted(self, "module_")
        notes = {"licence": licence, "evaluation": evaluation, "command": command}
        checkpoint = self._checkpoint(name=os.path.basename(os.path.abspath(path)), **notes)
        write_folder(path, checkpoint, card=make_card(checkpoint), overwrite=overwrite)

    def _checkpoint(self, **notes: Any) -> Checkpoint:
        """Return what a folder keeps of the fitted network."""
        info = getattr(self, "info_", {})  # of an old pickle nothing is known
        return make_checkpoint(self.module_, self.window_size, with_notes(info, **notes))

    def _sk_visual_block_(self) -> Any:
        fitted = hasattr(self, "module_")
        trained = fitted and len(self.history_) > 0
        encoder = self.module_.encoder if fitted else None
        return diagram(self, name_of_weights(self.pretrained, trained), encoder)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.supervised
        return tags
