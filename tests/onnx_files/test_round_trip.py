"""What `save` writes, every reader accepts; what `load` reads back is equal, bit for bit."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from itertools import pairwise

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omlt.io import load_onnx_neural_network

from surrogate.box import Box
from surrogate.errors import NetworkError, OnnxFileError, StoreError
from surrogate.network import Network
from surrogate.onnx_files import load, save
from surrogate.validity import Hull


def random_network(widths=(3, 8, 5, 2), exact=np.float32, seed=0, **extras) -> Network:
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=shape).astype(exact) for shape in pairwise(widths)]
    biases = [rng.normal(size=n).astype(exact) for n in widths[1:]]
    return Network(tuple(weights), tuple(biases), **extras)


def omlt_forward(path, x):
    """The outputs that OMLT computes for one point, from its own reader's layers."""
    network = load_onnx_neural_network(onnx.load(path), input_bounds=[(-1, 1)] * len(x))
    value = x
    for layer in list(network.layers)[1:]:
        value = layer.eval_single_layer(value)
    return value


both_types = pytest.mark.parametrize("exact", [np.float32, np.float64])


@both_types
def test_onnxruntime_computes_the_same_function(exact, tmp_path):
    net = random_network(exact=exact)
    save(net, tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    x = np.random.default_rng(1).uniform(-1, 1, (50, 3)).astype(exact)
    (y,) = session.run(None, {"x": x})
    assert y.dtype == exact
    np.testing.assert_allclose(y, net(x), rtol=1e-5, atol=1e-5 if exact == np.float32 else 1e-12)


@both_types
def test_omlts_own_reader_computes_the_same_function(exact, tmp_path):
    net = random_network(exact=exact)
    save(net, tmp_path / "net.onnx")
    for x in np.random.default_rng(1).uniform(-1, 1, (10, 3)):
        np.testing.assert_allclose(
            omlt_forward(tmp_path / "net.onnx", x), net(x[None])[0], rtol=1e-5, atol=1e-5
        )


@both_types
@pytest.mark.parametrize("widths", [(2, 1), (1, 3, 1), (4, 8, 8, 8, 2)])
def test_the_full_checker_accepts_the_file(exact, widths, tmp_path):
    save(random_network(widths, exact), tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert (model.ir_version, model.opset_import[0].version) == (8, 17)
    assert model.producer_name == "surrogate"


floats = st.floats(allow_nan=False, allow_infinity=False, width=64)


@st.composite
def networks(draw):
    widths = draw(st.lists(st.integers(1, 4), min_size=2, max_size=5))
    width = draw(st.sampled_from([32, 64]))
    numbers = st.floats(-1e6, 1e6, width=width) if width == 32 else st.floats(-1e6, 1e6)
    array = lambda *shape: np.reshape(  # noqa: E731 (a definition would hide the three uses)
        draw(st.lists(numbers, min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))), shape
    )
    weights = tuple(array(m, n) for m, n in pairwise(widths))
    biases = tuple(array(n) for n in widths[1:])
    ends = draw(st.lists(st.tuples(floats, floats), min_size=widths[0], max_size=widths[0]))
    box = Box.of([sorted(pair) for pair in ends]) if draw(st.booleans()) else None
    labels = draw(st.lists(st.text(), min_size=widths[-1], max_size=widths[-1], unique=True))
    texts = st.text(st.characters(exclude_categories=[]))  # lone surrogates too
    provenance = draw(st.dictionaries(texts, texts, max_size=3))
    return Network(weights, biases, box, (), tuple(labels), provenance)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(net=networks())
def test_loading_what_was_saved_gives_an_equal_network(net, tmp_path):
    path = tmp_path / "net.onnx"
    save(net, path)
    again = load(path)
    assert again == net
    assert again.provenance == net.provenance
    if net.box is not None:
        assert again.box.lower.tobytes() == net.box.lower.tobytes()
        assert again.box.upper.tobytes() == net.box.upper.tobytes()


def test_an_identity_layer_survives(tmp_path):
    eye, zero = np.eye(2), np.zeros(2)
    net = Network((eye, eye, eye), (zero, zero, zero))
    save(net, tmp_path / "net.onnx")
    assert load(tmp_path / "net.onnx") == net


def test_equal_networks_give_equal_bytes(tmp_path):
    zeros, minus = np.zeros((2, 1)), np.full((2, 1), -0.0)
    a = Network((zeros,), (np.zeros(1),), provenance={"seed": "1", "recipe": "best"})
    b = Network((minus,), (np.zeros(1),), provenance={"recipe": "best", "seed": "1"})
    assert a == b
    save(a, tmp_path / "a.onnx")
    save(b, tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_one_weight_beyond_float32_makes_the_file_float64(tmp_path):
    float32, float64 = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE
    for value, element in ((0.5, float32), (0.1, float64), (1e300, float64), (1e-300, float64)):
        save(Network((np.array([[value]]),), (np.zeros(1),)), tmp_path / "net.onnx")
        stored = onnx.load(tmp_path / "net.onnx").graph.initializer
        assert {tensor.data_type for tensor in stored} == {element}


def test_saving_replaces_the_old_file_and_leaves_nothing_else(tmp_path):
    (tmp_path / "net.onnx").write_text("old")
    net = random_network()
    save(net, tmp_path / "net.onnx")
    assert load(tmp_path / "net.onnx") == net
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]


def test_a_failed_save_keeps_the_old_file_and_leaves_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "net.onnx").write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(StoreError, match="No space left on device"):
        save(random_network(), tmp_path / "net.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]
    assert (tmp_path / "net.onnx").read_text() == "old"


@pytest.mark.parametrize("name", ["lost/net.onnx", "file/net.onnx", "folder", "n" * 300, "a\0b"])
def test_a_path_that_cannot_be_written_is_refused(name, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"cannot write .*; give a file name in a folder"):
        save(random_network(), tmp_path / name)


def test_provenance_that_is_not_text_is_refused(tmp_path):
    with pytest.raises(NetworkError, match="not text"):
        save(random_network(provenance={"seed": 3}), tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []


def _hull(points, inputs=3, share="0"):
    shares = f'"left_out": {share}, "inputs_left_out": 0'
    return f'{{"points": {points}, "inputs": {inputs}, {shares}}}'


METADATA_DAMAGES = [
    ("format", "2", "update surrogate"),
    ("box", "[[0, 1]", "is no JSON"),
    ("box", "[" * 100_000, "is no JSON"),
    ("box", "[[0, 1]]", "bounds 1 inputs, the network has 3"),
    ("box", "[[0, 1], [0, 1], [1, 0]]", "lower bound 1 above"),
    ("box", "[[0, 1], [0, 1], [0, NaN]]", "finite"),
    ("box", f"[[0, 1], [0, 1], [0, 1{'0' * 400}]]", "is no box"),
    ("box", '[[0, 1], [0, 1], ["0", 1]]', "pairs of numbers"),
    ("box", "7", "pairs of numbers"),
    ("input_labels", '["a", "b"]', "3 distinct names"),
    ("input_labels", '["a", "b", 3]', "list of texts"),
    ("output_labels", '["a", "a"]', "2 distinct names"),
    ("provenance", '{"seed": 3}', "object of texts"),
    ("provenance", "[]", "object of texts"),
    ("hull", "[[0, 1, 2]]", "is not an object of inputs, inputs_left_out, left_out, points"),
    ("hull", '{"points": [[0, 1, 2]', "is no JSON"),
    ("hull", _hull("[[0, 1, 2], [1, 1]]"), "is no hull"),
    ("hull", _hull('[[0, 1, 2], [1, 1, "2"]]'), "no lists of numbers"),
    ("hull", _hull("7"), "no lists of numbers"),
    ("hull", _hull("[[0, 1, NaN], [1, 1, 2]]"), "points row 0"),
    ("hull", _hull("[[0, 1, 2], [0, 1, 2]]"), "at least 2 distinct"),
    ("hull", _hull(f"[[0, 1, 1{'0' * 400}], [0, 1, 2]]"), "is no hull"),
    ("hull", _hull("[[0, 1], [1, 0]]", 2), "the network has 3 and 2"),
    ("hull", _hull("[[0, 1, 2], [1, 1, 2]]", 9), "9 of 3 columns"),
    ("hull", _hull("[[0, 1, 2], [1, 1, 2]]", 3, "true"), "a share left out, that is no number"),
    ("hull", _hull("[[0, 1, 2], [1, 1, 2]]", 3, "2"), "give a share"),
    ("hull", _hull(str([[0, 1, i] for i in range(1001)])), "at most 1000 points"),
]


@pytest.mark.parametrize(("key", "value", "words"), METADATA_DAMAGES)
def test_damaged_metadata_are_refused_by_their_key(key, value, words, tmp_path):
    path = tmp_path / "net.onnx"
    save(random_network(box=Box.of([(0, 1)] * 3), hull=Hull.of(np.eye(3))), path)
    model = onnx.load(path)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert f"surrogate.{key}" in properties
    onnx.helper.set_model_props(model, {**properties, f"surrogate.{key}": value})
    onnx.save_model(model, path)
    with pytest.raises(OnnxFileError) as refused:
        load(path)
    assert f"'surrogate.{key}'" in str(refused.value)
    assert words in str(refused.value)


@pytest.mark.parametrize("n_outputs", [0, 2])
def test_the_hull_returns_bit_for_bit_and_is_no_part_of_the_content_hash(n_outputs, tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3000, 3)) * [1e-9, 1.0, 1e9], rng.normal(size=(3000, 2))
    bare = random_network()
    net = random_network(hull=Hull.of(x, y if n_outputs else None))
    save(net, tmp_path / "net.onnx")
    again = load(tmp_path / "net.onnx")
    assert again == net
    assert again.hull.points.tobytes() == net.hull.points.tobytes()
    assert again.hull == net.hull
    assert net != bare
    assert net.content_hash == bare.content_hash
    assert pickle.loads(pickle.dumps(net)) == net
    assert (tmp_path / "net.onnx").stat().st_size < 2_000_000


def test_metadata_of_other_tools_are_ignored(tmp_path):
    path = tmp_path / "net.onnx"
    net = random_network(input_labels=("a", "b", "c"))
    save(net, path)
    model = onnx.load(path)
    for key in ("box", "surrogate.colour"):
        model.metadata_props.add(key=key, value="{")
    onnx.save_model(model, path)
    assert load(path) == net


def test_the_metadata_are_plain_json(tmp_path):
    box = Box.of([(0, 1), (-0.0, 1e-320), (0.1, 0.1)])
    save(random_network(box=box, provenance={"recipe": "best"}), tmp_path / "net.onnx")
    properties = {
        e.key: json.loads(e.value) for e in onnx.load(tmp_path / "net.onnx").metadata_props
    }
    assert properties == {
        "surrogate.format": 1,
        "surrogate.box": [[0.0, 1.0], [-0.0, 1e-320], [0.1, 0.1]],
        "surrogate.input_labels": ["x0", "x1", "x2"],
        "surrogate.output_labels": ["y0", "y1"],
        "surrogate.provenance": {"recipe": "best"},
    }


def test_importing_the_package_loads_neither_torch_nor_onnxruntime():
    code = "import sys, surrogate.onnx_files; print({'torch', 'onnxruntime'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
