"""
Fluxes, as Rubin gives them
===========================

A catalog of forced photometry in nanojansky, negative fluxes among them, becomes embeddings.
"""

# %%
# A table in the shape of Rubin's ``ForcedSource``, made of simulated stars as faint as the limit
# of an exposure. Yours comes from a query.

import numpy as np
import pandas as pd

from sklearn_astromer.datasets import make_variable_stars

curves, labels = make_variable_stars(210, random_state=0)
rng = np.random.default_rng(0)
faint = curves.mag - np.repeat([curves[i][:, 1].mean() for i in range(len(curves))], curves.lengths)
flux = 10 ** (-0.4 * (22.5 + faint - 31.4))
error = np.full(len(flux), 250.0)
table = pd.DataFrame(
    {
        "objectId": np.repeat(curves.ids, curves.lengths),
        "midpointMjdTai": curves.time,
        "psfFlux": rng.normal(flux, error),
        "psfFluxErr": error,
        "band": "r",
        "pixelFlags_bad": rng.random(len(flux)) < 0.01,
    }
)
print(table.head(3).to_string())
print(f"fluxes below zero: {(table.psfFlux < 0).sum()}")

# %%
# One line reads it. The survey is told by its columns. Rows with a flag are left out and counted.
# Fluxes become asinh magnitudes, which are finite for all of them.

import warnings

from sklearn_astromer import LightCurves

with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    stars = LightCurves.read(table)
print(stars)
print(said[0].message)
print(f"faintest: {stars.mag.max():.2f} mag")

# %%
# One object, in flux and in magnitudes:

import matplotlib.pyplot as plt

rows = table[(table.objectId == stars.ids[0]) & ~table.pixelFlags_bad]
_, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
left.errorbar(rows.midpointMjdTai, rows.psfFlux, rows.psfFluxErr, fmt=".")
left.set(xlabel="time (MJD)", ylabel="flux (nJy)")
time, mag, mag_err = stars[0].T
right.errorbar(time, mag, mag_err, fmt=".")
right.invert_yaxis()
_ = right.set(xlabel="time (MJD)", ylabel="asinh magnitude")

# %%
# Embeddings and a classifier, as with magnitudes:

from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_astromer import AstromerEmbedder

model = make_pipeline(AstromerEmbedder(), RandomForestClassifier(200, random_state=0))
scores = cross_val_score(model, stars, labels, cv=3, scoring="f1_macro")
print(f"macro-F1: {scores.mean():.2f}")
