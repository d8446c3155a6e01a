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
    pretrained: str | os.PathLike[str] | None, asked: EncoderConfig, window_size: int = WINDOW_SIZE
) -> tuple[Astromer, dict[str, Any]]:
    """Make a fresh network, or one with pretrained weights.

    Parameters
    ----------
    pretrained : str, path or None
        See `sklearn_astromer.weights.load`.
    asked : EncoderConfig
        With `pretrained`, only its dropout is used, and the rest must agree with the weights
        wherever it is not the default.
    window_size : int
        Of the windows that it is to read.

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
        If `asked` contradicts the weights; and as `sklearn_astromer.weights.load`.
    RuntimeError
        See `refuse_fork`.
    """
    refuse_fork(torch.device("cpu"))
    if pretrained is None:
        return Astromer(asked), {"training": untrained()}
    checkpoint = weights.load(pretrained)
    if window_size == WINDOW_SIZE != checkpoint.window_size:
        warn(
            f"{pretrained!r} was trained on windows of {checkpoint.window_size} observations, and "
            f"window_size is {window_size}: embeddings differ from those of "
            f"window_size={checkpoint.window_size}"
        )
    for field in dataclasses.fields(EncoderConfig):
        value, found = (getattr(each, field.name) for each in (asked, checkpoint.config))
        if value not in (found, field.default) and field.name != "dropout":
            raise ValueError(
                f"{field.name}={value!r} does not fit pretrained={pretrained!r}, which has "
                f"{found!r}: leave it at its default"
            )
    try:
        return network_of(checkpoint, dropout=asked.dropout), checkpoint.info
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
