"""Light curves larger than memory: decoded once into flat files, and mapped from there."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer._cache import cache_dir
from sklearn_astromer.lightcurves.checks import check_unique
from sklearn_astromer.lightcurves.flat import Flat, joined
from sklearn_astromer.lightcurves.reading.columns import Options
from sklearn_astromer.lightcurves.reading.reader import PIECE, Reader
from sklearn_astromer.lightcurves.reading.report import Report
from sklearn_astromer.lightcurves.reading.tables import paths_of

#: Of what lies in the cache; another number makes it anew.
LAYOUT = 2
NOTHING = np.empty(0)


def mapped(source: Any, options: Options, folder: Any) -> tuple[Flat, Report]:
    """Decode files once into flat files and map those; see `LightCurves.open_parquet`."""
    from filelock import FileLock

    files = paths_of(source)
    if not files:
        raise TypeError(f"open_parquet takes a path or a list of paths, got {source!r}")
    stamps = [(str(f.resolve()), f.stat().st_mtime_ns, f.stat().st_size) for f in files]
    request = repr((LAYOUT, stamps, options))
    root = Path(folder) if folder is not None else cache_dir() / "mapped"
    target = root / f"{files[0].stem}-{hashlib.sha256(request.encode()).hexdigest()[:20]}"
    if not target.exists():  # if it does, the folder may be read-only
        try:
            root.mkdir(parents=True, exist_ok=True)
            with FileLock(root / f"{target.name}.lock"):
                if not target.exists():  # another process may have been faster
                    _decode_into(target, Reader(files, options))
        except OSError as error:
            raise OSError(
                f"{files[0]} cannot be decoded into {root} ({error}): give a folder with room for "
                "24 bytes per observation by cache_dir=… or SKLEARN_ASTROMER_HOME"
            ) from error
    report = json.loads((target / "report.json").read_text(encoding="utf-8"))
    return _open(target), Report.from_dict(report)


def _decode_into(target: Path, reader: Reader) -> None:
    """Decode into a folder that becomes `target` when it is whole."""
    partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=f"{target.name}.partial-"))
    try:
        _decode(reader.pieces(PIECE), partial)
        report = json.dumps(reader.report.to_dict())
        (partial / "report.json").write_text(report, encoding="utf-8")
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _decode(pieces: Iterator[Flat], folder: Path) -> None:
    """Append pieces to one flat file per column."""
    index, with_errors = [], False
    with (
        open(folder / "time.f64", "wb") as time,
        open(folder / "mag.f64", "wb") as mag,
        open(folder / "mag_err.f64", "wb") as mag_err,
    ):
        for flat in pieces:
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


def _open(folder: Path) -> Flat:
    def column(name: str) -> NDArray[np.float64]:
        path = folder / f"{name}.f64"
        if path.stat().st_size == 0:
            return np.empty(0)
        return np.memmap(path, dtype=np.float64, mode="r")

    return Flat(
        column("time"),
        column("mag"),
        column("mag_err") if (folder / "mag_err.f64").exists() else None,
        np.load(folder / "offsets.npy").astype(np.int64),
        np.load(folder / "ids.npy"),
        np.load(folder / "band.npy") if (folder / "band.npy").exists() else None,
    )
