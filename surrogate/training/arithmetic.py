"""How torch computes while it trains: one thread, no denormals, and all as before afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def small_tensor_arithmetic() -> Iterator[None]:
    """One thread and no denormals inside; the process's own settings outside.

    The tensors are too small to share between threads, and one thread is reproducible. The moments
    of dead neurons decay into denormals and stick there, which some processors compute many times
    slower; flushed, they reach zero. Both settings are global to the process: left on, they would
    change the caller's arithmetic.
    """
    threads, flushed = torch.get_num_threads(), _denormals_are_flushed()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed)
        torch.set_num_threads(threads)


def _denormals_are_flushed() -> bool:
    """torch sets this flag but has no way to read it: a denormal times one tells."""
    return bool((torch.full((1,), 1e-40) * 1.0 == 0.0).all())
