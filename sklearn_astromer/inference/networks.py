"""Networks from checkpoints, and back."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import torch

from sklearn_astromer import weights
from sklearn_astromer._forks import refuse_fork
from sklearn_astromer.config import WINDOW_SIZE, EncoderConfig
from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.plain import from_plain
from sklearn_astromer.weights.checkpoint import Checkpoint
from sklearn_astromer.weights.record import untrained


def make_network(
    pretrained: str | os.PathLike[str] | None,
    fresh: EncoderConfig,
    window_size: int = WINDOW_SIZE,
    dropout: float | None = None,
) -> tuple[Astromer, dict[str, Any]]:
    """Make a fresh network, or one with pretrained weights.

    Parameters
    ----------
    pretrained : str, path or None
        See `sklearn_astromer.weights.load`.
    fresh : EncoderConfig
        Of a fresh network.
    window_size : int
        Of the windows that it is to read.
    dropout : float, optional
        In training; None: that of the configuration.

    Returns
    -------
    network : Astromer
    info : dict
        What the checkpoint knows of the weights; of a fresh network that it is untrained.

    Warns
    -----
    UserWarning
        If that is the default, and the weights were trained on windows of another size.

    Raises
    ------
    ValueError
        As `sklearn_astromer.weights.load`.
    RuntimeError
        See `refuse_fork`.
    """
    refuse_fork(torch.device("cpu"))
    if pretrained is None:
        config = fresh if dropout is None else dataclasses.replace(fresh, dropout=dropout)
        return Astromer(config), {"training": untrained()}
    checkpoint = weights.load(pretrained)
    if window_size == WINDOW_SIZE != checkpoint.window_size:
        warn(
            f"{pretrained!r} was trained on windows of {checkpoint.window_size} observations, and "
            f"window_size is {window_size}: embeddings differ from those of "
            f"window_size={checkpoint.window_size}"
        )
    try:
        return network_of(checkpoint, dropout), checkpoint.info
    except ValueError as error:
        raise ValueError(f"pretrained={pretrained!r}: {error}") from error


def network_of(checkpoint: Checkpoint, dropout: float | None = None) -> Astromer:
    """Make the network of a checkpoint, in evaluation mode.

    Raises
    ------
    ValueError
        If names or shapes of its tensors are not those of the network.
    """
    options = dataclasses.asdict(checkpoint.config)
    if dropout is not None:
        options["dropout"] = dropout
    plain = {"network": "Astromer", "options": options, "tensors": checkpoint.tensors}
    network: Astromer = from_plain(plain)
    return network


def make_checkpoint(network: Astromer, window_size: int, info: dict[str, Any]) -> Checkpoint:
    """Return what `make_network` needs to make the network again."""
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    config = dataclasses.replace(network.encoder.config)
    return Checkpoint(config, tensors, info, window_size)
