"""Files of public repositories that were read wrongly, or refused without a cure."""

import numpy as np
import pytest

from sklearn_astromer import LightCurves


def text(content, tmp_path):
    path = tmp_path / "star.csv"
    path.write_text(content)
    return LightCurves.read(path)


def test_values_about_one_without_a_header_are_told(tmp_path):
    rows = [(58054.85, 0.9989), (58054.86, 0.9985), (58054.87, 1.0003)]
    for errors in ("", " 0.0004"):
        content = "".join(f"{time} {value}{errors}\n" for time, value in rows)
        with pytest.warns(UserWarning, match=r"relative fluxes: .* \(flux=2 if they are fluxes\)"):
            curves = text(content, tmp_path)
        assert curves.mag.tolist() == [value for _, value in rows]
    path = tmp_path / "star.csv"
    options = {"time": 1, "flux": 2, "flux_err": 3}
    assert abs(LightCurves.read(path, **options).mag - 0.001).max() < 0.002


def test_values_about_zero_without_a_header_are_told(tmp_path):
    rows = "".join(
        f"{1097.98 + i / 1000} {v}\n" for i, v in enumerate([11.7, 4.3, 8.7, -1.7, -9.6])
    )
    with pytest.warns(UserWarning, match="may be fluxes or thousandths of mag: taken as magnitude"):
        text(rows, tmp_path)
    rows = "".join(f"{58000.5 + i} {15 + i / 10 if i % 11 else -99.0}\n" for i in range(22))
    with pytest.warns(UserWarning, match="sentinels") as caught:
        text(rows, tmp_path)
    assert "thousandths" not in str(caught[0].message)


@pytest.mark.parametrize(
    ("header", "rows", "lacking"),
    [
        ("#BJD_DRS,RVC_DRS,RV_err_DRS", "2453001.83,10.66,0.001\n2453034.61,10.67,0.001", "time"),
        ("# Phase    Magnitude", "-0.24 13.41\n0.03 14.01\n0.74 13.42", "time"),
        ("# BJD-TDB       sky flux", "58739.91 0.94\n58739.92 0.93", "mag or flux"),
        ("% JD;rad. vel.;err", "2453001.83;10.66;0.001\n2453034.61;10.67;0.001", "mag or flux"),
        ("# phase, mag, err", "0.1,13.41,0.1\n0.2,14.01,0.1", "time"),
    ],
)
def test_a_header_in_a_comment_that_names_other_things(header, rows, lacking, tmp_path):
    with pytest.raises(ValueError, match=f"no column was recognised as the {lacking} among"):
        text(f"# of a star\n{header}\n{rows}\n", tmp_path)


@pytest.mark.parametrize(
    "comment",
    [
        *(
            "# my star",
            "# by A, B and C",
            "# star 7 mag",
            "# V mag 2.3",
            "# time-series photometry",
        ),
        *("# time-series photometry errors", "# dates magnitudes uncertainties"),
        *("# Filter: V, date: 2020, flux: none", "RR Lyr star  by John Doe  Observatory"),
    ],
)
def test_a_comment_is_no_header(comment, tmp_path):
    for rows in ("58000.5 15.1\n58001.5 15.2\n", "58000.5,15.1,0.1\n58001.5,15.2,0.1\n"):
        assert text(f"{comment}\n{rows}", tmp_path).mag.tolist() == [15.1, 15.2]


def test_blocks_of_bands_of_snoopy(tmp_path):
    curves = text(
        "SN2006ax 0.016727 171.014 -12.291\nfilter B\n815.647 16.740 0.009\n816.771 16.362 0.008\n"
        "filter V\n815.643 16.752 0.010\n",
        tmp_path,
    )
    assert curves.ids.tolist() == ["SN2006ax"] * 2
    assert curves.band.tolist() == ["B", "V"]
    assert curves[0].tolist() == [[815.647, 16.74, 0.009], [816.771, 16.362, 0.008]]
    with pytest.raises(ValueError, match=r"it has 2 fields, '816\.771 16\.362', where a"):
        text("SN2006ax 0.01 171.0 -12.2\nfilter B\n815.647 16.7 0.1\n816.771 16.362\n", tmp_path)


def test_keys_of_salt(tmp_path):
    keys = "".join(f"#{name} :\n" for name in ("Date", "Flux", "Fluxerr", "ZP", "Filter"))
    rows = "52816.54 92.1 0.9 27.0 MEGACAMPSF::g\n52824.59 213.4 1.4 27.0 MEGACAMPSF::g\n"
    before = "@SN 03D4ag\n@DayMax 52831.055 0.124\n@SURVEY SNLS\n"
    curves = text(f"{before}{keys}#end\n{rows}", tmp_path)
    np.testing.assert_allclose(curves.mag, 27 - 2.5 * np.log10([92.1, 213.4]), atol=1e-3)
    assert curves.band.tolist() == ["MEGACAMPSF::g"]
    assert curves.time.tolist() == [52816.54, 52824.59]


def test_rows_with_many_empty_fields_and_no_header(tmp_path):
    rows = "2454600.3271,8.8,,,Visual,KWO\n2454600.3958,9.0,,,Visual,ACO\n"
    with pytest.raises(ValueError, match="has no header, and 6 columns"):
        text(rows, tmp_path)
    curves = LightCurves.read(tmp_path / "star.csv", time=1, mag=2, band_column=5)
    assert curves.mag.tolist() == [8.8, 9.0]


@pytest.mark.parametrize("name", ["mag_limit", "ULIM", "is_uplim", "upper_limit_flag"])
def test_flags_of_upper_limits(name, tmp_path):
    rows = "58883.6,18.6,1,,g\n58884.1,17.0,0,0.1,g\n58884.5,17.33,0,0.05,g\n"
    with pytest.warns(UserWarning, match="left out 1: 1 upper limits"):
        curves = text(f"mjd,mag,{name},dmag,band\n{rows}", tmp_path)
    assert curves.mag.tolist() == [17.0, 17.33]


def test_julian_dates_that_lack_digits_are_told(tmp_path):
    with pytest.warns(UserWarning, match="'hjd' lack digits .* are taken for JD − 2450000"):
        curves = text("HJD,mag,err\n7861.1,5.51,0.01\n7862.3,5.52,0.01\n", tmp_path)
    np.testing.assert_allclose(curves.time, [57860.6, 57861.8])
    curves = text("HJD-2440000,mag,err\n7861.1,5.51,0.01\n7862.3,5.52,0.01\n", tmp_path)
    np.testing.assert_allclose(curves.time, [47860.6, 47861.8])


def test_fluxes_that_are_differences_are_told(tmp_path):
    rows = "57842.1 0.005 0.003\n57855.0 -0.00007 0.0015\n57857.0 -0.0016 0.0015\n"
    rows += "".join(f"{57860 + i} {0.001 * i - 0.0005:.4f} 0.0015\n" for i in range(7))
    with pytest.warns(UserWarning, match="over a quarter of the fluxes are below 0, and"):
        curves = text(f"time flux ferr\n{rows}", tmp_path)
    assert curves.report.columns["flux_err"] == "ferr"


def test_errors_in_parentheses_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"column 'mag' has '17\.40\(0\.01\)' in row 0, no number"):
        text("mjd,mag\n56401.30,17.40(0.01)\n56406.38,17.11(0.05)\n", tmp_path)
    with pytest.raises(ValueError, match="no column was recognised as the mag or flux among 'MJD'"):
        text("MJD,g,r\n56401.3,17.40(0.01),17.5(0.1)\n56406.38,17.11(0.05),17.2(0.1)\n", tmp_path)


VOTABLE = """<?xml version="1.0"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>
<TIMESYS ID="ts" refposition="BARYCENTER" timeorigin="{origin}" timescale="TCB"/><TABLE>
<FIELD ID="obs_time" datatype="double" name="obs_time" ref="ts" unit="d"/>
<FIELD ID="phot" datatype="double" name="phot" ucd="phot.mag;em.opt" unit="mag"/>
<FIELD ID="flux" datatype="float" name="flux" unit="s**-1"/>
<DATA><TABLEDATA>
<TR><TD>{first}</TD><TD>13.143</TD><TD>104238.6</TD></TR>
<TR><TD>{last}</TD><TD>13.145</TD><TD>104048.8</TD></TR>
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""


@pytest.mark.parametrize(
    ("origin", "first"),
    [("0", 2456964.5), ("2455197.5", 1767.0), ("MJD-origin", 56964.0), ("JD-origin", 2456964.5)],
)
def test_magnitudes_and_times_of_a_votable_of_gavo(origin, first, tmp_path):
    pytest.importorskip("astropy")
    path = tmp_path / "ts.vot"
    path.write_text(VOTABLE.format(origin=origin, first=first, last=first + 1.5))
    curves = LightCurves.read(path)
    assert curves.mag.tolist() == [13.143, 13.145]
    np.testing.assert_allclose(curves.time, [56964.0, 56965.5])


@pytest.mark.parametrize("header", ["# JD Vmag errV", "# HJD time  V mag  V err", "#date,magV,unc"])
def test_a_header_in_a_comment_that_says_what_its_place_does(header, tmp_path):
    separator = "," if "," in header else "  "
    values = [[58000.5 + i, 15 + i / 8, 0.125] for i in range(4)]
    rows = "".join(f"{separator.join(map(str, row))}\n" for row in values)
    assert text(f"{header}\n{rows}", tmp_path)[0].tolist() == values


@pytest.mark.parametrize("mark", ["", "# "])
@pytest.mark.parametrize("names", ["HJD instmag sigma", "JD diffmag err", "HJD K-Cmag err"])
def test_other_magnitudes_are_not_read_by_their_place(names, mark, tmp_path):
    with pytest.raises(ValueError, match=r"no column was recognised as the mag .* pass mag=…"):
        text(f"{mark}{names}\n58000.5 1.1 0.1\n58001.5 1.2 0.1\n", tmp_path)


def test_a_title_is_no_star_of_snoopy(tmp_path):
    title = "Photometry of V404 Cyg\nfilter time mag err\n"
    curves = text(f"{title}g 58000.5 15.1 0.1\ng 58001.5 15.2 0.1\n", tmp_path)
    assert curves.band.tolist() == ["g"]
    blocks = "SN2006ax 0.01 171.0 -12.2\nfilter B\n# a comment\n815.647 16.7 0.1\n"
    assert text(blocks, tmp_path).ids.tolist() == ["SN2006ax"]


def test_a_time_origin_that_is_not_known_says_nothing(tmp_path):
    pytest.importorskip("astropy")
    path = tmp_path / "ts.vot"
    for origin in ("J2000", "", "mjd-origin"):
        path.write_text(VOTABLE.format(origin=origin, first=58000.0, last=58001.5))
        np.testing.assert_allclose(LightCurves.read(path).time, [58000.0, 58001.5])


def test_an_error_of_any_brightness_beside_one_of_a_flux(tmp_path):
    with pytest.raises(ValueError, match="pass flux_err='err', or flux_err='ferr'"):
        text("time,flux,err,ferr\n58000.5,9.1,0.1,0.2\n58001.5,9.2,0.1,0.2\n", tmp_path)


@pytest.mark.parametrize(
    ("scale", "header"),
    [
        (1.0, {"MJDREF": 0.0, "TIMEZERO": 58000.0}),
        (1.0, {"MJDREF": 58000.0, "TIMEZERO": 0.0}),
        (1.0, {"TIMEZERO": 58000.0}),
        (1.0, {"TIMEZERI": 2458000, "TIMEZERF": 0.5}),
        (86_400.0, {"TIMEZERO": 58000 * 86_400.0, "TIMEUNIT": "s"}),
        (86_400.0, {"MJDREF": 50_000.0, "TIMEZERO": 8000 * 86_400.0, "TIMEUNIT": "s"}),
        (1.0, {"MJDREFI": 50_000, "MJDREFF": 0.5, "TIMEZERI": 7999, "TIMEZERF": 0.5}),
    ],
)
def test_the_zero_of_times_of_fits(scale, header, tmp_path):
    fits = pytest.importorskip("astropy.io.fits")
    times = [1.25 * scale, 3.5 * scale]
    columns = [fits.Column("TIME", "D", array=times), fits.Column("MAG", "D", array=[15.1, 15.2])]
    table = fits.BinTableHDU.from_columns(columns)
    table.header.update(header)
    table.writeto(tmp_path / "a.fits")
    assert LightCurves.read(tmp_path / "a.fits").time.tolist() == [58001.25, 58003.5]


def test_differences_of_a_service_are_told(tmp_path):
    head = "###MJD m dm uJy duJy F err chi/N RA Dec x y maj min phi apfit mag5sig Sky Obs\n"
    flux = [50, -40, 30, -20, 10, -60] * 2
    rows = (
        f"{58000 + i} 19.5 .5 {f} 20 o 0 1.1 1 2 1 1 2 2 1 -.4 19 19 a\n"
        for i, f in enumerate(flux)
    )
    (tmp_path / "a.txt").write_text(head + "".join(rows))
    with pytest.warns(UserWarning, match="over a quarter of the fluxes are below 0, and"):
        assert LightCurves.read(tmp_path / "a.txt").report.survey == "atlas"
