"""scikit-learn estimators around ASTROMER, a transformer for astronomical light curves."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn_astromer._trusted import TRUSTED_TYPES as TRUSTED_TYPES
    from sklearn_astromer.classifier import AstromerClassifier as AstromerClassifier
    from sklearn_astromer.config import EncoderConfig as EncoderConfig
    from sklearn_astromer.embedder import AstromerEmbedder as AstromerEmbedder
    from sklearn_astromer.lightcurves import LightCurves as LightCurves
    from sklearn_astromer.lightcurves import Stars as Stars
    from sklearn_astromer.lightcurves import as_light_curves as as_light_curves
    from sklearn_astromer.multiband import MultiBandEmbedder as MultiBandEmbedder
    from sklearn_astromer.regressor import AstromerRegressor as AstromerRegressor
    from sklearn_astromer.training.recipes import Recipe as Recipe
    from sklearn_astromer.variability import VariabilityFeatures as VariabilityFeatures

# Loaded at first use: `sklearn-astromer --help`, and data code alone, wait for no torch.
_MODULES = {
    "AstromerClassifier": "classifier",
    "AstromerEmbedder": "embedder",
    "AstromerRegressor": "regressor",
    "EncoderConfig": "config",
    "LightCurves": "lightcurves",
    "MultiBandEmbedder": "multiband",
    "Recipe": "training.recipes",
    "Stars": "lightcurves",
    "TRUSTED_TYPES": "_trusted",
    "VariabilityFeatures": "variability",
    "as_light_curves": "lightcurves",
}

_SUBMODULES = ("datasets", "export", "inspection", "periodogram", "scale", "search", "weights")

__all__ = [*_MODULES, *_SUBMODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    if name == "__version__":
        return import_module("importlib.metadata").version(__name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
