"""
What to label next
==================

A label costs a look at the curve, or a spectrum. ``suggest`` chooses objects from which a
classifier learns most: those between two classes that also differ from each other.
"""

# %%
# A catalog with common and rare classes. Half of it is to be labelled, little by little; the
# other half is for the test.

import numpy as np
import pandas as pd

from sklearn_astromer import AstromerEmbedder
from sklearn_astromer.datasets import make_variable_stars

curves, truth = make_variable_stars(1500, n_observations=(40, 100), random_state=0)
counts = {"EB": 200, "CONST": 150, "RRAB": 100, "MIRA": 60, "RRC": 40, "DSCT": 30, "CEP": 20}
kept = np.concatenate([np.flatnonzero(truth == name)[:n] for name, n in counts.items()])
kept = np.random.default_rng(0).permutation(kept)
curves, truth = curves[kept], truth[kept]
rows = AstromerEmbedder(row=("mean", "std")).fit_transform(curves)

test = np.arange(len(rows)) % 2 == 1
pool, answers = rows[~test], truth[~test]

# %%
# Suggest, look, label, repeat
# ----------------------------
# ``labels`` has None where a class is not known yet. ``suggest`` returns positions. Here the
# answers are known; for a real catalog, this is where a person looks at ``curves[i]``.

from sklearn_astromer.search import suggest

labels = np.full(len(pool), None)
for _ in range(3):
    chosen = suggest(pool, labels, 10, random_state=0)
    for i in chosen:
        labels[i] = answers[i]
    print(pd.Series(labels).value_counts().to_dict())

# %%
# The first call has no labels, and spreads over the catalog. Later calls prefer objects whose
# class is hard to tell. The next six:

import matplotlib.pyplot as plt

from sklearn_astromer.periodogram import find_peaks

asked = suggest(pool, labels, 6, random_state=0)
pool_curves = curves[~test]
frequency = find_peaks(pool_curves[asked]).frequency[:, 0]
figure, axes = plt.subplots(2, 3, figsize=(10, 5), layout="constrained")
for ax, i, best in zip(axes.flat, asked, frequency, strict=True):
    time, magnitude, error = pool_curves[i].T
    ax.errorbar(time * best % 1, magnitude, error, fmt=".", ms=4, elinewidth=0.5)
    ax.invert_yaxis()
    ax.set_title(f"star {i}: {1 / best:.3g} d", fontsize="medium")
figure.supxlabel("phase, with the period of the highest peak")
figure.supylabel("magnitude (mag)")

# %%
# Against random labelling
# ------------------------
# The same number of labels, chosen by ``suggest`` and at random; macro-F1 on the stars put aside.

from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def learn(choose, batches=8, n=10):
    """Macro-F1 after each batch of labels."""
    labels, scores = np.full(len(pool), None), []
    for _ in range(batches):
        chosen = choose(labels, n)
        labels[chosen] = answers[chosen]
        known = pd.notna(labels)
        model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
        model = make_pipeline(StandardScaler(), model).fit(pool[known], answers[known])
        scores.append(f1_score(truth[test], model.predict(rows[test]), average="macro"))
    return scores


def at_random(labels, n):
    """Positions of n unlabelled objects."""
    return rng.permutation(np.flatnonzero(pd.isna(labels)))[:n]


rng = np.random.RandomState(0)
curves_of = {
    "suggest": [learn(lambda y, n: suggest(pool, y, n, random_state=rng)) for _ in range(5)],
    "random": [learn(at_random) for _ in range(5)],
}
figure, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
for name, scores in curves_of.items():
    mean, std = np.mean(scores, axis=0), np.std(scores, axis=0)
    count = 10 * np.arange(1, len(mean) + 1)
    ax.plot(count, mean, "o-", label=name)
    ax.fill_between(count, mean - std, mean + std, alpha=0.2)
    print(f"{name}: macro-F1 with 10, 30, 80 labels: {mean[0]:.2f}, {mean[2]:.2f}, {mean[7]:.2f}")
ax.set(xlabel="labels", ylabel="macro-F1 (mean ± std of 5 runs)")
ax.legend(frameon=False)

# %%
# For a catalog embedded by ``sklearn-astromer embed``, ``search.read_rows`` gives the rows.
# The same on real curves: :doc:`/results/active_learning`.
