"""
Periods and folded curves
=========================

A table of periods for real stars, compared with those of the catalog, and what the bundled
encoder sees of a folded curve.
"""

# %%
# The best peak of each of 280 stars, with the probability that noise has one as high:

from sklearn_astromer.datasets import load_catalina
from sklearn_astromer.periodogram import find_peaks

stars = load_catalina()
peaks = find_peaks(stars.data)
peaks

# %%
# How often is it the period of the catalog, half of it, or a daily alias? Eclipsing binaries (EW,
# EA) are found at half of their orbit.

import numpy as np
import pandas as pd

table = peaks.to_frame()
true = stars.frame["period"]
ratio = table["period"] / true
shift = (table["frequency"] - 1 / true).abs()  # cycles a day
alias = (shift > 0.5) & ((shift - shift.round()).abs() < 0.01)
found = np.select(
    [(ratio - 1).abs() < 0.01, (ratio - 0.5).abs() < 0.005, alias],
    ["period", "half", "daily alias"],
    default="other",
)
pd.crosstab(stars.frame["label"], pd.Series(found, index=table.index, name="found"))

# %%
# The periodogram of one star, and its curve folded at the best peak. The other peaks are aliases:
# their frequencies differ from that of the first by whole cycles per sidereal day, 1.0027 per
# day.

from sklearn_astromer.inspection import PeriodogramDisplay

names = stars.data.ids.tolist()
PeriodogramDisplay.from_curves(stars.data, index=names.index("CSS_J031942.0+193921"))

# %%
# An eclipsing binary, folded at twice the period that was found:

binary = names.index("CSS_J010154.3+222309")
PeriodogramDisplay.from_curves(
    stars.data, index=binary, period=table["doubled_period"].iloc[binary]
)

# %%
# The bundled encoder sees each star folded at its own peaks. Half of the observations are hidden
# here, and only the others are in the periodogram. The hidden ones are reconstructed from
# observations of equal phase.

from sklearn_astromer import AstromerEmbedder

lyrae = names.index("CSS_J175509.4+263619")
embedder = AstromerEmbedder().fit(stars.data)
PeriodogramDisplay.from_estimator(embedder, stars.data, index=lyrae, hidden=0.5, random_state=0)
