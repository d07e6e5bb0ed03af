"""The enumeration against cutting polygon by polygon, hulls, sampled points and counts by hand."""

import re
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

import surrogate as sg
from surrogate.box import Box
from surrogate.errors import BoxError, EmbeddingError
from surrogate.network import Network
from surrogate.regions import enumerate_regions
from tests.nets import DEGENERATE, make_net, net_of
from tests.oracles import regions as oracle_regions

MODELS = sorted(Path(__file__).parents[2].joinpath("models").glob("*.onnx"))


def size_of(points):
    """Length, area or volume; the area by the shoelace formula, which needs the ring's order."""
    if points.shape[1] == 1:
        return np.ptp(points)
    if points.shape[1] == 3:
        return ConvexHull(points).volume
    x, y = (points - points[0]).T
    return 0.5 * abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def holds(points, x, margin):
    """Which x lie in the hull of the points, at least `margin` from its facets."""
    if points.shape[1] == 1:
        return (x[:, 0] >= points.min() + margin) & (x[:, 0] <= points.max() - margin)
    planes = ConvexHull(points).equations
    return (x @ planes[:, :-1].T + planes[:, -1] <= -margin).all(axis=1)


def check(net, found, box=None, seed=0):
    """That the regions cover the box once, and that their maps are the network."""
    box = box or net.box
    sizes = [size_of(found.vertices[ring]) for ring in found.members]
    assert min(sizes) > 0
    assert sum(sizes) == pytest.approx(np.prod(box.upper - box.lower), rel=1e-9)
    x = box.sample(40, np.random.default_rng(seed))
    truth = net(x)
    slack = 1e-9 * (1 + np.abs(truth).max())
    closed, inner = np.zeros(len(x), dtype=int), np.zeros(len(x), dtype=int)
    for ring, slope, intercept in zip(found.members, found.slopes, found.intercepts, strict=True):
        points = found.vertices[ring]
        np.testing.assert_allclose(
            points @ slope + intercept, found.values[ring], rtol=1e-9, atol=slack
        )
        inside = holds(points, x, -1e-9)
        np.testing.assert_allclose(x[inside] @ slope + intercept, truth[inside], atol=slack)
        closed += inside
        inner += holds(points, x, 1e-9)
    assert (closed >= 1).all()
    assert (inner <= 1).all()
    np.testing.assert_array_equal(found.values, net(found.vertices))


def total_corners(found):
    return sum(map(len, found.members))


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_the_regions_of_the_shipped_models_are_those_of_the_oracle_merged(path):
    net = sg.load(path)
    found = enumerate_regions(net)
    check(net, found)
    oracle = oracle_regions(net, net.box)
    assert len(found) <= len(oracle)
    slopes = found.slopes.round(9) + 0.0
    centres = np.array([piece.mean(axis=0) for piece in oracle])
    step = 1e-7
    measured = [(net(centres + step * e) - net(centres - step * e)) / (2 * step) for e in np.eye(2)]
    wanted = np.stack(measured, axis=1)
    gap = np.abs(wanted[:, None] - slopes[None]).max(axis=(2, 3)).min(axis=1)
    big = np.array([size_of(piece) for piece in oracle]) > 1e-5  # where the step stays inside
    assert gap[big].max() < 1e-5


@settings(derandomize=True, deadline=None, max_examples=120)
@given(
    n_inputs=st.integers(1, 3),
    widths=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    seed=st.integers(0, 10**6),
    half_width=st.sampled_from([0.01, 1.0, 100.0]),
    rounded=st.booleans(),
)
def test_random_nets_are_covered_once_by_affine_pieces(n_inputs, widths, seed, half_width, rounded):
    net = make_net(widths, n_inputs, seed=seed, half_width=half_width)
    if rounded:  # halves make parallel, equal and concurrent hyperplanes, and dead neurons
        net = Network(
            tuple((2 * w).round() / 2 for w in net.weights),
            tuple((2 * b).round() / 2 for b in net.biases),
            net.box,
        )
    found = enumerate_regions(net)
    check(net, found)
    if n_inputs < 3:
        assert len(found) <= len(oracle_regions(net, net.box))


@settings(derandomize=True, deadline=None, max_examples=25)
@given(n=st.integers(1, 12), n_inputs=st.integers(1, 3), seed=st.integers(0, 10**6))
def test_one_layer_of_hyperplanes_in_general_position_has_the_count_of_its_crossings(
    n, n_inputs, seed
):
    rng = np.random.default_rng(seed)
    w, b = rng.normal(size=(n_inputs, n)), rng.uniform(-0.5, 0.5, n)
    net = Network((w, rng.uniform(1, 2, (n, 1))), (b, np.zeros(1)), Box.of([(-1, 1)] * n_inputs))
    expected = 1  # plus, per set of up to d hyperplanes, 1 if their intersection meets the box
    for r in range(1, n_inputs + 1):
        for some in combinations(range(n), r):
            expected += meets(w[:, some].T, -b[list(some)])
    assert len(enumerate_regions(net)) == expected


def meets(a, b):
    """Whether {x : a x = b} meets [-1, 1]^d: by the faces of the box it can leave through."""
    d = a.shape[1]
    if len(a) == d:
        return bool((np.abs(np.linalg.solve(a, b)) <= 1).all())
    fixed = d - len(a)
    for axes in combinations(range(d), fixed):
        for signs in np.ndindex(*[2] * fixed):
            rows = np.vstack([a, np.eye(d)[list(axes)]])
            x = np.linalg.solve(rows, np.concatenate([b, 2.0 * np.array(signs) - 1.0]))
            if (np.abs(x) <= 1 + 1e-12).all():
                return True
    return False


def test_two_layers_in_one_dimension_by_hand():
    # h = max(0, x), max(0, -x); y = max(0, |x| - 1/2): kinks at -1/2, 0 (merged away), 1/2
    net = net_of([[[1.0, -1.0]], [[1.0], [1.0]], [[1.0]]], [[0.0, 0.0], [-0.5], [0.0]], [(-1, 1)])
    found = enumerate_regions(net)
    order = np.argsort([found.vertices[ring].mean() for ring in found.members])
    assert found.vertices[np.concatenate([found.members[r] for r in order])].ravel() == (
        pytest.approx([-1, -0.5, -0.5, 0.5, 0.5, 1])
    )
    assert found.slopes[order].ravel() == pytest.approx([-1, 0, 1])
    assert found.intercepts[order].ravel() == pytest.approx([-0.5, 0, -0.5])
    assert len(found.vertices) == 4


@pytest.mark.parametrize("n_inputs", [1, 2, 3])
def test_copies_of_a_neuron_cut_once(n_inputs):
    net = make_net([4], n_inputs, seed=2)
    (w, out), (b, c) = net.weights, net.biases
    scales = np.array([1.0, 1.0, 3.0, -1.0, -0.1, 1e-6])  # also from behind, and much smaller
    copied = Network(
        (np.hstack([w * s for s in scales]), np.vstack([out * (1 + s * s) for s in scales])),
        (np.hstack([b * s for s in scales]), c),
        net.box,
    )
    found, once = enumerate_regions(copied), enumerate_regions(net)
    check(copied, found)
    assert (len(found), len(found.vertices)) == (len(once), len(once.vertices))


@pytest.mark.parametrize("n_inputs", [1, 2, 3])
def test_neurons_that_cancel_leave_one_region_with_the_corners_of_the_box(n_inputs):
    net = make_net([5], n_inputs, seed=3)
    (w, out), (b, c) = net.weights, net.biases
    cancelling = Network(
        (np.hstack([w, w]), np.vstack([out, -out])), (np.hstack([b, b]), c), net.box
    )
    found = enumerate_regions(cancelling)
    check(cancelling, found)
    assert (len(found), len(found.vertices)) == (1, 2**n_inputs)


def test_neurons_without_a_way_to_the_output_do_not_count():
    net = make_net([6, 6], 2, seed=4)
    w, v, out = (np.array(w) for w in net.weights)
    out[3:] = 0.0
    v[4:, :3] = 0.0
    net = Network((w, v, out), net.biases, net.box)
    small = Network(
        (w[:, :4], v[:4, :3], out[:3]),
        (net.biases[0][:4], net.biases[1][:3], net.biases[2]),
        net.box,
    )
    found, wanted = (
        enumerate_regions(net, max_regions=len(oracle_regions(small, net.box))),
        enumerate_regions(small),
    )
    assert (len(found), len(found.vertices)) == (len(wanted), len(wanted.vertices))


@pytest.mark.parametrize("n_inputs", [2, 3])
def test_no_two_neighbours_with_one_map_have_a_convex_union(n_inputs):
    """A ReLU of a sum of ReLUs is 0 on a region that is not convex: it must stay in pieces."""
    inner = make_net([6], n_inputs, seed=11)
    net = Network((*inner.weights, np.ones((1, 1))), (*inner.biases, np.zeros(1)), inner.box)
    found = enumerate_regions(net)
    check(net, found)
    sizes = [size_of(found.vertices[ring]) for ring in found.members]
    zero = [r for r in range(len(found)) if not found.slopes[r].any()]
    assert 1 < len(zero) < len(oracle_regions(inner, inner.box)) if n_inputs == 2 else len(zero) > 1
    for p, q in combinations(zero, 2):
        shared = set(found.members[p].tolist()) & set(found.members[q].tolist())
        union = ConvexHull(found.vertices[np.union1d(found.members[p], found.members[q])]).volume
        assert not shared or union > (sizes[p] + sizes[q]) * (1 + 1e-9)


@pytest.mark.parametrize(("n_inputs", "width"), [(2, 60), (3, 20)])
def test_a_convex_dead_zone_is_one_region_however_many_pieces_cut_it(n_inputs, width):
    """Where a sum of ReLUs stays below its bias. Pair by pair, its pieces would get stuck."""
    rng = np.random.default_rng(0)
    w, b = rng.normal(size=(n_inputs, width)), rng.normal(size=width) / 2
    out = np.abs(rng.normal(size=(width, 1)))
    net = Network(
        (w, out, np.ones((1, 1))),
        (b, np.array([-0.3 * width]), np.zeros(1)),
        Box.of([(-1, 1)] * n_inputs),
    )
    found = enumerate_regions(net)
    assert sum(not slope.any() for slope in found.slopes) == 1
    check(net, found)


@pytest.mark.parametrize("n_inputs", [1, 2, 3])
def test_the_units_of_the_inputs_do_not_matter(n_inputs):
    inner = make_net([6, 4], n_inputs, seed=11)
    net = Network((*inner.weights, np.ones((1, 1))), (*inner.biases, np.zeros(1)), inner.box)
    units = np.array([2.0**-30, 2.0**30, 1.0])[:n_inputs]  # powers of 2: no rounding of their own
    other = Network(
        (net.weights[0] / units[:, None], *net.weights[1:]),
        net.biases,
        Box(net.box.lower * units, net.box.upper * units),
    )
    found, wanted = enumerate_regions(other), enumerate_regions(net)
    assert n_inputs == 1 or len(wanted) < len(enumerate_regions(inner))  # something merges
    np.testing.assert_allclose(found.vertices / units, wanted.vertices, atol=1e-12)
    assert list(map(set, found.members)) == list(map(set, wanted.members))


@settings(derandomize=True, deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), dead=st.booleans())
def test_a_tilted_slice_of_three_inputs_is_a_net_of_two(seed, dead):
    inner = make_net([5, 3], 3, seed=seed)
    net = inner
    if dead:  # a last ReLU makes regions that merge, inside the slice
        net = Network((*inner.weights, np.ones((1, 1))), (*inner.biases, np.zeros(1)), inner.box)
    tilt, shift = np.array([[0.7, -0.4]]), 0.3  # z = 0.7 x - 0.4 y + 0.3, which leaves the cube
    rows = np.column_stack([tilt, [-1.0]])
    found = enumerate_regions(
        net, constraints=(np.vstack([rows, -rows]), np.array([-shift, shift]))
    )
    w = net.weights[0]
    flat = Network(
        (w[:2] + tilt.T @ w[2:], *net.weights[1:]),
        (net.biases[0] + shift * w[2], *net.biases[1:]),
        Box.of([(-1, 1)] * 2),
    )
    limits = (np.vstack([tilt, -tilt]), np.array([1 - shift, 1 + shift]))
    wanted = enumerate_regions(flat, constraints=limits)
    assert abs(len(found) - len(wanted)) <= (
        len(wanted) // 10 if dead else 0
    )  # the order of merging
    sizes = [sum(size_of(f.vertices[m][:, :2]) for m in f.members) for f in (found, wanted)]
    assert sizes[0] == pytest.approx(sizes[1])


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_nets(name):
    net = DEGENERATE[name]
    found = enumerate_regions(net)
    assert len(found) == (2 if name == "one neuron" else 1)
    for ring, slope, intercept in zip(found.members, found.slopes, found.intercepts, strict=True):
        np.testing.assert_allclose(found.vertices[ring] @ slope + intercept, found.values[ring])
    assert len(found.vertices) == {"one neuron": 3, "point box": 1}.get(name, 2**net.n_inputs)


@pytest.mark.parametrize("fixed", [(0,), (1,), (2,), (0, 2), (0, 1, 2)])
def test_inputs_that_are_fixed_leave_a_slice(fixed):
    net = make_net([6, 4], 3, seed=5)
    box = Box.of([(0.3, 0.3) if i in fixed else (-1, 1) for i in range(3)])
    free = [i for i in range(3) if i not in fixed]
    found = enumerate_regions(net, box)
    assert (found.vertices[:, list(fixed)] == 0.3).all()
    for ring, slope, intercept in zip(found.members, found.slopes, found.intercepts, strict=True):
        np.testing.assert_allclose(found.vertices[ring] @ slope + intercept, found.values[ring])
    if not free:
        assert len(found) == 1
        return
    shift = 0.3 * net.weights[0][list(fixed)].sum(axis=0)
    small = Network(
        (net.weights[0][free], *net.weights[1:]),
        (net.biases[0] + shift, *net.biases[1:]),
        Box.of([(-1, 1)] * len(free)),
    )
    assert len(found) == len(enumerate_regions(small))


def test_more_inputs_than_three_are_no_obstacle_when_the_others_are_fixed():
    net = make_net([5], 5, seed=6)
    found = enumerate_regions(net, Box.of([(-1, 1), (0, 0), (-1, 1), (0.5, 0.5), (0, 0)]))
    assert len(found) > 1
    with pytest.raises(EmbeddingError, match=r"5 inputs vary; .* at most 3: use another encoding"):
        enumerate_regions(net)


def test_polygons_are_in_ring_order_also_in_a_slice_of_three_inputs():
    net = make_net([8, 8], 3, seed=7)
    found = enumerate_regions(net, constraints=(np.array([[1.0, 1, 1], [-1, -1, -1]]), [0.2, -0.2]))
    areas = 0.0
    for ring in found.members:
        flat = found.vertices[ring][:, :2]  # the slice is not upright: this keeps the order
        areas += size_of(flat)
        turns = np.diff(np.vstack([flat, flat[:2]]), axis=0)
        signs = np.sign([np.linalg.det(pair) for pair in pairwise(turns)])
        assert (signs == signs[0]).all()
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1.0)])
    corners = [(s, t) for s in (-1, 1) for t in (-0.8 - s, 1.2 - s, -1, 1) if abs(t) <= 1]
    corners = [c for c in [*corners, *[c[::-1] for c in corners]] if abs(0.2 - sum(c)) <= 1 + 1e-12]
    assert areas == pytest.approx(ConvexHull(np.array(corners)).volume)
    assert areas < size_of(square)


@pytest.mark.parametrize("n_inputs", [1, 2, 3])
def test_constraints_clip(n_inputs):
    net = make_net([6, 5], n_inputs, seed=8)
    a, b = np.ones((1, n_inputs)), np.array([0.25])
    found = enumerate_regions(net, constraints=(a, b))
    whole = enumerate_regions(net)
    assert (found.vertices @ a.T <= b + 1e-12).all()
    other = enumerate_regions(net, constraints=(-a, -b))
    parts = [sum(size_of(f.vertices[m]) for m in f.members) for f in (found, other, whole)]
    assert parts[0] + parts[1] == pytest.approx(parts[2])
    assert parts[0] > 0 < parts[1]
    for ring, slope, intercept in zip(found.members, found.slopes, found.intercepts, strict=True):
        np.testing.assert_allclose(found.vertices[ring] @ slope + intercept, found.values[ring])


@pytest.mark.parametrize("n_inputs", [1, 2, 3])
def test_constraints_that_leave_a_face_of_the_box_are_a_smaller_box(n_inputs):
    net = make_net([6, 5], n_inputs, seed=9)
    row = np.eye(n_inputs)[:1]
    found = enumerate_regions(net, constraints=(row, np.array([-1.0])))
    face = enumerate_regions(net, Box.of([(-1, -1), *[(-1, 1)] * (n_inputs - 1)]))
    assert (len(found), len(found.vertices)) == (len(face), len(face.vertices))
    np.testing.assert_allclose(found.vertices[:, 0], -1.0)
    corner = enumerate_regions(net, constraints=(np.eye(n_inputs), np.full(n_inputs, -1.0)))
    np.testing.assert_allclose(corner.vertices, np.full((1, n_inputs), -1.0))


@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e9])
def test_a_constraint_that_cuts_off_a_thin_slice_is_kept(scale):
    net = make_net([3], 2)
    row, most = np.array([[scale, 0.0]]), 1 - 1e-9
    found = enumerate_regions(net, constraints=(row, np.array([most * scale])))
    assert found.vertices[:, 0].max() == pytest.approx(most, abs=1e-14)
    thin = enumerate_regions(net, constraints=(-row, np.array([-most * scale])))
    assert thin.vertices[:, 0].min() == pytest.approx(most, abs=1e-14)
    with pytest.raises(BoxError, match="constraint 0 excludes"):
        enumerate_regions(net, constraints=(-row, np.array([(-1 - 1e-9) * scale])))


def test_constraints_without_a_solution_are_named():
    net = make_net([3], 2)
    rows = np.array([[1.0, 1.0], [-1.0, -1.0]])
    with pytest.raises(BoxError, match=r"constraint 1 excludes .* at least -0\.5 .* is -0\.75"):
        enumerate_regions(net, constraints=(rows, np.array([0.5, -0.75])))
    with pytest.raises(BoxError, match=r"A has shape \(2, 2\) and b \(1,\); give \(k, 2\) and"):
        enumerate_regions(net, constraints=(rows, np.array([0.5])))
    with pytest.raises(BoxError, match="NaN or infinite"):
        enumerate_regions(net, constraints=(rows, np.array([0.5, np.inf])))


def test_limits_name_count_and_remedy():
    net = make_net([8, 8], 2, seed=10)
    n = len(oracle_regions(net, net.box))
    enumerate_regions(net, max_regions=n)
    with pytest.raises(EmbeddingError, match=f"at least {n} .* is {n - 1}; use another encoding"):
        enumerate_regions(net, max_regions=n - 1)
    with pytest.raises(EmbeddingError, match=r"not enumerated within 0 s; use another encoding"):
        enumerate_regions(net, time_limit=0.0)
    assert len(enumerate_regions(net, time_limit=60.0)) <= n


def test_a_count_above_the_limit_is_found_before_memory_is_used():
    net = make_net([400, 400], 3, seed=12)
    with pytest.raises(EmbeddingError, match="the limit is 2000"):
        enumerate_regions(net, max_regions=2000)


def test_a_hyperplane_that_grazes_a_corner_or_an_edge_does_not_cut():
    grazing = [(1.0, 1.0, 2.0), (1.0, 0.0, 1.0 + 1e-15), (1.0, 0.0, 1.0 - 1e-15), (0.0, 1.0, -1.0)]
    w = np.array(grazing)[:, :2].T
    net = Network(
        (w, np.ones((4, 1))), (-np.array(grazing)[:, 2], np.zeros(1)), Box.of([(-1, 1)] * 2)
    )
    found = enumerate_regions(net)
    assert (len(found), len(found.vertices)) == (1, 4)
    check(net, found)


def test_hyperplanes_through_one_point_share_it():
    w = np.array([[1.0, 0.0, 1.0, 1.0, 2.0], [0.0, 1.0, 1.0, -1.0, 1.0]])
    b = -np.array([0.1, 0.7]) @ w  # all five pass through (0.1, 0.7), up to rounding
    net = Network((w, np.arange(1.0, 6.0)[:, None]), (b, np.zeros(1)), Box.of([(-1, 1)] * 2))
    found = enumerate_regions(net)
    check(net, found)
    assert (len(found), len(found.vertices)) == (10, 1 + 10 + 4)


def test_weights_that_overflow_are_refused():
    net = net_of([[[1e200]], [[1e200]]], [[0.0], [0.0]], [(-1, 1)])
    with pytest.raises(BoxError, match="overflow"):
        enumerate_regions(net)


def test_a_net_without_a_box_needs_one():
    net = Network(((np.ones((1, 1))),), (np.zeros(1),))
    with pytest.raises(BoxError, match="has no box of its own"):
        enumerate_regions(net)
    assert len(enumerate_regions(net, Box.of([(0, 1)]))) == 1


def test_the_repr_says_how_many_and_where():
    text = repr(enumerate_regions(DEGENERATE["one neuron"]))
    assert re.fullmatch(r"Regions\(2 regions, 3 vertices, box \[-1, 1\], [\d.e-]+ s\)", text)
