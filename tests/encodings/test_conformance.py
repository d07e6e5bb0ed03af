"""What every encoding must pass: the model's outputs are the network's, and nothing else."""

from functools import lru_cache
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
from pyomo.contrib.solver.solvers.highs import Highs

from surrogate.bounds import compute_bounds
from surrogate.box import Box
from surrogate.conventions import ENCODING_NAMES, check_encoding
from surrogate.encodings import ENCODINGS
from surrogate.errors import EmbeddingError
from surrogate.onnx_files import save
from surrogate.solving import Status, solve
from tests.encodings.models import embedded, extremes
from tests.nets import DEGENERATE, make_net
from tests.oracles import boundaries, corners_of, kinks, range_of, switches, vertices

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
def test_fixed_inputs_where_neurons_switch(encoding, widths, n_inputs, keep):
    net = make_net(widths, n_inputs=n_inputs, seed=5)
    rng = np.random.default_rng(0)
    corners = rng.permutation(vertices(net, net.box))[:8]
    edges = rng.permutation(boundaries(net, net.box))[:6]
    points = np.concatenate([corners, edges, kinks(net, net.box, 4)])
    smallest = [np.abs(np.concatenate(net.preactivations(p[None]), axis=1)).min() for p in points]
    assert np.sum(np.array(smallest) < 1e-12) >= 3
    check_at(net, points, encoding, keep)


def test_fixed_inputs_where_neurons_of_a_net_of_three_inputs_switch(encoding, keep):
    net = make_net((4, 3), n_inputs=3, seed=5)
    ends = net.box.sample(6, np.random.default_rng(1))
    points = np.concatenate(
        [switches(net, *pair) for pair in zip(ends[::2], ends[1::2], strict=True)]
    )
    assert len(points) >= 5
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


@pytest.mark.parametrize("widths", [(), (5,), (3, 3), (2, 2, 2)])
@pytest.mark.parametrize("n_inputs", [1, 2])
@pytest.mark.parametrize("seed", range(2))
def test_extremes_over_the_box(encoding, widths, n_inputs, seed, keep):
    net = make_net(widths, n_inputs=n_inputs, seed=seed)
    for box in (net.box, Box.of([(-0.3, 0.8)] * n_inputs)):
        model, emb = embedded(net, encoding, box)
        found, expected = extremes(model), range_of(net, box)
        close = np.allclose(found, expected, rtol=0, atol=1e-5)  # HiGHS's absolute gap is 1e-6
        assert close, keep(model, f"{net}: model {found}, network {expected}")
        assert emb.audit().error <= TOLERANCE


@lru_cache
def extremes_by_omlt(seed):
    return extremes(embedded(make_net((4, 3), n_inputs=3, n_outputs=2, seed=seed), "omlt")[0])


@pytest.mark.parametrize("seed", range(3))
def test_extremes_of_nets_of_three_inputs_agree(encoding, seed):
    model, emb = embedded(make_net((4, 3), n_inputs=3, n_outputs=2, seed=seed), encoding)
    assert np.allclose(extremes(model), extremes_by_omlt(seed), rtol=0, atol=1e-5)
    assert emb.audit().error <= TOLERANCE


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_nets(encoding, name, keep):
    net = DEGENERATE[name]
    check_at(net, corners_of(net.box), encoding, keep)
    model, _ = embedded(net, encoding)
    model.objective.set_value(model.net.surrogate.outputs[0])
    assert np.allclose(extremes(model), range_of(net, net.box), rtol=0, atol=1e-5)


def test_several_outputs_have_each_its_own_range(encoding):
    net = make_net((4,), n_outputs=3, seed=1)
    model, emb = embedded(net, encoding)
    for j, output in enumerate(emb.outputs):
        model.objective.set_value(output)
        assert np.allclose(extremes(model), range_of(net, net.box, j), rtol=0, atol=1e-5)


def test_works_in_a_bare_omlt_block_with_pyomos_own_highs(encoding):
    net = make_net((3, 3), seed=4)
    formulation = ENCODINGS[encoding](net, compute_bounds(net))
    model = pyo.ConcreteModel()
    model.net = OmltBlock()
    model.net.build_formulation(formulation)
    model.objective = pyo.Objective(expr=model.net.outputs[0])
    for sense, expected in zip((pyo.minimize, pyo.maximize), range_of(net, net.box), strict=True):
        model.objective.sense = sense
        found = Highs().solve(model, rel_gap=0.0)
        assert found.incumbent_objective == pytest.approx(expected, abs=1e-5)
    activations = formulation.activations()
    x = np.array([[model.net.inputs[i].value for i in range(2)]])
    for a, pre, post in zip(
        net.preactivations(x)[:-1], activations.pre, activations.post, strict=True
    ):
        for wanted, variables in ((a[0], pre), (np.maximum(a[0], 0.0), post)):
            for value, v in zip(wanted, variables, strict=True):
                assert v is None or v.value == pytest.approx(value, abs=TOLERANCE)


def test_the_largest_big_m_covers_every_pre_activation_with_a_binary(encoding):
    net = make_net((3, 3), half_width=7.0)
    _, emb = embedded(net, encoding)
    hidden = net.preactivations(net.box.sample(100, np.random.default_rng(0)))[:-1]
    for a, binary in zip(hidden, emb.activations.binary, strict=True):
        with_binary = [j for j, q in enumerate(binary) if q is not None]
        assert emb.activations.largest_m >= np.abs(a[:, with_binary]).max(initial=0.0)


def test_inputs_that_are_fixed_and_set_free_again(encoding):
    net = make_net((4, 3), seed=3)
    model, emb = embedded(net, encoding)
    model.x[0].fix(0.25)
    line = Box.of([(0.25, 0.25 + 1e-9), (-1, 1)])
    assert np.allclose(extremes(model), range_of(net, line), rtol=0, atol=1e-5)
    assert emb.audit().inputs[0] == 0.25
    model.x[0].unfix()
    assert np.allclose(extremes(model), range_of(net, net.box), rtol=0, atol=1e-5)


def test_names(encoding):
    assert tuple(ENCODINGS) == ENCODING_NAMES
    check_encoding(encoding)
    check_encoding("auto")
    with pytest.raises(EmbeddingError, match=f"'nonsense' is unknown; use one of auto.*{encoding}"):
        check_encoding("nonsense")
