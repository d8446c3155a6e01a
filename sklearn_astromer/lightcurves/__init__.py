"""Light curves: the container, the checks, and one reader per shape of input."""

from sklearn_astromer.lightcurves.container import LightCurves
from sklearn_astromer.lightcurves.conversion import as_light_curves
from sklearn_astromer.lightcurves.stars import Stars

__all__ = ["LightCurves", "Stars", "as_light_curves"]
