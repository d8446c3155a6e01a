"""Rows that look across rows, in catalogs that are cut anywhere."""

from collections import deque
from itertools import pairwise

import numpy as np
import pytest
from embedders import make_embedder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_astromer import LightCurves
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.scale import embed_partitions, embed_to_folder
from sklearn_astromer.search import read_rows, reconstruction_error

N_STARS = 7
OPTIONS = [
    {"shared_periods": True},
    {"shared_periods": True, "window_size": 16},
    {"shared_periods": False},
]


@pytest.fixture(scope="module")
def stars():
    """Seven stars of one to four bands of few observations each, rows of a star together."""
    curves, _ = make_variable_stars(28, n_observations=(8, 40), random_state=0)
    owner = np.repeat(np.arange(N_STARS), [1, 4, 3, 1, 2, 4, 2])
    band = np.concatenate([list("griz")[:n] for n in np.bincount(owner)])
    return LightCurves(
        curves.time[: curves.offsets[len(owner)]],
        curves.mag[: curves.offsets[len(owner)]],
        offsets=curves.offsets[: len(owner) + 1],
        ids=[f"star-{i}" for i in owner],
        band=band,
    )


@pytest.fixture(scope="module")
def embedders(stars):
    small = {"d_model": 8, "n_layers": 1, "n_heads": 2, "d_ff": 8, "own_periods": 2}
    small |= {"scaled_inputs": True, "max_epochs": 0, "random_state": 0}
    return [make_embedder(**small, **options).fit(stars) for options in OPTIONS]


@pytest.fixture(scope="module")
def expected(embedders, stars):
    return [embedder.transform(stars) for embedder in embedders]


def cut(curves, cuts):
    bounds = [0, *sorted(cuts), len(curves)]
    return [curves[a:b] for a, b in pairwise(bounds)]


CUTS = st.lists(st.integers(0, 17), max_size=5)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.sampled_from(range(len(OPTIONS))),
    cuts=CUTS,
    part=st.integers(1, 18),
    batch=st.none() | st.integers(1, 18),
    shards=st.integers(1, 3),
)
def test_folders(embedders, expected, stars, tmp_path_factory, which, cuts, part, batch, shards):
    folder = tmp_path_factory.mktemp("cuts") / "emb"
    options = {"part_objects": part, "batch_objects": batch, "fingerprint": "these"}
    for i in range(shards):
        pieces = cut(stars, cuts) if i % 2 == 0 else stars  # pieces or whole: the same parts
        state = embed_to_folder(pieces, embedders[which], folder, shard=(i + 1, shards), **options)
    assert not state.missing
    found = read_rows(folder)
    assert found.ids.tolist() == stars.ids.tolist()
    np.testing.assert_allclose(found.rows, expected[which], rtol=0, atol=1e-6)


@settings(max_examples=50)
@given(which=st.sampled_from(range(len(OPTIONS))), cuts=CUTS)
def test_batches(embedders, expected, stars, which, cuts):
    rows = np.vstack(list(embedders[which].transform_batches(cut(stars, cuts))))
    np.testing.assert_allclose(rows, expected[which], rtol=0, atol=1e-6)


@pytest.mark.parametrize("most", [1, 30, 100, 10_000])
@pytest.mark.parametrize("which", range(len(OPTIONS)))
def test_pieces_in_memory(embedders, expected, stars, monkeypatch, which, most):
    error = reconstruction_error(embedders[which], stars)
    monkeypatch.setattr("sklearn_astromer.embedder.PIECE_OBSERVATIONS", most)
    monkeypatch.setattr("sklearn_astromer.search.outliers.PIECE_OBSERVATIONS", most)
    rows = np.vstack(list(embedders[which].transform_batches(stars)))
    np.testing.assert_allclose(rows, expected[which], rtol=0, atol=1e-6)
    rows = embedders[which].transform(stars)
    np.testing.assert_allclose(rows, expected[which], rtol=0, atol=1e-6)
    found = reconstruction_error(embedders[which], stars)
    np.testing.assert_allclose(found, error, rtol=1e-4, atol=1e-5)


def test_rows_of_a_star_that_lie_apart(embedders, expected, stars, monkeypatch, tmp_path):
    order = np.random.default_rng(0).permutation(len(stars))
    mixed = stars[order]
    monkeypatch.setattr("sklearn_astromer.embedder.PIECE_OBSERVATIONS", 30)
    np.testing.assert_allclose(embedders[0].transform(mixed), expected[0][order], atol=1e-6)
    with pytest.raises(ValueError, match=r"rows of object 'star-\d' lie apart"):
        embed_to_folder(mixed, embedders[0], tmp_path / "emb")
    for cuts in ([], [4, 9]):
        with pytest.raises(ValueError, match=r"rows of object 'star-\d' lie apart"):
            deque(embedders[0].transform_batches(cut(mixed, cuts)))
    embed_to_folder(mixed, embedders[2], tmp_path / "other")  # nothing is shared


def test_arrays_name_no_star(embedders, stars):
    with pytest.raises(TypeError, match="by their ids"):
        next(embedders[0].transform_batches([list(stars[:3])]))


def test_partitions_are_cut_by_others(embedders):
    dd, npd = pytest.importorskip("dask.dataframe"), pytest.importorskip("nested_pandas")
    curves, _ = make_variable_stars(4, random_state=0)
    frame = npd.NestedFrame.from_flat(
        curves.to_frame(), base_columns=[], on="object_id", name="lightcurve"
    )
    with pytest.raises(ValueError, match="MultiBandEmbedder"):
        embed_partitions(dd.from_pandas(frame, npartitions=2), embedders[0])
