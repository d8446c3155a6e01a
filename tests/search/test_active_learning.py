"""What is suggested for labelling is unlabelled, each once, and teaches more than chance."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from sklearn_astromer.search import EmbeddingRows, suggest
from sklearn_astromer.search import active_learning as module

SIZES = [600, 300, 60, 20]
SEEDS = range(6)


def free(labels):
    return np.flatnonzero(pd.isna(labels))


@pytest.fixture(scope="module")
def blobs():
    """Return overlapping classes of unequal size."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(len(SIZES), 6)) * 1.6
    rows = np.concatenate([rng.normal(c, 1, (m, 6)) for c, m in zip(centres, SIZES, strict=True)])
    truth = np.repeat(["EW", "EA", "RRAB", "RRD"], SIZES)
    order = rng.permutation(len(rows))
    return rows[order].astype(np.float32), truth[order]


def some(truth, count, seed=0):
    """Return labels of which only `count` random ones are known."""
    labels = np.full(len(truth), None)
    chosen = np.random.default_rng(seed).permutation(len(truth))[:count]
    labels[chosen] = truth[chosen]
    return labels


def loop(rows, truth, choose, batches=6, n=10):
    """Return macro-F1 after each batch."""
    labels, scores = np.full(len(rows), None), []
    for _ in range(batches):
        chosen = choose(labels, n)
        labels[chosen] = truth[chosen]
        known = np.flatnonzero(pd.notna(labels))
        model = LogisticRegression(class_weight="balanced", max_iter=500)
        model.fit(rows[known], truth[known])
        scores.append(f1_score(truth, model.predict(rows), average="macro"))
    return np.array(scores)


def test_gain_over_random_labelling(blobs):
    rows, truth = blobs
    rng = np.random.default_rng(0)
    suggested = [
        loop(rows, truth, lambda *a, s=s: suggest(rows, *a, random_state=s)) for s in SEEDS
    ]
    by_chance = [
        loop(rows, truth, lambda labels, n: rng.permutation(free(labels))[:n]) for _ in SEEDS
    ]
    gain = np.mean(suggested, axis=0) - np.mean(by_chance, axis=0)
    assert gain.mean() > 0.05
    assert gain[3:].min() > 0.03  # by the margin, not by the clusters at the beginning alone


def test_suggestions_are_between_two_classes():
    rows = np.linspace(-1, 1, 201)[:, None]
    labels = np.full(201, None)
    labels[[0, 50, 150, 200]] = ["a", "a", "b", "b"]
    chosen = suggest(rows, labels, 3, random_state=0)
    assert np.all(np.abs(rows[chosen]) < 0.2)


def test_suggestions_differ_from_each_other():
    """Three heaps on the boundary: one of each is asked for, however many there are."""
    rng = np.random.default_rng(0)
    y = np.repeat([-8.0, 0.0, 8.0], [18, 6, 6])
    heaps = np.stack([rng.normal(0, 1e-3, 30), y + rng.normal(0, 0.1, 30)], axis=1)
    away = np.stack([np.repeat([-6.0, 6.0], 50), rng.uniform(-8, 8, 100)], axis=1)
    labels = np.array([None] * 30 + ["a"] * 50 + ["b"] * 50)
    chosen = suggest(np.concatenate([heaps, away]), labels, 3, random_state=0)
    assert sorted(np.round(heaps[chosen, 1] / 8)) == [-1, 0, 1]
    assert chosen[0] < 18  # of the largest heap


def test_without_labels_every_group_is_seen():
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(10 * i, 0.1, (m, 3)) for i, m in enumerate([90, 5, 30, 10])])
    group = np.repeat(np.arange(4), [90, 5, 30, 10])
    chosen = suggest(rows, np.full(135, None), 4, random_state=0)
    assert sorted(group[chosen]) == [0, 1, 2, 3]


def test_with_one_class_elsewhere_than_its_objects():
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(10 * i, 0.1, (20, 3)) for i in range(4)])
    labels = np.full(80, None)
    labels[:10] = "EW"
    chosen = suggest(rows, labels, 3, random_state=0)
    assert np.all(chosen >= 20)


@settings(max_examples=60, deadline=None)
@given(
    n_objects=st.integers(1, 40),
    data=st.data(),
    seed=st.integers(0, 2**31 - 1),
    spread=st.sampled_from([0.0, 1e-6, 1.0, 1e4]),
)
def test_unlabelled_and_each_once(n_objects, data, seed, spread):
    label = st.sampled_from([None, "a", "b", "c"])
    labels = np.array(data.draw(st.lists(label, min_size=n_objects, max_size=n_objects)), object)
    if len(free(labels)) == 0:
        labels[0] = None
    n = data.draw(st.integers(1, len(free(labels))))
    rows = np.random.RandomState(seed).normal(size=(n_objects, 3)).round(1) * spread
    chosen = suggest(rows, labels, n, random_state=seed)
    assert chosen.dtype == np.int64
    assert len(set(chosen)) == len(chosen) == n
    assert np.isin(chosen, free(labels)).all()


@pytest.mark.parametrize("count", [0, 40])
def test_same_with_the_same_random_state(blobs, count):
    rows, truth = blobs
    labels = some(truth, count)
    before = np.random.get_state()[1].copy()
    wanted = suggest(rows, labels, 15, random_state=3)
    np.testing.assert_array_equal(suggest(rows, labels, 15, random_state=3), wanted)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert not np.array_equal(suggest(rows, labels, 15, random_state=4), wanted)


@pytest.mark.parametrize("count", [0, 40])
def test_units_and_names_do_not_matter(blobs, count):
    rows, truth = blobs
    labels = some(truth, count)
    wanted = suggest(rows, labels, 15, random_state=3)
    scaled = rows * np.array([1, 2, 4, 8, 16, 0.5], np.float32)
    np.testing.assert_array_equal(suggest(scaled, labels, 15, random_state=3), wanted)
    numbers = {"EW": 7, "EA": 1, "RRAB": 0, "RRD": -1}
    renamed = np.array([numbers.get(label, np.nan) for label in labels])
    np.testing.assert_array_equal(suggest(rows, renamed, 15, random_state=3), wanted)


def test_kinds_of_input(blobs):
    rows, truth = blobs
    labels = some(truth, 40)
    wanted = suggest(rows, labels, 5, random_state=0)
    table = EmbeddingRows(np.arange(len(rows)), None, rows)
    backwards = np.arange(len(rows))[::-1]  # positions count, not an index
    for same_rows, same_labels in [
        (table, list(labels)),
        (pd.DataFrame(rows), pd.Series(labels, index=backwards)),
        (rows, pd.Series(labels, dtype="string")),
        (rows, pd.Series(labels, dtype="category")),
        (rows, np.where(pd.isna(labels), "", labels).astype(str)),
    ]:
        np.testing.assert_array_equal(suggest(same_rows, same_labels, 5, random_state=0), wanted)


@pytest.mark.parametrize("count", [0, 100])
def test_large_catalogs_go_through_in_pieces(blobs, count, monkeypatch):
    rows, truth = blobs
    labels = some(truth, count)
    whole = suggest(rows, labels, 15, random_state=0)
    monkeypatch.setattr(module, "_CHUNK", 64)
    np.testing.assert_array_equal(suggest(rows, labels, 15, random_state=0), whole)
    monkeypatch.setattr(module, "_SAMPLE", 200)
    chosen = suggest(rows, labels, 15, random_state=0)
    assert len(set(chosen)) == 15
    assert pd.isna(labels[chosen]).all()


def test_errors(blobs):
    rows, truth = blobs
    unknown = np.full(len(rows), None)
    with pytest.raises(ValueError, match=r"cannot suggest n=1 of 0 unlabelled objects \(980 in"):
        suggest(rows, truth, 1)
    with pytest.raises(ValueError, match="cannot suggest n=0 of 980"):
        suggest(rows, unknown, 0)
    with pytest.raises(ValueError, match=r"each of the 980 rows; its shape is \(979,\)"):
        suggest(rows, unknown[1:], 5)
    with pytest.raises(ValueError, match=r"its shape is \(\)"):
        suggest(rows, {3: "EW"}, 5)
    with pytest.raises(ValueError, match=r"got float32 of shape \(980,\)"):
        suggest(rows[:, 0], unknown, 5)
    broken = rows.copy()
    broken[7, 2] = np.nan
    assert len(suggest(broken, unknown, 5, random_state=0)) == 5
    broken[7, 2] = np.inf
    with pytest.raises(ValueError, match="position 7 contains infinity"):
        suggest(broken, unknown, 5)
    ids = np.array([f"star-{i}" for i in range(len(rows))])
    with pytest.raises(ValueError, match="object 'star-7' at position 7 contains inf"):
        suggest(EmbeddingRows(ids, None, broken), unknown, 5)


def test_masked_and_blank_labels_are_unlabelled(blobs):
    rows, truth = blobs[:2]
    labels = np.array(truth, dtype=object)
    labels[20:] = None
    wanted = suggest(rows, labels, 5, random_state=0)
    mask = np.arange(len(rows)) >= 20
    blank = np.where(mask, " ", truth.astype(str))
    for each in (np.ma.array(truth, mask=mask), blank, pd.Series(labels)):
        np.testing.assert_array_equal(suggest(rows, each, 5, random_state=0), wanted)
