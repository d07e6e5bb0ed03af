"""Hulls of data: every sample inside, what is outside cut off, whatever the data look like."""

import pickle

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from surrogate.box import Box
from surrogate.errors import InputError
from surrogate.validity import Hull
from surrogate.validity import hull as room
from surrogate.validity.facets import MOST_FACETS


def is_inside(data, x):
    """By a linear program over the samples themselves: is x a convex combination?"""
    scale = np.where(np.ptp(data, axis=0) > 0.0, np.ptp(data, axis=0), 1.0)
    system = np.vstack([((data - x) / scale).T, np.ones(len(data))])
    right = np.append(np.zeros(len(x)), 1.0)
    return linprog(np.zeros(len(data)), A_eq=system, b_eq=right).status == 0


def cloud(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)


DATA = {
    "plane": cloud(400, 2),
    "space": cloud(200, 3),
    "too many facets": cloud(300, 4),
    "too many dimensions": cloud(60, 9),
    "a line": np.linspace(0.0, 1.0, 20)[:, None] * [1.0, -2.0, 3.0] + [0.5, 0.0, -7.0],
    "one input": np.array([[3.0], [1.0], [2.0]]),
    "two points": np.array([[0.0, 1.0, 5.0], [2.0, 1.0, 4.0]]),
    "a constant column": np.insert(cloud(50, 2), 1, 0.1, axis=1),
    "shares": np.random.default_rng(0).dirichlet(np.ones(4), 100),
    "repeated": np.repeat(cloud(10, 2), 30, axis=0),
    "a grid": np.stack(np.meshgrid(*[[0.0, 0.5, 1.0]] * 3), axis=-1).reshape(-1, 3),
    "large units": cloud(100, 2) * [1e8, 1e-6] + [3e9, 0.0],
    "fewer points than inputs": cloud(4, 7),
}


@pytest.fixture(params=DATA)
def data(request):
    return DATA[request.param]


def test_every_sample_is_inside(data):
    hull = Hull.of(data)
    assert hull.contains(data).all()
    assert hull.left_out == 0.0


def test_what_is_outside_is_cut_off_and_what_is_inside_is_not(data):
    hull, rng = Hull.of(data), np.random.default_rng(1)
    low, up = data.min(axis=0), data.max(axis=0)
    mixed = rng.dirichlet(np.ones(len(data)), 20) @ data
    beyond = [data[i] + 0.1 * (data[i] - data.mean(axis=0)) for i in range(0, len(data), 9)]
    points = np.vstack([rng.uniform(low, up, (60, len(low))), mixed, beyond])
    assert hull.contains(points).tolist() == [is_inside(data, x) for x in points]


def test_the_rows_are_the_hull(data):
    """Facets, flat rows and box, or else weights: as `embed` writes them."""
    hull, rng = Hull.of(data), np.random.default_rng(2)
    if hull.facets is None:
        return
    rows, lower, upper = hull.flat
    assert (data @ hull.facets.matrix.T <= hull.facets.rhs).all()
    assert ((data @ rows.T >= lower) & (data @ rows.T <= upper)).all()
    matrix, rhs = np.vstack([hull.facets.matrix, rows, -rows]), [hull.facets.rhs, upper, -lower]
    centre = data.mean(axis=0)  # in units in which the oracle has no trouble
    scale = np.where(np.ptp(data, axis=0) > 0.0, np.ptp(data, axis=0), 1.0)
    sides = np.column_stack([hull.box.lower - centre, hull.box.upper - centre]) / scale[:, None]
    for c in rng.normal(size=(10, data.shape[1])):
        found = linprog(c, matrix * scale, np.concatenate(rhs) - matrix @ centre, bounds=sides)
        assert found.fun == pytest.approx(((data - centre) / scale @ c).min(), abs=1e-6)


def test_the_form_is_the_one_that_the_data_call_for():
    assert Hull.of(DATA["plane"]).facets is not None
    assert len(Hull.of(DATA["a grid"]).facets.rhs) == 6  # coplanar ones are one
    assert len(Hull.of(DATA["a grid"]).points) == 8
    assert len(Hull.of(DATA["a line"]).points) == 2
    assert Hull.of(DATA["too many facets"]).facets is None
    assert Hull.of(DATA["too many dimensions"]).facets is None
    assert Hull.of(DATA["shares"]).flat[0].shape == (1, 4)
    assert len(Hull.of(cloud(500, 2)).facets.rhs) < MOST_FACETS


small = st.integers(-3, 3).map(float)


@settings(max_examples=150)
@given(
    rows=st.lists(st.lists(small, min_size=3, max_size=3), min_size=2, max_size=12),
    x=st.lists(small, min_size=3, max_size=3),
)
def test_degenerate_data_are_no_trouble(rows, x):
    data = np.array(rows)
    assume((data != data[0]).any())
    hull = Hull.of(data)
    assert hull.contains(data).all()
    assert hull.contains([x])[0] == is_inside(data, np.array(x))


def test_a_hull_of_some_points_is_inside_that_of_all_and_says_what_it_loses(monkeypatch):
    monkeypatch.setattr(room, "MOST_POINTS", 40)
    data = cloud(2000, 6)
    hull = Hull.of(data)
    assert len(hull.points) == 40
    outside = 1.0 - hull.contains(data).mean()
    assert hull.left_out == pytest.approx(outside, abs=0.12)  # it asks 100 of them
    assert hull.left_out > 0.2
    assert {tuple(p) for p in hull.points} <= {tuple(p) for p in data}
    assert Hull.of(data) == hull  # the same every time
    smooth = np.random.default_rng(0).normal(size=(500, 3))
    smooth /= np.linalg.norm(smooth, axis=1)[:, None]
    assert len(Hull.of(smooth).points) == 40  # every one of the 500 is a vertex


def test_a_smooth_ridge_fills_what_may_be_kept():
    x = np.random.default_rng(0).uniform(-1, 1, (10_000, 2))
    hull = Hull.of(x, np.sin(x @ [0.13, -0.13]))  # random directions meet a hundred vertices
    assert len(hull.points) >= room.MOST_POINTS
    assert hull.inputs_left_out == 0.0


def test_inputs_together_with_outputs():
    x = cloud(200, 2)
    y = x[:, :1] * x[:, 1:]
    hull = Hull.of(x, y[:, 0])
    both = np.hstack([x, y])
    assert (hull.n_inputs, hull.n_outputs) == (2, 1)
    assert hull.contains(both).all()
    assert set(map(tuple, hull.inputs.points)) == set(map(tuple, Hull.of(x).points))
    assert hull.inputs.contains(x).all()
    points = both + np.random.default_rng(0).normal(size=both.shape)
    assert hull.contains(points).tolist() == [is_inside(both, p) for p in points]


@pytest.mark.parametrize("name", ["plane", "too many facets", "a line", "shares"])
def test_a_point_on_the_boundary_names_a_facet_that_supports_the_hull(name):
    data = DATA[name]
    hull, centre = Hull.of(data), data.mean(axis=0)
    assert not len(hull.sides_at(centre).rhs)
    for vertex in hull.points[:4]:
        sides = hull.sides_at(vertex)
        assert len(sides.rhs)
        for row, limit in zip(sides.matrix, sides.rhs, strict=True):
            assert row @ vertex == pytest.approx((data @ row).max(), abs=1e-6)
            assert limit == pytest.approx((data @ row).max(), abs=1e-6)
            assert limit > row @ centre + 1e-3
        assert not len(hull.sides_at(centre + 0.99 * (vertex - centre)).rhs)


def test_meeting_a_box():
    triangle = Hull.of([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert triangle.meets(Box.of([(0.4, 1), (0.4, 1)]))
    assert not triangle.meets(Box.of([(0.6, 1), (0.6, 1)]))
    joint = Hull.of([[0.0], [1.0]], [5.0, 6.0])
    assert joint.meets(Box.of([(0.5, 0.5)]))


def test_equality_hash_and_pickle():
    hull = Hull.of(DATA["plane"])
    assert pickle.loads(pickle.dumps(hull)) == hull
    assert hash(Hull.of(DATA["plane"])) == hash(hull)
    assert Hull.of(DATA["plane"] + 1.0) != hull
    assert repr(hull).startswith(f"Hull({len(hull.points)} points of 2 inputs")
    with pytest.raises(ValueError, match="read-only"):
        hull.points[0, 0] = 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.0, np.nan], [1.0, 2.0]],), "inputs row 0 .*remove rows with NaN"),
        (([[0.0], [1.0]], [1.0, np.inf]), "outputs row 1"),
        (([[1e200], [1.0]],), "choose a unit"),
        (([[1.0, 2.0]],), r"all 1 inputs are \[1.0, 2.0\]; give samples of at least 2"),
        (([[1.0], [1.0]], [1.0, 2.0]), "all 2 inputs"),
        (([[0.0], [1.0]], [1.0]), "2 rows of inputs and 1 of outputs"),
        (([1.0, 2.0],), "shape"),
        ((np.empty((0, 2)),), "none of them 0"),
        (("points",), "no array of numbers"),
        ((np.eye(2, 20_000),), "columns are more than"),
    ],
)
def test_data_that_make_no_hull(arguments, message):
    with pytest.raises(InputError, match=message):
        Hull.of(*arguments)


def test_points_that_make_no_hull():
    with pytest.raises(InputError, match="3 of 2 columns"):
        Hull(np.eye(2), 3)
    with pytest.raises(InputError, match=r"Hull.of\(inputs\) chooses"):
        Hull(cloud(1001, 2), 2)
    with pytest.raises(InputError, match="give a share"):
        Hull(np.eye(2), 2, left_out=1.5)
    with pytest.raises(InputError, match="2 numbers, the hull is one of 3"):
        Hull.of(cloud(9, 3)).contains([[0.0, 1.0]])
