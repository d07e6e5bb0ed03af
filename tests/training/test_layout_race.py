"""Layouts are raced, and the best are trained: `train_layouts`."""

import numpy as np
import pytest

from surrogate.datasets import Dataset
from surrogate.errors import InputError, LayoutError
from surrogate.training import train_layouts


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


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"layouts": []}, InputError, "0 layouts"),
        ({"layouts": ["1x3"], "keep": 0}, InputError, "keep 0"),
        ({"layouts": ["3y8"]}, LayoutError, "'3y8' is not understood"),
        ({"neurons": 0}, LayoutError, "0 neurons"),
        ({"neurons": 60, "max_depth": 4}, LayoutError, "the limit is 5,000"),
    ],
)
def test_refusals(arguments, error, message):
    with pytest.raises(error, match=message):
        train_layouts(hat(40), **arguments)
