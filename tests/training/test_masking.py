import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_astromer.training.masking import probe

fractions = st.fixed_dictionaries(
    {
        "probed": st.sampled_from([0.0, 0.01, 0.3, 0.5, 0.95, 1.0]),
        "random": st.sampled_from([0.0, 0.2, 0.5, 0.75]),
        "same": st.sampled_from([0.0, 0.2, 0.25]),
    }
)


def windows_of(lengths):
    """Windows in which every magnitude is unique, so that it tells where it came from."""
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    mag = torch.arange(mask.numel(), dtype=torch.float32).reshape(mask.shape)
    return mag * mask, mask


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), fractions, st.integers(0, 2**31))
def test_what_is_chosen_in_each_window(lengths, kwargs, seed):
    mag, mask = windows_of(lengths)
    probing = probe(mag, mask, generator(seed), **kwargs)
    changed = probing.mag != mag
    assert not (probing.probed & ~mask).any()
    assert not (probing.hidden & ~probing.probed).any()
    assert not (changed & ~probing.probed).any()
    assert not (changed & probing.hidden).any()
    for i, n in enumerate(lengths):
        # exact counts, halves rounded to even as Python does
        probed = min(round(n * kwargs["probed"]), n - 1)
        random = round(probed * kwargs["random"])
        same = min(round(probed * kwargs["same"]), probed - random)
        assert probing.probed[i].sum() == probed
        assert changed[i].sum() == random
        assert probing.hidden[i].sum() == probed - random - same
        # something is left to see, and not asked for
        assert (mask[i] & ~probing.probed[i]).any()
        # replaced magnitudes are those of other observations of the window
        own = set(mag[i, :n].tolist())
        for old, new in zip(mag[i][changed[i]], probing.mag[i][changed[i]], strict=True):
            assert new.item() in own - {old.item()}


def test_counts_of_a_full_window():
    mag, _ = windows_of([200])
    probing = probe(mag, None, generator())
    assert probing.probed.sum() == 100
    assert (probing.mag != mag).sum() == 20
    assert probing.hidden.sum() == 60


def test_a_window_of_one_observation_carries_no_loss():
    mag, mask = windows_of([1, 5, 1])
    probing = probe(mag, mask, generator(), probed=1.0)
    assert probing.probed.sum(1).tolist() == [0, 4, 0]
    assert not probing.hidden[0].any()
    torch.testing.assert_close(probing.mag[0], mag[0])


def test_no_mask_means_all_are_real():
    mag, mask = windows_of([20, 20])
    with_mask, without = probe(mag, mask, generator()), probe(mag, None, generator())
    assert all(torch.equal(a, b) for a, b in zip(with_mask, without, strict=True))


def test_the_generator_decides_and_the_global_one_is_left_alone():
    mag, mask = windows_of([50, 30, 7])
    before = torch.get_rng_state()
    first, again, other = (probe(mag, mask, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.probed, other.probed)
    # one generator goes on: new masks every time
    source = generator()
    assert not torch.equal(probe(mag, mask, source).probed, probe(mag, mask, source).probed)


def test_every_observation_is_chosen_alike():
    mag, mask = windows_of([10])
    source = generator()
    draws = [probe(mag, mask, source) for _ in range(2000)]
    chosen = torch.stack([d.probed for d in draws]).float().mean(0)
    hidden = torch.stack([d.hidden for d in draws]).float().mean(0)
    torch.testing.assert_close(chosen, torch.full((1, 10), 0.5), atol=0.05, rtol=0)
    torch.testing.assert_close(hidden, torch.full((1, 10), 0.3), atol=0.05, rtol=0)


def test_the_input_is_not_written_to():
    mag, mask = windows_of([10, 4])
    kept = mag.clone()
    probe(mag, mask, generator())
    assert torch.equal(mag, kept)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"probed": -0.1},
        {"probed": 1.1},
        {"probed": float("nan")},
        {"random": -0.1},
        {"same": -0.1},
        {"same": float("nan")},
        {"random": 0.6, "same": 0.6},
    ],
)
def test_fractions_out_of_range(kwargs):
    mag, mask = windows_of([10])
    with pytest.raises(ValueError, match="fractions out of range"):
        probe(mag, mask, generator(), **kwargs)
