import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

from sklearn_astromer import LightCurves, as_light_curves
from sklearn_astromer.lightcurves.conversion import is_grid

CURVES = [
    np.array([[59000.0, 15.0], [59002.0, 15.5], [59003.0, 15.25]]),
    np.array([[59004.0, 9.0], [59005.0, 9.5], [59006.0, 9.25]]),
]
RAGGED = [CURVES[0], CURVES[1][:1]]
GRID = np.array([[15.0, np.nan, 16.0, 15.5], [9.0, 9.5, 9.25, np.nan]])


def objects_of(curves):
    array = np.empty(len(curves), dtype=object)
    array[:] = curves
    return array


@pytest.mark.parametrize(
    "X",
    [
        RAGGED,
        tuple(RAGGED),
        [c.tolist() for c in RAGGED],
        objects_of(RAGGED),
        pd.Series(RAGGED),
        pd.DataFrame({"lightcurve": RAGGED}),
        pd.DataFrame({"lc": [pd.DataFrame(c[:, ::-1], columns=["mag", "mjd"]) for c in RAGGED]}),
        LightCurves.from_arrays(RAGGED),
    ],
)
def test_one_item_per_object(X):
    assert not is_grid(X)
    assert as_light_curves(X) == LightCurves.from_arrays(RAGGED)


@pytest.mark.parametrize("X", [CURVES, np.stack(CURVES), torch.tensor(np.stack(CURVES))])
def test_equal_lengths_are_no_grid(X):
    assert not is_grid(X)
    assert as_light_curves(X) == LightCurves.from_arrays(CURVES)


@pytest.mark.parametrize(
    "X",
    [
        GRID,
        GRID.tolist(),
        GRID.astype(">f4"),
        GRID.astype(object),
        np.ma.masked_invalid(GRID),
        pd.DataFrame(GRID),
        pd.DataFrame(GRID).convert_dtypes(),
        torch.tensor(GRID),
    ],
)
def test_two_dimensions_are_magnitudes_on_a_grid(X):
    assert is_grid(X)
    assert as_light_curves(X) == LightCurves.from_grid(GRID)


def test_light_curves_pass_through_untouched():
    lcs = LightCurves.from_arrays(RAGGED)
    assert as_light_curves(lcs) is lcs


@pytest.mark.parametrize("X", [[], (), np.empty((0, 5)), np.empty((0, 5, 2)), pd.Series([])])
def test_no_objects(X):
    assert len(as_light_curves(X)) == 0


def test_the_index_names_the_objects():
    for X in (
        pd.Series(RAGGED, index=["a", "b"]),
        pd.DataFrame({"lc": RAGGED}, index=["a", "b"]),
        pd.DataFrame(GRID, index=["a", "b"]),
    ):
        assert as_light_curves(X).ids.tolist() == ["a", "b"]
        assert as_light_curves(X.iloc[[1, 1, 0]]).ids.tolist() == ["b", "b", "a"]


@pytest.mark.parametrize(
    "columns",
    [
        ["oid", "mjd", "mag"],
        ["MJD", "psfMag"],
        ["diaObjectId", "day", "vmag"],
        ["hmjd", "mag", "x"],
    ],
)
def test_a_long_table_is_refused_with_a_pointer(columns):
    frame = pd.DataFrame(np.ones((9, len(columns))), columns=columns)
    with pytest.raises(ValueError, match=r"LightCurves\.read\(frame\)"):
        as_light_curves(frame)


RISING = np.array([[0, 15], [1, 14], [2, 16], [3, 15], [4, 15.0]])


@pytest.mark.parametrize(
    "curve",
    [
        CURVES[0],
        CURVES[0][::-1],
        CURVES[0][:1],
        CURVES[0] + [2_400_000.5, 0],
        np.pad(CURVES[0], [(0, 0), (0, 1)], constant_values=0.1),
        CURVES[0].tolist(),
        pd.DataFrame(CURVES[0]),
        RISING,
        RISING.tolist(),
    ],
)
def test_one_bare_curve_is_refused_not_read_as_objects(curve):
    with pytest.raises(ValueError, match=r"pass \[curve\]"):
        as_light_curves(curve)


@pytest.mark.parametrize(
    "X",
    [
        np.random.default_rng(0).normal(15, 1, (50, 2)),
        np.random.default_rng(0).normal(0, 1, (50, 3)),
        np.sort(np.random.default_rng(0).normal(15, 1, (3, 2)), axis=0),
        np.ones((50, 2)),
    ],
)
def test_narrow_grids_are_still_grids(X):
    assert len(as_light_curves(X)) == len(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("catalog.parquet", "LightCurves.read"),
        ({"a": CURVES[0]}, "dict"),
        (iter(CURVES), "list_iterator"),
        (None, "NoneType"),
        (3.5, "float"),
        ({1, 2}, "set"),
    ],
)
def test_what_holds_no_light_curves(X, message):
    with pytest.raises(TypeError, match=message):
        as_light_curves(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([CURVES[0], None], "object 1"),
        ([None, CURVES[0]], "object 0"),
        ([CURVES[0], [1, 2, 3]], "object 1"),
        ([[1, 2, 3], [1, 2]], "object 0"),
        ([[[1, 2], [3]], CURVES[0]], "object 0"),
        ([CURVES[0], np.ones((2, 4))], "object 1 has shape"),
        ([np.ones((2, 9))], "transposed"),
        ([LightCurves.from_arrays(CURVES)], "object 0"),
        ([np.zeros(3, dtype=[("t", "f8"), ("m", "f8")]), CURVES[0]], "object 0"),
        ([pd.DataFrame({"t": [1.0], "lum": [1.0]})], "object 0.*as the mag or flux among"),
        ([pd.DataFrame({"t": [1, 2], "mag": [1, 2], "band": ["g", "r"]})], "object 0.*several"),
        (np.ones(4), r"\(4,\)"),
        (np.ones((1, 2, 3, 4)), r"\(1, 2, 3, 4\)"),
        (np.array([["a", "b"]]), "grid"),
        (pd.DataFrame({"a": [15.0], "b": ["x"]}), "column 'b'"),
        (pd.DataFrame({"lc": CURVES, "b": [1, 2]}), "column 'lc'"),
        (np.array([[[1, 15.0], [0, 0], [0, 0]]]), "object 0 ends in rows of zeros"),
    ],
)
def test_what_is_wrong_is_named(X, message):
    with pytest.raises((TypeError, ValueError), match=message):
        as_light_curves(X)


@pytest.mark.parametrize("kind", [pa.Table, pa.RecordBatch])
def test_tables_of_other_packages_are_no_grids(kind):
    frame = pd.DataFrame({"oid": [1, 1, 2], "t": [0.0, 1.0, 2.0], "mag": [15.0, 16.0, 17.0]})
    with pytest.raises(ValueError, match=r"one row per observation.*LightCurves.read"):
        as_light_curves(kind.from_pandas(frame))
    if kind is pa.Table:
        assert LightCurves.read(kind.from_pandas(frame)) == LightCurves.read(frame)
    grid = kind.from_pandas(pd.DataFrame(GRID, columns=list("abcd")))
    assert as_light_curves(grid) == LightCurves.from_grid(GRID)
    one = pd.DataFrame(CURVES[0], columns=["mjd", "mag"])[["mag", "mjd"]]
    assert as_light_curves([kind.from_pandas(one)]) == LightCurves.from_arrays(CURVES[:1])


def test_a_categorical_index_gives_the_ids():
    series = pd.Series(RAGGED, index=pd.CategoricalIndex(["b", "a"]))
    assert as_light_curves(series).ids.tolist() == ["b", "a"]
