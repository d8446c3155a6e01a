"""
Five minutes
============

Light curves of any length go in, a classifier comes out, and scikit-learn does the rest.
"""

# %%
# A catalog of 280 real variable stars. :class:`~sklearn_astromer.LightCurves` holds one object per
# row: times in days, magnitudes, and their errors where there are any. To read your own files, use
# :meth:`LightCurves.read <sklearn_astromer.LightCurves.read>`.

from sklearn_astromer.datasets import load_catalina

curves, labels = load_catalina(return_X_y=True)
curves

# %%
# The embedding: a row of 165 numbers per star, which are the mean of the encoder's 128-dimensional
# vectors, the mean magnitude, the periods, and the shape of the folded curve. The pretrained
# weights are used as they are. They learn nothing from these stars, so one embedding serves all
# folds below.

from sklearn_astromer import AstromerEmbedder

rows = AstromerEmbedder().fit_transform(curves)
print(rows.shape)

# %%
# A random forest on the rows. Each star is predicted by a model that did not see it.

from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import ConfusionMatrixDisplay, f1_score
from sklearn.model_selection import cross_val_predict

forest = RandomForestClassifier(100, random_state=0)
predicted = cross_val_predict(forest, rows, labels, cv=5)
print(f"macro-F1: {f1_score(labels, predicted, average='macro'):.2f}")
ConfusionMatrixDisplay.from_predictions(labels, predicted, cmap="Blues", colorbar=False)

# %%
# A map of the embeddings by principal components; ``method="umap"`` draws it by UMAP.

from sklearn_astromer.inspection import EmbeddingDisplay

EmbeddingDisplay.from_embeddings(rows, labels, random_state=0)

# %%
# Embedder and classifier in one model, which predicts the classes of new light curves. Here are its
# predictions for five stars that it was not fitted to, and their labels:

from sklearn.pipeline import make_pipeline

model = make_pipeline(AstromerEmbedder(), forest)
model.fit(curves[:100], labels[:100])
print(model.predict(curves[100:105]), labels[100:105])
