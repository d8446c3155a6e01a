"""A small table of observations, and what is read of it."""

import pandas as pd

from sklearn_astromer import LightCurves

FRAME = pd.DataFrame(
    {
        "oid": [7, 7, 5, 5, 5],
        "mjd": [2.0, 1.0, 3.0, 5.0, 4.0],
        "mag": [15.0, 16.0, 17.0, 18.0, 19.0],
        "magerr": [0.1, 0.2, 0.3, 0.4, 0.5],
    }
)
READ = LightCurves.read(FRAME)
