"""Long names, lines and fields, as damaged or hostile files have them."""

import contextlib
import time
import timeit

import pytest

from sklearn_astromer.lightcurves.reading.lines import decimal_commas, is_row
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.tables import IPAC
from sklearn_astromer.lightcurves.reading.text import read_text
from sklearn_astromer.lightcurves.surveys import names

# sizes of a text and how many times as much: of a square and more it would take too long to fail
SHORT, LONG, TINY = (8, 16), (512, 16), (6, 3)


def of_a_name(name):
    names.candidates("time", [name])
    names.names_stars(name)
    names.in_no_days(name)
    names.is_julian(name)
    names.lacks_number(name)
    names.may_tell_limits(name)
    names.unit_of(name)
    names.unit_for(name)


def of_text(text):
    return list(read_text(text.encode(), Options()))


@pytest.mark.parametrize(
    ("call", "make", "sizes"),
    [
        *(
            (of_a_name, make, SHORT)
            for make in (
                lambda n: "jd" + " " * n + "x",
                lambda n: "jd[d]" + " " * n + "x",
                lambda n: "jd-2450000" + " " * n + "x",
                lambda n: "a(" + " " * n + "x",
            )
        ),
        *(
            (of_a_name, make, LONG)
            for make in (
                lambda n: "a" + " " * n + "x",
                lambda n: "(" * n + "x",
                lambda n: "( " * n + "x",
                lambda n: "jd_" * n + "\n)",
                lambda n: "a(" + "jd_" * n + "\n)",
                lambda n: "id_" * n + "-",
                lambda n: "_s" * n + "x",
                lambda n: "unit_" * n,
            )
        ),
        (names._WORD.findall, lambda n: "-" * n + "x", LONG),
        (is_row, lambda n: "1" * n + "x", LONG),
        (decimal_commas, lambda n: "1" * n + "x" + " " * n + "x", LONG),
        (IPAC.match, lambda n: b"\\ " * n + b"x", TINY),
        (IPAC.match, lambda n: b"|" + b" \n" * n + b"x", LONG),
        (of_text, lambda n: "mjd mag\n1 15 #x\n2 15" + " " * 8 * n + "\n3 15\n", LONG),
        (of_text, lambda n: "|mjd|mag|\n|1|15|\n" + "-" * 8 * n + "x|15|\n", LONG),
    ],
)
def test_work_grows_as_the_text_does(call, make, sizes):
    n, factor = sizes

    def attempt(text):
        with contextlib.suppress(ValueError):
            call(text)

    def seconds(text):
        return min(
            timeit.repeat(lambda: attempt(text), timer=time.process_time, number=1, repeat=5)
        )

    assert seconds(make(factor * n)) < 3 * factor * seconds(make(n))
