"""Networks from checkpoints, and back."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import torch

from sklearn_astromer import weights
from sklearn_astromer._forks import refuse_fork
from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.modules.config import EncoderConfig
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.weights.checkpoint import Checkpoint
from sklearn_astromer.weights.record import untrained

WINDOW_SIZE = 200  # the default, as in the paper


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
    found: dict[str, Any] = {k: v for k, v in checkpoint.config.items() if k != "window_size"}
    found["dropout"] = asked.dropout
    trained_on = checkpoint.config["window_size"]
    if window_size == WINDOW_SIZE != trained_on:
        warn(
            f"{pretrained!r} was trained on windows of {trained_on} observations, and window_size "
            f"is {window_size}: embeddings differ from those of window_size={trained_on}"
        )
    for field in dataclasses.fields(EncoderConfig):
        value = getattr(asked, field.name)
        if value not in (found[field.name], field.default):
            raise ValueError(
                f"{field.name}={value!r} does not fit pretrained={pretrained!r}, which has "
                f"{found[field.name]!r}: leave it at its default"
            )
    network = Astromer(EncoderConfig(**found))
    network.load_state_dict({k: torch.from_numpy(v) for k, v in checkpoint.tensors.items()})
    return network, checkpoint.info


def make_checkpoint(network: Astromer, window_size: int, info: dict[str, Any]) -> Checkpoint:
    """Return what `make_network` needs to make the network again."""
    config = dataclasses.asdict(network.encoder.config) | {"window_size": window_size}
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    return Checkpoint(config, tensors, info)
