"""Classes of catalogs, by the command line."""

import io
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.tree._tree import Tree

from sklearn_astromer import TRUSTED_TYPES, AstromerEmbedder, LightCurves
from sklearn_astromer.cli import classify, main, tables
from sklearn_astromer.datasets import make_variable_stars

pytestmark = pytest.mark.usefixtures("home")
CLASSES = ["CONST", "MIRA", "RRAB"]
OPTIONS = ["--weights", "surveys-small", "--device", "cpu"]


@pytest.fixture(scope="module")
def stars():
    return make_variable_stars(60, classes=CLASSES, n_observations=(30, 60), random_state=0)


@pytest.fixture
def train(stars):
    """Forty with labels, twenty without."""
    curves, labels = stars
    curves[:40].to_frame().to_parquet("train.parquet")
    curves[40:].to_frame().to_parquet("new.parquet")
    pd.DataFrame({"id": curves.ids[:40], "label": labels[:40]}).to_csv("labels.csv", index=False)
    return "train.parquet"


def test_train_score_predict_and_keep(train, stars, capsys, error):
    pytest.importorskip("skops")
    words = ["classify", train, "--labels", "labels.csv", "--save", "stars.skops", *OPTIONS]
    assert main([*words, "--predict", "new.parquet", "--out", "classes.csv"]) == 0
    out, err = capsys.readouterr()
    score = re.fullmatch(
        r"macro-F1 (0\.\d+|1\.000) ± 0\.\d+ \(5-fold cross-validation by object, 40 objects of 3 "
        r"classes\)\n",
        out,
    )
    assert float(score[1]) > 0.8
    assert "stars.skops: a classifier" in err
    assert "classes.csv: the classes" in err
    found = pd.read_csv("classes.csv")
    assert list(found) == ["object_id", "label", *(f"probability_{name}" for name in CLASSES)]
    assert found["object_id"].tolist() == list(range(40, 60))
    assert (found["label"] == stars[1][40:]).mean() > 0.8
    np.testing.assert_allclose(found.iloc[:, 2:].sum(axis=1), 1)
    again = ["classify", "--model", "stars.skops", "--predict", "new.parquet", "--quiet"]
    assert main([*again, "--out", "again.csv"]) == 0
    assert capsys.readouterr() == ("", "")
    pd.testing.assert_frame_equal(pd.read_csv("again.csv"), found)
    assert "--overwrite" in error(*again, "--out", "again.csv")


def test_a_column_of_labels_and_several_bands(stars, capsys):
    curves, labels = stars
    rows = np.arange(len(curves.time))
    frame = curves.to_frame().assign(Type=np.repeat(labels, curves.lengths))
    frame["Type"] = frame["Type"].where(frame["object_id"] < 50)  # the others have none
    frame.assign(band=np.where(rows % 2, "g", "r")).to_csv("train.csv", index=False)
    words = ["classify", "train.csv", "--label-column", "Type", "--survey", "columns", *OPTIONS]
    assert main([*words, "--predict", "train.csv", "--out", "classes.parquet"]) == 0
    assert "by object, 50 objects of 3 classes" in capsys.readouterr().out
    found = pd.read_parquet("classes.parquet")
    assert len(found) == 120
    assert set(found["band"]) == {"g", "r"}


def test_other_bands_than_those_of_the_classifier_are_told(stars, capsys):
    pytest.importorskip("skops")
    curves, labels = stars
    frame = curves[:20].to_frame().assign(band="V")
    frame.assign(label=np.repeat(labels[:20], curves.lengths[:20])).to_csv("v.csv", index=False)
    frame.assign(band="I").to_csv("i.csv", index=False)
    words = ["classify", "v.csv", "--label-column", "label", "--survey", "columns", *OPTIONS]
    assert main([*words, "--save", "v.skops", "--predict", "v.csv", "--out", "v.out.csv"]) == 0
    assert "learned from the bands" not in capsys.readouterr().err
    assert main(["classify", "--model", "v.skops", "--predict", "i.csv", "--out", "i.out.csv"]) == 0
    assert "learned from the bands V, and the catalog of --predict has I" in capsys.readouterr().err


def bands_of(curves, lacking):
    """Return a table in which each star has two bands, but one without the first."""
    frame = curves.to_frame()
    some = frame[~np.isin(frame["object_id"], lacking)]
    red = some.assign(band="u", mag=some["mag"] + 1)
    return pd.concat([red, frame.assign(band="g")])


def test_a_row_for_each_star(stars, capsys, error):
    """Of a star without a band as well, also if all that were learned from had it."""
    pytest.importorskip("skops")
    curves, labels = stars
    bands_of(curves[:40], []).to_csv("train.csv", index=False)
    bands_of(curves[40:], [41, 50]).to_csv("new.csv", index=False)
    pd.DataFrame({"id": curves.ids[1:40], "label": labels[1:40]}).to_csv("labels.csv", index=False)
    read, predict = ["--survey", "columns", *OPTIONS], ["--predict", "new.csv"]
    words = ["classify", "train.csv", "--stars", "--labels", "labels.csv", *read]
    assert main([*words, *predict, "--out", "classes.csv", "--save", "stars.skops"]) == 0
    assert "by star, 39 stars of 3 classes" in capsys.readouterr().out
    found = pd.read_csv("classes.csv")
    assert list(found) == ["object_id", "label", *(f"probability_{name}" for name in CLASSES)]
    # in the order in which they first appear
    assert found["object_id"].tolist() == [i for i in range(40, 60) if i not in (41, 50)] + [41, 50]
    assert (found["label"] == labels[found["object_id"]]).mean() > 0.7
    again = ["classify", "--model", "stars.skops", "--survey", "columns", "--device", "cpu"]
    assert main([*again, *predict, "--out", "again.csv"]) == 0
    pd.testing.assert_frame_equal(pd.read_csv("again.csv"), found)
    new = pd.read_csv("new.csv")
    strange = new[new["object_id"] == 42].assign(object_id=99, band="z")  # which nothing knows
    pd.concat([strange, new]).to_csv("mixed.csv", index=False)
    assert main([*again, "--predict", "mixed.csv", "--out", "mixed_.csv"]) == 0
    said = capsys.readouterr().err
    assert "1 of 21 stars have none of the bands" in said
    assert "the first is 99" in said
    mixed = pd.read_csv("mixed_.csv")
    assert mixed.loc[0, "object_id"] == 99
    assert mixed.iloc[0, 1:].isna().all()
    pd.testing.assert_frame_equal(mixed[1:].reset_index(drop=True), found)
    capsys.readouterr()
    line = error(*again, *predict, "--out", "new_.csv", "--stars")
    assert "--stars is of a classifier that learns here" in line
    curves.to_frame().assign(band="lsst").to_csv("other.csv", index=False)
    line = error(*again, "--predict", "other.csv", "--out", "o.csv")
    assert "is of stars in the bands u, g, and the catalog of --predict has lsst" in line
    curves.to_frame().to_csv("plain.csv", index=False)
    line = error(*again, "--predict", "plain.csv", "--out", "o.csv")
    assert "the catalog of --predict has no band" in line
    line = error("classify", "plain.csv", "--stars", "--labels", "labels.csv", *read)
    assert "--stars is of catalogs with bands" in line


def test_ids_of_light_curves_are_warned_of(stars, capsys):
    """Their star, of which there is another in another band, may be in several folds."""
    curves, labels = stars
    pd.DataFrame({"id": curves.ids, "label": labels}).to_csv("labels.csv", index=False)
    frame = curves.to_frame()
    frame.assign(band=np.where(frame["object_id"] % 2, "zg", "zr")).to_csv("oids.csv", index=False)
    words = ["classify", "oids.csv", "--labels", "labels.csv", "--survey", "columns", *OPTIONS]
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "every id has only one of them" in said
    assert "one star may be in several folds" in said
    assert main([*words, "--band", "zg"]) == 0
    assert "every id" not in capsys.readouterr().err


def test_no_object_is_trained_on_and_scored(stars, capsys):
    """Random walks that are alike in all four bands of an object would else be known by heart."""
    rng = np.random.default_rng(0)
    walks = 15 + np.cumsum(rng.normal(0, 0.2, (40, 30)), axis=1)
    curves = LightCurves.from_arrays(
        [np.c_[np.arange(30.0), walks[i // 4]] for i in range(160)],
        ids=np.repeat(np.arange(40), 4),
        band=np.tile(list("griz"), 40),
    )
    curves.to_frame().to_parquet("noise.parquet")
    labels = pd.DataFrame({"id": np.arange(40), "label": rng.permutation(["a", "b"] * 20)})
    labels.to_csv("labels.csv", index=False)
    assert main(["classify", "noise.parquet", "--labels", "labels.csv", *OPTIONS]) == 0
    assert float(capsys.readouterr().out.split()[1]) < 0.75


def test_what_does_not_go_together(train, error):
    labels, predict = ["--labels", "labels.csv"], ["--predict", "new.parquet", "--out", "o.csv"]
    Path("folder").mkdir()
    for words, message in {
        (): "give either a CATALOG",
        (train, "--model", "m"): "give either a CATALOG",
        (train,): "needs --labels or --label-column",
        (train, *labels, "--label-column", "x"): "needs --labels or --label-column",
        (train, *labels, "--out", "o.csv"): "--predict, a catalog, and --out",
        ("--model", "m"): "--model needs --predict",
        ("--model", "none.skops", *predict): "there is no classifier none.skops",
        ("--model", "labels.csv", *predict): "labels.csv is no classifier",
        ("--model", "folder", *predict): "wrote: AstromerClassifier.from_pretrained reads folders",
        ("--model", "m", "--save", "n", *predict): "--save is of a classifier that learns here",
        ("-", *labels, "--predict", "-", "--out", "o.csv"): "-, standard input, is one catalog",
        (train, "--label-column", "typ"): "has no column 'typ'",
        (
            train,
            *labels,
            "--predict",
            "new.parquet",
            "--out",
            "labels.csv",
        ): "be part of --labels labels.csv",
    }.items():
        assert message in error("classify", *words)


def test_labels_that_contradict_each_other_and_rare_classes(train, error, capsys):
    labels = pd.read_csv("labels.csv")
    twice = labels.iloc[[0]].assign(label="other")
    pd.concat([labels, twice]).to_csv("twice.csv", index=False)
    assert "several labels of object 0" in error("classify", train, "--labels", "twice.csv")
    labels.loc[0, "label"] = "rare"
    labels.to_csv("rare.csv", index=False)
    assert main(["classify", train, "--labels", "rare.csv", *OPTIONS]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("macro-F1 ")
    assert "39 objects of 3 classes" in out
    assert "leaves out the classes of fewer than 3 objects" in err
    assert "rare" in err
    labels["label"] = np.where(labels["label"] == "rare", "rare", "usual")
    labels.to_csv("two.csv", index=False)
    assert main(["classify", train, "--labels", "two.csv", *OPTIONS]) == 0
    out, err = capsys.readouterr()
    assert out == "trained on 40 objects of 2 classes\n"
    assert "1 of class rare: too few for a cross-validation" in err


def test_models_of_strangers(train, error, monkeypatch):
    skops = pytest.importorskip("skops.io")
    predict = ["--predict", "new.parquet", "--out", "o.csv"]
    skops.dump({"path": Path("somewhere")}, "foreign.skops")
    line = error("classify", "--model", "foreign.skops", *predict)
    assert "is not read: pathlib" in line
    skops.dump([1, 2], "list.skops")
    assert "holds a list" in error("classify", "--model", "list.skops", *predict)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    words = ["classify", train, "--labels", "labels.csv", "--save", "m.skops"]
    assert "sklearn_astromer[skops]" in error(*words)


def test_trees_that_lead_elsewhere(train, error, capsys):
    io = pytest.importorskip("skops.io")
    words = ["classify", train, "--labels", "labels.csv", "--save", "m.skops", *OPTIONS]
    assert main([*words, "--quiet"]) == 0
    capsys.readouterr()
    model = io.load("m.skops", trusted=[*TRUSTED_TYPES, classify.TREE])
    last = model["forest"].estimators_[-1]
    tree = last.tree_
    for changes in (
        {"left_child": 2**40, "right_child": 2**40},
        {"left_child": 0, "right_child": 0},
        {"left_child": -1},
        {"right_child": -2},
        {"feature": 2**40},
        {"feature": -1},
    ):
        state = tree.__getstate__()
        state["nodes"] = state["nodes"].copy()
        for name, value in changes.items():
            state["nodes"][name][0] = value
        last.tree_ = Tree(tree.n_features, np.array([tree.n_classes[0]]), 1)
        last.tree_.__setstate__(state)
        io.dump(model, "bad.skops")
        line = error(
            "classify", "--model", "bad.skops", "--predict", "new.parquet", "--out", "o.csv"
        )
        assert "bad.skops is damaged: its trees do not hold together" in line


def test_weights_that_saw_labels_are_told(train, stars, capsys):
    curves, labels = stars
    tuned = AstromerEmbedder("surveys-small", supervised=True, max_epochs=1, random_state=0)
    tuned.fit(curves[:40], labels[:40]).save_pretrained("mine")
    words = ["classify", train, "--labels", "labels.csv", "--device", "cpu"]
    for weights, told in (("mine", True), ("surveys-small", False)):
        assert main([*words, "--weights", weights]) == 0
        assert ("was trained with labels" in capsys.readouterr().err) == told


def test_standard_input(train, stars, monkeypatch):
    words = ["classify", train, "--labels", "labels.csv", *OPTIONS, "--survey", "columns"]
    assert main([*words, "--predict", "new.parquet", "--out", "files.csv"]) == 0
    content = stars[0][40:].to_frame().to_csv(index=False).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert main([*words, "--predict", "-", "--out", "stdin.csv"]) == 0
    pd.testing.assert_frame_equal(pd.read_csv("stdin.csv"), pd.read_csv("files.csv"))
    frame = stars[0][:40].to_frame()
    frame["kind"] = np.repeat(stars[1][:40], stars[0][:40].lengths)
    content = frame.to_csv(index=False).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    words = ["classify", "-", "--label-column", "kind", *OPTIONS, "--survey", "columns"]
    assert main([*words, "--predict", "new.parquet", "--out", "column.csv"]) == 0
    pd.testing.assert_frame_equal(pd.read_csv("column.csv"), pd.read_csv("files.csv"))


def test_ids_in_a_table_of_labels_are_as_written(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("id,label\n0012,RRAB\n12,MIRA\n1.10,EW\n1.1,EA\n")
    found = tables.labels_of(path, np.array(["1.1", "12", "0012", "1.10"]))
    assert found.tolist() == ["EA", "MIRA", "RRAB", "EW"]
    assert tables.labels_of(path, np.array([12, 13])).tolist() == ["MIRA", None]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_no_row_or_a_blank_is_no_label(tmp_path, ending):
    table = pd.DataFrame({"id": [1, 2, 3, 4], "label": ["RRAB", "", " ", None]})
    path = tmp_path / f"labels.{ending}"
    table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path)
    found = tables.labels_of(path, np.arange(1, 6))
    assert found.tolist() == ["RRAB", None, None, None, None]
