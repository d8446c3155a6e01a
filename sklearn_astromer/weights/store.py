"""Find pretrained weights by name or path; download, verify and cache what is not there yet."""

import logging
import os
from pathlib import Path

from filelock import FileLock

from sklearn_astromer import _cache
from sklearn_astromer._closest import closest
from sklearn_astromer._files import replacing, sha256
from sklearn_astromer.weights import registry, remote
from sklearn_astromer.weights.checkpoint import Checkpoint, read_checkpoint

__all__ = ["cache_dir", "fetch", "load"]

_LOGGER = logging.getLogger(__name__)
_BUNDLED = Path(__file__).parent / "bundled"
_LOCK_SECONDS = 600.0  # longer than any download: a lock held as long is a dead one
_CHUNK_BYTES = 2**16


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
        no longer what was fetched from an address at first.
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

    A file in the cache is used only if its checksum is right. A download is locked against other
    processes and put into the cache when it is complete and verified; a file that is already
    there needs no lock, so a read-only cache works.

    Parameters
    ----------
    name : str
        A name in `WEIGHTS`; ``"hf://user/repository"`` or ``"hf://user/repository@revision"`` of
        the Hugging Face Hub; ``"doi:10.…"``, a record with one archive or with ``config.json`` and
        ``weights.safetensors``; or ``"https://…"``, a zip or tar.gz with these two or with the
        official layout, or a folder with these two, which ends with ``/``. The checksums of what
        an address gives are kept at the first fetch, and compared afterwards.
    progress : bool, default=False
        Whether a download shows a progress bar on stderr.

    Returns
    -------
    Path
        The verified file, or the folder of weights that are part of this package or have an
        address.

    Raises
    ------
    ValueError
        If the name is unknown, its weights can be had nowhere, or those of an address are no longer
        what was fetched at first.
    OSError
        If the weights are not in the cache and the download fails, whatever the cause: no
        network, a wrong checksum, a folder that cannot be written. The message says which file to
        put where by other means.
    """
    if remote.is_address(name):
        return remote.fetch(name, progress=progress)
    entry = registry.WEIGHTS.get(name)
    if entry is None:
        raise ValueError(f"no weights called {name!r}: {closest(name, _names())}")
    if entry.bundled:
        return _BUNDLED / name
    if entry.url is None or entry.filename is None or entry.sha256 is None:
        raise ValueError(
            f"the weights {name!r} are not available: {entry.unavailable}; the names are "
            f"{', '.join(_names())}"
        )
    target = cache_dir() / entry.filename
    try:
        if not _is_intact(target, entry.sha256):
            target.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{target}.lock", timeout=_LOCK_SECONDS):
                if not _is_intact(target, entry.sha256):  # another process may have been faster
                    _download(entry.url, target, entry.sha256, progress)
    except OSError as error:
        # os.path: Path.exists would raise here for a folder that may not be read.
        state = "in the cache is damaged" if os.path.exists(target) else "is not in the cache"
        raise OSError(
            f"the file of the weights {name!r} {state} and could not be downloaded: {error}\n"
            f"Without a network, download {entry.url} elsewhere\nand put it at {target}\n"
            f"(sha256 {entry.sha256}); the environment variable SKLEARN_ASTROMER_HOME sets"
            " another place for the cache."
        ) from error
    return target


def _names() -> list[str]:
    return [name for name, entry in registry.WEIGHTS.items() if entry.unavailable is None]


def _is_intact(path: Path, checksum: str) -> bool:
    if not path.exists():
        return False
    if sha256(path) == checksum:
        return True
    _LOGGER.warning("%s has a wrong checksum and is not used", path)
    return False


def _download(url: str, target: Path, checksum: str, progress: bool) -> None:
    """Download, verify, and put in place; the caller holds the lock."""
    import pooch  # not needed to import the package

    _LOGGER.info("downloading %s to %s", url, target)
    with replacing(target) as partial:
        download = pooch.HTTPDownloader(progressbar=progress, chunk_size=_CHUNK_BYTES)
        download(url, str(partial), None)
        if (found := sha256(partial)) != checksum:
            raise OSError(f"what the server sent has the wrong sha256 {found}")
