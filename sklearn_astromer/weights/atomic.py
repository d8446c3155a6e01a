"""Folders that are replaced at once and whole."""

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from sklearn_astromer.weights._contents import read_json

CONFIG, WEIGHTS = "config.json", "weights.safetensors"
#: What else a folder of this package may hold: a card, and a classifier or regressor.
CARD = "README.md"
OTHERS = {CARD, "model.json", "head.safetensors"}
_SEAL = "<!-- written by sklearn_astromer, replaced unless edited: sha256 {} -->\n"
_SEALED = re.compile(re.escape(_SEAL).replace(r"\{\}", "([0-9a-f]{64})").encode() + rb"\Z")
_READ_TRIES = 100

Content = TypeVar("Content")


def replace_folder(path: str | os.PathLike[str], files: Mapping[str, bytes]) -> None:
    """Write a folder with these files, in place of an earlier one.

    The folder is built beside its place and renamed into it: a reader, at any moment and after any
    crash, finds either the complete old folder or the complete new one. An empty lock file,
    ``.<name>.lock``, may stay beside the folder.

    Raises
    ------
    FileExistsError
        If something else is at `path`, or a card that somebody wrote or edited; it is left alone.
    """
    with replacing_folder(path, check_replaceable) as new:
        for name, content in files.items():
            (new / name).write_bytes(content)


@contextlib.contextmanager
def replacing_folder(path: str | os.PathLike[str], check: Callable[[Path], None]) -> Iterator[Path]:
    """Give a folder to write to, which becomes `path`, at once and whole, if all goes well.

    Parameters
    ----------
    path : path
    check : callable
        Gets `path`, and raises if what is there must stay.
    """
    path = Path(path).expanduser().resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(_sibling(path, "lock")):
        _settle(path)
        check(path)
        new = _sibling(path, "new")
        try:
            new.mkdir()
            yield new
            for file in new.iterdir():
                with file.open("rb+") as written:
                    os.fsync(written.fileno())
            _sync_folder(new)
            if path.exists():
                os.rename(path, aside(path))
            os.rename(new, path)
            _sync_folder(path.parent)
        finally:
            _settle(path)


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


def aside(path: Path) -> Path:
    """Return where a writer puts the old folder before it renames the new one."""
    return _sibling(path, "old")


def _sibling(path: Path, role: str) -> Path:
    return path.with_name(f".{path.name}.{role}")


def identity_of(folder: Path) -> tuple[int, int] | None:
    """Return what changes when a folder is replaced; None: there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _settle(path: Path) -> None:
    """Finish or undo what a writer left, whichever keeps a complete folder; needs the lock."""
    old, new = _sibling(path, "old"), _sibling(path, "new")
    if old.exists():
        if path.exists():
            shutil.rmtree(old)
        else:
            os.rename(old, path)
    if new.exists():
        shutil.rmtree(new)


def check_replaceable(path: Path) -> None:
    """Raise FileExistsError if something else than a folder of weights is at `path`."""
    if not path.exists():
        return
    if not path.is_dir():
        raise FileExistsError(f"{path} is a file: choose another folder for the checkpoint")
    found = {entry.name for entry in path.iterdir()}
    ours = False
    if {CONFIG, WEIGHTS} <= found <= {CONFIG, WEIGHTS, *OTHERS}:
        with contextlib.suppress(ValueError, OSError):
            ours = {"format", "config", "info"} <= read_json(path / CONFIG).keys()
    if found and not ours:
        raise FileExistsError(
            f"{path} holds something else than a checkpoint ({', '.join(sorted(found)[:5])}):"
            " choose another folder, or empty this one"
        )
    if CARD in found and not is_sealed((path / CARD).read_bytes()):
        raise FileExistsError(
            f"{path / CARD} is not as this package wrote it, and would be lost: choose another"
            " folder, or move that file"
        )


def sealed(text: str) -> str:
    """Return a text with a last line, of a comment, by which `is_sealed` knows it again."""
    return text + _SEAL.format(hashlib.sha256(text.encode()).hexdigest())


def is_sealed(content: bytes) -> bool:
    """Whether a file is exactly what `sealed` made."""
    match = _SEALED.search(content)
    if match is None:
        return False
    return hashlib.sha256(content[: match.start()]).hexdigest().encode() == match[1]


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
