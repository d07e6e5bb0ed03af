"""Embedding: which variables and blocks are accepted, the box, the size, and the audit."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.bounds import compute_bounds
from surrogate.box import Box
from surrogate.embedding import BigMWarning, Size, embed
from surrogate.errors import BoxError, EmbeddingError
from surrogate.network import Network
from surrogate.solving import solve
from tests.embedding.models import minimum, model_of
from tests.nets import make_net, net_of
from tests.oracles import range_of
from tests.solving.problems import in_new_process


@pytest.fixture
def free(net):
    """The same net without a box of its own."""
    return Network(net.weights, net.biases)


def test_inputs_as_an_indexed_variable_a_list_and_a_scalar(net):
    m = model_of()
    assert embed(m.net, net, m.x).inputs == (m.x[0], m.x[1])
    m.net2 = pyo.Block()
    assert embed(m.net2, net, [m.x[1], m.x[0]]).inputs == (m.x[1], m.x[0])
    m.v = pyo.Var()
    m.net3 = pyo.Block()
    assert embed(m.net3, make_net((2,), n_inputs=1), m.v).inputs == (m.v,)


def test_the_order_of_the_inputs_matters(net):
    m = model_of()
    emb = embed(m.net, net, [m.x[1], m.x[0]])
    m.x[0].fix(0.3)
    m.x[1].fix(-0.8)
    assert minimum(m, emb) == pytest.approx(net([[-0.8, 0.3]])[0, 0], abs=1e-8)


def test_one_variable_may_be_two_inputs(net):
    m = model_of()
    emb = embed(m.net, net, [m.x[0], m.x[0]])
    diagonal = net(np.repeat(np.linspace(-1, 1, 20001)[:, None], 2, axis=1))[:, 0].min()
    assert minimum(m, emb) == pytest.approx(diagonal, abs=1e-3)
    assert emb.audit().error < 1e-6


def test_given_outputs_are_linked_and_returned():
    net = make_net((3,), n_outputs=2)
    m = model_of()
    m.y = pyo.Var(range(2))
    emb = embed(m.net, net, m.x, outputs=[m.y[0], m.y[1]])
    assert emb.outputs == (m.y[0], m.y[1])
    for j in range(2):
        assert minimum(m, emb, j) == pytest.approx(range_of(net, net.box, j)[0], abs=1e-5)
        assert emb.audit().outputs[j] == m.y[j].value


def test_bounds_of_a_linked_output_are_constraints():
    net = make_net((3,))
    m = model_of()
    middle = sum(range_of(net, net.box)) / 2
    m.y = pyo.Var(bounds=(middle, None))
    assert minimum(m, embed(m.net, net, m.x, outputs=m.y)) == pytest.approx(middle, abs=1e-6)


def test_the_box_is_the_variables_bounds_within_the_nets(net):
    m = model_of(bounds=(-3, 0.5))
    m.x[1].setlb(-0.25)
    assert embed(m.net, net, m.x).box == Box.of([(-1, 0.5), (-0.25, 0.5)])


def test_domains_count_as_bounds(free):
    m = pyo.ConcreteModel()
    m.b, m.p = pyo.Var(domain=pyo.Binary), pyo.Var(domain=pyo.NonNegativeReals, bounds=(-1, 2))
    m.net = pyo.Block()
    assert embed(m.net, free, [m.b, m.p]).box == Box.of([(0, 1), (0, 2)])


def test_the_model_restricts_variables_that_are_wider_than_the_box(net):
    m = model_of(bounds=(-5, 5))
    emb = embed(m.net, net, m.x)
    assert minimum(m, emb) == pytest.approx(range_of(net, net.box)[0], abs=1e-5)
    m.objective = pyo.Objective(expr=m.x[0], sense=pyo.maximize)
    assert solve(m).objective == pytest.approx(1.0, abs=1e-8)
    assert m.x[0].bounds == (-5, 5)


def test_a_fixed_variable_counts_with_its_bounds_and_may_be_unfixed(net):
    m = model_of()
    m.x[0].fix(0.5)
    emb = embed(m.net, net, m.x)
    assert emb.box == net.box
    at_half = minimum(m, emb)
    assert emb.audit().inputs[0] == 0.5
    m.x[0].unfix()
    assert minimum(m, emb) == pytest.approx(range_of(net, net.box)[0], abs=1e-5)
    assert at_half > range_of(net, net.box)[0] + 1e-3


@pytest.mark.parametrize(
    ("bounds", "side"), [((None, 1), "lower"), ((0, None), "upper"), ((-np.inf, 1), "lower")]
)
def test_a_missing_bound_names_the_variable(free, bounds, side):
    m = model_of()
    m.x[1].setlb(bounds[0])
    m.x[1].setub(bounds[1])
    with pytest.raises(EmbeddingError, match=rf"'x\[1\]' has no finite {side} bound.*set"):
        embed(m.net, free, m.x)


def test_a_box_without_common_point_names_the_variable(net):
    m = model_of()
    m.x[1].setlb(2)
    m.x[1].setub(3)
    with pytest.raises(EmbeddingError, match=r"'x\[1\]' has bounds \[2, 3\].*no common point"):
        embed(m.net, net, m.x)


def test_wrong_numbers_of_variables(net):
    m = model_of(n=3)
    with pytest.raises(EmbeddingError, match="3 input variables given, the network has 2"):
        embed(m.net, net, m.x)
    with pytest.raises(EmbeddingError, match="3 output variables given, the network has 1"):
        embed(m.net, net, [m.x[0], m.x[1]], outputs=m.x)


def test_what_is_no_variable(net):
    m = model_of()
    with pytest.raises(EmbeddingError, match=r"input 1: .* is no Pyomo variable but"):
        embed(m.net, net, [m.x[0], 2 * m.x[1]])
    with pytest.raises(EmbeddingError, match=r"input 0: .* is no Pyomo variable but IndexedVar"):
        embed(m.net, net, [m.x, m.x])
    for nonsense in (3.0, "xy", None):
        with pytest.raises(EmbeddingError, match="no Pyomo variable"):
            embed(m.net, net, nonsense)


def test_blocks_that_do_not_fit(net):
    m = model_of()
    m.many = pyo.Block([1, 2])
    for wrong in (None, m.many, m.x):
        with pytest.raises(EmbeddingError, match="not a single Pyomo block"):
            embed(wrong, net, m.x)
    with pytest.raises(EmbeddingError, match="not constructed"):
        embed(pyo.AbstractModel(), net, m.x)
    embed(m.many[1], net, m.x)
    with pytest.raises(EmbeddingError, match=r"already has.*pass a new block"):
        embed(m.many[1], net, m.x)


def test_a_refused_call_leaves_the_block_empty(net):
    m = model_of(n=3)
    with pytest.raises(EmbeddingError):
        embed(m.net, net, m.x)
    assert not list(m.net.component_objects())


def test_a_whole_model_may_be_the_block(net):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(2))
    emb = embed(m, net, m.x)
    assert minimum(m, emb) == pytest.approx(range_of(net, net.box)[0], abs=1e-5)


def test_unknown_encoding(net):
    m = model_of()
    with pytest.raises(EmbeddingError, match="'nonsense' is unknown; use one of auto, omlt"):
        embed(m.net, net, m.x, encoding="nonsense")


def test_given_bounds_must_fit(net):
    m = model_of(bounds=(-0.5, 0.5))
    bounds = compute_bounds(net)
    emb = embed(m.net, net, m.x, bounds=bounds)
    assert emb.bounds.box == emb.box == Box.of([(-0.5, 0.5)] * 2)
    assert (emb.bounds.lower[0] == bounds.lower[0]).all()
    for b in ("other", "small"):
        setattr(m, b, pyo.Block())
    with pytest.raises(EmbeddingError, match="compute them for this network"):
        embed(m.other, net, m.x, bounds=compute_bounds(make_net((3, 4))))
    with pytest.raises(EmbeddingError, match="on a box that contains it"):
        embed(m.small, net, m.x, bounds=compute_bounds(net, [(-0.5, 0.5), (-0.5, 0.4)]))


def test_bounds_that_overflow_are_an_error():
    net = net_of([[[1e300]], [[1e300]]], [[0.0], [0.0]], [(-1, 1)])
    m = model_of(n=1)
    with pytest.raises(BoxError, match="overflow"):
        embed(m.net, net, m.x)


def test_a_large_big_m_warns():
    m = model_of(bounds=(-2000, 2000), n=1)
    net = net_of([[[1.0]], [[1.0]]], [[0.0], [0.0]], [(-2000, 2000)])
    with pytest.warns(BigMWarning, match="largest big-M is 2e.03, above 1000"):
        embed(m.net, net, m.x, encoding="omlt")


def test_size():
    net = net_of([[[1.0, 2.0]], [[3.0], [0.0]]], [[0.0, 1.0], [0.5]], [(-1, 1)])
    m = model_of(n=1)
    emb = embed(m.net, net, m.x, encoding="omlt")
    # OMLT, d inputs, h neurons, m outputs: 3 d + 3 h + 4 m variables, 2 d + 5 h + 4 m rows; a link
    # per input. Nonzeros: 2 per link and copy, 1 + 2 + 2 + 3 per neuron, and the dense rows.
    assert emb.size == Size(
        variables=3 + 6 + 4,
        binaries=2,
        constraints=1 + 2 + 10 + 4,
        nonzeros=2 + 4 + 2 * 8 + (2 + 2) + 2 + 3 * 2,
    )
    assert emb.encoding == "omlt"
    assert emb.seconds > 0


def test_importing_loads_neither_torch_nor_onnxruntime():
    code = "import sys, surrogate.embedding; assert not {'torch', 'onnxruntime'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_box_without_zero_prints_no_warning_of_pyomos(capfd):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), bounds=(300, 400))
    model.net = pyo.Block()
    embed(model.net, replace(make_net((3,)), box=None), model.x)
    out, err = capfd.readouterr()
    assert out + err == ""


def test_no_encoding_prints_a_warning_of_pyomos_in_a_plain_process():
    code = """
        import pyomo.environ as pyo
        from surrogate.embedding import embed
        from surrogate.encodings import ENCODINGS
        from tests.nets import make_net
        model = pyo.ConcreteModel()
        model.x = pyo.Var(range(2), bounds=(0.25, 0.5))
        for encoding in ENCODINGS:
            model.add_component(encoding, pyo.Block())
            embed(model.component(encoding), make_net((3,)), model.x, encoding=encoding)
    """
    assert in_new_process(code) == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"net": "net.onnx"}, "'net.onnx' is no Network but str; load a file"),
        ({"bounds": (-1, 1)}, "bounds are tuple; give what"),
    ],
)
def test_other_things_than_networks_and_bounds(change, message):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), bounds=(-1, 1))
    model.net = pyo.Block()
    arguments = {"net": make_net((3,)), "inputs": model.x, "bounds": None} | change
    with pytest.raises(EmbeddingError, match=message):
        embed(model.net, **arguments)


def test_an_embedding_shows_itself_in_one_line():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), bounds=(-1, 1))
    model.net = pyo.Block()
    embedding = embed(model.net, make_net((3, 3)), model.x, encoding="omlt")
    assert repr(embedding) == (
        "Embedding(2x3 in 'net', omlt, 28 variables, 6 binaries, 40 constraints)"
    )
    assert "array" not in repr(embedding.bounds)
