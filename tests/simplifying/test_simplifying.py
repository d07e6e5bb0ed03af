"""Simplified networks: the same function, a proof of it, and nothing left to take out."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import surrogate as sg
from surrogate.bounds import LinearConstraints, compute_bounds
from surrogate.box import Box
from surrogate.errors import BoxError, InputError
from surrogate.network import Network
from surrogate.simplifying import compressing, proof, simplify
from surrogate.simplifying import simplified as module
from surrogate.simplifying.front import Front
from tests.bounds.exact import exact_layers
from tests.nets import make_net, net_of
from tests.simplifying.planted import KINDS, plant, planted

nets = st.builds(
    planted,
    widths=st.lists(st.integers(1, 4), max_size=4).map(tuple),
    kinds=st.lists(st.sampled_from(KINDS), max_size=4),
    n_inputs=st.integers(1, 3),
    n_outputs=st.integers(1, 3),
    seed=st.integers(0, 10**6),
    half_width=st.sampled_from([1e-3, 0.3, 1.0, 20.0]),
)
many = settings(max_examples=60)


def exact_error(net, found, points):
    """The largest difference of an output, in rational arithmetic."""
    return max(
        abs(a - b)
        for x in points
        for a, b in zip(exact_layers(net, x)[-1], exact_layers(found, x)[-1], strict=True)
    )


def points_of(box, n=5):
    return [*product(*box.pairs()), *box.sample(n, np.random.default_rng(0)).tolist()]


def magnitude(net):
    """The largest sum of magnitudes that the forward pass forms: 2**-52 of it is one rounding."""
    box = net.domain()
    h = np.maximum(np.abs(box.lower), np.abs(box.upper))
    for w, b in zip(net.weights, net.biases, strict=True):
        h = h @ np.abs(w) + np.abs(b)
    return float(h.max())


def check(net, box=None, bounds=None):
    """What must hold of every simplified network; returns it."""
    found = simplify(net, box, bounds)
    box = net.domain(box)
    assert exact_error(net, found.network, points_of(box)) <= Fraction(found.error)
    assert found.error <= 1e-12 * magnitude(replace(net, box=box))
    assert found.network.box == box
    gone = net.n_neurons - found.network.n_neurons
    assert gone == found.dead + found.merged + found.linear
    assert min(found.dead, found.merged, found.linear, found.layers) >= 0
    assert found.layers == len(net.widths) - len(found.network.widths)
    return found


@many
@given(net=nets)
def test_the_error_is_proved_and_small(net):
    check(net)


@many
@given(net=nets)
def test_random_points_are_within_the_error(net):
    found = simplify(net)
    x = net.box.sample(2000, np.random.default_rng(1)).astype(np.longdouble)
    values = []
    for each in (net, found.network):
        h = x
        for w, b in zip(each.weights, each.biases, strict=True):
            a = h @ w.astype(np.longdouble) + b
            h = np.maximum(a, 0)
        values.append(a)
    slack = 1e-17 * magnitude(net)  # the extended arithmetic's own roundings, of 5e-20 each
    assert np.abs(values[0] - values[1]).max() <= found.error + slack


@many
@given(net=nets)
def test_nothing_is_left_to_take_out(net):
    once = simplify(net).network
    again = simplify(once)
    assert again.network is once
    assert (again.dead, again.merged, again.linear, again.layers) == (0, 0, 0, 0)
    assert again.error == 0.0


@many
@given(net=nets)
def test_there_are_no_more_unstable_neurons_than_before(net):
    found = simplify(net).network
    for method in ("crown", "lp"):
        before, after = (compute_bounds(each, method=method).counts() for each in (net, found))
        assert after.unstable <= before.unstable
        assert after.inactive == 0


@many
@given(net=nets, kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))
def test_planted_neurons_add_nothing_that_stays(net, kinds):
    # An unused neuron cannot cost anything; an active one costs at most what a linear map needs.
    more = simplify(plant(net, [k for k in kinds if k in ("dead", "unused")], 1)).network
    assert more.n_neurons == simplify(net).network.n_neurons


def test_degenerate_nets(degenerate):
    check(degenerate)


def test_dead_neurons_go_without_any_error():
    net = make_net((4, 4), seed=3)
    found = check(plant(net, ["dead", "unused", "dead"]))
    assert found.error == 0.0
    assert found.dead >= 6
    assert (found.merged, found.linear, found.layers) == (0, 0, 0)


def test_what_leads_only_to_dead_neurons_is_dead():
    # x0 feeds the first two neurons of layer 1; they feed only the dead one of layer 2.
    net = net_of(
        [np.eye(3), [[1.0, 0.0], [1.0, 0.0], [-1.0, 1.0]], [[1.0], [1.0]]],
        [np.zeros(3), [-9.0, -0.5], [0.0]],
        [(-1, 1)] * 3,
    )
    found = check(net)
    assert found.network.widths == (1, 1)
    assert (found.dead, found.error) == (3, 0.0)


def test_equal_directions_merge():
    w = np.array([[1.0, 0.3, 2.0], [-1.0, 0.7, -2.0]])
    net = net_of([w, [[1.0], [1.0], [0.5]]], [[0.25, 0.1, 0.5], [0.0]], [(-1, 1)] * 2)
    found = check(net)
    assert (found.dead, found.merged, found.linear) == (0, 1, 0)
    np.testing.assert_array_equal(found.network.weights[0], w[:, :2])
    np.testing.assert_allclose(found.network.weights[1], [[2.0], [1.0]], rtol=1e-15)


def test_opposite_directions_and_equal_weights_with_other_biases_do_not_merge():
    w, b = [[1.0, -1.0, 1.0]], [0.25, -0.25, 0.5]
    net = net_of([w, [[1.0], [1.0], [1.0]]], [b, [0.0]], [(-1, 1)])
    assert check(net).network is net


@pytest.mark.parametrize(("off", "merged"), [(1e-15, 1), (1e-13, 0)])
def test_directions_are_equal_up_to_a_few_roundings(off, merged):
    net = net_of(
        [[[1.0, 1.0 + off], [1.0, 1.0]], [[1.0], [1.0]]], [[0.0] * 2, [0.0]], [(-1, 1)] * 2
    )
    found = check(net)
    assert found.merged == merged
    if merged:
        assert found.error >= 0.5 * off  # at x = (1, 1) they are apart by as much


def test_directions_that_are_apart_by_all_the_tolerance_are_in_the_error():
    rng = np.random.default_rng(0)
    for _ in range(20):
        w = rng.uniform(-1, 1, (3, 1)) * [1.0, 3.0] * (1 + rng.uniform(-6e-15, 6e-15, (3, 2)))
        check(net_of([w, [[1e3], [-1e3 / 3]]], [[0.0] * 2, [0.0]], [(-1, 1)] * 3))


def test_biases_that_are_apart_are_in_the_error():
    net = net_of([[[1.0, 1.0]], [[1e-9], [1.0]]], [[1.0, 1 + 1.35e-14], [0.0]], [(-1.01, 0)])
    assert check(net).merged == 1


def test_sums_of_outgoing_weights_that_round_are_in_the_error():
    net = net_of([[[1.0, 1.0]], [[1e6 / 3], [1 / 3]]], [[0.0, 0.0], [0.0]], [(-1, 1)])
    assert check(net).merged == 1


@pytest.mark.parametrize(
    ("n_inputs", "active", "n_outputs", "left"),
    [(2, 5, 4, 2), (4, 5, 1, 1), (3, 4, 2, 2), (4, 2, 3, 2), (1, 1, 1, 1), (3, 9, 9, 3)],
)
def test_active_neurons_become_as_many_as_the_rank(n_inputs, active, n_outputs, left):
    rng = np.random.default_rng(5)
    w = np.hstack([rng.uniform(-1, 1, (n_inputs, active)), np.eye(n_inputs)[:, :1]])
    net = net_of(
        [w, rng.uniform(-1, 1, (active + 1, n_outputs))],
        [[*[20.0] * active, 0.0], np.ones(n_outputs)],
        [(-1, 1)] * n_inputs,
    )
    found = check(net)
    assert found.network.widths == (left + 1,)
    assert found.linear == active - left
    for method in ("interval", "crown", "lp"):
        assert compute_bounds(found.network, method=method).counts().active == left


def test_rank_is_counted_between_rounding_and_what_matters():
    # The third active neuron is the first one up to 1e-9, the fourth is a sum of others.
    rng = np.random.default_rng(5)
    w = rng.uniform(-1, 1, (5, 5))
    w[:, 2] = w[:, 0] + 1e-9 * w[:, 2]
    w[:, 3] = w[:, 0] / 3 + w[:, 1] / 7
    net = net_of([w, rng.uniform(-1, 1, (5, 5))], [[20.0] * 4 + [0.0], np.ones(5)], [(-1, 1)] * 5)
    assert check(net).network.widths == (4,)


def test_rank_is_a_matter_of_the_function_and_not_of_units():
    # The same net in microns and megatonnes: rows and columns scale by 1e12, the rank stays 3.
    rng = np.random.default_rng(2)
    units, outs = np.array([1e-6, 1.0, 1e6]), np.array([1e6, 1.0, 1e-6, 1.0])
    w = np.hstack([rng.uniform(-1, 1, (3, 4)), np.eye(3)[:, :1]]) / units[:, None]
    w_out = rng.uniform(-1, 1, (5, 4)) * outs
    box = [(-u, u) for u in units]
    found = simplify(net_of([w, w_out], [[9.0] * 4 + [0.0], np.zeros(4)], box))
    assert found.network.widths == (4,)
    assert found.error <= 1e-12 * 1e6 * 50


def test_linear_layers_merge_until_the_net_is_linear():
    net = make_net((4, 3, 5), n_inputs=3, n_outputs=2, seed=1, half_width=0.01)
    net = replace(net, biases=tuple(np.full(len(b), 20.0) for b in net.biases))
    net = replace(net, weights=tuple(np.abs(w) for w in net.weights))
    found = check(net)
    assert found.network.layout == "linear"
    assert (found.dead, found.merged, found.linear, found.layers) == (0, 0, 12, 3)
    np.testing.assert_allclose(
        found.network.weights[0], np.linalg.multi_dot(net.weights), rtol=1e-14
    )


def test_a_linear_layer_between_others_merges_with_the_next():
    net = make_net((4, 3, 4), seed=4)
    net = replace(net, biases=(net.biases[0], np.full(3, 30.0), net.biases[2] - 30, net.biases[3]))
    found = check(net)
    assert len(found.network.widths) <= 2
    assert found.layers >= 1


def test_a_net_that_is_constant_keeps_its_value():
    net = make_net((3, 3, 3), n_outputs=2, seed=4)
    net = replace(net, biases=(net.biases[0], np.full(3, -99.0), *net.biases[2:]))
    found = check(net)
    assert found.network.layout == "linear"
    assert (found.dead, found.layers) == (9, 3)
    assert not found.network.weights[0].any()
    np.testing.assert_allclose(found.network.biases[0], net(np.zeros((1, 2)))[0], rtol=1e-14)


def test_what_cancels_makes_all_behind_it_constant():
    # Layer 2 is active, and its two neurons cancel in layer 3.
    net = net_of(
        [[[1.0, -1.0, 2.0]], np.ones((3, 2)), [[1.0, 2.0], [-1.0, -2.0]], [[3.0], [4.0]], [[2.0]]],
        [[0.0, 0.1, 0.2], [9.0, 9.0], [0.5, 0.25], [1.0], [-1.0]],
        [(-1, 1)],
    )
    found = check(net)
    assert found.network.layout == "linear"
    np.testing.assert_array_equal(found.network.biases, [[6.0]])


def test_every_pass_counts():
    # The first pass merges two neurons, which leaves nothing of them for the second to keep, and
    # takes one of three active neurons out.
    rng = np.random.default_rng(9)
    w = np.hstack([[[1.0, 2.0, -1.0], [1.0, 2.0, 0.5]], rng.uniform(-1, 1, (2, 3))])
    out = np.vstack([[[2.0] * 3, [-1.0] * 3], rng.uniform(-1, 1, (4, 3))])
    net = net_of([w, out], [[0.1, 0.2, 0.0, 8.0, 9.0, 7.0], np.ones(3)], [(-1, 1)] * 2)
    found = check(net)
    assert (found.dead, found.merged, found.linear) == (1, 1, 1)
    assert found.error > 0.0


def test_the_rounding_of_products_is_in_the_error():
    # Without biases it is all that there is: the second net has one unstable neuron.
    rng = np.random.default_rng(7)
    for _ in range(10):
        w, out = rng.uniform(0, 1, (2, 5)), rng.uniform(0, 1, (5, 3))
        found = check(net_of([w, out], [np.zeros(5), np.zeros(3)], [(1, 2)] * 2))
        assert found.network.layout == "linear"
        w, out = np.hstack([w, [[1.0], [-1.0]]]), np.vstack([out, np.ones((1, 3))])
        found = check(net_of([w, out], [np.zeros(6), np.zeros(3)], [(1, 2)] * 2))
        assert found.network.widths == (3,)


def test_constants_go_into_the_bias():
    w, out = [[1.0, 0.0, 0.0]], [[1.0], [3.0], [5.0]]
    found = check(net_of([w, out], [[0.5, 0.1, -7.0], [0.2]], [(-1, 1)]))
    assert found.network.widths == (1,)
    assert found.dead == 2
    np.testing.assert_allclose(found.network.biases[1], [0.5], rtol=1e-15)


def test_fixed_inputs_go_into_the_bias():
    net = make_net((6, 4), n_inputs=3, n_outputs=2, seed=8)
    found = check(net, [(-1, 1), (0.3, 0.3), (0.1, 0.1)])
    assert not found.network.weights[0][1:].any()
    point = check(net, [(0.7, 0.7), (0.3, 0.3), (-0.1, -0.1)])
    assert point.network.layout == "linear"
    np.testing.assert_allclose(
        point.network.biases[0], net([[0.7, 0.3, -0.1]])[0], rtol=1e-12, atol=1e-14
    )


def test_constants_that_the_bounds_do_not_see_are_still_cut_off_at_0():
    net = make_net((6, 4), n_inputs=2, seed=8)
    found = check(net, [(0.7, 0.7), (0.3, 0.3)], compute_bounds(net))
    np.testing.assert_allclose(found.network.biases[0], net([[0.7, 0.3]])[0], rtol=1e-12)


def test_a_smaller_box_leaves_fewer_neurons_and_is_the_new_box():
    net = make_net((8, 8), seed=6)
    net = replace(net, input_labels=("u", "v"), output_labels=("w",), provenance={"by": "hand"})
    found = check(net, [(0.2, 0.25), (0.4, 0.45)]).network
    assert found.n_neurons < net.n_neurons
    assert found.box == Box.of([(0.2, 0.25), (0.4, 0.45)])
    assert (found.input_labels, found.output_labels) == (("u", "v"), ("w",))
    assert found.provenance == {"by": "hand"}


def test_a_net_without_anything_to_take_out_is_returned_as_it_is():
    net = make_net((5,), seed=0)
    assert check(net).network is net


def test_neurons_that_stay_keep_their_order():
    net = make_net((5, 5), seed=0)
    assert simplify(net).network is net
    more = plant(net, ["dead", "unused", "dead"])
    assert simplify(more).network == net


@pytest.mark.parametrize("seed", range(3))
def test_the_range_that_a_solver_proves_is_the_same(seed):
    net = planted((3, 3), KINDS * 2, n_inputs=2, n_outputs=2, seed=seed)
    found = simplify(net)
    assert found.network.n_neurons < net.n_neurons
    ranges = [
        [optimum(each, output, sense) for output in (0, 1) for sense in (1, -1)]
        for each in (net, found.network)
    ]
    np.testing.assert_allclose(*ranges, atol=1e-6, rtol=1e-6)


def optimum(net, output, sense):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(net.n_inputs), bounds=lambda _, i: net.box.pairs()[i])
    model.net = pyo.Block()
    embedded = sg.embed(model.net, net, inputs=list(model.x.values()), encoding="bigm")
    model.cost = pyo.Objective(expr=sense * embedded.outputs[output])
    solution = sg.solve(model, time_limit=30, rel_gap=0.0)
    assert solution.status == "optimal"
    return solution.objective


def test_tighter_bounds_take_out_more():
    net = planted((4, 4), ["active"], seed=3, half_width=1.0)
    sizes = [
        check(net, bounds=compute_bounds(net, method=m)).network.n_neurons
        for m in ("interval", "crown", "lp", "milp")
    ]
    assert sizes == sorted(sizes, reverse=True)


def test_every_pass_uses_the_method_of_the_bounds():
    net = planted((4, 4, 4), ["dead"], seed=1)
    loose = check(net, bounds=compute_bounds(net, method="interval"))
    assert loose.network.n_neurons > simplify(net).network.n_neurons


def test_bounds_of_a_larger_box_hold():
    net = planted((4,), ["dead", "active", "active", "active"], seed=1)
    bounds = compute_bounds(net, [(-2, 2)] * 2, "crown")
    assert check(net, [(-0.5, 0.5)] * 2, bounds).network.box == Box.of([(-0.5, 0.5)] * 2)
    assert simplify(net, bounds=bounds).network.box == Box.of([(-2, 2)] * 2)


def test_a_pass_that_would_make_neurons_unstable_is_not_kept(monkeypatch):
    net, worse = planted((3,), ["dead"]), make_net((9,))

    def front(*_):
        return Front(
            worse.weights[:1], worse.biases[:1], *net.box.pairs(), worse.weights[1],
            worse.biases[1], np.zeros(1),
        )  # fmt: skip

    monkeypatch.setattr(module, "pass_through", front)
    assert simplify(net).network is net


@pytest.mark.parametrize("method", ["crown", "lp"])
def test_either_method_can_stop_a_pass(monkeypatch, method):
    net = planted((3,), ["dead"])
    assert simplify(net).network is not net
    monkeypatch.setattr(module, "_unstable", lambda b: -b.lower[0].size * (b.method == method))
    assert simplify(net).network is net


def test_factors_that_are_wrong_or_not_surely_active_are_refused(monkeypatch):
    rng = np.random.default_rng(0)
    w, out, zeros = rng.uniform(-1, 1, (2, 4)), rng.uniform(-1, 1, (4, 3)), np.zeros(0)
    front = Front((), (), -np.ones(2), np.ones(2), np.zeros((2, 0)), zeros, zeros)
    assert compressing.compress(front, w, out).u.shape == (2, 2)
    with monkeypatch.context() as changed:
        changed.setattr(compressing, "_MARGIN", -1e-9)
        assert compressing.compress(front, w, out) is None
    monkeypatch.setattr(compressing, "_factors", lambda a, *_: (a[:, :1], np.ones((1, 3))))
    assert compressing.compress(front, w, out) is None


def test_numbers_that_overflow_leave_the_net_as_it_is():
    # Each weight is fine; the product of two is not.
    net = net_of([[[1e-200, 1e200]], [[1.0], [1e200]]], [[0.0, 0.0], [0.0]], [(0, 1e-150)])
    assert simplify(net).error < np.inf


def test_sums_and_differences_are_bounded_outward():
    tiny = np.array([1e-200])
    assert Fraction(float(proof.outward(tiny @ tiny))) >= Fraction(1e-200) ** 2
    rng = np.random.default_rng(0)
    u, v, x, y = (rng.uniform(-1, 1, shape) for shape in ((1, 3), (3, 1), (1, 2), (2, 1)))
    exact = sum(Fraction(a) * Fraction(b) for a, b in zip(u[0], v[:, 0], strict=True))
    exact -= sum(Fraction(a) * Fraction(b) for a, b in zip(x[0], y[:, 0], strict=True))
    bound = Fraction(float(proof.difference(u, v, x, y)[0, 0]))
    assert abs(exact) <= bound <= abs(exact) + Fraction(1e-8)


def test_refused_arguments():
    net = make_net((3,))
    with pytest.raises(BoxError, match="no box of its own"):
        simplify(replace(net, box=None))
    with pytest.raises(BoxError, match="bounds 1 inputs, the network has 2"):
        simplify(net, [(0, 1)])
    other = compute_bounds(make_net((3,), seed=1))
    with pytest.raises(InputError, match="bounds are of another network"):
        simplify(net, bounds=other)
    with pytest.raises(BoxError, match="does not contain the box"):
        simplify(net, [(-2, 1), (-1, 1)], compute_bounds(net))
    rows = LinearConstraints(np.ones((1, 2)), np.zeros(1))
    with pytest.raises(InputError, match="under 1 constraints only"):
        simplify(net, bounds=compute_bounds(net, constraints=rows))


def test_a_net_without_a_box_takes_the_given_one():
    net = replace(planted((3,), ["dead"]), box=None)
    assert isinstance(check(net, [(-1, 1)] * 2).network, Network)
