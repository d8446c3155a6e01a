"""What ``sklearn-astromer embed`` does."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.utils import gen_batches

from sklearn_astromer import weights
from sklearn_astromer._files import replacing, sha256
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.commands import ROWS
from sklearn_astromer.cli.messages import note, say
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.multiband import MultiBandEmbedder
from sklearn_astromer.scale.folder import described, embed_to_folder, whole_pieces, write_rows
from sklearn_astromer.scale.measuring import seconds_of
from sklearn_astromer.scale.progress import Progress
from sklearn_astromer.scale.tables import writing

STARS = 10_000  # at a time


def embed(args: SimpleNamespace) -> None:
    """Write a row of embeddings for each object of a catalog."""
    catalog = Catalog(args)
    embedder = AstromerEmbedder(
        args.weights,
        max_epochs=0,
        row=args.row,
        window_size=args.window_size or weights.load(args.weights).window_size,
        device=args.device,
        precision=args.precision,
    )
    if args.stars:
        return _of_stars(args, catalog, embedder)
    embedder.fit(LightCurves.from_grid([[0.0]]))  # takes the weights as they are
    if args.dry_run:
        _dry_run(args, catalog, embedder)
    elif args.out.suffix.lower() in ROWS:
        _into_file(args, catalog, embedder)
    else:
        _into_folder(args, catalog, embedder)


def _of_stars(args: SimpleNamespace, catalog: Catalog, embedder: AstromerEmbedder) -> None:
    if args.out.suffix.lower() not in ROWS or args.dry_run:
        raise ValueError("--stars is of a file: --out FILE, and without --dry-run")
    stars = catalog.stars()
    bands = MultiBandEmbedder(embedder).fit(stars)
    features = bands.get_feature_names_out().tolist()
    with (
        replacing(args.out, overwrite=args.overwrite) as file,
        writing(file, args.out.suffix.lower(), features, args.layout) as table,
        Progress(len(stars), shown=not args.quiet, say=note) as bar,
    ):
        for batch in gen_batches(len(stars), args.batch_objects or STARS):
            named: Any = SimpleNamespace(ids=stars.ids[batch], band=None)
            table.write(named, np.asarray(bands.transform(stars[batch])))
            bar.update(len(named.ids))
    if not args.quiet:
        note(f"{args.out}: {table.count} stars, {len(table.names())} columns")


def _into_file(args: SimpleNamespace, catalog: Catalog, embedder: AstromerEmbedder) -> None:
    if args.shard != (1, 1) or args.part_objects is not None or args.verify:
        raise ValueError("--shard, --part-objects and --verify are of a folder: --out FOLDER")
    ending = args.out.suffix.lower()
    features = embedder.get_feature_names_out().tolist()
    with replacing(args.out, overwrite=args.overwrite) as file:
        mapped = catalog.mapped()
        total = None if mapped is None else len(mapped)
        pieces = catalog.pieces() if mapped is None else [mapped]
        with (
            writing(file, ending, features, args.layout) as table,
            Progress(total, shown=not args.quiet, say=note) as bar,
        ):
            for curves in whole_pieces(pieces, embedder):
                table.start(curves)
                write_rows(table, embedder, curves, args.batch_objects, bar)
    catalog.warn()
    if not args.quiet:
        note(f"{args.out}: {table.count} objects, {len(table.names())} columns")


def _into_folder(args: SimpleNamespace, catalog: Catalog, embedder: AstromerEmbedder) -> None:
    given = None if catalog.content is None else sha256(catalog.content)
    # what decides the rows: all files, and how they are read
    told = partial(catalog.fingerprint, repr((catalog.options, args.on_invalid, given)))
    before, mapped = told(), catalog.mapped()
    if told() != before:
        raise ValueError("the catalog changed while it was read: the same command begins again")
    total = None if mapped is None else len(mapped)
    try:
        state = embed_to_folder(
            catalog.pieces() if mapped is None else mapped,
            embedder,
            args.out,
            fingerprint=told,
            part_objects=args.part_objects,
            batch_objects=args.batch_objects,
            shard=args.shard,
            layout=args.layout,
            progress=Progress(total, shown=not args.quiet, say=note),
            overwrite=args.overwrite,
            verify=args.verify,
        )
    except KeyboardInterrupt:
        note(f"the same command goes on in {args.out}")
        raise
    except FileExistsError:
        raise
    except OSError as error:
        raise OSError(f"{error}: once that is mended, the same command goes on") from error
    catalog.warn()
    if state.missing:
        note(f"{args.out}: {len(state.missing)} of {state.parts} parts are still missing")
    elif not args.quiet:
        note(f"{args.out}: {state.objects} objects in {state.parts} parts")


def _dry_run(args: SimpleNamespace, catalog: Catalog, embedder: AstromerEmbedder) -> None:
    """Say what `embed` would do, and how long it would take by a second of it."""
    mapped = catalog.mapped()
    objects = observations = 0
    sample: LightCurves | None = None
    for curves in catalog.pieces() if mapped is None else [mapped]:
        sample = curves if sample is None and len(curves) else sample
        objects, observations = objects + len(curves), observations + int(curves.offsets[-1])
    catalog.warn()
    say(f"{objects} objects, {observations} observations")
    if sample is None:
        return
    features = len(embedder.get_feature_names_out())
    number = 2 if args.layout == "float16" else 4
    say(f"output: about {objects * (features * number + 8) / 1e6:.1f} MB in {args.out}")
    n, seconds = seconds_of(embedder, sample)
    left = timedelta(seconds=round(seconds * observations / max(1, int(sample.offsets[n]))))
    how = described(embedder)
    say(f"time: about {left} on this machine ({how['device']}, {how['precision']})")
