"""Real stars in the box, and what the README says of them."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer.datasets import load_catalina
from sklearn_astromer.periodogram import find_peaks

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def stars():
    return load_catalina()


def test_they_are_the_stars_of_the_survey(stars, shared):
    table = pd.read_parquet(shared / "data/catalina_sample.parquet")
    curves = stars.data
    assert curves.ids.tolist() == table["object_id"].tolist()
    assert stars.target.tolist() == table["label"].tolist()
    np.testing.assert_array_equal(stars.frame["period"], table["period"])
    np.testing.assert_array_equal(curves.lengths, table["mjd"].map(len))
    np.testing.assert_allclose(curves.time, np.concatenate(table["mjd"]), rtol=0, atol=5.1e-6)
    np.testing.assert_allclose(curves.mag, np.concatenate(table["mag"]), rtol=0, atol=5.1e-4)
    np.testing.assert_allclose(curves.mag_err, np.concatenate(table["magerr"]), rtol=0, atol=5.1e-4)


def test_everything_is_of_the_same_star(stars):
    """The periodogram of a curve finds the period of its row, up to what eclipses and days do."""
    assert pd.Series(stars.target).value_counts().to_dict() == dict.fromkeys(
        stars.target_names.tolist(), 40
    )
    assert stars.frame.index.tolist() == stars.data.ids.tolist()
    pulsating = np.flatnonzero(np.isin(stars.target, ["RRab", "RRc"]))
    frequency = 1 / stars.frame["period"].to_numpy()[pulsating, None]
    found = find_peaks(stars.data[pulsating], max_frequency=10.0).frequency
    assert (np.abs(found / frequency - 1) < 1e-3).any(axis=1).mean() > 0.95


def test_positions_are_those_in_the_names(stars):
    frame = stars.frame
    assert frame.loc["CSS_J005425.0-062919", "ra"] == pytest.approx(13.604167, abs=1e-6)
    assert frame.loc["CSS_J005425.0-062919", "dec"] == pytest.approx(-6.488611, abs=1e-6)
    south = frame.index.str.contains("-")
    assert (frame["dec"].to_numpy() < 0).tolist() == south.tolist()


def test_curves_and_classes_alone(stars):
    curves, labels = load_catalina(return_X_y=True)
    assert curves == stars.data
    np.testing.assert_array_equal(labels, stars.target)


def test_source_and_licence_are_named(stars):
    for words in ("kvmu/lightcurve-classification", "MIT License", "Drake", "NNG05GF22G"):
        assert words in stars.DESCR


def test_neither_torch_nor_pyarrow_is_needed():
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from sklearn_astromer.datasets import load_catalina\n"
        "print(len(load_catalina().data), 'torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout == "280 False\n", run.stderr


def test_the_first_lines_of_the_readme_print_the_score_they_name():
    code = next(
        block
        for block in re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
        if "load_catalina" in block
    )
    named = re.search(r"# (0\.\d+) ± (0\.\d+)", code)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, str(README), "exec"), {})
    mean, std = (float(number) for number in printed.getvalue().split(" ± "))
    assert abs(mean - float(named[1])) < float(named[2])
    assert std < 2 * float(named[2])
