"""One rule for whatever commands and methods write: what is there already stays."""

import os
from pathlib import Path

import pandas as pd
import pytest
from embedders import make_embedder
from sklearn.frozen import FrozenEstimator

from sklearn_astromer import AstromerClassifier
from sklearn_astromer.cli import main
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.search import LightCurveIndex

pytestmark = pytest.mark.usefixtures("home")
SMALL = ["--weights", "surveys-small"]
TINY = ["--d-model", "16", "--n-heads", "2", "--d-ff", "16", "--max-epochs", "0", "--device", "cpu"]


@pytest.fixture(scope="module")
def stars():
    classes = ["RRAB", "MIRA"]
    return make_variable_stars(20, classes=classes, n_observations=(20, 40), random_state=0)


@pytest.fixture
def catalog(stars):
    stars[0].to_frame().to_parquet("catalog.parquet")
    return "catalog.parquet"


def held(path):
    files = [path] if path.is_file() else sorted(path.iterdir())
    return {file.name: file.read_bytes() for file in files}


COMMANDS = {
    "pretrain": (["pretrain", "catalog.parquet", "--out", "made", *TINY], ["--seed", "1"]),
    "embed": (["embed", "catalog.parquet", *SMALL, "--out", "made.csv"], ["--row", "max"]),
    "search --out": (["search", "rows", "--like", "0", "--out", "made.csv"], ["--top", "3"]),
    "search --save": (["search", "rows", "--save", "made"], ["--metric", "euclidean"]),
    "outliers": (["outliers", "rows", "--out", "made.csv"], ["--top", "3"]),
    "outliers --plot": (
        ["outliers", "rows", "--plot", "made.html", "--catalog", "catalog.parquet", "--top", "3"],
        ["--top", "2"],
    ),
    "embed to a folder": (
        ["embed", "catalog.parquet", *SMALL, "--out", "made"],
        ["--row", "max"],
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands(catalog, error, capsys, name):
    words, other = COMMANDS[name]
    quiet = ["--quiet"]
    if "rows" in words:
        assert main(["embed", catalog, *SMALL, "--out", "rows", *quiet]) == 0
    assert main([*words, *quiet]) == 0
    (made,) = (path for path in Path().iterdir() if path.name in ("made", "made.csv", "made.html"))
    before = held(made)
    capsys.readouterr()
    assert "--overwrite" in error(*words, *other, *quiet)
    assert held(made) == before
    assert main([*words, *other, *quiet, "--overwrite"]) == 0
    assert held(made) != before


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")
@pytest.mark.parametrize("name", COMMANDS)
def test_links_stay_links(catalog, name):
    words, _ = COMMANDS[name]
    if "rows" in words:
        assert main(["embed", catalog, *SMALL, "--out", "rows", "--quiet"]) == 0
    Path("far").mkdir()
    (link,) = (word for word in words if word.startswith("made"))
    Path(link).symlink_to(Path("far", link))
    for _ in range(2):
        assert main([*words, "--quiet", "--overwrite"]) == 0
        assert Path(link).is_symlink()
        assert held(Path("far", link))


def test_the_history_of_a_training(catalog, error):
    Path("made.history.csv").write_text("of another run")
    assert "made.history.csv is there already" in error("pretrain", catalog, "--out", "made", *TINY)
    assert not Path("made").exists()


def methods(stars):
    curves, labels = stars
    tiny = {"d_model": 16, "n_layers": 1, "n_heads": 2, "d_ff": 16}
    embedder = make_embedder(**tiny, max_epochs=0).fit(curves)
    yield embedder.save_pretrained
    classifier = AstromerClassifier(FrozenEstimator(embedder), max_epochs=1, random_state=0)
    yield classifier.fit(curves, labels).save_pretrained
    yield LightCurveIndex().fit(embedder.transform(curves)).save


def test_methods(stars, tmp_path):
    for i, write in enumerate(methods(stars)):
        path = tmp_path / str(i)
        write(path)
        before = held(path)
        with pytest.raises(FileExistsError, match="overwrite=True"):
            write(path)
        assert held(path) == before
        write(path, overwrite=True)
        assert held(path).keys() == before.keys()


@pytest.mark.parametrize("words", [["--overwrite"], []])
@pytest.mark.parametrize("name", ["pretrain", "search --save", "embed to a folder"])
def test_what_somebody_put_into_a_folder_stays(catalog, error, name, words):
    command = [*COMMANDS[name][0], "--quiet"]
    if "rows" in command:
        assert main(["embed", catalog, *SMALL, "--out", "rows", "--quiet"]) == 0
    assert main(command) == 0
    Path("made/notes.txt").write_text("years of work")
    if name == "embed to a folder":  # whose own files alone are ever replaced
        assert main([*command, "--row", "max", "--overwrite"]) == 0
    else:
        assert "notes.txt" in error(*command, *words)
    assert Path("made/notes.txt").read_text() == "years of work"
    assert len(pd.read_csv("made.history.csv")) == 0 if name == "pretrain" else True
