"""Kernels are tested also where the rest of the suite runs without them."""

import pytest

from sklearn_astromer.kernels import switch


@pytest.fixture(autouse=True)
def switched_on():
    token = switch._ENABLED.set(True)
    yield
    switch._ENABLED.reset(token)
