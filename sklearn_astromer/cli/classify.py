"""What ``sklearn-astromer classify`` does."""

from __future__ import annotations

import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.tree._tree import Tree

from sklearn_astromer import TRUSTED_TYPES
from sklearn_astromer._extras import import_extra
from sklearn_astromer.cli.catalogs import STDIN, Catalog
from sklearn_astromer.cli.messages import note, say
from sklearn_astromer.cli.tables import labels_in, labels_of, output, write
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves, Stars
from sklearn_astromer.lightcurves.checks import warn
from sklearn_astromer.lightcurves.stars import warn_of_single_bands
from sklearn_astromer.multiband import MultiBandEmbedder
from sklearn_astromer.weights.registry import WEIGHTS

FOLDS, FEWEST = 5, 3  # of a cross-validation, and objects of a class in it
#: Of scikit-learn's forests, beside those of this package; its code runs none of the file's.
TREE = "sklearn.tree._tree.Tree"


def classify(args: SimpleNamespace) -> None:
    """Train a classifier or read one, and write the classes of a catalog."""
    _check(args)
    with output(args, "out") as table:
        with output(args, "save") as kept:
            model = _trained(args) if args.catalog else _read(args.model)
            if kept is not None:
                _skops().dump(model, kept)
        if kept is not None and not args.quiet:
            note(f"{args.save}: a classifier")
        if table is not None:
            write(_predicted(model, args), table)
    if table is not None and not args.quiet:
        note(f"{args.out}: the classes")


def _predicted(model: Pipeline, args: SimpleNamespace) -> pd.DataFrame:
    """Return the class of each light curve or star, and the probability of each class."""
    embedder = model["embedder"]
    curves: Any = Catalog(args, args.predict).whole()
    unseen = np.zeros(0, dtype=np.int64)
    if isinstance(embedder, MultiBandEmbedder):
        curves, known = curves.stars(), embedder.bands_
        if not {*map(str, known)} & {*curves.band.tolist()}:
            raise ValueError(
                f"the classifier is of stars in the bands {', '.join(map(str, known))}, and the "
                f"catalog of --predict has {', '.join(np.unique(curves.band)) or 'no band'}: name "
                "its bands as these are"
            )
        unseen = np.setdiff1d(
            np.arange(len(curves)), curves.star[np.isin(curves.band, [*map(str, known)])]
        )
        embedder = embedder.embedder_
    elif not len(curves):
        raise ValueError("there are no light curves to classify")
    elif (bands := getattr(model, "bands_", [])) and (other := sorted(_bands(curves) - {*bands})):
        warn(
            f"the classifier learned from the bands {', '.join(bands)}, and the catalog of "
            f"--predict has {', '.join(other)}: brightness and shape differ between bands"
        )
    embedder.set_params(device=args.device, precision=args.precision)
    probability = model.predict_proba(curves)
    names = [f"probability_{name}" for name in model.classes_]
    table = pd.DataFrame(probability, columns=names)
    table.insert(0, "label", model.classes_[probability.argmax(axis=1)])
    table.loc[unseen] = None  # of which the embedder warns
    if isinstance(curves, LightCurves) and curves.band is not None:
        table.insert(0, "band", curves.band)
    table.insert(0, "object_id", curves.ids)
    return table


def _check(args: SimpleNamespace) -> None:
    """Refuse what does not go together."""
    learns, model = bool(args.catalog), args.model is not None
    labels = [each for each in (args.labels, args.label_column) if each is not None]
    refused = {
        "give either a CATALOG to learn from, or --model": learns == model,
        "a CATALOG to learn from needs --labels or --label-column, and not both": len(labels)
        != learns,
        "--predict, a catalog, and --out, where its classes go, need each other": bool(args.predict)
        != (args.out is not None),
        "--model needs --predict, a catalog to classify": model and not args.predict,
        "--save is of a classifier that learns here, not of --model": model and bool(args.save),
        "--stars is of a classifier that learns here: that of --model knows": model and args.stars,
        "-, standard input, is one catalog": STDIN in args.catalog and STDIN in args.predict,
    }
    for message, wrong in refused.items():
        if wrong:
            raise ValueError(message)
    if args.save is not None:
        _skops()


def _trained(args: SimpleNamespace) -> Pipeline:
    """Return a classifier of the labelled objects, after its score was printed."""
    catalog = Catalog(args)
    curves: Any = catalog.stars() if args.stars else catalog.whole()
    if args.labels is None:
        labels = labels_in(catalog, args.label_column, curves.ids, args.quiet)
    else:
        labels = labels_of(args.labels, curves.ids, args.quiet)
    known = np.array([label is not None for label in labels])
    curves, labels = curves[known], labels[known].astype(str)
    embedder: Any = AstromerEmbedder(
        args.weights, max_epochs=0, device=args.device, precision=args.precision
    )
    if args.stars:
        embedder = MultiBandEmbedder(embedder)
    else:
        warn_of_single_bands(curves, "; else one star may be in several folds of the score")
    forest = RandomForestClassifier(300, class_weight="balanced", random_state=args.seed, n_jobs=-1)
    rows = embedder.fit_transform(curves)
    info = getattr(embedder, "embedder_", embedder).info_
    if args.weights not in WEIGHTS and (info.get("training") or {}).get("labels"):
        warn(f"{args.weights} was trained with labels: the score of stars that it saw is too good")
    say(_score(forest, rows, labels, curves))
    model = Pipeline([("embedder", embedder), ("forest", forest.fit(rows, labels))])
    model.bands_ = sorted(_bands(curves))
    return model


def _bands(curves: LightCurves | Stars) -> set[str]:
    """Return the names of the bands."""
    return set() if curves.band is None else {*curves.band.tolist()}


def _score(forest: Any, rows: Any, labels: Any, curves: LightCurves | Stars) -> str:
    """Return the cross-validated score, or why there is none."""
    objects = pd.DataFrame({"id": curves.ids, "label": labels}).drop_duplicates()
    count = objects["label"].value_counts()
    rare = count.index[count < FEWEST].tolist()
    if rare and len(count) - len(rare) > 1:
        warn(
            f"the score leaves out the classes of fewer than {FEWEST} objects, which the "
            f"classifier learns: {', '.join(rare)}"
        )
        kept = ~np.isin(labels, rare)
        return _score(forest, rows[kept], labels[kept], curves[kept])
    item = "star" if isinstance(curves, Stars) else "object"
    of = f"{len(objects)} {item}s of {len(count)} classes"
    if rare or len(count) == 1:
        warn(f"{of}, {count.min()} of class {count.idxmin()}: too few for a cross-validation")
        return f"trained on {of}"
    cv = StratifiedGroupKFold(min(FOLDS, count.min()), shuffle=True, random_state=0)
    scores = cross_val_score(forest, rows, labels, groups=curves.ids, cv=cv, scoring="f1_macro")
    how = f"{cv.n_splits}-fold cross-validation by {item}"
    return f"macro-F1 {scores.mean():.3f} ± {scores.std():.3f} ({how}, {of})"


def _read(path: Path) -> Pipeline:
    """Return a classifier that `--save` wrote; a file with anything else in it is refused."""
    if not path.exists():
        raise FileNotFoundError(f"there is no classifier {path}")
    if not zipfile.is_zipfile(path):
        elsewhere = ": AstromerClassifier.from_pretrained reads folders" if path.is_dir() else ""
        raise ValueError(f"{path} is no classifier that --save wrote{elsewhere}")
    io = _skops()
    trusted = {*TRUSTED_TYPES, TREE}
    if foreign := set(io.get_untrusted_types(file=path)) - trusted:
        raise ValueError(
            f"{path} holds what no classifier of --save does, and is not read: "
            f"{', '.join(sorted(foreign))}"
        )
    model = io.load(path, trusted=[*trusted])
    if not isinstance(model, Pipeline) or [*model.named_steps] != ["embedder", "forest"]:
        raise ValueError(f"{path} holds a {type(model).__name__} and no classifier of --save")
    forest = model["forest"]
    trees = [getattr(each, "tree_", None) for each in getattr(forest, "estimators_", ())]
    if not trees or not all(_is_whole(tree, forest) for tree in trees):
        raise ValueError(f"{path} is damaged: its trees do not hold together")
    return model


def _is_whole(tree: Any, forest: RandomForestClassifier) -> bool:
    """Whether the links of a tree stay within it, which scikit-learn follows unseen."""
    if not isinstance(tree, Tree):
        return False
    left, right, at = tree.children_left, tree.children_right, np.arange(tree.node_count)
    below = (np.minimum(left, right) > at) & (np.maximum(left, right) < len(at))
    known = (tree.feature >= 0) & (tree.feature < tree.n_features)
    linked = np.where(left == -1, right == -1, below & known)
    return tree.n_features == forest.n_features_in_ and len(at) > 0 and bool(linked.all())


def _skops() -> Any:
    return import_extra("skops.io", "skops", "a classifier in a file")
