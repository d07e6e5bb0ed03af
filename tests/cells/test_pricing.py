"""Pricing encloses the minimum of v.f(x) - g.x: enumeration and HiGHS say what it is."""

from fractions import Fraction

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.box import Box
from surrogate.cells import CellTree, Cover, Following, price, price_search, pricing
from surrogate.cells.price_search import PriceSearch
from surrogate.embedding import embed
from surrogate.regions import enumerate_regions
from surrogate.solving import Status, solve
from tests.cells.random_nets import (
    boxes_inside,
    descended,
    exact_product,
    exact_value,
    nets,
    points_inside,
)
from tests.nets import make_net
from tests.solving.mixed_models import without_hints

seeds = st.integers(0, 10**6)
small = st.builds(
    make_net,
    widths=st.lists(st.integers(2, 5), min_size=1, max_size=2).map(tuple),
    n_inputs=st.integers(1, 3),
    n_outputs=st.integers(1, 3),
    seed=st.integers(0, 10**6),
    half_width=st.sampled_from([0.1, 1.0, 20.0]),
)


@pytest.fixture(params=[1, 128])
def batch(request, monkeypatch):
    monkeypatch.setattr(pricing, "BATCH", request.param)


def prices(net, rng):
    """v and g of like effect, so that the minimum is not always at a corner of the box."""
    v = rng.uniform(-1.0, 1.0, net.n_outputs)
    x = net.box.sample(50, rng)
    size = np.ptp(net(x) @ v) / (np.ptp(x, axis=0).max() + 1e-9)
    return v, rng.uniform(-1.0, 1.0, net.n_inputs) * size


def whole(net, lower=None, upper=None):
    tree = CellTree(net, net.box)
    lower = net.box.lower if lower is None else lower
    return tree, Cover.of(tree, lower, net.box.upper if upper is None else upper)


def spread(net, v, g, rng):
    x = net.box.sample(200, rng)
    return float(np.ptp(net(x) @ v - x @ g)) + 1e-9


def exact(net, v, g, x):
    return exact_value(net, v, x) - exact_product(g.tolist(), x.tolist())


def assert_holds(net, found, v, g, points):
    """At points of the cover v.f >= g.x + least, and the bound of every cell that holds them."""
    for x in points:
        value = exact(net, v, g, x)
        assert value >= Fraction(found.least)
        inside = ((x >= found.cover.lower) & (x <= found.cover.upper)).all(axis=1)
        assert inside.any()
        assert value >= Fraction(float(found.bounds[inside].max()))


def assert_consistent(net, found, v, g):
    """The value is attained at the points that come with it, which are in the cover."""
    assert len(found.bounds) == len(found.cover)
    x = found.points.x
    assert np.array_equal(found.points.y, net(x))
    values = found.points.costs(v, g)
    assert found.value == pytest.approx(values.min(), rel=1e-9, abs=1e-12)
    low, up = found.cover.hull
    assert ((x >= low) & (x <= up)).all()
    terms = np.abs(net(x)) @ np.abs(v) + np.abs(x) @ np.abs(g)
    assert found.least <= found.value + 1e-12 * terms.max()


@settings(max_examples=40)
@given(net=small, seed=seeds)
def test_the_minimum_by_enumeration_is_enclosed_and_within_the_gap(net, seed):
    rng = np.random.default_rng(seed)
    v, g = prices(net, rng)
    lower, upper = (ends[1] for ends in boxes_inside(net.box, 1, rng))
    tree, cover = whole(net, lower, upper)
    gap = 1e-3 * spread(net, v, g, rng)
    found = price(tree, cover, v, g, gap)
    assert_consistent(net, found, v, g)
    corners = np.clip(enumerate_regions(net, Box(lower, upper)).vertices, lower, upper)
    values = corners_values = net(corners) @ v - corners @ g
    lowest = corners[np.argsort(corners_values)[:5]]
    assert_holds(net, found, v, g, np.vstack([lowest, points_inside(lower, upper, 3, rng)]))
    scale = (np.abs(net(corners)) @ np.abs(v) + np.abs(corners) @ np.abs(g)).max()
    assert found.value >= values.min() - 1e-9 * scale
    assert found.value - found.least <= gap
    assert found.value <= values.min() + gap


@settings(max_examples=60)
@given(net=nets, seed=seeds, share=st.sampled_from([1e-4, 0.05, np.inf]))
def test_the_cut_holds_exactly_for_all_kinds_of_nets(net, seed, share):
    rng = np.random.default_rng(seed)
    v, g = prices(net, rng)
    tree, cover = whole(net)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pricing, "MOST_CELLS", 300)
        found = price(tree, cover, v, g, share * spread(net, v, g, rng))
    assert_consistent(net, found, v, g)
    path = descended(net, net.box.lower, net.box.upper, v, g, rng)
    best = path[np.argsort(net(path) @ v - path @ g)[:3]]
    best = np.vstack(
        [best, found.points.x[:2], points_inside(net.box.lower, net.box.upper, 2, rng)]
    )
    assert_holds(net, found, v, g, best)


@pytest.mark.parametrize("seed", range(4))
def test_the_minimum_by_highs_is_enclosed(seed):
    net = make_net((6, 5), n_inputs=4 + seed % 2, n_outputs=2, seed=seed)
    rng = np.random.default_rng(seed)
    v, g = prices(net, rng)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(net.n_inputs), bounds=dict(enumerate(net.box.pairs())))
    emb = embed(model, net, model.x, encoding="bigm")
    terms = [float(c) * y for c, y in zip(v, emb.outputs, strict=True)]
    terms += [-float(c) * x for c, x in zip(g, model.x.values(), strict=True)]
    model.objective = pyo.Objective(expr=sum(terms))
    solution = solve(without_hints(model), rel_gap=0.0)
    assert solution.status is Status.OPTIMAL
    gap = 0.02 * spread(net, v, g, rng)
    found = price(*whole(net), v, g, gap)
    assert found.least <= solution.objective + 1e-6
    assert found.value >= solution.bound - 1e-6
    assert found.value - found.least <= gap
    best = np.array([x.value for x in model.x.values()])
    assert_holds(net, found, v, g, np.clip(best, net.box.lower, net.box.upper)[None])


@settings(max_examples=20)
@given(net=small, seed=seeds)
def test_no_price_of_the_outputs_leaves_a_linear_function(net, seed):
    rng = np.random.default_rng(seed)
    g = rng.uniform(-1.0, 1.0, net.n_inputs)
    found = price(*whole(net), np.zeros(net.n_outputs), g, 1e-6)
    lowest = -np.abs(g) @ net.box.upper
    assert found.least <= found.value == pytest.approx(lowest, rel=1e-12)
    assert found.least == pytest.approx(lowest, rel=1e-9)
    assert len(found.cover) == 1


@pytest.mark.usefixtures("batch")
def test_one_output_has_one_plane_for_all_its_prices():
    net = make_net((4, 3), n_inputs=2, seed=3)
    rng = np.random.default_rng(0)
    tree, cover = whole(net)
    corners = enumerate_regions(net).vertices
    for size in (3.0, 0.25, -3.0, -0.25, 1e-9, 0.0):
        v, g = np.array([size]), size * rng.uniform(-1.0, 1.0, 2)
        found = price(tree, cover, v, g, 1e-3 * abs(size))
        lowest = corners[np.argsort(net(corners) @ v - corners @ g)[:3]]
        assert_holds(net, found, v, g, lowest)
        assert found.value - found.least <= 1e-3 * abs(size)
    assert len(tree._planes) <= 3


@pytest.mark.usefixtures("batch")
def test_a_bound_that_is_enough_ends_it():
    net = make_net((6, 6), n_inputs=3, seed=1)
    rng = np.random.default_rng(1)
    v, g = prices(net, rng)
    gap = 1e-4 * spread(net, v, g, rng)
    fine = price(*whole(net), v, g, gap)
    first = price(*whole(net), v, g, gap, enough=-np.inf)
    assert len(first.cover) == 1
    assert first.least < fine.least
    enough = 0.5 * (first.least + fine.least)
    tree, cover = whole(net)
    some = price(tree, cover, v, g, gap, enough=enough)
    assert enough <= some.least <= fine.value
    assert 1 < len(some.cover) < len(fine.cover)
    corners = enumerate_regions(net).vertices
    lowest = corners[np.argsort(net(corners) @ v - corners @ g)[:3]]
    for found in (fine, first, some):
        assert_consistent(net, found, v, g)
        assert_holds(net, found, v, g, lowest)


def test_a_deadline_ends_it_with_bounds_that_hold():
    net = make_net((6, 6), n_inputs=3, seed=1)
    rng = np.random.default_rng(1)
    v, g = prices(net, rng)
    found = price(*whole(net), v, g, 0.0, deadline=0.0)
    assert len(found.cover) == 1
    assert_consistent(net, found, v, g)
    assert_holds(net, found, v, g, points_inside(net.box.lower, net.box.upper, 5, rng))


def test_it_makes_no_more_cells_than_it_may(monkeypatch):
    net = make_net((8, 8), n_inputs=4, seed=2)
    rng = np.random.default_rng(1)
    v, g = prices(net, rng)
    v, g = -v, -g
    monkeypatch.setattr(pricing, "BATCH", 8)
    tree, cover = whole(net)
    price(tree, cover, v, g, 0.0)
    assert len(tree) > 100
    monkeypatch.setattr(pricing, "MOST_CELLS", 40)
    tree, cover = whole(net)
    found = price(tree, cover, v, g, 0.0)
    assert 40 < len(tree) <= 60
    assert_holds(net, found, v, g, points_inside(net.box.lower, net.box.upper, 5, rng))
    monkeypatch.setattr(CellTree, "full", True)
    before = len(tree)
    full = price(tree, found.cover, v, g, 0.0)
    assert len(tree) == before
    assert_holds(net, full, v, g, points_inside(net.box.lower, net.box.upper, 5, rng))


def test_what_is_known_costs_no_new_cell():
    net = make_net((6, 6), n_inputs=3, seed=1)
    rng = np.random.default_rng(1)
    v, g = prices(net, rng)
    tree, cover = whole(net)
    found = price(tree, cover, v, g, 0.01 * spread(net, v, g, rng))
    before = len(tree)
    again = price(tree, found.cover, v, g, np.inf)
    assert len(tree) == before
    assert again.least <= found.least  # by planes alone: slopes made for a price are not kept
    assert_holds(net, again, v, g, net.box.sample(5, rng))
    elsewhere = price(tree, found.cover, v, -g, np.inf)
    assert len(tree) == before
    assert_holds(net, elsewhere, v, -g, net.box.sample(5, rng))


def test_from_the_top_it_opens_the_cells_that_are_cut_and_no_others():
    net = make_net((6, 6), n_inputs=3, seed=1)
    rng = np.random.default_rng(1)
    v, g = prices(net, rng)
    gap = 1e-3 * spread(net, v, g, rng)
    tree, cover = whole(net)
    fine = price(tree, cover, v, g, gap)
    before = len(tree)
    ways = {"known": fine.best[None]}, {"enough": fine.least}
    for way in ways:
        found = price(tree, cover, v, g, gap, deadline=0.0, **way)  # no round of its own
        assert len(tree) == before
        assert 1 < len(found.cover) <= tree.leaves.sum()
        assert_holds(net, found, v, g, points_inside(net.box.lower, net.box.upper, 5, rng))
        below = found.bounds < min(found.value - gap, way.get("enough", np.inf))
        assert tree.leaves[found.cover.cells[below]].all()


@settings(max_examples=30)
@given(net=small, seed=seeds)
def test_cells_that_were_closed_are_still_in_the_cover(net, seed):
    """Each price leaves cells alone; the covers that it hands on are the box, each part once."""
    rng = np.random.default_rng(seed)
    tree, cover = whole(net)
    for _ in range(4):
        v, g = prices(net, rng)
        cover = price(tree, cover, v, g, 1e-3 * spread(net, v, g, rng)).cover
        sizes = np.prod((cover.upper - cover.lower) / (net.box.upper - net.box.lower), axis=1)
        assert sizes.sum() == pytest.approx(1.0, rel=1e-9)
        assert len(np.unique(cover.cells)) == len(cover)
        assert np.array_equal(cover.lower, tree.lower[cover.cells])


@pytest.mark.usefixtures("batch")
def test_parts_of_cells_count_as_parts():
    net = make_net((5, 4), n_inputs=2, seed=4)
    rng = np.random.default_rng(2)
    v, g = prices(net, rng)
    tree, cover = whole(net)
    gap = 1e-3 * spread(net, v, g, rng)
    values = []
    for part in cover.cut(0, 0.3):
        found = price(tree, part, v, g, gap)
        corners = enumerate_regions(net, Box(*part.hull)).vertices
        exactly = (net(corners) @ v - corners @ g).min()
        assert found.least - 1e-9 <= exactly <= found.value + 1e-9
        assert found.value - found.least <= gap
        values.append(exactly)
    assert price(tree, cover, v, g, gap).least <= min(values)


@pytest.mark.parametrize("seed", range(6))
def test_a_bound_that_is_enough_at_once_comes_with_points(seed):
    net = make_net((5, 4), 2, seed=seed)
    tree, cover = whole(net)
    found = price(tree, cover, np.ones(1), np.zeros(2), 1e-3, enough=-1e3)
    assert len(tree) == 1
    assert_consistent(net, found, np.ones(1), np.zeros(2))
    assert found.value == pytest.approx(net(found.best[None]).item(), rel=1e-12)


def search_from_the_top(net, seed):
    """A search in a tree that prices have cut finely, from its box, and the best known point."""
    rng = np.random.default_rng(seed)
    v, g = prices(net, rng)
    gap = 1e-3 * spread(net, v, g, rng)
    tree, cover = whole(net)
    for share in (1.0, 0.9, 0.8):
        best = price(tree, cover, v, share * g, gap).best
    forgetful = CellTree(net, net.box)  # what was proved is only in the other's memory
    Following(forgetful).follow(tree.cuts)
    top = Cover(np.zeros(1, dtype=int), net.box.lower[None], net.box.upper[None])
    search = PriceSearch(forgetful, top, v, g, gap, np.inf)
    search.evaluate(best[None])
    return search


@pytest.mark.parametrize("seed", [0, 2, 4, 5])
def test_only_cells_below_what_is_sought_stay_open(seed, monkeypatch):
    monkeypatch.setattr(price_search, "FEW", 0)  # cells are cut, not solved
    net = make_net((8, 8), 4, seed=seed)
    search = search_from_the_top(net, seed)
    search.unfold(0.0)
    assert (search.bounds < search.sought).all()
    cover, bounds = search.result()
    assert len(search.open) < len(cover)
    assert bounds.min() == search.least
    order = search.least_of(3)
    assert search.bounds[order].tolist() == np.sort(search.bounds)[:3].tolist()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_leaves_of_cells_that_were_cut_get_better_slopes_unless_the_time_is_over(seed, monkeypatch):
    monkeypatch.setattr(price_search, "FEW", 0)
    net, still_open = make_net((8, 8), 4, seed=seed), []
    for deadline in (np.inf, 0.0):
        search = search_from_the_top(net, seed)
        search.unfold(deadline)
        still_open.append(len(search.open))
    assert still_open[0] < still_open[1] / 2


def test_degenerate_nets(degenerate):
    rng = np.random.default_rng(0)
    tree, cover = whole(degenerate)
    for _ in range(4):
        v = rng.uniform(-1, 1, degenerate.n_outputs)
        g = rng.uniform(-1, 1, degenerate.n_inputs)
        found = price(tree, cover, v, g, 1e-6)
        assert_consistent(degenerate, found, v, g)
        points = points_inside(degenerate.box.lower, degenerate.box.upper, 4, rng)
        assert_holds(degenerate, found, v, g, points)
        assert found.value - found.least <= 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_halves_keep_the_bounds_of_the_cells_that_they_were(seed, monkeypatch):
    net, rng = make_net((8, 6), 4, seed=seed), np.random.default_rng(seed)
    made, least = CellTree(net, net.box), []
    halve = PriceSearch.halve

    def watched(search, chosen):
        least.append(search.least)
        done = halve(search, chosen)
        least.append(search.least)
        return done

    monkeypatch.setattr(PriceSearch, "halve", watched)
    cover = Cover.of(made, net.box.lower, net.box.upper)
    price(made, cover, np.ones(1), rng.uniform(-1.0, 1.0, 4), 1e-3)
    assert len(least) > 4
    assert (np.diff(least) >= 0.0).all()
