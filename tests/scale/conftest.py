"""Catalogs, and a cluster of two processes."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from embedders import make_embedder

from sklearn_astromer import AstromerEmbedder
from sklearn_astromer.datasets import make_variable_stars


@pytest.fixture(scope="module")
def embedder():
    model = make_embedder(d_model=16, n_heads=2, d_ff=16, max_epochs=0, random_state=0)
    return model.fit(make_variable_stars(2, random_state=0)[0])


@pytest.fixture(scope="module")
def stars():
    """A frame of 40 stars, whose index are names."""
    npd = pytest.importorskip("nested_pandas")
    curves, _ = make_variable_stars(40, n_observations=(5, 260), random_state=0)
    flat = curves.to_frame().assign(
        star=[f"star-{i:02d}" for i in np.repeat(range(40), curves.lengths)]
    )
    frame = npd.NestedFrame.from_flat(
        flat[["star", "time", "mag", "mag_err"]], base_columns=[], on="star", name="lightcurve"
    )
    return frame.assign(color=np.linspace(0, 1, 40), parallax=1.0)


@pytest.fixture(scope="module")
def rubin(stars):
    """Rubin's layout; the first stars were not seen in g, nor any of the first partition."""
    npd = pytest.importorskip("nested_pandas")
    flat = (
        stars["lightcurve"]
        .nest.to_flat()
        .rename(columns={"time": "midpointMjdTai", "mag": "psfMag", "mag_err": "psfMagErr"})
    )
    number = flat.index.str[-2:].astype(int)
    flat["band"] = np.where((number >= 15) & (np.arange(len(flat)) % 3 > 0), "g", "r")
    return npd.NestedFrame(stars[["color"]]).join_nested(flat, "diaObjectForcedSource")


@pytest.fixture(scope="module")
def surveys_small():
    model = AstromerEmbedder("surveys-small", max_epochs=0)
    return model.fit(make_variable_stars(2, random_state=0)[0])


@pytest.fixture(scope="module")
def hats(shared, tmp_path_factory):
    """A HATS catalog of 60 real curves of CRTS, at places made up."""
    lsdb, npd = pytest.importorskip("lsdb"), pytest.importorskip("nested_pandas")
    file = pq.ParquetFile(shared / "data" / "crts.parquet")
    batch = next(file.iter_batches(60, columns=["object_id", "mjd", "mag", "magerr"]))
    names = ["mjd", "mag", "magerr"]
    nested = pa.StructArray.from_arrays([batch[name] for name in names], names=names)
    rng = np.random.default_rng(0)
    frame = npd.NestedFrame(
        {
            "object_id": batch["object_id"].to_pandas(),
            "ra": rng.uniform(0, 360, 60),
            "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, 60))),
            "lightcurve": pd.Series(nested, dtype=npd.NestedDtype(nested.type)),
        }
    )
    path = tmp_path_factory.mktemp("hats") / "crts"
    catalog = lsdb.from_dataframe(frame, partition_rows=6, margin_threshold=None)
    catalog.write_catalog(path, catalog_name="crts", progress_bar=False)
    return path


@pytest.fixture(scope="module")
def workers():
    dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
    with (
        # a busy machine starts the process that replaces a killed one later than in 15 s
        dask.config.set({"distributed.deploy.lost-worker-timeout": "10 minutes"}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def client(workers):
    """A client of two worker processes, current for this test only."""
    workers.wait_for_workers(2, timeout=600)  # a test before may have killed one
    with workers.as_current():
        yield workers
