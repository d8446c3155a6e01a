"""Fitted estimators shared without a pickle: save_pretrained, from_pretrained, skops."""

import copy
import importlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
from importlib.util import find_spec

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from embedders import make_embedder, with_head_recipe
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from sklearn_astromer import (
    TRUSTED_TYPES,
    AstromerClassifier,
    AstromerEmbedder,
    AstromerRegressor,
    LightCurves,
    MultiBandEmbedder,
    Recipe,
    VariabilityFeatures,
)
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.modules.dropout import Dropout
from sklearn_astromer.modules.heads import MLPHead
from sklearn_astromer.weights import models
from sklearn_astromer.weights.models import from_json, read_model, to_json, write_model

HEADS = ("mlp", "mean_std", "lstm", "skip")
FILES = ("config.json", "head.safetensors", "model.json", "weights.safetensors")


def embedder(**options):
    tiny = {"d_model": 16, "n_heads": 2, "d_ff": 16, "max_epochs": 0, "window_size": 50}
    return make_embedder(**{**tiny, "residual": True, "random_state": 0, **options})


def small(kind=AstromerClassifier, encoder=None, **options):
    usual = {"units": 16, "max_epochs": 1, "dropout": 0.2, "random_state": 0}
    return kind(encoder or embedder(), **with_head_recipe({**usual, **options}))


@pytest.fixture(scope="module")
def catalog():
    return make_variable_stars(
        30, classes=["MIRA", "CONST"], n_observations=(5, 120), random_state=0
    )


@pytest.fixture(scope="module")
def fitted(catalog):
    return small().fit(*catalog)


@pytest.fixture
def saved(fitted, tmp_path):
    fitted.save_pretrained(tmp_path / "mine")
    return tmp_path / "mine"


@pytest.fixture(scope="module")
def real(shared):
    """60 short ASAS curves, 20 of each of three classes, and a number to estimate."""
    path = shared / "data" / "asas.parquet"
    curves = LightCurves.read(path)
    labels = pd.read_parquet(path, columns=["label"])["label"].to_numpy(dtype=str)
    order = np.argsort(curves.lengths, kind="stable")
    chosen = np.concatenate([order[labels[order] == name][:20] for name in ("MIRA", "RRAB", "EW")])
    curves = curves[chosen]
    return curves, labels[chosen], np.array([np.ptp(curve[:, 1]) for curve in curves])


# -- real curves, in another process --------------------------------------------------------------

READ = """
    import sys
    import joblib
    import numpy as np
    import sklearn_astromer

    folder, *ways = sys.argv[1:]
    curves, kinds = joblib.load(f"{folder}/curves.joblib")
    for how in ways:
        for name, (kind, method) in kinds.items():
            path = f"{folder}/{name}"
            if how == "skops":
                import skops.io
                model = skops.io.load(f"{path}.skops", trusted=sklearn_astromer.TRUSTED_TYPES)
            else:
                model = getattr(sklearn_astromer, kind).from_pretrained(path)
            np.save(f"{path}.{how}.npy", getattr(model, method)(curves))
"""


@pytest.fixture(scope="module")
def trained(real):
    """Classifiers with each head, frozen and trained encoders, and a regressor."""
    curves, labels, amplitude = real
    models = {}
    for head in HEADS:
        for train_encoder in (False, True):
            model = AstromerClassifier(
                embedder(d_model=32),
                head=head,
                units=32,
                train_encoder=train_encoder,
                training=Recipe(lr=1e-3),
                max_epochs=2,
                random_state=0,
            )
            models[f"{head}-{train_encoder}"] = model.fit(curves, labels)
    regressor = AstromerRegressor("surveys-small", max_epochs=2, random_state=0)
    models["regressor"] = regressor.fit(curves, amplitude)
    return {
        name: (model, "predict" if name == "regressor" else "predict_proba")
        for name, model in models.items()
    }


@pytest.fixture(scope="module")
def expected(real, trained):
    return {name: getattr(model, method)(real[0]) for name, (model, method) in trained.items()}


@pytest.mark.filterwarnings("ignore:.*was trained on windows of")
def test_another_process_predicts_the_same(real, trained, expected, tmp_path):
    """From folders, and from files of skops where that is installed."""
    ways = ["folder", *(["skops"] if find_spec("skops") else [])]
    methods = {}
    for name, (model, method) in trained.items():
        methods[name] = (type(model).__name__, method)
        model.save_pretrained(tmp_path / name)
        if "skops" in ways:
            skops_io().dump(model, tmp_path / f"{name}.skops")
    joblib.dump((real[0], methods), tmp_path / "curves.joblib")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(READ), str(tmp_path), *ways],
        cwd=elsewhere,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    for how in ways:
        found = {name: np.load(tmp_path / f"{name}.{how}.npy") for name in methods}
        for name in methods:
            what = f"{name}, {how}"
            np.testing.assert_allclose(found[name], expected[name], atol=1e-6, rtol=0, err_msg=what)
        different = {array.tobytes() for array in found.values()}
        assert len(different) == len(found)  # or the comparison would say nothing


# -- what comes back -------------------------------------------------------------------------------


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("kind", [AstromerClassifier, AstromerRegressor])
def test_all_of_it_comes_back(catalog, tmp_path, head, kind):
    X, y = catalog
    y = y if kind is AstromerClassifier else X.lengths.astype(float)
    model = small(kind, head=head, train_encoder=True, lr=1e-2).fit(X, y)
    generator = torch.random.get_rng_state()
    model.save_pretrained(tmp_path / "mine")
    again = kind.from_pretrained(tmp_path / "mine")
    assert torch.equal(torch.random.get_rng_state(), generator)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.encoder_.transform(X), model.encoder_.transform(X))
    apart = {"encoder"}
    assert {k: v for k, v in again.get_params(deep=False).items() if k not in apart} == {
        k: v for k, v in model.get_params(deep=False).items() if k not in apart
    }
    assert again.encoder_.window_size == 50
    assert again.encoder_.module_.encoder.config == model.encoder_.module_.encoder.config
    assert len(again.history_) == 0
    assert list(again.history_.columns) == list(model.history_.columns)
    dropout = [
        [m.p for m in h.modules() if isinstance(m, Dropout)] for h in (again.head_, model.head_)
    ]
    assert dropout[0] == dropout[1] != []
    assert not again.head_.training
    assert not again.encoder_.module_.training
    assert all(p.requires_grad for p in again.head_.parameters())
    assert sorted(os.listdir(tmp_path / "mine")) == list(FILES)


def test_a_loaded_one_is_trained_again_without_its_folder(saved, fitted, catalog):
    X, y = catalog
    again = AstromerClassifier.from_pretrained(saved)
    shutil.rmtree(saved)
    assert isinstance(again.encoder, FrozenEstimator)
    refitted = clone(again).fit(X, y)
    np.testing.assert_array_equal(refitted.encoder_.transform(X), fitted.encoder_.transform(X))
    assert not hasattr(clone(again), "head_")
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    again.save_pretrained(saved, overwrite=True)
    twice = AstromerClassifier.from_pretrained(saved)
    np.testing.assert_array_equal(twice.predict_proba(X), fitted.predict_proba(X))


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["RR Lyr", "δ Sct"]),
        np.array(["a", "b"], dtype=object),
        np.array([-1, 7], dtype=np.int16),
        np.array([0, 2**60]),
        np.array([False, True]),
        np.array([1.0, 2.0], dtype=np.float32),
        np.array([1, 2], dtype=">u4"),
    ],
    ids=lambda labels: labels.dtype.str,
)
def test_labels_of_any_kind(catalog, tmp_path, labels):
    X, y = catalog
    model = small().fit(X, labels[(y == "MIRA").astype(int)])
    model.save_pretrained(tmp_path / "mine")
    again = AstromerClassifier.from_pretrained(tmp_path / "mine")
    assert again.classes_.dtype == model.classes_.dtype
    assert again.classes_.tolist() == model.classes_.tolist()
    assert [type(c) for c in again.classes_] == [type(c) for c in model.classes_]
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_parameters_of_any_kind(catalog, tmp_path):
    X, y = catalog
    odd = {
        "units": np.int64(8),
        "head_lr": np.float32(1e-3),
        "lr": 5,  # unused: the encoder is frozen
        "class_weight": {"MIRA": 2.0, "CONST": np.float64(1.0)},
        "cache_bytes": 2**40,
    }
    model = small(**odd).fit(X, y)
    model.set_params(training__augment={"thin", "crop"})
    model.save_pretrained(tmp_path / "mine")
    again = AstromerClassifier.from_pretrained(tmp_path / "mine")
    training = again.get_params()["training"]
    assert (training.lr, training.head_lr) == (5.0, float(np.float32(1e-3)))
    assert (again.class_weight, training.augment) == (odd["class_weight"], {"thin", "crop"})
    assert (again.units, again.cache_bytes) == (8, 2**40)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_what_is_of_a_machine_stays_there(catalog, tmp_path):
    X, y = catalog
    state = np.random.RandomState(0)
    encoder = embedder(verbose=0, log_dir=tmp_path / "logs", random_state=None)
    model = small(encoder=encoder, device=torch.device("cpu"), random_state=state).fit(X, y)
    model.set_params(checkpoint=tmp_path / "run.pt", verbose=1)
    model.save_pretrained(tmp_path / "mine")
    assert str(tmp_path) not in (tmp_path / "mine" / "model.json").read_text()
    again = AstromerClassifier.from_pretrained(tmp_path / "mine")
    assert (again.device, again.checkpoint, again.verbose) == ("auto", None, 0)
    assert again.random_state is None
    assert again.encoder_.training.log_dir is None


def test_own_periods_and_grids(tmp_path):
    X, y = make_variable_stars(16, classes=["MIRA", "RRAB"], n_observations=60, random_state=0)
    model = AstromerClassifier("surveys-periods", max_epochs=1, random_state=0).fit(X, y)
    model.save_pretrained(tmp_path / "periods")
    again = AstromerClassifier.from_pretrained(tmp_path / "periods")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    grid = np.random.RandomState(0).normal(size=(16, 9))
    model = small().fit(grid, y)
    model.save_pretrained(tmp_path / "grid")
    again = AstromerClassifier.from_pretrained(tmp_path / "grid")
    assert again.n_features_in_ == 9
    with pytest.raises(ValueError, match="9 features"):
        again.predict(grid[:, :5])


@pytest.mark.filterwarnings("ignore:.*was trained on windows of")
def test_an_embedder_reads_a_classifiers_folder(saved, fitted, catalog):
    again = AstromerEmbedder(saved, row="mean", window_size=50).fit(catalog[0])
    rows = again.transform(catalog[0])
    np.testing.assert_array_equal(rows, fitted.encoder_.transform(catalog[0]))
    model = small(encoder=str(saved)).fit(*catalog)
    assert model.predict_proba(catalog[0]).shape == (30, 2)


def test_an_embedder_leaves_a_classifier_where_it_is(saved, fitted, catalog, tmp_path):
    alone = embedder(d_model=8).fit(catalog[0])
    with pytest.raises(FileExistsError, match="a classifier or regressor, whose head would be los"):
        alone.save_pretrained(saved, overwrite=True)
    assert sorted(os.listdir(saved)) == list(FILES)
    alone.save_pretrained(tmp_path / "alone")
    with pytest.raises(FileNotFoundError, match="alone holds an encoder alone"):
        AstromerClassifier.from_pretrained(tmp_path / "alone")
    fitted.save_pretrained(tmp_path / "alone", overwrite=True)
    assert sorted(os.listdir(tmp_path / "alone")) == list(FILES)
    AstromerClassifier.from_pretrained(tmp_path / "alone")


# -- what is refused -------------------------------------------------------------------------------


def flipped(content):
    middle = len(content) - 5
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def edited(old, new):
    def edit(content):
        assert old in content
        return content.replace(old, new, 1)

    return edit


@pytest.mark.parametrize(
    ("part", "given"),
    [
        ("parameters", {"checkpoint": "/home/you/run.pt"}),
        ("parameters", {"device": "meta"}),
        ("parameters", {"encoder": "hf://somebody/else"}),
        ("parameters", {"training": {"log_dir": "/home/you"}}),
        ("encoder", {"checkpoint": "/home/you/run.pt"}),
        ("encoder", {"training": {"log_dir": "/home/you"}}),
        ("encoder", {"pretrained": "/home/you/else"}),
    ],
)
def test_what_saving_leaves_out_loading_refuses(saved, part, given):
    """Also with the right checksum: the next `fit` would write where a stranger says."""
    model = read_model(saved)
    model.content[part].update(given)
    write_model(saved, model, overwrite=True)
    with pytest.raises(ValueError, match=f"or none that are kept: .*{next(iter(given))}"):
        AstromerClassifier.from_pretrained(saved)


def other_weights(content):
    """A whole file, of another checksum."""
    return content[:-4] + np.float32(0.5).tobytes()


def nothing(content):
    return b""


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("head.safetensors", flipped),
        ("head.safetensors", other_weights),
        ("head.safetensors", nothing),
        ("weights.safetensors", flipped),
        ("weights.safetensors", other_weights),
        ("weights.safetensors", nothing),
        ("model.json", flipped),
        ("model.json", nothing),
        ("model.json", edited(b'"MIRA"', b'"CONT"')),
        ("model.json", edited(b'"head": "mlp"', b'"head": "lstm"')),
        ("model.json", edited(b'"class": "AstromerC', b'"class": "AstromerR')),
        ("model.json", edited(b'"array"', b'"tuple"')),
        ("model.json", edited(b'"sha256": "', b'"sha255": "')),
        ("config.json", nothing),
        ("config.json", edited(b'"window_size": 50', b'"window_size": 51')),
        ("config.json", edited(b'"sha256"', b'"sha255"')),
        ("config.json", edited(b'"info": {', b'"info": {"by": "me", ')),
    ],
)
def test_a_changed_file_is_refused(saved, name, change):
    content = (saved / name).read_bytes()
    (saved / name).write_bytes(change(content))
    with pytest.raises(ValueError, match="mine"):
        AstromerClassifier.from_pretrained(saved)
    (saved / name).write_bytes(content)
    AstromerClassifier.from_pretrained(saved)


def test_the_checksum_is_of_the_config_without_its_own(saved):
    """What `AstromerEmbedder` alone would take, as written before there were checksums."""
    config = json.loads((saved / "config.json").read_text())
    del config["sha256"]
    config["config"]["min_period"] = 1.0
    (saved / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"mine: damaged.*get or save the model again"):
        AstromerClassifier.from_pretrained(saved)


def test_json_laid_out_otherwise_is_the_same(saved):
    """Git may change the ends of lines."""
    for name in ("config.json", "model.json"):
        (saved / name).write_bytes((saved / name).read_bytes().replace(b"\n", b"\r\n"))
    AstromerClassifier.from_pretrained(saved)


@pytest.mark.parametrize("name", ["head.safetensors", "weights.safetensors"])
def test_files_of_two_folders_are_not_mixed(saved, catalog, name):
    other = small(encoder=embedder(random_state=1), random_state=1).fit(*catalog)
    other.save_pretrained(saved.with_name("other"))
    shutil.copy(saved.with_name("other") / name, saved / name)
    with pytest.raises(ValueError, match="mine: damaged"):
        AstromerClassifier.from_pretrained(saved)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"mine holds no .* there is no {name}"):
        AstromerClassifier.from_pretrained(saved)


def test_other_things_than_a_classifier(saved, catalog, tmp_path):
    with pytest.raises(ValueError, match=r"mine holds an AstromerClassifier: .*from_pretrained"):
        AstromerRegressor.from_pretrained(saved)
    with pytest.raises(FileNotFoundError, match=r"no folder .*gone"):
        AstromerClassifier.from_pretrained(tmp_path / "gone")
    (tmp_path / "file").write_text("a file")
    with pytest.raises(FileNotFoundError, match=r"no folder .*file"):
        AstromerClassifier.from_pretrained(str(tmp_path / "file"))
    content = json.loads((saved / "model.json").read_text())
    for version, message in ((2, "please upgrade"), (0, "'format' is 0"), (True, "is True")):
        (saved / "model.json").write_text(json.dumps(content | {"format": version}))
        with pytest.raises(ValueError, match=rf"mine.model\.json: .*{message}"):
            AstromerClassifier.from_pretrained(saved)


def forge(folder, change):
    """Change what a folder says, checksum and all."""
    content = models._read(folder)
    change(content.content)
    models.write_model(folder, content, overwrite=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda said: said["parameters"].update(new=1), "unknown parameters .*new"),
        (lambda said: said["encoder"].update(new=1), "unknown parameters .*new"),
        (lambda said: said["fitted"].update(predict=1), "unknown attribute 'predict'"),
        (lambda said: said["fitted"].update(classes_=np.arange(3)), "fits neither"),
        (lambda said: said["fitted"].pop("classes_"), "classes_ is None"),
        (lambda said: said["fitted"].update(classes_="ab"), "classes_ is 'ab'"),
        (lambda said: said["fitted"].update(n_features_in_="7"), "n_features_in_ is '7'"),
        (lambda said: said["fitted"].update(feature_names_in_=np.arange(3)), "feature_names_in_"),
        (lambda said: said["head"].update(network="Linear"), "describes no network"),
        (lambda said: said["head"]["options"].update(units=2**50), "describes no network"),
        (lambda said: said["head"]["options"].update(d_in=17), "wrong tensors"),
        (lambda said: said.pop("head"), "'head'"),
    ],
)
def test_a_forged_folder_is_an_error(saved, change, message):
    forge(saved, change)
    with pytest.raises(ValueError, match=rf"mine: .*{message}.*written by sklearn_astromer"):
        AstromerClassifier.from_pretrained(saved)


def test_what_cannot_be_saved_says_so_and_writes_nothing(catalog, tmp_path):
    X, y = catalog

    class Own(AstromerEmbedder):
        pass

    renamed = small().fit(X, y).set_params(class_weight=object())
    cases = [
        (small(head=make_own).fit(X, y), "own cannot be saved without a pickle.*joblib"),
        (small(head=make_mean).fit(X, y).set_params(head="mlp"), "own cannot be saved"),
        (small(encoder=Own("surveys-small")).fit(X[:10], y[:10]), "is a Own"),
        (renamed, "class_weight=.*joblib"),
    ]
    broken = small().fit(X, y)
    with torch.no_grad():
        broken.head_.mean.fill_(torch.nan)
    for model, message in [*cases, (broken, "mean has NaN")]:
        with pytest.raises(ValueError, match=message):
            model.save_pretrained(tmp_path / "mine")
    with pytest.raises(NotFittedError):
        small().save_pretrained(tmp_path / "mine")
    assert not list(tmp_path.iterdir())
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="something else"):
        small().fit(X, y).save_pretrained(tmp_path)


def make_own(d_model, n_outputs):
    return MLPHead(d_model, n_outputs, 8, 0.0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_a_kill_at_any_moment_leaves_the_old_or_the_new(saved, fitted):
    """Kill the writer before each of its file operations in turn, then read."""
    code = """
        import os, sys
        from pathlib import Path
        from sklearn_astromer.weights.models import read_model, write_model

        WATCHED = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")
        path = Path(sys.argv[1])
        first, second = read_model(path), read_model(path)
        tensors = second.encoder.tensors
        for tensor in (*second.head.values(), *tensors.values()):
            tensor += 1
        second.content["fitted"]["n_features_in_"] = 7

        def write_and_die(step):
            count = 0
            def hook(event, arguments):
                nonlocal count
                count += event in WATCHED
                if count == step:
                    os._exit(9)
            sys.addaudithook(hook)
            write_model(path, second, overwrite=True)
            os._exit(0)

        def version(found):
            news = [
                "n_features_in_" in found.content["fitted"],
                all((found.head[k] == v).all() for k, v in second.head.items()),
                all((found.encoder.tensors[k] == v).all() for k, v in tensors.items()),
            ]
            assert len(set(news)) == 1, news
            return "n" if news[0] else "o"

        outcomes, code = "", 9
        while code:
            pid = os.fork()
            if not pid:
                write_and_die(len(outcomes) + 1)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            assert code in (0, 9), code
            outcomes += version(read_model(path))
            write_model(path, first, overwrite=True)
            assert version(read_model(path)) == "o"
            left = [p.name for p in path.parent.iterdir() if not p.name.endswith(".lock")]
            assert left == ["mine"], left
        print(outcomes)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(saved)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    outcomes = run.stdout.strip()
    old, new = outcomes.count("o"), outcomes.count("n")
    assert outcomes == "o" * old + "n" * new
    assert old > 7
    assert new > 3


# -- values in JSON --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        2**80,
        -0.0,
        "δ",
        float("inf"),
        [1, (2, [3.5])],
        {"a": {1: None, False: ()}},
        {"thin", "crop"},
        {"float": "nan"},
        {"dict": [[1, 2]], "float": "nan"},
        {},
        {"array": ["<U1", ["a"]]},
    ],
)
def test_values_survive_json(value):
    again = from_json(json.loads(json.dumps(to_json(value), allow_nan=False)))
    assert (again, repr(again)) == (value, repr(value)) or isinstance(value, set)
    assert again == value


@pytest.mark.parametrize(
    "held",
    [
        {"float": "1e5"},
        {"array": ["M8[s]", [1]]},
        {"array": ["O8", [1]]},
        {"array": ["<i8", ["a"]]},
        {"array": ["<i8", [2**70]]},
        {"array": ["<U200000000", ["a"]]},
        {"array": [5]},
        {"set": [[1]]},
        {"dict": [1]},
    ],
)
def test_no_values(held):
    with pytest.raises(ValueError, match="is no value"):
        from_json(held)


@pytest.mark.parametrize(
    "value", [object(), b"a", 1j, np.zeros((2, 2)), np.zeros(2, "M8[s]"), {1: len}]
)
def test_values_that_json_cannot_hold(value):
    with pytest.raises(TypeError, match="no place in JSON"):
        to_json(value)


# -- skops -----------------------------------------------------------------------------------------


def skops_io():
    return pytest.importorskip("skops.io", reason="needs skops, which no user needs")


@pytest.mark.parametrize(
    "name",
    [
        "embedder",
        *HEADS,
        "frozen",
        "regressor",
        "bands",
        "features",
        "pipeline",
        "loaded",
    ],
)
def test_skops_takes_every_estimator(catalog, fitted, tmp_path, name):
    io = skops_io()
    X, y = catalog
    if name in HEADS:
        model = small(head=name).fit(X, y)
    else:
        model = {
            "embedder": lambda: embedder(max_epochs=1),
            "frozen": lambda: small(encoder=FrozenEstimator(embedder().fit(X))),
            "regressor": lambda: small(AstromerRegressor),
            "bands": lambda: MultiBandEmbedder(AstromerEmbedder("surveys-small"), [""]),
            "features": VariabilityFeatures,
            "pipeline": lambda: make_pipeline(
                AstromerEmbedder("surveys-small"), RandomForestClassifier(5)
            ),
            "loaded": lambda: saved_and_loaded(fitted, tmp_path),
        }[name]()
        if name != "loaded":
            model.fit(X, X.lengths.astype(float) if name == "regressor" else y)
    data = io.dumps(model)
    found = set(io.get_untrusted_types(data=data))
    others = {"sklearn.tree._tree.Tree"} if name == "pipeline" else set()  # of any forest
    assert found - others <= set(TRUSTED_TYPES)
    assert found
    generator = torch.random.get_rng_state()
    again = io.loads(data, trusted=[*TRUSTED_TYPES, *others])
    assert torch.equal(torch.random.get_rng_state(), generator)
    for method in ("predict_proba", "predict", "transform"):
        if hasattr(model, method):
            np.testing.assert_array_equal(getattr(again, method)(X), getattr(model, method)(X))
    if hasattr(model, "history_"):
        assert again.history_.equals(model.history_)
        assert (again.history_.dtypes == model.history_.dtypes).all()
    assert repr(again) == repr(model)


def saved_and_loaded(fitted, folder):
    fitted.save_pretrained(folder / "mine")
    return AstromerClassifier.from_pretrained(folder / "mine")


def test_the_trusted_types_are_those_there_are():
    for name in TRUSTED_TYPES:
        module, _, kind = name.rpartition(".")
        assert getattr(importlib.import_module(module), kind).__module__ == module


def test_a_network_that_is_not_ours_stays_what_it_is(fitted, catalog):
    """Pickles keep a user's own module, or ours in bfloat16, which numpy lacks, as they are."""
    short = copy.deepcopy(fitted)
    short.head_.bfloat16()
    assert copy.deepcopy(short).head_.mean.dtype == torch.bfloat16
    own = small(head=make_mean).fit(*catalog)
    again = copy.deepcopy(own)
    assert type(again.head_.module) is Mean
    np.testing.assert_array_equal(again.predict_proba(catalog[0]), own.predict_proba(catalog[0]))


class Mean(torch.nn.Module):
    def __init__(self, d_model, n_outputs):
        super().__init__()
        self.dense = torch.nn.Linear(d_model, n_outputs)

    def forward(self, vectors, mask):
        return self.dense((vectors * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))


def make_mean(d_model, n_outputs):
    return Mean(d_model, n_outputs)
