"""Scores of outliers, of rows and of light curves."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_astromer import AstromerEmbedder, LightCurves, MultiBandEmbedder
from sklearn_astromer.search import (
    EmbeddingRows,
    outlier_scores,
    outliers,
    reconstruction_error,
)


@settings(max_examples=6, deadline=None)
@given(st.integers(60, 200), st.integers(2, 15), st.integers(0, 5), st.integers(0, 2**31))
def test_far_rows_are_odd_in_any_order(n, width, constant, seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, width)).astype(np.float32)
    rows[:3] += 40 * rng.choice([-1, 1], (3, width))
    rows = np.hstack([np.ones((n, constant), dtype=np.float32), rows])
    order = rng.permutation(n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outliers, "TREES", 40)  # of 200
        scores = outlier_scores(rows, n_components=3)
        again = outlier_scores(rows[order], n_components=3)
    assert set(scores["score"].nlargest(3).index) == {0, 1, 2}
    np.testing.assert_allclose(again["score"], scores["score"].to_numpy()[order], atol=1e-6)


def test_a_random_subset_for_reference():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3000, 6))
    rows[77] += 9
    scores = outlier_scores(rows, max_reference=500)
    assert scores["score"].idxmax() == 77
    other = outlier_scores(rows, max_reference=500, random_state=1)
    assert np.corrcoef(scores["density"], other["density"])[0, 1] > 0.9


def test_names_and_the_third_score():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, 4)).astype(np.float32)
    named = EmbeddingRows(np.arange(100, 150), np.array(["g", "r"] * 25), rows)
    error = np.zeros(50)
    error[31] = 1e3
    scores = outlier_scores(named, reconstruction=error)
    assert list(scores) == [
        *("object_id", "band", "score", "density", "isolation", "reconstruction")
    ]
    plain = outlier_scores(pd.DataFrame(rows, index=range(100, 150)))
    assert plain.index.tolist() == scores["object_id"].tolist()
    rank = scores["score"].rank().to_numpy() - plain["score"].rank().to_numpy()
    assert rank.argmax() == 31
    with pytest.raises(ValueError, match="a value for each of the 50 rows"):
        outlier_scores(named, reconstruction=error[:9])
    rows[3] = np.nan
    with pytest.raises(ValueError, match=r"object 103 at position 3 .* nothing but NaN"):
        outlier_scores(named)


def test_bands_in_which_stars_were_not_observed():
    """Stars without them are no outliers for that, in whatever order; an odd one is."""
    rng = np.random.default_rng(0)
    rows = rng.normal(18, 1, (300, 12))
    rows[:60, :6], rows[:, 11] = np.nan, np.nan
    rows[7, 6:9] += 6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = outlier_scores(rows)["score"]
    assert scores.idxmax() == 7
    assert (scores.rank()[:60] <= 270).mean() > 0.9
    order = rng.permutation(300)
    np.testing.assert_allclose(outlier_scores(rows[order])["score"], scores[order])
    equal = np.full((9, 4), 2.0)
    equal[:3, 1], equal[:, 2] = np.nan, np.nan
    with pytest.raises(ValueError, match="all 9 rows are equal"):
        outlier_scores(equal)


def test_few_and_equal_rows():
    rows = np.random.default_rng(0).normal(size=(9, 20))
    rows[4] += 5
    assert outlier_scores(rows)["score"].idxmax() == 4
    with pytest.raises(ValueError, match="all 9 rows are equal"):
        outlier_scores(np.ones((9, 20)))


def test_a_flare_is_badly_reconstructed():
    rng = np.random.default_rng(0)
    arrays = []
    for i in range(8):
        time = np.sort(rng.uniform(0, 300, 150))
        mag = 15 + 0.2 * np.sin(2 * np.pi * time / 0.7) + 0.02 * rng.normal(size=150)
        if i == 5:
            mag -= 1.5 * np.exp(-(((time - 150) / 12) ** 2))
        arrays.append(np.c_[time, mag, np.full(150, 0.02)])
    curves = LightCurves.from_arrays(arrays)
    embedder = AstromerEmbedder("surveys-periods").fit(curves)
    error = reconstruction_error(embedder, curves)
    assert error.argmax() == 5
    np.testing.assert_allclose(reconstruction_error(embedder, curves[[5]]), error[[5]], rtol=1e-3)


def test_only_an_embedder_reconstructs():
    with pytest.raises(TypeError, match="must be an AstromerEmbedder, got MultiBandEmbedder"):
        reconstruction_error(MultiBandEmbedder(), [])
