"""Partitions of catalogs in one process: in threads, and one by one."""

import sys
import threading

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from partitions import check_embedding
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklearn_astromer import AstromerEmbedder, as_light_curves
from sklearn_astromer.multiband import MultiBandEmbedder
from sklearn_astromer.scale import embed_partitions

lsdb = pytest.importorskip("lsdb")
npd = pytest.importorskip("nested_pandas")
dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")

NAMES = [f"astromerembedder_mean_{i}" for i in range(16)]


@pytest.mark.parametrize("scheduler", ["sync", "threads"])
def test_dask_frame_in_one_process(stars, embedder, scheduler, tmp_path):
    frame = dd.from_pandas(stars, npartitions=3)
    result = embed_partitions(frame, embedder, columns=["parallax", "color"])
    assert list(result.columns) == ["parallax", "color", *NAMES]
    assert result.divisions == frame.divisions
    with dask.config.set(scheduler=scheduler):
        rows = result.compute()
        result.to_parquet(tmp_path)
    assert rows.index.tolist() == stars.index.tolist()
    assert rows["color"].tolist() == stars["color"].tolist()
    check_embedding(rows, embedder, stars)
    check_embedding(pd.read_parquet(tmp_path), embedder, stars)


def test_arrow_lists_of_structs_as_dask_reads_them(stars, embedder, tmp_path):
    lists = pa.array(stars["lightcurve"])
    pq.write_table(pa.table({"star": stars.index, "lc": lists}), tmp_path / "a.parquet")
    frame = dd.read_parquet(tmp_path, dtype_backend="pyarrow", index="star")
    rows = embed_partitions(frame, embedder).compute(scheduler="sync")
    check_embedding(rows, embedder, stars)


def test_empty_partitions(stars, embedder):
    frame = dd.from_pandas(stars, npartitions=4)
    result = embed_partitions(frame[frame["color"] > 0.6], embedder, columns=["color"])
    parts = [result.partitions[i].compute(scheduler="sync") for i in range(4)]
    assert [len(part) > 0 for part in parts] == [False, False, True, True]
    for part in parts:
        pd.testing.assert_series_equal(part.dtypes, result.dtypes)
    check_embedding(pd.concat(parts), embedder, stars[stars["color"] > 0.6])
    nothing = embed_partitions(frame[frame["color"] > 2], embedder).compute(scheduler="sync")
    assert nothing.shape == (0, 16)


def test_hats_catalog_with_empty_partitions(stars, embedder, tmp_path):
    places = stars.assign(ra=np.linspace(0, 359, 40), dec=np.linspace(-60, 60, 40)).reset_index()
    catalog = lsdb.from_dataframe(places, partition_rows=10, margin_threshold=None)
    result = embed_partitions(catalog.query("ra < 100"), embedder, columns=["star"])
    with dask.config.set(scheduler="sync"):
        rows = result.compute(progress_bar=False).set_index("star")
        result.write_catalog(tmp_path / "c", catalog_name="c", progress_bar=False)
        again = lsdb.open_catalog(tmp_path / "c").compute(progress_bar=False).set_index("star")
    check_embedding(rows, embedder, stars[places["ra"].to_numpy() < 100])
    check_embedding(again, embedder, stars[places["ra"].to_numpy() < 100])


def test_repeated_index(stars, embedder):
    twice = pd.concat([stars[:5], stars[3:8]])
    frame = dd.from_pandas(twice, npartitions=2, sort=False)
    rows = embed_partitions(frame, embedder).compute(scheduler="sync")
    assert rows.index.tolist() == twice.index.tolist()
    np.testing.assert_allclose(rows, embedder.transform(twice["lightcurve"]), atol=1e-5)
    twice["lightcurve"] = twice["lightcurve"].where(np.arange(10) != 5)
    frame = dd.from_pandas(twice, npartitions=1, sort=False)
    with pytest.warns(UserWarning, match="the first in object 5"):
        less = embed_partitions(frame, embedder, on_invalid="drop").compute(scheduler="sync")
    pd.testing.assert_frame_equal(less, rows.iloc[[0, 1, 2, 3, 4, 6, 7, 8, 9]], atol=1e-5)


@pytest.mark.filterwarnings("ignore:read as columns")
def test_one_band_of_mixed_ones(stars, rubin, embedder):
    frame = dd.from_pandas(rubin, npartitions=4)
    with pytest.raises(ValueError, match="several bands"):
        embed_partitions(frame, embedder).compute(scheduler="sync")
    with pytest.raises(ValueError, match=r"there is no band 'g'|have no observations"):
        embed_partitions(frame, embedder, band="g").compute(scheduler="sync")
    result = embed_partitions(frame, embedder, columns=["color"], band="g", on_invalid="drop")
    with pytest.warns(
        UserWarning, match="objects without observations .*: 10, the first in object 0"
    ):
        rows = result.compute(scheduler="sync")
    assert rows.index.tolist() == stars.index.tolist()[15:]
    assert rows["color"].tolist() == stars["color"].tolist()[15:]
    flat = rubin["diaObjectForcedSource"].nest.to_flat()
    curves = [c for _, c in flat[flat["band"] == "g"].groupby(level=0)]
    expected = embedder.transform([c[["midpointMjdTai", "psfMag"]].to_numpy() for c in curves])
    np.testing.assert_allclose(rows[NAMES], expected, rtol=0, atol=1e-5)


def test_all_bands_of_mixed_ones(rubin, embedder):
    bands = ["r", "g"]
    model = MultiBandEmbedder(clone(embedder), bands)
    expected = model.fit_transform(rubin["diaObjectForcedSource"])
    result = embed_partitions(dd.from_pandas(rubin, npartitions=4), model, columns=["color"])
    rows = result.compute(scheduler="sync")
    assert rows.columns[17] == "g_astromerembedder_mean_0"
    assert rows.index.tolist() == rubin.index.tolist()
    assert np.isnan(rows.iloc[:15, 17:]).all(axis=None)
    np.testing.assert_allclose(rows.iloc[:, 1:], expected, rtol=0, atol=1e-5)
    for first in (model, make_pipeline(model, "passthrough")):
        with pytest.raises(
            ValueError, match="reads the bands of the column itself: leave out band"
        ):
            embed_partitions(dd.from_pandas(rubin, npartitions=4), first, band="g")


SEEN = []


class Watched(AstromerEmbedder):
    def transform(self, X):
        SEEN.append((torch.get_num_threads(), threading.get_ident()))
        return super().transform(X)


def test_tasks_compute_in_one_thread_and_leave_the_count_of_others(stars, embedder):
    def of_a_new_thread():
        counts = []
        thread = threading.Thread(target=lambda: counts.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        return counts[0]

    watched = Watched()
    watched.__dict__.update(embedder.__dict__)
    result = embed_partitions(dd.from_pandas(stars, npartitions=8), watched)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        for options in ({"scheduler": "sync"}, {"scheduler": "threads", "num_workers": 4}):
            SEEN.clear()
            check_embedding(result.compute(**options), embedder, stars)
            assert len(SEEN) == 8
            assert {n for n, _ in SEEN} == {1}
            assert torch.get_num_threads() == 3
            assert of_a_new_thread() == 3
        assert len({thread for _, thread in SEEN}) > 1
    finally:
        torch.set_num_threads(before)


@pytest.mark.filterwarnings("ignore:X has feature names")
def test_pipelines_and_pandas_output(stars, embedder):
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(clone(embedder), PCA(2))
    model.fit(stars["lightcurve"])
    model.set_output(transform="pandas")
    frame = dd.from_pandas(stars, npartitions=2)
    rows = embed_partitions(frame, model).compute(scheduler="sync")
    assert list(rows.columns) == ["pca0", "pca1"]
    np.testing.assert_allclose(rows, model.transform(stars["lightcurve"]), atol=1e-5)
    none = embed_partitions(frame[frame["color"] > 2], model).compute(scheduler="sync")
    assert none.shape == (0, 2)


# -- what is wrong --------------------------------------------------------------------------------


def test_what_cannot_be_embedded_is_said_at_once(stars, embedder):
    frame = dd.from_pandas(stars, npartitions=2)
    with pytest.raises(TypeError, match=r"got NestedFrame.*estimator\.transform"):
        embed_partitions(stars, embedder)
    with pytest.raises(NotFittedError):
        embed_partitions(frame, AstromerEmbedder(None))
    with pytest.raises(ValueError, match="row=None gives an array per object"):
        embed_partitions(
            frame,
            clone(embedder).set_params(row=None).fit(stars["lightcurve"]),
        )
    for message, options in [
        ("no column 'lc'", {"column": "lc"}),
        ("no column 'kind'", {"columns": ["kind"]}),
        ("no column 'day'", {"time": "day"}),
        ("band='g' was asked for", {"band": "g"}),
        ("on_invalid must be", {"on_invalid": "ignore"}),
    ]:
        with pytest.raises(ValueError, match=message):
            embed_partitions(frame, embedder, **options)
    with pytest.raises(TypeError, match="from_nested takes"):
        embed_partitions(frame, embedder, column="color")
    with pytest.raises(ValueError, match="found none"):
        embed_partitions(frame[["color"]], embedder)
    with pytest.raises(ValueError, match="found several"):
        embed_partitions(dd.from_pandas(stars.assign(lc=stars["lightcurve"])), embedder)
    taken = dd.from_pandas(stars.rename(columns={"color": NAMES[3]}))
    with pytest.raises(ValueError, match="columns of the same names"):
        embed_partitions(taken, embedder, columns=[NAMES[3]])


def test_without_dask_the_error_says_what_to_install(stars, embedder, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.dataframe", None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn_astromer\[scale\]'"):
        embed_partitions(stars, embedder)


def test_a_bad_row_is_named(stars, embedder):
    bad = stars.copy()
    bad["lightcurve.mag"] = bad["lightcurve.mag"].where(
        (bad["lightcurve.mag"].index != "star-31"), np.nan
    )
    frame = dd.from_pandas(bad, npartitions=3)
    with pytest.raises(ValueError, match="'star-31'"):
        embed_partitions(frame, embedder).compute(scheduler="sync")
    with pytest.warns(UserWarning, match="dropped objects"):
        rows = embed_partitions(frame, embedder, on_invalid="drop").compute(scheduler="sync")
    check_embedding(rows, embedder, stars.drop(index="star-31"))
    assert len(as_light_curves(stars["lightcurve"])) == len(rows) + 1
