"""Options: in a line each, those of reading catalogs, and those of dataclasses."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from sklearn_astromer._closest import closest
from sklearn_astromer.cli.apart import Output
from sklearn_astromer.cli.command import Choice, File
from sklearn_astromer.config import ROW_PARTS
from sklearn_astromer.lightcurves.surveys.registry import SURVEYS

COLUMNS = ("id", "time", "mag", "mag_err", "band", "flux", "flux_err", "zero_point")
NUMBER = click.IntRange(min=1)


def option(
    spec: str, text: str, type: Any = str, *, dest: str = "", shown: str | None = None, **how: Any
) -> click.Option:
    """Return an option.

    `spec` is its name and what stands for its value, `shown` a default that is no value.
    """
    name, _, metavar = spec.partition(" ")
    names = [name, *[dest] * bool(dest)]
    return click.Option(
        names, metavar=metavar or None, help=text, type=type, show_default=shown, **how
    )


def flag(name: str, text: str) -> click.Option:
    """Return an option without a value."""
    return click.Option([name], is_flag=True, help=text)


def choice(name: str, words: str, text: str, **how: Any) -> click.Option:
    """Return an option whose value is one of words between bars, the first if it is not given."""
    known = words.split("|")
    return click.Option([name], **{"type": Choice(known), "default": known[0], "help": text, **how})


def columns(text: str) -> dict[str, str]:
    """Return the columns by part."""
    found: dict[str, str] = {}
    for pair in text.split(","):
        part, _, name = pair.partition("=")
        if part not in COLUMNS or not name:
            raise click.BadParameter(f"{pair!r} is not PART=NAME: {closest(part, COLUMNS)}")
        if part in found:
            raise click.BadParameter(f"{part} is given twice in {text!r}")
        found[part] = name
    return found


def rule(text: str) -> tuple[str, float | str | None]:
    """Return a rule's name and its limit."""
    name, _, limit = text.rpartition("=")
    if not name or not limit:
        raise click.BadParameter(f"{text!r} is not NAME=LIMIT or NAME=off")
    try:
        number = None if limit == "off" else float(limit)
    except ValueError:  # of a column of words
        return name, limit
    return name, int(number) if number is not None and number.is_integer() else number


def shard(text: str) -> tuple[int, int]:
    """Return the numbers of I/N."""
    number, _, shards = text.partition("/")
    if not (number.isdigit() and shards.isdigit() and 1 <= int(number) <= int(shards)):
        raise click.BadParameter(f"{text!r} is not I/N with I from 1 to N, as 1/4")
    return int(number), int(shards)


def row(text: str) -> tuple[str, ...]:
    """Return the parts of a row."""
    parts = tuple(text.split(","))
    for part in parts:
        if part not in ROW_PARTS:
            raise click.BadParameter(f"{part!r} is no part of a row: {closest(part, ROW_PARTS)}")
    return parts


def weights_names(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[str] | list[CompletionItem]:
    """Complete names of weights, and paths."""
    from sklearn_astromer.weights.registry import WEIGHTS

    names = [name for name in WEIGHTS if name.startswith(incomplete)]
    return names or [CompletionItem(incomplete, type="file")]


def by_weights(spec: str, text: str, **how: Any) -> click.Option:
    """Return an option whose value names weights."""
    return option(f"{spec} NAME|PATH", text, shell_complete=weights_names, **how)


OVERWRITE = flag("--overwrite", "Replace an output that is there already; else it stays.")
DEVICE = option(
    "--device NAME", "cpu, cuda, cuda:1 …; auto: a GPU if there is one.", default="auto"
)
RUNNING = [
    by_weights(
        "--weights",
        "A name of `weights list`, an address (hf://user/name, doi:10.…, https://…), or a path.",
        default="surveys-periods",
    ),
    DEVICE,
    choice("--precision", "auto|float32|bfloat16", "auto: bfloat16 on a GPU that has it."),
]
SEED = option("--seed N", "Of what is random.", int, default=0)
LABELS = "CSV or Parquet with columns id and label; no row, or a blank, where it is not known."
OUT = option(
    "--out FILE",
    "Write the table there, .csv or .parquet.",
    File(".csv", ".parquet", written=Output()),
)

IN_CATALOG = "CATALOG is files, folders of them, globs, or - for standard input."
CATALOG = click.Argument(["catalog"], nargs=-1, required=True, type=File(), metavar="CATALOG…")
_NAMES = [survey.name for survey in SURVEYS]
READING = [
    choice(
        "--survey",
        "|".join(["auto", "columns", *_NAMES]),
        f"auto recognises it, columns reads them by their names alone; or {', '.join(_NAMES)}.",
        metavar="NAME",
    ),
    option("--band NAME", "The band to keep, where the catalog holds several."),
    option("--columns PART=NAME,…", f"Which column is what; parts: {', '.join(COLUMNS)}.", columns),
    option("--flux COLUMN", "Read fluxes, of this column."),
    option("--zero-point X|COLUMN", "Magnitude of flux 1.", shown="by the unit, else 0"),
    flag("--one-object", "All rows of a file are of one object."),
    flag("--no-quality", "Keep rows that the survey flags as bad."),
    option(
        "--rule NAME=LIMIT",
        "Of bad rows, as inspect names it; off: none. COLUMN=VALUE: keep rows of this value.",
        rule,
        multiple=True,
    ),
    choice("--on-error", "raise|skip", "Files that cannot be read: stop, or count them."),
    choice("--difference", "raise|scale", "Difference fluxes: refuse them, or scale by deviation."),
]
USING = [
    *READING,
    choice("--on-invalid", "drop|raise", "Observations without a value: count them, or stop."),
    option(
        "--cache-dir FOLDER",
        "For decoded Parquet.",
        File(written=Output(shared=True)),
        shown="$SKLEARN_ASTROMER_HOME/mapped",
    ),
]


def fields(
    kind: type[Any], named: Mapping[str, Mapping[str, Any]], apart: set[str]
) -> Iterator[click.Option]:
    """Yield an option for each field that describes itself; defaults are those of `named` ones."""
    for field in dataclasses.fields(kind):
        if field.name in apart:
            continue
        text = str(field.metadata["text"]).replace("`", "")
        name, text = f"--{field.name.replace('_', '-')}", f"{text[0].upper()}{text[1:]}."
        shown = _told({key: values[field.name] for key, values in named.items()})
        of = field.metadata.get("kind", field.type) or str
        if of is bool:
            yield flag(name, text)
        elif words := field.metadata.get("choices"):
            yield choice(name, "|".join(words), text, default=None, show_default=shown)
        elif field.name == "log_dir":
            yield option(f"{name} FOLDER", text, File(written=Output(shared=True)), shown=shown)
        else:
            yield option(f"{name} {of.__name__.upper()}", text, of, shown=shown)


def _told(values: Mapping[str, Any]) -> str:
    """Return a default, or those of names."""
    names: dict[str, list[str]] = {}
    for name, value in values.items():
        text = ",".join(value) or "none" if isinstance(value, tuple) else str(value)
        names.setdefault(f"{value:g}" if isinstance(value, float) else text, []).append(name)
    if len(names) == 1:
        return next(iter(names))
    return "; ".join(f"{', '.join(of)}: {text}" for text, of in names.items())
