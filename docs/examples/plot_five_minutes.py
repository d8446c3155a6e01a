"""
Five minutes
============

Light curves of any length go in, a classifier comes out, and scikit-learn does the rest.
"""

# %%
# A catalog. ``LightCurves`` is one object per row: times in days, magnitudes, and their errors
# where there are any. Yours comes from ``LightCurves.read``.

from sklearn_astromer.datasets import make_variable_stars

curves, labels = make_variable_stars(210, random_state=0)
print(curves)

# %%
# A pipeline. A name takes the weights as they are; ``max_epochs=5`` would fine-tune them on the
# training curves, without labels.

from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from sklearn_astromer import AstromerEmbedder

model = make_pipeline(
    AstromerEmbedder("surveys-periods", pooling="mean_std"),
    RandomForestClassifier(200, random_state=0),
)
folds = StratifiedKFold(3, shuffle=True, random_state=0)
predicted = cross_val_predict(model, curves, labels, cv=folds)

# %%
# What is taken for what, each star predicted by a model that did not see it:

from sklearn.metrics import ConfusionMatrixDisplay, f1_score

print(f"macro-F1: {f1_score(labels, predicted, average='macro'):.3f}")
ConfusionMatrixDisplay.from_predictions(labels, predicted, cmap="Blues", colorbar=False)

# %%
# A map of the embeddings; ``method="umap"`` is another.

from sklearn_astromer.inspection import EmbeddingDisplay

embedder = AstromerEmbedder("surveys-periods").fit(curves)
EmbeddingDisplay.from_estimator(embedder, curves, labels, random_state=0)
