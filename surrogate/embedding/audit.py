"""The audit: what a solver made of an embedded network, against the network's own forward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.box import FloatArray
from surrogate.encodings import Formulation
from surrogate.errors import AuditError
from surrogate.network import Network
from surrogate.solving import objective_gain, objective_value, solve_fixed
from surrogate.validity import Hull

Variables = tuple[Any, ...]  # Pyomo variables: Pyomo has no types

TOLERANCE = 1e-6
"""The largest error with which an audit passes: a solver's usual feasibility tolerance."""

KINK = 1e-6
"""A pre-activation within KINK (1 + |a|) of 0 may have its binary either way."""


@dataclass(frozen=True, eq=False)
class Audit:
    """The solver's answer against the network's forward pass.

    output_error       largest |y - net(x)| over the outputs
    activation_error   largest |zhat - a(x)| and |z - max(0, a(x))| over the hidden neurons, where
                       the encoding has these variables
    pattern_matches    whether every binary, rounded, is the sign of the neuron's a(x)
    inputs, outputs    x (d,) and y (m,), as in the model
    expected           net(x), shape (m,)
    objective          the model's objective at the solution, None when it has no single one
    fixed_objective    the best objective with every binary fixed: this network's to the pattern of
                       net(x), all others as in the solution; None when there is none
    objective_gain     by how much `objective` is better than `fixed_objective`, 0 when it is not
    within_hull        whether x, and y where the network was embedded so, is in the convex hull of
                       the data, to 1e-6 of its ranges; None when the hull is not known. With
                       validity "box" nothing keeps x there: where it is not, net(x) extrapolates
    """

    output_error: float
    activation_error: float
    pattern_matches: bool
    inputs: FloatArray
    outputs: FloatArray
    expected: FloatArray
    objective: float | None
    fixed_objective: float | None
    objective_gain: float
    within_hull: bool | None = None

    @property
    def error(self) -> float:
        """The larger of the two errors."""
        return max(self.output_error, self.activation_error)

    @property
    def passed(self) -> bool:
        """Whether the error is at most 1e-6, every binary matches, and the objective is no gift.

        A gift is an objective that is better than `fixed_objective` by more than 1e-6, relatively.
        """
        fair = self.objective_gain <= TOLERANCE * (1.0 + abs(self.objective or 0.0))
        return self.error <= TOLERANCE and self.pattern_matches and fair


def audit_solution(
    network: Network,
    inputs: Variables,
    outputs: Variables,
    formulation: Formulation,
    model: Any,
    hull: Hull | None = None,
) -> Audit:
    """Compare the values that are in the variables with the network.

    x is read from the input variables as it is, not clipped to the box. One float64 forward
    pass gives a(x) and net(x); y and every pre-activation zhat and activation z that the encoding
    has a variable for are read from the model, and

        output_error = max_j |y_j - net(x)_j|,
        activation_error = max over neurons of |zhat - a(x)| and |z - max(0, a(x))|.

    A NaN counts as an infinite error.

    A binary q matches when round(q) = 1 and a(x) > 0, or round(q) = 0 and a(x) < 0, or
    |a(x)| <= 1e-6 (1 + |a(x)|), where both patterns give the same function.

    Then the model is solved again as a linear program, with the integers fixed and the network's
    binaries at the pattern of net(x): a solver that used its tolerances (times M) to report a
    better objective than the network allows shows here. The values in the model stay as they are.

    Raises `AuditError` when a variable has no value: `solve` clears them all when it starts.
    """
    activations, x, y = formulation.activations(), values_of(inputs), values_of(outputs)
    *hidden, expected = (layer[0] for layer in network.preactivations(x[None, :]))
    errors, matches = [0.0], True
    for a, pre, post, binary in zip(
        hidden, activations.pre, activations.post, activations.binary, strict=True
    ):
        errors += [_difference(v, value) for v, value in zip(pre, a, strict=True)]
        errors += [_difference(v, value) for v, value in zip(post, np.maximum(a, 0), strict=True)]
        matches &= all(_matches(q, float(a_j)) for q, a_j in zip(binary, a, strict=True))
    objective = objective_value(model)
    known = np.isfinite(x).all()
    fixed = solve_fixed(model, formulation.true_pattern(x)) if known else None
    return Audit(
        output_error=_largest(np.abs(y - expected)),
        activation_error=_largest(np.array(errors)),
        pattern_matches=matches,
        inputs=x,
        outputs=y,
        expected=expected,
        objective=objective,
        fixed_objective=fixed,
        objective_gain=objective_gain(model, objective, fixed),
        within_hull=_within(hull, network, x, y),
    )


def _within(hull: Hull | None, network: Network, x: FloatArray, y: FloatArray) -> bool | None:
    """Whether the point is in the hull that the network was embedded with, else in its own."""
    if hull is None and network.hull is not None:
        hull = network.hull.inputs
    if hull is None:
        return None
    point = np.append(x, y)[: hull.points.shape[1]]
    return bool(np.isfinite(point).all() and hull.contains(point[None])[0])


def _difference(variable: Any | None, value: float) -> float:
    return 0.0 if variable is None else abs(_value(variable) - value)


def _largest(errors: FloatArray) -> float:
    """The largest error; infinity when one is NaN, which no comparison would find."""
    return float(np.where(np.isnan(errors), np.inf, errors).max())


def _value(variable: Any) -> float:
    if variable.value is None:
        raise AuditError(
            f"variable {variable.name!r} has no value; "
            "solve the model first, and check that the solution has_solution"
        )
    return float(variable.value)


def values_of(variables: Variables) -> FloatArray:
    """What is in the variables. Raises `AuditError`, naming the first that has no value."""
    return np.array([_value(variable) for variable in variables])


def _matches(binary: Any | None, a: float) -> bool:
    return binary is None or abs(a) <= KINK * (1.0 + abs(a)) or (_value(binary) > 0.5) == (a > 0.0)
