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
