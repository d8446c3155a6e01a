"""The surveys that `LightCurves.read` knows. To add one, add an entry and a file to its test."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_astromer.lightcurves.flux import AB_JANSKY, AB_MICROJANSKY, AB_NANOJANSKY
from sklearn_astromer.lightcurves.surveys.survey import (
    BKJD,
    BTJD,
    GAIA,
    HJD_2450000,
    JD,
    Bad,
    Brightness,
    Survey,
)

ZTF_BANDS = {"1": "g", "2": "r", "3": "i"}
SNANA_ZERO_POINT = 27.5


def _forced_ztf(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the flux of the reference, which was subtracted."""
    reference = 10 ** (-0.4 * (frame["nearestrefmag"] - frame["zpdiff"]))
    return frame.assign(total=frame["forcediffimflux"] + reference)


def _alert(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the difference to the reference star, where it stands beside the difference."""
    if "magnr" not in frame:
        return frame
    brighter = frame["isdiffpos"].astype(str).str.lower().isin(["t", "true", "1", "1.0"])
    sign = np.where(brighter, 1.0, -1.0)
    difference, reference = (10 ** (-0.4 * frame[name]) for name in ("magpsf", "magnr"))
    total = pd.Series(reference + sign * difference)
    mag = -2.5 * np.log10(total.where(total > 0))
    known = frame.get("sigmagnr", 0.0)
    sigma = np.hypot(difference * frame["sigmapsf"], reference * known)
    return frame.assign(magpsf_corr=mag, sigmapsf_corr=sigma / total)


def _separated(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows of -777, which separate objects, and number these where nothing names them."""
    separator = frame["mjd"] == -777
    if "snid" not in frame:
        frame = frame.assign(snid=separator.cumsum())
    return frame[~separator]


def _gaia_error(prefix: str) -> str:
    return f"{prefix}_mag_err"


def _gaia_wide(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        **{
            _gaia_error(name): 1.0857 / frame[f"{name}_flux_over_error"]
            for name in ("g_transit", "bp", "rp")
            if f"{name}_flux_over_error" in frame
        }
    )


def _gaia_long(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(mag_err=1.0857 / frame["flux_over_error"])


def _atlas_limits(frame: pd.DataFrame) -> pd.DataFrame:
    """Take errors of nothing for what they are."""
    return frame.assign(dujy=frame["dujy"].where(frame["dujy"] > 0))


SURVEYS: tuple[Survey, ...] = (
    Survey(
        "ztf",
        "ZTF data release (IRSA)",
        ("oid", "mjd", "mag", "magerr", "catflags", "filtercode"),
        "mjd",
        (Brightness("mag", "magerr"),),
        id="oid",
        band="filtercode",
        bands={"zg": "g", "zr": "r", "zi": "i"},
        bad=(Bad("catflags: bad data (bit 15)", "catflags", ">=", 32768),),
    ),
    Survey(
        "ztf-hats",
        "ZTF light curves in HATS",
        ("hmjd", "mag", "magerr", "catflags"),
        "hmjd",
        (Brightness("mag", "magerr"),),
        id="objectid|oid|ztf_id|index",
        band="filterid",
        bands=ZTF_BANDS,
        bad=(Bad("catflags: bad data (bit 15)", "catflags", ">=", 32768),),
        lacks=("filtercode",),
    ),
    Survey(
        "ztf-forced",
        "ZTF forced photometry",
        ("forcediffimflux", "forcediffimfluxunc", "zpdiff", "jd", "filter"),
        "jd",
        (Brightness(flux="total", flux_err="forcediffimfluxunc", zero_point="zpdiff"),),
        origin=JD,
        band="filter",
        bands={"ZTF_g": "g", "ZTF_r": "r", "ZTF_i": "i"},
        bad=(
            Bad("procstatus: failed", "procstatus", "not in", [0, 57, "0", "57"]),
            Bad("infobitssci: bad image", "infobitssci", ">", 0),
            Bad("no reference magnitude", "nearestrefmag", "<", 0),
        ),
        prepare=_forced_ztf,
    ),
    Survey(
        "alerce",
        "ALeRCE detections (ZTF)",
        ("oid", "mjd", "fid", "magpsf", "magpsf_corr"),
        "mjd",
        (Brightness("magpsf_corr", "sigmapsf_corr|sigmapsf_corr_ext"),),
        id="oid",
        band="fid",
        bands=ZTF_BANDS,
        bad=(
            Bad("not corrected to the star's magnitude", "corrected", "false"),
            Bad("dubious correction", "dubious", "true"),
        ),
    ),
    Survey(
        "fink",
        "Fink, Lasair and other alert streams of ZTF",
        ("objectid|candid", "jd", "fid", "magpsf", "isdiffpos"),
        "jd",
        (Brightness("magpsf_corr", "sigmapsf_corr"),),
        id="objectid",
        origin=JD,
        band="fid",
        bands=ZTF_BANDS,
        prepare=_alert,
    ),
    Survey(
        "atlas",
        "ATLAS forced photometry",
        ("mjd", "ujy", "dujy", "f", "chi/n"),
        "mjd",
        (Brightness(flux="ujy", flux_err="dujy", zero_point=AB_MICROJANSKY),),
        band="f",
        bad=(
            Bad("err: bad measurement", "err", "!=", 0),
            Bad("duJy ≥ 10 000", "dujy", ">=", 10_000),
            Bad("chi/N > 100", "chi/n", ">", 100),
        ),
        prepare=_atlas_limits,
    ),
    Survey(
        "asas-sn",
        "ASAS-SN Sky Patrol 1",
        ("hjd", "camera", "limit", "mag", "mag_err", "flux(mjy)"),
        "hjd",
        (Brightness("mag", "mag_err"),),
        origin=JD,
        band="filter",
    ),
    Survey(
        "asas-sn-2",
        "ASAS-SN Sky Patrol 2",
        ("jd", "flux", "mag", "limit", "mag error|mag_err", "quality"),
        "jd",
        (Brightness("mag", "mag error|mag_err"),),
        id="asas_sn_id",
        origin=JD,
        band="filter|phot_filter",
        bad=(Bad("Quality: bad", "quality", "==", "B"),),
    ),
    Survey(
        "asas-sn-variables",
        "ASAS-SN catalog of variable stars",
        ("hjd", "camera", "mag", "mag_err", "flux", "flux_err"),
        "hjd",
        (Brightness("mag", "mag_err"),),
        origin=JD,
        band="filter",
        lacks=("limit",),
    ),
    Survey(
        "gaia",
        "Gaia DR3 epoch photometry",
        ("source_id", "time", "mag", "band", "flux_over_error"),
        "time",
        (Brightness("mag", "mag_err"),),
        id="source_id",
        origin=GAIA,
        band="band",
        bad=(
            Bad("rejected by photometry", "rejected_by_photometry", "true"),
            Bad("rejected by variability", "rejected_by_variability", "true"),
        ),
        prepare=_gaia_long,
    ),
    Survey(
        "gaia-wide",
        "Gaia DR3 epoch photometry, bands side by side",
        ("source_id", "g_transit_time", "g_transit_mag"),
        "g_transit_time",
        tuple(
            Brightness(
                f"{name}_mag",
                _gaia_error(name),
                time=f"{name}_{'time' if name == 'g_transit' else 'obs_time'}",
                band=band,
                bad=tuple(
                    Bad(f"rejected by {why} ({band})", f"{kind}_flag_{short}_reject", "true")
                    for why, kind in (
                        ("photometry", "photometry"),
                        ("variability", "variability"),
                    )
                ),
            )
            for name, short, band in (
                ("g_transit", "g", "G"),
                ("bp", "bp", "BP"),
                ("rp", "rp", "RP"),
            )
        ),
        id="source_id",
        origin=GAIA,
        prepare=_gaia_wide,
    ),
    Survey(
        "rubin-forced",
        "Rubin forced photometry (forcedSource, forcedSourceOnDiaObject)",
        ("objectid|diaobjectid", "midpointmjdtai|expmidptmjd", "psfflux", "band"),
        "midpointmjdtai|expmidptmjd",
        (Brightness(flux="psfflux", flux_err="psffluxerr", zero_point=AB_NANOJANSKY),),
        id="diaobjectid|objectid",
        band="band",
        bad=(
            Bad("pixelFlags_bad", "pixelflags_bad", "true"),
            Bad("psfFlux_flag", "psfflux_flag", "true"),
        ),
        lacks=("diasourceid", "scienceflux"),
    ),
    Survey(
        "rubin-science",
        "Rubin fluxes of the direct image (diaSource.scienceFlux)",
        ("objectid|diaobjectid", "midpointmjdtai|expmidptmjd", "scienceflux", "band"),
        "midpointmjdtai|expmidptmjd",
        (Brightness(flux="scienceflux", flux_err="sciencefluxerr", zero_point=AB_NANOJANSKY),),
        id="diaobjectid|objectid",
        band="band",
        bad=(Bad("pixelFlags_bad", "pixelflags_bad", "true"),),
    ),
    Survey(
        "rubin-difference",
        "Rubin difference fluxes (diaSource)",
        ("diasourceid", "diaobjectid", "midpointmjdtai|expmidptmjd", "psfflux", "band"),
        "midpointmjdtai|expmidptmjd",
        (Brightness(flux="psfflux", flux_err="psffluxerr", difference=True),),
        id="diaobjectid",
        band="band",
        bad=(Bad("pixelFlags_bad", "pixelflags_bad", "true"),),
        lacks=("scienceflux",),
    ),
    Survey(
        "plasticc",
        "PLAsTiCC",
        ("object_id", "mjd", "passband", "flux", "flux_err", "detected|detected_bool"),
        "mjd",
        (Brightness(flux="flux", flux_err="flux_err", zero_point=SNANA_ZERO_POINT),),
        id="object_id",
        band="passband",
        bands=dict(zip("012345", "ugrizy", strict=True)),
    ),
    Survey(
        "snana",
        "SNANA, ELAsTiCC",
        ("mjd", "fluxcal", "fluxcalerr", "band|flt"),
        "mjd",
        (Brightness(flux="fluxcal", flux_err="fluxcalerr", zero_point=SNANA_ZERO_POINT),),
        id="snid",
        band="band|flt",
        prepare=_separated,
    ),
    Survey(
        "kepler",
        "Kepler and K2 (FITS)",
        ("time", "pdcsap_flux", "sap_quality"),
        "time",
        (Brightness(flux="pdcsap_flux", flux_err="pdcsap_flux_err"),),
        id="keplerid",
        origin=BKJD,
        bad=(Bad("SAP_QUALITY", "sap_quality", "!=", 0),),
    ),
    Survey(
        "tess",
        "TESS (FITS)",
        ("time", "pdcsap_flux", "quality"),
        "time",
        (Brightness(flux="pdcsap_flux", flux_err="pdcsap_flux_err"),),
        id="ticid",
        origin=BTJD,
        bad=(Bad("QUALITY", "quality", "!=", 0),),
    ),
    Survey(
        "catalina",
        "Catalina",
        ("masterid|inputid", "mag", "magerr", "mjd", "blend"),
        "mjd",
        (Brightness("mag", "magerr"),),
        id="masterid|inputid",
        bad=(Bad("blended", "blend", "==", 1),),
    ),
    Survey(
        "asas-3",
        "ASAS-3",
        ("hjd", "mag_0", "mer_0", "grade"),
        "hjd",
        (Brightness("mag_0", "mer_0"),),
        origin=HJD_2450000,
        bad=(Bad("GRADE C or D", "grade", "in", ["C", "D"]),),
    ),
    Survey(
        "neowise",
        "NEOWISE, AllWISE",
        ("mjd", "w1mpro", "w1sigmpro"),
        "mjd",
        (
            Brightness("w1mpro", "w1sigmpro", band="w1"),
            Brightness("w2mpro", "w2sigmpro", band="w2"),
        ),
        id="source_id|allwise_cntr",
        bad=(
            Bad("qual_frame 0", "qual_frame", "==", 0),
            Bad("cc_flags: artefact", "cc_flags", "not in", ["0000", "00", "0", 0]),
        ),
    ),
    Survey(
        "pan-starrs",
        "Pan-STARRS DR2 detections",
        ("objid", "obstime", "filterid", "psfflux", "psffluxerr"),
        "obstime",
        (
            Brightness(
                flux="psfflux",
                flux_err="psffluxerr",
                zero_point=AB_JANSKY,
                bad=(Bad("no flux (-999)", "psfflux", "==", -999),),
            ),
        ),
        id="objid",
        band="filterid",
        bands=dict(zip("12345", "grizy", strict=True)),
        bad=(Bad("psfQfPerfect < 0.95", "psfqfperfect", "<", 0.95),),
    ),
    Survey(
        "aavso",
        "AAVSO",
        ("jd|date", "magnitude|mag", "uncertainty|merr", "band|filt"),
        "jd|date",
        (Brightness("magnitude|mag", "uncertainty|merr"),),
        id="starid|star name",
        origin=JD,
        band="band|filt",
    ),
)


def recognise(columns: set[str]) -> list[Survey]:
    """Return the surveys whose columns a table has, the most specific alone."""
    found = [survey for survey in SURVEYS if survey.fits(columns)]
    most = max((len(survey.needs) for survey in found), default=0)
    return [survey for survey in found if len(survey.needs) == most]
