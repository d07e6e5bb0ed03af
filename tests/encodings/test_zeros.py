"""Nets of whole numbers, whose neurons are exactly 0 on whole regions, and on the cells' sides."""

import numpy as np
import pytest

from surrogate.box import Box
from surrogate.encodings import ENCODINGS
from surrogate.network import Network
from surrogate.solving import Status, solve
from tests.encodings.models import embedded, extremes
from tests.nets import make_net
from tests.oracles import range_of, vertices


def whole(widths, n_inputs, seed):
    """Weights and biases rounded to whole numbers, so that many are 0 and many are equal."""
    net = make_net(widths, n_inputs, seed=seed, half_width=3.0)
    return Network(
        tuple(np.round(w) for w in net.weights), tuple(np.round(2 * b) for b in net.biases), net.box
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("seed", range(12))
def test_nets_of_whole_numbers(encoding, seed):
    net = whole((4, 2, 3), n_inputs=1 + seed % 2, seed=seed)
    model, emb = embedded(net, encoding)
    assert np.allclose(extremes(model), range_of(net, net.box), rtol=0, atol=1e-5)
    points = np.concatenate([vertices(net, net.box), net.box.sample(4, np.random.default_rng(0))])
    for x in np.random.default_rng(1).permutation(points)[:5]:
        model.x.set_values(dict(enumerate(x.tolist())))
        model.x.fix()
        assert solve(model).status is Status.OPTIMAL
        audit = emb.audit()
        assert audit.passed
        assert audit.objective == pytest.approx(net([x])[0, 0], abs=1e-6)
        assert audit.fixed_objective == pytest.approx(audit.objective, abs=1e-6)


def test_a_neuron_that_is_zero_in_a_whole_cell_and_unstable_in_another():
    # relu(r(-x) - 3 r(-x - 0.37)): exactly 0 for x >= 0, and it switches at -0.555
    net = Network(
        ([[-1.0, -1.0]], [[1.0], [-3.0]], [[1.0]]),
        ([0.0, -0.37], [0.0], [0.0]),
        Box.of([(-1, 1)]),
    )
    model, emb = embedded(net, "cells")
    for x in (-1.0, -0.555, -0.3, 0.0, 0.3, 1.0):
        model.x[0].fix(x)
        solution = solve(model)
        assert solution.status is Status.OPTIMAL
        assert solution.objective == pytest.approx(net([[x]])[0, 0], abs=1e-8)
        assert emb.audit().fixed_objective == pytest.approx(solution.objective, abs=1e-8)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_neuron_that_is_zero_where_the_boxes_of_cells_meet(encoding):
    net = make_net((3, 2), seed=8)
    net = Network(net.weights, tuple(0.0 * b for b in net.biases), net.box)  # all switch at 0
    model, emb = embedded(net, encoding)
    for x in ([0.0, 0.0], [0.0, 0.5], [-0.5, 0.0]):
        model.x.set_values(dict(enumerate(x)))
        model.x.fix()
        assert solve(model).status is Status.OPTIMAL
        assert emb.audit().passed
        assert emb.audit().fixed_objective == pytest.approx(net([x])[0, 0], abs=1e-6)
