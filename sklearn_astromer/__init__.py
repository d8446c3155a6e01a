"""scikit-learn estimators around ASTROMER, a transformer for astronomical light curves."""

from sklearn_astromer.adapters import as_light_curves
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves

__all__ = ["AstromerEmbedder", "LightCurves", "as_light_curves"]
