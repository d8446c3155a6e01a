"""Peaks of the periodograms of whole catalogs."""

from sklearn_astromer.periodogram.peaks import Peaks, find_peaks

__all__ = ["Peaks", "find_peaks"]
