"""What ``sklearn-astromer outliers`` does."""

from __future__ import annotations

import argparse

import pandas as pd

from sklearn_astromer._files import check_apart, replacing
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.messages import note, say
from sklearn_astromer.cli.page import page_of
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.periodogram import find_peaks
from sklearn_astromer.search import outlier_scores, read_rows


def outliers(args: argparse.Namespace) -> None:
    """Print the objects with the highest scores, and write or draw them if asked."""
    if (args.plot is None) != (args.catalog is None):
        raise ValueError("--plot FILE and --catalog FILE, the light curves to draw, go together")
    for flag, path in (("--out", args.out), ("--plot", args.plot)):
        if path is not None:
            check_apart(path, [args.rows, *(args.catalog or [])], flag)
    scores = outlier_scores(read_rows(args.rows))
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


def _curves_of(top: pd.DataFrame, catalog: Catalog, args: argparse.Namespace) -> LightCurves:
    """Return the light curves of some rows; of the others none stays in memory."""
    wanted = [tuple(key) for key in _keys(top["object_id"], top.get("band"))]
    found: dict[tuple[str, ...], LightCurves] = {}
    for curves in catalog.pieces():
        band = pd.Series(curves.band) if "band" in top and curves.band is not None else None
        keys = _keys(pd.Series(curves.ids), band)
        for i in keys[keys.isin(wanted)].index:
            if keys[i] in found:
                raise ValueError(f"{' '.join(keys[i])} has several light curves: choose a --band")
            found[keys[i]] = curves[[i]]
    missing = [key for key in wanted if key not in found]
    if missing:
        raise ValueError(
            f"object {' in band '.join(missing[0])} of {args.rows} is not in the catalog "
            f"({len(missing)} of {len(wanted)} are not): pass the --catalog and the options that "
            "were embedded"
        )
    return LightCurves.concatenate([found[key] for key in wanted])


def _keys(ids: pd.Series, band: pd.Series | None) -> pd.Series:
    """Return what names each row: object, and band if there is one."""
    columns = [ids.astype(str)] if band is None else [ids.astype(str), band.astype(str)]
    return pd.Series(list(zip(*columns, strict=True)), dtype=object)
