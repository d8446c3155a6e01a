"""
Five minutes
============

Light curves of any length go in, a classifier comes out, and scikit-learn does the rest.
"""

# %%
# A catalog of 280 real variable stars. ``LightCurves`` is one object per row: times in days,
# magnitudes, and their errors where there are any. Yours comes from ``LightCurves.read``.

from sklearn_astromer.datasets import load_catalina

curves, labels = load_catalina(return_X_y=True)
curves

# %%
# The embedding: a row of 128 numbers per star. A name takes pretrained weights as they are;
# ``max_epochs=5`` would fine-tune them on your curves, without labels. Nothing is learned from
# these stars here, so one embedding serves all folds below.

from sklearn_astromer import AstromerEmbedder

rows = AstromerEmbedder().fit_transform(curves)
print(rows.shape)

# %%
# A classifier of scikit-learn on the rows. Each star is predicted by a model that did not see it.

from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import ConfusionMatrixDisplay, f1_score
from sklearn.model_selection import cross_val_predict

forest = RandomForestClassifier(200, random_state=0)
predicted = cross_val_predict(forest, rows, labels, cv=5)
print(f"macro-F1: {f1_score(labels, predicted, average='macro'):.2f}")
ConfusionMatrixDisplay.from_predictions(labels, predicted, cmap="Blues", colorbar=False)

# %%
# A map of the embeddings; ``method="umap"`` is another.

from sklearn_astromer.inspection import EmbeddingDisplay

EmbeddingDisplay.from_embeddings(rows, labels, random_state=0)

# %%
# Embedder and classifier in one model, for curves to come:

from sklearn.pipeline import make_pipeline

model = make_pipeline(AstromerEmbedder(), forest)
model.fit(curves[:100], labels[:100])
print(model.predict(curves[100:105]), labels[100:105])
