"""Read the one checkpoint in an archive that anybody may have made; nothing is unpacked to disk."""

import gzip
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from sklearn_astromer.weights.checkpoint import CONFIG, OTHERS, WEIGHTS
from sklearn_astromer.weights.official import OFFICIAL_CONFIGS, OFFICIAL_WEIGHTS

MAX_MEMBERS = 1000
MAX_UNPACKED = 512 * 2**20  # bytes
_MAX_HEADER = 4096


def read_archive(path: Path) -> dict[str, bytes]:
    """Read the files of a checkpoint in a zip or tar.gz, by name.

    Its layout is that of this package or the official one, in whichever folder of the archive, but
    once. Other files are not read.

    Raises
    ------
    ValueError
        If it is no such archive, is damaged, holds no or several checkpoints, has links, names
        outside of itself, or has or unpacks to more than `MAX_UNPACKED` bytes.
    """
    if (size := path.stat().st_size) > MAX_UNPACKED:
        raise ValueError(f"an archive of {size} bytes, expected at most {MAX_UNPACKED}")
    content = path.read_bytes()
    try:
        if content.startswith(b"PK\3\4"):
            return _read_zip(content)
        if content.startswith(b"\x1f\x8b"):
            return _read_tar(content)
    except (
        *(zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile),
        *(RuntimeError, NotImplementedError, OverflowError),
    ) as error:
        raise ValueError(f"the archive is damaged or encrypted ({error})") from error
    raise ValueError("neither a zip nor a tar.gz")


def _read_zip(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        _check((m.orig_filename, m.file_size, _is_plain(m)) for m in members)
        chosen = _choose(member.filename for member in members if not member.is_dir())
        return {name: archive.read(member) for name, member in chosen.items()}


def _is_plain(member: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(member.external_attr >> 16)
    # zipfile bounds what it unpacks only for these two
    packed = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    return packed and kind in (0, stat.S_IFREG, stat.S_IFDIR)


def _read_tar(content: bytes) -> dict[str, bytes]:
    with _opened(content) as archive:
        names = []

        def entries() -> Iterator[tuple[str, int, bool]]:
            for member in archive:
                names.extend([member.name] if member.isreg() else [])
                plain = member.isdir() or (member.isreg() and not member.issparse())
                yield member.name, member.size, plain

        _check(entries())
    chosen = {member: name for name, member in _choose(names).items()}
    found = {}
    with _opened(content) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name in chosen else None
            if file is not None:
                found[chosen[member.name]] = file.read()
    return found


@contextmanager
def _opened(content: bytes) -> Iterator[tarfile.TarFile]:
    headers = 0

    class Member(tarfile.TarInfo):
        """A member, or a header before it, which some versions of Python read very slowly."""

        @classmethod
        def frombuf(cls, *args: Any, **kwargs: Any) -> "Member":
            nonlocal headers
            made = super().frombuf(*args, **kwargs)
            is_header = not (made.isreg() or made.isdir())
            headers += is_header
            if made.size < 0 or (is_header and made.size > _MAX_HEADER) or headers > MAX_MEMBERS:
                raise ValueError("too many or too large headers in the archive")
            return made

    with (
        gzip.open(io.BytesIO(content)) as unpacked,
        tarfile.open(fileobj=unpacked, mode="r|", tarinfo=Member) as archive,
    ):
        yield archive


def _check(members: Iterable[tuple[str, int, bool]]) -> None:
    """Check names, sizes and kinds, each before the next is looked for."""
    seen: set[PurePosixPath] = set()
    total = 0
    for name, size, plain in members:
        windows = PureWindowsPath(name)  # splits at both kinds of slash
        if windows.drive or windows.root or ".." in windows.parts:
            raise ValueError(f"unsafe path {name!r} in the archive")
        if not plain:
            raise ValueError(f"{name!r} in the archive is a link or another special file")
        if PurePosixPath(name) in seen:
            raise ValueError(f"the name {name!r} is twice in the archive")
        seen.add(PurePosixPath(name))
        total += size
        if total > MAX_UNPACKED:
            raise ValueError(f"the archive unpacks to more than {MAX_UNPACKED} bytes")
        if len(seen) > MAX_MEMBERS:
            raise ValueError(f"more than {MAX_MEMBERS} files in the archive")


def _choose(names: Iterable[str]) -> dict[str, str]:
    """Return the files of the one checkpoint, and what they are called in the archive."""
    paths = {PurePosixPath(name): name for name in names}
    found = [
        {
            each: paths[path.parent / each]
            for each in (CONFIG, WEIGHTS, *sorted(OTHERS))
            if path.parent / each in paths
        }
        for path in paths
        if path.name == CONFIG and path.parent / WEIGHTS in paths
    ] + [
        {each: paths[path.parent / each] for each in (path.name, *OFFICIAL_WEIGHTS)}
        for path in paths
        if path.name in OFFICIAL_CONFIGS
        and all(path.parent / each in paths for each in OFFICIAL_WEIGHTS)
    ]
    if any(path.name == "data.pkl" for path in paths):
        raise ValueError(
            "it was written by torch.save: what `fit` writes is resumed by checkpoint=, and "
            "weights are written by save_pretrained"
        )
    if len(found) != 1:
        raise ValueError(
            f"{len(found)} checkpoints in the archive, expected one: {CONFIG} and {WEIGHTS}, or the"
            f" official {' or '.join(OFFICIAL_CONFIGS)} and {', '.join(OFFICIAL_WEIGHTS)}"
        )
    return found[0]
