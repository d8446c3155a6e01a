"""What ``sklearn-astromer weights`` does."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from sklearn_astromer import weights
from sklearn_astromer._files import sha256
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.messages import PROG, say
from sklearn_astromer.inference.networks import network_of
from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.lightcurves.statistics import QUANTITIES, CatalogSummary
from sklearn_astromer.weights import WEIGHTS
from sklearn_astromer.weights.card import catalog_facts, quantile_facts, training_facts
from sklearn_astromer.weights.checkpoint import Checkpoint
from sklearn_astromer.weights.record import compare_statistics, unlike
from sklearn_astromer.weights.store import is_address

_NOWHERE, _OWN = "published nowhere", "your own"


def list_(args: SimpleNamespace) -> None:
    """Print the weights that have a name."""
    rows = [("name", "good for", "where", "licence")]
    for name, entry in WEIGHTS.items():
        rows.append((name, entry.good_for, _state(name), entry.licence))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        say("  ".join(cells).rstrip())


def fetch(args: SimpleNamespace) -> None:
    """Print where weights are, after a download if need be."""
    say(str(weights.fetch(args.name, progress=not args.quiet)))


def verify(args: SimpleNamespace) -> None:
    """Read weights that are here, whose checksums must be right."""
    path, state = _where(args.name)
    if state == _NOWHERE:
        weights.fetch(args.name)  # says why
    if path is None:
        raise FileNotFoundError(
            f"the weights {args.name!r} are not downloaded: {PROG} weights fetch {args.name}"
        )
    network_of(_load(args.name, path, state))
    say(f"{args.name}: intact, {state}, {path}")


def info(args: SimpleNamespace) -> None:
    """Print all that is known of weights, and how a catalog compares; nothing is downloaded."""
    entry, (path, state) = WEIGHTS.get(args.name), _where(args.name)
    checkpoint, lines = None, list[tuple[str, str]]()
    facts: dict[str, Any] = {"name": args.name, "where": f"{path} ({state})" if path else state}
    if entry is not None:
        facts |= {"what": entry.description, "good for": entry.good_for}
        facts |= {"licence": entry.licence, "cite": entry.citation}
        facts |= {"url": entry.url, "sha256": entry.sha256}
    if path is not None:
        checkpoint = _load(args.name, path, state)
        facts["size"] = f"{_size(path) / 1e6:.1f} MB"
        facts["sha256"] = facts.get("sha256") or _checksum(path)
        facts["weights"] = sum(tensor.size for tensor in checkpoint.tensors.values())
        facts |= checkpoint.description
        lines = [(key, text) for key, text in _told(checkpoint) if key not in facts]
    lines = [(key, str(value)) for key, value in facts.items() if value is not None] + lines
    width = max(len(key) for key, _ in lines)
    for key, text in lines:
        say(f"{key.ljust(width)}  {text}")
    if args.catalog:
        if checkpoint is None:
            raise FileNotFoundError(f"the weights {args.name!r} are not here to compare with")
        _compare(args, checkpoint)


def push(args: SimpleNamespace) -> None:
    """Upload a folder of weights to the Hugging Face Hub, and print the URL of the commit."""
    say(
        weights.push(
            args.folder,
            args.repository,
            private=args.private,
            revision=args.revision,
            commit_message=args.message,
        )
    )


def _told(checkpoint: Checkpoint) -> list[tuple[str, str]]:
    """Return keys and values of what a checkpoint says of itself."""
    info = checkpoint.info
    lines = [*catalog_facts(info), *quantile_facts(info), *training_facts(info)]
    for key in ("licence", "command"):
        if isinstance(info.get(key), str):
            lines.append((key, info[key]))
    if isinstance(info.get("conf"), dict):  # of the official layout, as it is
        lines.append(("conf", str(info["conf"])))
    return lines


def _compare(args: SimpleNamespace, checkpoint: Checkpoint) -> None:
    """Print how a catalog compares with the light curves of the training, and warn."""
    catalog = Catalog(args)
    summary = CatalogSummary()
    for curves in catalog.pieces():
        summary.add(curves)
    catalog.warn()
    table = compare_statistics(checkpoint.info, summary.quantities(), args.name)
    columns = {f"{of}_{p}": f"{of} {p} %" for of in ("training", "catalog") for p in (5, 50, 95)}
    shown = table[[*columns, "outside", "unlike"]].rename(columns=columns | {"unlike": ""})
    shown.index = pd.Index([f"{name} ({QUANTITIES[str(name)]})" for name in table.index])
    said = {"outside": _share, "": lambda far: "unlike" if far else ""}
    say("\n" + shown.to_string(float_format="{:.4g}".format, na_rep="–", formatters=said))
    if message := unlike(table, args.name):
        warn(message)


def _share(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.0%}"


def _where(name: str) -> tuple[Path | None, str]:
    """Return where weights are, None if they are not here, and in words what they are."""
    entry = WEIGHTS.get(name)
    if entry is not None and entry.unavailable is not None:
        return None, _NOWHERE
    if entry is None and not is_address(name):
        return Path(name).expanduser().resolve(), _OWN
    try:
        path = weights.fetch(name, download=False)
    except FileNotFoundError:
        return None, "not downloaded"
    return path, "part of the package" if entry is not None and entry.bundled else "downloaded"


def _state(name: str) -> str:
    """Return in words what weights are, also if they are damaged."""
    try:
        return _where(name)[1]
    except (ValueError, OSError):
        return f"damaged: {PROG} weights verify {name}"


def _load(name: str, path: Path, state: str) -> Checkpoint:
    """Load weights that are here, and whose checksums `_where` has compared."""
    return weights.load(name if state == _OWN else path)


def _size(path: Path) -> int:
    """Return the bytes of a file, or of the files in a folder."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return sum(file.stat().st_size for file in files)


def _checksum(path: Path) -> str | None:
    """Return the sha256 of a file, or of the weights in a folder of ours."""
    file = path if path.is_file() else path / "weights.safetensors"
    return sha256(file) if file.exists() else None
