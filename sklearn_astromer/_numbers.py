"""What must be a number, where scikit-learn is not imported."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np


def check_numbers(kind: type = Real, **values: Any) -> None:
    """Raise TypeError unless all are numbers of a kind (`Real` or `Integral`), and no bools."""
    for name, value in values.items():
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
            what = "a number" if kind is Real else "a whole number"
            raise TypeError(f"{name} must be {what}, got {value!r}")
