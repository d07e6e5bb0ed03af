"""`save`: a `Network` as strict ONNX, the one form that every reader of ReLU networks accepts.

    x -> Gemm -> Relu -> ... -> Gemm -> y

Every Gemm states alpha, beta, transA and transB, every node has a name, and the batch dimension is
symbolic: OMLT's own reader needs all three. Equal networks give equal bytes.
"""

from __future__ import annotations

import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from surrogate.box import FloatArray
from surrogate.files import write_whole
from surrogate.network import Network, check_network
from surrogate.onnx_files.metadata import to_properties

# Old enough for every onnxruntime since 1.12 (2022).
_OPSET = 17
_IR_VERSION = 8


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """Write `network` to the ONNX file `path`; `load` returns an equal network.

    Weights are stored in float32 when that loses nothing, else in float64. Box, labels,
    provenance and hull go into the file's metadata. The file appears whole or not at all.

    Raises `StoreError` when the folder is missing or cannot be written, and `NetworkError` when
    the provenance is not text, or `network` is no `Network`.
    """
    check_network(network)
    write_whole(path, _model(network).SerializeToString(deterministic=True))


def _model(network: Network) -> onnx.ModelProto:
    dtype = _narrowest(network)
    element = TensorProto.FLOAT if dtype == np.float32 else TensorProto.DOUBLE
    graph = helper.make_graph(
        _nodes(len(network.weights)),
        "relu_network",
        [helper.make_tensor_value_info("x", element, ["batch", network.n_inputs])],
        [helper.make_tensor_value_info("y", element, ["batch", network.n_outputs])],
        [
            # + 0.0 turns -0.0 into 0.0: the two are equal, so their bytes must be too
            numpy_helper.from_array((array + 0.0).astype(dtype), f"{letter}_{k}")
            for k, layer in enumerate(zip(network.weights, network.biases, strict=True), start=1)
            for letter, array in zip("Wb", layer, strict=True)
        ],
    )
    model = helper.make_model(
        graph,
        producer_name="surrogate",
        ir_version=_IR_VERSION,
        opset_imports=[helper.make_opsetid("", _OPSET)],
    )
    helper.set_model_props(model, to_properties(network))
    return model


def _nodes(depth: int) -> list[onnx.NodeProto]:
    """Gemm and Relu for each of the `depth` layers; the last layer has no Relu."""
    nodes = []
    for k in range(1, depth + 1):
        layer_input = f"h_{k - 1}" if k > 1 else "x"
        output = f"a_{k}" if k < depth else "y"
        nodes.append(
            helper.make_node(
                "Gemm",
                [layer_input, f"W_{k}", f"b_{k}"],
                [output],
                name=f"gemm_{k}",
                alpha=1.0,
                beta=1.0,
                transA=0,
                transB=0,
            )
        )
        if k < depth:
            nodes.append(helper.make_node("Relu", [output], [f"h_{k}"], name=f"relu_{k}"))
    return nodes


def _narrowest(network: Network) -> type[np.float32] | type[np.float64]:
    """float32 when it holds every weight and bias exactly, else float64."""
    arrays = (*network.weights, *network.biases)
    return np.float32 if all(_fits_float32(array) for array in arrays) else np.float64


def _fits_float32(array: FloatArray) -> bool:
    with np.errstate(over="ignore", under="ignore"):  # what does not fit is found by comparing
        return np.array_equal(array.astype(np.float32), array)
