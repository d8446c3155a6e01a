"""Threads and processes at once: the same numbers, nothing that hangs, nothing global changed."""

import logging
import multiprocessing
import os
import random
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import torch
from embedders import make_embedder
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_astromer import AstromerClassifier, AstromerEmbedder, Recipe
from sklearn_astromer.datasets import make_variable_stars


@pytest.fixture(scope="module")
def stars():
    return make_variable_stars(80, classes=["RRAB", "MIRA"], random_state=0)


@pytest.fixture(scope="module")
def classifier(stars):
    encoder = AstromerEmbedder("surveys-small", max_epochs=0)
    return AstromerClassifier(encoder, max_epochs=3, random_state=0).fit(*stars)


def probabilities(model, curves):
    return model.predict_proba(curves)


@pytest.mark.reliability
def test_eight_threads_at_once(classifier, stars):
    curves, _ = stars
    rows, expected = classifier.encoder_.transform(curves), classifier.predict_proba(curves)
    with ThreadPoolExecutor(8) as pool:
        embedded = pool.map(lambda _: classifier.encoder_.transform(curves), range(16))
        predicted = pool.map(lambda _: classifier.predict_proba(curves), range(16))
        for result in embedded:
            np.testing.assert_array_equal(result, rows)
        for result in predicted:
            np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    "backend",
    [
        "threading",
        *(pytest.param(b, marks=pytest.mark.reliability) for b in ("loky", "multiprocessing")),
    ],
)
def test_joblib(classifier, stars, backend):
    """Joblib's "multiprocessing" forks on Linux, so it is refused where torch has threads.

    For "loky" there is test_pipelines.py as well.
    """
    curves, _ = stars
    expected = classifier.predict_proba(curves)
    jobs = (joblib.delayed(probabilities)(classifier, curves) for _ in range(4))
    parallel = joblib.Parallel(n_jobs=2, backend=backend)
    if backend == "multiprocessing" and forks_and_has_threads():
        with pytest.raises(RuntimeError, match="loky"):
            parallel(jobs)
        return
    for result in parallel(jobs):
        np.testing.assert_allclose(result, expected, atol=1e-6)


def forks_and_has_threads():
    return multiprocessing.get_start_method() == "fork" and torch.get_num_threads() > 1


def test_a_spawned_process(classifier, stars):
    """Two at once are in test_joblib."""
    curves, _ = stars
    expected = classifier.predict_proba(curves)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply(probabilities, (classifier, curves))
    np.testing.assert_allclose(result, expected, atol=1e-6)


FORKED = """
import multiprocessing, sys
import torch
torch.set_num_threads(2)
from sklearn_astromer import EncoderConfig, AstromerEmbedder
from sklearn_astromer.datasets import make_variable_stars
curves, _ = make_variable_stars(40, random_state=0)
call = sys.argv[1]

def model():
    pretrained = None if call == "transform condensed" else "surveys-small"
    return AstromerEmbedder(pretrained, max_epochs=0).fit(curves)

def child(fitted):
    if call == "fit":
        tiny = EncoderConfig(d_model=8, d_ff=8)
        return len(AstromerEmbedder(None, architecture=tiny, max_epochs=1).fit(curves).history_)
    return len((fitted or model()).transform(curves))

def forked(fitted=None):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.map(child, [fitted])

print(forked(), flush=True)
forked(model())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks by default")
@pytest.mark.parametrize(
    "call",
    [
        "transform",
        *(pytest.param(c, marks=pytest.mark.reliability) for c in ("fit", "transform condensed")),
    ],
)
def test_a_fork_after_torch_has_used_its_threads_is_refused(call):
    done = subprocess.run(
        [sys.executable, "-c", FORKED, call], capture_output=True, text=True, timeout=120
    )
    assert done.stdout == ("[1]\n" if call == "fit" else "[40]\n")  # before torch was used
    assert done.returncode == 1
    assert "forked from one that had used torch" in done.stderr
    assert "spawn" in done.stderr


@pytest.mark.reliability
def test_a_search_in_two_processes_gives_what_one_gives(stars):
    model = make_pipeline(
        AstromerEmbedder("surveys-small", max_epochs=0), RandomForestClassifier(20, random_state=0)
    )
    grid = {"astromerembedder__row": ["mean", ("mean", "std")]}
    alone, two = (GridSearchCV(model, grid, cv=2, n_jobs=n).fit(*stars) for n in (1, 2))
    np.testing.assert_array_equal(
        alone.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )


def state():
    return {
        "threads": torch.get_num_threads(),
        "interop": torch.get_num_interop_threads(),
        "torch": torch.get_rng_state().tolist(),
        "numpy": [
            part.tolist() if hasattr(part, "tolist") else part for part in np.random.get_state()
        ],
        "python": random.getstate(),
        "dtype": torch.get_default_dtype(),
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "filters": list(warnings.filters),
        "root": (logging.root.level, list(logging.root.handlers)),
        "levels": {
            name: logging.getLogger(name).level
            for name in ("torch", "skorch", "sklearn", "sklearn_astromer")
        },
        "cwd": os.getcwd(),
        "environment": dict(os.environ),
        "errors": np.geterr(),
    }


def test_nothing_global_is_changed(stars):
    curves, labels = stars
    model = AstromerClassifier(
        make_embedder(d_model=8, n_heads=2, d_ff=8, max_epochs=1),
        train_encoder=True,
        training=Recipe(reconstruction=1.0, augment=True),
        max_epochs=1,
        random_state=0,  # None draws from numpy's, as everywhere in scikit-learn
    )
    model.fit(curves, labels)  # torch imports sympy at its first use, which adds a filter
    before = state()
    model.fit(curves, labels).predict_proba(curves)
    cross_val_score(model, curves, labels, cv=2)
    model.encoder_.transform(curves)
    model.encoder_.reconstruct(curves)
    model.encoder_.score(curves)
    after = state()
    for name, value in before.items():
        assert after[name] == value, name


SEEDED = """
import numpy as np
from sklearn_astromer import EncoderConfig, AstromerClassifier, AstromerEmbedder
from sklearn_astromer.datasets import make_variable_stars
curves, labels = make_variable_stars(40, n_observations=(10, 30), random_state=0)
tiny = EncoderConfig(d_model=8, n_heads=2, d_ff=8)
encoder = AstromerEmbedder(None, architecture=tiny, max_epochs=1)
model = AstromerClassifier(encoder, train_encoder=True, max_epochs=2, random_state=7)
print(model.fit(curves, labels).predict_proba(curves).ravel().tolist())
"""


def test_equal_seeds_give_equal_models_in_one_process_and_in_two(capsys):
    other = subprocess.run([sys.executable, "-c", SEEDED], capture_output=True, text=True).stdout
    for _ in range(2):
        exec(SEEDED, {})
    assert capsys.readouterr().out == other * 2 != ""


def test_a_pickle_of_another_version_says_so(classifier, stars):
    import pickle

    state = classifier.__getstate__() | {"_sklearn_astromer_version": "0.0.1"}
    other = AstromerClassifier.__new__(AstromerClassifier)
    with pytest.warns(UserWarning, match=r"pickled by sklearn_astromer 0\.0\.1"):
        other.__setstate__(state)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = pickle.loads(pickle.dumps(classifier))
    curves, _ = stars
    np.testing.assert_array_equal(same.predict_proba(curves), classifier.predict_proba(curves))
