"""What ``sklearn-astromer search`` does."""

from __future__ import annotations

from types import SimpleNamespace

from sklearn_astromer._files import check_free
from sklearn_astromer.cli.messages import note, say
from sklearn_astromer.cli.tables import output, write
from sklearn_astromer.search import EmbeddingRows, LightCurveIndex, read_rows
from sklearn_astromer.search.storage import check_ours, is_index

NAMED_IDS, SLOW_ROWS = 3, 200_000


def search(args: SimpleNamespace) -> None:
    """Print the objects most similar to one, and write them if asked."""
    if args.like is None and args.save is None:
        raise ValueError("--like ID, --save FOLDER or both must be given")
    if args.like is None and args.out is not None:
        raise ValueError("--out is of what is found: give --like ID, too")
    if args.save is not None:  # what would fail after minutes is tried now
        check_free(args.save, args.overwrite, check_ours)
    with output(args, "out") as table:
        index = _saved(args) if is_index(args.rows) else _made(args)
        if args.like is None:
            return  # the index was all
        found = index.like(args.like, min(args.top, index.n_samples_fit_ - 1), band=args.band)
        if table is not None:
            write(found, table)
    say(found.to_string(index=False, float_format="{:.6f}".format))
    if args.out is not None and not args.quiet:
        note(f"{args.out}: {len(found)} objects")


def _saved(args: SimpleNamespace) -> LightCurveIndex:
    if args.save is not None:
        raise ValueError(f"{args.rows} is an index already: --save is of rows")
    index = LightCurveIndex.load(args.rows)
    if args.metric not in ("auto", index.metric_):
        raise ValueError(
            f"{args.rows} is an index of {index.metric_} distances: leave out --metric"
        )
    _check_there(args, EmbeddingRows(index.ids_, index.band_, index.rows_))
    return index


def _made(args: SimpleNamespace) -> LightCurveIndex:
    # a graph pays for many searches, and without --save this is the only one
    algorithm = "exact" if args.save is None else "auto"
    metric = "cosine" if args.metric == "auto" else args.metric
    index = LightCurveIndex(metric=metric, algorithm=algorithm, n_jobs=-1)
    rows = read_rows(args.rows)
    _check_there(args, rows)
    if args.save is None:
        return index.fit(rows)
    if not args.quiet and len(rows.ids) >= SLOW_ROWS:
        note(f"building an index of {len(rows.ids)} rows, which takes minutes")
    index.fit(rows).save(args.save, overwrite=args.overwrite)
    if not args.quiet:
        note(f"{args.save}: {index.algorithm_} index of {index.n_samples_fit_} rows")
    return index


def _check_there(args: SimpleNamespace, rows: EmbeddingRows) -> None:
    if len(rows.ids) < 2:
        raise ValueError(f"{args.rows} holds {len(rows.ids)} rows: there is nothing to compare")
    if args.like is None:
        return
    try:
        rows.position(args.like, args.band)
    except KeyError as error:
        some = ", ".join(map(str, dict.fromkeys(rows.ids[:NAMED_IDS].tolist())))
        raise ValueError(f"{error.args[0]}; the first ids of {args.rows} are {some}") from error
