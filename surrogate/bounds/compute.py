"""`compute_bounds`: a net, a box and a method's name give sound pre-activation bounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from surrogate.bounds.interval import Arrays, interval_bounds
from surrogate.bounds.result import Bounds
from surrogate.box import Box
from surrogate.errors import InputError
from surrogate.network import Network

Method = Callable[[Network, Box], tuple[Arrays, Arrays]]

METHODS: Mapping[str, Method] = MappingProxyType({"interval": interval_bounds})


def compute_bounds(
    net: Network,
    box: Box | Iterable[Sequence[float]] | None = None,
    method: str = "interval",
) -> Bounds:
    """Bounds on every pre-activation of `net` for all inputs in `box`.

    box      a `Box` or (lower, upper) pairs, one per input; None means the net's own box
    method   a key of `METHODS`

    Whatever the method, the bounds are sound in floating point: neither the exact value nor the
    float64 forward pass at a point of the box lies outside.

    Raises `BoxError` when there is no box, it bounds another number of inputs, or a bound
    overflows; `InputError` when the method is unknown.
    """
    if method not in METHODS:
        raise InputError(f"bounds method {method!r} is unknown; use one of {', '.join(METHODS)}")
    box = net.domain(box)
    start = time.perf_counter()
    lower, upper = METHODS[method](net, box)
    return Bounds(lower, upper, method, box, time.perf_counter() - start)
