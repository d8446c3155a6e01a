"""What an error or a remark advises: options as data, which each front end writes in its way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple


class Remedy(NamedTuple):
    """An option of `LightCurves.read` that would help.

    Attributes
    ----------
    option : str
        The keyword.
    value : object
        None: whatever the user finds right.
    when : str
        When it is the right one.
    """

    option: str
    value: Any = None
    when: str = ""


#: Writes a remedy for those who use Python, or the command line.
Writer = Callable[[Remedy], str]


def in_python(remedy: Remedy) -> str:
    """Write a remedy as a keyword argument."""
    value = "…" if remedy.value is None else repr(remedy.value)
    return f"{remedy.option}={value}"


def advice(remedies: Iterable[Remedy], write: Writer = in_python) -> str:
    """Write remedies, one or another of which helps."""
    return ", or ".join(f"{write(each)} {each.when}".strip() for each in remedies)


def refusal(what: str, *remedies: Remedy, kind: type[Exception] = ValueError) -> Exception:
    """Return an error that says what is wrong and, as text and as data, what would help."""
    error = kind(f"{what}: pass {advice(remedies)}" if remedies else what)
    error.__dict__.update(what=what, remedies=remedies)
    return error


def told(error: Exception, write: Writer) -> str:
    """Return the text of an error, its remedies written in another way."""
    remedies = error.__dict__.get("remedies", ())
    return f"{error.__dict__['what']}: pass {advice(remedies, write)}" if remedies else str(error)
