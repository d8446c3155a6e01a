"""Official ASTROMER checkpoints, as zips and folders, whole and damaged."""

import stat
import tempfile
import zipfile

import numpy as np
import pytest

from sklearn_astromer.inference.networks import network_of
from sklearn_astromer.weights import archives
from sklearn_astromer.weights.checkpoint import write_folder
from sklearn_astromer.weights.official import OFFICIAL_WEIGHTS, read_official
from sklearn_astromer.weights.store import read_checkpoint


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """The temporary folder that readers use, to see that they leave nothing in it."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())


@pytest.fixture
def make_zip(write_official, tmp_path):
    def make(edit=None, top="macho/", compression=zipfile.ZIP_DEFLATED):
        folder = write_official(tmp_path / "unpacked")
        path = tmp_path / "made.zip"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, f"{top}{file.name}")
            if edit:
                edit(archive)
        return path

    return make


@pytest.mark.parametrize("top", ["macho/", ""])
def test_synthetic_official(
    write_official, official_parts, make_zip, scratch, tmp_path, top, assert_same
):
    conf, variables = official_parts
    found = read_checkpoint(write_official(tmp_path / "folder"))
    assert found.description == {
        **{"d_model": 4, "n_layers": 2, "n_heads": 2, "d_ff": 3, "dropout": 0.1},
        **{"window_size": 200, "pe_base": 10000.0, "pe_exponent": 2.0, "norm_eps": 1e-6},
        **{"min_period": 2 * np.pi, "residual": False, "mask_token": False, "scaled_inputs": False},
        **{"norm_first": False, "pe_pairs": False},
        **{"dense_residual": False, "activation": "tanh"},
        **{"own_periods": 0, "own_harmonics": 8, "max_frequency": 24.0},
    }
    assert found.info == {"conf": conf}

    def theirs(name):
        return variables[f"layer_with_weights-{name}/.ATTRIBUTES/VARIABLE_VALUE"]

    encoder = "encoder.layers.1"
    block = "0/enc_layers/1"
    heads = ("wq", "wk", "wv")
    expected = {
        "encoder.magnitude.weight": theirs("0/inp_transform/kernel").T,
        f"{encoder}.attention.qkv.weight": np.vstack(
            [theirs(f"{block}/mha/{name}/kernel").T for name in heads]
        ),
        f"{encoder}.attention.qkv.bias": np.hstack(
            [theirs(f"{block}/mha/{name}/bias") for name in heads]
        ),
        f"{encoder}.attention.out.weight": theirs(f"{block}/mha/dense/kernel").T,
        f"{encoder}.norm1.weight": theirs(f"{block}/layernorm1/gamma"),
        f"{encoder}.norm2.bias": theirs(f"{block}/layernorm2/beta"),
        f"{encoder}.ffn_in.weight": theirs(f"{block}/ffn/layer_with_weights-0/kernel").T,
        f"{encoder}.ffn_out.weight": theirs(f"{block}/ffn/layer_with_weights-1/kernel").T,
        f"{encoder}.ffn_out.bias": theirs(f"{block}/ffn/layer_with_weights-1/bias"),
        "decoder.norm.weight": theirs("1/bn_0/gamma"),
        "decoder.out.weight": theirs("1/reg_layer/kernel").T,
    }
    for name, tensor in expected.items():
        np.testing.assert_array_equal(found.tensors[name], tensor, strict=True)
    assert all(t.flags.writeable and t.flags.c_contiguous for t in found.tensors.values())
    assert_same(read_checkpoint(make_zip(top=top)), found)


def test_official_macho(official_zip, scratch, tmp_path, assert_same):
    found = read_checkpoint(official_zip)
    assert found.description == {
        **{"d_model": 256, "n_layers": 2, "n_heads": 4, "d_ff": 128, "dropout": 0.1},
        **{"window_size": 200, "pe_base": 10000.0, "pe_exponent": 2.0, "norm_eps": 1e-6},
        **{
            "min_period": 6.283185307179586,
            "residual": False,
            "mask_token": False,
            "scaled_inputs": False,
            "norm_first": False,
            "pe_pairs": False,
            "dense_residual": False,
            "activation": "tanh",
        },
        **{"own_periods": 0, "own_harmonics": 8, "max_frequency": 24.0},
    }
    assert sum(tensor.size for tensor in found.tensors.values()) == 661_505
    with zipfile.ZipFile(official_zip) as archive:
        archive.extractall(tmp_path)
    assert_same(read_checkpoint(tmp_path / "macho"), found)
    write_folder(tmp_path / "ours", found)
    assert_same(read_checkpoint(tmp_path / "ours"), found)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"use_leak": True}, "use_leak"),
        ({"use_leak": 0}, "use_leak"),
        ({"base": 500}, "base is 500"),
        ({"head_mlp": 3}, "unknown 'head_mlp'"),
        ({"layers": "2"}, "n_layers"),
        ({"layers": 10**12}, "n_layers"),
        ({"layers": 3}, "missing 'layer_with_weights-0/enc_layers/2"),
        ({"layers": 1}, "unknown 'layer_with_weights-0/enc_layers/1"),
        ({"heads": 3}, "a multiple of n_heads=3"),
        ({"head_dim": 2}, "expected"),
        ({"dropout": float("nan")}, "NaN"),
    ],
)
def test_conf_surprises(write_official, official_parts, tmp_path, changes, message):
    folder = write_official(tmp_path / "folder", conf={**official_parts[0], **changes})
    with pytest.raises(ValueError, match=rf"(conf\.json|weights\.index): .*{message}"):
        read_official(folder)


def test_conf_without_a_key(write_official, official_parts, tmp_path):
    conf = dict(official_parts[0])
    del conf["max_obs"]
    with pytest.raises(ValueError, match=r"conf\.json: .*missing 'max_obs'"):
        read_official(write_official(tmp_path / "folder", conf=conf))


def test_variables(write_official, official_parts, tmp_path, assert_same):
    variables = official_parts[1]
    plain = read_official(write_official(tmp_path / "folder"))
    name = "layer_with_weights-1/reg_layer/kernel/.ATTRIBUTES/VARIABLE_VALUE"
    optimizer = {
        "optimizer/iter/.ATTRIBUTES/VARIABLE_VALUE": np.array(5, np.int64),
        "save_counter/.ATTRIBUTES/VARIABLE_VALUE": np.array(1, np.int64),
        name.replace("/.A", "/.OPTIMIZER_SLOT/optimizer/m/.A"): variables[name],
    }
    assert_same(
        read_official(write_official(tmp_path / "folder", variables={**variables, **optimizer})),
        plain,
    )
    for changes, message in [
        ({"layer_with_weights-2/x/.ATTRIBUTES/VARIABLE_VALUE": variables[name]}, "unknown"),
        ({name: variables[name].astype(np.float64)}, "decoder.out.weight is float64"),
        ({name: variables[name] * np.nan}, "decoder.out.weight has NaN"),
        ({name: np.float64(1.0)}, "zero-dimensional"),
    ]:
        folder = write_official(tmp_path / "folder", variables={**variables, **changes})
        with pytest.raises(ValueError, match=rf"weights\.index: .*{message}"):
            read_official(folder)
    folder = write_official(tmp_path / "folder", variables={**variables, name: variables[name][:3]})
    with pytest.raises(ValueError, match=r"decoder.out.weight is \(1, 3\), expected \(1, 4\)"):
        network_of(read_official(folder))


def test_an_official_folder_without_its_data(write_official, tmp_path):
    folder = write_official(tmp_path / "folder")
    (folder / "weights.data-00000-of-00001").unlink()
    with pytest.raises(FileNotFoundError, match=r"weights\.data-00000-of-00001"):
        read_checkpoint(folder)


def link(archive):
    member = zipfile.ZipInfo("macho/link")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(member, "/etc/passwd")


def forge_size(archive):
    archive.writestr("macho/bomb", b"")
    archive.filelist[-1].file_size = 2**30


def another(archive):
    for name in ("conf.json", *OFFICIAL_WEIGHTS):
        archive.writestr(f"other/{name}", "{}")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda a: a.writestr("../evil", "x"), "unsafe path '../evil'"),
        (lambda a: a.writestr("macho/../../evil", "x"), "unsafe path"),
        (lambda a: a.writestr("/etc/evil", "x"), "unsafe path '/etc/evil'"),
        (lambda a: a.writestr("C:\\evil", "x"), "unsafe path"),
        (lambda a: a.writestr("C:evil", "x"), "unsafe path"),
        (lambda a: a.writestr("macho\\..\\evil", "x"), "unsafe path"),
        (lambda a: a.writestr("\\\\host\\share\\evil", "x"), "unsafe path"),
        (link, "'macho/link' in the archive is a link"),
        (forge_size, "unpacks to"),
        (lambda a: [a.writestr(str(i), "") for i in range(1000)], "more than 1000 files"),
        (another, "2 checkpoints"),
        (lambda a: a.writestr("run/data.pkl", ""), "resumed by checkpoint="),
        (lambda a: a.writestr("macho/x", "x", zipfile.ZIP_LZMA), "another special file"),
        (lambda a: setattr(a.filelist[0], "flag_bits", 1), "encrypted"),
        (lambda a: setattr(a.filelist[0], "header_offset", 2**63 + 9), "damaged"),
        (lambda a: setattr(a.filelist[0], "compress_size", 10), "damaged"),
        (lambda a: setattr(a.filelist[0], "extract_version", 99), "version 9.9"),
    ],
)
def test_unsafe_zips(make_zip, scratch, edit, message):
    path = make_zip(edit)
    with pytest.raises(ValueError, match=rf"made\.zip: .*{message}"):
        read_checkpoint(path)


def test_a_name_twice_in_a_zip(make_zip, scratch):
    def twice(archive):
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("macho/conf.json", "{}")

    with pytest.raises(ValueError, match=r"made\.zip: the name .* is twice"):
        read_checkpoint(make_zip(twice))


def test_a_member_past_the_end_of_a_zip(make_zip, scratch):
    def lengthen(archive):
        archive.filelist[-1].file_size = archive.filelist[-1].compress_size = 10**6

    with pytest.raises(ValueError, match="damaged"):
        read_checkpoint(make_zip(lengthen, compression=zipfile.ZIP_STORED))


def test_a_bomb_that_hides_its_size(make_zip, scratch, monkeypatch):
    """The size in the directory is what gets unpacked at most, whatever the stream holds."""

    def bomb(archive):
        archive.writestr("macho/conf.json", b" " * 10**6)
        archive.filelist[-1].file_size = 500

    monkeypatch.setattr(archives, "MAX_UNPACKED", 10**5)
    path = make_zip()
    with zipfile.ZipFile(path) as good, zipfile.ZipFile(path.with_name("bomb.zip"), "w", 8) as bad:
        for name in OFFICIAL_WEIGHTS:
            bad.writestr(f"macho/{name}", good.read(f"macho/{name}"))
        bomb(bad)
    with pytest.raises(ValueError, match=r"bomb\.zip: .*CRC"):
        read_checkpoint(path.with_name("bomb.zip"))


def test_a_zip_without_a_checkpoint(tmp_path, scratch):
    path = tmp_path / "empty.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "nothing")
    with pytest.raises(ValueError, match="0 checkpoints"):
        read_checkpoint(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("macho/conf.json", "{}")
    with pytest.raises(ValueError, match=r"0 checkpoints .*weights\.index"):
        read_checkpoint(path)


def test_a_file_that_is_no_zip(tmp_path, scratch):
    (tmp_path / "weights.h5").write_bytes(b"\x89HDF")
    with pytest.raises(ValueError, match=r"weights\.h5: neither a zip"):
        read_checkpoint(tmp_path / "weights.h5")
    with (tmp_path / "huge.zip").open("wb") as file:
        file.truncate(2**40)  # sparse
    with pytest.raises(ValueError, match=r"huge\.zip: an archive of 1099511627776 bytes"):
        read_checkpoint(tmp_path / "huge.zip")
    with pytest.raises(FileNotFoundError, match=r"gone\.zip"):
        read_checkpoint(tmp_path / "gone.zip")


def test_damaged_files_in_a_zip_are_named(write_official, make_zip, scratch, tmp_path):
    path = make_zip()
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("conf.json", *OFFICIAL_WEIGHTS):
            content = bytearray((tmp_path / "unpacked" / name).read_bytes())
            content[len(content) // 2] ^= name.startswith("weights.data")
            archive.writestr(f"macho/{name}", bytes(content))
    with pytest.raises(ValueError, match=r"made\.zip: weights\.data-00000-of-00001: .*checksum"):
        read_checkpoint(path)


def test_a_zip_cut_anywhere_is_refused(make_zip, scratch):
    path = make_zip()
    content = path.read_bytes()
    for length in range(0, len(content), 37):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"made\.zip: "):
            read_checkpoint(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_changed_anywhere_is_refused_or_harmless(make_zip, scratch, compression, assert_same):
    path = make_zip(compression=compression)
    good, content = read_checkpoint(path), path.read_bytes()
    for i in range(0, len(content), 11):
        bad = bytearray(content)
        bad[i] ^= 1 << i % 8
        path.write_bytes(bad)
        try:
            found = read_checkpoint(path)
        except ValueError as error:
            assert "made.zip: " in str(error)  # noqa: PT017  a changed time stamp passes
        else:
            assert_same(found, good)
