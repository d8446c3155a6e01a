"""scikit-learn estimators around ASTROMER, a transformer for astronomical light curves."""

from sklearn_astromer.adapters import as_light_curves
from sklearn_astromer.baseline import LightCurveLSTMClassifier
from sklearn_astromer.classifier import AstromerClassifier
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.multiband import MultiBandEmbedder, Stars
from sklearn_astromer.regressor import AstromerRegressor

__all__ = [
    "AstromerClassifier",
    "AstromerEmbedder",
    "AstromerRegressor",
    "LightCurveLSTMClassifier",
    "LightCurves",
    "MultiBandEmbedder",
    "Stars",
    "as_light_curves",
]
