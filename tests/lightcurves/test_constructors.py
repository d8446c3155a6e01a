"""What other packages hold light curves in: astropy, lightkurve, aeon, TensorFlow's records."""

import gzip
import shutil
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pytest
import torch
from embedders import make_embedder

from sklearn_astromer import AstromerEmbedder, LightCurves, as_light_curves
from sklearn_astromer.datasets import load_tfrecords
from sklearn_astromer.lightcurves.conversion import is_grid

DATA = Path(__file__).parents[1] / "data"
TIME = np.array([58002.25, 58000.5, 58001.0])
MAG = np.array([15.5, 15.25, 16.0])
ERR = np.array([0.5, 0.25, 0.125])
CURVE = LightCurves.from_arrays([np.c_[TIME, MAG, ERR]])
SHORT = [np.c_[TIME, MAG], np.c_[TIME[:1], MAG[:1]]]


# -- masks and units -----------------------------------------------------------------------------


def test_masked_magnitudes_are_missing_wherever_the_mask_is():
    masked = np.ma.masked_equal([15.5, 0.0, 16.0], 0)
    expected = LightCurves.from_grid([[15.5, np.nan, 16.0]])
    assert LightCurves.from_grid([masked]) == expected
    assert LightCurves.from_grid(np.ma.stack([masked])) == expected
    with pytest.raises(ValueError, match="mag = nan"):
        LightCurves.from_arrays([[TIME, masked]], axis=1)
    with pytest.raises(ValueError, match="mag = nan"):
        LightCurves(TIME, masked, offsets=[0, 3])
    band = np.ma.array(["g", "r"], mask=[False, True])
    assert LightCurves(TIME[:2], MAG[:2], offsets=[0, 1, 2], band=band).band.tolist() == ["g", ""]


def test_flat_columns_with_units():
    units = pytest.importorskip("astropy.units")
    masked = pytest.importorskip("astropy.utils.masked")
    time = pytest.importorskip("astropy.time")
    for given in (TIME * units.day, (TIME * 24) * units.hour, time.Time(TIME, format="mjd")):
        found = LightCurves(given, MAG * 1000 * units.mmag, ERR * units.mag, offsets=[0, 3])
        np.testing.assert_allclose(found[0], CURVE[0], rtol=1e-14)
    with pytest.raises(ValueError, match="time is in m: no times"):
        LightCurves(TIME * units.m, MAG, offsets=[0, 3])
    with pytest.raises(ValueError, match="mag is in Jy: no magnitudes"):
        LightCurves(TIME, MAG * units.Jy, offsets=[0, 3])
    with pytest.raises(ValueError, match="mag = nan"):
        LightCurves(TIME, masked.Masked(MAG, mask=[False, True, False]), offsets=[0, 3])


def test_units_at_the_other_doors():
    units = pytest.importorskip("astropy.units")
    flux = np.array([1.0, 2.0, 3.0]) * units.Jy
    plain = LightCurves.from_flux(TIME, flux.value, [0.05] * 3, offsets=[0, 3])
    for error in ([50.0] * 3 * units.mJy, [0.05] * 3 * units.Jy, [0.05] * 3):
        found = LightCurves.from_flux(TIME * 24 * units.h, flux, error, offsets=[0, 3])
        for column, expected in zip(found._flat[:3], plain._flat[:3], strict=True):
            np.testing.assert_allclose(column, expected, rtol=1e-14)
    with pytest.raises(ValueError, match="flux_err is in m, which is no Jy"):
        LightCurves.from_flux(TIME, flux, flux.value * units.m, offsets=[0, 3])
    grid = LightCurves.from_grid([MAG * 1000] * units.mmag, TIME * 24 * units.h)
    assert grid == LightCurves.from_grid([MAG], TIME)
    assert LightCurves.from_grid([MAG] * units.one, TIME) == LightCurves.from_grid([MAG], TIME)
    with pytest.raises(ValueError, match="is in Jy: no magnitudes"):
        LightCurves.from_grid([MAG] * units.Jy)
    with pytest.raises(ValueError, match="object 0: times and magnitudes have no unit in common"):
        LightCurves.from_arrays([CURVE[0] * units.h])
    frame = pd.DataFrame([MAG], columns=["unit", "b", "c"])  # which is no unit
    assert len(LightCurves.from_grid(frame, TIME)) == 1


# -- astropy -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def astropy():
    pytest.importorskip("astropy")
    import astropy.table
    import astropy.time
    import astropy.timeseries
    import astropy.units

    return astropy


def series(astropy, **columns):
    return astropy.timeseries.TimeSeries(
        time=astropy.time.Time(TIME, format="mjd"), data=columns or {"mag": MAG, "mag_err": ERR}
    )


def test_time_series(astropy):
    X = [series(astropy), series(astropy)[:1]]
    assert not is_grid(X)
    found = as_light_curves(X)
    assert found.lengths.tolist() == [3, 1]
    np.testing.assert_array_equal(found[0], CURVE[0])
    assert as_light_curves(np.array([X[0], None], dtype=object)[:1]) == CURVE
    named = LightCurves.from_arrays(X, ids=["a", "b"])
    assert named.ids.tolist() == ["a", "b"]
    cells = pd.Series(X, index=["a", "b"])
    assert as_light_curves(cells) == as_light_curves(pd.DataFrame({"lc": cells})) == named
    embedder = make_embedder(d_model=8, n_heads=2, d_ff=8, max_epochs=0, random_state=0)
    np.testing.assert_array_equal(embedder.fit_transform(X), embedder.fit_transform(found))


@pytest.mark.parametrize("format", ["mjd", "jd", "iso"])
def test_any_format_of_time(astropy, format):
    time = astropy.time.Time(astropy.time.Time(TIME, format="mjd"), format=format)
    table = astropy.table.QTable({"observed": time, "psfMag": MAG, "psfMagErr": ERR})
    np.testing.assert_allclose(as_light_curves([table])[0], CURVE[0], rtol=0, atol=1e-9)


def test_units_are_turned_into_days_and_magnitudes(astropy):
    u = astropy.units
    table = astropy.table.QTable(
        {"t": (TIME - 58000) * 24 * u.hour, "mag": MAG * u.ABmag, "err": ERR * 1000 * u.mmag}
    )
    expected = LightCurves.from_arrays([np.c_[TIME - 58000, MAG, ERR]])
    np.testing.assert_allclose(as_light_curves([table])[0], expected[0], rtol=1e-12)
    plain = astropy.table.Table({"mjd": TIME, "mag": MAG, "sigma": ERR})
    assert as_light_curves([plain]) == CURVE
    folded = series(astropy)
    folded = astropy.table.QTable({"time": folded.time - folded.time[0], "mag": MAG})
    np.testing.assert_allclose(as_light_curves([folded])[0][:, 0], np.sort(TIME - TIME[0]))
    for column, message in [
        ({"time": TIME * u.m, "mag": MAG}, "object 0: column 'time' .* no time"),
        ({"time": TIME, "mag": MAG * u.Jy}, "object 0: column 'mag' has a unit of flux"),
        ({"time": TIME, "mag": ["a", "b", "c"]}, "object 0: column 'mag' has 'a' in row 0, no num"),
        ({"time": TIME, "m": MAG}, "no column was recognised as the mag or flux among"),
        ({"when": TIME, "mag": MAG}, "no column was recognised as the time among"),
    ]:
        with pytest.raises((ValueError, TypeError), match=message):
            as_light_curves([astropy.table.QTable(column)])


def test_advice_names_what_the_door_takes():
    """`from_arrays` takes no names of columns, `from_nested` some; `read` takes all."""
    tables = [pd.DataFrame({"mjd": TIME, "v": MAG})] * 2
    message = r"pass LightCurves.read\(…, mag=…\), or LightCurves.read\(…, flux=…\)$"
    with pytest.raises(ValueError, match=message) as caught:
        LightCurves.from_arrays(tables)
    assert "object 0: no column" in str(caught.value)
    assert sorted(LightCurves.read(tables[0], mag="v").mag) == sorted(MAG)
    fluxes = [pd.DataFrame({"mjd": TIME, "flux": MAG})]
    with pytest.warns(UserWarning, match=r"no unit.*\(LightCurves.read\(…, zero_point=…\)\)"):
        LightCurves.from_arrays(fluxes)
    with pytest.raises(ValueError, match=r"mag = nan.*pass on_invalid='drop' to leave"):
        LightCurves.from_arrays([pd.DataFrame({"mjd": TIME, "mag": [15, np.nan, 16]})])


def test_masked_values_are_missing(astropy):
    masked = astropy.table.MaskedColumn(MAG, mask=[False, True, False])
    curve = series(astropy, mag=masked)
    with pytest.raises(ValueError, match=r"object 0 .*mag = nan"):
        as_light_curves([curve])
    with pytest.warns(UserWarning, match=r"1 without time or brightness"):
        kept = LightCurves.from_arrays([curve], on_invalid="drop")
    np.testing.assert_array_equal(kept.mag, [16.0, 15.5])
    quantity = astropy.utils.masked.Masked(MAG * astropy.units.mag, mask=[False, False, True])
    with pytest.warns(UserWarning, match=r"1 without time or brightness"):
        kept = LightCurves.from_arrays([series(astropy, mag=quantity)], on_invalid="drop")
    np.testing.assert_array_equal(kept.mag, [15.25, 15.5])


def test_bands_do_not_mix(astropy):
    table = series(astropy, mag=MAG, band=["g", "r", "g"])
    with pytest.raises(ValueError, match=r"object 0.*several bands \(g, r\)"):
        as_light_curves([table])
    assert len(as_light_curves([table[::2]]).time) == 2


def test_a_bare_table_is_refused(astropy):
    curve = series(astropy)
    with pytest.raises(ValueError, match=r"X is one TimeSeries, a light curve: pass \[X\]"):
        as_light_curves(curve)
    long = astropy.table.Table({"oid": [1, 1, 2], "mjd": TIME, "mag": MAG})
    with pytest.raises(ValueError, match=r"LightCurves.read\(table\)"):
        AstromerEmbedder(None).fit(long)
    assert len(LightCurves.read(long)) == 2


def test_fluxes_become_magnitudes(astropy):
    flux = 10 ** (-0.4 * MAG) * astropy.units.Unit("electron / s")
    curve = series(astropy, flux=flux, flux_err=flux / 100)
    found = as_light_curves([series(astropy), curve])  # each by itself
    np.testing.assert_array_equal(found[0], CURVE[0])
    np.testing.assert_allclose(found[1][:, 1], CURVE.mag, atol=1e-3)
    np.testing.assert_allclose(found[1][:, 2], 2.5 / np.log(10) / 100, rtol=1e-3)
    jansky = series(astropy, flux=10 ** (-0.4 * (MAG - 8.9)) * astropy.units.Jy)
    np.testing.assert_allclose(as_light_curves([jansky]).mag, CURVE.mag, atol=1e-3)
    with pytest.raises(ValueError, match="object 0: no column was recognised as the mag or flux"):
        as_light_curves([series(astropy, brightness=flux)])


# -- lightkurve ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lightkurve():
    return pytest.importorskip("lightkurve")


def test_lightkurve(lightkurve, astropy):
    mag = astropy.units.mag
    curve = lightkurve.LightCurve(time=TIME + 2400000.5, flux=MAG * mag, flux_err=ERR * mag)
    np.testing.assert_allclose(as_light_curves([curve, curve])[1], CURVE[0], rtol=0, atol=1e-9)
    collection = lightkurve.LightCurveCollection([curve, curve[:1]])
    assert as_light_curves(collection).lengths.tolist() == [3, 1]
    with pytest.raises(ValueError, match=r"X is one LightCurve.*pass \[X\]"):
        as_light_curves(curve)


def test_lightkurve_fluxes(lightkurve):
    """As a mission gives them: counts, gaps that are NaN, a time of its own."""
    time = np.linspace(100, 180, 300)
    flux = 1000 * (1 + 0.1 * np.sin(time))
    flux[[5, 80]] = np.nan, -3.0
    curve = lightkurve.KeplerLightCurve(time=time, flux=flux)
    found = as_light_curves([curve.remove_nans()])
    assert found.lengths.tolist() == [299]
    assert np.isfinite(found.mag).all()
    np.testing.assert_allclose(np.ptp(found.time), 80)
    bright = found.mag < -6  # all but the negative flux
    assert bright.sum() == 298
    np.testing.assert_allclose(np.ptp(found.mag[bright]), 2.5 * np.log10(1.1 / 0.9), rtol=1e-2)


# -- aeon ----------------------------------------------------------------------------------------


def channels(lengths, n_channels=2):
    rng = np.random.default_rng(0)
    return [
        np.stack([np.sort(rng.uniform(0, 99, n)), *rng.normal(15, 0.2, (n_channels - 1, n))])
        for n in lengths
    ]


@pytest.mark.parametrize("n_channels", [2, 3])
def test_channels_by_timepoints(n_channels):
    X = channels([5, 40, 2, 1], n_channels)
    expected = LightCurves.from_arrays([c.T for c in X])
    assert LightCurves.from_arrays(X, axis=1) == expected
    same = np.stack(channels([30, 30], n_channels))
    assert LightCurves.from_arrays(same, axis=1) == LightCurves.from_arrays([c.T for c in same])
    named = LightCurves.from_arrays(pd.Series(X, index=list("abcd")), axis=1)
    assert named.ids.tolist() == list("abcd")
    frames = [
        pd.DataFrame({"mag": c[1], "mjd": c[0]}) for c in X
    ]  # told by name, whatever the axis
    assert LightCurves.from_arrays(frames, axis=1) == LightCurves.from_arrays(frames)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (channels([9, 8]), r"object 0 has shape \(2, 9\) .*from_arrays\(X, axis=1\)"),
        (np.stack(channels([9, 9])), r"object 0 has shape \(2, 9\) .*from_arrays\(X, axis=1\)"),
        ([np.zeros((1, 40)), np.zeros((1, 30))], r"object 0 has shape \(1, 40\) .*has no times"),
        (np.zeros((4, 1, 30)), r"object 0 has shape \(1, 30\) .*LightCurves.from_grid"),
    ],
)
def test_collections_of_aeon_are_not_guessed(X, message):
    with pytest.raises(ValueError, match=message):
        as_light_curves(X)


def test_axis_is_one_of_two():
    with pytest.raises(ValueError, match="axis must be 0 or 1, got 2"):
        LightCurves.from_arrays(SHORT, axis=2)
    with pytest.raises(ValueError, match=r"object 1 has shape \(1, 2\): expected \(2, n\) or \(3"):
        LightCurves.from_arrays(SHORT, axis=1)


# -- TFRecords, written by TensorFlow ------------------------------------------------------------


@pytest.fixture(scope="module")
def expected():
    return [curve for _, curve in sorted(np.load(DATA / "records.npz").items())]


def test_records_of_the_official_library(expected):
    """Written by `ASTROMER.core.data.get_example` of astromer 0.1.8."""
    curves, labels = load_tfrecords(DATA / "astromer1.record")
    assert curves.ids.tolist() == ["1.3444.600", "1.3444.601", "1.3444.602"]
    assert labels.tolist() == [0, 1, 0]
    assert curves.band is None
    for found, curve in zip(curves, expected, strict=True):
        np.testing.assert_array_equal(found, curve.astype(np.float64))


def test_records_of_the_second_generation(expected):
    """As the code of ASTROMER 2 builds them from its config.toml."""
    curves, labels = load_tfrecords(DATA / "astromer2.record")
    assert curves.ids.tolist() == ["lc-0", "lc-1", "lc-2"]
    assert labels.tolist() == ["RRab", "EC", "RRab"]
    assert curves.band.tolist() == ["R"] * 3
    for found, curve in zip(curves, expected, strict=True):
        np.testing.assert_array_equal(found, curve.astype(np.float64))
    numbers = load_tfrecords(DATA / "astromer2.record", label="Label")[1]
    assert numbers.tolist() == [3, -1, 3]
    shards = load_tfrecords(DATA / "astromer2.record", label="shard", id="ID", mag_err="errmag")
    assert shards[1].tolist() == [0, 0, 0]


def test_folders_and_lists(tmp_path, expected):
    with pytest.raises(FileNotFoundError, match="there is no TFRecord"):
        load_tfrecords(tmp_path)
    (tmp_path / "train" / "RRab").mkdir(parents=True)
    shutil.copy(DATA / "astromer1.record", tmp_path / "train" / "RRab" / "chunk_0.record")
    (tmp_path / "objects.csv").write_text("label,size")
    assert len(load_tfrecords(tmp_path)[0]) == 3
    both = [DATA / "astromer1.record", DATA / "astromer2.record"]
    with pytest.raises(ValueError, match=r"astromer2.record, record 0: feature .* has 0 values"):
        load_tfrecords(both)
    with pytest.raises(ValueError, match=r"object '1.3444.600' appears more than once"):
        load_tfrecords([both[0], both[0]])
    with pytest.raises(ValueError, match="list of TFRecords is empty"):
        load_tfrecords([])
    with pytest.raises(FileNotFoundError, match=r"gone\.record"):
        load_tfrecords(tmp_path / "gone.record")


@pytest.mark.parametrize("name", ["astromer1", "astromer2"])
def test_any_changed_byte_is_found(tmp_path, name):
    content = (DATA / f"{name}.record").read_bytes()
    path = tmp_path / "bad.record"
    for i in range(0, len(content), 3):
        bad = bytearray(content)
        bad[i] ^= 1 << i % 8
        path.write_bytes(bad)
        with pytest.raises(ValueError, match=r"bad\.record"):
            load_tfrecords(path)
    for length in sorted({*range(1, len(content), 3), *ends(content)} - {len(content)}):
        path.write_bytes(content[:length])
        if length in ends(content):
            assert 0 < len(load_tfrecords(path)[0]) < 3
        else:
            with pytest.raises(ValueError, match=r"bad\.record: (cut off|no TFRecord|wrong)"):
                load_tfrecords(path)


def ends(content):
    """Where a record ends."""
    at = 0
    while at < len(content):
        at += struct.unpack_from("<Q", content, at)[0] + 16
        yield at


def test_what_is_no_record_of_light_curves(tmp_path):
    path = tmp_path / "some.record"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="there is no record in"):
        load_tfrecords(path)
    path.write_bytes(gzip.compress((DATA / "astromer1.record").read_bytes()))
    with pytest.raises(ValueError, match=r"some\.record: no TFRecord.*compressed"):
        load_tfrecords(path)
    path.write_text("time,mag\n1,15\n" * 9)
    with pytest.raises(ValueError, match=r"some\.record: no TFRecord, or damaged at record 0"):
        load_tfrecords(path)


# -- TFRecords of shapes that TensorFlow could write as well ---------------------------------------


def varint(value):
    value %= 2**64
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def feature(value, packed=True):
    values = value if isinstance(value, (list, np.ndarray)) else [value]
    if isinstance(values[0], str):
        return field(1, b"".join(field(1, v.encode()) for v in values))
    if isinstance(values[0], (float, np.floating)):
        if packed:
            return field(2, field(1, np.asarray(values, "<f4").tobytes()))
        return field(2, b"".join(varint(1 << 3 | 5) + struct.pack("<f", v) for v in values))
    if packed:
        return field(3, field(1, b"".join(map(varint, values))))
    return field(3, b"".join(varint(1 << 3) + varint(v) for v in values))


def example(context, lists, packed=True, split=False):
    outer = b"".join(
        field(1, field(1, k.encode()) + field(2, feature(v, packed))) for k, v in context.items()
    )
    inner = b""
    for key, values in lists.items():
        parts = [[v] for v in values] if split else [values]
        each = b"".join(field(1, feature(part, packed)) for part in parts)
        inner += field(1, field(1, key.encode()) + field(2, each))
    return field(1, outer) + (field(2, inner) if lists else b"")


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def write(path, *contents):
    with path.open("wb") as file:
        for content in contents:
            size = struct.pack("<Q", len(content))
            file.write(size + masked_crc(size) + content + masked_crc(content))
    return path


LISTS = {"t": [2.0, 1.0], "mag": [15.5, 15.0]}


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("split", [True, False])
def test_other_ways_to_write_the_same(tmp_path, packed, split):
    path = write(tmp_path / "a.record", example({"id": 7, "label": -2}, LISTS, packed, split))
    curves, labels = load_tfrecords(path)
    assert curves.ids.tolist() == [7]
    assert labels.tolist() == [-2]
    np.testing.assert_array_equal(curves[0], [[1.0, 15.0], [2.0, 15.5]])


def test_no_label_and_dropped_objects(tmp_path):
    nan = {"t": [1.0], "mag": [np.nan]}
    path = write(tmp_path / "a.record", example({"id": "a"}, LISTS))
    assert load_tfrecords(path)[1] is None
    path = write(
        tmp_path / "b.record",
        *(example({"id": i, "label": i}, nan if i == 1 else LISTS) for i in range(3)),
    )
    with pytest.raises(ValueError, match="object 1 "):
        load_tfrecords(path)
    with pytest.warns(UserWarning, match="dropped objects without observations"):
        curves, labels = load_tfrecords(path, on_invalid="drop")
    assert curves.ids.tolist() == labels.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("context", "lists", "options", "message"),
    [
        ({"id": "a"}, {}, {}, "not a SequenceExample"),
        ({"id": ["a", "b"]}, LISTS, {}, "feature 'id' has 2 values"),
        ({"name": "a"}, LISTS, {}, "no feature was recognised as the id"),
        ({"id": "a"}, {"x": [1.0], "mag": [2.0]}, {}, "no feature was recognised as the time"),
        ({"id": "a"}, {**LISTS, "mag": [15.0]}, {}, r"different lengths: \[1, 2\]"),
        ({"id": "a", "length": 3}, LISTS, {}, r"different lengths: \[2, 3\]"),
        ({"id": "a"}, {**LISTS, "mag": ["x", "y"]}, {}, "holds text"),
        ({"id": "a"}, LISTS, {"label": "class"}, r"no feature 'class' \(label=\)"),
        ({"id": "a"}, LISTS, {"time": "mjd"}, r"no feature 'mjd' \(time=\)"),
    ],
)
def test_records_of_something_else(tmp_path, context, lists, options, message):
    path = write(tmp_path / "a.record", example(context, lists))
    with pytest.raises(ValueError, match=rf"a\.record, record 0: .*{message}"):
        load_tfrecords(path, **options)


@pytest.mark.parametrize(
    "made",
    [
        lambda a: LightCurves.from_arrays([[[np.float32(x) for x in row] for row in a]]),
        lambda a: LightCurves.from_arrays([torch.from_numpy(a)]),
        lambda a: LightCurves.from_arrays(torch.from_numpy(a)[None]),
        lambda a: LightCurves(*torch.from_numpy(a).T, offsets=[0, len(a)]),
        lambda a: LightCurves(*map(polars.Series, a.T), offsets=[0, len(a)]),
        lambda a: LightCurves(*map(pa.array, a.T), offsets=[0, len(a)]),
        lambda a: LightCurves(pd.Series(a[:, 0]).astype("Float32"), a[:, 1], offsets=[0, len(a)]),
        lambda a: LightCurves(pd.Series(a[:, 0]).astype("float[pyarrow]"), a[:, 1], offsets=[0, 9]),
        lambda a: LightCurves.from_flux(*torch.from_numpy(a).T, offsets=[0, len(a)]),
        lambda a: LightCurves.from_grid(a[:, 1][None], a[:, 0]),
        lambda a: LightCurves.from_grid(a[:, 1][None], torch.from_numpy(a)[:, 0]),
        lambda a: LightCurves.from_grid(pd.DataFrame(a[:, 1][None], columns=a[:, 0])),
    ],
)
def test_julian_dates_in_float32_are_refused(made):
    dates = np.c_[2458000.3 + np.arange(9.0), np.full(9, 15.0)]
    with pytest.raises(ValueError, match="times near 2458008 in float32 are rounded to 6 hours"):
        as_light_curves(made(dates.astype(np.float32)))
    as_light_curves(made((dates - [2458000, 0]).astype(np.float32)))


def test_times_that_name_the_columns_of_a_grid():
    rows = pd.DataFrame({"id": [1, 1, 2], "mjd": [58000.0, 58002.5, 58000.0], "mag": [15, 16, 17]})
    wide = rows.pivot(index="id", columns="mjd", values="mag")
    expected = LightCurves([58000, 58002.5, 58000], [15, 16, 17], offsets=[0, 2, 3], ids=[1, 2])
    assert LightCurves.from_grid(wide) == as_light_curves(wide) == expected
    assert LightCurves.from_grid(wide, [1, 2])[0].tolist() == [[1, 15], [2, 16]]
    embedder = make_embedder(d_model=16, max_epochs=0).fit(wide)
    np.testing.assert_array_equal(embedder.transform(wide), embedder.transform(expected))
    named = wide.set_axis(["a", "b"], axis=1)
    assert as_light_curves(named)[0].tolist() == [[0, 15], [1, 16]]
