"""What the commands of the command line do."""

from __future__ import annotations

import argparse
import dataclasses
import os
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

from sklearn_astromer import weights
from sklearn_astromer._files import check_free, replacing, sha256
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.comparing import compare, told
from sklearn_astromer.cli.messages import PROG, note, say
from sklearn_astromer.cli.parser import PARAMETERS
from sklearn_astromer.config import EncoderConfig, as_config
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.embedder import FRESH_EPOCHS, AstromerEmbedder
from sklearn_astromer.inference.networks import network_of
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.training.recipes import Recipe
from sklearn_astromer.weights import WEIGHTS, remote
from sklearn_astromer.weights.checkpoint import Checkpoint, check_ours, read_checkpoint
from sklearn_astromer.weights.hub import push


def pretrain(args: argparse.Namespace) -> None:
    """Train an encoder on a catalog, and write its weights and history."""
    # what would fail after hours is tried now
    history = args.out.resolve().with_name(f"{args.out.resolve().name}.history.csv")
    check_free(args.out, args.overwrite, check_ours)
    check_free(history, args.overwrite)
    if args.checkpoint is not None and args.out.resolve() in (
        args.checkpoint.resolve(),
        *args.checkpoint.resolve().parents,
    ):
        raise ValueError(f"--checkpoint {args.checkpoint} is in the folder --out: put it beside it")
    folder = args.out.resolve().parent
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder} cannot be written: choose another --out")
    curves = Catalog(args).whole()
    given = vars(args)
    architecture = None
    names = EncoderConfig().get_params().keys() - Recipe().get_params().keys()
    values = {name: given[name] for name in names & given.keys()}
    asked = [*values, *["architecture"] * (args.architecture is not None)]
    if asked and args.pretrained is not None:
        flags = ", ".join("--" + name.replace("_", "-") for name in asked)
        raise ValueError(f"{flags}: of a fresh encoder, and --from names one: leave out either")
    if asked:
        architecture = dataclasses.replace(as_config(args.architecture), **values)
    values = {name: given[name] for name in Recipe().get_params().keys() & given.keys()}
    if "augment" in values:
        values["augment"] = values["augment"].split(",")
    embedder = AstromerEmbedder(
        args.pretrained,
        architecture=architecture,
        training=Recipe(args.recipe, **values),
        supervised=args.labels is not None,
        checkpoint=args.checkpoint,
        device=args.device,
        precision=args.precision,
        random_state=args.seed,
        verbose=0 if args.quiet else 1,
        max_epochs=given.get("max_epochs", FRESH_EPOCHS),
        **{n: given[n] for n, *_ in PARAMETERS.values() if n in given and n != "max_epochs"},
    )
    embedder.fit(curves, None if args.labels is None else _labels(args.labels, curves))
    if args.received:  # skorch takes an interruption for a wish to keep what was learned so far
        if args.checkpoint is not None and args.checkpoint.exists():
            note(f"the same command goes on from {args.checkpoint}")
        raise KeyboardInterrupt
    # of weights that were only copied, the command that trained them is the one to know
    command = shlex.join(args.words) if embedder.training_ else None
    embedder.save_pretrained(
        args.out, licence=args.licence, command=command, overwrite=args.overwrite
    )
    with replacing(history, overwrite=args.overwrite) as partial:
        embedder.history_.to_csv(partial, index=False)
    if not args.quiet:
        note(f"{args.out}: {len(embedder.history_)} epochs, history in {history}")
        for row in embedder.history_[embedder.history_["best"]].tail(1).itertuples():
            note(f"the best: epoch {row.epoch}, RMSE of the validation {row.valid_rmse:.4f}")
        if not read_checkpoint(args.out).info.get("licence"):
            note("the model card states no licence: before you share it, state one by --licence")


def weights_list(args: argparse.Namespace) -> None:
    """Print the weights that have a name."""
    rows = [("name", "where", "licence", "what")]
    for name, entry in WEIGHTS.items():
        rows.append((name, _where(name)[1], entry.licence, entry.description))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        say("  ".join(cells).rstrip())


def weights_fetch(args: argparse.Namespace) -> None:
    """Print where weights are, after a download if need be."""
    say(str(weights.fetch(args.name, progress=not args.quiet)))


def weights_verify(args: argparse.Namespace) -> None:
    """Read weights that are here, after a look at their checksum."""
    entry, (path, state) = WEIGHTS.get(args.name), _where(args.name)
    if path is None and entry is not None:
        weights.fetch(args.name)  # says why there are none
    elif path is None or (entry is not None and not path.exists()):
        raise FileNotFoundError(
            f"the weights {args.name!r} are not downloaded: {PROG} weights fetch {args.name}"
        )
    elif entry is not None and entry.sha256 not in (None, found := _checksum(path)):
        raise ValueError(
            f"{path} is damaged, its sha256 is {found} and not {entry.sha256}: delete it, then "
            f"{PROG} weights fetch {args.name}"
        )
    network_of(_load_here(args.name))
    say(f"{args.name}: intact, {state}, {path}")


def weights_info(args: argparse.Namespace) -> None:
    """Print all that is known of weights, and how a catalog compares; nothing is downloaded."""
    entry, (path, state) = WEIGHTS.get(args.name), _where(args.name)
    checkpoint, lines = None, list[tuple[str, str]]()
    facts: dict[str, Any] = {"name": args.name, "where": f"{path} ({state})" if path else state}
    if entry is not None:
        facts |= {"what": entry.description, "licence": entry.licence, "cite": entry.citation}
        facts |= {"url": entry.url, "sha256": entry.sha256}
    if path is not None and (entry is None or path.exists()):
        checkpoint = _load_here(args.name) if entry is None else read_checkpoint(path)
        facts |= {"size": f"{_size(path) / 1e6:.1f} MB", "sha256": _checksum(path)}
        facts["weights"] = sum(tensor.size for tensor in checkpoint.tensors.values())
        facts |= checkpoint.description
        lines = [(key, text) for key, text in told(checkpoint) if key not in facts]
    lines = [(key, str(value)) for key, value in facts.items() if value is not None] + lines
    width = max(len(key) for key, _ in lines)
    for key, text in lines:
        say(f"{key.ljust(width)}  {text}")
    if args.catalog is not None:
        if checkpoint is None:
            raise FileNotFoundError(f"the weights {args.name!r} are not here to compare with")
        compare(args, checkpoint)


def weights_push(args: argparse.Namespace) -> None:
    """Upload a folder of weights to the Hugging Face Hub, and print the URL of the commit."""
    say(
        push(
            args.folder,
            args.repository,
            private=args.private,
            revision=args.revision,
            commit_message=args.message,
        )
    )


def demo(args: argparse.Namespace) -> None:
    """Print cross-validated scores on simulated stars."""
    weights.load(args.weights)  # or say at once what is wrong with them
    curves, labels = make_variable_stars(args.stars, random_state=args.seed)
    say(f"{curves}\nclasses: {', '.join(np.unique(labels))}\n")
    say("random forest on …, 5-fold cross-validation: macro-F1")
    rows = {f"embeddings by {args.weights}": args.weights, "those of an untrained encoder": None}
    for name, pretrained in rows.items():
        embedder = AstromerEmbedder(pretrained, max_epochs=0, random_state=0)
        forest = RandomForestClassifier(100, random_state=0)
        scores = cross_val_score(
            Pipeline([("emb", embedder), ("clf", forest)]),
            curves,
            labels,
            cv=StratifiedKFold(5, shuffle=True, random_state=0),
            scoring="f1_macro",
        )
        say(f"  {name:32} {scores.mean():.3f} ± {scores.std():.3f}")


def _labels(path: Path, curves: LightCurves) -> NDArray[Any]:
    """Return the label of each row of a catalog, None where the table has none."""
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    missing = {"id", "label"} - set(table.columns)
    if missing:
        raise ValueError(
            f"{path} has no column {', '.join(sorted(missing))}: it needs id and label"
        )
    known = dict(zip(table["id"].astype(str), table["label"], strict=True))
    labels = np.array([known.get(str(name)) for name in curves.ids], dtype=object)
    if not any(label is not None for label in labels):
        raise ValueError(f"{path} has a label of none of the catalog's objects: compare their ids")
    return labels


# -- what they share -----------------------------------------------------------------------------


def _where(name: str) -> tuple[Path | None, str]:
    """Return where weights lie or would lie, and in words what they are."""
    entry = WEIGHTS.get(name)
    if remote.is_address(name):
        try:
            return remote.fetch(name, download=False), "downloaded"
        except FileNotFoundError:
            return None, "not downloaded"
    if entry is None:
        return Path(name).expanduser().resolve(), "your own"
    if entry.bundled:
        return weights.fetch(name), "part of the package"
    if entry.filename is None:
        return None, "published nowhere"
    path = weights.cache_dir() / entry.filename
    return path, "downloaded" if path.exists() else "not downloaded"


def _load_here(name: str) -> Checkpoint:
    """Load weights that are one's own or downloaded."""
    if remote.is_address(name):
        return remote.load(name, download=False)
    return weights.load(name)


def _size(path: Path) -> int:
    """Return the bytes of a file, or of the files in a folder."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return sum(file.stat().st_size for file in files)


def _checksum(path: Path) -> str | None:
    """Return the sha256 of a file, or of the weights in a folder of ours."""
    file = path if path.is_file() else path / "weights.safetensors"
    return sha256(file) if file.exists() else None
