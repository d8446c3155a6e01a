"""Paths of one command that meet are refused before any work."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer.cli import main

pytestmark = pytest.mark.usefixtures("home")

PRETRAIN = ["pretrain", "c.csv", "--out", "mine"]
CLASSIFY = ["classify", "c.csv", "--labels", "l.csv"]
PREDICT = [*CLASSIFY, "--predict", "new.csv"]


@pytest.fixture
def files():
    """Files of a catalog, which no command reads in these tests."""
    for name in ("c.csv", "l.csv", "new.csv", "m.skops", "rows/part-00000.parquet", "cat/a.csv"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("content")
    for name in ("cat/deep", "w"):
        os.mkdir(name)
    if os.name == "posix":
        os.symlink("c.csv", "link.csv")
        os.symlink("../l.csv", "cat/l.csv")
        os.symlink("cat", "linked")


links = pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")
MEET = {
    "two outputs": [*PREDICT, "--save", "x.csv", "--out", "x.csv"],
    "one by another name": [*PREDICT, "--save", "./x.csv", "--out", "w/../x.csv"],
    "a picture and a table": ["periods", "c.csv", "--out", "p.csv", "--plot", "p.csv"],
    "a file in the index": ["search", "rows", "--like", "1", "--save", "ix", "--out", "ix/a.csv"],
    "an index and a file": ["search", "rows", "--like", "1", "--save", "ix.csv", "--out", "ix.csv"],
    "index in its rows": ["search", "rows", "--save", "rows/index"],
    "rows": ["outliers", "rows/part-00000.parquet", "--out", "rows/part-00000.parquet"],
    "among rows": ["outliers", "rows", "--out", "rows/odd.csv"],
    "labels": [*PREDICT, "--out", "l.csv"],
    "a catalog to predict": [*PREDICT, "--out", "new.csv"],
    "a classifier": ["classify", "--model", "m.skops", "--predict", "c.csv", "--out", "m.csv"],
    "weights": [*CLASSIFY, "--weights", "w", "--save", "w/c.skops"],
    "history": [*PRETRAIN, "--labels", "mine.history.csv"],
    "history and checkpoint": [*PRETRAIN, "--checkpoint", "mine.history.csv"],
    "checkpoint": [*PRETRAIN, "--checkpoint", "mine/run.pt"],
    "log": [*PRETRAIN, "--log-dir", "mine/log"],
    "log for the folder": [*PRETRAIN, "--log-dir", "mine"],
    "weights within weights": ["pretrain", "c.csv", "--from", "w", "--out", "w/more"],
    "checkpoint in the catalog": ["pretrain", "cat", "--out", "mine", "--checkpoint", "cat/run.pt"],
    "log in the catalog": ["pretrain", "cat", "--out", "mine", "--log-dir", "cat/log"],
    "folder in the catalog": ["pretrain", "cat", "--out", "cat/mine"],
    "checkpoint by a glob": ["pretrain", "cat/*", "--out", "mine", "--checkpoint", "cat/run.pt"],
    "history by a glob": ["pretrain", "cat/*", "--out", "cat/mine"],
    "rows by a glob": ["embed", "cat/**/*.parquet", "--out", "cat/deep/emb"],
    "cache": ["embed", "cat", "--out", "e.csv", "--cache-dir", "cat"],
    "a folder around the catalog": ["embed", "cat/a.csv", "--out", "cat"],
    "the picture": ["inspect", "c.csv", "--plot", "c.csv"],
}
LINKED = {
    "a link": [*PREDICT, "--save", "c2.csv", "--out", "link.csv"],
    "a link in the catalog": ["embed", "cat", "--out", "l.csv"],
    "through a linked folder": ["pretrain", "cat", "--out", "m", "--checkpoint", "linked/run.pt"],
    "a glob through a link": ["embed", "linked/*.csv", "--out", "cat/e.csv"],
}


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
@pytest.mark.parametrize("name", [*MEET, *(pytest.param(name, marks=links) for name in LINKED)])
def test_paths_that_meet(files, error, monkeypatch, name, overwrite):
    words = (MEET | LINKED)[name]
    if name == "a classifier":
        shutil.copy("m.skops", "m.csv")
        words = [word.replace("m.skops", "m.csv") for word in words]
    monkeypatch.setattr("sklearn_astromer.cli.command.import_module", None)  # no work begins
    line = error(*words, *overwrite)
    assert "would be part of" in line or "is in --" in line
    assert "choose another --" in line


FINE = [
    [*PREDICT, "--save", "x.skops", "--out", "x.csv"],
    ["embed", "cat/*.csv", "--out", "cat/emb.parquet"],
    ["embed", "cat/*.csv", "--out", "cat/deep/emb.csv"],
    ["embed", "-", "--out", "e.csv"],
    ["embed", "c.csv", "--out", "e.csv", "--cache-dir", "."],
    [*PRETRAIN, "--log-dir", ".", "--checkpoint", "run.pt"],
    ["pretrain", "c.csv", "--log-dir", "runs", "--checkpoint", "runs/a.pt", "--out", "runs/a"],
    ["pretrain", "c.csv", "--from", "w", "--out", "w", "--overwrite"],
    ["pretrain", "c.csv", "--from", "macho", "--out", "macho", "--overwrite"],
    ["inspect", "c.csv"],
]


@pytest.mark.parametrize("words", FINE, ids=" ".join)
def test_others_are_fine(files, monkeypatch, words):
    began = []
    module = type("module", (), {words[0]: began.append})
    monkeypatch.setattr("sklearn_astromer.cli.command.import_module", lambda name: module)
    assert main(words) == 0
    assert began


def test_a_table_stays_if_its_picture_fails(home, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    frame = pd.DataFrame({"id": [1] * 30, "time": range(30), "mag": [15.0, 16.0, 17.0] * 10})
    frame.to_csv("c.csv", index=False)

    def fail(*words, **options):
        raise ValueError("no picture")

    monkeypatch.setattr("sklearn_astromer.cli.periods.panels", fail)
    words = ["periods", "c.csv", "--out", "p.csv", "--plot", "p.png"]
    assert main(words) == 1
    assert len(pd.read_csv("p.csv")) == 1
    assert not Path("p.png").exists()
    err = capsys.readouterr().err.splitlines()
    assert [line for line in err if "p.csv: 1 periods" in line or "no picture" in line] == err[-2:]


def test_a_classifier_stays_if_what_it_is_to_classify_cannot_be_read(files, monkeypatch, capsys):
    skops = SimpleNamespace(dump=lambda model, path: path.write_text(model))
    monkeypatch.setattr("sklearn_astromer.cli.classify._skops", lambda: skops)
    monkeypatch.setattr("sklearn_astromer.cli.classify._trained", lambda args: "trained")

    def fail(model, args):
        raise ValueError("cannot be read")

    monkeypatch.setattr("sklearn_astromer.cli.classify._predicted", fail)
    assert main([*PREDICT, "--out", "classes.csv", "--save", "made.skops"]) == 1
    assert Path("made.skops").read_text() == "trained"
    assert not Path("classes.csv").exists()
    assert "made.skops: a classifier" in capsys.readouterr().err


def test_outliers_stay_if_their_page_fails(home, monkeypatch, capsys):
    rows = np.random.default_rng(0).normal(size=(30, 4))
    table = pd.DataFrame(rows, columns=[f"feature_{i}" for i in range(4)])
    table.insert(0, "object_id", range(30))
    table.to_csv("rows.csv", index=False)
    Path("c.csv").write_text("content")

    def fail(top, args):
        raise ValueError("no page")

    monkeypatch.setattr("sklearn_astromer.cli.outliers._stars_of", fail)
    words = ["outliers", "rows.csv", "--catalog", "c.csv", "--plot", "p.html", "--top", "3"]
    assert main([*words, "--out", "odd.csv"]) == 1
    assert len(pd.read_csv("odd.csv")) == 3
    assert not Path("p.html").exists()
    assert len(capsys.readouterr().out.splitlines()) == 4
