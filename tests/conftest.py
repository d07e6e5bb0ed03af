"""Fixtures that several rooms use."""

import signal
import sys

import pytest
from hypothesis import settings

from tests.nets import DEGENERATE, make_net

# The same examples in every run, and no deadline: a slow machine is not a failure.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in the background deaf to interrupts; some tests send them.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(params=DEGENERATE)
def degenerate(request):
    """Each net that has a reason to go wrong."""
    return DEGENERATE[request.param]


@pytest.fixture
def net():
    """A 2x3 net of two inputs and one output on [-1, 1]^2."""
    return make_net((3, 3))


@pytest.fixture
def call(monkeypatch, capsys):
    """Call the command line in this process; returns exit code, stdout, stderr."""
    from surrogate.cli import main

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["surrogate", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return ended.value.code or 0, out, err

    return call
