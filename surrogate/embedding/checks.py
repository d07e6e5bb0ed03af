"""What `embed` is given: the block, the variables, the box and the bounds, checked one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from pyomo.core.base.block import BlockData
from pyomo.core.base.var import IndexedVar, VarData

from surrogate.bounds import Bounds
from surrogate.box import Box
from surrogate.constraints import LinearConstraints
from surrogate.embedding.audit import Variables
from surrogate.encodings.checks import check_same_network, check_types
from surrogate.errors import EmbeddingError
from surrogate.network import Network

COMPONENTS = ("surrogate", "link_inputs", "link_outputs", "validity")
"""What `embed` adds to the block."""


def check_block(block: Any) -> None:
    """Refuse what is no constructed block, or holds an embedding already."""
    if not isinstance(block, BlockData):
        raise EmbeddingError(
            f"{block!r} is not a single Pyomo block; add one to the model (m.net = pyo.Block()) "
            "and pass it, or one member of an indexed block"
        )
    if not block.is_constructed():
        raise EmbeddingError(
            f"block {block.name!r} is not constructed; use a ConcreteModel, or "
            "create_instance() first"
        )
    for component in COMPONENTS:
        if block.component(component) is not None:
            raise EmbeddingError(
                f"block {block.name!r} already has a component {component!r}, as a block with an "
                "embedding does; pass a new block for each embedding (m.net2 = pyo.Block())"
            )


def listed(given: Any, kind: str, expected: int) -> Variables:
    """The variables that `given` stands for, exactly `expected` of them."""
    if isinstance(given, VarData):
        given = [given]
    elif isinstance(given, IndexedVar):
        given = given.values()
    elif isinstance(given, str) or not isinstance(given, Iterable):
        raise EmbeddingError(f"{kind}s: {given!r} is no Pyomo variable and no sequence of them")
    variables = tuple(given)
    for i, variable in enumerate(variables):
        if not isinstance(variable, VarData):
            raise EmbeddingError(
                f"{kind} {i}: {variable!s} is no Pyomo variable but {type(variable).__name__}; "
                "pass one variable, and equate it with an expression if need be"
            )
    if len(variables) != expected:
        raise EmbeddingError(
            f"{len(variables)} {kind} variables given, the network has {expected} {kind}s; "
            f"pass one variable per {kind}"
        )
    return variables


def input_box(net: Network, variables: Variables) -> Box:
    """The variables' bounds intersected with the network's own box, finite on every side."""
    own = [(None, None)] * net.n_inputs if net.box is None else net.box.pairs()
    pairs = []
    for variable, (net_lower, net_upper) in zip(variables, own, strict=True):
        lower, upper = variable.bounds
        lowers = [b for b in (lower, net_lower) if b is not None and np.isfinite(b)]
        uppers = [b for b in (upper, net_upper) if b is not None and np.isfinite(b)]
        if not lowers or not uppers:
            side, call = ("upper", "setub") if lowers else ("lower", "setlb")
            raise EmbeddingError(
                f"input variable {variable.name!r} has no finite {side} bound, and the network no "
                f"box; set one: {variable.name}.{call}(...)"
            )
        if max(lowers) > min(uppers):
            raise EmbeddingError(
                f"input variable {variable.name!r} has bounds [{lower}, {upper}], the network's "
                f"box is [{net_lower}, {net_upper}]: they have no common point; change the "
                "variable's bounds, or train the network on the box you need"
            )
        pairs.append((max(lowers), min(uppers)))
    return Box.of(pairs)


def bounds_on(
    bounds: Bounds, net: Network, box: Box, rows: LinearConstraints | None = None
) -> Bounds:
    """The bounds, said to hold on `box` only, and under `rows`; they do, as they hold without."""
    check_types(net, bounds)
    widths = [len(b) for b in net.biases]
    if bounds.box.n_inputs != net.n_inputs or [len(lower) for lower in bounds.lower] != widths:
        raise EmbeddingError(
            f"the bounds are for {bounds.box.n_inputs} inputs and layers of "
            f"{[len(lower) for lower in bounds.lower]}, the network has {net.n_inputs} inputs and "
            f"layers of {widths}; compute them for this network"
        )
    check_same_network(net, bounds)
    if (bounds.box.lower > box.lower).any() or (bounds.box.upper < box.upper).any():
        raise EmbeddingError(
            f"the bounds hold on {bounds.box}, the variables allow {box}; "
            "compute the bounds on a box that contains it"
        )
    return bounds if bounds.box == box and rows is None else _held_on(bounds, box, rows)


@lru_cache(maxsize=64)  # one object for all copies, so that they share what is made of it
def _held_on(bounds: Bounds, box: Box, rows: LinearConstraints | None) -> Bounds:
    known = bounds.constraints
    if known is not None and rows is not None and known != rows:
        rows = LinearConstraints(
            np.vstack([known.matrix, rows.matrix]), np.append(known.rhs, rows.rhs)
        )
    return replace(bounds, box=box, constraints=known if rows is None else rows)
