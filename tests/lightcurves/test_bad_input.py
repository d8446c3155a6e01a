"""One decision for each way light curves can be wrong, at every door; more in reliability/."""

import re
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sklearn_astromer import LightCurves

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


def by_frame(curves, ids, tmp_path, on_invalid="raise"):
    return LightCurves.read(columns_of(curves, ids), on_invalid=on_invalid)


def by_mapped_parquet(curves, ids, tmp_path, on_invalid="raise"):
    path = tmp_path / "mapped.parquet"
    columns_of(curves, ids).to_parquet(path, row_group_size=2)
    return LightCurves.open_parquet(path, cache_dir=tmp_path, on_invalid=on_invalid)


def by_lists(curves, ids, tmp_path, on_invalid="raise"):
    columns = {
        name: [np.asarray(c)[:, i].tolist() for c in curves]
        for i, name in enumerate(["mjd", "mag", "magerr"])
    }
    pq.write_table(pa.table({"oid": ids, **columns}), tmp_path / "lists.parquet")
    return LightCurves.read(tmp_path / "lists.parquet", on_invalid=on_invalid)


def by_nested(curves, ids, tmp_path, **kwargs):
    rows = [[dict(zip(FIELDS, row, strict=True)) for row in c.tolist()] for c in curves]
    return LightCurves.from_nested(pa.array(rows, NESTED), ids=ids, **kwargs)


FIELDS = ("mjd", "mag", "magerr")
NESTED = pa.list_(pa.struct([(name, pa.float64()) for name in FIELDS]))
DOORS = [
    by_constructor,
    by_arrays,
    by_frame,
    by_mapped_parquet,
    by_lists,
    by_nested,
]
READ = {by_frame, by_mapped_parquet, by_lists, by_nested}  # by the rules of `read`
GROUPING = {by_frame, by_mapped_parquet, by_lists}  # rows of an id are one object


@pytest.fixture(params=DOORS)
def door(request, tmp_path):
    def enter(curves, ids=("star-a", "star-b"), **kwargs):
        return request.param(curves, list(ids), tmp_path, **kwargs)

    enter.reads = request.param in READ
    enter.groups = request.param in GROUPING
    enter.has_empty = request.param not in {by_frame, by_mapped_parquet}
    return enter


def curve(*rows):
    return np.array(rows, dtype=float)


GOOD = curve((1, 15, 0.1), (2, 16, 0.2))

# -- one decision each ---------------------------------------------------------------------------


def test_unsorted_times_are_sorted_and_equal_ones_keep_their_order(door):
    lcs = door([GOOD, curve((3, 1, 0.1), (2, 2, 0.1), (3, 3, 0.1), (2, 4, 0.1))])
    assert lcs[1][:, :2].tolist() == [[2, 2], [2, 4], [3, 1], [3, 3]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", [0, 1])
def test_non_finite_times_and_magnitudes(door, column, bad):
    wrong = curve((1, 15, 0.1), (2, 16, 0.2), (3, 17, 0.3))
    wrong[1, column] = bad
    place = "row 3" if door.reads else "observation 1"
    with pytest.raises(ValueError, match=rf"1 observation.*'star-b' \({place}: .*on_invalid"):
        door([GOOD, wrong])
    said = (
        "1 without time or brightness .first in object star-b"
        if door.reads
        else "dropped observations with a non-finite time or magnitude: 1, .*'star-b'"
    )
    with pytest.warns(UserWarning, match=said):
        lcs = door([GOOD, wrong], on_invalid="drop")
    assert lcs.lengths.tolist() == [2, 2]
    np.testing.assert_array_equal(lcs[1], wrong[[0, 2]])
    # an object of which nothing is left goes too
    with pytest.warns(UserWarning, match=said) as caught:
        lcs = door([GOOD, wrong[1:2]], on_invalid="drop")
    assert lcs.ids.tolist() == ["star-a"]
    if not door.groups:
        gone = "dropped objects without observations .match labels by ids.*: 1, .*'star-b'"
        assert re.search(gone, str(caught[-1].message))


def test_non_finite_magnitudes_without_errors():
    with pytest.warns(UserWarning, match="dropped observations .*: 1,"):
        lcs = LightCurves.from_arrays([GOOD[:, :2], [[1, np.nan], [2, 3]]], on_invalid="drop")
    assert lcs.mag_err is None
    np.testing.assert_array_equal(lcs[1], [[2, 3]])


def test_objects_without_observations(door):
    if not door.has_empty:
        pytest.skip("a long table has no such objects")
    with pytest.raises(ValueError, match="no observations, the first is 'star-b'"):
        door([GOOD, GOOD[:0]])
    with pytest.warns(UserWarning, match="objects without observations .*: 1, .*'star-b'"):
        assert door([GOOD, GOOD[:0]], on_invalid="drop").ids.tolist() == ["star-a"]


@pytest.mark.parametrize("bad", [-99, -9000, 0, -0.1, np.inf])
def test_error_bars_that_cannot_be_are_absent(door, bad):
    if door.reads and np.isinf(bad):
        pytest.skip("an upper limit")
    with pytest.warns(UserWarning, match=r"errors that .* absent .*: 1, .*'star-b'"):
        lcs = door([GOOD, curve((1, 15, bad), (2, 16, 0.2))])
    np.testing.assert_array_equal(lcs[1][:, 2], [np.nan, 0.2])


def test_error_bars_that_are_nan_are_absent_without_a_word(door):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lcs = door([GOOD, curve((1, 15, np.nan), (2, 16, 0.2))])
    np.testing.assert_array_equal(lcs[1][:, 2], [np.nan, 0.2])


def test_julian_and_modified_dates_in_one_curve(door):
    said = (
        "column 'mjd' .*two kinds of time are mixed" if door.reads else "'star-b'.*mix JD and MJD"
    )
    with pytest.raises(ValueError, match=said):
        door([GOOD, curve((59000, 15, 0.1), (2459001.5, 15, 0.1))])
    # but a collection may be in either, and what is read is in MJD
    in_days = [each + np.array([2459000.5, 0, 0]) for each in (GOOD, GOOD)]
    assert door(in_days)[0][0, 0] == (59001 if door.reads else 2459001.5)


@pytest.mark.parametrize("time", [1.7e9, -1e300, 1e308])
def test_times_that_are_not_in_days(door, time):
    said = "column 'mjd' .*not in days" if door.reads else "'star-b'.*not in days"
    with pytest.raises(ValueError, match=said):
        door([GOOD, curve((time, 15, 0.1))])


@pytest.mark.parametrize("mag", [99.99, 1e4, -31])
def test_fluxes_and_sentinels(door, mag):
    """They only warn; what is read is without sentinels."""
    with pytest.warns(UserWarning, match="sentinels") as caught:
        lcs = door([GOOD, curve((1, mag, 0.1), (2, 15, 0.1))])
    if door.reads and mag == 99.99:
        assert "1 sentinels (first in object star-b)" in str(caught[0].message)
        assert lcs[1].tolist() == [[2, 15, 0.1]]
    else:
        said = "magnitudes outside .* fluxes or sentinels .*: 1, the first in object 'star-b'"
        assert re.search(said, str(caught[0].message))
        assert lcs[1][0, 1] == mag


def test_magnitudes_that_float32_cannot_square(door):
    with pytest.raises(ValueError, match=r"'star-b'.*1e\+16"):
        door([GOOD, curve((1, 50, 0.1), (2, -1e16, 0.1))])


def test_repeated_ids(door):
    if door.groups:
        lcs = door([GOOD, GOOD + 2], ids=["star-a", "star-a"])
        assert lcs.lengths.tolist() == [4]
    else:
        with pytest.raises(ValueError, match=r"'star-a' appears more than once.*merge its rows"):
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
    with pytest.raises(ValueError, match=r"on_invalid must be .*raise.*drop"):
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


@pytest.mark.parametrize("odd", ["star-\ud800", "caf\udce9"])
def test_names_that_no_file_can_hold(odd):
    """Half a surrogate pair, as of a file whose name is no UTF-8."""
    curves = [np.array([[58000.0, 15.0, 0.1], [58001.0, 16.0, 0.1]])]
    flat = {"time": curves[0][:, 0], "mag": curves[0][:, 1], "offsets": [0, 2]}
    frame = columns_of(curves, ["star-a"])
    text = pd.Series([odd] * 2, dtype=object)
    column = pa.array([[dict(zip(FIELDS, row, strict=True)) for row in curves[0].tolist()]])
    for what, read in (
        ("ids", lambda: LightCurves(**flat, ids=[odd])),
        ("band", lambda: LightCurves(**flat, band=[odd])),
        ("ids", lambda: LightCurves.from_arrays(curves, ids=[odd])),
        ("band", lambda: LightCurves.from_arrays(curves, band=odd)),
        ("ids", lambda: LightCurves.from_arrays([frame.drop(columns="oid")], ids=[odd])),
        ("ids", lambda: LightCurves.from_nested(column, ids=[odd])),
        ("ids", lambda: LightCurves.from_grid([[15.0, 16.0]], ids=[odd])),
        ("ids", lambda: LightCurves.read(frame.assign(oid=text))),
        ("band", lambda: LightCurves.read(frame.assign(band=text))),
    ):
        with pytest.raises(ValueError, match=rf"{what} must be text.*{re.escape(ascii(odd))}"):
            read()


def test_a_file_whose_name_is_no_text(tmp_path):
    path = tmp_path / "caf\udce9.csv"  # é in Latin-1
    try:
        path.write_text("58000.5 15.2\n58001.5 15.3\n")
    except OSError:
        pytest.skip("the file system takes names in UTF-8 alone")
    with pytest.raises(ValueError, match=r"ids must be text in UTF-8, and 'caf\\udce9' is not"):
        LightCurves.read(path)
    assert LightCurves.read(path, id_from=lambda path: "café").ids.tolist() == ["café"]


DAYS = [58000.0, 58001.0, 58002.0]


@pytest.mark.parametrize("name", ["mjd", "mag", "filter", "lc"])
@pytest.mark.parametrize(
    "cell",
    [
        np.ones((3, 2)),
        np.ones((3, 1)),
        np.array(5.0),
        [(1.0, 15.0), (2.0, 16.0), (3.0, 17.0)],
        [[1.0, 15.0], [2.0], []],
        [1.0, [2.0], 3.0],
        [1.0, "x", 3.0],
        [1.0, 2.0, 3j],
        5.0,
    ],
)
def test_cells_that_are_no_lists_of_numbers(name, cell):
    pytest.importorskip("pyarrow")
    columns = {"mjd": [DAYS, DAYS], "mag": [DAYS, DAYS], "filter": [list("grg")] * 2}
    if name == "lc":  # all there is
        columns = {"lc": [np.ones((3, 2)), cell]}
    columns[name] = [columns[name][0], cell]
    frame = pd.DataFrame({"id": ["a", "b"], **columns})
    with pytest.raises(ValueError, match=rf"(?s)column '{name}'|{name}"):
        LightCurves.read(frame)


def test_other_columns_of_nested_cells_are_passed_over():
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"id": ["a"], "mjd": [DAYS], "mag": [[15.0, 16.0, 17.0]]})
    wanted = LightCurves.read(frame)
    for cell in (np.ones((3, 2)), [[1.0], [2.0, 3.0]], [1, "x", {}]):
        assert LightCurves.read(frame.assign(cutout=[cell])) == wanted
