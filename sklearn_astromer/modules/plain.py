"""Networks as plain values (dicts, strings, numbers and numpy arrays), and back.

What pickles, skops and folders keep of a fitted estimator: none of the three then depends on how
torch and this package spell the modules inside, and reading it runs no code of the file's choice.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch

from sklearn_astromer.config import EncoderConfig
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.heads import LSTMHead, MLPHead, MomentsHead, SkipHead
from sklearn_astromer.weights.checkpoint import refuse_tensors

_HEADS: dict[str, Any] = {
    kind.__name__: kind for kind in (MLPHead, MomentsHead, SkipHead, LSTMHead)
}


def to_plain(module: Any) -> Any:
    """Return a network as a dict ``network``, ``options``, ``tensors``.

    The arrays share their memory with the module. What a dict would not say all of is returned as
    it came: a user's own module, one that is not on the CPU or not in float32.
    """
    options = _options(module)
    if options is None:
        return module
    tensors = module.state_dict()
    if any(t.device.type != "cpu" or t.dtype != torch.float32 for t in tensors.values()):
        return module
    return {
        "network": type(module).__name__,
        "options": options,
        "tensors": {name: np.ascontiguousarray(t.numpy()) for name, t in tensors.items()},
    }


def from_plain(plain: dict[str, Any]) -> Any:
    """Make the network again, in evaluation mode, with copies of the arrays.

    No generator is touched, and no memory taken before the arrays are known to fit.

    Raises
    ------
    ValueError
        If the dict describes no network, or its arrays are not those of the network.
    """
    try:
        name, options, tensors = plain["network"], plain["options"], dict(plain["tensors"])
        with torch.device("meta"):
            if name == Astromer.__name__:
                network = Astromer(EncoderConfig(**options))
            else:
                network = _HEADS[name](**options)
    except (KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ValueError(f"this describes no network of this package: {error!r}") from error
    expected = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    refuse_tensors(
        [f"{key} is missing" for key in expected if key not in tensors]
        + [f"{key} is unknown" for key in tensors if key not in expected]
        + [
            f"{key} is {np.shape(tensors[key])}, expected {shape}"
            for key, shape in expected.items()
            if key in tensors and np.shape(tensors[key]) != shape
        ]
    )
    filled = {key: torch.from_numpy(np.array(tensors[key])) for key in expected}
    network.load_state_dict(filled, assign=True)
    return network.eval()


def _options(module: Any) -> dict[str, Any] | None:
    """Return what the class of a module needs to make it; None: it is none of ours."""
    # by exact type: a subclass may compute something else
    if type(module) is Astromer:
        return dataclasses.asdict(module.encoder.config)
    if type(module) is LSTMHead:
        return {
            "d_in": module.lstm1.input_size,
            "n_outputs": module.dense.out_features,
            "units": module.lstm1.hidden_size,
            "dropout": module.dropout.p,
            "input_dropout": module.input_dropout.p,
        }
    if type(module) not in (MLPHead, MomentsHead, SkipHead):
        return None
    first, last, dropout = module.dense[0], module.dense[-1], module.dense[2]
    options = {
        "d_in": first.in_features,
        "n_outputs": last.out_features,
        "units": first.out_features,
        "dropout": dropout.p,
    }
    if type(module) is MomentsHead:
        options["d_in"] //= 2
    if type(module) is SkipHead:
        options["n_layers"] = len(module.weight)
    return options
