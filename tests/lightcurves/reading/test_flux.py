"""Asinh magnitudes: what they must be by definition, and what embeddings make of them."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.lightcurves.flux import POGSON, asinh_magnitudes

ZERO_POINT = 27.5
FLUXES = arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e200, 1e200))
EXAMPLES = settings(max_examples=60, deadline=None)


def pogson(flux, zero_point=0.0):
    return zero_point - 2.5 * np.log10(flux)


@EXAMPLES
@given(FLUXES, st.sampled_from([None, 0.0, 1e-200, 1.0, 1e200, np.nan]))
def test_finite_for_every_finite_flux(flux, error):
    errors = None if error is None else np.full(len(flux), error)
    mag, mag_err = asinh_magnitudes(flux, errors, ZERO_POINT)
    assert np.isfinite(mag).all()
    assert (mag_err is None) == (errors is None)
    if errors is not None and np.isfinite(error):
        assert np.isfinite(mag_err).all()
        assert (mag_err >= 0).all()


@EXAMPLES
@given(st.floats(20.001, 1e4), st.floats(1e-9, 1e9), st.integers(0, 2**32 - 1))
def test_those_of_pogson_where_the_signal_is_strong(signal_to_noise, level, seed):
    """Within 1e-4 mag at the level of the object, for rows that are not much fainter than it."""
    rng = np.random.default_rng(seed)
    flux = level * 10 ** (-0.4 * rng.normal(0, 0.1, 25).clip(-0.3, 0.3))
    flux *= level / np.median(flux)
    error = np.full(25, level / signal_to_noise)
    mag, mag_err = asinh_magnitudes(flux, error, ZERO_POINT)
    np.testing.assert_allclose(mag, pogson(flux, ZERO_POINT), atol=1e-4)
    np.testing.assert_allclose(mag_err, POGSON * error / flux, rtol=2e-4)


@EXAMPLES
@given(FLUXES.filter(lambda flux: len(flux) > 1))
def test_brighter_is_smaller(flux):
    mag, _ = asinh_magnitudes(flux, np.ones(len(flux)))
    order = np.argsort(flux)
    assert (np.diff(mag[order]) <= 0).all()
    apart = np.diff(flux[order]) > 1e-6 * (1 + np.abs(flux).max())
    assert (np.diff(mag[order])[apart] < 0).all()


@pytest.mark.parametrize("level", [1000.0, 30.0, 5.0, 0.0, -3.0])
def test_errors_are_the_derivative(level):
    """One row is moved: the softening, a median, stays."""
    flux = np.linspace(level - 2, level + 2, 9)
    error = np.linspace(0.5, 1.5, 9)
    _, mag_err = asinh_magnitudes(flux, error)
    step = 1e-5
    for i in (0, 8):
        above, below = flux.copy(), flux.copy()
        above[i] += step
        below[i] -= step
        slope = (asinh_magnitudes(above, error)[0] - asinh_magnitudes(below, error)[0])[i]
        assert mag_err[i] == pytest.approx(-slope / (2 * step) * error[i], rel=1e-5)


@EXAMPLES
@given(
    arrays(np.float64, 12, elements=st.floats(-100, 1e5)),
    st.floats(1e-12, 1e12),
    st.floats(1e-3, 1e3),
)
def test_a_unit_shifts_by_a_constant(flux, scale, error):
    errors = np.linspace(0.5, 2, 12) * error
    mag, mag_err = asinh_magnitudes(flux, errors)
    other, other_err = asinh_magnitudes(flux * scale, errors * scale)
    np.testing.assert_allclose(mag - other, 2.5 * np.log10(scale), atol=1e-6)
    np.testing.assert_allclose(other_err, mag_err, rtol=1e-6)


@EXAMPLES
@given(
    arrays(np.float64, 12, elements=st.integers(-100, 10**5).map(float)),
    st.floats(1e-6, 1e6),
)
def test_a_unit_shifts_by_a_constant_without_errors(flux, scale):
    mag, none = asinh_magnitudes(flux)
    assert none is None
    shift = mag - asinh_magnitudes(flux * scale)[0]
    np.testing.assert_allclose(shift, shift[0], atol=1e-6)


def test_relative_fluxes_need_no_zero_point():
    flux = 1 + 0.1 * np.sin(np.arange(50.0))
    for error in (None, np.full(50, 1e-3), np.full(50, np.nan)):
        mag, _ = asinh_magnitudes(flux, error)
        np.testing.assert_allclose(mag, pogson(flux), atol=1e-4)


def test_objects_do_not_touch_each_other():
    flux, error = np.array([1000.0, 990.0, -0.5, 0.2]), np.array([5.0, 5.0, 1.0, 1.0])
    both, _ = asinh_magnitudes(flux, error, offsets=[0, 2, 4])
    apart = [asinh_magnitudes(flux[part], error[part])[0] for part in (slice(2), slice(2, 4))]
    np.testing.assert_array_equal(both, np.concatenate(apart))


def test_empty_and_missing():
    mag, mag_err = asinh_magnitudes([], [])
    assert len(mag) == len(mag_err) == 0
    mag, _ = asinh_magnitudes([np.nan, 100.0, np.inf], [1.0, 1.0, 1.0])
    assert np.isnan(mag[0])
    assert np.isfinite(mag[1])


def median_flux(curves):
    flux = 10 ** (-0.4 * (curves.mag - ZERO_POINT))
    parts = np.split(flux, curves.offsets[1:-1])
    return flux, np.repeat([np.median(part) for part in parts], curves.lengths)


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def test_embeddings_of_noisy_fluxes():
    """At a signal to noise of 10 they are those of the true magnitudes; see flux_noise.py."""
    stars = make_variable_stars(40, random_state=0)[0]
    embedder = AstromerEmbedder("surveys-periods-unlabelled", row=("mean", "std")).fit(stars)
    truth = embedder.transform(stars)
    rng = np.random.default_rng(0)
    flux, level = median_flux(stars)
    for ratio in (3, 10, 100):
        error = level / ratio
        noisy = flux + error * rng.normal(size=len(flux))
        curves = LightCurves.from_flux(
            stars.time, noisy, error, offsets=stars.offsets, zero_point=ZERO_POINT
        )
        rows = embedder.transform(curves)
        assert np.isfinite(rows).all()
        assert ratio > 3 or (noisy < 0).any()
        if ratio >= 10:
            assert np.quantile(cosines(rows, truth), 0.1) >= 0.99


SAME_FLUX = pd.DataFrame({"mjd": [1.0, 2.0, 3.0], "flux": 1000.0, "fluxerr": 1.0})


@pytest.mark.parametrize(
    "name",
    [
        "zp",
        "ZP",
        "zpt",
        "ZEROPT",
        "zeropoint",
        "zero_point",
        "magzpt",
        "magzp",
        "zp_AB",
        "zp [mag]",
    ],
)
def test_each_flux_has_its_zero_point(name):
    frame = SAME_FLUX.assign(**{name: [25.0, 26.0, 27.0], "zpsys": "ab"})
    curves = LightCurves.read(frame)
    np.testing.assert_allclose(curves.mag, [17.5, 18.5, 19.5], atol=1e-3)
    assert curves.report.remarks == []
    assert curves.report.unused == ["zpsys"]
    np.testing.assert_allclose(LightCurves.read(frame, zero_point=30).mag, 22.5, atol=1e-3)


def test_zero_points_of_files_that_are_read_by_columns(tmp_path):
    frame = SAME_FLUX.assign(objectid="a", zp=[25.0, 26.0, 27.0], other=1)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index=False)
    for file in ("a.parquet", "a.csv"):
        mag = LightCurves.read(tmp_path / file).mag
        np.testing.assert_allclose(mag, [17.5, 18.5, 19.5], atol=1e-3)


def test_zero_points_that_are_not_used():
    frame = SAME_FLUX.assign(zp=[25.0, 26.0, 27.0])
    with pytest.raises(ValueError, match=r"'zp', 'zpt' could all be the zero point: .*zero_point="):
        LightCurves.read(frame.assign(zpt=1.0))
    magnitudes = frame.rename(columns={"flux": "mag", "zp": "magzp"}).assign(mag=15.0)
    curves = LightCurves.read(magnitudes)  # as ZTF has them
    assert curves.mag.tolist() == [15.0] * 3
    assert curves.report.remarks == []
    with pytest.warns(UserWarning, match=r"zero points of column 'zp' were not used"):
        curves = LightCurves.read(frame.rename(columns={"flux": "flux [uJy]"}))
    np.testing.assert_allclose(curves.mag, 16.4, atol=1e-3)


def tns(units, fluxes=(17.3, 17.5, 17.4)):
    """Return the JSON of TNS, whose `flux` is a magnitude where its unit says so."""
    photometry = [
        {"jd": 2458000.5 + i, "flux": flux, "fluxerr": 0.1, "limflux": "", "flux_unit": unit}
        | {"filters": {"id": 21, "name": band}, "instrument": {"id": 1, "name": "Other"}}
        for i, (flux, unit, band) in enumerate(zip(fluxes, units, "grg", strict=True))
    ]
    return {"data": {"reply": {"objname": "2018abc", "photometry": photometry}}}


@pytest.mark.parametrize("unit", [{"id": 1, "name": "ABMag"}, "ABMag", {"name": "VegaMag"}])
def test_magnitudes_in_a_column_of_fluxes(tmp_path, unit):
    (tmp_path / "a.json").write_text(json.dumps(tns([unit] * 3)))
    curves = LightCurves.read(tmp_path / "a.json")
    assert curves.band.tolist() == ["g", "r"]
    assert curves.mag.tolist() == [17.3, 17.4, 17.5]
    assert curves.mag_err.tolist() == [0.1] * 3
    assert curves.report.remarks == []


def test_units_of_rows(tmp_path):
    frame = SAME_FLUX.assign(oid=1, flux_unit="Jy")
    for ending in ("csv", "parquet"):
        path = tmp_path / f"a.{ending}"
        getattr(frame, f"to_{ending}")(path, index=False)
        np.testing.assert_allclose(LightCurves.read(path).mag, 8.9 - 7.5, atol=1e-3)
    for units in (["ABMag", "mJy", "ABMag"], ["Jy", "mJy", "Jy"]):
        with pytest.raises(ValueError, match=r"column 'flux' is in .*mJy: read the rows of each"):
            LightCurves.read(frame.assign(flux_unit=units))


ZERO_POINTS = {"Jy": 8.9, "mJy": 16.4, "uJy": 23.9, "µJy": 23.9, "nJy": 31.4, "nanomaggies": 22.5}


@pytest.mark.parametrize("column", ["flux_unit", "fluxunits", "unit", "Flux Unit", "unit_flux"])
@pytest.mark.parametrize("unit", [*ZERO_POINTS, "microJy", "MJY", "erg/s/cm^2/Hz"])
def test_a_column_tells_the_unit(tmp_path, column, unit):
    right = ZERO_POINTS | {"microJy": 23.9, "MJY": None, "erg/s/cm^2/Hz": -48.6}
    frame = SAME_FLUX.assign(oid=1, ra=10.0, **{column: unit})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    for source in (frame, tmp_path / "a.csv", tmp_path / "a.parquet"):
        if right[unit] is None:
            with pytest.warns(UserWarning, match="fluxes are in MJY, whose zero point is not"):
                LightCurves.read(source)
            continue
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "(?s).*magnitudes outside")
            mag = LightCurves.read(source).mag
        np.testing.assert_allclose(mag, right[unit] - 7.5, atol=1e-3)
        given = LightCurves.read(source, zero_point=25)  # for flux 1, whatever that is
        np.testing.assert_allclose(given.mag, 17.5, atol=1e-3)


@pytest.mark.parametrize("zero_point", [None, 16.4, 20.0, "zp"])
@pytest.mark.parametrize("unit", ["mJy", "uJy"])
def test_the_same_fluxes_through_every_door(tmp_path, zero_point, unit):
    table = pytest.importorskip("astropy.table").Table.from_pandas(SAME_FLUX.assign(zp=18.0))
    table["flux"].unit = table["fluxerr"].unit = unit
    table.write(tmp_path / "a.fits")
    table.write(tmp_path / "a.vot", format="votable")
    table.write(tmp_path / "a.ecsv")
    named = SAME_FLUX.assign(zp=18.0).rename(columns={"flux": f"flux [{unit}]"})
    named.to_csv(tmp_path / "a.csv", index=False)
    sources = [table, *map(tmp_path.joinpath, ("a.fits", "a.vot", "a.ecsv", "a.csv"))]
    sources.append(SAME_FLUX.assign(zp=18.0, flux_unit=unit))
    curves = [LightCurves.read(source, zero_point=zero_point) for source in sources]
    right = {None: ZERO_POINTS[unit], "zp": 18.0}.get(zero_point, zero_point) - 7.5
    for each in curves:
        np.testing.assert_allclose(each.mag, right, atol=1e-3)
        np.testing.assert_allclose(each.mag_err, POGSON / 1000, rtol=1e-3)


def test_errors_in_another_unit_than_their_fluxes():
    table = pytest.importorskip("astropy.table").Table.from_pandas(SAME_FLUX)
    table["flux"].unit, table["fluxerr"].unit = "mJy", "uJy"
    np.testing.assert_allclose(LightCurves.read(table).mag_err, POGSON / 1e6, rtol=1e-3)
    with pytest.raises(ValueError, match="'flux' and 'fluxerr' have different units"):
        LightCurves.read(SAME_FLUX.assign(flux_unit="mJy", fluxerr_unit="uJy"))


BOTH = SAME_FLUX.assign(mag=15.0, mag_err=0.1)
ZTF = pd.DataFrame({"oid": 7, "expid": 1, "hjd": 2458000.5, "mjd": [58000.0, 58001], "mag": 15.0})
ZTF = ZTF.assign(magerr=0.1, catflags=0, filtercode="zg")


@pytest.mark.parametrize(
    ("frame", "given", "needed"),
    [
        (BOTH, {"zero_point": 25}, "flux=…"),
        (BOTH, {"zero_point": 0}, "flux=…"),
        (BOTH, {"flux_err": "fluxerr"}, "flux=…"),
        (BOTH[["mjd", "mag"]], {"zero_point": 25}, "flux=…"),
        (ZTF, {"zero_point": 25}, "flux=…"),
        (ZTF, {"mag": "mag", "flux_err": "magerr"}, "flux=…"),
        (SAME_FLUX, {"mag_err": "fluxerr"}, "mag=…"),
        (BOTH, {"flux": "flux", "mag_err": "mag_err"}, "mag=…"),
    ],
)
def test_what_is_given_of_another_brightness_is_refused(frame, given, needed):
    with pytest.raises(
        ValueError, match=f"needs the brightness that it belongs to.* pass {needed}"
    ):
        LightCurves.read(frame, **given)


def test_one_brightness_is_read():
    with pytest.raises(ValueError, match="mag and flux were both given"):
        LightCurves.read(BOTH, mag="mag", flux="flux")


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, True, 1e9, [25.0, 26, 27], (), {}])
def test_zero_points_that_are_none(value, tmp_path):
    pa = pytest.importorskip("pyarrow")
    with pytest.raises(ValueError, match="zero_point must be the magnitude of flux 1 or the name"):
        LightCurves.read(SAME_FLUX, zero_point=value)
    SAME_FLUX.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="zero_point must be the magnitude of flux 1 or the name"):
        LightCurves.open_parquet(tmp_path / "a.parquet", zero_point=value)
    nested = pa.array([{"time": [1.0], "flux": [1.0]}])
    with pytest.raises(ValueError, match="zero_point must be the magnitude of flux 1 or the name"):
        LightCurves.from_nested(nested, zero_point=value)


@pytest.mark.parametrize("value", [np.inf, np.nan, "a", None, [25.0, 26]])
def test_zero_points_of_arrays_that_are_none(value):
    with pytest.raises((ValueError, TypeError), match="zero_point must be"):
        LightCurves.from_flux([1.0, 2, 3], [1.0, 1, 1], offsets=[0, 3], zero_point=value)


@pytest.mark.parametrize("none", [0, np.nan, np.inf, -999, 99.99, "x", None])
@pytest.mark.parametrize("given", [None, "zp"])
def test_a_row_without_a_zero_point_is_left_out(none, given):
    frame = pd.concat([SAME_FLUX.assign(id="a"), SAME_FLUX.assign(id="b")], ignore_index=True)
    frame["flux"] = [100.0, 5, 120, 90, 95, 4]
    frame["zp"] = pd.Series([25.0, none, 25, 25, 25, 25], dtype=object)
    with pytest.warns(UserWarning, match="1 without a zero point .first in object a"):
        curves = LightCurves.read(frame, zero_point=given)
    alone = LightCurves.read(frame.drop(index=1).astype({"zp": float}), zero_point=given)
    assert curves == alone
    with pytest.raises(ValueError, match="non-finite time or magnitude, the first in object 'a'"):
        LightCurves.read(frame, zero_point=given, on_invalid="raise")


def test_zero_points_of_zero_in_all_rows_are_what_they_say():
    curves = LightCurves.read(SAME_FLUX.assign(zp=0.0))
    np.testing.assert_allclose(curves.mag, -7.5, atol=1e-3)
