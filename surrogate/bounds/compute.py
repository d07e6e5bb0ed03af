"""`compute_bounds`: a net, a box and a method's name give sound pre-activation bounds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from surrogate.arguments import check_time_limit, check_whole
from surrogate.bounds.feasible import on_feasible_box
from surrogate.bounds.interval import interval_bounds
from surrogate.bounds.layers import tighten
from surrogate.bounds.lp import lp_minima
from surrogate.bounds.milp import milp_minima
from surrogate.bounds.result import Bounds
from surrogate.bounds.task import Layers, Task
from surrogate.box import Box
from surrogate.constraints import LinearConstraints
from surrogate.errors import BoxError, InputError
from surrogate.network import Network, check_network

Method = Callable[[Task, Layers], Layers]


def _interval(task: Task, _: Layers) -> Layers:
    return Layers(*interval_bounds(task.net, task.box))


def _crown(task: Task, known: Layers) -> Layers:
    return tighten(task, known, None)


def _lp(task: Task, known: Layers) -> Layers:
    return tighten(task, known, lp_minima)


def _milp(task: Task, known: Layers) -> Layers:
    return tighten(task, known, milp_minima)


# Each starts from the bounds of the one before, and is at least as tight.
METHODS: Mapping[str, Method] = MappingProxyType(
    {"interval": _interval, "crown": _crown, "lp": _lp, "milp": _milp}
)


def compute_bounds(
    net: Network,
    box: Box | Iterable[Sequence[float]] | None = None,
    method: str = "interval",
    *,
    constraints: LinearConstraints | None = None,
    time_limit: float | None = None,
    workers: int = 1,
) -> Bounds:
    """Bounds on every pre-activation of `net` for all inputs in `box`.

    box           a `Box` or (lower, upper) pairs, one per input; None means the net's own box
    method        a key of `METHODS`, each at least as tight as the one before it:
                  interval   interval arithmetic, microseconds
                  crown      backward linear relaxation, milliseconds
                  lp         linear programs over triangles, for the unstable neurons and the
                             outputs: a second or two for 300 neurons
                  milp       the network itself, likewise, at most 10 s a neuron and side: for
                             small nets
    constraints   further rows that the inputs obey; all methods use the smallest box around what
                  they leave, `lp` and `milp` also the rows
    time_limit    seconds; neurons that are not reached in time keep the bounds of the method
                  before, which are always computed as far as `crown`; see `Bounds.complete`
    workers       threads that share the neurons of a layer; the bounds are the same for any number,
                  unless a time limit ends the work

    Whatever the method, the bounds hold for the exact values and for the float64 forward pass at
    every input that satisfies the constraints. `interval`, `crown` and `lp` prove this in floating
    point; `milp` trusts HiGHS within the tolerances that its file describes.

    Bounds of equal nets (by content), boxes, methods and constraints are computed once in a
    process, and the same object is returned; results that a `time_limit` cut short are not kept.

    Raises `BoxError` when there is no box, it bounds another number of inputs, a bound overflows,
    or no input satisfies the constraints; `InputError` when the net is no `Network`, the method is
    unknown, the constraints are no `LinearConstraints`, or time limit or workers are no positive
    numbers.
    """
    check_network(net)
    if not isinstance(method, str) or method not in METHODS:
        raise InputError(f"bounds method {method!r} is unknown; use one of {', '.join(METHODS)}")
    check_time_limit(time_limit)
    check_whole("workers", workers, 1)
    box = net.domain(box)
    constraints = _fitting(constraints, box)
    known = _kept(net.content_hash, box, method, constraints)
    if known:
        return known[0]
    deadline = math.inf if time_limit is None else time.perf_counter() + time_limit
    start = time.perf_counter()
    task = on_feasible_box(Task(net, box, constraints, deadline, workers))
    return _chain(task, box, method, time.perf_counter() - start)


def _chain(task: Task, box: Box, method: str, spent: float) -> Bounds:
    """The method's bounds, from those of the method before; `spent`: seconds so far."""
    key = task.net.content_hash
    kept = _kept(key, box, method, task.constraints)
    if kept:
        return kept[0]
    names = list(METHODS)
    layers = Layers((), ())
    if method != names[0]:
        before = _chain(task, box, names[names.index(method) - 1], spent)
        layers, spent = Layers(before.lower, before.upper, before.complete), before.seconds
    start = time.perf_counter()
    found = METHODS[method](task, layers)
    seconds = spent + time.perf_counter() - start
    bounds = Bounds(
        found.lower, found.upper, method, box, seconds, found.complete, task.constraints, key
    )
    if found.complete or task.deadline == math.inf:
        kept.append(bounds)
        return kept[0]  # another thread may have been faster
    return bounds


@lru_cache(maxsize=64)
def _kept(
    _network_hash: str, _box: Box, _method: str, _constraints: LinearConstraints | None
) -> list[Bounds]:
    """Where the bounds for these arguments are kept: an empty list until they are known."""
    return []


def _fitting(constraints: LinearConstraints | None, box: Box) -> LinearConstraints | None:
    """`constraints`, None when they have no rows. Raises `BoxError` when they do not fit."""
    if constraints is None:
        return None
    if not isinstance(constraints, LinearConstraints):
        raise InputError(
            f"constraints are {type(constraints).__name__}; give "
            "surrogate.LinearConstraints(matrix, rhs)"
        )
    if not len(constraints.rhs):
        return None
    if constraints.n_inputs != box.n_inputs:
        raise BoxError(
            f"the constraints are about {constraints.n_inputs} inputs, the network has "
            f"{box.n_inputs}; give one column per input"
        )
    return constraints
