"""What ``sklearn-astromer inspect`` does."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import pandas as pd

from sklearn_astromer._files import check_apart, replacing
from sklearn_astromer._progress import progress_bar
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.messages import as_option, say
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


def inspect(args: argparse.Namespace) -> None:
    """Print what a catalog holds and what would be left out of it, and draw some of it."""
    catalog = Catalog(args)
    if args.plot is None:
        summary, _ = _read(catalog)
    else:
        check_apart(args.plot, [*args.catalog, *catalog.files], "--plot")
        with replacing(args.plot, overwrite=args.overwrite) as partial:
            figure, kind = _figure(args.plot.suffix.lower().removeprefix("."))
            summary, longest = _read(catalog)
            _draw(figure, longest)
            figure.savefig(partial, format=kind, dpi=150)
    lines = _lines(catalog, summary)
    if args.plot is not None:
        lines.append(("drawn", f"{args.plot}: the longest of the curves"))
    width = max(len(key) for key, _ in lines)
    for key, value in lines:
        say(f"{key.ljust(width)}  {value}")


def _read(catalog: Catalog) -> tuple[CatalogSummary, list[LightCurves]]:
    """Return what a catalog is like, and the longest of its curves."""
    summary = CatalogSummary()
    longest: list[LightCurves] = []
    # a bar only where someone looks
    with progress_bar(unit="object", disable=None, leave=False) as bar:
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
    named = str(files[0]) if len(files) == 1 else f"{number(len(files))}, the first {files[0]}"
    found = summary.to_dict()
    lines = [("file" if len(files) == 1 else "files", named), *count_facts(found)]
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


def _figure(kind: str) -> tuple[Any, str]:
    """Return an empty figure, and the format in which to save it."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "--plot needs matplotlib: pip install 'sklearn_astromer[plot]'"
        ) from error
    figure = Figure(figsize=(8, 7), layout="constrained")
    known = figure.canvas.get_supported_filetypes()
    if kind not in known:
        raise ValueError(f"--plot must end in one of .{', .'.join(known)}, got {kind!r}")
    return figure, kind


def _draw(figure: Any, curves: list[LightCurves]) -> None:
    """Draw curves below each other."""
    if not curves:
        raise ValueError("there are no light curves to draw")
    panels = figure.subplots(len(curves), 1, squeeze=False)[:, 0]
    for axes, one in zip(panels, curves, strict=True):
        axes.errorbar(one.time, one.mag, one.mag_err, fmt=".", markersize=4, elinewidth=0.8)
        axes.invert_yaxis()
        band = "" if one.band is None or not one.band[0] else f", {one.band[0]}"
        axes.set_title(f"{one.ids[0]}{band}", fontsize="medium")
        axes.set_ylabel("magnitude")
    dated = all(DATED[0] <= one.time[0] and one.time[-1] <= DATED[1] for one in curves)
    panels[-1].set_xlabel("MJD" if dated else "time in days")
