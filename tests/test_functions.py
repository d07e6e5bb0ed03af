import numpy as np
import pytest

from surrogate.errors import InputError
from surrogate.functions import FUNCTIONS, function_named


@pytest.mark.parametrize(
    ("name", "x", "value"),
    [
        ("xy", (0.5, -0.5), -0.25),
        ("rosenbrock", (1, 1), 0),
        ("rosenbrock", (-2, -2), 3609),
        # the published maximum and minimum of peaks
        ("peaks", (-0.0093, 1.5814), 8.1062),
        ("peaks", (0.2283, -1.6255), -6.5511),
    ],
)
def test_known_values(name, x, value):
    assert FUNCTIONS[name](np.array([x], float))[0, 0] == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_range_is_the_range_on_the_box(name):
    function = FUNCTIONS[name]
    axes = [np.linspace(lo, up, 1201) for lo, up in function.box.pairs()]
    values = function(np.stack(np.meshgrid(*axes), -1).reshape(-1, 2))
    (low, high), width = function.range.pairs()[0], np.ptp(values)
    assert low <= values.min() < low + 1e-4 * width
    assert high - 1e-4 * width < values.max() <= high


def test_the_grid_is_even_and_does_not_weight_the_boundary():
    grid = FUNCTIONS["xy"].grid()
    assert grid.shape == (160_000, 2)
    assert grid.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    # E|xy| = 1/4: a grid with points on the boundary overestimates it
    assert np.abs(FUNCTIONS["xy"](grid)).mean() == pytest.approx(0.25, abs=1e-12)


def test_an_unknown_function_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'yx' is unknown.*xy, peaks"):
        function_named("yx")
