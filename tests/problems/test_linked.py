"""The linked problem: the blueprint's data, and the optimum of an oracle with no solver."""

from dataclasses import replace

import numpy as np
import pytest
from pyomo.repn import generate_standard_repn
from scipy.linalg import block_diag
from scipy.optimize import linprog

from surrogate.bounds import compute_bounds
from surrogate.box import Box
from surrogate.errors import BoxError, InputError
from surrogate.network import Network
from surrogate.problems import linked_data, linked_instance, linked_problem
from surrogate.solving import solve
from tests.nets import make_net
from tests.oracles import range_of


def blueprint(n_inputs, copies, seed):
    """The data as DESIGN section 6 gives them."""
    rng = np.random.default_rng(seed)
    w = rng.uniform(0.5, 1.5, copies) * rng.choice([-1, 1], copies)
    rows = rng.uniform(-1, 1, (2, n_inputs * copies))
    return w, rows, rng.uniform(0.3, 1, n_inputs * copies)


def copies_of(net, data):
    """sum_t w_t f(x_t) as one network of all the inputs."""
    count = len(data.weights)
    *hidden, last = net.weights
    return Network(
        (
            *(block_diag(*[w] * count) for w in hidden),
            np.concatenate([w_t * last[:, :1] for w_t in data.weights]),
        ),
        (
            *(np.tile(b, count) for b in net.biases[:-1]),
            data.weights.sum() * net.biases[-1][:1],
        ),
        Box.of(net.box.pairs() * count),
    )


def exact_minimum(net, data):
    """The optimum of a feasible instance with two inputs in all.

    The tie leaves a line x = p + s v, the rows and the box an interval of s, on which the
    objective is a network of one input: its range is known from its linear regions.
    """
    total = copies_of(net, data)
    p = data.tie * data.total / (data.tie @ data.tie)
    v = np.array([-data.tie[1], data.tie[0]])
    a = np.concatenate([data.rows @ v, v, -v])
    slack = np.concatenate([data.limits - data.rows @ p, total.box.upper - p, p - total.box.lower])
    lower = (slack[a < 0] / a[a < 0]).max()
    upper = (slack[a > 0] / a[a > 0]).min()
    assert lower < upper
    weights, biases = list(total.weights), list(total.biases)
    biases[0] = p @ weights[0] + biases[0]
    weights[0] = v[None, :] @ weights[0]
    box = Box.of([(lower, upper)])
    return range_of(Network(tuple(weights), tuple(biases), box), box)[0]


def optimum(problem):
    solution = solve(problem.model, rel_gap=0.0, time_limit=30)
    return solution.objective if solution.status == "optimal" else solution.status


@pytest.mark.parametrize(("n_inputs", "copies"), [(1, 1), (2, 4), (5, 3)])
@pytest.mark.parametrize("seed", [0, 7])
def test_data_on_the_unit_box_are_the_blueprints_to_the_last_bit(n_inputs, copies, seed):
    data = linked_data(Box.of([(-1, 1)] * n_inputs), copies, seed)
    w, rows, tie = blueprint(n_inputs, copies, seed)
    assert np.array_equal(data.weights, w)
    assert np.array_equal(data.rows, rows)
    assert np.array_equal(data.tie, tie)
    assert data.limits.tolist() == [0.2, 0.2]
    assert data.total == 0.3


def test_model_holds_the_data():
    problem = linked_problem(make_net((2,)), 3, seed=5)
    w, rows, tie = blueprint(2, 3, 5)
    x = {id(v): j for j, v in enumerate(problem.model.x.values())}
    y = {id(emb.outputs[0]): t for t, emb in enumerate(problem.embeddings)}

    def coefficients(expression, columns):
        repn = generate_standard_repn(expression)
        found = np.zeros(len(columns))
        for c, v in zip(repn.linear_coefs, repn.linear_vars, strict=True):
            found[columns[id(v)]] = c
        return found

    assert np.array_equal(coefficients(problem.model.objective.expr, y), w)
    for r in range(2):
        assert np.array_equal(coefficients(problem.model.rows[r].body, x), rows[r])
        assert problem.model.rows[r].upper == 0.2
    assert np.array_equal(coefficients(problem.model.tie.body, x), tie)
    assert problem.model.tie.lower == problem.model.tie.upper == 0.3


@pytest.mark.parametrize(("n_inputs", "copies"), [(1, 2), (2, 1)])
@pytest.mark.parametrize("seed", range(6))
def test_optimum_is_exact_with_two_inputs_in_all(n_inputs, copies, seed):
    net = make_net((3, 2), n_inputs=n_inputs, seed=seed)
    problem = linked_problem(net, copies, seed=seed)
    expected = exact_minimum(net, problem.data)
    assert optimum(problem) == pytest.approx(expected, abs=1e-6)
    assert all(embedding.audit().passed for embedding in problem.embeddings)


def test_an_infeasible_instance_says_so():
    problem = linked_problem(make_net((2,), n_inputs=1), 1, seed=2)  # u = 0.3 / a, and A u > 0.2
    assert (problem.data.rows @ (problem.data.total / problem.data.tie) > 0.2).any()
    assert optimum(problem) == "infeasible"


def test_no_feasible_point_is_better_than_the_optimum():
    net = make_net((3, 2))
    problem = linked_problem(net, 3, seed=1)
    data, best = problem.data, optimum(problem)
    rng, values = np.random.default_rng(0), []
    for _ in range(200):  # corners of the feasible polytope, and points between two of them
        ends = [
            linprog(
                rng.normal(size=6),
                A_ub=data.rows,
                b_ub=data.limits,
                A_eq=data.tie[None, :],
                b_eq=[data.total],
                bounds=[(-1, 1)] * 6,
            ).x
            for _ in range(2)
        ]
        x = np.linspace(*ends, 20).reshape(20, 3, 2)
        values.append(np.einsum("t,nt->n", data.weights, net(x.reshape(60, 2)).reshape(20, 3)))
    assert best <= np.min(values) + 1e-6
    assert np.min(values) - best < 1.0


def test_scaling_the_inputs_does_not_change_the_optimum():
    net = make_net((3, 2))
    centre, half = np.array([10.0, -3.0]), np.array([4.0, 0.5])
    moved = replace(
        net,
        weights=(net.weights[0] / half[:, None], *net.weights[1:]),
        biases=(net.biases[0] - (centre / half) @ net.weights[0], *net.biases[1:]),
        box=Box(centre - half, centre + half),
    )
    assert optimum(linked_problem(moved, 2, seed=3)) == pytest.approx(
        optimum(linked_problem(net, 2, seed=3)), abs=1e-6
    )


def test_an_input_that_is_a_point_is_not_linked():
    data = linked_data(Box.of([(2, 2), (-1, 1)]), 2)
    _, rows, _ = blueprint(2, 2, 0)
    assert np.array_equal(data.rows[:, 1::2], rows[:, 1::2])
    assert not data.rows[:, ::2].any()
    assert not data.tie[::2].any()
    assert data.total == 0.3


def test_other_outputs_and_given_bounds():
    net = make_net((3,), n_outputs=2)
    second = replace(
        net,
        weights=(net.weights[0], net.weights[1][:, 1:]),
        biases=(net.biases[0], net.biases[1][1:]),
        output_labels=(),
    )
    expected = optimum(linked_problem(second, 2))
    assert optimum(linked_problem(net, 2, output=1)) == pytest.approx(expected, abs=1e-6)
    bounds = replace(compute_bounds(net, net.box), method="given")
    given = linked_problem(net, 2, bounds=bounds)
    assert {emb.bounds.method for emb in given.embeddings} == {"given"}
    by_name = linked_problem(net, 2, bounds="interval")
    assert {emb.bounds.method for emb in by_name.embeddings} == {"interval"}


def test_mistakes_are_named():
    net = make_net((2,))
    with pytest.raises(InputError, match=r"copies is 0; .* at least 1"):
        linked_problem(net, 0)
    with pytest.raises(InputError, match=r"output 1 does not exist; .* outputs 0 to 0"):
        linked_problem(net, 1, output=1)
    with pytest.raises(BoxError, match="no box of its own"):
        linked_problem(replace(net, box=None), 1)
    with pytest.raises(InputError, match="is one point"):
        linked_data(Box.of([(1, 1)]), 2)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_chain_of_two_has_the_optimum_of_one_network_of_its_inputs(seed):
    # x1, x2 = x2, x3: with the tie a plane is left, which a fine grid covers
    net = make_net((3, 2), seed=seed)
    data = linked_data(net.box, 2, seed, chained=True)
    problem = linked_problem(net, 2, seed, chained=True)
    found = optimum(problem)
    grid = np.linspace(-1.0, 1.0, 401)
    first, second = (axis.ravel() for axis in np.meshgrid(grid, grid))
    a = data.tie
    third = (data.total - a[0] * first - (a[1] + a[2]) * second) / a[3]
    x = np.stack([first, second, second, third], axis=1)
    x = x[(np.abs(third) <= 1.0) & (x @ data.rows.T <= data.limits).all(axis=1)]
    values = data.weights[0] * net(x[:, :2])[:, 0] + data.weights[1] * net(x[:, 2:])[:, 0]
    if not len(values):
        assert found == "infeasible"
        return
    assert found <= values.min() + 1e-6
    assert found == pytest.approx(values.min(), abs=0.05 * np.ptp(values))


def test_only_a_chain_shares_inputs():
    net = make_net((3, 2))
    data = linked_data(net.box, 3, 1, chained=True)
    plain = linked_data(net.box, 3, 1)
    assert np.array_equal(data.rows, plain.rows)
    assert not plain.chained
    chain = linked_instance(net.box, data).program.matrix.toarray()[3:, :6]
    assert chain.tolist() == [[0, 1, -1, 0, 0, 0], [0, 0, 0, 1, -1, 0]]
    model = linked_problem(net, 3, 1, chained=True).model
    assert [str(row.expr) for row in model.chain.values()] == [
        "x[0,1]  ==  x[1,0]",
        "x[1,1]  ==  x[2,0]",
    ]
    assert linked_instance(net.box, linked_data(net.box, 1, 1, chained=True)).program.n_rows == 3
