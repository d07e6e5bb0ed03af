"""Every search of a program's parts finds what HiGHS finds, and its bound is a bound."""

from functools import lru_cache

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.bounds import compute_bounds
from surrogate.cells import forget_trees
from surrogate.constraints import LinearConstraints
from surrogate.decomposition import search
from surrogate.embedding import embed
from surrogate.solving import Status, decomposing, solve
from tests.nets import make_net
from tests.solving.agreeing import (
    GAP,
    LIMITED,
    SMALL,
    check,
    check_audits,
    check_limited,
    compare,
    compare_single,
    linked,
    single,
)
from tests.solving.mixed_models import FEATURES, feature_sets, random_model, two_nets, without_hints

pytestmark = pytest.mark.usefixtures("small_models_too", "method")


@pytest.fixture(params=["branch and price", "outer approximation", ""])
def method(request, monkeypatch):
    """Each search alone, and both in a race, for any number of integers."""
    monkeypatch.setattr(decomposing, "FEW_OWN", -1)
    if request.param:
        chosen = ["branch and price", "outer approximation"].index(request.param)
        monkeypatch.setattr(decomposing, "Race", lambda searches: searches[chosen])
    return request.param


@settings(max_examples=20)
@given(features=feature_sets, seed=st.integers(0, 10**6), n_inputs=st.sampled_from([2, 4, 5]))
def test_random_models_have_the_optimum_that_highs_finds(features, seed, n_inputs):
    compare(seed, two_nets(seed % 1000, n_inputs, widths=SMALL), features)


@settings(max_examples=12)
@given(features=feature_sets, seed=st.integers(0, 10**6), n_inputs=st.integers(2, 4))
def test_a_search_that_is_left_to_itself_is_sound_whenever_it_ends(features, seed, n_inputs):
    nets, maximize = two_nets(seed % 1000, n_inputs, widths=((3, 2), (4,))), "maximize" in features
    expected = solve(without_hints(random_model(seed, nets, features, "bigm").model), rel_gap=0.0)
    made = random_model(seed, nets, features, "bigm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "FEW_NEURONS", 1)
        solution = solve(made.model, time_limit=1.5)
    if solution.status in LIMITED:
        check_limited(solution, expected, maximize=maximize)
    else:
        check(solution, expected, maximize=maximize)
    if solution.has_solution:
        check_audits(made)


@pytest.mark.parametrize("few_neurons", [24, 1])
@pytest.mark.parametrize("feature", FEATURES)
def test_each_feature_goes_by_the_parts(feature, few_neurons, method):
    nets = two_nets(3, 4, widths=SMALL, n_outputs=1)
    solution, found = compare(7, nets, (feature, "ties"), few_neurons)
    assert len(found) == 1
    assert found[0].nodes == solution.nodes >= 1
    assert solution.method.endswith(method)
    assert solution.status is Status.OPTIMAL


@pytest.mark.parametrize("n_inputs", [4, 5])
def test_auto_goes_by_the_parts_where_several_inputs_vary(searches, n_inputs):
    nets = two_nets(5, n_inputs)
    made = random_model(1, nets, ("ties",), "auto")
    assert {emb.encoding for emb in made.embeddings} == {"bigm"}
    solution = solve(made.model)
    assert len(searches) == 1
    check(solution, solve(random_model(1, nets, ("ties",), "omlt").model, rel_gap=0.0))
    check_audits(made)


def test_copies_of_one_net_that_are_split_several_times(searches):
    expected = solve(without_hints(linked().model), rel_gap=0.0)
    nodes = []
    for _ in range(2):
        forget_trees()
        made = linked()
        check(solve(made.model), expected)
        check_audits(made)
        nodes.append(searches[-1].nodes)
    assert nodes[0] == nodes[1] > 1  # the same search every time
    check(solve(linked().model), expected)  # and one that begins with the cells of the last


@pytest.mark.parametrize("rel_gap", [0.3, 0.01, 1e-6])
def test_the_gap_that_is_asked_for(searches, rel_gap):
    expected = solve(without_hints(linked().model), rel_gap=0.0)
    check(solve(linked().model, rel_gap=rel_gap), expected, gap=rel_gap)
    assert len(searches) == 1


def test_no_gap_at_all_still_ends():
    nets = two_nets(3, 4, widths=SMALL, n_outputs=1)
    expected = solve(without_hints(random_model(7, nets, ("ties",), "bigm").model), rel_gap=0.0)
    solution = solve(random_model(7, nets, ("ties",), "bigm").model, rel_gap=0.0)
    check(solution, expected, gap=0.0)


def slow_model(features, n_inputs):
    nets = two_nets(4, n_inputs, widths=((8, 7), (8, 6)))
    return random_model(3, nets, features, "bigm", "crown")


@lru_cache
def slow_optimum(features, n_inputs):
    return solve(without_hints(slow_model(features, n_inputs).model))


@pytest.mark.parametrize("features", [(), ("ties", "integers"), ("maximize", "profit")])
@pytest.mark.parametrize("time_limit", [0, 1e-3, 0.1, 0.5])
@pytest.mark.parametrize("n_inputs", [4, 7])
def test_a_time_limit_is_a_result(features, time_limit, n_inputs):
    made = slow_model(features, n_inputs)
    solution = solve(made.model, time_limit=time_limit)
    expected = slow_optimum(features, n_inputs)
    maximize = "maximize" in features
    if solution.status in LIMITED:
        loose = 1e-4 * abs(expected.objective)  # HiGHS's gap
        sign = -1.0 if maximize else 1.0
        assert solution.has_solution == (solution.status is Status.TIME_LIMIT)
        if solution.bound is not None:
            assert sign * solution.bound <= sign * expected.objective + 2e-6
        if solution.has_solution:
            assert sign * solution.objective >= sign * expected.objective - loose - 2e-6
    else:
        check(solution, expected, maximize=maximize, gap=2 * GAP)
    if time_limit == 0:
        assert solution.status is Status.TIME_LIMIT_NO_SOLUTION
        assert [x.value for x in made.model.x0.values()] == [None] * n_inputs
    if solution.has_solution:
        check_audits(made)


def test_constraints_of_the_inputs_hold(searches):
    rows = LinearConstraints([[1.0, 1.0, 1.0, 0.5], [-1.0, 0.3, 0.0, 1.0]], [-0.2, 0.4])
    net = make_net((5, 4), 4, 1, 1)
    bounds = compute_bounds(net, method="lp", constraints=rows)
    m, emb = single(bounds=bounds)
    solution = solve(m)
    assert len(searches) == 1
    assert rows.hold(np.array([[x.value for x in emb.inputs]]) - 1e-8).all()
    check(solution, solve(without_hints(single(bounds=bounds)[0]), rel_gap=0.0))
    assert solution.objective > solve(single()[0]).objective + 1e-3


@pytest.mark.parametrize(
    "change",
    [
        lambda m, emb: m.rows.add(emb.outputs[0] <= -50),
        lambda m, emb: m.rows.add(emb.outputs[0] - m.x[0] <= -50),
        lambda m, _: m.rows.add(sum(m.x.values()) == 4.5),
        lambda m, _: (m.rows.add(m.x[0] >= 0.5), m.rows.add(m.x[0] <= 0.4)),
        lambda m, _: (m.rows.add(m.x[0] + m.x[1] >= 0.5), m.rows.add(m.x[0] + m.x[1] <= 0.4)),
        lambda _, emb: emb.outputs[0].setub(-50),
    ],
)
@pytest.mark.parametrize("few_neurons", [24, -1])
def test_infeasible_models(monkeypatch, change, few_neurons):
    monkeypatch.setattr(search, "FEW_NEURONS", few_neurons)
    assert compare_single(change).status is Status.INFEASIBLE


def test_integers_that_cannot_be_met():
    def change(m, _):
        m.n = pyo.Var(domain=pyo.Integers, bounds=(0, 4))
        m.rows.add(2 * m.n + 0.1 * m.x[0] == 3)

    assert compare_single(change).status is Status.INFEASIBLE


def test_an_objective_without_end():
    m, emb = single()
    m.z = pyo.Var()
    m.objective.set_value(emb.outputs[0] + m.z)
    ends = (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED)
    assert solve(m, time_limit=5).status in ends
    m.rows.add(m.z <= m.x[0])
    assert solve(m, time_limit=5).status in ends


def test_open_variables_that_rows_alone_keep_from_going_without_end(searches):
    def change(m, emb):  # neither z nor w has a bound that a row implies
        m.z, m.w = pyo.Var(), pyo.Var()
        m.rows.add(m.z + m.w >= emb.outputs[0] + m.x[0])
        m.objective.set_value(2 * m.z + 2 * m.w + m.x[1])

    assert compare_single(change).status is Status.OPTIMAL
    assert len(searches) == 1


def test_fixed_inputs(searches):
    def change(m, _):
        m.x[1].fix(0.25)
        m.x[3].fix(-1.0)

    compare_single(change)
    compare_single(lambda m, _: m.x.fix(0.5))
    assert len(searches) == 2


def test_an_objective_without_the_network(searches):
    compare_single(lambda m, _: m.objective.set_value(m.x[0] - m.x[1]))
    compare_single(lambda m, _: m.objective.set_value(0 * m.x[0] + 2))
    compare_single(lambda m, emb: m.rows.add(emb.outputs[0] >= 0.5 + m.x[0]))
    assert len(searches) == 3


def wired(kind, encodings=("bigm", "bigm")):
    """Networks whose inputs and outputs are more than variables of their own."""
    first, second = make_net((5, 4), 4, 2, 11), make_net((6,), 4, 1, 12)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(8), bounds=(-1, 1))
    m.y = pyo.Var(range(2), bounds=(-1, 1))  # so wide that both are inputs too
    m.net, m.rows = pyo.Block(range(2)), pyo.ConstraintList()
    ours, theirs, outputs = list(m.x.values())[:4], list(m.x.values())[4:], None
    if kind == "integer input":
        m.x[0].domain = m.x[5].domain = pyo.Integers
    elif kind == "one input twice":
        ours[2] = ours[0]
    elif kind == "outputs that are inputs":
        outputs, theirs[1:3] = m.y, m.y.values()
    elif kind == "an output that is an integer":
        outputs, m.y[1].domain = m.y, pyo.Integers
    elif kind == "an output that is its own input":
        outputs = [m.y[0], m.x[3]]
    embs = (
        embed(m.net[0], first, ours, outputs=outputs, encoding=encodings[0]),
        embed(m.net[1], second, theirs, encoding=encodings[1]),
    )
    m.rows.add(m.x[0] + m.x[1] + 0.5 * embs[0].outputs[0] - m.x[4] - m.x[6] <= 0.3)
    m.objective = pyo.Objective(
        expr=embs[0].outputs[0] - 0.5 * embs[0].outputs[1] + embs[1].outputs[0] + 0.2 * m.x[1]
    )
    return m, embs


@pytest.mark.parametrize(
    "kind",
    [
        "plain",
        "integer input",
        "one input twice",
        "outputs that are inputs",
        "an output that is an integer",
        "an output that is its own input",
    ],
)
def test_networks_that_are_wired_to_each_other(searches, kind):
    m, embs = wired(kind)
    check(solve(m), solve(without_hints(wired(kind, ("omlt", "omlt"))[0]), rel_gap=0.0))
    assert len(searches) == 1
    for emb in embs:
        assert emb.audit().passed


@pytest.mark.parametrize("other", ["omlt", "partition"])
def test_networks_of_other_encodings_beside_one(other):
    m, embs = wired("plain", ("bigm", other))
    check(solve(m), solve(without_hints(wired("plain", ("omlt", "omlt"))[0]), rel_gap=0.0))
    for emb in embs:
        assert emb.audit().passed


@pytest.mark.parametrize("name", ["dead", "linear", "no hidden layer"])
def test_nets_without_anything_to_decide(searches, name):
    def change(m, _):
        m.rows.add(m.x[0] + m.x[1] - m.x[2] >= 0.4)

    net = make_net(() if name == "no hidden layer" else (4,), 4, 1, 0)
    if name != "no hidden layer":
        shift = -99.0 if name == "dead" else 99.0
        biases = (net.biases[0] + shift, net.biases[1])
        net = type(net)(net.weights, biases, net.box)
    solutions = []
    for hinted in (True, False):
        m = pyo.ConcreteModel()
        m.x = pyo.Var(range(4), bounds=(-1, 1))
        m.net = pyo.Block()
        emb = embed(m.net, net, m.x, encoding="bigm")
        m.objective = pyo.Objective(expr=emb.outputs[0] - 0.1 * m.x[3])
        m.rows = pyo.ConstraintList()
        change(m, emb)
        solutions.append(solve(m if hinted else without_hints(m), rel_gap=0.0))
    check(*solutions)
    assert len(searches) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda m, _: next(iter(m.net.surrogate.q.values())).fix(1),
        lambda m, _: setattr(next(iter(m.net.surrogate.q.values())), "domain", pyo.UnitInterval),
        lambda m, _: next(iter(m.net.surrogate.on.values())).deactivate(),
        lambda m, _: m.net.surrogate.layer[0].set_value(m.x[0] <= 1),
        lambda m, _: m.rows.add(m.net.surrogate.z[0] <= 0.7),
        lambda m, emb: m.objective.set_value(emb.outputs[0] + m.net.surrogate.z[0]),
        lambda _, emb: emb.block.surrogate.inputs[0].fix(0.5),
    ],
)
def test_a_network_that_is_not_itself_any_more_is_left_to_highs(searches, change):
    m, emb = single()
    change(m, emb)
    other, handle = single()
    change(other, handle)
    check(solve(m), solve(without_hints(other), rel_gap=0.0))
    assert not searches


@pytest.mark.parametrize("which", ["binary", "row", "both"])
def test_one_of_two_networks_that_is_changed(which):
    def made():
        m = random_model(5, two_nets(5, 4, widths=SMALL), ("ties",), "bigm").model
        if which != "row":
            next(iter(m.net[1].surrogate.q.values())).fix(1)
        if which != "binary":
            next(iter(m.net[1].surrogate.off.values())).deactivate()
        return m

    check(solve(made()), solve(without_hints(made()), rel_gap=0.0))
