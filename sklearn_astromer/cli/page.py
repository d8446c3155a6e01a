"""A page of light curves: one HTML file that needs no network."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._printable import printable
from sklearn_astromer.lightcurves import LightCurves

LONGEST_PERIOD = 1e9  # days; larger: no peak was found
MOST_POINTS = 1000  # of a panel; of longer curves every n-th observation is drawn
WIDTH, HEIGHT = 440, 230
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 10, 40
STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.4 system-ui, sans-serif; margin: 1.5rem auto; max-width: 60rem; }
body { padding: 0 1rem; }
article { border-top: 1px solid #8886; padding: .8rem 0; }
h2 { font-size: 1.05rem; margin: 0; } p { margin: .2rem 0 .5rem; opacity: .75; }
div { display: flex; flex-wrap: wrap; gap: .5rem; }
svg { flex: 1 1 20rem; max-width: 100%; height: auto; font-size: 11px; fill: currentColor; }
path { stroke: currentColor; opacity: .5; fill: none; } circle { fill: #2878c8; opacity: .7; }
"""


def page_of(
    title: str, table: pd.DataFrame, curves: LightCurves, periods: NDArray[np.float64]
) -> str:
    """Return a page with a section for each row of a table: its numbers, and its light curve.

    Parameters
    ----------
    title : str
    table : DataFrame
        Columns object_id, band if there are any, and numbers.
    curves : LightCurves
        One for each row.
    periods : ndarray of shape (n_rows,)
        Days, at which the curves are folded.

    Returns
    -------
    str
        HTML.
    """
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
    ]
    for rank, (row, curve, period) in enumerate(
        zip(table.to_dict("records"), curves, periods, strict=True), start=1
    ):
        parts.append(_section(rank, row, curve[:, 0], curve[:, 1], float(period)))
    return "\n".join([*parts, "</body></html>", ""])


def escape(text: str, quote: bool = True) -> str:
    """Return text for HTML."""
    return html.escape(printable(text), quote)


def _section(
    rank: int, row: dict[Any, Any], time: NDArray[Any], mag: NDArray[Any], period: float
) -> str:
    name = str(row.pop("object_id"))
    band = str(row.pop("band", ""))
    heading = escape(f"{rank}. {name}" + (f", {band}" if band else ""))
    said = [f"{key} {value:.3g}" for key, value in row.items()]
    said += [f"{len(time)} observations", f"range {np.ptp(mag):.2f} mag"]
    every = slice(None, None, -(-len(time) // MOST_POINTS))
    time, mag = time[every], mag[every]
    panels = [_panel(time, mag, "time (d)")]
    if period < LONGEST_PERIOD:
        said.append(f"folded at {period:.6g} d")
        phase = (time - time[0]) / period % 1
        twice = np.concatenate([phase, phase + 1]), np.concatenate([mag, mag])
        panels.append(_panel(*twice, "phase"))
    anchor = escape(f"{name}-{band}" if band else name, quote=True)
    return (
        f'<article id="{anchor}"><h2>{heading}</h2><p>{escape(" · ".join(said))}</p>'
        f"<div>{''.join(panels)}</div></article>"
    )


def _panel(x: NDArray[Any], mag: NDArray[Any], label: str) -> str:
    """Return a scatter plot as SVG, bright at the top."""
    x_range, mag_range = _range(x), _range(mag)

    def across(value: Any) -> Any:
        share = (value - x_range[0]) / (x_range[1] - x_range[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def down(value: Any) -> Any:
        share = (value - mag_range[0]) / (mag_range[1] - mag_range[0])
        return TOP + share * (HEIGHT - TOP - BOTTOM)

    base, middle = HEIGHT - BOTTOM, (TOP + HEIGHT - BOTTOM) / 2
    parts = [f'<path d="M{LEFT} {TOP}V{base}H{WIDTH - RIGHT}"/>']
    for tick in _ticks(*x_range):
        at = f"{across(tick):.1f}"
        parts.append(f'<path d="M{at} {base}v4"/>')
        parts.append(f'<text x="{at}" y="{base + 16}" text-anchor="middle">{tick:g}</text>')
    for tick in _ticks(*mag_range):
        at = f"{down(tick):.1f}"
        parts.append(f'<path d="M{LEFT} {at}h-4"/>')
        parts.append(f'<text x="{LEFT - 7}" y="{at}" dy=".35em" text-anchor="end">{tick:g}</text>')
    parts.append(
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{label}</text>'
    )
    turned = f'transform="translate(12 {middle}) rotate(-90)"'
    parts.append(f'<text {turned} text-anchor="middle">magnitude</text>')
    places = zip(across(x), down(mag), strict=True)
    parts += [f'<circle cx="{a:.1f}" cy="{d:.1f}" r="1.7"/>' for a, d in places]
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{"".join(parts)}</svg>'


def _range(values: NDArray[Any]) -> tuple[float, float]:
    """Return limits with some room."""
    low, high = float(values.min()), float(values.max())
    room = 0.04 * (high - low) or 0.5
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Return three to eight round numbers."""
    rough = (high - low) / 4
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(power * max(m for m in (1, 2, 5) if m * power <= rough))
    return [round(k * step, 10) for k in range(int(np.ceil(low / step)), int(high // step) + 1)]
