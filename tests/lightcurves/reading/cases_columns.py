"""Small files whose columns are told by their names, or have none."""

from astropy.time import Time
from cases import Case

#: Two stars in two bands, and by what such rows are sorted.
ROWS = [("a", 58000.1 + i % 2, "gr"[i // 2], 15 + i / 10) for i in range(4)]
ROWS += [("b", t + 0.3, band, m + 3) for _, t, band, m in ROWS]
SORTED = {
    "star, time": lambda row: (row[0], row[1]),
    "star, band, time": lambda row: row,
    "band, star, time": lambda row: (row[2], row[0], row[1]),
    "time": lambda row: row[1],
}
TWO_STARS = [
    {
        band: (
            [t for s, t, b, _ in ROWS if (s, b) == (star, band)],
            [m for s, _, b, m in ROWS if (s, b) == (star, band)],
            None,
        )
        for band in "gr"
    }
    for star in "ab"
]


def two_stars(name, order, curves=None, dates=False):
    """Return a case of two stars in two bands, which a column of this name tells apart."""
    lines = [f"{name},{'date' if dates else 'mjd'},filter,mag"]
    for star, time, band, mag in sorted(ROWS, key=SORTED[order]):
        lines.append(f"{star},{Time(time, format='mjd').isot if dates else time},{band},{mag}")
    text = "\n".join([*lines, ""])
    called = f"two stars in {name} by {order}{' of dates' * dates}"
    return Case(called, "a.csv", text, {}, curves or TWO_STARS)


COLUMNS = [
    # -- a column without a name is another magnitude
    Case(
        "third column without a name is another magnitude",
        "a.dat",
        """\
50000.1 4.20 5.30
50001.1 4.25 5.35
50002.1 4.21 5.32
""",
        {"id": False},
        "which column is what",
    ),
    Case(
        "five columns: two bands with errors",
        "a.dat",
        """\
50000.1 4.20 .01 5.30 .02
50001.1 4.25 .01 5.35 .02
50002.1 4.21 .01 5.32 .02
""",
        {},
        "which column is what",
    ),
    Case(
        "third column is a number of the filter",
        "a.dat",
        """\
50000.1 4.20 2
50001.1 5.25 3
50002.1 4.21 2
50003.1 5.21 3
""",
        {},
        "which column is what",
    ),
    Case(
        "third column is a band",
        "a.dat",
        """\
50000.1 4.20 V
50001.1 4.25 V
50002.1 4.21 V
""",
        {},
        "which column is what",
    ),
    Case(
        "third column is the second of two bright bands, commas",
        "a.csv",
        """\
50000.1,1.20,0.90
50001.1,1.25,1.95
50002.1,1.21,2.92
50003.1,1.22,2.95
""",
        {},
        "which column is what",
    ),
    # -- or a fainter one, or an error
    Case(
        "third column without a name is another magnitude, fainter",
        "a.dat",
        """\
50000.1 14.20 15.30
50001.1 14.25 15.35
50002.1 14.21 15.32
""",
        {"id": False},
        "which column is what",
    ),
    Case(
        "the bluer band second",
        "a.dat",
        """\
2450000.6 15.30 14.20
2450001.6 15.35 14.25
2450002.6 15.32 14.21
""",
        {},
        "which column is what",
    ),
    Case(
        "third column is a flux",
        "a.dat",
        """\
50000.1 14.20 2089.3
50001.1 14.25 1995.3
50002.1 14.21 2070.1
""",
        {},
        "which column is what",
    ),
    Case(
        "an error does look like one",
        "a.dat",
        """\
50000.1 14.20 0.02
50001.1 14.25 0.13
50002.1 14.21 0.02
""",
        {},
        [{"": ([50000.1, 50001.1, 50002.1], [14.2, 14.25, 14.21], [0.02, 0.13, 0.02])}],
    ),
    Case(
        "errors, one of them 9.999",
        "a.dat",
        """\
50000.1 14.20 0.02
50001.1 14.25 9.999
50002.1 14.21 0.03
50003.1 14.22 0.03
50004.1 14.23 0.03
""",
        {},
        [
            {
                "": (
                    [50000.1, 50002.1, 50003.1, 50004.1],
                    [14.2, 14.21, 14.22, 14.23],
                    [0.02, 0.03, 0.03, 0.03],
                )
            }
        ],
    ),
    # -- one star a file, a column that repeats is not its id
    Case(
        "one star a file, a column that repeats is not its id",
        "a.csv",
        """\
mjd,mag,fwhm
58000,10.1,1.4
58001,10.2,1.4
58002,10.3,1.5
""",
        {},
        [{"": ([58000, 58001, 58002], [10.1, 10.2, 10.3], None)}],
    ),
    Case(
        "camera",
        "a.csv",
        """\
mjd,mag,magerr,camera
58000,10.1,.01,ba
58001,10.2,.01,bb
58002,10.3,.01,ba
""",
        {},
        [{"": ([58000, 58001, 58002], [10.1, 10.2, 10.3], [0.01, 0.01, 0.01])}],
    ),
    Case(
        "night",
        "a.csv",
        """\
night,mjd,mag
1,58000.1,10.1
1,58000.2,10.2
2,58001.1,10.3
""",
        {},
        [{"": ([58000.1, 58000.2, 58001.1], [10.1, 10.2, 10.3], None)}],
    ),
    Case(
        "seeing and exposure",
        "a.txt",
        """\
mjd mag seeing exptime
58000 10.1 1.4 30
58001 10.2 1.4 30
58002 10.3 1.5 60
""",
        {},
        [{"": ([58000, 58001, 58002], [10.1, 10.2, 10.3], None)}],
    ),
    Case(
        "constant star",
        "a.csv",
        """\
star,mjd,mag
RR Lyr,58000,7.1
RR Lyr,58001,7.2
RR Lyr,58002,7.3
""",
        {},
        [{"": ([58000, 58001, 58002], [7.1, 7.2, 7.3], None)}],
    ),
    Case(
        "two stars",
        "a.csv",
        """\
target,mjd,mag
RR Lyr,58000,7.1
RR Lyr,58001,7.2
AG Peg,58000,8.1
AG Peg,58001,8.3
""",
        {},
        [{"": ([58000, 58001], [7.1, 7.2], None)}, {"": ([58000, 58001], [8.1, 8.3], None)}],
    ),
    *(two_stars(name, by) for name in ("star", "target", "object", "TIC") for by in SORTED),
    *(two_stars("name", by) for by in SORTED if by != "time"),
    two_stars("name", "time", "'name' has 2 values in 8 rows"),
    *(two_stars("lc", by, "'lc' has 2 values in 8 rows") for by in SORTED if by != "time"),
    two_stars("star", "star, time", dates=True),
    two_stars("lc", "star, time", "'lc' has 2 values in 8 rows", dates=True),
    Case(
        "quality that repeats, of no known survey",
        "a.csv",
        """\
mjd,mag,quality
58000,10.1,3
58001,10.2,3
58002,10.3,4
""",
        {},
        [{"": ([58000, 58001, 58002], [10.1, 10.2, 10.3], None)}],
    ),
    Case(
        "observer and telescope",
        "a.csv",
        """\
mjd,mag,observer,telescope
58000,10.1,AB,T1
58001,10.2,CD,T1
58002,10.3,AB,T2
""",
        {},
        [{"": ([58000, 58001, 58002], [10.1, 10.2, 10.3], None)}],
    ),
]
