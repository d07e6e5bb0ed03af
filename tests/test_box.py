import numpy as np
import pytest

from surrogate.box import Box
from surrogate.errors import BoxError


def test_pairs_go_in_and_come_out():
    box = Box.of([(-1, 2), (0, 0)])
    assert box.pairs() == [(-1.0, 2.0), (0.0, 0.0)]
    assert box.n_inputs == 2
    assert Box.of(box) is box
    assert str(box) == "[-1, 2] x [0, 0]"
    assert repr(box) == "Box([-1, 2] x [0, 0])"


def test_equal_by_content_and_frozen():
    box = Box.of([(-1, 2)])
    assert box == Box.of([(-1.0, 2.0)])
    assert hash(box) == hash(Box.of([(-1.0, 2.0)]))
    assert box != Box.of([(-1, 3)])
    assert box != "[-1, 2]"
    with pytest.raises(ValueError, match="read-only"):
        box.lower[0] = 5


def test_does_not_share_the_callers_arrays():
    lower = np.zeros(2)
    box = Box(lower, np.ones(2))
    lower[0] = 9
    assert box.lower[0] == 0


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([(0, float("inf"))], "input 0 has bounds .*finite"),
        ([(0, 1), (float("nan"), 1)], "input 1 has bounds"),
        ([(0, 1), (2, 1)], "input 1 has lower bound 2 above its upper bound 1"),
        ([(0, 1, 2)], "input 0 has 3 values"),
        ([1, 2], "is no list of intervals"),
        ([("a", "b")], "is no list of intervals"),
        (7, "is no list of intervals"),
    ],
)
def test_a_bad_interval_is_named(pairs, message):
    with pytest.raises(BoxError, match=message):
        Box.of(pairs)


def test_shapes_must_agree():
    with pytest.raises(BoxError, match=r"\(2,\) and upper \(3,\)"):
        Box(np.zeros(2), np.ones(3))


def test_intersection_is_the_common_part_or_an_error_that_names_the_input():
    box = Box.of([(-1, 2), (0, 5)])
    assert box.intersect(Box.of([(0, 9), (1, 2)])) == Box.of([(0, 2), (1, 2)])
    with pytest.raises(BoxError, match="input 1"):
        box.intersect(Box.of([(0, 1), (6, 7)]))


def test_samples_stay_inside():
    box = Box.of([(-1, 2), (3, 3)])
    x = box.sample(500, np.random.default_rng(0))
    assert x.shape == (500, 2)
    assert (x >= box.lower).all()
    assert (x <= box.upper).all()
    assert np.ptp(x[:, 0]) > 2.9
