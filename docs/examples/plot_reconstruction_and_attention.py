"""
What an encoder sees
====================

Hide observations and ask for them; ask an observation what it attends to. Before embeddings of a
survey are trusted, look at some curves of it in this way.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_astromer import AstromerEmbedder
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.inspection import AttentionDisplay, ReconstructionDisplay

curves, labels, parameters = make_variable_stars(
    60, n_observations=(150, 200), random_state=4, return_parameters=True
)
embedder = AstromerEmbedder("surveys-periods").fit(curves)
mira, lyrae = (int(np.flatnonzero(labels == name)[0]) for name in ("MIRA", "RRAB"))

# %%
# A Mira changes slowly against the gaps between observations, so that hidden observations could be
# read off those beside them. How near does the encoder come?

ReconstructionDisplay.from_estimator(embedder, curves, index=mira, hidden=0.3, random_state=0)

# %%
# An RR Lyrae star goes round in half a day and is observed once a night. Folded with its period,
# which the encoder is not given, the hidden observations show what it makes of such stars. A small
# encoder finds little more than the mean.

ReconstructionDisplay.from_estimator(
    embedder,
    curves,
    index=lyrae,
    hidden=0.3,
    random_state=0,
    period=parameters["period"].iloc[lyrae],
)

# %%
# Attention of one observation, the red star, in the first and in the last layer: colour and size
# are the weight that each observation gets. The weights of a row sum to 1.

figure, axes = plt.subplots(2, 1, figsize=(9, 7), layout="constrained")
for ax, layer in zip(axes, (0, -1), strict=True):
    AttentionDisplay.from_estimator(embedder, curves, index=mira, query=70, layer=layer, ax=ax)
