"""`sklearn-astromer weights`: the catalog, one's own, and what is damaged."""

import os
from pathlib import Path

import pytest
from embedders import make_embedder
from served_weights import serving

from sklearn_astromer.cli import main
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.weights import WEIGHTS

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def curves():
    return make_variable_stars(4, n_observations=(20, 60), random_state=0)[0]


def run(*words):
    return main(list(words))


def facts(capsys, name):
    assert run("weights", "info", name) == 0
    return dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())


def test_list_and_info(capsys):
    assert run("weights", "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "good", "for", "where", "licence"]
    for line, (name, entry) in zip(lines[1:], WEIGHTS.items(), strict=True):
        assert line.startswith(f"{name} ")
        assert f" {entry.good_for} " in line
    assert lines[1].endswith("part of the package  MIT")
    assert any(line.startswith("macho-v2 ") and "not downloaded" in line for line in lines)
    assert any(line.startswith("ogle ") and "published nowhere" in line for line in lines)

    bundled = facts(capsys, "surveys-small")
    assert bundled["d_model"] == "128"
    assert bundled["size"].endswith(" MB")
    assert len(bundled["sha256"]) == 64
    assert "Donoso-Oliva" in bundled["cite"]
    absent = facts(capsys, "macho-v2")
    assert absent["where"] == "not downloaded"
    assert absent["url"].startswith("https://")
    assert "d_model" not in absent
    assert facts(capsys, "ogle")["where"] == "published nowhere"


def test_the_docs_have_the_table_of_the_registry():
    text = (ROOT / "docs" / "guide" / "weights.md").read_text(encoding="utf-8")
    for name, entry in WEIGHTS.items():
        if entry.unavailable is None:
            assert f"| `{name}` | {entry.good_for} |" in text


def test_of_ones_own(capsys, curves, error):
    make_embedder(d_model=16, n_heads=2, d_ff=16, max_epochs=0).fit(curves).save_pretrained("m")
    mine = facts(capsys, "m")
    assert mine["where"] == f"{Path('m').resolve()} (your own)"
    assert mine["d_ff"] == "16"
    assert run("weights", "verify", "m") == 0
    assert capsys.readouterr().out == f"m: intact, your own, {Path('m').resolve()}\n"
    Path("m/weights.safetensors").write_bytes(b"not weights")
    for command in ("info", "verify"):
        assert "weights.safetensors: damaged" in error("weights", command, "m")
        assert "no weights called 'nope'" in error("weights", command, "nope")
        os.makedirs("empty", exist_ok=True)
        assert "no checkpoint in" in error("weights", command, "empty")


def test_fetch_and_verify(capsys, error):
    assert run("weights", "fetch", "surveys-small") == 0
    assert capsys.readouterr().out.strip().endswith("bundled/surveys-small")
    assert run("weights", "verify", "surveys-small") == 0
    assert "intact" in capsys.readouterr().out
    assert "sklearn-astromer weights fetch macho-v2" in error("weights", "verify", "macho-v2")
    for command in ("fetch", "verify"):
        assert "publish them nowhere" in error("weights", command, "ogle")


def test_fetch_and_verify_a_download(capsys, error):
    with serving() as served:
        path = served.folder / "files"
        assert facts(capsys, "tiny")["where"] == "not downloaded"
        assert "sklearn-astromer weights fetch tiny" in error("weights", "verify", "tiny")
        assert not served.requests
        assert run("weights", "fetch", "tiny", "--quiet") == 0
        assert run("weights", "verify", "tiny") == 0
        assert capsys.readouterr().out == f"{path}\ntiny: intact, downloaded, {path}\n"
        found = facts(capsys, "tiny")
        assert found["where"] == f"{path} (downloaded)"
        assert (found["url"], found["sha256"]) == (served.address, served.sha256)
        assert found["window_size"] == "12"
        assert "tiny" in in_list(capsys, "downloaded")

        (path / "weights.index").write_bytes(b"")
        for command in ("verify", "info", "fetch"):
            line = error("weights", command, "tiny")
            assert f"the weights 'tiny' ({served.address}) are not used: they have changed" in line
            assert "wrong sha256 of weights.index" in line
            assert f"delete the folder {served.folder} to download them again" in line
        assert in_list(capsys, "damaged: sklearn-astromer weights verify tiny") == ["tiny"]
        assert len(served.requests) == 1


def in_list(capsys, state):
    """Names that are listed so."""
    assert run("weights", "list") == 0
    return [
        line.split()[0] for line in capsys.readouterr().out.splitlines() if f"  {state}  " in line
    ]


def test_fetch_without_a_network_says_what_to_do(error, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody answers there
    line = error("weights", "fetch", "macho-v2", "--quiet")
    assert "'macho-v2' (https://zenodo.org/" in line
    assert "`sklearn-astromer weights fetch macho-v2` elsewhere and copy its folder" in line
