"""Data sets: simulated variable stars, and files that others wrote."""

from sklearn_astromer.datasets.simulate import make_variable_stars
from sklearn_astromer.datasets.starembed import fetch_starembed
from sklearn_astromer.lightcurves.tfrecord import load_tfrecords

__all__ = ["fetch_starembed", "load_tfrecords", "make_variable_stars"]
