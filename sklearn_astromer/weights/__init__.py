"""Pretrained weights: what exists, where it is cached, and reading it without TensorFlow.

>>> from sklearn_astromer.weights import WEIGHTS
>>> WEIGHTS["macho"].licence
'MIT'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sklearn_astromer.weights.checkpoint import Checkpoint
from sklearn_astromer.weights.registry import WEIGHTS, WeightsEntry
from sklearn_astromer.weights.store import cache_dir, fetch, load

if TYPE_CHECKING:
    from sklearn_astromer.weights.card import make_card
    from sklearn_astromer.weights.hub import push
    from sklearn_astromer.weights.record import compare

__all__ = [
    "WEIGHTS",
    "Checkpoint",
    "WeightsEntry",
    "cache_dir",
    "compare",
    "fetch",
    "load",
    "make_card",
    "push",
]

# They need pandas or a client of the Hub: imported when first asked for.
_LATER = {"compare": "record", "make_card": "card", "push": "hub"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
