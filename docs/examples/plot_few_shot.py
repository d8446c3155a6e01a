"""
Few labels
==========

How many labelled stars of each class does a classifier need? Embeddings are computed once, without
labels. The labels are for the classifier alone.
"""

import numpy as np
from scipy.stats import skew
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_astromer import AstromerEmbedder
from sklearn_astromer.datasets import load_catalina

curves, labels = load_catalina(return_X_y=True)
pretrained = AstromerEmbedder(row=("mean", "std"))
untrained = AstromerEmbedder(None, max_epochs=0, row=("mean", "std"), random_state=0)

# %%
# For comparison, an encoder that has learned nothing, and simple statistics of the magnitudes.
# :doc:`/results/frozen` compares with features that include a periodogram.


def statistics(curve):
    """Spread, skewness, and how smooth the magnitudes are in time."""
    mag = curve[:, 1]
    low, middle, high = np.percentile(mag, [5, 50, 95])
    smooth = np.mean(np.diff(mag) ** 2) / np.var(mag)
    return [np.std(mag), skew(mag), high - middle, middle - low, smooth]


tables = {
    "pretrained": pretrained.fit_transform(curves),
    "statistics": np.array([statistics(curve) for curve in curves]),
    "untrained": untrained.fit_transform(curves),
}

# %%
# ``FewShotDisplay`` puts half of the stars of each class aside, trains on the first few of the
# others, and repeats. An integer ``random_state`` gives all models the same splits.

import matplotlib.pyplot as plt

from sklearn_astromer.inspection import FewShotDisplay

model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
figure, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
for name, table in tables.items():
    display = FewShotDisplay.from_estimator(
        model, table, labels, name=name, sizes=[2, 5, 10, 20], random_state=0, ax=ax
    )
    print(f"{name}: macro-F1 with 2, 5, 10, 20 of each class:", end=" ")
    print(*display.scores[name].mean(axis=1).round(2))

# %%
# Rows of several bands of one star must not be divided between training and test: pass
# ``groups=curves.ids``, or light curves as ``X``, which bring their ids with them.
