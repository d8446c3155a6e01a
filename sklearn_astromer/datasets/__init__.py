"""Data sets: simulated variable stars."""

from sklearn_astromer.datasets.simulate import make_variable_stars

__all__ = ["make_variable_stars"]
