"""Tables with a column of brightness for each band."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import LightCurves

TIMES = np.array([58000.1, 58001.1, 58002.1])


def table(**columns):
    return pd.DataFrame({"mjd": TIMES} | columns)


def reading(source, **options):
    """Return light curves, whatever is remarked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LightCurves.read(source, **options)


@pytest.mark.parametrize("door", ["frame", "csv", "parquet"])
@pytest.mark.parametrize(
    ("first", "second", "bands"),
    [
        (("Vmag", "e_Vmag"), ("Bmag", "e_Bmag"), ["V", "B"]),
        (("Vmag", "Verr"), ("Icmag", "Icerr"), ["V", "Ic"]),
        (("mag_g", "magerr_g"), ("mag_r", "magerr_r"), ["g", "r"]),
        (("g_mag", "g_mag_err"), ("r_mag", "r_mag_err"), ["g", "r"]),
        (("g", "g_err"), ("r", "r_err"), ["g", "r"]),
        (("V", "e_V"), ("I", "e_I"), ["V", "I"]),
        (("m_BP", "em_BP"), ("m_RP", "em_RP"), ["BP", "RP"]),
        (("V (mag)", "V_err (mag)"), ("R (mag)", "R_err (mag)"), ["V", "R"]),
        (("magnitude V", "error V"), ("magnitude R", "error R"), ["V", "R"]),
    ],
)
def test_magnitudes_of_several_bands(first, second, bands, door, tmp_path):
    columns = {first[0]: [15.1, 15.2, 15.3], first[1]: [0.01, 0.02, 0.03]}
    columns |= {second[0]: [16.1, np.nan, 16.3], second[1]: [0.04, np.nan, 0.06]}
    source = table(star=["a", "a", "a"], **columns)
    if door == "csv":
        source.to_csv(tmp_path / "a.csv", index=False)
    if door == "parquet":
        source.to_parquet(tmp_path / "a.parquet")
    curves = reading(source if door == "frame" else tmp_path / f"a.{door}")
    assert curves.ids.tolist() == ["a", "a"]
    assert curves.band.tolist() == bands
    np.testing.assert_allclose(curves[0], np.c_[TIMES, [15.1, 15.2, 15.3], [0.01, 0.02, 0.03]])
    np.testing.assert_allclose(curves[1], np.c_[TIMES[::2], [16.1, 16.3], [0.04, 0.06]])
    assert (curves.report.rows, curves.report.kept) == (6, 5)
    assert curves.report.left_out == {"not observed in all bands": 1}
    assert len(reading(source, on_invalid="raise")) == 2


def test_one_band(tmp_path):
    curves = reading(table(Vmag=[15.1, 15.2, 15.3], err=0.01))
    assert curves.band.tolist() == ["V"]
    np.testing.assert_allclose(curves[0], np.c_[TIMES, [15.1, 15.2, 15.3], [0.01] * 3])


def test_equal_magnitudes_with_errors_of_their_own_are_measured():
    curves = reading(table(Vmag=15.1, e_Vmag=[0.01, 0.02, 0.01]))
    assert curves.mag.tolist() == [15.1] * 3
    with pytest.raises(ValueError, match="no column was recognised as the mag or flux"):
        reading(table(Vmag=15.1, e_Vmag=0.01))  # of a catalog


def test_fluxes_of_several_bands():
    frame = table(flux_g=[1e3, 2e3, 3e3], flux_g_err=10.0, flux_r=[2e3, 3e3, 4e3], flux_r_err=20.0)
    curves = reading(frame)
    one = reading(table(flux=[1e3, 2e3, 3e3], flux_err=10.0))
    assert curves.band.tolist() == ["g", "r"]
    np.testing.assert_allclose(curves[0], one[0])


@pytest.mark.parametrize(
    "columns",
    [
        {"Tmag": 10.1, "sap_flux": [1.0, 2.0, 3.0]},  # of the star
        {"Tmag": 10.1},
        {"Vmag": [15.1, 15.2, 15.3], "kepmag": 12.0},
        {"Vmag": [15.1, 15.2, 15.3], "limiting_mag": 18.0},
        {"g": [15.1, 15.2, 15.3]},
        {"g": [15.1, 15.2, 15.3], "r": [15.1, 15.2, 15.3], "err": 0.1},
        {"Vmag": [15.1, 15.2, 15.3], "filter": ["V", "V", "B"]},
        {"Vmag": [15.1, 15.2, 15.3], "mag_v": [15.1, 15.2, 15.3]},
    ],
)
def test_what_may_be_something_else(columns):
    with pytest.raises(ValueError, match="no column was recognised as the mag or flux"):
        reading(table(**columns))


def test_a_magnitude_comes_before_those_of_bands():
    curves = reading(table(mag=[15.1, 15.2, 15.3], Vmag=12.3, Bmag=12.9))
    assert curves.band is None
    assert curves.mag.tolist() == [15.1, 15.2, 15.3]


def test_a_named_column_is_alone():
    frame = table(Vmag=[15.1, 15.2, 15.3], e_Vmag=0.01, Bmag=[16.1, 16.2, 16.3])
    curves = reading(frame, mag="Vmag")
    assert curves.band is None
    assert curves.mag.tolist() == [15.1, 15.2, 15.3]
    assert curves.mag_err.tolist() == [0.01] * 3


def remarks(columns, folder, **options):
    """Return what is remarked of a table, which is the same by all doors."""
    frame = pd.DataFrame({"id": [1, 1, 2, 2], "mjd": [58000.1, 58001.1] * 2} | columns)
    frame.to_csv(folder / "a.csv", index=False)
    frame.to_parquet(folder / "a.parquet")
    sources = (frame, folder / "a.csv", folder / "a.parquet")
    first, *others = (reading(source, **options) for source in sources)
    assert all(other.report.remarks == first.report.remarks for other in others)
    return [each.written() for each in first.report.remarks]


MAGS, FAINTER = [15.1, 15.2, 15.3, 15.4], [16.1, 16.2, 16.3, 16.4]


@pytest.mark.parametrize("name", ["mag_r", "Rmag", "R", "g", "BP_mag", "magnitude V"])
def test_the_brightness_of_another_band_is_told(name, tmp_path):
    (said,) = remarks({"mag": MAGS, name: FAINTER}, tmp_path)
    assert said == (
        f"the brightness of other bands is not read, and seems to be in {name!r} "
        f"(mag={name!r} in place of the other)"
    )
    assert remarks({"mag": MAGS, name: FAINTER}, tmp_path, mag="mag") == []


def test_fluxes_of_another_band_are_told(tmp_path):
    columns = {"flux": MAGS, "flux_g": FAINTER, "flux_r": FAINTER}
    (said,) = remarks(columns, tmp_path, zero_point=25)
    assert "seems to be in 'flux_g' and 'flux_r'" in said


def test_a_band_without_errors_beside_one_with_them_is_told(tmp_path):
    (said,) = remarks({"g": MAGS, "r": FAINTER, "r_err": 0.1}, tmp_path)
    assert "seems to be in 'g' (mag='g'" in said


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Vmag", [16.0, 16.0, 17.0, 17.0]),  # of each star
        ("z", [0.1] * 4),
        ("y", [1204.1, 1204.2, 1204.3, 1204.4]),  # of pixels
        ("i", [1, 2, 3, 4]),
        ("Rmag", [np.nan] * 4),
        ("Rmag", ["a", "b", "c", "d"]),
        ("limiting_mag", FAINTER),
    ],
)
def test_what_is_no_brightness_of_another_band(name, values, tmp_path):
    assert remarks({"mag": MAGS, name: values}, tmp_path) == []


def test_errors_of_each_band_are_looked_for(tmp_path):
    columns = {"Vmag": MAGS, "e_Vmag": 0.1, "Bmag": FAINTER, "e_Bmag_sys": 0.1}
    (said,) = remarks(columns, tmp_path)
    assert (
        said == "no errors of 'Bmag' are read, and 'e_Bmag_sys' may hold them: call them 'e_Bmag'"
    )
    renamed = {name.removesuffix("_sys"): values for name, values in columns.items()}
    assert remarks(renamed, tmp_path) == []


def test_errors_named_by_hand_are_of_no_band_among_several(tmp_path):
    frame = table(Vmag=[15.1, 15.2, 15.3], Bmag=[16.1, 16.2, 16.3], scatter=0.1)
    with pytest.raises(ValueError, match=r"mag_err= needs the brightness .* pass mag=…"):
        reading(frame, mag_err="scatter")
    assert reading(frame, mag="Bmag", mag_err="scatter").mag_err.tolist() == [0.1] * 3


def test_a_time_is_no_band():
    frame = pd.DataFrame({"t": TIMES, "t_err": 0.001, "V": [15.1, 15.2, 15.3], "V_err": 0.1})
    assert reading(frame).band.tolist() == ["V"]
