"""Data sets: simulated variable stars, and files that others wrote."""

from sklearn_astromer._tfrecord import load_tfrecords
from sklearn_astromer.datasets.simulate import make_variable_stars

__all__ = ["load_tfrecords", "make_variable_stars"]
