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


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ([[1.0], [np.nan]], [[1.0], [2.0]], "inputs row 1 holds NaN"),
        ([[1.0], [2.0]], [[1.0], [np.inf]], "outputs row 1"),
        ([[1.0], [2.0]], [[1.0]], "2 rows of inputs and 1 of outputs"),
        ([1.0, 2.0], [[1.0]], r"inputs has shape \(2,\)"),
        (np.zeros((0, 2)), np.zeros((0, 1)), r"shape \(0, 2\)"),
    ],
)
def test_unusable_data_is_refused_by_row_or_shape(inputs, outputs, message):
    with pytest.raises(InputError, match=message):
        Dataset(inputs, outputs)


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
