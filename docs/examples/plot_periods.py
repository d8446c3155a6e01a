"""
Periodograms and folded curves
==============================

The bundled encoder sees each star folded at the peaks of its own periodogram. Draw what it sees.
"""

from sklearn_astromer import AstromerEmbedder
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.inspection import PeriodogramDisplay
from sklearn_astromer.periodogram import find_peaks

curves, labels, parameters = make_variable_stars(
    30, classes=["RRAB", "EB"], n_observations=(80, 120), random_state=0, return_parameters=True
)

# %%
# The periodogram of one star and its curve folded at the best peak. Numbers mark the peaks.

PeriodogramDisplay.from_curves(curves, index=0)

# %%
# Half of the observations hidden: periodogram and reconstruction know the others alone. A star
# observed once a night in random phases is reconstructed, because the encoder compares
# observations of equal phase.

embedder = AstromerEmbedder("surveys-periods").fit(curves)
PeriodogramDisplay.from_estimator(embedder, curves, index=0, hidden=0.5, random_state=0)

# %%
# The peaks of a whole catalog, for whoever wants the periods alone. An eclipsing binary may be
# found at half of its period.

found = 1 / find_peaks(curves).frequency[:, 0]
for label, true, period in list(zip(labels, parameters["period"], found, strict=True))[:5]:
    print(f"{label:5} {true:8.5f} d, found {period:8.5f} d")
