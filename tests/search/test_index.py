"""Neighbours, exact and approximate, against scikit-learn's; indices that are saved."""

import json
import os
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from embedders import make_embedder
from hypothesis import given, settings
from hypothesis import strategies as st
from running import ROOT
from sklearn.base import clone
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_astromer import search
from sklearn_astromer._files import sha256
from sklearn_astromer._json import sealed, unsealed
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.scale import embed_to_folder
from sklearn_astromer.search import EmbeddingRows, LightCurveIndex
from sklearn_astromer.search.index import APPROXIMATE_ROWS

METRICS = ("cosine", "euclidean")


def clusters(count, features=32, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(200, features))
    rows = centres[rng.integers(200, size=count)] + 0.4 * rng.normal(size=(count, features))
    return rows.astype(np.float32)


@pytest.fixture(scope="module")
def rows():
    return clusters(3000)


@pytest.fixture(scope="module")
def approximate(rows):
    pytest.importorskip("usearch")
    ids = np.array([f"s{i // 2}" for i in range(len(rows))])
    band = np.array(["g", "r"] * (len(rows) // 2))
    return LightCurveIndex(5, algorithm="approximate", standardize=False).fit(
        EmbeddingRows(ids, band, rows)
    )


def without_usearch(monkeypatch):
    monkeypatch.setitem(sys.modules, "usearch", None)
    monkeypatch.setitem(sys.modules, "usearch.index", None)


@parametrize_with_checks([LightCurveIndex(3, metric="euclidean")])
def test_compliance(estimator, check):
    check(estimator)


def test_compliance_of_a_graph():
    pytest.importorskip("usearch")
    from sklearn.utils.estimator_checks import check_estimator

    check_estimator(LightCurveIndex(3, metric="euclidean", algorithm="approximate"))


@settings(max_examples=60)
@given(
    st.integers(2, 60),
    st.integers(1, 8),
    st.sampled_from(METRICS),
    st.sampled_from([np.float16, np.float32, np.float64]),
    st.integers(0, 2**20),
    st.data(),
)
def test_exact_is_that_of_scikit_learn(count, features, metric, dtype, seed, data):
    rng = np.random.default_rng(seed)
    rows, queries = (rng.normal(size=(n, features)).astype(dtype) for n in (count, 7))
    k = data.draw(st.integers(1, count - 1))
    index = LightCurveIndex(k, metric=metric, standardize=False).fit(rows)
    assert index.algorithm_ == "exact"
    wide = rows.astype(np.float64)
    wanted = NearestNeighbors(n_neighbors=k, metric=metric, algorithm="brute").fit(wide)
    for X in (queries, None):
        given = None if X is None else X.astype(np.float64)
        distance, where = index.kneighbors(X)
        expected, positions = wanted.kneighbors(given)
        np.testing.assert_allclose(distance, expected, atol=1e-5)
        table = pairwise_distances(wide if X is None else given, wide, metric=metric)
        np.testing.assert_allclose(np.take_along_axis(table, where, 1), expected, atol=1e-5)
        assert all(len(set(each)) == k for each in where)
        if X is None:
            assert not (where == np.arange(count)[:, None]).any()
        else:
            clear = np.diff(expected, axis=1, prepend=-1) > 1e-4  # no ties
            clear &= np.diff(expected, axis=1, append=9e9) > 1e-4
            clear[:, -1] = False  # nor with the next
            np.testing.assert_array_equal(where[clear], positions[clear])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("algorithm", ["exact", "approximate"])
def test_radius(rows, metric, algorithm):
    if algorithm == "approximate":
        pytest.importorskip("usearch")
    radius = {"cosine": 0.1, "euclidean": 3.0}[metric]
    index = LightCurveIndex(
        metric=metric, algorithm=algorithm, radius=radius, standardize=False
    ).fit(rows)
    wanted = NearestNeighbors(radius=radius, metric=metric).fit(rows.astype(np.float64))
    for X in (rows[:20] + 0.01, None):
        distance, where = index.radius_neighbors(X, sort_results=True)
        expected, positions = wanted.radius_neighbors(
            None if X is None else X.astype(np.float64), sort_results=True
        )
        assert sum(map(len, positions)) > 20
        for a, b, c, d in zip(distance, expected, where, positions, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)
            assert set(c) == set(d)
    found = index.radius_neighbors(rows[:3], return_distance=False)
    assert all(i in each for i, each in enumerate(found))


@pytest.mark.parametrize(
    ("metric", "count", "algorithm"),
    [
        ("cosine", 10_000, "auto"),
        ("euclidean", 10_000, "approximate"),
        pytest.param("cosine", 60_000, "auto", marks=pytest.mark.reliability),
    ],
)
def test_recall_of_many(metric, count, algorithm, monkeypatch):
    pytest.importorskip("usearch")
    assert APPROXIMATE_ROWS == 50_000
    if count < APPROXIMATE_ROWS:
        monkeypatch.setattr(search.index, "APPROXIMATE_ROWS", count)
    rows, queries = np.split(clusters(count + 300), [count])
    index = LightCurveIndex(metric=metric, algorithm=algorithm, n_jobs=2).fit(rows)
    assert index.algorithm_ == "approximate"
    wanted, positions = (
        LightCurveIndex(metric=metric, algorithm="exact").fit(rows).kneighbors(queries)
    )
    distance, where = index.kneighbors(queries)
    same = [len(np.intersect1d(*pair)) for pair in zip(where, positions, strict=True)]
    assert np.mean(same) / 10 >= 0.98
    assert (distance >= wanted - 1e-6).all()
    rows[:] = 0  # the index has its own
    np.testing.assert_array_equal(index.kneighbors(queries)[1], where)


def test_none_is_its_own_neighbour(rows, approximate):
    distance, where = approximate.kneighbors()
    assert where.shape == (3000, 5)
    assert not (where == np.arange(3000)[:, None]).any()
    assert (np.diff(distance, axis=1) >= 0).all()
    exact = LightCurveIndex(5, algorithm="exact", standardize=False).fit(rows).kneighbors()[1]
    assert (where == exact).mean() > 0.95


@pytest.mark.parametrize("algorithm", ["exact", "approximate"])
def test_equal_rows(algorithm):
    if algorithm == "approximate":
        pytest.importorskip("usearch")
    rows = clusters(500, 8)
    rows[100:400] = rows[100]  # cuts a graph into pieces
    index = LightCurveIndex(450, algorithm=algorithm).fit(rows)
    for X in (rows[:1], rows[90:110], None):
        distance, where = index.kneighbors(X)
        assert np.isfinite(distance).all()
        assert all(len(set(each)) == 450 for each in where)
    assert not (where == np.arange(500)[:, None]).any()
    found = index.like(150, 9)
    assert set(found["object_id"]) <= set(range(100, 400)) - {150}
    np.testing.assert_allclose(found["distance"], 0, atol=1e-6)


def test_pipeline(rows):
    pytest.importorskip("usearch")
    labels = (
        NearestNeighbors(n_neighbors=1)
        .fit(clusters(200, seed=2))
        .kneighbors(rows, return_distance=False)[:, 0]
        % 3
    )
    wanted = KNeighborsClassifier(5, metric="cosine").fit(rows[:2000], labels[:2000])
    for algorithm in ("exact", "approximate"):
        index = LightCurveIndex(5, algorithm=algorithm, standardize=False)
        model = make_pipeline(index, KNeighborsClassifier(5, metric="precomputed"))
        model.fit(rows[:2000], labels[:2000])
        assert (model.predict(rows[2000:]) == wanted.predict(rows[2000:])).mean() > 0.99
    graph = index.fit_transform(rows)
    assert graph.shape == (3000, 3000)
    assert (np.diff(graph.indptr) == 6).all()
    np.testing.assert_allclose(graph.diagonal(), 0, atol=1e-6)
    assert index.kneighbors_graph().max() == 1
    assert index.get_feature_names_out()[0] == "lightcurveindex0"


def test_like(rows, approximate):
    found = approximate.like("s7", 3, band="r")
    assert list(found) == ["object_id", "band", "distance"]
    row = rows[15].astype(float)
    cos = rows @ row / np.linalg.norm(rows, axis=1) / np.linalg.norm(row)
    order = [i for i in np.argsort(-cos) if i != 15][:3]
    np.testing.assert_array_equal(found["object_id"], approximate.ids_[order])
    np.testing.assert_array_equal(found["band"], approximate.band_[order])
    np.testing.assert_allclose(found["distance"], 1 - cos[order], atol=1e-6)
    with pytest.raises(KeyError, match="name the band"):
        approximate.like("s7")
    with pytest.raises(KeyError, match="not among"):
        approximate.like("t")


@pytest.mark.parametrize("metric", METRICS)
def test_columns_count_alike(rows, tmp_path, metric):
    """Whatever their units and zero points; a constant column counts nothing."""
    scale = 10.0 ** np.random.default_rng(0).uniform(-3, 3, rows.shape[1])
    other = np.c_[rows * scale + 15 * scale, np.full(len(rows), 15.0)]
    index = LightCurveIndex(5, metric=metric).fit(rows)
    again = LightCurveIndex(5, metric=metric).fit(other)
    np.testing.assert_array_equal(again.kneighbors()[1], index.kneighbors()[1])
    again.save(tmp_path / "index")
    loaded = LightCurveIndex.load(tmp_path / "index")
    for found, expected in zip(
        loaded.kneighbors(other[:9]), again.kneighbors(other[:9]), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_a_folder_of_parts(tmp_path):
    curves, _ = make_variable_stars(30, random_state=0)
    embedder = make_embedder(d_model=8, n_heads=2, d_ff=8, max_epochs=0, random_state=0)
    embed_to_folder(curves, embedder.fit(curves), tmp_path / "emb", part_objects=8)
    index = LightCurveIndex(2, standardize=False).fit(tmp_path / "emb")
    wanted = LightCurveIndex(2, standardize=False).fit(embedder.transform(curves))
    np.testing.assert_allclose(index.rows_, wanted.rows_, atol=1e-6)
    np.testing.assert_array_equal(index.ids_, curves.ids)
    found = index.kneighbors(str(tmp_path / "emb"), 1)[1]
    np.testing.assert_array_equal(found[:, 0], np.arange(30))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: x[:, :5], "X has 5 features, but LightCurveIndex is expecting 32"),
        (lambda x: x * np.nan, "nothing but NaN"),
        (lambda x: np.where(np.arange(32) == 3, np.inf, x), "contains infinity"),
        (lambda x: x * 1e300, "NaN or infinity"),
    ],
)
def test_queries_that_cannot_be(rows, metric, change, said):
    index = LightCurveIndex(metric=metric).fit(rows[:50])
    with pytest.raises(ValueError, match=said), np.errstate(over="ignore"):
        index.kneighbors(change(rows[:5].astype(float)))


@pytest.mark.parametrize("metric", METRICS)
def test_a_gap_is_taken_for_the_mean(rows, metric):
    """As of a star that was not observed in a band, also the first."""
    gaps = rows[:50].astype(float) + 18
    gaps[:12, :8], gaps[:, 9] = np.nan, np.nan
    index = LightCurveIndex(5, metric=metric).fit(gaps)
    with np.errstate(invalid="ignore"):
        wanted = np.nan_to_num(StandardScaler().fit_transform(gaps))
    distance = pairwise_distances(wanted, metric=metric)
    np.fill_diagonal(distance, np.inf)
    near, where = index.kneighbors()
    np.testing.assert_array_equal(where, np.argsort(distance, axis=1)[:, :5])
    np.testing.assert_allclose(near, np.sort(distance, axis=1)[:, :5], rtol=1e-4)
    assert index.kneighbors(gaps[:1], 1)[1] == [[0]]
    assert index.__sklearn_tags__().input_tags.allow_nan


def test_rows_that_cannot_be(rows):
    some = rows[:9].copy()
    some[[4, 6], 2] = np.nan, np.inf
    stars = np.array([f"star-{i}" for i in range(9)])
    with pytest.raises(ValueError, match=r"'star-4' at position 4 \(and 1 more\) contains NaN"):
        LightCurveIndex(standardize=False).fit(EmbeddingRows(stars, None, some))
    some[4:7] = 0
    with pytest.raises(ValueError, match=r"star-4' at .* is zero, and has no cosine distance"):
        LightCurveIndex(standardize=False).fit(EmbeddingRows(stars, None, some))
    raw = LightCurveIndex(2, metric="euclidean", standardize=False)
    assert raw.fit(some).kneighbors([some[4]])[0][0, 1] == 0
    with pytest.raises(ValueError, match="8 ids for 9 rows"):
        LightCurveIndex(standardize=False).fit(EmbeddingRows(stars[:8], None, rows[:9]))
    index = LightCurveIndex(standardize=False).fit(rows[:9])
    for X, others in ((None, "8 other rows"), (rows[:1], "9 rows")):
        with pytest.raises(ValueError, match=f"10 is more than the {others} of the index"):
            index.kneighbors(X)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"metric": "l2"}, "'metric' parameter of LightCurveIndex must be"),
        ({"algorithm": "brute"}, "'algorithm' parameter of LightCurveIndex must be"),
        ({"n_neighbors": 0}, "'n_neighbors' parameter of LightCurveIndex must be an int"),
        ({"n_candidates": 1.5}, "'n_candidates' parameter of LightCurveIndex must be an int"),
    ],
)
def test_parameters_that_cannot_be(rows, parameters, said):
    with pytest.raises(ValueError, match=said):
        LightCurveIndex(**parameters).fit(rows)


def test_without_usearch(rows, monkeypatch):
    without_usearch(monkeypatch)
    with pytest.raises(ImportError, match=r"sklearn_astromer\[search\]"):
        LightCurveIndex(algorithm="approximate").fit(rows)
    assert LightCurveIndex().fit(rows).algorithm_ == "exact"


def test_one_thread_is_reproducible(rows, approximate, tmp_path):
    again = clone(approximate).fit(EmbeddingRows(approximate.ids_, approximate.band_, rows))
    for name, index in (("a", approximate), ("b", again)):
        index.save(tmp_path / name)
    assert (tmp_path / "a/index.json").read_text() == (tmp_path / "b/index.json").read_text()


def test_pickle(rows, approximate, tmp_path):
    wanted = approximate.kneighbors(rows[:50])[1]
    joblib.dump(approximate, tmp_path / "index.joblib")
    for copy in (pickle.loads(pickle.dumps(approximate)), joblib.load(tmp_path / "index.joblib")):
        np.testing.assert_array_equal(copy.kneighbors(rows[:50])[1], wanted)
    found = joblib.Parallel(n_jobs=4, prefer="threads")(
        joblib.delayed(approximate.kneighbors)(rows[i : i + 1]) for i in range(50)
    )
    np.testing.assert_array_equal(np.concatenate([where for _, where in found]), wanted)


def test_saved_and_read_by_another_process(rows, approximate, tmp_path):
    exact = LightCurveIndex(4, metric="euclidean").fit(rows)
    code = (
        "import sys, numpy as np; from sklearn_astromer.search import LightCurveIndex\n"
        "for name, mmap in (('graph', False), ('exact', False), ('graph', True)):\n"
        "    index = LightCurveIndex.load(name, mmap=mmap)\n"
        "    np.savez(name, *index.kneighbors(np.load('queries.npy')), ids=index.ids_)\n"
        "    maps = open('/proc/self/maps').read() if sys.platform == 'linux' else ''\n"
        "    print('rows.npy' in maps, 'graph.usearch' in maps)\n"
    )
    np.save(tmp_path / "queries.npy", rows[:40] + 0.1)
    approximate.save(tmp_path / "graph")
    exact.save(tmp_path / "exact")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    if sys.platform == "linux":
        assert done.stdout.split() == ["False"] * 4 + ["True"] * 2
    for name, index in (("graph", approximate), ("exact", exact)):
        found = np.load(tmp_path / f"{name}.npz")
        distance, where = index.kneighbors(rows[:40] + 0.1)
        np.testing.assert_array_equal(found["arr_1"], where)
        np.testing.assert_array_equal(found["arr_0"], distance)
        np.testing.assert_array_equal(found["ids"], index.ids_)
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".pkl"]


def test_a_mapped_index_is_saved_again(rows, approximate, tmp_path):
    approximate.save(tmp_path / "index")
    mapped = LightCurveIndex.load(tmp_path / "index")
    assert mapped.get_params() == approximate.get_params()
    np.testing.assert_array_equal(mapped.band_, approximate.band_)
    mapped.save(tmp_path / "index", overwrite=True)
    pickled = pickle.loads(pickle.dumps(LightCurveIndex.load(tmp_path / "index")))
    for index in (mapped, pickled):
        np.testing.assert_array_equal(
            index.kneighbors(rows[:9])[1], approximate.kneighbors(rows[:9])[1]
        )
    with pytest.raises(ValueError, match="X has 3 features"):
        mapped.kneighbors(rows[:2, :3])


def test_parameters_of_numpy_are_saved(rows, tmp_path):
    given = {"n_neighbors": np.int64(3), "radius": np.float32(0.5), "standardize": np.bool_(False)}
    index = LightCurveIndex(**given).fit(rows)
    index.save(tmp_path / "index")
    assert LightCurveIndex.load(tmp_path / "index").get_params() == index.get_params()


@pytest.mark.parametrize("file", ["rows.npy", "ids.npy", "graph.usearch", "index.json"])
def test_tampered(approximate, tmp_path, file):
    approximate.save(tmp_path / "index")
    path = tmp_path / "index" / file
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    if file != "index.json":
        with pytest.raises(ValueError, match=f"{file} is not as it was written"):
            LightCurveIndex.load(tmp_path / "index")
    path.write_bytes(content[:-1] if file != "index.json" else content[:middle])
    with pytest.raises(ValueError, match=r"not as it was written|damaged"):
        LightCurveIndex.load(tmp_path / "index", verify=False)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("rows", np.zeros((7, 32), np.float32)),
        ("rows", np.zeros((3000, 31), np.float32)),
        ("rows", np.zeros((3000, 32))),
        ("rows", np.zeros(3000, np.float32)),
        ("ids", np.arange(7)),
        ("ids", np.zeros(3000)),
        ("band", np.full(7, "g")),
        ("band", np.zeros(3000)),
        ("mean", np.zeros(31)),
        ("scale", np.zeros((32, 1))),
        ("scale", np.zeros(32, "U1")),
    ],
)
@pytest.mark.parametrize("mmap", [True, False])
def test_arrays_that_do_not_fit(rows, tmp_path, name, array, mmap):
    """Although every checksum is right."""
    band = np.full(len(rows), "g")
    LightCurveIndex().fit(EmbeddingRows(np.arange(len(rows)), band, rows)).save(tmp_path / "index")
    head = unsealed(json.loads((tmp_path / "index" / "index.json").read_text()))
    file = tmp_path / "index" / f"{name}.npy"
    np.save(file, array)
    head["files"][file.name] = {"bytes": file.stat().st_size, "sha256": sha256(file)}
    (tmp_path / "index" / "index.json").write_text(sealed(head))
    with pytest.raises(ValueError, match=r"\.npy holds .*does not fit"):
        LightCurveIndex.load(tmp_path / "index", mmap=mmap)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"feature_names": ["a"]}, "names 1 features, and rows.npy has 32"),
        ({"feature_names": 5}, "names of features are none"),
        ({"parameters": {"metric": "taxicab"}}, "'metric' parameter"),
        ({"parameters": {"n_neighbors": "3"}}, "'n_neighbors' parameter"),
    ],
)
def test_facts_that_do_not_fit(rows, tmp_path, change, said):
    LightCurveIndex().fit(rows).save(tmp_path / "index")
    head = unsealed(json.loads((tmp_path / "index" / "index.json").read_text()))
    change = {**change, "parameters": head["parameters"] | change.get("parameters", {})}
    (tmp_path / "index" / "index.json").write_text(sealed(head | change))
    with pytest.raises(ValueError, match=rf"index\.json.*{said}"):
        LightCurveIndex.load(tmp_path / "index")


def test_folders_of_something_else(approximate, tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing at"):
        LightCurveIndex.load(tmp_path / "none")
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileNotFoundError, match="is no index"):
        LightCurveIndex.load(tmp_path)
    with pytest.raises(FileExistsError, match="something else"):
        approximate.save(tmp_path)
    assert (tmp_path / "thesis.tex").exists()
    (tmp_path / "index.json").write_text(json.dumps({"format": "other"}))
    with pytest.raises(ValueError, match="another version"):
        LightCurveIndex.load(tmp_path)


def test_the_index_of_a_frame_names_its_rows():
    rows = pd.DataFrame(np.eye(5, dtype=np.float32), index=[105, 5, 0, 1, 2])
    index = LightCurveIndex(n_neighbors=2).fit(rows)
    assert index.ids_.tolist() == [105, 5, 0, 1, 2]
    assert 105 in index.like(5)["object_id"].tolist() + index.like(0)["object_id"].tolist()
    with pytest.raises(KeyError, match="'3' is not among the 5 rows"):
        index.like("3")


def test_a_note_in_the_folder_of_an_index_stays(approximate, tmp_path):
    approximate.save(tmp_path / "index")
    (tmp_path / "index" / "notes.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match=r"something else .*notes\.txt"):
            approximate.save(tmp_path / "index", overwrite=overwrite)
    assert (tmp_path / "index" / "notes.txt").read_text() == "years of work"
    LightCurveIndex.load(tmp_path / "index")  # reading does not mind


FORGED = """
import random, sys
from pathlib import Path
import numpy as np
from sklearn_astromer.search.graph import Graph

path, rows = Path(sys.argv[1]), np.load(sys.argv[2])
good, rng = path.read_bytes(), random.Random(int(sys.argv[4]))
for trial in range(int(sys.argv[3])):
    bad = bytearray(good)
    start = 8 + rows.nbytes if trial % 3 else 0  # mostly in the graph
    for _ in range(rng.choice([1, 1, 8])):
        at = rng.randrange(start, len(bad))
        bad[at] = rng.choice([bad[at] ^ 1 << rng.randrange(8), 255, 0])
    if trial % 7 == 0:
        bad = bad[: rng.randrange(len(bad))]
    path.write_bytes(bad)
    try:
        graph = Graph.read(path, trial % 2 == 0, rows.shape)
    except ValueError:
        print("refused", flush=True)
        continue
    graph.nearest(rows[:50], 10, 64, 1)
    print("read", flush=True)
"""


@pytest.mark.parametrize("trials", [50, pytest.param(2000, marks=pytest.mark.reliability)])
def test_a_damaged_graph_kills_no_process(rows, approximate, tmp_path, trials):
    approximate.save(tmp_path / "index")
    paths = [str(tmp_path / "index" / name) for name in ("graph.usearch", "rows.npy")]
    done = subprocess.run(
        [sys.executable, "-c", FORGED, *paths, str(trials), "0"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    outcomes = done.stdout.split()
    assert len(outcomes) == trials
    assert outcomes.count("refused") > trials / 10
    assert outcomes.count("read") > trials / 10


@pytest.mark.parametrize(("metric", "other"), [METRICS, METRICS[::-1]])
def test_a_metric_that_is_set_after_fit_counts_at_the_next(rows, tmp_path, metric, other):
    index = LightCurveIndex(4, metric=metric, radius=0.3).fit(rows[:200])
    expected = index.kneighbors(rows[:9])
    index.set_params(metric=other)
    assert index.metric_ == metric
    near, graph = index.radius_neighbors(rows[:3]), index.transform(rows[:3])
    for found, wanted in zip(index.kneighbors(rows[:9]), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    index.save(tmp_path / "index")
    loaded = LightCurveIndex.load(tmp_path / "index")
    assert loaded.metric == loaded.metric_ == metric
    np.testing.assert_array_equal(loaded.kneighbors(rows[:9])[0], expected[0])
    index.set_params(metric=metric)
    np.testing.assert_array_equal(index.radius_neighbors(rows[:3])[1][0], near[1][0])
    np.testing.assert_array_equal(index.transform(rows[:3]).toarray(), graph.toarray())
    changed = index.set_params(metric=other).fit(rows[:200])
    assert changed.metric_ == other
    assert not np.array_equal(changed.kneighbors(rows[:9])[0], expected[0])


@pytest.mark.parametrize("offset", [1e6, -1e9, 2.0**31])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("source", ["array", "frame", "parquet", "whole"])
def test_large_common_offsets_lose_no_differences(offset, metric, source, tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.integers(-500, 500, (200, 6)) / (1 if source == "whole" else 256)
    rows, far = rows[:150], rows + offset
    if source == "whole":
        far = far.astype(np.int64)
    expected = LightCurveIndex(5, metric=metric).fit(rows).kneighbors(return_distance=False)
    given = far[:150]
    if source == "frame":
        given = pd.DataFrame(given)
    elif source == "parquet":
        given = pd.DataFrame(given, columns=[f"astromer{i}" for i in range(6)])
        given.insert(0, "object_id", np.arange(150))
        given.to_parquet(tmp_path / "rows.parquet")
        given = tmp_path / "rows.parquet"
    index = LightCurveIndex(5, metric=metric).fit(given)
    np.testing.assert_array_equal(index.kneighbors(return_distance=False), expected)
    assert index.rows_.dtype == np.float32
    np.testing.assert_array_equal(index.kneighbors(far[:1], 1)[1], [[0]])


def test_numbers_past_float32_are_no_rows():
    rows = np.random.default_rng(0).normal(size=(20, 3))
    rows[4, 1] = 1e200
    with pytest.raises(ValueError, match="the row of object 4 at position 4 contains NaN or inf"):
        LightCurveIndex(2, standardize=False).fit(rows)


def test_rows_that_were_given_stay_as_they_are():
    rows = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    index = LightCurveIndex(2, metric="euclidean", standardize=False).fit(rows)
    before = index.rows_.copy()
    rows[:] = 0
    np.testing.assert_array_equal(index.rows_, before)
