"""What ``sklearn-astromer periods`` does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sklearn_astromer._estimator_base import resolve_device
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.drawing import figure_of, panels
from sklearn_astromer.cli.messages import note, say
from sklearn_astromer.cli.tables import output, write
from sklearn_astromer.periodogram import find_peaks

DRAWN = 6


def periods(args: SimpleNamespace) -> None:
    """Print or write the best period of each light curve, the surest first, and draw some."""
    catalog = Catalog(args)
    with output(args, "plot") as picture:
        figure = None if picture is None else figure_of(picture)
        with output(args, "out") as table:
            curves: Any = catalog.whole()
            if args.stars:
                curves = curves.stars()
            peaks = find_peaks(
                curves,
                max_frequency=args.max_frequency,
                device=resolve_device(args.device),
                progress=not args.quiet,
            )
            found = peaks.to_frame().reset_index()
            found = found.sort_values(
                ["false_alarm", "harmonic_power"], ascending=[True, False], kind="stable"
            )[: args.top]
            if table is not None:
                write(found, table)
        if table is None:
            say(found.to_string(index=False, float_format="{:.6g}".format))
        elif not args.quiet:
            note(f"{args.out}: {len(found)} periods")
        if figure is not None:
            drawn = found["period"].dropna()[:DRAWN]
            for axes, (row, period) in zip(panels(figure, len(drawn)), drawn.items(), strict=True):
                curves.plot(row, period=period, ax=axes)
            figure.savefig(picture, dpi=150)
    if figure is not None and not args.quiet:
        note(f"{args.plot}: drawn")
