"""Columns that are told by words of their names, however these are joined."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import LightCurves

TIMES = [58000.1, 58001.1, 58002.1, 58003.1]


def reading(source, **options):
    """Return light curves, and what was remarked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curves = LightCurves.read(source, **options)
    return curves, " ".join(each.written() for each in curves.report.remarks)


def observed(folder, columns, ids=False):
    """Return a file of four observations, of a star or of two, with other columns."""
    frame = pd.DataFrame({"mjd": TIMES, "mag": [15.1, 15.2, 15.3, 15.4]}).assign(**columns)
    if ids:
        frame["oid"] = [1, 1, 2, 2]
    frame.to_csv(folder / "a.csv", index=False)
    return folder / "a.csv"


# -- limits ----------------------------------------------------------------------------------------

OF_LIMITS = (
    *("Upper Limit", "upper limit", "Upper-Limit", "uplimit", "lim_flag", "limflag", "fainter"),
    *("Fainter Than", "censored", "nondetect", "non-detection", "is_nondet", "isupperlimit"),
    *("is upper limits", "flag_limit"),
)


@pytest.mark.parametrize("ids", [False, True])
@pytest.mark.parametrize("name", OF_LIMITS)
@pytest.mark.parametrize("said", [(True, False), ("<", "-"), ("yes", "no"), (1, 0)])
def test_flags_of_limits(name, said, ids, tmp_path):
    path = observed(tmp_path, {name: [said[1], said[0], said[1], said[1]]}, ids)
    assert reading(path)[0].mag.tolist() == [15.1, 15.3, 15.4]


@pytest.mark.parametrize("name", ["det_flag", "is_det", "detect", "Is Detected", "isdetection"])
def test_flags_of_detections(name, tmp_path):
    path = observed(tmp_path, {name: [True, False, True, True]})
    assert reading(path)[0].mag.tolist() == [15.1, 15.3, 15.4]


@pytest.mark.parametrize("ids", [False, True])
@pytest.mark.parametrize("name", ["mag_flag", "qualifier", "sign", "<", "type", "Status"])
@pytest.mark.parametrize("said", [("<", ""), (">", "="), ("upperlimit", "detection")])
def test_columns_that_say_limits(name, said, ids, tmp_path):
    path = observed(tmp_path, {name: [said[1], said[0], said[1], said[1]]}, ids)
    assert reading(path)[0].mag.tolist() == [15.1, 15.3, 15.4]


@pytest.mark.parametrize("values", [("u", "g"), ("det", "det"), ("good", "<"), ("", "=")])
def test_columns_that_say_something_else(values, tmp_path):
    path = observed(tmp_path, {"status": [values[i % 2] for i in range(4)]})
    assert len(reading(path, id=False)[0].mag) == 4


@pytest.mark.parametrize("other", ["limiting_mag", "detector", "detection_id", "ulimb", "limb"])
def test_names_of_other_things_are_no_flags(other, tmp_path):
    assert len(reading(observed(tmp_path, {other: [1, 0, 1, 0]}), id=False)[0].mag) == 4


def test_a_limit_of_another_quantity_is_none_of_the_magnitude(tmp_path):
    path = observed(tmp_path, {"Per": [1.0, 1, 1, 1], "l_Per": ["<", "", "", ""]})
    assert len(reading(path)[0].mag) == 4


@pytest.mark.parametrize("error", ["<", ">", ">0.3"])
def test_errors_that_mark_limits(error, tmp_path):
    curves, _ = reading(observed(tmp_path, {"magerr": [0.01, error, 0.01, 0.01]}))
    assert curves.mag.tolist() == [15.1, 15.3, 15.4]
    assert curves.report.left_out == {"upper limits": 1}


# -- numbers left out of times ---------------------------------------------------------------------

LEFT_OUT = {
    **{"J.D.-2400000": -0.5, "H.J.D. - 2400000": -0.5, "Julian Date - 2450000": 49999.5},
    **{"BJD(TDB)-2450000": 49999.5, "HJD-2400000 (days)": -0.5, "JD-2.4e6": -0.5},
    **{"HJD-24E5": -0.5, "2450000+": 49999.5, "2450000 + HJD": 49999.5, "JD-2,450,000": 49999.5},
    **{"BJD_TDB - 2 457 000": 56999.5, "Modified Julian Date - 50000": 50000.0},
    **{"Heliocentric Julian Date - 2450000": 49999.5, "time [BJD_TDB - 2454833]": 54832.5},
    **{"MJD_UTC-50000": 50000.0, "HJD-2450000": 49999.5, "JD-2400000.5": 0.0},
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_numbers_left_out_of_times(name, tmp_path):
    kept = 58000.0 - LEFT_OUT[name]
    path = tmp_path / "a.csv"
    path.write_text(f'"{name}",mag\n{kept},15.1\n{kept + 1},15.2\n')
    for options in ({}, {"time": name}):
        curves, remarks = reading(path, **options)
        assert curves.time.tolist() == [58000.0, 58001.0]
        assert not remarks


@pytest.mark.parametrize("name", ["HJD-T0-2450000", "JD - 2.45 x 10^6", "clock+2400000", "d-245e4"])
def test_numbers_left_out_in_ways_that_are_not_known_are_refused(name, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{name},mag\n58000.1,15.1\n58001.1,15.2\n")
    with pytest.raises(ValueError, match="a number is left out"):
        LightCurves.read(path, time=name)
    path.write_text(f"{name},mag\n2458000.5,15.1\n2458001.5,15.2\n")  # nothing is left out
    assert LightCurves.read(path, time=name).time.tolist() == [58000.0, 58001.0]


@pytest.mark.parametrize("name", ["obs-1", "time2020a", "mjd-obs", "night 2020 mjd"])
def test_names_of_times_with_other_numbers(name, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{name},mag\n58000.1,15.1\n58001.1,15.2\n")
    assert LightCurves.read(path, time=name).time.tolist() == [58000.1, 58001.1]


# -- spellings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "spellings"),
    [
        ("time", ["bjd_tdb", "BJD-TDB", "BJD.TDB", "bjdtdb", "BJD TDB", "bjd_tdb [d]"]),
        ("time", ["date-obs", "DATE_OBS", "dateobs", "Date Obs."]),
        ("mag", ["psfMag", "psf_mag", "PSF mag"]),
        ("flux", ["norm_flux", "norm. flux", "normflux"]),
        ("id", ["source_id", "sourceId", "Source ID", "source.id"]),
        ("band", ["filterName", "filter_name", "Filter Name", "filter.name"]),
    ],
)
def test_names_are_one_however_their_words_are_joined(part, spellings):
    columns = {"mjd": TIMES, "mag": [15.1, 15.2, 15.3, 15.4], "oid": 1, "band": "g"}
    columns.pop({"time": "mjd", "mag": "mag", "flux": "mag", "id": "oid", "band": "band"}[part])
    values = {"id": 1, "band": "g"}.get(part, TIMES)
    for name in spellings:
        curves, _ = reading(pd.DataFrame({**columns, name: values}))
        assert curves.report.columns[part] == name


# -- errors ----------------------------------------------------------------------------------------

ERRORS = [0.01, 0.02, 0.015, 0.03]
OF_MAG = (
    *("std_mag", "stdmag", "mag_stddev", "stdev", "std_err", "stderr", "mag_rms", "uncert"),
    *("mag_uncert", "errs", "mag_errs", "sd", "+/-", "σ", "Mag. err", "error_magnitude", "mag_er"),
    *("magnitude_error", "phot_err", "photerr", "Mag Unc.", "mag uncertainty", "errorbar"),
    *("Uncertainty Mag", "mag err [mag]", "err-mag", "mag_std"),
)


@pytest.mark.parametrize("ids", [False, True])
@pytest.mark.parametrize("name", OF_MAG)
def test_errors_of_magnitudes(name, ids, tmp_path):
    others = {"ra_err": 0.1, "phase_err": ERRORS[::-1], "snr": 9}
    curves, remarks = reading(observed(tmp_path, {**others, name: ERRORS}, ids))
    assert curves.mag_err.tolist() == ERRORS
    assert not remarks


@pytest.mark.parametrize(
    ("brightness", "error"),
    [
        ("Source_AMag_T1", "Source_AMag_Err_T1"),  # AstroImageJ
        ("MAG_APER_4", "MAG_APER_ERR_4"),
        ("V mag", "V mag err"),
        ("inst.mag", "err inst.mag"),
    ],
)
def test_errors_of_a_brightness_that_is_named(brightness, error, tmp_path):
    other = error.replace("1", "2").replace("4", "5")
    path = observed(tmp_path, {brightness: [15.1, 15.2, 15.3, 15.4], other: 0.5, error: ERRORS})
    assert reading(path, mag=brightness)[0].mag_err.tolist() == ERRORS


@pytest.mark.parametrize("error", ["std_flux", "flux_uncert", "flux_errs", "flux_rms", "Flux. Err"])
def test_errors_of_fluxes(error):
    frame = pd.DataFrame({"mjd": TIMES, "flux": [10.0, 11, 10, 11], error: [1.0, 2, 1, 2]})
    assert reading(frame)[0].mag_err is not None


@pytest.mark.parametrize("name", ["ra_err", "e_ra", "period_error", "phase_err", "snr", "err_code"])
def test_errors_of_other_things(name, tmp_path):
    curves, remarks = reading(observed(tmp_path, {name: ERRORS}))
    assert curves.mag_err is None
    assert not remarks


@pytest.mark.parametrize(
    "columns",
    [
        {"mag_err_lo": ERRORS, "mag_err_hi": ERRORS},
        {"err_stat": ERRORS, "err_sys": ERRORS},
        {"err+": ERRORS, "err-": ERRORS},
        {"mag_1sigma": ERRORS},
        {"err_mmag": ERRORS},
        {"rms": ERRORS},
        {"std_mag": [15.0, 15.1, 15.2, 15.3]},  # in the standard system
    ],
)
@pytest.mark.parametrize("ids", [False, True])
def test_what_may_be_errors_is_remarked(columns, ids, tmp_path):
    path = observed(tmp_path, columns, ids)
    curves, remarks = reading(path)
    assert curves.mag_err is None
    assert f"no errors are read, and {' and '.join(map(repr, columns))} may" in remarks
    name = next(iter(columns))
    assert f"mag_err={name!r}" in remarks
    curves, remarks = reading(path, mag_err=name)
    assert curves.report.columns["mag_err"] == name
    assert "no errors" not in remarks


@pytest.mark.parametrize("errors", [[0.3] * 20, [0.3] * 10 + [0.2] * 10])
def test_a_number_of_each_star_is_no_error(errors, tmp_path):
    columns = {"id": ["a"] * 10 + ["b"] * 10, "mjd": 58000.1 + np.arange(20), "mag": 15.0}
    frame = pd.DataFrame({**columns, "mag_std": errors})
    frame.to_csv(tmp_path / "stars.csv", index=False)
    with pytest.warns(UserWarning, match="no errors are read, and 'mag_std' may hold them"):
        assert LightCurves.read(tmp_path / "stars.csv").mag_err is None
    few = frame.iloc[:5]  # which a constant error may have
    few.to_csv(tmp_path / "few.csv", index=False)
    assert LightCurves.read(tmp_path / "few.csv").mag_err.tolist() == [0.3] * 5


@pytest.mark.parametrize(
    ("others", "right"),
    [
        (["err", "mag_rms"], "err"),  # the scatter may be of the star
        (["mag_rms", "mag_uncert"], "mag_uncert"),
        (["err", "V_err", "mag_err"], "V_err"),
        (["mag_error", "mag_std"], "mag_error"),
        (["u_V", "V_err", "UV"], "V_err"),  # a flag of VizieR, and a band
        (["Vmag", "e_Vmag", "dV"], "dV"),
        (["mag", "mag_err"], None),  # which is that of another magnitude
        (["flux_err"], None),
        (["flux_err", "mag_error"], "mag_error"),
        (["e_mag"], "e_mag"),
    ],
)
def test_the_error_that_is_named_after_the_brightness_goes_before_others(others, right):
    columns = {"mjd": TIMES, "V": [15.1, 15.2, 15.3, 15.4]} | dict.fromkeys(others, ERRORS)
    curves, _ = reading(pd.DataFrame(columns), mag="V", id=False)
    assert curves.report.columns.get("mag_err") == right


@pytest.mark.parametrize("names", [["err", "mag_err"], ["sigma", "phot_err"], ["uncert", "errs"]])
def test_errors_of_which_none_is_likelier_are_refused(names):
    columns = {"mjd": TIMES, "V": [15.1, 15.2, 15.3, 15.4]} | dict.fromkeys(names, ERRORS)
    with pytest.raises(ValueError, match=f"pass mag_err='{names[0]}', or mag_err='{names[1]}'"):
        LightCurves.read(pd.DataFrame(columns), mag="V")


def test_errors_of_magnitudes_are_none_of_fluxes():
    frame = pd.DataFrame({"mjd": TIMES, "flux": [10.0, 11, 10, 11], "mag_err": ERRORS})
    assert reading(frame)[0].mag_err is None


# -- bands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ids", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        *("phot_filter", "phot_band", "obs_filter", "instrument_filter", "passband_name", "filtro"),
        *("Band Name", "band_id", "band-name", "Filtre", "filtr", "Banda", "photband"),
        *("filter used", "filterused", "waveband", "nombre_filtro"),
    ],
)
def test_bands(name, ids, tmp_path):
    path = observed(tmp_path, {name: ["B", "V", "B", "V"]}, ids)
    curves, remarks = reading(path)
    assert len(curves) == (4 if ids else 2)
    assert set(curves.band) == {"B", "V"}
    assert not remarks


@pytest.mark.parametrize("name", ["wband", "color", "lambda", "fil", "magtype", "f."])
def test_bands_of_columns_of_other_names_are_remarked(name, tmp_path):
    path = observed(tmp_path, {name: ["B", "V", "B", "lsst_g"]})
    for source in (path, pd.read_csv(path).assign(oid=[1, 1, 2, 2])):
        _, remarks = reading(source)
        assert f"(band_column={name!r} if it tells bands)" in remarks
        assert " (id=" not in remarks
        assert set(reading(source, band_column=name)[0].band) == {"B", "V", "lsst_g"}


def test_bands_by_name_and_number(tmp_path):
    columns = {"band_number": [1, 2, 1, 2], "phot_band": ["B", "V", "B", "V"]}
    assert reading(observed(tmp_path, columns))[0].band.tolist() == ["B", "V"]
    path = observed(tmp_path, columns | {"obs_band": ["B", "B", "V", "V"]})
    with pytest.raises(ValueError, match="band_column='phot_band'"):
        LightCurves.read(path)


@pytest.mark.parametrize("name", ["n_bands", "filter_flag", "band_width", "filter_temp", "husband"])
def test_names_of_other_things_are_no_bands(name, tmp_path):
    assert reading(observed(tmp_path, {name: [1, 2, 1, 2]}), id=False)[0].band is None


def test_bands_that_seem_objects(tmp_path):
    path = observed(tmp_path, {"mjd": [58000.1, 58001.1] * 2, "lambda": ["B", "B", "V", "V"]})
    with pytest.raises(ValueError, match="band_column='lambda' if it tells bands"):
        LightCurves.read(path)


# -- objects ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("field_name", "check_id", "comp_star_name", "comparison_name", "plate_id", "template_id"),
        *("fits_name", "fiber_id", "tile_id", "Pointing ID", "brick-id", "zp_id", "upload_id"),
        *("submission_id", "pipeline_name", "name_of_field"),
    ],
)
@pytest.mark.parametrize("values", [[1, 1, 2, 2], ["F1", "F2", "F1", "F2"]])
def test_names_of_other_things_than_stars_are_asked_about(name, values, tmp_path):
    path = observed(tmp_path, {name: values})
    with pytest.raises(ValueError, match=f"id='{name}' if it names objects, or id=False"):
        LightCurves.read(path)
    assert len(reading(path, id=False)[0]) == 1
    assert len(reading(path, id=name)[0]) == 2
    path = observed(tmp_path, {name: values, "star_id": ["a", "b", "b", "a"]})
    assert reading(path)[0].ids.tolist() == ["a", "b"]
    path = observed(tmp_path, {name: values[0]})  # as if it named the field of one star
    assert reading(path)[0].ids.tolist() == ["a"]


@pytest.mark.parametrize(
    "name",
    [
        *("star_name", "Star ID", "src_id", "variable-name", "gaia_dr3_source_id", "ogle_id"),
        *("main_id", "id_star", "TNS name", "lc_id", "2MASS", "designation", "asassn_name"),
        *("star.id", "Target.Name", "targetname", "object-id"),
    ],
)
def test_names_of_stars(name, tmp_path):
    curves, remarks = reading(observed(tmp_path, {name: ["S1", "S2", "S1", "S2"]}))
    assert curves.ids.tolist() == ["S1", "S2"]
    assert not remarks


@pytest.mark.parametrize(
    ("header", "listed"),
    [
        ("HJD V B-V", "mag or flux among 'HJD', 'V', 'B-V'"),
        ("MJD F(uJy) err", "mag or flux among 'MJD', 'F"),
        ("t[s] V airmass", "mag or flux among 't"),
        ("BJD-2457000 Xmags err", "mag or flux among 'BJD"),
        ("phase quux err", "time among 'phase'"),
        ("year quux err", "time among 'year'"),
    ],
)
def test_comments_that_name_a_time_are_headers(header, listed, tmp_path):
    path = tmp_path / "a.dat"
    path.write_text(f"# {header}\n58001.5 12.1 0.31\n58002.5 12.9 0.35\n58003.5 12.4 0.32\n")
    with pytest.raises(ValueError, match=rf"(?s)no column was recognised as the {listed}"):
        LightCurves.read(path, mag="quux" if "quux" in header else None)
    path.write_text("# HJD-2450000 quux seeing\n8001.5 12.1 0.31\n8002.5 12.9 0.35\n")
    curves, _ = reading(path, mag="quux")
    assert curves.time.tolist() == [58001.0, 58002.0]
    assert curves.mag_err is None


def test_comments_of_prose_are_no_headers(tmp_path):
    path = tmp_path / "a.dat"
    path.write_text("# a light curve\n58001.5 12.1 0.31\n58002.5 12.9 0.35\n58003.5 12.4 0.32\n")
    assert reading(path)[0].mag_err.tolist() == [0.31, 0.35, 0.32]


@pytest.mark.parametrize(
    "units", ["d\tmag\tmag", "d\tmag\t", "\t\t", "(d)\t(mag)\t(mag)", "d\tJy\tmJy"]
)
def test_units_and_dashes_below_names_are_no_headers(units, tmp_path):
    path = tmp_path / "a.tsv"
    rows = "58001.5\t15.1\t.01\n58002.5\t15.2\t.01\n"
    for dashes in ("", "-------\t-----\t----\n"):
        path.write_text(f"#RESOURCE\n\nMJD\tquux\te_quux\n{units}\n{dashes}{rows}")
        with pytest.raises(ValueError, match="mag or flux among 'MJD', 'quux', 'e_quux'"):
            LightCurves.read(path)
        curves, _ = reading(path, mag="quux", mag_err="e_quux")
        assert curves[0].tolist() == [[58001.5, 15.1, 0.01], [58002.5, 15.2, 0.01]]


def test_words_of_a_header_are_not_counted_where_its_fields_are_as_many(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("BJD - 2454833, Corrected Flux\n2000.5,1.001\n2001.5,0.999\n")
    with pytest.raises(ValueError, match="among 'BJD - 2454833', 'Corrected Flux'"):
        LightCurves.read(path)
    assert reading(path, flux="Corrected Flux")[0].time.tolist() == [56833.0, 56834.0]
