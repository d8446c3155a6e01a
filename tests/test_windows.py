import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_astromer import LightCurves
from sklearn_astromer.windows import LENGTHS_MULTIPLE, Windows, padded, pieces

LENGTHS = [1, 199, 200, 201, 399, 400, 401, 2, 600, 1000]


def curves_of(lengths, seed=0, zero=50_000.0):
    """Curves of these lengths; the times are multiples of 2^-10 days, exact in float64 as JD."""
    rng = np.random.default_rng(seed)
    n = sum(lengths)
    time = zero + np.floor(rng.uniform(0, 3000, n) * 1024) / 1024
    return LightCurves(time, rng.normal(15, 1, n), offsets=np.cumsum([0, *lengths]))


some_lengths = st.lists(st.one_of(st.integers(1, 30), st.sampled_from(LENGTHS)), max_size=8)
sizes = st.one_of(st.integers(1, 12), st.just(200))


@given(some_lengths, sizes)
def test_windows_partition_every_curve_evenly(lengths, window_size):
    curves = curves_of(lengths)
    windows = Windows(curves, window_size)
    assert len(windows) == sum(-(-n // window_size) for n in lengths)
    # one after another they run through all observations
    ends = windows.start + windows.length
    assert [*windows.start, len(curves.time)] == [0, *ends]
    for i, n in enumerate(lengths):
        own = windows.object == i
        length = windows.length[own]
        assert windows.start[own][0] == curves.offsets[i]
        assert length.sum() == n
        assert 1 <= length.min() <= length.max() <= window_size
        assert length.max() - length.min() <= 1


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1, [1]),
        (199, [199]),
        (200, [200]),
        (201, [101, 100]),
        (400, [200, 200]),
        (401, [134, 134, 133]),
    ],
)
def test_lengths_at_the_edges(n, expected):
    assert Windows(curves_of([n]), 200).length.tolist() == expected


@given(some_lengths, sizes, st.integers(1, 500), st.data())
def test_every_window_comes_once_in_bounded_batches(lengths, window_size, bound, data):
    windows = Windows(curves_of(lengths), window_size)
    rows = None
    if data.draw(st.booleans()):
        rows = np.array(data.draw(st.permutations(range(len(windows)))), dtype=int)[: bound % 5]
    batches = list(windows.batches(bound, rows))
    asked = range(len(windows)) if rows is None else rows
    assert sorted(np.concatenate([*batches, []])) == sorted(asked)
    longest = [windows.length[batch].max() for batch in batches]
    assert longest == sorted(longest, reverse=True)
    for batch, length in zip(batches, longest, strict=True):
        assert len(batch) == 1 or len(batch) * padded(length) <= bound
        assert np.all(np.diff(windows.length[batch]) >= 0)
    for batch, length in zip(batches[:-1], longest, strict=False):  # all but what is left over
        assert len(batch) % 2
        assert bound < (len(batch) + 2) * padded(length)


@given(some_lengths, sizes, st.integers(1, 2000))
def test_gathered_windows_are_centred_and_results_scatter_back(lengths, window_size, bound):
    curves = curves_of(lengths)
    windows = Windows(curves, window_size)
    time, mag = np.full(len(curves.time), np.nan), np.full(len(curves.time), np.nan)
    for rows in windows.batches(bound):
        batch = windows.gather(rows)
        where, mask = windows.positions(rows)
        assert batch.time.dtype == batch.mag.dtype == np.float32
        assert batch.time.shape == batch.mag.shape == mask.shape
        assert (batch.mask is None) == mask.all()
        assert np.all(mask.sum(axis=1) == windows.length[rows])
        assert not batch.time[~mask].any()
        assert not batch.mag[~mask].any()
        assert np.isnan(time[where[mask]]).all()  # none was filled before
        time[where[mask]], mag[where[mask]] = batch.time[mask], batch.mag[mask]
    # the slow reading: window by window, without padding
    for start, length in zip(windows.start, windows.length, strict=True):
        own = slice(start, start + length)
        for got, column in ((time, curves.time), (mag, curves.mag)):
            expected = column[own] - np.mean(column[own])
            np.testing.assert_allclose(got[own], expected, rtol=1e-7, atol=1e-8)


def test_julian_dates_and_modified_ones_give_the_same_windows():
    mjd, jd = curves_of(LENGTHS), curves_of(LENGTHS, zero=2_450_000.5)
    for window_size in (7, 200):
        a, b = Windows(mjd, window_size), Windows(jd, window_size)
        rows = np.arange(len(a))
        np.testing.assert_array_equal(a.mag_mean, b.mag_mean)
        np.testing.assert_allclose(b.time_mean - a.time_mean, 2_400_000.5, atol=1e-8, rtol=0)
        # float32 rounds what is left, and may round a last bit the other way
        np.testing.assert_allclose(a.gather(rows).time, b.gather(rows).time, rtol=2**-23, atol=1e-8)


def test_a_window_does_not_depend_on_its_neighbours():
    curves = curves_of([5, 300, 40])
    together, alone = Windows(curves, 200), Windows(curves[[2]], 200)
    row = int(np.flatnonzero(together.object == 2)[0])
    batch, single = together.gather(np.arange(len(together))), alone.gather(np.array([0]))
    assert single.mask is None
    np.testing.assert_array_equal(batch.time[row, :40], single.time[0])
    np.testing.assert_array_equal(batch.mag[row, :40], single.mag[0])


def test_one_observation_is_at_zero():
    batch = Windows(curves_of([1]), 200).gather(np.array([0]))
    assert batch.time.tolist() == batch.mag.tolist() == [[0.0] * LENGTHS_MULTIPLE]
    assert batch.mask.tolist() == [[True] + [False] * (LENGTHS_MULTIPLE - 1)]


def test_shapes_of_batches_recur():
    windows = Windows(curves_of(list(range(1, 201)) * 20), 200)
    shapes = [windows.gather(rows).mag.shape for rows in windows.batches(3200)]
    assert len(shapes) > 100
    assert len(set(shapes)) <= 200 // LENGTHS_MULTIPLE + 1


def test_no_curves_no_windows():
    windows = Windows(curves_of([]), 200)
    assert len(windows) == 0
    assert list(windows.batches(100)) == []
    assert windows.gather(np.empty(0, dtype=int)).mag.shape == (0, LENGTHS_MULTIPLE)


def test_a_million_observations():
    windows = Windows(curves_of([1_000_000]), 200)
    assert len(windows) == 5000
    assert sum(len(rows) for rows in windows.batches(100_000)) == 5000


@pytest.mark.parametrize("window_size", [0, -1, 2.5, 200.0, "200", None])
def test_window_sizes_that_are_none(window_size):
    with pytest.raises(ValueError, match="window_size must be a positive integer"):
        Windows(curves_of([3]), window_size)


def test_real_curves_are_partitioned(shared):
    curves = LightCurves.read(shared / "data" / "stripe82.parquet")
    windows = Windows(curves, 50)
    seen = np.concatenate([windows.positions(rows)[0].ravel() for rows in windows.batches(5000)])
    assert set(seen) == set(range(len(curves.time)))
    np.testing.assert_array_equal(np.bincount(windows.object, windows.length), curves.lengths)


def test_windows_of_some_objects_share_their_observations():
    curves = LightCurves.from_arrays(
        [np.column_stack([np.arange(n), np.arange(n) % 7 + n / 5]) for n in (5, 12, 3, 25)]
    )
    chosen = np.array([False, True, False, True])
    some, alone = Windows(curves, 10).of(chosen), Windows(curves[chosen], 10)
    assert np.shares_memory(some.curves.time, curves.time)
    assert set(some.object) == {1, 3}
    rows = np.arange(len(alone))
    assert len(some) == len(alone) == 5
    for ours, theirs in zip(some.gather(rows), alone.gather(rows), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(1, 120))
def test_pieces_are_all_objects_in_order_and_no_larger_than_asked(lengths, most):
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    cut = list(pieces(offsets, most))
    assert [i for part in cut for i in range(part.start, part.stop)] == list(range(len(lengths)))
    for part in cut:
        observations = offsets[part.stop] - offsets[part.start]
        assert observations <= most or part.stop == part.start + 1
        if part.stop < len(lengths):  # nor smaller than need be
            assert offsets[part.stop + 1] - offsets[part.start] > most


def test_hidden_observations_are_one_array_per_object():
    windows = Windows(curves_of([3, 5]), 3)
    hidden = [np.array([True, False, True]), np.array([False, False, True, True, False])]
    assert windows.join_hidden(None) is None
    np.testing.assert_array_equal(windows.join_hidden(hidden), np.concatenate(hidden))
    for wrong in (hidden[:1], hidden[::-1], [hidden[0], hidden[1][None]]):
        with pytest.raises(ValueError, match="hidden must be one bool array per object"):
            windows.join_hidden(wrong)
    blind = [hidden[0], np.array([False, False, True, True, True])]
    with pytest.raises(ValueError, match="all observations of a window of object 1 are hidden"):
        windows.join_hidden(blind)
