"""Paths of one command that must not meet: what it writes, and what it reads."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import click

#: A file in a folder of parts, as a glob may find it.
PART = "part-00000.parquet"


class Output(NamedTuple):
    """What is special about an option whose path is written.

    `shared`: it is a folder in which other outputs may lie, too. `beside` ends the name of a file
    that is written beside it.
    """

    shared: bool = False
    beside: str = ""


class _Place(NamedTuple):
    param: str
    label: str
    where: Path
    shared: bool = False
    pattern: Path | None = None


def check_apart(params: Sequence[click.Parameter], values: Mapping[str, Any]) -> None:
    """Refuse outputs that are, or would be, part of each other or of an input.

    Raises
    ------
    ValueError
        Which names both.
    """
    outputs = [each for param in params for each in _outputs(param, values)]
    inputs = [each for param in params if outputs for each in _inputs(param, values)]
    for out in outputs:
        for other in [*outputs, *inputs]:
            if other is out:
                continue
            # a training may go on from the weights that it replaces
            from_there = (other.param, out.param) == ("pretrained", "out")
            same = out.where == other.where and not from_there
            inside = other.where in out.where.parents and not other.shared
            if same or inside or _matches(out, other.pattern):
                flag = out.label.partition(" ")[0]
                raise ValueError(
                    f"{out.label} would be part of {other.label}: choose another {flag}"
                )
        for each in inputs:
            from_there = (each.param, out.param) == ("pretrained", "out")
            if out.where in each.where.parents and not out.shared and not from_there:
                flag = out.label.partition(" ")[0]
                raise ValueError(f"{each.label} is in {out.label}: choose another {flag}")


def _given(param: click.Parameter, values: Mapping[str, Any]) -> list[Path]:
    given = values.get(str(param.name))
    given = given if isinstance(given, (tuple, list)) else [given]
    return [Path(each) for each in given if isinstance(each, (str, os.PathLike))]


def _outputs(param: click.Parameter, values: Mapping[str, Any]) -> Iterator[_Place]:
    written = getattr(param.type, "written", None)
    if written is None:
        return
    for path in _given(param, values):
        where, name = Path(os.path.realpath(path)), str(param.name)
        yield _Place(name, f"{param.opts[0]} {path}", where, written.shared)
        if written.beside:
            beside = where.with_name(where.name + written.beside)
            yield _Place(name, f"{param.opts[0]} (its {beside.name})", beside)


def _inputs(param: click.Parameter, values: Mapping[str, Any]) -> Iterator[_Place]:
    from sklearn_astromer.lightcurves.reading.paths import paths_of
    from sklearn_astromer.weights.registry import WEIGHTS

    is_path = hasattr(param.type, "written") and param.type.written is None
    is_weights = param.name in ("weights", "pretrained")
    for path in _given(param, values) if is_path or is_weights else []:
        if str(path) == "-" or (is_weights and (str(path) in WEIGHTS or not path.exists())):
            continue
        of = param.opts[0] if isinstance(param, click.Option) else f"the {param.name}"
        place = _Place(str(param.name), f"{of} {path}", Path(os.path.realpath(path)))
        if path.exists() or not glob.has_magic(str(path)):
            yield place
        else:
            yield place._replace(pattern=path)
        with contextlib.suppress(OSError, ValueError):  # which the command itself will say
            for file in paths_of(path) or []:
                if file.is_symlink() or not path.exists():
                    yield place._replace(where=Path(os.path.realpath(file)))


def _matches(out: _Place, pattern: Path | None) -> bool:
    """Whether a glob would find what is written."""
    if pattern is None:
        return False
    parts = pattern.parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    root = Path(os.path.realpath(Path(*parts[:fixed])))
    return any(
        file.is_relative_to(root) and _fit(file.relative_to(root).parts, parts[fixed:])
        for file in (out.where, out.where / PART)
    )


def _fit(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fit(parts[i:], pattern[1:]) for i in range(len(parts) + 1))
    return bool(parts) and fnmatch(parts[0], pattern[0]) and _fit(parts[1:], pattern[1:])
