"""`embed` and `pretrain` of catalogs of every kind, and rows in every format."""

import io
import mmap
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from embedders import make_embedder
from running import process, run
from services import CASES

from sklearn_astromer import AstromerEmbedder, LightCurves, MultiBandEmbedder
from sklearn_astromer.cli import catalogs
from sklearn_astromer.cli.commands import CLI
from sklearn_astromer.config import ROW
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.lightcurves.reading import mapped, reader, tables

pytestmark = pytest.mark.usefixtures("home")
STAR = next(case for case in CASES if case.name == "asassn_star.csv").text
ZTF = CASES[0].text
TINY = ["--weights", "mine", "--quiet"]


@pytest.fixture(scope="module")
def curves():
    return make_variable_stars(14, n_observations=(20, 60), random_state=0)[0]


@pytest.fixture
def embedder(home, curves):
    """A small one, whose weights are in the folder "mine"."""
    small = {"d_model": 16, "n_heads": 2, "d_ff": 16}
    made = make_embedder(**small, row=ROW, max_epochs=0, random_state=0).fit(curves)
    made.save_pretrained("mine")
    return made


def rows_of(path):
    if Path(path).suffix == ".ecsv":
        from astropy.table import Table

        return Table.read(path).to_pandas()
    return pd.read_csv(path) if Path(path).suffix == ".csv" else pd.read_parquet(path)


def assert_rows(path, embedder, curves):
    found = rows_of(path)
    names = ["object_id", *([] if curves.band is None else ["band"])]
    assert list(found.columns) == [*names, *embedder.get_feature_names_out()]
    assert found["object_id"].astype(str).tolist() == curves.ids.astype(str).tolist()
    if curves.band is not None:
        assert found["band"].tolist() == curves.band.tolist()
    expected = embedder.transform(curves)
    np.testing.assert_allclose(
        found[embedder.get_feature_names_out().tolist()], expected, atol=1e-5, rtol=0
    )


def read(*args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LightCurves.read(*args, **options)


def test_a_file_of_a_survey(embedder, capsys):
    Path("irsa.csv").write_text(ZTF)
    assert run("embed", "irsa.csv", "--out", "a.parquet", *TINY[:-1]) == 0
    err = capsys.readouterr().err
    assert "warning: read as ztf (ZTF data release (IRSA)): 4 observations; columns: " in err
    assert "; left out 1: 1 catflags: bad data (bit 15) (first in object 7001)" in err
    assert "a.parquet: 2 objects, 19 columns" in err
    assert_rows("a.parquet", embedder, read("irsa.csv"))
    assert run("embed", "irsa.csv", "--no-quality", "--band", "g", "--out", "b.parquet", *TINY) == 0
    assert_rows("b.parquet", embedder, read("irsa.csv", quality=False, band="g"))
    assert run("embed", "irsa.csv", "--band", "zr", "--out", "r.csv", *TINY) == 0
    assert rows_of("r.csv")["band"].tolist() == ["r"]  # as the file spells it
    pd.read_csv("irsa.csv").to_parquet("irsa.parquet")  # by the rules of the survey, too
    assert run("embed", "irsa.parquet", "--out", "c.parquet", *TINY) == 0
    pd.testing.assert_frame_equal(rows_of("c.parquet"), rows_of("a.parquet"))


@pytest.mark.parametrize("ending", ["parquet", "csv", "ecsv"])
def test_every_format_holds_the_same(ending, embedder, curves):
    if ending == "ecsv":
        pytest.importorskip("astropy")
    curves.to_frame().to_parquet("catalog.parquet")
    out = f"rows.{ending}"
    assert run("embed", "catalog.parquet", "--out", out, "--batch-objects", 5, *TINY) == 0
    assert_rows(out, embedder, curves)
    assert run("embed", "catalog.parquet", "--out", "all.parquet", "--batch-objects", 5, *TINY) == 0
    written, exact = rows_of(out), pd.read_parquet("all.parquet")
    assert len(written) == 14
    for name in exact:  # to the last bit
        assert (written[name].to_numpy(exact[name].dtype) == exact[name].to_numpy()).all()
    curves.to_frame().iloc[:0].to_parquet("nothing.parquet")
    assert run("embed", "nothing.parquet", "--out", out, "--overwrite", *TINY) == 0
    assert list(rows_of(out).columns) == list(exact.columns)
    assert len(rows_of(out)) == 0


@pytest.mark.parametrize(
    ("ending", "module", "extra"),
    [("parquet", "pyarrow", "parquet"), ("ecsv", "astropy.table", "astropy")],
)
def test_a_format_that_needs_another_package(ending, module, extra, embedder, error, monkeypatch):
    Path("irsa.csv").write_text(ZTF)
    monkeypatch.setitem(sys.modules, module, None)
    line = error("embed", "irsa.csv", "--out", f"rows.{ending}", *TINY)
    assert f"sklearn_astromer[{extra}]" in line


@pytest.fixture
def folder():
    os.mkdir("stars")
    for i in range(7):
        Path(f"stars/s{i}.csv").write_text(STAR.replace("15.4", f"15.{i}"))
    return Path("stars")


def test_a_folder_of_files_of_one_object(folder, embedder, capsys, monkeypatch):
    """In pieces that end where objects end."""
    monkeypatch.setattr(reader, "PIECE", 5)
    expected = read(folder)
    pieces = list(catalogs.Catalog(arguments("stars")).pieces())
    assert len(pieces) > 2
    assert LightCurves.concatenate(pieces) == expected
    assert run("embed", folder, "--out", "rows.csv", *TINY) == 0
    assert expected.ids.tolist() == [f"s{i}" for i in range(7)]
    assert_rows("rows.csv", embedder, expected)
    err = capsys.readouterr().err
    assert err.count("warning") == 1  # one for all pieces
    assert "21 observations; " in err
    assert "left out 7: 7 upper limits (first in object s0)" in err
    assert run("embed", "stars/s[0-4].csv", "--out", "some.csv", *TINY) == 0
    assert_rows("some.csv", embedder, expected[:5])
    assert run("embed", "stars/s6.csv", "stars/s2.csv", "--out", "two.csv", *TINY) == 0
    assert_rows("two.csv", embedder, expected[[6, 2]])


def test_files_are_one_catalog(folder, embedder, error, monkeypatch):
    """An object or a survey that several have."""
    monkeypatch.setattr(reader, "PIECE", 5)
    os.mkdir("stars/more")
    Path("stars/more/s0.csv").write_text(STAR)
    line = error("embed", folder, "stars/more", "--out", "new.csv", *TINY)
    assert "stars/s0.csv and stars/more/s0.csv would be one object by their names" in line
    Path("stars/z.csv").write_text(ZTF)
    line = error("embed", folder, "--out", "new.csv", *TINY)
    assert "is of ztf, and files before it are of asas-sn: read them apart" in line
    path = Path("ztf.csv")
    path.write_text(ZTF.replace("7002", "7001"))
    shutil.copy(path, "more.csv")
    line = error("embed", "ztf.csv", "irsa.csv", "more.csv", "--out", "new.csv", *TINY)
    assert "no file irsa.csv" in line
    Path("irsa.csv").write_text(ZTF.replace("7001", "7003") + ZTF.split("\n", 1)[1])
    line = error("embed", "ztf.csv", "irsa.csv", "more.csv", "--out", "new.csv", *TINY)
    assert "object 7001 is in several places" in line
    assert "sort it by its ids" in line


def test_a_band_that_only_one_piece_has(folder, embedder, error, monkeypatch):
    monkeypatch.setattr(reader, "PIECE", 5)
    path = folder / "s5.csv"
    path.write_text(path.read_text().replace(",V\n", ",g\n"))
    assert run("embed", folder, "--band", "g", "--out", "rows.csv", *TINY) == 0
    assert rows_of("rows.csv")["object_id"].tolist() == ["s5"]
    line = error("embed", folder, "--band", "z", "--out", "new.csv", *TINY)
    assert "there is no band 'z': there are ['V', 'g']" in line


def test_parquet_of_a_survey_larger_than_memory(embedder, curves, error, monkeypatch):
    """Rows of an object together, over pieces and files; and lists."""
    frame = curves.to_frame().rename(
        columns={"object_id": "objectid", "time": "hmjd", "mag_err": "magerr"}
    )
    frame = frame.assign(clrcoeff=0.1, catflags=np.where(frame.index % 5, 0, 32768), filterid=1)
    frame["hmjd"] += 58_000
    os.mkdir("ztf")
    middle = len(frame) // 2 + 3
    frame.iloc[:middle].to_parquet("ztf/0.parquet")
    frame.iloc[middle:].to_parquet("ztf/1.parquet")
    expected = read("ztf")
    assert expected.lengths.sum() < curves.lengths.sum()
    monkeypatch.setattr(tables, "PIECE_ROWS", 50)
    monkeypatch.setattr(tables, "PIECE_OBJECTS", 4)
    for module in (mapped, reader):
        monkeypatch.setattr(module, "PIECE", 50)
    assert run("embed", "ztf", "--out", "rows.parquet", *TINY) == 0
    assert_rows("rows.parquet", embedder, expected)
    lists = frame.groupby("objectid", as_index=False).agg(list)
    lists.to_parquet("lists.parquet")
    assert run("embed", "lists.parquet", "--out", "lists.csv", *TINY) == 0
    assert_rows("lists.csv", embedder, expected)
    frame.sample(frac=1, random_state=0).to_parquet("mixed.parquet")
    line = error("embed", "mixed.parquet", "--out", "mixed.csv", *TINY)
    assert "object " in line
    assert "is in several places" in line
    assert "sort it by its ids" in line


def test_parquet_is_mapped_and_the_rest_is_read_in_pieces(curves, home):
    frame = curves.to_frame()
    frame.to_parquet("plain.parquet")
    frame.to_parquet("without_ending", engine="pyarrow")
    os.makedirs("hive/object_id=3")
    frame.drop(columns="object_id").to_parquet("hive/object_id=3/0.parquet")
    frame.to_csv("rows.csv", index=False)
    found = {}
    for name in ("plain.parquet", "without_ending", "hive", "rows.csv"):
        catalog = catalogs.Catalog(arguments(name))
        found[name] = catalog.mapped()
        assert catalog.whole() == LightCurves.read(name)
    assert found.pop("rows.csv") is None
    for name, curves_on_disk in found.items():
        base = curves_on_disk.time
        while isinstance(base, np.ndarray):
            base = base.base
        assert isinstance(base, mmap.mmap), name
    assert found["hive"].ids.tolist() == [3]


def arguments(*words):
    context = CLI.commands["embed"].make_context("embed", [*words, "--out", "x.csv"])
    return SimpleNamespace(**context.params)


def test_fluxes(embedder):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"star": np.repeat([3, 4], 20), "when": np.arange(40) + 58_000.0, "counts": 100.0}
    ).assign(counts=lambda f: f["counts"] + rng.normal(0, 10, 40), sigma=1.0, zp=25.0)
    columns = {"id": "star", "time": "when", "flux": "counts", "flux_err": "sigma"}
    frame.to_csv("flux.csv", index=False)
    words = ["--columns", "id=star,time=when,flux_err=sigma", "--flux", "counts"]
    expected = read("flux.csv", zero_point=25.0, **columns)
    for zero_point in ("25", "zp"):
        options = ["--zero-point", zero_point, "--out", "rows.csv", "--overwrite", *TINY]
        assert run("embed", "flux.csv", *words, *options) == 0
        assert_rows("rows.csv", embedder, expected)
    frame.to_parquet("flux.parquet")
    assert run("embed", "flux.parquet", *words, *options) == 0
    assert_rows("rows.csv", embedder, expected)


def test_difference_images_are_scaled_when_asked_to(embedder, error):
    rows = "diaSourceId,diaObjectId,midpointMjdTai,psfFlux,psfFluxErr,band\n"
    rows += "".join(f"{i},9,{60001 + i},{50 * (-1) ** i},1,r\n" for i in range(9))
    Path("dia.csv").write_text(rows)
    assert "--difference scale" in error("embed", "dia.csv", "--out", "rows.csv", *TINY)
    assert run("embed", "dia.csv", "--difference", "scale", "--out", "rows.csv", *TINY) == 0
    assert_rows("rows.csv", embedder, read("dia.csv", difference="scale"))


def test_pretrain_on_a_folder(folder, capsys):
    small = ["--d-model", 16, "--n-heads", 2, "--d-ff", 16, "--n-layers", 1, "--max-epochs", 1]
    assert run("pretrain", folder, "--out", "mine", *small, "--quiet") == 0
    assert "7 upper limits" in capsys.readouterr().err
    assert run("embed", folder, "--out", "rows.csv", *TINY) == 0
    assert len(rows_of("rows.csv")) == 7


def test_files_that_do_not_go_together(embedder, error):
    pd.DataFrame({"id": [1, 1], "time": [1.0, 2.0], "mag": [15.0, 16.0]}).to_csv("a.csv")
    pd.DataFrame({"id": [1, 1], "time": [1.0, 2.0], "flux": [15.0, 16.0]}).to_csv("b.csv")
    assert "b.csv has " in error("embed", "a.csv", "b.csv", "--out", "rows.csv", *TINY)
    assert "would be part of the catalog" in error("embed", "*.csv", "--out", "a.csv", *TINY)


# -- standard input ------------------------------------------------------------------------------


@pytest.fixture
def stdin(monkeypatch):
    def give(content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return give


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_standard_input(kind, embedder, curves, stdin, capsys):
    frame = curves.to_frame()
    content = frame.to_csv(index=False).encode() if kind == "csv" else frame.to_parquet()
    columns = ["--survey", "columns"]
    stdin(content)
    assert run("inspect", "-", *columns) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(maxsplit=1) == ["file", "standard input"]
    assert lines[1].split() == ["objects", "14"]
    for out in ("rows.csv", "rows"):
        stdin(content)
        assert run("embed", "-", "--out", out, *columns, *TINY) == 0
    assert_rows("rows.csv", embedder, curves)
    stdin(content.replace(b"1", b"2", 1))
    assert run("embed", "-", "--out", "rows", *columns, *TINY) == 1  # another catalog
    assert "begun by another run (another catalog" in capsys.readouterr().err
    stdin(content)
    assert run("periods", "-", "--out", "periods.csv", "--quiet", *columns) == 0
    assert len(pd.read_csv("periods.csv")) == 14


def test_standard_input_that_is_no_catalog(embedder, stdin, error):
    stdin(bytes(range(256)))
    assert "stdin cannot be read as a table" in error("inspect", "-")
    Path("c.csv").write_text(STAR)
    line = error("embed", "c.csv", "-", "--out", "rows.csv", *TINY)
    assert "-, standard input, is a catalog of its own" in line


def test_a_pipe_into_a_process():
    text = ZTF.encode()
    with process("inspect", "-", stdin=subprocess.PIPE) as inspecting:
        inspecting.stdin.write(text.decode())
        inspecting.stdin.close()
        out = inspecting.stdout.read()
    assert inspecting.returncode == 0
    assert "read as ztf" in out


def test_a_row_for_each_star(curves, embedder, error):
    """With the columns of its bands; NaN in those in which it was not observed."""
    frame = curves.to_frame()
    half = frame[frame["object_id"] < 7].assign(band="r")
    frame = pd.concat([frame.assign(band="g"), half.assign(mag=half["mag"] - 1)])
    frame.sort_values(["object_id", "band"]).to_csv("bands.csv", index=False)
    words = ["embed", "bands.csv", "--survey", "columns", *TINY]
    assert run(*words, "--stars", "--out", "stars.csv", "--batch-objects", 5) == 0
    found = pd.read_csv("stars.csv")
    stars = LightCurves.read("bands.csv", survey="columns").stars()
    wanted = MultiBandEmbedder(AstromerEmbedder("mine", max_epochs=0)).fit(stars)
    assert list(found) == ["object_id", *wanted.get_feature_names_out()]
    assert found["object_id"].tolist() == list(range(14))
    np.testing.assert_allclose(found.iloc[:, 1:], wanted.transform(stars), atol=1e-5)
    assert found.iloc[7:, -1].isna().all()  # g-r
    np.testing.assert_allclose(found.iloc[:7, -1], 1, atol=1e-5)
    assert "--stars is of a file" in error(*words, "--stars", "--out", "folder")
    curves.to_frame().to_parquet("plain.parquet")
    line = error("embed", "plain.parquet", *TINY, "--stars", "--out", "new.csv")
    assert "--stars is of catalogs with bands" in line
