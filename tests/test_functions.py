import numpy as np
import pytest
from scipy.optimize import Bounds, minimize
from scipy.special import sici

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
        # the published minima; cos(-5) of the maximum's corner (-5, 0)
        ("branin", (-np.pi, 12.275), 0.397887),
        ("branin", (np.pi, 2.275), 0.397887),
        ("branin", (3 * np.pi, 2.475), 0.397887),
        ("branin", (-5, 0), 308.129096),
        ("hartmann3", (0.114614, 0.555649, 0.852547), -3.86278),
        ("hartmann6", (0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573), -3.32237),
        # each input alone: sin(pi / 6) = 1/2, and 20 (1/4 - 1/2)^2 = 5/4
        ("friedman", (0.5, 1 / 3, 0.5, 0, 0), 5),
        ("friedman", (1, 0, 0.25, 0, 0), 1.25),
        ("friedman", (0, 1, 0.5, 0.3, 0), 3),
        ("friedman", (0, 1, 0.5, 0, 0.3), 1.5),
        # each term alone: sin(2/4 + 1/4), cos(1 - 1/2) / 2, 1/4 of 1/2, and -1/8
        ("mixed5", (0.5, 0.5, 0.25, 0, 0), 0.681639),
        ("mixed5", (0.5, 0, 0, 0.5, 0.5), 0.438791),
        ("mixed5", (0, 0, 0.5, 0, 1), 0.479426 + 0.125),
        ("mixed5", (0, 0.25, 0, 0.5, 0), 0.5 - 0.125),
        # sin(3/4) / 2, 1/8, and -0.3 / 8 with sin(1/2) / 2
        ("mixed10", (0, 0, 0, 0, 0, 0.25, 0.5, 0.5, 0, 0), 0.340819),
        ("mixed10", (0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0.5), 0.125),
        ("mixed10", (0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0.5), 0.239713 - 0.0375),
        # the largest values
        ("mixed5", (-np.pi / 4, -1, 0, 1, -np.pi / 8), 3),
        ("mixed10", (-np.pi / 4, -1, 0, 1, -np.pi / 8, -1, 1, 1, 1, 1), 3.8 + np.sin(1) / 2),
    ],
)
def test_known_values(name, x, value):
    assert FUNCTIONS[name](np.array([x], float))[0, 0] == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_random_point_leaves_the_range(name):
    function = FUNCTIONS[name]
    values = function(function.box.sample(200_000, np.random.default_rng(0)))
    low, high = function.range.pairs()[0]
    assert low <= values.min() < values.max() <= high


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if FUNCTIONS[n].box.n_inputs < 6])
def test_the_range_is_the_range_on_the_box(name):
    function = FUNCTIONS[name]
    # corners and centre included; Hartmann's wells are narrow for a grid of three inputs
    per_axis, near = {2: (1201, 1e-4), 3: (121, 3e-4), 5: (11, 1e-4)}[function.box.n_inputs]
    axes = [np.linspace(lo, up, per_axis) for lo, up in function.box.pairs()]
    values = function(np.stack(np.meshgrid(*axes), -1).reshape(-1, len(axes)))
    (low, high), width = function.range.pairs()[0], np.ptp(values)
    assert low <= values.min() < low + near * width
    assert high - near * width < values.max() <= high


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_local_search_leaves_the_range(name):
    function = FUNCTIONS[name]
    low, high = function.range.pairs()[0]
    within = Bounds(function.box.lower, function.box.upper)
    found = []
    for start in function.box.sample(40, np.random.default_rng(0)):
        for sign in (1, -1):
            end = minimize(lambda x, s=sign: s * function(x[None])[0, 0], start, bounds=within)
            found.append(function(end.x[None])[0, 0])
    assert low <= min(found) < low + 1e-3 * (high - low)
    assert high - 1e-3 * (high - low) < max(found) <= high


@pytest.mark.parametrize(
    ("name", "turned"), [("mixed5", (0, 2, 3, 4)), ("mixed10", (0, 2, 3, 4, 5, 6, 8))]
)
def test_mixed_functions_are_odd_in_some_inputs(name, turned):
    x = FUNCTIONS[name].box.sample(100, np.random.default_rng(1))
    other = x.copy()
    other[:, turned] *= -1
    assert FUNCTIONS[name](other) == pytest.approx(-FUNCTIONS[name](x), abs=1e-12)


def test_the_grid_is_even_and_does_not_weight_the_boundary():
    grid = FUNCTIONS["xy"].grid()
    assert grid.shape == (160_000, 2)
    assert grid.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    # E|xy| = 1/4: a grid with points on the boundary overestimates it
    assert np.abs(FUNCTIONS["xy"](grid)).mean() == pytest.approx(0.25, abs=1e-12)


def test_above_three_inputs_the_grid_is_a_fixed_sequence_with_a_point_in_every_slice():
    friedman = FUNCTIONS["friedman"]
    grid = friedman.grid()
    n = 2**17
    assert grid.shape == (n, 5)
    assert np.array_equal(grid, friedman.grid())
    for column in grid.T:  # each of n slices of the axis holds exactly one point
        assert np.array_equal(np.sort(np.floor(column * n)), np.arange(n))


def test_a_mean_over_the_sequence_is_the_mean_over_the_box():
    friedman = FUNCTIONS["friedman"]
    # E sin(pi u v) = 1/pi int_0^pi (1 - cos t) / t dt = (gamma + ln pi - Ci(pi)) / pi
    mean_sine = (np.euler_gamma + np.log(np.pi) - sici(np.pi)[1]) / np.pi
    expected = 10 * mean_sine + 20 / 12 + 5 + 2.5
    # the centres of 11 cells per axis miss it by 1.4e-3, 2^17 uniform points by 1e-2
    assert friedman(friedman.grid()).mean() == pytest.approx(expected, abs=1e-5)


def test_an_unknown_function_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'yx' is unknown.*xy, peaks, rosenbrock, branin"):
        function_named("yx")
