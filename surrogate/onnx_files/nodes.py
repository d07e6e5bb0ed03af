"""`Node`: one node of an ONNX graph, with its attributes checked and a way to be named."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import onnx

from surrogate.errors import UnsupportedNodeError


@dataclass(frozen=True)
class Node:
    """A node: its operator, its name, the names of its tensors, its attributes as plain values."""

    proto: onnx.NodeProto

    @property
    def operator(self) -> str:
        """The operator's name, such as `Gemm`."""
        return str(self.proto.op_type)

    @property
    def inputs(self) -> list[str]:
        """The names of the input tensors; an empty name is an optional input left out."""
        return [str(name) for name in self.proto.input]

    @property
    def outputs(self) -> list[str]:
        """The names of the output tensors that are not left out."""
        return [str(name) for name in self.proto.output if name]

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes by name."""
        return {a.name: onnx.helper.get_attribute_value(a) for a in self.proto.attribute}

    def __str__(self) -> str:
        """Name and operator, or the first output and the operator when it has no name."""
        if self.proto.name:
            return f"node {self.proto.name!r} ({self.operator})"
        return f"unnamed node with output {''.join(self.outputs[:1])!r} ({self.operator})"

    def refusal(self, why: str) -> UnsupportedNodeError:
        """The error that names this node and says `why` it cannot be read."""
        return UnsupportedNodeError(f"{self} {why}")

    def only(self, known: Set[str]) -> None:
        """Refuse attributes outside `known`: an unread attribute may change the function."""
        if unknown := sorted(set(self.attributes) - known):
            raise self.refusal(
                f"has the attribute {unknown[0]!r}, which {self.operator} does not have in opset "
                "7 and later; convert the file with onnx.version_converter"
            )
