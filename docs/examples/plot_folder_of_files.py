"""
A folder with a file per star
=============================

ASAS-SN, ATLAS, OGLE and others deliver one file per star. A folder of such files is a catalog.
"""

# %%
# A folder in the shape of ASAS-SN's Sky Patrol, made of simulated stars, an upper limit in each
# file. Yours comes from the service.

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_astromer.datasets import make_variable_stars

curves, labels = make_variable_stars(105, random_state=0)
scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)
for i, curve in enumerate(curves):
    star = pd.DataFrame(
        {
            "HJD": curve[:, 0] + 2400000.5,
            "Camera": "be",
            "Limit": 17.1,
            "mag": [f"{mag:.3f}" for mag in curve[:, 1]],
            "mag_err": 0.02,
            "flux(mJy)": np.nan,
            "Filter": "V",
        }
    )
    star.loc[0, ["mag", "mag_err"]] = ">16.52", 99.99
    star.to_csv(folder / f"star-{i:03d}.csv", index=False)
print((folder / "star-000.csv").read_text()[:200])

# %%
# The names of the files are the ids. One warning counts what was left out, by reason.

import warnings

from sklearn_astromer import LightCurves

with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    stars = LightCurves.read(folder)
print(stars, stars.ids[:3])
print(said[0].message)

# %%
# The stars most like the first one, by their embeddings:

from sklearn.neighbors import NearestNeighbors

from sklearn_astromer import AstromerEmbedder

rows = AstromerEmbedder().fit_transform(stars)
found = NearestNeighbors(n_neighbors=5).fit(rows).kneighbors(rows[:1], return_distance=False)[0]

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 5, figsize=(11, 2.6), layout="constrained")
for ax, i in zip(axes, found, strict=True):
    ax.plot(*stars[i].T[:2], ".", markersize=3)
    ax.invert_yaxis()
    ax.set_title(f"{stars.ids[i]}\n{labels[i]}", fontsize="medium")
    ax.set_xlabel("time (days)")
axes[0].set_ylabel("magnitude (mag)")
scratch.cleanup()
