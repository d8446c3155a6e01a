"""
What an encoder sees
====================

Hide observations and let the encoder reconstruct them; ask which observations another one attends
to. Look at some curves of your survey in this way before you rely on their embeddings.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_astromer import AstromerEmbedder
from sklearn_astromer.datasets import load_catalina
from sklearn_astromer.inspection import AttentionDisplay, ReconstructionDisplay

stars = load_catalina()
chosen = (stars.data.lengths > 150) & (stars.data.lengths <= 200)
curves, frame = stars.data[chosen], stars.frame[chosen]
embedder = AstromerEmbedder().fit(curves)
slow, lyrae = (int(np.flatnonzero(frame["label"] == name)[0]) for name in ("LPV", "RRab"))

# %%
# A long-period variable changes slowly compared with the gaps between its observations. A hidden
# observation is close to those before and after it.

ReconstructionDisplay.from_estimator(embedder, curves, index=slow, hidden=0.3, random_state=0)

# %%
# An RR Lyrae star repeats in half a day and is observed a few times in a night, so that
# neighbours in time say little. Folded with the period of the catalog, which the encoder is not
# given, the reconstruction follows the light curve.

ReconstructionDisplay.from_estimator(
    embedder,
    curves,
    index=lyrae,
    hidden=0.3,
    random_state=0,
    period=frame["period"].iloc[lyrae],
)

# %%
# Attention of one observation, the red star, in the first and in the last layer: colour and size
# are the weight that each observation gets. The weights of a row sum to 1.

figure, axes = plt.subplots(2, 1, figsize=(9, 7), layout="constrained")
for ax, layer in zip(axes, (0, -1), strict=True):
    AttentionDisplay.from_estimator(embedder, curves, index=slow, query=70, layer=layer, ax=ax)
