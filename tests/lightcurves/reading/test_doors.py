"""The same table gives the same light curves and the same report through every door.

Tables are made from the entries of the registry: a new survey is tested as soon as it is there.
"""

import functools
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from made_tables import EACH, FIRST_DAY, in_lists, make

from sklearn_astromer import LightCurves
from sklearn_astromer.cli import main
from sklearn_astromer.cli.catalogs import Catalog
from sklearn_astromer.cli.commands import CLI
from sklearn_astromer.lightcurves.reading.report import MOST_REASONS
from sklearn_astromer.lightcurves.surveys.registry import BY_NAME, SURVEYS

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
EVERY_SURVEY = pytest.mark.parametrize("survey", SURVEYS, ids=lambda survey: survey.name)


def csv(made, folder):
    path = folder / "table.csv"
    made.frame.to_csv(path, index=False)
    return path


def json_records(made, folder):
    path = folder / "table.json"
    made.frame.to_json(path, orient="records", double_precision=15)
    return path


def parquet(made, folder):
    path = folder / "table.parquet"
    pq.write_table(arrow(made), path)
    return path


def parquet_of_lists(made, folder):
    path = folder / "table.parquet"
    pq.write_table(arrow_lists(made), path)
    return path


def parquet_of_structs(made, folder):
    path = folder / "table.parquet"
    pq.write_table(arrow_structs(made), path)
    return path


def astropy(made, _=None):
    return pytest.importorskip("astropy.table").Table.from_pandas(made.frame)


def fits(made, folder):
    path = folder / "table.fits"
    astropy(made).write(path)
    return path


def pandas_lists(made, _=None):
    return in_lists(made)


def polars(made, _=None):
    return pytest.importorskip("polars").from_arrow(arrow(made))


def polars_lists(made, _=None):
    return pytest.importorskip("polars").from_arrow(arrow_lists(made))


def arrow(made, _=None):
    return pa.Table.from_pandas(made.frame, preserve_index=False)


def arrow_lists(made, _=None):
    return pa.Table.from_pandas(in_lists(made), preserve_index=False)


def arrow_structs(made, _=None):
    table = arrow_lists(made)
    names = [name for name in table.column_names if name != made.id]
    rows = [
        [dict(zip(names, values, strict=True)) for values in zip(*lists, strict=True)]
        for lists in zip(*(table[name].to_pylist() for name in names), strict=True)
    ]
    fields = pa.struct([(name, table.schema.field(name).type.value_type) for name in names])
    beside = {made.id: table[made.id]} if made.id else {}
    return pa.table({**beside, "lightcurve": pa.array(rows, pa.list_(fields))})


def nested_pandas(made, _=None):
    NestedFrame = pytest.importorskip("nested_pandas").NestedFrame
    table = arrow_lists(made)
    names = [name for name in table.column_names if name != made.id]
    frame = NestedFrame(table.to_pandas(types_mapper=pd.ArrowDtype))
    return frame.nest_lists(names, "lightcurve")


def read(source, options):
    """Read by the library."""
    curves = LightCurves.read(source, **options)
    return curves, curves.report


def opened(source, options):
    """Map Parquet into memory."""
    curves = LightCurves.open_parquet(source, cache_dir=source.parent / "mapped", **options)
    column = curves.time
    while not isinstance(column, np.memmap) and column.base is not None:
        column = column.base
    assert isinstance(column, np.memmap)
    return curves, curves.report


def by_command(source, options):
    """Read as the command line does."""
    words = [str(source), *(f"--{name}={value}" for name, value in options.items())]
    context = CLI.commands["inspect"].make_context("inspect", words)
    catalog = Catalog(SimpleNamespace(**context.params))
    catalog._cache_dir = source.parent / "mapped"
    return catalog.whole(), catalog.report


DOORS = [
    *((read, source) for source in (csv, json_records, fits, astropy)),
    *((read, source) for source in (polars, arrow, parquet)),
    *((read, source) for source in (pandas_lists, polars_lists, arrow_lists, parquet_of_lists)),
    *((read, source) for source in (arrow_structs, nested_pandas, parquet_of_structs)),
    *((opened, source) for source in (parquet, parquet_of_lists, parquet_of_structs)),
    *((by_command, source) for source in (csv, json_records)),
    *((by_command, source) for source in (parquet, parquet_of_lists, parquet_of_structs)),
]


def through(door, source, made, folder):
    """Return what a door gives of a table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return door(source(made, folder), made.options)


@functools.cache
def of_frame(name):
    """Return a table, and what its DataFrame gives, which the other doors must equal."""
    made = make(BY_NAME[name])
    curves, report = through(read, lambda made, _: made.frame, made, None)
    return made, curves, report


@EVERY_SURVEY
def test_a_table_of_every_survey_is_read_by_its_entry(survey):
    made, curves, report = of_frame(survey.name)
    assert (report.survey, report.title) == (survey.name, survey.title)
    assert (report.rows, report.left_out) == (made.rows, made.left_out)
    assert report.kept == len(curves.time) == made.rows - sum(made.left_out.values())
    bands = [""] * len(curves) if curves.band is None else curves.band.tolist()
    assert sorted(bands) == sorted(made.bands)
    assert len(set(curves.ids)) == (2 if made.id else 1)
    if len(survey.brightness) == 1:  # of several, a row may be bad on one side
        assert (curves.lengths == EACH).all()
        days = FIRST_DAY + np.arange(EACH * len(made.bands))
        assert np.unique(curves.time.round(6)).tolist() == days.tolist()


@pytest.mark.parametrize(
    ("door", "source"), DOORS, ids=lambda each: getattr(each, "__name__", None)
)
@EVERY_SURVEY
def test_every_door_gives_the_same(survey, door, source, tmp_path):
    made, expected, told = of_frame(survey.name)
    curves, report = through(door, source, made, tmp_path)
    np.testing.assert_array_equal(curves.offsets, expected.offsets)
    np.testing.assert_array_equal(curves.time, expected.time)
    np.testing.assert_array_equal(curves.mag, expected.mag)
    assert (curves.mag_err is None) == (expected.mag_err is None)
    if expected.mag_err is not None:
        np.testing.assert_array_equal(curves.mag_err, expected.mag_err)
    assert (curves.band is None) == (expected.band is None)
    if expected.band is not None:
        assert curves.band.tolist() == expected.band.tolist()
    columns = dict(report.columns)
    if made.id:
        assert curves.ids.dtype == expected.ids.dtype
        assert curves.ids.tolist() == expected.ids.tolist()
    else:  # a file names its one object, a row with lists its place
        assert len(np.unique(curves.ids)) == 1
        columns.pop("id", None)
    assert columns == told.columns
    for name in ("survey", "title", "rows", "kept", "left_out", "skipped"):
        assert getattr(report, name) == getattr(told, name)


@EVERY_SURVEY
def test_the_command_line_prints_the_report_of_the_library(survey, tmp_path, home, capsys):
    made, _, report = of_frame(survey.name)
    words = [f"--{name}={value}" for name, value in made.options.items()]
    assert main(["inspect", str(csv(made, tmp_path)), *words]) == 0
    said = capsys.readouterr().out
    assert f"read as {survey.name} ({survey.title}): {made.rows} observations" in said
    if made.left_out:
        assert f"left out {sum(made.left_out.values())}: " in said
    for reason, n in sorted(made.left_out.items(), key=lambda pair: -pair[1])[:MOST_REASONS]:
        assert (
            f"{n} {reason} (first in object {report.first[reason] if made.id else 'table'})" in said
        )


STARS = {
    "ID": [1, 2],
    "MJD": [[58000.1, 58001.1, 58002.1], [58000.2, 58001.2]],
    "MAG": [[15.0, 15.1, 15.2], [14.0, 14.1]],
    "FILTER": [["g", "g", "r"], ["g", "g"]],
}


def padded(rows, missing):
    return np.array([row + [missing] * (3 - len(row)) for row in rows])


def vectors(kind):
    """A table of astropy of one row a star."""
    table = pytest.importorskip("astropy.table")
    if kind == "objects":
        cells = {name: np.empty(2, dtype=object) for name in ("MJD", "MAG")}
        for name, column in cells.items():
            column[:] = [np.array(row) for row in STARS[name]]
        return table.Table({"ID": STARS["ID"], **cells})
    times, mags = padded(STARS["MJD"], np.nan), padded(STARS["MAG"], np.nan)
    if kind == "masked":
        gone = np.isnan(times)
        times = table.MaskedColumn(np.nan_to_num(times), mask=gone)
        mags = table.MaskedColumn(np.nan_to_num(mags, nan=99.0), mask=gone)
    if kind == "hours":
        times = times * 24 * pytest.importorskip("astropy.units").hour
    made = {"ID": STARS["ID"], "MJD": times, "MAG": mags}
    return table.QTable(made | {"FILTER": padded(STARS["FILTER"], "")})


@pytest.mark.parametrize("file", [None, "a.fits", "a.vot", "a.ecsv"])
@pytest.mark.parametrize("kind", ["floats", "masked", "hours", "objects"])
def test_vectors_of_astropy_are_lists(kind, file, tmp_path):
    source = vectors(kind)
    if file == "a.vot" and kind != "objects":
        source.remove_column("FILTER")  # which astropy cannot write
    columns = source.colnames
    if file is not None:
        kinds = {"a.vot": {"format": "votable"}, "a.ecsv": {"format": "ascii.ecsv"}}
        source.write(tmp_path / file, **kinds.get(file, {}))
        source = tmp_path / file
    expected = LightCurves.read(pd.DataFrame(STARS)[columns])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the padding
        found = LightCurves.read(source)
    np.testing.assert_allclose(found.time, expected.time, rtol=0, atol=1e-9)
    assert found.mag.tolist() == expected.mag.tolist()
    assert found.ids.tolist() == expected.ids.tolist()
    assert (found.band is None) == ("FILTER" not in columns)


@pytest.mark.parametrize("shape", [(2,), (2, 2)])
@pytest.mark.parametrize("file", [None, "a.fits", "a.ecsv"])
def test_times_of_astropy(file, shape, tmp_path):
    time = pytest.importorskip("astropy.time")
    table = pytest.importorskip("astropy.table")
    days = 58000.1 + np.arange(np.prod(shape)).reshape(shape)
    source = table.Table({"time": time.Time(days, format="mjd"), "mag": days / 4000})
    if file is not None:
        source.write(tmp_path / file, **({"format": "ascii.ecsv"} if "ecsv" in file else {}))
        source = tmp_path / file
    curves = LightCurves.read(source)
    np.testing.assert_allclose(curves.time, days.ravel(), rtol=0, atol=1e-9)
    assert len(curves) == (1 if len(shape) == 1 else 2)


def test_vectors_beside_one_time_a_row_are_left_out():
    """As of apertures."""
    table = pytest.importorskip("astropy.table")
    made = {"MJD": [58000.1, 58001.1], "MAG": [15.0, 15.1], "APER": np.ones((2, 3))}
    assert LightCurves.read(table.Table(made)).mag.tolist() == [15.0, 15.1]
    with pytest.raises(ValueError, match="no column was recognised as the mag or flux among 'MJD'"):
        LightCurves.read(table.Table({"MJD": made["MJD"], "APER": made["APER"]}))
    with pytest.raises(ValueError, match="'APER' has several values a row, and the times have one"):
        LightCurves.read(table.Table(made), mag="APER")
    one = {name: np.array(made[name])[:, None] for name in ("MJD", "MAG")}
    assert LightCurves.read(table.Table(one)).mag.tolist() == [15.0, 15.1]


PLAIN = pd.DataFrame({"mjd": [58000.1, 58001.1], "mag": [15.0, 15.1]})


@pytest.mark.parametrize(
    ("source", "ids", "band"),
    [
        (pd.concat({"S1": PLAIN, "S2": PLAIN}), ["S1", "S2"], None),
        (pd.concat({"S1": PLAIN, "S2": PLAIN}).droplevel(1), ["S1", "S2"], None),
        (pd.concat([PLAIN, PLAIN], keys=[7, 8]), [7, 8], None),
        (pd.concat({"g": PLAIN, "zr": PLAIN}), [0, 0], ["g", "zr"]),
        (pd.concat({("S1", "g"): PLAIN, ("S1", "r"): PLAIN}), ["S1", "S1"], ["g", "r"]),
        (pd.DataFrame(STARS, index=["A", "B"])[["MJD", "MAG"]], ["A", "B"], None),
    ],
)
@pytest.mark.filterwarnings("ignore:read as columns:UserWarning")
def test_an_index_without_a_name_tells_what_no_column_does(source, ids, band):
    with pytest.warns(UserWarning, match="index of the table, which has no name, is taken as the"):
        curves = LightCurves.read(source)
    assert curves.ids.tolist() == ids
    assert (None if curves.band is None else curves.band.tolist()) == band
    assert len(LightCurves.read(source, id=False)) == (1 if band is None else 2)
    assert LightCurves.read(source.assign(star_id="x")).ids.tolist() == ["x"] * len(band or [1])


def test_an_index_that_numbers_rows_tells_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert LightCurves.read(PLAIN.set_index(pd.Index([5, 3]))).ids.tolist() == [0]
    with pytest.warns(UserWarning, match="index of the table is not used, in which all texts"):
        assert LightCurves.read(PLAIN.set_index(pd.Index(["a", "b"]))).ids.tolist() == [0]
    several = pd.concat({"S1": PLAIN, "S2": PLAIN}).assign(name="N")
    with pytest.warns(UserWarning, match="index of the table is not used: a column tells the id"):
        assert LightCurves.read(several).ids.tolist() == ["N"]


def test_an_index_of_dates_is_the_time():
    dates = pd.DatetimeIndex(["2017-09-04", "2017-09-05"])
    assert LightCurves.read(PLAIN[["mag"]].set_index(dates)).time.tolist() == [58000.0, 58001.0]
    assert LightCurves.read(PLAIN.set_index(dates)).time.tolist() == [58000.1, 58001.1]
