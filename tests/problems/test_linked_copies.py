"""The linked problem under the truth: reference optima by searches with nothing of the package."""

import heapq
from itertools import count, pairwise

import numpy as np
import pytest
from scipy.optimize import Bounds as Limits
from scipy.optimize import LinearConstraint, linprog, minimize

from surrogate.errors import InputError
from surrogate.functions import FUNCTIONS
from surrogate.problems import PROBLEMS, linked_copies, linked_data
from surrogate.solving import solve
from tests.problems.fitted import networks_for


def objective(problem, data, x):
    f = problem.functions[0]
    return float(data.weights @ f(x.reshape(problem.copies, -1))[:, 0])


@pytest.mark.parametrize(
    ("name", "starts"), [("linked", 20), ("linked_peaks", 30), ("linked_friedman", 40)]
)
def test_searches_from_random_points_end_at_the_reference_and_nowhere_below(name, starts):
    problem = PROBLEMS[name]
    box = problem.functions[0].box
    data = linked_data(box, problem.copies, problem.seed)
    lower, upper = np.tile(box.lower, 4), np.tile(box.upper, 4)
    rows = [
        LinearConstraint(data.rows, -np.inf, data.limits),
        LinearConstraint(data.tie[None], data.total, data.total),
    ]
    found = []
    for start in np.random.default_rng(5).uniform(lower, upper, (starts, len(lower))):
        end = minimize(
            lambda x: objective(problem, data, x),
            start,
            bounds=Limits(lower, upper),
            constraints=rows,
            method="SLSQP",
            options={"maxiter": 300, "ftol": 1e-12},
        )
        x = np.clip(end.x, lower, upper)
        if (data.rows @ x <= data.limits + 1e-8).all() and abs(data.tie @ x - data.total) < 1e-8:
            found.append(end.fun)
    assert min(found) == pytest.approx(problem.optimum, abs=1e-6)


def relaxed(data, lower, upper):
    """min sum w_t m_t where m_t has McCormick's envelope of x_t y_t in the box, and its x."""
    copies = len(data.weights)
    rows = [np.concatenate([row, np.zeros(copies)]) for row in data.rows]
    rhs = list(data.limits)
    for t in range(copies):
        (a, c), (b, d) = lower[2 * t : 2 * t + 2], upper[2 * t : 2 * t + 2]
        for of_x, of_y, of_m, side in (
            (c, a, -1, a * c),
            (d, b, -1, b * d),
            (-c, -b, 1, -b * c),
            (-d, -a, 1, -a * d),
        ):
            row = np.zeros(3 * copies)
            row[[2 * t, 2 * t + 1, 2 * copies + t]] = of_x, of_y, of_m
            rows.append(row)
            rhs.append(side)
    cost = np.concatenate([np.zeros(2 * copies), data.weights])
    tie = np.concatenate([data.tie, np.zeros(copies)])[None]
    bounds = [*zip(lower, upper, strict=True), *[(None, None)] * copies]
    found = linprog(cost, np.array(rows), rhs, tie, [data.total], bounds)
    return None if found.x is None else (found.fun, found.x[: 2 * copies])


def test_bisection_proves_the_optimum_of_four_products():
    problem = PROBLEMS["linked"]
    data, number = linked_data(problem.functions[0].box, 4, 0), count()
    lower, upper = -np.ones(8), np.ones(8)
    bound, x = relaxed(data, lower, upper)
    heap = [(bound, next(number), x, lower, upper)]
    while heap[0][0] < problem.optimum - 1e-4:
        _, _, x, lower, upper = heapq.heappop(heap)
        k = int(np.argmax(upper - lower))
        for low, up in pairwise((lower[k], (lower[k] + upper[k]) / 2, upper[k])):
            a, b = lower.copy(), upper.copy()
            a[k], b[k] = low, up
            found = relaxed(data, a, b)
            if found is not None:
                assert objective(problem, data, found[1]) >= problem.optimum - 1e-6
                heapq.heappush(heap, (found[0], next(number), found[1], a, b))
    assert heap[0][0] >= problem.optimum - 1e-4


def test_an_evaluated_decision_is_the_sum_of_the_truth_at_its_inputs():
    problem = PROBLEMS["linked_peaks"]
    built = problem.build(*networks_for(problem, 6))
    solution = solve(built.model)
    x = np.array([variable.value for variable in built.model.x.values()])
    data = linked_data(problem.functions[0].box, 4, 0)
    evaluation = problem.evaluate(built)
    assert evaluation.claimed == pytest.approx(solution.objective)
    assert evaluation.true == pytest.approx(objective(problem, data, x))
    assert evaluation.repaired == pytest.approx(evaluation.true)
    regret = (evaluation.true - problem.optimum) / abs(problem.optimum)
    assert problem.regret(evaluation) == pytest.approx(regret)
    said = built.surrogates[0].network(x.reshape(4, 2)) - problem.functions[0](x.reshape(4, 2))
    assert evaluation.error == pytest.approx(np.abs(said).max())


def test_another_instance_has_no_known_optimum():
    problem = linked_copies(FUNCTIONS["xy"], 3, seed=5)
    assert problem.name == "linked_xy"
    assert problem.optimum is problem.scale is None
    built = problem.build(*networks_for(problem, 4))
    solve(built.model)
    assert problem.regret(problem.evaluate(built)) is None


def test_no_copies_are_refused():
    with pytest.raises(InputError, match="copies is 0"):
        linked_copies(FUNCTIONS["xy"], 0)
