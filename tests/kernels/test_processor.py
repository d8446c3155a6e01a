"""What is taken to be true of which processor."""

import importlib

import pytest
import torch

from sklearn_astromer.kernels import processor


@pytest.fixture
def reloaded(monkeypatch, tmp_path):
    def reload(cpuinfo, name, instructions):
        if cpuinfo is not None:
            (tmp_path / "cpuinfo").write_text(cpuinfo)
        monkeypatch.setattr("pathlib.Path", lambda _: tmp_path / "cpuinfo")
        monkeypatch.setattr("platform.processor", lambda: name)
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: instructions)
        return importlib.reload(processor)

    yield reload
    monkeypatch.undo()
    importlib.reload(processor)


LINUX = "processor\t: 0\nvendor_id\t: {}\nmodel name\t: whatever\n"
WINDOWS = "AMD64 Family 26 Model 2 Stepping 1, AuthenticAMD"


@pytest.mark.parametrize(
    ("cpuinfo", "name", "instructions", "expected"),
    [
        (LINUX.format("AuthenticAMD"), "", "AVX512", True),
        (LINUX.format("AuthenticAMD"), "", "AVX2", False),  # MKL has all of it
        (LINUX.format("GenuineIntel"), "", "AVX512", False),
        (None, WINDOWS, "AVX512", True),
        (None, "arm", "DEFAULT", False),
        (None, "", "AVX512", False),
    ],
)
def test_which_processors_mkl_leaves_half_unused(cpuinfo, name, instructions, expected, reloaded):
    assert reloaded(cpuinfo, name, instructions).HALF_USED_BY_MKL is expected
