"""More files of services: other spellings, and the bad rows that each is known for."""

import numpy as np
from services import NAN, Case, fluxes, write_fits

from sklearn_astromer.lightcurves.flux import asinh_magnitudes


def faint(id, band, time, flux, error, zero_point):
    """Curves with fluxes of zero and below, which have asinh magnitudes alone."""
    mag, err = asinh_magnitudes(flux, error, zero_point)
    return (id, band, time, mag.tolist(), err.tolist())


ALERT = [  # brighter and fainter than the reference by a flux of 10^-7.2
    -2.5 * np.log10(10**-6 + 10**-7.2),
    -2.5 * np.log10(10**-6 - 10**-7.2),
]
ALERT_ERRORS = [
    np.hypot(10**-7.2 * 0.1, 10**-6 * 0.01) / (10**-6 + sign * 10**-7.2) for sign in (1, -1)
]
MISSING = "without time or brightness"

BAD_ROWS = [
    Case(
        "gaia-alerts",
        "Gaia16made.csv",
        "#Gaia16made\n#Date,JD(TCB),averagemag\n"
        "2016-01-01 00:00:00,2457388.5,18.50\n"
        "2016-02-01 00:00:00,2457419.5,untrusted\n"
        "2016-03-01 00:00:00,2457448.5,null\n"
        "2016-04-01 00:00:00,2457479.5,17.90\n",
        [("Gaia16made", "", [57388.0, 57479.0], [18.5, 17.9], [NAN, NAN])],
        {MISSING: 2},
    ),
    Case(
        "ztf",
        "ztf_nan.csv",
        "oid,expid,hjd,mjd,mag,magerr,catflags,filtercode\n"
        "7001,1,2458001.5012,58001.0,15.21,0.012,0,zi\n"
        "7001,2,2458002.5012,58002.0,,0.013,0,zi\n"
        "7001,3,2458003.5012,58003.0,99.99,0.014,0,zi\n"
        "7001,4,2458004.5012,58004.0,15.5,0.014,65535,zi\n",
        [(7001, "i", [58001.0], [15.21], [0.012])],
        {"catflags: bad data (bit 15)": 1, "sentinels": 1, MISSING: 1},
    ),
    Case(
        "ztf-forced",
        "forced_null.txt",
        "# Requested input R.A. = 1.0 degrees\n"
        " index, field, filter, jd, forcediffimflux, forcediffimfluxunc, zpdiff, nearestrefmag, "
        "infobitssci, procstatus\n"
        "0 300 ZTF_r 2458001.5 -1000.0 5.0 26.0 16.0 0 0\n"
        "1 300 ZTF_r 2458002.5 null null 26.0 16.0 0 0\n"
        "2 300 ZTF_r 2458003.5 10.0 5.0 26.0 null 0 0\n"
        "3 300 ZTF_r 2458004.5 -20000.0 5.0 26.0 16.0 0 57\n"
        "4 300 ZTF_r 2458005.5 10.0 5.0 26.0 -99999 0 56,57\n",
        [
            faint(
                "forced_null", "r", [58001.0, 58004.0], [9000.0, -10000.0], [5.0, 5.0], [26.0, 26.0]
            )
        ],
        {"procstatus: failed": 1, MISSING: 2},
    ),
    Case(
        "fink",
        "lasair.csv",
        "candid,jd,fid,magpsf,sigmapsf,magnr,sigmagnr,distnr,isdiffpos\n"
        "1,2458001.5,1,18.0,0.1,15.0,0.01,0.1,t\n"
        "2,2458002.5,1,18.0,0.1,15.0,0.01,0.1,f\n"
        "3,2458003.5,1,18.0,0.1,15.0,0.01,3.0,t\n"
        "4,2458004.5,1,18.0,0.1,-999,-999,0.1,t\n"
        "5,2458005.5,1,,,15.0,0.01,0.1,t\n",
        [("lasair", "g", [58001.0, 58002.0], ALERT, ALERT_ERRORS)],
        {"reference over 1.4 arcsec away": 1, MISSING: 2},
    ),
    Case(
        "atlas",
        "atlas_faint.txt",
        "MJD m dm uJy duJy F err chi/N RA Dec x y maj min phi apfit mag5sig Sky Obs\n"
        "58001.25 -19.4 0.2 -60 20 c 0 1.1 1 2 3 4 5 6 7 8 19 20 a\n"
        "58002.25 18.9 0.2 100 20 c 0 1.1 1 2 3 4 5 6 7 8 19 20 b\n"
        "58003.25 99 0 0 20 c 0 1.1 1 2 3 4 5 6 7 8 19 20 c\n",
        [
            faint(
                "atlas_faint",
                "c",
                [58001.25, 58002.25, 58003.25],
                [-60.0, 100.0, 0.0],
                [20.0] * 3,
                23.9,
            )
        ],
        {},
    ),
    Case(
        "asas-sn-2",
        "patrol2_limits.csv",
        "JD,Flux,Flux Error,Mag,Mag Error,Limit,FWHM,Filter,Quality,Camera\n"
        "2458001.5,3.1,0.05,15.2,0.02,17.1,1.5,g,G,be\n"
        "2458002.5,0.1,0.05,>17.0,99.99,17.0,1.5,g,G,be\n"
        "2458003.5,3.1,0.05,99.99,0.02,17.1,1.5,g,G,be\n"
        "2458004.5,3.1,0.05,15.3,0.02,17.1,1.5,g,B,be\n",
        [("patrol2_limits", "g", [58001.0], [15.2], [0.02])],
        {"Quality: bad": 1, "upper limits": 1, "sentinels": 1},
    ),
    Case(
        "asas-sn-variables",
        "variable_limits.csv",
        "hjd,camera,mag,mag_err,flux,flux_err\n"
        "2458001.5,be,15.2,0.02,3.1,0.05\n2458002.5,bf,>16.1,99.99,0.1,0.5\n"
        "2458003.5,bf,99.99,99.99,0.1,0.5\n",
        [("variable_limits", "", [58001.0], [15.2], [0.02])],
        {"upper limits": 2},
    ),
    Case(
        "gaia",
        "gaia_nan.csv",
        "source_id,transit_id,band,time,mag,flux,flux_error,flux_over_error,"
        "rejected_by_photometry,rejected_by_variability\n"
        "4500000000000000001,1,RP,1700.5,15.2,100,1,100,False,False\n"
        "4500000000000000001,2,RP,,,,,,False,False\n"
        "4500000000000000003,2,RP,1701.5,15.3,100,1,,False,False\n"
        "4500000000000000003,3,RP,1702.5,15.3,100,1,,True,True\n",
        [
            (4500000000000000001, "RP", [56897.5], [15.2], [0.010857]),
            (4500000000000000003, "RP", [56898.5], [15.3], [NAN]),
        ],
        {"rejected by photometry": 1, MISSING: 1},
    ),
    Case(
        "rubin-forced",
        "forced_source.csv",
        "objectId,expMidptMJD,psfFlux,psfFluxErr,psfMag,band,psfFlux_flag,pixelFlags_bad\n"
        "9,60001.0,-20,10,,g,False,False\n9,60002.0,30,10,30.2,g,False,False\n"
        "9,60003.0,30,10,30.2,g,True,False\n9,60004.0,,,,g,False,False\n",
        [faint(9, "g", [60001.0, 60002.0], [-20.0, 30.0], [10.0, 10.0], 31.4)],
        {"psfFlux_flag": 1, MISSING: 1},
    ),
    Case(
        "rubin-magnitudes",
        "rubin_mag.csv",
        "objectId,midpointMjdTai,psfMag,psfMagErr,band,psfFlux_flag,pixelFlags_bad\n"
        "9,60001.0,21.1,0.02,g,False,False\n9,60002.0,,,g,False,False\n"
        "9,60003.0,21.2,0.02,g,True,False\n9,60004.0,21.3,0.02,g,False,True\n",
        [(9, "g", [60001.0], [21.1], [0.02])],
        {"pixelFlags_bad": 1, "psfFlux_flag": 1, MISSING: 1},
    ),
    Case(
        "plasticc",
        "plasticc_faint.csv",
        "object_id,mjd,passband,flux,flux_err,detected_bool\n"
        "615,59750.25,5,-10,5,0\n615,59752.25,5,20,5,1\n615,59753.25,5,0,5,0\n",
        [faint(615, "y", [59750.25, 59752.25, 59753.25], [-10.0, 20.0, 0.0], [5.0] * 3, 27.5)],
        {},
    ),
    Case(
        "snana",
        "snana_named.csv",
        "SNID,MJD,FLT,FLUXCAL,FLUXCALERR\n"
        "31,59750.25,r,-10,5\n31,59751.25,r,20,5\n31,-777,-,-777,-777\n32,59752.25,g,900,1\n",
        [
            faint(31, "r", [59750.25, 59751.25], [-10.0, 20.0], [5.0, 5.0], 27.5),
            fluxes(32, "g", [59752.25], [900.0], [1.0], 27.5),
        ],
        {},
    ),
    Case(
        "snana",
        "snana_text.dat",
        "SURVEY: DES\nSNID:  1246274\nFILTERS: griz\n\n"
        "NOBS: 2\nNVAR: 5\nVARLIST: MJD FLT FIELD FLUXCAL FLUXCALERR\n"
        "OBS: 59750.25 g NULL 1000 1\nOBS: 59751.25 g NULL 1100 1\nEND:\n",
        [fluxes(1246274, "g", [59750.25, 59751.25], [1000.0, 1100.0], [1.0, 1.0], 27.5)],
        {},
    ),
    Case(
        "kepler",
        "ktwo.fits",
        write_fits(
            "KEPLERID",
            201367065,
            {
                "TIME": np.array([2000.5, 2001.5, NAN, 2003.5, 2004.5], ">f8"),
                "PDCSAP_FLUX": np.array([-3.0, 8.0, 5.0, NAN, 5.0], ">f4"),
                "PDCSAP_FLUX_ERR": np.array([4.0, 4.0, 4.0, NAN, 4.0], ">f4"),
                "SAP_QUALITY": np.array([0, 0, 0, 0, 16384], ">i4"),
            },
        ),
        [faint(201367065, "", [56833.0, 56834.0], [-3.0, 8.0], [4.0, 4.0], 0.0)],
        {"SAP_QUALITY": 1, MISSING: 2},
    ),
    Case(
        "catalina",
        "catalina_input.csv",
        "InputID,Mag,Magerr,RA,Decl,MJD,Blend,ObjID\n"
        "star 1,15.2,0.05,1,2,54001.25,0,77\nstar 1,99.99,0.05,1,2,54002.25,0,77\n"
        "star 1,15.2,0.05,1,2,54003.25,1,77\n",
        [("star 1", "", [54001.25], [15.2], [0.05])],
        {"blended": 1, "sentinels": 1},
    ),
    Case(
        "asas-3",
        "asas_blocks",
        "#ndata= 4\n#dataset= 1 ; 1 F0600+20_251\n#designation= 060000+2000.0\n"
        "#     HJD      MAG_0  MAG_1  MER_0 MER_1 GRADE FRAME\n"
        " 1884.8001  9.21  9.3   0.031 0.03  A 18573\n"
        " 1885.8001  99.999  9.3   0.032 0.03  A 18574\n"
        "#dataset= 2 ; 1 F0552+20_251\n#designation= 060000+2000.0\n"
        "#     HJD      MAG_0  MAG_1  MER_0 MER_1 GRADE FRAME\n"
        " 1886.8001  9.31  9.3   0.033 0.03  C 18575\n"
        " 1887.8001  9.41  9.3   0.034 0.03  B 18576\n",
        [("asas_blocks", "", [51884.3001, 51887.3001], [9.21, 9.41], [0.031, 0.034])],
        {"GRADE C or D": 1, "sentinels": 1},
    ),
    Case(
        "neowise",
        "mep.csv",
        "source_id_mf,mjd,w1mpro_ep,w1sigmpro_ep,w2mpro_ep,w2sigmpro_ep,cc_flags\n"
        "m1,55301.25,10.1,0.02,9.9,0.03,0000\nm1,55302.25,12.2,,9.8,0.03,0000\n",
        [
            ("m1", "w1", [55301.25], [10.1], [0.02]),
            ("m1", "w2", [55301.25, 55302.25], [9.9, 9.8], [0.03, 0.03]),
        ],
        {"upper limits": 1},
    ),
    Case(
        "aavso",
        "aavso_extended.txt",
        "#TYPE=EXTENDED\n#OBSCODE=AB\n#DELIM=,\n#DATE=JD\n#NAME,DATE,MAG,MERR,FILT,TRANS\n"
        "SS CYG,2458001.5,9.2,0.02,V,NO\nSS CYG,2458002.5,<14.2,na,V,NO\n"
        "SS CYG,2458003.5,9.4,na,V,NO\n",
        [("SS CYG", "V", [58001.0, 58003.0], [9.2, 9.4], [0.02, NAN])],
        {"upper limits": 1},
    ),
    Case(
        "columns",
        "vvv_star.dat",
        "# MJD mag err\n55301.25 14.2 0.02\n55302.25 -99.99 0.02\n55303.25 -9.99 0.02\n"
        "55304.25 99.999 9.999\n55305.25 14.3 9.999\n55306.25 14.4 0.03\n55307.25 -999.0 0.1\n",
        [("vvv_star", "", [55301.25, 55306.25], [14.2, 14.4], [0.02, 0.03])],
        {"upper limits": 2, "sentinels": 3},
    ),
]
