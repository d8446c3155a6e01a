"""How estimators check their parameters."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator


def check_numbers(kind: type = Real, **values: Any) -> None:
    """Raise TypeError unless all are numbers of a kind (`Real` or `Integral`), and no bools."""
    for name, value in values.items():
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
            what = "a number" if kind is Real else "a whole number"
            raise TypeError(f"{name} must be {what}, got {value!r}")


class CheckedParameters(BaseEstimator):
    """An estimator whose numbers are no bools."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]]

    def _validate_params(self) -> None:
        """Refuse what is out of range; True and False are no numbers."""
        super()._validate_params()
        for name, constraints in self._parameter_constraints.items():
            value = getattr(self, name)
            if isinstance(value, bool) and not {"boolean", "verbose"} & set(map(str, constraints)):
                raise ValueError(
                    f"the {name!r} parameter of {type(self).__name__} must be no bool, got {value}"
                )
