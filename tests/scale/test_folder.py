"""What a folder of parts does to the catalog it is made of, and to what lies beside it."""

import numpy as np
import pytest

from sklearn_astromer import LightCurves
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.scale import embed_to_folder
from sklearn_astromer.search import read_rows


@pytest.fixture(scope="module")
def curves():
    return make_variable_stars(12, n_observations=(700, 900), random_state=0)[0]


@pytest.mark.parametrize("mode", ["c", "r", "r+"])
def test_a_map_that_was_edited_in_place(surveys_small, curves, tmp_path, mode):
    """Pages of a copy-on-write map are nowhere but in memory."""
    maps = {}
    for name in ("time", "mag", "mag_err"):
        getattr(curves, name).tofile(tmp_path / name)
        maps[name] = np.memmap(tmp_path / name, dtype=np.float64, mode=mode)
    if mode != "r":
        maps["mag"][::3] += 2.0
    mag = np.array(maps["mag"])
    mapped = LightCurves(**maps, offsets=curves.offsets)
    embed_to_folder(mapped, surveys_small, tmp_path / "emb", part_objects=5)
    np.testing.assert_array_equal(maps["mag"], mag)
    np.testing.assert_array_equal(mapped.mag, mag)
    expected = surveys_small.transform(mapped)
    np.testing.assert_allclose(read_rows(tmp_path / "emb").rows, expected, atol=1e-5)
