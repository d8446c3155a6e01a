"""Find pretrained weights by name, address or path."""

import os
import warnings
from pathlib import Path

from sklearn_astromer import _cache
from sklearn_astromer._closest import closest
from sklearn_astromer.weights import registry, remote
from sklearn_astromer.weights.checkpoint import Checkpoint, read_checkpoint

__all__ = ["cache_dir", "fetch", "load"]

_BUNDLED = Path(__file__).parent / "bundled"


def cache_dir() -> Path:
    """Folder of the downloaded weights.

    Returns
    -------
    Path
        ``$SKLEARN_ASTROMER_HOME/weights``, or ``weights`` in the user's cache folder for
        sklearn_astromer where the variable is not set. It need not exist yet.

    Examples
    --------
    >>> import os
    >>> from unittest import mock
    >>> from sklearn_astromer.weights import cache_dir
    >>> with mock.patch.dict(os.environ, SKLEARN_ASTROMER_HOME="/scratch/me"):
    ...     cache_dir().as_posix()
    '/scratch/me/weights'
    """
    return _cache.cache_dir() / "weights"


def load(name_or_path: str | os.PathLike[str], *, progress: bool = False) -> Checkpoint:
    """Load pretrained weights.

    Parameters
    ----------
    name_or_path : str or path-like
        A name in `WEIGHTS`; an address, ``"hf://user/repository"``, ``"doi:10.…"`` or
        ``"https://…"``, see `fetch`; or the path of a checkpoint: a folder this package wrote, or
        an official ASTROMER checkpoint (zip or folder). A name wins over a path: write
        ``"./macho"`` for a folder that is called like the weights.
    progress : bool, default=False
        Whether a download shows a progress bar.

    Returns
    -------
    Checkpoint

    Raises
    ------
    ValueError
        If the name is unknown or its weights can be had nowhere, or the checkpoint is damaged or
        not what `fetch` expects.
    FileNotFoundError
        If there is no checkpoint at the path.
    OSError
        If the weights can neither be found in the cache nor downloaded, see `fetch`.
    ImportError
        If ``"hf://…"`` is asked for without huggingface_hub.

    Examples
    --------
    >>> from sklearn_astromer.weights import load
    >>> load("macho")  # doctest: +SKIP
    Checkpoint(d_model=256, n_layers=2, n_heads=4, d_ff=128, ...)
    >>> load("kepler")
    Traceback (most recent call last):
    ValueError: no weights called 'kepler', and no such file or folder: the names are ...
    """
    if isinstance(name_or_path, str):
        if remote.is_address(name_or_path):
            return remote.load(name_or_path, progress=progress)
        if name_or_path in registry.WEIGHTS:
            if Path(name_or_path).exists():
                warnings.warn(
                    f"{name_or_path!r} is a name of weights, which are read, and also a path here: "
                    f"write './{name_or_path}' for that",
                    stacklevel=2,
                )
            return read_checkpoint(fetch(name_or_path, progress=progress))
        path = Path(name_or_path)
        if name_or_path == path.name and not path.exists():
            raise ValueError(
                f"no weights called {name_or_path!r}, and no such file or folder: "
                f"{closest(name_or_path, _names())}"
            )
    return read_checkpoint(name_or_path)


def fetch(name: str, *, progress: bool = False) -> Path:
    """Path of pretrained weights on this machine, downloaded first if need be.

    Only the first use of weights that are not part of this package reaches the network (``hf://``
    asks the Hub each time). A download is locked against other processes and put into the cache
    when it is complete and verified; what is already there needs no lock, so a read-only cache
    works.

    Parameters
    ----------
    name : str
        A name in `WEIGHTS`; ``"hf://user/repository"`` or ``"hf://user/repository@revision"`` of
        the Hugging Face Hub; ``"doi:10.…"``, a record with one archive or with ``config.json`` and
        ``weights.safetensors``; or ``"https://…"``, a zip or tar.gz with these two or with the
        official layout, or a folder with these two, which ends with ``/``. What a name of `WEIGHTS`
        downloads has the checksum given there. The checksums of the files are kept at the first
        fetch, and compared afterwards.
    progress : bool, default=False
        Whether a download shows a progress bar on stderr.

    Returns
    -------
    Path
        The folder, verified if it was downloaded.

    Raises
    ------
    ValueError
        If the name is unknown, its weights can be had nowhere, what the server sends has the wrong
        checksum, or the weights are no longer what was fetched at first.
    OSError
        If the weights are not in the cache and the download fails, whatever the cause: no
        network, a folder that cannot be written. The message says which folder to put where by
        other means.
    """
    if remote.is_address(name):
        return remote.fetch(name, progress=progress)
    entry = registry.WEIGHTS.get(name)
    if entry is None:
        raise ValueError(f"no weights called {name!r}: {closest(name, _names())}")
    if entry.bundled:
        return _BUNDLED / name
    if entry.url is None:
        raise ValueError(
            f"the weights {name!r} are not available: {entry.unavailable}; the names are "
            f"{', '.join(_names())}"
        )
    return remote.fetch(entry.url, sha256=entry.sha256, progress=progress)


def _names() -> list[str]:
    return [name for name, entry in registry.WEIGHTS.items() if entry.unavailable is None]
