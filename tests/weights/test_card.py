"""Model cards: what a run records, and what is written of it for people."""

import dataclasses
import json
import pickle
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from embedders import make_embedder
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sklearn_astromer import AstromerClassifier, AstromerEmbedder, LightCurves
from sklearn_astromer.cli import main
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.lightcurves import statistics as module
from sklearn_astromer.lightcurves.statistics import ragged_quantiles, statistics, summarise
from sklearn_astromer.weights import load, make_card
from sklearn_astromer.weights.checkpoint import is_sealed, read_folder
from sklearn_astromer.weights.record import labels_seen

TINY = {"d_model": 8, "n_layers": 1, "n_heads": 2, "d_ff": 8}
FLAGS = ["--d-model", "8", "--n-layers", "1", "--n-heads", "2", "--d-ff", "8", "--quiet"]


@pytest.fixture(scope="module")
def curves():
    return make_variable_stars(24, n_observations=(20, 60), random_state=0)[0]


@pytest.fixture(scope="module")
def labels():
    return make_variable_stars(24, n_observations=(20, 60), random_state=0)[1]


def tiny(pretrained=None, **options):
    network = {} if pretrained else TINY
    return make_embedder(pretrained, **{"max_epochs": 1, "random_state": 0, **network, **options})


def front_matter(card):
    yaml = pytest.importorskip("yaml")
    start, text, _ = card.split("---\n", 2)
    assert start == ""
    return yaml.safe_load(text)


def table(card, first):
    """Return the rows of the table whose header begins with `first`."""
    lines = card.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    assert len({len(row) for row in rows}) == 1
    return [rows[0], *rows[2:]]


# -- what a catalog is like ------------------------------------------------------------------------


@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=0, max_size=9), max_size=8
    ),
    st.lists(st.floats(0, 1), min_size=1, max_size=4),
)
def test_quantiles_of_ragged_values_are_those_of_numpy(rows, q):
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    found = ragged_quantiles(np.concatenate([[], *rows]), lengths, q)
    assert found.shape == (len(q), len(rows))
    for row, column in zip(rows, found.T, strict=True):
        expected = np.quantile(row, q) if row else np.full(len(q), np.nan)
        np.testing.assert_allclose(column, expected, rtol=1e-9, atol=1e-9)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.booleans(), st.randoms())
def test_statistics_agree_with_numpy_and_describe(lengths, errors, random):
    rng = np.random.default_rng(random.randrange(2**32))
    n = sum(lengths)
    mag_err = np.where(rng.random(n) < 0.5, np.nan, rng.random(n) + 0.1) if errors else None
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    curves = LightCurves(rng.uniform(0, 99, n), rng.normal(15, 1, n), mag_err, offsets=offsets)
    found, table = statistics(curves), curves.describe()
    for i, (one, n) in enumerate(zip(curves, lengths, strict=True)):
        time, mag = one[:, 0], one[:, 1]
        known = one[:, 2][np.isfinite(one[:, 2])] if one.shape[1] == 3 else []
        expected = {
            "length": n,
            "span": np.ptp(time) if n > 1 else np.nan,
            "cadence": np.median(np.diff(time)) if n > 1 else np.nan,
            "amplitude": np.diff(np.percentile(mag, [5, 95]))[0] if n > 1 else np.nan,
            "mag_err": np.median(known) if len(known) else np.nan,
        }
        for name, value in expected.items():
            np.testing.assert_allclose([found[name][i], table[name].iloc[i]], value)
        np.testing.assert_allclose(table["mag"].iloc[i], np.median(mag))
    quantiles = summarise(curves)["quantiles"]
    np.testing.assert_allclose(
        quantiles["length"], np.percentile(curves.lengths, module.PERCENTILES), rtol=1e-5
    )


def test_a_catalog_of_single_observations_has_a_length_alone():
    curves = LightCurves.from_arrays([[[float(i), 15.0]] for i in range(5)])
    found = summarise(curves)
    assert found["quantiles"] == {"length": [1.0] * 9}
    assert found["bands"] == {}
    assert (found["objects"], found["observations"]) == (5, 5)
    assert summarise(curves, np.zeros(5, dtype=bool))["quantiles"] == {}


def test_large_catalogs_are_sampled_the_same_way_each_time(curves, monkeypatch):
    whole = statistics(curves)
    monkeypatch.setattr(module, "_OBSERVATIONS", 100)  # in several pieces
    np.testing.assert_equal(statistics(curves), whole)
    monkeypatch.setattr(module, "MOST_OBJECTS", 10)
    sampled = statistics(curves)
    assert len(sampled["span"]) == 10
    assert set(sampled["span"]) <= set(whole["span"])
    np.testing.assert_equal(statistics(curves), sampled)
    assert summarise(curves)["described"] == 10
    assert summarise(curves)["objects"] == 24


# -- what a run records ----------------------------------------------------------------------------


def test_a_fit_records_what_it_knows(curves):
    banded = LightCurves(
        curves.time,
        curves.mag,
        curves.mag_err,
        offsets=curves.offsets,
        ids=np.arange(24),
        band=np.repeat(["g", "r"], 12),
    )
    model = tiny(augment={"thin", "shift"}, max_epochs=2, window_size=30).fit(banded)
    record = model.training_
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["labels"] is False
    assert record["begun_with"] is None
    assert record["objects"] + record["validation_objects"] == 24
    assert sum(record["bands"].values()) == record["objects"]
    assert record["bands"].keys() == {"g", "r"}
    assert record["windows"] > record["objects"]
    assert record["epochs"] == 2
    best = model.history_.loc[model.history_["valid_rmse"].idxmin()]
    assert record["valid_rmse"] == best["valid_rmse"] == model.info_["valid_rmse"]
    assert record["train_rmse"] == best["train_rmse"]
    assert record["best_epoch"] == best["epoch"]
    assert record["parameters"]["lr"] == 1e-3
    assert sorted(record["parameters"]["augment"]) == ["shift", "thin"]
    assert set(record["quantiles"]) == set(module.QUANTITIES)
    again = tiny(augment={"thin", "shift"}, max_epochs=2, window_size=30).fit(banded)
    assert again.training_["quantiles"] == record["quantiles"]
    unsure = tiny(validation_fraction=0, random_state=np.random.RandomState(0)).fit(banded)
    assert unsure.training_["valid_rmse"] is None
    assert unsure.training_["parameters"]["random_state"] is None
    assert unsure.training_["objects"] == 24
    assert "valid_rmse" not in unsure.info_


def test_pieces_add_up_and_passes_over_the_same_do_not(curves):
    model = tiny()
    for _ in range(2):
        model.partial_fit(curves[:12]).partial_fit(curves[12:])
    record, whole = model.training_, summarise(curves)
    assert record["epochs"] == 4
    assert len(record["pieces"]) == 2
    for name in ("objects", "observations", "bands", "described"):
        assert record[name] == whole[name]
    for name, values in whole["quantiles"].items():
        low, high = record["quantiles"][name][0], record["quantiles"][name][-1]
        assert (low, high) == (values[0], values[-1])
        assert record["quantiles"][name] == sorted(record["quantiles"][name])
        spread = values[-1] - values[0]
        np.testing.assert_allclose(record["quantiles"][name], values, atol=0.2 * spread)
    json.dumps(record, allow_nan=False)


def test_a_resumed_run_records_what_an_unbroken_one_does(curves, tmp_path):
    kept = {"checkpoint": tmp_path / "run.pt", "checkpoint_minutes": 0.0}
    tiny(**kept).fit(curves)
    resumed = tiny(**kept, max_epochs=2).fit(curves).training_
    unbroken = tiny(max_epochs=2).fit(curves).training_
    losses = ("train_rmse", "valid_rmse")
    assert [resumed[name] for name in losses] == pytest.approx([unbroken[n] for n in losses])
    assert {**resumed, **dict.fromkeys(losses)} == {**unbroken, **dict.fromkeys(losses)}


def test_without_training_all_that_is_known_is_kept(curves, tmp_path):
    trained = tiny().fit(curves)
    trained.save_pretrained(
        tmp_path / "first", licence="MIT", evaluation={"F1": 0.5}, command="make it"
    )
    first = read_folder(tmp_path / "first").info
    copy = AstromerEmbedder(tmp_path / "first").fit(curves)
    assert copy.training_ is None
    copy.save_pretrained(tmp_path / "second")
    assert read_folder(tmp_path / "second").info == first | {"name": "second"}
    bundled = AstromerEmbedder("surveys-small").fit(curves)
    bundled.save_pretrained(tmp_path / "bundled")
    kept = read_folder(tmp_path / "bundled").info
    assert kept == load("surveys-small").info | {"name": "bundled"}
    untrained = tiny(max_epochs=0).fit(curves)
    untrained.save_pretrained(tmp_path / "none")
    card = (tmp_path / "none" / "README.md").read_text()
    assert "as they were initialised" in card
    assert "RMSE" not in card


def test_fine_tuning_says_what_it_began_with(curves, tmp_path):
    first = tiny().fit(curves)
    first.save_pretrained(tmp_path / "first", licence="MIT", command="make it")
    tuned = tiny(tmp_path / "first").fit(curves)
    begun = tuned.training_["begun_with"]
    assert begun["weights"] == "first"  # not where it lies on this machine
    assert begun["training"]["objects"] == first.training_["objects"]
    assert "quantiles" not in begun["training"]
    tuned.save_pretrained(tmp_path / "tuned")
    info = read_folder(tmp_path / "tuned").info
    assert "licence" not in info  # of other weights
    assert "command" not in info
    assert labels_seen(info) is False
    then = AstromerEmbedder(tmp_path / "first", max_epochs=0).fit(curves).partial_fit(curves)
    assert then.training_["begun_with"] == begun
    assert then.training_["epochs"] == 1


def test_labels_seen_on_the_way_are_told(curves, labels, tmp_path):
    assert labels_seen(load("surveys-periods").info) is True
    assert labels_seen(load("surveys-small").info) is True
    assert labels_seen(load("surveys-periods-unlabelled").info) is False
    assert labels_seen({"conf": {}}) is False
    assert labels_seen({}) is None
    model = AstromerClassifier(tiny(), max_epochs=1, train_encoder=True, random_state=0)
    encoder = model.fit(curves, labels).encoder_
    encoder.save_pretrained(tmp_path / "supervised")
    info = read_folder(tmp_path / "supervised").info
    assert labels_seen(info) is True
    assert info["training"]["begun_with"]["training"]["objective"] == "masked reconstruction"
    again = tiny(tmp_path / "supervised").fit(curves)
    assert labels_seen(again.info_) is True
    again.save_pretrained(tmp_path / "again")
    assert "supervised, trained with labels" in (tmp_path / "again" / "README.md").read_text()


def test_an_old_pickle_without_a_record_goes_on(curves, tmp_path):
    old = tiny().fit(curves)
    del old.training_, old.info_  # as versions before had it
    old = pickle.loads(pickle.dumps(old))
    old.save_pretrained(tmp_path / "old")
    assert read_folder(tmp_path / "old").info == {"name": "old"}
    assert "labels used | not recorded" in (tmp_path / "old" / "README.md").read_text()
    old.partial_fit(curves)
    assert old.training_["begun_with"] == {"weights": "those of a fit before", "labels": None}
    assert labels_seen(old.info_) is None


def test_a_fit_that_fails_leaves_the_record(curves):
    model = tiny().fit(curves)
    record = model.training_
    with pytest.raises(FloatingPointError):
        model.set_params(training__lr=1e30, max_epochs=3).fit(curves)
    assert model.training_ is record


# -- the card --------------------------------------------------------------------------------------


def test_the_card_of_a_real_run(shared, home):
    curves = LightCurves.read(shared / "data" / "asas.parquet")[:200]
    curves.to_frame().to_parquet("asas.parquet")
    words = ["pretrain", "asas.parquet", "--epochs", "1", "--out", "my weights", *FLAGS]
    assert main([*words, "--licence", "MIT"]) == 0
    card = Path("my weights/README.md").read_text(encoding="utf-8")
    assert front_matter(card) == {
        "library_name": "sklearn_astromer",
        "license": "mit",
        "pipeline_tag": "feature-extraction",
        "tags": [
            *("astronomy", "light-curves", "time-series", "variable-stars"),
            *("transformer", "astromer", "scikit-learn"),
        ],
    }
    found = read_folder("my weights")
    record = found.info["training"]
    header, *rows = table(card, "of an object")
    assert header[1:] == ["0 %", "1 %", "5 %", "25 %", "50 %", "75 %", "95 %", "99 %", "100 %"]
    assert [row[0].split()[0] for row in rows] == list(module.QUANTITIES)
    lengths = [float(cell) for cell in rows[0][1:]]
    np.testing.assert_allclose(lengths, record["quantiles"]["length"], rtol=1e-3)
    assert f"| objects | {record['objects']} |" in card
    assert "| bands | V (160) |" in card
    assert "| labels used | no |" in card
    assert f"| validation RMSE | {record['valid_rmse']:.4g} mag |" in card
    assert "sklearn-astromer pretrain asas.parquet --epochs 1 --out 'my weights'" in card
    assert "No licence" not in card
    assert "10.1051/0004-6361/202243928" in card
    assert make_card(found) == card  # of what the folder says alone
    code = card.split("```python\n")[1].split("```")[0]
    here = {}
    exec(code.replace("catalog.parquet", "asas.parquet"), here)
    assert here["vectors"].shape == (200, 17)


def test_a_card_without_a_licence_asks_for_it(curves, tmp_path, home, capsys):
    curves.to_frame().to_parquet("c.parquet")
    flags = [flag for flag in FLAGS if flag != "--quiet"]
    assert main(["pretrain", "c.parquet", "--epochs", "1", "--out", "m", *flags]) == 0
    assert "state one by --licence" in capsys.readouterr().err
    card = Path("m/README.md").read_text()
    assert front_matter(card)["license"] == "unknown"
    assert "No licence is stated." in card
    own = make_card(read_folder("m"), licence='My "own": licence')
    assert front_matter(own)["license"] == "other"
    assert front_matter(own)["license_name"] == 'My "own": licence'


@pytest.mark.parametrize(
    ("evaluation", "expected"),
    [
        ({"macro-F1": 0.71, "n": np.int64(3)}, [["measure", "value"], ["macro-F1", "0.71"]]),
        (
            {"ASAS": {"F1": 0.5, "acc": np.nan}, "CRTS": {"F1": np.float32(0.25), "acc": None}},
            [["", "F1", "acc"], ["ASAS", "0.5", ""], ["CRTS", "0.25", ""]],
        ),
        (
            pd.DataFrame({"of|what": ["a\nb", "c"], "F1": [0.1, 0.2]}),
            [["of\\|what", "F1"], ["a b", "0.1"]],
        ),
    ],
)
def test_an_evaluation(make_checkpoint, tmp_path, curves, evaluation, expected):
    card = make_card(make_checkpoint(), evaluation=evaluation)
    section = card.split("## Evaluation\n")[1].split("##")[0]
    assert table(section, expected[0][0])[: len(expected)] == expected
    model = tiny().fit(curves)
    model.save_pretrained(tmp_path / "mine", evaluation=evaluation)
    assert section in make_card(read_folder(tmp_path / "mine"))
    with pytest.raises(TypeError, match="a mapping or a DataFrame, got list"):
        model.save_pretrained(tmp_path / "other", evaluation=[1])
    assert not (tmp_path / "other").exists()


def test_odd_names_and_commands(make_checkpoint):
    card = make_card(make_checkpoint(), name='a "b"\n# c', command="echo ```\n| x")
    assert "\n# c" not in card
    assert "````sh\necho ```\n| x\n````" in card
    front_matter(card)


@pytest.mark.parametrize(
    "training",
    [
        [],
        {"objects": "many", "bands": [1], "quantiles": {"length": [1, 2]}},
        {"percentiles": [0, 100], "quantiles": {"length": ["a", None], "span": 3}},
        {"percentiles": {}, "quantiles": {"length": []}, "begun_with": 3, "parameters": "x"},
        {"percentiles": ["a"], "quantiles": {"length": [1.0]}, "labels": "maybe", "described": []},
        {"epochs": 1.5, "train_rmse": "low", "bands": {"V": [2]}, "version": 3, "objective": 7},
    ],
)
def test_a_record_that_anybody_wrote(make_checkpoint, training):
    card = make_card(make_checkpoint(info={"training": training, "evaluation": {"rows": 1}}))
    assert "of an object" not in card
    assert "None is recorded" in card


def test_a_card_is_replaced_unless_it_was_edited(curves, tmp_path):
    model, path = tiny().fit(curves), tmp_path / "mine"
    model.save_pretrained(path)
    card = path / "README.md"
    written = card.read_bytes()
    assert is_sealed(written)
    model.save_pretrained(path, licence="MIT", overwrite=True)  # as it was written: replaced
    assert card.read_bytes() != written
    mine = card.read_text().replace("# mine", "# My encoder")
    for edited in (mine, "notes\n" + card.read_text(), card.read_text() + "notes\n", ""):
        card.write_text(edited)
        with pytest.raises(FileExistsError, match=r"README\.md is not as this package wrote it"):
            model.save_pretrained(path, overwrite=True)
        assert card.read_text() == edited
        load(path)  # reading does not mind
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        AstromerEmbedder(path).fit(curves)


def test_pretrain_tells_of_an_edited_card_before_it_trains(curves, home, error):
    curves.to_frame().to_parquet("c.parquet")
    assert main(["pretrain", "c.parquet", "--epochs", "0", "--out", "mine", *FLAGS]) == 0
    Path("mine/README.md").write_text("my notes")
    assert "README.md is not as" in error("pretrain", "c.parquet", "--out", "mine", *FLAGS)


def test_epochs_0_keeps_the_command_that_trained(curves, home):
    curves.to_frame().to_parquet("c.parquet")
    assert main(["pretrain", "c.parquet", "--epochs", "1", "--out", "a", *FLAGS]) == 0
    words = ["pretrain", "c.parquet", "--from", "a", "--epochs", "0", "--out", "b", "--quiet"]
    assert main(words) == 0
    assert read_folder("b").info["command"] == read_folder("a").info["command"]


TEXT = st.text(
    st.sampled_from("ab`~|\\<>[]()!#*_-&;=\n\r\t\x1b{}:'\" 1.")
    | st.characters(exclude_categories=["Cs"]),
    max_size=30,
)
TEXT |= st.sampled_from(
    [
        "```",
        "````sh",
        "x\n```\n# Mine\n",
        "~~~",
        "<!--",
        "<script>",
        "[a](javascript:b)",
        "![](//a)",
    ]
)


@settings(max_examples=60)
@given(name=TEXT, licence=TEXT, command=TEXT, band=TEXT, cell=TEXT)
@example("`", "`", "a\n```\n# b", "`g`", "```")
@example("a\\", "MIT", "make \x1b[2J", "g\\", "<!--")
def test_nothing_breaks_out_of_a_card(name, licence, command, band, cell):
    """What strangers call things is text: no heading, link, image, HTML or code of theirs."""
    markdown = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    training = {"objects": 3, "bands": {band: 3}, "objective": cell}
    info = {"training": training, cell or "a": band, "data": cell}
    card = make_card(
        dataclasses.replace(load("surveys-small"), info=info),
        name=name,
        licence=licence,
        command=command,
        evaluation=pd.DataFrame({band or "b": [cell]}, index=[name]),
    )
    plain = make_card(
        dataclasses.replace(
            load("surveys-small"), info={"training": training | {"bands": {"g": 3}}}
        ),
        name="plain",
        licence="mine",
        command="make" if command.strip() else "",
        evaluation={"a": 1},
    )

    def shape(text):
        tokens = markdown.parse(text[text.index("\n---\n") + 5 :])
        flat = [t.type for token in tokens for t in (token, *(token.children or ()))]
        kinds = {"heading_open", "fence", "html_block", "html_inline", "link_open", "image"}
        return tokens, [kind for kind in flat if kind in {*kinds, "code_inline", "code_block"}]

    tokens, found = shape(card)
    assert found == shape(plain)[1]
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]", card)
    if command.strip():
        fences = [token.content for token in tokens if token.type == "fence"]
        assert len(fences) == 3
    assert [token.type for token in tokens].count("table_open") == 4
