"""A folder of parts through whatever may happen to it, in any order.

Rows that are read are those of a fresh run over the catalog that the folder was made of, or an
error says why there are none; what others put beside them stays.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from running import ROOT

from sklearn_astromer.search import read_rows

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")

# Answers each line by a child of its own, which may be killed before any operation on files.
SERVER = """
import json, os, sys
import numpy as np
from embedders import make_embedder
from sklearn_astromer import LightCurves
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.scale import embed_to_folder
from sklearn_astromer.lightcurves.fingerprint import fingerprint_of

WATCHED = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir")
curves, _ = make_variable_stars(18, n_observations=(6, 12), random_state=0)
mags = [curves.mag, curves.mag.copy(), curves.mag + 0.5]
mags[1][curves.offsets[9]] += 1.0  # of one observation in the middle
catalogs = [LightCurves(curves.time, mag, offsets=curves.offsets) for mag in mags]
embedder = make_embedder(
    d_model=8, n_layers=1, n_heads=2, d_ff=8, max_epochs=0, random_state=0, device="cpu"
).fit(curves)

def die_at(step):
    count = 0
    def hook(event, arguments):
        nonlocal count
        count += event in WATCHED
        if count == step:
            os._exit(9)
    sys.addaudithook(hook)

def answer(task):
    die_at(task["kill"])
    try:
        pieces = catalogs[task["catalog"]]
        cut = task["cut"]
        pieces = [pieces[:cut], pieces[cut:]]
        state = embed_to_folder(
            pieces, embedder, task["folder"], part_objects=4,
            fingerprint=fingerprint_of(catalogs[task["catalog"]]),
            overwrite=task["overwrite"], verify=task["verify"], shard=(task["shard"], 2),
        )
        said = {"missing": state.missing}
    except (ValueError, OSError) as error:
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(said), flush=True)
    os._exit(0)

np.save(sys.argv[1], np.stack([embedder.transform(each) for each in catalogs]))
print(json.dumps([fingerprint_of(each) for each in catalogs]), flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        answer(json.loads(line))
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        print(json.dumps({"killed": True}), flush=True)
"""


class Server:
    """The process, and what it expects."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp())
        helpers = ROOT / "tests" / "helpers"
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(self.folder / "rows.npy")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "OMP_NUM_THREADS": "1",
                "PYTHONPATH": f"{ROOT}{os.pathsep}{helpers}",
            },
        )
        self.fingerprints = json.loads(self.process.stdout.readline())
        self.rows = np.load(self.folder / "rows.npy")

    def ask(self, **task):
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.communicate()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def server():
    running = Server()
    yield running
    running.close()


class Folder(RuleBasedStateMachine):
    server: Server

    @initialize()
    def begin(self):
        self.parent = Path(tempfile.mkdtemp())
        self.folder = self.parent / "emb"
        self.foreign = {}
        self.flipped = self.whole = False

    def teardown(self):
        shutil.rmtree(self.parent)

    def made_of(self):
        """Return the catalog that the folder says it is of; None: there is no manifest."""
        path = self.folder / "_manifest.json"
        if not path.exists():
            return None
        return self.server.fingerprints.index(json.loads(path.read_text())["catalog"])

    @rule(
        catalog=st.sampled_from([0, 0, 0, 1, 2]),
        kill=st.just(0) | st.integers(1, 700),
        overwrite=st.sampled_from([False, False, True]),
        verify=st.booleans(),
        shard=st.sampled_from([1, 1, 2]),
        cut=st.integers(0, 18),
    )
    def embed(self, catalog, kill, overwrite, verify, shard, cut):
        before = self.made_of()
        task = {"catalog": catalog, "kill": kill, "overwrite": overwrite, "verify": verify}
        said = self.server.ask(**task, folder=str(self.folder), shard=shard, cut=cut)
        self.whole = False
        if "killed" in said:
            return
        if "error" in said:
            error = said["error"]
            if before not in (None, catalog) and not overwrite:
                assert "begun by another run" in error
            else:  # only what somebody put there
                assert self.foreign
                assert any(
                    f"{name} is not of" in error or "something else" in error
                    for name in self.foreign
                ), error
            return
        assert self.made_of() == catalog
        assert before in (None, catalog) or overwrite
        if verify or before != catalog:
            self.flipped = self.flipped and shard == 2  # of parts of the other shard
        self.whole = said["missing"] == [] and not self.flipped

    @rule(name=st.sampled_from(["notes.txt", "part-00003.parquet", "part-00099.parquet"]))
    def somebody_adds_a_file(self, name):
        self.folder.mkdir(exist_ok=True)
        path = self.folder / name
        if not path.exists():
            path.write_bytes(b"years of work")
            known = {}
            if self.made_of() is not None:
                known = json.loads((self.folder / "_manifest.json").read_text())["files"]
            if name in known:  # in the place of a part that is about to be written
                path.unlink()
            else:
                self.foreign[name] = b"years of work"

    @precondition(lambda self: self.foreign)
    @rule()
    def somebody_removes_them(self):
        for name in self.foreign:
            (self.folder / name).unlink()
        self.foreign = {}

    @rule(part=st.integers(0, 4), how=st.sampled_from(["cut", "delete", "flip"]))
    def a_part_is_damaged(self, part, how):
        path = self.folder / f"part-0000{part}.parquet"
        if path.name in self.foreign or not path.exists():
            return
        content = bytearray(path.read_bytes())
        if how == "delete":
            path.unlink()
        elif how == "cut":
            path.write_bytes(content[: len(content) // 2])
        else:
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
            self.flipped = True
        self.whole = False

    @rule()
    def read(self):
        parts = any(name.endswith(".parquet") for name in self.foreign)
        try:
            found = read_rows(self.folder)
        except (ValueError, FileNotFoundError) as error:
            if self.whole and not parts:
                raise AssertionError("a whole folder is refused") from error
            return
        assert found.ids.tolist() == list(range(18))
        np.testing.assert_allclose(found.rows, self.server.rows[self.made_of()], rtol=0, atol=1e-5)

    @invariant()
    def what_others_put_there_stays(self):
        for name, content in getattr(self, "foreign", {}).items():
            assert (self.folder / name).read_bytes() == content


@pytest.mark.parametrize(
    ("runs", "steps"), [(10, 12), pytest.param(300, 25, marks=pytest.mark.reliability)]
)
def test_a_folder_through_anything(server, tally, runs, steps):
    Folder.server = server
    run_state_machine_as_test(
        Folder, settings=settings(max_examples=runs, stateful_step_count=steps, deadline=None)
    )
    tally("faults", "folders of parts through random events", injected=runs, survived=runs)
