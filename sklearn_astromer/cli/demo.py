"""What ``sklearn-astromer demo`` does."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

from sklearn_astromer import weights
from sklearn_astromer.cli.messages import say
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.embedder import AstromerEmbedder


def demo(args: SimpleNamespace) -> None:
    """Print cross-validated scores on simulated stars."""
    weights.load(args.weights)  # or say at once what is wrong with them
    curves, labels = make_variable_stars(args.stars, random_state=args.seed)
    say(f"{curves}\nclasses: {', '.join(np.unique(labels))}\n")
    say("random forest on …, 5-fold cross-validation: macro-F1")
    rows = {f"embeddings by {args.weights}": args.weights, "those of an untrained encoder": None}
    for name, pretrained in rows.items():
        embedder = AstromerEmbedder(pretrained, max_epochs=0, random_state=0)
        forest = RandomForestClassifier(100, random_state=0)
        scores = cross_val_score(
            Pipeline([("emb", embedder), ("clf", forest)]),
            curves,
            labels,
            cv=StratifiedKFold(5, shuffle=True, random_state=0),
            scoring="f1_macro",
        )
        say(f"  {name:32} {scores.mean():.3f} ± {scores.std():.3f}")
