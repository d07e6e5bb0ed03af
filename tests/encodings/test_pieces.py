"""The hull above a part of the box: no point of the graph is outside of it, however thin it is."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from surrogate.box import Box
from surrogate.constraints import LinearConstraints
from surrogate.encodings.pieces import piece_within
from surrogate.network import Network
from surrogate.regions import enumerate_regions
from tests.nets import make_net


def support(points, directions):
    return (points @ directions.T).max(axis=0)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 500),
    n_inputs=st.integers(1, 3),
    n_outputs=st.integers(1, 2),
    width=st.floats(-5, 0.3).map(lambda power: 10.0**power),
)
@example(seed=0, n_inputs=2, n_outputs=2, width=0.004)
def test_it_reaches_as_far_as_the_graph_in_every_direction(seed, n_inputs, n_outputs, width):
    net, rng = make_net((6, 4), n_inputs, n_outputs, seed), np.random.default_rng(seed)
    lower = rng.uniform(-1, 1 - min(width, 1.9), n_inputs)
    upper = lower + min(width, 1.9)
    piece = piece_within(net, None, lower, upper)
    whole = enumerate_regions(net, Box(lower, upper))
    assert piece.n_regions == len(whole)
    assert piece.y == pytest.approx(net(piece.x))
    every = np.hstack([whole.vertices, whole.values])
    found = np.hstack([piece.x, piece.y])
    size = np.where(np.ptp(every, axis=0) > 0, np.ptp(every, axis=0), 1.0)
    directions = rng.normal(size=(200, n_inputs + n_outputs)) / size
    assert support(found, directions) == pytest.approx(support(every, directions), abs=1e-9)


def test_most_corners_are_inside_of_the_hull():
    net = make_net((24,), 2, 1, 0)
    piece = piece_within(net, None, -np.ones(2), np.ones(2))
    assert len(piece.x) < len(enumerate_regions(net, Box.of([(-1, 1)] * 2)).vertices) / 2


def test_points_that_are_flat_but_for_rounding_are_all_kept():
    # two outputs that are one function: in the inputs and outputs together, 4 coordinates of 3
    one = make_net((24,), 2, 1, 3)
    twice = Network((one.weights[0], np.repeat(one.weights[1], 2, axis=1) * [1.0, 1 / 3]),
                    (one.biases[0], np.repeat(one.biases[1], 2) * [1.0, 1 / 3]))  # fmt: skip
    piece = piece_within(twice, None, -np.ones(2), np.ones(2))
    single = piece_within(one, None, -np.ones(2), np.ones(2))
    directions = np.random.default_rng(0).normal(size=(100, 3))
    assert support(np.hstack([piece.x, piece.y[:, :1]]), directions) == pytest.approx(
        support(np.hstack([single.x, single.y]), directions)
    )


def test_constraints_clip_it_and_may_leave_nothing():
    net, rows = make_net((5,), 2, 1, 1), LinearConstraints(np.array([[1.0, 1.0]]), np.array([0.5]))
    piece = piece_within(net, rows, np.zeros(2), np.ones(2))
    assert (piece.x.sum(axis=1) <= 0.5 + 1e-9).all()
    assert piece_within(net, rows, np.full(2, 0.6), np.ones(2)) is None
