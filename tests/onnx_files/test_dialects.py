"""Every way to write a feed-forward ReLU network reads as the function that other tools compute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator

from surrogate.onnx_files import load

HIDDEN = "a = Gemm(x, W1, b1) h = Relu(a) "  # h has 4 values
OUT = " y = Gemm(h, W2, b2)"  # from h to y


@dataclass(frozen=True)
class Dialect:
    """`feed` is the shape of the oracle's input: several points, or one."""

    lesson: str
    body: str
    feed: tuple[int, ...] = (5, 3)
    layout: str = "1x4"
    io: dict[str, Any] = field(default_factory=dict)
    oracle: str = "onnxruntime"


def columns(n: str) -> dict[str, Any]:
    return {"x": f"float[{n}] x", "y": "float[M, K] y"}


DIALECTS = [
    Dialect("gemm without attributes", HIDDEN + OUT),
    Dialect(
        "clip at 0 is a relu",
        "r = Constant<value_float = 0.0>() a = Gemm(x, W1, b1) h = Clip(a, r)" + OUT,
    ),
    Dialect(
        "relu, flatten, relu is one layer",
        "a = Gemm(x, W1, b1) r = Relu(a) f = Flatten<axis = 1>(r) h = Relu(f)" + OUT,
    ),
    Dialect("gemm without bias", "a = Gemm(x, W1) h = Relu(a) y = Gemm(h, W2)"),
    Dialect("gemm with an empty bias name", 'a = Gemm(x, W1, "") h = Relu(a)' + OUT),
    Dialect(
        "gemm attributes",
        "a = Gemm<alpha = 0.5, beta = 2.0, transA = 0, transB = 1>(x, W1t, b1) h = Relu(a)" + OUT,
    ),
    Dialect(
        "gemm with transA, weights first",
        "t = Transpose(x) a = Gemm(W1t, t, b1_column) h = Relu(a)"
        "y = Gemm<transA = 1, transB = 1>(h, W2t, b2)",
    ),
    Dialect(
        "gemm with an affine C",
        "a = Gemm(x, W1, b1) c = Gemm<beta = 0.5>(a, S, a) h = Relu(c)" + OUT,
    ),
    Dialect(
        "matmul and add, both orders",
        "m = MatMul(x, W1) a = Add(m, b1) h = Relu(a) n = MatMul(h, W2) y = Add(b2, n)",
    ),
    Dialect(
        "row biases", "m = MatMul(x, W1) a = Add(m, b1_row) h = Relu(a) y = Gemm(h, W2, b2_row)"
    ),
    Dialect("scalar bias", "m = MatMul(x, W1) a = Add(m, b1_scalar) h = Relu(a)" + OUT),
    Dialect("sub before the first layer", "d = Sub(x, mean) a = Gemm(d, W1, b1) h = Relu(a)" + OUT),
    Dialect("sub from a constant", "d = Sub(mean, x) a = Gemm(d, W1, b1) h = Relu(a)" + OUT),
    Dialect(
        "mul, div and neg between layers",
        "s = Mul(P3, x) a = Gemm(s, W1, b1) d = Div(a, P4) h = Relu(d) e = Div(h, P4b)"
        "f = Neg(e) y = Gemm(f, W2, b2)",
    ),
    Dialect(
        "affine layers composed",
        "a = Gemm(x, W1, b1) c = Gemm(a, S, shift) h = Relu(c)" + OUT,
    ),
    Dialect(
        "two affine branches of one source", "a = Gemm(x, W1, b1) c = MatMul(a, S) d = Sub(a, c)"
        "h = Relu(d)" + OUT,
    ),
    Dialect(
        "flatten", "f = Flatten(x) a = Gemm(f, W1, b1) h = Relu(a)" + OUT, (5, 1, 3, 1),
        io={"x": "float[N, 1, 3, 1] x"},
    ),
    Dialect(
        "flatten with a negative axis", HIDDEN + "f = Flatten<axis = -1>(h) y = Gemm(f, W2, b2)",
    ),
    Dialect("reshape to rows", HIDDEN + "r = Reshape(h, to_rows) y = Gemm(r, W2, b2)"),
    Dialect("reshape copying the batch", HIDDEN + "r = Reshape(h, to_keep) y = Gemm(r, W2, b2)"),
    Dialect("reshape naming all", HIDDEN + "r = Reshape(h, to_zero4)" + OUT),
    Dialect(
        "reshape for one point", HIDDEN + "r = Reshape(h, to_one) y = Gemm(r, W2, b2)", (1, 3),
    ),
    Dialect(
        "reshape for a batch of 2000", HIDDEN + "r = Reshape(h, to_2000) y = Gemm(r, W2, b2)",
        (2000, 3), io={"x": "float[2000, 3] x"},
    ),
    Dialect(
        "view(x.size(0), -1)",
        "s = Shape(x) i = Constant<value = int64 {0}>() n = Gather(s, i) u = Unsqueeze(n, zero)"
        "t = Concat<axis = 0>(u, minus_one) f = Reshape(x, t)"
        "a = Gemm(f, W1, b1) h = Relu(a)" + OUT,
        (5, 3, 1), io={"x": "float[N, 3, 1] x"},
    ),
    Dialect(
        "reshape of columns", "t = Transpose(x) r = Reshape(t, to_columns)"
        "a = Gemm<transA = 1>(r, W1, b1) h = Relu(a)" + OUT,
    ),
    Dialect(
        "part of a shape", "s = Shape<start = 1, end = 2>(x) t = Concat<axis = 0>(minus_one, s)"
        "f = Reshape(x, t) a = Gemm(f, W1, b1) h = Relu(a)" + OUT, (5, 3, 1),
        io={"x": "float[N, 3, 1] x"},
    ),
    Dialect(
        "squeeze of all single axes", "s = Squeeze(x) a = Gemm(s, W1, b1) h = Relu(a)" + OUT,
        (5, 1, 3), io={"x": "float[N, 1, 3] x"},
    ),
    Dialect(
        "squeeze and unsqueeze", "s = Squeeze(x, one) a = Gemm(s, W1, b1) h = Relu(a)"
        "u = Unsqueeze(h, one) q = Squeeze(u, one) y = Gemm(q, W2, b2)", (5, 1, 3),
        io={"x": "float[N, 1, 3] x"},
    ),
    Dialect(
        "squeeze axes as an attribute",
        "s = Squeeze<axes = [1]>(x) a = Gemm(s, W1, b1) h = Relu(a)" + OUT,
        (5, 1, 3), io={"x": "float[N, 1, 3] x", "opset": 11},
    ),
    Dialect(
        "identity and cast", "i = Identity(x) c = Cast<to = 1>(i) a = Gemm(c, W1, b1)"
        "h = Relu(a)" + OUT,
    ),
    Dialect(
        "dropout", "a = Gemm(x, W1, b1) h = Relu(a) d, mask = Dropout(h) y = Gemm(d, W2, b2)"
    ),
    Dialect(
        "batch normalization", "a = Gemm(x, W1, b1) h = Relu(a)"
        "n = BatchNormalization<epsilon = 0.01>(h, shift, b1, P4, P4b) y = Gemm(n, W2, b2)",
    ),
    Dialect(
        "constant nodes", "W = Constant<value = float[3, 2] {1, -2, 3, -4, 5, -6}>()"
        "b = Constant<value_floats = [0.25, -0.5]>() m = MatMul(x, W) a = Add(m, b) y = Relu(a)",
        layout="1x2",
    ),
    Dialect(
        "folded constants", "W = Transpose(W1t) s = Sqrt(P4) b = Mul(b1, s) a = Gemm(x, W, b)"
        "h = Relu(a)" + OUT,
    ),
    Dialect("unknown width, fixed by the weights", HIDDEN + OUT, io={"x": "float[N, F] x"}),
    Dialect(
        "unknown width, after a sub and with transB", "d = Sub(x, mean)"
        "a = Gemm<transB = 1>(d, W1t, b1) h = Relu(a)" + OUT, io={"x": "float[N, F] x"},
    ),
    Dialect(
        "one feature, reshaped", "r = Reshape(x, to_keep) a = Add(r, b1) h = Relu(a) f = Flatten(h)"
        + "y = Gemm(f, W2, b2)", (5, 1), io={"x": "float[N, 1] x"},
    ),
    Dialect("batch of one", HIDDEN + OUT, (1, 3), io={"x": "float[1, 3] x"}),
    Dialect(
        "batch of one, dropped",
        HIDDEN + "r = Reshape(h, to_flat) m = MatMul(r, W2) y = Add(m, b2)",
        (1, 3), io={"x": "float[1, 3] x", "y": "float[2] y"},
    ),
    Dialect("batch of ten", HIDDEN + OUT, (10, 3), io={"x": "float[10, 3] x"}),
    Dialect("batch of zero", HIDDEN + OUT, io={"x": "float[0, 3] x"}, oracle="reference"),
    Dialect(
        "no batch", "m = MatMul(x, W1) a = Add(m, b1) h = Relu(a) n = MatMul(h, W2)"
        "y = Add(n, b2)", (3,), io={"x": "float[3] x", "y": "float[2] y"},
    ),
    Dialect(
        "weights times a vector", "m = MatMul(W1t, x) a = Add(m, b1) h = Relu(a)"
        "n = MatMul(W2t, h) y = Add(n, b2)", (3,), io={"x": "float[3] x", "y": "float[2] y"},
    ),
    Dialect(
        "weights times a column", "m = MatMul(W1t, x) a = Add(m, b1_column) h = Relu(a)"
        "n = MatMul(W2t, h) y = Add(n, b2_column)", (3, 1), io=columns("3, 1"),
    ),
    Dialect(
        "vector weights", HIDDEN + "y = MatMul(h, P4)", io={"y": "float[N] y"},
    ),
    Dialect(
        "float64", HIDDEN + OUT,
        io={"x": "double[N, 3] x", "y": "double[N, 2] y", "dtype": np.float64},
    ),
    Dialect(
        "float64 inputs, float32 weights", HIDDEN + OUT, (1, 3), oracle="reference",
        io={"x": "double[1, 3] x", "y": "double[1, 2] y"},
    ),
    Dialect("relu at the end", "a = Gemm(x, W1, b1) y = Relu(a)", io={"y": "float[N, 4] y"}),
    Dialect("relu twice", "a = Gemm(x, W1, b1) g = Relu(a) i = Identity(g) h = Relu(i)" + OUT),
    Dialect(
        "relu of the input", "h = Relu(x) y = Gemm(h, W1, b1)", layout="1x3",
        io={"y": "float[N, 4] y"},
    ),
    Dialect("no relu", "a = Gemm(x, W1, b1) y = Gemm(a, W2, b2)", layout="linear"),
    Dialect(
        "output of more dimensions", HIDDEN + "y = Unsqueeze(h, one)", io={"y": "float[N, 1, 4] y"},
    ),
    Dialect("nodes without effect", HIDDEN + "s = Sigmoid(h)" + OUT),
]  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.lesson)
def test_a_dialect_reads_as_the_function_that_its_oracle_computes(dialect, build, write):
    model = build(dialect.body, **dialect.io)
    net = load(write(model))
    dtype = np.float64 if "double" in dialect.io.get("x", "") else np.float32
    rng = np.random.default_rng(7)
    for x in rng.uniform(-2, 2, (4, *dialect.feed)).astype(dtype):
        if dialect.oracle == "onnxruntime":
            session = onnxruntime.InferenceSession(model.SerializeToString())
            (expected,) = session.run(None, {"x": x})
        else:
            (expected,) = ReferenceEvaluator(model).run(None, {"x": x})
        points = x.reshape(-1, net.n_inputs).astype(np.float64)
        np.testing.assert_allclose(
            net(points), expected.reshape(len(points), -1), rtol=1e-5, atol=1e-5
        )
    assert net.layout == dialect.layout


def test_nodes_may_stand_in_any_order(build, write):
    model = build(HIDDEN + OUT)
    expected = load(write(model))
    nodes = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    assert load(write(model)) == expected


def test_initializers_may_be_listed_as_inputs_too(build, write):
    model = build(HIDDEN + OUT)
    expected = load(write(model))
    model.graph.input.extend(
        build("y = Relu(x)", x="float[3, 4] W1, float[4] b1, float[4, 2] W2").graph.input
    )
    assert load(write(model)) == expected


def test_weights_are_read_exactly_as_they_are_stored(build, write):
    model = build(HIDDEN + OUT)
    net = load(write(model))
    stored = {t.name: np.frombuffer(t.raw_data, np.float32) for t in model.graph.initializer}
    assert np.array_equal(net.weights[0].ravel(), stored["W1"].astype(np.float64))
    assert np.array_equal(net.biases[1], stored["b2"].astype(np.float64))


def test_a_file_without_metadata_has_no_box_and_the_usual_labels(build, write):
    net = load(write(build(HIDDEN + OUT)))
    assert net.box is None
    assert net.input_labels == ("x0", "x1", "x2")
    assert net.output_labels == ("y0", "y1")
    assert net.provenance == {}
