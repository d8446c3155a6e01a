"""Weights by address: ``hf://user/repository``, ``doi:10.…`` or ``https://…``.

An https address or DOI is downloaded once, into a folder of the cache of its own::

    remote/<host>-<name>-<hash of the address>/
        files/         what is read: JSON and safetensors, or the official layout
        record.json    the address, and each sha256, also of an archive, as of the first fetch
        partial/       what an interrupted download left

`sklearn_astromer.weights.hub` does the same for ``hf://``, where huggingface_hub has the files.
"""

import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from filelock import FileLock

from sklearn_astromer import _files
from sklearn_astromer._cache import cache_dir
from sklearn_astromer.weights import _archives, _download, hub, registry
from sklearn_astromer.weights._contents import CONFIG, OTHERS, WEIGHTS, Checkpoint
from sklearn_astromer.weights._download import checksums, read_record, write_record
from sklearn_astromer.weights.checkpoint import read_checkpoint, read_folder, replace_folder

__all__ = ["fetch", "is_address", "load"]

_ARCHIVES = (".zip", ".tar.gz", ".tgz")
_ABSENT = (403, 404, 410)  # stores that may not be listed answer 403
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_LOCK_SECONDS = 3600.0  # longer than any download: a lock held as long is a dead one


def is_address(name: object) -> bool:
    """Whether a name of weights is an address, right or wrong, and neither in `WEIGHTS` nor a path.

    Examples
    --------
    >>> from sklearn_astromer.weights.remote import is_address
    >>> [is_address(name) for name in ("hf://me/mine", "doi:10.5281/zenodo.1", "macho", "./mine")]
    [True, True, False, False]
    """
    return isinstance(name, str) and (name.startswith("doi:") or "://" in name)


def load(address: str, *, progress: bool = False, download: bool = True) -> Checkpoint:
    """Load weights by address; see `fetch`."""
    path = fetch(address, progress=progress, download=download)
    return read_folder(path) if hub.is_hub(address) else read_checkpoint(path)


def fetch(
    address: str, *, sha256: str | None = None, progress: bool = False, download: bool = True
) -> Path:
    """Return the folder of weights on this machine, downloaded first if need be, and verified.

    Parameters
    ----------
    address : str
        - ``"hf://user/repository"`` or ``"hf://user/repository@revision"`` of the Hugging Face
          Hub, see `sklearn_astromer.weights.hub.fetch`;
        - ``"doi:10.5281/zenodo.…"``: a record of Zenodo, figshare or Dataverse with one archive, or
          with ``config.json`` and ``weights.safetensors``;
        - ``"https://…"``: a zip or tar.gz with these two, in one of its folders, or with the
          official layout of ASTROMER; or, where it ends with ``/``, a folder with these two.
          ``http://`` is for localhost only.
    sha256 : str, optional
        The checksum, in hexadecimal, that an archive must have: nothing is read of another one.
    progress : bool, default=False
        Whether a download shows a progress bar on stderr.
    download : bool, default=True
        False: only what is here already.

    Returns
    -------
    Path
        Only JSON and safetensors, or the three files of the official layout, are ever read of it.

    Raises
    ------
    ValueError
        If the address is none of these, there are no weights, the archive is unsafe or has another
        checksum, or the files are not those of the first fetch, here or where they come from. The
        message says which folder to delete to take them as they are now.
    FileNotFoundError
        If they are not here and ``download=False``.
    OSError
        If the download fails or is refused. What has come is kept, to go on from.
    ImportError
        If ``hf://`` is asked for without huggingface_hub.
    """
    if hub.is_hub(address):
        if sha256 is not None:
            raise ValueError(f"{address} is no archive, and has no sha256")
        return hub.fetch(address, progress=progress, download=download)
    source = _source(address)
    entry = _entry(source)
    name = next((name for name, e in registry.WEIGHTS.items() if e.url == address), None)
    said = address if name is None else f"{name!r} ({address})"
    try:
        complete = _is_complete(entry, said, sha256)
        if download and not complete:
            entry.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{entry}.lock", timeout=_LOCK_SECONDS):
                if not _is_complete(entry, said, sha256):  # another process may have been faster
                    _fill(entry, said, source, sha256, progress)
            complete = True
    except OSError as error:
        raise OSError(
            f"the weights {said} could not be downloaded: {error}\n"
            "Without a network, download it elsewhere and give the path of the file instead of the"
            f" name; or run\n`sklearn-astromer weights fetch {name or address}` elsewhere and copy"
            f" its folder {entry.name} to {entry}; the environment variable SKLEARN_ASTROMER_HOME"
            " sets another place for the cache."
        ) from error
    if not complete:
        raise FileNotFoundError(f"the weights {said} are not downloaded")
    return entry / "files"


def _source(address: str) -> str:
    """Return the address in the one way of writing it, or say what is wrong with it."""
    doi = re.sub(r"^https?://(dx\.)?doi\.org/", "doi:", address)
    if doi.startswith("doi:"):
        if not _DOI.fullmatch(doi[4:]):
            raise ValueError(f"{address} is no DOI such as doi:10.5281/zenodo.18207945")
        return doi
    if urlsplit(address).scheme not in ("http", "https"):
        raise ValueError(
            f"{address}: weights have addresses hf://user/repository, doi:10.… or https://…"
        )
    try:
        _download.check_url(address)
    except OSError as error:
        raise ValueError(f"{address}: {error}") from error
    return address


def _entry(source: str) -> Path:
    parts = urlsplit(source)
    words = f"{parts.hostname or 'doi'} {Path(parts.path).name}"
    name = re.sub(r"[^A-Za-z0-9.]+", "-", words)[:60].strip("-.")
    return cache_dir() / "weights" / "remote" / f"{name}-{_files.sha256(source.encode())[:16]}"


def _is_complete(entry: Path, said: str, expected: str | None) -> bool:
    """Whether the files are there; raise ValueError if they, or their archive, are others."""
    record = read_record(entry / "record.json")
    if record is None:
        return False
    if expected not in (None, archive := record.get("archive")):
        raise ValueError(
            f"the weights {said} in the cache are of another archive (sha256 {archive}, expected"
            f" {expected}): delete the folder {entry} to download them again"
        )
    found = checksums(entry / "files")
    if not record["files"].keys() <= found.keys():
        return False
    if record["files"] != found:
        names = [name for name in found if record["files"].get(name) != found[name]]
        raise ValueError(
            f"the weights {said} in the cache are not as they were downloaded (wrong sha256 of"
            f" {', '.join(names)}): delete the folder {entry} to download them again"
        )
    return True


def _fill(entry: Path, said: str, source: str, expected: str | None, progress: bool) -> None:
    """Download, check and put in place; the caller holds the lock."""
    partial, place = entry / "partial", entry / "files"
    partial.mkdir(parents=True, exist_ok=True)
    record = read_record(entry / "record.json")
    try:
        files, facts = _get(source, partial, expected, progress)
        found = {name: _files.sha256(content) for name, content in sorted(files.items())}
        if record is not None and record["files"] != found:
            raise ValueError(
                f"they have changed since they were first downloaded (then"
                f" {_short(record['files'])}, now {_short(found)}): delete the folder {entry} to"
                " take them as they are now"
            )
        if place.exists():  # the rest of what was lost, or what nobody recorded
            shutil.rmtree(place)
        replace_folder(place, files, overwrite=True)
        try:
            read_checkpoint(place)
            if record is None:
                write_record(entry / "record.json", {"address": source, **facts, "files": found})
        except BaseException:
            shutil.rmtree(place)
            raise
    except ValueError as error:  # there is nothing to go on from
        shutil.rmtree(partial)
        raise ValueError(f"the weights {said} are not used: {error}") from error
    shutil.rmtree(partial)


def _short(files: dict[str, str]) -> str:
    return ", ".join(f"{name} {digest[:12]}…" for name, digest in files.items())


def _get(
    source: str, partial: Path, expected: str | None, progress: bool
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the files of the weights, and what the record is to say of the archive."""
    if source.startswith("doi:"):
        urls = _look_up(source[4:], partial)
        if WEIGHTS not in urls:
            (source,) = urls.values()
    elif urlsplit(source).path.endswith("/"):
        urls = {name: urljoin(source, name) for name in (CONFIG, WEIGHTS, *sorted(OTHERS))}
    else:
        urls = {}
    if WEIGHTS in urls:
        if expected is not None:
            raise ValueError("they are no archive, and have no sha256")
        files = {}
        for name, url in urls.items():
            content = _content(url, partial / name, progress, optional=name in OTHERS)
            if content is not None:
                files[name] = content
        return files, {}
    archive = partial / "archive"
    if not archive.exists():
        _download.download(source, archive, progress=progress)
    if expected not in (None, found := _files.sha256(archive)):
        raise ValueError(
            f"wrong sha256 {found}, expected {expected}: the server, or something on the way, sent"
            " another file; try again later, or from another network"
        )
    return _archives.read_archive(archive), {"archive": found}


def _content(url: str, path: Path, progress: bool, *, optional: bool) -> bytes | None:
    import requests

    try:
        _download.download(url, path, progress=progress)
    except requests.HTTPError as error:
        if optional and error.response is not None and error.response.status_code in _ABSENT:
            return None
        raise
    return path.read_bytes()


def _look_up(doi: str, folder: Path) -> dict[str, str]:
    """Return the URLs of the files of a DOI's record: ours, or else its one archive."""
    import pooch
    from pooch.downloaders import REQUESTS_HEADERS, doi_to_repository

    options = _download.request_options() | {"headers": REQUESTS_HEADERS}
    record = pooch.create(path=folder, base_url="")
    try:
        repository = doi_to_repository(doi, **options)
        repository.populate_registry(record)
        names = sorted(record.registry)
        ours = {CONFIG, WEIGHTS} <= set(names)
        archives = [name for name in names if name.lower().endswith(_ARCHIVES)]
        chosen = [n for n in names if n in (CONFIG, WEIGHTS, *OTHERS)] if ours else archives
        urls = {name: str(repository.download_url(name)) for name in chosen}
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise OSError(f"what answers for doi:{doi} is not understood ({error!r})") from error
    if not ours and len(urls) != 1:
        several = "; instead of the DOI, give one of " + ", ".join(urls.values()) if urls else ""
        raise ValueError(
            f"the record has {len(urls)} archives among {', '.join(names) or 'no files'}, expected"
            f" one, or {CONFIG} and {WEIGHTS}{several}"
        )
    return urls
