"""The ONNX operators that a ReLU network can hold: one small function each, in one table.

Source of their meaning: https://onnx.ai/onnx/operators. Values are affine tensors or constants;
at least one operand of each call is affine (nodes with constants only are folded elsewhere).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from surrogate.box import FloatArray
from surrogate.onnx_files.affine import AffineTensor, MisfitError
from surrogate.onnx_files.nodes import Node

Constant = npt.NDArray[Any]
Value = AffineTensor | Constant
Operands = Sequence[Value | None]  # None: an optional input left out
Operator = Callable[[Node, Operands], Value]

# fmt: off
_ACTIVATIONS = frozenset({
    "Celu", "Elu", "Erf", "Exp", "Gelu", "HardSigmoid", "HardSwish", "Hardmax",
    "LeakyRelu", "Log", "LogSoftmax", "Mish", "PRelu", "Selu", "Sigmoid", "Sin", "Softmax",
    "Softplus", "Softsign", "Swish", "Tanh", "ThresholdedRelu",
})
_CONVOLUTIONS = frozenset({
    "AveragePool", "Conv", "ConvInteger", "ConvTranspose", "GlobalAveragePool", "GlobalMaxPool",
    "LpPool", "MaxPool", "QLinearConv",
})
# fmt: on
_CONTROL_FLOW = frozenset({"If", "Loop", "Scan", "SequenceMap"})
_FLOATS = frozenset({onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE})


def apply(node: Node, operands: Operands) -> Value:
    """The node's first output. Raises `UnsupportedNodeError`, naming the node and the remedy."""
    if node.proto.domain not in ("", "ai.onnx"):
        raise node.refusal(
            f"belongs to the domain {node.proto.domain!r}; only standard ONNX operators are known, "
            "so export the network with those"
        )
    if node.operator not in OPERATORS:
        raise node.refusal(_why_not(node.operator))
    operator, attributes = OPERATORS[node.operator]
    node.only(attributes)
    if not operands:
        raise node.refusal("has no inputs; the file is damaged, export it again")
    try:
        return operator(node, operands)
    except MisfitError as misfit:
        raise node.refusal(str(misfit)) from None


def _why_not(operator: str) -> str:
    if operator in _ACTIVATIONS:
        return (
            "is an activation, and ReLU is the only one that is read; retrain with ReLU, or export "
            "without it if it only maps the output"
        )
    if operator in _CONVOLUTIONS:
        return "is a convolution or pooling; only dense layers are read, so retrain with those"
    if operator in _CONTROL_FLOW:
        return "is control flow; export one fixed chain of layers (by tracing, for example)"
    return f"cannot be read; a feed-forward ReLU network is built from {', '.join(OPERATORS)}"


def _affine(operands: Operands, at: int = 0) -> AffineTensor:
    value = operands[at] if at < len(operands) else None
    if not isinstance(value, AffineTensor):
        raise MisfitError(f"needs its input {at} to depend on the network's input")
    return value


def _constant(operands: Operands, at: int, what: str) -> FloatArray:
    value = operands[at] if at < len(operands) else None
    if value is None or isinstance(value, AffineTensor):
        raise MisfitError(f"needs a constant {what}; store it in the file as an initializer")
    return np.asarray(value, dtype=np.float64)


def _integers(operands: Operands, at: int, what: str) -> list[int]:
    values = _constant(operands, at, what).reshape(-1)
    if len(values) > 64:  # what numpy holds; a crafted list of millions must not be walked
        raise MisfitError(f"has {len(values)} axes in its {what}; the limit is 64")
    return [int(n) for n in values]


def _pair(operands: Operands) -> tuple[Value, Value]:
    if len(operands) != 2 or operands[0] is None or operands[1] is None:
        raise MisfitError(f"has {len(operands)} inputs; it needs 2, so export the file again")
    return operands[0], operands[1]


def _floats(value: Value) -> AffineTensor | FloatArray:
    return value if isinstance(value, AffineTensor) else np.asarray(value, dtype=np.float64)


def _sum(a: Value, b: Value) -> AffineTensor:
    if isinstance(a, AffineTensor):
        return a.plus(_floats(b))
    return _affine([b]).plus(np.asarray(a, dtype=np.float64))


def _refuse_two_affine(a: Value, b: Value) -> None:
    if isinstance(a, AffineTensor) and isinstance(b, AffineTensor):
        raise MisfitError(
            "multiplies two tensors that both depend on the input, which is not piecewise linear; "
            "retrain without such products"
        )


def _product(a: Value, b: Value) -> AffineTensor:
    _refuse_two_affine(a, b)
    if isinstance(a, AffineTensor):
        return a.matmul(np.asarray(b, dtype=np.float64))
    return _affine([b]).matmul_left(np.asarray(a, dtype=np.float64))


def _add(_node: Node, operands: Operands) -> AffineTensor:
    return _sum(*_pair(operands))


def _sub(_node: Node, operands: Operands) -> AffineTensor:
    a, b = _pair(operands)
    minus = b.times(np.array(-1.0)) if isinstance(b, AffineTensor) else -np.asarray(b, np.float64)
    return _sum(a, minus)


def _mul(_node: Node, operands: Operands) -> AffineTensor:
    a, b = _pair(operands)
    _refuse_two_affine(a, b)
    affine, factor = (a, b) if isinstance(a, AffineTensor) else (_affine([b]), a)
    return affine.times(np.asarray(factor, dtype=np.float64))


def _div(_node: Node, operands: Operands) -> AffineTensor:
    a, b = _pair(operands)
    if not isinstance(a, AffineTensor) or isinstance(b, AffineTensor):
        raise MisfitError("divides by a tensor that depends on the input; divide by constants only")
    return a.over(np.asarray(b, dtype=np.float64))


def _neg(_node: Node, operands: Operands) -> AffineTensor:
    return _affine(operands).times(np.array(-1.0))


def _matmul(_node: Node, operands: Operands) -> AffineTensor:
    return _product(*_pair(operands))


def _gemm(node: Node, operands: Operands) -> AffineTensor:
    """Y = alpha A' B' + beta C, A' = A or its transpose, C broadcast to Y."""
    a, b = _pair(operands[:2])
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise MisfitError(f"takes matrices, not shapes {a.shape} and {b.shape}; use MatMul")
    a = _matrix(a, bool(node.attributes.get("transA", 0)))
    b = _matrix(b, bool(node.attributes.get("transB", 0)))
    y = _product(a, b).times(np.array(node.attributes.get("alpha", 1.0)))
    c = operands[2] if len(operands) > 2 else None
    if c is None:
        return y
    beta = np.array(node.attributes.get("beta", 1.0))
    scaled = c.times(beta) if isinstance(c, AffineTensor) else np.asarray(c, np.float64) * beta
    result = _sum(y, scaled)
    if result.shape != y.shape:
        raise MisfitError(f"adds C of shape {c.shape} to a product of shape {y.shape}")
    return result


def _matrix(value: Value, transposed: bool) -> Value:
    return value.transpose([1, 0]) if transposed else value


def _relu(_node: Node, operands: Operands) -> AffineTensor:
    return _affine(operands).relu()


def _clip(node: Node, operands: Operands) -> AffineTensor:
    """A ReLU when it clips at 0 from below and nowhere from above: what torch's clamp(min=0) is."""
    limits = [node.attributes.get("min", -np.inf), node.attributes.get("max", np.inf)]
    for at, what in ((1, "minimum"), (2, "maximum")):
        if len(operands) > at and operands[at] is not None:
            limits[at - 1] = _constant(operands, at, what).item()
    if limits[0] != 0.0 or limits[1] < np.finfo(np.float32).max:
        raise MisfitError(f"clips to {limits}; only [0, inf], a ReLU, is read; retrain with ReLU")
    return _affine(operands).relu()


def _identity(_node: Node, operands: Operands) -> AffineTensor:
    return _affine(operands)


def _cast(node: Node, operands: Operands) -> AffineTensor:
    to = node.attributes.get("to")
    if to not in _FLOATS:
        raise MisfitError(
            f"rounds to the ONNX type {to}; only float (1) and double (11) keep the function, "
            "so export the network in float32 or float64"
        )
    return _affine(operands)


def _dropout(_node: Node, operands: Operands) -> AffineTensor:
    training = len(operands) > 2 and operands[2] is not None
    if training and _constant(operands, 2, "training_mode").any():
        raise MisfitError("is in training mode, which is random; export in inference mode")
    return _affine(operands)


def _batch_normalization(node: Node, operands: Operands) -> AffineTensor:
    """y = scale (x - mean) / sqrt(var + epsilon) + bias, per channel (axis 1)."""
    if node.attributes.get("training_mode", 0) or len(node.outputs) > 1:
        raise MisfitError("is in training mode; export in inference mode (model.eval())")
    x = _affine(operands)
    scale, bias, mean, var = (
        _constant(operands, at, what)
        for at, what in enumerate(("scale", "bias", "mean", "variance"), start=1)
    )
    rank = len(x.shape)
    if rank < 2 or any(p.shape != (x.shape[1],) for p in (scale, bias, mean, var)):
        raise MisfitError(f"has parameters that do not fit its input of shape {x.shape}")
    if node.attributes.get("spatial", 1) != 1:
        raise MisfitError("has spatial = 0; export the file with opset 9 or later")
    factor = scale / np.sqrt(var + node.attributes.get("epsilon", 1e-5))
    column = (-1, *(1,) * (rank - 2))
    return x.times(factor.reshape(column)).plus((bias - mean * factor).reshape(column))


def _flatten(node: Node, operands: Operands) -> AffineTensor:
    return _affine(operands).flatten(int(node.attributes.get("axis", 1)))


def _reshape(node: Node, operands: Operands) -> AffineTensor:
    target = _integers(operands, 1, "shape")
    return _affine(operands).reshape(target, copies_zeros=not node.attributes.get("allowzero", 0))


def _transpose(node: Node, operands: Operands) -> AffineTensor:
    x = _affine(operands)
    return x.transpose([int(p) for p in node.attributes.get("perm", range(len(x.shape))[::-1])])


def _axes(node: Node, operands: Operands) -> list[int] | None:
    """The axes: an input since opset 13, an attribute before."""
    if len(operands) > 1 and operands[1] is not None:
        return _integers(operands, 1, "axes")
    axes = node.attributes.get("axes")
    return None if axes is None else [int(axis) for axis in axes]


def _squeeze(node: Node, operands: Operands) -> AffineTensor:
    return _affine(operands).squeeze(_axes(node, operands))


def _unsqueeze(node: Node, operands: Operands) -> AffineTensor:
    axes = _axes(node, operands)
    if axes is None:
        raise MisfitError("does not say which axes to insert; export the file again")
    return _affine(operands).unsqueeze(axes)


def _shape(node: Node, operands: Operands) -> Constant:
    """The shape is a constant, whatever the values are; the batch counts as one."""
    first, last = node.attributes.get("start", 0), node.attributes.get("end")
    return np.array(_affine(operands).shape, dtype=np.int64)[first:last]


_NONE: frozenset[str] = frozenset()
_TABLE: dict[str, tuple[Operator, frozenset[str]]] = {
    "Add": (_add, _NONE),
    "BatchNormalization": (
        _batch_normalization,
        frozenset({"epsilon", "momentum", "training_mode", "spatial"}),
    ),
    "Cast": (_cast, frozenset({"to", "saturate", "round_mode"})),
    "Clip": (_clip, frozenset({"min", "max"})),
    "Div": (_div, _NONE),
    "Dropout": (_dropout, frozenset({"ratio", "seed"})),
    "Flatten": (_flatten, frozenset({"axis"})),
    "Gemm": (_gemm, frozenset({"alpha", "beta", "transA", "transB"})),
    "Identity": (_identity, _NONE),
    "MatMul": (_matmul, _NONE),
    "Mul": (_mul, _NONE),
    "Neg": (_neg, _NONE),
    "Relu": (_relu, _NONE),
    "Reshape": (_reshape, frozenset({"allowzero"})),
    "Shape": (_shape, frozenset({"start", "end"})),
    "Squeeze": (_squeeze, frozenset({"axes"})),
    "Sub": (_sub, _NONE),
    "Transpose": (_transpose, frozenset({"perm"})),
    "Unsqueeze": (_unsqueeze, frozenset({"axes"})),
}
OPERATORS = MappingProxyType(_TABLE)
"""Every operator that can be read, with the attributes that its function knows."""
