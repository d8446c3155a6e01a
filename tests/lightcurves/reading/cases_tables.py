"""Small files in formats and spellings of catalogs, papers and reduction programs."""

from cases import NAN, PLAIN, Case, magnitudes

TABLES = [
    # -- units in the names of columns
    magnitudes("Time [MJD],Mag [AB],Mag Err [AB]"),
    magnitudes("MJD (days),mag (Vega),mag_err (mag)"),
    magnitudes("t[d]\tmagnitude[mag]\tmagnitude_err[mag]", "a.tsv"),
    Case(
        "fluxes in mJy, said by the name",
        "a.csv",
        """\
MJD,Flux [mJy],Flux Err [mJy],Band
58000.1,3.631,0.03631,r
58001.1,1.4455,0.03631,r
""",
        {},
        [{"r": ([58000.1, 58001.1], [15.0, 16.0], [0.0108574, 0.027271])}],
    ),
    Case(
        "fluxes in µJy, said by the name",
        "a.csv",
        """\
MJD,flux(µJy),flux_err(µJy)
58000.1,3631,36.31
58001.1,1445.5,36.31
""",
        {},
        [{"": ([58000.1, 58001.1], [15.0, 16.0], [0.0108574, 0.027271])}],
    ),
    Case("seconds in brackets", "a.csv", "time (s),mag\n8e7,11.1\n8.01e7,11.2\n", {}, "days"),
    Case("hours in brackets", "a.csv", "Time [hours],mag\n1.5,11.1\n2.5,11.2\n", {}, "days"),
    # -- errors, limits and dates as programs and catalogs call them
    magnitudes("MJD MAG_AUTO MAGERR_AUTO", "a.txt", mag="MAG_AUTO"),
    magnitudes("mjd,mag_psf,mag_err_psf"),
    magnitudes("HMJD,r_mag,r_magerr", mag="r_mag"),
    Case(
        "VizieR: a flag of limits and an error named for the magnitude",
        "a.tsv",
        """\
MJD\tl_Vmag\tVmag\te_Vmag
58000.1\t\t15.1\t0.01
58001.1\t>\t18.5\t
58002.1\t\t15.3\t0.03
""",
        {"mag": "Vmag"},
        [{"": ([58000.1, 58002.1], [15.1, 15.3], [0.01, 0.03])}],
    ),
    Case(
        "DATE-OBS of FITS headers",
        "a.csv",
        """\
DATE-OBS,MAG,MAGERR
2017-09-04T02:24:00.000,15.1,0.01
2017-09-05T02:24:00.000,15.2,0.02
""",
        {},
        [{"": ([58000.1, 58001.1], [15.1, 15.2], [0.01, 0.02])}],
    ),
    # -- numbers as programs write them
    Case(
        "INDEF of IRAF",
        "a.txt",
        """\
# MJD MAG MERR
58000.1 15.100 0.010
58001.1 INDEF INDEF
58002.1 15.300 INDEF
58003.1 15.400 0.030
""",
        {},
        [{"": ([58000.1, 58002.1, 58003.1], [15.1, 15.3, 15.4], [0.01, NAN, 0.03])}],
    ),
    Case(
        "exponents of double precision in Fortran",
        "a.txt",
        """\
mjd mag mag_err
0.580001D+05 1.51D+01 1.0D-02
0.580011D+05 1.52D+01 2.0D-02
0.580021D+05 1.53D1 3.0d-02
""",
        {},
        PLAIN,
    ),
    # -- tables of papers and alerts
    Case(
        "machine-readable table of the AAS",
        "table2.txt",
        """\
Title: Photometry of a made-up star
Authors: A. Nobody
Table: Photometry
================================================================================
Byte-by-byte Description of file: table2.txt
--------------------------------------------------------------------------------
   Bytes Format Units   Label     Explanations
--------------------------------------------------------------------------------
   1-  7 F7.1   d       MJD       Modified Julian Date
   9      A1    ---     Filter    Filter
  11      A1    ---     l_mag     Limit flag on mag
  12- 16 F5.2   mag     mag       Magnitude
  18- 21 F4.2   mag     e_mag     ? Error of mag
--------------------------------------------------------------------------------
Note (1): one of three.
--------------------------------------------------------------------------------
58000.1 V  15.10 0.01
58001.1 V >18.50
58002.1 B  16.20 0.02
""",
        {},
        [{"V": ([58000.1], [15.1], [0.01]), "B": ([58002.1], [16.2], [0.02])}],
    ),
    Case(
        "an object of a broker within its answer",
        "ZTF18made.json",
        """\
{"status": "ok", "result": {"oid": "ZTF18made", "lightcurve": {"detections": [
{"candid": "1", "mjd": 58700.0, "fid": 2, "magpsf": 17.1, "magpsf_corr": 15.1,
"sigmapsf_corr_ext": 0.03, "corrected": true, "dubious": false},
{"candid": "2", "mjd": 58701.0, "fid": 2, "magpsf": 17.2, "magpsf_corr": 15.2,
"sigmapsf_corr_ext": 0.03, "corrected": true, "dubious": false}],
"non_detections": [{"mjd": 58699.0, "fid": 2, "diffmaglim": 19.0}]}}}
""",
        {},
        [{"r": ([58700, 58701], [15.1, 15.2], [0.03, 0.03])}],
    ),
]
