"""
Fine-tuning
===========

Pretrained weights come from other surveys than yours. With ``supervised=True``, ``fit`` trains them
further on your light curves and labels.
"""

# %%
# A survey with few labels
# ------------------------
# 140 stars for training, half of which have a label, and 140 other stars for the test.

from sklearn_astromer import AstromerEmbedder
from sklearn_astromer.datasets import make_variable_stars

curves, truth = make_variable_stars(140, n_observations=(30, 60), random_state=2)
others, true_classes = make_variable_stars(140, n_observations=(30, 60), random_state=3)
labels = truth.astype(object)
labels[70:] = None

# %%
# Training
# --------
# ``fit`` learns to reconstruct hidden observations of all stars, and the classes of those that have
# a label. It keeps the average of the trained weights and the pretrained ones.

from sklearn_astromer.inspection import TrainingCurveDisplay

tuned = AstromerEmbedder(supervised=True, max_epochs=8, random_state=0).fit(curves, labels)
TrainingCurveDisplay.from_estimator(tuned)

# %%
# Does it help?
# -------------
# A logistic regression on the embeddings of the labelled stars, with and without fine-tuning, is
# tested on the other stars.

from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

scores = {}
for name, embedder in {"pretrained": AstromerEmbedder().fit(curves), "fine-tuned": tuned}.items():
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    model.fit(embedder.transform(curves[:70]), truth[:70])
    predicted = model.predict(embedder.transform(others))
    scores[name] = f1_score(true_classes, predicted, average="macro")
    print(f"{name}: macro-F1 {scores[name]:.3f}")

# %%
# Which is better depends on the survey and the labels: compare on held-out objects, as here, or by
# cross-validation, in which each fold fits an encoder of its own.

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(6, 2.2), layout="constrained")
bars = ax.barh(list(scores), list(scores.values()), color=["0.6", "tab:blue"])
ax.bar_label(bars, fmt="%.3f", padding=3)
ax.set(xlim=(0, 1), xlabel=f"macro-F1 on {len(others)} other stars", title="Encoder")

# %%
# Saving the encoder
# ------------------
# ``save_pretrained`` writes a folder. Its path can be used wherever a name of weights can.

import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    tuned.save_pretrained(Path(folder) / "mine")
    again = AstromerEmbedder(Path(folder) / "mine").fit(others)
print(abs(again.transform(others) - tuned.transform(others)).max())
