"""Pooling: published optima proved again, decisions recomputed by hand."""

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import surrogate as sg
from surrogate.box import Box
from surrogate.network import Network
from surrogate.problems import PROBLEMS
from surrogate.problems.pooling import POOLING, best_profit, mixed_qualities
from surrogate.problems.pooling_data import INSTANCES
from surrogate.problems.pooling_mixes import free_qualities
from surrogate.problems.pooling_program import add_qualities, flows
from surrogate.problems.pooling_repair import NEAR, corrected_qualities
from tests.problems.fitted import networks_for
from tests.problems.pooling_oracle import Pools, proved_optimum

HAVERLY1 = PROBLEMS["haverly1"]


@pytest.mark.parametrize("name", INSTANCES)
def test_the_published_optimum_is_proved_and_its_mix_earns_it(name):
    data = INSTANCES[name]
    found, bound, mix = proved_optimum(data, gap=1e-3)
    assert found <= data.profit * (1 + 1e-7)
    assert found >= data.profit * (1 - 1e-3)
    assert bound >= data.profit * (1 - 1e-7)
    assert POOLING[name].optimum == POOLING[name].scale == data.profit
    # the same mix, said as qualities: the program of the repair finds at least as much
    quality = np.array(
        [
            sum(mix[s, i] * data.quality[s] for s in data.sources_of(i))
            for i in range(len(data.capacity))
        ]
    )
    assert found * (1 - 1e-6) <= best_profit(data, quality) <= data.profit * (1 + 1e-6)


@pytest.mark.parametrize("name", ["haverly1", "haverly2", "haverly3"])
@settings(max_examples=25)
@given(share=st.floats(0, 1))
def test_with_two_sources_a_quality_is_a_mix(name, share):
    data = INSTANCES[name]
    mix = np.array([share, 1 - share])
    expected, _ = Pools(data).best(mix, mix)
    quality = np.array([[share * 3 + (1 - share) * 1]])
    assert best_profit(data, quality) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", INSTANCES)
def test_fixed_qualities_earn_at_least_what_the_mix_does_and_at_most_the_optimum(name):
    data, rng = INSTANCES[name], np.random.default_rng(3)
    pools = Pools(data)
    for _ in range(8):
        mix = np.zeros(len(pools.arcs))
        quality = []
        for pool in range(len(data.capacity)):
            sources = data.sources_of(pool)
            share = rng.dirichlet(np.full(len(sources), 0.5))
            mix[[pools.arcs.index((s, pool)) for s in sources]] = share
            quality.append(share @ data.quality[sources])
        found, _ = pools.best(mix, mix)
        assert found - 1e-4 <= best_profit(data, np.array(quality)) <= data.profit * (1 + 1e-6)


@pytest.mark.parametrize(
    ("quality", "profit"),
    [
        (1.0, 400.0),  # 100 of B and 100 of C into Y: 200 * 15 - 100 * 16 - 100 * 10
        (1.5, 300.0),  # 200 of a pool of 13.5 into Y
        (3.0, 100.0),  # 50 of A and 50 of C into X: 100 * 9 - 50 * 6 - 50 * 10
        (0.5, 0.0),  # no mix has it: the pool stays empty, and C alone earns nothing
        (3.5, 0.0),
    ],
)
def test_haverlys_profit_by_the_pools_quality(quality, profit):
    assert best_profit(INSTANCES["haverly1"], np.array([[quality]])) == pytest.approx(profit)


def decided(problem, u, x, v, z):
    """The problem, built, with a decision of ours in it and what the network says there."""
    built = problem.build(*networks_for(problem, 6), encoding="bigm")
    model = built.model
    for variables, values in ((model.u, u), (model.x, x), (model.v, v), (model.z, z)):
        for variable, value in zip(variables.values(), values, strict=True):
            variable.set_value(value)
    model.none.set_value(-1)
    for embedding in built.surrogates[0].embeddings:
        at = np.array([[variable.value for variable in embedding.inputs]])
        embedding.outputs[0].set_value(embedding.network(at)[0, 0], skip_validation=True)
    return built


def test_the_optimal_decision_of_haverly1_is_worth_400_whatever_the_network_says():
    # p = 1: 100 of B flow through the pool into Y, 100 of C directly
    built = decided(HAVERLY1, [-1], [0, 100], [-1, 0], [0, 100])
    evaluation = HAVERLY1.evaluate(built)
    assert evaluation.claimed == evaluation.true == pytest.approx(400)
    assert evaluation.violation == pytest.approx(0, abs=1e-9)
    assert evaluation.repaired == pytest.approx(400)
    net = built.surrogates[0].network
    said = net(np.array([[-1.0, -1.0], [-1.0, 0.0]]))[:, 0]
    assert evaluation.error == pytest.approx(np.abs(said - [1, 0]).max())
    assert HAVERLY1.regret(evaluation) == pytest.approx(0, abs=1e-9)


def test_a_decision_that_breaks_the_truth_is_told_by_how_much_and_repaired():
    # p = 2: 50 of A and 50 of B into Y, with 100 of C. Y has 2 * 100 + 2 * 100 of sulfur, of at
    # most 1.5 * 200. Worth 200 * 15 - 50 * 6 - 50 * 16 - 100 * 10. With a quality of 2 nothing
    # becomes Y, and as X a unit from pool (11) or C (10) costs more than the 9 that it brings.
    built = decided(HAVERLY1, [0], [50, 50], [-1, 0], [0, 100])
    evaluation = HAVERLY1.evaluate(built)
    assert evaluation.true == pytest.approx(900)
    assert evaluation.violation == pytest.approx(100)
    assert evaluation.repaired == pytest.approx(0, abs=1e-6)
    assert HAVERLY1.regret(evaluation) == pytest.approx(1)


def test_the_better_of_the_two_qualities_that_a_decision_says_counts():
    # the variable says p = 1.5, worth 300, the inflows are all B: p = 1, worth 400
    built = decided(HAVERLY1, [-0.5], [0, 100], [-1, 0], [0, 100])
    assert HAVERLY1.evaluate(built).repaired == pytest.approx(400)
    built = decided(HAVERLY1, [-1], [25, 75], [-1, 0], [0, 100])
    assert mixed_qualities(INSTANCES["haverly1"], built.model) == pytest.approx(1.5)
    assert HAVERLY1.evaluate(built).repaired == pytest.approx(400)


def plan(data, quality):
    """What flows from the pools into the products in the best plan with these qualities."""
    model = flows(data)
    add_qualities(model, data, lambda i, j, k: float(quality[i, k]) * model.y[i, j])
    sg.solve(model)
    return np.array([[pyo.value(model.y[i, j]) for j in range(len(data.demand))]
                     for i in range(len(data.capacity))])  # fmt: skip


def test_a_mix_that_is_off_by_a_thousandth_is_corrected():
    data, rng = INSTANCES["adhya1"], np.random.default_rng(0)
    _, _, mix = proved_optimum(data, gap=1e-4)
    pools = range(len(data.capacity))
    best = [np.array([mix[s, i] for s in data.sources_of(i)]) for i in pools]
    flow = plan(data, qualities_of(data, best))
    uncorrected = []
    for _ in range(4):
        off = [share + rng.uniform(0, 2e-3, len(share)) for share in best]
        quality = qualities_of(data, [share / share.sum() for share in off])
        found = corrected_qualities(data, quality, flow * rng.uniform(0.998, 1.0, flow.shape))
        uncorrected.append(best_profit(data, quality))
        assert max(best_profit(data, each) for each in found) > 0.999 * data.profit
        for each in found:  # near, and its profit one of the true problem
            assert np.abs(each - quality).max() <= 5 * NEAR + 1e-9
            assert best_profit(data, each) <= data.profit * (1 + 1e-6)
    assert min(uncorrected) < 0.5 * data.profit


def qualities_of(data, shares):
    """The qualities (L, K) of pools by the shares of their sources."""
    return np.array([share @ data.quality[data.sources_of(i)] for i, share in enumerate(shares)])


def test_what_is_far_from_any_plan_is_not_corrected():
    # p = 2, 100 into Y with 100 of C: see above
    data = INSTANCES["haverly1"]
    assert corrected_qualities(data, np.array([[2.0]]), np.array([[0.0, 100.0]])) == []


def test_an_empty_pool_keeps_the_quality_that_the_model_gave_it():
    built = decided(HAVERLY1, [0.25], [0, 0], [-1, -1], [0, 0])
    assert mixed_qualities(INSTANCES["haverly1"], built.model) == pytest.approx(2.25)


@pytest.mark.parametrize(
    ("name", "copies"),
    [("haverly1", 3), ("bental4", 3), ("foulds2", 10), ("adhya1", 15), ("bental5", 36)],
)
def test_there_is_a_copy_per_product_and_free_quality_and_an_anchor(name, copies):
    problem = POOLING[name]
    built = problem.build(*networks_for(problem, 2), encoding="bigm")
    assert len(built.surrogates[0].embeddings) == copies
    assert f"{copies} copies of xy" in problem.title


@pytest.mark.parametrize("name", INSTANCES)
def test_the_free_qualities_of_a_mix_say_all_its_qualities(name):
    data, rng = INSTANCES[name], np.random.default_rng(0)
    for pool in range(len(data.capacity)):
        quality = data.quality[data.sources_of(pool)]
        mixes = free_qualities(data, pool)
        assert len(mixes.free) <= len(quality) - 1
        for share in rng.dirichlet(np.ones(len(quality)), 20):
            mix = share @ quality
            free = {f: mix[f] for f in mixes.free}
            said = [pyo.value(mixes.of(k, 1.0, free)) for k in range(len(mix))]
            assert said == pytest.approx(mix)


@pytest.mark.parametrize("name", ["bental4", "foulds2", "adhya1"])
def test_what_a_pool_carries_is_quality_times_flow_where_the_network_is_exact(name):
    problem = POOLING[name]
    built = problem.build(*networks_for(problem, 2), encoding="bigm")
    model, rng = built.model, np.random.default_rng(0)
    for variable in model.component_data_objects(pyo.Var):
        variable.set_value(rng.uniform(-1, 1), skip_validation=True)
    model.none.set_value(-1)
    for embedding in built.surrogates[0].embeddings:
        u, v = (variable.value for variable in embedding.inputs)
        embedding.outputs[0].set_value(u * v, skip_validation=True)
    data = problem.data
    for pool in range(len(data.capacity)):
        for k in range(data.quality.shape[1]):
            inflow = sum(data.quality[s, k] * model.x[s, pool].value for s in data.sources_of(pool))
            flow = sum(pyo.value(model.y[pool, j]) for j in range(len(data.demand)))
            expected = inflow - pyo.value(model.quality[pool, k]) * flow
            row = model.blend[pool, k]
            assert pyo.value(row.body) - row.upper == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", ["haverly2", "foulds2", "adhya1"])
def test_without_flow_nothing_is_carried_whatever_the_network_says(name):
    problem = POOLING[name]
    built = problem.build(*networks_for(problem, 3), encoding="bigm")
    model, rng = built.model, np.random.default_rng(1)
    for variables, ends in ((model.x, 0), (model.z, 0), (model.v, -1), (model.u, None)):
        for variable in variables.values():
            variable.set_value(rng.uniform(-1, 1) if ends is None else ends)
    model.none.set_value(-1)
    for embedding in built.surrogates[0].embeddings:
        at = np.array([[variable.value for variable in embedding.inputs]])
        embedding.outputs[0].set_value(embedding.network(at)[0, 0], skip_validation=True)
    for row in [*model.blend.values(), *model.limit.values()]:
        assert pyo.value(row.body) - row.upper == pytest.approx(0, abs=1e-9)


def test_a_dead_network_still_has_the_plan_without_flow():
    dead = Network(
        (np.zeros((2, 1)), np.zeros((1, 1))), (np.zeros(1), np.full(1, 0.3)), Box.of([(-1, 1)] * 2)
    )
    built = HAVERLY1.build(dead)
    assert sg.solve(built.model).has_solution
    assert HAVERLY1.evaluate(built).repaired >= 0


@pytest.mark.parametrize("layout", ["1x24", "2x12", "3x8", "4x6", "8x3"])
def test_the_published_nets_find_the_best_plan_of_haverly2(layout):
    problem = POOLING["haverly2"]
    built = problem.build(sg.load(f"models/{layout}.onnx"))
    assert sg.solve(built.model, time_limit=60).has_solution
    assert problem.regret(problem.evaluate(built)) == pytest.approx(0, abs=1e-6)


def test_a_good_network_costs_less_than_2_percent_of_haverly1():
    built = HAVERLY1.build(sg.load("models/3x8.onnx"))
    assert sg.solve(built.model, time_limit=60).status == "optimal"
    assert 0 <= HAVERLY1.regret(HAVERLY1.evaluate(built)) < 0.02
