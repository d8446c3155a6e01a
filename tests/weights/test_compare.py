"""How close a catalog is to the light curves of the training: real surveys against each other."""

import warnings
from functools import cache
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from embedders import make_embedder

from sklearn_astromer import LightCurves
from sklearn_astromer.cli import main
from sklearn_astromer.lightcurves.statistics import summarise
from sklearn_astromer.weights import compare, load

TINY = {"d_model": 8, "n_layers": 1, "n_heads": 2, "d_ff": 8}
PERCENTILES = [f"{of}_{p}" for of in ("training", "catalog") for p in (5, 50, 95)]


@pytest.fixture(scope="module")
def survey(shared):
    @cache
    def read(name):
        path = shared / "data" / f"{name}.parquet"
        if not path.exists():
            pytest.skip(f"needs {path}")
        return LightCurves.read(path)

    return read


def held_out(curves):
    """The test part of benchmarks/realdata.py, which no bundled weights have seen."""
    tenth = [int(sha256(str(i).encode()).hexdigest(), 16) % 10 for i in curves.ids]
    return curves[np.array(tenth) < 2]


@pytest.fixture
def trained(make_checkpoint):
    """Weights that say that they were trained on these curves."""

    def make(curves):
        return make_checkpoint(info={"training": summarise(curves)})

    return make


@pytest.fixture
def steady():
    """Make curves of so many observations, one a day."""

    def make(n_objects, length=30, error=0.1, seed=0, scale=1.0):
        rng = np.random.default_rng(seed)
        n = n_objects * length
        return LightCurves(
            np.tile(np.arange(length), n_objects) + rng.uniform(0, 0.2, n),
            15 + scale * rng.normal(size=n),
            None if error is None else np.full(n, error) * rng.uniform(0.8, 1.2, n),
            offsets=np.arange(0, n + 1, length),
        )

    return make


def quiet(weights, curves):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = compare(weights, curves)
    assert not table["unlike"].any()
    return table


@pytest.mark.parametrize("seed", [0, 1])
def test_other_stars_of_the_training_survey_are_like_it(survey, trained, seed):
    asas = survey("asas")
    order = np.random.default_rng(seed).permutation(len(asas))
    checkpoint = trained(asas[order[:300]])
    for n in (300, 20, 5):
        table = quiet(checkpoint, asas[order[300 : 300 + n]])
    assert list(table.columns) == [*PERCENTILES, "outside", "unlike"]


def test_another_survey_is_not(survey, trained):
    asas, stripe82 = survey("asas"), survey("stripe82")
    with pytest.warns(UserWarning, match="length.*cadence") as caught:
        table = compare(trained(asas[:500]), stripe82)
    assert {"length", "cadence", "mag_err"} <= set(table.index[table["unlike"]])
    assert "Try other weights" in str(caught[0].message)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="unlike"):
        compare("surveys-small", stripe82)


@pytest.mark.parametrize("name", ["surveys-periods", "surveys-periods-unlabelled", "surveys-small"])
@pytest.mark.parametrize("catalog", ["asas", "crts"])
def test_the_bundled_weights_know_what_they_were_trained_on(survey, name, catalog):
    curves = held_out(survey(catalog))
    table = quiet(name, curves)
    assert (table["outside"] < 0.05).all()
    quiet(name, curves[:25])


def test_the_columns_are_percentiles(steady, trained):
    one, other = steady(200), steady(100, seed=1)
    table = quiet(trained(one), other)
    expected = np.percentile(other.describe()["amplitude"], [5, 50, 95])
    np.testing.assert_allclose(table.loc["amplitude", PERCENTILES[3:]].astype(float), expected)
    expected = np.percentile(one.describe()["amplitude"], [5, 50, 95])
    found = table.loc["amplitude", PERCENTILES[:3]].astype(float)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert table["unlike"].dtype == bool


def test_a_quarter_of_the_objects_or_the_median(steady, trained):
    checkpoint = trained(steady(200))
    near, far = steady(100, seed=1), steady(100, scale=5.0, seed=2)
    quiet(checkpoint, LightCurves.concatenate([near, far[:20]]))
    mixed = LightCurves.concatenate([near, far[:50]])
    with pytest.warns(UserWarning, match=r"amplitude \(median .* 3[3-7]% of the objects") as caught:
        compare(checkpoint, mixed)
    assert "length" not in str(caught[0].message)
    few = LightCurves.concatenate([near[:4], far[:3]])
    quiet(checkpoint, few)  # of so few, three may be odd by chance
    with pytest.warns(UserWarning, match="amplitude"):
        compare(checkpoint, far[:3])


def test_what_one_side_lacks_is_not_compared(steady, trained):
    without = steady(50, error=None)
    for training, catalog in ((steady(50), without), (without, steady(50, seed=1))):
        table = quiet(trained(training), catalog)
        assert np.isnan(table.loc["mag_err", "outside"])
    single = LightCurves.from_arrays([[[1.0, 15.0]]] * 30)
    with pytest.warns(UserWarning, match="length"):
        table = compare(trained(steady(50)), single)
    assert table.loc["span", PERCENTILES[3:]].isna().all()
    quiet(trained(single), single)


def test_it_reads_what_estimators_read_and_says_what_is_missing(steady, make_checkpoint, cache):
    grid = np.random.default_rng(0).normal(15, 0.1, (30, 40))
    with pytest.warns(UserWarning, match="'surveys-small'"):
        compare("surveys-small", grid)
    with pytest.raises(ValueError, match="nothing is recorded"):
        compare(make_checkpoint(), steady(3))
    with pytest.raises(ValueError, match="no light curves"):
        compare("surveys-small", steady(3)[:0])
    with pytest.raises(ValueError, match="no weights called"):
        compare("nope", steady(3))


def test_a_run_can_be_compared_with_at_once(steady, tmp_path):
    model = make_embedder(**TINY, max_epochs=1, random_state=0).fit(steady(100))
    model.save_pretrained(tmp_path / "mine")
    table = quiet(tmp_path / "mine", steady(50, seed=1))
    assert table.loc["length", "training_50"] == 30


# -- the command line ------------------------------------------------------------------------------


@pytest.fixture
def run(home, capsys):
    def info(*words):
        code = main(["weights", "info", *map(str, words)])
        out, err = capsys.readouterr()
        return code, out, err

    return info


def test_info_on_real_catalogs(survey, run, shared):
    asas = held_out(survey("asas"))[:200]
    asas.to_frame().to_parquet("asas.parquet")
    code, out, err = run("surveys-periods", "--catalog", "asas.parquet")
    assert (code, err) == (0, "")
    facts, table = out.split("\n\n")
    assert "labels used     yes" in facts
    assert "26 809" in facts
    assert len(table.splitlines()) == 6
    assert "unlike" not in table
    stripe82 = shared / "data" / "stripe82.parquet"
    code, out, err = run("surveys-small", "--catalog", stripe82, "--band", "g")
    assert code == 0
    assert "unlike" in out.split("\n\n")[1]
    assert err.startswith("sklearn-astromer: warning: this catalog is unlike the light curves")
    code, out, err = run("surveys-small")
    assert (code, err) == (0, "")
    assert "\n\n" not in out


def test_info_reads_catalogs_as_embed_does(steady, run, error):
    frame = steady(40).to_frame()
    frame = frame.rename(columns={"object_id": "star", "time": "when", "mag": "V"})
    frame.to_csv("c.csv", index=False)
    columns = ["--columns", "id=star,time=when,mag=V"]
    code, out, _ = run("surveys-periods", "--catalog", "c.csv", *columns)
    assert code == 0
    row = next(line for line in out.splitlines() if line.startswith("length (observations)"))
    assert row.split()[-3:] == ["30", "30", "0%"]
    frame.loc[0, "V"] = np.nan
    frame.to_parquet("c.parquet")
    code, out, err = run(
        "surveys-periods", "--catalog", "c.parquet", *columns, "--on-invalid", "drop"
    )
    assert code == 0
    assert "1 " in err


def test_info_without_anything_to_compare_with(steady, make_checkpoint, home, capsys):
    from sklearn_astromer.weights.checkpoint import write_folder

    write_folder("mine", make_checkpoint())
    steady(5).to_frame().to_parquet("c.parquet")
    assert main(["weights", "info", "mine", "--catalog", "c.parquet"]) == 1
    assert "nothing is recorded of the light curves" in capsys.readouterr().err
    assert main(["weights", "info", "macho", "--catalog", "c.parquet"]) == 1
    assert "not here to compare with" in capsys.readouterr().err


def test_the_bundled_records_are_whole():
    for name in ("surveys-periods", "surveys-periods-unlabelled", "surveys-small"):
        info = load(name).info
        record = info["training"]
        assert info["licence"] == "MIT"
        assert len(record["quantiles"]) == 5
        assert record["objects"] == sum(record["bands"].values())
        assert pd.DataFrame(record["quantiles"]).apply(lambda c: c.is_monotonic_increasing).all()
