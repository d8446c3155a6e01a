"""ONNX models against `transform`, in ONNX Runtime."""

import os
import sys

import numpy as np
import pytest
from embedders import make_embedder
from sklearn.exceptions import NotFittedError

from sklearn_astromer import AstromerEmbedder, LightCurves, MultiBandEmbedder
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.export import to_onnx

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

SMALL = {"d_model": 16, "n_heads": 2, "d_ff": 12, "max_epochs": 0, "random_state": 0}


def simulated(lengths):
    curves, _ = make_variable_stars(len(lengths), n_observations=(200, 201), random_state=1)
    return LightCurves.from_arrays([curves[i][:n] for i, n in enumerate(lengths)])


def inputs_of(curves, filler=np.nan):
    """Windows side by side, dates as they are; anything in the padding."""
    mask = np.arange(curves.lengths.max()) < curves.lengths[:, None]
    time, mag = np.full(mask.shape, filler), np.full(mask.shape, filler)
    time[mask], mag[mask] = curves.time, curves.mag
    return {"time": time, "mag": mag, "mask": mask}


def run(path, inputs):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)[0]


@pytest.fixture(scope="module")
def every_length():
    return simulated([1, 2, 3, *range(7, 200, 12), 200])


def surveys_small(row):
    return AstromerEmbedder("surveys-small", max_epochs=0, row=row)


def second_generation(row):
    return make_embedder(
        **SMALL, n_layers=2, residual=True, dense_residual=True, mask_token=True, row=row
    )


def norm_first(row):
    return make_embedder(
        **SMALL,
        **{
            "n_layers": 1,
            "residual": True,
            "norm_first": True,
            "pe_pairs": True,
            "activation": "gelu",
        },
        row=row,
    )


@pytest.mark.parametrize(
    ("make", "row"),
    [
        (surveys_small, ("std", "brightness", "mean")),
        (second_generation, "layers"),
        (norm_first, "max"),
    ],
)
def test_it_gives_what_transform_gives(tmp_path, every_length, make, row):
    embedder = make(row).fit(every_length)
    to_onnx(embedder, tmp_path / "made.onnx")
    model = onnx.load(tmp_path / "made.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert {o.domain for o in model.opset_import} == {""}  # nothing that only torch knows
    found = run(tmp_path / "made.onnx", inputs_of(every_length))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, embedder.transform(every_length), rtol=0, atol=1e-4)
    # another batch, another length, and nothing of the padding
    one = every_length[[3]]
    np.testing.assert_allclose(
        run(tmp_path / "made.onnx", inputs_of(one)), embedder.transform(one), rtol=0, atol=1e-4
    )
    few = every_length[:2]
    np.testing.assert_array_equal(
        run(tmp_path / "made.onnx", inputs_of(few, 1e30)),
        run(tmp_path / "made.onnx", inputs_of(few, np.nan)),
    )
    described = {p.key: p.value for p in model.metadata_props}
    assert described["name"] == "made"
    assert described["row"] == (row if isinstance(row, str) else ",".join(row))
    assert described["window_size"] == "200"
    assert described["feature_names"].split(",") == list(embedder.get_feature_names_out())
    assert described["sklearn_astromer"]
    if make is surveys_small:
        assert (described["pretrained"], described["licence"]) == ("surveys-small", "MIT")
    else:
        assert (described["pretrained"], described["licence"]) == ("", "not stated")
    assert os.fspath(tmp_path.parent).encode() not in (tmp_path / "made.onnx").read_bytes()
    assert b"site-packages" not in (tmp_path / "made.onnx").read_bytes()


@pytest.mark.reliability
def test_real_curves(shared, tmp_path):
    curves = LightCurves.read(shared / "data" / "asas.parquet")
    curves = curves[curves.lengths <= 200][:60]
    embedder = AstromerEmbedder(shared / "weights" / "macho_a0.zip", max_epochs=0).fit(curves)
    to_onnx(embedder, tmp_path / "macho.onnx", licence="MIT")
    found = run(tmp_path / "macho.onnx", inputs_of(curves))
    np.testing.assert_allclose(found, embedder.transform(curves), rtol=0, atol=1e-4)
    # the largest over a window averages no rounding away: it is as good as float32 in its size
    embedder.set_params(row="max")
    to_onnx(embedder, tmp_path / "max.onnx")
    found, expected = run(tmp_path / "max.onnx", inputs_of(curves)), embedder.transform(curves)
    assert np.all(np.abs(found - expected) <= 2e-4 * np.maximum(1, np.abs(expected).max(0)))


def test_windows_combine_as_documented(tmp_path):
    """Curves of several windows, by the formulae of the docstring."""
    curves, _ = make_variable_stars(3, n_observations=(450, 460), random_state=1)
    embedder = make_embedder(**SMALL, n_layers=1, row=("mean", "std")).fit(curves)
    before = {name: p.clone() for name, p in embedder.module_.named_parameters()}
    path = tmp_path / "made.onnx"
    path.write_text("earlier")
    to_onnx(embedder, path, overwrite=True)
    assert path.stat().st_mode & 0o444 == 0o444
    assert all((p == before[name]).all() for name, p in embedder.module_.named_parameters())
    for i, expected in enumerate(embedder.transform(curves)):
        parts = np.array_split(curves[i][:, :2], 3)
        rows = run(path, inputs_of(LightCurves.from_arrays(parts)))
        weight = np.array([len(part) for part in parts])
        mean = np.average(rows[:, :16], axis=0, weights=weight)
        spread = rows[:, 16:] ** 2 + (rows[:, :16] - mean) ** 2
        std = np.sqrt(np.average(spread, axis=0, weights=weight))
        np.testing.assert_allclose(np.r_[mean, std], expected, rtol=0, atol=1e-4)


def test_what_cannot_be_exported(tmp_path, every_length, monkeypatch):
    path = tmp_path / "made.onnx"
    with pytest.raises(TypeError, match="AstromerEmbedder can be exported, got MultiBand"):
        to_onnx(MultiBandEmbedder(), path)
    with pytest.raises(NotFittedError):
        to_onnx(make_embedder(**SMALL), path)
    with pytest.raises(ValueError, match="row=None gives"):
        to_onnx(make_embedder(**SMALL, row=None).fit(every_length), path)
    with pytest.raises(ValueError, match=r"set_params\(row=\('mean', 'brightness'\)\)"):
        to_onnx(AstromerEmbedder().fit(every_length), path)
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ImportError, match=r"sklearn_astromer\[onnx\]"):
        to_onnx(make_embedder(**SMALL).fit(every_length), path)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_earlier_file(tmp_path, every_length, monkeypatch):
    path = tmp_path / "made.onnx"
    path.write_text("earlier")

    def full_disk(*args):
        raise OSError(28, "No space left on device")

    embedder = make_embedder(**SMALL, n_layers=1).fit(every_length)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        to_onnx(embedder, path)
    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        to_onnx(embedder, path, overwrite=True)
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]
