"""Bad input at every door: the right result, or one error that names the object and the remedy.

A case is plain Python: rows of cells (time, mag, err) per object. `enter` makes of it what a user
would pass at one of the doors, held in one of the ways that arrays and tables are held;
`slow_reading` says, cell by cell, what must come of it.
"""

import gzip
import re
import uuid
import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from embedders import make_embedder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_astromer import LightCurves, as_light_curves

NUMBERS = [np.nan, np.inf, -np.inf, None, 2.0**54, 1e10, -99.0, 0.0, 2_400_000.5]
NUMBERS += [5e-324, -5e-324, 1e308, -1e308, 1e15, -1e-300]
DATE, MJD_OF_DATE = pd.Timestamp("2026-01-01", tz="America/Santiago"), 61041.125
CELLS = [*NUMBERS, "15.2", True, 1j, DATE, pd.NA]
ORDERS = ["cell", "order", "empty", "constant", "one", "none"]
TABLE = ["order", "scattered", "one", "none", "no id", "no mag", "bands", "text", "dates"]
LISTS = ["number", "order", "one", "none", "repeat", "empty", "no id", "no mag", "text", "dates"]
LISTS += ["bands"]
DEFECTS = {
    "constructor": [*ORDERS, "repeat", "no id", "offsets", "dates"],
    "arrays": [*ORDERS, "repeat", "no id", "shape", "dates"],
    "series": [*ORDERS, "shape", "dates"],
    "list": [*ORDERS, "shape", "dates"],
    "3-D": [*ORDERS, "zeros"],
    "grid": ["cell", "repeat", "empty", "one", "none"],
    "wide frame": ["cell", "empty", "one", "none"],
    "frame": ["cell", *TABLE],
    "frame by index": ["cell", *[defect for defect in TABLE if defect != "no id"]],
    "long parquet": ["number", *TABLE, "torn", "foreign"],
    "mapped parquet": ["number", *TABLE, "torn", "foreign"],
    "list parquet": [*LISTS, "torn", "foreign"],
    "nested": LISTS,
}
GRIDS, TABLES = (
    ("grid", "wide frame"),
    ("frame", "frame by index", "long parquet", "mapped parquet"),
)
READ = (*TABLES, "list parquet", "nested")  # by the rules of `read`
X_OF = ("series", "list", "3-D", "grid", "wide frame", "nested")  # what estimators take
# What a message must name where no object is to blame.
CONTAINER = {
    "offsets": "offsets must",
    "no mag": "the mag or flux among",
    "torn": "torn.parquet",
    "foreign": "foreign.parquet",
}
# What every message must say, next to what is wrong: what to do, or what would be right.
REMEDY = re.compile(
    r"[Rr]emove|must be|must not be|must have|expected|convert|merge|pass |choose|pad with|"
    r"cannot be read as Parquet|MJD = JD|in days|no number|no times|save it in|use float64"
)
FIELDS = ("mjd", "mag", "magerr")
HELD = ["<f8", ">f8", "<f4", ">f4", "g", "O", "read-only", "mapped", "every other", "backwards"]
HELD += ["Fortran", "masked", "lists"]
FRAMES = ["plain", "nullable", "arrow", "object", "float32", "big-endian", "categories", "junk"]
SHAPES = [(3, 4), (3, 1), (0, 4), (3,), (), (2, 2, 2), (3, 5)]
FOREIGN = [
    b"",
    b"PAR1",
    b"oid,mjd,mag\n1,2,3\n",
    gzip.compress(b"PAR1", mtime=0),
    b"\x89HDF\r\n" * 20,
]
OURS = r"read as |dropped |errors that are|magnitudes outside"  # the warnings that are meant

# -- what is given -------------------------------------------------------------------------------


@st.composite
def cases(draw, way):
    eighths = st.integers(1, 300).map(lambda i: i / 8)  # exact in float16
    row = st.tuples(eighths, eighths, eighths)
    curves = draw(st.lists(st.lists(row, min_size=1, max_size=4), min_size=1, max_size=4))
    curves = [sorted(rows) for rows in curves]
    defects = draw(st.lists(st.sampled_from(DEFECTS[way]), min_size=1, max_size=2))
    if "none" in defects:
        curves = []
    if way in GRIDS:
        curves = [[(float(t), rows[t % len(rows)][1], np.nan) for t in range(5)] for rows in curves]
    as_text = draw(st.booleans())
    ids = [f"star-{i}" if as_text else 7000 + i for i in range(len(curves))]
    if way in ("list", "3-D"):
        ids = list(range(len(curves)))
    broken = {}
    for defect in defects:
        i = draw(st.integers(0, max(0, len(curves) - 1)))
        if not curves:
            broken[defect] = i
            continue
        rows = curves[i]
        if defect in ("cell", "number"):
            if rows:
                j, k = draw(st.integers(0, len(rows) - 1)), draw(st.integers(0, 2))
                k = 1 if way in GRIDS else k
                bad = draw(st.sampled_from(CELLS if defect == "cell" else NUMBERS))
                rows[j] = (*rows[j][:k], bad, *rows[j][k + 1 :])
        elif defect == "order":
            curves[i] = draw(st.permutations(rows))
        elif defect == "constant":
            curves[i] = [(t, 15.5, e) for t, _, e in rows]
        elif defect == "one":
            nothing = [(t, np.nan, e) for t, _, e in rows[1:]] if way in GRIDS else []
            curves[i] = rows[:1] + nothing
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
    if len(table) < 2:
        broken.pop("bands", None)  # one row has one band
    if not table or not curves[broken.get("dates", 0)]:
        for defect in ("text", "dates"):  # no rows, no text
            broken.pop(defect, None)
    if not curves:
        for defect in ("shape", "zeros"):
            broken.pop(defect, None)
    plain = way in X_OF and way != "nested"  # doors without the choice
    numbers = all(is_number(cell) for rows in curves for row in rows for cell in row)
    shapes = SHAPES if way in ("arrays", "series") or len(curves) > 1 else SHAPES[:3]
    return {
        "way": way,
        "ids": ids,
        "curves": curves,
        "table": table,
        "broken": broken,
        "on_invalid": "raise" if plain else draw(st.sampled_from(["raise", "drop"])),
        "held": draw(st.sampled_from(HELD)) if numbers else "O",
        "frame": draw(st.sampled_from(FRAMES)),
        "shape": draw(st.sampled_from(shapes)),
        "cut": draw(st.integers(1, 99)),
        "foreign": draw(st.sampled_from(FOREIGN)),
    }


def is_number(cell):
    return cell is None or cell is pd.NA or type(cell) in (int, float)


def slow_reading(case):
    """Return (id, rows) of the objects to expect, and patterns of what an error may name."""
    way, broken, keeps_bad = case["way"], case["broken"], case["on_invalid"] == "raise"
    blame = [CONTAINER[defect] for defect in broken if defect in CONTAINER]
    if way in READ:
        return slow_reading_by_rules(case, blame)
    if "dates" in broken:
        blame.append("these are dates; convert them to MJD")
    expected = []
    for i, (id, rows) in enumerate(zip(case["ids"], case["curves"], strict=True)):
        named = rf"(object|is) {re.escape(repr(id))}"
        if id is None:
            blame.append("ids must")
        elif case["ids"].index(id) < i or i in (broken.get("shape"), broken.get("zeros")):
            blame.append(named)
        if not all(is_number(cell) for row in rows for cell in row):
            by_column = way in ("constructor", "wide frame")
            blame.append("column|time must|mag must|mag_err must" if by_column else named)
            blame += ["grid"] if way == "grid" else []
            continue
        rows = [[np.nan if pd.isna(cell) else float(cell) for cell in row] for row in rows]
        if way in GRIDS:
            rows = [row for row in rows if not np.isnan(row[1])]
        if way == "3-D":
            rows = [row for row in rows if not (np.isnan(row[0]) and np.isnan(row[1]))]
        together = [row for rows in case["curves"] for row in rows] if way == "3-D" else rows
        if way in ("arrays", "series", "list", "3-D") and case["held"] in ("<f4", ">f4"):
            large = [abs(t) for t, _, _ in rows if np.isfinite(t) and abs(t) >= 2**19]
            cells = [[np.nan if pd.isna(c) else c for c in row] for row in together]
            blame += [named] if large and are_short(cells) else []
        if way == "constructor" and case["held"] in ("<f4", ">f4"):
            flat = [[np.nan if pd.isna(c) else c for c in row] for r in case["curves"] for row in r]
            large = any(np.isfinite(row[0]) and abs(row[0]) >= 2**19 for row in flat)
            blame += ["times near"] if large and are_short(flat) else []
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


def is_none(mag):
    """Whether a number is no magnitude, if it is rare."""
    return np.isfinite(mag) and abs(mag) > 900


def slow_reading_by_rules(case, blame):
    """Do the same for doors that read as `LightCurves.read` does."""
    way, broken, keeps_bad = case["way"], case["broken"], case["on_invalid"] == "raise"
    curves, ids = case["curves"], case["ids"]
    table = case["table"]
    if way not in TABLES:
        table = [(id, *row) for id, rows in zip(ids, curves, strict=True) for row in rows]
    rows = [[DATE if "dates" in broken else t, m, e] for _, t, m, e in table]
    for k, name in enumerate(FIELDS):
        cells = [row[k] for row in rows if not pd.isna(row[k])]
        if k == 0 and all(cell is DATE for cell in cells):
            numbers = [MJD_OF_DATE if row[0] is DATE else np.nan for row in rows]
        elif all(is_number(cell) or isinstance(cell, str) for cell in cells):
            numbers = [np.nan if pd.isna(row[k]) else float(row[k]) for row in rows]
        else:
            blame.append(f"column '{name}'")
            return [], blame
        for row, number in zip(rows, numbers, strict=True):
            row[k] = number
    times = [t for t, _, _ in rows if np.isfinite(t)]
    if times and min(times) > 2.4e6 and max(times) < 2.6e6:
        if case["frame"] == "float32" and way in TABLES and are_short(rows):
            blame.append("column 'mjd'")  # rounded to hours
        rows = [[t - 2_400_000.5, m, e] for t, m, e in rows]
    elif times and max(map(abs, times)) > 1e6:
        blame.append("column 'mjd'")
    found = {}
    beyond = Counter(id for (id, *_), (_, m, _) in zip(table, rows, strict=True) if is_none(m))
    lengths = Counter(id for id, *_ in table)
    for i, ((id, *_), (t, m, e)) in enumerate(zip(table, rows, strict=True)):
        if id is None:
            blame.append("'oid'|ids must")
        elif is_none(m) and 2 * beyond[id] < lengths[id]:
            continue  # a sentinel
        elif 9 <= e < np.inf or (m <= 0 and np.float32(m) in (0, -99)):
            continue  # an upper limit, a sentinel
        elif not (np.isfinite(t) and np.isfinite(m)):
            blame += [of_object(id)] if keeps_bad else []
        else:
            band = ("g" if i == 0 else "r") if "bands" in broken else ""
            rows_before = found.setdefault((id, band), [])
            if [t, m, e] not in rows_before and not any(
                np.array_equal([t, m, e], row, equal_nan=True) for row in rows_before
            ):
                rows_before.append([t, m, e])
            blame += [of_object(id)] if abs(m) > 1e15 else []
    for some in found.values():  # an error that is none is absent
        some[:] = [[t, m, e if 0 < e < np.inf else np.nan] for t, m, e in some]
    if way == "nested":
        blame += ["ids must"] if None in ids else []
        blame += [of_object(id) for i, id in enumerate(ids) if ids.index(id) < i]
        if len({id for id, _ in found}) < len(found):
            blame.append("several bands")
    for id, curve in zip(ids, curves, strict=True):
        lost = not curve if way == "list parquet" else id not in {name for name, _ in found}
        if keeps_bad and way not in TABLES and lost:
            blame.append(of_object(id))
    expected = [
        (id, [[t, m, e if e > 0 else np.nan] for t, m, e in sorted(curve, key=lambda row: row[0])])
        for (id, _), curve in found.items()
    ]
    return expected, blame


def of_object(id):
    """Return a pattern of a message that names an object."""
    return rf"(object|is) '?{re.escape(str(id))}'?"


def are_short(rows):
    with np.errstate(all="ignore"):
        array = np.array(rows, dtype="f8")
        return np.array_equal(array.astype("f4"), array, equal_nan=True)


def held(cells, how, folder):
    """Return the cells (a row per list) as an array that is held in one of many ways."""
    if how == "O":
        return np.array(cells, dtype=object).reshape(-1, 3)
    array = np.array([[np.nan if pd.isna(c) else c for c in row] for row in cells], dtype="f8")
    array = array.reshape(-1, 3)
    if how in ("<f4", ">f4"):
        with np.errstate(all="ignore"):
            short = array.astype(how)
        return short if np.array_equal(short, array, equal_nan=True) else array
    if how in (">f8", "g"):
        return array.astype(how)
    if how == "lists":
        return array.tolist() if len(array) else array
    if how == "mapped" and array.size:
        file = folder / f"{uuid.uuid4().hex}.f8"
        array.tofile(file)
        return np.memmap(file, mode="r").view("f8").reshape(array.shape)
    if how == "every other":
        return np.repeat(np.repeat(array, 2, axis=0), 2, axis=1)[::2, ::2]
    if how == "backwards":
        return array[::-1].copy()[::-1]
    if how == "Fortran":
        return np.asfortranarray(array)
    if how == "masked":
        missing = np.isnan(array)
        return np.ma.MaskedArray(np.where(missing, 12345.0, array), mask=missing)
    array.flags.writeable = how != "read-only"
    return array


def enter(case, folder, read=None):
    """Give the case to its door; `read` is what reads an X, if not `as_light_curves`."""
    way, ids, curves, broken = case["way"], case["ids"], case["curves"], case["broken"]
    on_invalid = case["on_invalid"]
    if way in TABLES:
        return enter_table(case, folder)
    if way in ("nested", "list parquet"):
        columns = list_columns(case)
        if way == "list parquet":
            path = folder / name_of(broken)
            pq.write_table(pa.table({"oid": ids, **columns}), path, row_group_size=2)
            return LightCurves.read(spoil(path, case), on_invalid=on_invalid)
        column = pa.StructArray.from_arrays(list(columns.values()), list(columns))
        if read is not None:
            return read(pd.Series(column, pd.Index(ids, dtype=object), pd.ArrowDtype(column.type)))
        return LightCurves.from_nested(column, ids=ids, on_invalid=on_invalid)
    if way in GRIDS:
        grid = np.array([[m for _, m, _ in rows] for rows in curves], dtype=object).reshape(-1, 5)
        if way == "wide frame":
            frame = pd.DataFrame(grid, index=ids).infer_objects()
            return (read or as_light_curves)(frame)
        return LightCurves.from_grid(grid, ids=ids) if read is None else read(grid)
    if way == "constructor":
        flat = held([row for rows in curves for row in rows], case["held"], folder)
        time, mag, err = np.asanyarray(flat, dtype=None if len(flat) else "f8").T
        time = np.full(len(flat), "2026-01-01", "M8[s]") if "dates" in broken else time
        offsets = np.cumsum([0] + [len(rows) for rows in curves])
        offsets[-1] += "offsets" in broken
        return LightCurves(time, mag, err, offsets=offsets, ids=ids, on_invalid=on_invalid)
    if way == "3-D":
        longest = 2 + max(map(len, curves), default=0)
        fill = [0.0 if broken.get("zeros") == i else np.nan for i in range(len(curves))]
        curves = [
            [*rows, *[(f, f, f)] * (longest - len(rows))]
            for rows, f in zip(curves, fill, strict=True)
        ]
        rows = held([row for rows in curves for row in rows], case["held"], folder)
        rows = np.asanyarray(rows).reshape(len(curves), longest, 3)
        return (read or as_light_curves)(rows)
    arrays = [held(rows, case["held"], folder) for rows in curves]
    if "shape" in broken:
        arrays[broken["shape"]] = np.ones(case["shape"])
    elif "dates" in broken:
        shape = np.shape(arrays[broken["dates"]])
        arrays[broken["dates"]] = np.full(shape, "2026-01-01", "M8[s]")
    if way == "series":
        return (read or as_light_curves)(pd.Series(arrays, index=ids, dtype=object))
    if way == "list":
        return (read or as_light_curves)(arrays)
    return LightCurves.from_arrays(arrays, ids=ids, on_invalid=on_invalid)


def list_columns(case):
    """Return an Arrow array of lists for each field."""
    curves, broken = case["curves"], case["broken"]
    columns = {
        name: pa.array([[row[k] for row in rows] for rows in curves], pa.list_(pa.float64()))
        for k, name in enumerate(FIELDS)
    }
    if "text" in broken:
        columns["mag"] = pa.array([[str(m) for _, m, _ in rows] for rows in curves])
    if "dates" in broken:
        dates = [[DATE] * len(rows) for rows in curves]
        columns["mjd"] = pa.array(dates, pa.list_(pa.timestamp("us", "America/Santiago")))
    if "no mag" in broken:
        del columns["mag"]
    if "bands" in broken:
        bands = iter(["g", *["r"] * len(case["table"])])
        columns["band"] = pa.array(
            [[next(bands) for _ in rows] for rows in curves], pa.list_(pa.string())
        )
    return columns


def enter_table(case, folder):
    way, broken, on_invalid = case["way"], case["broken"], case["on_invalid"]
    frame = pd.DataFrame(case["table"], columns=["oid", *FIELDS])
    if "bands" in broken:
        frame["band"] = ["g", *["r"] * (len(frame) - 1)]
    if "text" in broken:
        frame["mag"] = frame["mag"].astype(str)
    if "dates" in broken:
        frame["mjd"] = DATE
    frame = framed(frame, case["frame"])
    if "no mag" in broken:
        del frame["mag"]
    if way == "frame by index":
        frame = frame.set_index("oid")
    if "frame" in way:
        return LightCurves.read(frame, on_invalid=on_invalid)
    path = folder / name_of(broken)
    if case["frame"] in ("object", "big-endian"):  # Arrow has neither
        frame = frame.infer_objects().astype({c: "f8" for c in frame if frame[c].dtype == ">f8"})
    frame.drop(columns="flags", errors="ignore").to_parquet(path, row_group_size=2)
    if way == "long parquet":
        return LightCurves.read(spoil(path, case), on_invalid=on_invalid)
    return LightCurves.open_parquet(spoil(path, case), on_invalid=on_invalid, cache_dir=folder)


def framed(frame, how):
    """Return the same table in other dtypes."""
    reals = [c for c in FIELDS if frame[c].dtype.kind == "f"]
    if how in ("nullable", "arrow"):
        with np.errstate(invalid="ignore"):  # pandas before 3 casts inf to find out what fits
            return frame.convert_dtypes(
                dtype_backend="pyarrow" if how == "arrow" else "numpy_nullable"
            )
    if how == "object":
        return frame.astype(object)
    if how == "big-endian":
        return frame.astype(dict.fromkeys(reals, ">f8"))
    if how == "categories" and not frame["oid"].isna().any():
        return frame.astype({"oid": "category"})
    if how == "junk":
        return frame.assign(flags=1j)[["flags", *frame.columns[::-1]]]
    if how == "float32":
        with np.errstate(all="ignore"):
            short = frame.astype(dict.fromkeys(reals, "f4"))
        if all(np.array_equal(short[c], frame[c], equal_nan=True) for c in reals):
            return short
    return frame


def name_of(broken):
    return f"{next((w for w in ('torn', 'foreign') if w in broken), 'whole')}.parquet"


def spoil(path, case):
    if path.name == "torn.parquet":
        content = path.read_bytes()
        path.write_bytes(content[: len(content) * case["cut"] // 100])
    elif path.name == "foreign.parquet":
        path.write_bytes(case["foreign"])
    return path


# -- what comes of it ----------------------------------------------------------------------------

EXAMPLES = [60, pytest.param(600, marks=pytest.mark.reliability)]


def try_all(strategy, examples, check_one):
    """Check examples, each of which is right or refused; a warning not ours is a third outcome."""
    outcomes = Counter()

    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
    @given(strategy)
    def check(case):
        expected, blame = slow_reading(case)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", OURS, UserWarning)
            outcomes[check_one(case, expected, "|".join(blame))] += 1

    check()
    assert outcomes.total() >= examples
    assert min(outcomes["right"], outcomes["refused"]) >= 5, outcomes
    return outcomes


def refused(blame, call, *args):
    with pytest.raises((TypeError, ValueError), match=blame) as said:
        call(*args)
    assert said.type in (TypeError, ValueError)
    assert REMEDY.search(str(said.value)), said.value
    return "refused"


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("way", DEFECTS)
def test_every_door_reads_right_or_refuses_by_name(way, examples, tmp_path, tally):
    def check_one(case, expected, blame):
        if blame:
            return refused(blame, enter, case, tmp_path)
        lcs = enter(case, tmp_path)
        assert lcs.ids.tolist() == [id for id, _ in expected]
        for got, (_, rows) in zip(lcs, expected, strict=True):
            np.testing.assert_array_equal(got, np.array(rows)[:, : got.shape[1]])
        return "right"

    tally("input", way, **try_all(cases(way), examples, check_one))


@pytest.mark.parametrize("examples", EXAMPLES)
def test_estimators_read_the_same_or_refuse_the_same(examples, tmp_path, tally):
    embedder = make_embedder(
        d_model=8, n_layers=1, n_heads=2, d_ff=8, max_epochs=0, window_size=3, random_state=0
    ).fit([np.c_[np.arange(5.0), np.arange(5.0)]])

    def check_one(case, expected, blame):
        if case["way"] in (*GRIDS, "nested"):  # an index may repeat or miss names
            case["ids"] = list(range(len(case["ids"])))
            expected, blame = slow_reading(case)
            blame = "|".join(blame)
        if case["way"] in GRIDS:  # scikit-learn's checks come first there
            cells = [cell for rows in case["curves"] for row in rows for cell in row]
            if any(not is_number(cell) or cell is pd.NA for cell in cells):
                with pytest.raises((TypeError, ValueError)):
                    embedder.transform([["a"] * 5])
                return "refused"
        if blame:
            return refused(blame, enter, case, tmp_path, embedder.transform)
        rows = enter(case, tmp_path, embedder.transform)
        assert rows.shape == (len(expected), 8)
        assert np.isfinite(rows).all()
        if expected:
            curves = LightCurves.from_arrays([rows for _, rows in expected])
            np.testing.assert_array_equal(rows, embedder.transform(curves))
        return "right"

    strategy = (
        st.sampled_from(X_OF).flatmap(cases).filter(lambda case: case["on_invalid"] == "raise")
    )
    tally("input", "transform of an estimator", **try_all(strategy, examples, check_one))


@pytest.mark.reliability
@pytest.mark.parametrize("way", [way for way in DEFECTS if way not in (*GRIDS, "list")])
def test_a_million_observations_of_one_object(way, tmp_path, tally):
    n = 10**6
    rng = np.random.default_rng(0)
    rows = np.c_[rng.permutation(n) / 8, rng.normal(15, 0.1, n), rng.uniform(0.1, 0.2, n)]
    frame = pd.DataFrame(rows, columns=FIELDS).assign(oid="star")
    lists = {name: pa.array([rows[:, k]]) for k, name in enumerate(FIELDS)}
    path = tmp_path / "million.parquet"
    if "parquet" in way:
        table = pa.table({"oid": ["star"], **lists}) if "list" in way else pa.table(frame)
        pq.write_table(table, path, row_group_size=200_000)
    read = {
        "constructor": lambda: LightCurves(*rows.T, offsets=[0, n]),
        "arrays": lambda: LightCurves.from_arrays([rows]),
        "series": lambda: as_light_curves(pd.Series([rows])),
        "3-D": lambda: as_light_curves(rows[None]),
        "frame": lambda: LightCurves.read(frame),
        "frame by index": lambda: LightCurves.read(frame.set_index("oid")),
        "long parquet": lambda: LightCurves.read(path),
        "mapped parquet": lambda: LightCurves.open_parquet(path, cache_dir=tmp_path),
        "list parquet": lambda: LightCurves.read(path),
        "nested": lambda: as_light_curves(pa.StructArray.from_arrays(list(lists.values()), FIELDS)),
    }
    np.testing.assert_array_equal(read[way]()[0], rows[np.argsort(rows[:, 0])])
    tally("input", f"10^6 observations of one object, {way}", right=1)
