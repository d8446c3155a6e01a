"""Processes killed, disks full, caches that may not be written or that eight want at once.

What was complete stays intact, nothing half-written has the name of something whole, and doing it
again finishes. Kills during pretraining are in test_resuming.py, of a Dask worker in
tests/scale/test_clusters.py; memory that does not suffice in test_encoding.py; interruptions in
test_training.py.
"""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from running import full_disk, wait_for
from served_weights import FOLDER, REGISTER, serving

from sklearn_astromer import LightCurves, weights
from sklearn_astromer.cli import main
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.weights.checkpoint import read_folder, write_folder
from sklearn_astromer.weights.store import read_checkpoint

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills and limits of POSIX")

ROOT = Path(__file__).parents[2]
TIMES = [3, pytest.param(40, marks=pytest.mark.reliability)]  # kills of a kind

# Code of the processes starts with this: modules of ours that need no torch.
PREAMBLE = f"""{REGISTER}
import resource
from sklearn_astromer.weights.checkpoint import read_folder, write_folder
from sklearn_astromer.lightcurves import LightCurves
def full_disk(size=100_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
print("ready", flush=True)
"""


def start(code, *arguments, wait=True, **options):
    process = subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    if wait:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    return process


def run(code, *arguments, **options):
    process = start(code, *arguments, wait=False, **options)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.removeprefix("ready\n")


@pytest.fixture
def server(cache):
    """A web server of the weights "tiny"."""
    with serving() as running:
        yield running


def held(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


# -- kills ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", TIMES)
def test_kills_during_a_download(times, server, cache, tally):
    """Each goes on where the one before was killed, until the weights are there."""
    server.pause = 0.01
    rng, on_the_way = np.random.default_rng(0), 0
    for _ in range(times):
        process = start('store.fetch("tiny")')
        wanted = rng.uniform(server.came, len(server.content))
        while process.poll() is None and server.came < wanted:
            time.sleep(0.001)
        process.kill()
        process.communicate()
        on_the_way += 0 < server.came < len(server.content)
        if server.here:
            shutil.rmtree(server.folder)
    assert on_the_way >= times // 2
    assert len(server.ranges) >= times // 4
    server.pause = 0.0
    weights.fetch("tiny")
    assert server.here
    assert {p.name for p in server.folder.iterdir()} == {"files", "record.json"}
    assert not list(cache.rglob(".*"))  # what the killed ones left
    tally("faults", "SIGKILL during a download", injected=times, survived=times)


@pytest.mark.parametrize("times", TIMES)
def test_kills_while_weights_are_saved(times, tmp_path, tally):
    """`save_pretrained` is `write_folder`; each process writes one version after the other."""
    good = read_checkpoint(FOLDER)
    versions = [
        weights.Checkpoint(
            good.config,
            {name: np.full_like(tensor, value) for name, tensor in good.tensors.items()},
            window_size=value,
        )
        for value in (1, 2)
    ]
    for value, version in zip("12", versions, strict=True):
        write_folder(tmp_path / value, version)
    path, rng, seen = tmp_path / "mine", np.random.default_rng(0), set()
    write_folder(path, versions[0])
    code = """
        versions = [read_folder(path) for path in sys.argv[2:]]
        while True:
            for version in versions:
                write_folder(sys.argv[1], version, overwrite=True)
    """
    for _ in range(times):
        process = start(code, path, tmp_path / "1", tmp_path / "2")
        time.sleep(rng.uniform(0.01, 0.2))
        process.kill()
        process.communicate()
        found = read_folder(path)
        values = {float(v) for tensor in found.tensors.values() for v in tensor.ravel()}
        assert values == {float(found.window_size)}
        seen |= values
    write_folder(path, versions[1], overwrite=True)
    assert read_folder(path).window_size == 2
    left = {p.name for p in tmp_path.iterdir()}
    assert left == {"1", "2", "mine"}
    tally("faults", "SIGKILL during save_pretrained", injected=times, survived=times)


@pytest.mark.parametrize("times", [2, pytest.param(10, marks=pytest.mark.reliability)])
def test_kills_while_a_catalog_is_decoded(times, cache, tmp_path, tally):
    rng, n = np.random.default_rng(0), 300_000
    frame = pd.DataFrame({"oid": np.arange(n) // 100, "mjd": np.arange(n) % 100 / 8})
    frame["mag"] = rng.normal(15, 0.1, n)
    frame.to_parquet("many.parquet", row_group_size=1000)
    mapped, expected = tmp_path / "home" / "mapped", LightCurves.read("many.parquet")
    on_the_way = 0
    for _ in range(times):
        shutil.rmtree(mapped, ignore_errors=True)
        process = start('LightCurves.open_parquet("many.parquet")')
        while process.poll() is None and not list(mapped.glob("*.partial/mag.f64")):
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.1))
        process.kill()
        process.communicate()
        on_the_way += len(list(mapped.glob("*.partial")))
        assert LightCurves.open_parquet("many.parquet") == expected
        assert not list(mapped.glob("*.partial"))
    assert on_the_way > 0
    tally("faults", "SIGKILL while open_parquet decodes", injected=times, survived=times)


@pytest.mark.reliability
def test_kills_while_a_catalog_is_embedded(cache, tally):
    times = 5
    curves, _ = make_variable_stars(30, n_observations=(20, 60), random_state=0)
    many = LightCurves.concatenate([curves] * 20).to_frame()
    many["object_id"] = np.repeat(np.arange(600), np.tile(curves.lengths, 20))
    many.to_parquet("many.parquet")
    Path("out.parquet").write_text("the old one")
    words = [
        "embed",
        "many.parquet",
        "--out",
        "out.parquet",
        "--batch-objects",
        "10",
        "--overwrite",
    ]
    command = [sys.executable, "-m", "sklearn_astromer", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    for i in range(times):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment)
        size = 20_000 * (i + 1)
        wait_for(
            lambda size=size: any(
                p.stat().st_size > size for p in Path().glob(".out*.partial/out*")
            )
        )
        process.send_signal(signal.SIGKILL)
        _, said = process.communicate()
        assert process.returncode == -signal.SIGKILL, said
        assert Path("out.parquet").read_text() == "the old one"
    assert main([*words, "--quiet"]) == 0
    assert not list(Path().glob(".out*"))  # what the killed ones left
    rows = pd.read_parquet("out.parquet")
    assert rows["object_id"].tolist() == list(range(600))
    assert np.isfinite(rows.iloc[:, 1:].to_numpy()).all()
    tally("faults", "SIGKILL during sklearn-astromer embed", injected=times, survived=times)


# -- disks that are full, caches that may not be written -----------------------------------------


def test_a_full_disk(server, cache, tmp_path, tally):
    """No file may grow past 100 kB, as if the disk was full then."""
    write_folder(tmp_path / "mine", read_checkpoint(FOLDER))
    before = held(tmp_path / "mine")
    frame = pd.DataFrame({"oid": 1, "mjd": np.arange(50_000.0), "mag": 15.0})
    frame.to_parquet("many.parquet", row_group_size=1000)
    mine = str(tmp_path / "mine")
    for what, code in {
        "weights that are downloaded": 'store.fetch("tiny")',
        "weights that are saved": f"write_folder({mine!r}, checkpoint, overwrite=True)",
        "a catalog that is decoded": 'LightCurves.open_parquet("many.parquet")',
    }.items():
        said = run(
            f"""
            checkpoint = read_folder({str(tmp_path / "mine")!r})
            full_disk(2000 if "write_folder" in sys.argv[1] else 100_000)
            try:
                exec(sys.argv[1])
            except OSError as error:
                print(error)
        """,
            code,
        )
        assert "File too large" in said
        assert held(tmp_path / "mine") == before
        tally("faults", f"a full disk: {what}", injected=1, survived=1)
    # nothing half-written but what the next download goes on from
    came = server.came
    assert 0 < came <= 100_000
    assert {p.name for p in server.folder.iterdir()} == {"partial"}
    assert not [
        p
        for p in tmp_path.rglob("*")
        if (".partial" in p.name or p.name.endswith(".new")) and server.folder not in p.parents
    ]
    assert not server.here
    # and with room again
    weights.fetch("tiny")
    assert server.here
    assert server.ranges == [came]
    assert len(LightCurves.open_parquet("many.parquet").time) == 50_000


def test_a_full_disk_under_the_command_line(cache, tally, capsys):
    curves, _ = make_variable_stars(60, n_observations=(20, 60), random_state=0)
    curves.to_frame().to_parquet("some.parquet")
    words = ["embed", "some.parquet", "--out", "out.parquet", "--quiet", "--overwrite"]
    assert main(words) == 0
    before = Path("out.parquet").read_bytes()
    capsys.readouterr()
    with full_disk(5000):
        assert main(words) == 1
    said = capsys.readouterr().err
    assert "error: " in said
    assert "File too large" in said
    assert "Traceback" not in said
    assert Path("out.parquet").read_bytes() == before
    assert sorted(p.name for p in Path().iterdir()) == ["home", "out.parquet", "some.parquet"]
    tally("faults", "a full disk: embeddings that are written", injected=1, survived=1)


def test_a_cache_that_may_only_be_read(server, cache, tmp_path, tally, no_rights_of_root):
    home = tmp_path / "home"
    frame = pd.DataFrame({"oid": 1, "mjd": np.arange(5.0), "mag": 15.0})
    for name in ("seen.parquet", "new.parquet"):
        frame.to_parquet(name)
    code = """
        for call in sys.argv[1:]:
            try:
                print(eval(call))
            except OSError as error:
                print(type(error).__name__, str(error).replace(chr(10), " "))
    """
    calls = [
        'store.fetch("tiny")',
        *(f'LightCurves.open_parquet("{name}.parquet")' for name in ("seen", "new")),
    ]
    (home / "weights").mkdir(parents=True)
    (home / "mapped").mkdir()
    LightCurves.open_parquet("seen.parquet")

    def protect(folders=0o555, files=0o444):
        for path in [*home.rglob("*"), home]:
            path.chmod(folders if path.is_dir() else files)

    protect()
    fetched, seen, new = run(code, *calls, preexec_fn=no_rights_of_root).splitlines()
    assert "Permission denied" in fetched
    assert f"copy its folder {server.folder.name} to {server.folder}" in fetched
    assert seen == "LightCurves(5 observations of 1 objects, 5 to 5 each)"
    assert "Permission denied" in new
    assert "cache_dir=" in new
    assert not server.requests
    protect(0o755, 0o644)
    weights.fetch("tiny")  # as an administrator would
    for lock in home.rglob("*.lock"):
        lock.unlink()
    protect()
    fetched, *_ = run(code, *calls, preexec_fn=no_rights_of_root).splitlines()
    assert fetched == str(server.folder / "files")
    assert len(server.requests) == 1
    protect(0o755, 0o644)  # or pytest could not tidy up
    tally("faults", "a cache that may only be read", injected=4, survived=4)


def test_a_file_in_the_place_of_the_cache(tmp_path, monkeypatch, tally):
    (tmp_path / "file").write_text("")
    pd.DataFrame({"oid": [1], "mjd": [1.0], "mag": [15.0]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(OSError, match=r"file.*cache_dir="):
        LightCurves.open_parquet(tmp_path / "a.parquet", cache_dir=tmp_path / "file" / "mapped")
    tally("faults", "a file in the place of a cache", injected=1, survived=1)


# -- several at once -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [3, pytest.param(8, marks=pytest.mark.reliability)])
def test_processes_want_the_same_weights(server, cache, tally, count):
    server.pause = 0.02  # long enough for all to come
    code = """
        input()
        print(store.fetch("tiny"))
    """
    processes = [start(code, stdin=subprocess.PIPE) for _ in range(count)]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert out.strip() == str(server.folder / "files"), err
    assert server.requests == ["GET /tiny.zip"]
    assert server.here
    what = f"{count} processes want the same weights: 1 download"
    tally("faults", what, injected=count, survived=count)
