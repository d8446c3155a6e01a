"""Train encoders like the bundled ones with own periods, by the recipe that `fit` has.

    python benchmarks/pretrain.py --out runs/periods
    python benchmarks/pretrain.py --out runs/unlabelled --no-labels ...   # no class is seen
    python benchmarks/pretrain.py --out runs/crts --surveys crts ...      # ASAS is never seen
    python benchmarks/pretrain.py --out runs/four --begin-with runs/periods/encoder \
        --surveys asas crts ogle_cepheids stripe82 --epochs 20 ... --install surveys-periods

The training part of each survey (see `realdata.part`) and simulated stars on many cadences, masked
reconstruction and, unless ``--no-labels``, the class of the star within its survey. A killed run
goes on from its checkpoint. ``sklearn-astromer pretrain … --architecture periods --labels …`` does
the same with a catalog of your own.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from realdata import load, part
from simulated import simulated_stars

from sklearn_astromer import AstromerEmbedder, LightCurves, Recipe

ROOT = Path(__file__).parents[1]
BUNDLED = ROOT / "sklearn_astromer" / "weights" / "bundled"
SIMULATED_STARS = 6000
LEFT_OUT = {"", "ECL"}  # no class, and one without a settled sub-type
FEWEST_OF_A_CLASS = 20


def catalog(surveys: list[str], most: int) -> tuple[LightCurves, NDArray[Any]]:
    """Return the training curves, at most `most` of a class, and their labels, "survey:class"."""
    rng = np.random.RandomState(0)
    curves, labels = [], []
    for survey in surveys:
        all_curves, all_labels = load(survey)
        kept = np.flatnonzero((part(all_curves) == "train") & (all_curves.lengths >= 12))
        for name in np.unique(all_labels):
            dropped = rng.permutation(kept[all_labels[kept] == name])[most:]
            kept = np.setdiff1d(kept, dropped)
        curves.append(all_curves[kept])
        labels += [named(survey, label) for label in all_labels[kept]]
    stars, names = simulated_stars(SIMULATED_STARS, rng)
    labels += [named("simulated", label) for label in names]
    known = np.array(labels, dtype=object)
    told = known[known != None]  # noqa: E711, elementwise
    for name, count in zip(*np.unique(told, return_counts=True), strict=True):
        if count < FEWEST_OF_A_CLASS:
            known[known == name] = None
    return LightCurves.concatenate([*curves, stars]), known


def named(survey: str, label: str) -> str | None:
    """Return a label that tells its survey, None where there is none."""
    return None if label in LEFT_OUT else f"{survey}:{label}"


def main() -> None:
    """Train, and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--surveys", nargs="+", default=["asas", "crts"])
    parser.add_argument("--begin-with", help="weights to go on from, a name or folder")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=512, help="windows in a step")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--most", type=int, default=5000, help="objects of a class")
    parser.add_argument("--draws", type=int, default=10, help="parts of each curve")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--no-labels", action="store_true", help="masked reconstruction alone")
    parser.add_argument("--limit", type=int, help="objects, to try the script")
    parser.add_argument("--install", metavar="NAME", help="write into the package as well")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    curves, labels = catalog(args.surveys, args.most)
    if args.limit:
        kept = np.random.RandomState(0).permutation(len(curves))[: args.limit]
        curves, labels = curves[kept], labels[kept]
    recipe = Recipe(
        "periods",
        lr=args.learning_rate,
        parts=args.draws,
        dropout=0.0 if args.no_labels else 0.05,
        weight_decay=0.02 if args.no_labels else 0.05,
        validation_fraction=0,
        blend=1.0,
    )
    embedder = AstromerEmbedder(
        args.begin_with,
        architecture="astromer1" if args.begin_with else "periods",
        training=recipe,
        supervised=not args.no_labels,
        max_epochs=args.epochs,
        batch_size=args.batch,
        checkpoint=args.out / "state.pt",
        device=args.device,
        precision=args.precision,
        random_state=0,
        verbose=1,
    ).fit(curves, labels)
    embedder.history_.to_csv(args.out / "history.csv", index=False)
    command = "python benchmarks/pretrain.py " + shlex.join(sys.argv[1:])
    about = {"licence": "MIT", "command": command}
    embedder.save_pretrained(args.out / "encoder", **about, overwrite=True)
    if args.install:
        shutil.rmtree(BUNDLED / args.install, ignore_errors=True)
        embedder.save_pretrained(BUNDLED / args.install, **about)
        licence = f"The licence of the weights {args.install}:\n\n{(ROOT / 'LICENSE').read_text()}"
        (BUNDLED / args.install / "LICENSE").write_text(licence)


if __name__ == "__main__":
    main()
