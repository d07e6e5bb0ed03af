"""What tests of the searches of parts have in common."""

import numpy as np
import pytest

from surrogate.solving import searching
from tests.solving.agreeing import counted


@pytest.fixture
def small_models_too(monkeypatch):
    """What is small enough for a test would be left to HiGHS; on a slow machine, after a second."""
    monkeypatch.setattr(searching, "FEW_INTEGERS", -1)
    monkeypatch.setattr(searching, "SOME_INTEGERS", -1)
    for limit in ("BEFORE_GLANCE", "ALONE", "ALONE_FLAT", "ALONE_SMALL", "ALONE_WITHOUT"):
        monkeypatch.setattr(searching, limit, np.inf)


@pytest.fixture
def searches(monkeypatch):
    """The outcomes of all searches of parts."""
    return counted(monkeypatch)
