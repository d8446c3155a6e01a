"""Progress bars."""

import os
import sys
from typing import Any

from tqdm.auto import tqdm

SECONDS_IN_A_LOG = 10.0  # between two states of a bar
DELAY = 3.0  # seconds of work for which no bar is needed


def progress_bar(*args: Any, **options: Any) -> Any:
    """Return a bar of tqdm, which writes seldom where neither a terminal nor a notebook shows it.

    It is a widget in notebooks that have ipywidgets.
    """
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if not terminal and "ipykernel" not in sys.modules:
        seconds = float(os.environ.get("TQDM_MININTERVAL", SECONDS_IN_A_LOG))  # tqdm's own variable
        options = {"mininterval": seconds} | options
    return tqdm(*args, **options)
