"""Dataclasses whose fields say what they are: docstrings, checks and flags come from them."""

import dataclasses
import sys
from typing import Any, Self, TypeVar, dataclass_transform

from sklearn_astromer._closest import closest

LARGEST = 2**16  # far above any real size; keeps a forged one from filling the memory
Kind = TypeVar("Kind", bound="Described")


def option(*, default: Any, text: str, **bounds: Any) -> Any:
    """Return a field, with the text of its documentation.

    Parameters
    ----------
    default, text
    **bounds
        ``least`` and ``most`` of a whole number (1 and `LARGEST` if not given); ``low``, which is
        allowed, and ``below``, which is not, of a number (without both, it is positive);
        ``choices`` of a string; ``optional=True``: None is a value as well; ``any=True``: whoever
        takes it checks it.
    """
    return dataclasses.field(default=default, metadata={"text": text, **bounds})


@dataclass_transform(field_specifiers=(option,))
def described(kind: type[Kind]) -> type[Kind]:
    """Make a dataclass whose docstring has its fields as the section before that of errors."""
    made: Any = dataclasses.dataclass(repr=False)(kind)
    lines = ["Parameters", "----------"]
    for field in dataclasses.fields(made):
        text = made.told(field)
        lines += [
            f"{field.name} : {kind_of(field)}, default={field.default!r}",
            f"    {text[0].upper()}{text[1:]}.",
        ]
    section = "".join(f"    {line}\n" for line in lines)
    made.__doc__ = (made.__doc__ or "").replace("    Raises\n", f"{section}\n    Raises\n", 1)
    return made


class Described:
    """What such a dataclass does: it checks its values, and has parameters as estimators have."""

    @classmethod
    def told(cls, field: Any) -> str:
        """Return what the documentation says of a field."""
        return str(field.metadata["text"])

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            setattr(self, field.name, checked(field, getattr(self, field.name)))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the values by name, as scikit-learn's estimators do."""
        names = (field.name for field in dataclasses.fields(self))  # type: ignore[arg-type]
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params: Any) -> Self:
        """Set values by name, as scikit-learn's estimators do."""
        for name in params:
            if name not in self.get_params():
                raise ValueError(
                    f"{type(self).__name__} has no {name!r}: {closest(name, self.get_params())}"
                )
        vars(self).update(vars(dataclasses.replace(self, **params)))  # type: ignore[type-var]
        return self

    def __repr__(self) -> str:
        changed = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
            if getattr(self, field.name) != field.default
        ]
        return f"{type(self).__name__}({', '.join(changed)})"


def kind_of(field: Any) -> str:
    """Return what a docstring says of a field's type."""
    if choices := field.metadata.get("choices"):
        return f"{{{', '.join(map(repr, choices))}}}"
    kind = field.metadata.get("kind") or field.type
    return str(getattr(kind, "__name__", kind)) + " or None" * field.metadata.get("optional", False)


def checked(field: Any, value: Any) -> Any:
    """Return the value of a field as a plain bool, int, float or str.

    Raises
    ------
    ValueError
        If it is of another type, or out of the field's bounds.
    """
    bounds = field.metadata
    if bounds.get("any") or (value is None and bounds.get("optional")):
        return value
    plain = value.item() if type(value).__module__ == "numpy" and value.ndim == 0 else value
    kind = bounds.get("kind", field.type)
    number = isinstance(plain, (int, float)) and not isinstance(plain, bool)
    if kind is bool:
        good, expected = isinstance(plain, bool), "true or false"
    elif kind is str:
        good = isinstance(plain, str) and plain in bounds["choices"]
        expected = " or ".join(map(repr, bounds["choices"]))
    elif kind is int:
        least, most = bounds.get("least", 1), bounds.get("most", LARGEST)
        good = number and isinstance(plain, int) and least <= plain <= most
        expected = f"a whole number from {least} to {most}"
    elif "below" in bounds:
        low, below = bounds["low"], bounds["below"]
        good = number and low <= plain < below
        expected = f"a number from {low:g} to below {below:g}"
    elif "low" in bounds:
        good = number and bounds["low"] <= plain <= bounds.get("high", sys.float_info.max)
        expected = f"a number from {bounds['low']:g} to {bounds.get('high', 'any')}"
    else:  # of whole numbers there are larger ones than floats
        good, expected = number and 0 < plain <= sys.float_info.max, "a positive number"
    if not good:
        or_none = " or None" if bounds.get("optional") else ""
        raise ValueError(f"{field.name} is {value!r}, expected {expected}{or_none}")
    return float(plain) if kind is float else plain
