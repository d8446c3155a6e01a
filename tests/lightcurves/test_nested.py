"""Nested columns: nested-pandas, Arrow lists of structs, structs of lists."""

import itertools
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from embedders import make_embedder
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_astromer import AstromerEmbedder, LightCurves, as_light_curves
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.lightcurves.conversion import is_grid

npd = pytest.importorskip("nested_pandas")

FIELDS = [("hmjd", pa.float64()), ("mag", pa.float32()), ("catflags", pa.int32())]
ROWS = [
    [(58001.5, 15.5, 0), (58000.25, 16.0, 1)],
    [(58003.0, 9.5, 0)],
    [(58007.0, 17.0, 3), (58008.0, 17.5, 0), (58009.0, 18.0, 0)],
    [(58002.0, 12.25, 0), (58004.0, 12.5, 0)],
]
CURVES = LightCurves.from_arrays([np.array(rows)[:, :2] for rows in ROWS])


def lists(rows=ROWS, make=pa.list_, fields=FIELDS):
    names = [name for name, _ in fields]
    cells = [None if r is None else [dict(zip(names, o, strict=True)) for o in r] for r in rows]
    return pa.array(cells, make(pa.struct(fields)))


def structs(rows=ROWS, make=pa.list_, fields=FIELDS):
    cells = [
        None if r is None else {name: [o[k] for o in r] for k, (name, _) in enumerate(fields)}
        for r in rows
    ]
    return pa.array(cells, pa.struct([(name, make(kind)) for name, kind in fields]))


SHAPES = [lists, structs]

# -- one content, whatever holds it ---------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("make", [pa.list_, pa.large_list])
@pytest.mark.parametrize(
    "hold",
    [
        lambda a: a,
        lambda a: pa.chunked_array([a]),
        lambda a: pd.Series(a, dtype=pd.ArrowDtype(a.type)),
        lambda a: pd.DataFrame({"lc": pd.Series(a, dtype=pd.ArrowDtype(a.type))}),
        lambda a: pd.Series(a, dtype=npd.NestedDtype(a.type)),
        lambda a: npd.NestedFrame({"lc": pd.Series(a, dtype=npd.NestedDtype(a.type))}),
    ],
    ids=["array", "chunks", "arrow series", "arrow frame", "nested series", "nested frame"],
)
def test_every_holder_of_every_layout(shape, make, hold):
    X = hold(shape(make=make))
    assert not is_grid(X)
    assert as_light_curves(X) == CURVES


@pytest.mark.parametrize("shape", SHAPES)
def test_slices_and_chunks_start_where_they_say(shape):
    array = shape()
    assert LightCurves.from_nested(array[1:3]) == LightCurves.from_arrays(list(CURVES[1:3]))
    for cuts in ([0, 1, 4], [0, 2, 2, 3, 4], [0, 0, 4, 4]):
        parts = [array[a:b] for a, b in itertools.pairwise(cuts)]
        assert LightCurves.from_nested(pa.chunked_array(parts)) == CURVES
    parts = [array[2:], array[:0], array[1:2]]
    expected = LightCurves.from_arrays(list(CURVES[[2, 3, 1]]))
    assert LightCurves.from_nested(pa.chunked_array(parts)) == expected
    # a slice of a slice, and one whose struct was cut before it was put into lists
    assert LightCurves.from_nested(array[1:][1:2])[0].tolist() == CURVES[2].tolist()
    flat = pa.StructArray.from_arrays([[0.0, 1, 2, 3], [9.0, 10, 11, 12]], names=["t", "mag"])
    cut = pa.ListArray.from_arrays([0, 1, 3], flat[1:])
    assert [c.tolist() for c in as_light_curves(cut)] == [[[1, 10]], [[2, 11], [3, 12]]]


def test_lists_of_fixed_size_and_fields_of_other_kinds():
    fields = [("t", pa.int64()), ("mag", pa.decimal128(6, 3))]
    rows = [[(2, 15), (1, 16)], [(3, 17), (4, 18)], [(5, 19), (6, 20)]]
    expected = LightCurves.from_arrays(rows)
    for shape in SHAPES:
        array = shape(rows, lambda kind: pa.list_(kind, 2), fields)
        assert as_light_curves(array) == expected
        assert LightCurves.from_nested(array[1:2]) == LightCurves.from_arrays(rows[1:2])
        gap = shape([rows[0], None, rows[2]], lambda kind: pa.list_(kind, 2), fields)
        with pytest.warns(UserWarning, match="objects without observations .*: 1, .* object 1"):
            assert len(LightCurves.from_nested(gap, on_invalid="drop").time) == 4


@pytest.mark.parametrize("shape", SHAPES)
def test_no_rows(shape):
    for array in (shape([]), shape()[:0], pa.chunked_array([], type=shape().type)):
        assert len(as_light_curves(array)) == 0


def test_indexing_a_frame_and_its_index_as_ids():
    frame = npd.NestedFrame({"lc": pd.Series(lists(), dtype=npd.NestedDtype(lists().type))})
    frame.index = ["a", "b", "c", "d"]
    assert as_light_curves(frame["lc"]).ids.tolist() == ["a", "b", "c", "d"]
    repeated = as_light_curves(frame[["lc"]].iloc[[3, 0, 3]])
    assert repeated.ids.tolist() == ["d", "a", "d"]
    assert [len(c) for c in repeated] == [2, 2, 2]
    assert LightCurves.from_nested(frame["lc"], ids=[4, 3, 2, 1]).ids.tolist() == [4, 3, 2, 1]
    with pytest.raises(ValueError, match="object 4 appears more than once"):
        LightCurves.from_nested(frame["lc"], ids=[4, 3, 2, 4])


def test_what_was_given_is_copied_once_and_not_held():
    time = np.array([1.0, 2.0])
    column = pa.StructArray.from_arrays(
        [pa.ListArray.from_arrays([0, 2], pa.array(v)) for v in (time, np.array([15.0, 16]))],
        names=["t", "mag"],
    )
    lcs = LightCurves.from_nested(column)
    time[:] = 99
    assert lcs.time.tolist() == [1, 2]


def test_parquet_column_as_it_is_read(tmp_path):
    pq.write_table(pa.table({"lc": lists(), "z": [1, 2, 3, 4]}), tmp_path / "a", row_group_size=3)
    column = pq.read_table(tmp_path / "a", columns=["lc"])["lc"]
    assert as_light_curves(column) == CURVES
    arrow = pd.read_parquet(tmp_path / "a", dtype_backend="pyarrow")
    assert as_light_curves(arrow["lc"]) == CURVES


def test_many_observations_are_read_at_once(monkeypatch):
    """Not one by one: a million observations must not become Python objects."""
    n = 1_000_000
    flat = pa.StructArray.from_arrays(
        [pa.array(np.tile(np.arange(100.0), n // 100)), pa.array(np.full(n, 15.0))],
        names=["t", "mag"],
    )
    column = pa.chunked_array([pa.ListArray.from_arrays(np.arange(0, n + 1, 100), flat)])
    calls = []
    profile = sys.getprofile()
    sys.setprofile(lambda frame, event, arg: calls.append(event))
    try:
        lcs = as_light_curves(column)
    finally:
        sys.setprofile(profile)
    assert len(lcs) == n // 100
    assert len(calls) < n // 4  # some of each object, none of each observation


def test_nested_pandas_is_not_imported_for_others():
    code = (
        "import sys, pyarrow as pa, sklearn_astromer as s;"
        "a = pa.array([[{'t': 1.0, 'mag': 15.0}]]);"
        "assert len(s.as_light_curves(a)) == 1;"
        "assert not {'nested_pandas', 'dask', 'lsdb'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# -- what is wrong with it ------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("nothing", [None, []])
def test_missing_and_empty_rows_have_no_observations(shape, nothing):
    array = shape([nothing, *ROWS[:2], nothing, ROWS[2]])
    with pytest.raises(ValueError, match=r"2 object\(s\) have no observations, the first is 0"):
        as_light_curves(array)
    for part in (array, pa.chunked_array([array[:2], array[2:]])):
        with pytest.warns(UserWarning, match="objects without observations .*: 2, .* object 0"):
            lcs = LightCurves.from_nested(part, on_invalid="drop")
        assert lcs.ids.tolist() == [1, 2, 4]
        assert [c.tolist() for c in lcs] == [c.tolist() for c in CURVES[:3]]


def test_what_lies_under_a_missing_row_is_not_read():
    flat = pa.StructArray.from_arrays([[1.0, 2, 3], [15.0, 16, 17]], names=["t", "mag"])
    hidden = pa.ListArray.from_arrays([0, 1, 2, 3], flat, mask=pa.array([False, True, False]))
    with pytest.warns(UserWarning, match="objects without observations .*: 1, .*1"):
        lcs = LightCurves.from_nested(hidden, on_invalid="drop")
    assert [c.tolist() for c in lcs] == [[[1, 15]], [[3, 17]]]
    column = [pa.ListArray.from_arrays([0, 1, 2, 3], flat.field(i)) for i in (0, 1)]
    hidden = pa.StructArray.from_arrays(
        column, names=["t", "mag"], mask=pa.array([False, True, False])
    )
    with pytest.warns(UserWarning, match="objects without observations .*: 1, .*1"):
        assert LightCurves.from_nested(hidden, on_invalid="drop") == lcs


@pytest.mark.parametrize("shape", SHAPES)
def test_missing_values_are_not_finite(shape):
    array = shape([ROWS[0], [(58000.0, None, 0)]])
    with pytest.raises(ValueError, match=r"object 1 \(row 2: mag = nan\)"):
        as_light_curves(array)


def test_a_missing_observation_is_not_what_lies_under_it():
    flat = pa.StructArray.from_arrays(
        [[1.0, 2, 3], [15.0, 16, 17]], names=["t", "mag"], mask=pa.array([False, True, False])
    )
    with pytest.raises(ValueError, match=r"object 0 \(row 1: time = nan\)"):
        as_light_curves(pa.ListArray.from_arrays([0, 3], flat))


def test_lists_of_different_lengths_name_the_object():
    column = pa.StructArray.from_arrays(
        [pa.array([[1.0], [1.0, 2.0]]), pa.array([[15.0], [16.0]])], names=["t", "mag"]
    )
    with pytest.raises(ValueError, match="'b' has 2 values in 't' but 1 in 'mag'"):
        LightCurves.from_nested(column, ids=["a", "b"])


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pa.array([[{"t": 1.0, "lum": 1.0}]]), "as the mag or flux among 't', 'lum': pass mag="),
        (pa.array([[{"t": 1.0, "mjd": 2.0, "mag": 1.0}]]), "could all be the time: pass time="),
        (pa.array([[{"t": 1.0, "mag": "x"}]]), "column 'mag' has 'x'.* no number"),
        (pa.array([[{"t": 1.0, "mag": True}]]), "column 'mag' has 'True'.* no number"),
        (pa.array([{"t": [1.0], "mag": 15.0}]), "field 'mag' holds double, not a list"),
        (pa.array([{"t": [1.0], "mag": [15.0], "band": "g"}]), "field 'band' holds string"),
        (pa.array([[{"t": 1.0, "mag": [1.0]}]]), "column 'mag' what is no list"),
    ],
)
def test_fields_that_cannot_be_read(X, message):
    with pytest.raises((TypeError, ValueError), match=message):
        as_light_curves(X)


@pytest.mark.parametrize(
    "column", [pa.array([1.0]), pa.array([[1.0]]), pd.Series([1.0]), [[1.0]], None]
)
def test_what_is_not_nested(column):
    with pytest.raises(TypeError, match="from_nested takes a column of Arrow lists of structs"):
        LightCurves.from_nested(column)


def test_a_frame_with_more_than_the_nested_column_says_which_to_pass():
    column = pd.Series(lists(), dtype=npd.NestedDtype(lists().type))
    frame = npd.NestedFrame({"ra": [1.0] * 4, "lc": column})
    with pytest.raises(ValueError, match=r"X\['lc'\], or use a ColumnTransformer"):
        as_light_curves(frame)


# -- surveys --------------------------------------------------------------------------------------


def rubin_dp1():
    """Three objects as in Rubin DP1's object_collection: bands mixed, no magnitude below zero."""
    flat = pd.DataFrame(
        {
            "objectId": [611255759837069401] * 5 + [611255759837069429] * 3 + [2] * 2,
            "band": list("grgigrggrr"),
            "coord_ra": 53.0,
            "coord_dec": -27.9,
            "visit": np.arange(10) + 2024110800000,
            "detector": np.int16(4),
            "midpointMjdTai": 60623.25 + np.array([4, 3, 2, 1, 0, 5, 6, 7, 8, 9]),
            "psfMag": np.array([20, 19, 21, 22, 20.5, 18, 19, np.nan, 17, 18], np.float32),
            "psfMagErr": np.array([0.01] * 7 + [np.nan, 0.01, 0.01], np.float32),
            "psfDiffFlux": np.float32(3),
            "pixelFlags_bad": [False] * 9 + [True],
        }
    )
    flux = 10 ** (-0.4 * (flat["psfMag"] - 31.4))
    flat["psfFlux"] = flux.fillna(-5.0).astype(np.float32)
    flat["psfFluxErr"] = (0.01 * flux).fillna(20.0).astype(np.float32)
    objects = pd.DataFrame(
        {"objectId": flat.objectId.unique(), "coord_ra": 53.0, "g_psfMag": np.float32(20)}
    )
    frame = npd.NestedFrame(objects).set_index("objectId")
    return frame.join_nested(flat.set_index("objectId"), "objectForcedSource")


@pytest.mark.filterwarnings("ignore:read as rubin-forced")
def test_rubin_dp1_has_several_bands_in_a_row():
    column = rubin_dp1()["objectForcedSource"]
    with pytest.raises(ValueError, match=r"several bands \(g, i, r\).*with band="):
        as_light_curves(column)
    with pytest.raises(ValueError, match="there is no band 'y'"):
        LightCurves.from_nested(column, band="y")
    left_out = r"left out 1: 1 pixelFlags_bad \(first in object 2\)"
    with pytest.warns(UserWarning, match=left_out) as caught:
        lcs = LightCurves.from_nested(column, band="r")
    assert len(caught) == 1
    assert lcs.ids.tolist() == column.index.tolist()
    assert lcs.band.tolist() == ["r"] * 3
    assert lcs.lengths.tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="no observations, the first is 2"):
        LightCurves.from_nested(column, band="g")
    with pytest.warns(UserWarning, match="objects without observations .*: 1, .* object 2"):
        lcs = LightCurves.from_nested(column, band="g", on_invalid="drop")
    assert lcs.ids.tolist() == column.index.tolist()[:2]
    expected = [[60623.25, 20.5, 0.0109], [60625.25, 21, 0.0109], [60627.25, 20, 0.0109]]
    np.testing.assert_allclose(lcs[0], expected, rtol=0, atol=2e-4)
    # of a flux below zero psfMag is none, and an asinh magnitude is
    flux = LightCurves.from_flux(
        [60629.25, 60630.25],
        *np.float32([[91201.1, -5], [912.011, 20]]),
        offsets=[0, 2],
        zero_point=31.4,
    )
    np.testing.assert_allclose(lcs[1], flux[0], rtol=0, atol=1e-3)
    with pytest.warns(UserWarning, match="objects without observations .*: 3,"):
        assert len(LightCurves.from_nested(column, band="y", on_invalid="drop")) == 0
    # as a long table of the same observations is read
    flat = column.nest.to_flat().reset_index()
    table = LightCurves.read(flat.sample(frac=1, random_state=0), band="r")
    nested = LightCurves.from_nested(column, band="r")
    order = np.argsort(table.ids)
    assert table[order] == nested[np.argsort(nested.ids)]


@pytest.mark.filterwarnings("ignore:read as columns")
def test_fluxes_of_any_name():
    rows = [
        {"day": [2.0, 1.0, 3.0], "F": [50.0, 100.0, None], "dF": [2.0] * 3, "zp": [25.0] * 3},
        {"day": [], "F": [], "dF": [], "zp": []},
        {"day": [5.0], "F": [-1.0], "dF": [2.0], "zp": [25.0]},
    ]
    column = pd.Series(pd.arrays.ArrowExtensionArray(pa.array(rows)), index=["x", "y", "x"])
    names = {"time": "day", "flux": "F", "flux_err": "dF", "on_invalid": "drop"}
    with pytest.warns(UserWarning, match="left out 1") as caught:
        lcs = LightCurves.from_nested(column, zero_point="zp", **names)
    assert len(caught) == 1
    said = str(caught[0].message)
    assert "left out 1: 1 without time or brightness (first in object x)" in said
    assert re.search("objects without observations .*: 1, the first in object 'y'", said)
    assert lcs.ids.tolist() == ["x", "x"]
    expected = LightCurves.from_flux(
        [1, 2, 5], [100, 50, -1], [2, 2, 2], offsets=[0, 2, 3], zero_point=25
    )
    for curve, other in zip(lcs, expected, strict=True):
        np.testing.assert_allclose(curve, other, rtol=1e-12)
    with pytest.warns(UserWarning, match="objects without observations"):
        assert LightCurves.from_nested(column, zero_point=25.0, **names) == lcs
    for message, given in [
        ("no column 'Flux'", {"flux": "Flux", "time": "day"}),
        ("no column 'zpt'", {"flux": "F", "time": "day", "zero_point": "zpt"}),
        ("no column 'date'", {"flux": "F", "time": "date"}),
        ("as the time", {"flux": "F"}),
        (r"as the mag or flux.*or flux=…", {"time": "day"}),
    ]:
        with pytest.raises(ValueError, match=message):
            LightCurves.from_nested(column, **given)


def test_empty_columns_of_fluxes_are_checked():
    column = rubin_dp1()["objectForcedSource"][:0]
    no_chunks = pa.chunked_array([], pa.array(column).type)
    assert len(LightCurves.from_nested(no_chunks, band="r")) == 0
    assert len(LightCurves.from_nested(column, band="r")) == 0
    assert len(LightCurves.from_nested(column)) == 0
    with pytest.raises(ValueError, match="no column 'Flux'"):
        LightCurves.from_nested(column, flux="Flux")


def test_difference_fluxes_are_refused():
    fields = ["diaSourceId", "midpointMjdTai", "psfFlux", "psfFluxErr", "band"]
    column = pa.array([[dict(zip(fields, [1, 6e4, 3.0, 1.0, "g"], strict=True))]])
    with pytest.raises(ValueError, match="difference image"):
        as_light_curves(column)


def test_bands_of_other_kinds():
    def of(bands, kind):
        flat = pa.StructArray.from_arrays(
            [[1.0, 2, 3], [15.0, 16, 17], pa.array(bands, kind)], names=["t", "mag", "fid"]
        )
        return pa.chunked_array([pa.ListArray.from_arrays([0, 2, 3], flat)])

    for kind, first, second in (
        (pa.int8(), 0, 1),
        (pa.dictionary(pa.int8(), pa.string()), "g", "r"),
        (pa.large_string(), "g", "r"),
    ):
        column = of([first, second, first], kind)
        lcs = LightCurves.from_nested(column, band=first)
        assert [c.tolist() for c in lcs] == [[[1, 15]], [[3, 17]]]
        assert lcs.band.tolist() == [str(first)] * 2
        with pytest.raises(ValueError, match="first is 1"):
            LightCurves.from_nested(column, band=second)
        one = LightCurves.from_nested(of([first] * 3, kind))
        assert one.band.tolist() == [str(first)] * 2
    with pytest.raises(ValueError, match="several bands"):
        LightCurves.from_nested(of([0, None, 0], pa.int8()))
    assert LightCurves.from_nested(of([None] * 3, pa.int8())).band is None
    with pytest.raises(ValueError, match="no field was recognised as the band"):
        LightCurves.from_nested(lists(), band=0)


def test_fields_can_be_given():
    column = pa.array([[{"day": 2.0, "V": 15.0, "u": 0.1, "f": "g"}]])
    with pytest.raises(ValueError, match="as the time"):
        as_light_curves(column)
    lcs = LightCurves.from_nested(column, time="day", mag="V", mag_err="u", band_column="f")
    assert lcs[0].tolist() == [[2, 15, 0.1]]
    assert lcs.band.tolist() == ["g"]


def ztf_dr23():
    """Rows as in ZTF DR23: an OID is one star in one band."""
    curves, labels = make_variable_stars(
        60, classes=["MIRA", "CONST"], n_observations=(5, 260), random_state=0
    )
    flat = curves.to_frame().rename(
        columns={"object_id": "objectid", "time": "hmjd", "mag_err": "magerr"}
    )
    flat = flat.astype({"mag": np.float32, "magerr": np.float32}).assign(
        clrcoeff=np.float32(-0.04), catflags=np.int32(0)
    )
    frame = npd.NestedFrame(
        {
            "objectid": curves.ids,
            "filterid": np.int8(1) + curves.ids.astype(np.int8) % 2,
            "objra": np.linspace(10, 20, len(curves)).astype(np.float32),
            "nepochs": curves.lengths,
            "color": np.linspace(0, 1, len(curves)),
            "parallax": np.linspace(1, 2, len(curves)),
        }
    ).set_index("objectid")
    return frame.join_nested(flat.set_index("objectid"), "lightcurve"), curves, labels


def test_ztf_dr23_has_one_band_per_row():
    frame, curves, _ = ztf_dr23()
    lcs = as_light_curves(frame["lightcurve"])
    assert lcs.ids.tolist() == curves.ids.tolist()
    np.testing.assert_array_equal(lcs.time, curves.time)
    np.testing.assert_array_equal(lcs.mag, curves.mag.astype(np.float32))
    np.testing.assert_array_equal(lcs.mag_err, curves.mag_err.astype(np.float32))
    r_band = frame[frame["filterid"] == 2]
    assert as_light_curves(r_band["lightcurve"]) == lcs[frame["filterid"].to_numpy() == 2]


# -- scikit-learn ---------------------------------------------------------------------------------


def test_column_transformer_on_a_nested_frame_in_cross_validation():
    frame, _, labels = ztf_dr23()
    columns = ColumnTransformer(
        [
            ("lc", AstromerEmbedder("surveys-small", max_epochs=0), "lightcurve"),
            ("tab", StandardScaler(), ["color", "parallax"]),
        ]
    )
    model = Pipeline([("columns", columns), ("clf", RandomForestClassifier(20, random_state=0))])
    scores = cross_val_score(model, frame, labels, cv=3, error_score="raise")
    assert scores.mean() > 0.8
    rows = columns.fit_transform(frame)
    alone = AstromerEmbedder("surveys-small", max_epochs=0).fit_transform(frame["lightcurve"])
    np.testing.assert_array_equal(rows[:, :129].astype(np.float32), alone)
    # both ways in which scikit-learn hands the column over
    one = ColumnTransformer([("lc", columns.transformers[0][1], ["lightcurve"])])
    np.testing.assert_array_equal(one.fit_transform(frame), alone)


def test_pandas_output_has_the_index_of_the_column():
    frame, curves, _ = ztf_dr23()
    embedder = make_embedder(d_model=8, n_heads=2, d_ff=8, max_epochs=0, random_state=0)
    embedder.set_output(transform="pandas")
    assert embedder.fit_transform(frame["lightcurve"]).index.tolist() == curves.ids.tolist()
    assert embedder.fit_transform(lists()).index.tolist() == [0, 1, 2, 3]
