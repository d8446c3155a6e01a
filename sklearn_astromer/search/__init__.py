"""What to ask of rows of embeddings."""

from sklearn_astromer.search.active_learning import suggest
from sklearn_astromer.search.index import LightCurveIndex
from sklearn_astromer.search.outliers import outlier_scores, reconstruction_error
from sklearn_astromer.search.rows import EmbeddingRows, read_rows

__all__ = [
    "EmbeddingRows",
    "LightCurveIndex",
    "outlier_scores",
    "read_rows",
    "reconstruction_error",
    "suggest",
]
