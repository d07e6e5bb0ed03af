"""`Graph`: the part of an ONNX graph that leads from its one input to its one output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import onnx
from onnx import TensorProto

from surrogate.errors import OnnxFileError, UnsupportedNodeError
from surrogate.onnx_files.constants import tensor_value
from surrogate.onnx_files.nodes import Node
from surrogate.onnx_files.operators import Value

# Operators that keep the width of a matrix, passed over when an input's width is looked for.
# fmt: off
_KEEPS_WIDTH = frozenset({
    "Add", "BatchNormalization", "Cast", "Div", "Dropout", "Flatten", "Identity", "Mul", "Neg",
    "Sub",
})
# fmt: on


@dataclass(frozen=True)
class Graph:
    """The nodes that the output needs, each after the nodes it needs, and the stored tensors."""

    nodes: tuple[Node, ...]
    input: onnx.ValueInfoProto
    output: str
    stored: Mapping[str, onnx.TensorProto]

    @classmethod
    def of(cls, graph: onnx.GraphProto) -> Graph:
        """The graph with its one input, its one output, and no node without effect.

        Raises `UnsupportedNodeError` for several inputs or outputs, `OnnxFileError` for none, for
        sparse weights, and for nodes that form a cycle or use values that nothing produces.
        """
        stored = {tensor.name: tensor for tensor in graph.initializer}
        if graph.sparse_initializer:
            raise OnnxFileError("stores sparse weights; export them as dense tensors")
        inputs = [info for info in graph.input if info.name not in stored]
        _check_one("input", [info.name for info in inputs])
        _check_one("output", [info.name for info in graph.output])
        output = graph.output[0].name
        known = {inputs[0].name, "", *stored}
        return cls(tuple(_in_order(graph, output, known)), inputs[0], output, stored)

    def value(self, name: str, computed: Mapping[str, Value]) -> Value | None:
        """The value called `name`, None for an optional input that is left out."""
        if not name:
            return None
        if name in computed:
            return computed[name]
        if name in self.stored:
            return tensor_value(self.stored[name], f"tensor {name!r}")
        raise OnnxFileError(
            f"value {name!r} is an output that no inference computes (such as Dropout's mask); "
            "export the network in inference mode"
        )

    def input_shape(self) -> tuple[tuple[int, ...], int | None]:
        """The input's shape with a batch of one, and the batch axis unless it was one already.

        The first of two or more dimensions is the batch; a single dimension holds the features.
        """
        dims = self._declared_dims()
        features = dims if len(dims) < 2 else dims[1:]
        known = tuple(n if n > 0 else self._width(len(dims), i) for i, n in enumerate(features))
        if len(dims) < 2:
            return known, None
        return (1, *known), None if dims[0] == 1 else 0

    def column_shape(self) -> tuple[int, int] | None:
        """The input's shape when it is a column of several values, which may be one point."""
        dims = self._declared_dims()
        return (dims[0], 1) if len(dims) == 2 and dims[0] > 1 and dims[1] == 1 else None

    def _declared_dims(self) -> list[int]:
        """The declared dimensions, 0 for those that are unknown. Raises `OnnxFileError`."""
        tensor = self.input.type.tensor_type
        if tensor.elem_type not in (TensorProto.FLOAT, TensorProto.DOUBLE):
            raise OnnxFileError(
                f"input {self.input.name!r} has the ONNX type {tensor.elem_type}; a network of "
                "float (1) or double (11) is needed, so export it in float32 or float64"
            )
        if not tensor.HasField("shape"):
            raise OnnxFileError(
                f"input {self.input.name!r} declares no shape; export with a fixed input shape"
            )
        return [max(dim.dim_value, 0) for dim in tensor.shape.dim]

    def _width(self, rank: int, axis: int) -> int:
        """The number of features that the first matrix product expects."""
        followed = {self.input.name}
        for node in self.nodes if rank <= 2 else ():
            if followed.isdisjoint(node.inputs):
                continue
            if node.operator in _KEEPS_WIDTH:
                followed.update(node.outputs[:1])
                continue
            if node.operator in ("Gemm", "MatMul") and node.inputs[0] in followed:
                weights = self.stored.get(node.inputs[1]) if len(node.inputs) > 1 else None
                if weights is not None and len(weights.dims) == 2:
                    return int(weights.dims[1 if node.attributes.get("transB", 0) else 0])
            break
        raise OnnxFileError(
            f"input {self.input.name!r} does not say how many features it has (feature dimension "
            f"{axis}); export with a fixed input shape"
        )


def _check_one(what: str, names: list[str]) -> None:
    if not names:
        raise OnnxFileError(f"has no {what}; the file is damaged, export it again")
    if len(names) > 1:
        raise UnsupportedNodeError(
            f"has {len(names)} {what}s, {', '.join(map(repr, names))}; one is needed, so join them "
            "into one tensor when you export the network"
        )


def _in_order(graph: onnx.GraphProto, output: str, known: set[str]) -> Iterator[Node]:
    """The nodes that `output` needs, depth first without recursion: a file may be very deep."""
    makers: dict[str, Node] = {}
    for node in map(Node, graph.node):
        for name in node.outputs:
            if name in makers or name in known:
                raise OnnxFileError(
                    f"{node} produces {name!r}, which exists already; the file is damaged, "
                    "export it again"
                )
            makers[name] = node
    done, open_names = set(known), set[str]()
    stack = [(output, "the graph's output")]
    while stack:
        name, user = stack[-1]
        if name in done:
            stack.pop()
            continue
        if name not in makers:
            raise OnnxFileError(
                f"{user} uses {name!r}, which nothing produces; the file is damaged, "
                "export it again"
            )
        node = makers[name]
        missing = [needed for needed in node.inputs if needed not in done]
        if not missing:
            done.update(node.outputs)
            yield node
        elif name in open_names:
            raise OnnxFileError(f"{node} depends on itself; the file is damaged, export it again")
        else:
            open_names.add(name)
            stack.extend((needed, str(node)) for needed in missing)
