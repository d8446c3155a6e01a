"""Get the files of weights from an address, ``https://…`` or ``doi:10.…``.

A download goes on where it broke off, and is never redirected to another scheme.
"""

import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

from sklearn_astromer._files import sha256
from sklearn_astromer.weights.archives import read_archive
from sklearn_astromer.weights.checkpoint import CONFIG, OTHERS, WEIGHTS

__all__ = ["canonical", "get_files"]

_LOGGER = logging.getLogger(__name__)
_LOCAL = ("localhost", "127.0.0.1", "::1")
_TRIES = 10  # each of which must bring something
_CHUNK_BYTES = 2**16
_TIMEOUT_SECONDS = 30
MAX_BYTES = 2**30  # of one file; macho has 2.6 MB, the largest encoder of the papers some 100
_ARCHIVES = (".zip", ".tar.gz", ".tgz")
_ABSENT = (403, 404, 410)  # stores that may not be listed answer 403
_DOI = re.compile(r"10\.\d{4,9}/\S+")


def canonical(address: str) -> str:
    """Return an address in the one way of writing it; a wrong one is a ValueError."""
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
        _check_url(address)
    except OSError as error:
        shown = (
            "" if "@" in urlsplit(address).netloc else f"{address}: "
        )  # a password is for no log
        raise ValueError(f"{shown}{error}") from error
    return address


def get_files(
    address: str, folder: Path, expected: str | None, *, progress: bool
) -> tuple[dict[str, bytes], str | None]:
    """Download weights.

    Parameters
    ----------
    address : str
        What `canonical` returned.
    folder : Path
        Where downloads are, and stay if they break off.
    expected : str or None
        The sha256 that an archive must have: nothing is read of another one.
    progress : bool
        Whether a progress bar is shown.

    Returns
    -------
    files : dict of str to bytes
        By name; what an archive holds beside weights is left out.
    archive : str or None
        The sha256 of the archive; None: the files came one by one.

    Raises
    ------
    ValueError
        If there are no weights, or the archive is unsafe or another one.
    OSError
        If a file is not there, is refused, or the connection breaks off.
    """
    if address.startswith("doi:"):
        urls = _look_up(address[4:], folder)
    elif urlsplit(address).path.endswith("/"):
        urls = {name: urljoin(address, name) for name in (CONFIG, WEIGHTS, *sorted(OTHERS))}
    else:
        urls = {"archive": address}
    if WEIGHTS in urls:
        if expected is not None:
            raise ValueError("they are no archive, and have no sha256")
        contents = {
            name: _content(url, folder / name, progress, optional=name in OTHERS)
            for name, url in urls.items()
        }
        return {name: content for name, content in contents.items() if content is not None}, None
    archive = folder / "archive"
    if not archive.exists():
        (url,) = urls.values()
        _download(url, archive, progress)
    if expected not in (None, found := sha256(archive)):
        raise ValueError(
            f"wrong sha256 {found}, expected {expected}: the server, or something on the way, sent"
            " another file; try again later, or from another network"
        )
    return read_archive(archive), found


def _look_up(doi: str, folder: Path) -> dict[str, str]:
    """Return the URLs of the files of a DOI's record: ours, or else its one archive."""
    import pooch
    from pooch.downloaders import REQUESTS_HEADERS, doi_to_repository

    record = pooch.create(path=folder, base_url="")
    try:
        repository = doi_to_repository(doi, **_options(), headers=REQUESTS_HEADERS)
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


def _content(url: str, path: Path, progress: bool, *, optional: bool) -> bytes | None:
    import requests

    try:
        _download(url, path, progress)
    except requests.HTTPError as error:
        if optional and error.response is not None and error.response.status_code in _ABSENT:
            return None
        raise
    return path.read_bytes()


def _download(url: str, target: Path, progress: bool) -> None:
    """Download a file to `target`, which exists only when it is complete.

    Until then it is ``<target>.partial``. Where the server has an ETag, this or a later call goes
    on from there, if it still has the same file; otherwise the download begins anew.
    """
    import requests

    _check_url(url)
    partial, tag = (target.with_name(f"{target.name}.{end}") for end in ("partial", "etag"))
    _LOGGER.info("downloading %s to %s", url, target)
    for _ in range(_TRIES):
        start = partial.stat().st_size if tag.exists() and partial.exists() else 0
        try:
            with open(partial, "r+b" if start else "w+b") as file:
                _get(url, file, tag, start, progress)
            break
        except requests.HTTPError as error:
            tag.unlink(missing_ok=True)
            if not (start and error.response is not None and error.response.status_code == 416):
                raise
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ):
            if partial.stat().st_size <= start:
                raise
            _LOGGER.info("%s broke off at %d bytes: going on", url, partial.stat().st_size)
    else:
        raise OSError(f"{url} breaks off again and again")
    os.replace(partial, target)
    tag.unlink(missing_ok=True)


def _get(url: str, file: BinaryIO, tag: Path, start: int, progress: bool) -> None:
    """Write what follows the first `start` bytes, or all if the server does not go on."""
    import pooch

    def look(response: Any) -> None:
        if not response.ok:
            return
        if response.status_code == 206:
            if not response.headers.get("content-range", "").startswith(f"bytes {start}-"):
                tag.unlink(missing_ok=True)
                raise OSError(f"{url}: the server sends another part than was asked for")
            file.seek(start)
            return
        file.seek(0)
        file.truncate()
        name = response.headers.get("etag", "")
        plain = response.headers.get("content-encoding", "identity") == "identity"
        if name.startswith('"') and plain:
            tag.write_text(name, encoding="latin-1")
        else:
            tag.unlink(missing_ok=True)

    # a file that is packed on its way has other offsets
    headers = {"User-Agent": "sklearn_astromer", "Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": tag.read_text(encoding="latin-1")}
    downloader = pooch.HTTPDownloader(
        progressbar=progress, chunk_size=_CHUNK_BYTES, headers=headers, **_options(look)
    )
    downloader(url, _Bounded(file, url), None)


class _Bounded:
    """A file that grows to MAX_BYTES."""

    def __init__(self, file: BinaryIO, url: str) -> None:
        self._file, self._url = file, url
        self.flush = file.flush

    def write(self, data: bytes) -> None:
        if self._file.tell() + len(data) > MAX_BYTES:
            raise OSError(f"{self._url} has more than {MAX_BYTES} bytes, and is not weights")
        self._file.write(data)


def _options(look: Callable[[Any], None] = lambda response: None) -> dict[str, Any]:
    """Return what `requests.get` is to be called with; `look` gets the answer, before its body."""

    def check(response: Any, *_: Any, **__: Any) -> None:
        if "location" in response.headers and response.is_redirect:
            _check_url(urljoin(response.url, response.headers["location"]), response.url)
        else:
            look(response)

    return {"hooks": {"response": check}, "timeout": _TIMEOUT_SECONDS}


def _check_url(url: str, before: str | None = None) -> None:
    """Raise OSError unless a URL is https, or http on this machine; `before` redirects to it."""
    parts = urlsplit(url)
    whence = "" if before is None else f"{before} redirects to "
    if parts.username or parts.password:
        raise OSError(
            f"{whence}an address with a password in it ({parts.hostname}): write it without, and"
            " the password into ~/.netrc"
        )
    if parts.scheme == "https" and parts.hostname:
        return
    local = parts.scheme == "http" and parts.hostname in _LOCAL
    # from https there is no way back to http
    if not local or (before is not None and urlsplit(before).scheme == "https"):
        remedy = "use https" if before is None else "give the https address of the file itself"
        raise OSError(f"{whence}{url}, which is not https and not read: {remedy}")
