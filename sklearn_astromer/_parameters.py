"""How estimators check their parameters."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.base import BaseEstimator


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
