"""A page of light curves: one HTML file that needs no network."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np
import pandas as pd

from sklearn_astromer._extras import import_extra
from sklearn_astromer._printable import escape
from sklearn_astromer.lightcurves import LightCurves, Stars
from sklearn_astromer.periodogram.peaks import shared_peaks

MOST_POINTS = 1000  # of a panel; of longer curves every n-th observation is drawn
SIZE = (11.0, 2.8)  # inches, of both panels
DESIGNATION = re.compile(r"J(\d\d)(\d\d)(\d\d(?:\.\d+)?)([+-])(\d\d)(\d\d)(\d\d(?:\.\d+)?)")
LINKS = {
    "SIMBAD": "https://simbad.cds.unistra.fr/simbad/sim-coo?Coord={ra:.6f}%20{dec:+.6f}"
    "&Radius=5&Radius.unit=arcsec",
    "Aladin": "https://aladin.cds.unistra.fr/AladinLite/?target={ra:.6f}%20{dec:+.6f}&fov=0.05",
}
STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.4 system-ui, sans-serif; margin: 1.5rem auto; max-width: 70rem; }
body { padding: 0 1rem; }
article { border-top: 1px solid #8886; padding: .8rem 0; }
h2 { font-size: 1.05rem; margin: 0; } p { margin: .2rem 0 .5rem; opacity: .75; }
img { max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) { img { filter: invert(.88) hue-rotate(180deg); } }
"""


def page_of(title: str, table: pd.DataFrame, stars: list[LightCurves]) -> str:
    """Return a page with a section for each row of a table: its numbers, and its light curves.

    Objects with a position, in columns ra and dec (degrees) or in a name such as
    CSS_J001420.9+031214, are linked to SIMBAD and Aladin.

    Parameters
    ----------
    title : str
    table : DataFrame
        Columns object_id, band, ra and dec if there are any, and numbers.
    stars : list of LightCurves
        Those of each row, one in each band. They are folded at their best period, if they have one.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    ImportError
        If Matplotlib is not installed.
    """
    import_extra("matplotlib", "plot", "a page of light curves")
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
    ]
    rows = zip(table.to_dict("records"), stars, strict=True)
    parts += [_section(rank, row, star) for rank, (row, star) in enumerate(rows, start=1)]
    return "\n".join([*parts, "</body></html>", ""])


def position_of(name: str) -> tuple[float, float] | None:
    """Return right ascension and declination in degrees of a name that holds them (J2000).

    Examples
    --------
    >>> from sklearn_astromer.inspection._page import position_of
    >>> position_of("CSS_J060000.0-303000")
    (90.0, -30.5)
    """
    found = DESIGNATION.search(name)
    if found is None:
        return None
    hours, minutes, seconds, sign, *rest = found.groups()
    ra = 15 * (int(hours) + int(minutes) / 60 + float(seconds) / 3600)
    dec = int(rest[0]) + int(rest[1]) / 60 + float(rest[2]) / 3600
    return (ra, dec if sign == "+" else -dec) if ra < 360 and dec <= 90 else None


def _section(rank: int, row: dict[Any, Any], star: LightCurves) -> str:
    name = str(row.pop("object_id"))
    band = str(row.pop("band", ""))
    position = row.pop("ra", np.nan), row.pop("dec", np.nan)
    if not np.isfinite(position).all():
        position = position_of(name) or position
    said = [f"{key} {value:.3g}" for key, value in row.items()]
    for i, curve in enumerate(star):
        of = f"{star.band[i]}: " if star.band is not None and len(star) > 1 else ""
        said.append(f"{of}{len(curve)} observations, range {np.ptp(curve[:, 1]):.2f} mag")
    period = float(shared_peaks(star, 1).period[0, 0])
    if np.isfinite(period):
        said.append(f"folded at {period:.6g} d")
    facts = escape(" · ".join(said))
    if np.isfinite(position).all():
        ra, dec = position
        facts += f" · {ra:.5f} {dec:+.5f}"
        for site, address in LINKS.items():
            facts += f' · <a href="{escape(address.format(ra=ra, dec=dec))}">{site}</a>'
    anchor = f"{name}-{band}" if band else name
    heading = f"{rank}. {name}" + (f", {band}" if band else "")
    picture = base64.b64encode(_draw(star, period)).decode()
    return (
        f'<article id="{escape(anchor, quote=True)}"><h2>{escape(heading)}</h2><p>{facts}</p>'
        f'<img src="data:image/svg+xml;base64,{picture}" '
        f'alt="light curve of {escape(name, quote=True)}"></article>'
    )


def _draw(star: LightCurves, period: float) -> bytes:
    """Return an SVG of a star against time and, if there is a period, folded."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    thinned = [curve[:: -(-len(curve) // MOST_POINTS)] for curve in star]
    some = Stars(LightCurves.from_arrays(thinned, ids=star.ids, band=star.band))
    figure = Figure(figsize=SIZE, layout="constrained")
    panels = [None, period] if np.isfinite(period) else [None]
    for ax, days in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        some.plot(period=days, ax=ax, markersize=4, elinewidth=0.6).set_title("")
    file = io.BytesIO()
    # text as text is small, and the same input gives the same bytes
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "page"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
