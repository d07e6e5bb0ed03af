"""The generic evaluation and repair, on models small enough to do by hand."""

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.box import Box
from surrogate.errors import InputError
from surrogate.functions import Function
from surrogate.network import Network
from surrogate.problems import Problem
from surrogate.solving import solve

# net(x) = |x|, the truth is x^2
NET = Network(
    (np.array([[1.0, -1.0]]), np.array([[1.0], [1.0]])),
    (np.zeros(2), np.zeros(1)),
    Box.of([(-2, 2)]),
)
SQUARE = Function("square", "x^2", Box.of([(-2, 2)]), Box.of([(0, 4)]), lambda x: x[:, 0] ** 2)


class Toy(Problem):
    """A model by a function of its own."""

    def write(self, *surrogates):
        return self.rule(*surrogates)


def toy(rule, sense="minimize", functions=(SQUARE,)):
    problem = Toy(
        name="toy", title="a toy", sense=sense, functions=functions, optimum=0.0, scale=2.0
    )
    object.__setattr__(problem, "rule", rule)
    return problem


def evaluated(problem, *networks):
    built = problem.build(*(networks or (NET,)))
    assert solve(built.model).has_solution
    return built, problem.evaluate(built)


def plant(surrogate):
    """x = 1.5 exactly; the store s >= y is free and costs 3 each; at most `most` of it."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(1.5, 2))
    m.s = pyo.Var(bounds=(0, 10))
    m.net = pyo.Block()
    (m_y,) = surrogate(m.net, [m.x])
    m.store = pyo.Constraint(expr=m.s >= m_y)
    m.objective = pyo.Objective(expr=3 * m.s + m_y + m.x)
    return m


def test_objective_violation_and_repair_by_hand():
    built, evaluation = evaluated(toy(plant))
    assert built.model.x.value == pytest.approx(1.5)
    assert evaluation.claimed == pytest.approx(3 * 1.5 + 1.5 + 1.5)
    assert evaluation.true == pytest.approx(3 * 1.5 + 2.25 + 1.5)
    assert evaluation.violation == pytest.approx(2.25 - 1.5)
    assert evaluation.repaired == pytest.approx(3 * 2.25 + 2.25 + 1.5, abs=1e-5)
    assert evaluation.error == pytest.approx(0.75)
    assert toy(plant).regret(evaluation) == pytest.approx((3 * 2.25 + 3.75) / 2, abs=1e-5)


def test_a_decision_that_no_other_variable_can_mend_has_no_repair():
    def limited(surrogate):
        m = plant(surrogate)
        m.s.setub(2)
        return m

    _, evaluation = evaluated(toy(limited))
    assert evaluation.repaired is None
    assert toy(limited).regret(evaluation) is None


def test_an_output_that_was_passed_in_keeps_its_bounds_as_rows_of_the_model():
    def given(surrogate):
        m = pyo.ConcreteModel()
        m.x, m.y = pyo.Var(bounds=(1.5, 2)), pyo.Var(bounds=(0, 2))
        m.net = pyo.Block()
        surrogate.embed(m.net, [m.x], [m.y])
        m.objective = pyo.Objective(expr=m.y)
        return m

    built, evaluation = evaluated(toy(given))
    assert evaluation.true == pytest.approx(2.25)
    assert evaluation.violation == pytest.approx(0.25)
    assert evaluation.repaired is None
    assert built.model.y.value == pytest.approx(1.5)


def test_integers_of_the_model_are_free_in_the_repair():
    def whole(surrogate):
        m = plant(surrogate)
        m.n = pyo.Var(domain=pyo.Integers, bounds=(0, 10))
        m.in_units = pyo.Constraint(expr=m.s == m.n)
        return m

    _, evaluation = evaluated(toy(whole))
    assert evaluation.claimed == pytest.approx(3 * 2 + 3)
    assert evaluation.repaired == pytest.approx(3 * 3 + 2.25 + 1.5, abs=1e-5)


def test_a_surrogate_of_a_surrogate_gets_the_true_value():
    def chained(surrogate):
        m = pyo.ConcreteModel()
        m.x, m.y = pyo.Var(bounds=(1.2, 2)), pyo.Var(bounds=(-2, 2))
        m.first, m.second = pyo.Block(), pyo.Block()
        surrogate.embed(m.first, [m.x], [m.y])
        m.objective = pyo.Objective(expr=surrogate(m.second, [m.y])[0])
        return m

    built, evaluation = evaluated(toy(chained))
    assert evaluation.claimed == pytest.approx(1.2)
    assert evaluation.true == pytest.approx(1.2**4)
    assert built.model.y.value == pytest.approx(1.2)


def test_the_surrogate_may_be_embedded_in_the_model_itself():
    def flat(surrogate):
        m = pyo.ConcreteModel()
        m.x = pyo.Var(bounds=(-2, 2))
        (y,) = surrogate(m, [m.x])
        m.least = pyo.Constraint(expr=m.x >= 0.5)
        m.objective = pyo.Objective(expr=y)
        return m

    _, evaluation = evaluated(toy(flat))
    assert evaluation.true == evaluation.repaired == pytest.approx(0.25)
    assert evaluation.violation == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_truth_that_is_no_number_is_refused_with_the_point(value):
    function = Function("bad", "", SQUARE.box, SQUARE.range, lambda x: x[:, 0] * value)
    problem = toy(plant, functions=(function,))
    built = problem.build(NET)
    solve(built.model)
    before = built.model.s.value
    with pytest.raises(InputError, match=r"(nan|inf) at \(1\.5\), in the model's block 'net'"):
        problem.evaluate(built)
    assert built.model.s.value == before
    assert built.model.net.surrogate.active


def test_a_truth_of_another_shape_is_refused():
    function = Function("bad", "", SQUARE.box, SQUARE.range, lambda x: np.zeros((len(x), 3)))
    problem = toy(plant, functions=(function,))
    built = problem.build(NET)
    solve(built.model)
    with pytest.raises(InputError, match="has shape"):
        problem.evaluate(built)


def test_maximising_turns_the_regret():
    def most(surrogate):
        m = pyo.ConcreteModel()
        m.x = pyo.Var(bounds=(-1, 1.5))
        m.net = pyo.Block()
        m.objective = pyo.Objective(expr=surrogate(m.net, [m.x])[0], sense=pyo.maximize)
        return m

    problem = toy(most, sense="maximize")
    _, evaluation = evaluated(problem)
    assert evaluation.true == pytest.approx(2.25)
    assert problem.regret(evaluation) == pytest.approx((0 - 2.25) / 2)
