"""
Fine-tuning
===========

Pretrained weights come from other surveys than yours. ``fit`` can train them further on your
curves: without labels by masked reconstruction, or with labels through the head of a classifier.
"""

# %%
# A survey with many stars and few labels
# ---------------------------------------
# 300 stars for training, of which 100 have labels, and 140 other stars for the test.

from sklearn_astromer import AstromerEmbedder, Recipe
from sklearn_astromer.datasets import make_variable_stars

curves, labels = make_variable_stars(300, n_observations=(40, 90), random_state=2)
others, truth = make_variable_stars(140, n_observations=(40, 90), random_state=3)

# %%
# Without labels
# --------------
# ``score`` is minus the error, in magnitudes, of hidden observations. Here, a fifth of the stars is
# set aside for validation.

before = AstromerEmbedder().fit(curves)
recipe = Recipe(validation_fraction=0.2)
tuned = AstromerEmbedder(max_epochs=3, training=recipe, random_state=0).fit(curves)
print(f"error of hidden observations before: {-before.score(others):.4f} mag")
print(f"                              after: {-tuned.score(others):.4f} mag")

# %%
# 300 stars are few. If the validation error does not fall, use the pretrained weights as they
# are. The errors of each epoch:

from sklearn_astromer.inspection import TrainingCurveDisplay

TrainingCurveDisplay.from_estimator(tuned)

# %%
# With labels
# -----------
# A head on the frozen encoder, and a head trained together with the encoder. Both begin with the
# pretrained weights.

from sklearn.metrics import f1_score

from sklearn_astromer import AstromerClassifier

few, few_labels = curves[:100], labels[:100]
scores = {}
for name, train_encoder in {"frozen": False, "trained with the head": True}.items():
    model = AstromerClassifier(
        AstromerEmbedder(),
        head="mean_std",
        train_encoder=train_encoder,
        training=Recipe(lr=1e-4, validation_fraction=0),
        max_epochs=8,
        batch_size=16,
        random_state=0,
    )
    model.fit(few, few_labels)
    scores[name] = f1_score(truth, model.predict(others), average="macro")
    print(f"encoder {name}: macro-F1 {scores[name]:.3f}")

# %%
# Which is better depends on the survey, the labels and the learning rates: compare on held-out
# objects, as here, or by cross-validation.

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
    again = AstromerEmbedder(Path(folder) / "mine", max_epochs=0).fit(others)
print(abs(again.transform(others) - tuned.transform(others)).max())
