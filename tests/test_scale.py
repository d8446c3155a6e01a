"""Partitions of catalogs, on real clusters of processes, in threads, and one by one."""

import os
import signal
import sys
import threading

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from embedders import make_embedder
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklearn_astromer import AstromerEmbedder, as_light_curves
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.multiband import MultiBandEmbedder
from sklearn_astromer.scale import embed_partitions

lsdb = pytest.importorskip("lsdb")
npd = pytest.importorskip("nested_pandas")
dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")

NAMES = [f"astromerembedder_mean_{i}" for i in range(16)]


@pytest.fixture(scope="module")
def embedder():
    model = make_embedder(d_model=16, n_heads=2, d_ff=16, max_epochs=0, random_state=0)
    return model.fit(make_variable_stars(2, random_state=0)[0])


@pytest.fixture(scope="module")
def stars():
    """A frame of 40 stars, whose index are names."""
    curves, _ = make_variable_stars(40, n_observations=(5, 260), random_state=0)
    flat = curves.to_frame().assign(
        star=[f"star-{i:02d}" for i in np.repeat(range(40), curves.lengths)]
    )
    frame = npd.NestedFrame.from_flat(
        flat[["star", "time", "mag", "mag_err"]], base_columns=[], on="star", name="lightcurve"
    )
    return frame.assign(color=np.linspace(0, 1, 40), parallax=1.0)


@pytest.fixture(scope="module")
def surveys_small():
    model = AstromerEmbedder("surveys-small", max_epochs=0)
    return model.fit(make_variable_stars(2, random_state=0)[0])


@pytest.fixture(scope="module")
def hats(shared, tmp_path_factory):
    """A HATS catalog of 120 real curves of CRTS, at places made up."""
    file = pq.ParquetFile(shared / "data" / "crts.parquet")
    batch = next(file.iter_batches(120, columns=["object_id", "mjd", "mag", "magerr"]))
    names = ["mjd", "mag", "magerr"]
    nested = pa.StructArray.from_arrays([batch[name] for name in names], names=names)
    rng = np.random.default_rng(0)
    frame = npd.NestedFrame(
        {
            "object_id": batch["object_id"].to_pandas(),
            "ra": rng.uniform(0, 360, 120),
            "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, 120))),
            "lightcurve": pd.Series(nested, dtype=npd.NestedDtype(nested.type)),
        }
    )
    path = tmp_path_factory.mktemp("hats") / "crts"
    catalog = lsdb.from_dataframe(frame, partition_rows=12, margin_threshold=None)
    catalog.write_catalog(path, catalog_name="crts", progress_bar=False)
    return path


@pytest.fixture(scope="module")
def workers():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def client(workers):
    """A client of two worker processes, current for this test only."""
    with workers.as_current():
        yield workers


def check_embedding(rows, embedder, frame):
    """Rows are what one process gives for the same objects, wherever they stand."""
    check_rows(rows, rows_of(embedder, frame))


def rows_of(embedder, frame):
    names = embedder.get_feature_names_out()
    return pd.DataFrame(embedder.transform(frame["lightcurve"]), index=frame.index, columns=names)


def check_rows(rows, expected):
    rows = rows[expected.columns]
    kinds = {getattr(kind, "numpy_dtype", kind) for kind in rows.dtypes}  # or Arrow's
    assert kinds == {np.dtype(np.float32)}
    assert sorted(rows.index) == sorted(expected.index)
    rows = rows.loc[expected.index].to_numpy(np.float32)
    np.testing.assert_allclose(rows, expected, rtol=0, atol=1e-5)


# -- clusters of processes ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alone(hats, surveys_small):
    """The real curves of the catalog, and what one process makes of them."""
    with dask.config.set(scheduler="sync"):
        frame = lsdb.open_catalog(hats).compute(progress_bar=False)
    return frame, rows_of(surveys_small, frame)


def test_hats_catalog_on_two_workers_and_back_to_hats(hats, client, surveys_small, alone, tmp_path):
    frame, expected = alone
    catalog = lsdb.open_catalog(hats)
    assert catalog.npartitions >= 10
    result = embed_partitions(catalog, surveys_small, columns=["object_id"])
    assert isinstance(result, lsdb.catalog.Catalog)
    assert list(result.columns) == ["ra", "dec", "object_id", *expected.columns]
    rows = result.compute(progress_bar=False)
    pd.testing.assert_index_equal(rows.index, frame.index)
    assert rows["object_id"].tolist() == frame["object_id"].tolist()
    pd.testing.assert_series_equal(rows.dtypes, result.dtypes)
    check_rows(rows, expected)
    result.write_catalog(tmp_path / "embedded", catalog_name="embedded", progress_bar=False)
    again = lsdb.open_catalog(tmp_path / "embedded").compute(progress_bar=False)
    assert again["object_id"].tolist() == frame["object_id"].tolist()
    check_rows(again, expected)


def test_the_encoder_goes_to_each_worker_once(hats, client, embedder, alone):
    class Counted(AstromerEmbedder):  # of this function, so that workers need not import it
        def __setstate__(self, state):
            os.environ["LOADS"] = str(1 + int(os.environ.get("LOADS", 0)))
            super().__setstate__(state)

    counted = Counted()
    counted.__dict__.update(embedder.__dict__)

    def loads():
        return [int(n or 0) for n in client.run(lambda: os.environ.pop("LOADS", None)).values()]

    catalog = lsdb.open_catalog(hats)
    first = embed_partitions(catalog, counted)
    check_embedding(first.compute(progress_bar=False), embedder, alone[0])
    assert max(loads()) == 1
    # another result of it finds it there, on one worker at least
    second = embed_partitions(catalog.to_dask_dataframe(), counted)
    check_embedding(second.compute(), embedder, alone[0])
    assert sum(loads()) <= 1


def test_a_client_made_afterwards_computes_too(stars, client, embedder):
    with dask.config.set(scheduler="threads"):
        result = embed_partitions(dd.from_pandas(stars, npartitions=4), embedder)
    check_embedding(result.compute(), embedder, stars)


def test_a_worker_killed_on_the_way(hats, client, surveys_small, alone):
    catalog = lsdb.open_catalog(hats)
    parts = client.compute(embed_partitions(catalog, surveys_small).to_delayed())
    victims = list(client.run(os.getpid).values())
    assert len(victims) == 2
    next(iter(distributed.as_completed(parts)))
    os.kill(victims[0], signal.SIGKILL)
    assert not all(part.done() for part in parts)
    check_rows(pd.concat(client.gather(parts)), alone[1])


# -- without a cluster ----------------------------------------------------------------------------


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
    with pytest.warns(UserWarning, match="the first is 5"):
        less = embed_partitions(frame, embedder, on_invalid="drop").compute(scheduler="sync")
    pd.testing.assert_frame_equal(less, rows.iloc[[0, 1, 2, 3, 4, 6, 7, 8, 9]], atol=1e-5)


@pytest.fixture(scope="module")
def rubin(stars):
    """Rubin's layout; the first stars were not seen in g, nor any of the first partition."""
    flat = (
        stars["lightcurve"]
        .nest.to_flat()
        .rename(columns={"time": "midpointMjdTai", "mag": "psfMag", "mag_err": "psfMagErr"})
    )
    number = flat.index.str[-2:].astype(int)
    flat["band"] = np.where((number >= 15) & (np.arange(len(flat)) % 3 > 0), "g", "r")
    return npd.NestedFrame(stars[["color"]]).join_nested(flat, "diaObjectForcedSource")


@pytest.mark.filterwarnings("ignore:Dropped")
def test_one_band_of_mixed_ones(stars, rubin, embedder):
    frame = dd.from_pandas(rubin, npartitions=4)
    with pytest.raises(ValueError, match="several bands"):
        embed_partitions(frame, embedder).compute(scheduler="sync")
    with pytest.raises(ValueError, match=r"there is no band 'g'|have no observations"):
        embed_partitions(frame, embedder, band="g").compute(scheduler="sync")
    result = embed_partitions(frame, embedder, columns=["color"], band="g", on_invalid="drop")
    with pytest.warns(UserWarning, match=r"Dropped: 10 object\(s\) have no observations"):
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
    with pytest.raises(TypeError, match=r"got NestedFrame.*embedder\.transform"):
        embed_partitions(stars, embedder)
    with pytest.raises(NotFittedError):
        embed_partitions(frame, AstromerEmbedder())
    with pytest.raises(ValueError, match="no feature names"):
        embed_partitions(
            frame,
            clone(embedder).set_params(pooling=None).fit(stars["lightcurve"]),
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
    with pytest.warns(UserWarning, match="Dropped"):
        rows = embed_partitions(frame, embedder, on_invalid="drop").compute(scheduler="sync")
    check_embedding(rows, embedder, stars.drop(index="star-31"))
    assert len(as_light_curves(stars["lightcurve"])) == len(rows) + 1
