"""Archives that anybody may have made: read where whole and harmless, and refused otherwise."""

import gzip
import os
import pickle
import stat
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from packing import tarred, zipped

from sklearn_astromer.weights import archives
from sklearn_astromer.weights.checkpoint import checkpoint_files
from sklearn_astromer.weights.store import read_checkpoint

packs = pytest.mark.parametrize("pack", [zipped, tarred])


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Read the archive "made" of these bytes; nothing is left where it was, or was unpacked."""
    for name in ("scratch", "place"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    monkeypatch.chdir(tmp_path / "place")

    def read(content):
        Path("made").write_bytes(content)
        try:
            return read_checkpoint("made")
        finally:
            assert not list((tmp_path / "scratch").iterdir())
            assert list(Path().iterdir()) == [Path("made")]

    return read


@pytest.fixture
def ours(make_checkpoint):
    return checkpoint_files(make_checkpoint(1.0))


@pytest.fixture
def theirs(write_official, tmp_path):
    folder = write_official(tmp_path / "official")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Evil:
    def __reduce__(self):
        return os.mkdir, ("evil",)


@packs
@pytest.mark.parametrize("folder", ["", "./", "mine/", "a/b/"])
def test_the_one_checkpoint_in_any_folder(
    read, pack, folder, ours, theirs, make_checkpoint, tmp_path, assert_same
):
    others = {"notes.txt": b"x", "evil.pkl": pickle.dumps(Evil())}
    assert_same(read(pack(ours | others, folder)), make_checkpoint(1.0))
    assert_same(read(pack(theirs | others, folder)), read_checkpoint(tmp_path / "official"))


@packs
@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/x", "C:x", "C:\\x", "..\\x", "a\\..\\x", "\\\\host\\share\\x"]
)
def test_names_that_lead_out(read, pack, ours, name):
    with pytest.raises(ValueError, match="made: unsafe path") as caught:
        read(pack({**ours, name: b"x"}))
    assert repr(name) in str(caught.value)


def link_in_zip(archive):
    member = zipfile.ZipInfo("link")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(member, "/etc/passwd")


def test_links_and_devices(read, ours):
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE)
    for content in (
        zipped(ours, edit=link_in_zip),
        *(tarred(ours, link="link", kind=kind) for kind in kinds),
    ):
        with pytest.raises(ValueError, match="made: 'link' in the archive is a link"):
            read(content)
    weights = "weights.safetensors"
    del ours[weights]
    with pytest.raises(ValueError, match=f"'{weights}' in the archive is a link"):
        read(tarred(ours, link=weights))


CONTENTS = {
    "no weights": (lambda f: {"config.json": f["config.json"]}, r"0 checkpoints .*weights\.index"),
    "no config": (lambda f: {"weights.safetensors": f["weights.safetensors"]}, "0 checkpoints"),
    "elsewhere": (
        lambda f: {f"{i}/{name}": content for i, (name, content) in enumerate(f.items())},
        "0 checkpoints",
    ),
    "two": (lambda f: {**f, **{f"b/{name}": c for name, c in f.items()}}, "2 checkpoints"),
    "twice": (lambda f: {**f, "./config.json": b"{}"}, "is twice"),
    "many": (lambda f: {**f, **{str(i): b"" for i in range(1000)}}, "more than 1000 files"),
    "of torch": (lambda f: {**f, "run/data.pkl": b""}, "resumed by checkpoint="),
    "a pickle as weights": (
        lambda f: {**f, "weights.safetensors": pickle.dumps(Evil())},
        "weights.safetensors: damaged",
    ),
    "a pickle as config": (
        lambda f: {**f, "config.json": pickle.dumps(Evil())},
        "config.json: not valid JSON",
    ),
}


@packs
@pytest.mark.parametrize("name", CONTENTS)
def test_not_the_one_checkpoint(read, pack, ours, name):
    change, message = CONTENTS[name]
    with pytest.raises(ValueError, match=f"made: .*{message}|made: {message}"):
        read(pack(change(ours)))


def test_two_official_ones(read, theirs):
    with pytest.raises(ValueError, match="made: 2 checkpoints"):
        read(zipped(theirs | {f"other/{name}": b"{}" for name in theirs}))


def test_no_archive(read, tmp_path):
    for content in (b"", b"\x89HDF", b"<html>please log in</html>", pickle.dumps(1), zipped({})):
        with pytest.raises(ValueError, match=r"made: neither a zip nor a tar\.gz"):
            read(content)
    with (tmp_path / "huge.zip").open("wb") as file:
        file.truncate(2**40)  # sparse
    with pytest.raises(ValueError, match=r"huge\.zip: an archive of 1099511627776 bytes"):
        read_checkpoint(tmp_path / "huge.zip")
    with pytest.raises(FileNotFoundError, match=r"gone\.zip"):
        read_checkpoint(tmp_path / "gone.zip")


# -- bombs -----------------------------------------------------------------------------------------


@packs
@pytest.mark.parametrize("name", ["zeros", "weights.safetensors"])
def test_bombs(read, monkeypatch, ours, pack, name):
    monkeypatch.setattr(archives, "MAX_UNPACKED", 2**20)
    content = pack({**ours, name: bytes(2**21)})
    assert len(content) < 2**18
    with pytest.raises(ValueError, match="unpacks to more than"):
        read(content)


def test_a_bomb_that_hides_its_size(read, monkeypatch, theirs):
    """The size in the directory is what gets unpacked at most, whatever the stream holds."""

    def hide(archive):
        archive.getinfo("conf.json").file_size = 500

    monkeypatch.setattr(archives, "MAX_UNPACKED", 10**5)
    with pytest.raises(ValueError, match=r"made: .*CRC"):
        read(zipped({**theirs, "conf.json": b" " * 10**6}, edit=hide))


def test_headers_of_a_tar(read, ours):
    def header(size, kind=tarfile.XHDTYPE):
        info = tarfile.TarInfo("x")
        info.type, info.size = kind, size
        content = f"{size} comment=".ljust(max(size - 1, 0), "0") + "\n"
        return info.tobuf(tarfile.GNU_FORMAT) + content.encode().ljust(-(-size // 512) * 512, b"\0")

    rest = gzip.decompress(tarred(ours))
    for bomb in (
        header(2**23),  # which some versions of Python take minutes to read
        header(-512, tarfile.REGTYPE),
        b"".join(header(20) * 3 + tarfile.TarInfo(str(i)).tobuf() for i in range(400)),
    ):
        with pytest.raises(ValueError, match="made: too many or too large headers"):
            read(gzip.compress(bomb + rest))
    read(gzip.compress(header(1000) + rest))


# -- damage ----------------------------------------------------------------------------------------


def of_first(**changes):
    """Change what the directory says of the first member."""
    return lambda archive: [setattr(archive.filelist[0], *change) for change in changes.items()]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (of_first(file_size=2**30), "unpacks to"),
        (lambda a: a.writestr("x", "x", zipfile.ZIP_LZMA), "another special file"),
        (of_first(flag_bits=1), "encrypted"),
        (of_first(header_offset=2**63 + 9), "damaged"),
        (of_first(compress_size=10), "damaged"),
        (of_first(extract_version=99), "version 9.9"),
    ],
)
def test_a_directory_that_lies(read, theirs, edit, message):
    with pytest.raises(ValueError, match=f"made: .*{message}"):
        read(zipped(theirs, edit=edit))


def test_a_member_past_the_end(read, theirs):
    lengthen = of_first(file_size=10**6, compress_size=10**6)
    with pytest.raises(ValueError, match=r"made: .*damaged"):
        read(zipped(theirs, edit=lengthen, compression=zipfile.ZIP_STORED))


def test_damaged_files_are_named(read, theirs):
    name = "weights.data-00000-of-00001"
    content = bytearray(theirs[name])
    content[len(content) // 2] ^= 1
    with pytest.raises(ValueError, match=f"made: {name}: .*checksum"):
        read(zipped({**theirs, name: bytes(content)}, "macho/"))


@packs
def test_one_cut_anywhere_is_refused(read, theirs, pack):
    content = pack(theirs)
    end = 30 if pack is tarred else 0  # without its last zeros a tar is whole
    for length in range(0, len(content) - end, 37):
        with pytest.raises(ValueError, match="made: "):
            read(content[:length])


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_changed_anywhere_is_refused_or_harmless(read, theirs, compression, assert_same):
    content = zipped(theirs, "macho/", compression=compression)
    good = read(content)
    for i in range(0, len(content), 11):
        bad = bytearray(content)
        bad[i] ^= 1 << i % 8
        try:
            found = read(bad)
        except ValueError as error:
            assert "made: " in str(error)  # noqa: PT017  a changed time stamp passes
        else:
            assert_same(found, good)
