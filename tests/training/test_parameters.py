"""One flat vector: it splits and joins without loss, and its forward pass is the network's."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.training.parameters import activations, as_network, join, split

SIZES = st.lists(st.integers(1, 5), min_size=2, max_size=5).map(tuple)


def parameters(sizes):
    return sum((a + 1) * b for a, b in pairwise(sizes))


@given(SIZES)
@settings(max_examples=30)
def test_split_and_join_are_inverse(sizes):
    vector = np.arange(parameters(sizes), dtype=np.float64)
    layers = split(vector, sizes)
    assert [w.shape for w, _ in layers] == list(pairwise(sizes))
    assert [b.shape for _, b in layers] == [(size,) for size in sizes[1:]]
    assert np.array_equal(join(layers), vector)


def test_layers_are_views_of_the_vector_and_a_joined_vector_is_a_copy():
    vector = np.zeros(parameters((2, 3, 1)))
    layers = split(vector, (2, 3, 1))
    layers[0][0][1, 2] = 7.0
    layers[1][1][0] = 8.0
    # weights row by row, then biases: row 1, column 2 of (2, 3) is number 5
    assert vector[5] == 7.0
    assert vector[-1] == 8.0
    join(layers)[:] = 9.0
    assert vector[5] == 7.0


@given(SIZES, st.integers(0, 1000))
@settings(max_examples=30)
def test_the_forward_pass_is_the_networks_and_torchs(sizes, seed):
    rng = np.random.default_rng(seed)
    vector, x = rng.normal(size=parameters(sizes)), rng.normal(size=(7, sizes[0]))
    found = activations(vector, sizes, x)
    assert found[0] is x
    expected = torch.from_numpy(x)
    for k, (w, b) in enumerate(split(vector, sizes), start=1):
        expected = expected @ torch.from_numpy(w) + torch.from_numpy(b)
        expected = torch.relu(expected) if k < len(sizes) - 1 else expected
        assert found[k] == pytest.approx(expected.numpy(), abs=1e-12)
    assert found[-1] == pytest.approx(as_network(vector, sizes)(x), abs=1e-12)


def test_the_network_does_not_follow_later_changes_of_the_vector():
    vector = np.ones(parameters((1, 2, 1)))
    net = as_network(vector, (1, 2, 1))
    vector[:] = 5.0
    assert net.weights[0].tolist() == [[1.0, 1.0]]
