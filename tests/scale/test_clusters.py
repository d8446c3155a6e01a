"""Partitions of catalogs on a real cluster of two processes."""

import os
import re
import signal
import threading
import time
import warnings

import numpy as np
import pandas as pd
import pytest
from partitions import check_embedding, check_rows, rows_of
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_astromer import (
    AstromerClassifier,
    AstromerEmbedder,
    LightCurves,
    MultiBandEmbedder,
    Stars,
)
from sklearn_astromer.scale import embed_partitions

lsdb = pytest.importorskip("lsdb")
npd = pytest.importorskip("nested_pandas")
dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")


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


@pytest.mark.reliability
def test_a_worker_killed_on_the_way(hats, client, surveys_small, alone):
    catalog = lsdb.open_catalog(hats)
    parts = client.compute(embed_partitions(catalog, surveys_small).to_delayed())
    victims = list(client.run(os.getpid).values())
    assert len(victims) == 2
    next(iter(distributed.as_completed(parts)))
    os.kill(victims[0], signal.SIGKILL)
    assert not all(part.done() for part in parts)
    check_rows(pd.concat(client.gather(parts)), alone[1])


# -- classes --------------------------------------------------------------------------------------


@pytest.mark.reliability
@pytest.mark.parametrize("made", ["pipeline", "classifier"])
def test_class_probabilities_though_a_worker_is_killed(hats, client, alone, made, tmp_path):
    frame, _ = alone
    column = frame["lightcurve"]
    medians = column.map(lambda curve: np.median(curve["mag"]))
    labels = np.where(medians > medians.median(), "faint", "bright")
    if made == "pipeline":
        model = make_pipeline(
            AstromerEmbedder("surveys-periods", max_epochs=0), LogisticRegression(max_iter=1000)
        )
    else:
        model = AstromerClassifier("surveys-small", max_epochs=2, random_state=0)
    model.fit(column, labels)
    result = embed_partitions(lsdb.open_catalog(hats), model, columns=["object_id"])
    assert result.columns[3:].tolist() == ["probability_bright", "probability_faint"]
    victim = next(iter(client.run(os.getpid).values()))
    killed = []

    def kill():
        while len(list(tmp_path.rglob("*_done"))) < 2:
            time.sleep(0.02)
        os.kill(victim, signal.SIGKILL)
        killed.append(len(list(tmp_path.rglob("*_done"))))

    killer = threading.Thread(target=kill)
    killer.start()
    result.write_catalog(tmp_path / "c", catalog_name="c", progress_bar=False)
    killer.join()
    assert killed[0] < result.npartitions  # on the way
    again = lsdb.open_catalog(tmp_path / "c").compute(progress_bar=False)
    assert again["object_id"].tolist() == frame["object_id"].tolist()
    expected = pd.DataFrame(
        model.predict_proba(column), frame.index, ["probability_bright", "probability_faint"]
    )
    check_rows(again, expected)


# -- Rubin ----------------------------------------------------------------------------------------


@pytest.fixture
def rubin_fluxes(stars, tmp_path):
    """A HATS catalog in Rubin's layout: fluxes in nJy, bands in one column, flags."""
    flat = stars["lightcurve"].nest.to_flat()
    rng = np.random.default_rng(0)
    flux = 10 ** (-0.4 * (flat["mag"] - 31.4))
    error = 0.05 * flux.groupby(level=0).transform("median")
    sources = pd.DataFrame(
        {
            "midpointMjdTai": flat["time"],
            "psfFlux": (flux + error * rng.normal(size=len(flux))).astype(np.float32),
            "psfFluxErr": error.astype(np.float32),
            "band": rng.choice(["g", "r"], len(flux)),
            "pixelFlags_bad": rng.random(len(flux)) < 0.02,
        },
    )
    sources.loc[(flat.index == "star-03") & (sources["band"] == "g"), "band"] = "r"
    frame = stars[["color"]].assign(ra=np.linspace(0, 359, 40), dec=np.linspace(-60, 60, 40))
    frame = npd.NestedFrame(frame).join_nested(sources, "objectForcedSource").reset_index()
    catalog = lsdb.from_dataframe(frame, partition_rows=10, margin_threshold=None)
    catalog.write_catalog(tmp_path / "rubin", catalog_name="rubin", progress_bar=False)
    return lsdb.open_catalog(tmp_path / "rubin"), sources


@pytest.mark.filterwarnings("ignore:read as rubin-forced")
def test_nested_fluxes_of_rubin(rubin_fluxes, client, embedder, tmp_path):
    catalog, sources = rubin_fluxes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curves = LightCurves.read(sources.rename_axis("objectId").reset_index())
    expected = pd.DataFrame(
        embedder.transform(curves), columns=embedder.get_feature_names_out()
    ).assign(star=curves.ids, band=curves.band)
    result = embed_partitions(catalog, embedder, columns=["star"], band="g", on_invalid="drop")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result.write_catalog(tmp_path / "g", catalog_name="g", progress_bar=False)
        wanted = (sources["pixelFlags_bad"].sum(), 1)
        assert wait_for(lambda: (left_out(caught), dropped(caught)), wanted) == wanted
    again = lsdb.open_catalog(tmp_path / "g").compute(progress_bar=False).set_index("star")
    check_rows(again, expected[expected["band"] == "g"].set_index("star").drop(columns="band"))
    assert len(again) == 39

    both = MultiBandEmbedder(FrozenEstimator(embedder), ["r", "g"]).fit(curves)
    rows = embed_partitions(catalog, both, columns=["star"]).compute(progress_bar=False)
    wide = pd.DataFrame(
        both.transform(curves), columns=both.get_feature_names_out(), index=Stars(curves).ids
    )
    check_rows(rows.set_index("star"), wide)
    assert wide.isna().to_numpy().sum() == 17  # and a colour


def left_out(caught):
    """Sum over partitions what warnings say was left out."""
    found = [re.search(r"left out (\d+): \1 pixelFlags_bad", str(w.message)) for w in caught]
    return sum(int(match.group(1)) for match in found if match)


def dropped(caught):
    """Count warnings of objects without observations."""
    said = "dropped objects without observations (match labels by ids, not by position): 1,"
    return sum(said in str(w.message) for w in caught)


def wait_for(value, wanted):
    """Return a value as soon as it is what is wanted, or what it is at last."""
    for _ in range(100):
        if value() == wanted:
            break
        time.sleep(0.1)
    return value()
