"""The audit: what a solver made of an embedded network, against the network's own forward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.box import FloatArray
from surrogate.encodings import Activations
from surrogate.errors import AuditError
from surrogate.network import Network

Variables = tuple[Any, ...]  # Pyomo variables: Pyomo has no types

KINK = 1e-6
"""A pre-activation within KINK (1 + |a|) of 0 may have its binary either way."""


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


def audit_solution(
    network: Network, inputs: Variables, outputs: Variables, activations: Activations
) -> Audit:
    """Compare the values that are in the variables with the network.

    x is read from the input variables as it is, not clipped to the box. One float64 forward
    pass gives a(x) and net(x); y and every activation z are read from the model, and

        output_error = max_j |y_j - net(x)_j|,   activation_error = max |z - max(0, a(x))|.

    A binary q matches when round(q) = 1 and a(x) > 0, or round(q) = 0 and a(x) < 0, or
    |a(x)| <= 1e-6 (1 + |a(x)|), where both patterns give the same function.

    Raises `AuditError` when a variable has no value: `solve` clears them all when it starts.
    """
    x, y = _values(inputs), _values(outputs)
    *hidden, expected = (layer[0] for layer in network.preactivations(x[None, :]))
    errors, matches = [0.0], True
    for a, post, binary in zip(hidden, activations.post, activations.binary, strict=True):
        true_z = np.maximum(a, 0.0)
        errors += [abs(_value(v) - z) for v, z in zip(post, true_z, strict=True) if v is not None]
        matches &= all(_matches(q, float(a_j)) for q, a_j in zip(binary, a, strict=True))
    return Audit(
        output_error=float(np.abs(y - expected).max()),
        activation_error=float(max(errors)),
        pattern_matches=matches,
        inputs=x,
        outputs=y,
        expected=expected,
    )


def _value(variable: Any) -> float:
    if variable.value is None:
        raise AuditError(
            f"variable {variable.name!r} has no value; "
            "solve the model first, and check that the solution has_solution"
        )
    return float(variable.value)


def _values(variables: Variables) -> FloatArray:
    return np.array([_value(variable) for variable in variables])


def _matches(binary: Any | None, a: float) -> bool:
    return binary is None or abs(a) <= KINK * (1.0 + abs(a)) or (_value(binary) > 0.5) == (a > 0.0)
