"""Small files in shapes that text comes in: short and long rows, comments, separators."""

from cases import PLAIN, Case

ROWS = [
    # -- rows with more fields than the header
    Case(
        "rows with more fields than the header",
        "a.csv",
        (
            "JD,Magnitude,Uncertainty,Band,Comments,HJD,Star Name\n"
            '2455798.5,14.5,0.05,V,"one",2455798.501,S 1\n'
            '2455799.5,14.6,0.05,V,"\\"C=13.65, K=13.77\\"",2455799.501,S 1\n'
            '2455800.5,14.7,0.05,V,"",2455800.501,S 1\n'
        ),
        {},
        [{"V": ([55798, 55799, 55800], [14.5, 14.6, 14.7], [0.05, 0.05, 0.05])}],
    ),
    Case(
        "two rows on one line",
        "a.csv",
        """\
mjd,mag,magerr
58000.1,15.1,.01
58001.1,15.2,.02,58001.6,15.25,.02
58002.1,15.3,.03
""",
        {},
        "line 3",
    ),
    Case(
        "comma in a name, no quotes, in one row",
        "a.csv",
        """\
star,mjd,mag,magerr
S1,58000.1,15.1,.01
S1, the bright one,58001.1,15.2,.02
S1,58002.1,15.3,.03
""",
        {},
        "line 3",
    ),
    Case(
        "doubled quotes with a comma inside",
        "a.csv",
        """\
JD,Magnitude,Uncertainty,Comments,Band
2455798.5,14.5,0.05,"he said ""clear"", then clouds",V
2455799.5,14.6,0.05,"",V
""",
        {},
        [{"V": ([55798, 55799], [14.5, 14.6], [0.05, 0.05])}],
    ),
    Case(
        "row names of R",
        "a.txt",
        """\
"mjd" "mag" "magerr"
"1" 58000.1 15.1 0.01
"2" 58001.1 15.2 0.02
"3" 58002.1 15.3 0.03
""",
        {},
        PLAIN,
    ),
    Case(
        "index of pandas without a name",
        "a.csv",
        """\
,mjd,mag,magerr
0,58000.1,15.1,0.01
1,58001.1,15.2,0.02
2,58002.1,15.3,0.03
""",
        {},
        PLAIN,
    ),
    # -- lines cut off
    Case(
        "a last line cut off",
        "a.csv",
        ("mjd,mag,magerr\n58001,15.2,.01\n58002,15.3,.01\n58003.0,1"),
        {"id": False},
        "line 4",
    ),
    Case(
        "cut off within the magnitude, white space",
        "a.txt",
        ("mjd mag magerr\n58000.1 15.1 .01\n58001.1 15.2 .02\n58002.1 1"),
        {},
        "line 4",
    ),
    Case(
        "cut off within the time",
        "a.csv",
        ("mjd,mag,magerr\n58000.1,15.1,.01\n58001.1,15.2,.02\n580"),
        {},
        "line 4",
    ),
    Case(
        "a row in the middle is short, white space",
        "a.dat",
        """\
# mjd mag magerr
58000.1 15.1 .01
58001.1 15.2
58002.1 15.3 .03
""",
        {},
        "line 3",
    ),
    Case(
        "the first row is short",
        "a.csv",
        """\
mjd,mag,magerr,filter
58000.1,15.1
58001.1,15.2,.02,V
58002.1,15.3,.03,V
""",
        {},
        "line 2",
    ),
    Case(
        "no header, the last line cut off",
        "a.dat",
        ("58000.1 15.1 .01\n58001.1 15.2 .02\n58002.1 15."),
        {},
        "line 3",
    ),
    # -- comments, titles, units
    Case(
        "comment with as many words as columns",
        "a.txt",
        """\
# my star
2454900.5 3.1
2454901.5 3.2
""",
        {},
        [{"": ([54900, 54901], [3.1, 3.2], None)}],
    ),
    Case(
        "comment with %",
        "a.txt",
        """\
% my star
2454900.5 3.1
2454901.5 3.2
""",
        {},
        [{"": ([54900, 54901], [3.1, 3.2], None)}],
    ),
    Case(
        "comment with !",
        "a.dat",
        """\
! V1 Cyg, observed
! by me
54900.0 13.1 .01
54901.0 13.2 .02
""",
        {},
        [{"": ([54900, 54901], [13.1, 13.2], [0.01, 0.02])}],
    ),
    Case(
        "comment with a backslash",
        "a.txt",
        ("\\ my star\n2454900.5 3.1\n2454901.5 3.2\n"),
        {},
        [{"": ([54900, 54901], [3.1, 3.2], None)}],
    ),
    Case(
        "a header in a comment, and a comment after it",
        "a.dat",
        """\
# filter mjd mag emag
# all by the same telescope
V 58000.1 15.1 .01
V 58001.1 15.2 .02
""",
        {},
        [{"V": ([58000.1, 58001.1], [15.1, 15.2], [0.01, 0.02])}],
    ),
    Case(
        "title line, then a header",
        "a.csv",
        """\
Light curve of RR Lyr
mjd,mag,magerr
58000.1,15.1,.01
58001.1,15.2,.02
58002.1,15.3,.03
""",
        {},
        PLAIN,
    ),
    Case(
        "header repeated in the middle",
        "a.csv",
        """\
mjd,mag,magerr
58000.1,15.1,.01
58001.1,15.2,.02
mjd,mag,magerr
58002.1,15.3,.03
""",
        {},
        PLAIN,
    ),
    Case(
        "units under the header",
        "a.txt",
        """\
mjd mag magerr
[d] [mag] [mag]
58000.1 15.1 .01
58001.1 15.2 .02
58002.1 15.3 .03
""",
        {},
        PLAIN,
    ),
    Case(
        "comment at the end of a line",
        "a.txt",
        """\
mjd mag magerr
58000.1 15.1 .01
58001.1 15.2 .02  # clouds
58002.1 15.3 .03
""",
        {},
        PLAIN,
    ),
    # -- separators and blanks at the ends of lines
    Case(
        "tabs at the end of lines",
        "a.tsv",
        ("2454900.5\t3.1\t\t\n2454901.5\t3.2\t\t\n"),
        {},
        [{"": ([54900, 54901], [3.1, 3.2], None)}],
    ),
    Case(
        "commas at the end of all lines",
        "a.csv",
        """\
mjd,mag,magerr,
58000.1,15.1,.01,
58001.1,15.2,.02,
58002.1,15.3,.03,
""",
        {},
        PLAIN,
    ),
    Case(
        "commas at the end of rows only",
        "a.csv",
        """\
mjd,mag,magerr
58000.1,15.1,.01,
58001.1,15.2,.02,
58002.1,15.3,.03,
""",
        {},
        PLAIN,
    ),
    Case(
        "semicolons at the end of lines, no header",
        "a.dat",
        """\
58000.1;15.1;.01;
58001.1;15.2;.02;
58002.1;15.3;.03;
""",
        {},
        PLAIN,
    ),
    Case(
        "blanks at both ends",
        "a.dat",
        (
            "   mjd      mag   magerr   \n"
            "  58000.1  15.1  .01  \n"
            "  58001.1  15.2  .02  \n"
            " 58002.1  15.3  .03   \n"
        ),
        {},
        PLAIN,
    ),
    Case(
        "a blank after every comma, CR LF",
        "a.csv",
        ("mjd, mag, magerr\r\n58000.1, 15.1, .01\r\n58001.1, 15.2, .02\r\n58002.1, 15.3, .03\r\n"),
        {},
        PLAIN,
    ),
    # -- decimal commas
    Case(
        "decimal commas",
        "a.csv",
        """\
2460001,5;12,34
2460002,5;12,35
""",
        {"id": False},
        "decimal commas",
    ),
    Case(
        "decimal commas and tabs",
        "a.tsv",
        ("mjd\tmag\n58000,5\t12,34\n58001,5\t12,35\n"),
        {},
        "decimal commas",
    ),
    Case(
        "decimal commas, semicolons, a header",
        "a.csv",
        """\
JD;mag;err
2458000,5;12,34;0,01
2458001,5;12,35;0,01
""",
        {},
        "decimal commas",
    ),
    Case(
        "decimal commas and blanks",
        "a.txt",
        """\
58000,5 12,34 0,01
58001,5 12,35 0,01
""",
        {},
        "decimal commas",
    ),
    Case(
        "only the magnitudes with decimal commas, quoted",
        "a.csv",
        """\
mjd,mag
58000.5,"12,34"
58001.5,"12,35"
""",
        {},
        "decimal commas",
    ),
]
