"""The production plan: its rows in plain Python, and the optimum of an oracle with no solver."""

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.box import Box
from surrogate.errors import BoxError, InputError
from surrogate.problems import production_data, production_instance, production_problem
from surrogate.solving import solve
from tests.nets import make_net

TOLERANCE = 1e-5


def values(component):
    return np.array([variable.value for variable in component.values()])


def profit(data, net, plan):
    """The profit of a plan, which must obey every rule of the docstring."""
    x, on, start, batches, made, sold, stock = plan
    periods = len(data.demand)
    h = (x - data.box.lower) / (data.box.upper - data.box.lower)
    yields = data.base + data.slope * net(x)[:, 0]
    total, before_on, before_stock = 0.0, 0.0, 20.0
    for t in range(periods):
        for whole, most in ((on[t], 1), (batches[t], 6)):
            assert whole == pytest.approx(round(whole), abs=TOLERANCE)
            assert -TOLERANCE <= whole <= most + TOLERANCE
        assert -TOLERANCE <= made[t] <= min(yields[t], 20 * batches[t]) + 1e-3
        assert batches[t] <= 6 * on[t] + TOLERANCE
        assert 0.25 * on[t] - TOLERANCE <= h[t, 0] <= on[t] + TOLERANCE
        assert start[t] >= on[t] - before_on - TOLERANCE
        assert -TOLERANCE <= sold[t] <= data.demand[t] + TOLERANCE
        assert stock[t] == pytest.approx(before_stock + made[t] - sold[t], abs=1e-4)
        assert -TOLERANCE <= stock[t] <= 120 + TOLERANCE
        if t and h.shape[1] > 1:
            assert abs(h[t, 1] - h[t - 1, 1]) <= 0.4 + TOLERANCE
        total += data.price[t] * sold[t] - data.batch_cost * batches[t] - data.on_cost * on[t]
        total -= data.start_cost * start[t] + data.holding * stock[t] + data.input_cost @ h[t]
        before_on, before_stock = on[t], stock[t]
    assert (data.resource @ h.sum(axis=0) <= data.limit + 1e-4).all()
    assert batches.sum() <= 0.6 * 6 * periods + 1e-4
    assert stock[-1] >= 20 - TOLERANCE
    return total


def plan_of(problem):
    model = problem.model
    names = ("on", "start", "batches", "made", "sold", "stock")
    x = values(model.x).reshape(problem.instance.inputs.shape)
    return (x, *(values(getattr(model, name)) for name in names))


@pytest.mark.parametrize("encoding", ["auto", "omlt"])
@pytest.mark.parametrize(("n_inputs", "periods"), [(1, 3), (2, 4), (4, 2)])
def test_the_solution_is_a_plan_with_that_profit(n_inputs, periods, encoding):
    net = make_net((4,), n_inputs=n_inputs, seed=3)
    net = replace(net, box=Box.of([(2, 5), (-1, 1), (0, 9), (-3, -2)][:n_inputs]))
    problem = production_problem(net, periods, seed=1, encoding=encoding)
    solution = solve(problem.model, rel_gap=1e-6)
    assert solution.status == "optimal"
    assert profit(problem.data, net, plan_of(problem)) == pytest.approx(
        solution.objective, abs=1e-2, rel=1e-5
    )
    x = values(problem.model.x)
    assert problem.instance.value(net, x) == pytest.approx(-solution.objective, rel=1e-4)
    assert all(embedding.audit().passed for embedding in problem.embeddings)


@pytest.mark.parametrize("seed", range(4))
def test_the_optimum_of_one_period_and_one_input_is_exact(seed):
    """What is made is sold at once, as stock costs and must be kept: try all loads and batches."""
    net = make_net((3, 2), n_inputs=1, seed=seed)
    data = production_data(net, 1, seed=seed)
    data = replace(data, price=np.array([6.0]))  # it pays to be on
    h = np.linspace(0.25, min(1.0, data.limit[0] / data.resource[0, 0]), 20_001)
    h = h[(data.resource[:, :1] * h <= data.limit[:, None] + 1e-12).all(axis=0)]
    made = data.base + data.slope * net(-1 + 2 * h[:, None])[:, 0]
    plans = [
        data.price * np.minimum(np.minimum(made, 20 * n), data.demand)
        - data.batch_cost * n
        - data.input_cost * h
        for n in range(4)  # the crew's 3.6
    ]
    on = np.max(plans) - data.on_cost - data.start_cost
    expected = max(on, 0.0) - 20.0 * data.holding
    instance = production_instance(data)
    problem = production_problem(net, 1, seed=seed)
    problem.model.del_component("objective")
    cost = instance.cost.copy()
    names = ("on", "start", "batches", "made", "sold", "stock")
    columns = [*problem.model.x.values(), problem.embeddings[0].outputs[0]]
    columns += [v for name in names for v in getattr(problem.model, name).values()]
    problem.model.objective = pyo.Objective(
        expr=sum(float(c) * v for c, v in zip(cost, columns, strict=True)) + instance.offset,
        sense=pyo.maximize,
    )
    assert solve(problem.model, rel_gap=1e-8).objective == pytest.approx(expected, abs=2e-2)


@pytest.mark.parametrize("seed", range(5))
def test_a_plan_that_is_never_on_is_feasible(seed):
    net = make_net((6, 4), n_inputs=5, seed=seed)
    problem = production_problem(net, seed=seed)
    data = problem.data
    x, off = np.tile(net.box.lower, (8, 1)), np.zeros(8)
    plan = (x, off, off, off, off, off, np.full(8, 20.0))
    expected = -8 * 20 * data.holding
    assert profit(data, net, plan) == pytest.approx(expected)
    value = -problem.instance.value(net, x)  # selling the stock may not pay, as it must come back
    assert value == pytest.approx(expected, abs=1e-2)


def test_rows_over_several_periods():
    instance = production_instance(production_data(make_net((2,), n_inputs=5)))
    names = [name for rows in instance.builder.rows for name in [rows.name] * len(rows.lower)]
    assert len(names) == instance.program.n_rows
    period = np.full(instance.program.n_columns, -1)
    for group in instance.builder.columns:
        period[group.index] = group.index - group.index[0]
    period[instance.inputs] = np.arange(8)[:, None]
    matrix = instance.program.matrix
    ties = [
        len(set(period[matrix.indices[a:b]])) > 1
        for a, b in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    ]
    assert sum(ties) == 7 * 3 + 2 + 1
    assert int(instance.program.integer.sum()) == 16


def test_the_second_input_is_slow():
    net = make_net((3,))
    instance, x = production_instance(production_data(net, 3)), np.full((3, 2), -1.0)
    for step, feasible in ((0.79, True), (0.81, False)):
        for periods in ([0, 1], [2]):  # up in the last period, down in the last period
            moved = x.copy()
            moved[periods, 1] += step
            assert np.isfinite(instance.value(net, moved)) == feasible


def test_yields_are_drawn_through_the_samples():
    net = make_net((5,), n_inputs=3)
    data = production_data(net, seed=2)
    y = net(net.box.sample(20_000, np.random.default_rng(9)))[:, 0]
    yields = data.base + data.slope * y
    assert 5 < yields.min() < 20
    assert 90 < yields.max() < 110
    assert data.base + data.slope * net(net.box.lower[None])[0, 0] >= 10 - 1e-9
    assert np.array_equal(data.demand, production_data(net, seed=2).demand)


def test_mistakes_are_named():
    net = make_net((2,))
    with pytest.raises(InputError, match=r"periods is 0; .* at least 1"):
        production_problem(net, 0)
    with pytest.raises(InputError, match=r"output 1 does not exist; .* outputs 0 to 0"):
        production_problem(net, 1, output=1)
    with pytest.raises(BoxError, match="no box of its own"):
        production_problem(replace(net, box=None), 1)
    with pytest.raises(InputError, match="the first input is the load"):
        production_data(replace(net, box=Box.of([(1, 1), (0, 1)])))
    flat = replace(net, weights=(net.weights[0], np.zeros_like(net.weights[1])))
    with pytest.raises(InputError, match="no plan depends on it"):
        production_data(flat)
