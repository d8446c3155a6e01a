"""Training an encoder: masked reconstruction, and labels beside it where there are some."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from sklearn_astromer.inference.batches import make_windows, own_peaks
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.heads import LabelHead
from sklearn_astromer.periodogram import Peaks
from sklearn_astromer.training.labels import LabelLoss, Labels
from sklearn_astromer.training.loop import Run, train
from sklearn_astromer.training.masking import draw_hidden
from sklearn_astromer.training.parts import Parts
from sklearn_astromer.training.processes import Processes
from sklearn_astromer.training.recipes import Recipe, chosen_changes
from sklearn_astromer.training.reconstruction import Learner, Masked, Reconstruction
from sklearn_astromer.training.validation import check_errors, split_stars
from sklearn_astromer.windows import Windows

HEAD_UNITS, HEAD_DROPOUT = 256, 0.2


class Pretrained(NamedTuple):
    """What `pretrain` did: a row per epoch, which objects validated, and the training windows."""

    history: pd.DataFrame
    valid: NDArray[np.bool_] | None
    windows: int


def pretrain(
    network: Astromer,
    curves: LightCurves,
    labels: Labels | None,
    recipe: Recipe,
    run: Run,
    *,
    window_size: int,
    shared_periods: bool,
    seeds: Sequence[int],
) -> Pretrained:
    """Train a network in place.

    Parameters
    ----------
    network : Astromer
    curves : LightCurves
    labels : Labels, optional
        Of all curves.
    recipe : Recipe
        Resolved.
    run : Run
    window_size, shared_periods
        As of `AstromerEmbedder`.
    seeds : three ints
        Of the split, of training and of validation.
    """
    if recipe.error_weighted or "jitter" in chosen_changes(recipe.augment):
        check_errors(curves)
    split_seed, train_seed, valid_seed = seeds
    valid = None
    if recipe.validation_fraction:
        classes = None if labels is None or labels.classes is None else labels.target
        valid = split_stars(curves.ids, recipe.validation_fraction, split_seed, classes)
    config, device, processes = network.encoder.config, run.device, run.processes
    before = copy.deepcopy(network.state_dict())
    relative = config.scaled_inputs

    def windows_of(some: LightCurves, hidden: NDArray[np.bool_] | None = None) -> Windows:
        return make_windows(some, window_size, config, device, hidden, shared_periods)

    def peaks_of(some: LightCurves) -> Peaks:
        return own_peaks(some, config, device)

    windows = windows_of(curves)
    windows = windows if valid is None else windows.of(~valid)
    parts = None
    if recipe.parts:
        parts = Parts(windows, recipe.parts, train_seed, window_size, peaks_of, device)
    task = Reconstruction(
        windows,
        train_seed,
        False,
        recipe,
        device=device,
        relative=relative,
        processes=processes,
        parts=parts,
        labels=labels,
    )
    asked_of_valid = None
    if valid is not None:
        asked_of_valid = hidden_of(
            curves,
            valid,
            recipe,
            valid_seed,
            window_size=window_size,
            windows_of=windows_of if config.own_periods else None,
            device=device,
            relative=relative,
            processes=processes,
            labels=labels,
        )
    learner: torch.nn.Module = network
    criterion = Masked(recipe.loss)
    if labels is not None:
        head = LabelHead(config.d_model, labels.n_outputs, HEAD_UNITS, HEAD_DROPOUT)
        learner = Learner(network, head)
        known = labels if valid is None else of_some(labels, ~valid)
        loss = LabelLoss(known, recipe.label_smoothing)
        # few labels count little, so that between none and all the loss changes gradually
        weight = recipe.label_weight * known.share
        criterion = Masked(recipe.loss, loss, weight)
    history = train(
        learner,
        criterion,
        task,
        asked_of_valid,
        recipe,
        run,
        encoder="*" if labels is None else "network.*",
    )
    after = network.state_dict()
    for name, weight in after.items():
        weight.lerp_(before[name].to(weight.device), 1 - recipe.blend)
    return Pretrained(history, valid, len(windows))


def hidden_of(
    curves: LightCurves,
    chosen: NDArray[np.bool_] | None,
    recipe: Recipe,
    seed: int,
    *,
    window_size: int,
    windows_of: Callable[[LightCurves, NDArray[np.bool_] | None], Windows] | None,
    device: torch.device,
    relative: bool = False,
    processes: Processes = Processes(),  # noqa: B008, immutable
    labels: Labels | None = None,
) -> Reconstruction:
    """Ask for observations of the chosen light curves, all hidden, the same at every pass.

    `windows_of` makes windows whose periodograms are of the visible observations alone; None: the
    encoder reads none.
    """
    if windows_of is None:  # observations are shared with `curves`, never copied
        windows, hidden = Windows(curves, window_size), None
        windows = windows if chosen is None else windows.of(chosen)
    else:
        if chosen is not None:
            curves, labels = curves[chosen], None if labels is None else of_some(labels, chosen)
        hidden = draw_hidden(Windows(curves, window_size), recipe.probed_fraction, seed)
        windows = windows_of(curves, hidden)
    return Reconstruction(
        windows,
        seed,
        True,
        recipe,
        hidden=hidden,
        device=device,
        relative=relative,
        processes=processes,
        labels=labels,
    )


def of_some(labels: Labels, objects: NDArray[np.bool_]) -> Labels:
    """Return the labels of some objects; the classes stay."""
    return dataclasses.replace(labels, target=labels.target[objects])
