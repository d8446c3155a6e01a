"""Small files whose values say more than they seem: no error, a limit, another origin of time."""

from cases import NAN, Case

VALUES = [
    # -- errors that say there is none
    Case(
        "no error of one kind, another beside it",
        "a.csv",
        """\
oid,candid,mjd,fid,magpsf,sigmapsf,magpsf_corr,sigmapsf_corr,sigmapsf_corr_ext,corrected,dubious
ZTF1,1,58700.1,1,17.9,0.1,16.50,0.010,0.025,True,False
ZTF1,2,58701.1,1,17.8,0.1,16.52,100.0,0.023,True,False
""",
        {},
        [{"g": ([58700.1, 58701.1], [16.5, 16.52], [0.025, 0.023])}],
    ),
    Case(
        "ALeRCE, 100 and no other error",
        "a.csv",
        """\
oid,candid,mjd,fid,magpsf,sigmapsf,magpsf_corr,sigmapsf_corr,corrected,dubious
ZTF1,1,58700.1,2,17.9,0.1,16.50,0.010,True,False
ZTF1,2,58701.1,2,17.8,0.1,16.52,100.0,True,False
ZTF1,3,58702.1,2,17.8,0.1,16.54,100.0,True,False
""",
        {},
        [{"r": ([58700.1, 58701.1, 58702.1], [16.5, 16.52, 16.54], [0.01, NAN, NAN])}],
    ),
    Case(
        "ALeRCE, both 100 in one row, JSON",
        "ZTF1.json",
        """\
{"detections": [{"oid": "ZTF1", "candid": 1, "mjd": 58700.1, "fid": 1, "magpsf": 17.9,
"sigmapsf": 0.1, "magpsf_corr": 16.5, "sigmapsf_corr": 100.0, "sigmapsf_corr_ext": 100.0,
"corrected": true, "dubious": false}, {"oid": "ZTF1", "candid": 2, "mjd": 58701.1, "fid": 1,
"magpsf": 17.8, "sigmapsf": 0.1, "magpsf_corr": 16.52, "sigmapsf_corr": 0.02,
"sigmapsf_corr_ext": 0.023, "corrected": true, "dubious": false}]}
""",
        {},
        [{"g": ([58700.1, 58701.1], [16.5, 16.52], [NAN, 0.023])}],
    ),
    Case(
        "ALeRCE, all of one kind 100",
        "a.csv",
        """\
oid,candid,mjd,fid,magpsf,sigmapsf,magpsf_corr,sigmapsf_corr,sigmapsf_corr_ext,corrected,dubious
ZTF1,1,58700.1,2,17.9,0.1,16.50,100.0,0.025,True,False
ZTF1,2,58701.1,2,17.8,0.1,16.52,100.0,0.023,True,False
""",
        {},
        [{"r": ([58700.1, 58701.1], [16.5, 16.52], [0.025, 0.023])}],
    ),
    Case(
        "an error of -1 in few rows marks a limit",
        "a.csv",
        """\
mjd,mag,magerr
58000.1,15.1,.01
58001.1,15.2,-1
58002.1,15.3,.03
""",
        {},
        [{"": ([58000.1, 58002.1], [15.1, 15.3], [0.01, 0.03])}],
    ),
    Case(
        "an error of -1 in a table of a survey is none",
        "a.csv",
        """\
oid,expid,hjd,mjd,mag,magerr,catflags,filtercode
7,1,2458001.5,58001.0,15.2,0.01,0,zg
7,2,2458002.5,58002.0,15.4,-1,0,zg
7,3,2458003.5,58003.0,15.3,0.02,0,zg
""",
        {},
        [{"g": ([58001, 58002, 58003], [15.2, 15.4, 15.3], [0.01, NAN, 0.02])}],
    ),
    # -- bright stars of ATLAS
    Case(
        "bright star with large chi/N",
        "a.txt",
        """\
###MJD m dm uJy duJy F err chi/N RA Dec x y maj min phi apfit mag5sig Sky Obs
58040 13.50 0.003 14454.4 40 o 0 850.1 1 2 1 1 2 2 1 -.4 19 19 01a
58041 13.51 0.003 14321.88 40 o 0 850.1 1 2 1 1 2 2 1 -.4 19 19 01a
58042 13.52 0.003 14190.58 40 o 0 850.1 1 2 1 1 2 2 1 -.4 19 19 01a
58043 13.53 0.003 14060.48 40 o 0 850.1 1 2 1 1 2 2 1 -.4 19 19 01a
""",
        {},
        [
            {
                "o": (
                    [58040, 58041, 58042, 58043],
                    [13.5, 13.51, 13.52, 13.53],
                    [0.003005, 0.003032, 0.00306, 0.003089],
                )
            }
        ],
    ),
    Case(
        "ATLAS with commas, V 11, chi/N of thousands",
        "a.csv",
        """\
MJD,m,dm,uJy,duJy,F,err,chi/N,RA,Dec,x,y,maj,min,phi,apfit,mag5sig,Sky,Obs
58040,11.20,0.002,120226.44,200,c,0,3000.5,1,2,1,1,2,2,1,-.4,19,19,01a
58041,11.21,0.002,119124.2,200,c,0,3100.5,1,2,1,1,2,2,1,-.4,19,19,01a
58042,11.22,0.002,118032.06,200,c,0,3200.5,1,2,1,1,2,2,1,-.4,19,19,01a
58043,11.23,0.002,116949.94,200,c,0,3300.5,1,2,1,1,2,2,1,-.4,19,19,01a
58044,11.24,0.002,115877.74,200,c,0,3400.5,1,2,1,1,2,2,1,-.4,19,19,01a
""",
        {},
        [
            {
                "c": (
                    [58040, 58041, 58042, 58043, 58044],
                    [11.2, 11.21, 11.22, 11.23, 11.24],
                    [0.001806, 0.001823, 0.00184, 0.001857, 0.001874],
                )
            }
        ],
    ),
    Case(
        "bright, and one row with err",
        "a.txt",
        """\
###MJD m dm uJy duJy F err chi/N RA Dec x y maj min phi apfit mag5sig Sky Obs
58040 13.50 0.003 14454.4 40 o 0 250.1 1 2 1 1 2 2 1 -.4 19 19 01a
58041 13.51 0.003 14321.88 40 o 1 250.1 1 2 1 1 2 2 1 -.4 19 19 01a
58042 13.52 0.003 14190.58 40 o 0 250.1 1 2 1 1 2 2 1 -.4 19 19 01a
58043 13.53 0.003 14060.48 40 o 0 250.1 1 2 1 1 2 2 1 -.4 19 19 01a
""",
        {},
        [{"o": ([58040, 58042, 58043], [13.5, 13.52, 13.53], [0.003005, 0.00306, 0.003089])}],
    ),
    Case(
        "bright, and one row with duJy of 12 000",
        "a.txt",
        """\
###MJD m dm uJy duJy F err chi/N RA Dec x y maj min phi apfit mag5sig Sky Obs
58040 12.50 0.003 36307.81 40 o 0 520.1 1 2 1 1 2 2 1 -.4 19 19 01a
58041 12.51 0.003 35974.93 40 o 0 520.1 1 2 1 1 2 2 1 -.4 19 19 01a
58042 12.52 0.003 35645.11 12000 o 0 520.1 1 2 1 1 2 2 1 -.4 19 19 01a
58043 12.53 0.003 35318.32 40 o 0 520.1 1 2 1 1 2 2 1 -.4 19 19 01a
""",
        {},
        [{"o": ([58040, 58041, 58043], [12.5, 12.51, 12.53], [0.001196, 0.001207, 0.00123])}],
    ),
    # -- times in seconds
    Case(
        "times in seconds",
        "a.csv",
        """\
TMID,mag
83999999.5,11.1
84000099.5,11.2
84000199.5,11.3
""",
        {"time": "TMID", "id": False},
        "days",
    ),
    Case(
        "seconds in the name",
        "a.csv",
        """\
time_s,mag
0,11.1
30,11.2
60,11.3
""",
        {"time": "time_s"},
        "days",
    ),
    Case(
        "Unix times",
        "a.csv",
        """\
time,mag,magerr
1500000000,11.1,.01
1500000300,11.2,.01
1500000600,11.3,.01
""",
        {},
        "days",
    ),
    Case(
        "SuperWASP with its fluxes",
        "a.csv",
        """\
TMID,FLUX2,FLUX2_ERR
83999999.5,21.1,.1
84000099.5,21.2,.1
84000199.5,21.3,.1
""",
        {"time": "TMID", "flux": "FLUX2", "flux_err": "FLUX2_ERR"},
        "days",
    ),
    Case(
        "seconds of MJD",
        "a.csv",
        """\
mjd,mag
5011200000.5,11.1
5011200100.5,11.2
5011200200.5,11.3
""",
        {},
        "days",
    ),
    # -- offsets in the names of times
    Case(
        "offset in the name of the time",
        "a.csv",
        """\
HJD-2450000,mag
8000.5,15.0
8001.5,15.1
""",
        {"time": "HJD-2450000"},
        [{"": ([58000, 58001], [15.0, 15.1], None)}],
    ),
    Case(
        "BJD - 2457000",
        "a.csv",
        """\
BJD - 2457000,mag
1000.5,15.0
1001.5,15.1
""",
        {},
        [{"": ([58000, 58001], [15.0, 15.1], None)}],
    ),
    Case(
        "JD-2400000",
        "a.txt",
        """\
JD-2400000 mag err
58000.5 15.0 .01
58001.5 15.1 .01
""",
        {},
        [{"": ([58000, 58001], [15.0, 15.1], [0.01, 0.01])}],
    ),
    Case(
        "HJD(2450000+)",
        "a.csv",
        """\
HJD(2450000+),mag
8000.5,15.0
8001.5,15.1
""",
        {},
        [{"": ([58000, 58001], [15.0, 15.1], None)}],
    ),
    Case(
        "BTJD",
        "a.csv",
        """\
BTJD,mag
1000.5,15.0
1001.5,15.1
""",
        {},
        [{"": ([58000, 58001], [15.0, 15.1], None)}],
    ),
    Case(
        "MJD-50000, named by hand",
        "a.csv",
        """\
MJD-50000;mag
8000.0;15.0
8001.0;15.1
""",
        {"time": "MJD-50000"},
        [{"": ([58000, 58001], [15.0, 15.1], None)}],
    ),
    Case(
        "the name has an offset, and the values are whole",
        "a.csv",
        """\
HJD-2450000,mag
2458000.5,15.0
2458001.5,15.1
""",
        {"time": "HJD-2450000"},
        [{"": ([58000, 58001], [15.0, 15.1], None)}],
    ),
    Case(
        "BJD_TDB with units in the name",
        "a.csv",
        """\
BJD_TDB [days] - 2450000,mag
8000.5,15.0
8001.5,15.1
""",
        {"time": "BJD_TDB [days] - 2450000"},
        [{"": ([58000, 58001], [15.0, 15.1], None)}],
    ),
    # -- limits marked by a column
    Case(
        "limits marked by a column",
        "a.csv",
        """\
MJD,mag,magerr,filter,nondet
58000,15.0,.01,V,False
58001,19.0,.3,V,True
58002,15.1,.01,V,False
""",
        {},
        [{"V": ([58000, 58002], [15.0, 15.1], [0.01, 0.01])}],
    ),
    Case(
        "upper_limit of 0 and 1",
        "a.csv",
        """\
mjd,mag,magerr,upper_limit
58000,15.0,.01,0
58001,19.0,.3,1
58002,15.1,.01,0
""",
        {},
        [{"": ([58000, 58002], [15.0, 15.1], [0.01, 0.01])}],
    ),
    Case(
        "detected of True and False",
        "a.csv",
        """\
mjd,mag,magerr,detected
58000,15.0,.01,True
58001,19.0,.3,False
58002,15.1,.01,True
""",
        {},
        [{"": ([58000, 58002], [15.0, 15.1], [0.01, 0.01])}],
    ),
    Case(
        "a column with < or nothing",
        "a.csv",
        """\
mjd,limit,mag,magerr,filter
58000,,15.0,.01,r
58001,<,19.0,.3,r
58002,,15.1,.01,r
""",
        {},
        [{"r": ([58000, 58002], [15.0, 15.1], [0.01, 0.01])}],
    ),
    Case(
        "is_limit of y and n",
        "a.csv",
        """\
mjd,mag,magerr,is_limit
58000,15.0,.01,n
58001,19.0,.3,y
58002,15.1,.01,n
""",
        {},
        [{"": ([58000, 58002], [15.0, 15.1], [0.01, 0.01])}],
    ),
    Case(
        "> with a space before the number",
        "a.txt",
        """\
mjd,mag,magerr
58000,15.0,.01
58001,> 19.0,
58002,15.1,.01
""",
        {},
        [{"": ([58000, 58002], [15.0, 15.1], [0.01, 0.01])}],
    ),
    Case(
        "limiting magnitudes beside the magnitudes are no flags",
        "a.csv",
        """\
mjd,mag,magerr,limit
58000,15.0,.01,18.1
58001,15.2,.01,18.3
58002,15.1,.01,18.1
""",
        {},
        [{"": ([58000, 58001, 58002], [15.0, 15.2, 15.1], [0.01, 0.01, 0.01])}],
    ),
]
