"""`load`: an ONNX file as the `Network` that computes the same function, in float64.

The nodes that lead to the output are visited in order. Each value is a constant or an
`AffineTensor`; every ReLU closes a layer, and what remains at the output is the last, linear one.
`onnx.checker` is not asked: it refuses readable files (mixed float types, unlisted initializers of
old IR versions), and what it would find is found here with the node's name and the remedy.
"""

from __future__ import annotations

import os
from math import prod
from pathlib import Path

import numpy as np
import onnx

from surrogate.errors import NetworkError, OnnxFileError, SurrogateError, UnsupportedNodeError
from surrogate.files import checked_path
from surrogate.network import Network
from surrogate.onnx_files.affine import AffineTensor, MisfitError, Source
from surrogate.onnx_files.constants import constant_node_value, fold
from surrogate.onnx_files.external import load_external_data
from surrogate.onnx_files.graph import Graph
from surrogate.onnx_files.metadata import from_properties
from surrogate.onnx_files.operators import Value, apply

_OLDEST_OPSET = 7  # before it, broadcasting was an attribute and inference a flag


def load(path: str | os.PathLike[str]) -> Network:
    """The network in the ONNX file `path`, with box, labels, provenance and hull as far as known.

    A batch dimension counts as one point. Inputs and outputs of more dimensions are flattened, the
    last dimension running fastest. A ReLU at the very end is followed by an identity layer.

    Raises `UnsupportedNodeError`, naming the node, for what no feed-forward ReLU network computes,
    and `OnnxFileError` for a file that is missing, damaged, no ONNX, or refers to data outside its
    own folder.
    """
    file = checked_path(path)
    try:
        with np.errstate(all="ignore"):  # NaN and infinity are looked for where they would arise
            return _network(_model(file))
    except OnnxFileError as exc:
        raise type(exc)(f"{os.fspath(path)!r}: {exc}") from exc.__cause__
    except SurrogateError:
        raise
    except Exception as exc:  # a damaged file can trip any part of onnx or protobuf
        raise OnnxFileError(
            f"{os.fspath(path)!r} cannot be understood ({type(exc).__name__}: {exc}); "
            "the file is damaged, export it again"
        ) from exc


def _model(path: Path) -> onnx.ModelProto:
    """The parsed file, with its external data. Raises `OnnxFileError`."""
    if path.is_dir():
        raise OnnxFileError("is a directory; give the path of an ONNX file")
    if path.exists() and not path.is_file():  # reading a device may never end
        raise OnnxFileError("is a device or a pipe; give the path of an ONNX file")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise OnnxFileError("does not exist; check the path") from None
    except OSError as exc:
        raise OnnxFileError(f"cannot be read ({exc.strerror}); check the permissions") from exc
    if not content:
        raise OnnxFileError("is empty; export it again")
    try:
        model = onnx.load_model_from_string(content)
    except Exception as exc:  # protobuf's own exception types differ between its versions
        raise OnnxFileError("is no ONNX file or is damaged; export it again") from exc
    if not model.graph.node:
        raise OnnxFileError("is no ONNX file, or its graph has no nodes; export it again")
    load_external_data(model, path.parent)
    return model


def _network(model: onnx.ModelProto) -> Network:
    opset = _opset(model)
    graph = Graph.of(model.graph)
    result = _output_as_declared_or_column(graph, opset)
    layers = result.source.layers()
    size = prod(result.shape)
    weights = [*(layer.weights for layer in layers), result.rows[1:].reshape(-1, size)]
    biases = [*(layer.bias for layer in layers), result.rows[0].reshape(size)]
    properties = {entry.key: entry.value for entry in model.metadata_props}
    metadata = from_properties(properties, weights[0].shape[0], size)
    try:
        return Network(
            tuple(weights),
            tuple(biases),
            metadata.box,
            metadata.input_labels,
            metadata.output_labels,
            metadata.provenance,
            metadata.hull,
        )
    except NetworkError as exc:
        raise OnnxFileError(f"its layers make no network: {exc}") from exc


def _opset(model: onnx.ModelProto) -> int:
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if len(versions) != 1 or versions[0] < _OLDEST_OPSET:
        raise OnnxFileError(
            f"has the ONNX opset versions {versions}; one of at least {_OLDEST_OPSET} is needed, "
            "so convert the file with onnx.version_converter"
        )
    return int(versions[0])


def _output_as_declared_or_column(graph: Graph, opset: int) -> AffineTensor:
    """The output, reading a (n, 1) input as n points first, then as one column vector."""
    shape, batch = graph.input_shape()
    try:
        return _output(graph, opset, shape, batch)
    except UnsupportedNodeError:
        column = graph.column_shape()
        if column is None:
            raise
        try:
            return _output(graph, opset, column, None)
        except OnnxFileError:
            pass
        raise


def _output(graph: Graph, opset: int, shape: tuple[int, ...], batch: int | None) -> AffineTensor:
    """The graph's output, when its input has this shape and batch axis."""
    try:
        start = AffineTensor.of(Source(prod(shape)), shape, batch)
    except MisfitError as misfit:
        raise OnnxFileError(f"input {graph.input.name!r} of shape {shape} {misfit}") from None
    values: dict[str, Value] = {graph.input.name: start}
    for node in graph.nodes:
        operands = [graph.value(name, values) for name in node.inputs]
        if node.operator == "Constant":
            values[node.proto.output[0]] = constant_node_value(node)
        elif any(isinstance(operand, AffineTensor) for operand in operands):
            values[node.proto.output[0]] = apply(node, operands)
        else:
            constants = [None if isinstance(o, AffineTensor) else o for o in operands]
            values.update(zip(node.outputs, fold(node, constants, opset), strict=True))
    result = graph.value(graph.output, values)
    if not isinstance(result, AffineTensor):
        raise OnnxFileError(
            f"output {graph.output!r} does not depend on input {graph.input.name!r}; "
            "export the network again"
        )
    return result
