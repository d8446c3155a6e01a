"""Light curves larger than memory: decoded once into flat files, and mapped from there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer._arrays import load_array
from sklearn_astromer._cache import cache_dir
from sklearn_astromer._files import Fingerprint, sha256
from sklearn_astromer._json import sealed, unsealed
from sklearn_astromer._printable import printable_errors
from sklearn_astromer.lightcurves.checks import check_unique
from sklearn_astromer.lightcurves.flat import Flat, joined
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.paths import paths_of
from sklearn_astromer.lightcurves.reading.reader import PIECE, Reader
from sklearn_astromer.lightcurves.reading.report import Report

#: Of what lies in the cache; another number makes it anew.
LAYOUT = 3
#: The report, and the checksums of the other files.
HEAD = "head.json"
NOTHING = np.empty(0)


@printable_errors()
def mapped(
    source: Any, options: Options, folder: Any, fingerprint: Fingerprint | None = None
) -> tuple[Flat, Report]:
    """Decode files once into flat files and map those; see `LightCurves.open_parquet`.

    `fingerprint` is that of the files, where somebody has it already.
    """
    from filelock import FileLock

    files = paths_of(source)
    if not files:
        raise TypeError(f"open_parquet takes a path or a list of paths, got {source!r}")
    named = options
    if callable(options.id_from):  # by its names: its address may be that of another one later
        named = replace(options, id_from=repr([options.id_from(str(file)) for file in files]))
    # what is read of a file, and how, may be mended by another version
    version = metadata.version("sklearn_astromer")
    asked = repr((LAYOUT, version, [str(file.resolve()) for file in files], named))
    root = Path(folder).expanduser() if folder is not None else cache_dir() / "mapped"
    known = (fingerprint or Fingerprint(files))(asked)
    target = root / f"{files[0].stem}-{known[:20]}"
    found = _opened(target)
    if found is not None:  # then the folder may be read-only
        return found
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f"{target.name}.lock"):
            found = _opened(target)  # another process may have been faster
            if found is None:
                shutil.rmtree(target, ignore_errors=True)
                with _whole_folder(target) as partial:
                    report = _decode(Reader(files, options), partial)
                    if Fingerprint(files)(asked) != known:
                        raise ValueError(
                            f"{files[0]} or a file beside it changed while it was decoded: "
                            "try again"
                        )
                found = _columns(target), report
    except OSError as error:
        raise OSError(
            f"{files[0]} cannot be decoded into {root} ({error}): give a folder with room for "
            "24 bytes per observation by cache_dir=… or SKLEARN_ASTROMER_HOME"
        ) from error
    return found


def _opened(folder: Path) -> tuple[Flat, Report] | None:
    """Map what was decoded before; None: nothing was, or it is not as it was written."""
    try:
        head = unsealed(json.loads((folder / HEAD).read_text(encoding="utf-8")))
        if any(sha256(folder / name) != wanted for name, wanted in head["files"].items()):
            return None
        return _columns(folder), Report.from_dict(head["report"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


@contextmanager
def _whole_folder(target: Path) -> Iterator[Path]:
    """Give a folder that becomes `target` if all goes well; nobody else makes it meanwhile."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed
    partial.mkdir()
    try:
        yield partial
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _decode(reader: Reader, folder: Path) -> Report:
    """Append pieces to one flat file per column."""
    index, with_errors = [], False
    with (
        open(folder / "time.f64", "wb") as time,
        open(folder / "mag.f64", "wb") as mag,
        open(folder / "mag_err.f64", "wb") as mag_err,
    ):
        for flat in reader.pieces(PIECE):
            errors = np.full(len(flat.time), np.nan) if flat.mag_err is None else flat.mag_err
            for column, file in ((flat.time, time), (flat.mag, mag), (errors, mag_err)):
                file.write(np.ascontiguousarray(column).data)
            with_errors = with_errors or flat.mag_err is not None
            index.append(flat._replace(time=NOTHING, mag=NOTHING, mag_err=None))
    whole = joined(index)
    check_unique(whole)
    np.save(folder / "offsets.npy", whole.offsets)
    np.save(folder / "ids.npy", whole.ids)
    if whole.band is not None:
        np.save(folder / "band.npy", whole.band)
    if not with_errors:
        (folder / "mag_err.f64").unlink()
    files = {file.name: sha256(file) for file in sorted(folder.iterdir())}
    head = sealed({"report": reader.report.to_dict(), "files": files})
    (folder / HEAD).write_text(head, encoding="utf-8")
    return reader.report


def _columns(folder: Path) -> Flat:
    """Map the columns, or raise ValueError where they do not fit each other."""
    offsets = load_array(folder / "offsets.npy", ("i",), (None,)).astype(np.int64)
    if len(offsets) == 0 or offsets[0] != 0 or (np.diff(offsets) < 1).any():
        raise ValueError(f"{folder / 'offsets.npy'} holds no offsets")
    n, length = len(offsets) - 1, int(offsets[-1])

    def column(name: str) -> NDArray[np.float64]:
        path = folder / f"{name}.f64"
        if path.stat().st_size != 8 * length:
            raise ValueError(f"{path} does not hold {length} numbers")
        return np.memmap(path, dtype=np.float64, mode="r") if length else np.empty(0)

    has_errors, has_bands = ((folder / name).exists() for name in ("mag_err.f64", "band.npy"))
    return Flat(
        column("time"),
        column("mag"),
        column("mag_err") if has_errors else None,
        offsets,
        load_array(folder / "ids.npy", ("i", "U"), (n,)),
        load_array(folder / "band.npy", ("U",), (n,)) if has_bands else None,
    )
