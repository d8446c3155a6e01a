"""What ``sklearn-astromer inspect`` does."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from sklearn_astromer._progress import progress_bar
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.drawing import figure_of, panels
from sklearn_astromer.cli.messages import as_option, say
from sklearn_astromer.cli.tables import output
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.statistics import (
    CatalogSummary,
    count_facts,
    number,
    quantity_facts,
)

#: MJD of 1858 + so many days that a telescope may have written: 1890 to 2130.
DATED = (11_400.0, 99_000.0)
DRAWN = 3


def inspect(args: SimpleNamespace) -> None:
    """Print what a catalog holds and what would be left out of it, and draw some of it."""
    catalog = Catalog(args)
    with output(args, "plot") as picture:
        figure = None if picture is None else figure_of(picture)
        summary, longest = _read(catalog, args.quiet)
        if figure is not None:
            for curve, axes in zip(longest, panels(figure, len(longest)), strict=True):
                curve.plot(ax=axes)
            figure.savefig(picture, dpi=150)
    lines = _lines(catalog, summary)
    if args.plot is not None:
        lines.append(("drawn", f"{args.plot}: the longest of the curves"))
    width = max(len(key) for key, _ in lines)
    for key, value in lines:
        say(f"{key.ljust(width)}  {value}")


def _read(catalog: Catalog, quiet: bool) -> tuple[CatalogSummary, list[LightCurves]]:
    """Return what a catalog is like, and the longest of its curves."""
    summary = CatalogSummary()
    longest: list[LightCurves] = []
    # a bar only where someone looks
    with progress_bar(unit="object", disable=quiet or None, leave=False) as bar:
        for curves in catalog.pieces():
            summary.add(curves)
            first = np.argsort(-curves.lengths, kind="stable")[:DRAWN]
            candidates = [*longest, *(curves[[i]] for i in first)]
            longest = sorted(candidates, key=lambda one: -int(one.lengths[0]))[:DRAWN]
            bar.update(len(curves))
    return summary, longest


def _lines(catalog: Catalog, summary: CatalogSummary) -> list[tuple[str, str]]:
    """Return keys and values to print."""
    report, files = catalog.report, catalog.files
    named = f"{number(len(files))}, the first {files[0]}" if len(files) > 1 else "standard input"
    named = str(files[0]) if len(files) == 1 else named
    found = summary.to_dict()
    lines = [("files" if len(files) > 1 else "file", named), *count_facts(found)]
    if summary.objects:
        lines.append(("time", _times(*summary.time)))
        of = ", of fluxes" if "flux" in report.columns else ""
        lines.append(("magnitudes", f"{summary.mag[0]:.3f} to {summary.mag[1]:.3f}{of}"))
    lines += quantity_facts(found)
    return [*lines, *(("" if i else "report", t) for i, t in enumerate(report.lines(as_option)))]


def _times(first: float, last: float) -> str:
    if not (DATED[0] <= first and last <= DATED[1]):
        return f"{first:.4f} to {last:.4f} d, which are no MJD"
    origin = pd.Timestamp("1858-11-17")
    dates = [f"{origin + pd.Timedelta(days=day):%Y-%m-%d}" for day in (first, last)]
    return f"MJD {first:.4f} to {last:.4f} ({dates[0]} to {dates[1]})"
