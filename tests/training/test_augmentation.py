import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_astromer.training import augmentation
from sklearn_astromer.training.augmentation import LONGEST_SHIFT
from sklearn_astromer.training.recipes import CHANGES, USUAL, chosen_changes


def augment(time, mag, mask, generator, changes=USUAL, errors=None):
    """Call `augment` by its tensors."""
    seen = {"time": time, "mag": mag} | ({} if mask is None else {"mask": mask})
    seen, errors = augmentation.augment(seen, generator, changes, errors)
    return seen["time"], seen["mag"], seen.get("mask"), errors


def batch(lengths):
    """Windows on irregular times, whose magnitudes tell which observation they are."""
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    mag = torch.arange(mask.numel(), dtype=torch.float32).reshape(mask.shape) + 1
    return mag**1.1 * mask, mag * mask, mask


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 2**31))
def test_what_stays_is_of_the_window(lengths, seed):
    time, mag, mask = batch(lengths)
    generator = torch.Generator().manual_seed(seed)
    new_time, new_mag, kept, _ = augment(time, mag, mask, generator)
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
        t, m, kept, _ = augment(time, mag, None, generator)
        count = torch.full((50,), 60) if kept is None else kept.sum(1)
        shares.append(float(count.float().mean()) / 60)
        backwards.append(float((m[:, 1] < m[:, 0]).float().mean()))
        shifts.append(t.sum(1) / count)
    assert min(shares) < 0.6
    assert max(shares) > 0.9
    assert 0.4 < sum(backwards) / 30 < 0.6
    assert torch.cat(shifts).std() > 30


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 2**31))
def test_a_crop_is_a_run_of_the_window(lengths, seed):
    time, mag, mask = batch(lengths)
    generator = torch.Generator().manual_seed(seed)
    new_time, new_mag, kept, errors = augment(time, mag, mask, generator, ("crop",), mag / 100)
    kept = torch.ones_like(new_mag, dtype=torch.bool) if kept is None else kept
    for i, n in enumerate(lengths):
        left = int(kept[i].sum())
        assert (n + 1) // 2 <= left <= n
        assert (new_mag[i, :left].diff().round() == 1).all()  # neighbours are neighbours
        centred = errors[i, :left] * 100
        assert torch.allclose(centred - centred.mean(), new_mag[i, :left], atol=1e-3)
        assert (errors[i, left:] == 0).all()
        assert abs(float(new_time[i, :left].mean())) < 1e-3 * float(time[i].max() + 1)


def test_crops_begin_everywhere():
    time, mag, _ = batch([60] * 500)
    generator = torch.Generator().manual_seed(0)
    _, _, kept, errors = augment(time, mag, None, generator, ("crop",), mag)
    first = (errors[:, 0] - 1) % 60
    assert kept is None or not kept.all()
    assert first.min() == 0
    assert first.max() > 0.9 * (60 - errors.shape[1])


def test_jitter_adds_noise_of_the_errors_size():
    time, mag, mask = batch([500, 300])
    errors = torch.tensor([[0.1], [0.3]]).expand_as(mag) * mask
    generator = torch.Generator().manual_seed(0)
    _, noisy, _, kept_errors = augment(time, mag, mask, generator, ("jitter",), errors)
    _, plain, _, _ = augment(time, mag, mask, generator, ())
    for i, n in enumerate([500, 300]):
        assert float((noisy - plain)[i, :n].std()) == pytest.approx(0.1 + 0.2 * i, rel=0.15)
    assert (noisy[~mask] == 0).all()
    assert torch.equal(kept_errors, errors)


def test_which_changes_are_asked_for():
    assert chosen_changes(False) == ()
    assert chosen_changes(True) == USUAL
    assert chosen_changes("crop") == ("crop",)
    assert chosen_changes(list(CHANGES)) == CHANGES
    with pytest.raises(ValueError, match="some of"):
        chosen_changes(("thin", "stretch"))
