"""Runs over a catalog that are killed, and go on."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from running import ROOT, process

from sklearn_astromer import LightCurves
from sklearn_astromer.cli import main
from sklearn_astromer.datasets import make_variable_stars

pytestmark = pytest.mark.usefixtures("home")
WORDS = ["--weights", "surveys-small", "--device", "cpu", "--out"]


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.reliability)]
)
def test_killed_and_begun_again_it_ends_with_the_same_bytes(number, tally):
    curves, _ = make_variable_stars(60, n_observations=(20, 60), random_state=0)
    many = LightCurves.concatenate([curves] * 5).to_frame()
    many["object_id"] = np.repeat(np.arange(5 * 60), np.tile(curves.lengths, 5))
    many.to_parquet("many.parquet", row_group_size=20_000)
    words = ["embed", "many.parquet", "--part-objects", 10, "--batch-objects", 5, *WORDS]
    kills = killed(words, number, times=1, parts=30, draws=random.Random(0))
    tally("faults", f"embed killed by signal {int(number)}", injected=kills, survived=kills)


@pytest.mark.reliability
def test_twenty_thousand_real_curves(shared, tally):
    curves = LightCurves.read(shared / "data" / "crts.parquet")
    curves[:20_000].to_frame().to_parquet("real.parquet", row_group_size=100_000)
    words = ["embed", "real.parquet", "--part-objects", 500, *WORDS]
    kills = killed(words, signal.SIGKILL, times=10, parts=40, draws=random.Random(1))
    tally("faults", "embed of 20 000 real curves killed", injected=kills, survived=kills)


def killed(words, number, *, times, parts, draws):
    """Kill a run so many times, let it end, and compare it with an unbroken one."""
    kills = 0
    while kills < times:
        here = len(list(Path().glob("emb/*.parquet")))
        target = here + draws.randrange(1, max(2, (parts - here) // 2))
        with process(*words, "emb") as running:
            while running.poll() is None and len(list(Path().glob("emb/*.parquet"))) < target:
                time.sleep(0.005)
            time.sleep(draws.uniform(0, 0.05))
            assert running.poll() is None, running.stderr.read()
            running.send_signal(number)
            running.communicate()
        kills += 1
    for folder in ("emb", "whole"):
        assert main([*map(str, words), folder]) == 0
    found, expected = (
        {path.name: path.read_bytes() for path in Path(folder).glob("[_p]*")}
        for folder in ("emb", "whole")
    )
    assert len(expected) == parts + 1
    assert found == expected
    assert not list(Path("emb").glob(".*partial"))
    return kills


BEGIN = """
import sys
from pathlib import Path
from sklearn_astromer.scale import manifest
print("ready", flush=True)
for line in sys.stdin:
    try:
        found = manifest.begin(Path(line.strip()), {"catalog": "a"}, None, lambda: 7, False)
        print(found["part_objects"], flush=True)
    except Exception as error:
        print(repr(error), flush=True)
"""


@pytest.mark.reliability
def test_processes_that_begin_one_folder(tmp_path, tally):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    beginners = [
        subprocess.Popen(
            [sys.executable, "-c", BEGIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(8)
    ]
    for each in beginners:
        assert each.stdout.readline() == "ready\n"
    for i in range(500):
        some = beginners[: 2 + i % 7]
        for each in some:
            each.stdin.write(f"{tmp_path / str(i)}\n")
            each.stdin.flush()
        assert [each.stdout.readline() for each in some] == ["7\n"] * len(some)
    for each in beginners:
        each.communicate()
    tally("faults", "2 to 8 processes that begin one folder", injected=500, survived=500)
