"""
Similar stars, and odd ones
===========================

Between embeddings there are distances. The nearest neighbours of a star are similar to it, and a
star far from all others is odd.
"""

# %%
# A haystack
# ----------
# 500 simulated stars, pulsating, eclipsing and constant. A microlensing event, the brightening by
# a point lens, is added to 20 of them.

import numpy as np

from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.datasets import make_variable_stars

planted = 20
curves, labels, parameters = make_variable_stars(
    500,
    classes=["RRAB", "RRC", "CEP", "EB", "DSCT", "CONST"],
    n_observations=(80, 150),
    random_state=0,
    return_parameters=True,
)
rng = np.random.default_rng(0)
odd = np.zeros(len(curves), dtype=bool)
odd[rng.choice(len(curves), planted, replace=False)] = True
mag = curves.mag.copy()
for i in np.flatnonzero(odd):
    of_star = slice(curves.offsets[i], curves.offsets[i + 1])
    time = curves.time[of_star]
    u = np.hypot(0.3, (time - rng.choice(time)) / 60)  # separation, in Einstein radii; days
    mag[of_star] -= 2.5 * np.log10((u**2 + 2) / (u * np.sqrt(u**2 + 4)))
curves = LightCurves(curves.time, mag, curves.mag_err, offsets=curves.offsets)

# %%
# Needles
# -------
# No score uses labels. ``density`` and ``isolation`` come from the rows, ``reconstruction`` says
# how badly the encoder reconstructs the magnitudes, and ``score`` combines the three. Of the 20
# stars with the highest score, how many are planted?

from sklearn_astromer.search import outlier_scores, reconstruction_error

embedder = AstromerEmbedder()
rows = embedder.fit_transform(curves)

table = outlier_scores(rows, reconstruction=reconstruction_error(embedder, curves))
scores = {name: table[name].to_numpy() for name in table}
scores["standard deviation of the magnitudes"] = np.array([curve[:, 1].std() for curve in curves])
scores["chance"] = rng.random(len(curves))
found = {name: odd[np.argsort(score)[::-1]] for name, score in scores.items()}
for name, first in found.items():
    print(f"precision at {planted}, {name}: {first[:planted].mean():.2f}")

# %%
# An expert who looks at the first k stars sees this many planted ones:

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(9, 4), layout="constrained")
looked_at = np.arange(1, 101)
for name, first in found.items():
    ax.plot(looked_at, np.cumsum(first)[:100], label=name)
ax.plot(looked_at, np.minimum(looked_at, planted), "--", color="0.6", label="the best possible")
ax.set(xlabel="stars looked at, the oddest first", ylabel=f"of the {planted} planted ones")
ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))

# %%
# The six oddest by the combined score:

oddest = np.argsort(scores["score"])[::-1][:6]
figure, axes = plt.subplots(2, 3, figsize=(10, 4.6), sharex=True, layout="constrained")
for ax, i in zip(axes.flat, oddest, strict=True):
    time, magnitude, _ = curves[i].T
    ax.plot(time, magnitude, ".", ms=4, color="tab:red" if odd[i] else "0.4")
    ax.invert_yaxis()
    ax.set_title(f"{labels[i]}, event planted" if odd[i] else labels[i], fontsize="medium")
figure.supxlabel("time (days)")
figure.supylabel("magnitude (mag)")

# %%
# Similar stars
# -------------
# Of the ten nearest stars of each, how many are of its own class? (A sixth, by chance.)

from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

scaled = StandardScaler().fit_transform(rows)
near = NearestNeighbors(n_neighbors=10).fit(scaled).kneighbors(return_distance=False)
same = (labels[near] == labels[:, None]).mean(axis=1)
for name in np.unique(labels):
    print(f"{name}: {same[labels == name].mean():.2f}")

# %%
# A star and its three nearest neighbours, each folded with its own period.

query = np.flatnonzero((labels == "RRAB") & ~odd)[0]
figure, axes = plt.subplots(1, 4, figsize=(11, 2.8), layout="constrained")
for ax, i in zip(axes, [query, *near[query, :3]], strict=True):
    time, magnitude, _ = curves[i].T
    period = parameters["period"].iloc[i]
    folded = np.isfinite(period)
    ax.plot(time / period % 1 if folded else time, magnitude, ".", ms=4)
    ax.invert_yaxis()
    ax.set_xlabel("phase" if folded else "time (days)")
    title = f"{labels[i]}, {period:.3g} d" if folded else labels[i]
    ax.set_title(f"query: {title}" if i == query else title, fontsize="medium")
axes[0].set_ylabel("magnitude (mag)")
