"""The pressure vessel: the published design, the argument for the box, and the repair by hand."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from surrogate.problems import PROBLEMS
from surrogate.problems.pressure_vessel import FILL, HEADS, SHELL, cost, length_for
from tests.problems.fitted import networks_for

VESSEL = PROBLEMS["pressure_vessel"]


def decided(n_shell, n_heads, r, length):
    """The problem with a design of ours in it, and what the networks say of it."""
    built = VESSEL.build(*networks_for(VESSEL, 4), encoding="bigm")
    model = built.model
    for variable, value in (
        (model.n_shell, n_shell),
        (model.n_heads, n_heads),
        (model.t, n_shell / 16),
        (model.h, n_heads / 16),
        (model.r, r),
        (model.l, length),
    ):
        variable.set_value(value)
    for surrogate in built.surrogates:
        (embedding,) = surrogate.embeddings
        at = np.array([[variable.value for variable in embedding.inputs]])
        embedding.outputs[0].set_value(embedding.network(at)[0, 0], skip_validation=True)
    return built


def test_the_published_design_is_feasible_and_costs_what_is_published():
    evaluation = VESSEL.evaluate(decided(13, 7, 42.09844559, 176.63659585))
    assert evaluation.true == pytest.approx(6059.714335, abs=1e-4)
    assert evaluation.violation == pytest.approx(0, abs=1e-8)
    assert evaluation.repaired == pytest.approx(6059.714335, abs=1e-4)
    assert VESSEL.regret(evaluation) == pytest.approx(0, abs=1e-7)


def test_no_pair_of_plates_has_a_cheaper_vessel():
    # the whole published domain, every pair of plates; given them, the best radius by a search
    best = math.inf
    for n_shell, n_heads in product(range(1, 40), range(1, 40)):
        t, h = n_shell / 16, n_heads / 16
        most = min(t / 0.0193, h / 0.00954, 65.225)
        radii = np.linspace(40.3196, most, 30)
        if most < 40.3197:
            continue
        costs = [cost(t, h, r, length_for(r)) for r in radii]
        near = int(np.argmin(costs))
        ends = radii[max(near - 1, 0)], radii[min(near + 1, len(radii) - 1)]
        found = minimize_scalar(
            lambda r, t=t, h=h: cost(t, h, r, length_for(r)), bounds=ends, method="bounded"
        )
        best = min(best, found.fun, costs[near])
    assert VESSEL.optimum - 1e-6 <= best <= VESSEL.optimum + 0.1


def test_the_formulas_are_the_published_ones():
    rng = np.random.default_rng(0)
    for t, h, r, length in rng.uniform([0.82, 0.45, 41, 20], [1.3, 0.6, 60, 190], (20, 4)):
        published = (
            0.6224 * t * r * length + 1.7781 * h * r**2 + 3.1661 * t**2 * length + 19.84 * t**2 * r
        )
        assert cost(t, h, r, length) == pytest.approx(published)
        volume = math.pi * r**2 * length + 4 / 3 * math.pi * r**3
        assert FILL(np.array([[r, length]]))[0, 0] == pytest.approx(volume / 1_296_000)
        assert FILL(np.array([[r, length_for(r)]]))[0, 0] == pytest.approx(1)


@pytest.mark.parametrize("function", [SHELL, HEADS, FILL], ids=lambda f: f.name)
def test_the_ranges_are_the_ranges_on_the_boxes(function):
    values = function(function.box.sample(10_000, np.random.default_rng(0)))
    corners = function(np.array(list(product(*function.box.pairs()))))
    (low, high) = function.range.pairs()[0]
    assert low <= values.min() < values.max() <= high
    assert corners.min() == pytest.approx(low)
    assert corners.max() == pytest.approx(high)


def test_the_box_holds_every_design_that_may_be_best():
    # below, 200 inches do not hold the volume; above, 10 inches do, and larger costs more
    assert length_for(40.3) > 200
    assert length_for(65.3) < 10
    assert 12 / 16 < 0.0193 * 40.3196 < 13 / 16
    assert 6 / 16 < 0.00954 * 40.3196 < 7 / 16
    assert 0.0193 * 65.3 < 21 / 16
    assert 0.00954 * 65.3 < 10 / 16


@pytest.mark.parametrize(
    ("design", "repaired"),
    [
        # too short: the length that holds the volume; too long: likewise
        ((14, 8, 45, 100), (14 / 16, 8 / 16, 45, length_for(45))),
        ((14, 8, 45, 200), (14 / 16, 8 / 16, 45, length_for(45))),
        # too thin a shell for the radius, then too thin a head: the radius gives way
        ((13, 8, 50, 150), (13 / 16, 8 / 16, 13 / 16 / 0.0193, length_for(13 / 16 / 0.0193))),
        ((16, 7, 50, 150), (1, 7 / 16, 7 / 16 / 0.00954, length_for(7 / 16 / 0.00954))),
        # so large a radius that the shortest vessel holds more
        ((21, 10, 65.3, 20), (21 / 16, 10 / 16, 65.3, 10)),
    ],
)
def test_the_repair_keeps_the_plates(design, repaired):
    evaluation = VESSEL.evaluate(decided(*design))
    assert evaluation.repaired == pytest.approx(cost(*repaired))
    assert VESSEL.regret(evaluation) > 0


@pytest.mark.parametrize(
    ("design", "violation"),
    [
        ((13, 8, 50, 150), 0.0193 * 50 - 13 / 16),
        ((16, 7, 50, 150), 0.00954 * 50 - 7 / 16),
        ((14, 8, 45, 100), 1 - (math.pi * 45**2 * 100 + 4 / 3 * math.pi * 45**3) / 1_296_000),
    ],
)
def test_a_design_that_does_not_hold_is_told_by_how_much(design, violation):
    assert VESSEL.evaluate(decided(*design)).violation == pytest.approx(violation)


def test_a_radius_below_all_that_hold_the_volume_is_raised():
    evaluation = VESSEL.evaluate(decided(13, 7, 40.3, 200))
    assert evaluation.violation > 0
    assert evaluation.repaired == pytest.approx(cost(13 / 16, 7 / 16, 40.319619, 200), rel=1e-6)


def test_plates_that_no_radius_suits_have_no_repair():
    built = decided(13, 7, 41, 190)
    built.model.n_shell.set_value(12, skip_validation=True)
    evaluation = VESSEL.evaluate(built)
    assert evaluation.repaired is None
    assert VESSEL.regret(evaluation) is None
