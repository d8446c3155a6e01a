"""Large Parquet files are read in pieces, which no one notices."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_astromer import LightCurves
from sklearn_astromer.lightcurves.reading import tables


def ztf(oids, rng):
    """A table of ZTF with flagged rows, in the order of `oids`."""
    n = len(oids)
    return pd.DataFrame(
        {
            "oid": oids,
            "mjd": 58000 + np.arange(n) * 1.25,
            "mag": rng.normal(17, 0.3, n).astype(np.float32),
            "magerr": np.full(n, 0.02, dtype=np.float32),
            "catflags": np.where(rng.random(n) < 0.2, 32768, 0),
            "filtercode": pd.Categorical(rng.choice(["zg", "zr"], n)),
            "ra": rng.random(n),
        }
    )


def reading(source, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return LightCurves.read(source, **options), [str(w.message) for w in caught]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=60), st.integers(1, 7))
def test_pieces_equal_the_whole(tmp_path_factory, oids, size):
    table = ztf(np.array(oids) + 7 * 10**14, np.random.default_rng(len(oids)))
    path = tmp_path_factory.mktemp("ztf") / "table.parquet"
    table.to_parquet(path)
    kept = table[table.catflags == 0]
    with pytest.MonkeyPatch.context() as patch:
        if len(kept) == 0:
            return
        whole, said = reading(path)
        patch.setattr(tables, "PIECE_ROWS", size)
        pieces, said_of_pieces = reading(path)
    assert said_of_pieces == said
    for name in ("time", "mag", "mag_err", "offsets", "ids", "band"):
        np.testing.assert_array_equal(getattr(pieces, name), getattr(whole, name))
    # and both are what a group-by gives
    groups = dict(list(kept.groupby(["oid", "filtercode"], observed=True)))
    assert len(whole) == len(groups)
    for curve, oid, band in zip(whole, whole.ids, whole.band, strict=True):
        rows = groups[oid, f"z{band}"]
        np.testing.assert_array_equal(curve[:, 0], rows.mjd)
        np.testing.assert_array_equal(curve[:, 1], rows.mag.astype(float))


def test_a_file_of_one_object(tmp_path, monkeypatch):
    table = ztf(np.zeros(9, dtype=int), np.random.default_rng(0))
    table = table.drop(columns=["oid", "filtercode"]).rename(columns={"mjd": "hmjd"})
    table.to_parquet(tmp_path / "star.parquet")
    monkeypatch.setattr(tables, "PIECE_ROWS", 4)
    curves, _ = reading(tmp_path / "star.parquet", survey="ztf-hats")
    assert curves.ids.tolist() == ["star"]


def test_only_the_columns_of_the_survey_are_read(tmp_path, monkeypatch):
    ztf(np.arange(3), np.random.default_rng(0)).to_parquet(tmp_path / "table.parquet")
    read = []
    plain = tables._plain
    monkeypatch.setattr(tables, "_plain", lambda frame: read.append(list(frame)) or plain(frame))
    reading(tmp_path / "table.parquet")
    assert read == [["oid", "mjd", "mag", "magerr", "catflags", "filtercode"]]


def test_a_row_without_an_object(tmp_path, monkeypatch):
    table = ztf(pd.array([1, 1, 1, 1, 1, None, 1], dtype="Int64"), np.random.default_rng(0))
    table.to_parquet(tmp_path / "table.parquet")
    monkeypatch.setattr(tables, "PIECE_ROWS", 4)
    with pytest.raises(ValueError, match=r"from row 4: 1 row\(s\) have no 'oid', the first is row"):
        reading(tmp_path / "table.parquet")
