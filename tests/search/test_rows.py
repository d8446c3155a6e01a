"""Rows of embeddings come back from each of the formats in which they are written."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from embedders import make_embedder
from sklearn.base import clone

from sklearn_astromer import LightCurves, MultiBandEmbedder
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.scale import embed_to_folder
from sklearn_astromer.scale.tables import writing
from sklearn_astromer.search import read_rows


@pytest.fixture(scope="module")
def embedder():
    curves, _ = make_variable_stars(5, random_state=0)
    return make_embedder(d_model=8, n_heads=2, d_ff=8, max_epochs=0, random_state=0).fit(curves)


@pytest.fixture(scope="module")
def curves():
    return make_variable_stars(21, random_state=0)[0]


def named(curves, ids, band=None):
    return LightCurves(curves.time, curves.mag, offsets=curves.offsets, ids=ids, band=band)


@pytest.mark.parametrize("layout", ["columns", "float32", "float16"])
def test_folder(embedder, curves, tmp_path, layout):
    embed_to_folder(curves, embedder, tmp_path / "emb", part_objects=8, layout=layout)
    found = read_rows(tmp_path / "emb")
    wanted = embedder.transform(curves)
    tolerance = 1e-3 if layout == "float16" else 1e-6
    np.testing.assert_allclose(found.rows, wanted, rtol=tolerance, atol=tolerance)
    assert found.rows.dtype == np.float32
    np.testing.assert_array_equal(found.ids, curves.ids)
    assert found.band is None


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".ecsv"])
def test_file_with_bands(embedder, curves, tmp_path, ending):
    if ending == ".ecsv":
        pytest.importorskip("astropy")
    ids = np.array([f"star-{i // 3}" for i in range(21)])
    banded = named(curves, ids, np.array(["g", "r", "NA"] * 7))
    path = tmp_path / f"rows{ending}"
    wanted = embedder.transform(banded)
    with writing(path, ending, embedder.get_feature_names_out().tolist()) as table:
        table.write(banded, wanted)
    found = read_rows(path)
    np.testing.assert_array_equal(found.rows, wanted)
    np.testing.assert_array_equal(found.ids, ids)
    np.testing.assert_array_equal(found.band, banded.band)
    assert found.position("star-2", "r") == 7
    with pytest.raises(KeyError, match=r"has 3 rows \(bands NA, g, r\): name the band"):
        found.position("star-2")


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".ecsv"])
@pytest.mark.parametrize("missing", ["nan", "indicator"])
def test_stars_that_were_not_observed_in_a_band(embedder, curves, tmp_path, ending, missing):
    if ending == ".ecsv":
        pytest.importorskip("astropy")
    stars = named(curves, np.arange(21) // 2, np.array(["u", "g"] * 10 + ["g"])).stars()
    bands = MultiBandEmbedder(embedder, missing=missing).fit(stars)
    path = tmp_path / f"rows{ending}"
    wanted = bands.transform(stars)
    with writing(path, ending, bands.get_feature_names_out().tolist()) as table:
        table.write(SimpleNamespace(ids=stars.ids, band=None), wanted)
    found = read_rows(path)
    np.testing.assert_array_equal(found.rows, wanted)
    np.testing.assert_array_equal(found.ids, stars.ids)
    assert found.band is None


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
@pytest.mark.parametrize("mark", [*"\r\n\t\x00\x1b\x85\u2028\"', #", "\r\n"])
def test_control_characters_in_ids(embedder, curves, tmp_path, ending, mark):
    ids = np.array([f"a{mark}b", f"{mark}c", "plain"])
    few = named(curves[:3], ids, band=np.array(["g", f"g{mark}r", "r"]))
    path = tmp_path / f"rows{ending}"
    with writing(path, ending, embedder.get_feature_names_out().tolist()) as table:
        table.write(few[2:], embedder.transform(few[2:]))  # and quotes in a later piece alone
        table.write(few[:2], embedder.transform(few[:2]))
    found = read_rows(path)
    assert found.ids.tolist() == few.ids[[2, 0, 1]].tolist()
    assert found.band.tolist() == few.band[[2, 0, 1]].tolist()
    if ending == ".csv":
        assert pd.read_csv(path)["object_id"].tolist() == found.ids.tolist()


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
@pytest.mark.parametrize("ids", [["0004", "3e3", " 3 "], ["NA", "1", "2"], [4, -7, 2**62]])
def test_ids_are_as_written(embedder, curves, tmp_path, ending, ids):
    few = named(curves[:3], np.array(ids))
    path = tmp_path / f"rows{ending}"
    with writing(path, ending, embedder.get_feature_names_out().tolist()) as table:
        table.write(few, embedder.transform(few))
    found = read_rows(path)
    np.testing.assert_array_equal(found.ids, few.ids)
    assert found.position(ids[1]) == 1


def test_a_file_too_many_and_one_torn(embedder, curves, tmp_path):
    embed_to_folder(curves, embedder, tmp_path / "emb", part_objects=8)
    (tmp_path / "emb" / "mine.parquet").write_bytes(b"")
    with pytest.raises(ValueError, match="4 Parquet files, and 3 parts were written"):
        read_rows(tmp_path / "emb")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"torn.parquet is damaged"):
        read_rows(tmp_path / "torn.parquet")


@pytest.mark.parametrize("id", ["#c", " c", "a\rb", "a\nb", "a\u2028b"])
def test_ids_that_ecsv_cannot_hold(embedder, curves, tmp_path, id):
    few = named(curves[:2], np.array(["plain", id]))
    features = embedder.get_feature_names_out().tolist()
    with (
        pytest.raises(ValueError, match=r"ECSV cannot hold the id .* write \.csv"),
        writing(tmp_path / "rows.ecsv", ".ecsv", features) as table,
    ):
        table.write(few, embedder.transform(few))


def test_parts_of_two_runs(embedder, curves, tmp_path):
    first, second, third = (tmp_path / f"part-0000{i}.parquet" for i in range(3))
    features = embedder.get_feature_names_out().tolist()
    for path, names in ((first, features), (second, features[:-1])):
        with writing(path, ".parquet", names) as table:
            table.write(curves, embedder.transform(curves)[:, : len(names)])
    with pytest.raises(ValueError, match=r"part-00001.parquet has other columns than .*part-00000"):
        read_rows(tmp_path)
    text = pd.read_parquet(first).assign(**{features[0]: "much"})
    second.unlink()
    text.to_parquet(third, index=False)
    with pytest.raises(ValueError, match=r"has values that are no numbers"):
        read_rows(tmp_path)


def test_position_of_a_number(embedder, curves, tmp_path):
    embed_to_folder(curves, embedder, tmp_path / "emb")
    found = read_rows(tmp_path / "emb")
    assert found.position("7") == found.position(7) == 7
    with pytest.raises(KeyError, match="object '21' is not among the 21 rows"):
        found.position("21")


def test_incomplete_folder(embedder, curves, tmp_path):
    embed_to_folder(curves, embedder, tmp_path / "emb", part_objects=8, shard=(1, 2))
    with pytest.raises(FileNotFoundError, match="not complete"):
        read_rows(tmp_path / "emb")


def test_other_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing at"):
        read_rows(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="no Parquet file"):
        read_rows(tmp_path)
    (tmp_path / "a.csv").write_text("time,mag\n1,2\n")
    with pytest.raises(ValueError, match="not a table of embeddings"):
        read_rows(tmp_path / "a.csv")


def test_a_table_of_pandas(embedder, curves, tmp_path):
    X = named(curves, [f"star {i}" for i in range(len(curves))])
    model = clone(embedder).set_output(transform="pandas")
    model.fit_transform(X).to_parquet(tmp_path / "rows.parquet")
    found = read_rows(tmp_path / "rows.parquet")
    assert found.ids.tolist() == X.ids.tolist()
    np.testing.assert_allclose(found.rows, embedder.transform(X), atol=1e-6)
