"""Pretrained weights: what exists, where it is cached, and reading it without TensorFlow.

>>> from sklearn_astromer.weights import WEIGHTS
>>> WEIGHTS["macho"].licence
'MIT'
"""

from sklearn_astromer.weights.card import make_card
from sklearn_astromer.weights.checkpoint import Checkpoint
from sklearn_astromer.weights.comparison import compare
from sklearn_astromer.weights.registry import WEIGHTS, WeightsEntry
from sklearn_astromer.weights.store import cache_dir, fetch, load

__all__ = [
    "WEIGHTS",
    "Checkpoint",
    "WeightsEntry",
    "cache_dir",
    "compare",
    "fetch",
    "load",
    "make_card",
]
