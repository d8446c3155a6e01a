"""Packages that are needed for some things only."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def import_extra(module: str, extra: str, what: str) -> Any:
    """Import a module that an extra of this package installs.

    Parameters
    ----------
    module : str
    extra : str
        The extra that installs it.
    what : str
        What needs it, for the message.

    Raises
    ------
    ImportError
        If it is not installed; the message says how to install it.

    Examples
    --------
    >>> from sklearn_astromer._extras import import_extra
    >>> import_extra("no_such_package.io", "parquet", "reading Parquet")
    Traceback (most recent call last):
    ImportError: reading Parquet needs no_such_package: pip install 'sklearn_astromer[parquet]'
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{what} needs {module.partition('.')[0]}: pip install 'sklearn_astromer[{extra}]'"
        ) from error
