"""The surveys that `LightCurves.read` knows. To add one, add an entry and a file to its test."""

from __future__ import annotations

import functools
from collections.abc import Set

from sklearn_astromer.lightcurves.columns import ALIASES
from sklearn_astromer.lightcurves.flux import AB_JANSKY, AB_MICROJANSKY, AB_NANOJANSKY
from sklearn_astromer.lightcurves.surveys.prepare import (
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
    *("flux", "flux_err", "date", "quality", "camera", "limit"),
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
            Bad("chi/N > 100", "chi/n", ">", 100),
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


@functools.lru_cache
def recognise(columns: frozenset[str]) -> tuple[Survey, ...]:
    """Return the surveys whose columns a table has, but none whose columns another's include."""
    return _widest([(each, each.found(columns)) for each in SURVEYS if each.fits(columns)])


@functools.lru_cache
def recognise_nested(fields: frozenset[str]) -> tuple[Survey, ...]:
    """Do what `recognise` does for a nested column, whose rows name the objects.

    Fields that tables of any origin have are not enough to tell a survey.
    """
    return _widest(
        [
            (each, each.found(fields))
            for each in SURVEYS
            if each.fits(fields | set(str(each.id).split("|"))) and _distinctive(each, fields)
        ]
    )


def _widest(found: list[tuple[Survey, set[str]]]) -> tuple[Survey, ...]:
    return tuple(one for one, its in found if not any(its < other for _, other in found))


def _distinctive(survey: Survey, columns: Set[str]) -> set[str]:
    """Return which columns tell this survey from tables of any origin."""
    return (survey.found(columns) | survey.quality_columns() & columns) - COMMON


def resembled(columns: Set[str]) -> tuple[Survey, str] | None:
    """Return the survey of whose columns a table lacks one, and that one."""
    near = []
    for survey in SURVEYS:
        lacking = [each for each in survey.needs if not survey.found(columns, each)]
        foreign = set(survey.lacks) & columns
        if (
            len(lacking) == 1
            and _distinctive(survey, columns)
            and not foreign
            and len(survey.needs) > 3
        ):
            near.append((survey, lacking[0]))
    return max(near, key=lambda pair: len(pair[0].needs), default=None)
