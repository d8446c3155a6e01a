"""What the tests of catalogs compare."""

import numpy as np
import pandas as pd


def check_embedding(rows, embedder, frame):
    """Rows are what one process gives for the same objects, wherever they stand."""
    check_rows(rows, rows_of(embedder, frame))


def rows_of(embedder, frame):
    names = embedder.get_feature_names_out()
    return pd.DataFrame(embedder.transform(frame["lightcurve"]), index=frame.index, columns=names)


def check_rows(rows, expected):
    rows = rows[expected.columns]
    kinds = {getattr(kind, "numpy_dtype", kind) for kind in rows.dtypes}  # or Arrow's
    assert kinds == {np.dtype(np.float32)}
    assert sorted(rows.index) == sorted(expected.index)
    rows = rows.loc[expected.index].to_numpy(np.float32)
    np.testing.assert_allclose(rows, expected, rtol=0, atol=1e-5)
