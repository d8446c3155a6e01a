"""Periodograms of whole catalogs, and their peaks."""

from sklearn_astromer.periodogram.peaks import Peaks, find_peaks
from sklearn_astromer.periodogram.spectrum import power_spectrum

__all__ = ["Peaks", "find_peaks", "power_spectrum"]
