"""`strengthen`: cuts that hold for every input, tighten the relaxation, and change no optimum."""

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.cells import Cover, forget_trees, known_tree, price
from surrogate.embedding import embed
from surrogate.errors import InputError
from surrogate.problems import linked_problem
from surrogate.solving import Status, solve, strengthen
from surrogate.solving.strengthening import NAME
from tests.nets import make_net


@pytest.fixture(autouse=True)
def _fresh():
    forget_trees()


def cuts_of(model):
    """Every cut of every network in a model, as (embedding block, constraint)."""
    return [
        (block.surrogate, row)
        for block in model.net.values()
        for row in block.surrogate.component(NAME).values()
    ]


def violation(surrogate, row, net, x):
    """By how much the graph's points violate a cut, at most."""
    worst = -np.inf
    for point, value in zip(x, net(x), strict=True):
        for variable, number in zip(surrogate.inputs.values(), point, strict=True):
            variable.set_value(float(number), skip_validation=True)
        for variable, number in zip(surrogate.outputs.values(), value, strict=True):
            variable.set_value(float(number), skip_validation=True)
        worst = max(worst, pyo.value(row.lower) - pyo.value(row.body))
    return worst


def relaxed(problem):
    """The value of the linear relaxation."""
    model = problem.model.clone()
    pyo.TransformationFactory("core.relax_integer_vars").apply_to(model)
    return solve(model).objective


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10**6),
    widths=st.sampled_from([(4,), (4, 3), (3, 3, 2)]),
    workers=st.sampled_from([1, 2, 3]),
)
def test_no_point_of_the_graph_violates_a_cut(seed, widths, workers):
    net = make_net(widths, 4, seed=seed % 1000)
    problem = linked_problem(net, 3, seed, "bigm")
    strengthen(problem.model, rounds=3, workers=workers)
    rng = np.random.default_rng(seed)
    x = np.concatenate([net.box.sample(50, rng), np.where(rng.random((50, 4)) < 0.5, -1.0, 1.0)])
    found = cuts_of(problem.model)
    assert found
    for surrogate, row in found:
        assert violation(surrogate, row, net, x) <= 1e-12


def test_cuts_touch_the_graph():
    net = make_net((6, 5), 3, seed=4)
    problem = linked_problem(net, 2, 0, "bigm")
    strengthen(problem.model, rel_gap=1e-6)
    x = net.box.sample(4000, np.random.default_rng(0))
    near = [violation(surrogate, row, net, x) for surrogate, row in cuts_of(problem.model)[-3:]]
    assert max(near) > -0.2  # a plane far below the graph would cut nothing


@pytest.mark.parametrize(
    ("encoding", "workers"), [("bigm", 1), ("bigm", 2), ("partition", 1), ("cells", 1)]
)
def test_the_relaxation_rises_to_the_bound_that_is_reported(encoding, workers):
    net = make_net((6, 5), 4, seed=7)
    problem = linked_problem(net, 3, 1, encoding)
    before = relaxed(problem)
    report = strengthen(problem.model, workers=workers)
    after = relaxed(problem)
    optimum = solve(problem.model, rel_gap=1e-6).objective
    assert before < report.bound - 1e-3
    assert report.bound - 1e-6 <= after + 1e-3 * abs(after)
    assert after <= optimum + 1e-6
    assert report.bound <= report.inner + 1e-9
    assert report.gap <= 1e-3


@settings(max_examples=6)
@given(seed=st.integers(0, 10**6), copies=st.integers(1, 3))
def test_a_model_with_cuts_has_the_optimum_of_one_without(seed, copies):
    net = make_net((4, 3), 4, seed=seed % 997)
    plain, cut = (linked_problem(net, copies, seed, "bigm") for _ in range(2))
    for problem in (plain, cut):
        problem.model.k = pyo.Var(domain=pyo.Integers, bounds=(0, 3))
        problem.model.more = pyo.Constraint(expr=problem.model.k >= 2 * problem.model.x[0, 0])
        problem.model.objective.expr += 0.3 * problem.model.k
    strengthen(cut.model, rounds=3)
    first = solve(plain.model, strengthen="off", rel_gap=0.0)
    for how in ("off", "auto"):
        second = solve(cut.model, strengthen=how, rel_gap=0.0)
        assert second.status is first.status is Status.OPTIMAL
        assert second.objective == pytest.approx(first.objective, abs=1e-5)


def test_a_maximum_is_bounded_from_above():
    net = make_net((4, 3), 4, seed=3)
    model = pyo.ConcreteModel()
    model.x, model.net = pyo.Var(range(4), bounds=(-1, 1)), pyo.Block([0])
    emb = embed(model.net[0], net, model.x, encoding="bigm")
    model.row = pyo.Constraint(expr=sum(model.x.values()) <= 1.0)
    model.most = pyo.Objective(expr=emb.outputs[0], sense=pyo.maximize)
    report = strengthen(model)
    found = solve(model)
    assert found.objective <= report.bound + 1e-9
    assert report.inner <= report.bound


def test_the_same_rounds_give_the_same_cuts():
    def rows():
        forget_trees()
        problem = linked_problem(make_net((5, 4), 4, seed=8), 2, 0, "bigm")
        strengthen(problem.model, rounds=4)
        return [str(row.expr) for _, row in cuts_of(problem.model)]

    first = rows()
    assert first == rows()
    assert first


def test_a_second_model_needs_fewer_new_cells():
    net = make_net((8, 6), 5, seed=9)
    first = strengthen(linked_problem(net, 3, 0, "bigm").model)
    second = strengthen(linked_problem(net, 3, 0, "bigm").model)
    assert second.reused == first.cells
    assert second.cells - second.reused < (first.cells - first.reused) / 5
    assert second.rounds == 1 < first.rounds  # its prices are sure, and priced finely at once


def test_a_second_call_replaces_the_cuts():
    problem = linked_problem(make_net((5, 4), 4, seed=10), 2, 0, "bigm")
    strengthen(problem.model)
    report = strengthen(problem.model)
    assert len(cuts_of(problem.model)) == report.cuts
    assert solve(problem.model).status is Status.OPTIMAL


def changed(problem):
    problem.model.look = pyo.Constraint(expr=problem.model.net[0].surrogate.z[0] <= 100)


def infeasible(problem):
    problem.model.no = pyo.Constraint(expr=problem.model.x[0, 0] >= 5)


def unbounded(problem):
    problem.model.free = pyo.Var()
    problem.model.objective.expr += problem.model.free


def nonlinear(problem):
    problem.model.curve = pyo.Constraint(expr=problem.model.x[0, 0] ** 2 <= 1)


def fixed(problem):
    problem.model.net[0].surrogate.inputs[0].fix(0.0)


def beyond_the_hull(problem):
    emb = problem.embeddings[0]
    tree = known_tree(emb.network, emb.box)
    whole = Cover.of(tree, emb.box.lower, emb.box.upper)
    most = -price(tree, whole, -np.ones(1), np.zeros(4), 1e-9).least
    assert most < emb.bounds.upper[-1][0]
    most += 0.2 * (emb.bounds.upper[-1][0] - most)
    problem.model.no = pyo.Constraint(expr=emb.outputs[0] >= float(most))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (changed, "inside a network"),
        (infeasible, "linear relaxation is infeasible"),
        (beyond_the_hull, "no solution.* outside the convex hulls"),
        (unbounded, "unbounded"),
        (nonlinear, "'curve' is not linear"),
        (fixed, "is fixed"),
    ],
)
def test_what_cannot_be_strengthened_is_refused_and_left_alone(change, match):
    problem = linked_problem(make_net((4, 3), 4, seed=11), 2, 0, "bigm")
    change(problem)
    with pytest.raises(InputError, match=match):
        strengthen(problem.model)
    assert all(block.surrogate.component(NAME) is None for block in problem.model.net.values())


def test_a_model_without_a_network_is_refused():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.least = pyo.Objective(expr=model.x)
    with pytest.raises(InputError, match="no embedded network"):
        strengthen(model)
    with pytest.raises(InputError, match="no embedded network"):
        strengthen(linked_problem(make_net((3,), 4, seed=12), 1, 0, "omlt").model)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"time_limit": 0.0}, "time_limit is 0"),
        ({"rounds": 0}, "rounds is 0"),
        ({"rounds": 1.5}, "rounds is 1.5"),
        ({"rel_gap": -1.0}, "rel_gap is -1"),
        *(
            ({"workers": bad}, f"workers is {bad!r}; give a whole number, at least 1")
            for bad in (0, -1, 1.5, "2", None, True)
        ),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, match):
    problem = linked_problem(make_net((3,), 4, seed=13), 1, 0, "bigm")
    with pytest.raises(InputError, match=match):
        strengthen(problem.model, **arguments)


def test_solve_says_how_and_refuses_other_words():
    problem = linked_problem(make_net((12, 12), 4, seed=14), 2, 0)
    auto, off = solve(problem.model), solve(problem.model, strengthen="off")
    assert (auto.method, off.method) == ("branch and price", "HiGHS")
    assert 0.0 <= auto.first_solution <= auto.seconds
    assert off.first_solution is None
    assert solve(problem.model, options={"mip_max_nodes": 10_000}).method == "HiGHS"
    with pytest.raises(InputError, match="strengthen is 'on'"):
        solve(problem.model, strengthen="on")


def test_a_gap_is_not_relative_to_next_to_nothing():
    reports = []
    for shift in (0.0, 1.0):
        forget_trees()
        problem = linked_problem(make_net((6, 6), 3, seed=0), 3, 0, "bigm")
        if shift:
            problem.model.objective.expr -= reports[0].bound
        reports.append(strengthen(problem.model))
    assert reports[1].bound == pytest.approx(0.0, abs=1e-3)
    assert reports[1].rounds <= 2 * reports[0].rounds
    assert reports[1].cells <= 2 * reports[0].cells


@pytest.mark.parametrize("rel_gap", [1e-3, 1e-4, 1e-6])
@pytest.mark.parametrize("seed", range(3))
def test_the_gap_is_what_was_asked_for(rel_gap, seed):
    forget_trees()
    problem = linked_problem(make_net((8, 6), 5, seed=1), 3, seed, "bigm")
    assert strengthen(problem.model, rel_gap=rel_gap).gap <= rel_gap
