"""What the command line says of itself, and the demo."""

import inspect
import itertools
import subprocess
import sys
import textwrap

import pytest
from embedders import make_embedder
from running import process

import sklearn_astromer
from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.cli import main
from sklearn_astromer.cli.commands import CLI
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.embedder import FRESH_EPOCHS

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


def commands(group=CLI, path=()):
    """Yield the words of every command."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield [*path, name]


EMBED = ["embed", "c.parquet", "--out", "e.csv"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["embed"], "missing argument 'CATALOG…'"),
        (["embed", "c.parquet"], "missing option '--out'"),
        ([*EMBED, "--batch-objects", "0"], "'--batch-objects': 0 is not in the range x>=1"),
        ([*EMBED, "--columns", "colour=f"], "'colour=f' is not PART=NAME: the names are id, time"),
        ([*EMBED, "--columns", "mga=f"], "'mga=f' is not PART=NAME: did you mean 'mag'?"),
        ([*EMBED, "--columns", "mag=a,mag=b"], "mag is given twice"),
        ([*EMBED, "--columns", "mag"], "'mag' is not PART=NAME"),
        ([*EMBED, "--row", "mean,median"], "'median' is no part of a row"),
        ([*EMBED, "--shard", "5/4"], "'5/4' is not I/N"),
        ([*EMBED, "--rule", "x="], "'x=' is not NAME=LIMIT or NAME=off"),
        (["embed", "c.parquet", "--out", "e.txt"], "does not end in .parquet or .csv or .ecsv"),
        ([*EMBED, "--survey", "2mass"], "'2mass' is none of them: the names are auto, columns"),
        (["inspect"], "missing argument 'CATALOG…'"),
        (["search", "emb", "--like", "1", "--out", "a.txt"], "does not end in .csv or .parquet"),
        (["search", "emb", "more"], "unexpected extra argument (more)"),
        (["pretrain", "c.parquet", "--out", "e", "--max-epochs", "many"], "'--max-epochs'"),
        (["weights", "burn"], "no command 'burn': the names are list, fetch"),
        (["demo", "--stars", "7"], "7 is not in the range x>=70"),
        (["completion", "csh"], "'csh'"),
    ],
)
def test_wrong_usage_is_one_line_and_exits_with_2(words, message, capsys):
    with pytest.raises(SystemExit) as exit:
        main(words)
    assert exit.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("sklearn-astromer: error: ")
    assert message in line
    command = " ".join(itertools.takewhile(lambda word: word in ("embed", "search"), words))
    assert line.endswith(f"{command} --help)")


@pytest.mark.parametrize(
    ("words", "right"),
    [
        (["embde", "c.parquet"], "embed"),
        (["weights", "fecth", "macho"], "fetch"),
        ([*EMBED, "--survey", "zft"], "ztf"),
        ([*EMBED, "--survey", "ZTF"], "ztf"),
        ([*EMBED, "--layout", "float23"], "float32"),
        ([*EMBED, "--weigths", "macho"], "--weights"),
        (["pretrain", "c.parquet", "--out", "m", "--architecture", "period"], "periods"),
    ],
)
def test_misspelt_words_are_answered_with_the_right_one(words, right, capsys):
    with pytest.raises(SystemExit):
        main(words)
    err = capsys.readouterr().err.lower().replace("'", "")  # some versions of click quote options
    assert f"did you mean {right}?" in err


def test_misspelt_names_are_answered_in_python_too(error):
    with open("c.csv", "w") as file:
        file.write("id,time,mag\na,1,15\n")
    line = error("embed", "c.csv", "--out", "e.csv", "--weights", "survey-periods")
    assert "did you mean 'surveys-periods'?" in line
    assert "did you mean 'surveys-periods'?" in error("weights", "verify", "survey-periods")
    with pytest.raises(ValueError, match="did you mean 'ztf'"):
        LightCurves.read("c.csv", survey="zft")


@pytest.mark.parametrize("words", [[], ["weights"], *commands()])
@pytest.mark.parametrize("asked", ["-h", "--help"])
def test_help_teaches(words, asked, capsys):
    with pytest.raises(SystemExit) as exit:
        main([*words, asked])
    assert exit.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: {' '.join(['sklearn-astromer', *words])}")
    if words[:1] not in (["demo"], ["completion"]) and words[1:] == []:
        assert "Examples:\n    sklearn-astromer " in out
    assert all(len(line) <= 100 for line in out.splitlines() if "sklearn-astromer" not in line)


@pytest.mark.parametrize("words", list(commands()))
def test_help_shows_defaults(words, capsys):
    """Of every option that has one."""
    command = CLI
    for word in words:
        command = command.commands[word]
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    out = "".join(capsys.readouterr().out.split())
    for param in command.params:
        shown = getattr(param, "show_default", None) or param.default
        if isinstance(shown, (str, int, float)) and not isinstance(shown, bool):
            assert "default:" in out
            assert "".join(f"{shown}".split()) in out
    assert words == ["completion"] or "--quiet" in out


def test_defaults_are_those_of_the_classes():
    command, signature = CLI.commands["pretrain"], inspect.signature(AstromerEmbedder).parameters
    found = {param.name: param.default for param in command.params}
    assert found["max_epochs"] == FRESH_EPOCHS
    for name in ("batch_size", "window_size"):
        assert found[name] == signature[name].default


def test_alone_it_prints_help_and_versions(capsys):
    assert main([]) == 0
    alone = capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--help"])
    assert capsys.readouterr().out == alone
    assert main(["weights"]) == 0
    assert "sklearn-astromer weights fetch macho" in capsys.readouterr().out
    for asked in ("-V", "--version"):
        with pytest.raises(SystemExit) as exit:
            main([asked])
        assert exit.value.code == 0
        assert capsys.readouterr().out == f"{sklearn_astromer.__version__}\n"


def test_nobody_reads_the_output_any_more():
    with process("weights", "list") as running:
        running.stdout.close()
        err = running.stderr.read()
    assert running.returncode == 141
    assert err == ""


def test_help_inspect_and_data_code_import_no_torch(home):
    code = """
        import sys
        from sklearn_astromer import LightCurves
        assert not {"sklearn", "torch"} & set(sys.modules)
        from sklearn_astromer.cli import main
        with open("c.csv", "w") as file:
            file.write("id,time,mag\\na,1,15\\na,2,15.5\\n")
        assert main(["inspect", "c.csv"]) == 0
        main(["embed", "--help"])
    """
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("file ")
    assert "Usage: sklearn-astromer embed" in done.stdout
    loaded = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    assert "sklearn_astromer.cli" in loaded
    assert not {"sklearn", "torch"} & loaded
