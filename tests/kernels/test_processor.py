"""What is taken to be true of which processor."""

import importlib

import pytest
import torch

from sklearn_astromer.kernels import processor


@pytest.fixture
def reloaded(monkeypatch):
    def reload(capabilities, instructions):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: instructions)
        return importlib.reload(processor)

    yield reload
    monkeypatch.undo()
    importlib.reload(processor)


@pytest.mark.parametrize(
    ("capabilities", "instructions", "expected"),
    [
        ({"cpu_name": "AMD EPYC 9005"}, "AVX512", True),
        ({"cpu_name": "AMD EPYC"}, "AVX2", False),  # MKL has all of it
        ({"cpu_name": "Intel Xeon Platinum 8480+"}, "AVX512", False),
        ({}, "AVX512", False),  # torch before 2.9 says no name
        ({"cpu_name": "Apple M2"}, "DEFAULT", False),
    ],
)
def test_which_processors_mkl_leaves_half_unused(capabilities, instructions, expected, reloaded):
    assert reloaded(capabilities, instructions).HALF_USED_BY_MKL is expected
