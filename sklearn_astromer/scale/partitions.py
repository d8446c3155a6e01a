"""Embedding and classifying the partitions of a catalog, wherever its scheduler runs them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from sklearn.base import is_classifier, is_regressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from sklearn_astromer._extras import import_extra
from sklearn_astromer._files import sha256
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.checks import saying
from sklearn_astromer.lightcurves.reading.lists import is_nested
from sklearn_astromer.multiband import MultiBandEmbedder

METHODS = ("auto", "transform", "predict_proba", "predict")


def embed_partitions(
    catalog: Any,
    estimator: Any,
    *,
    method: str = "auto",
    column: str | None = None,
    columns: Sequence[str] = (),
    time: str | None = None,
    mag: str | None = None,
    mag_err: str | None = None,
    flux: str | None = None,
    flux_err: str | None = None,
    zero_point: float | str | None = None,
    band_column: str | None = None,
    band: Any = None,
    on_invalid: str = "raise",
) -> Any:
    """Embed or classify the light curves of an LSDB catalog or a Dask DataFrame by partitions.

    Nothing is computed here. What is returned has the catalog's own methods: ``compute()``,
    ``write_catalog(path)`` (HATS) or ``to_parquet(path)``.

    Parameters
    ----------
    catalog : lsdb.Catalog or dask.dataframe.DataFrame
        One row per object, with a nested column (see `LightCurves.from_nested`; for list columns
        there is LSDB's ``nest_lists``).
    estimator : fitted estimator of light curves
        An `AstromerEmbedder`, `AstromerClassifier` or `AstromerRegressor`, or a pipeline that
        begins with an embedder; or a `MultiBandEmbedder`, also in a pipeline, which takes the bands
        of a nested column apart itself.
    method : {"auto", "transform", "predict_proba", "predict"}
        What to compute. ``"auto"``: class probabilities of a classifier that has them, else its
        classes; the prediction of a regressor; what a transformer gives.
    column : str, optional
        The nested column; needed where there are several.
    columns : sequence of str, optional
        Columns to keep beside those computed. Of an LSDB catalog its coordinates always stay.
    time, mag, mag_err, flux, flux_err, zero_point, band_column, band, on_invalid
        As for `LightCurves.from_nested`. ``"raise"`` ends the computation at the first bad row.
        With ``"drop"`` the rows that have nothing to embed, such as those not observed in `band`,
        are left out, and warnings name objects by their place in the partition.

    Returns
    -------
    lsdb.Catalog or dask.dataframe.DataFrame
        Lazy. The rows, index and partitions of `catalog`, with `columns` and, by method:

        - transform: ``estimator.get_feature_names_out()``, float32;
        - predict_proba: ``probability_<class>`` for each of ``estimator.classes_``, float32;
        - predict: ``prediction``, float64 for a regressor, else as ``estimator.classes_``, text
          as Arrow's strings.

    Raises
    ------
    ImportError
        If Dask is not installed (``pip install sklearn_astromer[scale]``).
    NotFittedError
        If `estimator` is not fitted.
    TypeError, ValueError
        If `catalog` is neither, the estimator lacks the method, a column or a field is missing or
        ambiguous, or names collide.

    Warns
    -----
    UserWarning
        While computing, once for each partition in which observations or objects are left out.
        Those of workers reach the client.

    Notes
    -----
    If a `distributed.Client` is current, the estimator goes to its cluster once, whose workers
    fetch it from each other, once each, also those that replace lost ones; compute the result with
    the same client. Without one, the estimator is part of every task, which costs nothing in the
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
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> curves, labels = make_variable_stars(20, classes=["MIRA", "CONST"], random_state=0)
    >>> frame = NestedFrame.from_flat(
    ...     curves.to_frame(), base_columns=[], on="object_id", name="lightcurve"
    ... )
    >>> catalog = dd.from_pandas(frame, npartitions=2)
    >>> embedder = AstromerEmbedder().fit(frame["lightcurve"])
    >>> embed_partitions(catalog, embedder).compute().shape
    (20, 165)
    >>> model = make_pipeline(embedder, LogisticRegression(max_iter=1000))
    >>> model = model.fit(frame["lightcurve"], labels)
    >>> rows = embed_partitions(catalog, model).compute()
    >>> rows.columns.tolist()
    ['probability_CONST', 'probability_MIRA']
    """
    dd = import_extra("dask.dataframe", "scale", "embed_partitions")
    is_lsdb = hasattr(catalog, "hc_structure")
    if not is_lsdb and not isinstance(catalog, dd.DataFrame):
        raise TypeError(
            "expected an LSDB catalog or a Dask DataFrame, got "
            f"{type(catalog).__name__} (of what is in memory: estimator.transform or predict)"
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
    output = _output_of(estimator, method)
    if set(output.names) & set(kept):
        raise ValueError(
            "what is computed has columns of the same names: "
            f"{sorted(set(output.names) & set(kept))}"
        )
    given = {
        **{"time": time, "mag": mag, "mag_err": mag_err, "flux": flux, "flux_err": flux_err},
        **{"zero_point": zero_point, "band_column": band_column, "band": band},
    }
    reading = {name: value for name, value in given.items() if value is not None}
    if on_invalid != "raise":
        reading["on_invalid"] = on_invalid
    first = estimator[0] if isinstance(estimator, Pipeline) else estimator
    if reading and isinstance(first, MultiBandEmbedder):
        raise ValueError(
            "a MultiBandEmbedder reads the bands of the column itself: leave out "
            f"{', '.join(reading)}, and call its fields as LightCurves.from_nested knows them"
        )
    if getattr(first, "shared_periods", False):
        raise ValueError(
            "shared_periods=True looks across rows, and a partition may end between those of a "
            "star: keep its bands in one row, and pass a MultiBandEmbedder"
        )
    LightCurves.from_nested(empty[column], **reading)  # says here what no worker could read
    meta = _compute(empty, estimator, output, column, kept, reading)
    return catalog[[*dict.fromkeys([*kept, column])]].map_partitions(
        _compute, _shipped(estimator), output, column, kept, reading, meta=meta
    )


class _Output(NamedTuple):
    """The method of an estimator, and the columns that it gives."""

    method: str
    names: list[str]
    dtype: Any


def _output_of(estimator: Any, method: str) -> _Output:
    """Return what an estimator gives, without computing any."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}")
    check_is_fitted(estimator)
    if method == "auto":
        wanted = ["transform", "predict"]
        if is_classifier(estimator):
            wanted = ["predict_proba", "predict"]
        elif is_regressor(estimator):
            wanted = ["predict"]
        method = next((name for name in wanted if hasattr(estimator, name)), wanted[0])
    if not hasattr(estimator, method):
        raise TypeError(f"this {type(estimator).__name__} has no {method}")
    if method == "transform":
        return _Output(method, list(estimator.get_feature_names_out()), np.float32)
    classes = getattr(estimator, "classes_", None)
    if isinstance(classes, list):
        raise ValueError(f"an estimator of several targets ({len(classes)}) is not supported")
    if method == "predict_proba":
        return _Output(method, [f"probability_{label}" for label in estimator.classes_], np.float32)
    if is_regressor(estimator):
        return _Output(method, ["prediction"], np.float64)
    kind = np.dtype(np.int64) if classes is None else np.asarray(classes).dtype
    if kind.kind not in "biuf":
        import pyarrow as pa  # what Dask needs

        return _Output(method, ["prediction"], pd.ArrowDtype(pa.string()))
    return _Output(method, ["prediction"], kind)


def _compute(
    part: pd.DataFrame,
    estimator: Any,
    output: _Output,
    column: str,
    kept: list[str],
    reading: dict[str, Any],
) -> pd.DataFrame:
    """Compute the columns of one partition, which may have no rows."""
    curves: Any = part[column]
    torch.get_num_threads()  # torch sets the number of a thread at its first use, not later
    with threadpool_limits(1, user_api="openmp"), saying(_warn()):  # in this thread alone
        if "on_invalid" in reading:  # by place, for an index may repeat
            curves = LightCurves.from_nested(curves, ids=np.arange(len(part)), **reading)
            part = part.iloc[curves.ids]
        elif reading:
            curves = LightCurves.from_nested(curves, **reading)
        if len(part):  # not every step of a pipeline takes no rows
            rows = np.asarray(getattr(estimator, output.method)(curves))
            if rows.size != len(part) * len(output.names):
                raise ValueError(
                    f"{output.method} gave an array of shape {rows.shape} for {len(part)} objects, "
                    f"and columns are {output.names}"
                )
        else:
            rows = np.empty((0, len(output.names)), dtype=object)
    if output.method == "predict":
        values = pd.Series(rows.ravel(), dtype=output.dtype, index=part.index)
        computed = values.to_frame(output.names[0])
    else:
        rows = rows.astype(output.dtype, copy=False)
        computed = pd.DataFrame(rows, columns=output.names, index=part.index)
    return pd.concat([part[kept], computed], axis=1)


def _warn() -> Callable[..., None]:
    """Return what warns the client of the worker that this runs on, if it does."""
    try:
        from distributed import warn
    except ImportError:
        return warnings.warn
    return warn


def _light_curves_in(frame: pd.DataFrame) -> Any:
    """Return the only nested column."""
    nested = [name for name in frame.columns if is_nested(frame[name])]
    if len(nested) != 1:
        found = f"several, {nested}: pass column='…'" if nested else f"none: {list(frame.columns)}"
        raise ValueError(f"one nested column of light curves is needed, found {found}")
    return nested[0]


def _shipped(estimator: Any) -> Any:
    """Return what stands for the estimator in tasks: with a client, a future.

    It is computed, not scattered, so that it can be computed again where its worker is lost; and
    its key is its content, so that the same estimator is not sent twice.
    """
    import dask

    get_scheduler: Any = dask.base.get_scheduler
    client: Any = getattr(get_scheduler(), "__self__", None)
    if not hasattr(client, "submit"):
        return estimator
    from distributed.protocol.pickle import dumps, loads

    content = dumps(estimator)  # type: ignore[no-untyped-call]
    key = f"estimator-{sha256(content)}"
    return client.submit(loads, content, key=key)
