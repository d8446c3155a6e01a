"""The surveys that `LightCurves.read` knows. To add one, add an entry and a file to its test."""

from __future__ import annotations

import functools
from collections.abc import Set

from sklearn_astromer.lightcurves.flux import AB_JANSKY, AB_MICROJANSKY, AB_NANOJANSKY
from sklearn_astromer.lightcurves.surveys.names import ALIASES, ERRORS
from sklearn_astromer.lightcurves.surveys.prepare import (
    alerce,
    alert,
    atlas_limits,
    forced_ztf,
    gaia_long,
    gaia_wide,
    pan_starrs,
    separated,
)
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
#: Columns of any table, which tell no survey.
COMMON = {alias.lower() for aliases in ALIASES.values() for alias in aliases} | {
    *("flux_err", "quality", "camera", "limit", *ERRORS),
}


SURVEYS: tuple[Survey, ...] = (
    Survey(
        "ztf",
        "ZTF data release (IRSA)",
        ("oid", "mjd", "mag", "magerr", "filtercode"),
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
        ("forcediffimflux", "forcediffimfluxunc", "zpdiff", "nearestrefmag", "jd", "filter"),
        "jd",
        (Brightness(flux="total", flux_err="forcediffimfluxunc", zero_point="zpdiff"),),
        origin=JD,
        band="filter",
        bands={"ZTF_g": "g", "ZTF_r": "r", "ZTF_i": "i"},
        bad=(
            Bad("procstatus: failed", "procstatus", "not in", [0, 57, "0", "57"]),
            Bad("infobitssci: bad image", "infobitssci", ">", 0),
        ),
        prepare=forced_ztf,
    ),
    Survey(
        "alerce",
        "ALeRCE detections (ZTF)",
        ("mjd", "fid", "magpsf", "magpsf_corr"),
        "mjd",
        (Brightness("magpsf_corr", "sigmapsf_corr_ext|sigmapsf_corr"),),
        id="oid",
        band="fid",
        bands=ZTF_BANDS,
        bad=(
            Bad("corrected: not to the star's magnitude", "corrected", "false"),
            Bad("dubious: correction", "dubious", "true"),
        ),
        lacks=("mag_corr",),
        prepare=alerce,
    ),
    Survey(
        "alerce-forced",
        "ALeRCE forced photometry (ZTF)",
        ("mjd", "fid", "mag_corr", "e_mag_corr_ext|e_mag_corr"),
        "mjd",
        (Brightness("mag_corr", "e_mag_corr_ext|e_mag_corr"),),
        id="oid",
        band="fid",
        bands=ZTF_BANDS,
        bad=(
            Bad("corrected: not to the star's magnitude", "corrected", "false"),
            Bad("dubious: correction", "dubious", "true"),
            Bad("procstatus: failed", "procstatus", "not in", [0, 57, "0", "57"]),
        ),
        prepare=alerce,
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
        bad=(Bad("reference over 1.4 arcsec away", "distnr", ">", 1.4),),
        prepare=alert,
    ),
    Survey(
        "atlas",
        "ATLAS forced photometry",
        ("mjd", "ujy", "dujy", "f"),
        "mjd",
        (Brightness(flux="ujy", flux_err="dujy", zero_point=AB_MICROJANSKY),),
        band="f",
        bad=(
            Bad("err: bad measurement", "err", "!=", 0),
            Bad("duJy ≥ 10 000", "dujy", ">=", 10_000),
        ),
        prepare=atlas_limits,
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
        ("jd", "flux", "mag", "limit", "mag error|mag_err", "camera"),
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
        prepare=gaia_long,
    ),
    Survey(
        "gaia-wide",
        "Gaia DR3 epoch photometry, bands side by side",
        ("source_id", "g_transit_time", "g_transit_mag"),
        "g_transit_time",
        tuple(
            Brightness(
                f"{name}_mag",
                f"{name}_mag_err",
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
        prepare=gaia_wide,
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
        bad=(
            Bad("pixelFlags_bad", "pixelflags_bad", "true"),
            Bad("forced_PsfFlux_flag", "forced_psfflux_flag", "true"),
        ),
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
        "rubin-forced-difference",
        "Rubin forced photometry of difference images (psfDiffFlux)",
        ("objectid|diaobjectid", "midpointmjdtai|expmidptmjd", "psfdiffflux", "band"),
        "midpointmjdtai|expmidptmjd",
        (Brightness(flux="psfdiffflux", flux_err="psfdifffluxerr", difference=True),),
        id="diaobjectid|objectid",
        band="band",
        bad=(
            Bad("pixelFlags_bad", "pixelflags_bad", "true"),
            Bad("psfDiffFlux_flag", "psfdiffflux_flag", "true"),
        ),
        lacks=("psfflux", "scienceflux", "psfmag"),
    ),
    Survey(
        "rubin-magnitudes",
        "Rubin forced photometry in magnitudes (psfMag)",
        ("objectid|diaobjectid", "midpointmjdtai|expmidptmjd", "psfmag", "band"),
        "midpointmjdtai|expmidptmjd",
        (Brightness("psfmag", "psfmagerr"),),
        id="diaobjectid|objectid",
        band="band",
        bad=(
            Bad("pixelFlags_bad", "pixelflags_bad", "true"),
            Bad("psfFlux_flag", "psfflux_flag", "true"),
        ),
        lacks=("psfflux", "scienceflux"),
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
        prepare=separated,
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
        "tess-qlp",
        "TESS, Quick-Look Pipeline (FITS)",
        ("time", "sap_flux", "kspsap_flux|det_flux", "quality"),
        "time",
        (Brightness(flux="kspsap_flux|det_flux", flux_err="kspsap_flux_err|det_flux_err"),),
        id="ticid",
        origin=BTJD,
        bad=(Bad("QUALITY", "quality", "!=", 0),),
        lacks=("pdcsap_flux",),
    ),
    Survey(
        "tess-eleanor",
        "TESS, eleanor (FITS)",
        ("time", "raw_flux", "corr_flux", "quality"),
        "time",
        (Brightness(flux="corr_flux", flux_err="flux_err"),),
        id="ticid",
        origin=BTJD,
        bad=(Bad("QUALITY", "quality", "!=", 0),),
    ),
    Survey(
        "tess-tglc",
        "TESS, TESS-Gaia Light Curves (FITS)",
        ("time", "cal_psf_flux", "cal_aper_flux", "tess_flags"),
        "time",
        (Brightness(flux="cal_aper_flux"),),
        id="ticid",
        origin=BTJD,
        bad=(
            Bad("TESS_flags", "tess_flags", "!=", 0),
            Bad("TGLC_flags", "tglc_flags", "!=", 0),
        ),
    ),
    Survey(
        "k2-everest",
        "K2, EVEREST (FITS)",
        ("time", "fraw", "flux", "cadn", "quality"),
        "time",
        (Brightness(flux="fcor|flux", flux_err="fraw_err"),),
        id="keplerid",
        origin=BKJD,
        bad=(Bad("QUALITY", "quality", "!=", 0),),
    ),
    Survey(
        "k2sff",
        "K2, K2SFF (FITS)",
        ("t", "fraw", "fcor", "moving|thrusters_on"),
        "t",
        (Brightness(flux="fcor"),),
        id="keplerid",
        origin=BKJD,
        bad=(Bad("MOVING: thrusters on", "moving|thrusters_on", "!=", 0),),
    ),
    Survey(
        "catalina",
        "Catalina",
        ("masterid|inputid", "mag", "magerr", "mjd"),
        "mjd",
        (Brightness("mag", "magerr"),),
        id="masterid|inputid",
        bad=(Bad("blended", "blend", "==", 1),),
    ),
    Survey(
        "asas-3",
        "ASAS-3",
        ("hjd", "mag_0", "mer_0"),
        "hjd",
        (Brightness("mag_0", "mer_0"),),
        origin=HJD_2450000,
        bad=(Bad("GRADE C or D", "grade", "in", ["C", "D"]),),
    ),
    Survey(
        "neowise",
        "NEOWISE, AllWISE",
        ("mjd", "w1mpro|w1mpro_ep", "w1sigmpro|w1sigmpro_ep"),
        "mjd",
        (
            *(
                Brightness(
                    f"w{n}mpro|w{n}mpro_ep",
                    f"w{n}sigmpro|w{n}sigmpro_ep",
                    band=f"w{n}",
                    # an upper limit of 95 % has no error
                    bad=(Bad("upper limits", f"w{n}sigmpro|w{n}sigmpro_ep", "missing"),),
                )
                for n in (1, 2)
            ),
        ),
        # the source_id of NEOWISE names the detection, that of other tables the source
        id="allwise_cntr|source_id_mf|cntr_mf|source_id",
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
        (Brightness(flux="psfflux", flux_err="psffluxerr", zero_point=AB_JANSKY),),
        id="objid",
        band="filterid",
        bands=dict(zip("12345", "grizy", strict=True)),
        bad=(Bad("psfQfPerfect < 0.95", "psfqfperfect", "<", 0.95),),
        prepare=pan_starrs,
    ),
    Survey(
        "aavso",
        "AAVSO",
        ("jd|date", "magnitude|mag", "uncertainty|merr", "band|filt"),
        "jd|date",
        (Brightness("magnitude|mag", "uncertainty|merr"),),
        id="starid|star name|name",
        origin=JD,
        band="band|filt",
    ),
)


#: What `LightCurves.to_parquet` writes, told by a mark in the file.
OWN = Survey(
    "sklearn_astromer",
    "written by LightCurves.to_parquet",
    ("object_id", "time", "mag"),
    "time",
    (Brightness("mag", "mag_err"),),
    id="object_id",
    band="band",
    exact=True,
)
BY_NAME = {survey.name: survey for survey in SURVEYS}


@functools.lru_cache
def recognise(columns: frozenset[str], rows_are_objects: bool = False) -> tuple[Survey, ...]:
    """Return the surveys whose columns a table has, but none whose columns another's include.

    Where rows are objects, with lists of observations, a column of the object is not needed; then
    fields that tables of any origin have are not enough to tell a survey.
    """
    found = []
    for each in SURVEYS:
        fits = each.fits(columns)
        if not fits and rows_are_objects:
            fits = each.fits(columns | set(str(each.id).split("|")))
            fits = fits and bool(_distinctive(each, columns))
        if fits:
            found.append((each, each.found(columns)))
    return tuple(one for one, its in found if not any(its < other for _, other in found))


def _distinctive(survey: Survey, columns: Set[str]) -> set[str]:
    """Return which columns tell this survey from tables of any origin."""
    return (survey.found(columns) | survey.quality_columns() & columns) - COMMON


def resembled(columns: Set[str]) -> tuple[Survey, str] | None:
    """Return the survey of whose columns a table lacks one, and that one."""
    near = []
    for survey in SURVEYS:
        lacking = survey.lacking(columns)
        if len(lacking) != 1 or len(survey.needs) < 4 or set(survey.lacks) & columns:
            continue
        if _distinctive(survey, columns):
            near.append((survey, lacking[0]))
    return max(near, key=lambda pair: len(pair[0].needs), default=None)
