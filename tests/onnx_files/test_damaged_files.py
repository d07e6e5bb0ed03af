"""No file, whatever its bytes, ends in anything but a network or an error of this package."""

from __future__ import annotations

import os

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx.external_data_helper import convert_model_to_external_data

from surrogate.errors import OnnxFileError, SurrogateError
from surrogate.onnx_files import load

BODY = "a = Gemm(x, W1, b1) h = Relu(a) y = Gemm(h, W2, b2)"
SHAPED = (
    "s = Shape(x) i = Constant<value = int64 {0}>() n = Gather(s, i) u = Unsqueeze(n, zero)"
    "t = Concat<axis = 0>(u, minus_one) f = Reshape(x, t) c = Cast<to = 1>(f) W = Transpose(W1t)"
    "m = MatMul(c, W) a = Add(m, b1) h = Relu(a) d = BatchNormalization(h, b1, b1, P4, P4b)"
    "y = Gemm(d, W2, b2)"
)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(OnnxFileError, match=r"lost\.onnx': does not exist"):
        load(tmp_path / "lost.onnx")


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(OnnxFileError, match="is a directory"):
        load(tmp_path)


def test_a_device_is_refused_unread():
    with pytest.raises(OnnxFileError, match="is a device"):
        load("/dev/zero")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"name,value\nweights,3\n", "is no ONNX file"),
        (b"\x89PNG\r\n\x1a\n", "is no ONNX file"),
        (onnx.ModelProto(ir_version=8).SerializeToString(), "its graph has no nodes"),
    ],
    ids=["empty", "text", "image", "no graph"],
)
def test_what_is_no_onnx_file_is_refused(content, words, write):
    with pytest.raises(OnnxFileError, match=words):
        load(write(content))


def test_every_truncated_file_is_refused(build, write):
    content = build(BODY).SerializeToString()
    for length in range(0, len(content) - 40, 7):
        with pytest.raises(OnnxFileError):
            load(write(content[:length]))


fuzz = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@fuzz
@given(content=st.binary(max_size=200))
def test_random_bytes_end_in_an_error_of_ours(content, write):
    with pytest.raises(SurrogateError):
        load(write(content))


@pytest.mark.parametrize("body", [BODY, SHAPED], ids=["gemm", "many operators"])
def test_flipped_bits_end_in_a_network_or_an_error_of_ours(body, build, write):
    content = np.frombuffer(build(body).SerializeToString(), np.uint8)
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(700):
        damaged = content.copy()
        places = rng.integers(len(content), size=rng.integers(1, 4))
        damaged[places] ^= (1 << rng.integers(8, size=len(places))).astype(np.uint8)
        try:
            load(write(damaged.tobytes()))
        except SurrogateError:
            refused += 1
    assert 100 < refused < 700


@pytest.fixture
def external(build, tmp_path):
    """A model whose weights are in `weights.bin` beside it, and its path."""
    path = tmp_path / "net.onnx"
    model = build(BODY)
    convert_model_to_external_data(model, location="weights.bin", size_threshold=0)
    onnx.save_model(model, path)
    return path


def relocate(path, location: str) -> None:
    model = onnx.load_model(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = location
    path.write_bytes(model.SerializeToString())


def test_external_data_beside_the_file_are_read(external, build, write):
    assert (external.parent / "weights.bin").stat().st_size > 0
    assert load(external) == load(write(build(BODY), "inside.onnx"))


def test_external_data_in_a_folder_below_are_read(external, build, write):
    (external.parent / "data").mkdir()
    (external.parent / "weights.bin").rename(external.parent / "data" / "w.bin")
    relocate(external, "data/w.bin")
    assert load(external) == load(write(build(BODY), "inside.onnx"))


def test_missing_external_data_are_named(external):
    (external.parent / "weights.bin").unlink()
    with pytest.raises(OnnxFileError, match=r"tensor 'W1'.*'weights\.bin' is missing"):
        load(external)


def test_short_external_data_are_refused(external):
    (external.parent / "weights.bin").write_bytes(b"1234")
    with pytest.raises(OnnxFileError, match="cannot be read"):
        load(external)


@pytest.mark.parametrize("way", ["absolute", "parent", "hidden parent", "symlink", "folder link"])
def test_external_data_outside_the_folder_are_refused_unread(way, external, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "weights.bin"
    (external.parent / "weights.bin").rename(outside)
    (external.parent / "inner").mkdir()
    up = os.path.relpath(outside, external.parent)
    location = {
        "absolute": str(outside),
        "parent": up,
        "hidden parent": f"inner/../{up}",
        "symlink": "link.bin",
        "folder link": "folder/weights.bin",
    }[way]
    (external.parent / "link.bin").symlink_to(outside)
    (external.parent / "folder").symlink_to(outside.parent)
    relocate(external, location)
    with pytest.raises(OnnxFileError, match="is outside the model's own folder"):
        load(external)


@pytest.mark.parametrize("way", ["absolute", "through the parent"])
def test_a_location_must_be_plain_even_inside_the_folder(way, external):
    (external.parent / "inner").mkdir()
    absolute = str(external.parent / "weights.bin")
    relocate(external, absolute if way == "absolute" else "inner/../weights.bin")
    with pytest.raises(OnnxFileError, match="is outside the model's own folder"):
        load(external)


@pytest.mark.parametrize("location", ["", ".", "a\0b"])
def test_a_location_that_is_no_file_is_refused(location, external):
    relocate(external, location)
    with pytest.raises(OnnxFileError, match="external data location"):
        load(external)
