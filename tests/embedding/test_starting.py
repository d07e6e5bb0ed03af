"""The local search for a start: what it gives is a solution, and the network's own."""

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.embedding import embed
from surrogate.problems import linked_problem
from surrogate.solving import Status, solve, starting
from surrogate.solving.hints import hints_in
from surrogate.solving.translating import translate
from tests.nets import make_net
from tests.oracles import range_of


def start_of(model, time_limit=60.0):
    translation = translate(model)
    places = {id(v): j for j, v in enumerate(translation.variables)}
    patterns = hints_in(model).patterns
    found = starting.find_start(translation.program, patterns, places, time_limit, seed=0)
    return translation, found


def assert_feasible(program, x):
    rows = program.matrix @ x
    assert (rows >= program.row_lower - 1e-7).all()
    assert (rows <= program.row_upper + 1e-7).all()
    assert (x >= program.lower - 1e-7).all()
    assert (x <= program.upper + 1e-7).all()
    assert np.abs(x - np.round(x))[program.integer].max(initial=0.0) <= 1e-9


@pytest.mark.parametrize("encoding", ["bigm", "partition", "facets", "cells"])
@pytest.mark.parametrize("seed", range(4))
def test_a_start_is_feasible_and_no_better_than_the_optimum(encoding, seed):
    problem = linked_problem(make_net((4, 3), seed=seed), 3, seed, encoding)
    for sense in (pyo.minimize, pyo.maximize):
        problem.model.objective.sense = sense
        translation, x = start_of(problem.model)
        if x is None:
            continue
        assert_feasible(translation.program, x)
        value = float(translation.program.cost @ x) + translation.program.offset
        best = solve(problem.model, rel_gap=0.0)
        sign = 1 if sense == pyo.minimize else -1
        assert sign * (value - best.objective) >= -1e-6


@pytest.mark.parametrize("seed", range(6))
def test_over_a_box_the_search_finds_the_optimum_of_a_small_net(seed):
    net = make_net((5, 4), seed=seed)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(2), bounds=(-1, 1))
    m.net = pyo.Block()
    emb = embed(m.net, net, m.x, encoding="bigm")
    m.objective = pyo.Objective(expr=emb.outputs[0])
    translation, x = start_of(m)
    assert float(translation.program.cost @ x) == pytest.approx(range_of(net, net.box)[0], abs=1e-6)


def test_there_is_no_start_to_look_for():
    problem = linked_problem(make_net((3, 3), seed=1), 2, 0, "bigm")
    assert start_of(problem.model, time_limit=0.0)[1] is None
    problem.model.own = pyo.Var(domain=pyo.Binary)
    problem.model.use = pyo.Constraint(expr=problem.model.own <= problem.model.x[0, 0] + 1.5)
    assert start_of(problem.model)[1] is None  # an integer that is no network's
    assert solve(problem.model).status is Status.OPTIMAL
    problem.model.own.fix(1)
    problem.embeddings[0].activations.binary[0][0].fix(0)
    assert start_of(problem.model)[1] is None  # a binary without a column


def test_a_model_that_no_pattern_satisfies():
    problem = linked_problem(make_net((3, 3), seed=1), 2, 0, "bigm")
    problem.model.no = pyo.Constraint(expr=sum(problem.model.x.values()) >= 4.1)
    assert start_of(problem.model)[1] is None
    assert solve(problem.model).status is Status.INFEASIBLE
