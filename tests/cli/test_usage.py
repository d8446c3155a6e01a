"""What the command line says of itself, and the demo."""

import subprocess
import sys
import textwrap

import pytest
from embedders import make_embedder

from sklearn_astromer.cli import main
from sklearn_astromer.datasets import make_variable_stars

pytestmark = pytest.mark.usefixtures("home")  # no test sees the cache of a user


def test_demo_prints_scores_of_the_main_job(capsys, error):
    curves, _ = make_variable_stars(2, random_state=0)
    make_embedder(d_model=16, n_heads=2, d_ff=16, max_epochs=0).fit(curves).save_pretrained("m")
    assert main(["demo", "--stars", "70", "--weights", "m"]) == 0
    out = capsys.readouterr().out
    assert "70 objects" in out
    assert "classes: CEP, CONST, DSCT, EB, MIRA, RRAB, RRC" in out
    scores = [line.split("  ")[-1].split(" ± ") for line in out.splitlines()[-2:]]
    assert all(0 < float(mean) < 1 and 0 <= float(std) < 1 for mean, std in scores)
    assert "no weights called" in error("demo", "--weights", "nope").replace("\n", "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "COMMAND"),
        (["embed"], "CATALOG"),
        (["embed", "c.parquet"], "--out"),
        (["embed", "c.parquet", "--out", "e.csv", "--row", "median"], "--row"),
        (["embed", "c.parquet", "--out", "e.csv", "--batch", "0"], "at least 1"),
        (
            ["embed", "c.parquet", "--out", "e.csv", "--columns", "colour=f"],
            "'colour=f' is not PART=NAME",
        ),
        (
            ["embed", "c.parquet", "--out", "e.csv", "--columns", "mag=a,mag=b"],
            "mag is given twice",
        ),
        (["embed", "c.parquet", "--out", "e.csv", "--columns", "mag"], "'mag' is not PART=NAME"),
        (["embed", "c.parquet", "--out", "e.txt"], "does not end in .parquet, .csv or .ecsv"),
        (["embed", "c.parquet", "--out", "e.csv", "--survey", "sloan"], "'sloan'"),
        (["inspect"], "CATALOG"),
        (["search", "emb", "--like", "1", "--out", "a.txt"], "does not end in .csv or .parquet"),
        (["pretrain", "c.parquet", "--out", "e", "--epochs", "many"], "--epochs"),
        (["weights", "burn"], "burn"),
        (["demo", "--stars", "7"], "at least 70"),
    ],
)
def test_usage_errors_exit_with_2(words, message, capsys):
    with pytest.raises(SystemExit) as exit:
        main(words)
    assert exit.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [[], ["inspect"], ["embed"], ["search"], ["pretrain"], ["weights"], ["demo"]]
)
def test_help_teaches(words, capsys):
    with pytest.raises(SystemExit) as exit:
        main([*words, "--help"])
    assert exit.value.code == 0
    out = capsys.readouterr().out
    if words != ["demo"]:
        assert "examples:\n  sklearn-astromer " in out


def test_help_and_data_code_import_no_torch():
    code = """
        import sys
        from sklearn_astromer import LightCurves
        assert not {"sklearn", "torch"} & set(sys.modules)
        from sklearn_astromer.cli import main
        main(["embed", "--help"])
    """
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("usage")
    loaded = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    assert "sklearn_astromer.cli" in loaded
    assert not {"sklearn", "torch"} & loaded
