"""The command line: every command on real files, bad ones included."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from embedders import make_embedder
from running import ROOT, process, run, wait_for

from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.config import ROW
from sklearn_astromer.kernels import processor

pytestmark = pytest.mark.usefixtures("home")  # no test sees the cache of a user
SMALL = ["--d-model", "16", "--n-heads", "2", "--d-ff", "16", "--n-layers", "1", "--quiet"]


# -- embed ---------------------------------------------------------------------------------------


def test_embed_writes_what_transform_gives(catalog, curves, capsys):
    assert run("embed", catalog, "--out", "emb.parquet", "--batch-objects", 7) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "emb.parquet: 24 objects, 166 columns" in err
    embedder = AstromerEmbedder("surveys-periods").fit(curves)
    frame = pd.read_parquet("emb.parquet")
    assert list(frame.columns) == ["object_id", *embedder.get_feature_names_out()]
    assert set(frame.dtypes.iloc[1:]) == {np.dtype("float32")}
    np.testing.assert_array_equal(frame["object_id"], curves.ids)
    np.testing.assert_allclose(frame.iloc[:, 1:], embedder.transform(curves), atol=1e-5)
    assert pq.ParquetFile("emb.parquet").num_row_groups == 4  # written as it went
    assert sorted(os.listdir()) == ["catalog.parquet", "emb.parquet"]


def test_embed_by_other_weights_and_rows(catalog, curves, capsys, monkeypatch):
    monkeypatch.setattr(processor, "SLOW_BFLOAT16", False)  # or a warning were right
    small = make_embedder(d_model=16, n_heads=2, d_ff=16, max_epochs=0, random_state=0)
    small.fit(curves).save_pretrained("mine")
    options = ["--weights", "mine", "--row", "mean,std", "--precision", "bfloat16", "--quiet"]
    options += ["--batch-objects", 9]
    assert run("embed", catalog, "--out", "a.parquet", *options, "--device", "cpu") == 0
    assert capsys.readouterr() == ("", "")
    frame = pd.read_parquet("a.parquet")
    np.testing.assert_array_equal(frame["object_id"], curves.ids)
    rows = frame.iloc[:, 1:]
    assert rows.shape == (24, 32)
    exact = small.set_params(row=("mean", "std")).transform(curves)
    np.testing.assert_allclose(rows, exact, atol=0.1)
    assert not np.allclose(rows, exact, atol=1e-6)  # bfloat16 it was
    options = ["--weights", "mine", "--window-size", 10]
    assert run("embed", catalog, "--out", "b.parquet", *options) == 0
    windows = small.set_params(row=ROW, window_size=10).transform(curves)
    np.testing.assert_allclose(pd.read_parquet("b.parquet").iloc[:, 1:], windows, atol=1e-5)


def test_a_tilde_is_the_home_of_the_user(catalog, curves, monkeypatch):
    monkeypatch.setenv("HOME", str(Path("me").resolve()))
    os.mkdir("me")
    catalog.rename("me/cat.parquet")
    words = ["~/cat.parquet", "--quiet", *SMALL[:-1], "--max-epochs", 0]
    assert run("pretrain", *words, "--out", "~/mine") == 0
    assert {"cat.parquet", "mine", "mine.history.csv"} <= set(os.listdir("me"))
    assert os.listdir() == ["me"]


def test_embed_columns_bands_and_folders(curves):
    frame = curves.to_frame().assign(fid=1)
    frame = pd.concat([frame, frame.assign(fid=2, mag=frame["mag"] + 1)])
    frame = frame.rename(columns={"object_id": "star", "time": "when", "mag": "V"})
    os.mkdir("survey")
    half = frame["star"] < 12
    for i, part in enumerate([frame[half], frame[~half]]):
        part.sort_values(["star", "fid"]).to_parquet(f"survey/{i}.parquet")
    columns = ["--columns", "id=star,time=when,mag=V"]
    assert run("embed", "survey", "--band", 2, *columns, "--out", "emb.parquet", "--quiet") == 0
    found = pd.read_parquet("emb.parquet")
    assert found["object_id"].tolist() == list(range(24))
    assert found["band"].unique().tolist() == ["2"]


def test_bands_in_list_columns_are_rows_of_their_own():
    lists = {"mjd": [[1.0, 2.0], [1.0, 2.0]], "mag": [[15.0, 16.0], [15.5, 15.0]]}
    pd.DataFrame({"oid": ["s", "s"], "band": ["g", "r"], **lists}).to_parquet("lists.parquet")
    assert run("embed", "lists.parquet", "--out", "emb.parquet", "--quiet") == 0
    found = pd.read_parquet("emb.parquet")
    assert found[["object_id", "band"]].to_numpy().tolist() == [["s", "g"], ["s", "r"]]


def test_embed_replaces_its_own_output_and_survives_an_empty_catalog(catalog, curves):
    assert run("embed", catalog, "--out", "emb.parquet", "--quiet") == 0
    curves.to_frame().iloc[:0].to_parquet("nothing.parquet")
    assert run("embed", "nothing.parquet", "--out", "emb.parquet", "--quiet", "--overwrite") == 0
    frame = pd.read_parquet("emb.parquet")
    assert frame.shape == (0, 166)
    assert set(frame.dtypes.iloc[1:]) == {np.dtype("float32")}


def test_embed_drops_what_is_invalid_unless_told_to_stop(curves, capsys, error):
    frame = curves.to_frame()
    n = int((frame["object_id"] == 3).sum())
    frame.loc[frame["object_id"] == 3, "mag"] = np.nan
    frame.to_parquet("nan.parquet")
    line = error("embed", "nan.parquet", "--out", "emb.parquet", "--on-invalid", "raise")
    assert "nan.parquet" in line
    assert "object 3" in line
    assert "--on-invalid drop" in line
    assert run("embed", "nan.parquet", "--out", "emb.parquet", "--quiet") == 0
    assert pd.read_parquet("emb.parquet")["object_id"].tolist() == [0, 1, 2, *range(4, 24)]
    err = capsys.readouterr().err
    assert f"left out {n}: {n} without time or brightness (first in object 3)" in err


def test_embed_real_curves(shared, capsys):
    path = shared / "data" / "stripe82.parquet"
    options = ["--weights", shared / "weights" / "macho_a0.zip", "--band", "u", "--quiet"]
    assert run("embed", path, "--out", "emb.parquet", *options) == 0
    frame = pd.read_parquet("emb.parquet")
    curves = LightCurves.read(path, band="u")
    assert frame["object_id"].tolist() == curves.ids.tolist()
    embedder = AstromerEmbedder(shared / "weights" / "macho_a0.zip", max_epochs=0).fit(curves)
    np.testing.assert_allclose(frame.iloc[:5, 2:], embedder.transform(curves[:5]), atol=1e-5)


BAD_FILES = {
    "missing": "there is no file bad.parquet",
    "text": "bad.parquet cannot be read as Parquet",
    "truncated": "bad.parquet cannot be read as Parquet",
    "damaged": "bad.parquet",
    "columns": "no column was recognised as the time among 'object_id', 'when', 'mag', 'mag_err':"
    " pass --columns time=…",
    "seconds": "days",
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_bad_catalogs_are_named_with_a_remedy(what, catalog, curves, error):
    bad, frame = Path("bad.parquet"), curves.to_frame()
    content = catalog.read_bytes()
    if what == "text":
        bad.write_text("object_id,time,mag\n")
    elif what == "truncated":
        bad.write_bytes(content[: len(content) // 2])
    elif what == "damaged":
        bad.write_bytes(content[:4] + bytes(len(content) // 2) + content[4 + len(content) // 2 :])
    elif what == "columns":
        frame.rename(columns={"time": "when"}).to_parquet(bad)
    elif what == "seconds":
        frame.assign(time=frame["time"] * 86_400).to_parquet(bad)
    line = error("embed", bad, "--out", "emb.parquet")
    assert "bad.parquet" in line
    assert BAD_FILES[what] in line


def test_what_any_catalog_may_hold(curves, capsys):
    """Several bands, rows that are there twice and apart, dates."""
    frame = curves.to_frame()
    frame.assign(band=np.where(frame.index % 2, "r", "g")).to_parquet("bands.parquet")
    dates = pd.Timestamp("1858-11-17") + pd.to_timedelta(frame["time"], "D")
    frame.assign(time=dates).to_parquet("dates.parquet")
    pd.concat([frame, frame.iloc[:1]]).to_parquet("twice.parquet", row_group_size=100)
    found = {}
    for name in ("bands", "dates", "twice"):
        assert (
            run("embed", f"{name}.parquet", "--out", "emb.parquet", "--overwrite", "--quiet") == 0
        )
        found[name] = pd.read_parquet("emb.parquet")
    assert len(found["bands"]) == 48
    assert sorted(found["bands"]["band"]) == ["g"] * 24 + ["r"] * 24
    assert found["dates"]["object_id"].tolist() == list(range(24))
    np.testing.assert_allclose(found["dates"], found["twice"], atol=1e-4)
    assert "left out 1: 1 there twice (first in object 0)" in capsys.readouterr().err


def test_bands_and_columns_that_are_not_there(catalog, curves, error):
    curves.to_frame().assign(band=1).to_parquet("fid.parquet")
    to = ["--out", "emb.parquet"]
    assert "no column was recognised as the band" in error("embed", catalog, *to, "--band", "g")
    line = error("embed", "fid.parquet", *to, "--band", "g")
    assert "there is no band 'g': there are ['1']" in line
    line = error("embed", catalog, *to, "--columns", "mag=V")
    assert "there is no column 'V'" in line


def test_the_remedy_is_read_even_if_there_are_a_thousand_columns(error):
    wide = pd.DataFrame(np.zeros((1, 1000)), columns=[f"feature_{i}" for i in range(1000)])
    wide.assign(oid=1).to_parquet("wide.parquet")
    line = error("embed", "wide.parquet", "--out", "emb.parquet")
    assert len(line) < 1400
    assert "wide.parquet" in line
    assert "--columns time=…" in line


def test_bad_outputs_weights_and_devices(catalog, error):
    Path("file").write_text("")
    os.mkdir("folder")
    shutil.copy(catalog, "folder/0.parquet")
    for out, message in [
        ("nowhere/emb.parquet", "nowhere/emb.parquet cannot be written: No such file"),
        ("file/emb.parquet", "file/emb.parquet cannot be written: Not a directory"),
        ("folder", "folder holds something else"),
        (catalog, "would be part of the catalog"),
    ]:
        assert message in error("embed", catalog, "--out", out)
    inside = error("embed", "folder", "--out", "folder/emb.parquet")
    assert "would be part of the catalog folder" in inside
    to = ["--out", "emb.parquet"]
    line = error("embed", catalog, *to, "--weights", "nope")
    assert "no weights called 'nope'" in line
    assert "surveys-small" in line
    assert "published nowhere" not in error("embed", catalog, *to, "--weights", "ogle")
    assert "device='abacus'" in error("embed", catalog, *to, "--device", "abacus")


SEVERAL = "import json, sys; from sklearn_astromer.cli import main; "
SEVERAL += "print([main(words) for words in json.loads(sys.argv[1])])"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no folders that chmod closes")
def test_a_folder_that_may_not_be_written(catalog, no_rights_of_root):
    refused = {
        ("embed", "--out", "locked/emb.parquet"): "emb.parquet cannot be written: Permission",
        ("pretrain", "--out", "locked/mine", *SMALL): "locked cannot be written: choose another",
        (
            "pretrain",
            "--out",
            "mine",
            "--checkpoint",
            "locked/run.pt",
            *SMALL,
        ): "locked cannot be written",
    }
    os.mkdir("locked", 0o500)
    commands = json.dumps([[*words, str(catalog)] for words in refused])
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL, commands],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=no_rights_of_root,
    )
    assert done.stdout == "[1, 1, 1]\n", done.stderr
    said = [line for line in done.stderr.splitlines() if "error: " in line]
    for line, message in zip(said, refused.values(), strict=True):
        assert message in line
    assert os.listdir("locked") == []


def test_a_failure_half_way_leaves_the_old_output(catalog, error, monkeypatch):
    assert run("embed", catalog, "--out", "emb.parquet", "--quiet") == 0
    before = Path("emb.parquet").read_bytes()
    embedded, calls = AstromerEmbedder._embedded, []

    def second_fails(self, X, **how):
        calls.append(X)
        if len(calls) == 2:
            raise MemoryError
        return embedded(self, X, **how)

    monkeypatch.setattr(AstromerEmbedder, "_embedded", second_fails)
    words = [
        "embed",
        catalog,
        "--out",
        "emb.parquet",
        "--batch-objects",
        5,
        "--quiet",
        "--overwrite",
    ]
    line = error(*words)
    assert "MemoryError" in line
    assert "--debug" in line
    assert Path("emb.parquet").read_bytes() == before
    calls.clear()
    with pytest.raises(MemoryError):
        run(*words, "--debug")


def test_a_killed_embed_leaves_no_half_of_an_output(catalog, curves):
    """By SIGKILL in tests/reliability/test_faults.py."""
    Path("emb.parquet").write_text("the old one")
    many = LightCurves.concatenate([curves] * 400).to_frame()
    many["object_id"] = np.repeat(np.arange(400 * 24), np.tile(curves.lengths, 400))
    many.to_parquet("many.parquet")
    words = ["embed", "many.parquet", "--out", "emb.parquet", "--batch-objects", 24, "--overwrite"]
    with process(*words) as embedding:
        wait_for(lambda: any(p.stat().st_size > 10_000 for p in Path().glob(".emb*.partial/emb*")))
        assert len(os.listdir()) == 4  # both catalogs, the old output, the new one under way
        embedding.send_signal(signal.SIGTERM)
        err = embedding.stderr.read()
    assert Path("emb.parquet").read_text() == "the old one"
    assert embedding.returncode == 128 + signal.SIGTERM
    assert err.splitlines()[-1] == "sklearn-astromer: interrupted"
    assert "Traceback" not in err
    assert sorted(os.listdir()) == ["catalog.parquet", "emb.parquet", "many.parquet"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_that_ends_a_command_lets_it_tidy_up(number, catalog, capsys, monkeypatch):
    """It comes in this process, while the second batch is embedded."""
    embedded, calls = AstromerEmbedder._embedded, []

    def ended(self, X, **how):
        calls.append(len(X))
        if len(calls) == 2:
            assert len(os.listdir()) == 3  # the new output is under way
            os.kill(os.getpid(), number)
        return embedded(self, X, **how)

    monkeypatch.setattr(AstromerEmbedder, "_embedded", ended)
    Path("emb.parquet").write_text("the old one")

    def ours(*_):
        """Ignore what the command does not take, also under nohup."""

    before = signal.signal(number, ours)
    try:
        words = ["--out", "emb.parquet", "--batch-objects", 7, "--overwrite"]
        assert run("embed", catalog, *words) == 128 + number
        assert signal.getsignal(number) == ours
    finally:
        signal.signal(number, before)
    assert calls == [7, 7]
    assert capsys.readouterr().err.splitlines()[-1] == "sklearn-astromer: interrupted"
    assert Path("emb.parquet").read_text() == "the old one"
    assert sorted(os.listdir()) == ["catalog.parquet", "emb.parquet"]


# -- the process ----------------------------------------------------------------------------------


def test_as_a_module_and_as_the_installed_command(catalog):
    with process("inspect", catalog) as inspecting:
        out, err = inspecting.communicate()
    assert inspecting.returncode == 0, err
    assert out.startswith("file ")
    assert "catalog.parquet" in out
    script = Path(sys.executable).with_name("sklearn-astromer")
    if not script.exists():
        pytest.skip("the package is not installed")
    done = subprocess.run([script, "inspect", "missing.parquet"], capture_output=True, text=True)
    assert done.returncode == 1
    message = "sklearn-astromer: error: there is no file missing.parquet\n"
    assert (done.stdout, done.stderr) == ("", message)


def test_nothing_of_the_process_is_changed(catalog):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), os.getcwd()
    run("embed", catalog, "--out", "emb.parquet", "--quiet")
    run("embed", "missing", "--out", "emb.parquet")
    assert before == (
        signal.getsignal(signal.SIGINT),
        signal.getsignal(signal.SIGTERM),
        os.getcwd(),
    )
