"""One decision for each way light curves can be wrong, at every door; and 500 ways at random."""

import re
import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_astromer import LightCurves, as_light_curves

# -- the doors, each as a function of curves and ids ---------------------------------------------


def columns_of(curves, ids):
    lengths = [len(c) for c in curves]
    rows = np.concatenate([np.empty((0, 3)), *curves])
    return pd.DataFrame(rows, columns=["mjd", "mag", "magerr"]).assign(oid=np.repeat(ids, lengths))


def by_constructor(curves, ids, tmp_path, **kwargs):
    offsets = np.cumsum([0] + [len(c) for c in curves])
    columns = columns_of(curves, ids)
    return LightCurves(
        columns["mjd"], columns["mag"], columns["magerr"], offsets=offsets, ids=ids, **kwargs
    )


def by_arrays(curves, ids, tmp_path, **kwargs):
    return LightCurves.from_arrays(curves, ids=ids, **kwargs)


def by_frame(curves, ids, tmp_path, **kwargs):
    return LightCurves.from_frame(columns_of(curves, ids), **kwargs)


def by_long_parquet(curves, ids, tmp_path, **kwargs):
    columns_of(curves, ids).to_parquet(tmp_path / "long.parquet", row_group_size=2)
    return LightCurves.from_parquet(tmp_path / "long.parquet", **kwargs)


def by_mapped_parquet(curves, ids, tmp_path, **kwargs):
    columns_of(curves, ids).to_parquet(tmp_path / "mapped.parquet", row_group_size=2)
    return LightCurves.open_parquet(tmp_path / "mapped.parquet", cache_dir=tmp_path, **kwargs)


def by_lists(curves, ids, tmp_path, **kwargs):
    columns = {
        name: [np.asarray(c)[:, i].tolist() for c in curves]
        for i, name in enumerate(["mjd", "mag", "magerr"])
    }
    pq.write_table(pa.table({"oid": ids, **columns}), tmp_path / "lists.parquet")
    return LightCurves.from_parquet(tmp_path / "lists.parquet", **kwargs)


def by_nested(curves, ids, tmp_path, **kwargs):
    rows = [[dict(zip(FIELDS, row, strict=True)) for row in c.tolist()] for c in curves]
    return LightCurves.from_nested(pa.array(rows, NESTED), ids=ids, **kwargs)


FIELDS = ("mjd", "mag", "magerr")
NESTED = pa.list_(pa.struct([(name, pa.float64()) for name in FIELDS]))
DOORS = [
    by_constructor,
    by_arrays,
    by_frame,
    by_long_parquet,
    by_mapped_parquet,
    by_lists,
    by_nested,
]
GROUPING = {by_frame, by_long_parquet, by_mapped_parquet}  # rows of an id are one object


@pytest.fixture(params=DOORS)
def door(request, tmp_path):
    def enter(curves, ids=("star-a", "star-b"), **kwargs):
        return request.param(curves, list(ids), tmp_path, **kwargs)

    enter.groups = request.param in GROUPING
    return enter


def curve(*rows):
    return np.array(rows, dtype=float)


GOOD = curve((1, 15, 0.1), (2, 16, 0.1))

# -- one decision each ---------------------------------------------------------------------------


def test_unsorted_times_are_sorted_and_equal_ones_keep_their_order(door):
    lcs = door([GOOD, curve((3, 1, 0.1), (2, 2, 0.1), (3, 3, 0.1), (2, 4, 0.1))])
    assert lcs[1][:, :2].tolist() == [[2, 2], [2, 4], [3, 1], [3, 3]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", [0, 1])
def test_non_finite_times_and_magnitudes(door, column, bad):
    wrong = GOOD.copy()
    wrong[1, column] = bad
    with pytest.raises(ValueError, match=r"1 observation.*'star-b' \(observation 1.*on_invalid"):
        door([GOOD, wrong])
    with pytest.warns(UserWarning, match="Dropped: 1 observation.*'star-b'"):
        lcs = door([GOOD, wrong], on_invalid="drop")
    assert lcs.lengths.tolist() == [2, 1]
    # an object of which nothing is left goes too, and that is said
    with pytest.warns(UserWarning, match="Dropped") as caught:
        lcs = door([GOOD, wrong[1:]], on_invalid="drop")
    assert lcs.ids.tolist() == ["star-a"]
    assert re.match("Dropped: 1 object.*'star-b'.*Match labels by `.ids`", str(caught[1].message))


def test_objects_without_observations(door):
    if door.groups:
        pytest.skip("a long table has no such objects")
    with pytest.raises(ValueError, match="no observations, the first is 'star-b'"):
        door([GOOD, GOOD[:0]])
    with pytest.warns(UserWarning, match="the first is 'star-b'"):
        assert door([GOOD, GOOD[:0]], on_invalid="drop").ids.tolist() == ["star-a"]


@pytest.mark.parametrize("bad", [-99, -9000, 0, -0.1, np.inf])
def test_error_bars_that_cannot_be_are_absent(door, bad):
    with pytest.warns(UserWarning, match=r"1 magnitude error.*'star-b'.*absent"):
        lcs = door([GOOD, curve((1, 15, bad), (2, 16, 0.2))])
    np.testing.assert_array_equal(lcs[1][:, 2], [np.nan, 0.2])


def test_error_bars_that_are_nan_are_absent_without_a_word(door):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lcs = door([GOOD, curve((1, 15, np.nan), (2, 16, 0.2))])
    np.testing.assert_array_equal(lcs[1][:, 2], [np.nan, 0.2])


def test_julian_and_modified_dates_in_one_curve(door):
    with pytest.raises(ValueError, match=r"'star-b'.*mix JD and MJD"):
        door([GOOD, curve((59000, 15, 0.1), (2459001.5, 15, 0.1))])
    # but a curve may be in either
    assert len(door([GOOD, GOOD + np.array([2459000.5, 0, 0])])) == 2


@pytest.mark.parametrize("time", [1.7e9, -1e300, 1e308])
def test_times_that_are_not_in_days(door, time):
    with pytest.raises(ValueError, match=r"'star-b'.*not in days"):
        door([GOOD, curve((time, 15, 0.1))])


@pytest.mark.parametrize("mag", [99.99, 1e4, -31])
def test_fluxes_and_sentinels_only_warn(door, mag):
    with pytest.warns(UserWarning, match="1 magnitude.*'star-b'.*fluxes"):
        lcs = door([GOOD, curve((1, mag, 0.1))])
    assert lcs[1][0, 1] == mag


def test_magnitudes_that_float32_cannot_square(door):
    with pytest.raises(ValueError, match=r"'star-b'.*1e\+16"):
        door([GOOD, curve((1, 50, 0.1), (2, -1e16, 0.1))])


def test_repeated_ids(door):
    if door.groups:
        lcs = door([GOOD, GOOD + 2], ids=["star-a", "star-a"])
        assert lcs.lengths.tolist() == [4]
    else:
        with pytest.raises(ValueError, match="'star-a' appears more than once"):
            door([GOOD, GOOD], ids=["star-a", "star-a"])


def test_no_objects_at_all(door):
    assert len(door([], ids=[])) == 0


def test_odd_but_fine_values_pass_without_a_word(door):
    tiny = np.nextafter(0, 1)
    odd = [curve((0, 15, 0.1)), curve(*[(t * tiny, 15.1, tiny) for t in range(3)])]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lcs = door(odd)
    assert [c.tolist() for c in lcs] == [c.tolist() for c in odd]


def test_warnings_point_at_the_line_of_the_user(door):
    with pytest.warns(UserWarning, match="fluxes") as caught:
        door([GOOD, curve((1, 1e4, 0.1))])
    assert {w.filename for w in caught} == {__file__}


def test_on_invalid_has_two_values(door):
    with pytest.raises(ValueError, match="on_invalid must be 'raise' or 'drop'"):
        door([GOOD, GOOD], on_invalid="ignore")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"time": [1.0]}, "mag has shape"),
        ({"mag": [1.0]}, "mag has shape"),
        ({"mag_err": [1.0]}, "mag_err has shape"),
        ({"time": [[1.0, 2.0]]}, "time has shape"),
        ({"time": 1.0}, "time has shape"),
        ({"time": None}, "has shape"),
        ({"mag": ["a", "b"]}, "mag must be real numbers"),
        ({"mag": [1, [2, 3]]}, "mag must be real numbers"),
        ({"time": np.array(["2020-01-01"] * 2, dtype="M8[D]")}, "time must be real numbers.*MJD"),
        ({"offsets": [0, 1]}, "offsets must be 2 integers"),
        ({"offsets": [0, 3]}, "offsets must be"),
        ({"offsets": [0, 2, 1, 2]}, "offsets must be"),
        ({"offsets": [1, 2]}, "offsets must be"),
        ({"offsets": [0.0, 2.0]}, "offsets must be"),
        ({"offsets": []}, "offsets must be"),
        ({"offsets": None}, "offsets must be"),
        ({"offsets": [[0], [1, 2]]}, "offsets must be"),
        ({"ids": ["a", "b"]}, "ids must be one per object"),
        ({"band": ["g", "r"]}, "band must be one"),
    ],
)
def test_columns_that_do_not_fit_together(columns, message):
    good = {"time": [1.0, 2.0], "mag": [15.0, 16.0], "mag_err": [0.1, 0.1], "offsets": [0, 2]}
    with pytest.raises((TypeError, ValueError), match=message):
        LightCurves(**(good | columns))


@pytest.mark.parametrize(
    ("mag", "time", "message"),
    [
        ([[15, np.nan], [np.nan, np.nan]], None, "first is 1"),
        ([[15, 16], [15, np.inf]], None, "object 1"),
        ([[15, 16], [15, 1e16]], None, "object 1"),
        ([[15, 16]], [1], r"time has shape \(1,\)"),
        ([[15, 16]], [1, np.nan], "object 0"),
        ([15, 16], None, r"\(n_objects, n_times\), got \(2,\)"),
        ([["a", "b"]], None, "grid must be real numbers"),
    ],
)
def test_grids(mag, time, message):
    with pytest.raises((TypeError, ValueError), match=message):
        LightCurves.from_grid(mag, time)
    with pytest.raises(ValueError, match="object 4 appears more than once"):
        LightCurves.from_grid(np.ones((2, 3)), ids=[4, 4])


# -- two thousand bad inputs ----------------------------------------------------------------------
#
# A case is plain Python: rows of cells (time, mag, err) per object. `enter` makes of it what a user
# would pass at one of the doors; `slow_reading` says, cell by cell, what must come of it.

NUMBERS = [np.nan, np.inf, -np.inf, None, 2.0**54, 1e10, -99.0, 0.0, 2_400_000.5]
CELLS = [*NUMBERS, "15.2", True, 1j]
DEFECTS = {
    "constructor": ["cell", "order", "repeat", "empty", "no id", "offsets"],
    "arrays": ["cell", "order", "repeat", "empty", "no id", "shape"],
    "series": ["cell", "order", "empty", "shape"],
    "list": ["cell", "order", "empty", "shape"],
    "3-D": ["cell", "order", "empty", "zeros"],
    "grid": ["cell", "repeat", "empty"],
    "wide frame": ["cell", "empty"],
    "frame": ["cell", "order", "scattered", "no id", "no mag", "bands"],
    "frame by index": ["cell", "order", "scattered", "no mag", "bands"],
    "long parquet": ["number", "order", "scattered", "no id", "no mag", "bands", "text", "torn"],
    "mapped parquet": ["number", "order", "no id", "no mag", "bands", "text", "torn"],
    "list parquet": ["number", "order", "repeat", "empty", "no id", "no mag", "text", "torn"],
    "nested": ["number", "order", "repeat", "empty", "no id", "no mag", "text", "bands"],
}
GRIDS, TABLES = (
    ("grid", "wide frame"),
    ("frame", "frame by index", "long parquet", "mapped parquet"),
)
# What a message must name where no object is to blame.
CONTAINER = {
    "offsets": "offsets must",
    "no mag": "the mag among",
    "bands": "column 'band'",
    "text": "(column|field) 'mag'",
    "torn": "torn.parquet",
}


@st.composite
def cases(draw, way):
    eighths = st.integers(1, 300).map(lambda i: i / 8)  # exact in float32
    row = st.tuples(eighths, eighths, eighths)
    curves = draw(st.lists(st.lists(row, min_size=1, max_size=4), min_size=1, max_size=4))
    curves = [sorted(rows) for rows in curves]
    if way in GRIDS:
        curves = [[(float(t), rows[t % len(rows)][1], np.nan) for t in range(5)] for rows in curves]
    as_text = draw(st.booleans())
    ids = [f"star-{i}" if as_text else 7000 + i for i in range(len(curves))]
    if way in ("list", "3-D"):
        ids = list(range(len(curves)))
    broken = {}
    for defect in draw(st.lists(st.sampled_from(DEFECTS[way]), min_size=1, max_size=2)):
        i = draw(st.integers(0, len(curves) - 1))
        rows = curves[i]
        if defect in ("cell", "number") and rows:
            j, k = draw(st.integers(0, len(rows) - 1)), draw(st.integers(0, 2))
            k = 1 if way in GRIDS else k
            bad = draw(st.sampled_from(CELLS if defect == "cell" else NUMBERS))
            rows[j] = (*rows[j][:k], bad, *rows[j][k + 1 :])
        elif defect == "order":
            curves[i] = draw(st.permutations(rows))
        elif defect == "empty":
            curves[i] = [(t, np.nan, e) for t, _, e in rows] if way in GRIDS else []
        elif defect == "repeat":
            ids[i] = ids[0]
        elif defect == "no id":
            ids[i] = None
        else:
            broken[defect] = i
    table = [(id, *row) for id, rows in zip(ids, curves, strict=True) for row in rows]
    if "scattered" in broken:
        table = draw(st.permutations(table))
    if way in TABLES:
        grouped = {}
        for id, *row in table:
            grouped.setdefault(id, []).append(row)
        ids, curves = list(grouped), list(grouped.values())
    plain = way in ("series", "list", "3-D", *GRIDS)  # doors without the choice
    return {
        "way": way,
        "ids": ids,
        "curves": curves,
        "table": table,
        "broken": broken,
        "on_invalid": "raise" if plain else draw(st.sampled_from(["raise", "drop"])),
        "dtype": draw(st.sampled_from(["<f8", ">f8", "<f4", "O"])),
    }


def is_number(cell):
    return cell is None or type(cell) in (int, float)


def slow_reading(case):
    """Return (id, rows) of the objects to expect, and patterns of what an error may name."""
    way, broken, keeps_bad = case["way"], case["broken"], case["on_invalid"] == "raise"
    if len(case["table"]) < 2:  # one row has one band
        broken = {defect: i for defect, i in broken.items() if defect != "bands"}
    if not case["table"]:  # no rows, no text
        broken = {defect: i for defect, i in broken.items() if defect != "text"}
    blame = [CONTAINER[defect] for defect in broken if defect in CONTAINER]
    expected = []
    for i, (id, rows) in enumerate(zip(case["ids"], case["curves"], strict=True)):
        named = rf"(object|is) {re.escape(repr(id))}"
        if id is None:
            blame.append("'oid'|ids must")
        elif case["ids"].index(id) < i or i in (broken.get("shape"), broken.get("zeros")):
            blame.append(named)
        if not all(is_number(cell) for row in rows for cell in row):
            by_column = way in (*TABLES, "constructor", "wide frame")
            blame.append("column|time must|mag must|mag_err must" if by_column else named)
            blame += ["grid"] if way == "grid" else []
            continue
        rows = [[np.nan if cell is None else cell for cell in row] for row in rows]
        if way in GRIDS:
            rows = [row for row in rows if not np.isnan(row[1])]
        if way == "3-D":
            rows = [row for row in rows if not (np.isnan(row[0]) and np.isnan(row[1]))]
        good = [row for row in rows if np.isfinite(row[0]) and np.isfinite(row[1])]
        times = [t for t, _, _ in good]
        if keeps_bad and (len(good) < len(rows) or not good):
            blame.append(named)
        if good and (max(times) - min(times) > 1e6 or max(map(abs, times)) > 1e9):
            blame.append(named)
        if any(abs(m) > 1e15 for _, m, _ in good):
            blame.append(named)
        good = [[t, m, e if 0 < e < np.inf else np.nan] for t, m, e in good]
        if good:
            expected.append((id, sorted(good, key=lambda row: row[0])))
    return expected, blame


def enter(case, folder):
    """Give the case to its door."""
    way, ids, curves, broken = case["way"], case["ids"], case["curves"], case["broken"]
    on_invalid = case["on_invalid"]
    if way in TABLES:
        return enter_table(case, folder)
    if way == "nested":
        columns = {
            name: pa.array([[row[k] for row in rows] for rows in curves], pa.list_(pa.float64()))
            for k, name in enumerate(FIELDS)
        }
        if "text" in broken:
            columns["mag"] = pa.array([[str(m) for _, m, _ in rows] for rows in curves])
        if "no mag" in broken:
            del columns["mag"]
        if "bands" in broken:
            bands = iter(["g", *["r"] * len(case["table"])])
            columns["band"] = pa.array(
                [[next(bands) for _ in rows] for rows in curves], pa.list_(pa.string())
            )
        column = pa.StructArray.from_arrays(list(columns.values()), list(columns))
        return LightCurves.from_nested(column, ids=ids, on_invalid=on_invalid)
    if way == "list parquet":
        columns = {
            name: pa.array([[row[k] for row in rows] for rows in curves], pa.list_(pa.float64()))
            for k, name in enumerate(["mjd", "mag", "magerr"])
        }
        if "text" in broken:
            columns["mag"] = pa.array([[str(m) for _, m, _ in rows] for rows in curves])
        if "no mag" in broken:
            del columns["mag"]
        path = folder / ("torn.parquet" if "torn" in broken else "whole.parquet")
        pq.write_table(pa.table({"oid": ids, **columns}), path, row_group_size=2)
        return LightCurves.from_parquet(tear(path), on_invalid=on_invalid)
    if way in GRIDS:
        grid = np.array([[m for _, m, _ in rows] for rows in curves], dtype=object)
        if way == "wide frame":
            return as_light_curves(pd.DataFrame(grid, index=ids).infer_objects())
        return LightCurves.from_grid(grid, ids=ids)
    if way == "constructor":
        flat = np.array([row for rows in curves for row in rows], dtype=object).reshape(-1, 3)
        offsets = np.cumsum([0] + [len(rows) for rows in curves])
        offsets[-1] += "offsets" in broken
        return LightCurves(*flat.T, offsets=offsets, ids=ids, on_invalid=on_invalid)
    if way == "3-D":
        longest = 2 + max(map(len, curves))
        fill = [0.0 if broken.get("zeros") == i else np.nan for i in range(len(curves))]
        curves = [
            [*rows, *[(f, f, f)] * (longest - len(rows))]
            for rows, f in zip(curves, fill, strict=True)
        ]
    numbers = all(is_number(cell) for rows in curves for row in rows for cell in row)
    dtype = case["dtype"] if numbers else "O"
    arrays = [np.array(rows, dtype=dtype).reshape(-1, 3) for rows in curves]
    if "shape" in broken:
        arrays[broken["shape"]] = np.ones((3, 4 if numbers else 1))
    if way == "3-D":
        return as_light_curves(np.stack(arrays))
    if way == "series":
        return as_light_curves(pd.Series(arrays, index=ids))
    if way == "list":
        return as_light_curves([a.tolist() for a in arrays] if dtype == ">f8" else arrays)
    return LightCurves.from_arrays(arrays, ids=ids, on_invalid=on_invalid)


def enter_table(case, folder):
    way, broken, on_invalid = case["way"], case["broken"], case["on_invalid"]
    frame = pd.DataFrame(case["table"], columns=["oid", "mjd", "mag", "magerr"])
    if "bands" in broken:
        frame["band"] = ["g", *["r"] * (len(frame) - 1)]
    if "text" in broken:
        frame["mag"] = frame["mag"].astype(str)
    if "no mag" in broken:
        del frame["mag"]
    if way == "frame by index":
        frame = frame.set_index("oid")
    if "frame" in way:
        frame = frame.convert_dtypes() if case["dtype"] == "O" else frame
        return LightCurves.from_frame(frame, on_invalid=on_invalid)
    path = folder / ("torn.parquet" if "torn" in broken else "whole.parquet")
    frame.to_parquet(path, row_group_size=2)
    if way == "long parquet":
        return LightCurves.from_parquet(tear(path), on_invalid=on_invalid)
    return LightCurves.open_parquet(tear(path), on_invalid=on_invalid, cache_dir=folder)


def tear(path):
    if path.name == "torn.parquet":
        path.write_bytes(path.read_bytes()[:-40])
    return path


@pytest.mark.parametrize("way", DEFECTS)
def test_bad_input_is_read_right_or_refused_by_name(way, tmp_path):
    outcomes = Counter()

    @settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
    @given(cases(way))
    def check(case):
        expected, blame = slow_reading(case)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if blame:
                with pytest.raises((TypeError, ValueError), match="|".join(blame)):
                    enter(case, tmp_path)
                outcomes["refused"] += 1
                return
            lcs = enter(case, tmp_path)
        assert lcs.ids.tolist() == [id for id, _ in expected]
        for got, (_, rows) in zip(lcs, expected, strict=True):
            np.testing.assert_array_equal(got, np.array(rows)[:, : got.shape[1]])
        outcomes["read"] += 1

    check()
    assert outcomes.total() >= 200
    assert min(outcomes["read"], outcomes["refused"]) >= 5, outcomes
