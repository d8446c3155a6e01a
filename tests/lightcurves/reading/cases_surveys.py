"""Small files of services: JSON, and columns named beside a survey."""

from cases import PLAIN, Case

SURVEYS = [
    # -- JSON of services and programs
    Case(
        "JSON of an alert service",
        "ZTF18abc.json",
        """\
{"detections": [{"candid": 1, "mjd": 58700.0, "fid": 1, "magpsf": 17.1, "sigmapsf": 0.05,
"magpsf_corr": 15.1, "sigmapsf_corr": 0.02, "sigmapsf_corr_ext": 0.03, "corrected": true,
"dubious": false}, {"candid": 2, "mjd": 58701.0, "fid": 1, "magpsf": 17.2, "sigmapsf": 0.05,
"magpsf_corr": 15.2, "sigmapsf_corr": 0.02, "sigmapsf_corr_ext": 0.03, "corrected": true,
"dubious": false}], "non_detections": [{"mjd": 58699.0, "fid": 1, "diffmaglim": 19.0}]}
""",
        {},
        [{"g": ([58700, 58701], [15.1, 15.2], [0.03, 0.03])}],
    ),
    Case(
        "Lasair's candidates",
        "ZTF18abd.json",
        """\
{"objectId": "ZTF18abd", "objectData": {"ncand": 2, "ramean": 10.1, "decmean": 2.0},
"candidates": [{"candid": 1, "jd": 2458700.5, "mjd": 58700.0, "ra": 10.1, "dec": 2.0, "fid": 1,
"nid": 900, "magpsf": 17.1, "sigmapsf": 0.05, "magnr": 15.4, "sigmagnr": 0.01, "distnr": 0.2,
"isdiffpos": "t"}, {"candid": 2, "jd": 2458701.5, "mjd": 58701.0, "ra": 10.1, "dec": 2.0, "fid":
1, "nid": 901, "magpsf": 17.4, "sigmapsf": 0.05, "magnr": 15.4, "sigmagnr": 0.01, "distnr": 0.2,
"isdiffpos": "f"}, {"jd": 2458702.5, "mjd": 58702.0, "fid": 1, "diffmaglim": 20.1}]}
""",
        {},
        [{"g": ([58700, 58701], [15.194, 15.58735], [0.011962, 0.015162])}],
    ),
    Case(
        "Fink's records",
        "a.json",
        """\
[{"d:cdsxmatch": "RRLyr", "i:objectId": "ZTF18abe", "i:candid": 1, "i:jd": 2458700.5, "i:fid":
1, "i:magpsf": 17.1, "i:sigmapsf": 0.05, "i:magnr": 15.4, "i:sigmagnr": 0.01, "i:distnr": 0.2,
"i:isdiffpos": "t"}, {"d:cdsxmatch": "RRLyr", "i:objectId": "ZTF18abe", "i:candid": 2, "i:jd":
2458701.5, "i:fid": 1, "i:magpsf": 17.4, "i:sigmapsf": 0.05, "i:magnr": 15.4, "i:sigmagnr":
0.01, "i:distnr": 0.2, "i:isdiffpos": "f"}]
""",
        {},
        [{"g": ([58700, 58701], [15.194, 15.58735], [0.011962, 0.015162])}],
    ),
    Case(
        "the Open Supernova Catalog",
        "SN2011xx.json",
        """\
{"SN2011xx": {"schema": "x", "name": "SN2011xx", "alias": [{"value": "SN2011xx", "source":
"1"}], "redshift": [{"value": "0.1", "source": "1"}], "photometry": [{"time": "55800.1",
"u_time": "MJD", "magnitude": "15.0", "e_magnitude": "0.01", "band": "V", "source": "1"},
{"time": "55801.1", "u_time": "MJD", "magnitude": "15.1", "e_magnitude": "0.02", "band": "V",
"source": "1"}, {"time": "55790.1", "u_time": "MJD", "magnitude": "19.1", "upperlimit": true,
"band": "V", "source": "1"}]}}
""",
        {},
        [{"V": ([55800.1, 55801.1], [15.0, 15.1], [0.01, 0.02])}],
    ),
    Case(
        "JSON of columns (pandas' to_json)",
        "a.json",
        """\
{"mjd": {"0": 58000.1, "1": 58001.1, "2": 58002.1}, "mag": {"0": 15.1, "1": 15.2, "2": 15.3},
"magerr": {"0": 0.01, "1": 0.02, "2": 0.03}}
""",
        {},
        PLAIN,
    ),
    Case(
        "JSON of lists",
        "a.json",
        """\
{"mjd": [58000.1, 58001.1, 58002.1], "mag": [15.1, 15.2, 15.3], "magerr": [0.01, 0.02, 0.03]}
""",
        {},
        PLAIN,
    ),
    Case(
        "a record a line",
        "a.jsonl",
        """\
{"mjd":58000.1,"mag":15.1,"magerr":0.01}
{"mjd":58001.1,"mag":15.2,"magerr":0.02}
{"mjd":58002.1,"mag":15.3,"magerr":0.03}
""",
        {},
        PLAIN,
    ),
    Case(
        "alerts without a reference",
        "a.json",
        """\
{"detections": [{"oid": "ZTF1", "candid": 1, "mjd": 58700.0, "fid": 1, "magpsf": 17.1,
"sigmapsf": 0.05, "isdiffpos": 1}, {"oid": "ZTF1", "candid": 2, "mjd": 58701.0, "fid": 1,
"magpsf": 17.2, "sigmapsf": 0.05, "isdiffpos": 1}], "non_detections": []}
""",
        {},
        "difference image",
    ),
    # -- flagged rows, some columns named by hand
    Case(
        "flagged row, columns named by hand too",
        "a.csv",
        """\
oid,expid,hjd,mjd,mag,magerr,catflags,filtercode
7,1,2458001.5,58001.0,15.2,0.01,0,zg
7,2,2458002.5,58002.0,15.4,0.01,32768,zg
7,3,2458003.5,58003.0,15.3,0.01,0,zg
""",
        {"id": "oid"},
        [{"g": ([58001, 58003], [15.2, 15.3], [0.01, 0.01])}],
    ),
    Case(
        "ZTF with mag=",
        "a.csv",
        """\
oid,expid,hjd,mjd,mag,magerr,catflags,filtercode
7,1,2458001.5,58001.0,15.2,0.01,0,zr
7,2,2458002.5,58002.0,15.4,0.01,32768,zr
7,3,2458003.5,58003.0,15.3,0.01,0,zr
""",
        {"mag": "mag", "mag_err": "magerr"},
        [{"r": ([58001, 58003], [15.2, 15.3], [0.01, 0.01])}],
    ),
    Case(
        "ZTF with band_column= and time=",
        "a.csv",
        """\
oid,expid,hjd,mjd,mag,magerr,catflags,filtercode
7,1,2458001.5,58001.0,15.2,0.01,0,zi
7,2,2458002.5,58002.0,15.4,0.01,32768,zi
7,3,2458003.5,58003.0,15.3,0.01,0,zi
""",
        {"band_column": "filtercode", "time": "mjd"},
        [{"i": ([58001, 58003], [15.2, 15.3], [0.01, 0.01])}],
    ),
    Case(
        "Gaia with id= and time=",
        "a.csv",
        """\
source_id,transit_id,band,time,mag,flux,flux_error,flux_over_error,rejected_by_photometry,rejected_by_variability
5,1,G,2803.0,15.2,1000,10,108.57,False,False
5,2,G,2804.0,15.9,1000,10,108.57,True,False
5,3,G,2805.0,15.3,1000,10,54.285,False,False
""",
        {"id": "source_id", "time": "time"},
        [{"G": ([58000, 58002], [15.2, 15.3], [0.01, 0.02])}],
    ),
    Case(
        "Catalina with blended rows, all by hand",
        "a.csv",
        """\
MasterID,Mag,Magerr,RA,Dec,MJD,Blend
11,15.2,.05,1,2,54000.1,0
11,14.2,.05,1,2,54001.1,1
11,15.3,.06,1,2,54002.1,0
""",
        {"id": "MasterID", "time": "MJD", "mag": "Mag", "mag_err": "Magerr"},
        [{"": ([54000.1, 54002.1], [15.2, 15.3], [0.05, 0.06])}],
    ),
    # -- one column of a survey in place of another
    Case(
        "one column of a survey in place of another",
        "a.csv",
        """\
oid,candid,mjd,fid,magpsf,sigmapsf,magpsf_corr,sigmapsf_corr,sigmapsf_corr_ext,corrected,dubious
ZTF1,1,58700.1,1,17.9,0.1,16.50,0.010,0.025,True,False
ZTF1,2,58701.1,1,17.8,0.1,16.52,0.02,0.023,True,False
""",
        {"survey": "alerce", "mag_err": "sigmapsf_corr_ext"},
        [{"g": ([58700.1, 58701.1], [16.5, 16.52], [0.025, 0.023])}],
    ),
    Case(
        "hjd of ZTF, which is JD",
        "a.csv",
        """\
oid,expid,hjd,mjd,mag,magerr,catflags,filtercode
7,1,2458001.503,58001.0,15.2,0.01,0,zg
7,2,2458002.504,58002.0,15.4,0.01,32768,zg
7,3,2458003.505,58003.0,15.3,0.01,0,zg
""",
        {"survey": "ztf", "time": "hjd"},
        [{"g": ([58001.003, 58003.005], [15.2, 15.3], [0.01, 0.01])}],
    ),
    Case(
        "another aperture of ASAS-3",
        "a.txt",
        """\
#     HJD      MAG_0  MAG_1 MAG_2 MAG_3 MAG_4    MER_0 MER_1 MER_2 MER_3 MER_4 GRADE FRAME
 3200.50000  11.101 11.201 11.301 11.401 11.501  0.031 0.032 0.033 0.034 0.035 A 1001
 3201.50000  11.102 11.202 11.302 11.402 11.502  0.031 0.032 0.033 0.034 0.035 D 1002
 3202.50000  11.103 11.203 11.303 11.403 11.503  0.041 0.042 0.043 0.044 0.045 B 1003
""",
        {"survey": "asas-3", "mag": "MAG_2", "mag_err": "MER_2"},
        [{"": ([53200, 53202], [11.301, 11.303], [0.033, 0.043])}],
    ),
    Case(
        "SAP_FLUX of TESS",
        "a.csv",
        """\
TIME,SAP_FLUX,SAP_FLUX_ERR,PDCSAP_FLUX,PDCSAP_FLUX_ERR,QUALITY
1000.5,1000,5,1300,6,0
1001.5,1100,5,1400,6,0
1002.5,9000,5,1400,6,16
""",
        {"survey": "tess", "flux": "SAP_FLUX", "flux_err": "SAP_FLUX_ERR"},
        [{"": ([58000, 58001], [-7.5, -7.60348], [0.005429, 0.004935])}],
    ),
    Case(
        "another id of a survey, the rest as it is",
        "a.csv",
        """\
oid,star,expid,hjd,mjd,mag,magerr,catflags,filtercode
7,V1,1,2458001.5,58001.0,15.2,0.01,0,zg
8,V1,2,2458002.5,58002.0,15.4,0.01,0,zg
8,V1,3,2458003.5,58003.0,15.3,0.01,32768,zg
""",
        {"survey": "ztf", "id": "star"},
        [{"g": ([58001, 58002], [15.2, 15.4], [0.01, 0.01])}],
    ),
]
