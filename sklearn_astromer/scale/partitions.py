"""Embedding the partitions of a catalog, wherever its scheduler runs them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.nested import is_nested
from sklearn_astromer.multiband import MultiBandEmbedder


def embed_partitions(
    catalog: Any,
    embedder: Any,
    *,
    column: str | None = None,
    columns: Sequence[str] = (),
    time: str | None = None,
    mag: str | None = None,
    mag_err: str | None = None,
    band_column: str | None = None,
    band: Any = None,
    on_invalid: str = "raise",
) -> Any:
    """Embed the light curves of an LSDB catalog or a Dask DataFrame, partition by partition.

    Nothing is computed here. What is returned has the catalog's own methods: ``compute()``,
    ``write_catalog(path)`` (HATS) or ``to_parquet(path)``.

    Parameters
    ----------
    catalog : lsdb.Catalog or dask.dataframe.DataFrame
        One row per object, with a nested column (see `LightCurves.from_nested`; for list columns
        there is LSDB's ``nest_lists``).
    embedder : fitted transformer of light curves
        An `AstromerEmbedder`, or a pipeline that begins with one; or a `MultiBandEmbedder`, which
        takes the bands of a nested column apart itself.
    column : str, optional
        The nested column; needed where there are several.
    columns : sequence of str, optional
        Columns to keep beside the embedding. Of an LSDB catalog its coordinates always stay.
    time, mag, mag_err, band_column, band, on_invalid
        As for `LightCurves.from_nested`. ``"raise"`` ends the computation at the first bad row.
        With ``"drop"`` the rows that have nothing to embed, such as those not observed in `band`,
        are left out, and warnings name objects by their place in the partition.

    Returns
    -------
    lsdb.Catalog or dask.dataframe.DataFrame
        Lazy. The rows, index and partitions of `catalog`, with `columns` and those of
        ``embedder.get_feature_names_out()``, float32.

    Raises
    ------
    ImportError
        If Dask is not installed (``pip install sklearn_astromer[scale]``).
    NotFittedError
        If `embedder` is not fitted.
    TypeError, ValueError
        If `catalog` is neither, a column or a field is missing or ambiguous, or names collide.

    Notes
    -----
    If a `distributed.Client` is current, the embedder goes to its cluster once, whose workers
    fetch it from each other, once each, also those that replace lost ones; compute the result with
    the same client. Without one, the embedder is part of every task, which costs nothing in the
    threads of one process.

    A task computes in one thread, since Dask runs as many tasks at once as a worker has threads.

    Dask starts its workers with memory settings that nearly double the time on a CPU under Linux.
    Before the cluster is made, these take that back::

        environment = "distributed.nanny.pre-spawn-environ"
        dask.config.set({f"{environment}.MALLOC_TRIM_THRESHOLD_": 2**28})
        dask.config.set({f"{environment}.MALLOC_MMAP_THRESHOLD_": 2**25})

    Examples
    --------
    >>> import dask.dataframe as dd
    >>> from nested_pandas import NestedFrame
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> curves, _ = make_variable_stars(20, random_state=0)
    >>> frame = NestedFrame.from_flat(
    ...     curves.to_frame(), base_columns=[], on="object_id", name="lightcurve"
    ... )
    >>> embedder = AstromerEmbedder("surveys-periods").fit(frame["lightcurve"])
    >>> rows = embed_partitions(dd.from_pandas(frame, npartitions=2), embedder)
    >>> rows.compute().shape
    (20, 128)
    """
    try:
        import dask.dataframe as dd
    except ImportError as error:
        raise ImportError(
            "embed_partitions needs Dask: pip install 'sklearn_astromer[scale]'"
        ) from error
    is_lsdb = hasattr(catalog, "hc_structure")
    if not is_lsdb and not isinstance(catalog, dd.DataFrame):
        raise TypeError(
            "expected an LSDB catalog or a Dask DataFrame, got "
            f"{type(catalog).__name__} (of what is in memory: embedder.transform)"
        )
    empty = catalog.meta if is_lsdb else catalog._meta
    kept = list(columns)
    if is_lsdb:  # without them it would be no catalog
        info = catalog.hc_structure.catalog_info
        kept = [c for c in (info.ra_column, info.dec_column) if c not in kept] + kept
    column = _light_curves_in(empty) if column is None else column
    missing = [name for name in [column, *kept] if name not in empty.columns]
    if missing:
        raise ValueError(f"there is no column {missing[0]!r}: columns are {list(empty.columns)}")
    names = list(embedder.get_feature_names_out())
    if set(names) & set(kept):
        raise ValueError(
            f"the embedding has columns of the same names: {sorted(set(names) & set(kept))}"
        )
    given = {"time": time, "mag": mag, "mag_err": mag_err, "band_column": band_column, "band": band}
    reading = {name: value for name, value in given.items() if value is not None}
    if on_invalid != "raise":
        reading["on_invalid"] = on_invalid
    first = embedder[0] if isinstance(embedder, Pipeline) else embedder
    if reading and isinstance(first, MultiBandEmbedder):
        raise ValueError(
            "a MultiBandEmbedder reads the bands of the column itself: leave out "
            f"{', '.join(reading)}, and call its fields as LightCurves.from_nested knows them"
        )
    LightCurves.from_nested(empty[column], **reading)  # says here what no worker could read
    meta = _embed(empty, embedder, column, kept, names, reading)
    return catalog[[*dict.fromkeys([*kept, column])]].map_partitions(
        _embed, _shipped(embedder), column, kept, names, reading, meta=meta
    )


def _embed(
    part: pd.DataFrame,
    embedder: Any,
    column: str,
    kept: list[str],
    names: list[str],
    reading: dict[str, Any],
) -> pd.DataFrame:
    """Embed one partition, which may have no rows."""
    curves: Any = part[column]
    torch.get_num_threads()  # torch sets the number of a thread at its first use, not later
    with threadpool_limits(1, user_api="openmp"):  # in this thread alone
        if "on_invalid" in reading:  # by place, for an index may repeat
            curves = LightCurves.from_nested(curves, ids=np.arange(len(part)), **reading)
            part = part.iloc[curves.ids]
        elif reading:
            curves = LightCurves.from_nested(curves, **reading)
        # not every step of a pipeline takes no rows
        rows = embedder.transform(curves) if len(part) else np.empty((0, len(names)))
    embedding = pd.DataFrame(np.asarray(rows, dtype=np.float32), columns=names, index=part.index)
    return pd.concat([part[kept], embedding], axis=1)


def _light_curves_in(frame: pd.DataFrame) -> Any:
    """Return the only nested column."""
    nested = [name for name in frame.columns if is_nested(frame[name])]
    if len(nested) != 1:
        found = f"several, {nested}: pass column='…'" if nested else f"none: {list(frame.columns)}"
        raise ValueError(f"one nested column of light curves is needed, found {found}")
    return nested[0]


def _shipped(embedder: Any) -> Any:
    """Return what stands for the embedder in tasks: with a client, a future.

    It is computed, not scattered, so that it can be computed again where its worker is lost; and
    its key is its content, so that the same embedder is not sent twice.
    """
    import dask

    get_scheduler: Any = dask.base.get_scheduler
    client: Any = getattr(get_scheduler(), "__self__", None)
    if not hasattr(client, "submit"):
        return embedder
    from distributed.protocol.pickle import dumps, loads

    content = dumps(embedder)  # type: ignore[no-untyped-call]
    key = f"embedder-{hashlib.sha256(content).hexdigest()}"
    return client.submit(loads, content, key=key)
