"""`embed()`: a network inside a Pyomo model."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyomo.environ as pyo
from omlt import OmltBlock
from pyomo.repn import generate_standard_repn

from surrogate.bounds import Bounds, compute_bounds
from surrogate.box import Box
from surrogate.conventions import check_encoding
from surrogate.embedding.audit import Audit, Variables, audit_solution, values_of
from surrogate.embedding.checks import bounds_on, check_block, input_box, listed
from surrogate.embedding.validity import (
    Edge,
    asked_hull,
    box_within,
    edges_at,
    facet_rows,
    left_out,
    may_be_crossed,
    write_hull,
)
from surrogate.encodings import ENCODINGS, Activations, Formulation, choose
from surrogate.encodings.large_m import warn_if_large
from surrogate.errors import EmbeddingError
from surrogate.network import Network, check_network
from surrogate.validity import Hull, warn_if_lossy


@dataclass(frozen=True)
class Size:
    """What an embedding adds to the model: components of its block, and nonzero coefficients."""

    variables: int
    binaries: int
    constraints: int
    nonzeros: int


@dataclass(frozen=True, eq=False, repr=False)
class Embedding:
    """A network in a Pyomo model: see `embed`.

    hull      what holds the inputs, and outputs where it has some; None with the box alone
    seconds   what bounds and building took
    reason    why `auto` chose this encoding, or that it was asked for
    """

    network: Network
    box: Box
    block: Any
    inputs: Variables
    outputs: Variables
    encoding: str
    bounds: Bounds
    seconds: float
    formulation: Formulation
    reason: str
    hull: Hull | None = None

    @property
    def activations(self) -> Activations:
        """The variables of the hidden neurons."""
        return self.formulation.activations()

    @cached_property
    def size(self) -> Size:
        """What the embedding added to the model, counted when it is first asked for."""
        return _size(self.block)

    def __repr__(self) -> str:
        """One line: the network, where it is, its encoding and its size."""
        return (
            f"Embedding({self.network.layout} in {self.block.name!r}, {self.encoding}, "
            f"{self.size.variables} variables, {self.size.binaries} binaries, "
            f"{self.size.constraints} constraints)"
        )

    def audit(self) -> Audit:
        """Compare the solution in the model with the network: see `audit_solution`."""
        return audit_solution(
            self.network,
            self.inputs,
            self.outputs,
            self.formulation,
            self.block.model(),
            self.hull,
        )

    def boundary(self) -> tuple[str, ...]:
        """The edges of the network's data on which the solution in the model lies, in words.

        Sides of the network's own box (of the variables' when it has none), and facets of the hull
        that it was embedded with, to 1e-6 of the ranges: ("flow - 0.5 heat <= 2 (hull)",). Where
        the hull is written as convex combinations, one facet stands for all. Empty inside. An
        optimum on the boundary would go on to where nothing was ever sampled: with more data there
        it may be another.

        Raises `AuditError` when there is no solution in the model.
        """
        return tuple(edge.words for edge in self._edges())

    def data_limits(self) -> tuple[str, ...]:
        """The edges of `boundary` at which the data alone stop the solution.

        Left out are those that the bounds of the model's own variables keep it from crossing, and
        those of fixed variables: more data beyond would change nothing there. Constraints of the
        model, which may stop it as well, are not looked at.
        """
        ports, domain = (*self.inputs, *self.outputs), self.network.box or self.box
        around = domain if self.hull is None else self.hull.box
        widths = around.upper - around.lower
        return tuple(edge.words for edge in self._edges() if may_be_crossed(edge, ports, widths))

    def _edges(self) -> list[Edge]:
        point = values_of((*self.inputs, *self.outputs))
        return edges_at(point, self.network, self.network.box or self.box, self.hull)


def embed(
    block: Any,
    net: Network,
    inputs: Any,
    outputs: Any | None = None,
    encoding: str = "auto",
    bounds: Bounds | str | None = None,
    validity: str | Hull = "box",
) -> Embedding:
    """Add constraints to `block` that hold exactly when outputs = net(inputs).

    block      a Pyomo Block, or a model, without another embedding
    inputs     one Pyomo variable per input, in the network's order; an indexed variable counts in
               the order of its index, a scalar variable as one input; a variable may come twice
    outputs    variables to equate with the outputs; None makes new ones (`Embedding.outputs`)
    encoding   a key of `surrogate.encodings.ENCODINGS`, or "auto": see `surrogate.encodings.auto`;
               `Embedding.encoding` and `Embedding.reason` say what was chosen and why
    bounds     pre-activation bounds from `compute_bounds`, a bounds method's name, or None for the
               method that suits the encoding. The "omlt" encoding uses OMLT's own bounds whatever
               is given. Linear constraints that the bounds rest on become constraints of the block.
    validity   where the network may be asked: "box" is its own box; "hull" the convex hull of the
               inputs that it was trained on, "joint_hull" of these with their outputs, which also
               says what an output may be (`surrogate.train` puts the hull into the network); or a
               `Hull` of your own data, of inputs or of inputs with outputs. See
               `surrogate.embedding.validity` for the rows that it becomes. `Embedding.boundary`
               tells when a solution lies on its edge

    The box is the variables' bounds (domains included) intersected with the network's own box.
    The model holds the inputs to it: where a variable's bounds are wider, or are widened later,
    the block's constraints still cut at the box. A fixed variable counts with its declared bounds,
    so that it may be unfixed later.

    Raises `EmbeddingError` when block, variables, encoding, bounds or hull do not fit the network,
    an input has no finite bounds, the network holds no hull, or the variables' bounds leave nothing
    of it; `BoxError` when bounds overflow. Warns with `BigMWarning` when the
    encoding uses a big-M above 1e3, and with `HullWarning` when more than a tenth of the data lies
    outside the hull.
    """
    start = time.perf_counter()
    check_encoding(encoding)
    check_network(net, EmbeddingError)
    check_block(block)
    xs = listed(inputs, "input", net.n_inputs)
    ys = None if outputs is None else listed(outputs, "output", net.n_outputs)
    hull = asked_hull(validity, net)
    box = input_box(net, xs)
    if hull is not None:
        box = box_within(box, hull)
    rows = facet_rows(hull)
    if isinstance(bounds, str):
        bounds = compute_bounds(net, box, bounds, constraints=rows)
    elif bounds is not None:
        bounds = bounds_on(bounds, net, box, rows)
    chosen = choose(net, box, encoding, bounds, rows)
    formulation = ENCODINGS[chosen.encoding](net, chosen.bounds)
    formulation.warns = False  # of a large big-M: the line to name is the one that calls `embed`
    block.surrogate = OmltBlock()
    with _initial_values_may_leave_bounds():
        block.surrogate.build_formulation(formulation)
    block.link_inputs = _links(xs, block.surrogate.inputs)
    if ys is None:
        ys = tuple(block.surrogate.outputs.values())
    else:
        block.link_outputs = _links(ys, block.surrogate.outputs)
    if hull is not None:
        ports = (block.surrogate.inputs, block.surrogate.outputs)
        write_hull(block, hull, *(tuple(found.values()) for found in ports))
    for variable in block.surrogate.component_data_objects(pyo.Var, descend_into=True):
        # OMLT starts its variables at 0, which an audit would take for a solution.
        variable.set_value(None, skip_validation=True)
    seconds = time.perf_counter() - start
    warn_if_large(formulation.activations().largest_m, box, stacklevel=3)
    warn_if_lossy(left_out(validity, net), stacklevel=3)
    return Embedding(
        network=net,
        box=box,
        block=block,
        inputs=xs,
        outputs=ys,
        encoding=chosen.encoding,
        bounds=chosen.bounds,
        seconds=seconds,
        formulation=formulation,
        reason=chosen.reason,
        hull=hull,
    )


@contextmanager
def _initial_values_may_leave_bounds() -> Iterator[None]:
    """Keep Pyomo from warning (W1002) that OMLT starts a variable at 0 where 0 is not allowed.

    The values are cleared right after. Pyomo's warning goes to stdout, two lines per input.
    """
    logger = logging.getLogger("pyomo.core")
    logger.addFilter(_not_w1002)
    try:
        yield
    finally:
        logger.removeFilter(_not_w1002)


def _not_w1002(record: logging.LogRecord) -> bool:
    return getattr(record, "id", "") != "W1002"


def _links(given: Variables, variables: Any) -> Any:
    pairs = zip(given, variables.values(), strict=True)
    return pyo.Constraint(range(len(given)), rule={i: a == b for i, (a, b) in enumerate(pairs)})


def _size(block: Any) -> Size:
    variables = list(block.component_data_objects(pyo.Var, descend_into=True))
    constraints = list(block.component_data_objects(pyo.Constraint, active=True, descend_into=True))
    return Size(
        variables=len(variables),
        binaries=sum(v.is_binary() for v in variables),
        constraints=len(constraints),
        nonzeros=sum(len(generate_standard_repn(c.body).linear_vars) for c in constraints),
    )
