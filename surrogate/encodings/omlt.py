"""`omlt`: OMLT's own big-M formulation, untouched. The baseline of every comparison.

For a hidden neuron with a = w.z_previous + b in [L, U], by OMLT's interval arithmetic on the box:

    zhat = a,   z >= 0,   z >= zhat,   z <= U q,   z <= zhat - L (1 - q),   q in {0, 1}

Every neuron has a binary q, stable or not, and a variable for zhat, z, each input and each output.

Source: F. Ceccon et al., OMLT: Optimization & Machine Learning Toolkit, JMLR 23 (2022);
`omlt.neuralnet.ReluBigMFormulation` of OMLT 1.2.2.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo
from omlt.neuralnet import NetworkDefinition, ReluBigMFormulation
from omlt.neuralnet.layer import DenseLayer, InputLayer
from pyomo.core.expr.numeric_expr import LinearExpression

from surrogate.bounds import Bounds
from surrogate.box import Box, FloatArray
from surrogate.encodings.checks import check_types
from surrogate.encodings.handles import Activations
from surrogate.network import Network


class OmltBigM(ReluBigMFormulation):  # type: ignore[misc]  # OMLT ships no annotations
    """OMLT's big-M formulation of `net` on the box of `bounds`, for `OmltBlock.build_formulation`.

    Only the box of `bounds` is used, and its linear constraints, if any, are added: OMLT computes
    its own L and U, and that is the baseline.
    """

    method = "interval"

    def __init__(self, net: Network, bounds: Bounds) -> None:
        check_types(net, bounds)
        super().__init__(network_definition(net, bounds.box))
        self._net, self._constraints = net, bounds.constraints

    def _build_formulation(self) -> None:
        super()._build_formulation()
        if self._constraints is not None:
            matrix, rhs = self._constraints.matrix.tolist(), self._constraints.rhs.tolist()
            inputs = list(self.block.inputs.values())
            self.block.constraints = pyo.ConstraintList()
            for row, limit in zip(matrix, rhs, strict=True):
                body = LinearExpression(linear_coefs=row, linear_vars=inputs)
                self.block.constraints.add((None, body, limit))

    def activations(self) -> Activations:
        """The variables of the hidden neurons, once the formulation is built."""
        # OMLT names the layers' blocks by id(layer), in the order of the layers, inputs first.
        layers = list(self.block.layer.values())[1:-1]
        ms = [
            abs(float(m.value))
            for layer in layers
            for m in (*layer._big_m_lb_relu.values(), *layer._big_m_ub_relu.values())
        ]
        return Activations(
            pre=tuple(tuple(layer.zhat.values()) for layer in layers),
            post=tuple(tuple(layer.z.values()) for layer in layers),
            binary=tuple(tuple(layer.q_relu.values()) for layer in layers),
            largest_m=max(ms, default=0.0),
        )

    def true_pattern(self, x: FloatArray) -> list[tuple[Any, float]]:
        """The formulation's binaries, and their values where the outputs are net(x)."""
        hidden = self._net.preactivations(x[None, :])[:-1]
        layers = zip(self.activations().binary, hidden, strict=True)
        return [(q, float(v > 0.0)) for row, a in layers for q, v in zip(row, a[0], strict=True)]


def network_definition(net: Network, box: Box) -> NetworkDefinition:
    """The network in OMLT's terms: an input layer, then dense layers, ReLU but for the last."""
    definition = NetworkDefinition(scaled_input_bounds=dict(enumerate(box.pairs())))
    layer = InputLayer([net.n_inputs])
    definition.add_layer(layer)
    last = len(net.weights) - 1
    for k, (w, b) in enumerate(zip(net.weights, net.biases, strict=True)):
        fan_in, fan_out = w.shape
        activation = "linear" if k == last else "relu"
        dense = DenseLayer([fan_in], [fan_out], w, b, activation=activation)
        definition.add_layer(dense)
        definition.add_edge(layer, dense)
        layer = dense
    return definition
