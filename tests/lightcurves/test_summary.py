"""What a collection says of itself."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_astromer import LightCurves

CURVES = LightCurves(
    [1.0, 2, 4, 8, 5, 1, 2],
    [15.0, 15.1, 15.3, 15.2, 9.0, 12.0, 12.5],
    [0.1, 0.2, np.nan, 0.3, np.nan, 0.1, 0.1],
    offsets=[0, 4, 5, 7],
    ids=["a", "b<i>", "c"],
    band=["g", "g", "r"],
)


def test_describe():
    table = CURVES.describe()
    assert table.index.tolist() == ["a", "b<i>", "c"]
    assert table["length"].tolist() == [4, 1, 2]
    np.testing.assert_allclose(table["span"], [7, np.nan, 1])
    np.testing.assert_allclose(table["cadence"], [2, np.nan, 1])
    np.testing.assert_allclose(table["mag"], [15.15, 9, 12.25])
    np.testing.assert_allclose(table["amplitude"], [0.27, np.nan, 0.45])
    np.testing.assert_allclose(table["mag_err"], [0.2, np.nan, 0.1])
    assert table["band"].tolist() == ["g", "g", "r"]
    assert len(CURVES[:0].describe()) == 0
    assert "band" not in LightCurves([1.0], [1.0], offsets=[0, 1]).describe()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.tuples(st.floats(1, 1e4), st.floats(-5, 30)), min_size=1), max_size=5))
def test_notebook_view_is_well_formed(curves):
    """Of any collection; sparklines lie in their frames."""
    found = LightCurves.from_arrays([np.array(c).reshape(-1, 2) for c in curves])
    root = ElementTree.fromstring(found._repr_html_())
    drawings = root.findall(".//svg")
    assert len(drawings) == min(3, len(curves))
    for svg in drawings:
        for circle in svg:
            assert 0 <= float(circle.get("cx")) <= float(svg.get("width"))
            assert 0 <= float(circle.get("cy")) <= float(svg.get("height"))


def test_notebook_view_of_names():
    html = CURVES._repr_html_()
    assert "b&lt;i&gt;, g" in html
    assert re.search(r"bands</th><td[^>]*>g \(2\), r \(1\)<", html)
    long = LightCurves.from_arrays([np.c_[np.arange(10**4), np.arange(10**4) / 1e3]])
    assert len(long._repr_html_()) < 20_000


def test_plot():
    pytest.importorskip("matplotlib")
    axes = CURVES.plot(2)
    assert axes.yaxis_inverted()
    assert axes.get_title() == "c, r"
    assert CURVES.plot(-3, period=3.0, ax=axes) is axes
    phases = axes.containers[-1].lines[0].get_xdata()
    np.testing.assert_allclose(phases, [0, 1 / 3, 0, 1 / 3, 1, 4 / 3, 1, 4 / 3])
    for index in (3, -4):
        with pytest.raises(IndexError, match=f"there is no object {index}: it is no id"):
            CURVES.plot(index)
    with pytest.raises(ValueError, match="period must be a positive number of days"):
        CURVES.plot(period=0)
