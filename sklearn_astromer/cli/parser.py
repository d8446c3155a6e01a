"""The words of the command line; quick to import."""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sklearn_astromer.cli.messages import PROG

COLUMNS = ("id", "time", "mag", "mag_err", "band")

EXAMPLES = f"""\
examples:
  {PROG} demo
  {PROG} embed catalog.parquet --out emb.parquet
  {PROG} weights list
  {PROG} embed --help

exit codes: 0 fine; 1 something was wrong with the input or its data; 2 the command line was not
understood; 130 interrupted by Ctrl-C (143: terminated). An output file is either complete or was
not touched.
"""
EMBED = f"""\
The catalog is Parquet with one row per observation (the rows of an object together), or one row per
object with list columns. Columns are recognised by their usual names (mjd, hmjd, psfMag, magerr,
oid, diaObjectId …); --columns names others. It is decoded once into a folder of memory-mapped
files (24 bytes per observation, --cache-dir), which the next call finds again, and is never in
memory as a whole.

The output has a row per object, in the order of the catalog: object_id, band if the catalog has
bands, and float32 columns of the embedding.

examples:
  {PROG} embed catalog.parquet --weights macho --out emb.parquet
  {PROG} embed survey/ --band g --out emb_g.parquet
  {PROG} embed stars.parquet --columns id=star,time=hjd,mag=V --out emb.parquet
  {PROG} embed catalog.parquet --pooling mean_std --device cuda --out emb.parquet
"""
PRETRAIN = f"""\
Trains by masked reconstruction, without labels. --out becomes a folder that goes wherever weights
are asked for (--weights, --from, AstromerEmbedder("folder")); the figures of every epoch go beside
it, into OUT.history.csv. With --checkpoint, the same command goes on where a killed or interrupted
run was; more --epochs prolong it. Options not given are those of AstromerEmbedder.

examples:
  {PROG} pretrain catalog.parquet --from macho --epochs 5 --out mine
  {PROG} pretrain survey/ --d-model 128 --n-layers 4 --residual --epochs 100 \\
      --checkpoint run.pt --out mine
  {PROG} embed catalog.parquet --weights mine --out emb.parquet
"""
WEIGHTS = f"""\
examples:
  {PROG} weights list
  {PROG} weights fetch macho
  {PROG} weights info mine/
"""

#: Options of `pretrain` that are parameters of AstromerEmbedder, and what they are.
PARAMETERS: dict[str, tuple[str, type, str]] = {
    "--epochs": ("max_epochs", int, "passes over the training windows"),
    "--batch": ("batch_size", int, "windows in a training step"),
    "--lr": ("lr", float, "learning rate"),
    "--warmup-steps": ("warmup_steps", int, "steps in which the learning rate rises"),
    "--cosine": ("cosine", bool, "let the learning rate fall along a cosine"),
    "--patience": ("patience", int, "stop after so many epochs without improvement"),
    "--checkpoint-minutes": ("checkpoint_minutes", float, "time between writes of --checkpoint"),
    "--validation-fraction": ("validation_fraction", float, "objects kept for validation"),
    "--augment": ("augment", bool, "show windows changed"),
    "--window-size": ("window_size", int, "the most observations seen at once"),
    "--dropout": ("dropout", float, "dropout while training"),
}

#: Options of `pretrain` that are hyperparameters of a fresh encoder, and what they are.
ARCHITECTURE: dict[str, tuple[str, type, str]] = {
    "--d-model": ("d_model", int, "width of the vectors"),
    "--n-layers": ("n_layers", int, "blocks"),
    "--n-heads": ("n_heads", int, "attention heads"),
    "--d-ff": ("d_ff", int, "width of the feed-forward layer"),
    "--residual": ("residual", bool, "add the input of each sub-layer"),
    "--norm-first": ("norm_first", bool, "normalise before each sub-layer"),
    "--mask-token": ("mask_token", bool, "learn what stands for hidden magnitudes"),
    "--scaled-inputs": ("scaled_inputs", bool, "scale magnitudes by their window's deviation"),
}


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show where an error comes from")
    quiet = argparse.ArgumentParser(add_help=False)
    quiet.add_argument("--quiet", action="store_true", help="no progress bar, only warnings")

    parser = argparse.ArgumentParser(
        prog=PROG,
        description="Embed astronomical light curves by ASTROMER, and train its encoder.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("sklearn_astromer"))
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(into: Any, name: str, run: str, text: str, epilog: str, *parents: Any) -> Any:
        made = into.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=epilog,
            parents=[*parents, common],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=run)
        return made

    catalog = _catalog_arguments()
    embed = command(
        commands, "embed", "embed", "embed a catalog of light curves", EMBED, catalog, quiet
    )
    embed.add_argument("--out", type=_path, required=True, help="the Parquet file to write")
    embed.add_argument(
        "--weights",
        default="surveys-periods",
        metavar="NAME|PATH",
        help="a name of `weights list`, or a path (default: %(default)s)",
    )
    embed.add_argument(
        "--pooling",
        default="mean",
        choices=["mean", "mean_std", "max", "layers"],
        help="what a row is of the vectors of an object (default: %(default)s)",
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

    pretrain = command(
        commands,
        "pretrain",
        "pretrain",
        "train an encoder on a catalog, or go on with a pretrained one",
        PRETRAIN,
        catalog,
        quiet,
    )
    pretrain.add_argument("--out", type=_path, required=True, help="the folder to write")
    pretrain.add_argument(
        "--from",
        dest="pretrained",
        metavar="NAME|PATH",
        help="weights to begin with; otherwise a fresh encoder",
    )
    pretrain.add_argument(
        "--checkpoint", type=_path, metavar="FILE", help="state of the run, to go on from"
    )
    pretrain.add_argument(
        "--architecture",
        default="astromer1",
        metavar="NAME",
        help="of a fresh encoder: astromer1, astromer2 or periods; default: %(default)s",
    )
    pretrain.add_argument("--seed", type=int, default=0, metavar="N", help="default: %(default)s")
    for flag, (name, kind, text) in (PARAMETERS | ARCHITECTURE).items():
        how: dict[str, Any] = {"action": "store_true"}
        if kind is not bool:
            how = {"type": kind, "metavar": "N" if kind is int else "X"}
        pretrain.add_argument(flag, dest=name, default=argparse.SUPPRESS, help=text, **how)

    weights = commands.add_parser(
        "weights",
        help="list, fetch, verify or describe weights",
        description="Pretrained weights: which there are, and where.",
        epilog=WEIGHTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).add_subparsers(metavar="COMMAND", required=True)
    command(weights, "list", "weights_list", "list the weights that have a name", "")
    text = "download weights, if they are not here, and print where they are"
    fetch = command(weights, "fetch", "weights_fetch", text, "", quiet)
    text = "check weights that are here against their checksum"
    verify = command(weights, "verify", "weights_verify", text, "")
    text = "tell licence, citation, size, checksum, place and architecture"
    info = command(weights, "info", "weights_info", text, "")
    fetch.add_argument("name", metavar="NAME")
    for each in (verify, info):
        each.add_argument("name", metavar="NAME|PATH", help="a name, a folder, an official zip")

    text = "embed and classify simulated stars, offline, in seconds"
    demo = command(commands, "demo", "demo", text, "")
    demo.add_argument("--stars", type=_stars, default=210, metavar="N", help="default: %(default)s")
    demo.add_argument(
        "--weights", default="surveys-periods", metavar="NAME|PATH", help="default: %(default)s"
    )
    demo.add_argument("--seed", type=int, default=0, metavar="N", help="default: %(default)s")
    return parser


def _catalog_arguments() -> argparse.ArgumentParser:
    """Return what commands that read a catalog have in common."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("catalog", nargs="+", type=_path, help="Parquet files, or folders of them")
    parser.add_argument("--band", help="the band to keep, where the catalog holds several")
    parser.add_argument(
        "--columns",
        type=_columns,
        default={},
        metavar="PART=NAME,…",
        help=f"which column is what; parts are {', '.join(COLUMNS)}",
    )
    parser.add_argument(
        "--on-invalid",
        choices=["raise", "drop"],
        default="raise",
        help="what to do with observations that are not finite, and objects without any: stop, "
        "or drop and count them (default: %(default)s)",
    )
    parser.add_argument(
        "--cache-dir",
        type=_path,
        metavar="FOLDER",
        help="where the decoded catalog goes (default: $SKLEARN_ASTROMER_HOME/mapped, or the "
        "user's cache)",
    )
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


def _positive(text: str, least: int = 1) -> int:
    if not text.isdigit() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
    return int(text)


def _stars(text: str) -> int:
    return _positive(text, 70)  # ten of each class, for five folds
