"""Columns of a survey that are named by hand: its rules stay, and what belongs to them comes."""

import io

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import LightCurves

ZTF = "oid,expid,hjd,mjd,{mag},{err},catflags,{band}\n" + (
    "7,1,2458001.5,58001,15.2,.01,0,zg\n7,2,2458002.5,58002,15.4,.01,32768,zg\n"
)
HATS = (
    "objectid,when,mag,magerr,catflags,filterid\n7,58001,15.2,.01,0,1\n7,58002,15.4,.01,32768,1\n"
)
RUBIN = (
    "objectId,mytime,psfFlux,psfFluxErr,band,pixelFlags_bad\n"
    "1,60000.1,3630.8,36,r,False\n1,60001.1,3311.3,36,r,True\n"
)
PAN_STARRS = (
    "objID,obsTime,filt,psfFlux,psfFluxErr,psfQfPerfect\n"
    "9,56000.1,2,.001,.00001,.999\n9,56002.1,2,.0011,.00001,.5\n"
)
RENAMED = [
    (ZTF.format(mag="mymag", err="magerr", band="filtercode"), {"mag": "mymag"}),
    (ZTF.format(mag="mag", err="sig", band="filtercode"), {"mag_err": "sig"}),
    (ZTF.format(mag="mag", err="magerr", band="colour"), {"band_column": "colour"}),
    (HATS, {"time": "when"}),
    (RUBIN, {"time": "mytime"}),
    (PAN_STARRS, {"band_column": "filt"}),
]
NEOWISE = (
    "source_id,mjd,w1mpro,w1sigmpro,w2mpro,w2sigmpro,qual_frame,cc_flags,allwise_cntr\n"
    "1,58000.1,10.1,.01,9.1,.05,10,0000,77\n"
    "2,58001.1,10.2,.02,9.2,.06,10,0000,77\n"
    "3,58002.1,10.3,,9.3,.07,10,0000,77\n"
)
GAIA = (
    "source_id,g_transit_time,g_transit_mag,g_transit_flux_over_error,bp_obs_time,bp_mag,"
    "bp_flux_over_error,variability_flag_g_reject,variability_flag_bp_reject\n"
    "5,2000.1,15,100,2000.2,15.5,20,true,false\n"
    "5,2001.1,15.1,100,2001.2,15.6,20,false,true\n"
    "5,2002.1,15.2,100,2002.2,15.7,20,false,false\n"
)
KEPLER = (
    "TIME,SAP_FLUX,SAP_FLUX_ERR,PDCSAP_FLUX,PDCSAP_FLUX_ERR,SAP_QUALITY\n"
    "100.1,10000,500,20000,20,0\n101.1,11000,550,21000,20,0\n"
)
ASAS = "HJD,MAG_0,MAG_2,MER_0,MER_2,GRADE\n2000.5,10,10.2,.01,.05,A\n2001.5,10.1,10.3,.01,.06,A\n"
DETRENDED = (
    "oid,expid,hjd,mjd,mag,magerr,catflags,filtercode,mag_detrended,magerr_detrended\n"
    "7,1,2458001.5,58001,15.2,.01,0,zg,15,.05\n7,3,2458003.5,58003,15.3,.01,0,zg,15.1,.06\n"
)
ALERCE = (
    "oid,candid,mjd,fid,magpsf,sigmapsf,magpsf_corr,sigmapsf_corr,sigmapsf_corr_ext\n"
    "Z,1,58700.1,1,17.9,.1,16.5,.01,.025\nZ,2,58701.1,1,17.8,.2,16.52,.02,.03\n"
)
TGLC = "time,cal_psf_flux,cal_aper_flux,TESS_flags\n100.1,10000,1,0\n101.1,11000,1,0\n"
ANOTHER = [
    (NEOWISE, {"mag": "w2mpro"}, [9.1, 9.2, 9.3], [0.05, 0.06, 0.07]),
    (GAIA, {"mag": "bp_mag"}, [15.5, 15.7], [0.0543, 0.0543]),
    (KEPLER, {"flux": "SAP_FLUX"}, [-10.0, -10.1035], [0.0543, 0.0543]),
    (ASAS, {"mag": "MAG_2"}, [10.2, 10.3], [0.05, 0.06]),  # MER_0 is of another aperture
    (ASAS.replace("MER_2", "X"), {"mag": "MAG_2"}, [10.2, 10.3], None),
    (ALERCE, {"mag": "magpsf"}, [17.9, 17.8], [0.1, 0.2]),
    (ALERCE.replace("sigmapsf,", "X,"), {"mag": "magpsf"}, [17.9, 17.8], None),
    (TGLC, {"flux": "cal_psf_flux"}, [-10.0, -10.1035], None),
    (DETRENDED, {"mag": "mag_detrended"}, [15.0, 15.1], [0.05, 0.06]),
]


def doors(text, tmp_path):
    """Return a table as a file of text, as Parquet, and in memory."""
    frame = pd.read_csv(io.StringIO(text))
    (tmp_path / "star.csv").write_text(text)
    frame.to_parquet(tmp_path / "star.parquet")
    return [tmp_path / "star.csv", tmp_path / "star.parquet", frame]


@pytest.mark.parametrize(("text", "given"), RENAMED)
@pytest.mark.filterwarnings("ignore:read as")
def test_rules_of_a_survey_go_with_a_renamed_column(text, given, tmp_path):
    for source in doors(text, tmp_path):
        curves = LightCurves.read(source, **given)
        assert curves.lengths.tolist() == [1]
        assert curves.mag_err is not None
        assert sum(curves.report.left_out.values()) == 1


@pytest.mark.parametrize(("text", "given", "mag", "error"), ANOTHER)
@pytest.mark.filterwarnings("ignore:read as")
def test_another_brightness_has_its_own_error_times_and_rules(text, given, mag, error, tmp_path):
    for source in doors(text, tmp_path):
        curves = LightCurves.read(source, **given)
        np.testing.assert_allclose(curves.mag, mag, atol=1e-4)
        if error is None:
            assert curves.mag_err is None
        else:
            np.testing.assert_allclose(curves.mag_err, error, atol=1e-4)


@pytest.mark.parametrize("given", [{}, {"difference": "scale"}])
def test_magnitudes_of_a_difference_are_refused(given, tmp_path):
    text = "oid,candid,mjd,fid,magpsf,sigmapsf,isdiffpos\nZ,1,58700.1,1,17.9,.1,1\n"
    for source in doors(text, tmp_path):
        with pytest.raises(ValueError, match="magpsf is of a difference image"):
            LightCurves.read(source, **given)


@pytest.mark.parametrize("text", [ALERCE, "id,mjd,magpsf,sigmapsf\n1,58001,17.9,.1\n"])
def test_magnitudes_of_a_difference_that_are_asked_for_are_told(text, tmp_path):
    for source in doors(text, tmp_path):
        with pytest.warns(UserWarning, match="magpsf is of a difference image"):
            LightCurves.read(source, mag="magpsf")


def test_a_row_without_an_error_of_one_kind_takes_the_other(tmp_path):
    text = (
        "oid,candid,mjd,fid,magpsf,sigmapsf,magpsf_corr,sigmapsf_corr,sigmapsf_corr_ext,corrected,"
        "dubious\nZ,1,58700.1,1,17.9,.1,16.5,.01,.025,True,False\n"
        "Z,2,58701.1,1,17.8,.1,16.52,.02,,True,False\nZ,3,58702.1,1,17.8,.1,16.5,.02,100,True,False\n"
    )
    for source in doors(text, tmp_path):
        assert LightCurves.read(source).mag_err.tolist() == [0.025, 0.02, 0.02]


@pytest.mark.parametrize("dot", ["", "."])
def test_the_header_of_gaia_alerts(dot, tmp_path):
    rows = "2017-01-01 00:00:00,2457754.5,15.2\n2017-01-02 00:00:00,2457755.5,untrusted\n"
    text = f"Gaia17abc\n#Date,JD(TCB),averagemag{dot}\n{rows}2017-01-03 00:00:00,2457756.5,15.4\n"
    (tmp_path / "Gaia17abc.csv").write_text(text)
    with pytest.warns(UserWarning, match="left out 1"):
        curves = LightCurves.read(tmp_path / "Gaia17abc.csv")
    assert curves.mag.tolist() == [15.2, 15.4]


@pytest.mark.parametrize("none", ["99999,99999", "-9999,-9999", "-99,-1", "-999,0", "1e30,1e30"])
def test_fluxes_that_stand_for_none(none, tmp_path):
    text = f"mjd,flux [uJy],flux_err\n58000.1,3630.8,36\n58000.6,{none}\n58001.1,3311.3,36\n"
    for source in doors(text, tmp_path):
        with pytest.warns(UserWarning, match="left out 1: 1 sentinels"):
            curves = LightCurves.read(source, id=False, zero_point=23.9)
        np.testing.assert_allclose(curves.mag, [15.0, 15.1], atol=1e-3)


def test_numbers_that_stand_for_none_may_be_kept(tmp_path):
    (tmp_path / "a.csv").write_text("mjd,flux [uJy],flux_err\n58000.1,99999,99999\n58001,99,3\n")
    curves = LightCurves.read(tmp_path / "a.csv", id=False, rules={"sentinels": None})
    assert len(curves.mag) == 2


def test_a_flux_that_was_measured_stays(tmp_path):
    (tmp_path / "a.csv").write_text("mjd,flux [uJy],flux_err\n58000.1,99,3\n58001.1,999,3\n")
    assert len(LightCurves.read(tmp_path / "a.csv", id=False).mag) == 2


@pytest.mark.parametrize("header", ["mag,err(%)", "mag,mag_err [percent]", "flux [uJy],err [%]"])
def test_errors_in_percent_are_refused(header, tmp_path):
    text = f"mjd,{header}\n58000.1,15.1,1\n58001.1,15.2,2\n"
    for source in doors(text, tmp_path):
        with pytest.raises(ValueError, match="is in percent: convert it"):
            LightCurves.read(source, id=False)
