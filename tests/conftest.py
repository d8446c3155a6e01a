"""Fixtures for the whole suite."""

import ctypes
import os
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from sklearn_astromer.cli import main

SHARED = Path(__file__).parents[1].parent / "shared"

# The same examples everywhere and at every run: a failure in CI is a failure here.
settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")


@pytest.fixture(autouse=True, scope="module")
def on_the_cpu(request):
    """Hide the GPU from all tests but those made for one: the others are about numbers of a CPU."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.name != "test_gpu.py":
            patch.setattr(torch.cuda, "is_available", lambda: False)
            patch.setenv("CUDA_VISIBLE_DEVICES", "")
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the project, which users do not have."""
    if not SHARED.exists():
        pytest.skip("needs ../shared (real light curves, official weights and outputs)")
    return SHARED


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Folder of downloaded weights, of this test alone."""
    monkeypatch.setenv("SKLEARN_ASTROMER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home" / "weights"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Folder of the package, of this test alone, which works in an empty folder beside it."""
    monkeypatch.setenv("SKLEARN_ASTROMER_HOME", str(tmp_path / "home"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return tmp_path / "home"


@pytest.fixture
def error(home, capsys):
    """Run a command that must fail, and return the one line that it says."""

    def fail(*words):
        before = sorted(Path().rglob("*"))
        assert main([str(word) for word in words]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        *warned, line = err.splitlines()
        assert all(each.startswith("sklearn-astromer: warning: ") for each in warned)
        assert line.startswith("sklearn-astromer: error: ")
        assert sorted(Path().rglob("*")) == before  # nothing half-written, nothing gone
        return line

    return fail


@pytest.fixture
def no_rights_of_root():
    """What a child does before its program starts, so that permissions hold for root as well."""
    if os.geteuid() != 0:
        return None
    if sys.platform != "linux":
        pytest.skip("root may write anywhere, and only on Linux can give that up")

    def drop():
        for capability in (1, 2, 3):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP

    return drop
