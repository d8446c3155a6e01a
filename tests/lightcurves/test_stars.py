"""Stars: rows of one id together, indexed, named and drawn as one."""

import joblib
import numpy as np
import pytest

from sklearn_astromer import LightCurves, Stars
from sklearn_astromer.datasets import make_variable_stars

# star, band, observations; in the order in which a survey might give them
ROWS = [("c", "g", 9), ("a", "r", 5), ("c", "r", 1), ("a", "g", 7), ("b", "r", 12), ("d", "i", 4)]


@pytest.fixture
def curves():
    rng = np.random.default_rng(0)
    return LightCurves.from_arrays(
        [np.c_[np.sort(rng.uniform(50000, 50900, n)), rng.normal(16, 0.3, n)] for _, _, n in ROWS],
        ids=[star for star, _, _ in ROWS],
        band=[band for _, band, _ in ROWS],
    )


@pytest.fixture
def stars(curves):
    return curves.stars()


def test_stars_stand_in_order_of_first_appearance(stars, curves):
    assert stars.ids.tolist() == ["c", "a", "b", "d"]
    assert stars.shape == (4,)
    assert stars[0] == curves[[0, 2]]
    assert stars[-3] == curves[[1, 3]]
    assert [len(star) for star in stars] == [2, 2, 1, 1]
    assert repr(stars) == "Stars(4 stars, bands g, i, r)"


@pytest.mark.parametrize(
    "key",
    [slice(1, 3), slice(None, None, -2), [2, 0, 2], np.array([True, False, True, True]), []],
)
def test_indexing_takes_whole_stars(stars, key):
    chosen = stars[key, ...]
    expected = np.arange(4)[key]
    assert chosen.ids.tolist() == stars.ids[expected.astype(int)].tolist()
    assert len(chosen) == len(expected)
    for star, i in zip(chosen, expected, strict=True):
        assert star == stars[int(i)]
    assert joblib.hash(chosen) == joblib.hash(stars[expected.astype(int)])


def test_indexing_outside(stars):
    for key in (4, -5):
        with pytest.raises(IndexError, match="of 4"):
            stars[key]
    with pytest.raises(IndexError):
        stars[np.array([True])]


def test_by_name(stars):
    assert stars.loc["a"] == stars[1]
    assert stars.loc[["d", "c"]].ids.tolist() == ["d", "c"]
    with pytest.raises(KeyError, match="there is no object 'x'"):
        stars.loc["x"]


def test_what_are_no_stars(curves):
    with pytest.raises(ValueError, match="star 'c' has two light curves in band 'g'"):
        Stars(LightCurves.concatenate([curves, curves[:1]]))
    with pytest.raises(TypeError, match="LightCurves, a row per star and band, got list"):
        Stars([np.zeros((3, 2))])
    with pytest.raises(TypeError, match="not an array"):
        np.asarray(Stars(curves))


def test_the_view_in_a_notebook(stars):
    html = stars._repr_html_()
    assert "4 Stars" in html
    assert "<th>band r</th><td>3 stars</td>" in html
    assert "<th>c</th><td>observations: g 9, r 1</td>" in html


def test_plot_draws_every_band(stars):
    pytest.importorskip("matplotlib")
    ax = stars.plot("c")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["g", "r"]
    assert [len(each.lines[0].get_xdata()) for each in ax.containers] == [9, 1]
    with pytest.raises(IndexError, match="no object 4: it is no id, and there are 4 objects"):
        stars.plot(4)
    with pytest.raises(IndexError, match="no star 4 of 4; by its id: loc"):
        stars[4]
    with pytest.raises(ValueError, match="'b' has no period: its curve is constant, or has fewer"):
        LightCurves.from_arrays([[[0, 15], [1, 16]]], ids=["b"]).stars().plot(0, period="best")


def test_plot_finds_numbers_that_are_no_positions(curves):
    pytest.importorskip("matplotlib")
    ids = [2 * 10**18 + i for i in range(len(curves))]
    numbered = LightCurves(curves.time, curves.mag, offsets=curves.offsets, ids=ids)
    assert numbered.plot(ids[1]).get_title() == str(ids[1])
    assert numbered.stars().plot(ids[2]).get_title() == str(ids[2])
    assert numbered.plot(1).get_title() == str(ids[1])


def test_bands_have_their_colours_in_every_picture(stars):
    pytest.importorskip("matplotlib")
    both = stars.plot("c")
    swapped = LightCurves.concatenate([stars.loc["c"][::-1]]).stars().plot("c")
    for ax in (both, swapped):
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        colors = [each.lines[0].get_color() for each in ax.containers]
        assert dict(zip(labels, colors, strict=True)) == {"g": "C6", "r": "C9"}
        assert labels == ["g", "r"]


def test_plot_folds_with_the_period_of_all_bands():
    pytest.importorskip("matplotlib")
    curves, _, found = make_variable_stars(
        1, classes=["RRAB"], n_observations=80, random_state=0, return_parameters=True
    )
    halves = [curves[0][i::2] for i in (0, 1)]
    both = LightCurves.from_arrays(halves, ids=[7, 7], band=["g", "r"])
    period = found["period"].iloc[0]
    epoch = both.time[3]
    for ax in (both.stars().plot(0, period="best", epoch=epoch), curves.plot(period="best")):
        assert float(ax.get_xlabel().split()[2]) == pytest.approx(period, rel=1e-3)
        phase = ax.containers[0].lines[0].get_xdata()
        assert 0 <= phase.min() < 1 < phase.max() < 2  # two cycles
    assert (
        0.0 in both.stars().plot(0, period="best", epoch=epoch).containers[0].lines[0].get_xdata()
    )
