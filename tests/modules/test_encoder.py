"""The encoder against the official outputs, and what masks may and may not do."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_astromer.config import EncoderConfig
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.modules.encoder import Encoder
from sklearn_astromer.modules.positional import PositionalEncoding

SMALL = {"d_model": 16, "n_heads": 2, "d_ff": 8}


def small(**options):
    torch.manual_seed(0)
    return Astromer(EncoderConfig(**SMALL, **options)).eval()


@pytest.fixture(autouse=True)
def _own_random_state():
    with torch.random.fork_rng():
        yield


def window(n, seed=0):
    rng = np.random.RandomState(seed)
    time = torch.tensor(np.sort(rng.uniform(-300, 300, (1, n))), dtype=torch.float32)
    return time, torch.tensor(rng.normal(size=(1, n)), dtype=torch.float32)


def test_positional_encoding_is_the_formula():
    time = np.array([-1234.5, 0.0, 0.25, 900.0])
    encoded = PositionalEncoding(8, 10000.0, 2.0, 2 * np.pi)(torch.tensor(time)).numpy()
    channel = np.arange(8)
    angle = time[:, None] * 10000.0 ** (-2 * channel / 8)
    expected = np.where(channel % 2 == 0, np.sin(angle), np.cos(angle))
    np.testing.assert_allclose(encoded, expected, atol=2e-4)


def test_min_period_is_the_period_of_the_first_channel():
    encode = PositionalEncoding(8, 100.0, 1.0, 0.25)
    time = torch.tensor([0.03, 0.28])
    first = encode(time)[:, 0]
    torch.testing.assert_close(first[0], first[1], atol=1e-5, rtol=0)


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 30),
    padding=st.integers(1, 40),
    filler=st.floats(-1e4, 1e4),
    options=st.sampled_from(
        [
            {"scaled_inputs": True},
            {"residual": True},
            {"residual": True, "norm_first": True, "pe_pairs": True, "scaled_inputs": True},
            {},
        ]
    ),
)
def test_padding_has_no_effect(n, padding, filler, options):
    encoder = small(**options).encoder
    time, mag = window(n)
    alone = encoder(time, mag)
    fill = torch.full((1, padding), filler)
    mask = torch.arange(n + padding)[None] < n
    padded = encoder(torch.cat([time, fill], 1), torch.cat([mag, fill], 1), mask)
    torch.testing.assert_close(padded[:, :n], alone, atol=1e-5, rtol=0)
    assert padded.isfinite().all()


@pytest.mark.parametrize("scaled_inputs", [False, True])
def test_a_hidden_observation_is_a_token_and_its_time(scaled_inputs):
    encoder = small(mask_token=True, scaled_inputs=scaled_inputs).encoder
    torch.nn.init.normal_(encoder.mask_token)
    torch.nn.init.normal_(encoder.magnitude.bias)
    time, mag = window(12)
    hidden = torch.arange(12)[None] % 3 == 0
    position = encoder.positional(time)
    expected = encoder.mask_token + (encoder.time(position) if scaled_inputs else position)
    inputs = encoder.all_layers(time, mag, None, hidden)[0]
    torch.testing.assert_close(inputs[hidden], expected[hidden], atol=1e-6, rtol=0)


@pytest.mark.parametrize("mask_token", [False, True])
@pytest.mark.parametrize("scaled_inputs", [False, True])
def test_a_hidden_magnitude_is_not_seen(mask_token, scaled_inputs):
    module = small(mask_token=mask_token, scaled_inputs=scaled_inputs)
    time, mag = window(12)
    hidden = torch.zeros(1, 12, dtype=torch.bool)
    hidden[0, [2, 7]] = True
    changed = mag.clone()
    changed[hidden] = torch.tensor([5.0, -9.0])
    torch.testing.assert_close(
        module(time, mag, None, hidden), module(time, changed, None, hidden), atol=0, rtol=0
    )
    assert not torch.allclose(module(time, mag), module(time, changed))


def test_a_hidden_time_is_not_a_key():
    encoder = small().encoder
    time, mag = window(12)
    hidden = torch.zeros(1, 12, dtype=torch.bool)
    hidden[0, 3] = True
    moved = time.clone()
    moved[0, 3] += 40.0
    visible = ~hidden[0]
    torch.testing.assert_close(
        encoder(time, mag, None, hidden)[:, visible],
        encoder(moved, mag, None, hidden)[:, visible],
        atol=0,
        rtol=0,
    )


def test_the_mask_token_is_what_hidden_observations_get():
    module = small(mask_token=True, residual=True)
    time, mag = window(6)
    hidden = torch.tensor([[True, False, False, True, False, False]])
    before = module(time, mag, None, hidden)
    with torch.no_grad():
        module.encoder.mask_token += torch.linspace(-1, 1, 16)
    after = module(time, mag, None, hidden)
    assert not torch.allclose(before[hidden], after[hidden])
    torch.testing.assert_close(before[~hidden], after[~hidden], atol=0, rtol=0)


def test_attention_weights_are_what_attention_uses():
    encoder = small().encoder
    time, mag = window(9)
    mask = torch.arange(9)[None] < 6
    layers = encoder.all_layers(time, mag, mask)
    assert [tuple(layer.shape) for layer in layers] == [(1, 9, 16)] * 3
    first = encoder.layers[0].attention
    weights = encoder.attention_weights(time, mag, mask)
    assert [tuple(w.shape) for w in weights] == [(1, 2, 9, 9)] * 2
    torch.testing.assert_close(weights[0].sum(-1), torch.ones(1, 2, 9))
    assert (weights[1][..., 6:] == 0).all()
    value = first.qkv(layers[0])[..., 32:].unflatten(-1, (2, 8)).transpose(1, 2)
    by_hand = first.out((weights[0] @ value).transpose(1, 2).flatten(2))
    torch.testing.assert_close(by_hand, first(layers[0], mask), atol=1e-6, rtol=1e-5)


def test_scaled_inputs_know_the_amplitude_once():
    """Magnitudes 20 times as large give the same shape, and 20 times the reconstruction."""
    module = small(scaled_inputs=True)
    time, mag = window(30)
    with torch.no_grad():
        module.encoder.magnitude.weight[:, 1] = 0  # not the amplitude
    plain, larger = module(time, mag), module(time, 20 * mag + 3)
    torch.testing.assert_close((larger - 3) / 20, plain, atol=1e-4, rtol=1e-4)
    with torch.no_grad():
        module.encoder.magnitude.weight[:, 1] = 1
    known = module.encoder(time, mag), module.encoder(time, 20 * mag)
    assert not torch.allclose(*known, atol=1e-3)


def test_pairs_of_channels_have_one_frequency():
    encode = PositionalEncoding(8, 100.0, 1.0, 0.25, pairs=True)
    time = torch.linspace(-3, 4, 50)
    sine, cosine = encode(time).unflatten(-1, (4, 2)).unbind(-1)
    torch.testing.assert_close(sine**2 + cosine**2, torch.ones(50, 4))
    # a product of encodings depends on the difference of the times alone
    moved = encode(time + 1.7)
    by_time, by_moved = encode(time) @ encode(time).T, moved @ moved.T
    torch.testing.assert_close(by_time, by_moved, atol=1e-4, rtol=0)


def test_norm_first_keeps_a_straight_way_and_its_attention_is_shown():
    module = small(residual=True, norm_first=True)
    time, mag = window(12)
    with torch.no_grad():
        for layer in module.encoder.layers:
            for linear in (layer.attention.out, layer.ffn_out):
                linear.weight.zero_()
    first, *_, last = module.encoder.all_layers(time, mag)
    torch.testing.assert_close(last, module.encoder.norm(first))
    weights = module.encoder.attention_weights(time, mag)[0]
    layer = module.encoder.layers[0]
    torch.testing.assert_close(weights, layer.attention.weights(layer.norm1(first)))
    with pytest.raises(ValueError, match="norm_first"):
        EncoderConfig(norm_first=True)


def test_residual_changes_the_graph_and_depth_is_free():
    time, mag = window(5)
    assert not torch.allclose(small()(time, mag), small(residual=True)(time, mag))
    assert len(small(n_layers=4).encoder.all_layers(time, mag)) == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"d_model": 10, "n_heads": 4}, "multiple of n_heads"),
        ({"d_model": 9, "n_heads": 3}, "even"),
        ({"n_layers": 0}, "n_layers"),
        ({"dropout": 1.0}, "dropout"),
        ({"min_period": 0.0}, "positive"),
    ],
)
def test_impossible_sizes_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Encoder(EncoderConfig(**options))
