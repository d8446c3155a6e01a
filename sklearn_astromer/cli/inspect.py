"""What ``sklearn-astromer inspect`` does."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._extras import import_extra
from sklearn_astromer._files import check_apart, replacing
from sklearn_astromer._progress import progress_bar
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.messages import say
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.surveys.registry import SURVEYS

#: MJD of 1858 + so many days that a telescope may have written: 1890 to 2130.
DATED = (11_400.0, 99_000.0)
DRAWN = 3


def inspect(args: argparse.Namespace) -> None:
    """Print what a catalog holds and what would be left out of it, and draw some of it."""
    catalog = Catalog(args)
    summary = Summary()
    if args.plot is None:
        summary.read(catalog)
    else:
        check_apart(args.plot, [*args.catalog, *catalog.files], "--plot")
        with replacing(args.plot, overwrite=args.overwrite) as partial:
            figure, kind = _figure(args.plot.suffix.lower().removeprefix("."))
            summary.read(catalog)
            _draw(figure, summary.longest)
            figure.savefig(partial, format=kind, dpi=150)
    lines = [*_about(catalog), *summary.lines(_is_flux(catalog)), *_left_out(catalog, summary)]
    if args.plot is not None:
        lines.append(("drawn", f"{args.plot}: the longest of the curves"))
    width = max(len(key) for key, _ in lines)
    for key, value in lines:
        say(f"{key.ljust(width)}  {value}")


class Summary:
    """Counts and ranges, of piece after piece."""

    def __init__(self) -> None:
        self.lengths: list[NDArray[np.int64]] = []
        self.spans: list[NDArray[np.float64]] = []
        self.objects: Counter[str] = Counter()
        self.observations: Counter[str] = Counter()
        self.time, self.mag = (np.inf, -np.inf), (np.inf, -np.inf)
        self.errors: list[NDArray[np.float64]] = []
        self.banded = False
        self.longest: list[LightCurves] = []

    def read(self, catalog: Catalog) -> None:
        """Add all of a catalog."""
        # a bar only where someone looks
        with progress_bar(unit="object", disable=None, leave=False) as bar:
            for curves in catalog.pieces():
                if len(curves):
                    self.add(curves)
                bar.update(len(curves))

    def add(self, curves: LightCurves) -> None:
        """Add a piece."""
        lengths = curves.lengths
        self.lengths.append(lengths)
        self.spans.append(curves.time[curves.offsets[1:] - 1] - curves.time[curves.offsets[:-1]])
        bands = np.full(len(curves), "") if curves.band is None else curves.band
        self.banded = self.banded or curves.band is not None
        for band in np.unique(bands).tolist():
            self.objects[band] += int((bands == band).sum())
            self.observations[band] += int(lengths[bands == band].sum())
        self.time = (min(self.time[0], curves.time.min()), max(self.time[1], curves.time.max()))
        self.mag = (min(self.mag[0], curves.mag.min()), max(self.mag[1], curves.mag.max()))
        if curves.mag_err is not None:
            starts = curves.offsets[:-1]
            known = np.isfinite(curves.mag_err)
            sums = np.add.reduceat(np.where(known, curves.mag_err, 0.0), starts)
            counts = np.add.reduceat(known, starts, dtype=np.int64)
            self.errors.append(sums[counts > 0] / counts[counts > 0])
        first = np.argsort(-lengths, kind="stable")[:DRAWN]
        candidates = [*self.longest, *(curves[[i]] for i in first)]
        self.longest = sorted(candidates, key=lambda one: -int(one.lengths[0]))[:DRAWN]

    def lines(self, flux: bool) -> list[tuple[str, str]]:
        """Return keys and values to print."""
        if not self.lengths:
            return [("objects", "0")]
        lengths, spans = np.concatenate(self.lengths), np.concatenate(self.spans)
        lines = [
            ("curves" if self.banded else "objects", _count(len(lengths))),
            ("observations", _count(int(lengths.sum()))),
            ("of each", _spread(lengths, 0)),
        ]
        if self.banded:
            width = max(len(band or "none") for band in self.objects)
            for i, band in enumerate(sorted(self.objects)):
                text = (
                    f"{(band or 'none').ljust(width)}  {_count(self.objects[band], 'curve')}, "
                    f"{_count(self.observations[band], 'observation')}"
                )
                lines.append(("bands" if i == 0 else "", text))
        lines.append(("time", _times(*self.time)))
        lines.append(("span of each", f"{_spread(spans, 1)} d"))
        of = ", of fluxes" if flux else ""
        lines.append(("magnitudes", f"{self.mag[0]:.3f} to {self.mag[1]:.3f}{of}"))
        errors = np.concatenate(self.errors) if self.errors else np.empty(0)
        lines.append(
            ("errors", f"{np.median(errors):.4f} in the median" if len(errors) else "none")
        )
        return lines


def _about(catalog: Catalog) -> list[tuple[str, str]]:
    report, files = catalog.report, catalog.files
    named = str(files[0]) if len(files) == 1 else f"{_count(len(files))}, the first {files[0]}"
    title = report.title
    if report.survey != "columns":
        title += f" (--survey {report.survey})"
    return [("file" if len(files) == 1 else "files", named), ("read as", title)]


def _is_flux(catalog: Catalog) -> bool:
    """Whether magnitudes are known to be made of fluxes."""
    named = [survey for survey in SURVEYS if survey.name == catalog.report.survey]
    return "flux" in catalog.options.columns or any(s.brightness[0].flux for s in named)


def _left_out(catalog: Catalog, summary: Summary) -> list[tuple[str, str]]:
    """Return what would be left out and why, and what looks odd."""
    report = catalog.report
    total = sum(report.left_out.values())
    lines = [("left out", f"{_count(total)} of {_count(report.rows)} rows" if total else "nothing")]
    width = max((len(_count(n)) for n in report.left_out.values()), default=0)
    for reason, n in report.left_out.items():
        text = f"{_count(n).rjust(width)}  {reason} (first in object {report.first[reason]})"
        lines.append(("", text))
    remarks = [*report.remarks, *dict.fromkeys(catalog.messages)]
    if catalog.plain and total:
        remarks.append(
            "embed takes plain Parquet as it is: it leaves these out with --survey columns"
        )
    if catalog.one_band and len(summary.objects) > 1:
        remarks.append(
            "embed takes one --band of plain Parquet; with --survey columns, a row per object "
            "and band"
        )
    return [*lines, *(("" if i else "remarks", remark) for i, remark in enumerate(remarks))]


def _count(n: int, what: str = "") -> str:
    plural = "" if n == 1 or not what else "s"
    return f"{n:,} {what}{plural}".replace(",", " ").strip()


def _spread(values: NDArray[Any], digits: int) -> str:
    """Return the range of values, with quartiles where there are enough."""
    low, quarter, half, most, high = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
    if low == high:
        return f"{low:.{digits}f}"
    text = f"{low:.{digits}f} to {high:.{digits}f}, median {half:.{digits}f}"
    if len(values) >= 5:
        text += f", quartiles {quarter:.{digits}f} and {most:.{digits}f}"
    return text


def _times(first: float, last: float) -> str:
    if not (DATED[0] <= first and last <= DATED[1]):
        return f"{first:.4f} to {last:.4f} d, which are no MJD"
    origin = pd.Timestamp("1858-11-17")
    dates = [f"{origin + pd.Timedelta(days=day):%Y-%m-%d}" for day in (first, last)]
    return f"MJD {first:.4f} to {last:.4f} ({dates[0]} to {dates[1]})"


def _figure(kind: str) -> tuple[Any, str]:
    """Return an empty figure, and the format in which to save it."""
    figure = import_extra("matplotlib.figure", "plot", "--plot").Figure(
        figsize=(8, 7), layout="constrained"
    )
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
