"""Fixtures that several rooms use."""

import pytest
from hypothesis import settings

from tests.nets import DEGENERATE, make_net

# The same examples in every run, and no deadline: a slow machine is not a failure.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


@pytest.fixture(params=DEGENERATE)
def degenerate(request):
    """Each net that has a reason to go wrong."""
    return DEGENERATE[request.param]


@pytest.fixture
def net():
    """A 2x3 net of two inputs and one output on [-1, 1]^2."""
    return make_net((3, 3))
