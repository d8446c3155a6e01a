"""Data sets: real and simulated variable stars, and files that others wrote."""

from sklearn_astromer.datasets.catalina import load_catalina
from sklearn_astromer.datasets.simulate import make_variable_stars
from sklearn_astromer.datasets.starembed import fetch_starembed
from sklearn_astromer.lightcurves.tfrecord import load_tfrecords

__all__ = ["fetch_starembed", "load_catalina", "load_tfrecords", "make_variable_stars"]
