"""The catalogs of the command line: Parquet mapped from disk, other files piece by piece."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from typing import Any

from sklearn_astromer.cli.messages import as_option
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.lightcurves.reading import reader
from sklearn_astromer.lightcurves.reading.mapped import mapped
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.report import Report
from sklearn_astromer.lightcurves.reading.tables import is_parquet, paths_of


class Catalog:
    """The catalog that a command was given.

    Attributes
    ----------
    files : list of Path
    options : Options
        What was asked for, as `LightCurves.read` has it.
    report : Report
        What was found so far.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.files = [file for path in args.catalog for file in paths_of(path) or []]
        self.options = _options(args)
        self.report = Report()
        self._cache_dir = getattr(args, "cache_dir", None)

    def mapped(self) -> LightCurves | None:
        """Map Parquet into memory; None: `pieces` reads this catalog."""
        if not all(map(is_parquet, self.files)):
            return None
        flat, self.report = mapped(self.files, self.options, self._cache_dir)
        return LightCurves._trusted(flat, self.report)

    def pieces(self) -> Iterator[LightCurves]:
        """Read the catalog piece by piece; objects are whole."""
        found = reader.Reader(self.files, self.options)
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

    def warn(self) -> None:
        """Warn of what was left out."""
        if self.report.worth_a_warning():
            warn("; ".join(self.report.lines(as_option)))


def _options(args: argparse.Namespace) -> Options:
    """Return what was asked for, as `LightCurves.read` has it."""
    columns: dict[str, Any] = dict(args.columns)
    given = {"flux": args.flux, "zero_point": args.zero_point, "id": False if args.one else None}
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
