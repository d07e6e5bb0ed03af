"""What can go wrong in a process, for the tests of processes."""

import os
import signal

from surrogate.errors import InputError


def misbehave(how):
    """Fail in the way that is asked for, or return it where there is no such way."""
    match how:
        case "mistake":
            raise InputError("a value, its limit, the remedy")
        case "raise":
            raise ValueError("no good")
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            os._exit(3)
    return how
