import pickle
from dataclasses import replace

import numpy as np
import pytest

from surrogate.box import Box
from surrogate.errors import NetworkError
from surrogate.network import Network

W1, B1 = np.array([[1.0, -1.0, 0.5], [2.0, 0.0, 1.0]]), np.array([0.5, 0.0, -1.0])
W2, B2 = np.array([[1.0], [-2.0], [3.0]]), np.array([0.25])


def test_the_forward_pass_by_hand():
    net = Network((W1, W2), (B1, B2))
    # x = (1, 1): a = (3.5, -1, 0.5), h = (3.5, 0, 0.5), y = 3.5 + 1.5 + 0.25
    hidden, output = net.preactivations([[1.0, 1.0]])
    assert hidden.tolist() == [[3.5, -1.0, 0.5]]
    assert output.tolist() == [[5.25]]
    assert net([[1.0, 1.0]]).tolist() == [[5.25]]


def test_it_knows_its_shape():
    net = Network((W1, W2), (B1, B2), Box.of([(0, 1), (0, 1)]), ("a", "b"), ("c",))
    assert (net.layout, net.n_inputs, net.n_outputs, net.n_neurons) == ("1x3", 2, 1, 3)
    assert repr(net) == "Network(1x3, 2 inputs, 1 outputs, box [0, 1] x [0, 1])"
    assert Network((W1,), (B1,)).layout == "linear"
    assert Network((W1,), (B1,)).output_labels == ("y0", "y1", "y2")


def test_equal_by_content_whatever_the_provenance():
    net = Network((W1, W2), (B1, B2))
    assert net == Network((W1.copy(), W2), (B1, B2), provenance={"seed": "1"})
    assert hash(net) == hash(Network((W1.copy(), W2), (B1, B2)))
    assert net != replace(net, box=Box.of([(0, 1), (0, 1)]))
    assert net != replace(net, biases=(B1, B2 + 1e-16 + 1e-15))


def test_the_content_hash_sees_every_number_but_not_the_sign_of_zero():
    net = Network((W1, W2), (B1, B2))
    assert net.content_hash != Network((W1, W2), (B1, np.nextafter(B2, 1))).content_hash
    assert net.content_hash == Network((W1, W2), (B1 * 1.0 - 0.0, B2)).content_hash
    minus = W1.copy()
    minus[1, 1] = -0.0
    assert net.content_hash == Network((minus, W2), (B1, B2)).content_hash


def test_it_is_frozen_and_owns_its_arrays():
    mine = W1.copy()
    net = Network((mine, W2), (B1, B2), provenance={"seed": "1"})
    mine[:] = 0
    assert net.weights[0].tolist() == W1.tolist()
    with pytest.raises(ValueError, match="read-only"):
        net.weights[0][0, 0] = 1
    with pytest.raises(TypeError):
        net.provenance["seed"] = "2"


@pytest.mark.parametrize(
    ("weights", "biases", "message"),
    [
        ((), (), "at least one layer"),
        ((W1, W2), (B1,), "2 weight arrays and 1 bias arrays"),
        ((W1, W2.T), (B1, B2), r"layer 2: weights \(1, 3\)"),
        ((W2, W2), (B2, B2), "layer 2 takes 3 inputs, layer 1 gives 1"),
        ((W1 * np.nan, W2), (B1, B2), "layer 1 has NaN"),
        ((W1, W2), (B1, B2 * np.inf), "layer 2 has NaN or infinite"),
        ((np.zeros((2, 0)), np.zeros((0, 1))), (np.zeros(0), B2), "none of them 0"),
    ],
)
def test_what_makes_no_network_is_refused(weights, biases, message):
    with pytest.raises(NetworkError, match=message):
        Network(weights, biases)


def test_boxes_labels_and_inputs_must_fit():
    with pytest.raises(NetworkError, match="box bounds 1 inputs, the network has 2"):
        Network((W1, W2), (B1, B2), Box.of([(0, 1)]))
    with pytest.raises(NetworkError, match="2 distinct names"):
        Network((W1, W2), (B1, B2), input_labels=("a", "a"))
    with pytest.raises(NetworkError, match=r"takes \(n, 2\)"):
        Network((W1, W2), (B1, B2))([1.0, 2.0])


def test_a_network_survives_pickling():
    net = Network((W1, W2), (B1, B2), Box.of([(0, 1), (0, 1)]), ("a", "b"), ("c",), {"by": "hand"})
    copy = pickle.loads(pickle.dumps(net))
    assert copy == net
    assert copy.provenance == net.provenance
    assert not copy.weights[0].flags.writeable
