import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_astromer.augmentation import LONGEST_SHIFT, augment


def batch(lengths):
    """Windows on irregular times, whose magnitudes tell which observation they are."""
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    mag = torch.arange(mask.numel(), dtype=torch.float32).reshape(mask.shape) + 1
    return mag**1.1 * mask, mag * mask, mask


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 2**31))
def test_what_stays_is_of_the_window(lengths, seed):
    time, mag, mask = batch(lengths)
    generator = torch.Generator().manual_seed(seed)
    new_time, new_mag, kept = augment(time, mag, mask, generator)
    if kept is None:
        kept = torch.ones_like(new_mag, dtype=torch.bool)
    assert kept.any(0).all()  # no column is padding alone
    assert (new_mag[~kept] == 0).all()
    assert (new_time[~kept] == 0).all()
    for i, n in enumerate(lengths):
        left = int(kept[i].sum())
        assert 1 <= left <= n
        assert kept[i, :left].all()  # real observations first
        t, m = new_time[i, :left], new_mag[i, :left]
        assert (t.diff() >= 0).all()
        assert abs(float(m.mean())) < 1e-3
        assert abs(float(t.mean())) <= LONGEST_SHIFT + 1e-2
        # steps of what is left are sums of steps of the window, forwards or backwards
        steps = m.diff().round()
        assert (steps > 0).all() or (steps < 0).all()


def test_every_kind_of_change_occurs_and_chance_is_the_generators():
    time, mag, _ = batch([60] * 50)
    first = augment(time, mag, None, torch.Generator().manual_seed(0))
    again = augment(time, mag, None, torch.Generator().manual_seed(0))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True) if a is not None)
    shares, backwards, shifts = [], [], []
    generator = torch.Generator().manual_seed(1)
    for _ in range(30):
        t, m, kept = augment(time, mag, None, generator)
        count = torch.full((50,), 60) if kept is None else kept.sum(1)
        shares.append(float(count.float().mean()) / 60)
        backwards.append(float((m[:, 1] < m[:, 0]).float().mean()))
        shifts.append(t.sum(1) / count)
    assert min(shares) < 0.6
    assert max(shares) > 0.9
    assert 0.4 < sum(backwards) / 30 < 0.6
    assert torch.cat(shifts).std() > 30
