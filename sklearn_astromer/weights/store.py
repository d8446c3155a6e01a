"""Find pretrained weights by name, address or path.

What is downloaded is kept, with a record of the sha256 of each file as it first came::

    remote/<host>-<name>-<hash of the address>/
        files/         what is read: JSON and safetensors, or the official layout
        record.json    the record: the address, and the sha256 of an archive as well
        partial/       what an interrupted download left
    hub/models--<user>--<repository>/<commit>.json
                       the record of what huggingface_hub keeps in its own cache
"""

import json
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock

from sklearn_astromer import _cache
from sklearn_astromer._closest import closest
from sklearn_astromer._files import replacing, sha256
from sklearn_astromer._json import read_json
from sklearn_astromer.weights import hub, registry
from sklearn_astromer.weights.archives import read_archive
from sklearn_astromer.weights.checkpoint import (
    CONFIG,
    WEIGHTS,
    Checkpoint,
    check_format,
    read_folder,
    replace_folder,
)
from sklearn_astromer.weights.download import canonical, get_files
from sklearn_astromer.weights.official import OFFICIAL_CONFIGS, read_official

__all__ = ["cache_dir", "fetch", "is_address", "load", "read_checkpoint"]

_BUNDLED = Path(__file__).parent / "bundled"
_LOCK_SECONDS = 3600.0  # longer than any download: a lock held as long is a dead one
_FORMAT = 1  # of a record


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
        path = Path(name_or_path)
        if name_or_path in registry.WEIGHTS and path.exists():
            warnings.warn(
                f"{name_or_path!r} is a name of weights, which are read, and also a path here: "
                f"write './{name_or_path}' for that",
                stacklevel=2,
            )
        if name_or_path in registry.WEIGHTS or is_address(name_or_path):
            return read_checkpoint(fetch(name_or_path, progress=progress))
        if name_or_path == path.name and not path.exists():
            raise ValueError(
                f"no weights called {name_or_path!r}, and no such file or folder: "
                f"{closest(name_or_path, _names())}"
            )
    return read_checkpoint(name_or_path)


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read the checkpoint at a path, see `load`; an archive is not unpacked next to it."""
    path = Path(path).expanduser()
    if not path.is_file():
        ours = all((path / name).is_file() for name in (CONFIG, WEIGHTS))
        official = not ours and any((path / name).is_file() for name in OFFICIAL_CONFIGS)
        return read_official(path) if official else read_folder(path)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        try:
            for name, content in read_archive(path).items():
                (folder / name).write_bytes(content)
            return read_checkpoint(folder)
        except ValueError as error:
            reason = str(error).replace(f"{folder}{os.sep}", "")
            raise ValueError(f"{path}: {reason}") from error


def is_address(name: object) -> bool:
    """Whether a name of weights is an address, right or wrong, and neither in `WEIGHTS` nor a path.

    Examples
    --------
    >>> from sklearn_astromer.weights.store import is_address
    >>> [is_address(name) for name in ("hf://me/mine", "doi:10.5281/zenodo.1", "macho", "./mine")]
    [True, True, False, False]
    """
    return isinstance(name, str) and (name.startswith("doi:") or "://" in name)


def fetch(name: str, *, progress: bool = False, download: bool = True) -> Path:
    """Path of pretrained weights on this machine, downloaded first if need be.

    Only the first use of weights that are not part of this package reaches the network (``hf://``
    asks the Hub each time). A download is locked against other processes and put into the cache
    when it is complete and verified; what is already there needs no lock, so a read-only cache
    works. One that breaks off goes on from there the next time.

    Parameters
    ----------
    name : str
        - A name in `WEIGHTS`;
        - ``"hf://user/repository"`` or ``"hf://user/repository@revision"`` of the Hugging Face
          Hub: a branch, tag or commit;
        - ``"doi:10.5281/zenodo.…"``: a record of Zenodo, figshare or Dataverse with one archive, or
          with ``config.json`` and ``weights.safetensors``;
        - ``"https://…"``: a zip or tar.gz with these two, in one of its folders, or with the
          official layout of ASTROMER; or, where it ends with ``/``, a folder with these two.
          ``http://`` is for localhost only.

        What a name of `WEIGHTS` downloads has the checksum given there. The checksums of the files
        are kept at the first fetch, and compared afterwards.
    progress : bool, default=False
        Whether a download shows a progress bar on stderr.
    download : bool, default=True
        False: only what is here already.

    Returns
    -------
    Path
        The folder, verified if it was downloaded. Only JSON and safetensors, or the three files of
        the official layout, are ever read of it.

    Raises
    ------
    ValueError
        If the name is unknown, its weights can be had nowhere, what the server sends are no weights
        or has the wrong checksum, or the weights are no longer what was fetched at first.
    FileNotFoundError
        If they are not here and ``download=False``.
    OSError
        If the weights are not in the cache and the download fails, whatever the cause: no
        network, a folder that cannot be written. The message says which folder to put where by
        other means.
    ImportError
        If ``hf://`` is asked for without huggingface_hub.
    """
    entry = registry.WEIGHTS.get(name)
    if entry is None and not is_address(name):
        raise ValueError(f"no weights called {name!r}: {closest(name, _names())}")
    if entry is not None and entry.bundled:
        return _BUNDLED / name
    if entry is not None and entry.url is None:
        raise ValueError(
            f"the weights {name!r} are not available: {entry.unavailable}; the names are "
            f"{', '.join(_names())}"
        )
    if name.startswith("hf://"):
        path = hub.fetch(name, progress=progress, download=download)
        with _named(name):
            _check_commit(name, path)
        return path
    address, expected = (name, None) if entry is None else (entry.url, entry.sha256)
    said = name if entry is None else f"{name!r} ({address})"
    address = canonical(str(address))
    folder = folder_of(address)
    try:
        with _named(said):
            here = _is_here(folder, expected)
            if download and not here:
                folder.parent.mkdir(parents=True, exist_ok=True)
                with FileLock(f"{folder}.lock", timeout=_LOCK_SECONDS):
                    if not _is_here(folder, expected):  # another process may have been faster
                        _fill(folder, address, expected, progress)
                here = True
    except OSError as error:
        raise OSError(
            f"the weights {said} could not be downloaded: {error}\n"
            "Without a network, download it elsewhere and give the path of the file instead of the"
            f" name; or run\n`sklearn-astromer weights fetch {name}` elsewhere and copy"
            f" its folder {folder.name} to {folder}; the environment variable SKLEARN_ASTROMER_HOME"
            " sets another place for the cache."
        ) from error
    if not here:
        raise FileNotFoundError(f"the weights {said} are not downloaded")
    return folder / "files"


def folder_of(address: str) -> Path:
    """Return the folder in the cache of what an address leads to."""
    parts = urlsplit(address)
    words = f"{parts.hostname or 'doi'} {Path(parts.path).name}"
    name = re.sub(r"[^A-Za-z0-9.]+", "-", words)[:60].strip("-.")
    return cache_dir() / "remote" / f"{name}-{sha256(address.encode())[:16]}"


def _names() -> list[str]:
    return [name for name, entry in registry.WEIGHTS.items() if entry.unavailable is None]


@contextmanager
def _named(said: str) -> Iterator[None]:
    """Say of which weights an error is."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"the weights {said} are not used: {error}") from error


def _is_here(folder: Path, expected: str | None) -> bool:
    """Whether the files are there; raise ValueError if they, or their archive, are others."""
    record = _read_record(folder / "record.json")
    if record is None:
        return False
    again = f"delete the folder {folder} to download them again"
    if expected not in (None, archive := record.get("archive")):
        raise ValueError(
            f"those in the cache are of another archive (sha256 {archive}, expected {expected}):"
            f" {again}"
        )
    files = folder / "files"
    found = {each.name: each for each in files.iterdir()} if files.is_dir() else {}
    if not record["files"].keys() <= found.keys():
        return False
    _compare(
        record["files"],
        {name: sha256(path) if path.is_file() else "no file" for name, path in found.items()},
        again,
    )
    return True


def _fill(folder: Path, address: str, expected: str | None, progress: bool) -> None:
    """Download, check and put in place; the caller holds the lock."""
    partial, place = folder / "partial", folder / "files"
    partial.mkdir(parents=True, exist_ok=True)
    record = _read_record(folder / "record.json")
    try:
        files, archive = get_files(address, partial, expected, progress=progress)
        found = {name: sha256(content) for name, content in sorted(files.items())}
        if record is not None:
            _compare(record["files"], found, f"delete the folder {folder} to take the new ones")
        if place.exists():  # the rest of what was lost, or what nobody recorded
            shutil.rmtree(place)
        replace_folder(place, files)
        try:
            read_checkpoint(place)
        except ValueError:
            shutil.rmtree(place)
            raise
    except ValueError:  # there is nothing to go on from
        shutil.rmtree(partial)
        raise
    if record is None:
        facts = {"address": address, "archive": archive, "files": found}
        _write_record(folder / "record.json", facts)
    shutil.rmtree(partial)


def _check_commit(address: str, path: Path) -> None:
    """Compare the files of a commit with its record, which the first fetch makes."""
    file = cache_dir() / "hub" / path.parents[1].name / f"{path.name}.json"
    record = _read_record(file)
    found = {name: sha256(path / name) for name in hub.FILES if (path / name).exists()}
    known = {} if record is None else record["files"]
    # a file that came later is recorded then
    _compare(
        known,
        {name: found.get(name) for name in known},
        f"delete the folder {path.parents[1]} to download them again, and {file} only if you know"
        " why they differ",
    )
    if known.keys() != found.keys():
        _write_record(file, {"address": address, "commit": path.name, "files": found})


def _compare(known: Mapping[str, str], found: Mapping[str, str | None], remedy: str) -> None:
    """Raise ValueError if files have other checksums than those recorded."""
    changed = [name for name in {**known, **found} if known.get(name) != found.get(name)]
    if changed:
        raise ValueError(
            "they have changed since they were first downloaded (wrong sha256 of"
            f" {', '.join(changed)}): {remedy}"
        )


def _read_record(path: Path) -> dict[str, Any] | None:
    """Read a record, whose "files" are checksums by name; None: there is none."""
    if not path.exists():
        return None
    try:
        record = read_json(path)
        check_format(record, _FORMAT)
        if not isinstance(record.get("files"), dict) or not record["files"]:
            raise ValueError("it names no files")
    except ValueError as error:
        raise ValueError(
            f"{path} is no record of checksums ({error}): delete the folder {path.parent} to take"
            " the weights as they are now"
        ) from error
    return record


def _write_record(path: Path, facts: Mapping[str, Any]) -> None:
    """Write a record, at once and whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        partial.write_text(json.dumps({"format": _FORMAT, **facts}, indent=1), encoding="utf-8")
