"""What an error or a remark advises: options as data, which each front end writes in its way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Remedy(NamedTuple):
    """An option that would help.

    Attributes
    ----------
    option : str
        The keyword.
    value : object
        None: whatever the user finds right.
    when : str
        When it is the right one.
    door : str
        The call that takes it; "": the one that was made.
    """

    option: str
    value: Any = None
    when: str = ""
    door: str = ""


#: Writes a remedy for those who use Python, or the command line.
Writer = Callable[[Remedy], str]


def in_python(remedy: Remedy) -> str:
    """Write a remedy as a keyword argument."""
    value = "…" if remedy.value is None else repr(remedy.value)
    option = f"{remedy.option}={value}"
    return f"{remedy.door}(…, {option})" if remedy.door else option


def advice(remedies: Iterable[Remedy], write: Writer = in_python) -> str:
    """Write remedies, one or another of which helps."""
    return ", or ".join(f"{write(each)} {each.when}".strip() for each in remedies)


def refusal(what: str, *remedies: Remedy) -> ValueError:
    """Return an error that says what is wrong and, as text and as data, what would help."""
    error = ValueError(f"{what}: pass {advice(remedies)}" if remedies else what)
    error.__dict__.update(what=what, remedies=remedies)
    return error


def parts_of(error: Exception) -> tuple[str, tuple[Remedy, ...]]:
    """Return what an error says is wrong, and what would help."""
    return error.__dict__.get("what", str(error)), error.__dict__.get("remedies", ())


def by_door(remedies: Iterable[Remedy], takes: Collection[str]) -> tuple[Remedy, ...]:
    """Return remedies for a call that takes some of the options; `LightCurves.read` takes all."""
    return tuple(
        each if each.option in takes else each._replace(door="LightCurves.read")
        for each in remedies
    )


@contextmanager
def advising(takes: Collection[str]) -> Iterator[None]:
    """Let errors advise what a call takes that takes some of the options."""
    try:
        yield
    except ValueError as error:
        what, remedies = parts_of(error)
        if not remedies:
            raise
        raise refusal(what, *by_door(remedies, takes)) from error


def told(error: Exception, write: Writer) -> str:
    """Return the text of an error, its remedies written in another way."""
    what, remedies = parts_of(error)
    return f"{what}: pass {advice(remedies, write)}" if remedies else str(error)
