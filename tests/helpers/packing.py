"""Files, by name, packed as tests of archives need them."""

import io
import tarfile
import zipfile


def zipped(files, folder="", edit=None, compression=zipfile.ZIP_DEFLATED):
    """Return a zip; `edit` may add to it, and change what its directory will say."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(f"{folder}{name}", content)
        if edit:
            edit(archive)
    return out.getvalue()


def tarred(files, folder="", link=None, kind=tarfile.SYMTYPE):
    """Return a tar.gz, with a link or a device of this name at its end."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{folder}{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    return out.getvalue()
