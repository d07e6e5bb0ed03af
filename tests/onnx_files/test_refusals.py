"""What no feed-forward ReLU network computes is refused by the node's name and operator."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.errors import OnnxFileError, UnsupportedNodeError
from surrogate.onnx_files import load

HIDDEN = "a = Gemm(x, W1, b1) h = Relu(a) "
THEN_OUT = " y = Gemm(s, W2, b2)"

# lesson, body, operator, words of the message, inputs and outputs when they are not the usual ones
REFUSALS = [
    *(
        (op, f"{HIDDEN} [culprit] s = {op}(h)" + THEN_OUT, op, "ReLU is the only one that is", {})
        for op in ("Sigmoid", "Tanh", "LeakyRelu", "Softmax", "Softplus", "Elu", "Gelu")
    ),
    ("clip at 6", HIDDEN + "r = Constant<value_float = 0.0>() u = Constant<value_float = 6.0>()"
     "[culprit] s = Clip(h, r, u)" + THEN_OUT, "Clip", "only [0, inf]", {}),
    ("clip from below 0", HIDDEN + "r = Constant<value_float = -1.0>() [culprit] s = Clip(h, r)"
     + THEN_OUT, "Clip", "only [0, inf]", {}),
    ("Conv", "[culprit] s = Conv(x, W1)" + THEN_OUT, "Conv", "only dense layers", {}),
    ("MaxPool", "[culprit] s = MaxPool<kernel_shape=[1]>(x)" + THEN_OUT, "MaxPool", "pooling", {}),
    ("skip", HIDDEN + "[culprit] s = Add(h, a)" + THEN_OUT, "Add", "residual or skip", {}),
    ("two relus", HIDDEN + "c = Neg(a) g = Relu(c) [culprit] s = Sub(h, g)" + THEN_OUT, "Sub",
     "residual or skip", {}),
    ("square", HIDDEN + "[culprit] s = Mul(h, h)" + THEN_OUT, "Mul",
     "both depend on the input", {}),
    ("gram", HIDDEN + "t = Transpose(h) [culprit] s = MatMul(h, t)" + THEN_OUT, "MatMul",
     "both depend on the input", {}),
    ("division by a tensor", HIDDEN + "[culprit] s = Div(b1, h)" + THEN_OUT, "Div",
     "divide by constants only", {}),
    ("division by zero", HIDDEN + "[culprit] s = Div(h, zero)" + THEN_OUT, "Div", "infinite", {}),
    ("domain", HIDDEN + "[culprit] s = other.Swirl(h)" + THEN_OUT, "Swirl", "domain 'other'", {}),
    ("cast to integers", HIDDEN + "[culprit] s = Cast<to=7>(h)" + THEN_OUT, "Cast", "rounds", {}),
    ("cast to half", HIDDEN + "[culprit] s = Cast<to=10>(h)" + THEN_OUT, "Cast", "rounds", {}),
    ("cast to booleans", HIDDEN + "[culprit] s = Cast<to=9>(h)" + THEN_OUT, "Cast", "rounds", {}),
    ("training dropout", HIDDEN + "r = Constant<value_float = 0.5>()"
     "t = Constant<value = bool {1}>()"
     "[culprit] s = Dropout(h, r, t)" + THEN_OUT, "Dropout", "training mode", {}),
    ("training batch norm", HIDDEN + "[culprit] s = BatchNormalization<training_mode = 1>"
     "(h, P4, b1, b1, P4b)" + THEN_OUT, "BatchNormalization", "training mode", {}),
    ("old broadcasting", HIDDEN + "[culprit] s = Add<axis = 1>(h, b1)" + THEN_OUT, "Add",
     "attribute 'axis'", {}),
    ("batch becomes features", "[culprit] s = Reshape(x, to_flat) h = Relu(s)"
     "y = MatMul(h, W2)", "Reshape", "mixes the batch", {"x": "float[N, 4] x"}),
    ("points cut in two", HIDDEN + "[culprit] s = Reshape(h, to_pairs) y = Relu(s)", "Reshape",
     "mixes the batch", {}),
    ("transposed, then reshaped", HIDDEN + "t = Transpose(h) [culprit] s = Reshape(t, to_rows)"
     + THEN_OUT, "Reshape", "mixes the batch", {}),
    ("sum over points", "t = Transpose(x) [culprit] y = MatMul(t, one)", "MatMul",
     "over the points of a batch", {}),
    ("batch flattened", HIDDEN + "[culprit] s = Flatten<axis = 0>(h)" + THEN_OUT, "Flatten",
     "mixes the points of a batch", {}),
    ("each point its own bias", "[culprit] s = Add(x, S) y = Relu(s)", "Add",
     "mixes the points of a batch", {"x": "float[4, 4] x"}),
    ("point plus its transpose", "t = Transpose(x) [culprit] s = Add(x, t) y = Relu(s)", "Add",
     "mixes the points of a batch", {"x": "float[N, 1] x"}),
    ("batch squeezed", "[culprit] s = Squeeze(x, zero) y = Relu(s)", "Squeeze", "squeezes axes [0]",
     {"x": "float[N, 1, 3] x"}),
    ("features reshaped to none", HIDDEN + "[culprit] s = Reshape<allowzero = 1>(h, to_left0)"
     + THEN_OUT, "Reshape", "does not fit", {}),
    ("batch norm per value", HIDDEN + "[culprit] s = BatchNormalization<spatial = 0>"
     "(h, P4, b1, b1, P4b)" + THEN_OUT, "BatchNormalization", "spatial = 0", {"opset": 8}),
    ("gemm widened by C", "[culprit] a = Gemm(x, W1, S) y = Relu(a)", "Gemm",
     "adds C of shape (4, 4)", {"x": "float[1, 3] x"}),
    ("shapes do not fit", "[culprit] h = Gemm(x, W2, b2) y = Relu(h)", "Gemm",
     "(1, 3) and (4, 2)", {}),
    ("gemm on a vector", "[culprit] h = Gemm(x, W1, b1) y = Relu(h)", "Gemm", "matrices",
     {"x": "float[3] x"}),
    ("computed shape", HIDDEN + "[culprit] s = Reshape(h, h)" + THEN_OUT, "Reshape",
     "constant shape", {}),
    ("65 axes", HIDDEN + "[culprit] s = Reshape(h, to_many)" + THEN_OUT, "Reshape",
     "limit is 64", {}),
    ("huge constant", "n = Constant<value = int64[2] {900000, 900000}>()"
     "[culprit] c = ConstantOfShape(n) s = Mul(x, c)" + THEN_OUT, "ConstantOfShape", "limit", {}),
    ("random constant", "[culprit] c = RandomNormal<shape = [3]>() s = Add(x, c) y = Relu(s)",
     "RandomNormal", "as an initializer", {}),
    ("control flow", HIDDEN + "[culprit] s = Loop(h)" + THEN_OUT, "Loop", "control flow", {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "operator", "words", "io"),
    [case[1:] for case in REFUSALS],
    ids=[case[0] for case in REFUSALS],
)
def test_what_cannot_be_represented_is_refused_by_name(body, operator, words, io, build, write):
    path = write(build(body, **io))
    with pytest.raises(UnsupportedNodeError) as refused:
        load(path)
    message = str(refused.value)
    assert f"node 'culprit' ({operator})" in message
    assert words in message
    assert str(path) in message


def test_an_unnamed_node_is_known_by_its_output(build, write):
    path = write(build(HIDDEN + "s = Tanh(h)" + THEN_OUT))
    with pytest.raises(UnsupportedNodeError, match=r"unnamed node with output 's' \(Tanh\)"):
        load(path)


def test_two_inputs_are_refused(build, write):
    path = write(build("y = Add(x, z)", x="float[N, 3] x, float[N, 3] z"))
    with pytest.raises(UnsupportedNodeError, match="2 inputs, 'x', 'z'; one is needed"):
        load(path)


def test_two_outputs_are_refused(build, write):
    path = write(build("y = Relu(x) z = Relu(x)", y="float[N, 3] y, float[N, 3] z"))
    with pytest.raises(UnsupportedNodeError, match="2 outputs, 'y', 'z'; one is needed"):
        load(path)


# lesson, body, words of the message, inputs and outputs when they are not the usual ones
DAMAGES = [
    ("dangling", "a = Gemm(x, lost, b1) y = Relu(a)", "output 'a' (Gemm) uses 'lost'", {}),
    ("cycle", "a = Add(x, h) h = Relu(a) y = Neg(h)", "depends on itself", {}),
    ("no maker of the output", "a = Relu(x)", "graph's output uses 'y'", {}),
    ("constant output", "y = Neg(b1)", "does not depend on input 'x'", {}),
    ("made twice", "y = Relu(x) y = Neg(x)", "produces 'y', which exists already", {}),
    ("mask used", "h, mask = Dropout(x) y = Relu(mask)", "'mask' is an output that no", {}),
    ("unknown features", "y = Relu(x)", "feature dimension 0", {"x": "float[N, F] x"}),
    ("too many features", "y = Relu(x)", "limit", {"x": "float[N, 1000000] x"}),
    ("integer input", "y = Relu(x)", "ONNX type 7", {"x": "int64[N, 3] x"}),
    ("half input", "y = Relu(x)", "ONNX type 10", {"x": "float16[N, 3] x"}),
    ("text weights", 'W = Constant<value = string {"a"}>() y = Add(x, W)', "ONNX type 8", {}),
    ("old opset", "y = Relu(x)", "version_converter", {"opset": 6}),
    ("no input", "W = Constant<value_float = 1.0>() y = Relu(W)", "no input", {"x": ""}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "words", "io"), [case[1:] for case in DAMAGES], ids=[case[0] for case in DAMAGES]
)
def test_a_damaged_graph_is_refused_with_its_fault(body, words, io, build, write):
    path = write(build(body, **io))
    with pytest.raises(OnnxFileError) as refused:
        load(path)
    assert words in str(refused.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused_by_the_tensors_name(value, build, write):
    model = build("y = Gemm(x, W1, b1)")
    weights = np.zeros((3, 4), np.float32)
    weights[1, 2] = value
    model.graph.initializer[0].raw_data = weights.tobytes()
    with pytest.raises(OnnxFileError, match="tensor 'W1' holds NaN or infinite"):
        load(write(model))


def test_a_tensor_of_negative_shape_is_refused_by_name(build, write):
    model = build("y = Gemm(x, W1, b1)")
    model.graph.initializer[0].dims[0] = -1
    with pytest.raises(OnnxFileError, match=r"tensor 'W1' has shape \[-1, 4\]"):
        load(write(model))


def test_an_input_without_a_shape_is_refused(build, write):
    model = build("y = Relu(x)")
    model.graph.input[0].type.tensor_type.ClearField("shape")
    with pytest.raises(OnnxFileError, match="input 'x' declares no shape"):
        load(write(model))


def test_sparse_weights_are_refused(build, write):
    model = build("y = Gemm(x, W1, b1)")
    model.graph.sparse_initializer.add()
    with pytest.raises(OnnxFileError, match="sparse weights"):
        load(write(model))


def test_a_tensor_whose_data_do_not_fill_its_shape_is_refused_by_name(build, write):
    model = build("y = Gemm(x, W1, b1)")
    model.graph.initializer[0].dims[0] = 10**12
    with pytest.raises(OnnxFileError, match="tensor 'W1' does not hold the 4000000000000 values"):
        load(write(model))
