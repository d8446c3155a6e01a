"""
Several bands
=============

``MultiBandEmbedder`` embeds each band with the same encoder and puts the rows of a star side by
side, followed by its colours.
"""

# %%
# Stars in two bands
# ------------------
# Half of the observations of each simulated star are in g, the others in r, where the amplitude
# is smaller. One star in five has no observations in r.

import numpy as np

from sklearn_astromer import LightCurves, MultiBandEmbedder
from sklearn_astromer.datasets import make_variable_stars

curves, labels = make_variable_stars(140, n_observations=(80, 160), random_state=5)
rng = np.random.default_rng(0)
g, r, in_r = [], [], rng.random(len(curves)) > 0.2
for curve in curves:
    of_g = rng.random(len(curve)) < 0.5
    red = curve[~of_g].copy()
    red[:, 1] = red[:, 1].mean() - 0.4 + 0.7 * (red[:, 1] - red[:, 1].mean())
    g.append(curve[of_g])
    r.append(red)
both = LightCurves.concatenate(
    [
        LightCurves.from_arrays(g, ids=curves.ids, band="g"),
        LightCurves.from_arrays(r, ids=curves.ids, band="r")[in_r],
    ]
)

# %%
# A file with both bands
# ----------------------
# ``read`` makes a row of each star and band, and ``stars`` puts the rows of a star together.

import tempfile
from pathlib import Path

path = Path(tempfile.mkdtemp(), "stars.parquet")
both.to_parquet(path)
stars = LightCurves.read(path).stars()
stars

# %%
# One of them, folded with the best period of both bands together:

rr_lyrae = int(np.flatnonzero((labels == "RRAB") & in_r)[0])
ax = stars.plot(rr_lyrae, period="best")

# %%
# One row per star
# ----------------
# The bands of a star are side by side in its row, so that a splitter keeps them together. In a
# pipeline, ``Stars`` does the same: it is indexed by star. Missing bands are NaN, which forests
# accept; for other models, ``missing="indicator"`` writes zeros and an indicator column.

from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

forest = RandomForestClassifier(100, random_state=0)
folds = StratifiedKFold(4, shuffle=True, random_state=0)
scores = {}
for bands in (["g"], ["r"], ["g", "r"]):
    rows = MultiBandEmbedder(bands=bands).fit_transform(stars)
    name = " and ".join(bands)
    scores[name] = cross_val_score(forest, rows, labels, cv=folds, scoring="f1_macro")
    print(f"{name}: macro-F1 {scores[name].mean():.3f} ± {scores[name].std():.3f}")

# %%

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(6, 2.4), layout="constrained")
bars = ax.barh(
    list(scores),
    [score.mean() for score in scores.values()],
    xerr=[score.std() for score in scores.values()],
    color=["tab:green", "tab:red", "0.5"],
)
ax.set(xlim=(0, 1), xlabel="macro-F1 (4 folds)")
ax.invert_yaxis()

# %%
# The odd ones
# ------------
# The same rows show which stars are least like the others:

from sklearn_astromer.search import outlier_scores

rows = MultiBandEmbedder(missing="indicator").fit_transform(stars)
odd = outlier_scores(rows)["score"].to_numpy().argsort()[::-1][:5]
print(list(zip(stars.ids[odd].tolist(), labels[odd].tolist(), strict=True)))
