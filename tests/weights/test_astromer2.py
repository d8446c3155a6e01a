"""ASTROMER 2: its checkpoints through the door of ASTROMER 1, and its graph to the last layer."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from embedders import make_embedder
from packing import zipped

from sklearn_astromer import AstromerEmbedder, LightCurves, weights
from sklearn_astromer._protobuf import crc32c
from sklearn_astromer.config import EncoderConfig
from sklearn_astromer.inference.networks import make_network
from sklearn_astromer.weights.checkpoint import read_folder, write_folder
from sklearn_astromer.weights.store import read_checkpoint
from sklearn_astromer.weights.tf_checkpoint import read_tensor_bundle

TINY = Path(__file__).parents[1] / "data" / "astromer2"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
CONFIG = {
    **{"arch": "base", "num_layers": 2, "num_heads": 2, "head_dim": 4, "mixer": 6, "pe_dim": 8},
    **{"pe_base": 10000, "pe_exp": 2, "window_size": 20, "dropout": 0.0, "m_alpha": -1e9},
    **{"mask_format": "K", "use_leak": True, "no_msk_token": False, "lr": 1e-5, "gpu": "0"},
}
RELEASED = {**CONFIG, "num_layers": 6, "num_heads": 4, "head_dim": 64, "mixer": 512, "pe_dim": 256}


def official(variables, config, time, mag, mask_in, first=0):
    """The official layers in NumPy, float64: attention vectors and reconstruction of one window."""

    def value(name):
        return variables[name + VALUE].astype(float)

    def dense(x, name):
        return x @ value(f"{name}/kernel") + value(f"{name}/bias")

    def norm(x, name):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
        return x * value(f"{name}/gamma") + value(f"{name}/beta")

    encoder, decoder = f"layer_with_weights-{first}", f"layer_with_weights-{first + 1}"
    d = config["pe_dim"]
    if first:
        mag = mag * (1 - mask_in) + mask_in * value("layer_with_weights-0/msk_token")[0, 0]
    channel = np.arange(d)
    angle = time[:, None] / 10000.0 ** (2 * channel / d)
    x = dense(mag[:, None], f"{encoder}/inp_transform")
    x = x + np.where(channel % 2 == 0, np.sin(angle), np.cos(angle))
    for i in range(config["num_layers"]):
        block = f"{encoder}/enc_layers/{i}"
        query, key, val = (dense(x, f"{block}/mha/{w}") for w in ("wq", "wk", "wv"))
        heads = []
        for h in range(config["num_heads"]):
            part = slice(h * config["head_dim"], (h + 1) * config["head_dim"])
            logits = query[:, part] @ key[:, part].T / np.sqrt(config["head_dim"])
            logits = logits + config["m_alpha"] * mask_in[None, :]
            weight = np.exp(logits - logits.max(-1, keepdims=True))
            heads.append(weight / weight.sum(-1, keepdims=True) @ val[:, part])
        attended = dense(np.concatenate(heads, axis=-1), f"{block}/mha/dense")
        if config["use_leak"]:
            attended = attended + dense(x, f"{block}/reshape_leak_1")
        attended = norm(attended, f"{block}/layernorm1")
        fed = np.tanh(dense(attended, f"{block}/ffn/layer_with_weights-0"))
        fed = dense(fed, f"{block}/ffn/layer_with_weights-1")
        if config["use_leak"]:
            fed = fed + dense(attended, f"{block}/reshape_leak_2")
        x = norm(fed, f"{block}/layernorm2")
    return x, dense(norm(x, f"{decoder}/bn_0"), f"{decoder}/reg_layer")[:, 0]


def make_variables(config, first=0, seed=0):
    d, hidden = config["pe_dim"], config["mixer"]
    layers = {f"{first}/inp_transform": (1, d), f"{first + 1}/bn_0": None}
    layers[f"{first + 1}/reg_layer"] = (d, 1)
    for i in range(config["num_layers"]):
        block = f"{first}/enc_layers/{i}"
        layers |= {f"{block}/mha/{name}": (d, d) for name in ("wq", "wk", "wv", "dense")}
        layers |= {f"{block}/layernorm{n}": None for n in (1, 2)}
        layers |= {f"{block}/reshape_leak_{n}": (d, d) for n in (1, 2) if config["use_leak"]}
        layers[f"{block}/ffn/layer_with_weights-0"] = (d, hidden)
        layers[f"{block}/ffn/layer_with_weights-1"] = (hidden, d)
    rng = np.random.default_rng(seed)
    variables = {}
    for layer, shape in layers.items():
        scale = 1.0 if shape is None else shape[0] ** -0.5
        for kind, size in zip(
            ("gamma", "beta") if shape is None else ("kernel", "bias"),
            ((d,), (d,)) if shape is None else (shape, shape[-1:]),
            strict=True,
        ):
            drawn = scale * rng.normal(size=size)
            variables[f"layer_with_weights-{layer}/{kind}{VALUE}"] = drawn.astype(np.float32)
    if first:
        variables[f"layer_with_weights-0/msk_token{VALUE}"] = np.array([[0.7]], np.float32)
    return variables


@pytest.fixture
def write(bundle_class, tmp_path):
    """Write config.toml and TensorFlow files."""

    class Quick(bundle_class):
        crc = staticmethod(
            lambda data: (((c := crc32c(data)) >> 15 | c << 17) + 0xA282EAD8) % 2**32
        )

    def write(config, variables, name="pt_macho"):
        folder = tmp_path / name
        folder.mkdir()
        text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in config.items())
        (folder / "config.toml").write_text(text)
        Quick(variables).write(folder / "weights")
        return folder

    return write


def windows(n_windows, length, seed=3):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 1500, (n_windows, length)), axis=1)
    mag = rng.normal(0, 0.4, (n_windows, length))
    return time - time.mean(1, keepdims=True), mag - mag.mean(1, keepdims=True)


@pytest.mark.filterwarnings("ignore:.*was trained on windows of")
def test_what_the_official_layers_give():
    """A checkpoint that TensorFlow wrote, against what the official layers made of it there."""
    expected = np.load(TINY / "expected.npz")
    network = make_network(TINY, EncoderConfig(), dropout=0.0)[0].eval()
    assert network.encoder.config == EncoderConfig(
        **{"d_model": 8, "n_layers": 3, "n_heads": 2, "d_ff": 6, "dropout": 0.0},
        **{"residual": True, "dense_residual": True, "mask_token": True},
    )
    time, mag, mask, hidden = (
        torch.from_numpy(expected[name]) for name in ("time", "mag", "mask", "hidden")
    )
    none, seen = torch.zeros_like(hidden), mask & ~hidden
    with torch.no_grad():
        found = {
            "vectors": network.encoder(time, mag, mask, none),
            "reconstructed": network(time, mag, mask, none),
            "vectors_hidden": network.encoder(time, mag, mask, hidden),
            "reconstructed_hidden": network(time, mag, mask, hidden),
        }
    for name, values in found.items():
        # the official layers show the mask token in the padding as well, which nobody looks at
        np.testing.assert_allclose(values[mask], expected[name][mask], atol=1e-4, err_msg=name)
    changed = np.abs(expected["vectors"] - expected["vectors_hidden"])
    assert changed[hidden].max() > 0.1
    assert changed[seen.numpy()].max() > 0.1
    # and the layers in NumPy, which the other tests go by, are those
    variables, config = read_tensor_bundle(TINY / "weights"), read_checkpoint(TINY).info["conf"]
    for i in range(len(mag)):
        mask_in = 1.0 - seen[i].numpy()
        vectors, magnitudes = official(
            variables, config, time[i].numpy(), mag[i].numpy(), mask_in, first=1
        )
        np.testing.assert_allclose(vectors, expected["vectors_hidden"][i], atol=1e-4)
        np.testing.assert_allclose(magnitudes, expected["reconstructed_hidden"][i], atol=1e-4)


def test_the_released_size(write):
    """6 layers of 4 × 64 channels and 512 in between, windows of 200: what `macho-v2` has."""
    variables = make_variables(RELEASED)
    path = write({**RELEASED, "window_size": 200}, variables)
    time, mag = windows(2, 200)
    curves = LightCurves.from_arrays(list(np.stack([time + 50000, mag + 15], axis=-1)))
    embedder = AstromerEmbedder(path, max_epochs=0, row=None).fit(curves)
    assert sum(p.numel() for p in embedder.module_.parameters()) == 3_953_409
    found, magnitudes = embedder.transform(curves), embedder.reconstruct(curves)
    for i in range(2):
        vectors, expected = official(variables, RELEASED, time[i], mag[i], np.zeros(200))
        np.testing.assert_allclose(found[i], vectors, atol=1e-4)
        np.testing.assert_allclose(magnitudes[i] - 15, expected, atol=1e-4)
    content = {file.name: file.read_bytes() for file in path.iterdir()}
    archive = path.with_suffix(".zip")
    archive.write_bytes(zipped(content | {"__MACOSX/._config.toml": b"not ours"}, "astromer_v2/"))
    again = AstromerEmbedder(archive, max_epochs=0, row=None).fit(curves)
    np.testing.assert_array_equal(again.transform(curves), found)


@pytest.mark.filterwarnings("ignore:.*was trained on windows of")
@pytest.mark.parametrize("use_leak", [False, True])
def test_hidden_observations_without_a_mask_token(write, use_leak):
    """Keras may leave the token out of the checkpoint: then a hidden magnitude is zero."""
    config = {**CONFIG, "use_leak": use_leak}
    variables = make_variables(config)
    embedder = AstromerEmbedder(write(config, variables), max_epochs=0)
    time, mag = windows(1, 20)
    curves = LightCurves.from_arrays([np.c_[time[0], mag[0]]])
    hidden = np.arange(20) % 3 == 1
    found = embedder.fit(curves).reconstruct(curves, [hidden])[0]
    centre = mag[0][~hidden].mean()  # of what is visible, on which a window is centred
    shown = (mag[0] - centre) * ~hidden
    _, expected = official(variables, config, time[0], shown, hidden.astype(float))
    np.testing.assert_allclose(found, expected + centre, atol=1e-5)


@pytest.mark.filterwarnings("ignore:.*was trained on windows of")
def test_both_generations_through_one_door(write, write_official, official_parts, tmp_path):
    conf, variables = official_parts
    config = {
        **{"num_layers": conf["layers"], "num_heads": conf["heads"], "head_dim": 2, "pe_dim": 4},
        **{"m_alpha": 0, "use_leak": False},
    }
    both = {
        write_official(tmp_path / "one"): (variables, config),
        write(CONFIG, make_variables(CONFIG)): (make_variables(CONFIG), CONFIG),
    }
    time, mag = windows(1, 15)
    curves = LightCurves.from_arrays([np.c_[time[0], mag[0]]])
    for path, (variables, config) in both.items():
        expected, _ = official(variables, config, time[0], mag[0], np.zeros(15))
        found = AstromerEmbedder(path, max_epochs=0, row="mean").fit_transform(curves)
        np.testing.assert_allclose(found[0], expected.mean(0), atol=1e-5)


def test_it_trains_and_is_kept_as_our_own(tmp_path, assert_same):
    found = read_checkpoint(TINY)
    write_folder(tmp_path / "ours", found)
    assert_same(read_folder(tmp_path / "ours"), found)
    assert found.window_size == 12
    rng = np.random.default_rng(0)
    curves = LightCurves.from_arrays(
        [np.c_[np.sort(rng.uniform(0, 99, 12)), rng.normal(15, 0.3, 12)] for _ in range(12)]
    )
    embedder = AstromerEmbedder(TINY, max_epochs=1, window_size=12, random_state=0).fit(curves)
    embedder.save_pretrained(tmp_path / "tuned")
    tuned = AstromerEmbedder(tmp_path / "tuned", max_epochs=0, window_size=12).fit(curves)
    np.testing.assert_array_equal(tuned.transform(curves), embedder.transform(curves))
    after = dict(tuned.module_.named_parameters())
    for name, before in found.tensors.items():
        moved = not np.array_equal(after[name].detach().numpy(), before)
        assert moved or name.endswith("qkv.bias"), name


def test_one_from_scratch():
    embedder = make_embedder(
        d_model=8, n_heads=2, d_ff=6, residual=True, dense_residual=True, max_epochs=0
    )
    block = embedder.fit([np.random.default_rng(0).normal(size=(9, 2))]).module_.encoder.layers[0]
    assert block.residual1.weight.shape == block.residual2.weight.shape == (8, 8)
    for options, message in [
        ({"dense_residual": True}, "dense_residual=True needs residual=True"),
        ({"residual": True, "norm_first": True, "dense_residual": True}, "exclude each other"),
    ]:
        with pytest.raises(ValueError, match=message):
            EncoderConfig(**options)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arch": "zero"}, "arch is 'zero', ASTROMER 1"),
        ({"arch": "skip"}, "arch is 'skip', expected 'base'"),
        ({"mask_format": "QK"}, "mask_format is 'QK', expected 'K'"),
        ({"mask_format": None}, "missing keys 'mask_format'"),
        ({"m_alpha": 1}, "m_alpha is 1, expected -1e9"),
        ({"m_alpha": "-1e9"}, "m_alpha is '-1e9'"),
        ({"temperature": 2.0}, r"temperature is 2\.0"),
        ({"pe_base": 500}, "pe_base is 500, expected 1000 or 10000"),
        ({"pe_exp": 1}, "pe_exp is 1"),
        ({"norm": "minmax"}, "norm is 'minmax'"),
        ({"no_msk_token": 3}, "no_msk_token is 3"),
        ({"pe_dim": 16}, "pe_dim is 16, expected num_heads"),
        ({"head_dim": "4"}, "pe_dim is 8, expected num_heads"),
        ({"use_leak": 1}, "residual is 1"),
        ({"num_layers": None}, "missing keys 'num_layers'"),
        ({"num_layers": 3}, "missing 'layer_with_weights-0/enc_layers/2"),
        ({"num_layers": 1}, "unknown 'layer_with_weights-0/enc_layers/1"),
        ({"use_leak": False}, "unknown 'layer_with_weights-0/enc_layers/0/reshape_leak_1"),
        ({"mixer": 7}, r"ffn_in.weight is \(6, 8\), expected \(7, 8\)"),
        ({"dropout": 1.5}, "dropout is 1.5"),
        ({"dropout": {"rate": 0.1}}, "not valid TOML"),
    ],
)
def test_surprises_are_refused(write, changes, message):
    config = {key: value for key, value in {**CONFIG, **changes}.items() if value is not None}
    with pytest.raises(ValueError, match=rf"(config\.toml|weights\.index): .*{message}"):
        read_checkpoint(write(config, make_variables(CONFIG)))


def test_surprising_variables_are_refused(write):
    variables = make_variables(CONFIG, first=1)
    for name, config, token, message in [
        ("asked", {**CONFIG, "no_msk_token": True}, [[0.7]], "unknown 'layer_with_weights-0/msk"),
        ("shape", CONFIG, [0.7, 0.1], r"msk_token.* is \(2,\), expected \(1, 1\)"),
        ("nan", CONFIG, [[np.nan]], "encoder.mask_token has NaN"),
    ]:
        variables[f"layer_with_weights-0/msk_token{VALUE}"] = np.array(token, np.float32)
        with pytest.raises(ValueError, match=rf"weights\.index: .*{message}"):
            read_checkpoint(write(config, variables, name))


def test_the_registry_says_where_it_is():
    entry = weights.WEIGHTS["macho-v2"]
    assert (entry.licence, entry.bundled, entry.unavailable) == ("MIT", False, None)
    assert entry.url == "https://zenodo.org/records/18207945/files/pt_macho_v2_2025.zip"
    assert "10.5281/zenodo.18207945" in entry.citation
