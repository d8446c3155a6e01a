"""One flipped bit in any file that the package writes: it is found, or changes nothing.

CSV, ECSV and HTML are text for people and have no checksums.
"""

import random
from collections import Counter

import numpy as np
import pytest
from embedders import make_embedder

from sklearn_astromer import AstromerClassifier
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.scale import embed_to_folder
from sklearn_astromer.search import LightCurveIndex, read_rows
from sklearn_astromer.weights.store import read_checkpoint

SMALL = {"d_model": 8, "n_layers": 1, "n_heads": 2, "d_ff": 8, "random_state": 0}
TRIALS = [20, pytest.param(200, marks=pytest.mark.reliability)]


@pytest.fixture(scope="module")
def stars():
    return make_variable_stars(24, classes=["RRAB", "MIRA"], n_observations=(8, 20), random_state=0)


def rows_of(path):
    found = read_rows(path)
    return [found.ids, found.rows]


def index_of(path):
    index = LightCurveIndex.load(path)
    found = [index.ids_, index.rows_, *index.kneighbors(n_neighbors=3)]
    return [*found, np.array(sorted(map(str, index.get_params().items())))]


def weights_of(path):
    checkpoint = read_checkpoint(path)
    said = np.array([repr(checkpoint.config), repr(checkpoint.info)])
    return [*checkpoint.tensors.values(), said]


def make_parts(stars, path, layout):
    embedder = make_embedder(**SMALL, max_epochs=0).fit(stars[0])
    embed_to_folder(stars[0], embedder, path, part_objects=10, layout=layout)


def make_index(stars, path):
    pytest.importorskip("usearch")
    rows = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
    LightCurveIndex(algorithm="approximate").fit(rows).save(path)


def make_weights(stars, path):
    make_embedder(**SMALL, max_epochs=0).fit(stars[0]).save_pretrained(path)


def make_model(stars, path):
    encoder = make_embedder(**SMALL, max_epochs=0)
    AstromerClassifier(encoder, max_epochs=1, random_state=0).fit(*stars).save_pretrained(path)


def model_of(stars):
    return lambda path: [AstromerClassifier.from_pretrained(path).predict_proba(stars[0])]


def flipped(file, read, expected, trials):
    """Flip bits, half of them near the end, where Parquet and zip keep what leads to all else."""
    good, rng, outcomes = file.read_bytes(), random.Random(0), Counter()
    for _ in range(trials):
        at = rng.randrange(len(good))
        if rng.random() < 0.5:
            at = len(good) - 1 - rng.randrange(min(len(good), 4000))
        file.write_bytes(good[:at] + bytes([good[at] ^ 1 << rng.randrange(8)]) + good[at + 1 :])
        try:
            found = read()
        except (ValueError, OSError) as error:  # also of a key or a format that is another
            outcomes["found" if str(error) else "no word"] += 1
            continue
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)
        outcomes["no effect"] += 1
    file.write_bytes(good)
    assert "no word" not in outcomes
    return outcomes


@pytest.mark.parametrize("trials", TRIALS)
@pytest.mark.parametrize(
    "kind", ["parts of columns", "parts of vectors", "an index", "weights", "a classifier"]
)
def test_files_of_a_folder(stars, tmp_path, tally, kind, trials):
    path = tmp_path / "made"
    make, read = {
        "parts of columns": (lambda *a: make_parts(*a, "columns"), rows_of),
        "parts of vectors": (lambda *a: make_parts(*a, "float32"), rows_of),
        "an index": (make_index, index_of),
        "weights": (make_weights, weights_of),
        "a classifier": (make_model, model_of(stars)),
    }[kind]
    make(stars, path)
    expected = read(path)
    for file in sorted(path.iterdir()):
        outcomes = flipped(file, lambda: read(path), expected, trials)
        tally("flips", f"{kind}: {file.name}", **outcomes)


@pytest.mark.parametrize("trials", TRIALS)
@pytest.mark.parametrize("layout", ["columns", "float32", "float16"])
def test_one_file_of_rows(stars, tmp_path, tally, layout, trials):
    make_parts(stars, tmp_path / "made", layout)
    file = tmp_path / "one.parquet"
    (tmp_path / "made" / "part-00000.parquet").rename(file)
    outcomes = flipped(file, lambda: rows_of(file), rows_of(file), trials)
    tally("flips", f"one Parquet file of {layout}", **outcomes)


@pytest.mark.parametrize("trials", TRIALS)
def test_the_checkpoint_of_a_training(stars, tmp_path, tally, trials):
    file, expected = tmp_path / "run.pt", None

    def read():
        options = {**SMALL, "max_epochs": 3, "checkpoint": file, "batch_size": 24}
        fitted = make_embedder(**options).fit(stars[0])
        return [tensor.numpy() for tensor in fitted.module_.state_dict().values()]

    expected = read()
    good = file.read_bytes()
    try:
        outcomes = flipped(file, read, expected, trials)
    finally:
        file.write_bytes(good)
    tally("flips", "the checkpoint of a training", **outcomes)
