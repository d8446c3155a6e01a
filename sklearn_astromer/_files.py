"""Files and folders that are written whole or not at all, and known by their checksums."""

from __future__ import annotations

import contextlib
import csv
import errno
import glob
import hashlib
import os
import re
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    import pandas as pd

_LOCK, _OLD = "lock", "old"
_SCRATCH = re.compile(r"\.(.+)\.[0-9a-f]{8}\.partial")
_READ_TRIES = 100
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: What NumPy, torch and others say of a full disk without its number.
_FULL_SAID = re.compile(
    r"\d+ requested and \d+ written|inline_container|PytorchStreamWriter|No space left|"
    r"File too large|[Ff]ailed to (write|serialize)"
)

Content = TypeVar("Content")


def check_free(
    path: Path, overwrite: bool, check_ours: Callable[[Path], None] | None = None
) -> None:
    """Refuse to replace what is at `path`, unless that was asked for.

    Parameters
    ----------
    path : Path
    overwrite : bool
        Whether it was asked for.
    check_ours : callable, optional
        For an output that is a folder: gets one with something in it, and raises if that is
        anything else than an output of the same kind, which is never replaced.

    Raises
    ------
    FileExistsError
        If something is there that must stay; what is neither a file nor a folder always must.
    IsADirectoryError
        If a folder is in the place of a file.
    """

    def check(there: Path) -> None:
        try:
            mode = there.stat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise FileExistsError(
                    f"{path} is a device, a pipe or a socket, and stays: choose another place"
                )
            if stat.S_ISDIR(mode) and check_ours is None:
                raise IsADirectoryError(f"{path} is a folder: choose another file")
            if stat.S_ISREG(mode) and check_ours is not None:
                raise FileExistsError(f"{path} is a file: choose a folder")
            if check_ours is not None:
                if _works_in(path):
                    raise FileExistsError(
                        f"{path} is the folder that you work in, and cannot be replaced: choose "
                        "another folder"
                    )
                if not any(there.iterdir()):
                    return
                check_ours(there)
        except (FileNotFoundError, NotADirectoryError):
            if there.exists():
                raise
            return  # another writer took it
        if not overwrite:
            raise FileExistsError(
                f"{path} is there already: choose another place, or pass overwrite=True "
                "(--overwrite on the command line) to replace it"
            )

    read_whole(path, check)


def _works_in(folder: Path) -> bool:
    """Whether this process works in a folder, or in one below it."""
    try:
        return Path.cwd().is_relative_to(folder.resolve())
    except FileNotFoundError:  # it works in a folder that is gone
        return False


@contextlib.contextmanager
def replacing(path: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Give a file to write to, which becomes `path`, at once and whole, if all goes well.

    Where `path` is a symbolic link, it stays one, and what it leads to is written.

    Raises
    ------
    OSError
        If it cannot be written; of a full disk it says the place and the size. See `check_free`.
    """
    name, path = path.name, link_target(path)
    check_free(path, overwrite)
    with _scratch(path) as scratch:
        partial = scratch / name  # whose ending tells the format
        partial.touch(exist_ok=False)
        yield partial
        _sync(partial)
        check_free(path, overwrite)  # another may have come into being meanwhile
        with contextlib.suppress(FileNotFoundError):
            shutil.copymode(path, partial)  # what is private stays so
        os.replace(partial, path)
        _sync(path.parent)


@contextlib.contextmanager
def replacing_folder(
    path: Path, check_ours: Callable[[Path], None], *, overwrite: bool = True
) -> Iterator[Path]:
    """Give a folder to write to, which becomes `path`, at once and whole, if all goes well.

    A reader by `read_whole`, at any moment and after any crash, finds either the complete old
    folder or the complete new one.

    Parameters
    ----------
    path : Path
        Made with its parents. Where it is a symbolic link, what that leads to.
    check_ours : callable
        See `check_free`.
    overwrite : bool

    Raises
    ------
    OSError
        As `replacing`.
    """
    path = path.expanduser().resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    check_free(path, overwrite, check_ours)
    with _scratch(path) as scratch:
        check_free(path, overwrite, check_ours)  # one of before may be back in its place
        new = scratch / "new"
        new.mkdir()
        yield new
        for file in new.iterdir():
            _sync(file)
        _sync(new)
        while True:
            check_free(path, overwrite, check_ours)  # another may have come into being meanwhile
            if path.exists():
                with contextlib.suppress(FileNotFoundError):  # another writer took it
                    os.rename(path, scratch / _OLD)
            try:
                os.rename(new, path)
                break
            except OSError as error:  # another writer came between
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                shutil.rmtree(scratch / _OLD, ignore_errors=True)
        _sync(path.parent)


def link_target(path: Path) -> Path:
    """Return what a symbolic link leads to, by all links on the way, and another path as it is.

    ``~`` is the home of the user.
    """
    path = path.expanduser()
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def read_whole(path: Path, read: Callable[[Path], Content]) -> Content:
    """Return what `read` makes of the old or of the new folder, never of a mixture.

    Parameters
    ----------
    path : Path
        Resolved.
    read : callable
        Gets the folder in which the files are; what it raises is raised, unless the folder was
        replaced meanwhile: then it is called again.
    """
    for _ in range(_READ_TRIES):
        before = identity_of(path)
        # A writer between its two renames, alive or killed, leaves the old folder aside.
        folder = path if before else aside(path)
        try:
            content = read(folder)
        except (OSError, ValueError):
            if identity_of(path) != before:
                continue
            raise
        if identity_of(path) == before:
            return content
    raise OSError(f"{path} is being replaced all the time: cannot read it")


def identity_of(folder: Path) -> tuple[int, int] | None:
    """Return what changes when a folder is replaced; None: there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def aside(path: Path) -> Path:
    """Return where a writer has put the old folder before it renames the new one, else `path`."""
    found = [scratch / _OLD for scratch in _scratches(path) if (scratch / _OLD).is_dir()]

    def time(folder: Path) -> int:
        try:
            return folder.stat().st_mtime_ns
        except FileNotFoundError:  # it was put back, or removed
            return -1

    return max(found, key=time, default=path)


def sha256(content: bytes | Path) -> str:
    """Return the SHA-256 of bytes, or of the content of a file, in hexadecimal."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Fingerprint:
    """Hashes of what was asked for, and of the names and contents of files.

    Files are read again only where the size or time of one has changed.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = files
        self._state, self._sums = list[tuple[int, int]](), list[str]()

    def __call__(self, asked: str) -> str:
        state = [(each.st_size, each.st_mtime_ns) for each in map(Path.stat, self.files)]
        if state != self._state:
            self._state = state
            self._sums = [f"{file.name} {sha256(file)}" for file in self.files]
        return sha256(repr([asked, *self._sums]).encode("utf-8", "surrogatepass"))


def write_csv(frame: pd.DataFrame, path: Path, **how: Any) -> None:
    """Write CSV that pandas reads back; by itself it leaves a carriage return without quotes."""
    texts = [column for _, column in frame.items() if column.dtype.kind not in "biuf"]
    returns = any("\r" in str(value) for column in texts for value in column)
    how["quoting"] = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    frame.to_csv(path, index=False, lineterminator="\n", **how)


@contextlib.contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """Give a folder beside `path`, which is gone afterwards; those of killed processes go as well.

    As long as its process lives, it holds the lock in it.
    """
    for left in _scratches(path):
        _sweep(left, path)
    while True:
        scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
        try:
            scratch.mkdir()
        except OSError as error:
            raise OSError(f"{path} cannot be written: {error.strerror}") from error
        lock = FileLock(scratch / _LOCK)
        try:
            lock.acquire()
        except OSError:
            if scratch.exists():
                raise
        if (scratch / _LOCK).exists():  # or it was swept before it was locked
            break
        lock.release()
    try:
        yield scratch
    except (OSError, RuntimeError) as error:
        if not _is_full(error):
            raise
        written = sum(file.stat().st_size for file in scratch.rglob("*") if file.is_file())
        free = shutil.disk_usage(path.parent).free
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise OSError(
            f"{path} cannot be written to its end ({' '.join(reason.split())}): {written} bytes "
            f"were, and {free} bytes are free there. Make room, or choose another place"
        ) from error
    finally:
        _settle(scratch, path)
        lock.release()
        with contextlib.suppress(OSError):  # another process sweeps
            _remove(scratch)


def _scratches(path: Path) -> list[Path]:
    """Return the folders of `_scratch` beside `path`."""
    pattern = f".{glob.escape(path.name)}.*.partial"
    return [
        found
        for found in path.parent.glob(pattern)
        if (match := _SCRATCH.fullmatch(found.name)) and match[1] == path.name and found.is_dir()
    ]


def _sweep(scratch: Path, path: Path) -> None:
    """Remove what a killed process has left."""
    if not (scratch / _LOCK).exists():
        with contextlib.suppress(OSError):  # unless it is of somebody else
            scratch.rmdir()
        return
    lock = FileLock(scratch / _LOCK)
    with contextlib.suppress(Timeout, OSError):  # it lives, or another process sweeps
        lock.acquire(timeout=0)
        try:  # locked to the end, or a writer that has just begun would work in what goes
            _settle(scratch, path)
            _remove(scratch)
        finally:
            lock.release()


def _settle(scratch: Path, path: Path) -> None:
    """Put the old folder back, if the new one did not come into its place."""
    if (scratch / _OLD).exists() and not path.exists():
        with contextlib.suppress(OSError):  # another writer's new one came first
            os.rename(scratch / _OLD, path)


def _remove(scratch: Path) -> None:
    """Remove a folder of `_scratch`; its lock last, by which it is known."""
    for left in scratch.iterdir():
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        elif left.name != _LOCK:
            left.unlink(missing_ok=True)
    (scratch / _LOCK).unlink(missing_ok=True)
    scratch.rmdir()


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _FULL
    return _FULL_SAID.search(str(error)) is not None


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name != "posix":  # Windows cannot open a folder
        return
    descriptor = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
