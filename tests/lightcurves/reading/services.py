"""Small files in the shapes in which services deliver them, and what they hold.

A case: the survey, the file's name and text (or a function that writes it), its curves as
(id, band, MJD, magnitudes, errors), and the counts of what is left out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.tables import tables_of

NAN = float("nan")
POGSON = 2.5 / np.log(10)


class Case(NamedTuple):
    survey: str
    name: str
    text: Any
    curves: list[tuple[Any, str, list[float], list[float], list[float]]]
    left_out: dict[str, int]


def of_flux(flux, error, zero_point):
    """Magnitudes and errors of strong signals, which are those of Pogson."""
    flux, error = np.asarray(flux, float), np.asarray(error, float)
    return (zero_point - 2.5 * np.log10(flux)).tolist(), (POGSON * error / flux).tolist()


def fluxes(id, band, time, flux, error, zero_point):
    return (id, band, time, *of_flux(flux, error, zero_point))


def write_fits(key, value, columns):
    def write(path):
        from astropy.io import fits
        from astropy.table import Table

        table = fits.table_to_hdu(Table(columns))
        header = fits.Header()
        header[key] = value
        fits.HDUList([fits.PrimaryHDU(header=header), table]).writeto(path)

    return write


def written(case, folder):
    """Write the file of a case; return its path."""
    path = folder / case.name
    if callable(case.text):
        case.text(path)
    else:
        path.write_text(case.text)
    return path


class AllColumns(Options):
    """Reads all columns of a file, not those alone that a survey needs."""

    def needed(self, names, rows_are_objects=False):
        return None


def frame_of(path):
    """Return the table in a file as it is, all columns under the names that they have there."""
    tables = [table.frame.rename(columns=table.names) for table in tables_of(path, AllColumns())]
    frame = pd.concat(tables, ignore_index=True)
    frame.attrs.clear()
    return frame


CASES = [
    Case(
        "ztf",
        "irsa.csv",
        "oid,expid,hjd,mjd,mag,magerr,catflags,filtercode,ra,dec\n"
        "7001,1,2458001.5012,58001.0,15.21,0.012,0,zg,1,2\n"
        "7001,2,2458002.5012,58002.0,15.31,0.013,32768,zg,1,2\n"
        "7001,3,2458003.5012,58003.0,15.41,0.014,2,zg,1,2\n"
        "7002,4,2458003.5012,58003.25,14.91,0.011,0,zr,1,2\n",
        [
            (7001, "g", [58001.0, 58003.0], [15.21, 15.41], [0.012, 0.014]),
            (7002, "r", [58003.25], [14.91], [0.011]),
        ],
        {"catflags: bad data (bit 15)": 1},
    ),
    Case(
        "ztf-hats",
        "hats.csv",
        "objectid,hmjd,mag,magerr,clrcoeff,catflags,filterid\n"
        "5,58001.0,15.21,0.012,0.1,0,1\n5,58002.0,15.31,0.013,0.1,32769,1\n"
        "5,58003.0,15.01,0.013,0.1,0,2\n",
        [(5, "g", [58001.0], [15.21], [0.012]), (5, "r", [58003.0], [15.01], [0.013])],
        {"catflags: bad data (bit 15)": 1},
    ),
    Case(
        "ztf-forced",
        "forced_star.txt",
        "# Requested input R.A. = 1.0 degrees\n# comment, with commas\n"
        "index, field, filter, jd, forcediffimflux, forcediffimfluxunc, zpdiff, nearestrefmag, "
        "infobitssci, procstatus\n"
        "0 300 ZTF_g 2458001.5 0.0 5.0 26.0 16.0 0 0\n"
        "1 300 ZTF_g 2458002.5 1000.0 5.0 26.0 16.0 0 57\n"
        "2 300 ZTF_g 2458003.5 10.0 5.0 26.0 16.0 0 61\n"
        "3 300 ZTF_g 2458004.5 10.0 5.0 26.0 16.0 33554432 0\n",
        [fluxes("forced_star", "g", [58001.0, 58002.0], [10000.0, 11000.0], [5.0, 5.0], 26.0)],
        {"procstatus: failed": 1, "infobitssci: bad image": 1},
    ),
    Case(
        "alerce",
        "alerce.csv",
        "oid,mjd,fid,magpsf,sigmapsf,magpsf_corr,sigmapsf_corr,sigmapsf_corr_ext,isdiffpos,"
        "corrected,dubious\n"
        "ZTF18a,58001.0,1,18.0,0.1,15.2,100.0,0.02,-1,True,False\n"
        "ZTF18a,58002.0,1,18.1,0.1,15.3,100.0,100.0,1,True,False\n"
        "ZTF18a,58003.0,1,18.2,0.1,15.4,0.02,0.03,1,False,False\n"
        "ZTF18a,58004.0,1,18.3,0.1,15.5,0.02,0.03,1,True,True\n"
        "ZTF18a,58005.0,2,18.4,0.1,15.1,0.02,0.04,1,True,False\n",
        [
            ("ZTF18a", "g", [58001.0, 58002.0], [15.2, 15.3], [0.02, NAN]),
            ("ZTF18a", "r", [58005.0], [15.1], [0.04]),
        ],
        {"corrected: not to the star's magnitude": 1, "dubious: correction": 1},
    ),
    Case(
        "alerce-forced",
        "alerce_forced.csv",
        "oid,mjd,fid,mag,e_mag,mag_corr,e_mag_corr,e_mag_corr_ext,isdiffpos,corrected,dubious,"
        "procstatus\n"
        "ZTF18c,58001.0,1,18.0,0.1,15.2,100.0,0.02,-1,True,False,0\n"
        "ZTF18c,58002.0,1,100.0,100.0,15.3,100.0,100.0,1,True,False,57\n"
        "ZTF18c,58003.0,1,18.2,0.1,15.4,0.02,0.03,1,False,False,0\n"
        "ZTF18c,58004.0,1,18.3,0.1,15.5,0.02,0.03,1,True,True,0\n"
        "ZTF18c,58005.0,2,18.4,0.1,15.1,0.02,0.04,1,True,False,0\n"
        "ZTF18c,58006.0,2,18.4,0.1,15.1,0.02,0.04,1,True,False,61\n",
        [
            ("ZTF18c", "g", [58001.0, 58002.0], [15.2, 15.3], [0.02, NAN]),
            ("ZTF18c", "r", [58005.0], [15.1], [0.04]),
        ],
        {
            "corrected: not to the star's magnitude": 1,
            "dubious: correction": 1,
            "procstatus: failed": 1,
        },
    ),
    Case(
        "fink",
        "fink.csv",
        "i:objectId,i:jd,i:fid,i:magpsf,i:sigmapsf,i:magnr,i:sigmagnr,i:isdiffpos,i:distnr\n"
        "ZTF18b,2458001.5,1,18.0,0.1,15.0,0.01,t,0.2\n"
        "ZTF18b,2458002.5,1,18.0,0.1,15.0,0.01,f,0.2\n",
        [
            (
                "ZTF18b",
                "g",
                [58001.0, 58002.0],
                [
                    -2.5 * np.log10(10**-6 + 10**-7.2),
                    -2.5 * np.log10(10**-6 - 10**-7.2),
                ],
                [
                    np.hypot(10**-7.2 * 0.1, 10**-6 * 0.01) / (10**-6 + 10**-7.2),
                    np.hypot(10**-7.2 * 0.1, 10**-6 * 0.01) / (10**-6 - 10**-7.2),
                ],
            )
        ],
        {},
    ),
    Case(
        "atlas",
        "atlas_star.txt",
        "###MJD  m  dm  uJy  duJy F err chi/N  RA  Dec  x y maj min phi apfit mag5sig\n"
        "58001.25 16.4 0.01 1000 1 o 0 1.1 1 2 3 4 5 6 7 8 19\n"
        "58002.25 16.4 0.01 1100 1 o 0 1.1 1 2 3 4 5 6 7 8 19\n"
        "58003.25 16.4 0.01 1100 1 o 1 1.1 1 2 3 4 5 6 7 8 19\n"
        "58004.25 16.4 0.01 1100 10001 o 0 1.1 1 2 3 4 5 6 7 8 19\n"
        "58005.25 16.4 0.01 1100 1 o 0 101 1 2 3 4 5 6 7 8 19\n",
        [
            fluxes(
                "atlas_star",
                "o",
                [58001.25, 58002.25, 58005.25],  # of bright stars chi/N is large
                [1000.0, 1100.0, 1100.0],
                [1.0, 1.0, 1.0],
                23.9,
            )
        ],
        {"err: bad measurement": 1, "duJy ≥ 10 000": 1},
    ),
    Case(
        "asas-sn",
        "asassn_star.csv",
        "HJD,UT Date,Camera,FWHM,Limit,mag,mag_err,flux(mJy),flux_err,Filter\n"
        "2458001.5,2017-09-05.0,be,1.5,17.1,15.2,0.02,3.1,0.05,V\n"
        "2458002.5,2017-09-06.0,be,1.5,16.52,>16.52,99.990,0.1,0.5,V\n"
        "2458003.5,2017-09-07.0,be,1.5,17.1,15.4,0.03,3.0,0.05,V\n",
        [("asassn_star", "V", [58001.0, 58003.0], [15.2, 15.4], [0.02, 0.03])],
        {"upper limits": 1},
    ),
    Case(
        "asas-sn-2",
        "patrol2.csv",
        "asas_sn_id,jd,flux,flux_err,mag,mag_err,limit,fwhm,quality,camera,phot_filter\n"
        "11,2458001.5,3.1,0.05,15.2,0.02,17.1,1.5,G,be,g\n"
        "11,2458002.5,0.1,0.5,99.99,99.99,16.5,1.5,G,be,g\n"
        "11,2458003.5,3.0,0.05,15.4,0.03,17.1,1.5,B,be,g\n",
        [(11, "g", [58001.0], [15.2], [0.02])],
        {"Quality: bad": 1, "upper limits": 1},
    ),
    Case(
        "asas-sn-2",
        "patrol2_star.csv",
        "# Light curve from Sky Patrol\n"
        "JD,Flux,Flux Error,Mag,Mag Error,Limit,FWHM,Filter,Quality,Camera\n"
        "2458001.5,3.1,0.05,15.2,0.02,17.1,1.5,V,G,be\n",
        [("patrol2_star", "V", [58001.0], [15.2], [0.02])],
        {},
    ),
    Case(
        "asas-sn-variables",
        "variable.csv",
        "hjd,camera,mag,mag_err,flux,flux_err,Filter\n2458001.5,be,15.2,0.02,3.1,0.05,V\n",
        [("variable", "V", [58001.0], [15.2], [0.02])],
        {},
    ),
    Case(
        "gaia",
        "gaia.csv",
        "source_id,transit_id,band,time,mag,flux,flux_error,flux_over_error,"
        "rejected_by_photometry,rejected_by_variability\n"
        "4500000000000000001,1,G,1700.5,15.2,100,1,100,false,false\n"
        "4500000000000000001,2,G,1701.5,15.3,100,1,100,true,false\n"
        "4500000000000000001,3,G,1702.5,15.4,100,1,100,false,true\n"
        "4500000000000000001,1,BP,1700.5003,15.6,100,1,50,false,false\n",
        [
            (4500000000000000001, "G", [56897.5], [15.2], [0.010857]),
            (4500000000000000001, "BP", [56897.5003], [15.6], [0.021714]),
        ],
        {"rejected by photometry": 1, "rejected by variability": 1},
    ),
    Case(
        "gaia-wide",
        "gaia_wide.csv",
        "source_id,g_transit_time,g_transit_mag,g_transit_flux_over_error,bp_obs_time,bp_mag,"
        "bp_flux_over_error,rp_obs_time,rp_mag,rp_flux_over_error,variability_flag_g_reject,"
        "variability_flag_bp_reject,variability_flag_rp_reject\n"
        "45,1700.5,15.2,100,1700.51,15.6,50,1700.52,14.8,50,false,false,false\n"
        "45,1701.5,15.3,100,,,,1701.52,14.9,50,true,false,false\n",
        [
            (45, "G", [56897.5], [15.2], [0.010857]),
            (45, "BP", [56897.51], [15.6], [0.021714]),
            (45, "RP", [56897.52, 56898.52], [14.8, 14.9], [0.021714, 0.021714]),
        ],
        {"rejected by variability (G)": 1, "without time or brightness": 1},
    ),
    Case(
        "rubin-forced",
        "forced.csv",
        "diaObjectId,midpointMjdTai,psfFlux,psfFluxErr,psfDiffFlux,band,pixelFlags_bad\n"
        "9,60001.0,1000,1,5,r,False\n9,60002.0,1100,1,5,r,False\n9,60003.0,1200,1,5,r,True\n",
        [fluxes(9, "r", [60001.0, 60002.0], [1000.0, 1100.0], [1.0, 1.0], 31.4)],
        {"pixelFlags_bad": 1},
    ),
    Case(
        "rubin-science",
        "diasource.csv",
        "diaSourceId,diaObjectId,midpointMjdTai,psfFlux,psfFluxErr,scienceFlux,scienceFluxErr,band,"
        "pixelFlags_bad,forced_PsfFlux_flag\n"
        "1,9,60001.0,-50,1,1000,1,r,False,False\n2,9,60002.0,50,1,1100,1,r,False,False\n"
        "3,9,60003.0,50,1,1100,1,r,True,False\n4,9,60004.0,50,1,1100,1,r,False,True\n",
        [fluxes(9, "r", [60001.0, 60002.0], [1000.0, 1100.0], [1.0, 1.0], 31.4)],
        {"pixelFlags_bad": 1, "forced_PsfFlux_flag": 1},
    ),
    Case(
        "plasticc",
        "plasticc.csv",
        "object_id,mjd,passband,flux,flux_err,detected\n"
        "615,59750.25,2,1000,1,1\n615,59752.25,2,1100,1,1\n615,59751.25,1,900,1,0\n",
        [
            fluxes(615, "r", [59750.25, 59752.25], [1000.0, 1100.0], [1.0, 1.0], 27.5),
            fluxes(615, "g", [59751.25], [900.0], [1.0], 27.5),
        ],
        {},
    ),
    Case(
        "snana",
        "snana.csv",
        "MJD,BAND,FLUXCAL,FLUXCALERR\n"
        "59750.25,r,1000,1\n59751.25,r,1100,1\n-777,-,-777,-777\n59752.25,r,900,1\n",
        [
            fluxes(0, "r", [59750.25, 59751.25], [1000.0, 1100.0], [1.0, 1.0], 27.5),
            fluxes(1, "r", [59752.25], [900.0], [1.0], 27.5),
        ],
        {},
    ),
    Case(
        "kepler",
        "kplr.fits",
        write_fits(
            "KEPLERID",
            757076,
            {
                "TIME": [120.5, 121.5, 122.5, NAN],
                "PDCSAP_FLUX": [1000.0, 1100.0, 900.0, NAN],
                "PDCSAP_FLUX_ERR": [1.0, 1.0, 1.0, NAN],
                "SAP_QUALITY": [0, 0, 128, 0],
            },
        ),
        [fluxes(757076, "", [54953.0, 54954.0], [1000.0, 1100.0], [1.0, 1.0], 0.0)],
        {"SAP_QUALITY": 1, "without time or brightness": 1},
    ),
    Case(
        "tess",
        "tess.fits",
        write_fits(
            "TICID",
            1234,
            {
                "TIME": [1500.5, 1501.5, 1502.5],
                "PDCSAP_FLUX": np.array([1000.0, 1100.0, 900.0], ">f4"),
                "PDCSAP_FLUX_ERR": np.array([1.0, 1.0, 1.0], ">f4"),
                "QUALITY": np.array([0, 0, 4], ">i4"),
            },
        ),
        [fluxes(1234, "", [58500.0, 58501.0], [1000.0, 1100.0], [1.0, 1.0], 0.0)],
        {"QUALITY": 1},
    ),
    Case(
        "tess-qlp",
        "qlp.fits",
        write_fits(
            "TICID",
            1235,
            {
                "TIME": [1500.5, 1501.5, 1502.5],
                "SAP_FLUX": np.array([0.8, 0.7, 0.9], ">f4"),
                "KSPSAP_FLUX": np.array([1.0, 1.1, 0.9], ">f4"),
                "KSPSAP_FLUX_ERR": np.array([0.001, 0.001, 0.001], ">f4"),
                "QUALITY": np.array([0, 0, 4096], ">i4"),
                "SAP_FLUX_SML": np.array([0.8, 0.7, 0.9], ">f4"),
            },
        ),
        [fluxes(1235, "", [58500.0, 58501.0], [1.0, 1.1], [0.001, 0.001], 0.0)],
        {"QUALITY": 1},
    ),
    Case(
        "tess-qlp",
        "qlp_later.fits",
        write_fits(
            "TICID",
            1235,
            {
                "TIME": [3500.5, 3501.5, 3502.5],
                "SAP_FLUX": np.array([0.8, 0.7, 0.9], ">f4"),
                "DET_FLUX": np.array([1.0, 1.1, 0.9], ">f4"),
                "DET_FLUX_ERR": np.array([0.001, 0.001, 0.001], ">f4"),
                "QUALITY": np.array([0, 0, 4096], ">i4"),
                "SYS_RM_FLUX": np.array([0.8, 0.7, 0.9], ">f4"),
            },
        ),
        [fluxes(1235, "", [60500.0, 60501.0], [1.0, 1.1], [0.001, 0.001], 0.0)],
        {"QUALITY": 1},
    ),
    Case(
        "tess-eleanor",
        "eleanor.fits",
        write_fits(
            "TIC_ID",
            1236,
            {
                "TIME": [1500.5, 1501.5, 1502.5],
                "RAW_FLUX": [800.0, 700.0, 900.0],
                "CORR_FLUX": [1000.0, 1100.0, 900.0],
                "TPF": np.ones((3, 2, 2), ">f4"),
                "PCA_FLUX": [10.0, 11.0, 9.0],
                "FLUX_ERR": [1.0, 1.0, 1.0],
                "QUALITY": np.array([0, 0, 4], ">i8"),
            },
        ),
        [fluxes(1236, "", [58500.0, 58501.0], [1000.0, 1100.0], [1.0, 1.0], 0.0)],
        {"QUALITY": 1},
    ),
    Case(
        "tess-tglc",
        "tglc.fits",
        write_fits(
            "TICID",
            "1237",
            {
                "time": [1500.5, 1501.5, 1502.5, 1503.5],
                "psf_flux": np.array([800.0, 700.0, 900.0, 900.0], ">f4"),
                "aperture_flux": np.array([800.0, 700.0, 900.0, 900.0], ">f4"),
                "cal_psf_flux": np.array([0.8, 0.7, 0.9, 0.9], ">f4"),
                "cal_aper_flux": np.array([1.0, 1.1, 0.9, 0.9], ">f4"),
                "TESS_flags": np.array([0, 0, 4, 0], ">i2"),
                "TGLC_flags": np.array([0, 0, 0, 1], ">i2"),
            },
        ),
        [fluxes(1237, "", [58500.0, 58501.0], [1.0, 1.1], [NAN, NAN], 0.0)],
        {"TESS_flags": 1, "TGLC_flags": 1},
    ),
    Case(
        "k2-everest",
        "everest.fits",
        write_fits(
            "KEPLERID",
            201367066,
            {
                "BKG": np.array([1.0, 1.0, 1.0], ">f4"),
                "CADN": np.array([1, 2, 3], ">i4"),
                "FLUX": np.array([1000.0, 1100.0, 900.0], ">f4"),
                "FRAW": np.array([800.0, 700.0, 900.0], ">f4"),
                "FRAW_ERR": np.array([1.0, 1.0, 1.0], ">f4"),
                "QUALITY": np.array([0, 0, 16384], ">i8"),
                "TIME": np.array([2000.5, 2001.5, 2002.5], ">f8"),
            },
        ),
        [fluxes(201367066, "", [56833.0, 56834.0], [1000.0, 1100.0], [1.0, 1.0], 0.0)],
        {"QUALITY": 1},
    ),
    Case(
        "k2sff",
        "k2sff.fits",
        write_fits(
            "KEPLERID",
            201367067,
            {
                "T": np.array([2000.5, 2001.5, 2002.5], ">f8"),
                "FRAW": np.array([0.8, 0.7, 0.9], ">f4"),
                "FCOR": np.array([1.0, 1.1, 0.9], ">f4"),
                "ARCLENGTH": np.array([1.0, 2.0, 3.0], ">f4"),
                "MOVING": np.array([0, 0, 1], ">i2"),
                "CADENCENUM": np.array([1, 2, 3], ">i4"),
            },
        ),
        [fluxes(201367067, "", [56833.0, 56834.0], [1.0, 1.1], [NAN, NAN], 0.0)],
        {"MOVING: thrusters on": 1},
    ),
    Case(
        "catalina",
        "catalina.csv",
        "MasterID,Mag,Magerr,RA,Dec,MJD,Blend\n"
        "10090,15.2,0.05,1,2,54001.25,0\n10090,15.4,0.05,1,2,54002.25,1\n",
        [(10090, "", [54001.25], [15.2], [0.05])],
        {"blended": 1},
    ),
    Case(
        "asas-3",
        "asas_star",
        "#ndata= 4\n#dataset= 1 ; 1 F0600+20_251\n#designation= 060000+2000.0\n"
        "#     HJD      MAG_3  MAG_0  MAG_1  MER_3 MER_0 MER_1 GRADE FRAME\n"
        " 1884.8001  9.4 9.21  9.3   0.03 0.031 0.03  A 18573\n"
        " 1885.8001  9.4 9.31  9.3   0.03 0.032 0.03  D 18574\n"
        " 1886.8001  9.4 29.999 9.3  0.03 0.033 0.03  A 18575\n"
        " 1887.8001  9.4 9.41  9.3   0.03 0.034 0.03  B 18576\n",
        [("asas_star", "", [51884.3001, 51887.3001], [9.21, 9.41], [0.031, 0.034])],
        {"GRADE C or D": 1, "sentinels": 1},
    ),
    Case(
        "columns",
        "OGLE-LMC-CEP-0001.dat",
        "2455260.5 15.21 0.006\n2455261.5 15.31 0.007\n2455262.5 99.999 9.999\n",
        [("OGLE-LMC-CEP-0001", "", [55260.0, 55261.0], [15.21, 15.31], [0.006, 0.007])],
        {"upper limits": 1},
    ),
    Case(
        "neowise",
        "neowise.csv",
        "source_id,mjd,w1mpro,w1sigmpro,w2mpro,w2sigmpro,qual_frame,cc_flags\n"
        "a1,57001.25,10.1,0.02,9.9,0.03,10,0000\na1,57002.25,10.2,0.02,9.8,0.03,0,0000\n"
        "a1,57003.25,10.3,0.02,,,10,0000\na1,57004.25,10.3,0.02,9.7,0.03,10,D000\n",
        [
            ("a1", "w1", [57001.25, 57003.25], [10.1, 10.3], [0.02, 0.02]),
            ("a1", "w2", [57001.25], [9.9], [0.03]),
        ],
        {"qual_frame 0": 2, "cc_flags: artefact": 2, "upper limits": 1},
    ),
    Case(
        "pan-starrs",
        "ps1.csv",
        "objID,obsTime,filterID,psfFlux,psfFluxErr,psfQfPerfect\n"
        "12,55801.25,1,0.001,0.000001,0.99\n12,55802.25,1,0.0011,0.000001,0.5\n"
        "12,55803.25,1,-999,-999,0.99\n",
        [fluxes(12, "g", [55801.25], [0.001], [0.000001], 8.9)],
        {"psfQfPerfect < 0.95": 1, "without time or brightness": 1},
    ),
    Case(
        "aavso",
        "aavso_star.csv",
        "JD,Magnitude,Uncertainty,Band,Observer Code\n"
        "2458001.5,9.2,0.02,Vis.,AB\n2458002.5,<14.2,,Vis.,AB\n2458003.5,9.4,0.1,Vis.,AB\n",
        [("aavso_star", "Vis.", [58001.0, 58003.0], [9.2, 9.4], [0.02, 0.1])],
        {"upper limits": 1},
    ),
    Case(
        "columns",
        "macho_star.txt",
        "49001.25 15.2 0.02\n49002.25 -99.0 9.999\n49003.25 0 0.02\n49004.25 15.4 99.9\n"
        "49005.25 15.4 0.03\n",
        [("macho_star", "", [49001.25, 49005.25], [15.2, 15.4], [0.02, 0.03])],
        {"upper limits": 2, "sentinels": 1},
    ),
]
