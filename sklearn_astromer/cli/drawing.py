"""Figures that commands draw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn_astromer._extras import import_extra


def figure_of(path: Path) -> Any:
    """Return an empty figure that can be saved at a path.

    Raises
    ------
    ImportError
        Without Matplotlib.
    ValueError
        If the path ends otherwise than any format of Matplotlib.
    """
    figure = import_extra("matplotlib.figure", "plot", "--plot").Figure(layout="constrained")
    known = figure.canvas.get_supported_filetypes()
    if path.suffix.lower().removeprefix(".") not in known:
        raise ValueError(f"--plot must end in one of .{', .'.join(known)}, got {path.suffix!r}")
    return figure


def panels(figure: Any, n: int) -> Any:
    """Return axes for so many light curves, below each other.

    Raises
    ------
    ValueError
        If there are none.
    """
    if n == 0:
        raise ValueError("there are no light curves to draw")
    figure.set_size_inches(8, 2.4 * n)
    return figure.subplots(n, 1, squeeze=False)[:, 0]
