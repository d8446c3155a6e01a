r"""Small files of made-up numbers in layouts and spellings of files in public repositories."""

from cases import Case, of_flux

JD, RHJD = 2400000.5, 0.5
WHICH = "which column is what"


def less(origin, *times):
    """Times as MJD."""
    return [time - origin for time in times]


FOUND = [
    # -- told by names
    Case(
        "VStar: header in the last comment, differential magnitudes",
        "eclipse.csv",
        """\
# XY Dra eclipse 12 (an example, made up)
# Converted from counts: JD = 2400000+t, mag = -2.5*log10(flux)
# JD,Magnitude
2458100.90100000,0.058100
2458100.90250000,-0.080200
2458100.90400000,0.111300
""",
        {},
        [{"": (less(JD, 2458100.901, 2458100.9025, 2458100.904), [0.0581, -0.0802, 0.1113], None)}],
    ),
    Case(
        "NASA Exoplanet Archive: IPAC, last columns blank",
        "event.tbl",
        """\
\\STAR_ID                              = "MADE 2010-UP-1L"
\\RA                                   = "17h00m00.00s"
\\NUMBER_OF_POINTS                     = "3"
\\TELESCOPE                            = "A Telescope (1.0 m)"
\\COMMENT                              = ""
|              JD| RELATIVE_MAGNITUDE| MAGNITUDE_UNCERTAINTY| RELATIVE_FLUX| FLUX_UNCERTAINTY|
|            real|               real|                  real|          real|             real|
|            days|                mag|                   mag|              |                 |
  2455300.41000             15.701                 0.018
  2455300.42000             15.802                 0.016
  2455300.43000             15.903                 0.017
""",
        {"mag": "RELATIVE_MAGNITUDE", "mag_err": "MAGNITUDE_UNCERTAINTY"},
        [
            {
                "": (
                    less(JD, 2455300.41, 2455300.42, 2455300.43),
                    [15.701, 15.802, 15.903],
                    [0.018, 0.016, 0.017],
                )
            }
        ],
    ),
    Case(
        "NStED: IPAC, ornaments, relative fluxes",
        "transit.txt",
        """\
\\ \\ \\ \\ \\ \\ \\ \\ \\ \\ \\
\\                                         \\
\\ GLOBAL PROPERTIES                       \\
\\STAR_ID                              = "HD 1"
\\STAR_ID_DEFINED                      = "Published star name"
\\ \\ \\ \\ \\ \\ \\ \\ \\ \\ \\
\\
|              HJD | Relative_Flux | Relative_Flux_Uncertainty | Accepted |
|           double |        double |                    double |      int |
|             days |               |                           |          |
  2451700.75000000      0.99900000               0.00020000000          1
  2451700.76000000       1.0002000               0.00020000000          1
   2451700.7700000       1.0001000               0.00020000000          1
""",
        {"flux": "Relative_Flux", "flux_err": "Relative_Flux_Uncertainty"},
        [
            {
                "": (
                    less(JD, 2451700.75, 2451700.76, 2451700.77),
                    *of_flux([0.999, 1.0002, 1.0001], [0.0002] * 3),
                )
            }
        ],
    ),
    Case(
        "KMTNet: HJD - 2450000 called HJD, difference fluxes beside magnitudes",
        "event.pysis",
        """\
# HJD  \\Delta_flux flux_err  mag  mag_err
8200.50000    -1800.1000      410.1000   19.1000  0.131000
8201.50000      100.2000      335.2000   20.2000  0.272000
8202.50000    -1300.3000      425.3000   19.3000  0.173000
#8203.50000  -524000.4000   641000.4000   nan  nan
8204.50000     -490.5000      238.5000   19.5000  0.135000
""",
        {},
        [
            {
                "": (
                    [58200, 58201, 58202, 58204],
                    [19.1, 20.2, 19.3, 19.5],
                    [0.131, 0.272, 0.173, 0.135],
                )
            }
        ],
    ),
    Case(
        "lightcurve_fitting: bars at both ends, source is a telescope",
        "supernova.table",
        """\
|          MJD |     mag |   dmag | filt |      source | nondet |
|    57400.703 |   17.50 |   0.16 |    0 |     Amateur |  False |
|    57401.627 |   16.80 |   0.11 |    0 |     Amateur |  False |
|   57402.3372 | 14.9000 |  0.012 |    U | Big Network |  False |
|   57402.3423 | 19.9000 |  0.300 |    U | Big Network |   True |
|   57402.3476 | 16.0000 | 0.0373 |    B | Big Network |  False |
| 57402.633579 |  15.700 |  0.023 |    B |         TEL |  False |
""",
        {},
        [
            {
                "0": ([57400.703, 57401.627], [17.5, 16.8], [0.16, 0.11]),
                "U": ([57402.3372], [14.9], [0.012]),
                "B": ([57402.3476, 57402.633579], [16.0, 15.7], [0.0373, 0.023]),
            }
        ],
    ),
    Case(
        "fluxes in mJy, is_limit",
        "photometry.csv",
        """\
MJD,flux_mJy,flux_err_mJy,is_limit,instrument,filter
55200.2,0.900,0.010,0,NEOWISE,W1
55400.4,0.800,0.008,0,NEOWISE,W1
55200.2,1.100,0.019,0,NEOWISE,W2
58300.6,0.010,,1,ZTF,r
56300.1,0.160,0.005,0,PTF,r
""",
        {"flux": "flux_mJy", "flux_err": "flux_err_mJy", "zero_point": 16.4},
        [
            {
                "W1": ([55200.2, 55400.4], *of_flux([0.9, 0.8], [0.01, 0.008], 16.4)),
                "W2": ([55200.2], *of_flux([1.1], [0.019], 16.4)),
                "r": ([56300.1], *of_flux([0.16], [0.005], 16.4)),
            }
        ],
    ),
    Case(
        "MOSFiT: jd, mjd and UTC of the same instants, emag, corrmag",
        "photometry.csv",
        """\
jd,mjd,mag,emag,corrmag,filter,UTC,redshift
2459900.011,59899.511,18.05,0.094,18.96,ZTF_r,2022-11-16T12:15:50Z,0.025
2459902.015,59901.515,19.19,0.116,19.86,ZTF_g,2022-11-18T12:21:36Z,0.025
2459901.996,59901.496,18.23,0.063,19.56,ZTF_r,2022-11-18T11:54:14Z,0.025
2459904.018,59903.518,18.24,0.047,19.89,uvot::uvw1,2022-11-20T12:25:55Z,0.025
""",
        {},
        [
            {
                "ZTF_r": ([59899.511, 59901.496], [18.05, 18.23], [0.094, 0.063]),
                "ZTF_g": ([59901.515], [19.19], [0.116]),
                "uvot::uvw1": ([59903.518], [18.24], [0.047]),
            }
        ],
    ),
    Case(
        "ISO times at the end, magnitudes below 0, unsorted",
        "light_curve.csv",
        """\
mag,mag_error,time
-0.49,0.0011,2021-07-16T06:00:00.000
-0.41,0.0007,2021-07-17T12:00:00.000
0.14,0.0014,2021-07-09T18:00:00.000
""",
        {},
        [{"": ([59404.75, 59411.25, 59412.5], [0.14, -0.49, -0.41], [0.0014, 0.0011, 0.0007])}],
    ),
    Case(
        "x, y, err and notes",
        "lightcurve.csv",
        """\
x,y,err,note
1,0.999,0.022,'Note 1'
2,1.002,0.012,'Another note'
3,0.998,0.013,
9,0.960,0.045,'This point is low due to an error'
""",
        {"time": "x", "flux": "y"},
        [{"": ([1, 2, 3, 9], *of_flux([0.999, 1.002, 0.998, 0.96], [0.022, 0.012, 0.013, 0.045]))}],
    ),
    Case(
        "band first, time last and since an event",
        "photometry.csv",
        """\
band,magnitude,e_magnitude,time
i,17.40,0.02,0.45
H,18.20,0.15,0.46
r,17.50,0.03,0.47
i,17.45,0.03,0.48
""",
        {},
        [
            {
                "i": ([0.45, 0.48], [17.4, 17.45], [0.02, 0.03]),
                "H": ([0.46], [18.2], [0.15]),
                "r": ([0.47], [17.5], [0.03]),
            }
        ],
    ),
    Case(
        "Open Supernova Catalog, first schema: abmag, numbers as text",
        "SN2000aa.json",
        """\
{"SN2000aa": {"name": "SN2000aa", "photometry": [
{"timeunit": "MJD", "time": "56500.5", "band": "", "abmag": "16.6", "source": "2,1"},
{"timeunit": "MJD", "time": "56500.1", "band": "U", "abmag": "16.2", "source": "3,1"},
{"timeunit": "MJD", "time": "56501.2", "band": "CR", "abmag": "16.5", "source": "4,1"}],
"claimedtype": "II"}}
""",
        {"mag": "abmag"},
        [
            {
                "": ([56500.5], [16.6], None),
                "U": ([56500.1], [16.2], None),
                "CR": ([56501.2], [16.5], None),
            }
        ],
    ),
    Case(
        "bands side by side, 0.0 for none, blanks at the ends",
        "photometry.txt",
        "JD     source_name     fwhm     I_magnitudes     I_magnitudes_Error     V_magnitudes"
        "     V_magnitudes_Error     \n"
        "2458400.50     xy_tau     4.2     0.0     0.0     14.6     0.036     \n"
        "2458401.50     xy_tau     3.8     13.2     0.193     0.0     0.0     \n"
        "2458402.50     xy_tau     3.5     0.0     0.0     14.7     0.035     \n",
        {"mag": "V_magnitudes", "mag_err": "V_magnitudes_Error"},
        [{"": ([58400, 58402], [14.6, 14.7], [0.036, 0.035])}],
    ),
    Case(
        "Lasair: an object of alerts and limits, magpsf of a limit its depth",
        "ZTF20aaaaaaa.json",
        """\
[{"objectId": "ZTF20aaaaaaa", "count_isdiffpos": 4,
"objectData": {"ncand": 4, "ramean": 179.9, "discMag": "17.3\u00b10.04", "discFilter": "g"},
"candidates": [{"candid": 2240410792515015001, "jd": 2459900.9, "mjd": 59900.4, "fid": 1,
"nid": 2240, "magpsf": 16.8, "sigmapsf": 0.03, "magnr": 16.8, "sigmagnr": 0.03,
"isdiffpos": "t", "ssnamenr": "null", "drb": null, "utc": "2022-11-17 09:36:00"},
{"jd": 2459899.9, "mjd": 59899.4, "fid": 2, "diffmaglim": 20.4, "magpsf": 20.4}],
"sherlock": {"classification": "SN", "Mag": 16.8, "MagErr": 0.01},
"TNS": {"tns_name": "2022zzz", "disc_mag": 17.3}}]
""",
        {},
        # twice the light of magnitude 16.8
        [{"g": ([59900.4], [16.04743], [0.021213])}],
    ),
    Case(
        "SkyPortal: zero points in a column, unsorted",
        "phot.csv",
        """\
filter,mjd,flux,zp,magsys,fluxerr,ra_unc,dec_unc,ra,dec
ztfg,58572.4,16000.0,25.0,ab,160.0,0.25,0.22,229.9,34.8
ztfg,58568.3,26000.0,25.0,ab,260.0,0.25,0.22,229.9,34.8
ztfr,58249.2,14000.0,25.0,ab,140.0,0.25,0.22,229.9,34.8
""",
        {"zero_point": "zp"},
        [
            {
                "ztfg": ([58568.3, 58572.4], *of_flux([26000, 16000], [260, 160], 25)),
                "ztfr": ([58249.2], *of_flux([14000], [140], 25)),
            }
        ],
    ),
    Case(
        "AAVSO BSM: RHJD, which is no MJD, 99.999 in other bands",
        "algol.csv",
        """\
distance,radeg,decl,RHJD,Airmass,V,eV,B-V,eB-V,U-B,eU-B,Vzero,fieldID,source
2.3,47.04,40.95,55800.85,1.095,2.13,0.001,0.004,0.001,99.999,9.999,-0.001, 0000100045,28
2.5,47.04,40.95,55801.60,1.237,2.07,0.002,0.045,0.001,99.999,9.999,-0.021, 0000200009,28
3.7,47.04,40.95,55802.75,1.016,3.15,0.003,-0.001,0.001,99.999,9.999,-0.024, 0000200018,28
""",
        {"time": "RHJD", "mag": "V", "mag_err": "eV"},
        [
            {
                "": (
                    less(RHJD, 55800.85, 55801.6, 55802.75),
                    [2.13, 2.07, 3.15],
                    [0.001, 0.002, 0.003],
                )
            }
        ],
    ),
    Case(
        "flux sigma t, a header in a comment before an empty line",
        "lc.dat",
        """\
# flux sigma t

     0.984000   0.00300000      0.00000
     0.978000   0.00300000   0.00700000
      1.00100   0.00300000     0.140000
""",
        {},
        [{"": ([0, 0.007, 0.14], *of_flux([0.984, 0.978, 1.001], [0.003] * 3))}],
    ),
    Case(
        "CBA: the last two digits of Julian Dates",
        "star-00.ne",
        """\
86.30000    15.300
86.31000    15.310
90.32000    15.180
""",
        {},
        [{"": ([86.3, 86.31, 90.32], [15.3, 15.31, 15.18], None)}],
    ),
    # -- that nobody could read without being told
    Case(
        "OGLE EWS: HJD, I, error, seeing and sky without a header",
        "phot.dat",
        """\
2457400.87900 16.670 0.015 6.71 1554.0
2457401.86900 16.660 0.008 5.69 560.0
2457402.86400 16.680 0.010 6.24 659.0
""",
        {},
        WHICH,
    ),
    Case(
        "OGLE EWS, its columns told",
        "phot.dat",
        """\
2457400.87900 16.670 0.015 6.71 1554.0
2457401.86900 16.660 0.008 5.69 560.0
2457402.86400 16.680 0.010 6.24 659.0
""",
        {"time": 1, "mag": 2, "mag_err": 3},
        [
            {
                "": (
                    less(JD, 2457400.879, 2457401.869, 2457402.864),
                    [16.67, 16.66, 16.68],
                    [0.015, 0.008, 0.01],
                )
            }
        ],
    ),
    Case(
        "phases and fluxes without a header",
        "lc.csv",
        """\
2.456900100000000000e+06,1.705000000000000000e-02,8.812000000000000000e-01
2.456901200000000000e+06,-2.386000000000000000e-01,1.028000000000000000e+00
2.456902300000000000e+06,4.684000000000000000e-01,8.830000000000000000e-01
""",
        {},
        WHICH,
    ),
    Case(
        "Swift: seconds and rates, each with two errors, without a header",
        "lc.csv",
        """\
204.3,20.72,-20.72,0.000242,5.38E-05,-5.38E-05
245.7,20.72,-20.72,0.000165,4.68E-05,-4.68E-05
1502.9,22.01,-22.14,2.70E-05,1.28E-06,-1.28E-06
""",
        {},
        WHICH,
    ),
    Case(
        "table of a paper: dates with blanks, errors in brackets",
        "paper.txt",
        """\
#Date MJD Phase u g Telescope
2010 May 15 55331.61 \u221228.0  - (-)  19.10 (\u2013)  T-1
2010 May 18 55334.57 \u221225.3  - (-)  18.90 (0.07)  PS1
#Host
2012 May 26 56073.00 646.0 23.64 (0.23) 22.01 (0.09)  WHT
""",
        {},
        "paper.txt",
    ),
    Case(
        "ALCDEF",
        "asteroid.TXT",
        """\
STARTMETADATA
OBJECTNUMBER=1
OBJECTNAME=Example
FILTER=R
DELIMITER=PIPE
ENDMETADATA
DATA=2455800.735|7.328|0.004
DATA=2455800.736|7.317|0.004
""",
        {},
        "asteroid.TXT",
    ),
    Case(
        "VStar: limits, comments and short rows without a header",
        "simple.tsv",
        "2425200.07\t3.4\t0.01\tAB\n2425500.54\t3.9\t\tCD\n#NAME=foo\n2425600.3\t<4.2\t\tCD\n"
        "2442000.42\t3.2\t\n2445500.39\t<4.3:\t\tEF\n",
        {},
        "simple.tsv",
    ),
    Case(
        "XML that is no VOTable",
        "star.xml",
        """\
<?xml version="1.0"?>
<VOSOURCE version="0.03">
<TABLE name='V:table1'>
<FIELD name='t' ID='col1' datatype='float' unit='day'/>
<FIELD name='m' ID='col2' datatype='float' unit='mag'/>
<DATA><TABLEDATA><TR row='1'><TD>2451800.5</TD><TD>12.7</TD></TR></TABLEDATA></DATA>
</TABLE>
</VOSOURCE>
""",
        {},
        "star.xml",
    ),
    Case(
        "HATNet: twenty columns without a header, tabs and blanks mixed",
        "star.tfalc",
        "#HATpipe SVN version: 1\n"
        "6-335261   55848.92 11.20  0.00445  G 10.84  0.00397  G 10.49 10.18\t10.02\t9.94\n"
        "6-335267   55848.93 11.05  0.00413  G 10.76  0.00385  G 10.48 10.17\t10.02\t9.92\n",
        {},
        "star.tfalc",
    ),
]
