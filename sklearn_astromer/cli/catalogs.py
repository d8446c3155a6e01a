"""The catalogs of the command line: Parquet mapped from disk, other files piece by piece."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sklearn_astromer._files import Fingerprint
from sklearn_astromer.cli.messages import as_option
from sklearn_astromer.lightcurves import LightCurves, Stars
from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.lightcurves.reading import reader
from sklearn_astromer.lightcurves.reading.mapped import mapped
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.paths import is_parquet, paths_of
from sklearn_astromer.lightcurves.reading.report import Report

STDIN = Path("-")


class _Stdin(io.BytesIO):
    name = "stdin"


class Catalog:
    """The catalog that a command was given, by its arguments or by an option.

    Attributes
    ----------
    files : list of Path
        None of standard input.
    content : bytes or None
        Of standard input.
    fingerprint : Fingerprint
        Of the files.
    options : Options
        What was asked for, as `LightCurves.read` has it.
    report : Report
        What was found so far.
    """

    def __init__(self, args: SimpleNamespace, paths: Sequence[Path] | None = None) -> None:
        paths = args.catalog if paths is None else paths
        self.content: bytes | None = None
        if STDIN in paths:
            if len(paths) > 1:
                raise ValueError("-, standard input, is a catalog of its own: read the files apart")
            self.content, paths = sys.stdin.buffer.read(), []
        self.files = [file for path in paths for file in paths_of(path) or []]
        self.fingerprint = Fingerprint(self.files)
        self.options = _options(args)
        self.report = Report()
        self._cache_dir = getattr(args, "cache_dir", None)

    def source(self) -> Any:
        """Return the files, or standard input as an open file."""
        return self.files if self.content is None else _Stdin(self.content)

    def mapped(self) -> LightCurves | None:
        """Map Parquet into memory; None: `pieces` reads this catalog."""
        if self.content is not None or not all(map(is_parquet, self.files)):
            return None
        flat, self.report = mapped(self.files, self.options, self._cache_dir, self.fingerprint)
        return LightCurves._trusted(flat, self.report)

    def pieces(self) -> Iterator[LightCurves]:
        """Read the catalog piece by piece; objects are whole."""
        found = reader.Reader(self.source(), self.options)
        self.report = found.report
        for flat in found.pieces(reader.PIECE):
            yield LightCurves._trusted(flat)

    def whole(self) -> LightCurves:
        """Return all light curves: mapped, or in memory."""
        curves = self.mapped()
        if curves is None:
            curves = LightCurves.concatenate(self.pieces())
        self.warn()
        return curves

    def stars(self) -> Stars:
        """Return all light curves, those of a star together."""
        curves = self.whole()
        if curves.band is None:
            raise ValueError(
                "--stars is of catalogs with bands, and this one has none: leave it out"
            )
        return curves.stars()

    def warn(self) -> None:
        """Warn of what was left out."""
        if self.report.worth_a_warning():
            warn("; ".join(self.report.lines(as_option)))


def _options(args: SimpleNamespace) -> Options:
    """Return what was asked for, as `LightCurves.read` has it."""
    columns: dict[str, Any] = dict(args.columns or {})
    one = False if args.one_object else None
    given = {"flux": args.flux, "zero_point": args.zero_point, "id": one}
    for part, value in given.items():
        if value is None:
            continue
        if part in columns:
            flag = "--one-object" if part == "id" else f"--{part.replace('_', '-')}"
            raise ValueError(f"{flag} and --columns {part}=… say the same part twice: give one")
        columns[part] = value
    if isinstance(columns.get("zero_point"), str):
        with contextlib.suppress(ValueError):
            columns["zero_point"] = float(columns["zero_point"])
    return Options(
        survey=args.survey,
        band=args.band,
        quality=not args.no_quality,
        rules=dict(args.rule),
        difference=args.difference,
        columns=columns,
        on_invalid=getattr(args, "on_invalid", "drop"),
        on_error=args.on_error,
    )
