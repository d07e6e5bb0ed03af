"""Inputs in large units, far from 0, or fixed; tiny outputs: what HiGHS takes badly.

HiGHS drops coefficients below 1e-9, and its presolve calls tight implied bounds infeasible.
"""

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.box import Box
from surrogate.encodings import ENCODINGS
from surrogate.network import Network
from surrogate.solving import Status, solve
from tests.encodings.models import embedded
from tests.nets import make_net, net_of
from tests.oracles import range_of

# "omlt" is the baseline, untouched.
pytestmark = pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name != "omlt"])


def moved(net, centre, scale, output=1.0):
    """The same function of (x - centre) / scale, times `output`."""
    w, b = net.weights[0] / scale, net.biases[0] - (centre / scale) @ net.weights[0]
    weights, biases = [w, *net.weights[1:]], [b, *net.biases[1:]]
    weights[-1], biases[-1] = output * weights[-1], output * biases[-1]
    low, high = net.box.lower * scale + centre, net.box.upper * scale + centre
    return Network(tuple(weights), tuple(biases), Box(low, high))


def check(net, encoding):
    """Both extremes, and that bounds are bounds, to 1e-6 relative to the output's size."""
    model, emb = embedded(net, encoding)
    for sense, expected in zip((pyo.minimize, pyo.maximize), range_of(net, net.box), strict=True):
        model.objective.sense = sense
        solution = solve(model, rel_gap=0.0)
        assert solution.status is Status.OPTIMAL
        near = 2e-6 * (1 + abs(expected))
        assert solution.objective == pytest.approx(expected, abs=near)
        excess = (solution.bound - solution.objective) * (1 if sense == pyo.minimize else -1)
        assert excess <= 1e-6 * (1 + abs(expected))
        audit = emb.audit()
        assert audit.passed
        assert audit.fixed_objective == pytest.approx(audit.objective, abs=near)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
@pytest.mark.parametrize("distance", [0.0, 20.0])
@pytest.mark.parametrize("widths", [(), (4,), (3, 2)])
@pytest.mark.parametrize("seed", range(2))
def test_inputs_in_other_units_and_far_from_zero(encoding, scale, distance, widths, seed):
    net = make_net(widths, n_inputs=2, seed=seed)
    centre = np.random.default_rng(seed).uniform(-1, 1, 2) * distance * scale
    check(moved(net, centre, scale), encoding)


@pytest.mark.parametrize("output", [1e-5, 1e-3, 1e2])
@pytest.mark.parametrize("widths", [(), (4,), (3, 2)])
def test_outputs_in_other_units(encoding, output, widths):
    net = make_net(widths, n_inputs=2, seed=3)
    check(moved(net, np.array([3e3, -1e3]), 500.0, output), encoding)


@pytest.mark.parametrize(("seed", "output"), [(1, 3e-5), (3, 1e-5), (7, 1e-5)])
def test_a_bound_is_a_bound_where_the_output_hardly_varies(encoding, seed, output):
    # slopes near 1e-8 are within HiGHS's tolerance for reduced costs, but inputs go to 3000
    net = make_net((3, 2), n_inputs=2, seed=seed)
    check(moved(net, np.zeros(2), 3000.0, output), encoding)


@pytest.mark.parametrize(
    ("w", "b", "box"),
    [
        ([-1.398e-8, -1.355e-8], -0.454, [(-154.4219032082494, -148.2), (84.83993865666392, 98.0)]),
        ([7.840276e-3, 3.754454e-6], -0.368, [(-578.8, 578.8), (-448.2, 448.2)]),
        ([1e-10, -3e-10], 0.2, [(15_000.0, 18_000.0), (-900.0, 400.0)]),
    ],
)  # fmt: skip
def test_tiny_weights(encoding, w, b, box):
    check(Network((np.array(w)[:, None],), (np.array([b]),), Box.of(box)), encoding)


@pytest.mark.parametrize("seed", range(4))
def test_inputs_that_are_fixed_far_from_zero(encoding, seed):
    net = make_net((4, 2), n_inputs=3, seed=seed)
    rng = np.random.default_rng(seed)
    net = moved(net, rng.uniform(-1, 1, 3) * 500, 10.0)
    low, high = net.box.lower.copy(), net.box.upper
    low[1:] = high[1:]
    line = Network(
        (net.weights[0][:1], *net.weights[1:]),
        (net.biases[0] + low[1:] @ net.weights[0][1:], *net.biases[1:]),
    )
    expected = range_of(line, Box(low[:1], high[:1]))
    model, emb = embedded(net, encoding, Box(low, high))
    for sense, value in zip((pyo.minimize, pyo.maximize), expected, strict=True):
        model.objective.sense = sense
        assert solve(model, rel_gap=0.0).objective == pytest.approx(value, abs=1e-5)
        assert emb.audit().passed


# Each hidden neuron varies by less than 1e-6 over the box, so that its bounds are that tight.
HARDLY_VARYING = {
    "tiny second layer": net_of(
        [
            [[-0.272, -0.192, -0.798, 0.842]],
            [[1.01e-8, 5.82e-9], [-1.71e-8, -1.33e-8], [1.95e-8, 9.44e-9], [-1.58e-8, 5.3e-9]],
            [[0.262, 0.548, -1.03, -0.311, 1.48], [-0.525, 0.468, 1.32, 1.13, -0.694]],
            [[-0.426], [-1.14], [1.31], [0.63], [0.75]],
        ],
        [
            [0.48, 0.393, -0.337, -0.126],
            [0.48, 0.0634],
            [-0.456, 0.294, -0.429, -0.292, -0.0449],
            [0.183],
        ],
        [(-2.05, -1.87)],
    ),
    "tiny first layer": net_of(
        [
            [[1.37e-6, -1.72e-6], [4.98e-6, 4.91e-6]],
            [[-1.5, 0.961, 0.896, -0.152], [0.824, 0.532, -0.946, -1.17]],
            [
                [0.449, -0.737, -1.26, 1.28],
                [-1.37, 0.977, -0.477, -1.24],
                [0.29, 0.61, -0.833, 0.148],
                [-1.35, 1.38, 0.732, -0.138],
            ],
            [[0.781], [0.944], [-1.03], [-0.0333]],
        ],
        [
            [0.298, -0.0542],
            [-0.0477, 0.139, 0.305, 0.0934],
            [0.0755, -0.321, 0.343, 0.285],
            [-0.386],
        ],
        [(-0.0674, -0.049), (-0.199, -0.192)],
    ),
}


@pytest.mark.parametrize("name", HARDLY_VARYING)
def test_neurons_that_hardly_vary(encoding, name):
    check(HARDLY_VARYING[name], encoding)
