"""Stars with few observations in each band: bands side by side, shared periods, colours.

    python benchmarks/bands.py

Macro-F1 of a random forest and of a logistic regression, in 3 folds by star, of stars with 5, 10,
20 and 50 random observations in each band, drawn anew 3 times. OGLE Cepheids in I and V (three
modes of pulsation) and SDSS Stripe 82 in g, r and i (RRab, RRc); of each class at most 120 stars
that have as many observations in all bands. `surveys-periods` was trained on other stars of both.
With ``--ways`` the others stay as in the JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import report
from numpy.typing import NDArray
from realdata import CLASSES, load, part, per_class
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_astromer import (
    AstromerEmbedder,
    LightCurves,
    MultiBandEmbedder,
    Stars,
    VariabilityFeatures,
)

SIZES, DRAWS, MOST = (5, 10, 20, 50), 3, 120
CATALOGS = {
    "ogle_cepheids": (["ogle_cepheids", "ogle_cepheids_v"], ["I", "V"]),
    "stripe82": (["stripe82"], ["g", "r", "i"]),
}
VECTORS = ("mean", "std")
WAYS: dict[str, Callable[[list[str]], Any]] = {
    "one band": lambda bands: MultiBandEmbedder(AstromerEmbedder(row=VECTORS), bands[:1]),
    "side by side": lambda bands: MultiBandEmbedder(
        AstromerEmbedder(row=VECTORS, shared_periods=False), bands, colors=False
    ),
    "shared periods": lambda bands: MultiBandEmbedder(
        AstromerEmbedder(row=VECTORS), bands, colors=False
    ),
    "and colours": lambda bands: MultiBandEmbedder(AstromerEmbedder(row=VECTORS), bands),
    "the default row": lambda bands: MultiBandEmbedder(bands=bands),
    "VariabilityFeatures": VariabilityFeatures,
}
MODELS = {
    "forest": RandomForestClassifier(300, random_state=0),
    "logistic": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=3000)),
}


def stars_of(catalog: str, which: str = "test") -> tuple[Stars, NDArray[np.str_]]:
    """Return stars of a part that have enough observations in all bands, and their labels."""
    files, bands = CATALOGS[catalog]
    curves, labels = zip(*(load(file) for file in files), strict=True)
    every, label = LightCurves.concatenate(curves), np.concatenate(labels)
    kept = np.isin(every.band, bands) & (every.lengths >= max(SIZES)) & (part(every) == which)
    stars = every[kept].stars()
    ids, first = np.unique(every[kept].ids, return_index=True)
    label = label[kept][first][np.searchsorted(ids, stars.ids)]
    whole = np.diff(stars.offsets) == len(bands)
    stars, label = stars[whole], label[whole]
    chosen = per_class(label, CLASSES[catalog], MOST)
    return stars[chosen], label[chosen]


def drawn(stars: Stars, n: int, seed: int) -> Stars:
    """Return n random observations of each light curve."""
    rng = np.random.default_rng(seed)
    curves = stars.curves
    few = [curve[np.sort(rng.choice(len(curve), n, replace=False))] for curve in curves]
    rows = LightCurves.from_arrays(few, ids=np.arange(len(curves)))
    return LightCurves(
        rows.time, rows.mag, rows.mag_err, offsets=rows.offsets, ids=curves.ids, band=curves.band
    ).stars()


def main() -> None:
    """Print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    args = parser.parse_args()
    figures: list[dict[str, Any]] = []
    lines = []
    for catalog, (_, bands) in CATALOGS.items():
        stars, labels = stars_of(catalog)
        print(catalog, stars, dict(zip(*np.unique(labels, return_counts=True), strict=True)))
        folds = StratifiedKFold(3, shuffle=True, random_state=0)
        found: dict[tuple[str, int], list[list[float]]] = {}
        for n, seed in product(SIZES, range(DRAWS)):
            few = drawn(stars, n, seed)
            for way in args.ways:
                rows = WAYS[way](bands).fit_transform(few)
                scores = [
                    cross_val_score(
                        make_pipeline(SimpleImputer(keep_empty_features=True), model),
                        rows,
                        labels,
                        cv=folds,
                        scoring="f1_macro",
                    ).mean()
                    for model in MODELS.values()
                ]
                found.setdefault((way, n), []).append([float(score) for score in scores])
        for way in args.ways:
            cells = []
            for n in SIZES:
                row = {"catalog": catalog, "way": way, "n": n, "stars": len(stars)}
                figures.append(row | {"forest, logistic": found[way, n]})
                cells.append(" / ".join(f"{x:.3f}" for x in np.mean(found[way, n], axis=0)))
            lines.append([catalog, way, *cells])
            print(*lines[-1], flush=True)
    print("\n" + report.table(["catalog", "row", *(f"{n} a band" for n in SIZES)], lines))
    earlier = report.figures("bands") or []
    report.write("bands", report.with_others(figures, earlier, ["catalog", "way"]))


if __name__ == "__main__":
    main()
