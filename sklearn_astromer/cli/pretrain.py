"""What ``sklearn-astromer pretrain`` does."""

from __future__ import annotations

import dataclasses
import os
import shlex
from types import SimpleNamespace

from sklearn_astromer._files import check_free, replacing
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.commands import HISTORY
from sklearn_astromer.cli.messages import note
from sklearn_astromer.cli.tables import labels_of
from sklearn_astromer.config import EncoderConfig, as_config
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.training.recipes import Recipe
from sklearn_astromer.weights.checkpoint import check_ours, read_folder


def pretrain(args: SimpleNamespace) -> None:
    """Train an encoder on a catalog, and write its weights and history."""
    # what would fail after hours is tried now
    out = args.out.resolve()
    history = out.with_name(out.name + HISTORY)
    check_free(args.out, args.overwrite, check_ours)
    check_free(history, args.overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(out.parent, os.W_OK):
        raise PermissionError(f"{out.parent} cannot be written: choose another --out")
    curves = Catalog(args).whole()
    given = {k: v for k, v in vars(args).items() if v is not None and v is not False}
    architecture = None
    names = EncoderConfig().get_params().keys() - Recipe().get_params().keys()
    values = {name: given[name] for name in sorted(names & given.keys())}
    asked = [*values, *["architecture"] * (args.architecture is not None)]
    if asked and args.pretrained is not None:
        flags = ", ".join("--" + name.replace("_", "-") for name in asked)
        raise ValueError(f"{flags}: of a fresh encoder, and --from names one: leave out either")
    if asked:
        architecture = dataclasses.replace(as_config(args.architecture), **values)
    values = {name: given[name] for name in Recipe().get_params().keys() & given.keys()}
    if "augment" in values:
        values["augment"] = values["augment"].split(",")
    embedder = AstromerEmbedder(
        args.pretrained,
        architecture=architecture,
        training=Recipe(args.recipe, **values),
        supervised=args.labels is not None,
        checkpoint=args.checkpoint,
        device=args.device,
        precision=args.precision,
        random_state=args.seed,
        verbose=0 if args.quiet else 1,
        max_epochs=args.max_epochs,
        batch_size=args.batch_size,
        window_size=args.window_size,
    )
    labels = None if args.labels is None else labels_of(args.labels, curves.ids, args.quiet)
    embedder.fit(curves, labels)
    if args.received:  # skorch takes an interruption for a wish to keep what was learned so far
        if args.checkpoint is not None and args.checkpoint.exists():
            note(f"the same command goes on from {args.checkpoint}")
        raise KeyboardInterrupt
    # of weights that were only copied, the command that trained them is the one to know
    command = shlex.join(args.words) if embedder.training_ else None
    embedder.save_pretrained(
        args.out, licence=args.licence, command=command, overwrite=args.overwrite
    )
    with replacing(history, overwrite=args.overwrite) as partial:
        embedder.history_.to_csv(partial, index=False)
    if not args.quiet:
        note(f"{args.out}: {len(embedder.history_)} epochs, history in {history}")
        for row in embedder.history_[embedder.history_["best"]].tail(1).itertuples():
            note(f"the best: epoch {row.epoch}, RMSE of the validation {row.valid_rmse:.4f}")
        if not read_folder(args.out).info.get("licence"):
            note("the model card states no licence: before you share it, state one by --licence")
