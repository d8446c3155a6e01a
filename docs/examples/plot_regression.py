"""
Regression
==========

Predict a number per star from its light curve: here the logarithm of the period, for real stars
whose periods are known.
"""

# %%
# 280 stars of the Catalina Surveys, with periods from a fifth of a day to almost two years. The
# target is the logarithm, because the periods span three decades.

import numpy as np

from sklearn_astromer import AstromerEmbedder
from sklearn_astromer.datasets import load_catalina

stars = load_catalina()
target = np.log10(stars.frame["period"].to_numpy())
rows = AstromerEmbedder().fit_transform(stars.data)

# %%
# A forest on the embedding. Each star is predicted by a model that did not see it.

from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_predict

forest = RandomForestRegressor(60, min_samples_leaf=2, random_state=0)
folds = KFold(5, shuffle=True, random_state=0)
predicted = cross_val_predict(forest, rows, target, cv=folds)
print(f"R² {r2_score(target, predicted):.3f}")
print(f"median error {np.median(np.abs(predicted - target)):.3f} dex")

# %%
# The highest peak of the periodogram is more precise where it is right. For eclipsing binaries
# (EW, EA) it is at half of the orbital period, 0.3 dex below the line; some long-period
# variables are found at one day, the alias of the nightly cadence. The regression has learned which
# stars these are.

import matplotlib.pyplot as plt

from sklearn_astromer.periodogram import find_peaks

peak = np.log10(find_peaks(stars.data).period[:, 0])
figure, axes = plt.subplots(1, 2, figsize=(10, 4.6), sharex=True, sharey=True, layout="constrained")
for ax, values, title in zip(
    axes, (predicted, peak), ("forest on the embedding", "highest peak"), strict=True
):
    for name in stars.target_names:
        of_class = stars.target == name
        ax.plot(target[of_class], values[of_class], ".", label=name)
    ax.axline((0, 0), slope=1, color="0.5", linewidth=0.8)
    ax.set(xlabel="log period (days), catalog", title=title)
axes[0].set_ylabel("log period (days), found")
axes[1].legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
