"""Fixtures for the whole suite."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the project, which users do not have."""
    if not SHARED.exists():
        pytest.skip("needs ../shared (real light curves, official weights and outputs)")
    return SHARED
