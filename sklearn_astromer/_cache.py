"""Where files that outlive a process are kept."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_dir() -> Path:
    """Return the package's cache folder, not made yet: `$SKLEARN_ASTROMER_HOME`, or the user's."""
    home = os.environ.get("SKLEARN_ASTROMER_HOME")
    return Path(home).expanduser() if home else platformdirs.user_cache_path("sklearn_astromer")
