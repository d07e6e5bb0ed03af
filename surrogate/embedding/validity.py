"""Where an embedded network may be asked: `embed(validity=...)` as rows, and what lies on the edge.

The hull of the inputs has facets A x <= b where these are few. They go into the bounds of the
network (`Bounds.constraints`), which they tighten, and so become rows of every encoding, named
`constraints`. What else there is to say is in the block `validity`, beside the network's:

    flat      lower <= F x <= upper, where all data lie on a subspace
    facets    A (x, y) <= b, of inputs together with outputs
    weights   w >= 0, one for each extreme point p, where there are too many facets:
    one       sum_i w_i = 1
    combined  x = sum_i w_i p_i, or (x, y)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr import LinearExpression

from surrogate.box import Box, FloatArray
from surrogate.constraints import LinearConstraints
from surrogate.embedding.audit import Variables
from surrogate.errors import BoxError, EmbeddingError
from surrogate.network import Network, check_hull
from surrogate.solving.hints import ATTRIBUTE, SolverHints
from surrogate.validity import NEAR, Hull

VALIDITIES = ("box", "hull", "joint_hull")

COMPONENT = "validity"
"""The name of the block."""


def asked_hull(validity: Any, net: Network) -> Hull | None:
    """The hull to hold the network to; None for the box alone."""
    if isinstance(validity, Hull):
        check_hull(validity, net.n_inputs, net.n_outputs, EmbeddingError)
        return _with_values(validity, net) if validity.n_outputs else validity
    if not isinstance(validity, str) or validity not in VALIDITIES:
        raise EmbeddingError(
            f"validity is {validity!r}; use {', '.join(map(repr, VALIDITIES))}, or a "
            "surrogate.Hull of your own data"
        )
    if validity == "box":
        return None
    if net.hull is None:
        raise EmbeddingError(
            f"validity {validity!r}: the network does not hold its training data's hull; train it "
            "with surrogate.train, or give the data: validity=surrogate.Hull.of(inputs)"
        )
    if validity == "hull":
        return net.hull.inputs
    if not net.hull.n_outputs:
        raise EmbeddingError(
            "validity 'joint_hull': the network's hull is one of inputs alone; use 'hull', or "
            "validity=surrogate.Hull.of(inputs, outputs)"
        )
    return _with_values(net.hull, net)


def left_out(validity: str | Hull, net: Network) -> float:
    """The share of the data that `asked_hull` leaves out."""
    given = validity if isinstance(validity, Hull) else net.hull
    if given is None or validity == "box":
        return 0.0
    return given.inputs_left_out if validity == "hull" else given.left_out


@lru_cache(maxsize=64)
def _with_values(hull: Hull, net: Network) -> Hull:
    """With the network's own values at the points of the hull.

    No net meets its samples exactly. Without these, the network could be cut off at the very points
    it was trained on: everywhere, when the data lie on a plane.
    """
    x, y = np.split(hull.points, [hull.n_inputs], axis=1)
    return Hull.of(np.vstack([x, x]), np.vstack([y, net(x)]))


def box_within(box: Box, hull: Hull) -> Box:
    """The part of the box around which the hull reaches. Raises `EmbeddingError` without any."""
    d = hull.n_inputs
    around = Box(hull.box.lower[:d], hull.box.upper[:d])
    try:
        found = box.intersect(around)
    except BoxError as error:
        raise EmbeddingError(
            f"the variables allow {box}, the hull of the data reaches over {around} ({error})"
        ) from None
    if not hull.meets(found):
        raise EmbeddingError(
            f"the variables allow {box}, where the hull of the data has no point; change the "
            "variables' bounds, or train the network on data from there"
        )
    return found


def facet_rows(hull: Hull | None) -> LinearConstraints | None:
    """The facets of the hull of the inputs, but for those that are sides of its box."""
    if hull is None or hull.inputs.facets is None:
        return None
    facets = hull.inputs.facets
    slanted = np.count_nonzero(facets.matrix, axis=1) > 1
    if not slanted.any():
        return None
    return LinearConstraints(facets.matrix[slanted], facets.rhs[slanted])


def write_hull(block: Any, hull: Hull, inputs: Variables, outputs: Variables) -> None:
    """Add what `facet_rows` and the box do not say of the hull, and tell the solver."""
    hints = getattr(block.surrogate, ATTRIBUTE, None)
    if isinstance(hints, SolverHints) and len(inputs) > 1:
        graphs = tuple(replace(graph, confined=True) for graph in hints.graphs)
        setattr(block.surrogate, ATTRIBUTE, replace(hints, graphs=graphs))
    variables = (*inputs, *outputs)[: hull.points.shape[1]]
    rows, lower, upper = hull.flat
    facets = hull.facets
    if facets is not None and not hull.n_outputs and not len(rows):
        return
    part = pyo.Block()
    block.add_component(COMPONENT, part)
    if facets is None:
        _write_combination(part, hull.points, variables)
        return
    if len(rows):
        part.flat = _rows(rows, lower, upper, variables)
    if hull.n_outputs:
        none = np.full(len(facets.rhs), -np.inf)
        part.facets = _rows(facets.matrix, none, facets.rhs, variables)


def _write_combination(part: Any, points: FloatArray, variables: Variables) -> None:
    part.weights = pyo.Var(range(len(points)), bounds=(0.0, 1.0))
    weights = list(part.weights.values())
    part.one = pyo.Constraint(expr=_dot(np.ones(len(weights)), weights) == 1.0)
    sums = [_dot(column, weights) for column in points.T]
    pairs = zip(sums, variables, strict=True)
    part.combined = pyo.Constraint(
        range(len(sums)), rule={i: total == x for i, (total, x) in enumerate(pairs)}
    )


def _rows(matrix: FloatArray, lower: FloatArray, upper: FloatArray, variables: Variables) -> Any:
    rules = {}
    for i, row in enumerate(matrix):
        low = float(lower[i]) if np.isfinite(lower[i]) else None
        rules[i] = (low, _dot(row, variables), float(upper[i]))
    return pyo.Constraint(range(len(matrix)), rule=rules)


def _dot(row: Iterable[float], variables: Sequence[Any]) -> Any:
    pairs = [(float(a), v) for a, v in zip(row, variables, strict=True) if a]
    return LinearExpression(linear_coefs=[a for a, _ in pairs], linear_vars=[v for _, v in pairs])


@dataclass(frozen=True, eq=False)
class Edge:
    """An edge on which a solution lies: row . x <= limit, or row . (x, y); `words` say which."""

    row: FloatArray
    words: str


def edges_at(point: FloatArray, net: Network, box: Box, hull: Hull | None) -> list[Edge]:
    """The sides of the box, and the facets of the hull, on which the point (x, y) lies.

    An input that the box holds at one value is on no side.
    """
    x, found = point[: net.n_inputs], []
    near, outward = NEAR * (box.upper - box.lower), np.eye(net.n_inputs)
    for i, label in enumerate(net.input_labels):
        if box.lower[i] == box.upper[i]:
            continue
        if x[i] <= box.lower[i] + near[i]:
            found.append(Edge(-outward[i], f"{label} >= {box.lower[i]:.6g} (box)"))
        if x[i] >= box.upper[i] - near[i]:
            found.append(Edge(outward[i], f"{label} <= {box.upper[i]:.6g} (box)"))
    if hull is not None:
        sides = {edge.words for edge in found}
        facets = hull.sides_at(point[: hull.points.shape[1]])
        labels = (*net.input_labels, *net.output_labels)
        for row, limit in zip(facets.matrix, facets.rhs, strict=True):
            words = _in_words(row, limit, labels)
            if f"{words} (box)" not in sides:
                found.append(Edge(row, f"{words} (hull)"))
    return found


def may_be_crossed(edge: Edge, variables: Variables, widths: FloatArray) -> bool:
    """Whether the model's own bounds let some variable move outward through the edge.

    variables   of the edge's columns, or more, with their values; a fixed one does not move
    widths      of the data in these columns: what is less than 2e-6 of them is no way to go
    """
    weights = edge.row * widths[: len(edge.row)]
    for weight, variable, width in zip(weights, variables, widths, strict=False):
        if variable.fixed or abs(weight) <= NEAR * np.abs(weights).max():
            continue
        end = variable.bounds[1 if weight > 0.0 else 0]
        if end is None or abs(end - variable.value) > 2.0 * NEAR * width:
            return True
    return False


def _in_words(row: FloatArray, limit: float, labels: Sequence[str]) -> str:
    """A row such as `flow - 0.5 heat <= 2`: the largest coefficient is 1; or `flow >= 0`."""
    largest = int(np.abs(row).argmax())
    size, tiny = abs(float(row[largest])), abs(limit) < NEAR  # of the range: it is padding
    side = 0.0 if tiny else limit / size
    if np.count_nonzero(row) == 1 and row[largest] < 0.0:
        return f"{labels[largest]} >= {0.0 - side:.6g}"
    terms = []
    for a, label in zip(row / size, labels, strict=False):
        if abs(a) > NEAR:
            factor = "" if abs(abs(a) - 1.0) < NEAR else f"{abs(a):.4g} "
            terms.append(f"{'-' if a < 0.0 else '+'} {factor}{label}")
    return f"{' '.join(terms).removeprefix('+ ')} <= {side:.6g}"
