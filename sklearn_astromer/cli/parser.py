"""The words of the command line; quick to import."""

from __future__ import annotations

import argparse
import dataclasses
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sklearn_astromer.cli.epilogs import EMBED, EXAMPLES, INFO, INSPECT, PRETRAIN, WEIGHTS
from sklearn_astromer.cli.messages import PROG
from sklearn_astromer.cli.search_parser import OUTLIERS, SEARCH, add_outliers, add_search
from sklearn_astromer.config import ROW, ROW_PARTS, EncoderConfig
from sklearn_astromer.lightcurves.surveys.registry import SURVEYS
from sklearn_astromer.training.recipes import NAMES, Recipe

COLUMNS = ("id", "time", "mag", "mag_err", "band", "flux", "flux_err", "zero_point")
ROWS = (".parquet", ".csv", ".ecsv")

#: Options of `pretrain` that are parameters of AstromerEmbedder, and what they are.
PARAMETERS: dict[str, tuple[str, type, str]] = {
    "--epochs": ("max_epochs", int, "passes over the training windows"),
    "--batch": ("batch_size", int, "windows in a training step"),
    "--window-size": ("window_size", int, "the most observations seen at once"),
}
#: Fields of a recipe that are no options.
_NO_OPTIONS = {"name", "callbacks", "compile", "train_windows", "head_lr", "reconstruction"}

#: The title of the options that several commands have for it.
READING = "reading the catalog"


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show where an error comes from")
    quiet = argparse.ArgumentParser(add_help=False)
    quiet.add_argument("--quiet", action="store_true", help="no progress bar, only warnings")
    overwriting = argparse.ArgumentParser(add_help=False)
    overwriting.add_argument(
        "--overwrite",
        action="store_true",
        help="replace an earlier output; without it, one that is there already is an error",
    )
    writing = argparse.ArgumentParser(add_help=False, parents=[overwriting, quiet])

    parser = argparse.ArgumentParser(
        prog=PROG,
        description="Embed astronomical light curves by ASTROMER, and train its encoder.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("sklearn_astromer"))
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        into: Any,
        name: str,
        run: str,
        text: str,
        epilog: str,
        *parents: Any,
        module: str = "commands",
    ) -> Any:
        made = into.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=epilog,
            parents=[*parents, common],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=run, module=module)
        return made

    reading, running = _reading_arguments(), _running_arguments()
    catalog = _catalog_arguments(reading)
    text = "tell what files hold, and what would be left out of them"
    inspect = command(
        commands, "inspect", "inspect", text, INSPECT, catalog, overwriting, module="inspect"
    )
    inspect.add_argument(
        "--plot", type=_path, metavar="FILE", help="draw the three longest curves (PNG, PDF …)"
    )
    text = "embed a catalog of light curves"
    embed = command(
        commands, "embed", "embed", text, EMBED, catalog, running, writing, module="embed"
    )
    embed.add_argument(
        "--out",
        type=_rows_path,
        required=True,
        metavar="FILE|FOLDER",
        help=f"the file to write, {', '.join(ROWS[:-1])} or {ROWS[-1]}; or a folder of Parquet "
        "parts, in which a killed run goes on",
    )
    embed.add_argument(
        "--part-objects",
        type=_positive,
        metavar="N",
        help="objects in a part (default: about five minutes of work)",
    )
    embed.add_argument(
        "--verify",
        action="store_true",
        help="of a folder: compare the checksums of parts that are there, not only their sizes",
    )
    embed.add_argument(
        "--shard",
        type=_shard,
        default=(1, 1),
        metavar="I/N",
        help="write only each N-th part, from the I-th on, and leave the others to other machines",
    )
    embed.add_argument(
        "--layout",
        default="columns",
        choices=["columns", "float32", "float16"],
        help="of Parquet: a column for each feature, or one column of vectors of float32 or "
        "float16 (default: %(default)s)",
    )
    embed.add_argument(
        "--dry-run",
        action="store_true",
        help="say how many objects there are, how long it would take and how large the output "
        "would be, and write nothing",
    )
    embed.add_argument(
        "--weights",
        default="surveys-periods",
        metavar="NAME|PATH",
        help="a name of `weights list`, an address (hf://user/name, doi:10.…, https://…), or a "
        "path (default: %(default)s)",
    )
    embed.add_argument(
        "--row",
        type=_row,
        default=ROW,
        metavar="PARTS",
        help="what a row holds, separated by commas: some of mean, std, max, layers, brightness, "
        f"periods (default: {','.join(ROW)})",
    )
    embed.add_argument(
        "--window-size",
        type=_positive,
        metavar="N",
        help="the most observations seen at once (default: as many as the weights have seen)",
    )
    embed.add_argument(
        "--batch",
        type=_positive,
        metavar="N",
        help="objects in memory at a time (default: of a million observations, 16 on a GPU)",
    )

    text = "find the objects most similar to one among rows of embeddings"
    add_search(command(commands, "search", "search", text, SEARCH, writing, module="searching"))
    text = "find the objects least like all others among rows of embeddings"
    options = (reading, _invalid_arguments(), writing)
    add_outliers(
        command(commands, "outliers", "outliers", text, OUTLIERS, *options, module="outliers")
    )

    pretrain = command(
        commands,
        "pretrain",
        "pretrain",
        "train an encoder on a catalog, or go on with a pretrained one",
        PRETRAIN,
        catalog,
        running,
        writing,
    )
    pretrain.add_argument("--out", type=_path, required=True, help="the folder to write")
    pretrain.add_argument(
        "--licence", metavar="NAME", help="of the weights, for the model card: MIT, CC-BY-4.0 …"
    )
    pretrain.add_argument(
        "--from",
        dest="pretrained",
        metavar="NAME|PATH",
        help="weights to begin with, as of embed; otherwise a fresh encoder",
    )
    pretrain.add_argument(
        "--checkpoint", type=_path, metavar="FILE", help="state of the run, to go on from"
    )
    pretrain.add_argument(
        "--architecture",
        metavar="NAME",
        help="of a fresh encoder: astromer1 (the default), astromer2 or periods",
    )
    pretrain.add_argument("--seed", type=int, default=0, metavar="N", help="default: %(default)s")
    pretrain.add_argument(
        "--recipe",
        default="auto",
        choices=NAMES,
        help="how to train; auto: periods for an encoder with own periods, else astromer1",
    )
    pretrain.add_argument(
        "--labels",
        type=_path,
        metavar="FILE",
        help="learn the classes as well: a table (CSV or Parquet) with the columns id and label; "
        "objects without a label are learned from as they are",
    )
    for flag, (name, kind, text) in PARAMETERS.items():
        _add_flag(pretrain, flag, name, kind, text)
    group = pretrain.add_argument_group("values of the recipe")
    for field in dataclasses.fields(Recipe):
        if field.name not in _NO_OPTIONS:
            _add_field(group, field)
    group = pretrain.add_argument_group("hyperparameters of a fresh encoder")
    for field in dataclasses.fields(EncoderConfig):
        if field.name != "dropout":  # which is of the training
            _add_field(group, field)

    weights = commands.add_parser(
        "weights",
        help="list, fetch, verify, describe or publish weights",
        description="Pretrained weights: which there are, and where.",
        epilog=WEIGHTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).add_subparsers(metavar="COMMAND", required=True)
    command(weights, "list", "weights_list", "list the weights that have a name", "")
    text = "download weights, if they are not here, and print where they are"
    fetch = command(weights, "fetch", "weights_fetch", text, "", quiet)
    text = "check weights that are here against their checksum"
    verify = command(weights, "verify", "weights_verify", text, "")
    text = "tell licence, citation, size, place, architecture and training; compare a catalog"
    info = command(weights, "info", "weights_info", text, INFO, reading, _invalid_arguments())
    info.add_argument(
        "--catalog", nargs="+", type=_path, metavar="FILE", help="compare these light curves"
    )
    text = "upload a folder of weights to the Hugging Face Hub, and print the URL of the commit"
    push = command(weights, "push", "weights_push", text, "")
    fetch.add_argument(
        "name", metavar="NAME", help="a name, or hf://user/name[@revision], doi:10.…, https://…"
    )
    for each in (verify, info):
        each.add_argument(
            "name", metavar="NAME|PATH", help="a name, an address, a folder, an official zip"
        )
    push.add_argument("folder", type=_path, metavar="FOLDER", help="as `pretrain` writes it")
    push.add_argument("repository", metavar="USER/NAME", help="created if it is not there")
    push.add_argument("--private", action="store_true", help="only you can read it")
    push.add_argument("--revision", metavar="R", help="the branch (default: main)")
    push.add_argument("--message", metavar="M", help="of the commit")

    text = "embed and classify simulated stars, offline, in seconds"
    demo = command(commands, "demo", "demo", text, "")
    demo.add_argument("--stars", type=_stars, default=210, metavar="N", help="default: %(default)s")
    demo.add_argument(
        "--weights", default="surveys-periods", metavar="NAME|PATH", help="default: %(default)s"
    )
    demo.add_argument("--seed", type=int, default=0, metavar="N", help="default: %(default)s")
    return parser


def _row(text: str) -> tuple[str, ...]:
    parts = tuple(text.split(","))
    if unknown := [part for part in parts if part not in ROW_PARTS]:
        raise argparse.ArgumentTypeError(
            f"{unknown[0]!r} is no part of a row: {', '.join(ROW_PARTS)}"
        )
    return parts


def _add_field(parser: Any, field: Any) -> None:
    """Add the flag of a field that describes itself."""
    text = f"{field.metadata['text']}".replace("`", "").replace("%", "%%")
    kind = field.metadata.get("kind", field.type) or str
    _add_flag(parser, f"--{field.name.replace('_', '-')}", field.name, kind, text)


def _add_flag(parser: Any, flag: str, name: str, kind: Any, text: str) -> None:
    how: dict[str, Any] = {"action": "store_true"}
    if kind is not bool:
        metavar = {int: "N", float: "X"}.get(kind, "NAME")
        how = {"type": kind, "metavar": metavar}
    parser.add_argument(flag, dest=name, default=argparse.SUPPRESS, help=text, **how)


def _catalog_arguments(reading: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return what commands that read a catalog have in common."""
    parser = argparse.ArgumentParser(add_help=False, parents=[reading])
    parser.add_argument(
        "catalog", nargs="+", type=_path, metavar="CATALOG", help="files, folders of them, or globs"
    )
    return parser


def _reading_arguments() -> argparse.ArgumentParser:
    """Return the options that say how a catalog is read."""
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group(READING)
    names = [survey.name for survey in SURVEYS]
    group.add_argument(
        "--survey",
        default="auto",
        choices=["auto", "columns", *names],
        metavar="NAME",
        help="whose files they are: auto recognises it by the columns (the default), columns reads "
        f"these by their names alone; or {', '.join(names)}",
    )
    group.add_argument("--band", help="the band to keep, where the catalog holds several")
    group.add_argument(
        "--columns",
        type=_columns,
        default={},
        metavar="PART=NAME,…",
        help=f"which column is what; parts are {', '.join(COLUMNS)}",
    )
    group.add_argument("--flux", metavar="COLUMN", help="read fluxes, of this column")
    group.add_argument(
        "--zero-point",
        metavar="X|COLUMN",
        help="magnitude of flux 1, or its column (default: by the unit, else 0)",
    )
    group.add_argument(
        "--one-object", dest="one", action="store_true", help="all rows of a file are of one object"
    )
    group.add_argument(
        "--no-quality", action="store_true", help="keep rows that the survey flags as bad"
    )
    group.add_argument(
        "--rule",
        type=_rule,
        action="append",
        default=[],
        metavar="NAME=LIMIT",
        help="another limit for a rule about bad rows, by the name that inspect prints; off: none",
    )
    group.add_argument(
        "--on-error",
        choices=["raise", "skip"],
        default="raise",
        help="a file that cannot be read: stop, or leave it out and count it (default: "
        "%(default)s)",
    )
    group.add_argument(
        "--difference",
        choices=["raise", "scale"],
        default="raise",
        help="fluxes of difference images: refuse them, or take them in units of their deviation, "
        "for encoders with scaled inputs (default: %(default)s)",
    )
    return parser


def _invalid_arguments() -> argparse.ArgumentParser:
    """Return what commands that use a catalog have in common."""
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group(READING)
    group.add_argument(
        "--on-invalid",
        choices=["raise", "drop"],
        default="drop",
        help="what to do with observations without a value, and objects without any: stop, or "
        "drop and count them (default: %(default)s)",
    )
    group.add_argument(
        "--cache-dir",
        type=_path,
        metavar="FOLDER",
        help="where the decoded catalog goes (default: $SKLEARN_ASTROMER_HOME/mapped, or the "
        "user's cache)",
    )
    return parser


def _running_arguments() -> argparse.ArgumentParser:
    """Return what commands that run an encoder have in common."""
    parser = argparse.ArgumentParser(add_help=False, parents=[_invalid_arguments()])
    parser.add_argument(
        "--device", default="auto", help="cpu, cuda, cuda:1 … (default: the GPU if there is one)"
    )
    parser.add_argument(
        "--precision",
        default="auto",
        choices=["auto", "float32", "bfloat16"],
        help="auto: bfloat16 on a GPU that has it, else float32",
    )
    return parser


def _path(text: str) -> Path:
    return Path(text).expanduser()  # no shell does after a =, or within quotes


def _rows_path(text: str) -> Path:
    path = _path(text)
    if path.suffix.lower() not in (*ROWS, "") and not path.is_dir():
        raise argparse.ArgumentTypeError(
            f"{text!r} does not end in {', '.join(ROWS[:-1])} or {ROWS[-1]}, and is no folder"
        )
    return path


def _shard(text: str) -> tuple[int, int]:
    number, slash, shards = text.partition("/")
    if not slash or not number.isdigit() or not shards.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not I/N, as 1/4")
    if not 1 <= int(number) <= int(shards):
        raise argparse.ArgumentTypeError(f"{text!r}: the first number is 1 to {shards}")
    return int(number), int(shards)


def _columns(text: str) -> dict[str, str]:
    columns = {}
    for pair in text.split(","):
        part, equals, name = pair.partition("=")
        if part not in COLUMNS or not equals or not name:
            raise argparse.ArgumentTypeError(
                f"{pair!r} is not PART=NAME with a part of {', '.join(COLUMNS)}"
            )
        if part in columns:
            raise argparse.ArgumentTypeError(f"{part} is given twice in {text!r}")
        columns[part] = name
    return columns


def _rule(text: str) -> tuple[str, float | None]:
    name, _, limit = text.rpartition("=")
    try:
        return name, None if limit == "off" else float(limit)
    except ValueError as error:
        message = f"{text!r} is not NAME=LIMIT or NAME=off"
        raise argparse.ArgumentTypeError(message) from error


def _positive(text: str, least: int = 1) -> int:
    if not text.isdigit() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
    return int(text)


def _stars(text: str) -> int:
    return _positive(text, 70)  # ten of each class, for five folds
