"""An encoder condensed gives what the encoder gives."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_astromer import AstromerEmbedder, _embedding
from sklearn_astromer.modules.condensed import REACH, Condensed, Times, condensed
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.encoder import EncoderConfig

CONFIG = EncoderConfig(d_model=96, n_heads=4, d_ff=24)


def encoder(seed=0, **options):
    """Return one whose norms scale and shift."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = Astromer(replace(CONFIG, **options)).encoder.eval()
        for parameter in made.parameters():
            if parameter.ndim == 1:
                torch.nn.init.normal_(parameter, 0.5, 0.5)
    return made


def windows(n=3, length=24, span=1500.0, seed=0):
    rng = torch.Generator().manual_seed(seed)
    time = (torch.rand(n, length, generator=rng) * 2 - 1).sort().values * span
    return time, torch.randn(n, length, generator=rng)


@torch.inference_mode()
def both(made, dtype, *inputs):
    """Return the last output of the encoder in float32, and of it condensed, in `dtype`."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        found = Condensed(made, dtype)(*inputs).float()
    return made(*inputs), found


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 9),
    masked=st.booleans(),
    options=st.fixed_dictionaries(
        {
            "n_layers": st.integers(1, 3),
            "d_ff": st.sampled_from([1, 24, 79, 80, 95, 130]),
            "activation": st.sampled_from(["tanh", "gelu"]),
            "scaled_inputs": st.booleans(),
            "norm_eps": st.sampled_from([1e-6, 0.1]),
        }
    ),
)
def test_it_gives_what_the_encoder_gives(seed, masked, options):
    time, mag = windows(seed=seed)
    mask = None
    if masked:
        mask = torch.arange(24) < torch.tensor([[24], [9], [1]])
    expected, found = both(encoder(seed, **options), torch.float32, time, mag, mask)
    real = slice(None) if mask is None else mask
    torch.testing.assert_close(found[real], expected[real], atol=2e-5, rtol=2e-5)


def test_it_is_as_narrow_as_what_goes_in():
    made = Condensed(encoder(d_ff=24, n_layers=3), torch.float32)
    assert [b.attention.qkv.in_features for b in [made.first, *made.others]] == [96, 32, 32]
    assert [b.norm2.normalized_shape for b in [made.first, *made.others]] == [(32,), (32,), (96,)]
    assert made.times is None
    # one more than these is a multiple of 16, and takes the next, for one axis stays empty
    assert Condensed(encoder(d_ff=47), torch.float32).others[0].attention.qkv.in_features == 64
    rounded = Condensed(encoder(), torch.bfloat16)
    assert rounded.of_times.attention.qkv.in_features < 96
    slow_channels_alone_are_polynomials = {"pe_base": 2.0}
    assert Condensed(encoder(**slow_channels_alone_are_polynomials), torch.bfloat16).times is None


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pe_pairs": True},
        {"min_period": 30.0},
        {"pe_base": 1e-3, "pe_exponent": 1.0, "min_period": 6e4},  # rates that rise
    ],
)
@pytest.mark.parametrize("span", [1.0, 700.0, REACH])
def test_times_span_the_inputs(options, span):
    made = encoder(**options)
    assert Times.narrows(made)
    time, mag = windows(span=span)
    time[0, :2] = torch.tensor([-span, span])
    times = Times(made)
    spanned = times(time, mag).double() @ times.basis.T + times.constant
    with torch.inference_mode():
        expected, _ = made.embed(time, mag)
    # channels of 1e4 rad are no better known in float32
    np.testing.assert_allclose(spanned, expected, atol=2e-3 if span == REACH else 5e-5)


def test_a_window_far_away_changes_nothing_for_others():
    time, mag = windows(n=5)
    time[[1, 4]] *= 1e3
    mask = torch.arange(24) < torch.tensor([[24], [20], [9], [24], [7]])
    made = encoder()
    for some in (mask, None):
        expected, found = both(made, torch.bfloat16, time, mag, some)
        for i in range(5):
            of_it = [None if t is None else t[i : i + 1] for t in (time, mag, some)]
            assert torch.equal(both(made, torch.bfloat16, *of_it)[1][0], found[i])
        cosine = torch.nn.functional.cosine_similarity(found, expected, dim=-1)
        assert cosine[mask].min() > 0.999


@pytest.mark.parametrize("span", [300.0, 0.99 * REACH, 1.01 * REACH, 1e6])
def test_in_bfloat16_it_is_close_at_any_time(span):
    expected, found = both(encoder(), torch.bfloat16, *windows(span=span))
    cosine = torch.nn.functional.cosine_similarity(found, expected, dim=-1)
    assert cosine.min() > 0.999


def test_the_first_feed_forward_layer_ends_in_float32():
    made, seen = Condensed(encoder(n_layers=3), torch.bfloat16), {}
    for name, block in (("first", made.of_times), ("second", made.others[0])):
        block.norm2.register_forward_hook(
            lambda _, given, __, name=name: seen.update({name: given[0].dtype})
        )
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        made(*windows())
    assert seen == {"first": torch.float32, "second": torch.bfloat16}


def test_residuals_need_all_dimensions_and_dropout_its_own():
    for made in (encoder(residual=True), encoder().train()):
        assert condensed(made, torch.float32) is made


def test_it_is_made_once_and_again_when_the_weights_change():
    made, inputs = encoder(), windows()
    first = condensed(made, torch.float32)
    assert condensed(made, torch.float32) is first
    assert condensed(made, torch.bfloat16).times is not None
    with torch.inference_mode():
        before = condensed(made, torch.float32)(*inputs)
    made.layers[0].ffn_out.weight.data[0, 0] += 1.0  # no version tells of that
    with torch.inference_mode():
        after, expected = condensed(made, torch.float32)(*inputs), made(*inputs)
    assert (after - before).abs().max() > 1e-3
    torch.testing.assert_close(after, expected, atol=2e-5, rtol=2e-5)


def test_it_goes_with_its_encoder():
    made = encoder()
    twin = weakref.ref(condensed(made, torch.bfloat16))
    assert twin() is not None
    del made
    gc.collect()
    assert twin() is None


def test_it_draws_no_numbers_and_leaves_the_encoder_alone():
    made = encoder()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    state = torch.random.get_rng_state()
    Condensed(made, torch.bfloat16)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert before.keys() == made.state_dict().keys()
    assert all(torch.equal(before[name], value) for name, value in made.state_dict().items())


@pytest.mark.parametrize("pooling", ["mean", "max", "mean_std", "layers", None])
def test_an_embedder_gives_what_its_encoder_gives(pooling, monkeypatch):
    rng = np.random.RandomState(0)
    curves = [np.c_[np.sort(rng.uniform(0, 900, n)), rng.normal(15, 0.3, n)] for n in (3, 30, 250)]
    embedder = AstromerEmbedder(
        d_model=64, n_heads=2, d_ff=16, max_epochs=0, pooling=pooling, device="cpu", random_state=0
    ).fit(curves)
    assert not embedder.module_.encoder.config.residual
    asked = []
    monkeypatch.setattr(
        _embedding, "condensed", lambda e, dtype: asked.append(dtype) or condensed(e, dtype)
    )
    rows = embedder.transform(curves)
    assert asked == ([] if pooling == "layers" else [torch.float32])
    monkeypatch.setattr(_embedding, "condensed", lambda encoder, dtype: encoder)
    for found, expected in zip(rows, embedder.transform(curves), strict=True):
        np.testing.assert_allclose(found, expected, atol=2e-5)


def test_it_is_made_without_gradients_too():
    with torch.inference_mode():
        embedder = AstromerEmbedder(d_model=32, n_heads=2, d_ff=8, max_epochs=0, device="cpu")
        assert embedder.fit_transform([np.random.RandomState(0).normal(size=(9, 2))]).shape == (
            1,
            32,
        )
