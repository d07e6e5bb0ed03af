"""Layouts are raced, and the best are trained: `train_layouts`."""

from itertools import pairwise

import numpy as np
import pytest

from surrogate.datasets import Dataset, Split
from surrogate.errors import InputError, LayoutError
from surrogate.network import Network
from surrogate.training import Errors, Trained, layout_race, train_layouts
from surrogate.training.best import Candidate


def hat(n=240):
    """max(0, 1/2 - |x|), flat to either side: three kinks, which are three neurons side by side."""
    x = np.random.default_rng(0).uniform(-1.0, 1.0, (n, 1))
    return Dataset(x, np.maximum(0.0, 0.5 - np.abs(x)))


@pytest.fixture(scope="module")
def raced():
    seen = []
    found = train_layouts(
        hat(), neurons=3, max_depth=2, keep=2, restarts=2, on_progress=seen.append
    )
    return found, seen


def test_the_best_layouts_come_first(raced):
    found, _ = raced
    errors = [trained[0].errors["validation"].mae[0] for trained in found.values()]
    assert len(found) == 2
    assert errors == sorted(errors)
    assert errors[0] < 1e-3
    for layout, trained in found.items():
        assert [one.network.layout for one in trained] == [layout] * 2


def test_progress_rises_to_one(raced):
    _, seen = raced
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_layout_that_cannot_is_dropped():
    found = train_layouts(hat(), ["1x1", "1x3"], keep=1, restarts=1)
    assert list(found) == ["1x3"]


def test_no_race_where_all_are_kept():
    assert set(train_layouts(hat(60), ["1x2", "1x1"], keep=2, restarts=1)) == {"1x1", "1x2"}


CONSTANTS = {"1x1": 0.0, "1x2": 5.0}
"""What two layouts answer to the outlier of `outlier`, whatever the input."""


def outlier():
    """20 samples, of which one is 10 and the others are 0: 0 is right on average, 5 at worst."""
    data = Dataset(np.linspace(0.0, 1.0, 20)[:, None], 10.0 * (np.arange(20) == 7))
    return Split(data, data, data)


@pytest.mark.parametrize(("objective", "best"), [("mae", "1x1"), ("mse", "1x1"), ("max", "1x2")])
@pytest.mark.parametrize("keep", [1, 2])  # 1: the race decides; 2: the trained are sorted
def test_the_objective_decides(monkeypatch, objective, best, keep):
    def race(task, *_):
        sizes = task.some.sizes
        vector = np.zeros(sum((a + 1) * b for a, b in pairwise(sizes)))
        vector[-1] = CONSTANTS[f"1x{sizes[1]}"] / 5.0 - 1.0  # the outputs' range is [0, 10]
        return [Candidate(0, vector, 0.0, task.watched.at(vector).loss, (0.0,))]

    def train(split, layout, *_, **__):
        width = int(layout[-1])
        weights = np.zeros((1, width)), np.zeros((width, 1))
        net = Network(weights, (np.zeros(width), np.array([CONSTANTS[layout]])))
        errors = {"validation": Errors.of(net, split.validation)}
        return [Trained(net, 0, np.zeros(1), errors)]

    monkeypatch.setattr(layout_race, "race", race)
    monkeypatch.setattr(layout_race, "train", train)
    for layouts in (["1x1", "1x2"], ["1x2", "1x1"]):
        found = train_layouts(outlier(), layouts, keep=keep, objective=objective)
        assert len(found) == keep
        assert next(iter(found)) == best


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"layouts": []}, InputError, "layouts is empty; give 'all', or a list"),
        (
            {"layouts": "3x2"},
            InputError,
            r"layouts is '3x2'; give 'all', or a list such as",
        ),
        ({"layouts": 24}, InputError, "layouts is 24; give 'all', or a list"),
        ({"layouts": ["1x3"], "keep": 0}, InputError, "keep is 0; give a whole number, at least 1"),
        ({"layouts": ["1x3", "3y8"]}, LayoutError, "'3y8' is not understood"),
        ({"layouts": ["1x3", 3]}, InputError, "layout is 3; give a text"),
        ({"layouts": ["1x3", ["1x2"]]}, InputError, r"layout is \['1x2'\]; give a text"),
        ({"layouts": ["1x3", "2x100"]}, InputError, "10,401 parameters, .* at most 10,000"),
        ({"restarts": 0}, InputError, "restarts is 0; give a whole number, at least 1"),
        ({"seed": -1}, InputError, "seed is -1; give a whole number, at least 0"),
        ({"objective": "foo"}, InputError, "objective 'foo' is unknown; choose one of mae, mse"),
        ({"neurons": "24"}, InputError, "neurons is '24'; give a whole number"),
        ({"max_depth": 2.5}, InputError, "max_depth is 2.5; give a whole number"),
        ({"neurons": 0}, LayoutError, "0 neurons"),
        ({"neurons": 60, "max_depth": 4}, LayoutError, "the limit is 5,000"),
    ],
)
def test_refusals_come_before_the_race(monkeypatch, arguments, error, message):
    monkeypatch.setattr(layout_race, "race", lambda *_: pytest.fail("raced"))
    with pytest.raises(error, match=message):
        train_layouts(hat(40), **{"keep": 1, "neurons": 3, **arguments})
