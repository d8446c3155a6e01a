"""What ``sklearn-astromer outliers`` does."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.messages import note, say
from sklearn_astromer.cli.tables import output, write
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.inspection._page import page_of
from sklearn_astromer.inspection._positions import with_positions
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.search import (
    EmbeddingRows,
    outlier_scores,
    read_rows,
    reconstruction_error,
)
from sklearn_astromer.search.storage import is_index


def outliers(args: SimpleNamespace) -> None:
    """Print the objects with the highest scores, and write or draw them if asked."""
    wanted = args.plot is not None or args.weights is not None
    if wanted != bool(args.catalog):
        raise ValueError("--plot and --weights need --catalog, the light curves")
    if is_index(args.rows):
        raise ValueError(f"{args.rows} is an index: pass the rows that it was made of")
    rows = _of_band(read_rows(args.rows), args)
    with output(args, "plot") as page:
        with output(args, "out") as table:
            scores = outlier_scores(rows)  # which refuses bad rows, too
            if args.weights is not None:
                scores = outlier_scores(rows, reconstruction=_reconstruction(rows, args))
            top = scores.sort_values("score", ascending=False, kind="stable")[: args.top]
            if table is not None:
                write(top, table)
        say(top.to_string(index=False, float_format="{:.4f}".format))
        if page is not None:
            stars = _stars_of(top, args)
            title = f"The {len(top)} oddest of {len(scores)} objects in {args.rows}"
            drawn = with_positions(top, args.catalog)
            page.write_text(page_of(title, drawn, stars), encoding="utf-8")
    if page is not None and not args.quiet:
        note(f"{args.plot}: {len(top)} objects")


def _of_band(rows: EmbeddingRows, args: SimpleNamespace) -> EmbeddingRows:
    """Return the rows of a band."""
    if args.band is None or (rows.band is None and args.catalog):
        return rows
    if rows.band is None:
        raise ValueError(f"the rows of {args.rows} have no bands: leave out --band")
    some = rows.band == args.band
    if not some.any():
        there = ", ".join(np.unique(rows.band))
        raise ValueError(f"no row of {args.rows} is of band {args.band!r}: there are {there}")
    return EmbeddingRows(rows.ids[some], rows.band[some], rows.rows[some])


def _reconstruction(rows: EmbeddingRows, args: SimpleNamespace) -> NDArray[np.float64]:
    """Return how badly the light curve of each row is reconstructed."""
    embedder = AstromerEmbedder(args.weights, max_epochs=0).fit(LightCurves.from_grid([[0.0]]))
    for _ in _of_rows(rows.ids, rows.band, args):
        pass  # all are there, or an error says so before the work
    error = np.full(len(rows.ids), np.nan)
    for curves, at in _of_rows(rows.ids, rows.band, args):
        error[at] = reconstruction_error(embedder, curves, progress=not args.quiet)
    return error


def _stars_of(top: pd.DataFrame, args: SimpleNamespace) -> list[LightCurves]:
    """Return the light curves of each of some rows; of the others none stays in memory."""
    parts = list(_of_rows(top["object_id"], top.get("band"), args, several=True))
    curves = LightCurves.concatenate([curves for curves, _ in parts])
    row = np.concatenate([at for _, at in parts])
    return [curves[row == i] for i in range(len(top))]


def _of_rows(
    ids: Any, band: Any, args: SimpleNamespace, *, several: bool = False
) -> Iterator[tuple[LightCurves, NDArray[np.intp]]]:
    """Yield the light curves of rows piece by piece, and which rows these are.

    A row without a band may have `several`, one in each band.
    """
    wanted = _names(ids, band)
    unseen = np.ones(len(wanted), dtype=bool)
    for curves in Catalog(args).pieces():
        names = _names(curves.ids, None if band is None else curves.band)
        at = wanted.get_indexer(names)
        some = np.flatnonzero(at >= 0)
        at = at[some]
        again = names[some][~unseen[at] | pd.Index(at).duplicated()]
        if len(again) and not (several and band is None and curves.band is not None):
            raise ValueError(f"{again[0]} has several light curves: choose a --band")
        unseen[at] = False
        yield curves[some], at
    if unseen.any():
        raise ValueError(
            f"object {wanted[unseen][0]} of {args.rows} is not in the catalog ({unseen.sum()} of "
            f"{len(wanted)} are not): pass the --catalog and the options that were embedded"
        )


def _names(ids: Any, band: Any) -> pd.Index:
    """Return what rows are called: by object, and band if there is one."""
    names = pd.Index(np.asarray(ids).astype(str), dtype=object)
    return names if band is None else names + " in band " + np.asarray(band).astype(object)
