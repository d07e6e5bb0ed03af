"""The models that `compile_network` learns from have solutions, and are of use to others."""

import numpy as np
import pytest

from surrogate.box import Box
from surrogate.cells import CellTree, forget_trees
from surrogate.compiling import compile_network
from surrogate.compiling.random_models import COPIES, MOST_ROWS, RISES, random_model
from surrogate.decomposition import strengthen_root
from surrogate.network import Network
from surrogate.problems import linked_problem
from surrogate.solving import strengthen
from tests.nets import make_net

FLAT = Box(np.array([-1.0, 0.5, 0.0]), np.array([1.0, 0.5, 2e3]))
PLAIN = make_net((5,), 3, seed=4)
NETS = {
    "two inputs": make_net((5, 4), 2, seed=1),
    "three outputs": make_net((6, 5), 4, n_outputs=3, seed=2),
    "one input": make_net((4,), 1, seed=3),
    "a box without a width": Network(PLAIN.weights, PLAIN.biases, FLAT),
}


@pytest.mark.parametrize("net", NETS.values(), ids=NETS.keys())
def test_every_model_has_a_solution(net):
    rng, tree = np.random.default_rng(0), CellTree(net, net.box)
    for seed in range(8):
        parts = random_model(tree, rng)
        assert len(parts.copies) == COPIES
        assert 1 <= len(parts.row_lower) <= MOST_ROWS
        root = strengthen_root(parts, np.inf, 1e-3, 30, seed)
        assert np.isfinite(root.inner)  # a mixture of points satisfies every row
        assert root.bound <= root.inner + 1e-9 * (1.0 + abs(root.inner))


def test_some_inputs_have_prices_of_all_sizes_and_some_have_none():
    net, rng = NETS["three outputs"], np.random.default_rng(1)
    tree, rises = CellTree(net, net.box), []
    for _ in range(100):
        for copy in random_model(tree, rng).copies:
            x = net.box.sample(200, rng)
            change = np.linalg.norm(copy.cost_x * (net.box.upper - net.box.lower))
            rises.append(change / np.ptp(net(x) @ copy.cost_y))
    rises = np.array(rises)
    assert 0.3 < (rises == 0.0).mean() < 0.7
    priced = rises[rises > 0.0]
    assert RISES[0] / 2.0 < priced.min() < 0.03
    assert 1.0 < priced.max() < 2.0 * RISES[1]
    assert 0.3 < (priced < np.sqrt(RISES[0] * RISES[1])).mean() < 0.7


def test_a_model_that_was_not_among_them_needs_few_new_cells():
    net = make_net((8, 8), 4, seed=5)
    forget_trees()
    cold = strengthen(linked_problem(net, 3, 0).model)
    forget_trees()
    compile_network(net, time_limit=60.0, models=30)
    found = strengthen(linked_problem(net, 3, 0).model)
    assert found.cells - found.reused < 0.1 * cold.cells
    assert found.rounds < cold.rounds
    assert found.bound == pytest.approx(cold.bound, rel=2e-4)
