"""Constants of the graph: stored tensors, Constant nodes, and nodes fed by constants only."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from surrogate.errors import OnnxFileError, UnsupportedNodeError
from surrogate.onnx_files.affine import LARGEST, MisfitError, check_size
from surrogate.onnx_files.nodes import Node

Constant = npt.NDArray[Any]

_FLOATS = frozenset(
    {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}
)
_INTEGERS = frozenset(
    {TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64}
    | {TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64}
    | {TensorProto.BOOL}
)
# Deterministic and without subgraphs: what exporters put on shapes and on weights.
# fmt: off
_FOLDABLE = frozenset({
    "Abs", "Add", "Cast", "Ceil", "Concat", "ConstantOfShape", "Div", "Equal", "Expand",
    "Flatten", "Floor", "Gather", "Gemm", "Identity", "MatMul", "Max", "Min", "Mul", "Neg",
    "Pow", "Reciprocal", "ReduceProd", "Relu", "Reshape", "Shape", "Size", "Slice", "Split",
    "Sqrt", "Squeeze", "Sub", "Tile", "Transpose", "Unsqueeze", "Where",
})
# fmt: on


def tensor_value(tensor: onnx.TensorProto, where: str) -> Constant:
    """The tensor's values; floating-point ones widened to float64, which is exact.

    Raises `OnnxFileError`, naming the tensor, for other types, data that do not fill the declared
    shape, and NaN or infinite values.
    """
    if tensor.data_type not in _FLOATS | _INTEGERS:
        raise OnnxFileError(
            f"{where} has the ONNX type {tensor.data_type}; only floating-point numbers, integers "
            "and booleans are read, so export the weights as float32 or float64"
        )
    if any(n < 0 for n in tensor.dims):
        raise OnnxFileError(f"{where} has shape {list(tensor.dims)}; the file is damaged")
    try:
        value = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, OverflowError, MemoryError) as exc:
        raise OnnxFileError(
            f"{where} does not hold the {prod(tensor.dims)} values of its shape "
            f"{list(tensor.dims)} ({exc}); the file is damaged, export it again"
        ) from exc
    if tensor.data_type in _FLOATS:
        return _finite(value.astype(np.float64), where)
    return value


def constant_node_value(node: Node) -> Constant:
    """The value of a Constant node, whichever attribute holds it."""
    for name, value in node.attributes.items():
        if name == "value":
            return tensor_value(value, f"the value of {node}")
        if name in ("value_float", "value_floats"):
            return _finite(np.array(value, dtype=np.float64), f"the value of {node}")
        if name in ("value_int", "value_ints"):
            return np.array(value, dtype=np.int64)
    raise node.refusal("holds no number (sparse tensor or text); store a dense tensor instead")


def fold(node: Node, values: Sequence[Constant | None], opset: int) -> list[Constant]:
    """The outputs of a node whose inputs are all constants, by ONNX's own reference evaluator.

    Shape inference tells how large the outputs are before anything is computed.
    """
    if node.proto.domain not in ("", "ai.onnx") or node.operator not in _FOLDABLE:
        raise UnsupportedNodeError(
            f"{node} acts on constants and cannot be evaluated ahead; store its result in the file "
            "as an initializer (onnxsim or onnxruntime's optimizer do so)"
        )
    model = _one_node_model(node, values, opset)
    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph.output
        for output in inferred:
            dims = output.type.tensor_type.shape.dim
            known = output.type.tensor_type.HasField("shape") and all(
                dim.HasField("dim_value") for dim in dims
            )
            check_size(prod(dim.dim_value for dim in dims) if known else LARGEST + 1)
        results = ReferenceEvaluator(model).run(None, {})
    except MisfitError as misfit:
        raise node.refusal(str(misfit)) from None
    except Exception as exc:  # the evaluator raises whatever numpy or its own checks raise
        raise node.refusal(
            f"cannot be evaluated on its constants ({exc}); the file is damaged, export it again"
        ) from exc
    return [_widened(np.asarray(result), str(node)) for result in results]


def _one_node_model(node: Node, values: Sequence[Constant | None], opset: int) -> onnx.ModelProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node.proto)
    stored = {
        name: numpy_helper.from_array(np.asarray(value), name)
        for name, value in zip(node.inputs, values, strict=True)
        if value is not None
    }
    outputs = [helper.make_empty_tensor_value_info(name) for name in node.outputs]
    graph = helper.make_graph([copy], "constant", [], outputs, list(stored.values()))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def _widened(value: Constant, where: str) -> Constant:
    is_number = value.dtype.kind in "biu"
    return value if is_number else _finite(value.astype(np.float64), where)


def _finite(value: Constant, where: str) -> Constant:
    if not np.isfinite(value).all():
        raise OnnxFileError(f"{where} holds NaN or infinite values; repair or retrain the network")
    return value
