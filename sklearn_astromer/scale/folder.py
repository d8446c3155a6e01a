"""Embedding a catalog into a folder of Parquet parts, so that a killed run goes on where it was."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import mmap
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from filelock import FileLock, Timeout
from sklearn.utils.validation import check_is_fitted

from sklearn_astromer._estimator_base import resolve_device, resolve_dtype
from sklearn_astromer._files import link_target, replacing
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.fingerprint import fingerprint_of
from sklearn_astromer.periodogram.bands import star_starts, whole_stars
from sklearn_astromer.scale import manifest
from sklearn_astromer.scale.manifest import is_whole
from sklearn_astromer.scale.measuring import objects_in
from sklearn_astromer.scale.progress import Progress
from sklearn_astromer.scale.tables import Rows, writing

LAYOUTS = ("columns", "float32", "float16")
PART_SECONDS = 300.0  # of work that a kill may cost
PART_OBJECTS = 100_000  # where there is nothing to measure
SMALL = 2**18  # observations of a catalog that takes less time than that, and is not measured


class FolderState(NamedTuple):
    """What `embed_to_folder` leaves behind.

    Attributes
    ----------
    objects, parts : int
        Of the whole catalog.
    missing : list of int
        Numbers of the parts that other shards or processes have still to write.
    """

    objects: int
    parts: int
    missing: list[int]


def embed_to_folder(
    X: LightCurves | Iterable[LightCurves],
    embedder: AstromerEmbedder,
    folder: str | os.PathLike[str],
    *,
    fingerprint: str | Callable[[], str] | None = None,
    part_objects: int | None = None,
    batch_objects: int | None = None,
    shard: tuple[int, int] = (1, 1),
    layout: str = "columns",
    progress: bool | Progress = False,
    overwrite: bool = False,
    verify: bool = False,
) -> FolderState:
    """Embed a catalog into ``part-00000.parquet``, … in a folder.

    Each part is written at once and whole. The same call after a kill, a full disk or a reboot
    writes the parts that are missing, and the folder ends with the bytes of an unbroken run.
    Several processes may call it at once, on one machine or on several that share the folder:
    none takes a part that another is writing.

    Parameters
    ----------
    X : LightCurves or iterable of LightCurves
        The catalog, or its pieces in an order that never changes.
    embedder : fitted AstromerEmbedder
    folder : path
        Made if it is not there. ``_manifest.json`` in it tells the catalog, the weights, the
        parameters and the version of the package.
    fingerprint : str or callable, optional
        What tells the catalog from others, needed for an iterable; what a callable returns must be
        the same at the end. None: a hash of all observations.
    part_objects : int, optional
        Objects in a part; None: about five minutes of work, by its first second (of a small
        catalog, all); or as the folder was begun. With ``shared_periods=True`` some more, to the
        end of the last star.
    batch_objects : int, optional
        Objects embedded at a time. None: as `AstromerEmbedder.transform_batches` does.
    shard : (int, int)
        ``(i, n)``: write only each n-th part, from the i-th on, where i = 1 … n.
    layout : {"columns", "float32", "float16"}
        A float32 column for each feature, or one column ``embedding`` of vectors of these numbers.
    progress : bool
        Show a progress bar; where there is no terminal, log a line a minute.
    overwrite : bool
        Whether the parts of another run that began the folder are deleted.
    verify : bool
        Compare the checksums of parts that are there, not only their sizes. A part that is not as
        it was written is written again.

    Returns
    -------
    FolderState

    Raises
    ------
    NotFittedError
        If the embedder is not fitted.
    ValueError
        If the folder was begun with another catalog, other weights, parameters or version, a
        parameter is out of range, or with ``shared_periods=True`` rows of a star lie apart.
    FileExistsError
        If the folder holds something else, or a part of it that this run has not written.
    ImportError
        Without pyarrow.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.scale import embed_to_folder
    >>> curves, _ = make_variable_stars(20, random_state=0)
    >>> embedder = AstromerEmbedder().fit(curves)
    >>> with tempfile.TemporaryDirectory() as scratch:
    ...     state = embed_to_folder(curves, embedder, f"{scratch}/emb", part_objects=8)
    ...     rows = pd.concat(map(pd.read_parquet, sorted(Path(scratch).glob("emb/*.parquet"))))
    >>> state.parts, len(rows)
    (3, 20)
    """
    _check(embedder, layout, shard, part_objects)
    number, n_shards = shard
    pieces = whole_pieces([X] if isinstance(X, LightCurves) else X, embedder)
    total = len(X) if isinstance(X, LightCurves) else None
    if fingerprint is None:
        if not isinstance(X, LightCurves):
            raise ValueError("pieces of a catalog need a fingerprint, which tells it from others")
        fingerprint = fingerprint_of(X)
        _release(X)
    catalog = fingerprint() if callable(fingerprint) else fingerprint
    folder = link_target(Path(folder))
    run = {"catalog": catalog, "version": _version(), "batch_objects": batch_objects}
    run |= {"layout": layout, **described(embedder)}
    pieces = iter(pieces)
    peeked: list[LightCurves] = []

    def measured() -> int:
        if isinstance(X, LightCurves) and len(X.time) <= SMALL:
            return PART_OBJECTS
        peeked.extend(itertools.islice(pieces, 1))
        if not any(map(len, peeked)):
            return PART_OBJECTS
        return objects_in(PART_SECONDS, embedder, peeked[0])

    found = manifest.begin(folder, run, part_objects, measured, overwrite)
    done = {name for name, part in found["files"].items() if is_whole(folder, name, part, verify)}
    if "parts" in found and len(done) == found["parts"]:
        return FolderState(found["objects"], found["parts"], [])

    bar = progress if isinstance(progress, Progress) else Progress(total, shown=progress)
    features = embedder.get_feature_names_out().tolist()
    first: LightCurves | None = None
    objects, parts = 0, 0
    with bar:
        for k, held in _parts(itertools.chain(peeked, pieces), found["part_objects"], embedder):
            first = held[0] if first is None and held else first
            name = manifest.part_name(k)
            mine = k % n_shards == number - 1 and name not in done
            with _taken(folder, name, run, verify) if mine else nullcontext(False) as free:
                if free:
                    with replacing(folder / name) as partial:
                        with writing(partial, ".parquet", features, layout) as table:
                            if first is not None:  # which tells the columns of all parts
                                table.start(first)
                            for curves in held:
                                write_rows(table, embedder, curves, batch_objects, bar)
                                _release(curves)
                        manifest.record(folder, name, partial, run)
                else:
                    bar.skip(sum(map(len, held)))
            objects, parts = objects + sum(map(len, held)), k + 1
    if callable(fingerprint) and fingerprint() != catalog:
        raise ValueError(
            f"the catalog changed while it was embedded, and {folder} holds rows of both: begin "
            "anew by overwrite=True (--overwrite on the command line), or in another folder"
        )
    known = manifest.of_run(folder, run)["files"]
    missing = [
        k
        for k in range(parts)
        if not is_whole(folder, name := manifest.part_name(k), known.get(name), False)
    ]
    if not missing:
        manifest.finish(folder, objects, parts, run)
    return FolderState(objects, parts, missing)


def _check(
    embedder: AstromerEmbedder, layout: str, shard: tuple[int, int], part_objects: int | None
) -> None:
    if not isinstance(embedder, AstromerEmbedder):
        raise TypeError(
            f"a fitted AstromerEmbedder is needed, got {type(embedder).__name__}: of other "
            "estimators, rows are embedder.transform(X)"
        )
    check_is_fitted(embedder, "module_")
    embedder._check_parameters()
    if embedder.row is None:
        raise ValueError("row=None gives no row per object: choose its parts")
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {LAYOUTS}, got {layout!r}")
    if not 1 <= shard[0] <= shard[1]:
        raise ValueError(f"shard must be (i, n) with i from 1 to n, got {shard!r}")
    if part_objects is not None and part_objects < 1:
        raise ValueError(f"part_objects must be at least 1, got {part_objects}")


def described(embedder: AstromerEmbedder) -> dict[str, Any]:
    """Return what decides the bytes of rows: the weights and the parameters of `transform`."""
    digest = hashlib.sha256(repr(embedder.module_.encoder.config).encode())
    for name, tensor in embedder.module_.encoder.state_dict().items():
        digest.update(name.encode() + np.ascontiguousarray(tensor.cpu().numpy()).data)
    device = resolve_device(embedder.device)
    names = ("window_size", "shared_periods")
    parameters = {name: getattr(embedder, name) for name in names}
    return {
        "weights": digest.hexdigest(),
        "parameters": {"row": list(embedder._parts()), **parameters},
        "device": device.type,
        "precision": str(resolve_dtype(embedder.precision, device)).removeprefix("torch."),
    }


def _version() -> str:
    return metadata.version("sklearn_astromer")


def whole_pieces(
    pieces: Iterable[LightCurves], embedder: AstromerEmbedder
) -> Iterable[LightCurves]:
    """Return pieces between which no row looks across."""
    return whole_stars(pieces) if embedder.shared_periods else pieces


def _parts(
    pieces: Iterable[LightCurves], size: int, embedder: AstromerEmbedder
) -> Iterator[tuple[int, list[LightCurves]]]:
    """Yield numbered parts of so many objects, each as slices of pieces."""
    part, held, room = 0, [], size
    for piece in pieces:
        start = 0
        for end in _ends(piece, room, size, embedder):
            held.append(piece[start:end])
            start, room = end, room - len(held[-1])
            if room <= 0:
                yield part, held
                part, held, room = part + 1, [], size
    if held or part == 0:  # an empty catalog is one part without rows
        yield part, held


def _ends(curves: LightCurves, first: int, size: int, embedder: AstromerEmbedder) -> Iterator[int]:
    """Yield where to cut light curves: after so many objects at first, and then after `size` each.

    With shared periods the cut is where the star of the last object ends.
    """
    n, end = len(curves), 0
    starts = np.append(star_starts(curves.ids), n) if embedder.shared_periods else None
    while end < n:
        end = min(n, end + (first if end == 0 else size))
        if starts is not None:
            end = int(starts[np.searchsorted(starts, end)])
        yield end


def _release(curves: LightCurves) -> None:
    """Let go of the pages of mapped files that were read, which count as memory of the process.

    Those of a map that may be written to are kept: a copy-on-write map has them nowhere else.
    """
    for column in (curves.time, curves.mag, curves.mag_err):
        base: Any = column
        while isinstance(base, np.ndarray):
            read_only = isinstance(base, np.memmap) and base.mode == "r"
            base = base.base
        if isinstance(base, mmap.mmap) and read_only and hasattr(mmap, "MADV_DONTNEED"):
            base.madvise(mmap.MADV_DONTNEED)


@contextlib.contextmanager
def _taken(folder: Path, name: str, run: dict[str, Any], verify: bool) -> Iterator[bool]:
    """Take a part for this process; tell whether it is free to be written."""
    lock = FileLock(folder / f".{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        wanted = manifest.of_run(folder, run)["files"].get(name)
        if wanted is None and (folder / name).exists():
            raise FileExistsError(
                f"{folder / name} is not of this run, and stays: choose another folder, or move "
                "that file"
            )
        yield not is_whole(folder, name, wanted, verify)  # another process may have been faster
        Path(lock.lock_file).unlink(missing_ok=True)
    finally:
        lock.release()


def write_rows(
    table: Rows, embedder: AstromerEmbedder, curves: LightCurves, batch: int | None, bar: Progress
) -> None:
    """Embed light curves and add them to a table, `batch` objects at a time."""
    some: Any = curves
    if batch is not None:
        ends = list(_ends(curves, batch, batch, embedder))
        some = (curves[start:end] for start, end in zip([0, *ends], ends, strict=False))
    done = 0
    for rows in embedder.transform_batches(some, progress=False):
        table.write(curves[done : done + len(rows)], np.asarray(rows))
        done += len(rows)
        bar.update(len(rows))
