"""A catalog, and commands on it."""

from pathlib import Path

import pytest

from sklearn_astromer.datasets import make_variable_stars


@pytest.fixture(scope="module")
def curves():
    return make_variable_stars(24, n_observations=(20, 60), random_state=0)[0]


@pytest.fixture
def catalog(curves):
    path = Path("catalog.parquet")
    curves.to_frame().to_parquet(path, row_group_size=100)
    return path
