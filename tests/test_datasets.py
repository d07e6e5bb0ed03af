import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.box import Box
from surrogate.datasets import Dataset, Scaling
from surrogate.errors import InputError
from surrogate.functions import FUNCTIONS
from surrogate.network import Network


def test_samples_hold_the_functions_values():
    data = Dataset.sample(FUNCTIONS["peaks"], 50, np.random.default_rng(3))
    assert data.inputs.shape == (50, 2)
    assert np.array_equal(data.outputs, FUNCTIONS["peaks"](data.inputs))
    assert not data.inputs.flags.writeable


def test_what_is_known_of_the_truth_stays_with_its_samples():
    peaks = FUNCTIONS["peaks"]
    data = Dataset.sample(peaks, 50, np.random.default_rng(3))
    split = data.split()
    for one in (data, split.train, split.validation, split.test, pickle.loads(pickle.dumps(data))):
        assert (one.known_box, one.known_range) == (peaks.box, peaks.range)
    for other in (replace(data, outputs=2.0 * data.outputs), Dataset(data.inputs, data.outputs)):
        assert (other.known_box, other.known_range) == (None, None)


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ([[1.0], [np.nan]], [[1.0], [2.0]], "inputs row 1 holds NaN"),
        ([[1.0], [2.0]], [[1.0], [np.inf]], "outputs row 1"),
        ([[1.0], [2.0]], [[1.0]], "2 rows of inputs and 1 of outputs"),
        ([1.0, 2.0], [[1.0]], r"inputs has shape \(2,\)"),
        (np.zeros((0, 2)), np.zeros((0, 1)), r"shape \(0, 2\)"),
        ([[1.0], [2.0]], np.zeros((2, 1, 1)), r"outputs has shape \(2, 1, 1\)"),
        ([[1.0], [2.0]], 3.0, r"outputs has shape \(\)"),
        ([["a"], ["b"]], [[1.0], [2.0]], "inputs are no array of numbers .*'a'"),
        ([[1.0], [2.0, 3.0]], [[1.0], [2.0]], "inputs are no array of numbers"),
    ],
)
def test_unusable_data_is_refused_by_row_or_shape(inputs, outputs, message):
    with pytest.raises(InputError, match=message):
        Dataset(inputs, outputs)


def test_outputs_without_columns_are_one_column():
    data = Dataset([[1.0], [2.0], [4.0]], [5.0, 6.0, 7.0])
    assert data.outputs.tolist() == [[5.0], [6.0], [7.0]]
    assert not data.outputs.flags.writeable


def test_columns_are_called_as_a_network_calls_them_until_they_are_named():
    data = Dataset(np.eye(2), np.eye(2))
    weights, biases = (np.eye(2),), (np.zeros(2),)
    net = Network(weights, biases)
    assert data.input_names == net.input_labels == ("x0", "x1")
    assert data.output_names == net.output_labels == ("y0", "y1")
    named = Dataset(np.eye(2), [1.0, 2.0], ["flow", "heat"], "duty")
    assert (named.input_names, named.output_names) == (("flow", "heat"), ("duty",))
    assert Network(weights, biases, input_labels=named.input_names).input_labels == (
        "flow",
        "heat",
    )


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"input_names": ("a",)}, r"input_names \['a'\] do not name 2 columns"),
        ({"input_names": ("a", "a")}, "give 2 distinct"),
        ({"output_names": ("a", "b")}, "output_names .* do not name 1 columns"),
        ({"output_names": (7,)}, r"output_names \[7\]"),
    ],
)
def test_names_that_do_not_fit_are_refused(names, message):
    with pytest.raises(InputError, match=message):
        Dataset(np.eye(2), [1.0, 2.0], **names)


def test_box_range_and_length_are_those_of_the_samples():
    data = Dataset([[1.0, -4.0], [3.0, 2.0], [2.0, 0.0]], [[5.0, 1.0], [-6.0, 1.0], [0.0, 1.0]])
    assert data.box == Box.of([(1, 3), (-4, 2)])
    assert data.output_range == Box.of([(-6, 5), (1, 1)])
    assert len(data) == 3


def test_scaling_keeps_the_names():
    data = Dataset(np.eye(2), [1.0, 2.0], ("flow", "heat"), ("duty",))
    unit = Scaling(data.box, data.output_range).to_unit(data)
    assert (unit.input_names, unit.output_names) == (("flow", "heat"), ("duty",))


_INTERVALS = st.tuples(st.floats(-1e3, 1e3), st.just(0.0) | st.floats(1e-2, 1e3))


@given(st.lists(_INTERVALS, min_size=2, max_size=2), _INTERVALS)
def test_a_folded_network_equals_the_network_between_its_scalings(intervals, out):
    rng = np.random.default_rng(0)
    unit = Network(
        (rng.normal(size=(2, 5)), rng.normal(size=(5, 1))), (rng.normal(size=5), rng.normal(size=1))
    )
    box = Box.of([(lo, lo + width) for lo, width in intervals])
    scaling = Scaling(box, Box.of([(out[0], out[0] + out[1])]))
    data = Dataset(box.sample(20, rng), np.zeros((20, 1)))
    folded = scaling.fold(unit)
    radius = out[1] / 2 if out[1] else 1.0
    expected = unit(scaling.to_unit(data).inputs) * radius + (out[0] + out[1] / 2)
    assert folded.box == box
    # folding cancels digits where an interval is narrow and far from zero: 1e3 / 1e-2 at most
    assert np.allclose(folded(data.inputs), expected, rtol=1e-9, atol=1e-9 * (1 + radius))


def test_on_the_unit_box_scaling_changes_no_bit():
    rng = np.random.default_rng(1)
    unit = Network((rng.normal(size=(2, 3)), rng.normal(size=(3, 1))), (rng.normal(size=3), [0.1]))
    cube = Box.of([(-1, 1), (-1, 1)])
    scaling = Scaling(cube, Box.of([(-1, 1)]))
    assert scaling.fold(unit).content_hash == unit.content_hash
    data = Dataset(cube.sample(9, rng), rng.uniform(-1, 1, (9, 1)))
    assert np.array_equal(scaling.to_unit(data).inputs, data.inputs)
    assert np.array_equal(scaling.to_unit(data).outputs, data.outputs)
