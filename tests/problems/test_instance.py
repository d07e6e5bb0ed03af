"""`Instance`: the arrays and the Pyomo model that is written from them are one problem."""

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.box import Box
from surrogate.problems import Instance, linked_data, linked_instance, linked_problem
from surrogate.programs import Builder, Session
from surrogate.solving import solve
from tests.nets import make_net


def small():
    """max 2 n + c - 0.5, n in {0, .., 3}, c in [0, oo), with every kind of row."""
    builder = Builder()
    n = builder.add_columns("n", [0.0], 3.0, integer=True)
    c = builder.add_columns("c", [0.0], np.inf)
    lower, upper = np.array([-np.inf, 0.5, 1.0]), np.array([4.25, np.inf, 1.5])
    builder.add_rows("sides", lower, upper, (n, np.array([[1.0], [1], [0]])), (c, np.ones((3, 1))))
    other = builder.add_columns("other", [-np.inf], np.inf)
    builder.add_rows("same", 2.0, 2.0, (other, np.ones(1)))
    none = np.zeros((0, 0), dtype=int)
    cost = np.array([2.0, 1.0, 0.0])
    return Instance(builder, cost, True, none, none.ravel(), offset=-0.5)


def test_written_and_in_arrays_it_has_one_optimum():
    instance, model = small(), pyo.ConcreteModel()
    n, c, other = instance.write(model, {})
    assert solve(model).objective == pytest.approx(6.75)
    assert [v.value for v in (n, c, other)] == pytest.approx([3, 1.25, 2])
    assert Session(instance.program).solve(10.0).objective == pytest.approx(6.75)
    assert (n.is_integer(), c.is_integer(), n.bounds, c.bounds) == (True, False, (0, 3), (0, None))
    assert [model.sides[i].lower for i in range(3)] == [None, 0.5, 1.0]
    assert [model.sides[i].upper for i in range(3)] == [4.25, None, 1.5]
    assert model.same[0].equality


def test_given_variables_stand_for_their_columns():
    model = pyo.ConcreteModel()
    model.mine = pyo.Var(bounds=(0, 1), domain=pyo.Integers)
    n, *_ = small().write(model, {0: model.mine})
    assert n is model.mine
    assert not hasattr(model, "n")
    assert solve(model).objective == pytest.approx(3.0)  # n = 1, c = 1.5


@pytest.mark.parametrize("box", [[(-1, 1), (-1, 1)], [(2, 6), (-1, 0)]])
def test_the_linked_instance_is_the_linked_problem(box):
    net = make_net((3, 2))
    net = type(net)(net.weights, net.biases, Box.of(box))
    data = linked_data(net.box, 3, 1)
    instance, problem = linked_instance(net.box, data), linked_problem(net, 3, 1)
    solution = solve(problem.model, rel_gap=0.0)
    x = np.array([v.value for v in problem.model.x.values()])
    assert instance.value(net, x) == pytest.approx(solution.objective, abs=1e-6)
    assert np.array_equal(instance.program.matrix.toarray()[:, :6], [*data.rows, data.tie])
    assert instance.program.row_upper.tolist() == [*data.limits, data.total]
    assert instance.program.row_lower.tolist() == [-np.inf, -np.inf, data.total]
    lower, upper = instance.program.lower[:6], instance.program.upper[:6]
    assert [*zip(lower.tolist(), upper.tolist(), strict=True)] == net.box.pairs() * 3


def test_inputs_that_break_a_row_have_no_value():
    net = make_net((3,))
    instance = linked_instance(net.box, linked_data(net.box, 2))
    assert np.isnan(instance.value(net, np.ones(4)))
