"""A program in parts says what the program says: rows, bounds, costs; else it is refused."""

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from surrogate.bounds import compute_bounds
from surrogate.constraints import LinearConstraints
from surrogate.decomposition import Embedded, split
from surrogate.decomposition.implied import implied_bounds
from surrogate.embedding import embed
from surrogate.solving.hints import hints_in
from surrogate.solving.translating import translate
from tests.nets import make_net
from tests.solving.mixed_models import FEATURES, random_model, two_nets


def taken_apart(model):
    """A translated model, its networks, and its parts."""
    hints = hints_in(model)
    translation = translate(model, hints.known)
    places = {id(v): j for j, v in enumerate(translation.variables)}
    nets = [
        Embedded(
            graph.net,
            graph.bounds,
            np.array([places[id(v)] for v in graph.inputs]),
            np.array([places[id(v)] for v in graph.outputs]),
        )
        for graph in hints.graphs
    ]
    return translation, nets, split(translation.program, translation.own_rows, nets)


def one_net(net=None, bounds=None):
    """A model with one net, its inputs and outputs, and the objective y0."""
    net = make_net((4,), n_inputs=3, n_outputs=2, seed=1) if net is None else net
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(net.n_inputs), bounds=dict(enumerate(net.box.pairs())))
    emb = embed(m, net, m.x, encoding="bigm", bounds=bounds)
    m.objective = pyo.Objective(expr=emb.outputs[0])
    m.rows = pyo.ConstraintList()
    return m, m.x, emb.outputs


def parts_of(m):
    return taken_apart(m)[2]


def point_of(translation, nets, parts, rng):
    """A point of the whole program but for its rows: inputs, outputs and the rest.

    Returns the values by variable, and those of the copies' inputs and of the rest.
    """
    values = np.zeros(translation.program.n_columns)
    xs = [rng.uniform(copy.lower, copy.upper) for copy in parts.copies]
    for net, x in zip(nets, xs, strict=True):
        values[net.inputs] = x
        values[net.outputs] = net.net(x[None])[0]
    low = np.where(np.isfinite(parts.rest.lower), parts.rest.lower, -9.0)
    up = np.where(np.isfinite(parts.rest.upper), parts.rest.upper, 9.0)
    rest = rng.uniform(low, up)
    values[parts.rest.columns] = rest
    return values, xs, rest


def cost_and_rows(parts, xs, rest):
    """Objective and rows of the parts."""
    cost, rows = parts.offset + parts.rest.cost @ rest, parts.rest.matrix @ rest
    for t, x in enumerate(xs):
        y = parts.copies[t].net(x[None])
        cost = cost + parts.points_cost(t, x[None], y)[0]
        rows = rows + parts.points_rows(t, x[None], y)[:, 0]
    return cost, rows


@settings(max_examples=30)
@given(
    features=st.sets(st.sampled_from(FEATURES), max_size=7).map(lambda s: tuple(sorted(s))),
    seed=st.integers(0, 10**6),
)
def test_the_parts_cost_what_the_program_costs_and_allow_what_it_allows(features, seed):
    made = random_model(seed, two_nets(seed % 100), features, "bigm")
    translation, nets, parts = taken_apart(made.model)
    program, rng = translation.program, np.random.default_rng(seed)
    sign = -1.0 if program.maximize else 1.0
    links = _links(translation, nets)
    for _ in range(10):
        values, xs, rest = point_of(translation, nets, parts, rng)
        for variable, port in links.items():
            values[variable] = values[port]
        cost, rows = cost_and_rows(parts, xs, rest)
        assert cost == pytest.approx(sign * (program.cost @ values + program.offset), abs=1e-9)
        own = program.matrix[: translation.own_rows] @ values
        held = _within(own, program.row_lower, program.row_upper, 1e-9)
        inner = _inner(translation)
        held &= _within(values, program.lower, program.upper, 1e-9)[~inner].all()
        ours = _within(rows, parts.row_lower, parts.row_upper, 1e-9).all()
        assert held.all() == ours


def _links(translation, nets):
    """Variables that a row `variable == port` makes a port."""
    ports = {int(j) for net in nets for j in (*net.inputs, *net.outputs)}
    program, found = translation.program, {}
    for i in range(translation.own_rows):
        row = program.matrix[[i]].toarray()[0]
        columns = np.flatnonzero(row)
        if len(columns) == 2 and program.row_lower[i] == program.row_upper[i] == 0.0:
            ours = [int(j) for j in columns if int(j) in ports]
            others = [int(j) for j in columns if int(j) not in ports]
            if len(ours) == len(others) == 1 and row[columns].sum() == 0.0:
                found.setdefault(others[0], ours[0])
    return found


def _inner(translation):
    """Columns of rows that are not the model's own."""
    inner = np.zeros(translation.program.n_columns, dtype=bool)
    inner[translation.program.matrix[translation.own_rows :].indices] = True
    return inner


def _within(values, lower, upper, slack):
    lower, upper = lower[: len(values)], upper[: len(values)]
    return (values >= lower - slack) & (values <= upper + slack)


def test_rows_that_link_a_variable_to_a_port_are_substituted():
    m, x, y = one_net()
    m.rows.add(x[0] + 2 * x[1] - y[1] <= 0.5)
    m.objective.set_value(y[0] - 3 * x[2])
    (copy,) = parts_of(m).copies
    parts = parts_of(m)
    assert copy.rows_x.tolist() == [[1.0, 2.0, 0.0]]
    assert copy.rows_y.tolist() == [[0.0, -1.0]]
    assert (copy.cost_x.tolist(), copy.cost_y.tolist()) == ([0.0, 0.0, -3.0], [1.0, 0.0])
    assert (parts.row_lower.tolist(), parts.row_upper.tolist()) == ([-np.inf], [0.5])
    assert len(parts.rest.columns) == 0


@pytest.mark.parametrize(("factor", "side"), [(2.0, 0.0), (-1.0, 0.0), (1.0, 0.25)])
def test_a_row_that_is_no_link_stays_a_row(factor, side):
    m, _, _ = one_net()
    m.z = pyo.Var(bounds=(-1, 1))
    m.rows.add(m.z - factor * m.surrogate.inputs[0] == side)
    parts = parts_of(m)
    assert len(parts.rest.columns) == len(parts.row_lower) == 1
    assert parts.row_lower[0] == parts.row_upper[0] == side
    assert parts.copies[0].rows_x.tolist() == [[-factor, 0.0, 0.0]]
    assert parts.copies[0].upper.tolist() == [1.0, 1.0, 1.0]


def test_bounds_of_a_variable_are_those_of_its_port():
    m, x, _ = one_net()
    x[0].setlb(-0.25)
    x[1].setub(0.5)
    (copy,) = parts_of(m).copies
    assert copy.lower.tolist() == [-0.25, -1.0, -1.0]
    assert copy.upper.tolist() == [1.0, 0.5, 1.0]


def test_rows_of_one_variable_become_its_bounds_and_cut_off_nothing():
    m, x, _ = one_net()
    m.z = pyo.Var(bounds=(-5, 5))
    m.rows.add(-2 * x[0] <= 0.6)
    m.rows.add(3 * x[1] <= 0.3)
    m.rows.add(pyo.inequality(-1, -4 * m.z, 2))
    m.rows.add(x[0] + m.z >= 0)
    parts = parts_of(m)
    (copy,) = parts.copies
    assert copy.lower[0] <= -0.3 <= copy.lower[0] + 1e-11
    assert copy.upper[1] >= 0.3 / 3 >= copy.upper[1] - 1e-11
    assert parts.rest.lower[0] == pytest.approx(-0.5, abs=1e-11)
    assert parts.rest.upper[0] == pytest.approx(0.25, abs=1e-11)
    assert len(parts.row_lower) == 1


def test_a_row_that_cancels_to_one_variable_is_one_of_its_bounds():
    m, x, _ = one_net()
    m.y = pyo.Var(bounds=(-1, 1))
    m.rows.add(m.y == m.surrogate.inputs[0])  # a second name of the first input
    m.rows.add(m.y - x[0] + x[1] <= 0.25)
    m.rows.add(m.y - x[0] <= 3)  # nothing is left: always true
    parts = parts_of(m)
    assert parts.copies[0].upper[1] == pytest.approx(0.25, abs=1e-11)
    assert not parts.copies[0].rows_x.any()
    assert parts.row_upper.tolist() == [3.0]


def test_bounds_of_outputs_become_rows_where_they_can_bind():
    m, _, y = one_net()
    assert len(parts_of(m).row_lower) == 0
    y[1].setub(0.125)
    parts = parts_of(m)
    assert parts.copies[0].rows_y.tolist() == [[0.0, 1.0]]
    assert parts.row_upper.tolist() == [0.125]
    y[1].setub(1e6)
    assert len(parts_of(m).row_lower) == 0
    m.rows.add(2 * y[0] >= 0.25)
    parts = parts_of(m)
    assert parts.copies[0].rows_y.tolist() == [[1.0, 0.0]]
    assert parts.row_lower[0] == pytest.approx(0.125, abs=1e-11)
    assert parts.row_lower[0] <= 0.125


def test_constraints_of_the_inputs_are_rows():
    net = make_net((4,), n_inputs=3, n_outputs=2, seed=1)
    rows = LinearConstraints([[1.0, 1.0, 0.0], [0.0, 1.0, -1.0]], [0.5, 0.75])
    m, _, _ = one_net(net, compute_bounds(net, method="lp", constraints=rows))
    parts = parts_of(m)
    found = np.column_stack([parts.copies[0].rows_x, parts.row_upper])
    assert {tuple(row) for row in found} >= {(1.0, 1.0, 0.0, 0.5), (0.0, 1.0, -1.0, 0.75)}
    assert not parts.copies[0].rows_y.any()


def test_an_objective_to_be_maximised_changes_its_sign_and_no_row():
    m, x, y = one_net()
    m.rows.add(x[0] + y[0] <= 1)
    m.objective.set_value(y[0] + 2 * x[1] + 5)
    least = parts_of(m)
    m.objective.sense = pyo.maximize
    most = parts_of(m)
    assert (least.offset, most.offset) == (5.0, -5.0)
    assert np.array_equal(most.copies[0].cost_x, -least.copies[0].cost_x)
    assert np.array_equal(most.copies[0].cost_y, -least.copies[0].cost_y)
    assert np.array_equal(most.copies[0].rows_y, least.copies[0].rows_y)
    assert np.array_equal(most.row_upper, least.row_upper)


def test_a_variable_of_two_networks_leaves_a_row_between_them():
    made = random_model(0, two_nets(0), ("shared",), "bigm")
    parts = parts_of(made.model)
    assert len(parts.row_lower) == 1
    assert parts.row_lower[0] == parts.row_upper[0] == 0.0
    first, second = (copy.rows_x[0] for copy in parts.copies)
    assert first[0] == -second[0] != 0.0
    assert not first[1:].any()
    assert not second[1:].any()


def test_integers_of_the_user_are_columns_of_the_rest_and_binaries_of_networks_are_not():
    made = random_model(0, two_nets(0), ("integers",), "bigm")
    parts = parts_of(made.model)
    assert parts.rest.integer.tolist() == [True, True]
    ends = zip(parts.rest.lower, parts.rest.upper, strict=True)
    assert sorted(ends) == [(0, 2), (0, 3)]  # of [-0.5, 2.5] and [0, 3]


def test_a_row_inside_a_network_is_refused():
    m, x, _ = one_net()
    assert parts_of(m) is not None
    m.rows.add(m.surrogate.z[0] + x[0] <= 1)
    assert parts_of(m) is None
    m.rows.clear()
    m.objective.set_value(m.objective.expr + 0.1 * m.surrogate.z[0])
    assert parts_of(m) is None


def test_a_link_to_an_integer_variable_is_a_row_and_an_integer_port_is_refused():
    m, _, _ = one_net()
    m.n = pyo.Var(domain=pyo.Integers, bounds=(0, 1))
    m.rows.add(m.n == m.surrogate.inputs[0])
    parts = parts_of(m)
    assert parts.rest.integer.tolist() == [True]
    assert len(parts.row_lower) == 1
    m.surrogate.inputs[0].domain = pyo.Integers
    assert parts_of(m) is None


def test_networks_that_share_a_column_are_refused():
    m, _, _ = one_net()
    translation, (net,), _ = taken_apart(m)
    both = [net, Embedded(net.net, net.bounds, net.inputs, net.outputs)]
    assert split(translation.program, translation.own_rows, both) is None


@pytest.mark.parametrize("where", ["input", "output", "rest"])
def test_a_variable_that_is_left_no_value_is_refused(where):
    m, x, y = one_net()
    m.z = pyo.Var(bounds=(0, 1))
    m.rows.add(m.z + x[0] <= 3)
    variable, middle = {
        "input": (x[0], 0.5),
        "output": (y[0], float(make_net((4,), 3, 2, seed=1)(np.zeros((1, 3)))[0, 0])),
        "rest": (m.z, 0.5),
    }[where]
    m.rows.add(2 * variable >= 2 * middle)
    assert parts_of(m) is not None
    m.rows.add(3 * variable <= 3 * middle - 0.1)
    assert parts_of(m) is None


@st.composite
def programs(draw):
    """Rows that a random point satisfies, and open and closed bounds around it."""
    seed, big = draw(st.integers(0, 10**6)), draw(st.sampled_from([1.0, 1e6, 1e12]))
    rng = np.random.default_rng(seed)
    n, rows = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    size = big ** rng.integers(0, 2, n)
    point = np.round(rng.uniform(-3, 3, n), 2) * size
    matrix = rng.integers(-3, 4, (rows, n)) * (rng.random((rows, n)) < 0.7) * 1.0
    if draw(st.booleans()):
        matrix *= rng.choice([0.1, 1.0, 7.3], (rows, n))
    middle = matrix @ point
    width = rng.uniform(0, 2, (2, rows)) * (rng.random((2, rows)) < 0.6)
    width[rng.random((2, rows)) < 0.2] = np.inf
    around = rng.uniform(0, 2, (2, n)) * size
    around[rng.random((2, n)) < 0.5] = np.inf
    sides = middle - width[0], middle + width[1]
    return sparse.csr_array(matrix), *sides, point - around[0], point + around[1]


@settings(max_examples=60)
@given(program=programs())
def test_implied_bounds_hold_at_every_point_that_satisfies_the_rows(program):
    _, row_lower, row_upper, lower, upper = program
    low, up = implied_bounds(*program)
    closed = np.isfinite(lower)
    assert np.array_equal(low[closed], lower[closed])
    assert np.array_equal(up[np.isfinite(upper)], upper[np.isfinite(upper)])
    scale = np.abs(np.concatenate([lower, upper, row_lower, row_upper]))
    if scale[np.isfinite(scale)].max(initial=0.0) > 1e4:
        return  # beyond what the linear programs of an oracle resolve: the next test's
    for j in range(len(lower)):
        for sign, bound in ((1.0, low[j]), (-1.0, -up[j])):
            extreme = _extreme(*program, sign * np.eye(len(lower))[j])
            assert bound <= extreme + 1e-7 * (1.0 + abs(extreme)) or np.isneginf(extreme)
            if np.isneginf(extreme):
                assert np.isneginf(bound)


def _extreme(matrix, row_lower, row_upper, lower, upper, cost):
    rows, rhs = np.vstack([matrix.toarray(), -matrix.toarray()]), np.append(row_upper, -row_lower)
    found = linprog(
        cost,
        rows[np.isfinite(rhs)],
        rhs[np.isfinite(rhs)],
        bounds=np.column_stack([lower, upper]),
    )
    assert found.status in (0, 3)
    return found.fun if found.status == 0 else -np.inf


def test_implied_bounds_by_hand_and_through_several_rows():
    # p = 2 x + y - 1, q = -p: x in [0, 1], y in [-1, 2]; r <= q, from below nothing
    inf = np.inf
    matrix = sparse.csr_array([[-2.0, -1.0, 1, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, -1, 1]])
    low, up = implied_bounds(
        matrix,
        np.array([-1.0, 0.0, -inf]),
        np.array([-1.0, 0.0, 0.0]),
        np.array([0.0, -1, -inf, -inf, -inf]),
        np.array([1.0, 2, inf, inf, inf]),
    )
    assert np.allclose(low[:4], [0, -1, -2, -3])
    assert np.allclose(up, [1, 2, 3, 2, 2])
    assert low[4] == -inf
    assert low[2] < -2
    assert up[2] > 3


def test_a_large_bound_that_cancels_costs_an_implied_bound_no_soundness():
    # u0 + u1 >= 0.3 with u0 <= 1e12 and u1 in [0, 1]: from below, u0 is at least -0.7
    low, _ = implied_bounds(
        sparse.csr_array([[1.0, 1.0]]),
        np.array([0.3]),
        np.array([np.inf]),
        np.array([-np.inf, 0.1]),
        np.array([1e12 + 0.3, 1.1]),
    )
    assert low[0] <= 0.3 - 1.1
