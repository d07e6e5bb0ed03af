"""Cells always make up the box, whatever was cut, and no point is lost on the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.box import Box
from surrogate.cells import (
    CellTree,
    Cover,
    Following,
    cover,
    following,
    forget_trees,
    known_tree,
    price,
    price_search,
    tree,
)
from surrogate.cells.planes import minorants
from surrogate.network import Network
from tests.cells.random_nets import boxes_inside, exact_product, exact_value, points_inside
from tests.nets import make_net

seeds = st.integers(0, 10**6)


def grown(seed, cuts=12, widths=(4, 3), n_inputs=3):
    """A tree in which random leaves were cut across random inputs."""
    net, rng = make_net(widths, n_inputs, 2, seed), np.random.default_rng(seed)
    made = CellTree(net, net.box)
    for _ in range(cuts):
        leaves = rng.permutation(np.flatnonzero(made.leaves))[:3]
        made.halves(leaves, rng.integers(0, n_inputs, len(leaves)))
    return made, rng


def holds(lower, upper, points):
    """Which of the boxes (n, d), (n, d) hold which points (k, d): (k, n)."""
    return ((points[:, None] >= lower) & (points[:, None] <= upper)).all(axis=2)


def volume(lower, upper):
    return np.prod(upper - lower, axis=1).sum()


def ends_of(made, rng, n=200):
    """Random points of the box, and points on the sides of cells."""
    d = made.net.n_inputs
    points = made.box.sample(n, rng)
    for some in (made.lower, made.upper):
        chosen = some[rng.integers(0, len(some), n)]
        points = np.vstack([points, np.where(rng.random((n, d)) < 0.5, chosen, points[:n]), chosen])
    return points


@settings(max_examples=25)
@given(seed=seeds)
def test_the_leaves_are_the_box(seed):
    made, rng = grown(seed)
    leaves = made.leaves
    inside = holds(made.lower[leaves], made.upper[leaves], ends_of(made, rng))
    assert inside.any(axis=1).all()
    assert (inside[:200].sum(axis=1) == 1).all()
    whole = volume(made.box.lower[None], made.box.upper[None])
    assert volume(made.lower[leaves], made.upper[leaves]) == pytest.approx(whole, rel=1e-12)


@settings(max_examples=25)
@given(seed=seeds)
def test_cutting_changes_no_cell_and_cutting_again_gives_the_same_halves(seed):
    made, rng = grown(seed)
    n, lower, upper = len(made), made.lower.copy(), made.upper.copy()
    leaves = np.flatnonzero(made.leaves)
    axes = rng.integers(0, 3, len(leaves))
    first = made.halves(leaves, axes)
    assert len(made) == n + 2 * len(leaves)
    assert not made.leaves[leaves].any()
    assert made.leaves[np.concatenate([first, first + 1])].all()
    assert np.array_equal(made.lower[:n], lower)
    assert np.array_equal(made.upper[:n], upper)
    again = made.halves(leaves, (axes + 1) % 3)
    assert np.array_equal(again, first)
    assert np.array_equal(made.axis_of(leaves), axes)
    assert len(made) == n + 2 * len(leaves)


@settings(max_examples=25)
@given(seed=seeds)
def test_halves_are_the_halves_of_their_cell(seed):
    made, _ = grown(seed)
    cells, axes = made.cuts
    assert len(cells) == (len(made) - 1) // 2
    first = made.halves(cells, axes)
    assert np.array_equal(first, 1 + 2 * np.arange(len(cells)))
    for cell, axis, child in zip(cells, axes, first, strict=True):
        others = np.arange(3) != axis
        for side in (made.lower, made.upper):
            assert np.array_equal(side[child, others], side[cell, others])
            assert np.array_equal(side[child + 1, others], side[cell, others])
        assert made.lower[child, axis] == made.lower[cell, axis]
        assert made.upper[child + 1, axis] == made.upper[cell, axis]
        middle = (made.lower[cell, axis] + made.upper[cell, axis]) / 2
        assert made.upper[child, axis] == made.lower[child + 1, axis] == middle


def test_the_cuts_make_the_same_tree_again():
    made, _ = grown(3)
    other = CellTree(made.net, made.box)
    for cell, axis in zip(*made.cuts, strict=True):
        other.halves(np.array([cell]), np.array([axis]))
    assert np.array_equal(other.lower, made.lower)
    assert np.array_equal(other.upper, made.upper)


@settings(max_examples=15)
@given(seed=seeds, start=st.integers(0, 6), batch=st.sampled_from([1, 8]))
def test_trees_that_follow_one_another_have_the_same_cells_by_their_sides(seed, start, batch):
    """Each is cut on, at random, across other inputs; then told what the other did."""
    trees, rng = [grown(seed, start)[0] for _ in range(2)], np.random.default_rng(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "_BATCH", batch)
        follow = [Following(one, len(one)) for one in trees]
        told = [len(one.cuts[0]) for one in trees]
        for _ in range(3):
            for one in trees:
                leaves = rng.permutation(np.flatnonzero(one.leaves))[:20]
                one.halves(leaves, rng.integers(0, 3, len(leaves)))
            news = [one.cuts_from(n) for one, n in zip(trees, told, strict=True)]
            told = [n + len(cells) for n, (cells, _) in zip(told, news, strict=True)]
            follow[0].follow(news[1])
            follow[1].follow(news[0])
            assert sides_of(trees[0]) == sides_of(trees[1])
    for one in trees:
        whole = volume(one.lower[one.leaves], one.upper[one.leaves])
        assert whole == pytest.approx(volume(one.box.lower[None], one.box.upper[None]), rel=1e-12)


def sides_of(made):
    """The sides that lead to each cell: 1, then a digit for each cut."""
    found = {0: 1}
    for i, cell in enumerate(made.cuts[0].tolist()):
        found[2 * i + 1], found[2 * i + 2] = 2 * found[cell], 2 * found[cell] + 1
    return set(found.values())


@pytest.mark.parametrize("limit", [{"deadline": 0.0}, {}])
def test_cutting_again_may_end_with_the_first_of_the_cuts(limit, monkeypatch):
    made, rng = grown(3, cuts=0)
    monkeypatch.setattr(following, "_BATCH", 1)
    for _ in range(9):
        leaves = np.flatnonzero(made.leaves)
        made.halves(leaves, rng.integers(0, 3, len(leaves)))
    other = CellTree(made.net, made.box)
    if not limit:
        monkeypatch.setattr(tree, "LARGEST", 300 * (2 * sum(made.net.widths) + 5 * 3))
    Following(other).follow(made.cuts, **limit)
    assert len(other) == 1 if limit else 300 < len(other) < len(made) == 1023
    leaves = other.leaves
    assert volume(other.lower[leaves], other.upper[leaves]) == pytest.approx(8.0)


def test_what_there_was_no_time_for_waits():
    made, _ = grown(3)
    other = CellTree(made.net, made.box)
    follow, cuts = Following(other), made.cuts
    follow.follow((cuts[0][:5], cuts[1][:5]), deadline=0.0)
    follow.follow((cuts[0][5:], cuts[1][5:]))
    assert np.array_equal(other.lower, made.lower)


def test_cells_that_were_cut_and_whole_ones_in_one_call():
    made, _ = grown(1, cuts=0)
    assert made.axis_of(np.array([0])).tolist() == [-1]
    (first,) = made.halves(np.array([0]), np.array([1]))
    (again, new) = made.halves(np.array([0, first]), np.array([2, 0]))
    assert (again, new) == (first, first + 2)
    assert made.axis_of(np.array([0, first])).tolist() == [1, 0]


@settings(max_examples=25)
@given(seed=seeds)
def test_planes_are_of_their_cells_and_made_when_asked_for(seed):
    made, rng = grown(seed)
    v, n = rng.uniform(-1, 1, 2), len(made)
    some = rng.permutation(n)[: n // 2 + 1]
    slope, constant = made.planes(some, v)
    leaves = np.flatnonzero(made.leaves)[:4]
    made.halves(leaves, rng.integers(0, 3, len(leaves)))
    every = np.arange(len(made))
    slopes, constants = made.planes(every, v.copy())
    assert np.array_equal(slopes[some], slope)
    assert np.array_equal(constants[some], constant)
    assert len(slopes) == len(constants) == n + 2 * len(leaves)
    for i in (0, n - 1, n, len(made) - 1):
        for x in points_inside(made.lower[i], made.upper[i], 1, rng):
            plane = exact_product(slopes[i], x) + exact_product(constants[[i]], [1.0])
            assert plane <= exact_value(made.net, v, x)


def test_planes_of_few_directions_are_kept_the_latest(monkeypatch):
    made, rng = grown(0)
    calls = []
    monkeypatch.setattr(tree, "minorants", lambda *a: calls.append(a[-1]) or minorants(*a))
    directions = rng.uniform(-1, 1, (tree._DIRECTIONS + 1, 2))
    every = np.arange(len(made))
    for v in directions[:-1]:
        made.planes(every, v)
    assert len(calls) == tree._DIRECTIONS
    before = made.planes(every, directions[1])[1]  # kept; and asked for again: the latest now
    made.planes(every, directions[-1])  # so that it is the first that goes
    made.planes(every, directions[1])
    assert len(calls) == tree._DIRECTIONS + 1
    again = made.planes(every, directions[0])
    assert len(calls) == tree._DIRECTIONS + 2
    assert np.array_equal(before, made.planes(every, directions[1])[1])
    assert np.isfinite(again[1]).all()


def test_many_cells_are_made_in_chunks(monkeypatch):
    made, _ = grown(5, cuts=0)
    monkeypatch.setattr(tree, "_CACHE", 1)
    chunked, _ = grown(5, cuts=0)
    for one in (made, chunked):
        for _ in range(8):
            leaves = np.flatnonzero(one.leaves)
            one.halves(leaves, np.arange(len(leaves)) % 3)
    assert len(made) == len(chunked) == 2**9 - 1
    v = np.array([1.0, -0.5])
    every = np.arange(len(made))
    ours, theirs = made.planes(every, v), chunked.planes(every, v)
    assert np.allclose(ours[1], theirs[1], rtol=1e-9, atol=1e-12)
    cells = np.flatnonzero(made.leaves)
    assert np.allclose(made.gains(cells, v), chunked.gains(cells, v), rtol=1e-9, atol=1e-12)


def test_a_tree_may_be_full(monkeypatch):
    made, _ = grown(0)
    assert not made.full
    monkeypatch.setattr(tree, "LARGEST", 100)
    assert made.full


@settings(max_examples=25)
@given(seed=seeds)
def test_a_cover_of_a_box_holds_all_of_it_and_nothing_else(seed):
    made, rng = grown(seed)
    lower, upper = boxes_inside(made.box, 4, rng)
    for low, up in zip(lower, upper, strict=True):
        cover = Cover.of(made, low, up)
        assert holds(cover.lower, cover.upper, points_inside(low, up, 50, rng)).any(axis=1).all()
        assert (cover.lower >= np.maximum(low, made.lower[cover.cells])).all()
        assert (cover.upper <= np.minimum(up, made.upper[cover.cells])).all()
        assert (cover.lower <= cover.upper).all()
        assert volume(cover.lower, cover.upper) == pytest.approx(np.prod(up - low), rel=1e-9)
        hull = cover.hull
        assert np.array_equal(hull[0], low)
        assert np.array_equal(hull[1], up)


@settings(max_examples=40)
@given(seed=seeds)
def test_a_cut_loses_no_point(seed):
    made, rng = grown(seed)
    lower, upper = boxes_inside(made.box, 2, rng)
    cover = Cover.of(made, lower[1], upper[1])
    for axis in range(3):
        sides = np.concatenate([cover.lower[:, axis], cover.upper[:, axis]])
        for at in [rng.uniform(sides.min(), sides.max()), *rng.permutation(sides)[:4].tolist()]:
            low, high = cover.cut(axis, at)
            points = points_inside(*cover.hull, 50, rng)
            points[:10, axis] = at  # exactly on the cut
            in_low = holds(low.lower, low.upper, points).any(axis=1)
            in_high = holds(high.lower, high.upper, points).any(axis=1)
            assert (in_low | in_high).all()
            assert (low.upper[:, axis] <= at).all()
            assert (high.lower[:, axis] >= at).all()
            for part in (low, high):
                assert (part.lower <= part.upper).all()
                assert (part.lower >= made.lower[part.cells]).all()
                assert (part.upper <= made.upper[part.cells]).all()
            total = volume(low.lower, low.upper) + volume(high.lower, high.upper)
            assert total == pytest.approx(volume(cover.lower, cover.upper), rel=1e-9)


def test_a_face_of_both_sides_is_in_one_of_them():
    made, _ = grown(0, cuts=0)
    flat = Cover.of(made, np.array([0.5, -1.0, -1.0]), np.array([0.5, 1.0, 1.0]))
    low, high = flat.cut(0, 0.5)
    assert (len(low), len(high)) == (1, 0)
    whole = Cover.of(made, made.box.lower, made.box.upper)
    assert [len(part) for part in whole.cut(0, -1.0)] == [0, 1]
    assert [len(part) for part in whole.cut(0, 1.0)] == [1, 0]


@settings(max_examples=40)
@given(seed=seeds)
def test_halving_loses_no_point(seed):
    made, rng = grown(seed)
    lower, upper = boxes_inside(made.box, 3, rng)
    middles = (made.lower + made.upper) / 2.0
    for low, up in zip(lower, upper, strict=True):
        cover = Cover.of(made, low, up)
        axes = rng.integers(0, 3, len(cover))
        points = points_inside(low, up, 60, rng)
        on = np.clip(middles[rng.integers(0, len(middles), 60)], low, up)  # where cells are halved
        points = np.vstack([points, np.where(rng.random(on.shape) < 0.4, on, points[:60])])
        before = volume(cover.lower, cover.upper)
        for _ in range(2):
            old, (cover, parent) = cover, cover.halved(made, axes)
            assert (cover.lower >= old.lower[parent]).all()
            assert (cover.upper <= old.upper[parent]).all()
            assert holds(cover.lower, cover.upper, points).any(axis=1).all()
            assert volume(cover.lower, cover.upper) == pytest.approx(before, rel=1e-9, abs=1e-12)
            assert (cover.lower >= made.lower[cover.cells]).all()
            assert (cover.upper <= made.upper[cover.cells]).all()
            assert (cover.lower <= cover.upper).all()
            axes = rng.integers(0, 3, len(cover))


def test_a_part_that_is_flat_on_the_middle_is_halved_into_one():
    for at in (0.0, 0.25, -0.25):
        made, _ = grown(0, cuts=0)
        flat = Cover.of(made, np.array([at, -1.0, -1.0]), np.array([at, 1.0, 1.0]))
        halved, parent = flat.halved(made, np.array([0]))
        assert parent.tolist() == [0]
        assert len(halved) == 1
        assert np.array_equal(halved.lower, flat.lower)
        assert np.array_equal(halved.upper, flat.upper)
        assert halved.cells.tolist() == [2 if at > 0 else 1]


def test_a_cell_that_another_cover_cut_is_halved_where_it_was_cut():
    made, _ = grown(0, cuts=0)
    whole = Cover.of(made, made.box.lower, made.box.upper)
    whole.halved(made, np.array([2]))
    other, _ = whole.halved(made, np.array([0]))
    assert len(made) == 3
    assert other.upper[0].tolist() == [1.0, 1.0, 0.0]
    assert other.lower[1].tolist() == [-1.0, -1.0, 0.0]


def test_unstable_neurons_are_counted_in_a_box():
    made, rng = grown(2)
    low, up = made.box.lower, made.box.upper
    most = made.unstable(low, up)
    assert 0 < most <= made.net.n_neurons
    assert made.unstable(*np.repeat(made.box.sample(1, rng), 2, axis=0)) == 0
    hidden = np.concatenate(made.net.preactivations(made.box.sample(500, rng))[:-1], axis=1)
    assert most >= ((hidden > 0).any(axis=0) & (hidden < 0).any(axis=0)).sum()


def test_one_tree_per_network_and_box():
    forget_trees()
    net = make_net((3,), seed=1)
    same = Network(net.weights, net.biases)
    assert known_tree(net, net.box) is known_tree(same, Box(net.box.lower, net.box.upper))
    assert known_tree(net, Box.of([(-1, 0.5)] * 2)) is not known_tree(net, net.box)
    assert known_tree(make_net((3,), seed=2), net.box) is not known_tree(net, net.box)
    before = known_tree(net, net.box)
    forget_trees()
    assert known_tree(net, net.box) is not before


def test_a_tree_remembers_the_latest_points_once(monkeypatch):
    monkeypatch.setattr(tree, "_POINTS", 500)
    net = make_net((3,), 2, seed=1)
    made = CellTree(net, Box.of([(-1, 1)] * 2))
    x = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    made.remember(np.concatenate([x, x[:5]]))
    made.remember(x[:10])
    assert np.array_equal(np.sort(made.points.x, axis=0), np.sort(x, axis=0))
    made.remember(-x)
    assert len(made.points) == 500
    assert np.array_equal(made.points.x[200:], -x)
    assert np.array_equal(made.points.y, net(made.points.x))
    forgotten = x[~(x[:, None] == made.points.x).all(axis=2).any(axis=1)]
    assert len(forgotten) == 100
    assert not made.remembers(forgotten).any()
    assert made.remembers(made.points.x).all()
    made.remember(forgotten)
    assert np.array_equal(made.points.x[-100:], forgotten)


def test_a_search_starts_with_all_leaves_of_a_small_tree_and_from_the_top_of_a_large_one(
    monkeypatch,
):
    made, rng = grown(4)
    low, up = np.array([-0.5, -1.0, -1.0]), np.array([0.5, 1.0, 0.25])
    fine = Cover.start(made, low, up)
    assert np.array_equal(fine.cells, Cover.of(made, low, up).cells)
    monkeypatch.setattr(cover, "FEW_CELLS", len(made) - 1)
    monkeypatch.setattr(price_search, "FEW", 0)  # cells are cut, not solved
    coarse = Cover.start(made, low, up)
    assert coarse.cells.tolist() == [0]
    assert np.array_equal(np.stack(coarse.hull), np.stack([low, up]))
    before = len(made)
    v, g = rng.uniform(-1, 1, 2), rng.uniform(-1, 1, 3)
    from_top = price(made, coarse, v, g, 1e-6)
    assert from_top.value == pytest.approx(price(made, fine, v, g, 1e-6).value, abs=2e-6)
    assert len(from_top.cover) < len(Cover.of(made, low, up))
    assert len(made) > before
