"""The linked problem: several copies of one network, tied together by a few linear constraints.

    min  sum_t w_t f(x_t)   subject to   A u <= 0.2 (2 rows),   a.u = 0.3,   x_t in the box

f is the network's output number `output`, and u in [-1, 1]^(dT) is all inputs x_1 .. x_T in one
row, each scaled by its own interval: u = (x - centre) / half-width. On the box [-1, 1]^d, u is x.

The small model of a plant with T units: one copy is easy for most encodings, and what the copies
share is what makes a weak relaxation hurt. The data are random but for the seed.

In a *chain* the last input of each copy is the first of the next, as the state of a plant at the
end of one period is that at the start of the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyomo.environ as pyo

from surrogate.bounds import Bounds, compute_bounds
from surrogate.box import Box, FloatArray
from surrogate.embedding import Embedding, embed
from surrogate.errors import InputError
from surrogate.network import Network, check_network
from surrogate.problems.instance import Instance
from surrogate.programs import Builder

ROW_LIMIT = 0.2
TIE_TOTAL = 0.3


@dataclass(frozen=True, eq=False)
class LinkedData:
    """The numbers of one instance, in the units of the box, for x = (x_1 .. x_T) in one row.

    weights   w, shape (T,)
    rows      A divided by the half-widths, shape (2, dT), with rows @ x <= limits (2,)
    tie       a divided by the half-widths, shape (dT,), with tie @ x == total

    The column of input i of copy t is t d + i. A solver that gets these numbers gets the instance.
    """

    weights: FloatArray
    rows: FloatArray
    limits: FloatArray
    tie: FloatArray
    total: float
    chained: bool = False


@dataclass(frozen=True)
class LinkedProblem:
    """The Pyomo model, ready to solve, its data, and the handle on each copy of the network."""

    model: pyo.ConcreteModel
    embeddings: tuple[Embedding, ...]
    data: LinkedData


def linked_data(box: Box, copies: int, seed: int = 0, *, chained: bool = False) -> LinkedData:
    """Draw the instance for `copies` copies over `box`, with numpy's default generator:

        w = uniform(0.5, 1.5, T) * choice([-1, 1], T),   A = uniform(-1, 1, (2, dT)),
        a = uniform(0.3, 1, dT),                          in this order.

    On [-1, 1]^d these are the coefficients to the last bit. An input whose interval is a point has
    u = 0: it does not take part in the linking rows.

    Raises `InputError` when `copies` is below 1, or every interval of the box is a point.
    """
    if copies < 1:
        raise InputError(f"copies is {copies}; a linked problem needs at least 1")
    half_width = (box.upper - box.lower) / 2.0
    if not half_width.any():
        raise InputError(
            f"the box {box} is one point, and no input is free to link; widen an interval"
        )
    rng, size = np.random.default_rng(seed), box.n_inputs * copies
    weights = rng.uniform(0.5, 1.5, copies) * rng.choice([-1, 1], copies)
    rows = rng.uniform(-1.0, 1.0, (2, size))
    tie = rng.uniform(0.3, 1.0, size)
    free = np.tile(half_width > 0.0, copies)
    scale = np.where(free, np.tile(half_width, copies), 1.0)
    rows, tie = np.where(free, rows / scale, 0.0), np.where(free, tie / scale, 0.0)
    centre = np.tile((box.lower + box.upper) / 2.0, copies)
    total = float(TIE_TOTAL + tie @ centre)
    return LinkedData(weights, rows, ROW_LIMIT + rows @ centre, tie, total, chained)


def linked_instance(box: Box, data: LinkedData, output: int = 0) -> Instance:
    """The same problem in arrays, for solvers that do not read Pyomo."""
    builder, copies = Builder(), len(data.weights)
    lower, upper = np.tile(box.lower, copies), np.tile(box.upper, copies)
    x = builder.add_columns("x", lower, upper)
    y = builder.add_columns("y", np.full(copies, -np.inf), np.inf)
    builder.add_rows("rows", -np.inf, data.limits, (x, data.rows))
    builder.add_rows("tie", data.total, data.total, (x, data.tie[None]))
    if data.chained:
        ends = x.reshape(copies, box.n_inputs)
        one = np.ones(copies - 1)
        builder.add_rows("chain", 0.0, 0.0, (ends[:-1, -1], one), (ends[1:, 0], -one))
    cost = np.concatenate([np.zeros(len(x)), data.weights])
    return Instance(builder, cost, False, x.reshape(copies, box.n_inputs), y, output)


def linked_problem(
    net: Network,
    copies: int,
    seed: int = 0,
    encoding: str = "auto",
    bounds: Bounds | str | None = None,
    *,
    output: int = 0,
    chained: bool = False,
) -> LinkedProblem:
    """Build the problem for `copies` copies of `net` over its own box.

    seed       of the instance's data: see `linked_data`
    encoding   of every copy, as in `embed`
    bounds     as in `embed`, or a bounds method by name, computed once for all copies
    output     which output of the network is f
    chained    whether the copies are a chain

    An instance may be infeasible, as small ones (dT below 4) often are: the rows are random.

    Raises `BoxError` when the network has no box, `InputError` when there is no such output or no
    copy, and what `embed` raises.
    """
    check_network(net)
    box = net.domain()
    if not 0 <= output < net.n_outputs:
        raise InputError(
            f"output {output} does not exist; the network has outputs 0 to {net.n_outputs - 1}"
        )
    data = linked_data(box, copies, seed, chained=chained)
    if isinstance(bounds, str):
        bounds = compute_bounds(net, box, bounds)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(copies), range(net.n_inputs))
    for (_, i), variable in model.x.items():
        variable.bounds = box.pairs()[i]
    model.net = pyo.Block(range(copies))
    embeddings = tuple(
        embed(
            model.net[t],
            net,
            [model.x[t, i] for i in range(net.n_inputs)],
            encoding=encoding,
            bounds=bounds,
        )
        for t in range(copies)
    )
    x = list(model.x.values())
    model.rows = pyo.Constraint(
        range(len(data.limits)),
        rule=lambda _, r: _dot(data.rows[r], x) <= float(data.limits[r]),
    )
    model.tie = pyo.Constraint(expr=_dot(data.tie, x) == data.total)
    if chained:
        last = net.n_inputs - 1
        model.chain = pyo.Constraint(
            range(1, copies), rule=lambda m, t: m.x[t - 1, last] == m.x[t, 0]
        )
    model.objective = pyo.Objective(
        expr=_dot(data.weights, [embedding.outputs[output] for embedding in embeddings])
    )
    return LinkedProblem(model, embeddings, data)


def _dot(coefficients: FloatArray, variables: list[pyo.Var]) -> pyo.Expression:
    return pyo.quicksum(float(c) * v for c, v in zip(coefficients, variables, strict=True))
