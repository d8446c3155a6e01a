"""Fixtures for the whole suite."""

from pathlib import Path

import pytest
from hypothesis import settings

SHARED = Path(__file__).parents[1].parent / "shared"

# The same examples everywhere and at every run: a failure in CI is a failure here.
settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the project, which users do not have."""
    if not SHARED.exists():
        pytest.skip("needs ../shared (real light curves, official weights and outputs)")
    return SHARED
