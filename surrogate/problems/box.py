"""The box problem: minimise or maximise one output of a network over its input box.

    min or max  y_j   subject to   y = net(x),  lower <= x <= upper

The smallest problem that needs the whole encoding, and the query behind verification.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyomo.environ as pyo

from surrogate.bounds import Bounds
from surrogate.box import Box
from surrogate.conventions import Sense
from surrogate.embedding import Embedding, embed
from surrogate.errors import InputError
from surrogate.network import Network, check_network
from surrogate.validity import Hull


@dataclass(frozen=True)
class BoxProblem:
    """The Pyomo model, ready to solve, and the handle on the network inside it."""

    model: pyo.ConcreteModel
    embedding: Embedding


def box_problem(
    net: Network,
    sense: Sense,
    *,
    box: Box | None = None,
    output: int = 0,
    encoding: str = "auto",
    bounds: Bounds | str | None = None,
    validity: str | Hull = "box",
) -> BoxProblem:
    """Build the problem for output number `output` over `box` (the network's own when None).

    `bounds` and `validity` are as in `embed`: linear constraints that bounds rest on, and the hull,
    become part of the model.

    Raises `BoxError` when neither box is known and `InputError` when there is no such output.
    """
    check_network(net)
    box = net.domain(box)
    if not 0 <= output < net.n_outputs:
        raise InputError(
            f"output {output} does not exist; the network has outputs 0 to {net.n_outputs - 1}"
        )
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(net.n_inputs), bounds=dict(enumerate(box.pairs())))
    model.net = pyo.Block()
    xs = list(model.x.values())
    embedding = embed(model.net, net, xs, encoding=encoding, bounds=bounds, validity=validity)
    model.objective = pyo.Objective(
        expr=embedding.outputs[output],
        sense=pyo.minimize if sense == "minimize" else pyo.maximize,
    )
    return BoxProblem(model, embedding)
