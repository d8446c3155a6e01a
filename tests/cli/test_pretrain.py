"""The command ``pretrain``."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from embedders import make_embedder
from running import process, read_until, run

from sklearn_astromer.config import ROW
from sklearn_astromer.weights.store import read_checkpoint

pytestmark = pytest.mark.usefixtures("home")  # no test sees the cache of a user
SMALL = ["--d-model", "16", "--n-heads", "2", "--d-ff", "16", "--n-layers", "1", "--quiet"]


def test_pretrain_and_embed_by_what_it_wrote(catalog, curves, capsys):
    options = [*SMALL, "--max-epochs", 2, "--lr", 0.01, "--batch-size", 8, "--window-size", 30]
    flags = ["--residual", "--mask-token", "--seed", 3]
    assert run("pretrain", catalog, "--out", "to/mine", *options, *flags) == 0
    assert capsys.readouterr() == ("", "")
    history = pd.read_csv("to/mine.history.csv")
    embedder = make_embedder(
        d_model=16,
        n_heads=2,
        d_ff=16,
        n_layers=1,
        max_epochs=2,
        lr=0.01,
        batch_size=8,
        window_size=30,
        residual=True,
        mask_token=True,
        random_state=3,
        row=ROW,
    ).fit(curves)
    pd.testing.assert_frame_equal(
        history.drop(columns="seconds"), embedder.history_.drop(columns="seconds"), atol=1e-6
    )
    options = ["--weights", "to/mine", "--quiet"]  # whose windows they are
    assert run("embed", catalog, "--out", "emb.parquet", *options) == 0
    rows = pd.read_parquet("emb.parquet").iloc[:, 1:]
    np.testing.assert_allclose(rows, embedder.transform(curves), atol=1e-5)
    # and again, onto the same folder, from there
    again = ["--from", "to/mine", "--max-epochs", 1, "--overwrite"]
    assert run("pretrain", catalog, "--out", "to/mine", *again) == 0
    err = capsys.readouterr().err
    assert "window/s" in err
    assert "mine: 1 epochs, history in " in err
    assert "the best: epoch 1, RMSE of the validation 0." in err
    assert len(pd.read_csv("to/mine.history.csv")) == 1


def test_pretrain_by_labels_and_a_recipe(catalog, curves, error):
    # two are blank, and of the others there is no row
    labels = pd.DataFrame({"id": curves.ids[:14], "label": ["a", "b"] * 6 + ["", ""]})
    labels.to_csv("labels.csv", index=False)
    options = [*SMALL, "--max-epochs", 1, "--recipe", "periods", "--clip", 0.5, "--augment", "thin"]
    assert run("pretrain", catalog, "--out", "mine", *options, "--labels", "labels.csv") == 0
    training = read_checkpoint("mine").info["training"]
    assert training["objective"] == "masked reconstruction, and labels"
    assert training["labels"] is True
    asked = {"loss": "smooth_l1", "clip": 0.5, "augment": ["thin"], "parts": 4}
    assert asked.items() <= training["parameters"].items()
    labels.assign(id="nobody").to_csv("others.csv", index=False)
    labels.drop(columns="label").to_csv("bare.csv", index=False)
    for name, message in (("others.csv", "a label of none"), ("bare.csv", "no column label")):
        words = ("pretrain", catalog, "--out", "no", *SMALL, "--labels", name)
        assert message in error(*words)


def test_pretrain_refuses_early_what_would_fail_late(catalog, curves, capsys, error):
    os.mkdir("full")
    Path("full/thesis.tex").write_text("years of work")
    Path("file").write_text("")
    refused = {
        ("--out", "full"): "holds something else than a checkpoint (thesis.tex)",
        ("--out", "file"): "file is a file",
        ("--out", "file/mine"): "file",
        ("--out", "mine", "--from", "nope"): "no weights called 'nope'",
        (
            "--out",
            "mine",
            "--from",
            "surveys-small",
            "--d-model",
            "64",
        ): "--d-model: of a fresh",
        ("--out", "mine", "--d-model", "15"): "d_model=15",
        (
            "--out",
            "mine",
            "--checkpoint",
            "mine/run.pt",
        ): "--checkpoint mine/run.pt would be part of --out mine: choose another --checkpoint",
        ("--out", "mine", "--checkpoint", "mine"): "--out mine would be part of --checkpoint mine",
        ("--out", "mine", "--window-size", "100000"): "'window_size' parameter of AstromerEmbedder",
        ("--out", "mine", "--patience", "-1"): "patience is -1",
        ("--out", "mine", "--max-epochs", "-1"): "'max_epochs' parameter of AstromerEmbedder",
        ("--out", "mine", "--validation-fraction", "2"): "validation_fraction",
    }
    for options, message in refused.items():
        assert message in error("pretrain", catalog, *options)
    curves.to_frame().iloc[:0].to_parquet("nothing.parquet")
    assert "no light curves" in error("pretrain", "nothing.parquet", "--out", "mine")
    run("pretrain", catalog, "--out", "mine", *SMALL, "--max-epochs", 0)
    capsys.readouterr()
    diverged = [*SMALL, "--max-epochs", 3, "--lr", 1e30]
    assert "lower lr" in error("pretrain", catalog, "--out", "other", *diverged)


def test_an_interrupted_pretrain_writes_nothing_and_goes_on(catalog, capsys, error):
    options = [*SMALL[:-1], "--batch-size", 8, "--lr", 0.01, "--patience", 10_000]
    kept = ["--checkpoint", "run.pt", "--checkpoint-minutes", 0, "--out", "mine"]
    with process("pretrain", catalog, *options, *kept, "--max-epochs", 100_000) as training:
        read_until(training, "epoch=3")
        training.send_signal(signal.SIGINT)
        err = training.stderr.read()
    assert training.returncode == 130
    assert err.splitlines()[-2:] == [
        "sklearn-astromer: the same command goes on from run.pt",
        "sklearn-astromer: interrupted",
    ]
    assert "Traceback" not in err
    assert sorted(os.listdir()) == ["catalog.parquet", "run.pt"]

    before = json.loads(torch.load("run.pt")["history"])
    options += ["--quiet", "--max-epochs", len(before) + 2]
    assert run("pretrain", catalog, *options, *kept) == 0
    history = pd.read_csv("mine.history.csv")
    assert len(history) == len(before) + 2
    train_rmse = [epoch["train_rmse"] for epoch in before]
    np.testing.assert_allclose(history["train_rmse"][: len(before)], train_rmse, atol=1e-5)
    capsys.readouterr()
    assert "run.pt is the checkpoint of another run, which had another random_state" in error(
        "pretrain", catalog, *options, *kept, "--seed", 1, "--overwrite"
    )
