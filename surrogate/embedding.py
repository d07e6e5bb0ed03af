"""`embed()`: a network inside a Pyomo model, and the audit of what a solver made of it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
from omlt import OmltBlock
from pyomo.core.base.block import BlockData
from pyomo.core.base.var import IndexedVar, VarData
from pyomo.repn import generate_standard_repn

from surrogate.bounds import Bounds, compute_bounds
from surrogate.box import Box, FloatArray
from surrogate.encodings import ENCODINGS, Activations, resolve_encoding
from surrogate.errors import AuditError, EmbeddingError
from surrogate.network import Network

LARGEST_SAFE_M = 1e3
KINK = 1e-6  # a pre-activation within KINK (1 + |a|) of 0 may have its binary either way
COMPONENTS = ("surrogate", "link_inputs", "link_outputs")  # what `embed` adds to the block

Variables = Any  # a Pyomo variable, an indexed one, or a sequence of them: Pyomo has no types


class BigMWarning(UserWarning):
    """A big-M above 1e3: the solver's tolerance times M may exceed what the audit allows."""


@dataclass(frozen=True)
class Size:
    """What an embedding adds to the model: components of its block, and nonzero coefficients."""

    variables: int
    binaries: int
    constraints: int
    nonzeros: int


@dataclass(frozen=True, eq=False)
class Audit:
    """The solver's answer against the network's forward pass.

    output_error       largest |y - net(x)| over the outputs
    activation_error   largest |z - max(0, a(x))| over the hidden neurons that have a variable z
    pattern_matches    whether every binary, rounded, is the sign of the neuron's a(x)
    inputs, outputs    x (d,) and y (m,), as in the model
    expected           net(x), shape (m,)
    """

    output_error: float
    activation_error: float
    pattern_matches: bool
    inputs: FloatArray
    outputs: FloatArray
    expected: FloatArray

    @property
    def error(self) -> float:
        """The larger of the two errors."""
        return max(self.output_error, self.activation_error)


@dataclass(frozen=True, eq=False)
class Embedding:
    """A network in a Pyomo model: see `embed`. `seconds` is what bounds and building took."""

    network: Network
    box: Box
    block: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    encoding: str
    bounds: Bounds
    size: Size
    seconds: float
    activations: Activations

    def audit(self) -> Audit:
        """Compare the solution in the model with the network.

        x is read from the input variables as it is, not clipped to the box. One float64 forward
        pass gives a(x) and net(x); y and every activation z are read from the model, and

            output_error = max_j |y_j - net(x)_j|,   activation_error = max |z - max(0, a(x))|.

        A binary q matches when round(q) = 1 and a(x) > 0, or round(q) = 0 and a(x) < 0, or
        |a(x)| <= 1e-6 (1 + |a(x)|), where both patterns give the same function.

        Raises `AuditError` when a variable has no value: `solve` clears them all when it starts.
        """
        x, y = _values(self.inputs), _values(self.outputs)
        *hidden, expected = (layer[0] for layer in self.network.preactivations(x[None, :]))
        errors, matches = [0.0], True
        for a, post, binary in zip(
            hidden, self.activations.post, self.activations.binary, strict=True
        ):
            true_z = np.maximum(a, 0.0)
            errors += [
                abs(_value(v) - z) for v, z in zip(post, true_z, strict=True) if v is not None
            ]
            matches &= all(_matches(q, float(a_j)) for q, a_j in zip(binary, a, strict=True))
        return Audit(
            output_error=float(np.abs(y - expected).max()),
            activation_error=float(max(errors)),
            pattern_matches=matches,
            inputs=x,
            outputs=y,
            expected=expected,
        )


def embed(
    block: Any,
    net: Network,
    inputs: Variables,
    outputs: Variables | None = None,
    encoding: str = "auto",
    bounds: Bounds | None = None,
) -> Embedding:
    """Add constraints to `block` that hold exactly when outputs = net(inputs).

    block      a Pyomo Block, or a model, without another embedding
    inputs     one Pyomo variable per input, in the network's order; an indexed variable counts in
               the order of its index, a scalar variable as one input; a variable may come twice
    outputs    variables to equate with the outputs; None makes new ones (`Embedding.outputs`)
    encoding   a key of `surrogate.encodings.ENCODINGS`, or "auto"
    bounds     pre-activation bounds from `compute_bounds`; None computes interval bounds. The
               "omlt" encoding uses OMLT's own bounds whatever is given.

    The box is the variables' bounds (domains included) intersected with the network's own box.
    The model holds the inputs to it: where a variable's bounds are wider, or are widened later,
    the block's constraints still cut at the box. A fixed variable counts with its declared bounds,
    so that it may be unfixed later.

    Raises `EmbeddingError` when block, variables, encoding or bounds do not fit the network, or an
    input has no finite bounds; `BoxError` when bounds overflow. Warns with `BigMWarning` when the
    encoding uses a big-M above 1e3.
    """
    start = time.perf_counter()
    name = resolve_encoding(encoding)
    _check_block(block)
    xs = _variables(inputs, "input", net.n_inputs)
    ys = None if outputs is None else _variables(outputs, "output", net.n_outputs)
    box = _box(net, xs)
    bounds = compute_bounds(net, box) if bounds is None else _checked_bounds(bounds, net, box)

    formulation = ENCODINGS[name](net, bounds)
    block.surrogate = OmltBlock()
    block.surrogate.build_formulation(formulation)
    block.link_inputs = _links(xs, block.surrogate.inputs)
    if ys is None:
        ys = tuple(block.surrogate.outputs.values())
    else:
        block.link_outputs = _links(ys, block.surrogate.outputs)
    for variable in block.surrogate.component_data_objects(pyo.Var, descend_into=True):
        # OMLT starts its variables at 0, which an audit would take for a solution.
        variable.set_value(None, skip_validation=True)
    activations = formulation.activations()
    seconds = time.perf_counter() - start
    _warn_if_large(activations.largest_m, box)
    size = _size(block)
    return Embedding(net, box, block, xs, ys, name, bounds, size, seconds, activations)


def _check_block(block: Any) -> None:
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


def _variables(given: Variables, kind: str, expected: int) -> tuple[Any, ...]:
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


def _box(net: Network, variables: tuple[Any, ...]) -> Box:
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


def _checked_bounds(bounds: Bounds, net: Network, box: Box) -> Bounds:
    """The bounds, said to hold on `box` only; they do, as they hold on a box around it."""
    widths = [len(b) for b in net.biases]
    if bounds.box.n_inputs != net.n_inputs or [len(lower) for lower in bounds.lower] != widths:
        raise EmbeddingError(
            f"the bounds are for {bounds.box.n_inputs} inputs and layers of "
            f"{[len(lower) for lower in bounds.lower]}, the network has {net.n_inputs} inputs and "
            f"layers of {widths}; compute them for this network"
        )
    if (bounds.box.lower > box.lower).any() or (bounds.box.upper < box.upper).any():
        raise EmbeddingError(
            f"the bounds hold on {bounds.box}, the variables allow {box}; "
            "compute the bounds on a box that contains it"
        )
    return replace(bounds, box=box)


def _links(given: tuple[Any, ...], variables: Any) -> Any:
    pairs = list(zip(given, variables.values(), strict=True))
    return pyo.Constraint(range(len(pairs)), rule=lambda _, i: pairs[i][0] == pairs[i][1])


def _warn_if_large(largest_m: float, box: Box) -> None:
    if largest_m > LARGEST_SAFE_M:
        warnings.warn(
            f"the largest big-M is {largest_m:.3g}, above {LARGEST_SAFE_M:g}: a solver's tolerance "
            f"times M may show in the solution. Audit it; tighten the box (now {box}) or the "
            "bounds, or rescale the network",
            BigMWarning,
            stacklevel=3,
        )


def _size(block: Any) -> Size:
    variables = list(block.component_data_objects(pyo.Var, descend_into=True))
    constraints = list(block.component_data_objects(pyo.Constraint, active=True, descend_into=True))
    return Size(
        variables=len(variables),
        binaries=sum(v.is_binary() for v in variables),
        constraints=len(constraints),
        nonzeros=sum(len(generate_standard_repn(c.body).linear_vars) for c in constraints),
    )


def _value(variable: Any) -> float:
    if variable.value is None:
        raise AuditError(
            f"variable {variable.name!r} has no value; "
            "solve the model first, and check that the solution has_solution"
        )
    return float(variable.value)


def _values(variables: tuple[Any, ...]) -> FloatArray:
    return np.array([_value(variable) for variable in variables])


def _matches(binary: Any | None, a: float) -> bool:
    return binary is None or abs(a) <= KINK * (1.0 + abs(a)) or (_value(binary) > 0.5) == (a > 0.0)
