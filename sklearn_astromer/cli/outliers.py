"""What ``sklearn-astromer outliers`` does."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._files import check_apart, replacing
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.messages import note, say
from sklearn_astromer.cli.page import page_of
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.periodogram import find_peaks
from sklearn_astromer.search import (
    EmbeddingRows,
    outlier_scores,
    read_rows,
    reconstruction_error,
)


def outliers(args: argparse.Namespace) -> None:
    """Print the objects with the highest scores, and write or draw them if asked."""
    wanted = args.plot is not None or args.weights is not None
    if wanted != (args.catalog is not None):
        raise ValueError("--catalog goes with --plot or --weights, and these go with --catalog")
    for flag, path in (("--out", args.out), ("--plot", args.plot)):
        if path is not None:
            check_apart(path, [args.rows, *(args.catalog or [])], flag)
    rows = read_rows(args.rows)
    error = None if args.weights is None else _reconstruction(rows, Catalog(args), args)
    scores = outlier_scores(rows, reconstruction=error)
    top = scores.sort_values("score", ascending=False, kind="stable")[: args.top]
    curves = None if args.plot is None else _curves_of(top, Catalog(args), args)
    say(top.to_string(index=False, float_format="{:.4f}".format))
    if args.out is not None:
        with replacing(args.out) as partial:
            if args.out.suffix.lower() == ".csv":
                top.to_csv(partial, index=False)
            else:
                top.to_parquet(partial, index=False)
    if curves is not None:
        with replacing(args.plot, "--plot") as partial:
            periods = 1 / find_peaks(curves, 1).frequency[:, 0].clip(min=1e-12)
            title = f"The {len(top)} oddest of {len(scores)} objects in {args.rows}"
            partial.write_text(page_of(title, top, curves, periods), encoding="utf-8")
        if not args.quiet:
            note(f"{args.plot}: {len(top)} objects")


def _reconstruction(
    rows: EmbeddingRows, catalog: Catalog, args: argparse.Namespace
) -> NDArray[np.float64]:
    """Return how badly the light curve of each row is reconstructed."""
    embedder = AstromerEmbedder(args.weights, max_epochs=0).fit(LightCurves.from_grid([[0.0]]))
    error = np.full(len(rows.ids), np.nan)
    for curves, at in _of_rows(rows.ids, rows.band, catalog, args):
        error[at] = reconstruction_error(embedder, curves, progress=not args.quiet)
    return error


def _curves_of(top: pd.DataFrame, catalog: Catalog, args: argparse.Namespace) -> LightCurves:
    """Return the light curves of some rows; of the others none stays in memory."""
    parts = list(_of_rows(top["object_id"], top.get("band"), catalog, args))
    order = np.argsort(np.concatenate([at for _, at in parts]))
    return LightCurves.concatenate([curves for curves, _ in parts])[order]


def _of_rows(
    ids: Any, band: Any, catalog: Catalog, args: argparse.Namespace
) -> Iterator[tuple[LightCurves, NDArray[np.intp]]]:
    """Yield the light curves of rows piece by piece, and which rows these are."""
    wanted = _names(ids, band)
    unseen = np.ones(len(wanted), dtype=bool)
    for curves in catalog.pieces():
        names = _names(curves.ids, None if band is None else curves.band)
        at = wanted.get_indexer(names)
        some = np.flatnonzero(at >= 0)
        at = at[some]
        again = names[some][~unseen[at] | pd.Index(at).duplicated()]
        if len(again):
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
