"""Small files that were once read wrongly, or that resemble such, and what is right."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cases import NAMES
from cases_columns import COLUMNS
from cases_found import FOUND
from cases_rows import ROWS
from cases_surveys import SURVEYS
from cases_tables import TABLES
from cases_values import VALUES

from sklearn_astromer import LightCurves

CASES = [*ROWS, *COLUMNS, *NAMES, *VALUES, *SURVEYS, *FOUND, *TABLES]
SHARED = Path(__file__).parents[4] / "shared" / "cases" / "reading.py"
# of fluxes, whose magnitudes are softened, and of times rounded in the cases
CLOSE = {"mag": 2e-4, "time": 2e-6, "mag_err": 2e-5}


def read(case, folder):
    """Read a case; what it warns of is not what it is about."""
    path = folder / case.file
    path.write_text(case.text, encoding="utf-8", newline="")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return LightCurves.read(path, **case.given)


@pytest.mark.parametrize(
    "case", [c for c in CASES if isinstance(c.curves, str)], ids=lambda c: c.name
)
def test_a_file_that_cannot_be_told_is_refused(case, tmp_path):
    with pytest.raises((ValueError, TypeError)) as caught:
        read(case, tmp_path)
    said = str(caught.value)
    assert case.curves in said
    assert said.startswith(str(tmp_path / case.file))
    assert len(said.splitlines()) <= 5


@pytest.mark.parametrize(
    "case", [c for c in CASES if not isinstance(c.curves, str)], ids=lambda c: c.name
)
def test_a_file_is_read_as_its_owner_would(case, tmp_path):
    curves = read(case, tmp_path)
    report = curves.report
    objects, _ = pd.factorize(curves.ids)
    curves = curves[np.argsort(objects, kind="stable")]  # the bands of an object side by side
    expected = [(i, band, *it) for i, one in enumerate(case.curves) for band, it in one.items()]
    bands = [""] * len(curves) if curves.band is None else curves.band.tolist()
    assert sorted(bands) == sorted(band for _, band, *_ in expected)
    names = {}  # of each object of the case
    for i, (which, band, time, mag, mag_err) in enumerate(expected):
        one = curves[[i]]
        assert bands[i] == band
        assert names.setdefault(which, one.ids[0]) == one.ids[0]
        assert one.time == pytest.approx(time, rel=0, abs=CLOSE["time"])
        assert one.mag == pytest.approx(mag, rel=0, abs=CLOSE["mag"])
        if mag_err is None:
            assert one.mag_err is None or np.isnan(one.mag_err).all()
        else:
            assert one.mag_err == pytest.approx(mag_err, rel=0, abs=CLOSE["mag_err"], nan_ok=True)
    assert len(set(names.values())) == len(names)
    assert report.rows == len(curves.time) + sum(report.left_out.values())


def test_the_cases_beside_the_project():
    if not SHARED.exists():
        pytest.skip("needs ../shared/cases/reading.py")
    spec = importlib.util.spec_from_file_location("shared_cases", SHARED)
    shared = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shared)
    wrong = {case[0]: shared.wrong(case, LightCurves.read) for case in shared.CASES}
    assert {name: said for name, said in wrong.items() if said} == {}
