"""Download a file over https, and keep checksums of what was fetched.

A download goes on where it broke off, and is never redirected to another scheme. The record of the
checksums is JSON beside the files.
"""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

from sklearn_astromer._files import replacing, sha256
from sklearn_astromer.weights._contents import read_json

_LOGGER = logging.getLogger(__name__)
_LOCAL = ("localhost", "127.0.0.1", "::1")
_TRIES = 10  # each of which must bring something
_CHUNK_BYTES = 2**16
_TIMEOUT_SECONDS = 30
_FORMAT = 1  # of a record
MAX_BYTES = 2**30  # of one file; macho has 2.6 MB, the largest encoder of the papers some 100


class RefusedError(OSError):
    """What is not downloaded, however often it is tried."""


def check_url(url: str, before: str | None = None) -> None:
    """Raise RefusedError unless a URL is https, or http on this machine.

    Parameters
    ----------
    url : str
        The URL.
    before : str, optional
        The one that redirects to it. From https there is no way back to http.
    """
    parts = urlsplit(url)
    whence = "" if before is None else f"{before} redirects to "
    if parts.username or parts.password:
        raise RefusedError(
            f"{whence}an address with a password in it ({parts.hostname}): write it without, and"
            " the password into ~/.netrc"
        )
    if parts.scheme == "https" and parts.hostname:
        return
    local = parts.scheme == "http" and parts.hostname in _LOCAL
    if not local or (before is not None and urlsplit(before).scheme == "https"):
        remedy = "use https" if before is None else "give the https address of the file itself"
        raise RefusedError(f"{whence}{url}, which is not https and not read: {remedy}")


def request_options(look: Any = None) -> dict[str, Any]:
    """Return what `requests.get` is to be called with."""

    def check(response: Any, *_: Any, **__: Any) -> None:
        if "location" in response.headers and response.is_redirect:
            check_url(urljoin(response.url, response.headers["location"]), response.url)
        elif look is not None:
            look(response)

    return {"hooks": {"response": check}, "timeout": _TIMEOUT_SECONDS}


def download(url: str, target: Path, *, progress: bool = False) -> None:
    """Download a file to `target`, which exists only when it is complete.

    Until then it is ``<target>.partial``. Where the server has an ETag, this or a later call goes
    on from there, if it still has the same file; otherwise the download begins anew.

    Raises
    ------
    OSError
        If the URL is refused, there is no such file, or the connection breaks off.
    """
    import requests

    check_url(url)
    partial, tag = (target.with_name(f"{target.name}.{end}") for end in ("partial", "etag"))
    _LOGGER.info("downloading %s to %s", url, target)
    for _ in range(_TRIES):
        start = _size(partial) if tag.exists() else 0
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
            if _size(partial) <= start:
                raise
            _LOGGER.info("%s broke off at %d bytes: going on", url, _size(partial))
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
        if (
            name.startswith('"')
            and response.headers.get("content-encoding", "identity") == "identity"
        ):
            tag.write_text(name, encoding="latin-1")
        else:
            tag.unlink(missing_ok=True)

    # a file that is packed on its way has other offsets
    headers = {"User-Agent": "sklearn_astromer", "Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": tag.read_text(encoding="latin-1")}
    pooch.HTTPDownloader(
        progressbar=progress, chunk_size=_CHUNK_BYTES, headers=headers, **request_options(look)
    )(url, _Bounded(file, url), None)


class _Bounded:
    """A file that grows to MAX_BYTES."""

    def __init__(self, file: BinaryIO, url: str) -> None:
        self._file, self._url = file, url

    def write(self, data: bytes) -> None:
        if self._file.tell() + len(data) > MAX_BYTES:
            raise RefusedError(f"{self._url} has more than {MAX_BYTES} bytes, and is not weights")
        self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def checksums(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file in a folder; there are none in a folder that is not there."""
    if not folder.is_dir():
        return {}
    return {
        path.name: sha256(path) if path.is_file() else "not a file"
        for path in sorted(folder.iterdir())
    }


def read_record(path: Path) -> dict[str, Any] | None:
    """Read a record, whose "files" are checksums by name; None: there is none.

    Raises
    ------
    ValueError
        If the file is no record.
    """
    if not path.exists():
        return None
    try:
        record = read_json(path)
        files = record.get("files")
        if record.get("format") != _FORMAT or not isinstance(files, dict) or not files:
            raise ValueError(f"{path} is no record of checksums that this version can read")
    except ValueError as error:
        raise ValueError(
            f"{error}: delete the folder {path.parent} to take the weights as they are now"
        ) from error
    return record


def write_record(path: Path, facts: Mapping[str, Any]) -> None:
    """Write a record, at once and whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        partial.write_text(json.dumps({"format": _FORMAT, **facts}, indent=1), encoding="utf-8")
