"""Small ONNX files from ONNX's own text syntax; the tensors a text names come from one table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

_SHAPES = {
    "W1": (3, 4), "W1t": (4, 3), "b1": (4,), "b1_row": (1, 4), "b1_column": (4, 1), "b1_scalar": (),
    "W2": (4, 2), "W2t": (2, 4), "b2": (2,), "b2_row": (1, 2), "b2_column": (2, 1),
    "S": (4, 4), "mean": (3,), "shift": (4,),
    "P3": (3,), "P4": (4,), "P4b": (4,),
}  # fmt: skip
_INTEGERS = {
    "to_rows": [-1, 4], "to_2000": [2000, 4], "to_keep": [0, -1], "to_one": [1, -1], "one": [1],
    "zero": [0], "minus_one": [-1], "to_flat": [4], "to_swap": [4, -1], "to_pairs": [-1, 2],
    "to_zero4": [0, 4], "to_left0": [-1, 0], "to_columns": [3, -1], "to_many": [1] * 65,
}  # fmt: skip


def tensor(name: str, dtype: type = np.float32) -> onnx.TensorProto:
    """The tensor called `name`: fixed random values, positive when the name starts with P."""
    if name in _INTEGERS:
        return numpy_helper.from_array(np.array(_INTEGERS[name], np.int64), name)
    rng = np.random.default_rng([ord(letter) for letter in name])
    values = rng.uniform(0.5 if name[0] == "P" else -1.5, 1.5, _SHAPES[name])
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def model(
    body: str,
    x: str = "float[N, 3] x",
    y: str = "float[N, 2] y",
    dtype: type = np.float32,
    opset: int = 17,
) -> onnx.ModelProto:
    """The model whose graph has these nodes, inputs and outputs."""
    header = f'<ir_version: 8, opset_import: ["": {opset}, "other": 1]>'
    parsed = onnx.parser.parse_model(f"{header} g ({x}) => ({y}) {{ {body} }}")
    used = {name for node in parsed.graph.node for name in node.input}
    parsed.graph.initializer.extend(
        tensor(name, dtype) for name in sorted(used & (_SHAPES.keys() | _INTEGERS.keys()))
    )
    return parsed


@pytest.fixture
def build() -> Callable[..., onnx.ModelProto]:
    return model


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(model_or_bytes: onnx.ModelProto | bytes, name: str = "net.onnx") -> Path:
        path = tmp_path / name
        if not isinstance(model_or_bytes, bytes):
            model_or_bytes = model_or_bytes.SerializeToString()
        path.write_bytes(model_or_bytes)
        return path

    return write
