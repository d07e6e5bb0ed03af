"""What every encoding must pass: the model's outputs are the network's, and nothing else."""

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omlt import OmltBlock

from surrogate.bounds import compute_bounds
from surrogate.box import Box
from surrogate.embedding import embed
from surrogate.encodings import ENCODINGS, check_encoding
from surrogate.errors import EmbeddingError
from surrogate.onnx_files import save
from surrogate.solving import Status, solve
from tests.nets import DEGENERATE, make_net
from tests.oracles import corners_of, kinks, range_of

pytestmark = pytest.mark.parametrize("encoding", ENCODINGS)
TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def keep(tmp_path_factory):
    """Writes a model whose test fails, and returns the words that name the file."""
    folder = tmp_path_factory.getbasetemp() / "test-failures"
    numbers = count()

    def write(model, what):
        folder.mkdir(exist_ok=True)
        path = folder / f"{next(numbers)}.lp"
        model.write(str(path))
        return f"{what}; the model is in {path}"

    return write


def onnxruntime_outputs(net, x):
    """The outputs by onnxruntime, of the exported file: independent of our own forward pass."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        save(net, path)
        session = onnxruntime.InferenceSession(path.read_bytes())
    entry = session.get_inputs()[0]
    kind = np.float32 if entry.type == "tensor(float)" else np.float64
    return session.run(None, {entry.name: x.astype(kind)})[0]


def embedded(net, encoding, box=None):
    model = pyo.ConcreteModel()
    pairs = (box or net.box).pairs()
    model.x = pyo.Var(range(net.n_inputs), bounds=dict(enumerate(pairs)))
    model.net = pyo.Block()
    emb = embed(model.net, net, model.x, encoding=encoding)
    model.objective = pyo.Objective(expr=sum(emb.outputs))
    return model, emb


def check_at(net, points, encoding, keep):
    """The fixed-input test, for both senses: with its inputs fixed, the net has one output."""
    model, emb = embedded(net, encoding)
    truths = zip(points, net(points), onnxruntime_outputs(net, points), strict=True)
    for i, (x, expected, by_onnxruntime) in enumerate(truths):
        for variable, value in zip(emb.inputs, x, strict=True):
            variable.fix(float(value))
        model.objective.sense = pyo.minimize if i % 2 else pyo.maximize
        solution = solve(model)
        what = f"{net} at {x}: {solution.status}"
        assert solution.status is Status.OPTIMAL, keep(model, what)
        outputs = [variable.value for variable in emb.outputs]
        for truth in (expected, by_onnxruntime):
            close = np.allclose(outputs, truth, rtol=0, atol=TOLERANCE)
            assert close, keep(model, f"{what}, model {outputs}, network {truth}")
        audit = emb.audit()
        assert audit.error <= TOLERANCE, keep(model, f"{what}, {audit}")
        assert audit.pattern_matches, keep(model, f"{what}, {audit}")


@pytest.mark.parametrize("widths", [(), (1,), (6,), (3, 3), (2, 2, 2, 2)])
@pytest.mark.parametrize("n_inputs", [1, 2, 3])
def test_fixed_inputs_at_random_points_and_corners(encoding, widths, n_inputs, keep):
    net = make_net(widths, n_inputs=n_inputs, n_outputs=2, seed=n_inputs)
    random = net.box.sample(6, np.random.default_rng(0))
    check_at(net, np.concatenate([random, corners_of(net.box)]), encoding, keep)


@pytest.mark.parametrize("widths", [(4,), (3, 3), (2, 2, 2)])
@pytest.mark.parametrize("n_inputs", [1, 2])
def test_fixed_inputs_on_kinks(encoding, widths, n_inputs, keep):
    net = make_net(widths, n_inputs=n_inputs, seed=5)
    points = kinks(net, net.box)
    assert len(points) > 0
    smallest = [np.abs(np.concatenate(net.preactivations(p[None]), axis=1)).min() for p in points]
    assert max(smallest) < 1e-12
    check_at(net, points, encoding, keep)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    widths=st.lists(st.integers(1, 4), max_size=3).map(tuple),
    n_inputs=st.integers(1, 3),
    n_outputs=st.integers(1, 2),
    seed=st.integers(0, 10**6),
    half_width=st.sampled_from([0.01, 1.0, 10.0]),
)
def test_random_nets(encoding, keep, widths, n_inputs, n_outputs, seed, half_width):
    net = make_net(widths, n_inputs, n_outputs, seed, half_width)
    check_at(net, net.box.sample(3, np.random.default_rng(seed)), encoding, keep)


def extremes(model):
    """Minimum and maximum of the model's objective, each proved."""
    values = []
    for sense in (pyo.minimize, pyo.maximize):
        model.objective.sense = sense
        solution = solve(model, rel_gap=0.0)
        assert solution.status is Status.OPTIMAL
        values.append(solution.objective)
    return values


@pytest.mark.parametrize("widths", [(), (5,), (3, 3), (2, 2, 2)])
@pytest.mark.parametrize("n_inputs", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_extremes_over_the_box(encoding, widths, n_inputs, seed, keep):
    net = make_net(widths, n_inputs=n_inputs, seed=seed)
    for box in (net.box, Box.of([(-0.3, 0.8)] * n_inputs)):
        model, emb = embedded(net, encoding, box)
        found, expected = extremes(model), range_of(net, box)
        close = np.allclose(found, expected, rtol=0, atol=1e-5)  # HiGHS's absolute gap is 1e-6
        assert close, keep(model, f"{net}: model {found}, network {expected}")
        assert emb.audit().error <= TOLERANCE


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_nets(encoding, name, keep):
    net = DEGENERATE[name]
    check_at(net, corners_of(net.box), encoding, keep)
    model, _ = embedded(net, encoding)
    model.objective.set_value(model.net.surrogate.outputs[0])
    assert np.allclose(extremes(model), range_of(net, net.box), rtol=0, atol=1e-5)


def test_several_copies_in_one_model(encoding):
    net = make_net((3, 2), seed=2)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(3), range(2), bounds=(-1, 1))
    model.net = pyo.Block(range(3))
    embs = [
        embed(model.net[t], net, [model.x[t, 0], model.x[t, 1]], encoding=encoding)
        for t in range(3)
    ]
    model.objective = pyo.Objective(expr=sum(emb.outputs[0] for emb in embs))
    assert solve(model, rel_gap=0.0).objective == pytest.approx(
        3 * range_of(net, net.box)[0], abs=1e-5
    )
    assert max(emb.audit().error for emb in embs) <= TOLERANCE


def test_several_outputs_have_each_its_own_range(encoding):
    net = make_net((4,), n_outputs=3, seed=1)
    model, emb = embedded(net, encoding)
    for j, output in enumerate(emb.outputs):
        model.objective.set_value(output)
        assert np.allclose(extremes(model), range_of(net, net.box, j), rtol=0, atol=1e-5)


def test_works_in_a_bare_omlt_block(encoding):
    net = make_net((3, 3), seed=4)
    formulation = ENCODINGS[encoding](net, compute_bounds(net))
    model = pyo.ConcreteModel()
    model.net = OmltBlock()
    model.net.build_formulation(formulation)
    model.objective = pyo.Objective(expr=model.net.outputs[0])
    assert np.allclose(extremes(model), range_of(net, net.box), rtol=0, atol=1e-5)
    activations = formulation.activations()
    assert [len(layer) for layer in activations.post] == [3, 3]
    x = np.array([[model.net.inputs[i].value for i in range(2)]])
    for a, pre in zip(net.preactivations(x), activations.pre, strict=False):
        read = [a_j if v is None else v.value for v, a_j in zip(pre, a[0], strict=True)]
        assert np.allclose(read, a[0], atol=TOLERANCE)
    for a, post in zip(net.preactivations(x), activations.post, strict=False):
        for v, z in zip(post, np.maximum(a[0], 0.0), strict=True):
            assert v is None or v.value == pytest.approx(z, abs=TOLERANCE)


def test_the_largest_big_m_covers_every_pre_activation_with_a_binary(encoding):
    net = make_net((3, 3), half_width=7.0)
    _, emb = embedded(net, encoding)
    hidden = net.preactivations(net.box.sample(100, np.random.default_rng(0)))[:-1]
    for a, binary in zip(hidden, emb.activations.binary, strict=True):
        with_binary = [j for j, q in enumerate(binary) if q is not None]
        assert emb.activations.largest_m >= np.abs(a[:, with_binary]).max(initial=0.0)


def test_names(encoding):
    check_encoding(encoding)
    check_encoding("auto")
    with pytest.raises(EmbeddingError, match=f"'nonsense' is unknown; use one of auto.*{encoding}"):
        check_encoding("nonsense")
