"""Threads wait by sleeping: what the command line sets, and what a busy process is told."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sklearn_astromer import AstromerEmbedder, LightCurves, _spinning
from sklearn_astromer.cli import main

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def undecided(monkeypatch):
    for name in _spinning.CHOICES:
        monkeypatch.delenv(name, raising=False)
    _spinning.advise.cache_clear()
    yield
    _spinning.advise.cache_clear()


def catalog(folder):
    lines = ["id,time,mag", *(f"a,{day},{day % 3}" for day in range(9))]
    (folder / "c.csv").write_text("\n".join(lines))
    return folder / "c.csv", "--out", folder / "rows.csv", "--weights", "surveys-small"


@pytest.mark.skipif(sys.platform != "linux", reason="asks GCC's runtime what it was told")
def test_the_runtime_of_the_command_line_spins_briefly(tmp_path):
    command = [sys.executable, "-m", "sklearn_astromer", "embed", *catalog(tmp_path)]
    environment = os.environ | {"OMP_DISPLAY_ENV": "verbose", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    told = [line.split("'")[1] for line in done.stderr.splitlines() if "GOMP_SPINCOUNT" in line]
    assert told  # by each copy of the runtime that was loaded
    assert set(told) == {"10000"}


def test_a_process_of_the_user_keeps_its_environment(tmp_path):
    before = dict(os.environ)
    assert main(["embed", *map(str, catalog(tmp_path))]) == 0
    assert dict(os.environ) == before


def test_the_command_line_sets_what_child_processes_inherit(monkeypatch):
    environment = {}
    monkeypatch.setattr(os, "environ", environment)
    monkeypatch.setattr(sys, "argv", ["sklearn-astromer", "weights", "verify", "surveys-small"])
    assert main() == 0
    assert environment == {"GOMP_SPINCOUNT": "10000"}


@pytest.mark.parametrize("name", _spinning.CHOICES)
def test_what_the_user_chose_stays(name):
    environment = {name: "1"}
    _spinning.spin_briefly(environment)
    assert environment == {name: "1"}


@pytest.mark.parametrize(("load", "chosen", "says"), [(9, False, 1), (0.1, False, 0), (9, True, 0)])
def test_a_busy_process_is_told_once(load, chosen, says, monkeypatch, caplog):
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    if chosen:
        monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    curves = LightCurves.from_arrays([[[t, t % 3.0] for t in range(9)]])
    embedder = AstromerEmbedder("surveys-small", max_epochs=0).fit(curves)
    with caplog.at_level(logging.INFO, "sklearn_astromer"):
        embedder.transform(curves)
        embedder.transform(curves)
    told = [record for record in caplog.records if "GOMP_SPINCOUNT=10000" in record.getMessage()]
    assert len(told) == says
