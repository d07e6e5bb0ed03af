"""Encodings with bounds that the caller gives: every method, larger boxes, linear constraints."""

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.bounds import METHODS, LinearConstraints, compute_bounds
from surrogate.box import Box
from surrogate.embedding import embed
from surrogate.encodings import ENCODINGS
from surrogate.errors import BoxError, EmbeddingError
from surrogate.solving import Status, solve
from tests.encodings.models import embedded, extremes
from tests.nets import make_net
from tests.oracles import range_of

pytestmark = pytest.mark.parametrize("encoding", [*ENCODINGS, "auto"])

ROWS = LinearConstraints([[1.0, 1.0], [-1.0, 0.5]], [0.3, 0.4])


@pytest.mark.parametrize("method", METHODS)
def test_bounds_of_every_method(encoding, method):
    net = make_net((4, 3), seed=7)
    model, emb = embedded(net, encoding, bounds=method)
    assert emb.bounds.method == method
    assert np.allclose(extremes(model), range_of(net, net.box), rtol=0, atol=1e-5)
    assert emb.audit().passed


def test_bounds_of_a_larger_box(encoding):
    net, box = make_net((4, 3), seed=7), Box.of([(-0.5, 0.25), (0.1, 0.8)])
    model, emb = embedded(net, encoding, box, compute_bounds(net, method="crown"))
    assert emb.bounds.box == emb.box == box
    assert np.allclose(extremes(model), range_of(net, box), rtol=0, atol=1e-5)
    assert emb.audit().passed


def test_bounds_that_a_time_limit_cut_short(encoding):
    net = make_net((4, 3), seed=6)
    bounds = compute_bounds(net, method="milp", time_limit=1e-9)
    assert not bounds.complete
    model, _ = embedded(net, encoding, bounds=bounds)
    assert np.allclose(extremes(model), range_of(net, net.box), rtol=0, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_inputs", [1, 2])
def test_linear_constraints_of_the_bounds_hold_in_the_model(encoding, method, n_inputs):
    net = make_net((4, 3), n_inputs, seed=9)
    rows = ROWS if n_inputs == 2 else LinearConstraints([[2.0], [-1.0]], [0.5, 0.6])
    bounds = compute_bounds(net, method=method, constraints=rows)
    model, emb = embedded(net, encoding, bounds=bounds)
    expected = range_of(net, net.box, constraints=(rows.matrix, rows.rhs))
    assert np.allclose(extremes(model), expected, rtol=0, atol=1e-5)
    audit = emb.audit()
    assert audit.passed
    assert audit.fixed_objective == pytest.approx(audit.objective, abs=1e-5)
    assert (rows.matrix @ audit.inputs <= rows.rhs + 1e-8).all()


def test_inputs_that_the_constraints_exclude_are_infeasible(encoding):
    net = make_net((3, 3), seed=1)
    model, emb = embedded(net, encoding, bounds=compute_bounds(net, constraints=ROWS))
    for x, status in (((0.5, 0.5), Status.INFEASIBLE), ((-0.1, 0.3), Status.OPTIMAL)):
        for variable, value in zip(emb.inputs, x, strict=True):
            variable.fix(value)
        assert solve(model).status is status
    assert emb.audit().passed


def test_constraints_that_leave_a_segment_or_say_nothing(encoding):
    net = make_net((3, 3), seed=2)
    segment = LinearConstraints([[1.0, 1.0], [-1.0, -1.0], [0.0, 0.0]], [0.5, -0.5, 1.0])
    model, emb = embedded(net, encoding, bounds=compute_bounds(net, constraints=segment))
    x = np.linspace(-0.5, 1.0, 20_001)
    values = net(np.column_stack([x, 0.5 - x]))[:, 0]
    assert np.allclose(extremes(model), [values.min(), values.max()], rtol=0, atol=1e-3)
    assert emb.audit().output_error <= 1e-6


def test_constraints_that_contradict_each_other_are_an_error(encoding):
    net = make_net((3, 3), seed=1)
    never = LinearConstraints([[1.0, 0.0], [-1.0, 0.0]], [-0.5, -0.5])
    with pytest.raises(BoxError, match="no input in the box"):
        embedded(net, encoding, bounds=compute_bounds(net, constraints=never))


def test_constraints_without_a_point_in_a_smaller_box_are_an_error_or_infeasible(encoding):
    # The bounds hold on the whole box, of which the variables allow a part without any point.
    net = make_net((3, 3), seed=1)
    bounds = compute_bounds(net, constraints=LinearConstraints([[1.0, 1.0]], [-1.0]))
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), bounds=(0.5, 1))
    model.net = pyo.Block()
    if encoding in ("regions", "facets", "auto"):
        with pytest.raises(BoxError, match="constraint 0 excludes the whole box"):
            embed(model.net, net, model.x, encoding=encoding, bounds=bounds)
        return
    emb = embed(model.net, net, model.x, encoding=encoding, bounds=bounds)
    model.objective = pyo.Objective(expr=emb.outputs[0])
    assert solve(model).status is Status.INFEASIBLE


def test_bounds_of_another_network_are_refused(encoding):
    net, other = make_net((3, 3), seed=1), make_net((3, 3), seed=2)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), bounds=(-1, 1))
    model.net = pyo.Block()
    with pytest.raises(EmbeddingError, match="bounds are those of another network"):
        embed(model.net, net, model.x, encoding=encoding, bounds=compute_bounds(other))
